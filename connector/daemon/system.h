/* connector/daemon/system.h - the system's proxy settings for a workspace. */
#ifndef AL_DAEMON_SYSTEM_H
#define AL_DAEMON_SYSTEM_H

#include "connector/base/err.h"

struct al_loop;
struct al_workspace;
struct event_base;

/*
 * Ask them, if w wants that (workspace.h) for url; NULL: for the workspace
 * host.  Without an answer, w's choice knows why: that is no error here.
 */
struct al_system;

/* One call, from the loop, unless it is cancelled: w is ready, or err says
 * what is wrong with it now. */
typedef void al_on_system(void *arg, const struct al_err *err);

/*
 * w stays where it is, and unused, until then.  NULL and AL_OK in *err: there
 * is nothing to wait for, w is ready.  NULL and an error: w is wrong now.
 */
struct al_system *al_system_start(struct al_loop *loop,
    struct al_workspace *w, const char *url, al_on_system *on_system,
    void *arg, struct al_err *err);
void al_system_cancel(struct al_system *s);	/* NULL is fine */

/*
 * The same for programs in which nothing else runs yet: runs base, whose loop
 * is loop, until there is an answer.  AL_EOF: somebody has left base (a
 * signal, a deadline).
 */
enum al_code al_system_settle(struct event_base *base, struct al_loop *loop,
    struct al_workspace *w, const char *url, struct al_err *err)
    AL_MUST_CHECK;

#endif
