/* tests/unit/test_ntlmv2.c - MD4, UTF-16 and the arithmetic of NTLMv2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "proxy/md4.h"
#include "proxy/ntlmv2.h"
#include "proxy/utf16.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static void
assert_hex(const void *p, size_t len, const char *want)
{
	char text[2 * 256 + 1];

	assert_true(len <= 256);
	assert_string_equal(al_hex_encode(text, p, len), want);
}

/* RFC 1320 A.5 */
static void
md4_rfc(void **state)
{
	static const char *const rows[][2] = {
		{ "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
		{ "a", "bde52cb31de33e46245e05fbdbd6fb24" },
		{ "abc", "a448017aaf21d8525fc10ae87aa6729d" },
		{ "message digest", "d9130a8164549fe818874806e1c7014b" },
		{ "abcdefghijklmnopqrstuvwxyz",
		    "d79e1c308aa5bbcdeea8ed63df412da9" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		    "0123456789", "043f8582f241db351ce627e153e7f0e4" },
		{ "12345678901234567890123456789012345678901234567890123456"
		    "789012345678901234567890",
		    "e33b4ddc9c38f2199c3e7b164fcc0536" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		size_t len = strlen(rows[i][0]);
		struct guard g = guard_copy(rows[i][0], len);
		uint8_t out[AL_MD4_LEN];

		al_md4(out, g.p, len);
		assert_hex(out, sizeof(out), rows[i][1]);
		guard_free(&g);
	}
}

/* Around the places where the padding needs a block of its own. */
static void
md4_lengths(void **state)
{
	static const struct {
		size_t		 n;
		const char	*want;	/* of n times 'a', by OpenSSL */
	} rows[] = {
		{ 55, "c889c81dd86c4d2e025778944ea02881" },
		{ 56, "d5f9a9e9257077a5f08b0b92f348b0ad" },
		{ 63, "7ea3da77432d44c323671097d1348fc8" },
		{ 64, "52f5076fabd22680234a3fa9f9dc5732" },
		{ 65, "330e377bf231f3cacfecc2c182fe7e5b" },
		{ 119, "e65dd227ccef97fa1d34d70189120f76" },
		{ 120, "b03ddbd470b47c013e0c7ab2ddd763db" },
		{ 128, "cb4a20a561558e29460190c91dced59f" },
	};
	uint8_t all[128], out[AL_MD4_LEN];

	(void)state;
	memset(all, 'a', sizeof(all));
	for (size_t i = 0; i < N(rows); i++) {
		struct guard g = guard_copy(all, rows[i].n);

		al_md4(out, g.p, rows[i].n);
		assert_hex(out, sizeof(out), rows[i].want);
		guard_free(&g);
	}
}

static void
utf16(void **state)
{
	static const struct {
		const char	*text, *want;	/* want NULL: no UTF-8 */
	} rows[] = {
		{ "", "" }, { "Az", "41007a00" }, { "\x7f", "7f00" },
		{ "\xc2\x80", "8000" }, { "\xdf\xbf", "ff07" },
		{ "\xe0\xa0\x80", "0008" }, { "\xe2\x82\xac", "ac20" },
		{ "\xed\x9f\xbf", "ffd7" }, { "\xee\x80\x80", "00e0" },
		{ "\xef\xbf\xbf", "ffff" },
		{ "\xf0\x90\x80\x80", "00d800dc" },
		{ "\xf0\x9f\x98\x80", "3dd800de" },
		{ "\xf4\x8f\xbf\xbf", "ffdbffdf" },
		{ "a\xf0\x9f\x98\x80z", "61003dd800de7a00" },
		{ "\x80", NULL }, { "a\xbf", NULL }, { "\xe4", NULL },
		{ "\xc0\x80", NULL }, { "\xc1\xbf", NULL },
		{ "\xe0\x9f\xbf", NULL }, { "\xf0\x8f\xbf\xbf", NULL },
		{ "\xed\xa0\x80", NULL }, { "\xed\xbf\xbf", NULL },
		{ "\xf4\x90\x80\x80", NULL }, { "\xf8\x88\x80\x80\x80", NULL },
		{ "\xff", NULL }, { "\xc3", NULL }, { "\xe2\x82", NULL },
		{ "\xf0\x9f\x98", NULL }, { "\xc3(", NULL },
		{ "\xe2(\x80", NULL }, { "\xe2\x82(", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		size_t len = strlen(rows[i].text);
		struct guard g = guard_copy(rows[i].text, len);
		uint8_t out[64];
		struct al_writer w = al_writer(out, sizeof(out));

		assert_int_equal(al_utf16_write(&w, (char *)g.p, len),
		    rows[i].want != NULL);
		assert_false(w.bad);
		if (rows[i].want != NULL)
			assert_hex(out, w.len, rows[i].want);
		assert_true(w.len <= AL_UTF16_LEN(len));
		guard_free(&g);
	}
}

static void
capitals(void **state)
{
	static const char *const rows[][2] = {
		{ "user", "USER" }, { "`a{z}", "`A{Z}" }, { "U1_×", "U1_×" },
		{ "àöøþÿ÷", "ÀÖØÞŸ÷" },
		/* one unit cannot become two, nor a letter another's capital */
		{ "ßıſµŉ", "ßıſµŉ" },
		{ "āăčğņňőšűžŷ", "ĀĂČĞŅŇŐŠŰŽŶ" }, { "ĸŁĳķ", "ĸŁĲĶ" },
		{ "nguyễn văn ơ ư ệ", "NGUYỄN VĂN Ơ Ư Ệ" }, { "ḁẃẕ", "ḀẂẔ" },
		{ "șțǎǜǟǯ", "ȘȚǍǛǞǮ" },
		{ "άέήίαρςσϋόύώΐΰ", "ΆΈΉΊΑΡΣΣΫΌΎΏΐΰ" },
		{ "абяѐёџѡҁґӂөү", "АБЯЀЁЏѠҀҐӁӨҮ" }, { "աֆ", "ԱՖ" },
		{ "ａｚ", "ＡＺ" }, { "日本語𝐚", "日本語𝐚" },
		{ "ĀАΑԱẾ", "ĀАΑԱẾ" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		uint8_t a[128], b[128];
		struct al_writer wa = al_writer(a, sizeof(a));
		struct al_writer wb = al_writer(b, sizeof(b));

		assert_true(al_utf16_write(&wa, rows[i][0],
		    strlen(rows[i][0])));
		assert_true(al_utf16_write(&wb, rows[i][1],
		    strlen(rows[i][1])));
		al_utf16_upper(a, wa.len);
		assert_int_equal(wa.len, wb.len);
		if (wa.len > 0 && memcmp(a, b, wa.len) != 0)
			print_error("\"%s\"\n", rows[i][0]);
		assert_memory_equal(a, b, wa.len);
	}
}

static const char password[] = "P\0a\0s\0s\0w\0o\0r\0d";
static const char user[] = "U\0s\0e\0r", domain[] = "D\0o\0m\0a\0i\0n";
static const uint8_t server[] = { 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
static const char client[] = "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa";

/* A literal that ends with half a character: its NUL is the other half. */
#define U(s)	((struct al_bytes){ (s), sizeof(s) })

/* MS-NLMP 4.2.4.1.1, 4.2.4.2.2, 4.2.4.1.2, 4.2.4.2.1 */
static void
nlmp_vectors(void **state)
{
	static const char temp[] = "\1\1\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0"
	    "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa" "\0\0\0\0" "\2\0\x0c\0"
	    "D\0o\0m\0a\0i\0n\0" "\1\0\x0c\0" "S\0e\0r\0v\0e\0r\0"
	    "\0\0\0\0" "\0\0\0\0";
	uint8_t key[AL_NTLMV2_LEN], proof[AL_NTLMV2_LEN];
	uint8_t session[AL_NTLMV2_LEN];

	(void)state;
	assert_int_equal(al_ntlmv2_key(key, U(password), U(user), U(domain)),
	    AL_OK);
	assert_hex(key, 16, "0c868a403bfd7a93a3001ef22ef02e3f");
	assert_int_equal(al_ntlmv2_proof(proof, key, server,
	    (struct al_bytes){ temp, sizeof(temp) - 1 }), AL_OK);
	assert_hex(proof, 16, "68cd0ab851e51c96aabc927bebef6a1c");
	assert_int_equal(al_ntlmv2_session(session, key, proof), AL_OK);
	assert_hex(session, 16, "8de40ccadbc14a82f15cb0ad0de95ca3");
	assert_int_equal(al_ntlmv2_proof(proof, key, server,
	    (struct al_bytes){ client, 8 }), AL_OK);
	assert_hex(proof, 16, "86c35097ac9cec102554764a57cccc19");
}

static void
names_in_the_key(void **state)
{
	static const char small[] = "u\0s\0e\0r", other[] = "d\0o\0m\0a\0i\0n";
	uint8_t key[AL_NTLMV2_LEN], again[AL_NTLMV2_LEN];
	char *lots = calloc(1, AL_NTLMV2_USER_MAX + 1);

	(void)state;
	assert_non_null(lots);
	assert_int_equal(al_ntlmv2_key(key, U(password), U(user), U(domain)),
	    AL_OK);
	assert_int_equal(al_ntlmv2_key(again, U(password), U(small),
	    U(domain)), AL_OK);
	assert_memory_equal(key, again, sizeof(key));
	assert_int_equal(al_ntlmv2_key(again, U(password), U(user),
	    U(other)), AL_OK);
	assert_memory_not_equal(key, again, sizeof(key));
	assert_int_equal(al_ntlmv2_key(key, U(password), (struct al_bytes){
	    lots, AL_NTLMV2_USER_MAX }, U(domain)), AL_OK);
	assert_int_equal(al_ntlmv2_key(key, U(password), (struct al_bytes){
	    lots, AL_NTLMV2_USER_MAX + 1 }, U(domain)), AL_ELIMIT);
	free(lots);
}

/* The example of Microsoft's open specifications blog, 2013-03-26 */
static void
binding(void **state)
{
	static const char data[] = "tls-server-end-point:"
	    "\xea\x05\xfe\xfe\xcc\x6b\x0b\xd5\x71\xdb\xbc\x5b\xaa\x3e\xd4\x53"
	    "\x86\xd0\x44\x68\x35\xf7\xb7\x4c\x85\x62\x1b\x99\x83\x47\x5f\x95";
	char lots[AL_NTLMV2_BINDING_MAX + 1] = "";
	uint8_t out[AL_NTLMV2_LEN];

	(void)state;
	assert_int_equal(al_ntlmv2_binding(out, (struct al_bytes){ data,
	    sizeof(data) - 1 }), AL_OK);
	assert_hex(out, 16, "6586e99d81c2fc984e47172fd4dd0310");
	assert_int_equal(al_ntlmv2_binding(out, (struct al_bytes){ lots,
	    sizeof(lots) - 1 }), AL_OK);
	assert_int_equal(al_ntlmv2_binding(out, (struct al_bytes){ lots,
	    sizeof(lots) }), AL_ELIMIT);
}

/* As in FIPS mode: an error of ours, nothing for OpenSSL's next caller. */
static void
no_md5(void **state)
{
	uint8_t key[AL_NTLMV2_LEN];

	(void)state;
	ERR_clear_error();
	assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
	assert_int_equal(al_ntlmv2_key(key, U(password), U(user), U(domain)),
	    AL_ENOMEM);
	assert_int_equal(al_ntlmv2_binding(key, U(user)), AL_ENOMEM);
	assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(al_ntlmv2_binding(key, U(user)), AL_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md4_rfc),
		cmocka_unit_test(md4_lengths),
		cmocka_unit_test(utf16),
		cmocka_unit_test(capitals),
		cmocka_unit_test(nlmp_vectors),
		cmocka_unit_test(names_in_the_key),
		cmocka_unit_test(binding),
		cmocka_unit_test(no_md5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
