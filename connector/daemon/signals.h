/* connector/daemon/signals.h - signals as events of the loop. */
#ifndef AL_DAEMON_SIGNALS_H
#define AL_DAEMON_SIGNALS_H

#include "connector/base/err.h"

struct event_base;
struct al_signals;

struct al_signals_ops {
	/* TERM or INT: drain, then leave the loop.  A second one does not
	 * come here: the process ends at once, by that signal. */
	void (*on_stop)(void *arg, int sig);
	void (*on_reload)(void *arg);	/* HUP; NULL: stops like TERM  */
	void (*on_dump)(void *arg);	/* USR1: state to the log; NULL: ignored */
};

/* ops is kept. */
struct al_signals *al_signals_new(struct event_base *base,
    const struct al_signals_ops *ops, void *arg, struct al_err *err);
/* Back to what signals did before. */
void al_signals_free(struct al_signals *s);

#endif
