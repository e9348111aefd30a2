/* tests/unit/test_gateway_conf.c - the settings of alpacon-gatewayd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/gatewayd/config.h"
#include "tests/unit/example.h"

/* In front of the rows: without them nothing is right. */
#define FILES	"cert_file = c\nkey_file = k\n"

static char dir[] = "/tmp/algwconf.XXXXXX";
static char path[64];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static struct al_conf *
read_text(const char *head, const char *text, struct al_err *err)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fprintf(f, "%s%s\n", head, text) > 0);
	assert_int_equal(fclose(f), 0);
	return al_gateway_conf_read(path, err);
}

static void
good(void **state)
{
	static const struct {
		const char	*key, *value;
	} rows[] = {
		{ "listen", "127.0.0.1:0" }, { "listen", "[::]:443" },
		{ "listen", ":443" }, { "tls", "on" },
		{ "tls_min", "1.2" }, { "tls_min", "1.3" },
		{ "tls_ciphers", "TLS_AES_256_GCM_SHA384" },
		{ "connectors_file", "/x/connectors" },
		{ "operators_file", "/x/operators" },
		{ "backend", "127.0.0.1:8443" }, { "backend", "[::1]:1" },
		{ "allow", "* * *" }, { "allow", "ops-* e 10.0.0.0/8:22" },
		{ "audit_file", "/x/audit" },
		{ "max_sessions", "1" }, { "max_sessions", "1000000" },
		{ "max_channels", "1" }, { "max_channels", "1000000" },
		{ "max_session_channels", "65536" },
		{ "max_pending", "65536" },
		{ "handshakes_per_s", "0" }, { "handshakes_per_s", "100000" },
		{ "handshake_timeout", "1s" }, { "handshake_timeout", "1m" },
		{ "drain_timeout", "0" }, { "drain_timeout", "1h" },
		{ "link_max_age", "10s" }, { "link_max_age", "168h" },
		{ "log_level", "debug" }, { "log_format", "json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_err err = { .text = "" };
		struct al_conf *c;
		char line[128];

		(void)snprintf(line, sizeof(line), "%s = %s", rows[i].key,
		    rows[i].value);
		c = read_text(FILES, line, &err);
		if (c == NULL)
			fail_msg("%s: %s", line, err.text);
		assert_string_equal(al_conf_text(c, NULL, NULL, rows[i].key),
		    rows[i].value);
		assert_null(al_conf_get(c, NULL, NULL, rows[i].key, 1));
		al_conf_free(c);
	}
}

static void
bad(void **state)
{
	static const struct {
		const char	*line, *want;
	} rows[] = {
		{ "listen = 443x", "listen: \"443x\" is not ADDRESS:PORT" },
		{ "listen = host:443", "listen: \"host:443\" is not "
		    "ADDRESS:PORT (a listener takes a numeric address, IPv6 "
		    "in brackets)" },
		{ "tls = maybe", "tls: \"maybe\" is not yes or no" },
		{ "tls_min = 1.1", "tls_min: \"1.1\" is not 1.3|1.2" },
		{ "tls_ciphers =", "tls_ciphers: has no value" },
		{ "backend = h", "backend: \"h\": the port is missing" },
		{ "allow = * loopback", "allow: \"* loopback\" is not a rule: "
		    "OPERATOR SERVER TARGET, for instance \"alice web-* "
		    "loopback:22\"" },
		{ "max_sessions = 0", "max_sessions: 0 is out of range: 1 to "
		    "1000000" },
		{ "max_channels = -1", "max_channels: \"-1\" is not a "
		    "number" },
		{ "max_session_channels = 65537", "max_session_channels: "
		    "65537 is out of range: 1 to 65536" },
		{ "max_pending = 0", "max_pending: 0 is out of range: 1 to "
		    "65536" },
		{ "handshakes_per_s = 100001", "handshakes_per_s: 100001 is "
		    "out of range: 0 to 100000" },
		{ "handshake_timeout = 500ms", "handshake_timeout: 500ms is "
		    "out of range: 1000 to 60000 ms" },
		{ "drain_timeout = 2h", "drain_timeout: 2h is out of range: "
		    "0 to 3600000 ms" },
		{ "link_max_age = 0", "link_max_age: 0 is out of range: "
		    "10000 to 604800000 ms" },
		{ "log_level = trace", "log_level: \"trace\" is not "
		    "error|warning|notice|info|debug" },
		{ "log_format = xml", "log_format: \"xml\" is not "
		    "text|json" },
		{ "key_file = other", "key_file: stands in line 2 already, "
		    "and is no list" },
		{ "lissten = 443", "unknown key \"lissten\"; did you mean "
		    "\"listen\"?" },
		{ "[limits]", "[limits] is not a section that is known "
		    "here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_err err = { .text = "" };
		char want[256];

		assert_null(read_text(FILES, rows[i].line, &err));
		(void)snprintf(want, sizeof(want), "%s:3: %s", path,
		    rows[i].want);
		assert_string_equal(err.text, want);
		assert_int_equal(err.code, AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_CONFIG);
	}
}

static void
certificates_are_needed(void **state)
{
	struct al_err err;
	struct al_conf *c;

	(void)state;
	assert_null(read_text("", "cert_file = c", &err));
	assert_int_equal(err.stage, AL_AT_CONFIG);
	assert_ptr_equal(strstr(err.text, "\"key_file\" is not set (the key "),
	    err.text);
	assert_null(read_text("", "key_file = k", &err));
	assert_ptr_equal(strstr(err.text, "\"cert_file\" is not set "),
	    err.text);
	c = read_text("", "tls = off", &err);
	assert_non_null(c);
	al_conf_free(c);
	assert_null(al_gateway_conf_read("/no/such", &err));
	assert_string_equal(err.text,
	    "/no/such: can't be read: No such file or directory");
}

static void
example(void **state)
{
	char from[EXAMPLE_PATH];
	struct al_err err = { .text = "" };
	struct al_conf *c;

	(void)state;
	example_path("contrib/examples/gateway.conf", from);
	c = al_gateway_conf_read(from, &err);
	assert_string_equal(err.text, "");
	assert_non_null(c);
	al_conf_free(c);
	assert_true(example_uncomment(from, path) > 10);
	c = al_gateway_conf_read(path, &err);
	assert_string_equal(err.text, "");
	assert_non_null(c);
	example_check(c, "man/alpacon-gateway.conf.5", "");
	al_conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(certificates_are_needed),
		cmocka_unit_test(example),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
