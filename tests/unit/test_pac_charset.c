/* tests/unit/test_pac_charset.c - PAC files in every charset become UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pac/charset.h"
#include "tests/lib/guard.h"

#define UE	"\xc3\xbc"		/* u umlaut */
#define HTML	"it is an HTML page, not a script"
#define NULS	"NUL bytes are in it: not a script, or UTF-16 that does not " \
		"say so"
#define HALF	"half a character of UTF-16 is at its end"

/* out, or what is wrong with it. */
static const struct {
	const uint8_t	*bytes;
	size_t		 len;
	const char	*type, *out, *why;
} rows[] = {
	{ B("x"), NULL, "x", NULL },
	{ B("x" UE), NULL, "x" UE, NULL },
	{ B("x\xfc"), NULL, "x" UE, NULL },
	{ B("x\x80\xff"), NULL, "x\xc2\x80\xc3\xbf", NULL },
	/* marks */
	{ B("\xef\xbb\xbfx" UE), NULL, "x" UE, NULL },
	{ B("\xef\xbb\xbfx" UE), "a/b; charset=iso-8859-1", "x" UE, NULL },
	{ B("\xff\xfex\0\xfc\0"), NULL, "x" UE, NULL },
	{ B("\xff\xfex\0\xfc\0"), "a/b;charset=koi8-r", "x" UE, NULL },
	{ B("\xfe\xff\0x\0\xfc"), NULL, "x" UE, NULL },
	{ B("\xef\xbbx"), NULL, "\xc3\xaf\xc2\xbbx", NULL },
	/* what the server says */
	{ B("x" UE), "text/plain", "x" UE, NULL },
	{ B("x" UE), "text/plain; charset=utf-8", "x" UE, NULL },
	{ B("x\xfc"), "text/plain; charset=utf-8", "x" UE, NULL },
	{ B("x" UE), "text/plain; charset=ISO-8859-1", "x\xc3\x83\xc2\xbc",
	    NULL },
	{ B("x\xfc"), "a/b; a=b; Charset = \"Latin1\"; c", "x" UE, NULL },
	{ B("x\xfc"), "a/b;charset='windows-1252'", "x" UE, NULL },
	{ B("x\xfc"), "a/b;charset=", "x" UE, NULL },
	{ B("x\xfc"), "a/b;charset", "x" UE, NULL },
	{ B("x\xfc"), ";", "x" UE, NULL }, { B("x\xfc"), "", "x" UE, NULL },
	{ B("x\xfc"), "charset=koi8-r", "x" UE, NULL },
	{ B("x\0\xfc\0"), "a/b;charset=utf-16", "x" UE, NULL },
	{ B("x\0\xfc\0"), "a/b;charset=utf-16le", "x" UE, NULL },
	{ B("\0x\0\xfc"), "a/b;charset=UTF-16BE", "x" UE, NULL },
	{ B("x"), "a/b;charset=koi8-r", NULL,
	    "its charset, \"koi8-r\", is not known" },
	{ B("x"), "a/b;charset=\x1b", NULL,
	    "its charset, \".\", is not known" },
	/* UTF-16: pairs, halves of pairs */
	{ B("\xff\xfe\x3d\xd8\x00\xde"), NULL, "\xf0\x9f\x98\x80", NULL },
	{ B("\xff\xfe\x3d\xd8x\0"), NULL, "\xef\xbf\xbdx", NULL },
	{ B("\xff\xfe\x00\xdex\0"), NULL, "\xef\xbf\xbdx", NULL },
	{ B("\xff\xfex\0\x3d\xd8"), NULL, "x\xef\xbf\xbd", NULL },
	{ B("\xff\xfex\0\xac\x20"), NULL, "x\xe2\x82\xac", NULL },
	{ B("\xff\xfex"), NULL, NULL, HALF },
	{ B("\xff\xfex\0y"), NULL, NULL, HALF },
	/* what is not UTF-8 is Latin-1 */
	{ B("\xc0\x80"), NULL, "\xc3\x80\xc2\x80", NULL },
	{ B("\xed\xa0\x80"), NULL, "\xc3\xad\xc2\xa0\xc2\x80", NULL },
	{ B("\xf4\x90\x80\x80"), NULL, "\xc3\xb4\xc2\x90\xc2\x80\xc2\x80",
	    NULL },
	{ B("\xe0\x80\x80"), NULL, "\xc3\xa0\xc2\x80\xc2\x80", NULL },
	{ B("\xf0\x80\x80\x80"), NULL, "\xc3\xb0\xc2\x80\xc2\x80\xc2\x80",
	    NULL },
	{ B("\xe2\x82"), NULL, "\xc3\xa2\xc2\x82", NULL },
	{ B("\xf4\x8f\xbf\xbf"), NULL, "\xf4\x8f\xbf\xbf", NULL },
	/* no script */
	{ B(""), NULL, NULL, "it is empty" },
	{ B("\xef\xbb\xbf"), NULL, NULL, "it is empty" },
	{ B("x\0y"), NULL, NULL, NULS }, { B("x\0"), NULL, NULL, NULS },
	{ B("\xff\xfe\0\0"), NULL, NULL, NULS },
	{ B("<html>"), NULL, NULL, HTML },
	{ B(" \r\n\t<!DOCTYPE html>"), NULL, NULL, HTML },
	{ B("\xef\xbb\xbf<?xml"), NULL, NULL, HTML },
	{ B("<"), NULL, NULL, HTML },
	{ B("<!-- a script may\n"), NULL, "<!-- a script may\n", NULL },
	{ B("\n"), NULL, "\n", NULL },
};

static void
decodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard g = guard_copy(rows[i].bytes, rows[i].len);
		struct al_buf out;
		struct al_err err;
		enum al_code code;

		al_buf_init(&out, 1000);
		assert_int_equal(al_buf_puts(&out, "<\0"), AL_OK);
		code = al_pac_decode(&out, g.p, rows[i].len, rows[i].type,
		    &err);
		guard_free(&g);
		if ((code == AL_OK) != (rows[i].out != NULL))
			fail_msg("row %zu: %s", i,
			    code == AL_OK ? "taken" : err.text);
		if (code == AL_OK) {
			assert_int_equal(al_buf_len(&out),
			    strlen(rows[i].out) + 1);
			assert_memory_equal(al_buf_head(&out) + 1,
			    rows[i].out, strlen(rows[i].out));
		} else {
			assert_int_equal(code, AL_EPROTO);
			assert_int_equal(err.stage, AL_AT_PAC);
			assert_int_equal(err.cause, 111);
			assert_string_equal(err.text, rows[i].why);
		}
		al_buf_fini(&out);
	}
}

static void
limit(void **state)
{
	struct al_buf out;
	struct al_err err;

	(void)state;
	al_buf_init(&out, 3);
	assert_int_equal(al_pac_decode(&out, "\xfc\xfc", 2, NULL, &err),
	    AL_ELIMIT);
	assert_string_equal(err.text, "it is longer than 3 bytes");
	al_buf_fini(&out);
	assert_int_equal(al_pac_decode(&out, "abcd", 4, NULL, &err),
	    AL_ELIMIT);
	assert_int_equal(al_pac_decode(&out, "abc", 3, NULL, &err), AL_OK);
	al_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes), cmocka_unit_test(limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
