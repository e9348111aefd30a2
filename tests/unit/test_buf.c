/* tests/unit/test_buf.c - the byte queue keeps order, limits and contents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/buf.h"

static void
keeps_order(void **state)
{
	struct al_buf b;
	size_t i, out = 0, in = 0;

	(void)state;
	al_buf_init(&b, 100);
	for (i = 0; i < 1000; i++) {
		while (al_buf_len(&b) + 7 <= 100) {
			uint8_t p[7];

			for (size_t k = 0; k < 7; k++)
				p[k] = (uint8_t)in++;
			assert_int_equal(al_buf_put(&b, p, 7), AL_OK);
		}
		for (size_t k = 0; k < i % 60; k++) {
			assert_int_equal(al_buf_head(&b)[0], (uint8_t)out++);
			al_buf_drain(&b, 1);
		}
	}
	al_buf_fini(&b);
}

static void
stops_at_max(void **state)
{
	struct al_buf b;

	(void)state;
	al_buf_init(&b, 10);
	assert_int_equal(al_buf_put(&b, "0123456789", 10), AL_OK);
	assert_int_equal(al_buf_put(&b, "x", 1), AL_ELIMIT);
	assert_null(al_buf_reserve(&b, SIZE_MAX));
	assert_int_equal(al_buf_len(&b), 10);
	al_buf_drain(&b, 99);
	assert_int_equal(al_buf_len(&b), 0);
	al_buf_trim(&b);
	assert_null(b.mem);
	assert_int_equal(al_buf_printf(&b, "%s", "0123456789"), AL_ELIMIT);
	assert_int_equal(al_buf_printf(&b, "%d", 12345), AL_OK);
	assert_memory_equal(al_buf_head(&b), "12345", 5);
	al_buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order),
		cmocka_unit_test(stops_at_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
