/* tests/flow/test_client.c - the client's rules against a gateway that misbehaves.
 * Attempts are ours: a socket pair and an acceptor, or the failure that a test
 * asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"
#include "connector/session/client.h"
#include "connector/session/greet.h"
#include "connector/stream/tcp.h"

#define SESSIONS 64

/* What becomes of an attempt. */
enum fate { ACCEPT, REFUSE, REJECT, DROP };

struct plan {
	enum fate	 fate;
	unsigned	 after_ms, greet_ms;	/* both are slow             */
	const char	*via;
	bool		 other;			/* than the preferred way    */
	unsigned	 retry_after_s;
};

struct accepted {
	struct al_mux	*m;
	bool		 ended;
	struct al_err	 why;
};

struct world {
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_client	*client;
	struct plan		 plan;
	struct accepted		 at[SESSIONS];
	size_t			 n;
	int			 fd;		/* the gateway's, the latest */
	bool			 goaway, detach, opens, closes;
	bool			 stalled;	/* the gateway does not read */
	uint32_t		 max_age_s;	/* it wants links so young   */
	unsigned		 attempts, ups, downs, leaves, lost, failed;
	unsigned		 resumed, switched, gone;
	uint64_t		 retry_ms;	/* of the latest bad news    */
};

static struct world *W;

/* --- attempts ------------------------------------------------------------- */
struct al_attempt {
	const struct al_attempt_ops	*ops;
	void				*arg;
	struct plan			 plan;
	struct al_timer			 timer;
};

struct greeting {
	struct al_timer		 timer;
	struct plan		 plan;
	struct al_stream	*s;
};

static void
on_acceptor_up(void *arg)
{
	struct accepted *a = arg;
	struct al_session *s = al_mux_session(a->m);

	if (W->goaway && !W->opens)
		al_session_goaway(s, AL_CHAN_SUPERSEDED, 0, "");
	if (W->detach)
		(void)al_session_detach(s, 5, AL_CHAN_DONE, "", al_now_us());
	al_mux_kick(a->m);
}

static void
on_acceptor_link(void *arg, enum al_lane what, const struct al_err *why)
{
	(void)why;
	if (what == AL_LANE_SWITCHED || what == AL_LANE_RESUMED)
		on_acceptor_up(arg);
}

static void
on_open(void *arg, struct al_chan *c, uint8_t kind, const char *json)
{
	struct accepted *a = arg;

	(void)c;		/* never answered */
	(void)kind;
	(void)json;
	if (W->goaway)
		al_session_goaway(al_mux_session(a->m), AL_CHAN_SUPERSEDED,
		    0, "");
}

static void
on_open_gone(void *arg, struct al_chan *c)
{
	(void)arg;
	(void)c;
}

static void
on_goaway(void *arg, uint16_t code, uint32_t s, const char *text)
{
	(void)arg;
	(void)code;
	(void)s;
	(void)text;
}

static void
on_pong(void *arg, uint64_t rtt_us)
{
	(void)arg;
	(void)rtt_us;
}

static void
on_acceptor_end(void *arg, const struct al_err *why)
{
	struct accepted *a = arg;

	a->ended = true;
	a->why = *why;
}

static const struct al_mux_ops acceptor_ops = {
	.on_up = on_acceptor_up, .on_open = on_open,
	.on_open_gone = on_open_gone, .on_goaway = on_goaway,
	.on_pong = on_pong, .on_link = on_acceptor_link,
	.on_end = on_acceptor_end };

static void
on_greet(void *arg, struct al_greeted *g, const struct al_hello *hello,
    const struct al_err *err)
{
	static const uint8_t none[AL_SESSION_ID_LEN];
	struct plan *plan = arg;
	struct accepted *a;
	struct al_session_opts o = { .id = { 1 }, .resume_key = { 2 },
	    .grace_s = 60, .max_age_s = W->max_age_s };
	struct al_err failed;

	if (err != NULL) {
		free(plan);
		return;
	}
	if (plan->fate == REJECT) {
		al_greeted_reject(g, AL_WELCOME_LIMIT, plan->retry_after_s,
		    "full");
	} else if (plan->fate == DROP) {
		al_greeted_free(g);
	} else if (memcmp(hello->id, none, sizeof(none)) != 0) {
		a = &W->at[hello->id[1]];
		assert_int_equal(al_mux_resume(a->m, g), AL_WELCOME_RESUMED);
	} else {
		assert_true(W->n < SESSIONS);
		o.id[1] = (uint8_t)W->n;
		a = &W->at[W->n++];
		a->m = al_mux_accept(W->loop, g, &o, &acceptor_ops, a,
		    &failed);
		assert_non_null(a->m);
	}
	free(plan);
}

