/* tests/unit/test_backoff.c - waits before the next attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "connector/engine/backoff.h"

#define FLOOR	250
#define MAX	60000

static struct al_rng rng;

/* The nth wait, and the range that it has to fill. */
static const struct row {
	unsigned	n;
	uint32_t	max_ms;
	uint64_t	after_ms, least, most;
} rows[] = {
	{ 1, MAX, 0, FLOOR, FLOOR },		/* at once */
	{ 2, MAX, 0, FLOOR, 500 },
	{ 3, MAX, 0, FLOOR, 1000 },
	{ 8, MAX, 0, FLOOR, 32000 },
	{ 9, MAX, 0, FLOOR, MAX },
	{ 100, MAX, 0, FLOOR, MAX },
	{ 100, 5000, 0, FLOOR, 5000 },		/* channels wait */
	{ 100, 300000, 0, FLOOR, 300000 },	/* a permanent cause */
	{ 100, 100, 0, 100, 100 },		/* a maximum below the floor */
	{ 1, MAX, 10000, 10000, 20000 },	/* asked for, with spread */
	{ 1, MAX, 300000, 300000, 600000 },	/* more than our maximum */
	{ 1, MAX, 100, FLOOR, FLOOR },		/* less than our own wait */
};

static void
ranges(void **state)
{
	const struct row *r;

	(void)state;
	for (r = rows; r < rows + sizeof(rows) / sizeof(rows[0]); r++) {
		uint64_t least = UINT64_MAX, most = 0, wait = 0;
		uint64_t span = (r->most - r->least) / 20;
		unsigned i, k;

		for (i = 0; i < 1000; i++) {
			struct al_backoff b;

			al_backoff_init(&b, FLOOR);
			for (k = 0; k < r->n; k++)
				wait = al_backoff_next(&b, r->max_ms,
				    k + 1 == r->n ? r->after_ms : 0, &rng);
			assert_in_range(wait, r->least, r->most);
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		assert_in_range(least, r->least, r->least + span);
		assert_in_range(most, r->most - span, r->most);
	}
}

/* Full jitter: as many in each tenth. */
static void
evenly_spread(void **state)
{
	unsigned tenth[10] = { 0 }, i, k;

	(void)state;
	for (i = 0; i < 10000; i++) {
		struct al_backoff b;
		uint64_t wait = 0;

		al_backoff_init(&b, FLOOR);
		for (k = 0; k < 20; k++)
			wait = al_backoff_next(&b, MAX, 0, &rng);
		tenth[(wait - FLOOR) * 10 / (MAX - FLOOR + 1)]++;
	}
	for (i = 0; i < 10; i++)
		assert_in_range(tenth[i], 850, 1150);
}

static void
long_life_forgives(void **state)
{
	struct al_backoff b;
	unsigned i;

	(void)state;
	al_backoff_init(&b, FLOOR);
	for (i = 0; i < 10; i++)
		(void)al_backoff_next(&b, MAX, 0, &rng);
	al_backoff_lived(&b, 59999);
	assert_int_equal(b.failures, 10);
	al_backoff_lived(&b, 60000);
	assert_int_equal(al_backoff_next(&b, MAX, 0, &rng), FLOOR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(evenly_spread),
		cmocka_unit_test(long_life_forgives),
	};

	al_rng_seed(&rng, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
