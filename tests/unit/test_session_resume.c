/* tests/unit/test_session_resume.c - one session, its links, a scripted peer.
 *
 * An acceptor's grace is 60 s, an opener was told 0 (and adds its 40 s).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "connector/engine/session_int.h"
#include "tests/lib/script.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

enum start { FRESH, LIVE };

#define GAP	"START at a position that leaves a gap"
#define NEVER	"ACK of bytes that were never sent"
#define MOVED	"the session has moved to another link"
#define STAYED	"the peer was told to leave the connection and has not"
#define LATER	"a later HELLO has come"

static const struct row {
	const char	*name;
	enum al_role	 role;
	enum start	 start;
	const char	*steps[28];
} rows[] = {
	/* --- an opener resumes -------------------------------------------- */
	{ "resumed, nothing to replay", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "drop 0", "! DETACHED", "dial",
	    "> HELLO 2 0", "< WELCOME 1 18", "> START 18", "< START 0",
	    "! RESUMED", ">", NULL } },
	{ "resumed, replayed unchanged", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "open", "write b 9",
	    "> OPEN 3 49152 {}, DATA 3 9", "drop 0", "! DETACHED", "dial",
	    "> HELLO 2 0", "< WELCOME 1 18", "> START 18, OPEN 3 49152 {}, DATA 3 9",
	    "< START 0", "! RESUMED", "open", "> OPEN 5 49152 {}", NULL } },
	{ "a record acknowledged in its middle goes again", AL_OPENER, LIVE, {
	    "open", "write a 9", "> OPEN 1 49152 {}, DATA 1 9", "drop 0",
	    "dial", "> HELLO 2 0", "< WELCOME 1 18",
	    "> START 0, OPEN 1 49152 {}, DATA 1 9", NULL } },
	{ "it tells what it has", AL_OPENER, LIVE, { "< OPEN 2 0 {}",
	    "drop 0", "dial", "> HELLO 2 18", "< WELCOME 1 0", "> START 0",
	    "< START 0 | OPEN 2 0 {}", "! SWITCHED, OPEN a {}", NULL } },
	{ "no record while detached", AL_OPENER, LIVE, { "drop 0", "open",
	    "! DETACHED", "dial", "> HELLO 2 0", ">", "< WELCOME 1 0",
	    "> START 0 / OPEN 1 49152 {}", NULL } },
	{ "WELCOME of bytes never sent", AL_OPENER, LIVE, { "drop 0", "dial",
	    "> HELLO 2 0", "<! WELCOME of bytes that were never sent = "
	    "WELCOME 1 1", NULL } },
	{ "new, while we resume", AL_OPENER, LIVE, { "drop 0", "dial",
	    "> HELLO 2 0", "<! a WELCOME that does not answer our HELLO = "
	    "WELCOME 0 0", NULL } },
	{ "an older WELCOME acknowledges nothing", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< ACK 18", "drop 0", "dial",
	    "> HELLO 2 0", "< WELCOME 1 3", "> START 18", NULL } },
