/* connector/autoconf/fetch.h - get a PAC file: one GET, always direct. */
#ifndef AL_AUTOCONF_FETCH_H
#define AL_AUTOCONF_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

struct al_loop;
struct al_resolver;
struct al_tls_ctx;
struct al_fetch;	/* one; dies when it has reported */

#define AL_FETCH_MAX		1048576u	/* bytes of a body      */
#define AL_FETCH_REDIRECTS	5u
#define AL_FETCH_MS		30000u		/* in all               */
#define AL_FETCH_NO_AGE		UINT32_MAX

/* For WPAD: redirects don't leave the host, and its name is looked up by
 * unicast DNS alone, as it stands. */
#define AL_FETCH_SAME_HOST	1u

#define AL_CAUSE_PAC		111	/* NC-111 */

struct al_fetch_opts {
	const char		*url;	/* http, https, file, data     */
	struct al_resolver	*resolver;
	struct al_tls_ctx	*tls;	/* of https                    */
	unsigned		 flags;
	unsigned		 total_ms;	/* 0: AL_FETCH_MS      */
	/* 32 bytes: SHA-256 that the body must have; NULL: any. */
	const uint8_t		*sha256;
};

/* Lives until the callback returns. */
struct al_fetched {
	const uint8_t	*body;
	size_t		 len;
	const char	*content_type;		/* NULL: none           */
	uint32_t	 max_age_s;		/* of Cache-Control, or
						 * AL_FETCH_NO_AGE      */
	/* Every hop came over TLS, or from this machine: what it says about
	 * proxies may be believed (credentials_for). */
	int		 trusted;
};

/*
 * One call, from the loop.  err (stage pac, cause 111): the sentence names the
 * URL without user info and query, and what to do; code ENAME, ENET, ETIMEOUT
 * tell a host that is not there from one that answers wrongly.
 */
typedef void al_on_fetch(void *arg, const struct al_fetched *f,
    const struct al_err *err);

struct al_fetch *al_fetch_start(struct al_loop *loop,
    const struct al_fetch_opts *o, al_on_fetch *on_fetch, void *arg,
    struct al_err *err);
void al_fetch_cancel(struct al_fetch *f);

/* "http://h/p.pac" of a URL with user info, query or fragment; for people. */
void al_fetch_show(const char *url, char *out, size_t cap);

#endif
