/* proxy/login.h - the login at an HTTP proxy: challenges and answers. */
#ifndef AL_PROXY_LOGIN_H
#define AL_PROXY_LOGIN_H

#include <stdbool.h>

#include "connector/base/buf.h"
#include "proxy/challenge.h"
#include "proxy/memory.h"
#include "proxy/proxy.h"

/* The schemes, strongest first, are in proxy/auth.h. */
struct al_auth_scheme;

enum al_login_act {
	AL_LOGIN_SEND,	/* value is what Proxy-Authorization says          */
	AL_LOGIN_PLAIN,	/* ask without a login                             */
	AL_LOGIN_NEED,	/* a token of Kerberos first: al_login_take_token  */
	AL_LOGIN_FAIL	/* err says why                                    */
};

/* One login, over the connections that it takes. */
struct al_login {
	char		*user, *password;	/* NULL: not given      */
	char		*proxy;			/* its host, as configured */
	const char	*target;		/* host:port; borrowed  */
	unsigned	 schemes;		/* AL_AUTH_BIT          */
	uint64_t	 now_us;
	uint8_t		 binding[AL_PROXY_BINDING_MAX];
	size_t		 binding_len;

	struct al_seen	*seen;			/* own, if nobody keeps one */
	struct al_seen	 own;
	const struct al_auth_scheme *scheme;	/* in use; NULL: none   */
	bool		 sent;			/* its answer is out    */
	bool		 unasked;		/* before any challenge */
	bool		 again;			/* one more nonce was taken */
	unsigned	 leg;			/* answers on this connection */
	unsigned	 tried;			/* AL_AUTH_BIT: failed here */
	char		 why[240];		/* what those said      */
	int		 cause;			/* of the first of them */
	struct al_buf	 value;			/* wiped once it is out */
	struct al_buf	 token;			/* the proxy's, for NEED */
};

/* EUSAGE: what no scheme can say (a control character, too long). */
enum al_code al_login_init(struct al_login *l, const struct al_hop *hop,
    const char *target, const struct al_proxy_opts *o, struct al_err *err)
    AL_MUST_CHECK;
void al_login_fini(struct al_login *l);		/* wipes */

/* Before the first request of a connection. */
enum al_login_act al_login_begin(struct al_login *l, struct al_err *err);
/* A 407 with these offers has come. */
enum al_login_act al_login_challenged(struct al_login *l,
    const struct al_challenges *c, struct al_err *err);
/* The proxy lets us through. */
void al_login_accepted(struct al_login *l);

/*
 * After NEED: the token that the Kerberos of this user made of l->token; or
 * why there is none: then the proxy is asked for its offers again, and the
 * next scheme has its turn.  (Not for ENOMEM: that says nothing of tickets.)
 */
enum al_login_act al_login_take_token(struct al_login *l, const void *token,
    size_t len, struct al_err *err);
enum al_login_act al_login_no_token(struct al_login *l,
    const struct al_err *cause, struct al_err *err);

/* A new connection would have to begin anew. */
bool al_login_is_midway(const struct al_login *l);
/* The answer will not be sent: the next connection makes its own. */
void al_login_unsent(struct al_login *l);

#endif
