/* tests/unit/test_resolve.c - look-ups against a scripted DNS server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "tests/lib/dnsd.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct dnsd_row zone[] = {
	{ .name = "both.test", .a = { "192.0.2.1", "192.0.2.2" },
	    .aaaa = { "2001:db8::1" } },
	{ .name = "v4.test", .a = { "192.0.2.3" } },
	{ .name = "v6.test", .aaaa = { "2001:db8::2", "2001:db8::3" } },
	{ .name = "fail.test", .rcode_a = DNSD_SERVFAIL,
	    .rcode_aaaa = DNSD_SERVFAIL },
	{ .name = "silent.test", .rcode_a = DNSD_SILENT,
	    .rcode_aaaa = DNSD_SILENT },
	{ .name = "half.test", .a = { "192.0.2.4" },
	    .rcode_aaaa = DNSD_SILENT },
	{ .name = "short.corp.test", .a = { "192.0.2.5" } },
	{ .name = "dotted.name", .a = { "192.0.2.6" } },
	{ .name = "dotted.name.corp.test", .a = { "192.0.2.7" } },
	{ .name = "late.test", .a = { "192.0.2.8" },
	    .aaaa = { "2001:db8::8" }, .late_aaaa_ms = 5 },
};

static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct al_err err;

/* "6:2001:db8::1,|4:192.0.2.1,192.0.2.2,|" and the last error. */
static char told[512];
static struct al_err told_err;
static unsigned told_codes;		/* 1 << code of each family */
static int done;

static int
setup(void **state)
{
	const char *servers[2] = { NULL, NULL };
	struct al_resolver_opts opts = { .servers = servers,
	    .timeout_ms = 400 };

	(void)state;
	if (setenv("LOCALDOMAIN", "corp.test", 1) != 0 ||
	    setenv("RES_OPTIONS", "ndots:1", 1) != 0)
		return -1;
	base = event_base_new();
	loop = al_loop_new(base, &err);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &opts, &err);
	told[0] = '\0';
	done = 0;
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
on_resolve(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *e)
{
	char ip[AL_ADDR_TEXT];
	size_t i;

	assert_int_equal(done, 0);
	assert_ptr_equal(arg, told);
	assert_true((n == 0) == (e != NULL));
	if (e != NULL) {
		told_err = *e;
		told_codes |= 1u << e->code;
	}
	(void)sprintf(told + strlen(told), "%d:", family == AF_INET ? 4 : 6);
	for (i = 0; i < n; i++) {
		assert_int_equal(al_addr_port(&addrs[i]), 443);
		(void)sprintf(told + strlen(told), "%s,",
		    al_addr_format_ip(&addrs[i], ip));
	}
	(void)strcat(told, "|");
	done = last;
}

static struct al_resolve *
start_with(const char *host, unsigned flags)
{
	struct al_resolve *q = al_resolve_start(resolver, host, 443, flags,
	    on_resolve, told, &err);

	assert_string_equal(told, "");
	return q;
}

static struct al_resolve *
start(const char *host)
{
	return start_with(host, 0);
}

