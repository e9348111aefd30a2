/* proxy/digest.h - HTTP Digest logins (RFC 7616, and RFC 2617 challenges). */
#ifndef AL_PROXY_DIGEST_H
#define AL_PROXY_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/buf.h"
#include "connector/base/err.h"
#include "connector/base/hash.h"
#include "proxy/challenge.h"

#define AL_DIGEST_REALM_MAX	512
#define AL_DIGEST_NONCE_MAX	1024
#define AL_DIGEST_OPAQUE_MAX	1024
#define AL_DIGEST_CNONCE_MAX	64
#define AL_DIGEST_USER_MAX	1024
/* The longest answer with a URI of up to 4 KiB. */
#define AL_DIGEST_ANSWER_MAX	(20 * 1024)

enum al_digest_qop {
	AL_DIGEST_AUTH = 1,
	AL_DIGEST_AUTH_INT = 2
};

/*
 * One challenge and how often it has been answered.  Plain data without
 * pointers: copy it as you like, but let one copy give the answers, since
 * the proxy takes a count once.  All zero before the first use.
 */
struct al_digest {
	enum al_hash	 hash;
	bool		 sess;
	bool		 stale;		/* of the last challenge          */
	bool		 userhash, utf8, has_opaque;
	unsigned	 qop;		/* AL_DIGEST_AUTH..., 0: RFC 2069 */
	uint32_t	 nc;		/* answers with this nonce        */
	char		 algorithm[sizeof("SHA-512-256-sess")];
	char		 realm[AL_DIGEST_REALM_MAX + 1];
	char		 nonce[AL_DIGEST_NONCE_MAX + 1];
	char		 opaque[AL_DIGEST_OPAQUE_MAX + 1];
	char		 cnonce[AL_DIGEST_CNONCE_MAX + 1];
};

/* What is to be sent; all borrowed. */
struct al_digest_request {
	const char	*user, *password;	/* UTF-8, never NULL        */
	const char	*method;		/* "CONNECT"                */
	const char	*uri;			/* the request line's, to
						 * the letter: "host:port"  */
	const void	*body;			/* only for auth-int        */
	size_t		 body_len;
	const char	*cnonce;		/* 1 to AL_DIGEST_CNONCE_MAX
						 * bytes, new each time     */
};

/*
 * The strongest usable Digest challenge: SHA-512-256, SHA-256, MD5, the first
 * of equals.  NULL: none that al_digest_parse would take; where there is one
 * all the same (al_challenges_find), that function says what is wrong.
 */
const struct al_challenge *al_digest_choose(const struct al_challenges *c);

/*
 * Read a challenge.  The nonce that d already has goes on with its count,
 * any other starts at one.  EPROTO: the challenge is broken or asks for what
 * nobody knows; ELIMIT: OpenSSL lacks the hash (MD5 in FIPS mode).  Both are
 * a reason to try another scheme, and d is as it was.
 */
enum al_code al_digest_parse(struct al_digest *d,
    const struct al_challenge *c, struct al_err *err) AL_MUST_CHECK;

/*
 * Append the value of Proxy-Authorization and count the nonce.  May be called
 * again for the next request, before any challenge to it.  EUSAGE: the
 * request cannot be put so; ELIMIT: out is full, the count is used up, or the
 * hash is gone; ENOMEM.  Then out and d are as they were.
 */
enum al_code al_digest_answer(struct al_digest *d,
    const struct al_digest_request *q, struct al_buf *out,
    struct al_err *err) AL_MUST_CHECK;

/* A random cnonce for one request. */
#define AL_DIGEST_CNONCE_LEN	32
enum al_code al_digest_cnonce(char out[static AL_DIGEST_CNONCE_LEN + 1],
    struct al_err *err) AL_MUST_CHECK;

/* Wipe; all zero afterwards. */
void al_digest_fini(struct al_digest *d);

#endif
