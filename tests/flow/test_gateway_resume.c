/* tests/flow/test_gateway_resume.c - who may resume a session of a gateway, and
 * what a link may say (PROTOCOL 3.3, 3.4, 3.6, 3.7).
 *
 * A connector's session has a channel from an operator all the while; whatever
 * is refused beside it, the channel goes on and no byte of it is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "tests/lib/rawlink.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static struct client con, op;
static struct talk talk;

static int
setup(void **state)
{
	if (gateway_setup(state) != 0)
		return -1;
	client_open(&con, GW_CONNECTOR, T.web, NULL);
	client_open(&op, GW_TUNNEL, T.alice, NULL);
	talk_open(&talk, &op);
	UNTIL(talk.accepted || talk.gone);
	assert_int_equal(con.n_opens, 1);
	talk_both(&talk, con.asked[0], 3000);
	return 0;
}

static int
teardown(void **state)
{
	client_close(&op);
	client_close(&con);
	return gateway_teardown(state);
}

/* The session is what it was: bytes go both ways, also those that were said
 * while it had no link, and it moves to another link. */
static void
lives_on(void)
{
	talk_say(&talk, 5000);
	talk_say(con.asked[0], 7000);
	client_move(&con, GW_CONNECTOR, T.web);
	talk_both(&talk, con.asked[0], 100000);
	assert_int_equal(con.n_opens, 1);
	assert_false(con.goaway);
}

/* --- refused -------------------------------------------------------------- */
enum who { WEB, DB, ALICE };

static void
open_as(struct raw *r, enum who who)
{
	raw_open(r, who == ALICE ? GW_TUNNEL : GW_CONNECTOR, who == WEB ?
	    T.web : who == DB ? T.db : T.alice);
}

static const struct refused {
	const char	*name;
	enum who	 who;
	int		 epoch;		/* above the one that is taken   */
	uint64_t	 pos;		/* above what was ever sent      */
	bool		 no_key, other_id, v2;
	int		 status;
} refused_rows[] = {
	{ "an id nobody knows", WEB, 1, 0, false, true, false,
	    AL_WELCOME_UNKNOWN },
	{ "an id nobody knows, as another", DB, 1, 0, false, true, false,
	    AL_WELCOME_UNKNOWN },
	{ "the id without the key", WEB, 1, 0, true, false, false,
	    AL_WELCOME_BAD_PROOF },
	{ "the id without the key, far ahead", WEB, 1000, 1, true, false,
	    false, AL_WELCOME_BAD_PROOF },
	{ "a position never reached", WEB, 1, 1, false, false, false,
	    AL_WELCOME_POSITION },
	{ "a position far away", WEB, 1, UINT64_C(1) << 63, false, false,
	    false, AL_WELCOME_POSITION },
	{ "the id and the key, as another connector", DB, 1, 0, false, false,
	    false, AL_WELCOME_PRINCIPAL },
	{ "the id and the key, as an operator", ALICE, 1, 0, false, false,
	    false, AL_WELCOME_PRINCIPAL },
	{ "the id alone, as another connector", DB, 1, 0, true, false, false,
	    AL_WELCOME_PRINCIPAL },
	{ "a version to come", WEB, 1, 0, false, false, true,
	    AL_WELCOME_VERSION },
	{ "the same epoch", WEB, 0, 0, false, false, false,
	    AL_WELCOME_STALE },
	{ "the same epoch, and nothing right", WEB, 0, 1, false, false, false,
	    AL_WELCOME_STALE },
	{ "a lower epoch", WEB, -1, 0, false, false, false,
	    AL_WELCOME_STALE },
};

/* WELCOME says no, nothing else, and the link is closed in order. */
static void
expect_no(struct raw *r, const char *name, const struct al_hello *h,
    int status)
{
	char want[32], line[80];

	(void)snprintf(want, sizeof(want), "WELCOME %d;", status);
	(void)snprintf(line, sizeof(line), "HELLO is refused: %s\n",
	    al_welcome_status_name((unsigned)status));
	UNTIL(raw_ended(r));
	if (strcmp(r->got, want) != 0 || r->close_code != 1000 ||
	    memcmp(r->welcome.id, h->id, sizeof(h->id)) != 0 ||
	    count_in("log", line) == 0)
		fail_msg("%s: %s not %s, %u, %s", name, r->got, want,
		    r->close_code, line);
}

