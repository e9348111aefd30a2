/* tests/unit/test_url.c - URLs are taken apart strictly and hide secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/url.h"

static void
good(void **state)
{
	static const struct {
		const char	*text, *scheme, *user, *password, *host;
		uint16_t	 port;
		const char	*path;
	} rows[] = {
		{ "https://acme.us1.alpacon.io", "https", NULL, NULL,
		    "acme.us1.alpacon.io", 0, "/" },
		{ "WSS://Example.COM:8443/a/b?c=d", "wss", NULL, NULL,
		    "example.com", 8443, "/a/b?c=d" },
		{ "http://h?q=1", "http", NULL, NULL, "h", 0, "/?q=1" },
		{ "http://h/@x:y", "http", NULL, NULL, "h", 0, "/@x:y" },
		{ "http://user@h:1/", "http", "user", NULL, "h", 1, "/" },
		{ "http://user:@h", "http", "user", "", "h", 0, "/" },
		{ "http://:p@h", "http", "", "p", "h", 0, "/" },
		{ "socks5h://u%40x:p%2F%3a%25:z@[::1]:1080", "socks5h", "u@x",
		    "p/:%:z", "::1", 1080, "/" },
		{ "https://[2001:db8::1]/x", "https", NULL, NULL,
		    "2001:db8::1", 0, "/x" },
		{ "http://h.:80", "http", NULL, NULL, "h", 80, "/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_url u;
		struct al_err err;

		assert_int_equal(al_url_parse(&u, rows[i].text, &err), AL_OK);
		assert_string_equal(u.scheme, rows[i].scheme);
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.path, rows[i].path);
		assert_int_equal(u.port, rows[i].port);
		assert_int_equal(u.user != NULL, rows[i].user != NULL);
		assert_int_equal(u.password != NULL, rows[i].password != NULL);
		if (u.user != NULL)
			assert_string_equal(u.user, rows[i].user);
		if (u.password != NULL)
			assert_string_equal(u.password, rows[i].password);
		al_url_fini(&u);
	}
}

static void
bad(void **state)
{
	static const char *const rows[] = {
		"", "h", "h:80", "//h", "://h", "http:/h", "http:h",
		"http://", "http:///x", "http://:80", "1http://h",
		"http://h:0", "http://h:65536", "http://h:", "http://h:x",
		"http://h/a b", "http://h/a\rb", "http://h/a\nb",
		"http://h\\x", "http://h/#f", "http://h%00x/", "http://h%41",
		"http://[::1", "http://[fe80::1%25eth0]/", "http://::1/",
		"http://0177.0.0.1/", "http://0x7f.1/", "http://h..x/",
		"http://hostes-und-mehr-und-mehr://x",
		"abcdefghijklmnopq://h",
		/* SECRET must never be seen again */
		"http://u:SECRET%@h", "http://u:SECRET%4@h",
		"http://u:SECRET%00@h", "http://u:SECRET%zz@h",
		"http://u:SECRET/x@h:1", "http://u:SECRET?x@h:1",
		"http://u:SECRET#x@h:1", "http://u:SECRET@x@h:1",
		"http://u:SECRET\\@h:1", "http://u:SECRET @h:1",
		"http://u:SECRET@h:0", "http://u:SECRET@", "u:SECRET@h",
		"http://SECRET:x/@h:1", "http://u:SECRET@[::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_url u;
		struct al_err err;

		assert_int_equal(al_url_parse(&u, rows[i], &err), AL_EUSAGE);
		assert_null(strstr(err.text, "SECRET"));
		assert_null(strstr(err.text, "secret"));
		assert_true(strlen(err.text) > 10);
	}
}

static void
default_ports(void **state)
{
	(void)state;
	assert_int_equal(al_url_default_port("http"), 80);
	assert_int_equal(al_url_default_port("wss"), 443);
	assert_int_equal(al_url_default_port("socks5h"), 1080);
	assert_int_equal(al_url_default_port("ftp"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(default_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