static void
greet(void *arg)
{
	struct greeting *g = arg;
	struct plan *plan = malloc(sizeof(*plan));
	struct al_err err;

	assert_non_null(plan);
	*plan = g->plan;
	assert_non_null(al_greet_start(W->loop, g->s, on_greet, plan, &err));
	al_timer_fini(&g->timer);
	free(g);
}

static struct al_stream_ops stalling;
static const struct al_stream_ops *tcp;

static enum al_code
read_unless_stalled(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	return W->stalled ? AL_AGAIN : tcp->read(s, p, cap, n, err);
}

static struct al_stream *
connection(const struct plan *plan)
{
	struct greeting *g = calloc(1, sizeof(*g));
	struct al_err err;
	int fd[2];

	assert_non_null(g);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fd), 0);
	W->fd = fd[1];
	g->plan = *plan;
	g->s = al_tcp_new(fd[1], &err);
	tcp = g->s->ops == &stalling ? tcp : g->s->ops;
	stalling = *tcp;
	stalling.read = read_unless_stalled;
	g->s->ops = &stalling;
	assert_int_equal(al_timer_init(&g->timer, W->loop, greet, g, &err),
	    AL_OK);
	al_timer_set(&g->timer, plan->greet_ms);
	return al_tcp_new(fd[0], &err);
}

void
al_attempt_cancel(struct al_attempt *a)
{
	if (a == NULL)
		return;
	al_timer_fini(&a->timer);
	free(a);
}

static void
on_time(void *arg)
{
	struct al_attempt *a = arg, copy = *a;
	struct al_err err;
	struct al_attempt_end end = { .authority = "ws.example",
	    .via = a->plan.via, .preferred = !a->plan.other };

	al_attempt_cancel(a);
	if (copy.plan.fate != REFUSE) {
		copy.ops->on_done(copy.arg, connection(&copy.plan), &end);
		return;
	}
	(void)al_fail(&err, AL_ENET, AL_AT_TCP, 0, "connection refused");
	end.err = &err;
	end.retry_after_s = copy.plan.retry_after_s;
	copy.ops->on_done(copy.arg, NULL, &end);
}

struct al_attempt *
al_attempt_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_attempt_opts *o, const struct al_attempt_ops *ops,
    void *arg, struct al_err *err)
{
	struct al_attempt *a = calloc(1, sizeof(*a));

	(void)r;
	(void)o;
	assert_non_null(a);
	*a = (struct al_attempt){ .ops = ops, .arg = arg, .plan = W->plan };
	W->attempts++;
	assert_int_equal(al_timer_init(&a->timer, loop, on_time, a, err),
	    AL_OK);
	al_timer_set(&a->timer, a->plan.after_ms);
	return a;
}

/* --- the client's owner --------------------------------------------------- */
static void
on_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	(void)e;
	al_session_commit(s, t, 0, AL_TURN_DRAINED, now_us);
}

static void
on_accept(struct al_end *e, const char *json)
{
	(void)e;
	(void)json;
}

static void
on_data(struct al_end *e)
{
	(void)e;
}

static void
on_gone(struct al_end *e, enum al_gone how, uint16_t code, const char *text)
{
	(void)how;
	(void)code;
	(void)text;
	free(e);
	W->gone++;
	if (W->closes)
		al_client_close(W->client, AL_CHAN_DONE, NULL);
}

static const struct al_end_ops end_ops = {
	.name = "test", .on_turn = on_turn, .on_accept = on_accept,
	.on_data = on_data, .on_writable = on_data, .on_gone = on_gone };

static bool
on_target(void *arg, struct al_client_target *t, struct al_err *err)
{
	(void)arg;
	(void)err;
	t->host = "ws.example";
	return true;
}

static void
on_up(void *arg, struct al_mux *m)
{
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = "{}" };
	struct al_end *e;
	struct al_err err;

	(void)arg;
	W->ups++;
	if (!W->opens)
		return;
	e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->ops = &end_ops;
	assert_int_equal(al_end_open(e, m, &o, &err), AL_OK);
}

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	(void)arg;
	(void)why;
	W->downs++;
	W->retry_ms = retry_ms;
}

static void
on_leaving(void *arg, struct al_mux *m, const struct al_err *why,
    uint64_t retry_ms)
{
	(void)arg;
	(void)m;
	(void)why;
	W->leaves++;
	W->retry_ms = retry_ms;
}

static void
on_link(void *arg, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	(void)arg;
	(void)why;
	W->lost += what == AL_LANE_LOST;
	W->failed += what == AL_LANE_FAILED;
	W->resumed += what == AL_LANE_RESUMED;
	W->switched += what == AL_LANE_SWITCHED;
	if (why != NULL)
		W->retry_ms = retry_ms;
}