static void
refuse(const struct refused *row)
{
	static const uint8_t wrong[AL_RESUME_KEY_LEN] = { 1 };
	struct al_hello h = hello_of(&con);
	const struct al_session *there = al_mux_session(peer_of(h.id)->mux);
	struct raw r;

	h.epoch = (uint32_t)((int)there->epoch + row->epoch);
	if (row->pos != 0)
		h.recv_pos = there->sent + row->pos;
	h.id[3] ^= row->other_id;
	if (row->v2)
		h.min_version = h.max_version = 2;
	open_as(&r, row->who);
	raw_hello(&r, &h, row->no_key ? wrong : key_of(&con));
	expect_no(&r, row->name, &h, row->status);
	raw_close(&r);
}

/* Beside the link that lives, and while there is none. */
static void
refusals(void **state)
{
	const struct refused *row;
	unsigned lost;

	(void)state;
	client_move(&con, GW_CONNECTOR, T.web);	/* an epoch below is not 0 */
	for (row = refused_rows; row < refused_rows + N(refused_rows);
	    row++) {
		lost = con.lost;
		refuse(row);
		talk_both(&talk, con.asked[0], 2000);
		assert_int_equal(con.lost, lost);
		client_cut(&con);
		refuse(row);
		lives_on();
	}
	assert_int_equal(count_in("audit.log", "session-end"), 0);
	assert_int_equal(count_in("audit.log", "session-start"), 2);
}

/* A HELLO that has been changed is never taken.  The first 8 bytes are the
 * frame's header, whose flags mean nothing here; then come two of versions. */
static void
every_bit(void **state)
{
	uint8_t p[512];
	struct al_hello h = hello_of(&con);
	size_t n = raw_put_hello(p, sizeof(p), &h, key_of(&con)), bit;
	unsigned proofs = 0, broken = 0;
	struct raw r;

	(void)state;
	for (bit = 0; bit < 8 * n; bit++) {
		size_t at = bit / 8;

		if (at == 1)
			continue;
		p[at] ^= (uint8_t)(1u << bit % 8);
		raw_open(&r, GW_CONNECTOR, T.web);
		raw_send(&r, p, n);
		UNTIL(raw_ended(&r));
		p[at] ^= (uint8_t)(1u << bit % 8);
		proofs += strcmp(r.got, "WELCOME 3;") == 0;
		broken += r.got[0] == '\0';
		if (strcmp(r.got, at >= 12 && at < 28 ? "WELCOME 2;" :
		    "WELCOME 3;") != 0 && (r.got[0] != '\0' ||
		    (at >= 10 && at < 72)))
			fail_msg("bit %zu of byte %zu: %s", bit % 8, at,
			    r.got);
		raw_close(&r);
	}
	/* versions that exclude ours are rows above; here most are proofs */
	assert_true(proofs > 8 * 48 && broken >= 8 * 6);
	assert_int_equal(con.lost, 0);
	lives_on();
	/* and unchanged it would have been taken */
	h = hello_of(&con);
	raw_open(&r, GW_CONNECTOR, T.web);
	raw_hello(&r, &h, key_of(&con));
	raw_until(&r, "WELCOME 1 ");
	raw_close(&r);
}

static void
a_new_session_of_another_version(void **state)
{
	static const struct {
		uint8_t		 min, max;
		const char	*want;
	} rows[] = {
		{ 1, 1, "WELCOME 0;" }, { 1, 9, "WELCOME 0;" },
		{ 0, 1, "WELCOME 0;" }, { 2, 2, "WELCOME 8;" },
		{ 2, 9, "WELCOME 8;" }, { 0, 0, "WELCOME 8;" },
	};
	struct raw r;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		const struct al_hello h = { .min_version = rows[i].min,
		    .max_version = rows[i].max, .epoch = 1 };

		raw_open(&r, GW_CONNECTOR, T.web);
		raw_hello(&r, &h, NULL);
		UNTIL(r.got[0] != '\0' || raw_ended(&r));
		assert_string_equal(r.got, rows[i].want);
		raw_close(&r);
	}
	lives_on();
}