#define LOSES(n, name) \
	{ "WELCOME " #n ", no link lives", AL_OPENER, LIVE, { "drop 0", \
	    "! DETACHED", "dial", "> HELLO 2 0", "< WELCOME " #n " 0 no", \
	    "! REJECTED " #n " 7 no, LOST 12 " name, "expiry 0", NULL } }
#define RETRIES(n) \
	{ "WELCOME " #n ", no link lives", AL_OPENER, LIVE, { "drop 0", \
	    "! DETACHED", "dial", "> HELLO 2 0", "< WELCOME " #n " 0 no", \
	    "! REJECTED " #n " 7 no", "dial", "> HELLO 3 0", NULL } }
#define KEEPS(n) \
	{ "WELCOME " #n ", a link lives", AL_OPENER, LIVE, { "dial", \
	    "> HELLO 2 0", "< WELCOME " #n " 0 no", "! REJECTED " #n \
	    " 7 no", "use 0", "open", "> OPEN 1 49152 {}", NULL } }
	LOSES(2, "unknown session"), LOSES(3, "bad proof"),
	LOSES(4, "position outside the ring"), LOSES(5, "other principal"),
	RETRIES(6), RETRIES(7), RETRIES(8), RETRIES(9), RETRIES(10),
	KEEPS(2), KEEPS(3), KEEPS(4), KEEPS(5), KEEPS(6), KEEPS(7), KEEPS(8),
	KEEPS(9), KEEPS(10),

	/* --- an opener switches ------------------------------------------- */
	{ "the old link is read until START", AL_OPENER, LIVE, { "dial",
	    "> HELLO 2 0", "< WELCOME 1 0", "> START 0", "use 0",
	    "< OPEN 2 0 {} | PING 3", "! OPEN a {}", "> PONG 3, ACK 18 0",
	    "use 1", ">", "< START 0", "! SWITCHED", "< OPEN 2 0 {}", "!",
	    "time 5000", "> ACK 18 5000", NULL } },
	{ "and for 2 s", AL_OPENER, LIVE, { "dial", "> HELLO 2 0",
	    "< WELCOME 1 0", "> START 0", "< START 0", "! SWITCHED",
	    "use 0", "< OPEN 2 0 {}", "! OPEN a {}", "use 1", "time 5000",
	    "> ACK 18 5000", "time 1994999", "expired", "!", "time 1",
	    "expired", "! LINK_OVER 0 #0 " MOVED, "use 0",
	    "< OPEN 4 0 {}", "!", NULL } },
	{ "no record on the old link", AL_OPENER, LIVE, { "dial",
	    "> HELLO 2 0", "< WELCOME 1 0", "> START 0", "open", "use 0",
	    ">", "use 1", "> OPEN 1 49152 {}", NULL } },
	{ "records on the old link until WELCOME", AL_OPENER, LIVE, { "dial",
	    "> HELLO 2 0", "open", ">", "use 0", "> OPEN 1 49152 {}",
	    "use 1", "< WELCOME 1 0", "> START 0, OPEN 1 49152 {}", NULL } },
	{ "no START within 10 s", AL_OPENER, LIVE, { "dial", "> HELLO 2 0",
	    "< WELCOME 1 0", "time 1000000", "> START 0", "use 0",
	    "time 9999999", "expired", "!", "time 1", "expired",
	    "! LINK_OVER 6 #1 no START within 10 s", "< OPEN 2 0 {}",
	    "! OPEN a {}", "accept a", ">", "time 5000", "> ACK 18 5000",
	    "dial", "> HELLO 3 18", "< WELCOME 1 0",
	    "> START 0 / ACCEPT 2 49152", "< START 18", "! SWITCHED",
	    NULL } },
	{ "ACK overtakes the replay", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "open", "> OPEN 3 49152 {}", "open",
	    "> OPEN 5 49152 {}", "dial", "> HELLO 2 0", "< WELCOME 1 0",
	    ">1 START 0, OPEN 1 49152 {}", "use 0", "< ACK 36", "use 1",
	    "> START 36, OPEN 5 49152 {}", ">", NULL } },
	{ "ACK of all overtakes the replay", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "open", "> OPEN 3 49152 {}", "dial",
	    "> HELLO 2 0", "< WELCOME 1 0", ">1 START 0, OPEN 1 49152 {}",
	    "use 0", "< ACK 36", "use 1", "open",
	    "> START 36, OPEN 5 49152 {}", NULL } },
	{ "one dial at a time", AL_OPENER, LIVE, { "dial", "> HELLO 2 0",
	    "dial", "! LINK_OVER 0 #1 another connection is tried",
	    "> HELLO 3 0", "use 1", "< WELCOME 1 0", ">", "use 2",
	    "< WELCOME 1 0", "> START 0", NULL } },
	{ "the new link dies before START came", AL_OPENER, LIVE, { "dial",
	    "> HELLO 2 0", "< WELCOME 1 0", "> START 0", "drop 1", "!",
	    "use 0", "open", ">", "dial", "> HELLO 3 0", "< WELCOME 1 0",
	    "> START 0 / OPEN 1 49152 {}", "use 0", "drop 0", "! DETACHED",
	    NULL } },
	{ "DETACH of a link that was left", AL_OPENER, LIVE, { "dial",
	    "> HELLO 2 0", "< WELCOME 1 0", "> START 0", "< START 0",
	    "! SWITCHED", "use 0", "< DETACH 1 9 x", "!", NULL } },

	/* --- an acceptor judges ------------------------------------------- */
	{ "taken", AL_ACCEPTOR, LIVE, { "judge 1 1 0", "> WELCOME 1 0",
	    NULL } },
	{ "wrong proof", AL_ACCEPTOR, LIVE, { "judge 3 1 0 proof",
	    "judge 1 1 0", NULL } },
	{ "other id", AL_ACCEPTOR, LIVE, { "judge 2 1 0 id", NULL } },
	{ "other version", AL_ACCEPTOR, LIVE, { "judge 8 1 0 v2", NULL } },
	{ "stale epoch", AL_ACCEPTOR, LIVE, { "judge 10 0 0", "judge 1 7 0",
	    "judge 10 7 0", "judge 10 6 0", "judge 1 8 0", NULL } },
	{ "position outside the ring", AL_ACCEPTOR, LIVE, { "judge 4 1 1",
	    "judge 10 1 0", "judge 1 2 0", NULL } },
	{ "HELLO acknowledges", AL_ACCEPTOR, LIVE, { "open",
	    "> OPEN 2 49152 {}", "judge 1 1 18", "> WELCOME 1 0",
	    "< START 0", "> START 18", NULL } },
	{ "an older position acknowledges nothing", AL_ACCEPTOR, LIVE, {
	    "open", "> OPEN 2 49152 {}", "< ACK 18", "judge 1 1 4",
	    "> WELCOME 1 0", "< START 0", "> START 18", NULL } },
	{ "after CLOSE", AL_ACCEPTOR, LIVE, { "close 17", "> CLOSE 17 0",
	    "judge 2 1 0", NULL } },
	{ "while START is under way", AL_ACCEPTOR, FRESH, { "> WELCOME 0",
	    "judge 1 1 0", "! LINK_OVER 0 #0 " LATER, "use 0",
	    "< START 0", "!", "use 1", "> WELCOME 1 0", "< START 0",
	    "! UP", "> START 0", NULL } },
	{ "a session without START dies with its link", AL_ACCEPTOR, FRESH, {
	    "> WELCOME 0", "drop 0",
	    "! LOST 12 its link was lost before START", "judge 2 1 0",
	    NULL } },

	/* --- an acceptor switches ----------------------------------------- */
	{ "records on the old link until START", AL_ACCEPTOR, LIVE, {
	    "judge 1 1 0", "> WELCOME 1 0", "open", ">", "use 0",
	    "> OPEN 2 49152 {}", "use 1", "< START 0", "! SWITCHED",
	    "use 0", ">", "use 1", "> START 0, OPEN 2 49152 {}", NULL } },
	{ "two attaches race", AL_ACCEPTOR, LIVE, { "judge 1 1 0",
	    "> WELCOME 1 0", "judge 1 2 0", "! LINK_OVER 0 #1 " LATER,
	    "> WELCOME 1 0", "< START 0", "! SWITCHED", "use 1",
	    "< START 0 | OPEN 1 0 {}", "!", "use 2", "< OPEN 1 0 {}",
	    "! OPEN a {}", NULL } },
	{ "no START again on a link that was left", AL_ACCEPTOR, LIVE, {
	    "open", "> OPEN 2 49152 {}", "open", "> OPEN 4 49152 {}",
	    "judge 1 1 0", "> WELCOME 1 0", "< START 0",
	    ">1 START 0, OPEN 2 49152 {}", "< ACK 36", "judge 1 2 0",
	    "> WELCOME 1 0", "open", "< START 0", "use 1", ">", "use 2",
	    "> START 36 / OPEN 6 49152 {}", NULL } },
	{ "START of a lower epoch", AL_ACCEPTOR, LIVE, { "judge 1 1 0",
	    "> WELCOME 1 0", "judge 1 2 0", "use 1", "< START 0",
	    "! LINK_OVER 0 #1 " LATER, "use 2", "> WELCOME 1 0",
	    "use 0", "open", "> OPEN 2 49152 {}", NULL } },
	{ "HELLO and no START: the old link stays", AL_ACCEPTOR, LIVE, {
	    "judge 1 1 0", "> WELCOME 1 0", "time 15000000", "expired",
	    "! LINK_OVER 6 #1 no START within 15 s", "use 0", "> PING 1",
	    "open", "> OPEN 2 49152 {}", NULL } },
	{ "the old link is read for 2 s", AL_ACCEPTOR, LIVE, { "judge 1 1 0",
	    "> WELCOME 1 0", "< START 0", "! SWITCHED", "> START 0",
	    "use 0", "< OPEN 1 0 {}", "! OPEN a {}", "use 1",
	    "< OPEN 1 0 {} | OPEN 3 0 {}", "! OPEN b {}", "time 2000000",
	    "expired", "! LINK_OVER 0 #0 " MOVED, NULL } },
	{ "a START that leaves a gap", AL_ACCEPTOR, LIVE, { "judge 1 1 0",
	    "> WELCOME 1 0", "<! " GAP " = START 1", "drop 1", "!", "use 0",
	    "open", "> OPEN 2 49152 {}", NULL } },
	{ "START backwards", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "judge 1 1 0", "> WELCOME 1 18", "< START 18",
	    "<! " GAP " = START 0", NULL } },
	{ "a frame over the edge of what came", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "judge 1 1 0", "> WELCOME 1 18", "< START 10",
	    "<! a gap in the positions = CREDIT 1 5", NULL } },
	{ "START leaps over what the old link brought", AL_ACCEPTOR, LIVE, {
	    "judge 1 1 0", "> WELCOME 1 0", "< START 0", "use 0",
	    "< OPEN 1 0 {} | OPEN 3 0 {}", "use 1",
	    "< START 36 | OPEN 5 0 {}",
	    "! SWITCHED, OPEN a {}, OPEN b {}, OPEN c {}", NULL } },
	{ "START again at the same place", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "judge 1 1 0", "> WELCOME 1 18", "< START 18",
	    "< START 18", "< START 18 | OPEN 3 0 {}",
	    "! SWITCHED, OPEN a {}, OPEN b {}", NULL } },
	{ "START again and again, through what came", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | OPEN 3 0 {} | OPEN 5 0 {}", "judge 1 1 0",
	    "> WELCOME 1 54", "< START 0 | OPEN 1 0 {}", "< START 36",
	    "< OPEN 5 0 {} | START 54 | OPEN 7 0 {}",
	    "! SWITCHED, OPEN a {}, OPEN b {}, OPEN c {}, OPEN d {}",
	    NULL } },
	{ "START back within what came", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | OPEN 3 0 {}", "judge 1 1 0", "> WELCOME 1 36",
	    "< START 0", "< START 36", "<! " GAP " = START 18", NULL } },
	{ "START again beyond what came", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "judge 1 1 0", "> WELCOME 1 18", "< START 0",
	    "<! " GAP " = START 19", NULL } },
	{ "malformed twice, at an opener", AL_OPENER, LIVE, {
	    "<! " GAP " = START 1", "drop 0", "! DETACHED", "dial",
	    "> HELLO 2 0", "< WELCOME 1 0", "> START 0", "< START 0",
	    "! RESUMED", "<! " GAP " = START 1", "! LOST 18 " GAP,
	    "expiry 0", NULL } },
	{ "malformed twice, an ACK", AL_ACCEPTOR, LIVE, {
	    "<! " NEVER " = ACK 1", "drop 0", "! DETACHED", "judge 1 1 0",
	    "> WELCOME 1 0", "<! " NEVER " = ACK 1", "! LOST 18 " NEVER,
	    NULL } },
	{ "malformed twice, a WELCOME", AL_OPENER, LIVE, { "dial",
	    "> HELLO 2 0", "<! WELCOME of bytes that were never sent = "
	    "WELCOME 1 1", "drop 1", "dial", "> HELLO 3 0",
	    "<! WELCOME of bytes that were never sent = WELCOME 1 1",
	    "! LOST 18 WELCOME of bytes that were never sent", NULL } },
	{ "malformed twice", AL_ACCEPTOR, LIVE, { "<! " GAP " = START 1",
	    "drop 0", "! DETACHED", "judge 1 1 0", "> WELCOME 1 0",
	    "< START 0", "! RESUMED", "<! " GAP " = START 1",
	    "! LOST 18 " GAP, "judge 2 2 0", NULL } },
	{ "malformed, and malformed elsewhere", AL_ACCEPTOR, LIVE, {
	    "<! " GAP " = START 1", "drop 0", "! DETACHED", "judge 1 1 0",
	    "> WELCOME 1 0", "< START 0", "! RESUMED",
	    "<! " GAP " = START 2", "drop 1", "! DETACHED", NULL } },
	{ "a bad frame that comes again", AL_ACCEPTOR, LIVE, {
	    "<! a ACCEPT frame for channel 2: it was never opened = "
	    "ACCEPT 2 1 {}", "drop 0", "! DETACHED", "judge 1 1 0",
	    "> WELCOME 1 0", "< START 0", "! RESUMED",
	    "<! a ACCEPT frame for channel 2: it was never opened = "
	    "ACCEPT 2 1 {}", "! LOST 18 a ACCEPT frame for channel 2: "
	    "it was never opened", NULL } },

	/* --- either link counts ------------------------------------------- */
	{ "ACK on the new link of what the old one sent", AL_ACCEPTOR, LIVE, {
	    "open", "> OPEN 2 49152 {}", "judge 1 1 0", "> WELCOME 1 0",
	    "< START 0 | ACK 18", "> START 18", NULL } },
	{ "CLOSE on the old link", AL_ACCEPTOR, LIVE, { "judge 1 1 0",
	    "> WELCOME 1 0", "< START 0", "! SWITCHED", "use 0",
	    "< CLOSE 17 0 no", "! CLOSE 17 no", "use 1", ">", "expiry 0",
	    NULL } },
	{ "CLOSE goes by all", AL_ACCEPTOR, LIVE, { "judge 1 1 0",
	    "> WELCOME 1 0", "close 17", "> CLOSE 17 0", "use 0",
	    "> CLOSE 17 0", ">", NULL } },
	{ "CLOSE again on another link", AL_OPENER, LIVE, { "close 17",
	    "> CLOSE 17 0", "drop 0", "!", "dial", "> HELLO 2 0",
	    "< WELCOME 1 0", "> START 0, CLOSE 17 0", NULL } },

	/* --- time --------------------------------------------------------- */
	{ "an acceptor's grace", AL_ACCEPTOR, LIVE, { "drop 0", "! DETACHED",
	    "expiry 60000000", "time 59999999", "expired", "!", "time 1",
	    "expired", "! LOST 12 no link has come in time", "judge 2 1 0",
	    "expiry 0", NULL } },
	{ "grace waits for START", AL_ACCEPTOR, LIVE, { "drop 0",
	    "! DETACHED", "time 59999999", "judge 1 1 0", "> WELCOME 1 0",
	    "time 14999999", "expired", "!", "< START 0", "! RESUMED",
	    NULL } },
	{ "but not for ever", AL_ACCEPTOR, LIVE, { "drop 0", "! DETACHED",
	    "time 59999999", "judge 1 1 0", "> WELCOME 1 0",
	    "time 15000000", "expired", "! LINK_OVER 6 #1 no START within "
	    "15 s, LOST 12 no link has come in time", NULL } },
	{ "DETACH, and the link is left", AL_ACCEPTOR, LIVE, { "open",
	    "detach 1 10 go", "expiry 10000000",
	    "> DETACH 1 10 go, OPEN 2 49152 {}", ">", "judge 1 1 0",
	    "> WELCOME 1 0", "< START 0", "! SWITCHED", "use 0", ">",
	    "time 2000000", "expired", "! LINK_OVER 0 #0 " MOVED, "use 1",
	    "> START 0, OPEN 2 49152 {}", "time 9000000", "expired", "!",
	    NULL } },
	{ "DETACH, and it is not left", AL_ACCEPTOR, LIVE, {
	    "detach 1 10 go", "> DETACH 1 10 go", "time 9999999", "expired",
	    "!", "time 1", "expired", "! LINK_OVER 6 #0 " STAYED ", DETACHED",
	    NULL } },
	{ "DETACH that is not out before the switch", AL_ACCEPTOR, LIVE, {
	    "detach 1 10 go", "judge 1 1 0", "> WELCOME 1 0", "< START 0",
	    "! SWITCHED", "> START 0", "use 0", ">", "detach 2 20 more",
	    ">", "use 1", "> DETACH 2 20 more", NULL } },
	{ "DETACH waits for nobody else's link", AL_ACCEPTOR, LIVE, {
	    "judge 1 1 0", "> WELCOME 1 0", "detach 1 10 go", ">", "use 0",
	    "> DETACH 1 10 go", NULL } },
	{ "an opener's grace", AL_OPENER, LIVE, { "drop 0", "! DETACHED",
	    "expiry 40000000", "time 39000000", "dial", "> HELLO 2 0",
	    "time 2000000", "expired", "!", "drop 1", "expired",
	    "! LOST 12 no link has come in time", NULL } },
	{ "resumed in time", AL_ACCEPTOR, LIVE, { "drop 0", "judge 1 1 0",
	    "> WELCOME 1 0", "< START 0", "! SWITCHED", "> START 0",
	    "expiry 15000000", NULL } },
};

