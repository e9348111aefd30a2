/* tests/unit/test_pac_host.c - hosts and URLs as a PAC script sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pac/host.h"
#include "pac/page.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* host NULL: refused. */
static const struct {
	const char	*text, *host;
} hosts[] = {
	{ "h", "h" }, { "H.Example.", "h.example" }, { "a_b-c.d", "a_b-c.d" },
	{ "x.1a", "x.1a" }, { "1.2.3.x", "1.2.3.x" }, { "0xg", "0xg" },
	{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c" "CHER", "xn--bcher-kva" },
	{ "", NULL }, { ".", NULL }, { "..", NULL }, { ".a", NULL },
	{ "a..b", NULL }, { "a..", NULL }, { "a b", NULL }, { "a\tb", NULL },
	{ "a/b", NULL }, { "a@b", NULL }, { "a%b", NULL }, { "a:b", NULL },
	{ "a\\b", NULL }, { "a\x7f", NULL }, { "\xff", NULL },
	/* 60 characters, and more in its xn-- form */
	{ "\xd6\x97-----------------------------------------------------------",
	    NULL },
	/* IPv4 as browsers read it */
	{ "10.1.2.3", "10.1.2.3" }, { "10.1.2.3.", "10.1.2.3" },
	{ "0x7f.1", "127.0.0.1" }, { "017700000001", "127.0.0.1" },
	{ "127.1", "127.0.0.1" }, { "0X7F000001", "127.0.0.1" },
	{ "2130706433", "127.0.0.1" }, { "1.2.3", "1.2.0.3" },
	{ "1.2.65535", "1.2.255.255" }, { "1.16777215", "1.255.255.255" },
	{ "0", "0.0.0.0" }, { "0x", "0.0.0.0" }, { "1.0x", "1.0.0.0" },
	{ "010.010.010.010", "8.8.8.8" }, { "4294967295", "255.255.255.255" },
	{ "4294967296", NULL }, { "1.16777216", NULL }, { "1.2.65536", NULL },
	{ "1.2.3.256", NULL }, { "256.1", NULL }, { "1.2.3.4.5", NULL },
	{ "08", NULL }, { "1.2.3.09", NULL }, { "x.1", NULL },
	{ "1..1", NULL }, { "x.0x1f", NULL }, { "99999999999999999999", NULL },
	{ "0x70000007700000001", NULL }, { "x.0X100000000", NULL },
	/* IPv6 */
	{ "[::1]", "::1" }, { "[0:0::1]", "::1" },
	{ "[2001:DB8::0001]", "2001:db8::1" },
	{ "[::ffff:10.1.2.3]", "::ffff:10.1.2.3" },
	{ "::1", NULL }, { "[::1", NULL }, { "[]", NULL }, { "[", NULL },
	{ "[1.2.3.4]", NULL }, { "[::1].", NULL }, { "[fe80::1%1]", NULL },
	{ "[::1]x", NULL },
};

static void
host_rows(void **state)
{
	char host[AL_HOST_MAX + 1], text[600];
	struct guard g;

	(void)state;
	for (size_t i = 0; i < N(hosts); i++) {
		bool ok;

		g = guard_copy(hosts[i].text, strlen(hosts[i].text));
		ok = al_pac_host(host, (const char *)g.p,
		    strlen(hosts[i].text));
		guard_free(&g);
		if (ok != (hosts[i].host != NULL))
			fail_msg("\"%s\"", hosts[i].text);
		if (ok)
			assert_string_equal(host, hosts[i].host);
	}
	assert_false(al_pac_host(host, "a\0b", 3));
	for (size_t i = 0; i < 600; i++)
		text[i] = i % 60 == 59 ? '.' : 'a';
	assert_true(al_pac_host(host, text, 255));
	assert_false(al_pac_host(host, text, 256));
	assert_false(al_pac_host(host, text, 600));
}

/* port -1: refused. */
static const struct {
	const char	*text, *host;
	int		 port;
} ports[] = {
	{ "h", "h", 0 }, { "h:1", "h", 1 }, { "h:65535", "h", 65535 },
	{ "h:080", "h", 80 }, { "[::1]:80", "::1", 80 }, { "[::1]", "::1", 0 },
	{ "127.1:80", "127.0.0.1", 80 },
	{ "h:", NULL, -1 }, { "h:0", NULL, -1 }, { "h:65536", NULL, -1 },
	{ "h:8o", NULL, -1 }, { "h:+1", NULL, -1 }, { ":80", NULL, -1 },
	{ "", NULL, -1 }, { ":", NULL, -1 }, { "::1", NULL, -1 },
	{ "::1:80", NULL, -1 }, { "[::1]:", NULL, -1 }, { "[::1", NULL, -1 },
	{ "[::1]80", NULL, -1 }, { "h:1:2", NULL, -1 },
};

static void
port_rows(void **state)
{
	char host[AL_HOST_MAX + 1];
	const char *why;
	struct guard g;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < N(ports); i++) {
		g = guard_copy(ports[i].text, strlen(ports[i].text));
		why = al_pac_hostport(host, &port, (const char *)g.p,
		    strlen(ports[i].text));
		guard_free(&g);
		if ((why == NULL) != (ports[i].port >= 0))
			fail_msg("\"%s\": %s", ports[i].text,
			    why != NULL ? why : "taken");
		if (why != NULL)
			continue;
		assert_string_equal(host, ports[i].host);
		assert_int_equal(port, ports[i].port);
	}
}

