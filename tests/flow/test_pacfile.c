/* tests/flow/test_pacfile.c - PAC files that come, change, break and go.
 *
 * The servers and the fetching are real, the evaluation is a fake of pac/eval:
 * what a "script" does is a word in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/autoconf/fetch.h"
#include "connector/autoconf/pacfile.h"
#include "connector/base/str.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "tests/lib/dnsd.h"
#include "tests/lib/peer.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define HOUR	3600000u

static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct peer *peer;
static struct al_pacfile *file;
static char url[128];
static struct al_err err;

/* --- a fake of pac/eval --------------------------------------------------- */
/*
 * "SYNTAX", "LOAD", "THROWS": that fault; "BROKEN": no fault of the script;
 * "SLOW": not before the test says so, but for the trial; "P=name": the proxy
 * that it returns.
 */
struct al_pac {
	char		*script;
	unsigned	 queries;
};

struct al_pac_query {
	struct al_pac		*pac;
	struct al_task		 task;
	al_on_pac		*on_pac;
	void			*arg;
	char			 url[200];
};

static unsigned pacs_made, pacs_live, asked_live;
static struct al_pac_query *slow;
static int trial_looked_up;

struct al_pac *
al_pac_new(struct al_loop *l, const struct al_pac_opts *o, struct al_err *e)
{
	struct al_pac_lookup trial = { .what = AL_PAC_NAME4,
	    .name = "alpacon.invalid", .n = 7 };
	struct al_pac_lookup other = { .what = AL_PAC_NAME4, .name = "a.test" };
	struct al_pac *p = calloc(1, sizeof(*p));

	(void)e;
	assert_ptr_equal(l, loop);
	assert_ptr_equal(o->resolver, resolver);
	assert_true(strncmp(o->name, "the PAC file ", 13) == 0);
	assert_non_null(p);
	p->script = al_str_dup(o->script, o->len);
	trial_looked_up = !o->lookup(o->arg, &trial) || trial.n != 0;
	assert_false(o->lookup(o->arg, &other));
	pacs_made++;
	pacs_live++;
	return p;
}

void
al_pac_free(struct al_pac *p)
{
	if (p == NULL)
		return;
	if (slow != NULL && slow->pac == p)
		al_pac_cancel(slow);
	free(p->script);
	free(p);
	pacs_live--;
}

static void
end_query(struct al_pac_query *q)
{
	if (slow == q)
		slow = NULL;
	asked_live--;
	al_task_fini(&q->task);
	free(q);
}

void
al_pac_cancel(struct al_pac_query *q)
{
	end_query(q);
}

static void
run(void *arg)
{
	struct al_pac_query *q = arg;
	const char *script = q->pac->script, *p = strstr(script, "P=");
	struct al_pac_fault fault = { .line = 1 };
	static const char *const alerts[] = { "hello" };
	struct al_pac_answer a = { .engine = "fake", .alerts = alerts,
	    .n_alerts = strstr(script, "ALERT") != NULL };
	al_on_pac *on_pac = q->on_pac;
	void *to = q->arg;
	struct al_err e;
	char raw[64];

	fault.stage = strstr(script, "SYNTAX") ? AL_PAC_AT_SYNTAX :
	    strstr(script, "LOAD") ? AL_PAC_AT_LOAD : AL_PAC_AT_RUN;
	(void)snprintf(raw, sizeof(raw), "PROXY %.*s:80%s",
	    p != NULL ? (int)strcspn(p + 2, " ") : 4,
	    p != NULL ? p + 2 : "none",
	    strstr(script, "WARN") ? "; FOO x" : "");
	end_query(q);
	if (strstr(script, "SYNTAX") || strstr(script, "LOAD") ||
	    strstr(script, "THROWS"))
		a.fault = &fault;
	else if (!strstr(script, "BROKEN"))
		a.raw = raw;
	if (a.raw == NULL)
		(void)al_fail_as(&e, AL_EPROTO, AL_AT_PAC, 0, 111, "fake");
	on_pac(to, &a, a.raw == NULL ? &e : NULL);
}

