/* tests/flow/test_mux.c - operator, gateway and connector in one process:
 * muxes over socket pairs, ports at both ends, a relay between. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"
#include "connector/session/carrier.h"
#include "connector/session/greet.h"
#include "connector/session/port.h"
#include "connector/session/relay.h"
#include "connector/stream/tcp.h"

/* --- a source and sink at the end of a port ------------------------------- */
struct peer {
	int		 fd;
	struct event	*ev;
	uint64_t	 to_send, sent, got;
	bool		 bad, eof, reset, stalled, shut;
	uint64_t	 seed;
};

static uint8_t
pattern(uint64_t seed, uint64_t i)
{
	return (uint8_t)((i * 2654435761u >> 13) ^ (i >> 7) ^ seed);
}

static void
on_peer(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	uint8_t buf[20000];
	ssize_t n;
	size_t i, want;

	(void)what;
	while (!p->stalled && !p->eof && !p->reset &&
	    (n = recv(fd, buf, sizeof(buf), 0)) >= 0) {
		if (n == 0)
			p->eof = true;
		for (i = 0; i < (size_t)n; i++)
			p->bad |= buf[i] != pattern(p->seed, p->got + i);
		p->got += (uint64_t)n;
	}
	if (!p->stalled && !p->eof && errno == ECONNRESET)
		p->reset = true;
	while (p->sent < p->to_send) {
		want = p->to_send - p->sent < sizeof(buf) ?
		    (size_t)(p->to_send - p->sent) : sizeof(buf);
		for (i = 0; i < want; i++)
			buf[i] = pattern(p->seed, p->sent + i);
		n = send(fd, buf, want, MSG_NOSIGNAL);
		if (n < 0)
			break;
		p->sent += (uint64_t)n;
	}
	if (p->sent == p->to_send && !p->shut) {
		p->shut = true;
		(void)shutdown(fd, SHUT_WR);
	}
	if (p->shut && (p->eof || p->reset))
		(void)event_del(p->ev);
}

/* The other end of the pair is for a port. */
static int
peer_open(struct event_base *base, struct peer *p, uint64_t to_send,
    uint64_t seed)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fd), 0);
	*p = (struct peer){ .fd = fd[0], .to_send = to_send, .seed = seed };
	p->ev = event_new(base, fd[0], EV_READ | EV_WRITE | EV_PERSIST |
	    EV_ET, on_peer, p);
	(void)event_add(p->ev, NULL);
	return fd[1];
}

static void
peer_close(struct peer *p)
{
	if (p->ev != NULL)
		event_free(p->ev);
	if (p->fd > 0)
		(void)close(p->fd);
	*p = (struct peer){ .fd = -1 };
}

/* --- the three programs --------------------------------------------------- */
#define CHANNELS 200

struct world {
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_mux		*operator, *connector;	/* openers   */
	struct al_mux		*to_operator, *to_connector;	/* gateway */
	struct peer		 local[CHANNELS], remote[CHANNELS];
	size_t			 n_remote;
	bool			 stall_remotes;
	unsigned		 up, ended, ports_ended, relays_ended;
	uint16_t		 last_code;
	bool			 last_refused;
	char			 last_text[256];
	uint16_t		 refuse;	/* connector says no with it */
	uint64_t		 remote_sends;
	uint64_t		 first_sends;	/* on the first channel; 0: same */
	struct al_err		 why;
};

static void
on_up(void *arg)
{
	((struct world *)arg)->up++;
}

static void
on_port_end(void *arg, struct al_port *p, const struct al_port_end *end)
{
	struct world *w = arg;

	(void)p;
	w->ports_ended++;
	w->last_code = end->code;
	w->last_refused = end->refused;
	(void)snprintf(w->last_text, sizeof(w->last_text), "%s", end->text);
	if (end->fd >= 0)
		(void)close(end->fd);
}

static const struct al_port_ops port_ops = { .on_end = on_port_end };

static void
on_open_at_connector(void *arg, struct al_chan *c, uint8_t kind,
    const char *json)
{
	struct world *w = arg;
	struct al_port_opts o = { .flags = 0 };
	struct al_err err;
	size_t i = w->n_remote;

	assert_int_equal(kind, AL_CHAN_TCP);
	assert_string_equal(json, "{\"target\":\"x\"}");
	if (w->refuse != 0) {
		al_mux_refuse(w->connector, c, w->refuse, "closed port");
		return;
	}
	w->n_remote++;
	o.rfd = o.wfd = peer_open(w->base, &w->remote[i], i == 0 &&
	    w->first_sends > 0 ? w->first_sends : w->remote_sends, i);
	w->remote[i].stalled = w->stall_remotes;
	assert_non_null(al_port_accept(w->connector, c, NULL, &o, &port_ops,
	    w, &err));
}

