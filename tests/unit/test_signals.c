/* tests/unit/test_signals.c - stop, reload and dump reach the program. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/daemon/log.h"
#include "connector/daemon/signals.h"

struct seen {
	int	 stops, stop_sig, reloads, dumps;
};

static void
on_stop(void *arg, int sig)
{
	struct seen *s = arg;

	s->stops++;
	s->stop_sig = sig;
}

static void
on_reload(void *arg)
{
	struct seen *s = arg;

	s->reloads++;
}

static void
on_dump(void *arg)
{
	struct seen *s = arg;

	s->dumps++;
}

static const struct al_signals_ops all = { .on_stop = on_stop,
    .on_reload = on_reload, .on_dump = on_dump };
static const struct al_signals_ops only_stop = { .on_stop = on_stop };

/* Raise sig, and let the loop tell it. */
static void
deliver(struct event_base *base, int sig)
{
	assert_int_equal(raise(sig), 0);
	assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
}

static void
each(void **state)
{
	static const struct {
		const struct al_signals_ops *ops;
		int		 sig;
		struct seen	 want;
	} rows[] = {
		{ &all, SIGTERM, { 1, SIGTERM, 0, 0 } },
		{ &all, SIGINT, { 1, SIGINT, 0, 0 } },
		{ &all, SIGHUP, { 0, 0, 1, 0 } },
		{ &all, SIGUSR1, { 0, 0, 0, 1 } },
		{ &only_stop, SIGTERM, { 1, SIGTERM, 0, 0 } },
		{ &only_stop, SIGHUP, { 1, SIGHUP, 0, 0 } },
		{ &only_stop, SIGUSR1, { 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct event_base *base = event_base_new();
		struct seen seen = { 0 };
		struct al_signals *s;
		struct al_err err;

		assert_non_null(base);
		s = al_signals_new(base, rows[i].ops, &seen, &err);
		assert_non_null(s);
		deliver(base, rows[i].sig);
		assert_memory_equal(&seen, &rows[i].want, sizeof(seen));
		al_signals_free(s);
		event_base_free(base);
	}
}

static void
reload_as_often_as_wanted(void **state)
{
	struct event_base *base = event_base_new();
	struct seen seen = { 0 };
	struct al_signals *s;
	struct al_err err;

	(void)state;
	assert_non_null(base);
	s = al_signals_new(base, &all, &seen, &err);
	assert_non_null(s);
	for (int i = 0; i < 3; i++) {
		deliver(base, SIGHUP);
		deliver(base, SIGUSR1);
	}
	assert_int_equal(seen.reloads, 3);
	assert_int_equal(seen.dumps, 3);
	assert_int_equal(seen.stops, 0);
	al_signals_free(s);
	event_base_free(base);
}

/* A process of its own; how it ended. */
static int
status_of(void (*run)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
stop_twice(void)
{
	struct event_base *base = event_base_new();
	struct seen seen = { 0 };
	struct al_err err;

	al_log_init(STDERR_FILENO, AL_LOG_TEXT, AL_LOG_ERROR);
	if (base == NULL || al_signals_new(base, &all, &seen, &err) == NULL)
		_exit(1);
	(void)raise(SIGTERM);
	(void)event_base_loop(base, EVLOOP_ONCE);
	if (seen.stops != 1)
		_exit(2);
	(void)raise(SIGINT);			/* either of them counts */
	(void)event_base_loop(base, EVLOOP_ONCE);
	_exit(3);
}

static void
the_second_ends_at_once(void **state)
{
	int status = status_of(stop_twice);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

static void
after_free(void)
{
	struct event_base *base = event_base_new();
	struct seen seen = { 0 };
	struct al_signals *s;
	struct al_err err;

	s = base == NULL ? NULL : al_signals_new(base, &all, &seen, &err);
	if (s == NULL)
		_exit(1);
	al_signals_free(s);
	(void)raise(SIGTERM);
	_exit(3);
}

static void
free_gives_them_back(void **state)
{
	int status = status_of(after_free);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	al_signals_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
		cmocka_unit_test(reload_as_often_as_wanted),
		cmocka_unit_test(the_second_ends_at_once),
		cmocka_unit_test(free_gives_them_back),
	};

	(void)alarm(60);		/* a signal that is lost is waited for */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
