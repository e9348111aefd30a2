/* tests/flow/test_pac.c - PAC scripts from the URL to the proxies, in the real
 * helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "pac/eval.h"
#include "pac/page.h"
#include "pac/result.h"
#include "tests/lib/dnsd.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define F(body)	"function FindProxyForURL(url, host) {" body "}"
#define NAME	"the PAC file p: "
#define NOW	INT64_C(1236051241000)	/* 2009-03-03 03:34:01 UTC, a Tuesday */

static const struct dnsd_row zone[] = {
	{ .name = "a.test", .a = { "10.1.2.3" }, .aaaa = { "2001:db8::3" } },
};

static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct al_err err;
static char helper[4096], jsc_helper[4096];

static struct {
	unsigned	calls;
	char		raw[400], engine[64], alert[100];
	size_t		n_lookups;
	struct al_err	err;
} got;

static int
setup(void **state)
{
	const char *servers[2] = { NULL, NULL };
	const struct al_resolver_opts opts = { .servers = servers };

	(void)state;
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	dns = loop != NULL ? dnsd_new(loop, zone, N(zone)) : NULL;
	if (dns == NULL)
		return -1;
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &opts, &err);
	return resolver != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	al_resolver_free(resolver);
	dnsd_free(dns);
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

static void
on_pac(void *arg, const struct al_pac_answer *a, const struct al_err *why)
{
	(void)arg;
	got.calls++;
	(void)snprintf(got.raw, sizeof(got.raw), "%s",
	    a->raw != NULL ? a->raw : "-");
	(void)snprintf(got.engine, sizeof(got.engine), "%s", a->engine);
	(void)snprintf(got.alert, sizeof(got.alert), "%s",
	    a->n_alerts > 0 ? a->alerts[0] : "");
	got.n_lookups = a->n_lookups;
	if (why != NULL)
		got.err = *why;
}

static struct al_pac *
open_script(const char *script, unsigned cpu_ms)
{
	const struct al_pac_opts o = { .resolver = resolver,
	    .name = "the PAC file p", .script = script,
	    .len = strlen(script), .clock_ms = NOW, .helper = helper,
	    .jsc_helper = jsc_helper, .cpu_ms = cpu_ms, .wall_ms = 20000 };
	struct al_pac *p = al_pac_new(loop, &o, &err);

	assert_non_null(p);
	return p;
}

static void
ask(struct al_pac *p, const char *url)
{
	static struct al_pac_page page;

	memset(&got, 0, sizeof(got));
	assert_int_equal(al_pac_page_make(&page, url, &err), AL_OK);
	assert_non_null(al_pac_ask(p, page.url, page.host, on_pac, NULL,
	    &err));
	while (got.calls == 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* The result, or the beginning of the sentence. */
static const struct row {
	const char	*script, *want;
} rows[] = {
	{ F("return 'PROXY p:1; DIRECT';"), "PROXY p:1; DIRECT" },
	{ F("return url + '|' + host;"), "https://h.test:8443/|h.test" },
	{ F("return '';") " // no newline", "" },
	{ "var x = myIpAddress();" F("return 'PROXY ' + typeof x;"),
	    "PROXY string" },
	{ F("return dnsResolve('a.test') + isInNet('a.test', '10.0.0.0', "
	    "'255.0.0.0') + isResolvable('none.test');"),
	    "10.1.2.3truefalse" },
	{ F("return dnsResolveEx('a.test');"), "2001:db8::3;10.1.2.3" },
	{ F("return String(weekdayRange('TUE', 'GMT')) + "
	    "dateRange(3, 'MAR', 2009, 'GMT') + timeRange(3, 'GMT');"),
	    "truetruetrue" },
	{ F("return String(new Date().getTime());"), "1236051241000" },
	{ F("return String(shExpMatch(host, '*.test'));"), "true" },
	{ "function FindProxyForURLEx(u, h) { return 'PROXY ex'; }",
	    "PROXY ex" },
	{ F("return 42;"), NAME "FindProxyForURL has returned " },
	{ F("return null;"), NAME "FindProxyForURL has returned " },
	{ "var x = 1;", NAME },
	{ "\n\n" F("\nthrow new Error('no way');"), NAME "line 4" },
	{ F("return nope(1);"), NAME "line 1" },
	{ "throw new Error('at load');", NAME "line 1" },
};

static void
evaluates(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct row *r = &rows[i];
		struct al_pac *p = open_script(r->script, 0);
		size_t n = strlen(r->want);

		for (int again = 0; again < 2; again++) {
			ask(p, "https://u:p@H.test:8443/secret?x");
			if (got.err.code == AL_OK ?
			    strcmp(got.raw, r->want) != 0 :
			    strncmp(got.err.text, r->want, n) != 0)
				fail_msg("%s: \"%s\" %s", r->script, got.raw,
				    got.err.text);
		}
		al_pac_free(p);
	}
}

static void
stays_warm(void **state)
{
	struct al_pac *p = open_script("var n = 0;" F("alert('n' + n);"
	    "if (n == 2) { n++; throw 1; } return 'PROXY h:' + ++n;"), 0);
	struct al_pac_result r;

	(void)state;
	ask(p, "http://h");
	assert_string_equal(got.raw, "PROXY h:1");
	assert_string_equal(got.alert, "n0");
	assert_int_equal(strncmp(got.engine, "Duktape", 7), 0);
	ask(p, "http://h");
	assert_int_equal(al_pac_result_parse(&r, got.raw, AL_PAC_SOCKS_4,
	    &err), AL_OK);
	assert_string_equal(r.entries[0], "http://h:2");
	al_pac_result_fini(&r);
	ask(p, "http://h");
	assert_int_equal(got.err.code, AL_EPROTO);
	assert_string_equal(got.alert, "n2");
	ask(p, "http://h");
	assert_string_equal(got.raw, "PROXY h:1");
	al_pac_free(p);
}

/* What cannot be stopped from within is killed. */
static void
limits(void **state)
{
	static const char *const bad[] = {
		"for (;;);",
		"/^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab');",
		"var s = 'x'; for (;;) s += s;",
		"var a = []; for (;;) a.push(new Array(1000));",
		"(function f() { f(); })();",
	};
	char script[400];

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct al_pac *p;

		(void)snprintf(script, sizeof(script), F("if (host == 'bad') "
		    "{ %s } return 'DIRECT';"), bad[i]);
		p = open_script(script, 300);
		ask(p, "http://bad");
		assert_string_equal(got.raw, "-");
		assert_int_equal(got.err.stage, AL_AT_PAC);
		assert_int_equal(got.err.cause, 111);
		if (i < 2)
			assert_string_equal(got.err.text, NAME "it took more "
			    "than 300 ms of the processor's time");
		ask(p, "http://good");
		assert_string_equal(got.raw, "DIRECT");
		al_pac_free(p);
	}
}

