/* tests/unit/test_pac_eval.c - the library's side of PAC scripts, with a
 * helper that plays (pac_helper_script.c): URLs are its commands. */
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
#include "pac/eval.h"
#include "pac/own_addr.h"
#include "tests/lib/dnsd.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define FILE_	"the PAC file http://h/p.pac: "
#define HELPER	"alpacon-pac-helper"

static const struct dnsd_row zone[] = {
	{ .name = "a.test", .a = { "192.0.2.1", "192.0.2.2" },
	    .aaaa = { "2001:db8::3" } },
	{ .name = "v6.test", .aaaa = { "2001:db8::4" } },
	{ .name = "half.test", .a = { "192.0.2.5" },
	    .rcode_aaaa = DNSD_SILENT },
	{ .name = "silent.test", .rcode_a = DNSD_SILENT,
	    .rcode_aaaa = DNSD_SILENT },
};

static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct al_pac *pac;
static struct al_err err;
static char helper[4096];

static struct got {
	unsigned	calls;
	char		raw[400], engine[64], alerts[400], names[2000];
	struct al_err	err;
	struct al_pac_fault fault;
	bool		has_fault;
	size_t		n_lookups, n_alerts;
	unsigned	elapsed_us;
} got;

static int
setup(void **state)
{
	const char *servers[2] = { NULL, NULL };
	const struct al_resolver_opts opts = { .servers = servers,
	    .timeout_ms = 5000 };

	(void)state;
	memset(&got, 0, sizeof(got));
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
	al_pac_free(pac);
	pac = NULL;
	al_resolver_free(resolver);
	dnsd_free(dns);
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

static void
on_pac(void *arg, const struct al_pac_answer *a, const struct al_err *why)
{
	struct got *g = arg;
	size_t i;

	assert_int_equal(a->raw == NULL, why != NULL);
	g->calls++;
	g->raw[0] = g->alerts[0] = g->names[0] = '\0';
	(void)snprintf(g->raw, sizeof(g->raw), "%s",
	    a->raw != NULL ? a->raw : "-");
	(void)snprintf(g->engine, sizeof(g->engine), "%s", a->engine);
	for (i = 0; i < a->n_alerts; i++)
		(void)snprintf(g->alerts + strlen(g->alerts),
		    sizeof(g->alerts) - strlen(g->alerts), "%s|",
		    a->alerts[i]);
	for (i = 0; i < a->n_lookups; i++)
		(void)snprintf(g->names + strlen(g->names),
		    sizeof(g->names) - strlen(g->names), "%d:%s:%zu ",
		    a->lookups[i].what, a->lookups[i].name,
		    a->lookups[i].n);
	g->n_lookups = a->n_lookups;
	g->n_alerts = a->n_alerts;
	g->elapsed_us = a->elapsed_us;
	g->has_fault = a->fault != NULL;
	g->err = why != NULL ? *why : (struct al_err){ .code = AL_OK };
	if (why != NULL) {
		assert_int_equal(why->stage, AL_AT_PAC);
		assert_int_equal(why->cause, 111);
		assert_int_not_equal(why->code, AL_OK);
	}
	if (a->fault != NULL)
		g->fault = *a->fault;
}

static struct al_pac_opts
opts_of(const char *script)
{
	return (struct al_pac_opts){ .resolver = resolver,
	    .name = "the PAC file http://h/p.pac", .script = script,
	    .len = strlen(script), .helper = helper,
	    .jsc_helper = "/nonexistent", .wall_ms = 60000,
	    .cpu_ms = 60000 };
}

static void
open_pac(const struct al_pac_opts *o)
{
	al_pac_free(pac);
	pac = al_pac_new(loop, o, &err);
	assert_non_null(pac);
}

static void
open_script(const char *script)
{
	const struct al_pac_opts o = opts_of(script);

	open_pac(&o);
}

static void
turn_until(const unsigned *calls, unsigned n)
{
	while (*calls < n)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
ask(const char *url)
{
	memset(&got, 0, sizeof(got));
	assert_non_null(al_pac_ask(pac, url, "h.test", on_pac, &got, &err));
	assert_int_equal(got.calls, 0);		/* not under this frame */
	turn_until(&got.calls, 1);
	assert_int_equal(got.calls, 1);
}

static void
asks(const char *url, const char *raw)
{
	ask(url);
	if (strcmp(got.raw, raw) != 0)
		fail_msg("%s: \"%s\", not \"%s\": %s", url, got.raw, raw,
		    got.err.text);
}

static void
fails(const char *url, enum al_code code, const char *text)
{
	ask(url);
	if (got.err.code != code || strncmp(got.err.text, FILE_,
	    strlen(FILE_)) != 0 ||
	    strcmp(got.err.text + strlen(FILE_), text) != 0)
		fail_msg("%s: %s \"%s\": %s", url, al_code_name(got.err.code),
		    got.raw, got.err.text);
}

/* --- answers -------------------------------------------------------------- */

static void
works(void **state)
{
	char pid[400];

	(void)state;
	open_script("");
	asks("result PROXY h:1", "PROXY h:1");
	assert_string_equal(got.engine, "Script 1");
	assert_int_equal(got.n_lookups, 0);
	assert_true(got.elapsed_us > 0);
	asks("host", "h.test");
	asks("", "");
	/* one warm helper, whose globals stay */
	asks("count", "4");
	assert_string_equal(got.engine, "Script 1");
	ask("pid");
	memcpy(pid, got.raw, sizeof(pid));
	asks("pid", pid);
	asks("clock", "-9223372036854775808");
	/* alerts, cleaned */
	ask("alert one\nalert t\x1bwo\nresult r");
	assert_string_equal(got.alerts, "one|t.wo|");
	ask("alerts 1000\nresult r");		/* 8 KiB of them */
	assert_int_equal(got.n_alerts, AL_PAC_ALERTS_MAX / 11 + 1);
	asks("alert a\nresult r", "r");
	assert_int_equal(got.n_alerts, 1);
	/* a NUL does not hide what is behind it */
	asks("raw 0300000003610062", "a?b");
}

static void
clock_and_size(void **state)
{
	static char script[AL_PAC_SCRIPT_MAX + 1];
	struct al_pac_opts o = opts_of("");

	(void)state;
	memset(script, '\n', sizeof(script));
	o.script = script;
	o.len = AL_PAC_SCRIPT_MAX;
	o.clock_ms = 1236051241000;
	open_pac(&o);
	asks("size", "2097152");
	asks("clock", "1236051241000");
	o.len++;
	assert_null(al_pac_new(loop, &o, &err));
	assert_int_equal(err.code, AL_ELIMIT);
	assert_string_equal(err.text,
	    FILE_ "it is longer than 2097152 bytes");
}

/* --- faults of the script ------------------------------------------------- */

static void
faults(void **state)
{
	char url[600] = "";

	(void)state;
	open_script("");
	fails("fail 3 4 9 TypeError: x is not a function|x(1)", AL_EPROTO,
	    "line 4, column 9: TypeError: x is not a function: \"x(1)\"");
	assert_true(got.has_fault);
	assert_int_equal(got.fault.stage, AL_PAC_AT_RUN);
	assert_int_equal(got.fault.line, 4);
	assert_int_equal(got.fault.column, 9);
	assert_string_equal(got.fault.text, "x(1)");
	assert_string_equal(got.engine, "Script 1");
	/* it is loaded anew */
	asks("count", "1");
	fails("fail 4 0 0 FindProxyForURL returned a number", AL_EPROTO,
	    "FindProxyForURL returned a number");
	fails("fail 3 5 0 thrown", AL_EPROTO, "line 5: thrown");
	fails("fail 3 5 1 a\x1b" "b|c\td", AL_EPROTO,
	    "line 5, column 1: a.b: \"c d\"");
	/* of a long line, what is at the column */
	fails("fail 3 1 62 thrown|function FindProxyForURL(url, host) { "
	    "return isPlain(host) ? here() : 'DIRECT, and so on'; }",
	    AL_EPROTO, "line 1, column 62: thrown: \"...(url, host) { return "
	    "isPlain(host) ? here() : 'DIRECT, and so on...\"");
	fails("fail 3 1 90 thrown|function FindProxyForURL(url, host) { "
	    "return isPlain(host) ? here() : 'DIRECT, and so on'; }",
	    AL_EPROTO, "line 1, column 90: thrown: \"...(host) ? here() : "
	    "'DIRECT, and so on'; }\"");
	/* long ones leave room for the end */
	(void)strcpy(url, "fail 1 4000000000 4000000000 ");
	memset(url + strlen(url), 'm', 200);
	(void)strcat(url, "|");
	memset(url + strlen(url), 't', 200);
	ask(url);
	assert_non_null(strstr(got.err.text, "mmm...: \"...ttt"));
	assert_non_null(strstr(got.err.text, "ttt\" (uses syntax newer than "
	    "ES5, or is wrong; install alpacon-pac-helper-jsc)"));
	/* at the load */
	open_script("fail 2 1 2 thrown at load|x");
	fails("result r", AL_EPROTO,
	    "line 1, column 2: thrown at load: \"x\"");
	assert_string_equal(got.engine, "");
	fails("result r", AL_EPROTO,
	    "line 1, column 2: thrown at load: \"x\"");
}

static void
newer_syntax(void **state)
{
	struct al_pac_opts o = opts_of("syntax");
	char pid[400];

	(void)state;
	open_pac(&o);
	fails("result r", AL_EPROTO, "line 3, column 7: empty expression not "
	    "allowed: \"x =>\" (uses syntax newer than ES5, or is wrong; "
	    "install alpacon-pac-helper-jsc)");
	assert_int_equal(got.fault.stage, AL_PAC_AT_SYNTAX);
	/* the other engine knows it, and is asked at once from then on */
	o.jsc_helper = helper;
	open_pac(&o);
	ask("pid");
	assert_string_equal(got.engine, "JSC");
	memcpy(pid, got.raw, sizeof(pid));
	asks("pid", pid);
	/* or does not */
	o.script = "fail 1 2 0 Unexpected token";
	o.len = strlen(o.script);
	open_pac(&o);
	fails("result r", AL_EPROTO, "line 2: Unexpected token");
	/* memory is looked at from here */
	o.script = "syntax";
	o.len = strlen(o.script);
	open_pac(&o);
	fails("grow", AL_ELIMIT, "it took more than 96 MiB of memory");
	asks("count", "1");
}

/* --- a helper that fails -------------------------------------------------- */

/* Each at the load and at the evaluation; hex of payloads. */
#define NONSENSE	HELPER " answered with nonsense"
static const struct {
	const char	*command;
	enum al_code	 code;
	const char	*text;
} broken[] = {
	{ "die", AL_EOF, HELPER " ended with status 3" },
	{ "abort", AL_EOF, HELPER " was killed by signal 6" },
	{ "wire ", AL_EOF, HELPER " ended" },
	{ "wire 00", AL_EOF, HELPER " ended" },
	{ "wire 00000006", AL_EOF, HELPER " ended" },
	{ "wire 000000060300000001", AL_EOF, HELPER " ended" },
	{ "wire ffffffff", AL_EPROTO, HELPER " announced a message of "
	    "4294967295 bytes (at most 2097216 are allowed)" },
	{ "raw ", AL_EPROTO, NONSENSE },
	{ "raw 03", AL_EPROTO, NONSENSE },
	{ "raw 03000000", AL_EPROTO, NONSENSE },
	{ "raw 030000000141", AL_OK, "A" },
	{ "raw 0300000002", AL_EPROTO, NONSENSE },
	{ "raw 030000000241", AL_EPROTO, NONSENSE },
	{ "raw 03ffffffff41", AL_EPROTO, NONSENSE },
	{ "raw 03000000014142", AL_EPROTO, NONSENSE },
	{ "raw 030000000141" "030000000141", AL_EPROTO, NONSENSE },
	{ "raw 030000000141" "010000000141", AL_EPROTO, NONSENSE },
	{ "raw 010000000141", AL_EPROTO, NONSENSE },
	{ "raw 000000000141", AL_EPROTO, NONSENSE },
	{ "raw 060000000141", AL_EPROTO, NONSENSE },
	/* LOOKUP: no kind, unknown kinds, no name, own with a name */
	{ "raw 0400000000", AL_EPROTO, NONSENSE },
	{ "raw 04000000020041", AL_EPROTO, NONSENSE },
	{ "raw 04000000020541", AL_EPROTO, NONSENSE },
	{ "raw 040000000101", AL_EPROTO, NONSENSE },
	{ "raw 04000000020341", AL_EPROTO, NONSENSE },
	/* FAILED: cut off everywhere, stages that there are not */
	{ "raw 0500000000", AL_EPROTO, NONSENSE },
	{ "raw 050000000103", AL_EPROTO, NONSENSE },
	{ "raw 050000000a" "0300000001000000020000", AL_EPROTO, NONSENSE },
	{ "raw 050000000b" "0300000001000000020001", AL_EPROTO, NONSENSE },
	{ "raw 050000000b" "0000000001000000020000", AL_EPROTO, NONSENSE },
	{ "raw 050000000b" "0500000001000000020000", AL_EPROTO, NONSENSE },
	{ "raw 050000000b" "0300000001000000020000", AL_EPROTO,
	    "line 1, column 2: " },
	{ "flood", AL_EPROTO, NONSENSE },
};

static void
breaks(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(broken); i++) {
		const char *c = broken[i].command;

		open_script("");
		if (broken[i].code == AL_OK)
			asks(c, broken[i].text);
		else
			fails(c, broken[i].code, broken[i].text);
		/* what comes then is not the same helper, unless it is fine */
		asks("count", broken[i].code == AL_OK ? "2" : "1");
		open_script(c);
		if (broken[i].code == AL_OK)	/* no RESULT of a load */
			fails("", AL_EPROTO, NONSENSE);
		else
			fails("", broken[i].code, broken[i].text);
	}
	open_script("");
	fails("loaded x", AL_EPROTO, NONSENSE);
	/* an answer too many is seen when the next question comes: the
	 * helper is not asked, another one is */
	open_script("");
	asks("twice", "one");
	asks("count", "1");
}

static void
dies_idle(void **state)
{
	(void)state;
	open_script("");
	asks("wire 00000006030000000141", "A");	/* and it is gone */
	ask("count");
	if (got.err.code != AL_OK) {	/* seen only when it was asked */
		assert_int_equal(got.err.code, AL_EOF);
		ask("count");
	}
	assert_string_equal(got.raw, "1");
}

static void
not_installed(void **state)
{
	struct al_pac_opts o = opts_of("");

	(void)state;
	o.helper = "/nonexistent";
	open_pac(&o);
	fails("result r", AL_EUSAGE, "cannot start helper /nonexistent: "
	    "No such file or directory");
	/* by variables */
	o.helper = o.jsc_helper = NULL;
	assert_int_equal(setenv("ALPACON_PAC_HELPER", helper, 1), 0);
	assert_int_equal(setenv("ALPACON_PAC_JSC_HELPER", helper, 1), 0);
	o.script = "syntax";
	o.len = strlen(o.script);
	open_pac(&o);
	asks("result r", "r");
	assert_string_equal(got.engine, "JSC");
	assert_int_equal(unsetenv("ALPACON_PAC_HELPER"), 0);
	assert_int_equal(unsetenv("ALPACON_PAC_JSC_HELPER"), 0);
}

/* --- limits --------------------------------------------------------------- */

static void
deadlines(void **state)
{
	struct al_pac_opts o = opts_of("");

	(void)state;
	o.wall_ms = 150;
	open_pac(&o);
	asks("result r", "r");
	fails("hang", AL_ETIMEOUT, "it took longer than 150 ms");
	assert_true(got.elapsed_us >= 150000);
	asks("count", "1");
	fails("name4 silent.test", AL_ETIMEOUT, "it took longer than 150 ms");
	assert_int_equal(got.n_lookups, 1);
	o.script = "hang";
	o.len = 4;
	open_pac(&o);
	fails("result r", AL_ETIMEOUT, "loading it took longer than 150 ms");

	o = opts_of("");
	o.cpu_ms = 60;
	open_pac(&o);
	fails("spin", AL_ETIMEOUT,
	    "it took more than 60 ms of the processor's time");
	asks("count", "1");
	/* waiting costs nothing */
	asks("ms 200\nresult r", "r");
	o.script = "spin";
	o.len = 4;
	open_pac(&o);
	fails("result r", AL_ETIMEOUT,
	    "loading it took more than 60 ms of the processor's time");
}

/* --- look-ups ------------------------------------------------------------- */

static void
lookups(void **state)
{
	unsigned asked;

	(void)state;
	open_script("");
	asks("name4 a.test", "4:192.1 4:192.2 ");
	assert_string_equal(got.names, "1:a.test:2 ");
	asks("name a.test", "6:32.3 4:192.1 4:192.2 ");
	asks("name4 v6.test", "");
	asks("name v6.test", "6:32.4 ");
	asks("name none.test", "");
	/* the other family is not waited for */
	asks("name4 half.test", "4:192.5 ");
	asks("name4 10.0.0.7", "4:10.7 ");
	asks("name4 0xa.7", "4:10.7 ");
	asks("name ::9", "6:0.9 ");
	asks("name4 ::9", "");
	/* the same question is asked once; no name is no question */
	asked = dnsd_asked(dns);
	asks("name4 a.test\nname4 A.test.\nname4 a..test\nname4 x y\nname \xff",
	    "4:192.1 4:192.2 4:192.1 4:192.2 ");
	assert_string_equal(got.names, "1:a.test:2 ");
	assert_int_equal(dnsd_asked(dns), asked + 2);
	/* after the load, the evaluation has its own */
	open_script("name4 a.test");
	asks("name4 a.test", "4:192.1 4:192.2 ");
	assert_string_equal(got.names, "1:a.test:2 ");
	asks("name4 v6.test", "");
	assert_string_equal(got.names, "1:v6.test:0 ");
}

static bool
hook(void *arg, struct al_pac_lookup *l)
{
	unsigned *calls = arg;

	(*calls)++;
	if (strcmp(l->name, "a.test") == 0)
		return false;
	l->n = al_addr_parse_ip(&l->addrs[0], "10.1.1.9", 0);
	return true;
}

static void
hooks(void **state)
{
	struct al_pac_opts o = opts_of("many 20");
	unsigned calls = 0;

	(void)state;
	o.lookup = hook;
	o.arg = &calls;
	open_pac(&o);
	/* what the load has asked costs the evaluation nothing */
	asks("many 45", "found 40");
	assert_int_equal(calls, 40);
	assert_int_equal(got.n_lookups, 40);
	asks("many 30", "found 20");
	assert_int_equal(calls, 60);
	assert_int_equal(got.n_lookups, 20);
	asks("name4 b.test\nmany 30", "found 19");
	asks("name4 a.test", "4:192.1 4:192.2 ");
	asks("own4", "4:10.9 ");
}

static void
own(void **state)
{
	struct al_addr addrs[AL_OWN_MAX];
	size_t n, i;

	(void)state;
	open_script("");
	ask("own4");
	assert_string_not_equal(got.raw, "");
	assert_int_equal(strncmp(got.raw, "4:", 2), 0);
	assert_null(strstr(got.raw, "6:"));
	ask("own");
	assert_string_not_equal(got.raw, "");
	n = al_own_addrs(addrs, AL_OWN_PRIVATE, AL_OWN_BOTH);
	assert_true(n <= AL_OWN_MAX);
	for (i = 0; i < n; i++)
		assert_true(al_own_is_fit(&addrs[i]));
	for (i = 0; i < 6; i++) {
		static const char *const unfit[] = { "0.0.0.0", "127.0.1.1",
		    "169.254.1.1", "::", "::1", "fe80::1" };

		assert_true(al_addr_parse_ip(&addrs[0], unfit[i], 0));
		assert_false(al_own_is_fit(&addrs[0]));
	}
}

/* --- turns ---------------------------------------------------------------- */

static void
queue(void **state)
{
	static struct got each[AL_PAC_QUEUE_MAX];
	struct al_pac_query *q;
	size_t i;

	(void)state;
	open_script("");
	memset(each, 0, sizeof(each));
	for (i = 0; i < AL_PAC_QUEUE_MAX; i++)
		assert_non_null(al_pac_ask(pac, "result r", "h", on_pac,
		    &each[i], &err));
	assert_null(al_pac_ask(pac, "x", "h", on_pac, &got, &err));
	assert_int_equal(err.code, AL_ELIMIT);
	for (i = 0; i < AL_PAC_QUEUE_MAX; i++) {
		turn_until(&each[i].calls, 1);
		assert_string_equal(each[i].raw, "r");
	}
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	for (i = 0; i < AL_PAC_QUEUE_MAX; i++)
		assert_int_equal(each[i].calls, 1);
	/* all fail when there is nobody to ask */
	for (i = 0; i < 100; i++)
		assert_non_null(al_pac_ask(pac, "die", "h", on_pac, &each[i],
		    &err));
	for (i = 0; i < 100; i++) {
		turn_until(&each[i].calls, 2);
		assert_int_equal(each[i].err.code, AL_EOF);
	}
	/* freed with queries in it: no call */
	for (i = 0; i < 100; i++) {
		q = al_pac_ask(pac, "ms 20", "h", on_pac, &each[i], &err);
		assert_non_null(q);
	}
	turn_until(&each[0].calls, 3);
	al_pac_free(pac);
	pac = NULL;
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	assert_int_equal(each[99].calls, 2);
}

static void
too_long(void **state)
{
	static char text[AL_PAC_URL_MAX + 1];

	(void)state;
	open_script("");
	memset(text, 'x', sizeof(text) - 1);
	assert_null(al_pac_ask(pac, text, "h", on_pac, &got, &err));
	assert_int_equal(err.code, AL_EUSAGE);
	assert_null(al_pac_ask(pac, "x", text, on_pac, &got, &err));
	text[AL_PAC_URL_MAX - 1] = '\0';
	asks(text, "");
}

/* A second one, when the first is busy for long; both stay. */
static void
second_helper(void **state)
{
	struct got slow = { 0 }, one = { 0 }, two = { 0 };

	(void)state;
	open_script("");
	assert_non_null(al_pac_ask(pac, "ms 900\npid", "h", on_pac, &slow,
	    &err));
	assert_non_null(al_pac_ask(pac, "pid", "h", on_pac, &one, &err));
	assert_non_null(al_pac_ask(pac, "count", "h", on_pac, &two, &err));
	turn_until(&two.calls, 1);
	assert_int_equal(slow.calls, 0);
	assert_int_equal(one.calls, 1);
	assert_string_equal(two.raw, "2");
	assert_true(two.elapsed_us < 800000);
	turn_until(&slow.calls, 1);
	assert_string_not_equal(slow.raw, one.raw);
	assert_true(slow.elapsed_us >= 900000);
	/* without need the first is asked */
	asks("pid", slow.raw);
}

/* --- who gives up, and who does things in the callback -------------------- */

static void
cancels(void **state)
{
	static const char *const commands[] = { "hang", "name4 silent.test",
	    "name silent.test", "spin", "result r" };
	struct al_pac_query *q, *waits;
	struct got other = { 0 };

	(void)state;
	for (size_t i = 0; i < N(commands); i++) {
		for (int turns = 0; turns < 8; turns++) {
			open_script(turns % 2 == 0 ? "" : "name4 a.test");
			memset(&got, 0, sizeof(got));
			q = al_pac_ask(pac, commands[i], "h", on_pac, &got,
			    &err);
			waits = al_pac_ask(pac, "count", "h", on_pac, &got,
			    &err);
			assert_non_null(al_pac_ask(pac, "count", "h", on_pac,
			    &other, &err));
			for (int t = 0; t < turns && got.calls == 0; t++)
				(void)event_base_loop(base, EVLOOP_ONCE);
			if (got.calls == 0) {
				al_pac_cancel(waits);
				al_pac_cancel(q);
				other.calls = 0;
				turn_until(&other.calls, 1);
				assert_int_equal(got.calls, 0);
			}
		}
	}
	al_pac_cancel(NULL);
	al_pac_free(NULL);
}

static void
on_pac_free(void *arg, const struct al_pac_answer *a, const struct al_err *why)
{
	al_pac_free(pac);
	pac = NULL;
	on_pac(arg, a, why);		/* all of it is still there */
}

static void
frees_in_callback(void **state)
{
	static const char *const commands[] = { "alert a\nresult r", "die",
	    "raw 00", "spin", "hang", "fail 3 1 1 x|y", "many 3",
	    "name4 a.test\nraw 00", "flood" };
	struct al_pac_opts o = opts_of("");

	(void)state;
	o.wall_ms = 200;
	for (size_t i = 0; i < N(commands); i++) {
		open_pac(&o);
		memset(&got, 0, sizeof(got));
		assert_non_null(al_pac_ask(pac, commands[i], "h", on_pac_free,
		    &got, &err));
		assert_non_null(al_pac_ask(pac, "count", "h", on_pac, &got,
		    &err));
		turn_until(&got.calls, 1);
		assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
		assert_int_equal(got.calls, 1);
	}
	/* where nothing could be started */
	o.helper = "/nonexistent";
	open_pac(&o);
	memset(&got, 0, sizeof(got));
	assert_non_null(al_pac_ask(pac, "", "h", on_pac_free, &got, &err));
	assert_non_null(al_pac_ask(pac, "", "h", on_pac, &got, &err));
	turn_until(&got.calls, 1);
	assert_int_equal(got.calls, 1);
}

static unsigned again;

static void
on_pac_again(void *arg, const struct al_pac_answer *a,
    const struct al_err *why)
{
	on_pac(arg, a, why);
	if (++again < 5)
		assert_non_null(al_pac_ask(pac, again % 2 ? "raw 00" :
		    "count", "h", on_pac_again, arg, &err));
}

static void
asks_in_callback(void **state)
{
	(void)state;
	open_script("");
	assert_non_null(al_pac_ask(pac, "count", "h", on_pac_again, &got,
	    &err));
	turn_until(&got.calls, 5);
	assert_string_equal(got.raw, "1");
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(works), T(clock_and_size), T(faults), T(newer_syntax),
		T(breaks), T(dies_idle), T(not_installed), T(deadlines),
		T(lookups), T(hooks), T(own), T(queue), T(too_long),
		T(second_helper), T(cancels), T(frees_in_callback),
		T(asks_in_callback),
	};
	const char *dir = getenv("top_builddir");
	char *full;

	(void)snprintf(helper, sizeof(helper),
	    "%s/tests/unit/pac_helper_script", dir != NULL ? dir : ".");
	full = realpath(helper, NULL);
	(void)snprintf(helper, sizeof(helper), "%s", full != NULL ? full : "/");
	free(full);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
