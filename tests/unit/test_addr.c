/* tests/unit/test_addr.c - addresses, prefixes and host:port texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/addr.h"

static void
literals(void **state)
{
	static const struct {
		const char	*text;
		const char	*want;		/* NULL: not a literal */
		bool		 loopback, link_local;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1:80", true, false },
		{ "127.255.3.4", "127.255.3.4:80", true, false },
		{ "169.254.169.254", "169.254.169.254:80", false, true },
		{ "10.0.0.1", "10.0.0.1:80", false, false },
		{ "::1", "[::1]:80", true, false },
		{ "[::1]", "[::1]:80", true, false },
		{ "[2001:DB8::1]", "[2001:db8::1]:80", false, false },
		{ "::ffff:127.0.0.1", "[::ffff:127.0.0.1]:80", true, false },
		{ "::ffff:169.254.1.1", "[::ffff:169.254.1.1]:80", false,
		    true },
		{ "fe80::1", "[fe80::1]:80", false, true },
		{ "febf::1", "[febf::1]:80", false, true },
		{ "fe80::1%eth0", NULL, false, false },
		{ "[127.0.0.1]", NULL, false, false },
		{ "[::1", NULL, false, false },
		{ "[]", NULL, false, false },
		{ "127.1", NULL, false, false },
		{ "0177.0.0.1", NULL, false, false },
		{ "1.2.3.256", NULL, false, false },
		{ "", NULL, false, false },
		{ "localhost", NULL, false, false },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
		    NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[AL_ADDR_TEXT];
		struct al_addr a;
		bool ok = al_addr_parse_ip(&a, rows[i].text, 80);

		assert_int_equal(ok, rows[i].want != NULL);
		if (!ok)
			continue;
		assert_string_equal(al_addr_format(&a, text), rows[i].want);
		assert_int_equal(al_addr_port(&a), 80);
		assert_int_equal(al_addr_is_loopback(&a), rows[i].loopback);
		assert_int_equal(al_addr_is_link_local(&a),
		    rows[i].link_local);
	}
}