static void
on_relay_end(void *arg, struct al_relay *r, const struct al_relay_end *end)
{
	struct world *w = arg;

	(void)r;
	(void)end;
	w->relays_ended++;
}

static void
on_open_at_gateway(void *arg, struct al_chan *c, uint8_t kind,
    const char *json)
{
	struct world *w = arg;
	struct al_open o = { .kind = kind, .json = json };
	struct al_err err;

	(void)al_relay_start(w->to_operator, c, w->to_connector, &o,
	    on_relay_end, w, &err);
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
on_end(void *arg, const struct al_err *why)
{
	struct world *w = arg;

	w->ended++;
	w->why = *why;
}

#define OPS(open)	{ .on_up = on_up, .on_open = (open), \
	.on_open_gone = on_open_gone, .on_goaway = on_goaway, \
	.on_pong = on_pong, .on_end = on_end }
static const struct al_mux_ops connector_ops = OPS(on_open_at_connector);
static const struct al_mux_ops gateway_ops = OPS(on_open_at_gateway);

struct accepting {
	struct world	*w;
	struct al_mux	**to;
};

static void
on_greet(void *arg, struct al_greeted *g, const struct al_hello *hello,
    const struct al_err *err)
{
	struct accepting *a = arg;
	struct al_session_opts o = { .id = { 1 }, .resume_key = { 2 } };
	struct al_err failed;

	assert_null(err);
	assert_string_equal(hello->software, "test");
	*a->to = al_mux_accept(a->w->loop, g, &o, &gateway_ops, a->w,
	    &failed);
	assert_non_null(*a->to);
}

static struct al_mux *
join(struct world *w, struct al_mux **acceptor, struct accepting *a)
{
	struct al_session_opts o = { .software = "test" };
	struct al_stream *s;
	struct al_mux *m;
	struct al_err err;
	int fd[2], size = 256 * 1024, i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fd), 0);
	for (i = 0; i < 2; i++)
		(void)setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	*a = (struct accepting){ w, acceptor };
	s = al_tcp_new(fd[1], &err);
	assert_non_null(al_greet_start(w->loop, s, on_greet, a, &err));
	s = al_tcp_new(fd[0], &err);
	m = al_mux_open(w->loop, s, &o, &connector_ops, w, &err);
	assert_non_null(m);
	return m;
}

static bool
never(const struct world *w)
{
	(void)w;
	return false;
}

/* Turn the loop until done, 20 s at most. */
static void
run(struct world *w, bool (*done)(const struct world *w))
{
	const struct timeval tick = { 0, 10000 };
	uint64_t end = al_now_ms() + (done == never ? 50 : 60000);

	while (!done(w) && al_now_ms() < end) {
		(void)event_base_loopexit(w->base, &tick);
		(void)event_base_loop(w->base, EVLOOP_ONCE);
	}
	assert_true(done == never || done(w));
}

static bool
all_up(const struct world *w)
{
	return w->up == 4;
}

static struct accepting accepting[2];

static void
world_open(struct world *w)
{
	struct al_err err;

	memset(w, 0, sizeof(*w));
	w->base = event_base_new();
	w->loop = al_loop_new(w->base, &err);
	w->connector = join(w, &w->to_connector, &accepting[0]);
	w->operator = join(w, &w->to_operator, &accepting[1]);
	run(w, all_up);
}

static void
world_close(struct world *w)
{
	size_t i;

	al_mux_free(w->operator);
	al_mux_free(w->connector);
	al_mux_free(w->to_operator);
	al_mux_free(w->to_connector);
	for (i = 0; i < CHANNELS; i++) {
		peer_close(&w->local[i]);
		peer_close(&w->remote[i]);
	}
	al_loop_free(w->loop);
	event_base_free(w->base);
}

static void
open_one(struct world *w, size_t i, uint64_t sends)
{
	const struct al_open o = { .kind = AL_CHAN_TCP,
	    .json = "{\"target\":\"x\"}" };
	struct al_port_opts po = { .flags = 0 };
	struct al_err err;

	po.rfd = po.wfd = peer_open(w->base, &w->local[i], sends, i);
	assert_non_null(al_port_open(w->operator, &o, &po, &port_ops, w,
	    &err));
}

