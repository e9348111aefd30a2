/* tests/unit/test_refresh.c - waits before a PAC file is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connector/autoconf/fetch.h"
#include "connector/autoconf/refresh.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN	(60u * 1000)
#define HOUR	(60u * MIN)

static const struct row {
	enum al_refresh_after	after;
	uint32_t		max_age_s;
	unsigned		failures;
	bool			serves;
	uint64_t		least, most;
} rows[] = {
	{ AL_REFRESH_READ, AL_FETCH_NO_AGE, 0, true, 12 * HOUR,
	    12 * HOUR * 11 / 10 },
	{ AL_REFRESH_READ, 86400, 0, true, 12 * HOUR, 12 * HOUR * 11 / 10 },
	{ AL_REFRESH_READ, 3600, 0, true, HOUR, HOUR * 11 / 10 },
	{ AL_REFRESH_READ, 301, 0, true, 301000, 331100 },
	{ AL_REFRESH_READ, 299, 0, true, 5 * MIN, 330000 },
	{ AL_REFRESH_READ, 0, 0, true, 5 * MIN, 330000 },
	{ AL_REFRESH_FAILURE, 0, 1, true, 8000, 8000 },
	{ AL_REFRESH_FAILURE, 0, 2, true, 32000, 32000 },
	{ AL_REFRESH_FAILURE, 0, 3, true, 2 * MIN, 132000 },
	{ AL_REFRESH_FAILURE, 0, 4, true, 4 * HOUR, 4 * HOUR * 11 / 10 },
	{ AL_REFRESH_FAILURE, 0, UINT32_MAX, true, 4 * HOUR, 4 * HOUR * 11 / 10 },
	{ AL_REFRESH_FAILURE, 0, 2, false, 32000, 32000 },
	{ AL_REFRESH_FAILURE, 0, 4, false, 2 * MIN, 132000 },
	{ AL_REFRESH_FAILURE, 0, UINT32_MAX, false, 2 * MIN, 132000 },
	{ AL_REFRESH_NETWORK, 0, 3, true, 2000, 2000 },
};

static void
ranges(void **state)
{
	const struct row *r;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		struct al_refresh q = { .after = r->after,
		    .max_age_s = r->max_age_s, .failures = r->failures,
		    .serves = r->serves };

		assert_int_equal(al_refresh_ms(&q), r->least);
		q.random = UINT32_MAX;
		assert_in_range(al_refresh_ms(&q), r->most - (r->most >
		    r->least), r->most);
		q.random = 1u << 31;
		assert_in_range(al_refresh_ms(&q), (r->least + r->most) / 2 -
		    1, (r->least + r->most) / 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
