/* tests/flow/test_gateway_rivals.c - one connector, one session of a gateway
 * (PROTOCOL 3.8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "tests/lib/rawlink.h"

static const struct al_session_opts this_one = { .instance = "a process" },
    that_one = { .instance = "b process" },
    look = { .instance = "c netcheck", .probe = true },
    untold = { .software = "test" };

static struct client old, new, op;
static struct talk talk, next;

static int
setup(void **state)
{
	if (gateway_setup(state) != 0)
		return -1;
	memset(&new, 0, sizeof(new));
	client_open(&old, GW_CONNECTOR, T.web, &this_one);
	client_open(&op, GW_TUNNEL, T.alice, NULL);
	talk_open(&talk, &op);
	UNTIL(talk.accepted || talk.gone);
	talk_both(&talk, old.asked[0], 3000);
	return 0;
}

static int
teardown(void **state)
{
	client_close(&op);
	client_close(&new);
	client_close(&old);
	return gateway_teardown(state);
}

/* Another channel goes to this one. */
static void
routes_to(struct client *cl)
{
	unsigned n = cl->n_opens;

	talk_open(&next, &op);
	UNTIL(next.accepted || next.gone);
	if (next.gone)
		fail_msg("%s", next.text);
	assert_int_equal(cl->n_opens, n + 1);
	talk_both(&next, cl->asked[n], 3000);
	al_end_leave(&next.end, AL_CHAN_PEER_RESET, NULL);
}

/* The session of cl has ended with 16, and its channel with it. */
static void
superseded(const uint8_t id[16], const char *why)
{
	char line[200];

	UNTIL(peer_of(id) == NULL);
	(void)snprintf(line, sizeof(line), "\"code\":16,\"reason\":\"%s\"",
	    why);
	/* of the session, and of its channel unless that had ended */
	assert_true(count_in("audit.log", line) >= 1);
	UNTIL(talk.gone);
	assert_int_equal(talk.how, AL_GONE_RESET);
	assert_int_equal(count_in("audit.log", "duplicate"), 0);
}

static void
id_of(const struct client *cl, uint8_t id[16])
{
	memcpy(id, al_session_id(session_of(cl)), 16);
}

#define ANEW	"the connector has opened a new session"
#define SAME	"the same connector has opened a new session"

/* --- one process ---------------------------------------------------------- */
static void
same_instance(void **state)
{
	uint8_t id[16];

	(void)state;
	id_of(&old, id);
	client_open(&new, GW_CONNECTOR, T.web, &this_one);
	UNTIL(old.mux == NULL);
	assert_int_equal(old.why.status, AL_CHAN_SUPERSEDED);
	assert_false(old.goaway);
	superseded(id, SAME);
	assert_true(new.up && !new.goaway);
	routes_to(&new);
}

/* Who does not tell has no instance, and is nobody's twin. */
static void
no_instance(void **state)
{
	(void)state;
	client_open(&new, GW_CONNECTOR, T.web, &untold);
	UNTIL(old.goaway);
	client_close(&old);
	client_open(&old, GW_CONNECTOR, T.web, &untold);
	UNTIL(new.goaway);
	assert_non_null(new.mux);
	routes_to(&old);
}

static void
detached_before(void **state)
{
	uint8_t id[16];

	(void)state;
	id_of(&old, id);
	client_cut(&old);
	client_open(&new, GW_CONNECTOR, T.web, &that_one);
	superseded(id, ANEW);
	routes_to(&new);
	client_attach(&old, GW_CONNECTOR, T.web);
	UNTIL(old.mux == NULL);
	assert_non_null(strstr(old.why.text, "unknown session"));
	assert_int_equal(T.gw->sessions, 2);
}

static void
detached_after(void **state)
{
	uint8_t id[16];

	(void)state;
	id_of(&old, id);
	client_open(&new, GW_CONNECTOR, T.web, &that_one);
	UNTIL(count_in("audit.log", "duplicate-identity") == 1);
	talk_both(&talk, old.asked[0], 3000);
	(void)shutdown(old.fd, SHUT_RDWR);
	UNTIL(peer_of(id) == NULL);
	assert_true(count_in("audit.log", "\"code\":16,\"reason\":\"" ANEW)
	    >= 1);
	UNTIL(talk.gone);
	routes_to(&new);
}

/* GOAWAY went one way or the other: what is open has time to end, by this
 * link or by another. */
static void
leaving(void **state)
{
	uint8_t id[16];

	(void)state;
	id_of(&old, id);
	al_session_goaway(session_of(&old), AL_CHAN_DONE, 0, "renewal");
	al_mux_kick(old.mux);
	UNTIL(peer_of(id)->leaving);
	talk_open(&next, &op);
	UNTIL(next.gone);
	assert_int_equal(next.code, AL_CHAN_OFFLINE);
	client_open(&new, GW_CONNECTOR, T.web, &this_one);
	routes_to(&new);
	talk_both(&talk, old.asked[0], 3000);
	assert_false(old.goaway);
	client_move(&old, GW_CONNECTOR, T.web);
	talk_both(&talk, old.asked[0], 3000);
	routes_to(&new);	/* another link is no takeover */
	client_cut(&old);
	superseded(id, ANEW);
}