static size_t n_open;

static bool
all_done(const struct world *w)
{
	size_t i;

	for (i = 0; i < n_open; i++)
		if (!w->local[i].stalled && (!w->local[i].eof ||
		    !w->remote[i].eof))
			return false;
	return w->n_remote == n_open && w->relays_ended == n_open &&
	    w->ports_ended == 2 * n_open;
}

static void
both_ways(size_t n, uint64_t up, uint64_t down)
{
	static struct world w;
	size_t i;

	world_open(&w);
	w.remote_sends = down;
	n_open = n;
	for (i = 0; i < n; i++)
		open_one(&w, i, up);
	run(&w, all_done);
	for (i = 0; i < n; i++) {
		assert_int_equal(w.remote[i].got, up);
		assert_int_equal(w.local[i].got, down);
		assert_false(w.remote[i].bad);
		assert_false(w.local[i].bad);
	}
	assert_int_equal(al_session_channels(al_mux_session(w.operator)), 0);
	assert_int_equal(al_session_channels(al_mux_session(w.connector)), 0);
	world_close(&w);
}

static void
one_channel_both_ways(void **state)
{
	(void)state;
	both_ways(1, 32 << 20, 32 << 20);
}

static void
many_channels_side_by_side(void **state)
{
	(void)state;
	both_ways(CHANNELS, 100000, 100000);
}

static void
only_one_way(void **state)
{
	(void)state;
	both_ways(1, 5 << 20, 0);
	both_ways(1, 0, 5 << 20);
	both_ways(3, 0, 0);
	both_ways(3, 1, 1);
}

static bool
one_port_ended(const struct world *w)
{
	return w->ports_ended >= 1 && w->relays_ended >= 1;
}

static void
a_refusal_keeps_its_words(void **state)
{
	static struct world w;

	(void)state;
	world_open(&w);
	w.refuse = AL_CHAN_REFUSED;
	open_one(&w, 0, 10);
	run(&w, one_port_ended);
	assert_true(w.last_refused);
	assert_int_equal(w.last_code, AL_CHAN_REFUSED);
	assert_string_equal(w.last_text, "closed port");
	world_close(&w);
}

static bool
remote_has_ten(const struct world *w)
{
	return w->n_remote == 1 && w->remote[0].got == 10;
}

static bool
both_ports_ended(const struct world *w)
{
	return w->ports_ended == 2;
}

/* Closing with unread bytes resets a Unix socket too. */
static void
a_reset_stays_a_reset(void **state)
{
	static struct world w;

	(void)state;
	world_open(&w);
	w.remote_sends = 1 << 20;
	w.local[0].stalled = true;
	open_one(&w, 0, 10);
	w.local[0].stalled = true;
	run(&w, remote_has_ten);
	run(&w, never);
	event_free(w.local[0].ev);
	w.local[0].ev = NULL;
	(void)close(w.local[0].fd);
	w.local[0].fd = -1;
	run(&w, both_ports_ended);
	assert_int_equal(w.last_code, AL_CHAN_PEER_RESET);
	world_close(&w);
}

static void
tcp_pair(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int door = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(door, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(door, 1), 0);
	assert_int_equal(getsockname(door, (struct sockaddr *)&a, &len), 0);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&a, len), 0);
	fd[1] = accept4(door, NULL, NULL, SOCK_NONBLOCK);
	(void)close(door);
}

/* Nobody reads at the far side, so nothing is read here; all the same. */
static void
a_reset_needs_no_credit(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	const struct al_open o = { .kind = AL_CHAN_TCP,
	    .json = "{\"target\":\"x\"}" };
	struct al_port_opts po = { .flags = 0 };
	static struct world w;
	struct al_err err;
	char junk[4096] = "";
	int fd[2], n;

	(void)state;
	world_open(&w);
	w.stall_remotes = true;
	tcp_pair(fd);
	po.rfd = po.wfd = fd[1];
	assert_non_null(al_port_open(w.operator, &o, &po, &port_ops, &w,
	    &err));
	do {
		run(&w, never);
		for (n = 0; send(fd[0], junk, sizeof(junk),
		    MSG_DONTWAIT) > 0; n++)
			;
	} while (n > 0);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(fd[0]);
	run(&w, both_ports_ended);
	assert_int_equal(w.last_code, AL_CHAN_PEER_RESET);
	world_close(&w);
}