/* What is up may be resumed even when there is no room for new ones. */
static void
too_many_sessions(void **state)
{
	const struct al_hello h = { .min_version = 1, .max_version = 1,
	    .epoch = 1 };
	struct raw r, waiting;

	(void)state;
	T.gw->set->max_sessions = 3;
	/* what has not said START counts for no limit */
	raw_open(&waiting, GW_CONNECTOR, T.db);
	raw_hello(&waiting, &h, NULL);
	raw_until(&waiting, "WELCOME 0;");
	assert_int_equal(T.gw->sessions, 2);
	raw_open(&r, GW_CONNECTOR, T.db);
	raw_hello(&r, &h, NULL);
	raw_until(&r, "WELCOME 0;");
	raw_start(&r, 0);
	raw_until(&r, "START 0;");
	assert_int_equal(T.gw->sessions, 3);
	raw_close(&waiting);

	raw_open(&waiting, GW_CONNECTOR, T.db);
	raw_hello(&waiting, &h, NULL);
	expect_no(&waiting, "full", &h, AL_WELCOME_LIMIT);
	assert_string_equal(waiting.welcome.text,
	    "this gateway has as many sessions as it may have");
	raw_close(&waiting);
	lives_on();
	client_cut(&con);
	lives_on();
	raw_close(&r);
}

static bool stopped;

static void
on_stopped(void *arg)
{
	(void)arg;
	stopped = true;
}

/* A HELLO that is there when the gateway begins to stop is told when to come
 * again; who is connected may go on until it has stopped. */
static void
draining(void **state)
{
	const struct al_hello none = { .min_version = 1, .max_version = 1,
	    .epoch = 1 };
	struct al_hello h = hello_of(&con);
	struct raw new, more;

	(void)state;
	stopped = false;
	raw_open(&new, GW_CONNECTOR, T.db);
	raw_open(&more, GW_CONNECTOR, T.web);
	raw_hello(&new, &none, NULL);
	raw_hello(&more, &h, key_of(&con));
	al_gateway_stop(T.gw, on_stopped, NULL);
	expect_no(&new, "stopping", &none, AL_WELCOME_DRAINING);
	assert_in_range(new.welcome.retry_after_s, 1, 5);
	raw_until(&more, "WELCOME 1 ");
	UNTIL(con.goaway && op.goaway);
	assert_int_equal(con.goaway_code, AL_CHAN_DRAINING);
	assert_in_range(con.retry_s, 1, 5);
	talk_both(&talk, con.asked[0], 50000);
	raw_close(&new);
	raw_close(&more);
	al_end_leave(&talk.end, AL_CHAN_PEER_RESET, NULL);
	UNTIL(stopped);
}

/* Who never says HELLO, or never START, is no channel that has time to end. */
static void
silent(void **state)
{
	const struct al_hello none = { .min_version = 1, .max_version = 1,
	    .epoch = 1 };
	struct raw hello, start;
	uint64_t began_ms;

	(void)state;
	stopped = false;
	raw_open(&hello, GW_CONNECTOR, T.db);
	raw_open(&start, GW_CONNECTOR, T.db);
	raw_hello(&start, &none, NULL);
	raw_until(&start, "WELCOME 0;");
	al_end_leave(&talk.end, AL_CHAN_PEER_RESET, NULL);
	began_ms = al_now_ms();
	al_gateway_stop(T.gw, on_stopped, NULL);
	UNTIL(stopped);
	assert_true(al_now_ms() - began_ms < 12000);
	raw_close(&hello);
	raw_close(&start);
}

/* A certificate that is replaced between TLS and START is seen as well. */
static void
old_certificate(void **state)
{
	const struct al_hello none = { .min_version = 1, .max_version = 1,
	    .epoch = 1 };
	struct al_hello h = hello_of(&con);
	struct raw new, next;

	(void)state;
	raw_open(&new, GW_CONNECTOR, T.db);
	raw_open(&next, GW_CONNECTOR, T.web);
	raw_hello(&new, &none, NULL);
	raw_until(&new, "WELCOME 0;");
	T.gw->cert_no++;
	raw_start(&new, 0);
	raw_until(&new, "DETACH 0");
	raw_hello(&next, &h, key_of(&con));
	raw_until(&next, "WELCOME 1");
	raw_start(&next, session_of(&con)->acked);
	raw_until(&next, "DETACH 0");
	raw_close(&new);
	raw_close(&next);
}

