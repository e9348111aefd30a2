/* tests/flow/test_wpad.c - whom WPAD asks, and about which names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/autoconf/fetch.h"
#include "connector/autoconf/wpad.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "tests/lib/dnsd.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct dnsd_row zone[] = {
	{ .name = "wpad.corp.test", .a = { "192.0.2.1" } },
	{ .name = "wpad.six.test", .aaaa = { "2001:db8::1" } },
	{ .name = "wpad.both.test", .a = { "192.0.2.1" },
	    .aaaa = { "2001:db8::1" } },
	{ .name = "wpad.silent.test", .rcode_a = DNSD_SILENT,
	    .rcode_aaaa = DNSD_SILENT },
	{ .name = "wpad.xn--bcher-kva.test", .a = { "192.0.2.1" } },
	/* what must not be found */
	{ .name = "wpad", .a = { "192.0.2.66" } },
	{ .name = "wpad.test", .a = { "192.0.2.66" } },
	{ .name = "wpad.sub.corp.test.search.test", .a = { "192.0.2.66" } },
	{ .name = "wpad.search.test", .a = { "192.0.2.66" } },
};

static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct al_err err;

static int done;
static char told_url[300];
static struct al_err told;

static int
setup(void **state)
{
	const char *servers[2] = { NULL, NULL };
	struct al_resolver_opts o = { .servers = servers };

	(void)state;
	if (setenv("LOCALDOMAIN", "search.test", 1) != 0)
		return -1;
	base = event_base_new();
	loop = al_loop_new(base, &err);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &o, &err);
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
on_wpad(void *arg, const char *url, const struct al_err *e)
{
	assert_ptr_equal(arg, &told);
	assert_int_equal(done, 0);
	assert_true((url == NULL) == (e != NULL));
	done = 1;
	told_url[0] = '\0';
	memset(&told, 0, sizeof(told));
	if (e != NULL)
		told = *e;
	else
		(void)snprintf(told_url, sizeof(told_url), "%s", url);
}

static struct al_wpad *
start(const char *const *domains)
{
	struct al_wpad *w;
	size_t n = 0;

	while (domains[n] != NULL)
		n++;
	done = 0;
	w = al_wpad_start(loop, resolver, domains, n, on_wpad, &told, &err);
	assert_non_null(w);
	assert_int_equal(done, 0);
	return w;
}

#define UNTIL_DONE	while (!done) \
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0)

/* Every question is about wpad.DOMAIN of a listed domain. */
static void
check_questions(const char *const *domains)
{
	char all[1024], want[300], *name, *save = NULL;
	size_t i;

	(void)snprintf(all, sizeof(all), "%s", dnsd_questions(dns));
	for (name = strtok_r(all, " ", &save); name != NULL;
	    name = strtok_r(NULL, " ", &save)) {
		for (i = 0; domains[i] != NULL; i++) {
			(void)snprintf(want, sizeof(want), "wpad.%s",
			    domains[i]);
			if (strcmp(name, want) == 0)
				break;
		}
		if (domains[i] == NULL)
			fail_msg("asked about %s", name);
	}
}

static void
searches(void **state)
{
	static const struct {
		const char	*domains[4], *url;
		enum al_code	 code;
		const char	*text;
	} rows[] = {
		{ { "corp.test" }, "http://wpad.corp.test/wpad.dat", AL_OK,
		    NULL },
		{ { "six.test" }, "http://wpad.six.test/wpad.dat", AL_OK,
		    NULL },
		{ { "both.test", "corp.test" },
		    "http://wpad.both.test/wpad.dat", AL_OK, NULL },
		{ { "none.test", "corp.test", "both.test" },
		    "http://wpad.corp.test/wpad.dat", AL_OK, NULL },
		{ { "sub.corp.test" }, NULL, AL_ENAME,
		    "(WPAD): wpad.sub.corp.test: no such name" },
		{ { "none.test", "sub.corp.test" }, NULL, AL_ENAME,
		    "wpad.sub.corp.test" },
		{ { "silent.test", "none.test" }, NULL, AL_ETIMEOUT,
		    "wpad.silent.test: no answer from DNS within 1000 ms" },
		{ { "silent.test", "corp.test" },
		    "http://wpad.corp.test/wpad.dat", AL_OK, NULL },
	};
	size_t i;

	for (i = 0; i < N(rows); i++) {
		assert_int_equal(setup(state), 0);
		(void)start(rows[i].domains);
		UNTIL_DONE;
		if (rows[i].url != NULL) {
			assert_string_equal(told_url, rows[i].url);
		} else {
			assert_int_equal(told.code, rows[i].code);
			assert_int_equal(told.stage, AL_AT_PAC);
			assert_int_equal(told.cause, AL_CAUSE_PAC);
			if (strstr(told.text, rows[i].text) == NULL)
				fail_msg("%s", told.text);
		}
		assert_true(dnsd_asked(dns) > 0);
		check_questions(rows[i].domains);
		(void)teardown(state);
	}
}

