/* tests/unit/test_request.c - what the gateway may ask of a connector. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/connectord/request.h"

static void
good(void **state)
{
	static const struct {
		const char	*json, *host;
		uint16_t	 port;
		const char	*principal;
	} rows[] = {
		{ "{\"server\":\"web1\",\"target\":\"127.0.0.1:22\"}",
		    "127.0.0.1", 22, "" },
		{ "{\"target\":\"[::1]:65535\"}", "::1", 65535, "" },
		{ " {\"target\" : \"DB.Corp.:5432\", \"audit\": {\"a\":[1]}}\n",
		    "db.corp", 5432, "" },
		{ "{\"principal\":\"alice\",\"target\":\"h:1\"}", "h", 1,
		    "alice" },
		{ "{\"principal\":\"a\\r\\nb\\u001b[0m\",\"target\":\"h:1\"}",
		    "h", 1, "a b.[0m" },
		{ "{\"principal\":7,\"target\":\"h:1\",\"server\":null}", "h",
		    1, "" },
		{ "{\"target\":\"localh\\u006fst:80\"}", "localhost", 80, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_request r;
		struct al_err err;

		assert_int_equal(al_request_parse(&r, rows[i].json, &err),
		    AL_OK);
		assert_string_equal(r.host, rows[i].host);
		assert_int_equal(r.port, rows[i].port);
		assert_string_equal(r.principal, rows[i].principal);
	}
}

static void
bad(void **state)
{
	static const struct {
		const char	*json, *says;
	} rows[] = {
		{ "", "not a JSON object" },
		{ "{", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "\"h:1\"", "not a JSON object" },
		{ "null", "not a JSON object" },
		{ "{}", "names no \"target\"" },
		{ "{\"Target\":\"h:1\"}", "names no \"target\"" },
		{ "{\"target\":22}", "\"target\" is not a text" },
		{ "{\"target\":[\"h:1\"]}", "\"target\" is not a text" },
		{ "{\"target\":\"\"}", "\"target\": " },
		{ "{\"target\":\"h\"}", "\"target\": " },
		{ "{\"target\":\"h:0\"}", "\"target\": " },
		{ "{\"target\":\"h:65536\"}", "\"target\": " },
		{ "{\"target\":\":22\"}", "\"target\": " },
		{ "{\"target\":\"::1:22\"}", "\"target\": " },
		{ "{\"target\":\"h:1\\u0000x\"}", "not a JSON object" },
		{ "{\"target\":\"h\\n:1\"}", "\"target\": " },
		{ "{\"target\":\"u@h:1\"}", "\"target\": " },
		{ "{\"target\":\"h/x:1\"}", "\"target\": " },
		{ "{\"target\":\"fe80::1%eth0:1\"}", "\"target\": " },
		/* two answers to one question: the gateway may have checked
		 * the other */
		{ "{\"target\":\"a:1\",\"target\":\"b:1\"}",
		    "not a JSON object" },
		{ "{\"target\":\"h:1\"} {}", "not a JSON object" },
		{ "{\"target\":\"\xff:1\"}", "not a JSON object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_request r;
		struct al_err err;

		assert_int_equal(al_request_parse(&r, rows[i].json, &err),
		    AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_CHANNEL);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].json, err.text);
	}
}

static void
cut(void **state)
{
	static const char whole[] =
	    "{\"server\":\"web1\",\"target\":\"127.0.0.1:22\"}";
	char text[sizeof(whole)];
	struct al_request r;
	struct al_err err;

	(void)state;
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		memcpy(text, whole, n);
		text[n] = '\0';
		assert_int_equal(al_request_parse(&r, text, &err), AL_EUSAGE);
	}
}

static void
agent(void **state)
{
	char buf[AL_REQUEST_AGENT_MAX], host[AL_HOST_MAX + 1];
	struct al_err err;

	(void)state;
	assert_int_equal(al_request_format_agent(buf, sizeof(buf),
	    "acme.us1.alpacon.io", 443, &err), AL_OK);
	assert_string_equal(buf,
	    "{\"host\":\"acme.us1.alpacon.io\",\"port\":443}");
	assert_int_equal(al_request_format_agent(buf, sizeof(buf), "a\"b\\",
	    65535, &err), AL_OK);
	assert_string_equal(buf, "{\"host\":\"a\\\"b\\\\\",\"port\":65535}");
	assert_int_equal(al_request_format_agent(buf, sizeof(buf), "\xff", 1,
	    &err), AL_EUSAGE);
	assert_int_equal(al_request_format_agent(buf, 24, "abcdefgh", 443,
	    &err), AL_ELIMIT);
	memset(host, '\\', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(al_request_format_agent(buf, sizeof(buf), host,
	    65535, &err), AL_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(cut),
		cmocka_unit_test(agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