/* Nobody can come back for a session any more. */
static void
left_alone(void **state)
{
	uint64_t began_ms;

	(void)state;
	stopped = false;
	client_cut(&con);
	began_ms = al_now_ms();
	al_gateway_stop(T.gw, on_stopped, NULL);
	UNTIL(stopped);
	assert_true(al_now_ms() - began_ms < 12000);
	UNTIL(talk.gone);
	assert_int_equal(talk.code, AL_CHAN_SESSION_LOST);
	al_mux_free(con.mux);
	con.mux = NULL;
}

/* A gateway that stops takes no new connections, and asks nobody to make one:
 * after DETACH it would cut the channels that have time to end. */
static void
old_at_the_end(void **state)
{
	struct al_peer *p = peer_of(al_session_id(session_of(&con)));
	struct al_timer look;

	(void)state;
	stopped = false;
	al_gateway_stop(T.gw, on_stopped, NULL);
	UNTIL(con.goaway);
	assert_int_equal(al_timer_init(&look, T.loop, on_stopped, NULL,
	    &T.err), AL_OK);
	p->move_text = "it is as old as it may be";
	al_timer_set(&p->move_timer, 0);
	al_timer_set(&look, 20);
	UNTIL(stopped);
	assert_true(al_mux_session(p->mux)->link->leave_us == 0);
	talk_both(&talk, con.asked[0], 3000);
	al_timer_fini(&look);
	al_end_leave(&talk.end, AL_CHAN_PEER_RESET, NULL);
	stopped = false;
	UNTIL(stopped);
}

/* Also the ends of those that have not left when the gateway goes. */
static void
freed(void **state)
{
	const char *session;

	(void)state;
	gateway_restart("");
	assert_int_equal(count_in("audit.log", "channel-end"), 1);
	assert_int_equal(count_in("audit.log", "session-end"), 2);
	session = strstr(file_text("audit.log"), "session-end");
	assert_non_null(strstr(session, "\"code\":12"));
	al_mux_free(op.mux);
	al_mux_free(con.mux);
	op.mux = con.mux = NULL;
}

/* --- links that race ------------------------------------------------------ */
/* HELLO with this epoch above the session's, taken. */
static void
attach_raw(struct raw *r, unsigned epoch)
{
	struct al_hello h = hello_of(&con);

	h.epoch += epoch - 1;
	raw_open(r, GW_CONNECTOR, T.web);
	raw_hello(r, &h, key_of(&con));
	raw_until(r, "WELCOME 1 ");
}

/* Where the next sequenced byte of con is. */
static uint64_t
next_pos(void)
{
	return session_of(&con)->sealed;
}

/* A link has been committed that the connector does not have; what it was
 * sent there comes again. */
static void
take_back(struct raw *r)
{
	raw_until(r, "START ");
	talk_say(&talk, 4000);
	raw_until(r, "DATA 2 ");
	lives_on();
	raw_close(r);
}

static void
replayed(void **state)
{
	uint8_t p[512];
	struct al_hello h = hello_of(&con);
	size_t n = raw_put_hello(p, sizeof(p), &h, key_of(&con));
	struct raw first, again;

	(void)state;
	raw_open(&first, GW_CONNECTOR, T.web);
	raw_send(&first, p, n);
	raw_until(&first, "WELCOME 1 ");
	/* byte for byte, while the first waits for START ... */
	raw_open(&again, GW_CONNECTOR, T.web);
	raw_send(&again, p, n);
	expect_no(&again, "replayed", &h, AL_WELCOME_STALE);
	raw_close(&again);
	assert_false(raw_ended(&first));
	talk_both(&talk, con.asked[0], 3000);
	raw_start(&first, next_pos());
	raw_until(&first, "START ");
	/* ... and when it is the current one */
	raw_open(&again, GW_CONNECTOR, T.web);
	raw_send(&again, p, n);
	expect_no(&again, "replayed", &h, AL_WELCOME_STALE);
	raw_close(&again);
	assert_false(raw_ended(&first));
	take_back(&first);
}

/* The later HELLO closes the earlier link; START there is too late. */
static void
race_in_order(void **state)
{
	struct raw a, b;

	(void)state;
	attach_raw(&a, 1);
	attach_raw(&b, 2);
	raw_start(&a, next_pos());
	UNTIL(raw_ended(&a));
	assert_int_equal(a.close_code, 1000);
	assert_null(strstr(a.got, "START"));
	talk_both(&talk, con.asked[0], 3000);	/* still on the old one */
	raw_start(&b, next_pos());
	raw_close(&a);
	take_back(&b);
}

