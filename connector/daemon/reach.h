/* connector/daemon/reach.h - a workspace out of the programs' settings. */
#ifndef AL_DAEMON_REACH_H
#define AL_DAEMON_REACH_H

#include "connector/daemon/conf.h"
#include "connector/daemon/secret.h"
#include "connector/session/workspace.h"

struct al_loop;
struct event_base;

/* What al_reach_open is for: one of the two. */
struct al_reach_opts {
	const char		*url;		/* the workspace's      */
	const char		*other;		/* or of another host   */
	/* Nothing else runs there yet: the system's settings may be asked,
	 * which takes as long as their helper's deadline. */
	struct event_base	*base;
	struct al_loop		*loop;
};

/*
 * c has AL_WHERE_KEYS (where.h).  The file with the proxies' password is read
 * here.  AL_EOF: somebody has left base.
 */
struct al_workspace *al_reach_open(const struct al_conf *c,
    const struct al_reach_opts *opts, struct al_err *err);

/* What options borrow that AL_PROXY_KEYS have filled in. */
struct al_reach {
	const char		*command[AL_ROUTE_MAX], *config[AL_ROUTE_MAX];
	struct al_secret	 password;
	char			*cert, *key;
};

/* The settings of AL_PROXY_KEYS into o.  EAUTH: a secret's file is not ours
 * alone; EUSAGE.  To be finished in any case. */
enum al_code al_reach_proxies(struct al_reach *r, const struct al_conf *c,
    struct al_workspace_opts *o, struct al_err *err) AL_MUST_CHECK;
void al_reach_fini(struct al_reach *r);		/* wipes */

#endif
