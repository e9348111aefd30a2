/* tests/unit/test_policy.c - which targets a connector lets the gateway reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/connectord/policy.h"

static struct al_policy
policy(const char *const *rules)
{
	struct al_policy p;
	struct al_err err;

	al_policy_init(&p);
	for (; *rules != NULL; rules++)
		assert_int_equal(al_policy_add(&p, *rules, &err), AL_OK);
	return p;
}

static bool
addr(const struct al_policy *p, const char *ip, uint16_t port)
{
	struct al_addr a;

	assert_true(al_addr_parse_ip(&a, ip, port));
	return al_policy_has_addr(p, &a);
}

static void
default_is_loopback(void **state)
{
	static const struct {
		const char	*host;
		enum al_verdict	 verdict;
	} rows[] = {
		{ "127.0.0.1", AL_VERDICT_ADDRESS },
		{ "127.255.255.254", AL_VERDICT_ADDRESS },
		{ "::1", AL_VERDICT_ADDRESS },
		{ "::ffff:127.0.0.1", AL_VERDICT_ADDRESS },
		{ "localhost", AL_VERDICT_ADDRESS },
		{ "evil.example", AL_VERDICT_ADDRESS },
		{ "10.0.0.1", AL_VERDICT_DENY },
		{ "0.0.0.0", AL_VERDICT_DENY },
		{ "::", AL_VERDICT_DENY },
		{ "::2", AL_VERDICT_DENY },
		{ "128.0.0.1", AL_VERDICT_DENY },
		{ "169.254.169.254", AL_VERDICT_DENY },
		{ "fe80::1", AL_VERDICT_DENY },
	};
	struct al_policy p;
	struct al_err err;

	(void)state;
	al_policy_init(&p);
	assert_int_equal(al_policy_judge(&p, "127.0.0.1", 22),
	    AL_VERDICT_DENY);
	assert_int_equal(al_policy_judge(&p, "localhost", 22),
	    AL_VERDICT_DENY);
	assert_int_equal(al_policy_add(&p, "loopback", &err), AL_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (al_policy_judge(&p, rows[i].host, 22) != rows[i].verdict)
			fail_msg("%s", rows[i].host);
	/* what a name has to lead to */
	assert_true(addr(&p, "127.0.0.1", 1));
	assert_true(addr(&p, "::1", 65535));
	assert_false(addr(&p, "10.0.0.1", 22));
	assert_false(addr(&p, "0.0.0.0", 22));
	al_policy_fini(&p);
}

static void
rules(void **state)
{
	static const char *const given[] = {
		"10.1.0.0/16:5432", "[fd00::/8]:22", "2001:db8::/32",
		"DB.corp:5432", "*.web.corp:80", "any.corp", "[::1]:8080",
		"192.0.2.7", "loopback:9000-9009", NULL
	};
	static const struct {
		const char	*host;
		uint16_t	 port;
		enum al_verdict	 verdict;
	} rows[] = {
		{ "10.1.255.1", 5432, AL_VERDICT_ADDRESS },
		{ "10.1.255.1", 5433, AL_VERDICT_DENY },
		{ "10.2.0.1", 5432, AL_VERDICT_DENY },
		{ "fd12::1", 22, AL_VERDICT_ADDRESS },
		{ "fd12::1", 23, AL_VERDICT_DENY },
		{ "2001:db8::7", 1, AL_VERDICT_ADDRESS },
		{ "::1", 8080, AL_VERDICT_ADDRESS },
		{ "::1", 8081, AL_VERDICT_DENY },
		{ "192.0.2.7", 9, AL_VERDICT_ADDRESS },
		{ "127.0.0.1", 9009, AL_VERDICT_ADDRESS },
		{ "127.0.0.1", 9010, AL_VERDICT_DENY },
		{ "localhost", 9000, AL_VERDICT_ADDRESS },
		{ "metadata.google.internal", 9000, AL_VERDICT_DENY },
		{ "db.corp", 5432, AL_VERDICT_ALLOW },
		{ "any.corp", 1, AL_VERDICT_ALLOW },
		{ "a.web.corp", 80, AL_VERDICT_ALLOW },
		{ "a.b.web.corp", 80, AL_VERDICT_ALLOW },
		/* not these names; but addresses may be allowed there */
		{ "web.corp", 80, AL_VERDICT_ADDRESS },
		{ "xweb.corp", 80, AL_VERDICT_ADDRESS },
		{ "a.web.corp", 81, AL_VERDICT_ADDRESS },
	};
	struct al_policy p = policy(given);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (al_policy_judge(&p, rows[i].host, rows[i].port) !=
		    rows[i].verdict)
			fail_msg("%s:%u", rows[i].host, rows[i].port);
	al_policy_fini(&p);
}

static void
names_only(void **state)
{
	static const char *const given[] = { "db.corp:5432", NULL };
	struct al_policy p = policy(given);

	(void)state;
	assert_int_equal(al_policy_judge(&p, "db.corp", 5432),
	    AL_VERDICT_ALLOW);
	assert_int_equal(al_policy_judge(&p, "db.corp", 22), AL_VERDICT_DENY);
	assert_int_equal(al_policy_judge(&p, "x", 5432), AL_VERDICT_DENY);
	al_policy_fini(&p);
}

static void
forbidden(void **state)
{
	static const char *const given[] = { "0.0.0.0/0", "::/0", NULL };
	static const char *const rows[] = {
		"169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254",
		"fe80::1", "100.100.100.200", "fd00:ec2::254", "0.0.0.0",
		"::", "224.0.0.1", "64:ff9b::a9fe:a9fe",
	};
	struct al_policy p = policy(given);
	struct al_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(al_addr_parse_ip(&a, rows[i], 80));
		assert_true(al_target_is_forbidden(&a));
		assert_int_equal(al_policy_judge(&p, rows[i], 80),
		    AL_VERDICT_DENY);
	}
	assert_true(al_addr_parse_ip(&a, "8.8.8.8", 80));
	assert_false(al_target_is_forbidden(&a));
	assert_int_equal(al_policy_judge(&p, "8.8.8.8", 80),
	    AL_VERDICT_ADDRESS);
	al_policy_fini(&p);
}

static void
bad(void **state)
{
	static const char *const rows[] = {
		"", ":", ":22", "*.", "*.:22", "**.corp", "a*.b",
		"h:0", "h:65536", "h:x", "h:", "10.0.0.0/33", "10.0.0/8",
		"10.0.0.0/8:", "10.0.0.0/8:0", "[::1", "[::1]x", "[::1]:",
		"::1/129", "h/8", "h h", "u@h:1", "*.10.0.0.1:22",
		"*.[::1]:22",
	};
	struct al_policy p;
	struct al_err err;

	(void)state;
	al_policy_init(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (al_policy_add(&p, rows[i], &err) != AL_EUSAGE)
			fail_msg("\"%s\" is taken", rows[i]);
	assert_int_equal(p.n, 0);
	al_policy_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_is_loopback),
		cmocka_unit_test(rules),
		cmocka_unit_test(names_only),
		cmocka_unit_test(forbidden),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
