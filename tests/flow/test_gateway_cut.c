/* tests/flow/test_gateway_cut.c - a connection for a session that lives is cut
 * at each of its first bytes, each way: HELLO, WELCOME, both STARTs and what
 * comes with them.
 *
 * The next attempt succeeds, and no byte is lost or doubled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "tests/lib/gateway.h"

enum { UP, DOWN };

/* Between an opener and the gateway: so many bytes each way, then the end. */
struct bridge {
	int		 fd[2];		/* to the opener, to the gateway */
	struct event	*ev[2];
	size_t		 passed[2], limit[2];
	bool		 cut;
};

static struct bridge bridge;
static struct client con, op;
static struct talk talk;

/* --- the bridge ----------------------------------------------------------- */
static void
bridge_cut(void)
{
	size_t i;

	if (bridge.cut)
		return;
	bridge.cut = true;
	for (i = 0; i < 2; i++) {
		event_free(bridge.ev[i]);
		(void)close(bridge.fd[i]);
	}
}

static void
bridge_pass(size_t way)
{
	size_t left = bridge.limit[way] - bridge.passed[way];
	char buf[4096];
	ssize_t n = read(bridge.fd[way], buf, left < sizeof(buf) ? left :
	    sizeof(buf));

	if (n > 0) {
		assert_int_equal(write(bridge.fd[1 - way], buf, (size_t)n),
		    n);
		bridge.passed[way] += (size_t)n;
	}
	if (n == 0 || bridge.passed[way] == bridge.limit[way])
		bridge_cut();
}

static void
on_bridge(evutil_socket_t fd, short what, void *arg)
{
	(void)arg;
	(void)what;
	bridge_pass(fd == bridge.fd[UP] ? UP : DOWN);
}

static struct al_stream *
bridge_open(void)
{
	struct al_stream *s;
	int pair[2];
	size_t i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	bridge = (struct bridge){ .fd = { pair[0], connect_to_gateway() },
	    .limit = { SIZE_MAX, SIZE_MAX } };
	for (i = 0; i < 2; i++) {
		bridge.ev[i] = event_new(T.base, bridge.fd[i], EV_READ |
		    EV_PERSIST, on_bridge, NULL);
		assert_int_equal(event_add(bridge.ev[i], NULL), 0);
	}
	s = upgrade(pair[1], GW_CONNECTOR, T.web);
	bridge.passed[UP] = bridge.passed[DOWN] = 0;
	return s;
}

/* --- attempts ------------------------------------------------------------- */
static unsigned
moves(void)
{
	return con.resumed + con.switched;
}

/* By the bridge, cut after so many bytes one way. */
static void
attempt(size_t way, size_t bytes)
{
	unsigned moved = moves(), ended = con.failed + con.lost;
	struct al_stream *s = bridge_open();

	bridge.limit[way] = bytes;
	assert_int_equal(al_mux_attach(con.mux, s, &T.err), AL_OK);
	if (bytes == 0)
		bridge_cut();
	UNTIL(bridge.cut || moves() > moved);
	if (!bridge.cut)
		return;
	UNTIL(con.failed + con.lost > ended);
}

static void
must_move(void)
{
	unsigned failed = con.failed;

	client_move(&con, GW_CONNECTOR, T.web);
	assert_int_equal(con.failed, failed);	/* at the first attempt */
}

enum before { DETACHED, ALIVE };

/* What the link before has still to say is not waited for. */
static void
one(enum before before, size_t way, size_t bytes, uint64_t load)
{
	int was = dup(con.fd);

	assert_true(was >= 0);
	if (before == DETACHED)
		client_cut(&con);
	talk_say(&talk, load);
	talk_say(con.asked[0], load + 1);
	attempt(way, bytes);
	if (!bridge.cut)
		fail_msg("%zu bytes are not enough", bytes);
	talk_say(&talk, 3);
	talk_say(con.asked[0], 5);
	must_move();
	(void)shutdown(was, SHUT_RDWR);
	(void)close(was);
	UNTIL(talk_heard(&talk, con.asked[0]) &&
	    talk_heard(con.asked[0], &talk));
}

/* How many bytes it takes to move, when little else is said. */
static void
measure(size_t took[2])
{
	talk_say(&talk, 40);
	talk_say(con.asked[0], 40);
	attempt(UP, SIZE_MAX);
	assert_false(bridge.cut);
	UNTIL(talk_heard(&talk, con.asked[0]) &&
	    talk_heard(con.asked[0], &talk));
	memcpy(took, bridge.passed, sizeof(bridge.passed));
	must_move();
	bridge_cut();
}

static void
at_every_byte(enum before before, uint64_t load)
{
	size_t took[2], way, bytes;

	measure(took);
	/* HELLO with its proof; WELCOME; a START at least */
	assert_true(took[UP] > 80 + 16 && took[DOWN] > 50 + 16);
	for (way = UP; way <= DOWN; way++)
		for (bytes = 0; bytes < took[way]; bytes++)
			one(before, way, bytes, load);
	assert_int_equal(con.n_opens, 1);
	assert_int_equal(count_in("audit.log", "session-"), 2);
}

static void
resumed(void **state)
{
	(void)state;
	at_every_byte(DETACHED, 40);
}

static void
resumed_under_load(void **state)
{
	(void)state;
	at_every_byte(DETACHED, 40000);
}

static void
replaced(void **state)
{
	(void)state;
	at_every_byte(ALIVE, 40);
}

static void
replaced_under_load(void **state)
{
	(void)state;
	at_every_byte(ALIVE, 40000);
}

/* Many attempts in a row, each cut elsewhere, before one succeeds. */
static void
again_and_again(void **state)
{
	size_t took[2], bytes;

	(void)state;
	measure(took);
	talk_say(&talk, 300000);
	talk_say(con.asked[0], 200000);
	for (bytes = 0; bytes < took[UP]; bytes += 3)
		attempt(UP, bytes);
	for (bytes = 0; bytes < took[DOWN]; bytes += 3)
		attempt(DOWN, bytes);
	client_cut(&con);
	must_move();
	UNTIL(talk_heard(&talk, con.asked[0]) &&
	    talk_heard(con.asked[0], &talk));
}

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
	return 0;
}

static int
teardown(void **state)
{
	client_close(&op);
	client_close(&con);
	return gateway_teardown(state);
}

int
main(void)
{
#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(resumed), CASE(resumed_under_load), CASE(replaced),
		CASE(replaced_under_load), CASE(again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
