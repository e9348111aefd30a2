/* connector/daemon/reach.h - a workspace out of the programs' settings. */
#ifndef AL_DAEMON_REACH_H
#define AL_DAEMON_REACH_H

#include "connector/daemon/conf.h"
#include "connector/daemon/secret.h"
#include "connector/session/workspace.h"

/*
 * c has AL_WHERE_KEYS (where.h).  url: NULL for other hosts only.  The file
 * with the proxies' password is read here.
 */
struct al_workspace *al_reach_open(const struct al_conf *c, const char *url,
    struct al_err *err);

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
