/* tests/unit/test_he.c - Happy Eyeballs against loopback and scripted DNS. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/dial/he.h"
#include "connector/loop/loop.h"
#include "tests/lib/dnsd.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define LONG_MS	60000		/* a test that waits for it fails */

static const struct dnsd_row zone[] = {
	{ .name = "both.test", .a = { "127.0.0.1" }, .aaaa = { "::1" } },
	{ .name = "v4.test", .a = { "127.0.0.1" } },
	{ .name = "silent6.test", .a = { "127.0.0.1" },
	    .rcode_aaaa = DNSD_SILENT },
	{ .name = "late6.test", .a = { "127.0.0.1" }, .aaaa = { "::1" },
	    .late_aaaa_ms = 30 },
	{ .name = "many.test", .a = { "127.0.0.2", "127.0.0.3",
	    "127.0.0.4" }, .aaaa = { "::ffff:127.0.0.5", "::1" } },
	{ .name = "silent.test", .rcode_a = DNSD_SILENT,
	    .rcode_aaaa = DNSD_SILENT },
};

static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct al_err err;

/* The same port of 127.0.0.1 and ::1, in one of three states. */
enum port_state { DEAD, FULL, OPEN };
static int listeners[2], plugs[2];
static uint16_t port;

/* What was told: ">x" connect begins, "=x" it is there, "!x" it failed. */
static char steps[512];
static int done;
static struct al_err told;
static char won[AL_ADDR_TEXT];

static int
setup(void **state)
{
	const char *servers[2] = { NULL, NULL };
	struct al_resolver_opts opts = { .servers = servers,
	    .timeout_ms = 1500 };
	size_t i;

	(void)state;
	base = event_base_new();
	loop = al_loop_new(base, &err);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &opts, &err);
	for (i = 0; i < 2; i++)
		listeners[i] = plugs[i] = -1;
	return resolver != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	size_t i;

	(void)state;
	al_resolver_free(resolver);
	dnsd_free(dns);
	al_loop_free(loop);
	event_base_free(base);
	for (i = 0; i < 2; i++) {
		if (listeners[i] >= 0)
			(void)close(listeners[i]);
		if (plugs[i] >= 0)
			(void)close(plugs[i]);
	}
	return 0;
}

/* A queue of one that is full: Linux drops the next SYN. */
static void
fill_queue(const struct al_addr *a, int *plug)
{
	assert_int_equal(listen(listeners[plug - plugs], 0), 0);
	*plug = socket(a->u.sa.sa_family, SOCK_STREAM, 0);
	assert_int_equal(connect(*plug, &a->u.sa, a->len), 0);
}

static int
bind_one(size_t i, enum port_state st)
{
	struct al_addr a;
	socklen_t len = sizeof(a.u);

	assert_true(al_addr_parse_ip(&a, i == 0 ? "127.0.0.1" : "::1", port));
	listeners[i] = socket(a.u.sa.sa_family, SOCK_STREAM, 0);
	assert_true(listeners[i] >= 0);
	if (bind(listeners[i], &a.u.sa, a.len) != 0) {
		if (errno == EADDRNOTAVAIL)
			skip();			/* no IPv6 here */
		assert_int_equal(errno, EADDRINUSE);
		return -1;
	}
	assert_int_equal(getsockname(listeners[i], &a.u.sa, &len), 0);
	port = al_addr_port(&a);
	if (st == OPEN)
		assert_int_equal(listen(listeners[i], 8), 0);
	else if (st == FULL)
		fill_queue(&a, &plugs[i]);
	return 0;
}

/* A port that is bound and does not listen is dead, and stays ours. */
static void
ports(enum port_state v4, enum port_state v6)
{
	int i;

	for (i = 0; i < 50; i++) {
		port = 0;
		if (bind_one(0, v4) == 0 && bind_one(1, v6) == 0)
			return;
		(void)close(listeners[0]);
		(void)close(listeners[1]);
		if (plugs[0] >= 0)
			(void)close(plugs[0]);
		plugs[0] = -1;
	}
	fail_msg("no port is free for both families");
}

static void
on_step(void *arg, struct al_step *s)
{
	static const char signs[] = { '>', '=', '!' };
	const char *what = s->what;
	char text[AL_ADDR_TEXT];

	assert_ptr_equal(arg, steps);
	if (s->stage == AL_AT_TCP) {		/* without the port */
		(void)snprintf(text, sizeof(text), "%.*s",
		    (int)(strrchr(what, ':') - what), what);
		what = text;
	}
	(void)sprintf(steps + strlen(steps), "%c%s ", signs[s->state], what);
	assert_true((s->state == AL_STEP_FAIL) == (s->err != NULL));
}

