/* tests/lib/gateway.h - the whole gateway in this process, on loopback, with
 * real openers whose channels carry bytes that are known.
 *
 * Two connectors (web-1, db-1) and two operators (alice, bob).  Time is the
 * machine's.
 */
#ifndef AL_TEST_GATEWAY_H
#define AL_TEST_GATEWAY_H

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/base/hash.h"
#include "connector/daemon/log.h"
#include "connector/engine/session_int.h"
#include "connector/engine/upgrade.h"
#include "connector/gatewayd/gateway.h"
#include "connector/gatewayd/peer.h"
#include "connector/session/mux.h"
#include "connector/stream/handshake.h"
#include "connector/stream/tcp.h"

#define GW_DEADLINE_MS	60000
#define GW_CHANS	8
#define GW_CONNECTOR	"/ws/connector/"
#define GW_TUNNEL	"/ws/tunnel/"

static struct gw_test {
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_gateway	*gw;
	char			 dir[32];
	int			 log;		/* the log's file      */
	uint64_t		 began_ms;
	char			 web[300], db[300];	/* Authorization */
	char			 alice[300], bob[300];
	struct al_err		 err;
} T;

static inline void
turn(void)
{
	/* a test that hangs is a test that fails */
	assert_true(al_now_ms() - T.began_ms < GW_DEADLINE_MS);
	(void)event_base_loop(T.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

#define UNTIL(x)	while (!(x)) turn()

/* --- files ---------------------------------------------------------------- */
static inline const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", T.dir, name);
	return path;
}

static inline void
put_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(name), 0600), 0);
}

