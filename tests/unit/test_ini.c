/* tests/unit/test_ini.c - the lines of a file, and which name was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/daemon/ini.h"
#include "connector/daemon/nearest.h"
#include "tests/lib/guard.h"

/* Everything of a text as "[section|name]" and "key=value;", or the error. */
static void
dump(const char *text, size_t len, char *out, size_t cap)
{
	struct guard g = guard_copy(text, len);
	struct al_ini ini;
	struct al_err err;
	enum al_ini_type type;
	size_t n = 0;

	out[0] = '\0';
	al_ini_init(&ini, "f", (const char *)g.p, len);
	for (;;) {
		if (al_ini_next(&ini, &type, &err) != AL_OK) {
			(void)snprintf(out, cap, "%s", err.text);
			break;
		}
		if (type == AL_INI_END)
			break;
		if (type == AL_INI_SECTION)
			n += (size_t)snprintf(out + n, cap - n, "[%s|%s]",
			    ini.section, ini.name);
		else
			n += (size_t)snprintf(out + n, cap - n, "%u:%s=%.*s;",
			    ini.line, ini.key, (int)ini.value_len, ini.value);
	}
	guard_free(&g);
}

static void
lines(void **state)
{
	static const struct {
		const char	*text, *want;
	} rows[] = {
		{ "", "" },
		{ "\n\n \t\n# a=b\n; c=d\n  # e=f\n\t;g", "" },
		{ "a=b", "1:a=b;" },
		{ "\xef\xbb\xbf" "a=b\r\n", "1:a=b;" },
		{ "a = b ; c # d \n", "1:a=b ; c # d;" },
		{ "a = b\\\n  c = d\n", "1:a=b\\;2:c=d;" },
		{ "a=b\n  indented = is a line of its own\n",
		    "1:a=b;2:indented=is a line of its own;" },
		{ "a==b=", "1:a==b=;" },
		{ "a=\nb = \t\n", "1:a=;2:b=;" },
		{ "a=\" b \"", "1:a= b ;" },
		{ "a=\"b\" \"c\"", "1:a=\"b\" \"c\";" },
		{ "a=\"", "1:a=\";" },
		{ "a=\"\"", "1:a=;" },
		{ "a=\xc3\xa4", "1:a=\xc3\xa4;" },
		{ "[s]\na=b\n[ t \"n m\" ]\nc=d\n[ s\t]",
		    "[s|]2:a=b;[t|n m]4:c=d;[s|]" },
		{ "[forward \"db\"]", "[forward|db]" },
		{ "a=b\nc", "f:2: neither a [section] nor a setting with "
		    "\"=\" nor a comment" },
		{ "\n=b", "f:2: \"\" is not the name of a key" },
		{ "a b=c", "f:1: \"a b\" is not the name of a key" },
		{ "a=b\x01", "f:1: control character 0x01 in column 4" },
		{ "[s", "f:1: a section is [WORD] or [WORD \"NAME\"], alone "
		    "on its line" },
		{ "[]", "f:1: a section is [WORD] or [WORD \"NAME\"], alone "
		    "on its line" },
		{ "[s] # c", "f:1: a section is [WORD] or [WORD \"NAME\"], "
		    "alone on its line" },
		{ "[s \"]", "f:1: a section is [WORD] or [WORD \"NAME\"], "
		    "alone on its line" },
		{ "[s \"\"]", "f:1: a section is [WORD] or [WORD \"NAME\"], "
		    "alone on its line" },
		{ "[s x]", "f:1: a section is [WORD] or [WORD \"NAME\"], "
		    "alone on its line" },
		{ "[s\"x\"]", "f:1: a section is [WORD] or [WORD \"NAME\"], "
		    "alone on its line" },
		{ "[s \"a\"b\"]", "f:1: a section is [WORD] or "
		    "[WORD \"NAME\"], alone on its line" },
	};
	char got[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dump(rows[i].text, strlen(rows[i].text), got, sizeof(got));
		assert_string_equal(got, rows[i].want);
		for (size_t n = 0; n < strlen(rows[i].text); n++)
			dump(rows[i].text, n, got, sizeof(got));
	}
	dump("a=b\0c", 5, got, sizeof(got));
	assert_string_equal(got, "f:1: control character 0x00 in column 4");
}

static void
long_values_are_whole(void **state)
{
	size_t len = 300000;
	char *text = malloc(len), name[80];
	struct al_ini ini;
	struct al_err err;
	enum al_ini_type type;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "key=", 4);
	al_ini_init(&ini, "f", text, len);
	assert_int_equal(al_ini_next(&ini, &type, &err), AL_OK);
	assert_int_equal(ini.value_len, len - 4);
	free(text);
	(void)snprintf(name, sizeof(name), "%064d=x", 0);
	al_ini_init(&ini, "f", name, strlen(name));
	assert_int_equal(al_ini_next(&ini, &type, &err), AL_EUSAGE);
	assert_string_equal(err.text,
	    "f:1: the key is longer than 63 characters");
}

static void
nearest(void **state)
{
	static const struct {
		const char	*word, *want;
	} rows[] = {
		{ "lsten", "listen" }, { "listne", "listen" },
		{ "Listen", "listen" }, { "prxy", "proxy" },
		{ "proxy-user", "proxy_user" }, { "ur", "url" },
		{ "xyz", NULL }, { "u", NULL }, { "", NULL },
		{ "something-else-altogether", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_nearest n = AL_NEAREST(rows[i].word);

		al_nearest_try(&n, "url");
		al_nearest_try(&n, "proxy");
		al_nearest_try(&n, "proxy_user");
		al_nearest_try(&n, "listen");
		if (rows[i].want == NULL)
			assert_null(al_nearest(&n));
		else
			assert_string_equal(al_nearest(&n), rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(long_values_are_whole),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