static void
run(const char *host)
{
	assert_non_null(start(host));
	while (!done)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* Whichever answer comes first is told first: bring told into one order. */
static void
v6_first(void)
{
	char text[sizeof(told)], *rest = strchr(told, '|') + 1;

	if (told[0] != '4')
		return;
	(void)snprintf(text, sizeof(text), "%s%.*s", rest,
	    (int)(rest - told), told);
	(void)strcpy(told, text);
}

static void
answers(void **state)
{
	static const struct {
		const char	*host, *told;
		enum al_code	 code;	/* of the last family that failed */
		const char	*text;
	} rows[] = {
		{ "both.test", "6:2001:db8::1,|4:192.0.2.1,192.0.2.2,|",
		    AL_OK, NULL },
		{ "BOTH.TEST.", "6:2001:db8::1,|4:192.0.2.1,192.0.2.2,|",
		    AL_OK, NULL },
		{ "v4.test", "6:|4:192.0.2.3,|", AL_ENAME,
		    "v4.test: has no IPv6 address" },
		{ "v6.test", "6:2001:db8::2,2001:db8::3,|4:|", AL_ENAME,
		    "v6.test: has no IPv4 address" },
		{ "none.test", "6:|4:|", AL_ENAME,
		    "none.test: no such name, says DNS server 127.0.0.1" },
		{ "fail.test", "6:|4:|", AL_ENAME, "fail.test: DNS server "
		    "127.0.0.1 failed: DNS server returned general failure" },
		{ "silent.test", "6:|4:|", AL_ETIMEOUT, "silent.test: "
		    "no answer from DNS server 127.0.0.1" },
		{ "half.test", "4:192.0.2.4,|6:|", AL_ETIMEOUT, NULL },
		{ "late.test", "4:192.0.2.8,|6:2001:db8::8,|", AL_OK, NULL },
		/* the resolver's search rules */
		{ "short", "6:|4:192.0.2.5,|", AL_ENAME, NULL },
		{ "short.", "6:|4:|", AL_ENAME, NULL },
		{ "dotted.name", "6:|4:192.0.2.6,|", AL_ENAME, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		told[0] = '\0';
		done = 0;
		memset(&told_err, 0, sizeof(told_err));
		run(rows[i].host);
		if (strncmp(rows[i].told, "6:", 2) == 0)
			v6_first();
		assert_string_equal(told, rows[i].told);
		assert_int_equal(told_err.code, rows[i].code);
		if (rows[i].code != AL_OK)
			assert_int_equal(told_err.stage, AL_AT_DNS);
		if (rows[i].text != NULL)
			assert_string_equal(told_err.text, rows[i].text);
	}
}

static void
no_search(void **state)
{
	(void)state;
	assert_non_null(start_with("short", AL_RESOLVE_NO_SEARCH));
	while (!done)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_string_equal(told, "6:|4:|");
	assert_int_equal(told_err.code, AL_ENAME);
	assert_null(strstr(dnsd_questions(dns), "short."));
}

static void
no_query(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.9", "4:192.0.2.9,|" },
		{ "2001:db8::9", "6:2001:db8::9,|" },
		{ "[2001:db8::9]", "6:2001:db8::9,|" },
		{ "localhost", "6:::1,|4:127.0.0.1,|" },
		{ "LOCALHOST.", "6:::1,|4:127.0.0.1,|" },
		{ "a.localhost", "6:::1,|4:127.0.0.1,|" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		told[0] = '\0';
		done = 0;
		run(rows[i][0]);
		assert_string_equal(told, rows[i][1]);
	}
	assert_int_equal(dnsd_asked(dns), 0);
	told[0] = '\0';
	done = 0;
	run("notlocalhost");
	v6_first();
	assert_string_equal(told, "6:|4:|");
	assert_true(dnsd_asked(dns) > 0);
}

static void
refused_at_once(void **state)
{
	static const char *const bad[] = { "dns.corp", NULL };
	const struct al_resolver_opts opts = { .servers = bad };
	char name[AL_HOST_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_null(start(name));
	assert_int_equal(err.code, AL_EUSAGE);
	assert_null(start(""));
	assert_int_equal(err.code, AL_EUSAGE);
	assert_null(al_resolver_new(loop, &opts, &err));
	assert_int_equal(err.code, AL_EUSAGE);
	assert_int_equal(err.stage, AL_AT_DNS);
}

/* Labels over 63 bytes: an error of its own, from the loop. */
static void
bad_label(void **state)
{
	char name[80];

	(void)state;
	memset(name, 'a', 70);
	(void)strcpy(name + 70, ".test");
	run(name);
	v6_first();
	assert_string_equal(told, "6:|4:|");
	assert_int_equal(told_err.code, AL_ENAME);
}

static void
no_server(void **state)
{
	const char *servers[2] = { dnsd_server(dns), NULL };
	const struct al_resolver_opts opts = { .servers = servers,
	    .timeout_ms = 2000 };
	struct dnsd *other = dnsd_new(loop, zone, N(zone));

	(void)state;
	servers[0] = dnsd_server(other);
	al_resolver_free(resolver);
	resolver = al_resolver_new(loop, &opts, &err);
	assert_non_null(resolver);
	dnsd_free(other);			/* its port is closed now */
	told_codes = 0;
	run("both.test");
	v6_first();
	assert_string_equal(told, "6:|4:|");
	/* c-ares may try the other family again, and time out */
	assert_true(told_codes & 1u << AL_ENET);
}

static void
turn(void)
{
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* After every number of turns that a look-up takes. */
static void
cancel_anywhere(void **state)
{
	static const char *const hosts[] = { "both.test", "192.0.2.9",
	    "late.test" };
	struct al_resolve *q;
	int i, n;
	size_t h;

	(void)state;
	for (h = 0; h < N(hosts); h++)
		for (n = 0; n < 8; n++) {
			told[0] = '\0';
			done = 0;
			q = start(hosts[h]);
			assert_non_null(q);
			for (i = 0; i < n && !done; i++)
				turn();
			if (!done)
				al_resolve_cancel(q);
			done = 1;		/* no more calls */
			turn();
		}
	al_resolve_cancel(NULL);
}

static struct al_resolve *mine;

static void
cancel_inside(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *e)
{
	(void)arg;
	(void)family;
	(void)addrs;
	(void)n;
	(void)e;
	done++;
	if (!last)
		al_resolve_cancel(mine);
}

static void
cancel_in_callback(void **state)
{
	(void)state;
	mine = al_resolve_start(resolver, "localhost", 1, 0, cancel_inside,
	    NULL, &err);
	while (!done)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	turn();
	assert_int_equal(done, 1);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answers), T(no_search), T(no_query), T(refused_at_once),
		T(bad_label),
		T(no_server), T(cancel_anywhere), T(cancel_in_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
