/* connector/session/attempt.h - a way to a workspace host, to the WebSocket. */
#ifndef AL_SESSION_ATTEMPT_H
#define AL_SESSION_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/dial/dial.h"

struct al_workspace;

/* Where to, and as whom.  Strings are copied. */
struct al_client_target {
	const char		*host;		/* workspace host          */
	uint16_t		 port;
	const char		*path;		/* "/ws/connector/"        */
	const char		*authorization;	/* header value; secret    */
	const char		*user_agent;
	/* Whom to ask for the way; outlives the attempt.  NULL: it is route,
	 * and NULL there, too: direct. */
	struct al_workspace	*workspace;
	const struct al_route	*route;
	struct al_tls_ctx	*tls, *proxy_tls;
	const struct al_dial_login *login;	/* dial.h          */
	unsigned		 resolve_flags;
	unsigned		 connect_ms, proxy_ms, tls_ms;	/* dial.h  */
};

struct al_attempt_opts {
	const struct al_client_target *target;
	/* 16 bytes of the session that is to go on, NULL: a new one.  Their
	 * beginning is a hint for balancers (PROTOCOL 1). */
	const uint8_t		*session;
	/* As in via below: only alternatives that are preferred to this one
	 * are tried, if the site still names it.  NULL: all. */
	const char		*better_than;
};

struct al_attempt_end {
	const struct al_err	*err;	/* NULL: it is open                   */
	const char		*authority;	/* "acme.us1.alpacon.io", with its
					 * port when that is not 443          */
	const char		*via;	/* "direct", "http://proxy:3128"; ""
					 * when none was reached              */
	bool			 preferred;	/* no alternative is better   */
	unsigned		 retry_after_s;	/* what the host asked for    */
};

struct al_attempt_ops {
	/* All that happens on the way (dial.h), and http and ws. */
	void	(*on_step)(void *arg, const struct al_step *s);
	/* Once, from the loop; s is yours.  Without err and without s there
	 * was nothing better than better_than. */
	void	(*on_done)(void *arg, struct al_stream *s,
	    const struct al_attempt_end *end);
};

struct al_attempt;	/* dies when it has reported */

struct al_attempt *al_attempt_start(struct al_loop *loop,
    struct al_resolver *r, const struct al_attempt_opts *o,
    const struct al_attempt_ops *ops, void *arg, struct al_err *err);
void al_attempt_cancel(struct al_attempt *a);		/* NULL is fine */

#endif
