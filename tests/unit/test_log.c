/* tests/unit/test_log.c - no secret passes the one writer; lines in both forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "connector/daemon/log.h"
#include "connector/daemon/redact.h"
#include "connector/daemon/secret.h"
#include "tests/lib/guard.h"

#define X "c4n4ry-Secret"

static void
redacted(void **state)
{
	static const struct {
		const char	*text, *want;
	} rows[] = {
		{ "", "" },
		{ "nothing to hide here", "nothing to hide here" },
		{ "http://u:" X "@proxy:3128/", "http://***@proxy:3128/" },
		{ "via http://u:a/" X "@h and on", "via http://***@h and on" },
		{ "http://u:a@" X "@h", "http://***@h" },
		{ "http://u:1234/" X "@h", "http://***@h" },
		{ "http://" X "@h", "http://***@h" },
		{ "http://h/a@b", "http://h/a@b" },
		{ "socks5h://u:" X "@h:1,https://v:" X "@i:2",
		    "socks5h://***@i:2" },
		{ "http_proxy=u:" X "@h:1", "http_proxy=***@h:1" },
		{ "u:" X "@h:3128 is bad", "***@h:3128 is bad" },
		{ "mail alice@example.com", "mail alice@example.com" },
		{ "Authorization: Basic " X, "Authorization: Basic ***" },
		{ "proxy-AUTHORIZATION:Bearer " X "\r\nHost: h",
		    "proxy-AUTHORIZATION:Bearer ***\r\nHost: h" },
		{ "Authorization: id=\"1\", key=\"" X "\"",
		    "Authorization: ***" },
		{ "{\"Authorization\": \"Bearer " X "\"}",
		    "{\"Authorization\": \"Bearer ***" },
		{ "got Authorization: x" X "\\r\\nHost: h",
		    "got Authorization: ***\\r\\nHost: h" },
		{ "Cookie: a=" X "; b=" X "\nnext", "Cookie: ***\nnext" },
		{ "Set-Cookie: " X, "Set-Cookie: ***" },
		{ "id=\"7\", key=\"" X " b\" end", "id=\"7\", key=\"***\" end" },
		{ "key = " X " end", "key = *** end" },
		{ "api_key=" X "&x=1", "api_key=***&x=1" },
		{ "access_token=" X, "access_token=***" },
		{ "{\"token\":\"" X "\",\"a\":1}", "{\"token\":\"***\",\"a\":1}" },
		{ "{\"password\" : \"" X "\"}", "{\"password\" : \"***\"}" },
		{ "{\\\"token\\\":\\\"" X "\\\"}",
		    "{\\\"token\\\":\\\"***\"}" },
		{ "f:3: key: has no value", "f:3: key: has no value" },
		{ "token_file = /etc/t", "token_file = /etc/t" },
		{ "monkey=banana", "monkey=banana" },
		{ "sent Bearer abcdef0123456789", "sent Bearer ***" },
		{ "Basic dXNlcjpwYXNz was refused", "Basic *** was refused" },
		{ "Basic authentication failed", "Basic authentication failed" },
		{ "Negotiate YIIFnQYGKwYBBQUCoIIFkTCC",
		    "Negotiate ***" },
		{ "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-x!",
		    "token ***!" },
		{ "blob TlRMTVNTUAABAAAA end", "blob *** end" },
		{ "-----BEGIN RSA PRIVATE KEY-----\nMIIE" X "\n"
		    "-----END RSA PRIVATE KEY-----\nx",
		    "-----BEGIN RSA PRIVATE KEY***-----END RSA PRIVATE "
		    "KEY-----\nx" },
		{ "-----BEGIN PRIVATE KEY-----\n" X,
		    "-----BEGIN PRIVATE KEY***" },
		{ "-----BEGIN CERTIFICATE-----\nMIIE",
		    "-----BEGIN CERTIFICATE-----\nMIIE" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].text), n;
		char *got;

		for (n = 0; n <= len; n++) {	/* cut at every byte */
			struct guard g = guard_copy(rows[i].text, n);

			got = al_redact_bytes((const char *)g.p, n);
			assert_non_null(got);
			if (n == len)
				assert_string_equal(got, rows[i].want);
			if (n == len)
				assert_null(strstr(got, X));
			free(got);
			guard_free(&g);
		}
	}
}

static void
registered(void **state)
{
	struct al_secret a, b, c;
	struct al_err err;
	char *got;

	(void)state;
	assert_int_equal(al_secret_set(&a, "swordfish", &err), AL_OK);
	assert_int_equal(al_secret_set(&b, "swordfish", &err), AL_OK);
	assert_int_equal(al_secret_set(&c, "abc", &err), AL_OK);
	got = al_redact_dup("abc swordfishswordfish, /swordfis/");
	assert_string_equal(got, "abc ***, /swordfis/");
	free(got);
	al_secret_fini(&a);
	got = al_redact_dup("still swordfish.");
	assert_string_equal(got, "still ***.");
	free(got);
	al_secret_fini(&b);
	al_secret_fini(&c);
	got = al_redact_dup("free swordfish.");
	assert_string_equal(got, "free swordfish.");
	free(got);
}

/* --- lines ---------------------------------------------------------------- */

