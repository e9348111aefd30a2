/* connector/session/find.h - the way to a URL: ask whom to ask, then choose. */
#ifndef AL_SESSION_FIND_H
#define AL_SESSION_FIND_H

#include "connector/base/err.h"
#include "pac/choose.h"

struct al_loop;
struct al_resolver;
struct al_workspace;

/*
 * Nobody is asked who need not be: a proxy that the command line or the
 * settings name is the answer at once.  Else, in the order of choose.h: the
 * PAC file, and when nothing names a proxy the system's settings (asked once)
 * and WPAD.  The PAC files are kept fresh with the workspace, in the loop of
 * its first find.
 */
struct al_find;		/* one question; dies when it has reported */

/*
 * One call, from the loop.  c is yours then: al_choice_fini.  With err it is
 * NULL: stage config, a setting is wrong; stage pac, the PAC file cannot be
 * asked and pac_failure allows nothing else.
 */
typedef void al_on_found(void *arg, struct al_choice *c,
    const struct al_err *err);

/* url NULL: the workspace host's.  loop and r outlive w, w outlives the
 * find.  NULL and *err when it cannot start. */
struct al_find *al_find_start(struct al_workspace *w, struct al_loop *loop,
    struct al_resolver *r, const char *url, al_on_found *on_found, void *arg,
    struct al_err *err);
void al_find_cancel(struct al_find *f);		/* NULL is fine */

/* The network is another one: PAC files are read again, WPAD looks again. */
void al_workspace_network_changed(struct al_workspace *w);

/* There is a newer one: helpers and timers of its PAC files end with the
 * finds under way, however long w itself is held. */
void al_workspace_retire(struct al_workspace *w);

#endif