static const struct al_client_ops client_ops = {
	.on_target = on_target, .on_up = on_up, .on_down = on_down,
	.on_leaving = on_leaving, .on_link = on_link };

static void
turn(unsigned ms)
{
	const struct timeval tick = { 0, 1000 * (suseconds_t)ms };

	(void)event_base_loopexit(W->base, &tick);
	(void)event_base_loop(W->base, ms == 0 ? EVLOOP_NONBLOCK :
	    EVLOOP_ONCE);
}

#define UNTIL(condition) do { \
	uint64_t by_ms = al_now_ms() + 20000; \
	while (!(condition) && al_now_ms() < by_ms) \
		turn(10); \
	assert_true(condition); \
} while (0)

static void
for_a_while(unsigned ms)
{
	uint64_t by_ms = al_now_ms() + ms;

	while (al_now_ms() < by_ms)
		turn(10);
}

static void
begin(struct world *w, const struct al_client_opts *o)
{
	struct al_err err;

	W = w;
	w->plan.via = "direct";
	w->base = event_base_new();
	w->loop = al_loop_new(w->base, &err);
	w->client = al_client_start(w->loop, NULL, o, &client_ops, w, &err);
	assert_non_null(w->client);
}

static void
end(void)
{
	size_t i;

	al_client_free(W->client);
	for_a_while(20);
	for (i = 0; i < W->n; i++)
		al_mux_free(W->at[i].m);
	al_loop_free(W->loop);
	event_base_free(W->base);
}

static const struct al_client_opts plain = {
	.session = { .software = "test" } };

/* --- no hot loops --------------------------------------------------------- */
/* The first GOAWAY may be a restart; one in every new session is not. */
static void
test_goaway_again_and_again(void **state)
{
	struct al_client_opts o = plain;
	struct world w = { .goaway = true };

	(void)state;
	o.retry_min_ms = 700;
	begin(&w, &o);
	UNTIL(w.leaves == 1);
	assert_true(w.retry_ms < 700);
	UNTIL(w.leaves == 2);
	assert_true(w.retry_ms >= 700);
	end();
}

/* A WELCOME that lets no connection live. */
static void
test_welcome_of_a_moment(void **state)
{
	struct world w = { .max_age_s = 1 };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	for_a_while(1500);
	assert_int_equal(w.attempts, 1);
	end();
}

/* DETACH on every new connection. */
static void
test_detach_again_and_again(void **state)
{
	struct world w = { .detach = true };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	for_a_while(500);
	assert_true(w.attempts <= 5);
	end();
}

/* The session is about to be closed, its connection is alive: there is no need
 * for another one. */
static void
test_close_while_rotating(void **state)
{
	struct world w = { .stalled = false };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	for_a_while(30);
	w.plan.fate = REFUSE;
	w.stalled = true;	/* what is on its way is not acknowledged */
	w.opens = true;
	on_up(NULL, al_client_mux(w.client));
	for_a_while(30);
	al_client_rotate(w.client);
	UNTIL(w.failed == 1);
	al_client_close(w.client, AL_CHAN_DONE, NULL);
	UNTIL(al_client_state(w.client) == AL_CLIENT_ENDED);
	assert_true(w.attempts <= 4);
	end();
}

/* --- what stays of sessions that leave ------------------------------------ */
static void
test_leaving_are_few(void **state)
{
	struct al_client_opts o = plain;
	struct world w = { .goaway = true, .opens = true };
	size_t i, n = 0;

	(void)state;
	o.retry_min_ms = 1;
	o.retry_max_ms = 2;
	begin(&w, &o);
	for (i = 1; i <= 40; i++) {
		UNTIL(w.leaves == i);
		al_client_retry_now(w.client);
	}
	for_a_while(100);
	for (i = 0; i < w.n; i++)
		n += !w.at[i].ended;
	assert_true(n <= 18);
	assert_true(w.gone >= 22);
	end();
}

/* All hear CLOSE, and why. */
static void
test_close_with_one_that_leaves(void **state)
{
	struct world w = { .goaway = true, .opens = true };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.leaves == 1);
	w.goaway = false;
	UNTIL(w.ups == 2);
	for_a_while(30);
	al_client_close(w.client, AL_CHAN_DRAINING, "stopping");
	UNTIL(al_client_state(w.client) == AL_CLIENT_ENDED);
	assert_int_equal(w.downs, 1);
	end();
	assert_int_equal(w.at[0].why.status, AL_CHAN_DRAINING);
	assert_int_equal(w.at[1].why.status, AL_CHAN_DRAINING);
}

/* The gateway has ended the newest session in order: another one comes, and
 * what goes on in the older one is none of its business. */