static FILE *file;

static int
open_log(void **state)
{
	(void)state;
	file = tmpfile();
	return file == NULL;
}

static int
close_log(void **state)
{
	(void)state;
	al_log_init(STDERR_FILENO, AL_LOG_TEXT, AL_LOG_INFO);
	return fclose(file);
}

/* What has been written; out ends in NUL. */
static void
written(char *out, size_t cap)
{
	ssize_t n;

	al_log_flush();
	n = pread(fileno(file), out, cap - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
}

static void
text_lines(void **state)
{
	char got[4096];

	(void)state;
	al_log_init(fileno(file), AL_LOG_TEXT, AL_LOG_INFO);
	al_log(AL_LOG_DEBUG, "no", NULL, "not this one");
	al_log(AL_LOG_WARN, "dial", AL_FIELDS(AL_STR("peer", "a b"),
	    AL_NUM("code", 7), AL_STR("none", NULL), AL_STR("via",
	    "http://u:" X "@h:1")), "can't\nreach %s", "http://u:" X "@h:1");
	written(got, sizeof(got));
	/* "2026-01-02T03:04:05.678Z " */
	assert_string_equal(got + 25, "warning: dial: can't reach "
	    "http://***@h:1 peer=\"a b\" code=7 via=http://***@h:1\n");
	assert_int_equal(got[23], 'Z');
}

static void
journal_lines(void **state)
{
	char got[4096], stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fileno(file), &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju",
	    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	al_log_init(fileno(file), AL_LOG_TEXT, AL_LOG_INFO);
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	al_log(AL_LOG_ERROR, "e", NULL, "text");
	al_log(AL_LOG_INFO, "e", NULL, "text");
	written(got, sizeof(got));
	assert_string_equal(got, "<3>e: text\n<6>e: text\n");
}

static void
json_lines(void **state)
{
	char got[4096];
	const char *level, *event, *session, *message, *ts;
	json_int_t bytes;
	json_error_t bad;
	json_t *o;

	(void)state;
	al_log_init(fileno(file), AL_LOG_JSON, AL_LOG_INFO);
	al_log(AL_LOG_NOTICE, "link-end", AL_FIELDS(AL_STR("session", "a\"b"),
	    AL_NUM("bytes", 1234567890123)), "key=\"" X "\" \x01 \"q\"");
	written(got, sizeof(got));
	assert_null(strstr(got, X));
	assert_int_equal(got[strlen(got) - 1], '\n');
	o = json_loads(got, 0, &bad);
	assert_non_null(o);
	assert_int_equal(json_unpack(o, "{s:s s:s s:s s:s s:I s:s !}", "ts",
	    &ts, "level", &level, "event", &event, "session", &session,
	    "bytes", &bytes, "message", &message), 0);
	assert_string_equal(level, "notice");
	assert_string_equal(event, "link-end");
	assert_string_equal(session, "a\"b");
	assert_int_equal(bytes, 1234567890123);
	assert_string_equal(message, "key=\"***\" . \"q\"");
	json_decref(o);
}

static unsigned
count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void
folding(void **state)
{
	char got[4096];
	int i;

	(void)state;
	for (int json = 0; json < 2; json++) {
		al_log_init(fileno(file), json ? AL_LOG_JSON : AL_LOG_TEXT,
		    AL_LOG_INFO);
		for (i = 0; i < 5; i++)
			al_log(AL_LOG_INFO, "e", NULL, "same");
		al_log(AL_LOG_INFO, "e", NULL, "other");
		al_log(AL_LOG_INFO, "e", NULL, "other");
		written(got, sizeof(got));
		assert_int_equal(count_lines(got), 4);
		assert_non_null(strstr(got, "repeated 4 times"));
		assert_non_null(strstr(got, "repeated 1 times"));
	}
}

/* A secret that the cut of a long line would halve stays hidden. */
static void
long_lines(void **state)
{
	char *text = malloc(20000), got[16384];
	struct al_secret s;
	struct al_err err;
	size_t n;

	(void)state;
	assert_non_null(text);
	assert_int_equal(al_secret_set(&s, X, &err), AL_OK);
	al_log_init(fileno(file), AL_LOG_TEXT, AL_LOG_INFO);
	for (n = 4090 - sizeof(X); n < 4100; n++) {
		memset(text, 'x', 19999);
		memcpy(text + n, X, sizeof(X) - 1);
		text[19999] = '\0';
		al_log(AL_LOG_INFO, "e", AL_FIELDS(AL_STR("f", text)), "%s",
		    text);
		written(got, sizeof(got));
		assert_non_null(strstr(got, "xxx"));
		assert_null(strstr(got, "c4n4"));
	}
	al_secret_fini(&s);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redacted),
		cmocka_unit_test(registered),
		cmocka_unit_test_setup_teardown(text_lines, open_log,
		    close_log),
		cmocka_unit_test_setup_teardown(journal_lines, open_log,
		    close_log),
		cmocka_unit_test_setup_teardown(json_lines, open_log,
		    close_log),
		cmocka_unit_test_setup_teardown(folding, open_log, close_log),
		cmocka_unit_test_setup_teardown(long_lines, open_log,
		    close_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