static void
every_row(void **state)
{
	const struct row *r;
	size_t i;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		struct script t;

		script_init(&t, r->name, r->role, NULL);
		if (r->start == LIVE)
			script_greet(&t, r->role);
		for (i = 0; r->steps[i] != NULL; i++)
			script_step(&t, r->steps[i]);
		script_fini(&t);
	}
}

/* What was sent on another link says nothing about this one. */
static void
no_sample_of_replay(void **state)
{
	struct script t;

	(void)state;
	script_init(&t, "no sample of replay", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "> OPEN 1 49152 {}");
	script_step(&t, "dial");
	script_step(&t, "> HELLO 2 0");
	script_step(&t, "time 3000000");
	script_step(&t, "< WELCOME 1 0");
	script_step(&t, "> START 0, OPEN 1 49152 {}");
	script_step(&t, "< START 0");
	script_step(&t, "time 3000");
	script_step(&t, "< ACK 18");
	assert_int_equal(al_session_rtt_us(t.s), 0);
	script_step(&t, "open");
	script_step(&t, "> OPEN 3 49152 {}");
	script_step(&t, "time 3000");
	script_step(&t, "< ACK 36");
	assert_int_equal(al_session_rtt_us(t.s), 3000);
	assert_int_equal(t.s->flight.rtt[0], 3000);
	/* sent on the old link, acknowledged before it was replayed */
	script_step(&t, "open");
	script_step(&t, "> OPEN 5 49152 {}");
	script_step(&t, "open");
	script_step(&t, "> OPEN 7 49152 {}");
	script_step(&t, "dial");
	script_step(&t, "> HELLO 3 0");
	script_step(&t, "time 3000000");
	script_step(&t, "< WELCOME 1 36");
	script_step(&t, ">1 START 36, OPEN 5 49152 {}");
	assert_int_equal(t.s->flight.rtt[0], 0);
	script_step(&t, "< START 0 | ACK 72");
	assert_int_equal(al_session_rtt_us(t.s), 0);
	script_fini(&t);
}