static void
on_he(void *arg, int fd, const struct al_err *e)
{
	struct al_addr peer;
	socklen_t len = sizeof(peer.u);

	assert_ptr_equal(arg, &done);
	assert_int_equal(done, 0);
	done = 1;
	assert_true((fd < 0) == (e != NULL));
	if (e != NULL) {
		told = *e;
		return;
	}
	assert_int_equal(getpeername(fd, &peer.u.sa, &len), 0);
	(void)al_addr_format_ip(&peer, won);
	(void)close(fd);
}

static struct al_he *
start(const struct al_he_opts *opts)
{
	struct al_he_opts o = *opts;
	struct al_he *h;

	o.port = port;
	o.on_step = on_step;
	o.arg = steps;
	done = 0;
	steps[0] = won[0] = '\0';
	memset(&told, 0, sizeof(told));
	h = al_he_start(loop, resolver, &o, on_he, &done, &err);
	assert_non_null(h);
	assert_int_equal(done, 0);
	return h;
}

static void
run(const struct al_he_opts *o)
{
	(void)start(o);
	while (!done)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* What is told of the connects, without DNS. */
static const char *
tcp_steps(void)
{
	const char *p = strstr(steps, " =");

	p = p != NULL ? strchr(p + 2, ' ') : NULL;
	return p != NULL ? p + 1 : steps;
}

static void
v6_is_first(void **state)
{
	const struct al_he_opts o = { .host = "both.test",
	    .resolution_ms = LONG_MS, .stagger_ms = LONG_MS };

	(void)state;
	ports(OPEN, OPEN);
	run(&o);
	assert_string_equal(won, "::1");
	assert_string_equal(steps,
	    ">both.test =both.test >[::1] =[::1] ");
}

static void
v6_refused(void **state)
{
	const struct al_he_opts o = { .host = "both.test",
	    .resolution_ms = LONG_MS, .stagger_ms = LONG_MS };

	(void)state;
	ports(OPEN, DEAD);
	run(&o);
	assert_string_equal(won, "127.0.0.1");
	assert_string_equal(tcp_steps(),
	    ">[::1] ![::1] >127.0.0.1 =127.0.0.1 ");
}

static void
v6_hangs(void **state)
{
	const struct al_he_opts o = { .host = "both.test",
	    .resolution_ms = LONG_MS, .stagger_ms = 20 };

	(void)state;
	ports(OPEN, FULL);
	run(&o);
	assert_string_equal(won, "127.0.0.1");
	assert_string_equal(tcp_steps(), ">[::1] >127.0.0.1 =127.0.0.1 ");
}

/* The stagger has passed when IPv6 comes at last: it starts at once. */
static void
v6_is_late(void **state)
{
	const struct al_he_opts o = { .host = "late6.test",
	    .resolution_ms = 1, .stagger_ms = 5 };

	(void)state;
	ports(FULL, OPEN);
	run(&o);
	assert_string_equal(won, "::1");
	assert_string_equal(tcp_steps(), ">127.0.0.1 >[::1] =[::1] ");
}

/* Within the resolution delay IPv6 is waited for. */
static void
v6_is_waited_for(void **state)
{
	const struct al_he_opts o = { .host = "late6.test",
	    .resolution_ms = LONG_MS, .stagger_ms = LONG_MS };

	(void)state;
	ports(OPEN, OPEN);
	run(&o);
	assert_string_equal(won, "::1");
	assert_string_equal(tcp_steps(), ">[::1] =[::1] ");
}

/* ... and no longer. */
static void
v6_is_silent(void **state)
{
	const struct al_he_opts o = { .host = "silent6.test",
	    .resolution_ms = 5, .stagger_ms = LONG_MS };

	(void)state;
	ports(OPEN, OPEN);
	run(&o);
	assert_string_equal(won, "127.0.0.1");
	assert_string_equal(tcp_steps(), ">127.0.0.1 =127.0.0.1 ");
}

static void
no_v6(void **state)
{
	const struct al_he_opts o = { .host = "v4.test",
	    .resolution_ms = LONG_MS, .stagger_ms = LONG_MS };

	(void)state;
	ports(OPEN, OPEN);
	run(&o);
	assert_string_equal(won, "127.0.0.1");
}

static void
families_alternate(void **state)
{
	const struct al_he_opts o = { .host = "many.test",
	    .resolution_ms = LONG_MS, .stagger_ms = LONG_MS };

	(void)state;
	ports(DEAD, DEAD);
	run(&o);
	assert_string_equal(tcp_steps(), ">[::ffff:127.0.0.5] "
	    "![::ffff:127.0.0.5] >127.0.0.2 !127.0.0.2 >[::1] ![::1] "
	    ">127.0.0.3 !127.0.0.3 >127.0.0.4 !127.0.0.4 ");
	assert_int_equal(told.code, AL_ENET);
	assert_int_equal(told.stage, AL_AT_TCP);
	assert_int_equal(told.sys, ECONNREFUSED);
	assert_string_equal(told.text,
	    "::ffff:127.0.0.5: connection refused, "
	    "127.0.0.2: connection refused, ::1: connection refused, "
	    "127.0.0.3: connection refused, 127.0.0.4: connection refused");
}

static void
all_hang(void **state)
{
	const struct al_he_opts o = { .host = "both.test",
	    .connect_ms = 60, .stagger_ms = 10 };

	(void)state;
	ports(FULL, FULL);
	run(&o);
	assert_int_equal(told.code, AL_ETIMEOUT);
	assert_string_equal(told.text, "::1: no answer within 60 ms, "
	    "127.0.0.1: no answer within 60 ms");
}

static void
literals(void **state)
{
	struct al_he_opts o = { .host = "127.0.0.1" };

	(void)state;
	ports(OPEN, DEAD);
	run(&o);
	assert_string_equal(won, "127.0.0.1");
	assert_string_equal(steps, ">127.0.0.1 =127.0.0.1 ");
	o.host = "[::1]";
	run(&o);
	assert_string_equal(told.text, "connection refused");
	assert_int_equal(dnsd_asked(dns), 0);
}

static void
no_address(void **state)
{
	struct al_he_opts o = { .host = "none.test" };

	(void)state;
	run(&o);
	assert_int_equal(told.code, AL_ENAME);
	assert_string_equal(steps, ">none.test !none.test ");
	o.host = "silent.test";
	run(&o);
	assert_int_equal(told.code, AL_ETIMEOUT);
	assert_int_equal(told.stage, AL_AT_DNS);
	assert_null(al_he_start(loop, resolver, &(struct al_he_opts){
	    .host = "" }, on_he, NULL, &err));
	assert_int_equal(err.code, AL_EUSAGE);
}

static bool
only_v6(void *arg, const struct al_addr *a)
{
	(void)arg;
	return a->u.sa.sa_family == AF_INET6;
}

static void
policy(void **state)
{
	struct al_he_opts o = { .host = "both.test", .allow_addr = only_v6,
	    .stagger_ms = 5 };

	(void)state;
	ports(OPEN, DEAD);
	run(&o);
	assert_int_equal(told.code, AL_ENET);
	assert_string_equal(told.text, "::1: connection refused, "
	    "127.0.0.1: policy does not allow this address");
	o.host = "v4.test";
	run(&o);
	assert_int_equal(told.code, AL_EREFUSED);
}

static void
cancel_anywhere(void **state)
{
	static const char *const hosts[] = { "both.test", "late6.test",
	    "127.0.0.1", "none.test" };
	struct al_he_opts o = { .stagger_ms = 1, .resolution_ms = 1,
	    .connect_ms = 4 };
	struct al_he *h;
	size_t i;
	int n, k;

	(void)state;
	ports(FULL, FULL);
	for (i = 0; i < N(hosts); i++)
		for (n = 0; n < 9; n++) {
			o.host = hosts[i];
			h = start(&o);
			for (k = 0; k < n && !done; k++)
				(void)event_base_loop(base, EVLOOP_ONCE);
			if (!done)
				al_he_cancel(h);
			done = 1;		/* no more calls */
			(void)event_base_loop(base,
			    EVLOOP_ONCE | EVLOOP_NONBLOCK);
		}
	al_he_cancel(NULL);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(v6_is_first), T(v6_refused), T(v6_hangs), T(v6_is_late),
		T(v6_is_waited_for), T(v6_is_silent), T(no_v6),
		T(families_alternate), T(all_hang), T(literals),
		T(no_address), T(policy), T(cancel_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
