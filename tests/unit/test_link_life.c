/* tests/unit/test_link_life.c - PINGs of a link, and what its end tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "connector/engine/session_int.h"
#include "tests/lib/script.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static void
life_of(struct script *t, struct al_link_life *life)
{
	al_link_get_life(t->l, t->now_us, life);
}

/* What is known at the end of a row of steps (opener, START both). */
static const struct row {
	const char		*name;
	const char		*steps[12];
	struct al_link_life	 want;
} rows[] = {
	{ "quiet from the start", { "time 9000000", NULL },
	    { 9000, 9000, 0, 0, 15000, false, false } },
	{ "something came", { "time 9000000", "< PING 1", "time 2500000",
	    NULL }, { 11500, 2500, 0, 9000, 15000, false, false } },
	{ "the longest silence", { "time 9000000", "< PING 1",
	    "time 3000000", "< PING 2", "time 4000000", NULL },
	    { 16000, 4000, 0, 9000, 15000, false, false } },
	{ "PING unanswered", { "time 15000000", "expired", "> PING 1",
	    "time 5000000", NULL },
	    { 20000, 20000, 15000, 0, 15000, false, false } },
	{ "the first of two", { "time 15000000", "expired", "> PING 1",
	    "time 15000000", "expired", "> PING 2", "time 1000000", NULL },
	    { 31000, 31000, 15000, 0, 15000, false, false } },
	{ "PING answered", { "time 15000000", "expired", "> PING 1",
	    "time 1000000", "< PONG 1", "time 1000000", NULL },
	    { 17000, 1000, 0, 16000, 15000, false, false } },
	{ "answered, the next one not", { "time 15000000", "expired",
	    "> PING 1", "< PONG 1", "time 15000000", "expired", "> PING 2",
	    "time 1000000", NULL },
	    { 31000, 16000, 15000, 15000, 15000, false, false } },
	{ "a record unanswered", { "time 7000000", "open",
	    "> OPEN 1 49152 {}", "time 15000000", "expired", "> PING 1",
	    NULL }, { 22000, 22000, 7000, 0, 15000, false, false } },
	{ "while bytes flow", { "open", "> OPEN 1 49152 {}",
	    "< ACK 18 0", "write a 5", "> DATA 1 5", "time 9000000", NULL },
	    { 9000, 9000, 0, 0, 15000, false, false } },
	{ "what needs no answer", { "< PING 5", "> PONG 5", "time 3000000",
	    NULL }, { 3000, 3000, 0, 0, 15000, false, false } },
	{ "another interval", { "keepalive 10000", "time 10000000",
	    "expired", "> PING 1", NULL },
	    { 10000, 10000, 10000, 0, 10000, false, false } },
	{ "given up", { "time 15000000", "expired", "> PING 1",
	    "time 22500000", "expired", NULL },
	    { 37500, 37500, 15000, 0, 15000, true, false } },
};

static bool
is_same(const struct al_link_life *a, const struct al_link_life *b)
{
	return a->lived_ms == b->lived_ms && a->quiet_ms == b->quiet_ms &&
	    a->gap_ms == b->gap_ms && a->survived_ms == b->survived_ms &&
	    a->keepalive_ms == b->keepalive_ms && a->silent == b->silent &&
	    a->ours == b->ours;
}

static void
every_row(void **state)
{
	const struct row *r;
	struct al_link_life life;
	struct script t;
	size_t i;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		script_init(&t, r->name, AL_OPENER, NULL);
		script_greet(&t, AL_OPENER);
		for (i = 0; i < N(r->steps) && r->steps[i] != NULL; i++)
			script_step(&t, r->steps[i]);
		life_of(&t, &life);
		if (!is_same(&life, &r->want))
			fail_msg("%s: lived %u quiet %u gap %u survived %u "
			    "keepalive %u silent %d ours %d", r->name,
			    (unsigned)life.lived_ms, (unsigned)life.quiet_ms,
			    (unsigned)life.gap_ms,
			    (unsigned)life.survived_ms, life.keepalive_ms,
			    life.silent, life.ours);
		script_fini(&t);
	}
}