struct al_pac_query *
al_pac_ask(struct al_pac *p, const char *page, const char *host,
    al_on_pac *on_pac, void *arg, struct al_err *e)
{
	struct al_pac_query *q = calloc(1, sizeof(*q));

	(void)host;
	assert_non_null(q);
	q->pac = p;
	q->on_pac = on_pac;
	q->arg = arg;
	asked_live++;
	assert_int_equal(al_task_init(&q->task, loop, run, q, e), AL_OK);
	if (strstr(p->script, "SLOW") && strstr(page, "invalid") == NULL)
		slow = q;
	else
		al_task_queue(&q->task);
	return q;
}

/* --- the world ------------------------------------------------------------ */
#define GOOD(s)	{ { EXPECT("\r\n\r\n"), SEND("HTTP/1.0 200 OK\r\n\r\n" \
	"FindProxyForURL " s) }, 2 }
#define AGED(s)	{ { EXPECT("\r\n\r\n"), SEND("HTTP/1.0 200 OK\r\n" \
	"Cache-Control: max-age=77\r\n\r\nFindProxyForURL " s) }, 2 }
#define REPLY(s)	{ { EXPECT("\r\n\r\n"), SEND(s) }, 2 }
#define SHUT_DOWN	{ { CLOSE }, 1 }
#define MUTE	{ { STALL }, 1 }

static const struct dnsd_row zone[] = {
	{ .name = "pac.test", .a = { "127.0.0.1" } },
};

static unsigned events[5];		/* of each kind */
static char event_text[5][128];
static struct al_err event_err;
static struct al_refresh waited[16];
static unsigned n_waited;
static uint64_t wait_after[3];		/* of each al_refresh_after */

static void
on_event(void *arg, enum al_pacfile_event event, const char *text,
    const struct al_err *e)
{
	assert_ptr_equal(arg, events);
	assert_true((e != NULL) == (event == AL_PACFILE_KEPT ||
	    event == AL_PACFILE_FAILED));
	events[event]++;
	(void)snprintf(event_text[event], sizeof(event_text[event]), "%s",
	    text);
	if (e != NULL)
		event_err = *e;
}

static uint64_t
wait_ms(void *arg, const struct al_refresh *r)
{
	assert_ptr_equal(arg, events);
	if (n_waited < N(waited))
		waited[n_waited++] = *r;
	return wait_after[r->after];
}

static void
new_file(const char *text, const uint8_t *sha256)
{
	const struct al_pacfile_opts o = {
		.url = text,
		.resolver = resolver,
		.sha256 = sha256,
		.socks = AL_PAC_SOCKS_5,
		.on_event = on_event,
		.wait_ms = wait_ms,
		.arg = events,
	};

	file = al_pacfile_new(loop, &o, &err);
}

static void
build(const struct peer_script *s, size_t n)
{
	const char *servers[2] = { NULL, NULL };
	const struct al_resolver_opts o = { .servers = servers };

	base = event_base_new();
	loop = al_loop_new(base, &err);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &o, &err);
	assert_non_null(resolver);
	peer = peer_new(loop, s, n);
	(void)snprintf(url, sizeof(url), "http://pac.test:%u/p.pac?key",
	    (unsigned)peer_port(peer));
	memset(events, 0, sizeof(events));
	n_waited = 0;
	wait_after[AL_REFRESH_READ] = wait_after[AL_REFRESH_FAILURE] = HOUR;
	wait_after[AL_REFRESH_NETWORK] = 0;
	pacs_made = 0;
	new_file(url, NULL);
	assert_non_null(file);
}

static void
turn(void)
{
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
tear_down(void)
{
	al_pacfile_free(file);
	file = NULL;
	turn();
	peer_free(peer);
	al_resolver_free(resolver);
	dnsd_free(dns);
	al_loop_free(loop);
	event_base_free(base);
	assert_int_equal(pacs_live, 0);
	assert_int_equal(asked_live, 0);
	assert_null(slow);
}

/* What a query was told. */
struct told {
	unsigned	 calls;
	char		 entry[64];	/* the first of the result */
	int		 has_script;
	struct al_err	 err;
};

static void
on_answer(void *arg, const struct al_pacfile_answer *a,
    const struct al_err *e)
{
	struct told *t = arg;

	t->calls++;
	t->has_script = a != NULL && a->script != NULL;
	t->entry[0] = '\0';
	t->err.code = AL_OK;
	if (e != NULL) {
		assert_true(a == NULL || a->result == NULL);
		t->err = *e;
		return;
	}
	(void)snprintf(t->entry, sizeof(t->entry), "%s%s",
	    a->result->entries[0], a->trusted ? " trusted" : "");
}

static struct al_pacfile_query *
ask(struct told *t)
{
	struct al_pacfile_query *q;
	unsigned calls = t->calls;

	q = al_pacfile_ask(file, "wss://h.test/x", on_answer, t, &err);
	assert_non_null(q);
	assert_int_equal(t->calls, calls);
	return q;
}

#define UNTIL(x)	while (!(x)) \
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0)

