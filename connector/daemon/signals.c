/* connector/daemon/signals.c - signals as events of the loop. */
#include "connector/daemon/signals.h"

#include <signal.h>
#include <stdlib.h>

#include <event2/event.h>

#include "connector/daemon/log.h"

#define N_SIGNALS	4

struct al_signals {
	const struct al_signals_ops *ops;
	void			*arg;
	struct event		*events[N_SIGNALS];
	int			 stopping;
};

static void
stop(struct al_signals *s, int sig)
{
	if (s->stopping++ == 0) {
		s->ops->on_stop(s->arg, sig);
		return;
	}
	al_log(AL_LOG_WARN, "killed", NULL, "signal %d again: ending now",
	    sig);
	al_log_flush();
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
	_Exit(128 + sig);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct al_signals *s = arg;

	(void)what;
	if (sig == SIGHUP && s->ops->on_reload != NULL)
		s->ops->on_reload(s->arg);
	else if (sig != SIGUSR1)
		stop(s, (int)sig);
	else if (s->ops->on_dump != NULL)
		s->ops->on_dump(s->arg);
}

struct al_signals *
al_signals_new(struct event_base *base, const struct al_signals_ops *ops,
    void *arg, struct al_err *err)
{
	static const int numbers[N_SIGNALS] = { SIGTERM, SIGINT, SIGHUP,
	    SIGUSR1 };
	struct al_signals *s = calloc(1, sizeof(*s));
	size_t i;

	if (s == NULL)
		goto nomem;
	s->ops = ops;
	s->arg = arg;
	for (i = 0; i < N_SIGNALS; i++) {
		s->events[i] = evsignal_new(base, numbers[i], on_signal, s);
		if (s->events[i] == NULL || event_add(s->events[i], NULL) != 0)
			goto nomem;
	}
	return s;
nomem:
	al_signals_free(s);
	(void)al_fail_nomem(err, AL_AT_LOCAL);
	return NULL;
}

void
al_signals_free(struct al_signals *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < N_SIGNALS; i++)
		if (s->events[i] != NULL)
			event_free(s->events[i]);
	free(s);
}