static inline const char *
file_text(const char *name)
{
	static char text[1 << 20];
	FILE *f = fopen(path_of(name), "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

/* How often text stands in a file. */
static inline unsigned
count_in(const char *name, const char *text)
{
	const char *p = file_text(name);
	unsigned n;

	for (n = 0; (p = strstr(p, text)) != NULL; n++)
		p += strlen(text);
	return n;
}

static inline void
add_identity(const char *file, enum al_identity_kind kind, const char *name,
    char auth[300])
{
	struct al_new_identity n;

	if (al_identity_add(path_of(file), kind, NULL, name, &n, &T.err) !=
	    AL_OK)
		fail_msg("%s", T.err.text);
	if (kind == AL_IDENTITY_CONNECTOR)
		(void)snprintf(auth, 300, "id=\"%s\", key=\"%s\"", n.id,
		    n.secret);
	else
		(void)snprintf(auth, 300, "Bearer %s", n.secret);
}

/* --- life ----------------------------------------------------------------- */
static inline void
gateway_start(const char *more)
{
	struct al_settings *set;
	char text[1024];

	(void)snprintf(text, sizeof(text), "listen = 127.0.0.1:0\n"
	    "tls = off\nconnectors_file = connectors\n"
	    "operators_file = operators\naudit_file = audit.log\n%s", more);
	put_file("gateway.conf", text);
	set = al_settings_load(path_of("gateway.conf"), &T.err);
	T.gw = set != NULL ? al_gateway_new(T.loop, set, &T.err) : NULL;
	if (T.gw == NULL || al_gateway_listen(T.gw, &T.err) != AL_OK)
		fail_msg("%s", T.err.text);
}

static inline int
gateway_setup(void **state)
{
	(void)state;
	memset(&T, 0, sizeof(T));
	T.began_ms = al_now_ms();
	T.base = event_base_new();
	T.loop = T.base != NULL ? al_loop_new(T.base, &T.err) : NULL;
	if (T.loop == NULL)
		return -1;
	(void)snprintf(T.dir, sizeof(T.dir), "/tmp/test_gateway.XXXXXX");
	assert_non_null(mkdtemp(T.dir));
	T.log = open(path_of("log"), O_CREAT | O_WRONLY | O_APPEND, 0600);
	assert_true(T.log >= 0);
	al_log_init(T.log, AL_LOG_TEXT, AL_LOG_DEBUG);
	add_identity("connectors", AL_IDENTITY_CONNECTOR, "web-1", T.web);
	add_identity("connectors", AL_IDENTITY_CONNECTOR, "db-1", T.db);
	add_identity("operators", AL_IDENTITY_OPERATOR, "alice", T.alice);
	add_identity("operators", AL_IDENTITY_OPERATOR, "bob", T.bob);
	gateway_start("");
	return 0;
}

static inline int
gateway_teardown(void **state)
{
	static const char *const names[] = { "gateway.conf", "connectors",
	    "operators", "audit.log", "log" };
	size_t i;

	(void)state;
	al_gateway_free(T.gw);
	(void)event_base_loop(T.base, EVLOOP_NONBLOCK);
	al_loop_free(T.loop);
	event_base_free(T.base);
	al_log_init(STDERR_FILENO, AL_LOG_TEXT, AL_LOG_ERROR);
	(void)close(T.log);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	return rmdir(T.dir);
}

static inline void
gateway_restart(const char *more)
{
	al_gateway_free(T.gw);
	gateway_start(more);
}

/* As SIGHUP does. */
static inline void
gateway_reload(void)
{
	struct al_settings *set = al_settings_load(path_of("gateway.conf"),
	    &T.err);

	assert_non_null(set);
	al_gateway_replace(T.gw, set);
}

/* --- connections ---------------------------------------------------------- */
/* From 127.0.0.N. */
static inline int
connect_from(uint8_t n)
{
	const struct al_addr *a = al_listener_addr(T.gw->listeners[0]);
	const struct sockaddr_in from = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1u + n) };
	int fd = socket(a->u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&from,
	    sizeof(from)), 0);
	assert_int_equal(connect(fd, &a->u.sa, a->len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static inline int
connect_to_gateway(void)
{
	return connect_from(1);
}

/* A WebSocket over fd; NULL, and *status: the gateway said no. */
static inline struct al_stream *
try_upgrade(int fd, const char *path, const char *authorization, int *status)
{
	const struct al_upgrade_opts o = {
		.host = "gw", .path = path, .protocol = "alpacon.mux.v1",
		.authorization = authorization,
	};
	struct al_machine m;
	struct al_stream *s;
	enum al_code code;

	assert_int_equal(al_upgrade_client(&m, &o, &T.err), AL_OK);
	s = al_tcp_new(fd, &T.err);
	assert_non_null(s);
	s = al_handshake_new(s, m, AL_AT_HTTP, &T.err);
	assert_non_null(s);
	while ((code = al_stream_open(s, &T.err)) == AL_AGAIN)
		turn();
	*status = code == AL_OK ? 101 : (int)T.err.status;
	if (code == AL_OK) {
		al_handshake_release(s);
		return s;
	}
	al_stream_free(s);
	return NULL;
}

static inline struct al_stream *
upgrade(int fd, const char *path, const char *authorization)
{
	int status;
	struct al_stream *s = try_upgrade(fd, path, authorization, &status);

	if (s == NULL)
		fail_msg("%s: %s", path, T.err.text);
	return s;
}

/* --- channels that carry known bytes -------------------------------------- */
struct client;

struct talk {
	struct al_end	 end;			/* first               */
	uint64_t	 to_send, sent, got;
	uint8_t		 seed_out, seed_in;
	bool		 accepted, gone, deaf, bad;
	enum al_gone	 how;
	uint16_t	 code;
	char		 text[300];
};

struct client {
	struct al_mux	*mux;			/* NULL once it has ended */
	int		 fd;			/* of the newest link     */
	bool		 up, goaway;
	uint16_t	 goaway_code;
	uint32_t	 retry_s;
	unsigned	 lost, resumed, switched, failed;
	struct al_err	 why, link_why;
	unsigned	 n_opens;
	struct talk	*asked[GW_CHANS];	/* what it was asked to open */
};

static inline uint8_t
talk_byte(uint8_t seed, uint64_t i)
{
	return (uint8_t)((i * 2654435761u >> 13) ^ (i >> 7) ^ seed);
}

static inline void
talk_on_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	struct talk *k = (struct talk *)e;
	uint64_t left = k->to_send - k->sent;
	size_t n = left < t->cap ? (size_t)left : t->cap, i;

	for (i = 0; i < n; i++)
		t->p[i] = talk_byte(k->seed_out, k->sent + i);
	k->sent += n;
	al_session_commit(s, t, n, k->sent == k->to_send ? AL_TURN_DRAINED :
	    0, now_us);
}

static inline void
talk_on_accept(struct al_end *e, const char *json)
{
	(void)json;
	((struct talk *)e)->accepted = true;
}

static inline void
talk_on_data(struct al_end *e)
{
	struct talk *k = (struct talk *)e;
	struct al_span v;
	size_t i;

	while (!k->deaf && al_chan_peek(e->chan, &v, 1) > 0 && v.len > 0) {
		for (i = 0; i < v.len; i++)
			k->bad |= v.p[i] != talk_byte(k->seed_in,
			    k->got + i);
		k->got += v.len;
		al_chan_consume(e->chan, v.len, al_now_us());
	}
	al_mux_kick(e->mux);
}

static inline void
talk_on_writable(struct al_end *e)
{
	(void)e;
}

static inline void
talk_on_gone(struct al_end *e, enum al_gone how, uint16_t code,
    const char *text)
{
	struct talk *k = (struct talk *)e;

	k->gone = true;
	k->how = how;
	k->code = code;
	(void)snprintf(k->text, sizeof(k->text), "%s", text);
}

static const struct al_end_ops talk_ops = {
	.name = "talk", .on_turn = talk_on_turn, .on_accept = talk_on_accept,
	.on_data = talk_on_data, .on_writable = talk_on_writable,
	.on_gone = talk_on_gone,
};

static inline void
talk_say(struct talk *k, uint64_t n)
{
	k->to_send += n;
	al_end_ready(&k->end);
}

/* All that the other has said is here, once and in order. */
static inline bool
talk_heard(const struct talk *k, const struct talk *other)
{
	if (k->bad || k->gone || other->gone)
		fail_msg("after %llu bytes: %s", (unsigned long long)k->got,
		    k->bad ? "other bytes than were sent" : k->gone ?
		    k->text : other->text);
	assert_true(k->got <= other->to_send);
	return k->got == other->to_send;
}

/* n more bytes each way. */
static inline void
talk_both(struct talk *a, struct talk *b, uint64_t n)
{
	talk_say(a, n);
	talk_say(b, n);
	UNTIL(talk_heard(a, b) && talk_heard(b, a));
}

/* --- openers -------------------------------------------------------------- */
static inline void
client_on_up(void *arg)
{
	((struct client *)arg)->up = true;
}

static inline void
client_on_open(void *arg, struct al_chan *c, uint8_t kind, const char *json)
{
	struct client *cl = arg;
	struct talk *k = calloc(1, sizeof(*k));

	(void)kind;
	(void)json;
	assert_non_null(k);
	assert_true(cl->n_opens < GW_CHANS);
	k->end.ops = &talk_ops;
	k->seed_in = 1;
	k->seed_out = 2;
	k->accepted = true;
	cl->asked[cl->n_opens++] = k;
	al_end_accept(&k->end, cl->mux, c, NULL);
}

static inline void
client_on_open_gone(void *arg, struct al_chan *c)
{
	(void)arg;
	(void)c;
}

static inline void
client_on_goaway(void *arg, uint16_t code, uint32_t retry_s,
    const char *text)
{
	struct client *cl = arg;

	(void)text;
	cl->goaway = true;
	cl->goaway_code = code;
	cl->retry_s = retry_s;
}

static inline void
client_on_pong(void *arg, uint64_t rtt_us)
{
	(void)arg;
	(void)rtt_us;
}

static inline void
client_on_link(void *arg, enum al_lane what, const struct al_err *why)
{
	struct client *cl = arg;

	cl->lost += what == AL_LANE_LOST;
	cl->resumed += what == AL_LANE_RESUMED;
	cl->switched += what == AL_LANE_SWITCHED;
	cl->failed += what == AL_LANE_FAILED;
	if (why != NULL)
		cl->link_why = *why;
}

static inline void
client_on_end(void *arg, const struct al_err *why)
{
	struct client *cl = arg;

	cl->why = *why;
	al_mux_free(cl->mux);
	cl->mux = NULL;
}

static const struct al_mux_ops client_ops = {
	.on_up = client_on_up, .on_open = client_on_open,
	.on_open_gone = client_on_open_gone, .on_goaway = client_on_goaway,
	.on_pong = client_on_pong, .on_link = client_on_link,
	.on_end = client_on_end,
};

static inline void
client_open(struct client *cl, const char *path, const char *authorization,
    const struct al_session_opts *o)
{
	const struct al_session_opts none = { .software = "test" };

	memset(cl, 0, sizeof(*cl));
	cl->fd = connect_to_gateway();
	cl->mux = al_mux_open(T.loop, upgrade(cl->fd, path, authorization),
	    o != NULL ? o : &none, &client_ops, cl, &T.err);
	assert_non_null(cl->mux);
	UNTIL(cl->up || cl->mux == NULL);
}

/* Another link for its session; what comes of it is seen in cl. */
static inline void
client_attach(struct client *cl, const char *path, const char *authorization)
{
	struct al_stream *s;

	cl->fd = connect_to_gateway();
	s = upgrade(cl->fd, path, authorization);
	if (cl->mux == NULL)
		al_stream_free(s);
	else
		assert_int_equal(al_mux_attach(cl->mux, s, &T.err), AL_OK);
}

/* Until its session has moved to another link: it may have to ask again. */
static inline void
client_move(struct client *cl, const char *path, const char *authorization)
{
	unsigned moves = cl->resumed + cl->switched, tries = 0, failed;

	while (cl->resumed + cl->switched == moves) {
		assert_true(tries++ < 3);
		failed = cl->failed;
		client_attach(cl, path, authorization);
		UNTIL(cl->resumed + cl->switched > moves ||
		    cl->failed > failed || cl->mux == NULL);
		if (cl->mux == NULL)
			fail_msg("%s", cl->why.text);
	}
}

static inline struct al_session *
session_of(const struct client *cl)
{
	return al_mux_session(cl->mux);
}

/* The gateway's side; NULL: there is none (any more). */
static inline struct al_peer *
peer_of(const uint8_t id[16])
{
	struct al_peer *p;

	LIST_FOREACH(p, &T.gw->peers, entry)
		if (p->mux != NULL && memcmp(al_session_id(
		    al_mux_session(p->mux)), id, 16) == 0)
			break;
	return p;
}

/* Its link is gone, and both sides know. */
static inline void
client_cut(struct client *cl)
{
	uint8_t id[16];
	unsigned lost = cl->lost;
	struct al_peer *p;

	memcpy(id, al_session_id(session_of(cl)), sizeof(id));
	(void)shutdown(cl->fd, SHUT_RDWR);
	UNTIL(cl->lost > lost && ((p = peer_of(id)) == NULL ||
	    al_mux_is_detached(p->mux)));
}

static inline void
client_close(struct client *cl)
{
	size_t i;

	if (cl->mux != NULL)
		al_mux_close(cl->mux, AL_CHAN_DONE, NULL);
	UNTIL(cl->mux == NULL);
	for (i = 0; i < cl->n_opens; i++)
		free(cl->asked[i]);
	cl->n_opens = 0;
}

/* From an operator to a server; the answer is seen in k. */
static inline void
talk_open_to(struct talk *k, struct client *op, const char *server)
{
	char json[80];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };

	(void)snprintf(json, sizeof(json),
	    "{\"server\":\"%s\",\"target\":\"127.0.0.1:22\"}", server);
	*k = (struct talk){ .end.ops = &talk_ops, .seed_out = 1,
	    .seed_in = 2 };
	assert_int_equal(al_end_open(&k->end, op->mux, &o, &T.err), AL_OK);
}

static inline void
talk_open(struct talk *k, struct client *op)
{
	talk_open_to(k, op, "web-1");
}

#endif