/* The whole way, for the answer's first entry. */
static void
expect_entry(const char *entry)
{
	struct told t = { .calls = 0 };

	(void)ask(&t);
	UNTIL(t.calls);
	if (t.err.code != AL_OK)
		fail_msg("%s", t.err.text);
	assert_string_equal(t.entry, entry);
}

static void
read_again(void)
{
	unsigned before = n_waited;

	al_pacfile_network_changed(file);
	UNTIL(n_waited == before + 2);	/* NETWORK, and what came of it */
}

/* --- tests ---------------------------------------------------------------- */
static void
first_questions(void **state)
{
	static const struct peer_script s[] = { AGED("P=a") };
	struct told t[3] = { { .calls = 0 } };

	(void)state;
	build(s, 1);
	turn();
	assert_int_equal(peer_accepted(peer), 0);	/* nobody has asked */
	al_pacfile_network_changed(file);
	assert_int_equal(n_waited, 0);
	(void)ask(&t[0]);
	(void)ask(&t[1]);
	al_pacfile_cancel(ask(&t[2]));
	UNTIL(t[0].calls && t[1].calls);
	assert_string_equal(t[0].entry, "http://a:80");
	assert_string_equal(t[1].entry, "http://a:80");
	assert_int_equal(t[2].calls, 0);
	assert_int_equal(peer_accepted(peer), 1);
	assert_int_equal(pacs_made, 1);
	assert_int_equal(trial_looked_up, 0);
	assert_int_equal(events[AL_PACFILE_LOADED], 1);
	assert_null(strstr(event_text[AL_PACFILE_LOADED], "key"));
	assert_int_equal(n_waited, 1);
	assert_int_equal(waited[0].after, AL_REFRESH_READ);
	assert_int_equal(waited[0].max_age_s, 77);
	expect_entry("http://a:80");
	tear_down();
}

static void
unchanged_and_changed(void **state)
{
	static const struct peer_script s[] = { GOOD("P=a"), GOOD("P=a"),
	    GOOD("P=b") };

	(void)state;
	build(s, N(s));
	expect_entry("http://a:80");
	read_again();
	assert_int_equal(pacs_made, 1);
	assert_int_equal(events[AL_PACFILE_LOADED], 1);
	expect_entry("http://a:80");
	read_again();
	expect_entry("http://b:80");
	assert_int_equal(pacs_made, 2);
	assert_int_equal(pacs_live, 1);
	assert_int_equal(events[AL_PACFILE_LOADED], 2);
	assert_int_equal(peer_accepted(peer), 3);
	tear_down();
}

/* The timer by itself, not the network. */
static void
read_when_due(void **state)
{
	static const struct peer_script s[] = { GOOD("P=a"), GOOD("P=b") };

	(void)state;
	build(s, N(s));
	wait_after[AL_REFRESH_READ] = 1;
	al_pacfile_prefetch(file);
	UNTIL(events[AL_PACFILE_LOADED] == 2);
	expect_entry("http://b:80");
	tear_down();
}

/* A question under way when the script changes ends on the old one. */
static void
old_script_lives_on(void **state)
{
	static const struct peer_script s[] = { GOOD("SLOW P=a"),
	    GOOD("P=b") };
	struct told old = { .calls = 0 };
	int canceled;

	(void)state;
	for (canceled = 0; canceled < 2; canceled++) {
		struct al_pacfile_query *q;

		build(s, N(s));
		old.calls = 0;
		q = ask(&old);
		UNTIL(slow != NULL);
		read_again();
		expect_entry("http://b:80");
		assert_int_equal(pacs_live, 2);
		assert_int_equal(old.calls, 0);
		if (canceled) {
			al_pacfile_cancel(q);
		} else {
			al_task_queue(&slow->task);
			UNTIL(old.calls);
			assert_string_equal(old.entry, "http://a:80");
		}
		assert_int_equal(pacs_live, 1);
		tear_down();
	}
}