/* page NULL: refused with the words of host. */
static const struct {
	const char	*url, *page, *host;
} pages[] = {
	{ "https://h", "https://h/", "h" },
	{ "https://H:443/", "https://h/", "h" },
	{ "https://host:8443/a?b#c", "https://host:8443/", "host" },
	{ "https://u:p@h/x?y", "https://h/", "h" },
	{ "HTTPS://u@v@h", "https://h/", "h" },
	{ "wss://h:443/x?y", "wss://h/", "h" },
	{ "wss://[::1]:1/x", "wss://[::1]:1/", "::1" },
	{ "http://h/a/b?c=d@e", "http://h/a/b?c=d@e", "h" },
	{ "http://u:p@h:80/a#b", "http://h/a", "h" },
	{ "http://h:8080#b", "http://h:8080/", "h" },
	{ "http://h?q", "http://h/?q", "h" },
	{ "ws://h/x?y#z", "ws://h/x?y", "h" },
	{ "http://h/\xc3\xbc", "http://h/%C3%BC", "h" },
	{ "http://b\xc3\xbc" "cher/", "http://xn--bcher-kva/",
	    "xn--bcher-kva" },
	{ "http://0x7f.1:81/", "http://127.0.0.1:81/", "127.0.0.1" },
	{ "ftp://h:21/x", "ftp://h:21/x", "h" },
	{ "http://[0:0::1]/", "http://[::1]/", "::1" },
	{ "", NULL, "a URL begins" }, { "h", NULL, "a URL begins" },
	{ "://h", NULL, "a URL begins" }, { "1://h", NULL, "a URL begins" },
	{ "a b://h", NULL, "a blank" }, { "a,b://h", NULL, "a URL begins" },
	{ "aaaaaaaaaaaaaaaa://h", NULL, "a URL begins" },
	{ "http://", NULL, "not a host" }, { "http:///x", NULL, "not a host" },
	{ "http://u@", NULL, "not a host" }, { "http://h:0", NULL, "a port" },
	{ "http://::1/", NULL, "more than one" },
	{ "http://h\\x", NULL, "a blank, a '\\'" },
	{ "http://h/\n", NULL, "a blank" }, { "http://h/ ", NULL, "a blank" },
	{ "http://u:SECRET@h:x", NULL, "a port" },
	{ "http://u:SEC/RET@h", NULL, "a port" },
};

static void
page_rows(void **state)
{
	static struct al_pac_page p;
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < N(pages); i++) {
		enum al_code code = al_pac_page_make(&p, pages[i].url, &err);

		if (pages[i].page == NULL) {
			if (code != AL_EUSAGE || err.stage != AL_AT_CONFIG ||
			    strstr(err.text, pages[i].host) == NULL ||
			    strstr(err.text, "SEC") != NULL)
				fail_msg("\"%s\": %s", pages[i].url,
				    code == AL_OK ? p.url : err.text);
			continue;
		}
		if (code != AL_OK)
			fail_msg("\"%s\": %s", pages[i].url, err.text);
		assert_string_equal(p.url, pages[i].page);
		assert_string_equal(p.host, pages[i].host);
	}
}

static void
long_url(void **state)
{
	static char url[AL_PAC_URL_MAX + 64];
	static struct al_pac_page p;
	struct al_err err;

	(void)state;
	memset(url, 'x', sizeof(url));
	memcpy(url, "http://h/", 9);
	url[AL_PAC_URL_MAX - 1] = '\0';
	assert_int_equal(al_pac_page_make(&p, url, &err), AL_OK);
	assert_string_equal(p.url, url);
	url[AL_PAC_URL_MAX - 1] = 'x';
	url[AL_PAC_URL_MAX] = '\0';
	assert_int_equal(al_pac_page_make(&p, url, &err), AL_ELIMIT);
	/* what is not shown is not counted */
	memcpy(url, "https", 5);
	memcpy(url + 5, "://h/", 5);
	assert_int_equal(al_pac_page_make(&p, url, &err), AL_OK);
	assert_string_equal(p.url, "https://h/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_rows), cmocka_unit_test(port_rows),
		cmocka_unit_test(page_rows), cmocka_unit_test(long_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