static void
race_out_of_order(void **state)
{
	struct al_hello h = hello_of(&con);
	struct raw a, b;

	(void)state;
	attach_raw(&b, 2);
	raw_open(&a, GW_CONNECTOR, T.web);
	raw_hello(&a, &h, key_of(&con));
	expect_no(&a, "overtaken", &h, AL_WELCOME_STALE);
	raw_start(&a, next_pos());
	talk_both(&talk, con.asked[0], 3000);
	raw_start(&b, next_pos());
	raw_close(&a);
	take_back(&b);
}

/* HELLO of the later one comes when the earlier is the current link: that one
 * goes on until START, then is read on, and START on it means nothing. */
static void
race_after_start(void **state)
{
	struct raw a, b;

	(void)state;
	attach_raw(&a, 1);
	raw_start(&a, next_pos());
	raw_until(&a, "START ");
	attach_raw(&b, 2);
	talk_say(&talk, 1000);
	raw_until(&a, "DATA 2 1000;");
	assert_null(strstr(b.got, "DATA"));
	raw_start(&b, next_pos());
	raw_until(&b, "DATA 2 1000;");
	raw_start(&a, next_pos());
	assert_false(raw_ended(&a));
	take_back(&b);
	raw_close(&a);
}

/* No START follows: nothing has changed, and the epoch is spent. */
static void
no_start(void **state)
{
	unsigned failed = con.failed;
	struct raw r;

	(void)state;
	attach_raw(&r, 1);
	talk_both(&talk, con.asked[0], 3000);
	raw_close(&r);
	talk_both(&talk, con.asked[0], 3000);
	assert_int_equal(con.lost, 0);
	lives_on();
	assert_int_equal(con.failed, failed + 1);
	assert_int_equal(con.link_why.status, AL_WELCOME_STALE);
}

/* --- what a link may not say ---------------------------------------------- */
#define GAP	"START at a position that leaves a gap"

static const struct said {
	const char	*name;
	int		 start;		/* from what is due           */
	int		 then;		/* a second one, from there   */
	const char	*text;		/* of the goodbye; NULL: good */
} said_rows[] = {
	{ "at the position", 0, 0, NULL },
	{ "below it: what we have is dropped", -100, 0, NULL },
	{ "forward", -100, 50, NULL },
	{ "above it", 1, 0, GAP },
	{ "backwards", 0, -1, GAP },
	{ "forward too far", -100, 101, GAP },
};

static void
starts(void **state)
{
	const struct said *row;
	uint64_t pos;
	struct raw r;

	(void)state;
	for (row = said_rows; row < said_rows + N(said_rows); row++) {
		attach_raw(&r, 1);
		session_of(&con)->hello.epoch++;	/* it was its own */
		pos = next_pos() + (uint64_t)row->start;
		raw_start(&r, pos);
		if (row->then != 0)
			raw_start(&r, pos + (uint64_t)row->then);
		if (row->text == NULL) {
			raw_until(&r, "START ");
			assert_false(raw_ended(&r));
			take_back(&r);
			continue;
		}
		UNTIL(raw_ended(&r));
		if (r.close_code != 1002 || strcmp(r.close_text, row->text))
			fail_msg("%s: %u %s", row->name, r.close_code,
			    r.close_text);
		raw_close(&r);
		lives_on();
	}
}

/* Frames instead of START, and a HELLO too many. */
static void
out_of_place(void **state)
{
	static const struct {
		const char	*name;
		uint8_t		 type;
		size_t		 len;
		uint32_t	 chan;
		const char	*text;
	} rows[] = {
		{ "a channel's frame", AL_F_CREDIT, 4, 2,
		    "a channel's frame before START" },
		{ "HELLO again", AL_F_HELLO, 64, 0, "a second HELLO" },
		{ "WELCOME", AL_F_WELCOME, 36, 0, "a second WELCOME" },
	};
	uint8_t p[128] = { 0 };
	struct raw r;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		attach_raw(&r, 1);
		session_of(&con)->hello.epoch++;
		al_frame_put_header(p, rows[i].type, 0, rows[i].len,
		    rows[i].chan);
		raw_send(&r, p, AL_FRAME_HEADER + rows[i].len);
		UNTIL(raw_ended(&r));
		if (r.close_code != 1002 || strcmp(r.close_text,
		    rows[i].text) != 0)
			fail_msg("%s: %u %s", rows[i].name, r.close_code,
			    r.close_text);
		raw_close(&r);
		talk_both(&talk, con.asked[0], 3000);
		assert_int_equal(con.lost, 0);
	}
	lives_on();
}