/* What does not take the place of a script that works. */
static void
good_one_is_kept(void **state)
{
	static const struct {
		struct peer_script	bad;
		enum al_code		code;
		const char		*text;
	} rows[] = {
		{ REPLY("HTTP/1.1 404 x\r\n\r\n"), AL_EPROTO, "404" },
		{ REPLY("HTTP/1.0 200 x\r\n\r\n<!DOCTYPE html><html>"
		    "FindProxyForURL"), AL_EPROTO, "HTML" },
		{ REPLY("HTTP/1.0 200 x\r\nContent-Type: a/b;charset=EBCDIC"
		    "\r\n\r\nFindProxyForURL"), AL_EPROTO, "charset" },
		{ REPLY("HTTP/1.0 200 x\r\n\r\nfunction x() {}"), AL_EPROTO,
		    "no function FindProxyForURL" },
		{ REPLY("HTTP/1.0 200 x\r\n\r\n"), AL_EPROTO, "" },
		{ GOOD("SYNTAX"), AL_EPROTO, "fake" },
		{ GOOD("LOAD"), AL_EPROTO, "fake" },
		{ GOOD("BROKEN"), AL_EPROTO, "fake" },
		{ SHUT_DOWN, AL_ENET, "" },
		{ { { RESET }, 1 }, AL_ENET, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		const struct peer_script s[] = { GOOD("P=a"), rows[i].bad,
		    rows[i].bad, GOOD("P=b") };

		build(s, N(s));
		expect_entry("http://a:80");
		read_again();
		assert_int_equal(events[AL_PACFILE_KEPT], 1);
		assert_int_equal(event_err.code, rows[i].code);
		assert_int_equal(event_err.stage, AL_AT_PAC);
		assert_int_equal(event_err.cause, AL_CAUSE_PAC);
		if (strstr(event_err.text, rows[i].text) == NULL)
			fail_msg("%zu: %s", i, event_err.text);
		assert_int_equal(waited[2].after, AL_REFRESH_FAILURE);
		assert_int_equal(waited[2].failures, 1);
		assert_int_equal(pacs_live, 1);
		expect_entry("http://a:80");
		read_again();
		assert_int_equal(events[AL_PACFILE_KEPT], 2);
		expect_entry("http://a:80");
		read_again();
		expect_entry("http://b:80");
		assert_int_equal(events[AL_PACFILE_FAILED], 0);
		tear_down();
	}
}

/* Without a script: questions fail, at once until the next try. */
static void
none_at_first(void **state)
{
	static const struct peer_script s[] = {
		REPLY("HTTP/1.1 404 x\r\n\r\n"), GOOD("SYNTAX"), SHUT_DOWN,
		GOOD("LOAD"), GOOD("P=a") };
	struct told t = { .calls = 0 };
	unsigned i;

	(void)state;
	build(s, N(s));
	(void)ask(&t);
	UNTIL(t.calls);
	assert_int_equal(t.err.code, AL_EPROTO);
	assert_false(t.has_script);
	assert_int_equal(events[AL_PACFILE_FAILED], 1);
	(void)ask(&t);
	al_pacfile_cancel(ask(&t));
	UNTIL(t.calls == 2);
	assert_int_equal(t.err.code, AL_EPROTO);
	assert_non_null(strstr(t.err.text, "404"));
	assert_int_equal(peer_accepted(peer), 1);
	al_pacfile_prefetch(file);		/* it has been read */
	turn();
	assert_int_equal(peer_accepted(peer), 1);

	/* the schedule counts; a network change begins it anew */
	wait_after[AL_REFRESH_FAILURE] = 1;
	al_pacfile_network_changed(file);
	(void)ask(&t);
	UNTIL(t.calls == 3);
	UNTIL(events[AL_PACFILE_LOADED]);
	for (i = 0; i < 3; i++) {
		assert_int_equal(waited[2 + i].after, AL_REFRESH_FAILURE);
		assert_int_equal(waited[2 + i].failures, i + 1);
	}
	assert_int_equal(waited[5].after, AL_REFRESH_READ);
	expect_entry("http://a:80");
	tear_down();
}

/* With nothing to keep, a script that may yet work is taken. */
static void
first_is_taken(void **state)
{
	static const struct peer_script s[] = { GOOD("THROWS"),
	    GOOD("BROKEN") };
	struct told t;
	size_t i;

	(void)state;
	for (i = 0; i < N(s); i++) {
		build(&s[i], 1);
		t.calls = 0;
		(void)ask(&t);
		UNTIL(t.calls);
		assert_int_equal(t.err.code, AL_EPROTO);
		assert_true(t.has_script);
		assert_int_equal(events[AL_PACFILE_LOADED], 1);
		tear_down();
	}
}

static void
reachable_later(void **state)
{
	static const struct peer_script s[] = { GOOD("P=a") };
	static const struct dnsd_row now[] = {
		{ .name = "gone.test", .a = { "127.0.0.1" } },
	};
	char later[128];
	struct told t = { .calls = 0 };

	(void)state;
	build(s, 1);
	al_pacfile_free(file);
	(void)snprintf(later, sizeof(later), "http://gone.test:%u/",
	    (unsigned)peer_port(peer));
	new_file(later, NULL);
	(void)ask(&t);
	UNTIL(t.calls);
	assert_int_equal(t.err.code, AL_ENAME);
	assert_int_equal(events[AL_PACFILE_FAILED], 1);
	dnsd_set_rows(dns, now, 1);
	al_pacfile_network_changed(file);
	expect_entry("http://a:80");
	tear_down();
}

/* The network changes while a server of the old one is waited for. */
static void
changes_while_reading(void **state)
{
	static const struct peer_script s[] = { MUTE, GOOD("P=a") };
	struct told t = { .calls = 0 };

	(void)state;
	build(s, N(s));
	(void)ask(&t);
	UNTIL(peer_accepted(peer) == 1);
	al_pacfile_network_changed(file);
	UNTIL(t.calls);
	assert_string_equal(t.entry, "http://a:80");
	assert_int_equal(events[AL_PACFILE_FAILED], 0);
	tear_down();
}

/* In whatever charset it comes, the evaluation gets UTF-8. */
static void
charsets(void **state)
{
	static const struct peer_script s[] = {
		REPLY("HTTP/1.0 200 OK\r\n\r\n\xff\xfe"
		    "F\0i\0n\0d\0P\0r\0o\0x\0y\0F\0o\0r\0U\0R\0L\0"
		    " \0P\0=\0a\0"),
		REPLY("HTTP/1.0 200 OK\r\nContent-Type: text/x; "
		    "charset=\"ISO-8859-1\"\r\n\r\n"
		    "FindProxyForURL P=\xe4 "),
		REPLY("HTTP/1.0 200 OK\r\n\r\nFindProxyForURL P=\xe4 "),
		REPLY("HTTP/1.0 200 OK\r\nContent-Type: text/x; "
		    "charset=utf-8\r\n\r\nFindProxyForURL P=\303\244 "),
	};
	size_t i;

	(void)state;
	for (i = 0; i < N(s); i++) {
		build(&s[i], 1);
		expect_entry(i == 0 ? "http://a:80" :
		    "http://xn--4ca:80");
		tear_down();
	}
}

static void
alerts_and_warnings(void **state)
{
	static const struct peer_script s[] = { GOOD("ALERT WARN P=a") };

	(void)state;
	build(s, 1);
	expect_entry("http://a:80");
	assert_int_equal(events[AL_PACFILE_ALERT], 1);	/* not the trial's */
	assert_string_equal(event_text[AL_PACFILE_ALERT], "hello");
	assert_int_equal(events[AL_PACFILE_WARNING], 1);
	tear_down();
}

static void
from_this_machine(void **state)
{
	static const uint8_t wrong[32];
	struct told t = { .calls = 0 };
	static const struct peer_script s[] = { MUTE };

	(void)state;
	build(s, 1);
	al_pacfile_free(file);
	new_file("data:,FindProxyForURL P=a", NULL);
	expect_entry("http://a:80 trusted");
	al_pacfile_free(file);
	new_file("data:,FindProxyForURL P=a", wrong);
	(void)ask(&t);
	UNTIL(t.calls);
	assert_non_null(strstr(t.err.text, "SHA-256"));
	tear_down();
}

static void
refused_at_once(void **state)
{
	static const struct peer_script s[] = { GOOD("P=a") };
	struct told t = { .calls = 0 };

	(void)state;
	build(s, 1);
	assert_null(al_pacfile_ask(file, "no URL", on_answer, &t, &err));
	assert_int_equal(err.code, AL_EUSAGE);
	turn();
	assert_int_equal(t.calls, 0);
	al_pacfile_free(file);
	new_file("p.pac", NULL);
	assert_null(file);
	assert_int_equal(err.code, AL_EUSAGE);
	assert_int_equal(err.stage, AL_AT_PAC);
	tear_down();
}

/* --- from callbacks, and at any time -------------------------------------- */
static unsigned again;

static void
on_answer_ask(void *arg, const struct al_pacfile_answer *a,
    const struct al_err *e)
{
	on_answer(arg, a, e);
	if (again++ == 0)
		assert_non_null(al_pacfile_ask(file, "https://b.test/",
		    on_answer_ask, arg, &err));
}

static void
on_answer_free(void *arg, const struct al_pacfile_answer *a,
    const struct al_err *e)
{
	al_pacfile_free(file);
	file = NULL;
	on_answer(arg, a, e);
}

static void
in_callbacks(void **state)
{
	static const struct peer_script s[] = { GOOD("P=a"), SHUT_DOWN };
	struct told t, other;
	size_t i;

	(void)state;
	for (i = 0; i < N(s); i++) {
		t.calls = other.calls = again = 0;
		build(&s[i], 1);
		assert_non_null(al_pacfile_ask(file, "https://a.test/",
		    on_answer_ask, &t, &err));
		UNTIL(again == 2);
		assert_int_equal(t.calls, 2);
		tear_down();

		t.calls = other.calls = 0;
		build(&s[i], 1);
		assert_non_null(al_pacfile_ask(file, "https://a.test/",
		    on_answer_free, &t, &err));
		(void)ask(&other);
		UNTIL(t.calls);
		turn();
		assert_int_equal(other.calls, 0);
		tear_down();
	}
}

static void
end_anywhere(void **state)
{
	static const struct peer_script s[] = { GOOD("P=a"), SHUT_DOWN,
	    GOOD("SLOW P=b"), GOOD("SYNTAX"), GOOD("P=c") };
	struct told t[2];
	unsigned n, k, whole = 0;
	int canceled;

	(void)state;
	for (canceled = 0; canceled < 2; canceled++, whole = 0)
		for (n = 0; !whole; n++) {
			struct al_pacfile_query *q;

			build(s, N(s));
			wait_after[AL_REFRESH_READ] = 0;
			wait_after[AL_REFRESH_FAILURE] = 0;
			t[0].calls = t[1].calls = 0;
			q = ask(&t[0]);
			for (k = 0; k < n && peer_accepted(peer) < 6; k++) {
				(void)event_base_loop(base, EVLOOP_ONCE);
				if (t[0].calls == 1 && t[1].calls == 0) {
					t[1].calls = 1;
					(void)ask(&t[1]);
				}
			}
			whole = peer_accepted(peer) >= 6;
			if (canceled && t[0].calls == 0)
				al_pacfile_cancel(q);
			tear_down();
		}
	al_pacfile_free(NULL);
	al_pacfile_cancel(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_questions),
		cmocka_unit_test(unchanged_and_changed),
		cmocka_unit_test(read_when_due),
		cmocka_unit_test(old_script_lives_on),
		cmocka_unit_test(good_one_is_kept),
		cmocka_unit_test(none_at_first),
		cmocka_unit_test(first_is_taken),
		cmocka_unit_test(reachable_later),
		cmocka_unit_test(changes_while_reading),
		cmocka_unit_test(charsets),
		cmocka_unit_test(alerts_and_warnings),
		cmocka_unit_test(from_this_machine),
		cmocka_unit_test(refused_at_once),
		cmocka_unit_test(in_callbacks),
		cmocka_unit_test(end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
