/* tests/unit/test_limit.c - the gateway's token buckets and early drop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/gatewayd/limit.h"

static const struct al_rate rate = { .per_s = 10, .burst = 3 };

static void
bucket_takes(void **state)
{
	struct al_bucket b = { 0 };
	uint64_t now = 1000000;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(al_bucket_take(&b, &rate, now));
	assert_false(al_bucket_take(&b, &rate, now));
	assert_int_equal(al_bucket_wait_us(&b, &rate, now), 100000);
	assert_false(al_bucket_take(&b, &rate, now + 99999));
	assert_true(al_bucket_take(&b, &rate, now + 100000));
	assert_false(al_bucket_take(&b, &rate, now + 100000));
	/* a long rest gives one burst and no more */
	now += 3600000000u;
	for (i = 0; i < 3; i++)
		assert_true(al_bucket_take(&b, &rate, now));
	assert_false(al_bucket_take(&b, &rate, now));
}

static void
bucket_owes_one_burst_at_most(void **state)
{
	struct al_bucket b = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		al_bucket_charge(&b, &rate, 5);
	/* 3 owed, and one more for the next */
	assert_int_equal(al_bucket_wait_us(&b, &rate, 5), 400000);
	assert_int_equal(al_bucket_wait_us(&b, &rate, 400005), 0);
}

static struct al_addr
addr(const char *ip)
{
	struct al_addr a;

	assert_true(al_addr_parse_ip(&a, ip, 1));
	return a;
}

static void
addresses(void **state)
{
	static const struct {
		const char *a, *b;
		int same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", 1 },
		{ "192.0.2.1", "192.0.2.2", 0 },
		{ "192.0.2.1", "::ffff:192.0.2.1", 1 },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", 1 },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", 0 },
		{ "::1", "::1", 1 },
		{ "::1", "0.0.0.1", 0 },
	};
	struct al_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_addr_table *t = al_addr_table_new(&err);
		struct al_addr a = addr(rows[i].a), b = addr(rows[i].b);

		assert_non_null(t);
		al_addr_table_get(t, &a, 1)->full_us = 1000;
		assert_int_equal(al_addr_table_get(t, &b, 1)->full_us,
		    rows[i].same ? 1000 : 0);
		al_addr_table_free(t);
	}
}

/* However many others come, the emptiest buckets are the last to be lost. */
static void
crowds(void **state)
{
	struct al_addr_table *t;
	struct al_err err;
	struct al_addr a = addr("192.0.2.1"), b = addr("10.0.0.0");
	uint32_t i;

	(void)state;
	t = al_addr_table_new(&err);
	assert_non_null(t);
	al_addr_table_get(t, &a, 1)->full_us = 1000000;
	for (i = 0; i < 100000; i++) {
		b.u.v4.sin_addr.s_addr = htonl(0x0a000000 + i);
		al_addr_table_get(t, &b, 1)->full_us = 1000;
	}
	assert_int_equal(al_addr_table_get(t, &a, 1)->full_us, 1000000);
	al_addr_table_free(t);
}

static void
early_drop(void **state)
{
	struct al_rng rng;
	int i, dropped = 0;

	(void)state;
	al_rng_seed(&rng, 1);
	for (i = 0; i < 1000; i++) {
		assert_false(al_early_drop(&rng, 49, 100));
		assert_true(al_early_drop(&rng, 100, 100));
		dropped += al_early_drop(&rng, 75, 100);
	}
	assert_in_range(dropped, 400, 600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_takes),
		cmocka_unit_test(bucket_owes_one_burst_at_most),
		cmocka_unit_test(addresses),
		cmocka_unit_test(crowds),
		cmocka_unit_test(early_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
