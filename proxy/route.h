/* proxy/route.h - proxies, chains of them, and ordered alternatives. */
#ifndef AL_PROXY_ROUTE_H
#define AL_PROXY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

enum al_proxy_kind {
	AL_PROXY_HTTP,
	AL_PROXY_HTTPS,
	AL_PROXY_SOCKS4,
	AL_PROXY_SOCKS4A,
	AL_PROXY_SOCKS5,	/* the name is resolved here      */
	AL_PROXY_SOCKS5H	/* the name is resolved by the proxy */
};

/* How to log in to an HTTP proxy. */
enum al_auth {
	AL_AUTH_UNKNOWN,	/* its first 407 will say */
	AL_AUTH_BASIC,
	AL_AUTH_DIGEST,
	AL_AUTH_NTLM,
	AL_AUTH_NEGOTIATE
};
#define AL_AUTH_BIT(auth)	(1u << (auth))
#define AL_AUTH_NOBODY		AL_AUTH_BIT(AL_AUTH_UNKNOWN)	/* no scheme */

/* One proxy on the way.  user and password are NULL when not given. */
struct al_hop {
	enum al_proxy_kind	 kind;
	char			 host[AL_HOST_MAX + 1];
	uint16_t		 port;
	char			*user, *password;
	/* No login there, not even one that needs no password: whoever named
	 * it to us may be anybody. */
	bool			 no_login;
};

/* Proxies one behind the other; no hop at all is a direct connection. */
struct al_chain {
	struct al_hop	*hops;
	size_t		 n;
};

/* Alternatives in the order in which they are tried. */
struct al_route {
	struct al_chain	*chains;
	size_t		 n;
};

#define AL_CHAIN_MAX	8
#define AL_ROUTE_MAX	32

void al_route_init(struct al_route *r);
void al_route_fini(struct al_route *r);		/* wipes passwords */
void al_route_cut(struct al_route *r, size_t n);	/* the first n stay */

/*
 * Append an alternative: "direct", or proxy URLs joined by ','
 * ("socks5h://a:1080,https://b:8443").  A value without scheme is http; a
 * path other than "/" is refused.  A raw ',' in a password must be %2C.
 * Errors never show user or password.
 */
enum al_code al_route_add(struct al_route *r, const char *text,
    struct al_err *err) AL_MUST_CHECK;

/*
 * Give user and password to every hop that has none, and the password alone
 * to a hop that names a user without one: this user, or any when user is
 * NULL.  Only to those that may have them; may_have NULL: all may.
 */
enum al_code al_route_set_credentials(struct al_route *r, const char *user,
    const char *password, bool (*may_have)(void *arg,
    const struct al_hop *hop), void *arg, struct al_err *err) AL_MUST_CHECK;

enum al_code al_route_copy(struct al_route *to, const struct al_route *from,
    struct al_err *err) AL_MUST_CHECK;

/*
 * "http://proxy.corp:3128" without user info, hops joined by ',', "direct".
 * Fails with ELIMIT: AL_CHAIN_TEXT is enough for every chain.
 */
#define AL_CHAIN_TEXT	(AL_CHAIN_MAX * (AL_HOST_MAX + 20))
enum al_code al_chain_format(const struct al_chain *c, char *buf, size_t cap)
    AL_MUST_CHECK;

const char *al_proxy_kind_name(enum al_proxy_kind kind);	/* "socks5h" */

#endif
