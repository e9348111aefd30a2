/* connector/daemon/reach.h - a workspace out of the commands' settings. */
#ifndef AL_DAEMON_REACH_H
#define AL_DAEMON_REACH_H

#include "connector/daemon/conf.h"
#include "connector/session/workspace.h"

/*
 * c has AL_WHERE_KEYS (where.h).  url: NULL for other hosts only.  The file
 * with the proxies' password is read here.
 */
struct al_workspace *al_reach_open(const struct al_conf *c, const char *url,
    struct al_err *err);

#endif
