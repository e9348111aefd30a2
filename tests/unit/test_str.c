/* tests/unit/test_str.c - texts, bounded reading and writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "tests/lib/guard.h"

static void
compares(void **state)
{
	(void)state;
	assert_true(al_str_ieq("Upgrade", "uPGRADE"));
	assert_false(al_str_ieq("Upgrade", "Upgrad"));
	assert_false(al_str_ieq("[", "{"));
	assert_true(al_str_ieqn("closed", 5, "CLOSE"));
	assert_false(al_str_ieqn("a\0b", 3, "a"));
	assert_true(al_str_istarts("Bearer x", "bearer "));
	assert_false(al_str_istarts("Bear", "bearer "));
	assert_true(al_str_is_line("a b", 3));
	assert_false(al_str_is_line("a\0b", 3));
	assert_false(al_str_is_line("a\n", 2));
}

static void
cleans(void **state)
{
	static const struct {
		const uint8_t	*in;
		size_t		 len, cap;
		const char	*want;
	} rows[] = {
		{ B("plain text"), 20, "plain text" },
		{ B("\r\n a\t\tb\r\n"), 20, "a b" },
		{ B("\x1b[31mred\x7f\xff"), 20, ".[31mred.." },
		{ B("nul\0in"), 20, "nul.in" },
		{ B("0123456789"), 11, "0123456789" },
		{ B("0123456789"), 10, "012345..." },
		{ B("0123456789"), 3, "01" },
		{ B("0123456789"), 1, "" },
		{ B(""), 4, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard g = guard_copy(rows[i].in, rows[i].len);
		char out[32];

		assert_string_equal(al_str_clean(out, rows[i].cap, g.p,
		    rows[i].len), rows[i].want);
		guard_free(&g);
	}
}

static void
numbers(void **state)
{
	static const struct {
		const char	*text;
		uint64_t	 max;
		bool		 ok;
		uint64_t	 want;
	} rows[] = {
		{ "0", 9, true, 0 }, { "10", 10, true, 10 },
		{ "11", 10, false, 0 }, { "007", 10, true, 7 },
		{ "", 10, false, 0 }, { "-1", 10, false, 0 },
		{ "+1", 10, false, 0 }, { " 1", 10, false, 0 },
		{ "1 ", 10, false, 0 }, { "0x1", 10, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t v = 0;

		assert_int_equal(al_str_u64(rows[i].text,
		    strlen(rows[i].text), rows[i].max, &v), rows[i].ok);
		assert_true(v == rows[i].want);
	}
}

static void
reader_stays_inside(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16, 17, 18 };
	uint8_t copy[sizeof(bytes)];

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct guard g = guard_copy(bytes, n);
		struct al_reader r = al_reader(g.p, n);
		struct al_writer w = al_writer(copy, n);

		al_write_u8(&w, al_read_u8(&r));
		al_write_u16(&w, al_read_u16(&r));
		al_write_u32(&w, al_read_u32(&r));
		al_write_u64(&w, al_read_u64(&r));
		(void)al_read_u24(&r);
		al_write_bytes(&w, bytes + 15, 3);
		assert_int_equal(r.bad, n < 18);
		assert_int_equal(w.bad, n < 18);
		if (n == 18)
			assert_memory_equal(copy, bytes, 18);
		guard_free(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(cleans),
		cmocka_unit_test(numbers),
		cmocka_unit_test(reader_stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