/* A record that is being written stays as it is, acknowledged or not. */
static void
record_in_hand(void **state)
{
	struct script t;
	struct al_msg msg;

	(void)state;
	script_init(&t, "record in hand", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_fill(&t);
	assert_true(al_link_take(t.l, t.now_us, &msg));
	script_step(&t, "dial");
	script_step(&t, "> HELLO 2 0");
	script_step(&t, "< WELCOME 1 18");
	script_step(&t, "> START 18");
	assert_non_null(t.s->ring_head);
	assert_int_equal(msg.rec_len, 18);
	assert_int_equal(msg.rec[0], AL_F_OPEN);
	script_step(&t, "drop 0");
	assert_null(t.s->ring_head);
	script_fini(&t);
}

/* A full ring takes nothing more until the new link brings an ACK. */
static void
full_ring(void **state)
{
	static char text[65536];
	struct script t;

	(void)state;
	script_init(&t, "full ring", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "> OPEN 1 49152 {}");
	script_step(&t, "< ACCEPT 1 8000000");
	t.s->ring_max = 40000;
	script_step(&t, "write a 100000");
	script_take(&t, text, sizeof(text));
	script_step(&t, "drop 0");
	script_step(&t, "dial");
	script_step(&t, "> HELLO 2 12");
	script_step(&t, "< WELCOME 1 18");
	script_step(&t, "> START 18 / DATA 1 16348 / DATA 1 16348 / "
	    "DATA 1 16348");
	script_step(&t, "< START 12");
	script_step(&t, ">");
	script_step(&t, "< ACK 16374");
	script_step(&t, "> DATA 1 16348");
	t.s->ring_max = RING_MIN;
	script_fini(&t);
}

/* What the peer has waited before it acknowledged is no part of the path. */
static void
ack_delays(void **state)
{
	static const struct {
		uint64_t	 after_us;
		const char	*ack;
		uint64_t	 rtt_us;
	} acks[] = {
		{ 10000, "< ACK 18 4000", 6000 },
		{ 6000, "< ACK 36 0", 6000 },
		{ 14000, "< ACK 54 0", (6000 * 7 + 14000) / 8 },
		/* longer than it was away: a mistake, and no sample */
		{ 1000, "< ACK 72 1001", 7000 },
		{ 1000, "< ACK 90 4294967295", 7000 },
		/* the peer had it all the time */
		{ 5007000, "< ACK 108 5000000", 7000 },
		{ 7000, "< ACK 108 0", 7000 },	/* nothing new: none */
		{ 7000, "< ACK 3 0", 7000 },
	};
	struct script t;
	size_t i;

	(void)state;
	script_init(&t, "ACK delays", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	for (i = 0; i < N(acks); i++) {
		char step[40];

		t.n_chans = 0;
		script_step(&t, "open");
		(void)snprintf(step, sizeof(step), "> OPEN %zu 49152 {}",
		    2 * i + 1);
		script_step(&t, step);
		t.now_us += acks[i].after_us;
		script_step(&t, acks[i].ack);
		if (al_session_rtt_us(t.s) != acks[i].rtt_us)
			fail_msg("%s: %llu", acks[i].ack, (unsigned long long)
			    al_session_rtt_us(t.s));
	}
	script_fini(&t);
}

static void
dials_when_wanted(void **state)
{
	struct script t;
	struct al_err err;

	(void)state;
	script_init(&t, "wants a link", AL_OPENER, NULL);
	assert_false(al_session_wants_link(t.s));
	script_greet(&t, AL_OPENER);
	assert_false(al_session_wants_link(t.s));
	script_step(&t, "drop 0");
	assert_true(al_session_wants_link(t.s));
	script_step(&t, "dial");
	assert_false(al_session_wants_link(t.s));
	script_step(&t, "> HELLO 2 0");
	script_step(&t, "< WELCOME 2 0");
	assert_false(al_session_wants_link(t.s));
	assert_null(al_link_open(t.s, t.now_us, &err));
	assert_int_equal(err.code, AL_EUSAGE);
	script_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(no_sample_of_replay),
		cmocka_unit_test(record_in_hand),
		cmocka_unit_test(full_ring),
		cmocka_unit_test(ack_delays),
		cmocka_unit_test(dials_when_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
