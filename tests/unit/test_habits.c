/* tests/unit/test_habits.c - what is learned from how connections end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "connector/base/rng.h"
#include "connector/session/habits.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define VIA	"http://proxy:3128"
#define DAY	86400u
#define START	1700000000u
#define K	15000u		/* the interval, unless a test says another */

/* --- one end after another ------------------------------------------------ */
#define FIN(lived, quiet)	{ lived, quiet, 0, 0, K, false, false }
#define FLOOR(lived, quiet)	{ lived, quiet, 0, 0, 10000, false, false }
#define RST(lived, gap)		{ lived, gap, gap, 0, K, false, false }
#define DEAD(lived, gap)	{ lived, 37500, gap, 0, K, true, false }
#define DEAD_FLOOR(lived, gap)	{ lived, 25000, gap, 0, 10000, true, false }
#define OURS(lived)		{ lived, 0, 0, 0, K, false, true }

static const struct row {
	const char		*name;
	unsigned		 ends;
	struct al_link_life	 end[6];
	enum al_learned		 last;		/* of the last end           */
	uint64_t		 age_ms;	/* known then; 0: none       */
	uint32_t		 keepalive_ms;	/* then                      */
} rows[] = {
	/* --- age ---------------------------------------------------------- */
	{ "one cut", 1, { FIN(20000, 0) }, AL_LEARNED_NOTHING, 0, K },
	{ "two at one age", 2, { FIN(20000, 0), FIN(20400, 100) },
	    AL_LEARNED_AGE, 20000, K },
	{ "the shorter counts", 2, { FIN(21000, 0), FIN(20000, 0) },
	    AL_LEARNED_AGE, 20000, K },
	{ "within a tenth", 2, { FIN(3600000, 0), FIN(3240000, 0) },
	    AL_LEARNED_AGE, 3240000, K },
	{ "more than a tenth apart", 2, { FIN(3600000, 0), FIN(3230000, 0) },
	    AL_LEARNED_NOTHING, 0, K },
	{ "within 1 s", 2, { FIN(10000, 0), FIN(11000, 0) },
	    AL_LEARNED_AGE, 10000, K },
	{ "below 10 s", 4, { FIN(9999, 0), FIN(9999, 0), FIN(9999, 0),
	    FIN(9999, 0) }, AL_LEARNED_NOTHING, 0, K },
	{ "a failure between counts for nothing", 3, { FIN(20000, 0),
	    FIN(500, 0), FIN(20000, 0) }, AL_LEARNED_AGE, 20000, K },
	{ "another age between", 3, { FIN(20000, 0), FIN(50000, 0),
	    FIN(20000, 0) }, AL_LEARNED_NOTHING, 0, K },
	{ "two, but one got older", 3, { FIN(50000, 0), FIN(20000, 0),
	    FIN(20000, 0) }, AL_LEARNED_NOTHING, 0, K },
	{ "four, although one got older", 5, { FIN(50000, 0),
	    FIN(20000, 0), FIN(20000, 0), FIN(20000, 0), FIN(20000, 0) },
	    AL_LEARNED_AGE, 20000, K },
	{ "a little older is no proof", 3, { FIN(20000, 0), FIN(20000, 0),
	    FIN(23900, 0) }, AL_LEARNED_NOTHING, 20000, K },
	{ "a fifth older is", 3, { FIN(20000, 0), FIN(20000, 0),
	    FIN(24100, 0) }, AL_LEARNED_NO_AGE, 0, K },
	{ "also when we closed it", 3, { FIN(20000, 0), FIN(20000, 0),
	    OURS(24100) }, AL_LEARNED_NO_AGE, 0, K },
	{ "closed by us", 3, { OURS(20000), OURS(20000), OURS(20000) },
	    AL_LEARNED_NOTHING, 0, K },
	{ "a shorter one later", 6, { FIN(60000, 0), FIN(60000, 0),
	    FIN(20000, 0), FIN(20000, 0), FIN(20000, 0), FIN(20000, 0) },
	    AL_LEARNED_AGE, 20000, K },
	{ "dead while bytes flowed", 3, { DEAD(60000, 0), DEAD(60000, 0),
	    DEAD(60000, 200) }, AL_LEARNED_NOTHING, 0, K },
	{ "reset while bytes flowed", 2, { RST(20000, 30), RST(20000, 40) },
	    AL_LEARNED_AGE, 20000, K },

	/* --- idle --------------------------------------------------------- */
	{ "PING never answered", 1, { DEAD(90000, 15500) },
	    AL_LEARNED_KEEPALIVE, 0, 10000 },
	{ "PING answered by RST", 1, { RST(90000, 15500) },
	    AL_LEARNED_KEEPALIVE, 0, 10000 },
	{ "after 0.6 of the interval", 1, { DEAD(90000, 9000) },
	    AL_LEARNED_KEEPALIVE, 0, 10000 },
	{ "after less", 1, { DEAD(90000, 8999) }, AL_LEARNED_NOTHING, 0, K },
	{ "after more than PINGs allow", 1, { DEAD(90000, 30001) },
	    AL_LEARNED_NOTHING, 0, K },
	{ "longer silences were survived", 1, { { 90000, 37500, 13000, 17000,
	    K, true, false } }, AL_LEARNED_NOTHING, 0, K },
	{ "as long ones were", 1, { { 90000, 37500, 16000, 17000, K, true,
	    false } }, AL_LEARNED_KEEPALIVE, 0, 10000 },
	{ "one FIN in silence", 1, { FIN(300000, 12000) },
	    AL_LEARNED_NOTHING, 0, K },
	{ "two FINs in one silence", 2, { FIN(300000, 12000),
	    FIN(500000, 12100) }, AL_LEARNED_KEEPALIVE, 0, 10000 },
	{ "two FINs in different ones", 2, { FIN(300000, 12000),
	    FIN(500000, 8000) }, AL_LEARNED_NOTHING, 0, K },
	{ "two FINs hardly in silence", 2, { FIN(300000, 5000),
	    FIN(500000, 5000) }, AL_LEARNED_NOTHING, 0, K },
	{ "at the shortest interval", 2, { DEAD_FLOOR(90000, 9000),
	    DEAD_FLOOR(300000, 9000) }, AL_LEARNED_NOTHING, 0, 10000 },
	{ "a configured interval of 8 s", 1, { { 90000, 20000, 8000, 0, 8000,
	    true, false } }, AL_LEARNED_NOTHING, 0, 8000 },
	{ "halved as often as it takes", 2, { { 60000, 60000, 0, 0, 300000,
	    false, false }, { 60000, 60000, 0, 0, 300000, false, false } },
	    AL_LEARNED_KEEPALIVE, 0, 37500 },
	{ "a link of before it was halved", 3, { { 60000, 60000, 0, 0, 300000,
	    false, false }, { 60000, 60000, 0, 0, 300000, false, false },
	    { 90000, 60000, 0, 0, 300000, false, false } },
	    AL_LEARNED_NOTHING, 0, 37500 },

	/* --- both --------------------------------------------------------- */
	{ "age and silence: idle first", 2, { FIN(12000, 12000),
	    FIN(12000, 12000) }, AL_LEARNED_KEEPALIVE, 0, 10000 },
	{ "then age", 3, { FIN(12000, 12000), FIN(12000, 12000),
	    FLOOR(12000, 2000) }, AL_LEARNED_AGE, 12000, 10000 },
	{ "then age, in silence again", 3, { FIN(12000, 12000),
	    FIN(12000, 12000), FLOOR(12000, 12000) }, AL_LEARNED_AGE, 12000,
	    10000 },
	{ "silent, with the shortest interval", 2, { DEAD_FLOOR(40000, 10500),
	    DEAD_FLOOR(40300, 11000) }, AL_LEARNED_AGE, 15000, 10000 },

	/* --- what cannot be ----------------------------------------------- */
	{ "quiet for longer than it lived", 2, { FIN(20000, 20001),
	    FIN(20000, 20001) }, AL_LEARNED_NOTHING, 0, K },
	{ "no interval", 2, { { 20000, 0, 0, 0, 0, false, false },
	    { 20000, 0, 0, 0, 0, false, false } }, AL_LEARNED_NOTHING, 0, 0 },
};

