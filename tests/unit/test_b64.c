/* tests/unit/test_b64.c - base64, hex, digests against their RFCs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/b64.h"
#include "connector/base/hash.h"
#include "connector/base/rng.h"

/* RFC 4648 10 */
static void
golden(void **state)
{
	static const struct {
		const char	*plain, *text;
	} rows[] = {
		{ "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].plain), t = strlen(rows[i].text), got;
		char text[16];
		uint8_t back[16];

		assert_int_equal(al_b64_encode(text, t + 1, rows[i].plain, n),
		    t);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(al_b64_encode(text, t, rows[i].plain, n), 0);
		assert_true(al_b64_decode(back, n, rows[i].text, t, &got));
		assert_int_equal(got, n);
		assert_memory_equal(back, rows[i].plain, n);
		assert_false(al_b64_decode(back, n - 1, rows[i].text, t,
		    &got));
	}
}

static void
strict(void **state)
{
	static const char *const rows[] = {
		"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====",
		"Zm9 ", " Zm9", "Zm-_", "Zg==\n", "=g==", "Z=g=",
	};
	uint8_t back[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(al_b64_decode(back, sizeof(back), rows[i],
		    strlen(rows[i]), &n));
	assert_true(al_b64_decode(back, 0, "", 0, &n));
	assert_int_equal(n, 0);
}

static void
digests(void **state)
{
	/* RFC 4231 4.3, its text cut in two */
	const struct al_bytes parts[] = {
		{ "what do ya want ", 16 }, { "for nothing?", 12 },
	};
	uint8_t out[32];
	char hex[65];

	(void)state;
	assert_int_equal(al_sha256(out, "abc", 3), AL_OK);
	assert_string_equal(al_hex_encode(hex, out, 32),
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(al_sha1(out, "abc", 3), AL_OK);
	assert_string_equal(al_hex_encode(hex, out, 20),
	    "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_int_equal(al_hmac_sha256(out, "Jefe", 4, parts, 2), AL_OK);
	assert_string_equal(al_hex_encode(hex, out, 32),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
}

static void
hex(void **state)
{
	uint8_t out[2];

	(void)state;
	assert_true(al_hex_decode(out, 2, "0aFf", 4));
	assert_int_equal(out[0], 0x0a);
	assert_int_equal(out[1], 0xff);
	assert_false(al_hex_decode(out, 2, "0aF", 3));
	assert_false(al_hex_decode(out, 2, "0aFg", 4));
	assert_false(al_hex_decode(out, 2, "0aFf0", 5));
	assert_true(al_equal_secret("ab", "ab", 2));
	assert_false(al_equal_secret("ab", "ac", 2));
}

static void
random_bytes(void **state)
{
	struct al_rng a, b;
	struct al_err err;
	uint8_t p[64] = { 0 }, zero[64] = { 0 };

	(void)state;
	assert_int_equal(al_rng_bytes(p, sizeof(p), &err), AL_OK);
	assert_memory_not_equal(p, zero, sizeof(p));
	assert_int_equal(al_rng_init(&a, &err), AL_OK);
	assert_int_equal(al_rng_init(&b, &err), AL_OK);
	assert_true(al_rng_u64(&a) != al_rng_u64(&b));
	al_rng_seed(&a, 7);
	al_rng_seed(&b, 7);
	for (int i = 0; i < 100; i++)
		assert_true(al_rng_u64(&a) == al_rng_u64(&b));
	assert_true(al_rng_u32(&a) != al_rng_u32(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(strict),
		cmocka_unit_test(digests),
		cmocka_unit_test(hex),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
