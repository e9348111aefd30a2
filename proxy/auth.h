/* proxy/auth.h - the ways to log in to an HTTP proxy, strongest first. */
#ifndef AL_PROXY_AUTH_H
#define AL_PROXY_AUTH_H

#include "connector/base/buf.h"
#include "connector/base/err.h"
#include "proxy/challenge.h"
#include "proxy/route.h"

struct al_auth_scheme {
	enum al_auth	 id;
	const char	*name;		/* in Proxy-Authenticate */
	/* What is wrong with these credentials, or NULL. */
	const char	*(*check)(const char *user, const char *password);
	/* Append the value of Proxy-Authorization.  c is NULL when the
	 * scheme is known and no challenge has come. */
	enum al_code	(*answer)(const struct al_challenge *c,
			    const char *user, const char *password,
			    struct al_buf *out);
};

/* The strongest that is offered and known; NULL: none. */
const struct al_auth_scheme *al_auth_choose(const struct al_challenges *c);
const struct al_auth_scheme *al_auth_scheme(enum al_auth id);
/* What makes credentials unfit for every scheme, or NULL. */
const char *al_auth_check(const char *user, const char *password);

#endif