static void
longest_text(void **state)
{
	char text[AL_ADDR_TEXT];
	struct al_addr a;

	(void)state;
	assert_true(al_addr_parse_ip(&a,
	    "fe80:1111:2222:3333:4444:5555:6666:7777", 65535));
	a.u.v6.sin6_scope_id = UINT32_MAX;
	assert_string_equal(al_addr_format(&a, text),
	    "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

static void
prefixes(void **state)
{
	static const struct {
		const char	*cidr, *ip;
		int		 want;		/* -1: malformed prefix */
	} rows[] = {
		{ "192.168.0.0/16", "192.168.0.1", 1 },
		{ "192.168.0.0/16", "192.169.0.1", 0 },
		{ "192.168.0.0/33", "192.168.0.1", -1 },
		{ "10.0.0.0/8", "::ffff:10.9.8.7", 1 },
		{ "10.0.0.0/8", "10::", 0 },
		{ "::/0", "10.0.0.1", 0 },
		{ "0.0.0.0/0", "10.0.0.1", 1 },
		{ "0.0.0.0/0", "::1", 0 },
		{ "127.0.0.1", "127.0.0.1", 1 },
		{ "127.0.0.1", "127.0.0.2", 0 },
		{ "::1", "::1", 1 },
		{ "2001:db8::/32", "2001:db8::1", 1 },
		{ "2001:db8::/33", "2001:db8:8000::1", 0 },
		{ "::ffff:10.0.0.0/104", "10.200.0.1", 1 },
		{ "10.128.0.0/9", "10.127.255.255", 0 },
		{ "10.128.0.0/9", "10.128.0.0", 1 },
		{ "10.0.0.0/", "10.0.0.0", -1 },
		{ "10.0.0.0/-1", "10.0.0.0", -1 },
		{ "10.0.0.0/8x", "10.0.0.0", -1 },
		{ "10/8", "10.0.0.0", -1 },
		{ "/8", "10.0.0.0", -1 },
		{ "", "10.0.0.0", -1 },
		{ "::1/129", "::1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_cidr c;
		struct al_addr a;

		assert_int_equal(al_cidr_parse(&c, rows[i].cidr),
		    rows[i].want >= 0);
		if (rows[i].want < 0)
			continue;
		assert_true(al_addr_parse_ip(&a, rows[i].ip, 1));
		assert_int_equal(al_cidr_has(&c, &a), rows[i].want);
	}
}

static void
hostports(void **state)
{
	static const struct {
		const char	*text;
		uint16_t	 def_port;
		const char	*host;		/* NULL: refused */
		uint16_t	 port;
	} rows[] = {
		{ "example.com:80", 0, "example.com", 80 },
		{ "EXAMPLE.com.:80", 0, "example.com", 80 },
		{ "example.com", 443, "example.com", 443 },
		{ "example.com", 0, NULL, 0 },
		{ "[::1]:65535", 0, "::1", 65535 },
		{ "[2001:DB8::A]", 22, "2001:db8::a", 22 },
		{ "::1", 22, "::1", 22 },
		{ "::1", 0, NULL, 0 },
		{ "127.0.0.1:22", 0, "127.0.0.1", 22 },
		{ "host_name:1", 0, "host_name", 1 },
		{ "example.com:0", 0, NULL, 0 },
		{ "example.com:65536", 0, NULL, 0 },
		{ "example.com:", 443, NULL, 0 },
		{ "example.com:+80", 0, NULL, 0 },
		{ "example.com: 80", 0, NULL, 0 },
		{ "example.com:80 ", 0, NULL, 0 },
		{ "example.com:99999999999999999999", 0, NULL, 0 },
		{ ":80", 0, NULL, 0 },
		{ "", 80, NULL, 0 },
		{ ".", 80, NULL, 0 },
		{ "..", 80, NULL, 0 },
		{ ".example.com", 80, NULL, 0 },
		{ "a..b", 80, NULL, 0 },
		{ "a b", 80, NULL, 0 },
		{ "a\rb", 80, NULL, 0 },
		{ "a/b", 80, NULL, 0 },
		{ "a@b", 80, NULL, 0 },
		{ "a%b", 80, NULL, 0 },
		{ "a\\b", 80, NULL, 0 },
		{ "a#b", 80, NULL, 0 },
		{ "a?b", 80, NULL, 0 },
		{ "m\xc3\xbcnchen.de", 80, NULL, 0 },
		{ "[fe80::1%eth0]:80", 0, NULL, 0 },
		{ "[::1]80", 0, NULL, 0 },
		{ "[::1", 80, NULL, 0 },
		{ "[]:80", 0, NULL, 0 },
		{ "[]", 80, NULL, 0 },
		{ "[127.0.0.1]:80", 0, NULL, 0 },
		{ "[example.com]:80", 0, NULL, 0 },
		{ "[[::1]]:80", 0, NULL, 0 },
		{ "0177.0.0.1:80", 0, NULL, 0 },
		{ "127.1:80", 0, NULL, 0 },
		{ "2130706433:80", 0, NULL, 0 },
		{ "0x7f000001:80", 0, NULL, 0 },
		{ "0x7f.1:80", 0, NULL, 0 },
		{ "1.2.3.4.5:80", 0, NULL, 0 },
		{ "1.2.3.4a:80", 0, "1.2.3.4a", 80 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char host[AL_HOST_MAX + 1];
		uint16_t port;
		struct al_err err;
		enum al_code code = al_hostport_parse(rows[i].text,
		    rows[i].def_port, host, &port, &err);

		if (rows[i].host == NULL) {
			assert_int_equal(code, AL_EUSAGE);
			assert_int_equal(err.stage, AL_AT_CONFIG);
			continue;
		}
		assert_int_equal(code, AL_OK);
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
	}
}

static void
host_lengths(void **state)
{
	char text[400], host[AL_HOST_MAX + 1];
	uint16_t port;
	struct al_err err;

	(void)state;
	for (size_t n = 250; n < 260; n++) {
		memset(text, 'a', n);
		strcpy(text + n, ":1");
		assert_int_equal(al_hostport_parse(text, 0, host, &port, &err),
		    n <= 255 ? AL_OK : AL_EUSAGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals),
		cmocka_unit_test(longest_text),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(hostports),
		cmocka_unit_test(host_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
