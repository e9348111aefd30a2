/* tests/unit/test_names.c - the allow-list of local connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/connectord/names.h"

static void
matches(void **state)
{
	static const char *const given[] = {
		"acme.us1.alpacon.io:8443", "Files.Alpacon.io", "*.cdn.io",
		"*.cdn.io:8080", "192.0.2.1", "[::1]:444",
	};
	static const struct {
		const char	*host;
		uint16_t	 sni_port;	/* where a ClientHello leads */
		uint16_t	 port;
		bool		 has;
	} rows[] = {
		{ "acme.us1.alpacon.io", 8443, 8443, true },
		{ "ACME.us1.alpacon.io", 8443, 443, false },
		{ "files.alpacon.io", 443, 443, true },
		{ "files.alpacon.io", 443, 80, false },
		{ "xfiles.alpacon.io", 0, 443, false },
		{ "files.alpacon.io.evil.example", 0, 443, false },
		{ "alpacon.io", 0, 443, false },
		{ "a.cdn.io", 443, 443, true },
		{ "A.B.CDN.io", 443, 8080, true },
		{ "cdn.io", 0, 443, false },
		{ ".cdn.io", 0, 443, false },
		{ "xcdn.io", 0, 443, false },
		{ "192.0.2.1", 443, 443, true },
		{ "::1", 444, 444, true },
		{ "", 0, 443, false },
	};
	struct al_names n;
	struct al_err err;

	(void)state;
	al_names_init(&n);
	assert_false(al_names_has(&n, "acme.us1.alpacon.io", 443));
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		assert_int_equal(al_names_add(&n, given[i], &err), AL_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (al_names_port(&n, rows[i].host) != rows[i].sni_port)
			fail_msg("%s: port %u", rows[i].host,
			    al_names_port(&n, rows[i].host));
		if (al_names_has(&n, rows[i].host, rows[i].port) !=
		    rows[i].has)
			fail_msg("%s:%u", rows[i].host, rows[i].port);
	}
	al_names_fini(&n);
}

/* "*": every host and port, which no list of names would say by accident. */
static void
everything(void **state)
{
	struct al_names n;
	struct al_err err;

	(void)state;
	al_names_init(&n);
	assert_int_equal(al_names_add(&n, "files.alpacon.io:8443", &err),
	    AL_OK);
	assert_int_equal(al_names_add(&n, "*", &err), AL_OK);
	assert_true(al_names_has(&n, "192.0.2.1", 25));
	assert_true(al_names_has(&n, "files.alpacon.io", 1));
	assert_int_equal(al_names_port(&n, "files.alpacon.io"), 8443);
	assert_int_equal(al_names_port(&n, "else.example"), 443);
	al_names_fini(&n);
}

static void
bad(void **state)
{
	static const char *const rows[] = {
		"", "*.", "*:443", "a.*", "h:0", "h:x", "h h", "u@h",
		"https://h", "*.192.0.2.1", "*.[::1]", "h..x",
	};
	struct al_names n;
	struct al_err err;

	(void)state;
	al_names_init(&n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (al_names_add(&n, rows[i], &err) != AL_EUSAGE)
			fail_msg("\"%s\" is taken", rows[i]);
	assert_int_equal(n.n, 0);
	al_names_fini(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(everything),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
