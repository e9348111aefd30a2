/* tests/unit/test_target.c - targets, and who may reach them, by table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/daemon/target.h"
#include "connector/gatewayd/policy.h"
#include "connector/wire/mux_frame.h"

static void
rules(void **state)
{
	static const struct {
		const char	*rule, *host;
		uint16_t	 port;
		bool		 port_ok, host_ok;
	} rows[] = {
		{ "loopback", "127.0.0.1", 1, true, true },
		{ "loopback", "127.84.0.1", 65535, true, true },
		{ "LOOPBACK:22", "::1", 22, true, true },
		{ "loopback:22", "::1", 23, false, true },
		{ "loopback", "localhost", 22, true, true },
		{ "loopback", "db.localhost", 22, true, true },
		{ "loopback", "notlocalhost", 22, true, false },
		{ "loopback", "10.0.0.1", 22, true, false },
		{ "loopback", "::ffff:127.0.0.1", 22, true, true },
		{ "10.0.0.0/8:22", "10.1.2.3", 22, true, true },
		{ "10.0.0.0/8", "11.1.2.3", 22, true, false },
		{ "10.0.0.0/8", "ten.corp", 22, true, false },
		{ "10.1.2.3:80-90", "10.1.2.3", 90, true, true },
		{ "10.1.2.3:80-90", "10.1.2.3", 91, false, true },
		{ "[fd00::/8]:22", "fd12::1", 22, true, true },
		{ "fd00::/8", "fd12::1", 99, true, true },
		{ "[::1]:22", "::1", 22, true, true },
		{ "db.corp:5432", "DB.corp", 5432, true, true },
		{ "db.corp", "x.db.corp", 1, true, false },
		{ "*.corp:5432", "db.corp", 5432, true, true },
		{ "*.corp", "a.b.corp", 1, true, true },
		{ "*.corp", "corp", 1, true, false },
		{ "*.corp", "xcorp", 1, true, false },
		{ "db.corp", "10.0.0.1", 1, true, false },
		{ "*", "any.where", 1, true, true },
		{ "*:443", "10.0.0.1", 443, true, true },
		{ "*:443", "10.0.0.1", 80, false, true },
	};
	struct al_target_rule r;
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(al_target_parse(&r, rows[i].rule, &err),
		    AL_OK);
		assert_int_equal(al_target_has_port(&r, rows[i].port),
		    rows[i].port_ok);
		assert_int_equal(al_target_has_host(&r, rows[i].host),
		    rows[i].host_ok);
	}
}

static void
bad_rules(void **state)
{
	static const char *const rows[] = {
		"", ":", ":22", "a:", "a:0", "a:65536", "a:22-", "a:-22",
		"a:25-22", "a b", "10.0.0.0/33", "10.0.0.1/8:x", "[::1", "[]",
		"[::1]x", "*x", "a.*", "*.*", "*.", "*.10.0.0.1", "fd00::/8:22/",
		"a/b", "u@h", "**", "a..b", "[name]:22:1",
	};
	char text[2000];
	struct al_target_rule r;
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(al_target_parse(&r, rows[i], &err),
		    AL_EUSAGE);
		assert_non_null(strstr(err.text, "is not a target"));
	}
	for (size_t n = 1; n < sizeof(text); n += 7) {
		memset(text, 'a', n);
		text[n] = '\0';
		(void)!al_target_parse(&r, text, &err);
	}
}

static void
forbidden(void **state)
{
	static const struct {
		const char	*host;
		bool		 want;
	} rows[] = {
		{ "169.254.169.254", true }, { "169.254.0.1", true },
		{ "fe80::1", true }, { "::ffff:169.254.169.254", true },
		{ "64:ff9b::a9fe:a9fe", true }, { "fd00:ec2::254", true },
		{ "100.100.100.200", true }, { "168.63.129.16", true },
		{ "192.0.0.192", true }, { "0.0.0.0", true }, { "::", true },
		{ "0.1.2.3", true }, { "::ffff:0.0.0.0", true },
		{ "224.0.0.1", true }, { "ff02::1", true },
		{ "255.255.255.255", true },
		{ "metadata.google.internal", true }, { "METADATA", true },
		{ "127.0.0.1", false }, { "::1", false }, { "10.0.0.1", false },
		{ "64:ff9b::a00:1", false }, { "fd00:ec2::253", false },
		{ "100.100.100.201", false }, { "example.com", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(al_target_is_forbidden_host(rows[i].host),
		    rows[i].want);
}

static void
policy(void **state)
{
	static const char *const given[] = { "* * loopback:22",
	    "alice db-* loopback:5432", "ops-*  edge-1\t10.0.0.0/8",
	    "Root * *" };
	static const struct {
		const char	*op, *server, *host;
		uint16_t	 port;
		bool		 want;
	} rows[] = {
		{ "bob", "web-1", "localhost", 22, true },
		{ "bob", "web-1", "127.0.0.1", 23, false },
		{ "bob", "web-1", "10.0.0.1", 22, false },
		{ "alice", "db-1", "127.0.0.1", 5432, true },
		{ "alice", "db-", "127.0.0.1", 5432, true },
		{ "alice", "DB-x", "127.0.0.1", 5432, true },
		{ "alice", "xdb-1", "127.0.0.1", 5432, false },
		{ "alic", "db-1", "127.0.0.1", 5432, false },
		{ "alicex", "db-1", "127.0.0.1", 5432, false },
		{ "ops-1", "edge-1", "10.9.9.9", 1, true },
		{ "ops-1", "edge-2", "10.9.9.9", 1, false },
		{ "ops", "edge-1", "10.9.9.9", 1, false },
		{ "root", "any", "db.corp", 1, true },
		{ "root", "any", "169.254.169.254", 80, false },
		{ "root", "any", "::ffff:169.254.169.254", 80, false },
		{ "root", "any", "metadata.google.internal", 80, false },
		{ "", "", "db.corp", 1, false },
	};
	struct al_err err;
	struct al_policy *p = al_policy_new(&err);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		assert_int_equal(al_policy_add(p, given[i], &err), AL_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum al_code code = al_policy_check(p, rows[i].op,
		    rows[i].server, rows[i].host, rows[i].port, &err);

		assert_int_equal(code == AL_OK, rows[i].want);
		if (code == AL_OK)
			continue;
		assert_int_equal(err.code, AL_EREFUSED);
		assert_int_equal(err.status, AL_CHAN_DENIED);
		assert_non_null(strstr(err.text, rows[i].host));
	}
	al_policy_free(p);
	p = al_policy_new(&err);
	assert_int_equal(al_policy_check(p, "root", "s", "127.0.0.1", 22,
	    &err), AL_EREFUSED);
	al_policy_free(p);
}

static void
bad_policy(void **state)
{
	static const char *const rows[] = { "", " ", "*", "* *", "* * * *",
	    "* * nowhere:0", "* * 10.0.0.0/40" };
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(al_policy_check_rule(rows[i], &err),
		    AL_EUSAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(bad_rules),
		cmocka_unit_test(forbidden),
		cmocka_unit_test(policy),
		cmocka_unit_test(bad_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