static uint64_t
age_of(const struct al_habits *h)
{
	const struct al_habit *p = al_habits_get(h, 0);

	return p != NULL ? p->age.ms : 0;
}

static void
ends(void **state)
{
	const struct row *r;
	unsigned i;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		struct al_habits *h = al_habits_new();
		enum al_learned what = AL_LEARNED_NOTHING;

		assert_non_null(h);
		for (i = 0; i < r->ends; i++)
			what = al_habits_link_lost(h, VIA, &r->end[i],
			    START + i);
		if (what != r->last || age_of(h) != r->age_ms ||
		    al_habits_keepalive_ms(h, VIA, r->end[0].keepalive_ms,
		    START + i) != r->keepalive_ms)
			fail_msg("%s: %d, age %u, keepalive %u", r->name,
			    (int)what, (unsigned)age_of(h),
			    al_habits_keepalive_ms(h, VIA,
			    r->end[0].keepalive_ms, START + i));
		al_habits_free(h);
	}
}

/* --- time passes ---------------------------------------------------------- */
static void
rotation_in_time(void **state)
{
	static const struct al_link_life cut = FIN(20000, 0);
	struct al_habits *h = al_habits_new();
	uint64_t ms, least = UINT64_MAX, most = 0, i;

	(void)state;
	assert_int_equal(al_habits_max_age_ms(h, VIA, 7, START), 0);
	for (i = 0; i < 2; i++)
		(void)al_habits_link_lost(h, VIA, &cut, START);
	for (i = 0; i < 10000; i++) {
		ms = al_habits_max_age_ms(h, VIA, i * 7919, START + 60);
		assert_in_range(ms, 14400, 17600);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_in_range(least, 14400, 14500);
	assert_in_range(most, 17500, 17600);
	assert_int_equal(al_habits_max_age_ms(h, "direct", 7, START), 0);
	al_habits_free(h);
}

/* A limit is tried again after a day; cut as expected, after two more, ... */
static void
age_on_trial(void **state)
{
	static const struct al_link_life cut = FIN(20000, 0);
	struct al_habits *h = al_habits_new();
	uint64_t now_s = START, days;

	(void)state;
	(void)al_habits_link_lost(h, VIA, &cut, now_s);
	(void)al_habits_link_lost(h, VIA, &cut, now_s);
	for (days = 1; days <= 32; days *= 2) {
		uint64_t hold = days < 16 ? days : 16;

		assert_int_not_equal(al_habits_max_age_ms(h, VIA, 0, now_s +
		    hold * DAY - 1), 0);
		now_s += hold * DAY;
		assert_int_equal(al_habits_max_age_ms(h, VIA, 0, now_s), 0);
		assert_int_equal(al_habits_link_lost(h, VIA, &cut, now_s),
		    AL_LEARNED_NOTHING);
	}
	/* set back, the clock proves nothing */
	assert_int_not_equal(al_habits_max_age_ms(h, VIA, 0, START), 0);
	al_habits_free(h);
}

/* Cuts before the limit bring the trial forward; what it finds, goes. */
static void
age_doubted(void **state)
{
	static const struct al_link_life cut = FIN(60000, 0), early[] = {
	    FIN(12000, 0), FIN(30000, 0), FIN(12000, 0), FIN(30000, 0) };
	struct al_habits *h = al_habits_new();
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		(void)al_habits_link_lost(h, VIA, &cut, START);
	(void)al_habits_link_lost(h, VIA, &early[0], START);
	assert_int_not_equal(al_habits_max_age_ms(h, VIA, 0, START), 0);
	(void)al_habits_link_lost(h, VIA, &early[1], START);
	assert_int_equal(al_habits_max_age_ms(h, VIA, 0, START), 0);
	/* cut as expected: four are needed now */
	(void)al_habits_link_lost(h, VIA, &cut, START);
	for (i = 0; i < N(early); i++) {
		assert_int_not_equal(al_habits_max_age_ms(h, VIA, 0, START),
		    0);
		(void)al_habits_link_lost(h, VIA, &early[i], START);
	}
	assert_int_equal(al_habits_max_age_ms(h, VIA, 0, START), 0);
	al_habits_free(h);
}

static void
keepalive_relaxes(void **state)
{
	static const struct al_link_life drop = { 100000, 60000, 61000, 0,
	    60000, true, false };
	static const struct row_relax {
		uint64_t	after_s;
		uint32_t	ms;
	} relax[] = {
		{ 0, 30000 }, { DAY - 1, 30000 }, { DAY, 60000 },
		{ 2 * DAY, 120000 }, { 3 * DAY, 240000 },
		{ 4 * DAY, 300000 }, { 400 * DAY, 300000 },
	};
	struct al_habits *h = al_habits_new();
	size_t i;

	(void)state;
	assert_int_equal(al_habits_link_lost(h, VIA, &drop, START),
	    AL_LEARNED_KEEPALIVE);
	for (i = 0; i < N(relax); i++)
		assert_int_equal(al_habits_keepalive_ms(h, VIA, 300000,
		    START + relax[i].after_s), relax[i].ms);
	/* dropped again when it was relaxed: two days from now on */
	assert_int_equal(al_habits_link_lost(h, VIA, &drop, START + DAY),
	    AL_LEARNED_KEEPALIVE);
	assert_int_equal(al_habits_keepalive_ms(h, VIA, 300000,
	    START + 3 * DAY - 1), 30000);
	assert_int_equal(al_habits_keepalive_ms(h, VIA, 300000,
	    START + 3 * DAY), 60000);
	/* never longer than configured */
	assert_int_equal(al_habits_keepalive_ms(h, VIA, 12000, START), 12000);
	al_habits_free(h);
}

/* --- many paths, and to save them ----------------------------------------- */
static void
keeps_the_latest(void **state)
{
	static const struct al_link_life cut = FIN(20000, 0), ours = OURS(5000);
	struct al_habits *h = al_habits_new();
	char via[32];
	size_t i;

	(void)state;
	for (i = 0; i < AL_HABITS_MAX; i++) {
		(void)snprintf(via, sizeof(via), "http://p%zu:1", i);
		(void)al_habits_link_lost(h, via, &cut, START + i);
	}
	/* seen again, the first is not the oldest any more */
	(void)al_habits_link_lost(h, "http://p0:1", &ours, START + 100);
	(void)al_habits_link_lost(h, "direct", &cut, START + 101);
	assert_non_null(al_habits_get(h, AL_HABITS_MAX - 1));
	assert_null(al_habits_get(h, AL_HABITS_MAX));
	assert_string_equal(al_habits_get(h, 0)->via, "http://p0:1");
	assert_string_equal(al_habits_get(h, 1)->via, "direct");
	al_habits_free(h);
}

static void
names_of_paths(void **state)
{
	static const struct al_link_life cut = FIN(20000, 0);
	char via[AL_HABITS_VIA + 1];
	static const char *const bad[] = { "", "http://u:p@proxy:1", "a b",
	    "a\nb", "\x80" };
	struct al_habits *h = al_habits_new();
	size_t i;

	(void)state;
	for (i = 0; i < N(bad); i++)
		(void)al_habits_link_lost(h, bad[i], &cut, START);
	memset(via, 'a', sizeof(via) - 1);
	via[sizeof(via) - 1] = '\0';
	(void)al_habits_link_lost(h, via, &cut, START);
	assert_null(al_habits_get(h, 0));
	assert_false(al_habits_changed(h));
	via[sizeof(via) - 2] = '\0';
	(void)al_habits_link_lost(h, via, &cut, START);
	assert_string_equal(al_habits_get(h, 0)->via, via);
	al_habits_free(h);
}

static void
changes(void **state)
{
	static const struct al_link_life cut = FIN(20000, 0), ours = OURS(5000);
	struct al_habits *h = al_habits_new();

	(void)state;
	assert_false(al_habits_changed(h));
	(void)al_habits_link_lost(h, VIA, &ours, START);
	assert_null(al_habits_get(h, 0));
	(void)al_habits_link_lost(h, VIA, &cut, START);
	assert_true(al_habits_changed(h));
	al_habits_saved(h);
	/* closed by us tells nothing, but that the path is in use: once a day */
	(void)al_habits_link_lost(h, VIA, &ours, START + 10);
	assert_false(al_habits_changed(h));
	(void)al_habits_link_lost(h, VIA, &ours, START + 2 * DAY);
	assert_true(al_habits_changed(h));
	al_habits_free(h);
}

/* What was written is read; what no habit can be is not. */
static const struct saved {
	const char	*name;
	struct al_habit	 p;
	bool		 good;
} saves[] = {
	{ "all", { VIA, START - 5, { 20000, START - 9, 4, 1 },
	    { 10000, START - 8, 1, 0 }, 12000, 20000, 3, 70000, START - 7 },
	    true },
	{ "nothing known", { .via = "direct", .seen_s = START }, true },
	{ "no name", { .seen_s = START }, false },
	{ "a password", { .via = "http://a:b@c:1", .seen_s = START }, false },
	{ "30 days ago", { .via = VIA, .seen_s = START - 30 * DAY }, true },
	{ "too long ago", { .via = VIA, .seen_s = START - 30 * DAY - 1 },
	    false },
	{ "never seen", { .via = VIA }, false },
	{ "age of 9 s", { .via = VIA, .seen_s = START, .age = { 9999, START,
	    1, 0 } }, false },
	{ "interval of 9 s", { .via = VIA, .seen_s = START, .keepalive = {
	    9999, START, 1, 0 } }, false },
	{ "age of ages", { .via = VIA, .seen_s = START, .age = { UINT64_MAX,
	    START, 1, 0 } }, false },
	{ "no days", { .via = VIA, .seen_s = START, .age = { 20000, START,
	    0, 0 } }, false },
	{ "too many days", { .via = VIA, .seen_s = START, .age = { 20000,
	    START, 17, 0 } }, false },
	{ "too many strays", { .via = VIA, .seen_s = START, .age = { 20000,
	    START, 1, 33 } }, false },
	{ "days of nothing", { .via = VIA, .seen_s = START, .age = { 0, 0,
	    1, 0 } }, false },
	{ "cuts", { .via = VIA, .seen_s = START, .cut_ms = 20000,
	    .cuts = 1001 }, false },
	{ "quiet", { .via = VIA, .seen_s = START, .quiet_ms = UINT64_MAX },
	    false },
	{ "cut", { .via = VIA, .seen_s = START, .cut_ms = UINT64_MAX },
	    false },
	{ "longest", { .via = VIA, .seen_s = START, .longest_ms =
	    UINT64_MAX }, false },
};

static void
puts_back(void **state)
{
	static const struct al_link_life cut = FIN(20000, 0);
	const struct saved *r;
	struct al_habit p;

	(void)state;
	for (r = saves; r < saves + N(saves); r++) {
		struct al_habits *h = al_habits_new();

		if (al_habits_put(h, &r->p, START) != r->good)
			fail_msg("%s", r->name);
		assert_int_equal(al_habits_get(h, 0) != NULL, r->good);
		if (r->good)
			assert_memory_equal(al_habits_get(h, 0), &r->p,
			    sizeof(r->p));
		assert_false(al_habits_changed(h));
		/* whatever was put, it is fit for use */
		(void)al_habits_link_lost(h, VIA, &cut, START);
		al_habits_free(h);
	}
	/* of a clock that was ahead */
	p = saves[0].p;
	p.seen_s = p.age.since_s = p.keepalive.since_s = UINT64_MAX;
	p.longest_s = UINT64_MAX;
	{
		struct al_habits *h = al_habits_new();
		const struct al_habit *q;

		assert_true(al_habits_put(h, &p, START));
		q = al_habits_get(h, 0);
		assert_int_equal(q->seen_s, START);
		assert_int_equal(q->age.since_s, START);
		assert_int_equal(q->keepalive.since_s, START);
		assert_int_equal(q->longest_s, START);
		al_habits_free(h);
	}
}

/* --- paths that behave ---------------------------------------------------- */
struct path {
	const char	*name;
	uint64_t	 age_ms;	/* cut at this age; 0: never          */
	unsigned	 jitter;	/* percent, less only                 */
	uint64_t	 idle_ms;	/* cut after such a silence; 0: never */
	bool		 silently;	/* ... nobody is told                 */
	uint64_t	 restart_ms;	/* mean time between; 0: never        */
	bool		 busy;		/* bytes flow all the time            */
	uint32_t	 configured_ms;
	uint64_t	 links;		/* how many are played                */
	/* at least, at most */
	unsigned	 cuts;		/* seen, of a path without restarts   */
	uint32_t	 keepalive[2];	/* at the end                         */
};

static const struct path paths[] = {
	{ "20 s, busy", 20000, 0, 0, false, 0, true, K, 1000, 2, { K, K } },
	{ "20 s, idle", 20000, 0, 0, false, 0, false, K, 1000, 2, { K, K } },
	{ "1 h with jitter", 3600000, 5, 0, false, 0, true, K, 20, 2,
	    { K, K } },
	{ "1 h with jitter, idle", 3600000, 5, 0, false, 0, false, K, 20, 2,
	    { K, K } },
	{ "conntrack of 15 s", 0, 0, 15000, true, 0, false, K, 1, 1,
	    { 10000, 10000 } },
	{ "conntrack of 15 s, busy", 0, 0, 15000, true, 0, true, K, 1, 0,
	    { K, K } },
	{ "FIN after 60 s idle", 0, 0, 60000, false, 0, false, K, 1, 0,
	    { K, K } },
	{ "FIN after 60 s idle, 5 min", 0, 0, 60000, false, 0, false, 300000,
	    1, 2, { 37500, 37500 } },
	{ "silence after 60 s idle, 5 min", 0, 0, 60000, true, 0, false,
	    300000, 1, 3, { 37500, 37500 } },
	{ "both", 3600000, 0, 14000, true, 0, false, K, 20, 3,
	    { 10000, 10000 } },
	/* too short for any interval: as old as it gets */
	{ "FIN after 12 s, whatever happens", 12000, 0, 0, false, 0, false, K,
	    1000, 3, { 10000, K } },
};

struct play {
	struct al_rng		 rng;
	struct al_habits	*h;
	uint64_t		 now_ms;
	unsigned		 cuts;
	uint64_t		 shortest_ms;	/* life that was cut        */
	uint64_t		 shortest_age;	/* al_habits_max_age_ms said */
};

static uint64_t
rnd(struct play *w, uint64_t n)
{
	return al_rng_u64(&w->rng) % (n + 1);
}

/* Exponential, roughly: a geometric number of steps of a hundredth. */
static uint64_t
rnd_exp(struct play *w, uint64_t mean)
{
	uint64_t t = rnd(w, mean / 100);

	while (rnd(w, 99) != 0)
		t += mean / 100;
	return t;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One link: PINGs until something ends it, at most a day. */
static void
live(struct play *w, const struct path *p, struct al_link_life *l)
{
	uint64_t wait, at = 0, end = DAY * UINT64_C(1000);
	uint64_t max = al_habits_max_age_ms(w->h, VIA, al_rng_u64(&w->rng),
	    w->now_ms / 1000);

	memset(l, 0, sizeof(*l));
	l->keepalive_ms = al_habits_keepalive_ms(w->h, VIA, p->configured_ms,
	    w->now_ms / 1000);
	l->ours = true;
	if (max != 0) {
		end = least(end, max);
		w->shortest_age = least(w->shortest_age, max);
	}
	if (p->age_ms != 0) {
		wait = p->age_ms - rnd(w, p->age_ms / 100 * p->jitter);
		l->ours = end <= wait;
		end = least(end, wait);
	}
	if (p->restart_ms != 0) {
		wait = rnd_exp(w, p->restart_ms);
		l->ours = l->ours && end <= wait;
		end = least(end, wait);
	}
	for (;;) {
		wait = p->busy ? 50 : l->keepalive_ms / 5 * 4 +
		    rnd(w, l->keepalive_ms / 5 * 2);
		if (at + least(wait, p->idle_ms != 0 ? p->idle_ms : wait) >=
		    end)
			break;
		if (p->idle_ms != 0 && wait >= p->idle_ms) {
			l->silent = p->silently;
			l->gap_ms = p->silently ? wait : 0;
			end = p->silently ? at + l->keepalive_ms * 5 / 2 :
			    at + p->idle_ms;
			l->ours = false;
			break;
		}
		l->survived_ms = wait > l->survived_ms ? wait :
		    l->survived_ms;
		if (p->busy)		/* nothing happens until the end */
			wait = end - 1 - at;
		at += wait;
	}
	l->lived_ms = end;
	l->quiet_ms = end - at;
}

static void
play(struct play *w, const struct path *p, uint64_t seed)
{
	struct al_link_life l;
	uint64_t i;

	memset(w, 0, sizeof(*w));
	al_rng_seed(&w->rng, seed);
	w->h = al_habits_new();
	assert_non_null(w->h);
	w->now_ms = START * UINT64_C(1000);
	w->shortest_ms = w->shortest_age = UINT64_MAX;
	for (i = 0; i < p->links || (!l.ours && i < p->links + 10); i++) {
		live(w, p, &l);
		w->now_ms += l.lived_ms;
		if (!l.ours) {
			w->cuts++;
			w->shortest_ms = least(w->shortest_ms, l.lived_ms);
		}
		(void)al_habits_link_lost(w->h, VIA, &l, w->now_ms / 1000);
	}
}

static void
converges(void **state)
{
	const struct path *p;
	struct play w;
	uint64_t seed;
	uint32_t k;

	(void)state;
	for (p = paths; p < paths + N(paths); p++)
		for (seed = 1; seed <= 50; seed++) {
			play(&w, p, seed);
			/* of the day before a trial */
			k = al_habits_keepalive_ms(w.h, VIA, p->configured_ms,
			    START);
			if (w.cuts > p->cuts || k < p->keepalive[0] ||
			    k > p->keepalive[1] || (p->age_ms != 0 &&
			    w.shortest_age < p->age_ms / 100 * 68))
				fail_msg("%s, seed %u: %u cuts, keepalive %u, "
				    "age %u", p->name, (unsigned)seed, w.cuts,
				    k, (unsigned)age_of(w.h));
			al_habits_free(w.h);
		}
}

/*
 * Restarts come at any age: by chance two may agree, but what is made of them
 * is never shorter than the shortest life that was, is seldom, and goes again.
 */
static void
random_cuts(void **state)
{
	static const struct path restarts[] = {
		{ "busy", 0, 0, 0, false, 1800000, true, K, 100, 0, { 0 } },
		{ "idle", 0, 0, 0, false, 1800000, false, K, 100, 0, { 0 } },
		{ "rare", 0, 0, 0, false, 14400000, false, K, 30, 0, { 0 } },
	};
	unsigned rotates, halved, played;
	const struct path *p;
	struct play w;
	uint64_t seed;

	(void)state;
	for (p = restarts; p < restarts + N(restarts); p++) {
		rotates = halved = played = 0;
		for (seed = 1; seed <= 200; seed++) {
			play(&w, p, seed);
			assert_true(w.shortest_age >= w.shortest_ms / 100 *
			    72);
			played++;
			rotates += al_habits_max_age_ms(w.h, VIA, 0,
			    w.now_ms / 1000) != 0;
			halved += al_habits_keepalive_ms(w.h, VIA, K,
			    w.now_ms / 1000) != K;
			al_habits_free(w.h);
		}
		print_message("# %s: %u of %u rotate, %u have halved\n",
		    p->name, rotates, played, halved);
		assert_true(rotates <= played / 4);
		assert_true(halved <= played / 20);
	}
}

/* A limit, and restarts: what is made of both is not below the limit's. */
static void
limit_and_restarts(void **state)
{
	static const struct path p = { "20 s and restarts", 20000, 0, 0, false,
	    60000, true, K, 2000, 0, { 0 } };
	struct play w;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 50; seed++) {
		play(&w, &p, seed);
		assert_true(w.shortest_age >= 10000 / 100 * 72);
		if (age_of(w.h) == 0)
			fail_msg("seed %u: no limit found", (unsigned)seed);
		al_habits_free(w.h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(rotation_in_time),
		cmocka_unit_test(age_on_trial),
		cmocka_unit_test(age_doubted),
		cmocka_unit_test(keepalive_relaxes),
		cmocka_unit_test(keeps_the_latest),
		cmocka_unit_test(names_of_paths),
		cmocka_unit_test(changes),
		cmocka_unit_test(puts_back),
		cmocka_unit_test(converges),
		cmocka_unit_test(random_cuts),
		cmocka_unit_test(limit_and_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
