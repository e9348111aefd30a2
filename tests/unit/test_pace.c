/* tests/unit/test_pace.c - who waits for a handshake, and for how long. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/gatewayd/pace.h"
#include "connector/loop/loop.h"

#define RATE	50u
#define BURST	10u		/* al_pace_burst(RATE) */
#define PLACES	(8u * RATE)	/* pace.c: LINE_S      */

static struct event_base *base;
static struct al_loop *loop;
static struct al_pace *pace;
static struct al_err err;
static struct al_addr peer;

static int turns[BURST + PLACES + 10];
static uint64_t turn_us[BURST + PLACES + 10];
static size_t n_turns;

static void
on_turn(void *arg, int fd, const struct al_addr *from)
{
	assert_ptr_equal(arg, &n_turns);
	assert_int_equal(al_addr_port(from), 1);
	turns[n_turns] = fd;
	turn_us[n_turns++] = al_now_us();
	(void)close(fd);
}

/* The client's end; the gateway's is in the pace's hands. */
static int
arrive(int *ours)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	if (ours != NULL)
		*ours = fds[0];
	al_pace_add(pace, fds[0], &peer);
	return fds[1];
}

static void
run_until(size_t n)
{
	uint64_t began_ms = al_now_ms();

	while (n_turns < n) {
		assert_true(al_now_ms() - began_ms < 20000);
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
}

/* A burst at once, then the rate, in the order of arrival. */
static void
in_order(void **state)
{
	int client[BURST + 10], ours[BURST + 10];
	uint64_t began_us = al_now_us();
	size_t i;

	(void)state;
	assert_int_equal(al_pace_burst(RATE), BURST);
	for (i = 0; i < BURST + 10; i++)
		client[i] = arrive(&ours[i]);
	assert_in_range(n_turns, BURST, BURST + 9);
	assert_int_equal(al_pace_waiting(pace), BURST + 10 - n_turns);
	run_until(BURST + 10);
	assert_int_equal(al_pace_waiting(pace), 0);
	for (i = 0; i < BURST + 10; i++) {
		assert_int_equal(turns[i], ours[i]);
		if (i >= BURST)
			assert_true(turn_us[i] - began_us >=
			    (i - BURST + 1) * (1000000 / RATE));
		(void)close(client[i]);
	}
}

/* Who has hung up takes no turn from those behind. */
static void
left(void **state)
{
	int client[BURST + 9];
	uint64_t began_us = al_now_us();
	size_t i;

	(void)state;
	for (i = 0; i < BURST + 9; i++)
		client[i] = arrive(NULL);
	for (i = BURST; i < BURST + 8; i++)
		(void)close(client[i]);
	while (al_pace_waiting(pace) > 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	/* nine turns would take 180 ms; a slow start may have given some */
	assert_in_range(n_turns, BURST + 1, BURST + 8);
	if (n_turns == BURST + 1)
		assert_true(al_now_us() - began_us >= 1000000 / RATE);
	for (i = 0; i < BURST; i++)
		(void)close(client[i]);
	(void)close(client[BURST + 8]);
}

/* The line is no longer than those in it will wait. */
static void
full(void **state)
{
	int client[BURST + PLACES + 10];
	size_t i, gone = 0, extra;
	char c;

	(void)state;
	for (i = 0; i < BURST + PLACES + 10; i++)
		client[i] = arrive(NULL);
	extra = n_turns - BURST;	/* of a slow start */
	assert_int_equal(al_pace_waiting(pace), PLACES);
	assert_int_equal(al_pace_dropped(pace), 10 - extra);
	for (i = BURST + PLACES; i < BURST + PLACES + 10; i++)
		gone += read(client[i], &c, 1) == 0;
	assert_int_equal(gone, 10 - extra);
	/* without a limit all of them are let in */
	al_pace_set(pace, 0);
	run_until(BURST + PLACES + extra);
	for (i = 0; i < BURST + PLACES + 10; i++)
		(void)close(client[i]);
	assert_int_equal(al_pace_dropped(pace), 10 - extra);
}

static void
no_limit(void **state)
{
	int client[100];
	size_t i;

	(void)state;
	al_pace_set(pace, 0);
	for (i = 0; i < 100; i++)
		client[i] = arrive(NULL);
	assert_int_equal(n_turns, 100);
	for (i = 0; i < 100; i++)
		(void)close(client[i]);
}

static void
freed(void **state)
{
	int client[BURST + 5];
	size_t i;
	char c;

	(void)state;
	for (i = 0; i < BURST + 5; i++)
		client[i] = arrive(NULL);
	al_pace_free(pace);
	pace = NULL;
	for (i = 0; i < BURST + 5; i++) {
		assert_int_equal(read(client[i], &c, 1), 0);
		(void)close(client[i]);
	}
}

static int
setup(void **state)
{
	(void)state;
	n_turns = 0;
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	if (loop == NULL || !al_addr_parse_ip(&peer, "192.0.2.1", 1))
		return -1;
	pace = al_pace_new(loop, on_turn, &n_turns, &err);
	if (pace == NULL)
		return -1;
	al_pace_set(pace, RATE);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	al_pace_free(pace);
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(in_order), T(left), T(full), T(no_limit), T(freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