static void
leaving_and_detached(void **state)
{
	uint8_t id[16];

	(void)state;
	id_of(&old, id);
	al_session_goaway(session_of(&old), AL_CHAN_DONE, 0, "renewal");
	al_mux_kick(old.mux);
	UNTIL(peer_of(id)->leaving);
	client_cut(&old);
	assert_non_null(peer_of(id));
	client_open(&new, GW_CONNECTOR, T.web, &this_one);
	superseded(id, ANEW);
	routes_to(&new);
}

/* --- before START --------------------------------------------------------- */
static void
not_before_start(void **state)
{
	const struct al_hello h = { .min_version = 1, .max_version = 1,
	    .epoch = 1, .instance = "b process" };
	struct raw r;

	(void)state;
	raw_open(&r, GW_CONNECTOR, T.web);
	raw_hello(&r, &h, NULL);
	raw_until(&r, "WELCOME 0;");
	assert_int_equal(r.welcome.grace_s, 60);
	routes_to(&old);
	assert_false(old.goaway);
	assert_int_equal(T.gw->sessions, 2);
	assert_non_null(peer_of(r.welcome.id));
	raw_close(&r);
	UNTIL(peer_of(r.welcome.id) == NULL);	/* with its link, at once */
	assert_false(old.goaway);
	assert_int_equal(count_in("audit.log", "session-"), 2);
	routes_to(&old);
}

static void
probes(void **state)
{
	uint8_t id[16];

	(void)state;
	client_open(&new, GW_CONNECTOR, T.web, &look);
	assert_true(new.up);
	routes_to(&old);
	assert_false(old.goaway || new.goaway);
	id_of(&new, id);
	client_cut(&old);	/* nor when there is no other */
	talk_open(&next, &op);
	client_move(&old, GW_CONNECTOR, T.web);
	UNTIL(next.accepted);
	assert_int_equal(new.n_opens, 0);
	talk_both(&talk, old.asked[0], 3000);
	assert_ptr_equal(peer_of(id)->mux != NULL ? peer_of(id)->who->route :
	    NULL, peer_of(al_session_id(session_of(&old))));
	al_end_leave(&next.end, AL_CHAN_PEER_RESET, NULL);
}

/* --- two processes -------------------------------------------------------- */
static void
cloned(void **state)
{
	(void)state;
	client_open(&new, GW_CONNECTOR, T.web, &that_one);
	UNTIL(old.goaway);
	assert_int_equal(old.goaway_code, AL_CHAN_SUPERSEDED);
	assert_int_equal(old.retry_s, 300);
	assert_false(new.goaway);
	UNTIL(count_in("audit.log", "duplicate-identity") == 1);
	routes_to(&new);
	talk_both(&talk, old.asked[0], 100000);
	assert_non_null(old.mux);
	/* and the older does not win it back by moving */
	client_move(&old, GW_CONNECTOR, T.web);
	routes_to(&new);
	assert_false(new.goaway);
	talk_both(&talk, old.asked[0], 3000);
	assert_int_equal(count_in("audit.log", "duplicate-identity"), 1);
	/* with the newest gone, it stays told to go */
	client_close(&new);
	talk_open(&next, &op);
	UNTIL(next.gone);
	assert_int_equal(next.code, AL_CHAN_OFFLINE);
}

static void
pong(struct raw *r)
{
	uint8_t p[AL_FRAME_PING_LEN];

	al_frame_put_ping(p, AL_F_PONG, r->ping);
	raw_send(r, p, sizeof(p));
}

static void
raw_up(struct raw *r)
{
	const struct al_hello h = { .min_version = 1, .max_version = 1,
	    .epoch = 1, .instance = "d process" };

	raw_open(r, GW_CONNECTOR, T.web);
	raw_hello(r, &h, NULL);
	raw_until(r, "WELCOME 0;");
	raw_start(r, 0);
	raw_until(r, "START 0;");
	UNTIL(peer_of(r->welcome.id)->up);
}

/* One that does not answer may be the dead half of a connection: that is no
 * second process, and nobody is told so. */
static void
dead_rival(void **state)
{
	struct raw r;

	(void)state;
	raw_up(&r);
	client_open(&new, GW_CONNECTOR, T.web, &that_one);
	raw_until(&r, "GOAWAY 16 300 another connector with this id has come");
	raw_until(&r, "PING ");
	routes_to(&new);
	assert_int_equal(count_in("audit.log", "\"duplicate-identity\""), 1);
	/* the one line is of the first takeover: "a process" answers */
	pong(&r);
	UNTIL(count_in("audit.log", "\"duplicate-identity\"") == 2);
	raw_close(&r);
}

