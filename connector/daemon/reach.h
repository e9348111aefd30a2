/* connector/daemon/reach.h - a workspace out of the programs' settings. */
#ifndef AL_DAEMON_REACH_H
#define AL_DAEMON_REACH_H

#include "connector/autoconf/wpad.h"
#include "connector/daemon/conf.h"
#include "connector/daemon/secret.h"
#include "connector/session/workspace.h"

struct al_loop;
struct al_resolver;
struct event_base;

/*
 * c has AL_WHERE_KEYS (where.h); url NULL: only other hosts are wanted.  The
 * file with the proxies' password is read here.  on_note (or NULL) and its
 * arg: as in workspace.h.
 */
struct al_workspace *al_reach_open(const struct al_conf *c, const char *url,
    void (*on_note)(void *arg, const char *event, const char *text),
    void *arg, struct al_err *err);

/*
 * al_find_start for programs in which nothing else runs yet: runs base, whose
 * loop is loop, until there is an answer.  AL_EOF: somebody has left base (a
 * signal, a deadline).
 */
enum al_code al_reach_find(struct event_base *base, struct al_loop *loop,
    struct al_resolver *r, struct al_workspace *w, const char *url,
    struct al_choice *c, struct al_err *err) AL_MUST_CHECK;

/* What options borrow that AL_PROXY_KEYS have filled in. */
struct al_reach {
	const char		*command[AL_ROUTE_MAX], *config[AL_ROUTE_MAX];
	const char		*wpad_domains[AL_WPAD_DOMAINS_MAX];
	uint8_t			 wpad_sha256[32];
	char			*pac;
	struct al_secret	 password;
	char			*cert, *key;
};

/* The settings of AL_PROXY_KEYS into o.  EAUTH: a secret's file is not ours
 * alone; EUSAGE.  To be finished in any case. */
enum al_code al_reach_proxies(struct al_reach *r, const struct al_conf *c,
    struct al_workspace_opts *o, struct al_err *err) AL_MUST_CHECK;
void al_reach_fini(struct al_reach *r);		/* wipes */

#endif
