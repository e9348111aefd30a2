/* tests/unit/test_flight.c - how much may be on its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "connector/engine/flight.h"

#define KIB		1024u
#define S		UINT64_C(1000000)	/* the clock's second */
#define T0		(100 * S)

/* The caps of paths, with small messages about and without. */
static void
caps(void **state)
{
	static const struct {
		uint64_t rate, rtt_us, beside_small, alone;
	} rows[] = {
		{ 0, 0, 256 * KIB, 256 * KIB },		/* not measured */
		{ 12500000, 0, 256 * KIB, 256 * KIB },
		{ 12500000, 20000, 343750, 562500 },	/* 100 Mbit/s, 20 ms */
		{ 2500000, 1000, 48 * KIB, 48 * KIB },	/* 20 Mbit/s, near */
		{ 400000000, 100, 256 * KIB, 400000 },	/* this machine */
		{ 1000000000, 100, 256 * KIB, 512 * KIB },
		{ 1000000000, 100000, 112565536, 200065536 },
	};
	struct al_flight f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&f, 0, sizeof(f));
		if (rows[i].rate != 0)
			al_flight_rate(&f, rows[i].rate, T0);
		if (rows[i].rtt_us != 0)
			al_flight_rtt(&f, rows[i].rtt_us, T0);
		assert_int_equal(al_flight_cap(&f, T0), rows[i].alone);
		al_flight_small(&f, T0);
		assert_int_equal(al_flight_cap(&f, T0),
		    rows[i].beside_small);
	}
}

/* The greatest rate and the least round trip of 5 to 10 s. */
static void
window(void **state)
{
	struct al_flight f = { .half_us = T0 };
	uint64_t t;

	(void)state;
	al_flight_small(&f, T0);
	al_flight_rate(&f, 100000000, T0);
	al_flight_rtt(&f, 10000, T0);
	al_flight_rate(&f, 50000000, T0 + S);
	al_flight_rtt(&f, 20000, T0 + S);
	assert_int_equal(al_flight_cap(&f, T0 + S), 1190536);
	for (t = T0 + 2 * S; t <= T0 + 9 * S; t += S) {
		al_flight_rate(&f, 50000000, t);
		al_flight_rtt(&f, 20000, t);
		al_flight_small(&f, t);
		assert_int_equal(al_flight_cap(&f, t), 1190536);
	}
	/* twice as long, half as fast */
	t = T0 + 10 * S;
	al_flight_rate(&f, 50000000, t);
	al_flight_rtt(&f, 30000, t);
	assert_int_equal(al_flight_cap(&f, t), 1190536);
	t = T0 + 15 * S;
	al_flight_rate(&f, 50000000, t);
	al_flight_rtt(&f, 30000, t);
	t = T0 + 16 * S;
	al_flight_small(&f, t);
	assert_int_equal(al_flight_cap(&f, t), 1753036);
	/* silence: measured anew */
	assert_int_equal(al_flight_cap(&f, t + 20 * S), 256 * KIB);
}

/* Every 10 s, for one round trip and 50 ms. */
static void
drains(void **state)
{
	struct al_flight f = { .half_us = T0 };
	uint64_t t, low = 0, n = 0;

	(void)state;
	for (t = T0; t < T0 + 60 * S; t += 1000) {
		uint64_t cap;

		al_flight_rate(&f, 100000000, t);
		al_flight_rtt(&f, 10000, t);
		al_flight_small(&f, t);
		cap = al_flight_cap(&f, t);
		assert_true(cap == 1190536 || cap == 595268);
		low += cap == 595268;
		n++;
	}
	assert_int_equal(n, 60000);
	assert_in_range(low, 5 * 60, 6 * 60);
}

/* Ten seconds after the last small message bulk has the path for itself. */
static void
forgets_small(void **state)
{
	struct al_flight f = { .half_us = T0 };
	uint64_t t;

	(void)state;
	al_flight_small(&f, T0);
	for (t = T0; t <= T0 + 11 * S; t += 4 * S) {
		al_flight_rate(&f, 100000000, t);
		al_flight_rtt(&f, 10000, t);
	}
	assert_int_equal(al_flight_cap(&f, T0 + 9 * S), 1190536);
	assert_int_equal(al_flight_cap(&f, T0 + 11 * S), 2065536);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caps), cmocka_unit_test(window),
		cmocka_unit_test(drains), cmocka_unit_test(forgets_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