/* The answer to a PING of before says nothing about now. */
static void
pong_of_before(void **state)
{
	struct al_peer *p;
	struct raw r;

	(void)state;
	raw_up(&r);
	UNTIL(count_in("audit.log", "\"duplicate-identity\"") == 1);
	p = peer_of(r.welcome.id);
	assert_true(al_session_ping(al_mux_session(p->mux), al_now_us()));
	al_mux_kick(p->mux);
	raw_until(&r, "PING ");
	r.got[0] = '\0';
	client_open(&new, GW_CONNECTOR, T.web, &that_one);
	raw_until(&r, "GOAWAY 16 300 ");
	assert_null(strstr(r.got, "PING"));
	pong(&r);
	raw_until(&r, "PING ");
	assert_int_equal(count_in("audit.log", "\"duplicate-identity\""), 1);
	pong(&r);
	UNTIL(count_in("audit.log", "\"duplicate-identity\"") == 2);
	raw_close(&r);
}

/* --- OPENs that wait ------------------------------------------------------ */
/* The connector is away for a moment: who asks for it waits, and gets it. */
static void
opens_wait_for_the_link(void **state)
{
	(void)state;
	client_cut(&old);
	talk_open(&next, &op);
	talk_say(&talk, 3000);
	client_move(&old, GW_CONNECTOR, T.web);
	UNTIL(next.accepted || next.gone);
	assert_true(next.accepted);
	assert_int_equal(old.n_opens, 2);
	talk_both(&talk, old.asked[0], 3000);
	talk_both(&next, old.asked[1], 3000);
	al_end_leave(&next.end, AL_CHAN_PEER_RESET, NULL);
}

/* Who waits for a connector that does not come back, but is started anew, is
 * served by its new session.  Not so who had been asked. */
static void
opens_move(void **state)
{
	struct talk more;

	(void)state;
	client_cut(&old);
	talk_open(&next, &op);
	talk_open(&more, &op);
	talk_say(&more, 5000);		/* data may follow OPEN at once */
	UNTIL(T.gw->channels == 3);
	client_open(&new, GW_CONNECTOR, T.web, &that_one);
	UNTIL((next.accepted || next.gone) && (more.accepted || more.gone));
	assert_true(next.accepted && more.accepted);
	assert_int_equal(new.n_opens, 2);
	talk_both(&next, new.asked[0], 3000);
	talk_both(&more, new.asked[1], 3000);
	assert_true(talk.gone);
	assert_int_equal(T.gw->channels, 2);
	assert_int_equal(count_in("audit.log", "\"channel-start\""), 3);
	assert_int_equal(count_in("audit.log", "\"channel-end\""), 1);
	assert_int_equal(count_in("audit.log", "\"refusal\""), 0);
	al_end_leave(&next.end, AL_CHAN_PEER_RESET, NULL);
	al_end_leave(&more.end, AL_CHAN_PEER_RESET, NULL);
	UNTIL(T.gw->channels == 0);
	assert_int_equal(count_in("audit.log", "\"channel-end\""), 3);
}

/* It stays away for good. */
static void
opens_in_vain(void **state)
{
	uint8_t id[16];

	(void)state;
	id_of(&old, id);
	client_cut(&old);
	talk_open(&next, &op);
	UNTIL(T.gw->channels == 2);
	al_mux_session(peer_of(id)->mux)->grace_us = 1;
	al_mux_kick(peer_of(id)->mux);
	UNTIL(next.gone);
	assert_int_equal(next.how, AL_GONE_REFUSED);
	assert_int_equal(next.code, AL_CHAN_OFFLINE);
	assert_string_equal(next.text, "web-1 is not connected");
	UNTIL(talk.gone);
	assert_int_equal(T.gw->channels, 0);
	assert_int_equal(count_in("audit.log", "\"refusal\""), 1);
}

/* Nobody waits longer than 30 s, for one that is away or for one that says
 * nothing.  That takes so long: in the long form only. */
static void
opens_time_out(void **state)
{
	struct talk more;
	struct raw r;

	(void)state;
	if (getenv("ALPACON_LONG") == NULL)
		return;
	raw_up(&r);
	client_open(&new, GW_CONNECTOR, T.db, NULL);
	client_cut(&new);
	talk_open(&next, &op);
	talk_open_to(&more, &op, "db-1");
	raw_until(&r, "OPEN 2 ");
	UNTIL(next.gone && more.gone);
	assert_int_equal(next.how, AL_GONE_REFUSED);
	assert_int_equal(next.code, AL_CHAN_TIMEOUT);
	assert_int_equal(more.how, AL_GONE_REFUSED);
	assert_int_equal(more.code, AL_CHAN_OFFLINE);
	raw_until(&r, "RESET 2 4 ");
	/* what was not sent is not sent later */
	client_move(&new, GW_CONNECTOR, T.db);
	assert_int_equal(new.n_opens, 0);
	raw_close(&r);
}

int
main(void)
{
#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(same_instance), CASE(no_instance),
		CASE(detached_before), CASE(detached_after), CASE(leaving),
		CASE(leaving_and_detached), CASE(not_before_start),
		CASE(probes), CASE(cloned), CASE(dead_rival),
		CASE(pong_of_before), CASE(opens_wait_for_the_link),
		CASE(opens_move), CASE(opens_in_vain),
		CASE(opens_time_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
