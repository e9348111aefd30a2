/* tests/unit/test_pac_result.c - what a PAC script returns, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pac/result.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* entries, joined by a blank; how many warnings. */
static const struct {
	const char	*raw, *entries;
	size_t		 warnings;
} rows[] = {
	/* PAC.md 4 */
	{ " PROXY    foopy:10 ", "http://foopy:10", 0 },
	{ "pRoXy foopy", "http://foopy:80", 0 },
	{ "PROXY-foopy:10", "direct", 1 },
	{ "PROXY foopy1 ; JUNK ; SOCKS5 foopy2 ; ;",
	    "http://foopy1:80 socks5h://foopy2:1080", 1 },
	/* nothing is direct */
	{ "", "direct", 0 }, { " ", "direct", 0 }, { ";;", "direct", 0 },
	{ " ; ;\n", "direct", 0 },
	/* each type and its port */
	{ "DIRECT", "direct", 0 }, { "direct;", "direct", 0 },
	{ "HTTP h", "http://h:80", 0 }, { "HTTPS h", "https://h:443", 0 },
	{ "SOCKS4 h", "socks4://h:1080", 0 },
	{ "SOCKS4A h", "socks4a://h:1080", 0 },
	{ "SOCKS5 h", "socks5h://h:1080", 0 },
	{ "SOCKS h:1", "socks4://h:1", 0 },
	{ "https h:1;http h:2", "https://h:1 http://h:2", 0 },
	{ "PROXY\th\r\n;\nDIRECT\n", "http://h:80 direct", 0 },
	{ "PROXY a;PROXY a;DIRECT;DIRECT",
	    "http://a:80 http://a:80 direct direct", 0 },
	/* URLs in the place of hosts */
	{ "PROXY http://h:8080", "http://h:8080", 0 },
	{ "PROXY http://h:8080/", "http://h:8080", 0 },
	{ "PROXY HTTP://h", "http://h:80", 0 },
	{ "HTTPS https://h", "https://h:443", 0 },
	{ "SOCKS5 socks5://h", "socks5h://h:1080", 0 },
	{ "SOCKS5 socks5h://h", "socks5h://h:1080", 0 },
	{ "PROXY https://h", "direct", 1 }, { "PROXY http://", "direct", 1 },
	{ "PROXY http://h/x", "direct", 1 },
	{ "PROXY http:/h", "direct", 1 }, { "PROXY http:", "direct", 1 },
	/* hosts */
	{ "PROXY FOO.Example.:1", "http://foo.example:1", 0 },
	{ "PROXY b\xc3\xbc" "cher:1", "http://xn--bcher-kva:1", 0 },
	{ "PROXY 0x7f.1:1", "http://127.0.0.1:1", 0 },
	{ "PROXY 017700000001", "http://127.0.0.1:80", 0 },
	{ "PROXY 127.1", "http://127.0.0.1:80", 0 },
	{ "PROXY 256.1.1.1", "direct", 1 },
	{ "PROXY [2001:DB8::0:1]:3128", "http://[2001:db8::1]:3128", 0 },
	{ "SOCKS5 [::1]", "socks5h://[::1]:1080", 0 },
	{ "PROXY ::1", "direct", 1 }, { "PROXY [::1", "direct", 1 },
	{ "PROXY a,b:1", "direct", 1 }, { "PROXY a%41", "direct", 1 },
	/* ports */
	{ "PROXY h:0", "direct", 1 }, { "PROXY h:65536", "direct", 1 },
	{ "PROXY h:", "direct", 1 }, { "PROXY h:-1", "direct", 1 },
	{ "PROXY h:65535", "http://h:65535", 0 },
	/* the rest of what is dropped */
	{ "PROXY", "direct", 1 }, { "PROXY ;DIRECT", "direct", 1 },
	{ "PROXY u:p@h:1", "direct", 1 }, { "PROXY http://u@h", "direct", 1 },
	{ "PROXY h/", "direct", 1 }, { "PROXY h:1/x", "direct", 1 },
	{ "PROXY h :1", "direct", 1 }, { "PROXY a b", "direct", 1 },
	{ "DIRECT x", "direct", 1 }, { "QUIC h:1", "direct", 1 },
	{ "h:1", "direct", 1 }, { "PROXY a PROXY b", "direct", 1 },
	{ "DIRECT x; PROXY h", "http://h:80", 1 },
	{ "PROXY h,DIRECT", "direct", 1 }, { "\xff;PROXY h", "http://h:80", 1 },
};