static bool
ninety_nine_done(const struct world *w)
{
	size_t i;

	for (i = 1; i < 100; i++)
		if (!w->local[i].eof)
			return false;
	return true;
}

static void
a_stalled_reader_stops_only_itself(void **state)
{
	static struct world w;
	size_t i;

	(void)state;
	world_open(&w);
	w.first_sends = 8 << 20;	/* more than any window */
	w.remote_sends = 1 << 19;
	open_one(&w, 0, 0);
	w.local[0].stalled = true;
	for (i = 1; i < 100; i++)
		open_one(&w, i, 0);
	run(&w, ninety_nine_done);
	for (i = 1; i < 100; i++) {
		assert_int_equal(w.local[i].got, 1 << 19);
		assert_false(w.local[i].bad);
	}
	assert_true(w.remote[0].sent < 3 << 20);	/* a window and sockets */
	world_close(&w);
}

static bool
operator_ended(const struct world *w)
{
	return w->ended == 2;
}

static void
a_closed_session_ends_its_channels(void **state)
{
	static struct world w;

	(void)state;
	world_open(&w);
	w.remote_sends = 4 << 20;
	open_one(&w, 0, 0);
	w.local[0].stalled = true;
	run(&w, never);
	al_mux_close(w.operator, AL_CHAN_REVOKED, "token withdrawn");
	run(&w, operator_ended);
	run(&w, never);
	assert_int_equal(w.ports_ended, 2);
	world_close(&w);
}

static bool
connector_detached(const struct world *w)
{
	return al_mux_is_detached(w->connector);
}

static void
a_lost_connection_tells_how_it_lived(void **state)
{
	static struct world w;
	const struct al_link_life *life;
	uint64_t from_ms = al_now_ms();

	(void)state;
	world_open(&w);
	life = al_mux_last_life(w.connector);
	assert_int_equal(life->keepalive_ms, 0);
	al_mux_set_keepalive(w.connector, 10000);
	run(&w, never);
	al_mux_free(w.to_connector);	/* a FIN without a goodbye */
	w.to_connector = NULL;
	run(&w, connector_detached);
	life = al_mux_last_life(w.connector);
	assert_int_equal(life->keepalive_ms, 10000);
	assert_false(life->silent);
	assert_false(life->ours);
	assert_in_range(life->lived_ms, 40, al_now_ms() - from_ms);
	assert_in_range(life->quiet_ms, 0, life->lived_ms);
	world_close(&w);
}

/*
 * Both ends of a link give it up when what they sent was not taken for 30 s
 * (PROTOCOL 5), through whatever lies above the socket: before the dead
 * interval when bytes wait, never later than it when none did.
 */
static void
a_stuck_link_is_given_up(void **state)
{
	static const enum al_ws_role roles[] = { AL_WS_CLIENT, AL_WS_SERVER };
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct event_base *base = event_base_new();
	socklen_t len = sizeof(a);
	struct al_err err;
	struct al_loop *loop = al_loop_new(base, &err);
	size_t i;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len),
	    0);
	for (i = 0; i < 2; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		struct al_carrier *c;
		int ms = 0;

		assert_int_equal(connect(fd, (struct sockaddr *)&a,
		    sizeof(a)), 0);
		c = al_carrier_new(loop, al_tcp_new(fd, &err), roles[i],
		    &err);
		assert_non_null(c);
		len = sizeof(ms);
		assert_int_equal(getsockopt(fd, IPPROTO_TCP,
		    TCP_USER_TIMEOUT, &ms, &len), 0);
		assert_int_equal(ms, 30000);
		al_carrier_free(c);
	}
	(void)close(listener);
	al_loop_free(loop);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_way),
		cmocka_unit_test(one_channel_both_ways),
		cmocka_unit_test(many_channels_side_by_side),
		cmocka_unit_test(a_refusal_keeps_its_words),
		cmocka_unit_test(a_reset_stays_a_reset),
		cmocka_unit_test(a_reset_needs_no_credit),
		cmocka_unit_test(a_stalled_reader_stops_only_itself),
		cmocka_unit_test(a_closed_session_ends_its_channels),
		cmocka_unit_test(a_lost_connection_tells_how_it_lived),
		cmocka_unit_test(a_stuck_link_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