/* What would only come again ends the session, and nobody takes it for
 * complete. */
static void
the_same_gap_twice(void **state)
{
	struct raw r;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		attach_raw(&r, 1 + i);
		raw_start(&r, 1 << 20);
		UNTIL(raw_ended(&r));
		raw_close(&r);
	}
	UNTIL(talk.gone);
	assert_int_equal(talk.how, AL_GONE_RESET);
	assert_int_equal(talk.code, AL_CHAN_SESSION_LOST);
	assert_int_equal(count_in("audit.log", "the session was lost: " GAP),
	    2);		/* of the session, and of the channel */
	UNTIL(con.lost == 1);
	client_attach(&con, GW_CONNECTOR, T.web);
	UNTIL(con.mux == NULL);
	assert_int_equal(con.why.status, AL_CHAN_SESSION_LOST);
	assert_non_null(strstr(con.why.text, "unknown session"));
	assert_true(con.asked[0]->gone);
	client_close(&con);
	client_open(&con, GW_CONNECTOR, T.web, NULL);
	assert_true(con.up);
}

/* --- too late, not wanted any more ---------------------------------------- */
static void
grace(void **state)
{
	struct al_hello h;
	struct raw r;

	(void)state;
	/* less than a file may say: the session has it from its start */
	T.gw->set->grace_s = 1;
	client_close(&con);
	client_open(&con, GW_CONNECTOR, T.web, NULL);
	talk_open(&talk, &op);
	UNTIL(talk.accepted);
	talk_both(&talk, con.asked[0], 3000);
	h = hello_of(&con);
	client_cut(&con);
	talk_say(&talk, 100000);
	UNTIL(talk.gone);
	assert_int_equal(talk.how, AL_GONE_RESET);
	assert_int_equal(talk.code, AL_CHAN_SESSION_LOST);
	assert_null(peer_of(h.id));
	assert_true(count_in("audit.log", "no link has come in time") > 0);
	raw_open(&r, GW_CONNECTOR, T.web);
	raw_hello(&r, &h, key_of(&con));
	expect_no(&r, "too late", &h, AL_WELCOME_UNKNOWN);
	raw_close(&r);
	client_attach(&con, GW_CONNECTOR, T.web);
	UNTIL(con.mux == NULL);
	assert_non_null(strstr(con.why.text, "unknown session"));
	assert_true(con.asked[0]->gone);
	assert_int_equal(con.asked[0]->how, AL_GONE_LOST);
}

/* Grace does not end while a HELLO that was taken waits for START. */
static void
grace_waits(void **state)
{
	struct raw r;
	uint64_t end;

	(void)state;
	client_cut(&con);
	attach_raw(&r, 1);
	al_mux_session(peer_of(session_of(&con)->id)->mux)->grace_us = 1000;
	for (end = al_now_ms() + 100; al_now_ms() < end; )
		turn();
	assert_false(raw_ended(&r));
	assert_false(talk.gone);
	raw_start(&r, next_pos());
	raw_until(&r, "START ");
	take_back(&r);
}

/* The file has another token for a principal. */
static void
replace_in(const char *file, const char *from, const char *to)
{
	char text[4096], *at;

	(void)snprintf(text, sizeof(text), "%.4000s", file_text(file));
	at = strstr(text, from);
	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
	put_file(file, text);
}

static void
new_token(void)
{
	char was[AL_SHA256_LEN * 2 + 1], now[AL_SHA256_LEN * 2 + 1];
	uint8_t hash[AL_SHA256_LEN];
	const char *secret = strchr(T.alice, ' ') + 1;

	assert_int_equal(al_sha256(hash, secret, strlen(secret)), AL_OK);
	(void)al_hex_encode(was, hash, sizeof(hash));
	T.alice[strlen(T.alice) - 1] ^= 1;
	assert_int_equal(al_sha256(hash, secret, strlen(secret)), AL_OK);
	(void)al_hex_encode(now, hash, sizeof(hash));
	replace_in("operators", was, now);
}