static void
many_lookups(void **state)
{
	struct al_pac *p = open_script(F("for (var n = 0, i = 0; i < 30; i++) "
	    "if (isResolvable('h' + i + '.localhost')) n++; return n + '';"),
	    0);

	(void)state;
	ask(p, "http://h");
	assert_string_equal(got.raw, "20");
	assert_int_equal(got.n_lookups, AL_PAC_LOOKUPS_MAX);
	al_pac_free(p);
}

static void
newer_syntax(void **state)
{
	static const char script[] =
	    "const f = (h) => `PROXY ${h}:1`;\n" F("return f(host);");
	bool installed = access(jsc_helper, X_OK) == 0;
	struct al_pac *p = open_script(script, 0);

	(void)state;
	ask(p, "http://h");
	if (installed) {
		assert_string_equal(got.raw, "PROXY h:1");
		assert_null(strstr(got.engine, "Duktape"));
	} else {
		assert_int_equal(strncmp(got.err.text, NAME "line 1",
		    strlen(NAME "line 1")), 0);
		assert_non_null(strstr(got.err.text, "newer than ES5"));
	}
	al_pac_free(p);
	/* wrong for every engine */
	p = open_script("\n" F("if (x { return 'DIRECT'; }"), 0);
	ask(p, "http://h");
	assert_int_equal(strncmp(got.err.text, NAME "line 2",
	    strlen(NAME "line 2")), 0);
	al_pac_free(p);
	if (!installed)
		return;
	p = open_script("let a = [];" F("if (host == 'bad') for (;;) "
	    "a.push(new Array(1000).fill(1)); return 'DIRECT';"), 10000);
	ask(p, "http://bad");
	assert_string_equal(got.err.text,
	    NAME "it took more than 96 MiB of memory");
	ask(p, "http://good");
	assert_string_equal(got.raw, "DIRECT");
	al_pac_free(p);
}

static void
path_of(char path[static 4096], const char *variable, const char *name)
{
	const char *dir = getenv("top_builddir"), *given = getenv(variable);
	char *full;

	if (given != NULL)
		(void)snprintf(path, 4096, "%s", given);
	else
		(void)snprintf(path, 4096, "%s/%s", dir != NULL ? dir : ".",
		    name);
	full = realpath(path, NULL);
	(void)snprintf(path, 4096, "%s", full != NULL ? full : "/nonexistent");
	free(full);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(evaluates), T(stays_warm), T(limits), T(many_lookups),
		T(newer_syntax),
	};

	(void)setenv("TZ", "UTC", 1);
	path_of(helper, "ALPACON_PAC_HELPER", AL_PAC_DUKTAPE_HELPER);
	path_of(jsc_helper, "ALPACON_PAC_JSC_HELPER", AL_PAC_JSC_HELPER);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