/* One that never carried the session, or was left for another: ours. */
static void
ours(void **state)
{
	struct al_link_life life;
	struct script t;

	(void)state;
	script_init(&t, "never live", AL_OPENER, NULL);
	script_step(&t, "> HELLO");
	life_of(&t, &life);
	assert_true(life.ours);
	script_fini(&t);

	script_init(&t, "left", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	script_step(&t, "dial");
	script_step(&t, "> HELLO 2 0");
	life_of(&t, &life);
	assert_true(life.ours);
	script_step(&t, "use 0");
	life_of(&t, &life);
	assert_false(life.ours);
	script_step(&t, "use 1");
	script_step(&t, "< WELCOME 1 0");
	script_step(&t, "> START 0");
	script_step(&t, "< START 0");
	life_of(&t, &life);
	assert_false(life.ours);
	script_step(&t, "use 0");
	life_of(&t, &life);
	assert_true(life.ours);
	script_fini(&t);
}

/* PINGs of an idle link: microseconds between them. */
static uint64_t
next_ping(struct script *t)
{
	struct al_msg msg;
	uint64_t from = t->now_us, at = al_session_expiry(t->s);

	t->now_us = at;
	al_session_expired(t->s, at);
	assert_true(al_link_take(t->l, at, &msg));
	assert_int_equal(msg.front[0], AL_F_PING);
	assert_null(msg.rec);
	al_link_alive(t->l, at);
	return at - from;
}

static void
jitter(void **state)
{
	static const uint32_t intervals[] = { 8000, 10000, 15000, 300000,
	    600000 };
	const struct al_session_opts o = { .software = "test",
	    .jitter = 20260101 };
	uint64_t us, sum, low, high;
	struct script t;
	size_t i, k;

	(void)state;
	for (i = 0; i < N(intervals); i++) {
		script_init(&t, "jitter", AL_OPENER, &o);
		script_greet(&t, AL_OPENER);
		al_link_set_keepalive(t.l, intervals[i]);
		low = UINT64_MAX;
		sum = high = 0;
		for (k = 0; k < 1000; k++) {
			us = next_ping(&t);
			sum += us;
			low = us < low ? us : low;
			high = us > high ? us : high;
		}
		assert_in_range(low, intervals[i] * UINT64_C(800),
		    intervals[i] * UINT64_C(810));
		assert_in_range(high, intervals[i] * UINT64_C(1190),
		    intervals[i] * UINT64_C(1200));
		assert_in_range(sum / 1000, intervals[i] * UINT64_C(980),
		    intervals[i] * UINT64_C(1020));
		script_fini(&t);
	}
}

/* Two sessions of one process don't PING in step. */
static void
apart(void **state)
{
	struct al_session_opts o = { .software = "test", .jitter = 1 };
	struct script a, b;
	unsigned same = 0, k;

	(void)state;
	script_init(&a, "a", AL_OPENER, &o);
	script_greet(&a, AL_OPENER);
	o.jitter = 2;
	script_init(&b, "b", AL_OPENER, &o);
	script_greet(&b, AL_OPENER);
	for (k = 0; k < 100; k++)
		same += next_ping(&a) == next_ping(&b);
	assert_in_range(same, 0, 10);
	script_fini(&a);
	script_fini(&b);
}

/* Never later than the dead interval, with whatever jitter. */
static void
dead_in_time(void **state)
{
	static const struct { uint32_t ms; uint64_t dead_us; } limits[] = {
		{ 0, 37500000 }, { 8000, 20000000 }, { 10000, 25000000 },
		{ 15000, 37500000 }, { 300000, 750000000 },
		{ UINT32_MAX, 1500000000 },
	};
	const struct al_session_opts o = { .software = "test", .jitter = 7 };
	struct al_msg msg;
	struct script t;
	uint64_t from, at;
	size_t i;

	(void)state;
	for (i = 0; i < N(limits); i++) {
		script_init(&t, "dead", AL_OPENER, &o);
		script_greet(&t, AL_OPENER);
		al_link_set_keepalive(t.l, limits[i].ms);
		from = t.now_us;
		while (al_session_is_up(t.s)) {
			at = al_session_expiry(t.s);
			assert_in_range(at, from, from + limits[i].dead_us);
			al_session_expired(t.s, at);
			(void)al_link_take(t.l, at, &msg);
		}
		assert_int_equal(at, from + limits[i].dead_us);
		script_fini(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(ours),
		cmocka_unit_test(jitter),
		cmocka_unit_test(apart),
		cmocka_unit_test(dead_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