static void
test_end_with_one_that_leaves(void **state)
{
	struct world w = { .goaway = true, .opens = true };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.leaves == 1);
	w.goaway = w.opens = false;
	UNTIL(w.ups == 2);
	for_a_while(30);
	al_mux_close(w.at[1].m, AL_CHAN_DONE, NULL);
	UNTIL(w.ups == 3);
	assert_false(w.at[0].ended);
	assert_int_equal(w.gone, 0);
	end();
}

/* --- what is said about the way, and when --------------------------------- */
/* The connection that takes over is not the one that was tried last. */
static void
test_via_of_what_took_over(void **state)
{
	struct world w = { .plan = { .via = "direct" } };
	int first;

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	first = w.fd;
	w.plan = (struct plan){ .via = "http://b:1", .greet_ms = 800 };
	al_client_rotate(w.client);
	UNTIL(w.attempts == 2);
	w.plan = (struct plan){ .fate = REFUSE, .via = "" };
	for_a_while(30);
	(void)shutdown(first, SHUT_RDWR);
	UNTIL(w.failed >= 1);
	UNTIL(w.resumed == 1);
	assert_string_equal(al_client_via(w.client), "http://b:1");
	end();
}

/* What a gateway asked for once does not hold for the next failures. */
static void
test_retry_after_is_of_the_latest(void **state)
{
	struct world w = { .plan = { .via = "direct" } };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	w.plan.fate = REJECT;
	w.plan.retry_after_s = 300;
	al_client_rotate(w.client);
	UNTIL(w.failed == 1);
	assert_true(w.retry_ms >= 300000);
	w.plan.fate = DROP;
	al_client_rotate(w.client);
	UNTIL(w.failed == 2);
	assert_true(w.retry_ms <= 5000);
	end();
}

/* A session that waits for a connection has not the time that is asked for. */
static void
test_retry_after_within_grace(void **state)
{
	struct world w = { .stalled = false };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	w.plan = (struct plan){ .fate = REFUSE, .via = "direct",
	    .retry_after_s = 300 };
	(void)shutdown(w.fd, SHUT_RDWR);
	UNTIL(w.failed == 1);
	assert_in_range(w.retry_ms, 15000, 30000);
	end();
}

/* Nor does what an attempt at a better way heard for the session's life. */
static void
test_retry_after_of_a_better_way(void **state)
{
	struct al_client_opts o = plain;
	struct world w = { .plan = { .via = "http://b:1", .other = true } };

	(void)state;
	o.pace.prefer_ms = 30;
	begin(&w, &o);
	w.plan = (struct plan){ .via = "http://b:1", .other = true };
	UNTIL(w.ups == 1);
	w.plan = (struct plan){ .fate = REFUSE, .via = "direct",
	    .retry_after_s = 300 };
	UNTIL(w.attempts == 2);
	for_a_while(30);
	(void)shutdown(w.fd, SHUT_RDWR);
	UNTIL(w.lost == 1);
	assert_true(w.retry_ms <= 5000);
	end();
}

/* Another network: an attempt that hangs in the old one is begun anew, one that
 * has just begun is not. */
static void
test_rotate_while_trying(void **state)
{
	struct world w = { .plan = { .after_ms = 60000 } };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.attempts == 1);
	al_client_rotate(w.client);
	for_a_while(1100);
	assert_int_equal(w.attempts, 1);
	w.plan.after_ms = 0;
	al_client_rotate(w.client);
	UNTIL(w.ups == 1);
	assert_int_equal(w.attempts, 2);
	end();
}

/* An end that wants the client closed, while the client goes. */
static void
test_free_while_detached(void **state)
{
	struct world w = { .opens = true };

	(void)state;
	begin(&w, &plain);
	UNTIL(w.ups == 1);
	w.plan.fate = REFUSE;
	(void)shutdown(w.fd, SHUT_RDWR);
	UNTIL(w.lost == 1);
	w.closes = true;
	end();
	assert_int_equal(w.gone, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goaway_again_and_again),
		cmocka_unit_test(test_welcome_of_a_moment),
		cmocka_unit_test(test_detach_again_and_again),
		cmocka_unit_test(test_close_while_rotating),
		cmocka_unit_test(test_leaving_are_few),
		cmocka_unit_test(test_close_with_one_that_leaves),
		cmocka_unit_test(test_end_with_one_that_leaves),
		cmocka_unit_test(test_via_of_what_took_over),
		cmocka_unit_test(test_retry_after_is_of_the_latest),
		cmocka_unit_test(test_retry_after_within_grace),
		cmocka_unit_test(test_retry_after_of_a_better_way),
		cmocka_unit_test(test_rotate_while_trying),
		cmocka_unit_test(test_free_while_detached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
