/* proxy/auth.h - the ways to log in to an HTTP proxy, strongest first. */
#ifndef AL_PROXY_AUTH_H
#define AL_PROXY_AUTH_H

#include "proxy/login.h"

struct al_auth_scheme {
	enum al_auth	 id;
	const char	*name;		/* in Proxy-Authenticate */
	bool		 legs;		/* several rounds, on one connection */
	/* What is wrong with these credentials (NULL: not given), or NULL. */
	const char	*(*check)(const char *user, const char *password);
	/* Which of the offers is the one to take; NULL: by its name. */
	const struct al_challenge *(*choose)(const struct al_challenges *c);
	/*
	 * Fill l->value (SEND) or l->token (NEED).  c is NULL when no
	 * challenge has come on this connection: PLAIN when nothing can be
	 * said then.  FAIL: this scheme is of no use here, err says why.
	 */
	enum al_login_act (*answer)(struct al_login *l,
			    const struct al_challenge *c, struct al_err *err);
};

#define AL_AUTH_SCHEMES	4
extern const struct al_auth_scheme al_auth_schemes[AL_AUTH_SCHEMES];

const struct al_auth_scheme *al_auth_scheme(enum al_auth id);
/* "digest, basic" as AL_AUTH_BIT.  EUSAGE, stage config. */
enum al_code al_auth_parse(const char *text, unsigned *schemes,
    struct al_err *err) AL_MUST_CHECK;
/* Its challenge among these, or NULL. */
const struct al_challenge *al_auth_offer(const struct al_auth_scheme *s,
    const struct al_challenges *c);
/* What makes credentials unfit for every scheme, or NULL. */
const char *al_auth_check(const char *user, const char *password);

#endif