static void
check(const char *raw, enum al_pac_socks socks, const char *entries,
    size_t warnings)
{
	struct al_pac_result r;
	struct al_route route;
	struct al_err err;
	char all[400] = "";

	assert_int_equal(al_pac_result_parse(&r, raw, socks, &err), AL_OK);
	al_route_init(&route);
	for (size_t i = 0; i < r.n; i++) {
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all),
		    "%s%s", i > 0 ? " " : "", r.entries[i]);
		assert_int_equal(al_route_add(&route, r.entries[i], &err),
		    AL_OK);
	}
	al_route_fini(&route);
	if (strcmp(all, entries) != 0 || r.n_warnings != warnings)
		fail_msg("\"%s\": \"%s\", %zu warnings, %s", raw, all,
		    r.n_warnings, r.n_warnings > 0 ? r.warnings[0] : "-");
	al_pac_result_fini(&r);
	assert_int_equal(r.n, 0);
}

static void
parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		check(rows[i].raw, AL_PAC_SOCKS_4, rows[i].entries,
		    rows[i].warnings);
}

static void
socks(void **state)
{
	static const struct {
		const char	*option, *entries;
	} options[] = {
		{ "4", "socks4://h:1" }, { "4a", "socks4a://h:1" },
		{ "5", "socks5h://h:1" },
		{ "5-then-4", "socks5h://h:1 socks4://h:1" },
	};
	enum al_pac_socks kind;
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < N(options); i++) {
		assert_int_equal(al_pac_socks_parse(options[i].option, &kind,
		    &err), AL_OK);
		check("SOCKS h:1", kind, options[i].entries, 0);
		check("SOCKS4 h:1", kind, "socks4://h:1", 0);
	}
	assert_int_equal(al_pac_socks_parse("6\n", &kind, &err), AL_EUSAGE);
	assert_int_equal(err.stage, AL_AT_CONFIG);
	assert_string_equal(err.text,
	    "SOCKS in a PAC file means 4, 4a, 5 or 5-then-4, not \"6\"");
}

static void
warns(void **state)
{
	static const struct {
		const char	*raw, *warning;
	} texts[] = {
		{ "FOO h:1", "\"FOO h:1\": not a type of proxy that we know" },
		{ "DIRECT x", "\"DIRECT x\": DIRECT stands alone" },
		{ "PROXY h:0",
		    "\"PROXY h:0\": a port is a number from 1 to 65535" },
		{ "PROXY", "\"PROXY\": the proxy's host is missing" },
		{ "PROXY h/x", "\"PROXY h/x\": a proxy has no path" },
		{ "PROXY https://h",
		    "\"PROXY https://h\": its URL is of another type" },
		{ "PROXY u:SECRET@h", "an entry that names a user (not "
		    "shown): a PAC file cannot give credentials" },
		{ "SECRET@h", "an entry that names a user (not shown): not a "
		    "type of proxy that we know" },
		{ "\x1b[2J", "\".[2J\": not a type of proxy that we know" },
	};
	struct al_pac_result r;
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		assert_int_equal(al_pac_result_parse(&r, texts[i].raw,
		    AL_PAC_SOCKS_5, &err), AL_OK);
		assert_int_equal(r.n_warnings, 1);
		assert_string_equal(r.warnings[0], texts[i].warning);
		al_pac_result_fini(&r);
	}
}

static void
many(void **state)
{
	char raw[2048] = "";
	struct al_pac_result r;
	struct al_err err;

	(void)state;
	for (int i = 0; i < 31; i++)
		(void)strcat(raw, "PROXY h;");
	(void)strcat(raw, "SOCKS a;");	/* its second does not fit */
	for (int i = 0; i < 50; i++)
		(void)strcat(raw, "PROXY x:0;");
	assert_int_equal(al_pac_result_parse(&r, raw, AL_PAC_SOCKS_5_THEN_4,
	    &err), AL_OK);
	assert_int_equal(r.n, AL_ROUTE_MAX);
	assert_string_equal(r.entries[31], "socks5h://a:1080");
	assert_int_equal(r.n_warnings, AL_ROUTE_MAX);
	assert_string_equal(r.warnings[0], "\"SOCKS a\": too many proxies");
	al_pac_result_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses), cmocka_unit_test(socks),
		cmocka_unit_test(warns), cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
