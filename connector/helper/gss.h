/* connector/helper/gss.h - Kerberos tokens, made by a process of its own. */
#ifndef AL_HELPER_GSS_H
#define AL_HELPER_GSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

struct al_loop;

/* --- what travels between the library and alpacon-gss-helper --------------
 * Messages of child.h, at most AL_GSS_MSG_MAX bytes; numbers are big-endian.
 * One helper serves one context: START once, then STEP until DONE.
 *
 *  question | type (u8) | rest
 * ----------+-----------+---------------------------------------------------
 *  START    |     1     | mechanism u8, source u8, then each with a u16
 *           |           | length: target, ccache, keytab, principal,
 *           |           | password, channel bindings
 *  STEP     |     2     | the peer's token
 *  WRAP     |     3     | u8: 1 encrypt, 0 only protect; the bytes
 *  UNWRAP   |     4     | the peer's wrapped bytes
 *
 *  answer   | type (u8) | rest
 * ----------+-----------+---------------------------------------------------
 *  CONTINUE |     1     | flags u8, token: send it, STEP with the reply
 *  DONE     |     2     | flags u8, token: send it unless it is empty
 *  FAIL     |     3     | class u8, a sentence
 *  BYTES    |     4     | u8: 1 encrypted, 0 not; wrapped or unwrapped bytes
 */
#define AL_GSS_MSG_MAX	(128u << 10)
#define AL_GSS_TEXT_MAX	1023u		/* of each text of a START */

enum al_gss_type {
	AL_GSS_START = 1, AL_GSS_STEP = 2, AL_GSS_WRAP = 3, AL_GSS_UNWRAP = 4
};

enum al_gss_answer {
	AL_GSS_CONTINUE = 1, AL_GSS_DONE = 2, AL_GSS_FAIL = 3, AL_GSS_BYTES = 4
};

enum al_gss_mech {
	AL_GSS_SPNEGO,		/* HTTP Negotiate; offers Kerberos only */
	AL_GSS_KRB5		/* SOCKS5, RFC 1961                     */
};

enum al_gss_source {
	AL_GSS_DEFAULT,		/* whatever Kerberos finds by itself       */
	AL_GSS_CCACHE,		/* a named cache                           */
	AL_GSS_KEYTAB,		/* keytab and principal                    */
	AL_GSS_PASSWORD		/* principal and password                  */
};

enum al_gss_class {
	AL_GSS_OTHER,
	AL_GSS_NO_CREDENTIALS,
	AL_GSS_EXPIRED,
	AL_GSS_UNKNOWN_SERVER,	/* the KDC has no such service             */
	AL_GSS_KDC_UNREACHABLE,
	AL_GSS_CLOCK_SKEW,
	AL_GSS_WRONG_PASSWORD	/* or no such user, or the wrong keytab    */
};

/* Flags of an answer: what the context can do for WRAP. */
#define AL_GSS_CAN_SIGN	1u
#define AL_GSS_CAN_SEAL	2u

/* --- for the caller -------------------------------------------------------
 * One security context of the initiator, without ever a delegated ticket.
 * May take seconds and talk to a KDC: all of that is in the helper.
 */
struct al_gss;

struct al_gss_opts {
	const char	*helper;	/* absolute; NULL: the installed one, or
					 * what ALPACON_GSS_HELPER names      */
	/* "HTTP@proxy.corp", host-based, or a full "HTTP/proxy.corp@REALM" */
	const char	*target;
	enum al_gss_mech mech;
	enum al_gss_source source;
	const char	*ccache;	/* AL_GSS_CCACHE: "FILE:/run/x", ...  */
	const char	*keytab;	/* AL_GSS_KEYTAB: "FILE:/etc/x", ...  */
	/* needed for keytab and password; picks one of several otherwise */
	const char	*principal;
	const char	*password;
	/* RFC 5929, with its prefix: "tls-server-end-point:" and the hash */
	const uint8_t	*bindings;
	size_t		 bindings_len;
	unsigned	 deadline_ms;	/* of each request; 0 means 10 000    */
};

struct al_gss_result {
	/*
	 * NULL when it worked.  AL_EAUTH: what the user can mend (ticket,
	 * password, service name, clock); AL_ETIMEOUT: the KDC is silent;
	 * AL_ENET: it cannot be reached; others: the helper failed.
	 */
	const struct al_err	*err;
	enum al_gss_class	 why;
	/* the peer has had no part in it: try the next scheme */
	bool			 local;

	bool			 done;	/* the context is established     */
	unsigned		 flags;	/* AL_GSS_CAN_*                   */
	const uint8_t		*token;	/* to send; NULL when there is none */
	size_t			 len;
};

/*
 * One call for each request, from the loop, never after al_gss_free.  r and
 * what it points to live until it returns, even if it frees the context.
 */
typedef void al_on_gss(void *arg, const struct al_gss_result *r);

/*
 * Copies opts.  The first token comes to on_gss.  NULL and *err when the
 * helper cannot be started or opts are wrong, which is a local failure too.
 */
struct al_gss *al_gss_start(struct al_loop *loop,
    const struct al_gss_opts *opts, al_on_gss *on_gss, void *arg,
    struct al_err *err);

/* The peer's token.  An error here makes no call. */
enum al_code al_gss_step(struct al_gss *g, const uint8_t *token, size_t len,
    al_on_gss *on_gss, void *arg, struct al_err *err) AL_MUST_CHECK;

/*
 * RFC 1961 5: wrap and unwrap what goes through an established context.  The
 * bytes come as the token; in the answer of unwrap AL_GSS_CAN_SEAL says that
 * they were encrypted.
 */
enum al_gss_seal { AL_GSS_SIGN, AL_GSS_SEAL };

enum al_code al_gss_wrap(struct al_gss *g, enum al_gss_seal seal,
    const uint8_t *p, size_t len, al_on_gss *on_gss, void *arg,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_gss_unwrap(struct al_gss *g, const uint8_t *p, size_t len,
    al_on_gss *on_gss, void *arg, struct al_err *err) AL_MUST_CHECK;

/* Kills the helper. */
void al_gss_free(struct al_gss *g);

#endif
