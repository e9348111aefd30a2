/* tests/unit/test_ids.c - the table of the gateway's sessions by id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/rng.h"
#include "connector/gatewayd/ids.h"

#define N	5000u

static struct al_err err;

/* All are found while it grows and shrinks, and nothing else is. */
static void
many(void **state)
{
	struct al_id *v = calloc(N, sizeof(*v));
	uint8_t other[AL_SESSION_ID_LEN];
	struct al_rng rng;
	struct al_ids t;
	size_t i, k;

	(void)state;
	assert_non_null(v);
	al_rng_seed(&rng, 7);
	assert_int_equal(al_ids_init(&t, &err), AL_OK);
	for (i = 0; i < N; i++) {
		for (k = 0; k < sizeof(v[i].id); k++)
			v[i].id[k] = (uint8_t)al_rng_u32(&rng);
		assert_null(al_ids_find(&t, v[i].id));
		al_ids_put(&t, &v[i]);
		assert_ptr_equal(al_ids_find(&t, v[i].id), &v[i]);
	}
	assert_int_equal(t.n, N);
	assert_true(t.n_rows >= N);	/* rows stay short */
	for (i = 0; i < N; i++) {
		assert_ptr_equal(al_ids_find(&t, v[i].id), &v[i]);
		memcpy(other, v[i].id, sizeof(other));
		other[i % sizeof(other)] ^= 1;
		assert_null(al_ids_find(&t, other));
	}
	for (i = 0; i < N; i += 2)
		al_ids_take_out(&v[i]);
	for (i = 0; i < N; i++)
		assert_ptr_equal(al_ids_find(&t, v[i].id),
		    i % 2 == 0 ? NULL : &v[i]);
	for (i = 0; i < N; i++)
		al_ids_take_out(&v[i]);		/* twice is fine */
	assert_int_equal(t.n, 0);
	al_ids_fini(&t);
	free(v);
}

/* Ids that differ in front share a row. */
static void
one_row(void **state)
{
	struct al_id v[3] = { { .id = "a" }, { .id = "b" }, { .id = "c" } };
	struct al_ids t;
	size_t i;

	(void)state;
	assert_int_equal(al_ids_init(&t, &err), AL_OK);
	for (i = 0; i < 3; i++)
		al_ids_put(&t, &v[i]);
	al_ids_take_out(&v[1]);
	assert_ptr_equal(al_ids_find(&t, v[0].id), &v[0]);
	assert_null(al_ids_find(&t, v[1].id));
	assert_ptr_equal(al_ids_find(&t, v[2].id), &v[2]);
	al_ids_take_out(&v[0]);
	al_ids_take_out(&v[2]);
	al_ids_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),
		cmocka_unit_test(one_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
