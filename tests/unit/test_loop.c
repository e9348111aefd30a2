/* tests/unit/test_loop.c - watchers, timers, tasks and burials. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"

/* Everything that happens, one letter each. */
static char seen[64];
/* What see_text sees. */
static char letter_a[] = "a", letter_b[] = "b", letter_t[] = "t";

static struct event_base *base;
static struct al_loop *loop;
static struct al_err err;

static void
saw(char c)
{
	size_t n = strlen(seen);

	assert_true(n + 1 < sizeof(seen));
	seen[n] = c;
	seen[n + 1] = '\0';
}

static int
setup(void **state)
{
	(void)state;
	seen[0] = '\0';
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	return loop != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

static void
turn(void)
{
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
see_text(void *arg)
{
	saw(*(const char *)arg);
}

static struct al_watch watches[2];
static struct al_task task;

static void
see_ready(void *arg, unsigned ready)
{
	(void)arg;
	if (ready & AL_WANT_READ)
		saw('r');
	if (ready & AL_WANT_WRITE)
		saw('w');
	if (ready & AL_WANT_HANGUP)
		saw('h');
	if (task.ev != NULL)
		al_task_queue(&task);
}

static void
interest(void **state)
{
	static const struct { unsigned want; const char *seen; } rows[] = {
		{ 0, "" },
		{ AL_WANT_READ, "r" },
		{ AL_WANT_READ, "r" },
		{ AL_WANT_READ | AL_WANT_WRITE, "rw" },
		{ AL_WANT_WRITE, "w" },
		{ 0, "" },
		{ AL_WANT_WRITE, "w" },
		{ AL_WANT_READ, "r" },
		{ AL_WANT_READ | AL_WANT_WRITE, "rw" },
		{ 0, "" },
	};
	struct al_watch *w = watches;
	int fds[2];
	size_t i;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(al_watch_init(w, loop, fds[0], see_ready, NULL,
	    &err), AL_OK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		seen[0] = '\0';
		al_watch_set(w, rows[i].want);
		turn();
		if (strcmp(seen, "wr") == 0)
			(void)strcpy(seen, "rw");
		assert_string_equal(seen, rows[i].seen);
	}
	al_watch_fini(w);
	al_watch_fini(w);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* A reset is told, bytes and an orderly end are not. */
static void
hangup(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	struct al_watch *w = watches;
	int door = socket(AF_INET, SOCK_STREAM, 0), peer, fd;

	(void)state;
	assert_int_equal(bind(door, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(door, 1), 0);
	assert_int_equal(getsockname(door, (struct sockaddr *)&a, &len), 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, len), 0);
	peer = accept(door, NULL, NULL);
	assert_int_equal(al_watch_init(w, loop, fd, see_ready, NULL, &err),
	    AL_OK);
	al_watch_set(w, AL_WANT_HANGUP);
	turn();
	assert_int_equal(write(peer, "x", 1), 1);
	turn();
	al_watch_set(w, AL_WANT_WRITE);
	al_watch_set(w, AL_WANT_HANGUP);
	turn();
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	turn();
	assert_string_equal(seen, "");
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now,
	    sizeof(now)), 0);
	(void)close(peer);
	turn();
	assert_string_equal(seen, "h");
	al_watch_fini(w);
	(void)close(fd);
	(void)close(door);
}

static void
end_watch(void *arg, unsigned ready)
{
	(void)ready;
	saw('e');
	al_watch_fini(arg);
	free(arg);
}

static void
ends_itself(void **state)
{
	struct al_watch *w = calloc(1, sizeof(*w));
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_non_null(w);
	assert_int_equal(al_watch_init(w, loop, fds[1], end_watch, w, &err),
	    AL_OK);
	al_watch_set(w, AL_WANT_WRITE);
	turn();
	turn();
	assert_string_equal(seen, "e");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
see_other(void *arg, unsigned ready)
{
	(void)arg;
	(void)ready;
	saw('o');
}

/* epoll refuses these: they are ready, and starve nobody. */
static void
always_ready(void **state)
{
	static const char *const paths[] = { "/dev/null", "/proc/self/status" };
	struct al_watch *w = watches, *other = watches + 1;
	int fds[2], fd;
	size_t i;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	for (i = 0; i < 2; i++) {
		seen[0] = '\0';
		fd = open(paths[i], O_RDONLY);
		assert_true(fd >= 0);
		assert_int_equal(al_watch_init_any(w, loop, fd, see_ready,
		    NULL, &err), AL_OK);
		turn();
		assert_string_equal(seen, "");
		al_watch_set(w, AL_WANT_READ);
		assert_string_equal(seen, "");
		turn();
		assert_string_equal(seen, "r");
		turn();
		assert_string_equal(seen, "rr");
		/* another fd, readable too, gets its turn */
		assert_int_equal(al_watch_init(other, loop, fds[0], see_other,
		    NULL, &err), AL_OK);
		al_watch_set(other, AL_WANT_READ);
		turn();
		assert_non_null(strchr(seen, 'o'));
		al_watch_fini(other);
		(void)strcpy(seen, "rr");
		al_watch_set(w, 0);
		turn();
		assert_string_equal(seen, "rr");
		al_watch_set(w, AL_WANT_READ | AL_WANT_WRITE);
		turn();
		assert_string_equal(seen, "rrrw");
		al_watch_fini(w);
		turn();
		assert_string_equal(seen, "rrrw");
		(void)close(fd);
	}
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Two sockets are ready, one task asked for twice: it runs once, after. */
static void
task_runs_last(void **state)
{
	int fds[2][2], i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
		assert_int_equal(al_watch_init(&watches[i], loop, fds[i][0],
		    see_ready, NULL, &err), AL_OK);
		al_watch_set(&watches[i], AL_WANT_READ);
	}
	assert_int_equal(al_task_init(&task, loop, see_text, letter_t, &err),
	    AL_OK);
	turn();
	assert_string_equal(seen, "rrt");
	turn();
	assert_string_equal(seen, "rrtrrt");
	al_task_queue(&task);
	al_task_fini(&task);
	for (i = 0; i < 2; i++) {
		al_watch_fini(&watches[i]);
		(void)close(fds[i][0]);
		(void)close(fds[i][1]);
	}
	turn();
	assert_string_equal(seen, "rrtrrt");
}

static uint64_t fired_ms;

static void
on_time(void *arg)
{
	saw(*(const char *)arg);
	fired_ms = al_now_ms();
}

static void
timers(void **state)
{
	struct al_timer a, b;
	uint64_t begin;

	(void)state;
	assert_int_equal(al_timer_init(&a, loop, on_time, letter_a, &err), AL_OK);
	assert_int_equal(al_timer_init(&b, loop, on_time, letter_b, &err), AL_OK);
	al_timer_set(&a, UINT64_MAX);
	al_timer_set(&b, 1);
	al_timer_cancel(&b);
	al_timer_cancel(&b);
	al_timer_set(&b, 3600 * 1000);
	turn();
	assert_string_equal(seen, "");
	begin = al_now_ms();
	al_timer_set(&b, 20);			/* replaces */
	(void)event_base_loop(base, EVLOOP_ONCE);
	while (seen[0] == '\0')			/* it was early: once more */
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(seen, "b");
	assert_true(fired_ms >= begin + 20);	/* never early */
	al_timer_set(&a, 0);
	assert_string_equal(seen, "b");
	while (strlen(seen) < 2)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(seen, "ba");
	al_timer_fini(&a);
	al_timer_fini(&b);
	al_timer_fini(&b);
}

static void
dig_deeper(void *p)
{
	saw('1');
	al_loop_bury(loop, p, see_text);
}

static void
bury_many(void *arg)
{
	int i;

	for (i = 0; i < 40; i++)
		al_loop_bury(loop, arg, see_text);
	assert_string_equal(seen, "");		/* not under this frame */
}

static void
burials(void **state)
{
	(void)state;
	al_loop_bury(loop, letter_b, dig_deeper);
	assert_string_equal(seen, "");
	turn();
	assert_string_equal(seen, "1b");

	seen[0] = '\0';
	assert_int_equal(al_task_init(&task, loop, bury_many, letter_a, &err),
	    AL_OK);
	al_task_queue(&task);
	turn();
	assert_int_equal(strlen(seen), 40);
	al_task_fini(&task);

	/* al_loop_free buries what is left */
	seen[0] = '\0';
	al_loop_bury(loop, letter_t, see_text);
	al_loop_free(loop);
	assert_string_equal(seen, "t");
	loop = al_loop_new(base, &err);
	assert_non_null(loop);
}

/* The loop's end is theirs, unless they went before. */
static void
leftovers(void **state)
{
	struct al_leftover l[3];

	(void)state;
	seen[0] = '\0';
	al_loop_adopt(loop, &l[0], letter_t, see_text);
	al_loop_adopt(loop, &l[1], letter_t, see_text);
	al_loop_adopt(loop, &l[2], letter_t, see_text);
	al_loop_release(&l[1]);
	al_loop_release(&l[1]);
	al_loop_free(loop);
	assert_string_equal(seen, "tt");
	loop = al_loop_new(base, &err);
	assert_non_null(loop);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(interest), T(hangup), T(ends_itself), T(always_ready),
		T(task_runs_last), T(timers), T(burials),
		T(leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