/* Who is revoked while it has no link does not come back: not with what it
 * had, nor with what it has now, for the session has ended. */
static void
revoked_while_detached(void **state)
{
	char old[300];
	struct al_hello h = hello_of(&op);
	uint8_t key[AL_RESUME_KEY_LEN];
	int status;
	struct raw r;

	(void)state;
	memcpy(old, T.alice, sizeof(old));
	memcpy(key, key_of(&op), sizeof(key));
	client_cut(&op);
	new_token();
	gateway_reload();
	UNTIL(con.asked[0]->gone);
	assert_int_equal(con.asked[0]->how, AL_GONE_RESET);
	UNTIL(peer_of(h.id) == NULL);
	assert_int_equal(count_in("audit.log", "\"code\":17,\"reason\":"
	    "\"the credentials are not valid any more\""), 1);
	assert_null(try_upgrade(connect_to_gateway(), GW_TUNNEL, old,
	    &status));
	assert_int_equal(status, 401);
	raw_open(&r, GW_TUNNEL, T.alice);
	raw_hello(&r, &h, key);
	expect_no(&r, "revoked", &h, AL_WELCOME_UNKNOWN);
	raw_close(&r);
}

/* Revoked with a link: CLOSE 17 says so. */
static void
revoked_while_up(void **state)
{
	(void)state;
	new_token();
	gateway_reload();
	UNTIL(op.mux == NULL);
	assert_int_equal(op.why.status, AL_CHAN_REVOKED);
	assert_true(talk.gone);
	UNTIL(con.asked[0]->gone);
	assert_int_equal(count_in("audit.log", "\"code\":17,\"reason\":"
	    "\"the credentials are not valid any more\""), 1);
}

/* Each link authenticates anew, and the session goes by the newest: it is the
 * token of that one that has to be valid later. */
static void
another_token_at_resume(void **state)
{
	struct al_err failed;

	(void)state;
	new_token();
	/* the link that is there has the old one; no reload has come */
	assert_int_equal(al_settings_reread_identities(T.gw->set, &failed),
	    AL_OK);
	client_move(&op, GW_TUNNEL, T.alice);
	gateway_reload();
	talk_both(&talk, con.asked[0], 50000);
	assert_int_equal(op.switched, 1);
}

/* Where a session comes from may change, and stands in the audit when it has:
 * a HELLO alone changes nothing. */
static void
another_address(void **state)
{
	struct al_hello h = hello_of(&con);
	struct al_peer *p = peer_of(h.id);
	struct raw r;

	(void)state;
	lives_on();	/* another port is no news */
	h = hello_of(&con);
	memset(&r, 0, sizeof(r));
	r.s = upgrade(connect_from(2), GW_CONNECTOR, T.web);
	al_ws_init(&r.ws, AL_WS_CLIENT);
	raw_hello(&r, &h, key_of(&con));
	raw_until(&r, "WELCOME 1 ");
	talk_both(&talk, con.asked[0], 3000);
	assert_int_equal(strncmp(p->from, "127.0.0.1:", 10), 0);
	assert_int_equal(count_in("audit.log", "address-change"), 0);
	raw_start(&r, next_pos());
	raw_until(&r, "START ");
	assert_int_equal(strncmp(p->from, "127.0.0.2:", 10), 0);
	assert_int_equal(count_in("audit.log", "address-change"), 1);
	assert_int_equal(count_in("audit.log", "\"before\":\"127.0.0.1:"), 1);
	take_back(&r);
	assert_int_equal(count_in("audit.log", "address-change"), 2);
	assert_int_equal(count_in("audit.log", "\"before\":\"127.0.0.2:"), 1);
}

int
main(void)
{
#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(refusals), CASE(every_bit),
		CASE(a_new_session_of_another_version),
		CASE(too_many_sessions), CASE(draining), CASE(silent), CASE(left_alone),
		CASE(old_certificate),
		CASE(old_at_the_end), CASE(freed), CASE(replayed),
		CASE(race_in_order), CASE(race_out_of_order),
		CASE(race_after_start), CASE(no_start), CASE(starts),
		CASE(out_of_place), CASE(the_same_gap_twice),
		CASE(grace), CASE(grace_waits),
		CASE(revoked_while_detached), CASE(revoked_while_up),
		CASE(another_token_at_resume), CASE(another_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