/* "B\u00fccher.TEST." is a name like any other. */
static void
spellings(void **state)
{
	static const char *const domains[] = { "B\303\274cher.TEST.",
	    NULL };
	static const char *const asked[] = { "xn--bcher-kva.test", NULL };

	(void)state;
	(void)start(domains);
	UNTIL_DONE;
	assert_string_equal(told_url,
	    "http://wpad.xn--bcher-kva.test/wpad.dat");
	check_questions(asked);
}

static void
domains(void **state)
{
	static const char *const good[] = { "corp.example", "example.com",
	    "example.co.uk", "a.b.c.d.e", "CORP.Example.", "corp.internal",
	    "1a.2b", "a-b.example", "a_b.example", "b\303\274cher.de",
	    "city.kawasaki.jp" };
	static const char *const bad[][2] = {
		{ "", "missing" }, { ".", "missing" },
		{ "corp", "two parts" }, { "com", "two parts" },
		{ "co.uk", "public suffix" }, { "CO.UK.", "public suffix" },
		{ "github.io", "public suffix" },
		{ "x.kawasaki.jp", "public suffix" },
		{ "xn--55qx5d.cn", "public suffix" },
		{ "\xe5\x85\xac\xe5\x8f\xb8.cn", "public suffix" },
		{ "corp.local", ".local" }, { "corp.LOCAL.", ".local" },
		{ "a.localhost", "this host" },
		{ "192.0.2.1", "address" }, { "::1", "address" },
		{ "[::1]", "address" }, { "a.1", "address" },
		{ "10.1", "address" },
		{ "a..b", "empty" }, { ".a.b", "empty" }, { "a.b..", "empty" },
		{ "*.example", "does not belong" },
		{ "a b.example", "does not belong" },
		{ "a/b.example", "does not belong" },
		{ "h.example:80", "does not belong" },
		{ "u@h.example", "does not belong" },
		{ "-a.example", "does not belong" },
		{ "\xff.example", "UTF-8" },
	};
	char name[400];
	size_t i;

	(void)state;
	for (i = 0; i < N(good); i++)
		if (al_wpad_check_domain(good[i], &err) != AL_OK)
			fail_msg("%s", err.text);
	for (i = 0; i < N(bad); i++) {
		if (al_wpad_check_domain(bad[i][0], &err) != AL_EUSAGE)
			fail_msg("\"%s\" is taken", bad[i][0]);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		if (strstr(err.text, bad[i][1]) == NULL)
			fail_msg("%s", err.text);
	}
	/* 63 letters a part, 253 in all with "wpad." */
	memset(name, 'a', sizeof(name));
	(void)strcpy(name + 63, ".test");
	assert_int_equal(al_wpad_check_domain(name, &err), AL_OK);
	memset(name, 'a', 64);
	(void)strcpy(name + 64, ".test");
	assert_int_equal(al_wpad_check_domain(name, &err), AL_EUSAGE);
	for (i = 0; i < 248; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[248] = '\0';
	assert_int_equal(al_wpad_check_domain(name, &err), AL_OK);
	(void)strcpy(name + 248, "a");
	assert_int_equal(al_wpad_check_domain(name, &err), AL_EUSAGE);
}

static void
refused_at_once(void **state)
{
	static const char *const suffix[] = { "corp.test", "co.uk" };
	const char *many[AL_WPAD_DOMAINS_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < N(many); i++)
		many[i] = "corp.test";
	done = 0;
	assert_null(al_wpad_start(loop, resolver, suffix, 2, on_wpad, &told,
	    &err));
	assert_int_equal(err.code, AL_EUSAGE);
	assert_null(al_wpad_start(loop, resolver, many, 0, on_wpad, &told,
	    &err));
	assert_null(al_wpad_start(loop, resolver, many, N(many), on_wpad,
	    &told, &err));
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(done, 0);
	assert_int_equal(dnsd_asked(dns), 0);
}

static void
cancel_anywhere(void **state)
{
	static const char *const all[] = { "none.test", "corp.test", NULL };
	struct al_wpad *w;
	int n, k, whole;

	(void)state;
	for (n = 0, whole = 0; !whole; n++) {
		w = start(all);
		for (k = 0; k < n && !done; k++)
			(void)event_base_loop(base, EVLOOP_ONCE);
		whole = done;
		if (!done)
			al_wpad_cancel(w);
		done = 1;
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	al_wpad_cancel(NULL);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches),
		T(spellings), T(refused_at_once), T(cancel_anywhere),
		cmocka_unit_test(domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
