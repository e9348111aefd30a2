/* tests/flow/test_gateway.c - the whole gateway in one process with an operator
 * and connectors on loopback sockets. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/base/hash.h"
#include "connector/engine/upgrade.h"
#include "connector/gatewayd/door.h"
#include "connector/gatewayd/gateway.h"
#include "connector/gatewayd/peer.h"
#include "connector/session/mux.h"
#include "connector/stream/handshake.h"
#include "connector/stream/tcp.h"

#define DEADLINE_MS	20000

static struct event_base *base;
static struct al_loop *loop;
static struct al_gateway *gw;
static struct al_err err;
static char dir[] = "/tmp/test_gateway.XXXXXX";
static uint64_t began_ms;

static void
turn(void)
{
	/* a test that hangs is a test that fails */
	assert_true(al_now_ms() - began_ms < DEADLINE_MS);
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

#define UNTIL(x)	while (!(x)) turn()

/* --- files ---------------------------------------------------------------- */
static const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
put_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(name), 0600), 0);
}

static char *
audit_text(void)
{
	static char text[65536];
	FILE *f = fopen(path_of("audit.log"), "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static char web[300], alice[300], bob[300];	/* Authorization */

static void
write_settings(const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	    "listen = 127.0.0.1:0\n"
	    "tls = off\n"
	    "connectors_file = connectors\n"
	    "operators_file = operators\n"
	    "audit_file = audit.log\n"
	    "log_level = error\n"
	    "%s", more);
	put_file("gateway.conf", text);
}

static void
add(const char *file, enum al_identity_kind kind, const char *name,
    char auth[300])
{
	struct al_new_identity n;

	if (al_identity_add(path_of(file), kind, NULL, name, &n, &err) !=
	    AL_OK)
		fail_msg("%s", err.text);
	if (kind == AL_IDENTITY_CONNECTOR)
		(void)snprintf(auth, 300, "id=\"%s\", key=\"%s\"", n.id,
		    n.secret);
	else
		(void)snprintf(auth, 300, "Bearer %s", n.secret);
}

static void
add_identities(void)
{
	char ignored[300];

	add("connectors", AL_IDENTITY_CONNECTOR, "web-1", web);
	add("connectors", AL_IDENTITY_CONNECTOR, "db-1", ignored);
	add("operators", AL_IDENTITY_OPERATOR, "alice", alice);
	add("operators", AL_IDENTITY_OPERATOR, "bob", bob);
}

/* The token of alice is a new one; bob keeps his. */
static void
forget_alice(void)
{
	char text[1024], *line, ignored[300];
	size_t n;
	FILE *f = fopen(path_of("operators"), "r");

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	line = strstr(text, "bob ");
	assert_non_null(line);
	put_file("operators", line);
	add("operators", AL_IDENTITY_OPERATOR, "alice", ignored);
}

/* --- plain HTTP ----------------------------------------------------------- */
static int
connect_to_gateway(void)
{
	const struct al_addr *a = al_listener_addr(gw->listeners[0]);
	int fd = socket(a->u.sa.sa_family, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &a->u.sa, a->len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* The status of the answer; the answer is in text. */
static int
ask(const char *request, char *text, size_t cap)
{
	int fd = connect_to_gateway(), status = 0;
	size_t len = 0;
	ssize_t n;

	assert_int_equal(write(fd, request, strlen(request)),
	    (ssize_t)strlen(request));
	do {
		turn();
		n = read(fd, text + len, cap - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	text[len] = '\0';
	(void)close(fd);
	(void)sscanf(text, "HTTP/1.1 %d ", &status);
	return status;
}

#define WS	"Host: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" \
		"Sec-WebSocket-Version: 13\r\n"				\
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define MUX	"Sec-WebSocket-Protocol: alpacon.mux.v1\r\n"
#define CONN	"GET /ws/connector/ HTTP/1.1\r\n"
#define TUN	"GET /ws/tunnel/ HTTP/1.1\r\n"

static void
http(void **state)
{
	static const struct {
		const char	*request;
		int		 status;
		const char	*has;
	} rows[] = {
		{ "GET /healthz HTTP/1.1\r\nHost: gw\r\n\r\n", 200,
		    "\r\n\r\nok\n" },
		{ "GET /alpacon/echo?n=00ffEE HTTP/1.1\r\nHost: gw\r\n\r\n",
		    200, "\r\n\r\n00ffEE\n" },
		{ "GET /alpacon/echo HTTP/1.1\r\nHost: gw\r\n\r\n", 400,
		    NULL },
		{ "GET /alpacon/echo?n=<b> HTTP/1.1\r\nHost: gw\r\n\r\n", 400,
		    NULL },
		{ "GET / HTTP/1.1\r\nHost: gw\r\n\r\n", 404, NULL },
		{ "GET /ws/connector HTTP/1.1\r\nHost: gw\r\n\r\n", 404,
		    NULL },
		{ "HEAD /healthz HTTP/1.1\r\nHost: gw\r\n\r\n", 404, NULL },
		{ "POST /ws/tunnel/ HTTP/1.1\r\nHost: gw\r\n"
		    "Content-Length: 0\r\n\r\n", 404, NULL },
		{ TUN "Host: gw\r\n\r\n", 426, NULL },
		{ TUN WS "\r\n", 400, "subprotocol alpacon.mux.v1" },
		{ TUN WS "Sec-WebSocket-Protocol: chat, alpacon.mux.v2\r\n"
		    "\r\n", 400, "subprotocol alpacon.mux.v1" },
		{ TUN WS MUX "\r\n", 401, NULL },
		{ TUN WS MUX "Authorization: Bearer wrong\r\n\r\n", 401,
		    NULL },
		{ TUN WS MUX "Authorization: Basic d3Jvbmc6\r\n\r\n", 401,
		    NULL },
		{ CONN WS MUX "\r\n", 401, NULL },
		{ CONN WS MUX "Authorization: id=\"nobody\", key=\"x\"\r\n"
		    "\r\n", 401, NULL },
		{ CONN WS MUX "Authorization: id=\"\", key=\"\"\r\n\r\n", 401,
		    NULL },
	};
	char text[4096];
	size_t i;
	int got;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = ask(rows[i].request, text, sizeof(text));
		if (got != rows[i].status || (rows[i].has != NULL &&
		    strstr(text, rows[i].has) == NULL))
			fail_msg("%s%d, not %d: %s", rows[i].request, got,
			    rows[i].status, text);
	}
	assert_non_null(strstr(audit_text(), "auth"));
}

/* --- clients -------------------------------------------------------------- */
struct client;

struct chan {
	struct al_end	 end;		/* first */
	struct client	*of;
	bool		 accepted, gone;
	uint16_t	 code;
	char		 text[300];
	const char	*to_send;
	char		 got[64];
	size_t		 n_got;
	bool		 got_fin;
};

struct client {
	struct al_mux	*mux;		/* NULL once it has ended      */
	bool		 up, goaway;
	uint16_t	 goaway_code;
	uint32_t	 retry_s;
	unsigned	 n_unwanted, n_switched;	/* connections */
	struct al_err	 why;
	/* what a connector is asked to open */
	unsigned	 n_opens;
	char		 json[1024];
	struct chan	 asked;
	uint16_t	 refuse;
};

static void
on_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	struct chan *c = (struct chan *)e;
	size_t n = c->to_send != NULL ? strlen(c->to_send) : 0;

	assert_true(n <= t->cap);
	if (n > 0) {
		memcpy(t->p, c->to_send, n);
		c->to_send = "";
		al_session_commit(s, t, n, 0, now_us);
	} else {
		al_session_commit(s, t, 0, c->to_send != NULL ? AL_TURN_FIN :
		    AL_TURN_DRAINED, now_us);
	}
}

static void
on_accept(struct al_end *e, const char *json)
{
	(void)json;
	((struct chan *)e)->accepted = true;
}

static void
on_data(struct al_end *e)
{
	struct chan *c = (struct chan *)e;
	struct al_span v;

	while (al_chan_peek(e->chan, &v, 1) > 0 && v.len > 0) {
		assert_true(c->n_got + v.len < sizeof(c->got));
		memcpy(c->got + c->n_got, v.p, v.len);
		c->n_got += v.len;
		al_chan_consume(e->chan, v.len, al_now_us());
	}
	c->got_fin = al_chan_is_ended(e->chan);
	al_mux_kick(e->mux);
}

static void
on_writable(struct al_end *e)
{
	(void)e;
}

static void
on_gone(struct al_end *e, enum al_gone how, uint16_t code, const char *text)
{
	struct chan *c = (struct chan *)e;

	(void)how;
	c->gone = true;
	c->code = code;
	(void)snprintf(c->text, sizeof(c->text), "%s", text);
}

static const struct al_end_ops end_ops = {
	.name = "test", .on_turn = on_turn, .on_accept = on_accept,
	.on_data = on_data, .on_writable = on_writable, .on_gone = on_gone,
};

static void
on_up(void *arg)
{
	((struct client *)arg)->up = true;
}

static void
on_open(void *arg, struct al_chan *c, uint8_t kind, const char *json)
{
	struct client *cl = arg;

	(void)kind;
	cl->n_opens++;
	(void)snprintf(cl->json, sizeof(cl->json), "%s", json);
	if (cl->refuse != 0) {
		al_mux_refuse(cl->mux, c, cl->refuse, "nobody there");
		return;
	}
	cl->asked = (struct chan){ .end.ops = &end_ops, .of = cl };
	al_end_accept(&cl->asked.end, cl->mux, c, NULL);
}

static void
on_open_gone(void *arg, struct al_chan *c)
{
	(void)arg;
	(void)c;
}

static void
on_goaway(void *arg, uint16_t code, uint32_t retry_s, const char *text)
{
	struct client *cl = arg;

	(void)text;
	cl->goaway = true;
	cl->goaway_code = code;
	cl->retry_s = retry_s;
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
	struct client *cl = arg;

	cl->why = *why;
	al_mux_free(cl->mux);
	cl->mux = NULL;
}

static void
on_link(void *arg, enum al_lane what, const struct al_err *why)
{
	struct client *cl = arg;

	(void)why;
	cl->n_unwanted += what == AL_LANE_UNWANTED;
	cl->n_switched += what == AL_LANE_SWITCHED;
}

static const struct al_mux_ops mux_ops = {
	.on_up = on_up, .on_open = on_open, .on_open_gone = on_open_gone,
	.on_goaway = on_goaway, .on_pong = on_pong, .on_link = on_link,
	.on_end = on_end,
};

/* A WebSocket to the gateway. */
static struct al_stream *
upgrade(const char *path, const char *authorization)
{
	const struct al_upgrade_opts o = {
		.host = "gw", .path = path, .protocol = "alpacon.mux.v1",
		.authorization = authorization,
	};
	struct al_machine m;
	struct al_stream *s;
	enum al_code code;

	assert_int_equal(al_upgrade_client(&m, &o, &err), AL_OK);
	s = al_tcp_new(connect_to_gateway(), &err);
	assert_non_null(s);
	s = al_handshake_new(s, m, AL_AT_HTTP, &err);
	assert_non_null(s);
	while ((code = al_stream_open(s, &err)) == AL_AGAIN)
		turn();
	if (code != AL_OK)
		fail_msg("%s: %s", path, err.text);
	al_handshake_release(s);
	return s;
}

static void
client_open(struct client *cl, const char *path, const char *authorization,
    const struct al_session_opts *o)
{
	const struct al_session_opts none = { .software = "test" };

	memset(cl, 0, sizeof(*cl));
	cl->mux = al_mux_open(loop, upgrade(path, authorization),
	    o != NULL ? o : &none, &mux_ops, cl, &err);
	assert_non_null(cl->mux);
	UNTIL(cl->up || cl->mux == NULL);
}

/* In order: without CLOSE the session would wait for another connection. */
static void
client_close(struct client *cl)
{
	if (cl->mux == NULL)
		return;
	al_mux_close(cl->mux, AL_CHAN_DONE, NULL);
	UNTIL(cl->mux == NULL);
}

/* Open, and wait for the answer. */
static void
chan_open(struct chan *c, struct client *cl, uint8_t kind, const char *json)
{
	const struct al_open o = { .kind = kind, .json = json };

	*c = (struct chan){ .end.ops = &end_ops, .of = cl };
	assert_int_equal(al_end_open(&c->end, cl->mux, &o, &err), AL_OK);
	UNTIL(c->accepted || c->gone);
}

/* --- a gateway with two servers and two operators ------------------------- */
static void
gateway_start(const char *more)
{
	struct al_settings *set;

	write_settings(more);
	set = al_settings_load(path_of("gateway.conf"), &err);
	if (set == NULL)
		fail_msg("%s", err.text);
	gw = al_gateway_new(loop, set, &err);
	if (gw == NULL || al_gateway_listen(gw, &err) != AL_OK)
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	(void)state;
	began_ms = al_now_ms();
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	if (loop == NULL)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s", "/tmp/test_gateway.XXXXXX");
	assert_non_null(mkdtemp(dir));
	add_identities();
	gateway_start("");
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "gateway.conf", "connectors",
	    "operators", "audit.log" };
	size_t i;

	(void)state;
	al_gateway_free(gw);
	gw = NULL;
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	al_loop_free(loop);
	event_base_free(base);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	return rmdir(dir);
}

static void
restart(const char *more)
{
	al_gateway_free(gw);
	gateway_start(more);
}

/* --- channels ------------------------------------------------------------- */
static void
a_channel(void **state)
{
	struct client op, con;
	struct chan c;

	(void)state;
	client_open(&con, "/ws/connector/", web, NULL);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	/* who asks is told by the gateway, and by nobody else */
	chan_open(&c, &op, AL_CHAN_TCP, "{\"server\":\"web-1\",\"target\":"
	    "\"127.0.0.1:22\",\"principal\":\"root\",\"audit\":\"x\","
	    "\"more\":1}");
	assert_true(c.accepted);
	assert_non_null(strstr(con.json, "\"target\":\"127.0.0.1:22\""));
	assert_non_null(strstr(con.json, "\"principal\":\"alice\""));
	assert_null(strstr(con.json, "root"));
	assert_null(strstr(con.json, "\"x\""));
	assert_null(strstr(con.json, "more"));
	assert_int_equal(gw->channels, 1);

	c.to_send = "question";
	al_end_ready(&c.end);
	UNTIL(con.asked.got_fin);
	assert_string_equal(con.asked.got, "question");
	con.asked.to_send = "an answer";
	al_end_ready(&con.asked.end);
	UNTIL(c.got_fin);
	assert_string_equal(c.got, "an answer");
	UNTIL(gw->channels == 0);
	assert_non_null(strstr(audit_text(), "127.0.0.1:22"));

	client_close(&op);
	client_close(&con);
	UNTIL(gw->sessions == 0);
}

static void
refusals(void **state)
{
	static const struct {
		uint8_t		 kind;
		const char	*json;
		uint16_t	 code;
	} rows[] = {
		{ AL_CHAN_TCP, "{\"server\":\"none\",\"target\":"
		    "\"127.0.0.1:22\"}", AL_CHAN_NO_SERVER },
		{ AL_CHAN_TCP, "{\"server\":\"db-1\",\"target\":"
		    "\"127.0.0.1:22\"}", AL_CHAN_OFFLINE },
		{ AL_CHAN_HEALTH, "{\"server\":\"db-1\",\"target\":"
		    "\"127.0.0.1:22\"}", AL_CHAN_OFFLINE },
		{ AL_CHAN_TCP, "{\"server\":\"web-1\",\"target\":"
		    "\"10.0.0.1:22\"}", AL_CHAN_DENIED },
		{ AL_CHAN_TCP, "{\"server\":\"web-1\",\"target\":"
		    "\"169.254.169.254:80\"}", AL_CHAN_DENIED },
		{ AL_CHAN_TCP, "{\"server\":\"web-1\",\"target\":\"x\"}",
		    AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_TCP, "{\"server\":\"web-1\",\"target\":22}",
		    AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_TCP, "{\"server\":\"web-1\"}",
		    AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_TCP, "{\"server\":\"web-1\",\"server\":\"db-1\","
		    "\"target\":\"127.0.0.1:22\"}", AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_TCP, "{", AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_TCP, "", AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_TCP, "[]", AL_CHAN_BAD_REQUEST },
		{ AL_CHAN_UNIX, "{\"server\":\"web-1\",\"path\":\"/x\"}",
		    AL_CHAN_UNSUPPORTED },
		{ AL_CHAN_AGENT, "{\"host\":\"gw\",\"port\":443}",
		    AL_CHAN_UNSUPPORTED },
		{ 77, "{}", AL_CHAN_UNSUPPORTED },
	};
	struct client op, con;
	struct chan c;
	size_t i;

	(void)state;
	client_open(&con, "/ws/connector/", web, NULL);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		chan_open(&c, &op, rows[i].kind, rows[i].json);
		if (!c.gone || c.code != rows[i].code || c.text[0] == '\0')
			fail_msg("%s: code %u, not %u: %s", rows[i].json,
			    c.code, rows[i].code, c.text);
	}
	assert_int_equal(con.n_opens, 0);
	/* what the connector says comes through */
	con.refuse = AL_CHAN_REFUSED;
	chan_open(&c, &op, AL_CHAN_HEALTH,
	    "{\"server\":\"web-1\",\"target\":\"localhost:1\"}");
	assert_int_equal(c.code, AL_CHAN_REFUSED);
	assert_string_equal(c.text, "nobody there");
	/* a connector opens to the backend alone, and there is none */
	chan_open(&c, &con, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	assert_int_equal(c.code, AL_CHAN_UNSUPPORTED);
	chan_open(&c, &con, AL_CHAN_AGENT, "{\"host\":\"gw\",\"port\":443}");
	assert_int_equal(c.code, AL_CHAN_UNSUPPORTED);
	client_close(&op);
	client_close(&con);
}

/* Who asks too often for what does not work is slowed down, then refused;
 * others are served. */
static void
failed_opens(void **state)
{
	static const struct al_rate rate = { .per_s = 200, .burst = 1000 };
	static struct chan many[300];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json =
	    "{\"server\":\"none\",\"target\":\"127.0.0.1:22\"}" };
	struct al_principal *who;
	struct client op, other;
	struct chan c;
	uint64_t now_us;
	size_t i, n;

	(void)state;
	client_open(&op, "/ws/tunnel/", alice, NULL);
	client_open(&other, "/ws/tunnel/", bob, NULL);
	who = al_registry_find(gw->registry, AL_IDENTITY_OPERATOR, "alice");
	assert_non_null(who);
	chan_open(&c, &op, AL_CHAN_TCP, o.json);
	assert_int_equal(c.code, AL_CHAN_NO_SERVER);

	/* the token of this one has to come first */
	now_us = al_now_us();
	for (i = 0; i < 1050; i++)
		al_bucket_charge(&who->failed, &rate, now_us);
	assert_true(al_bucket_wait_us(&who->failed, &rate, now_us) > 0);
	chan_open(&c, &op, AL_CHAN_TCP, o.json);
	assert_int_equal(c.code, AL_CHAN_NO_SERVER);

	now_us = al_now_us();
	for (i = 0; i < 2000; i++)	/* seconds */
		al_bucket_charge(&who->failed, &rate, now_us);
	for (i = 0; i < 300; i++) {
		many[i] = (struct chan){ .end.ops = &end_ops };
		assert_int_equal(al_end_open(&many[i].end, op.mux, &o, &err),
		    AL_OK);
	}
	UNTIL(many[299].gone);
	for (i = n = 0; i < 300; i++)
		n += many[i].gone;
	assert_int_equal(n, 300 - 256);
	assert_int_equal(many[299].code, AL_CHAN_LIMIT);
	chan_open(&c, &other, AL_CHAN_TCP, o.json);
	assert_int_equal(c.code, AL_CHAN_NO_SERVER);
	/* and those that wait may be taken back */
	al_end_leave(&many[0].end, AL_CHAN_PEER_RESET, NULL);
	UNTIL(LIST_FIRST(&gw->peers)->opens.n_delayed == 255 ||
	    LIST_NEXT(LIST_FIRST(&gw->peers), entry)->opens.n_delayed == 255);
	client_close(&op);
	client_close(&other);
}

/* --- agents --------------------------------------------------------------- */
static void
agents(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), got = -1;
	struct client con;
	struct chan c;
	char line[64], text[16];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	(void)snprintf(line, sizeof(line), "backend = 127.0.0.1:%u\n",
	    ntohs(a.sin_port));
	restart(line);
	client_open(&con, "/ws/connector/", web, NULL);
	chan_open(&c, &con, AL_CHAN_AGENT, "{\"host\":\"gw\",\"port\":443}");
	assert_true(c.accepted);
	got = accept(fd, NULL, NULL);
	assert_true(got >= 0);
	assert_int_equal(write(got, "hello", 5), 5);
	UNTIL(c.n_got == 5);
	c.to_send = "agent";
	al_end_ready(&c.end);
	while (recv(got, text, sizeof(text), MSG_DONTWAIT) < 5)
		turn();
	assert_memory_equal(text, "agent", 5);
	(void)close(got);
	UNTIL(c.got_fin || c.gone);
	UNTIL(gw->channels == 0);

	(void)close(fd);
	chan_open(&c, &con, AL_CHAN_AGENT, "{\"host\":\"gw\",\"port\":443}");
	assert_int_equal(c.code, AL_CHAN_REFUSED);
	chan_open(&c, &con, AL_CHAN_AGENT, "{\"host\":\"gw\"}");
	assert_int_equal(c.code, AL_CHAN_BAD_REQUEST);
	client_close(&con);
}

/* --- one connector, one route --------------------------------------------- */
static void
same_instance(void **state)
{
	const struct al_session_opts o = { .instance = "0123456789abcde" };
	struct client old, new;

	(void)state;
	client_open(&old, "/ws/connector/", web, &o);
	client_open(&new, "/ws/connector/", web, &o);
	UNTIL(old.mux == NULL);
	assert_int_equal(old.why.status, AL_CHAN_SUPERSEDED);
	assert_true(new.up && !new.goaway);
	client_close(&new);
}

static void
two_instances(void **state)
{
	const struct al_session_opts a = { .instance = "0123456789abcde" },
	    b = { .instance = "0123456789abcdX" },
	    probe = { .instance = "0123456789abcdY", .probe = true };
	struct client old, new, look, op;
	struct chan c1, c2;

	(void)state;
	client_open(&old, "/ws/connector/", web, &a);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	chan_open(&c1, &op, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	assert_int_equal(old.n_opens, 1);
	client_open(&look, "/ws/connector/", web, &probe);
	client_open(&new, "/ws/connector/", web, &b);
	UNTIL(old.goaway);
	assert_int_equal(old.goaway_code, AL_CHAN_SUPERSEDED);
	assert_int_equal(old.retry_s, 300);
	/* the newest that is no probe routes; what ran before runs on */
	chan_open(&c2, &op, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	assert_true(c2.accepted);
	assert_int_equal(new.n_opens, 1);
	assert_int_equal(look.n_opens, 0);
	assert_false(look.goaway);
	assert_false(c1.gone);
	while (strstr(audit_text(), "duplicate") == NULL)
		turn();
	client_close(&new);
	client_close(&look);
	client_close(&old);
	client_close(&op);
}

/* --- its connections ------------------------------------------------------ */
static struct al_peer *
peer_of(const char *name)
{
	struct al_peer *p;

	LIST_FOREACH(p, &gw->peers, entry)
		if (strcmp(p->who->name, name) == 0)
			return p;
	fail_msg("%s is not here", name);
	return NULL;
}

/* A connection that is too old, or of a certificate that was replaced, is
 * left for another one; the session and its channels go on. */
static void
moved(void **state)
{
	struct client con, op;
	struct chan c;
	struct al_peer *p;

	(void)state;
	restart("link_max_age = 10s\n");
	client_open(&con, "/ws/connector/", web, NULL);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	chan_open(&c, &op, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	p = peer_of("web-1");
	assert_true(p->move_timer.due_us > al_now_us() + 5000000);
	al_timer_set(&p->move_timer, 0);	/* eleven seconds or more */
	UNTIL(con.n_unwanted == 1);
	assert_int_equal(al_mux_attach(con.mux, upgrade("/ws/connector/",
	    web), &err), AL_OK);
	UNTIL(con.n_switched == 1);
	assert_ptr_equal(peer_of("web-1"), p);
	/* the next one counts from the start, and may be asked to move too */
	UNTIL(p->move_timer.due_us > al_now_us() + 5000000);
	gw->set->handshakes_per_s = 1000;
	al_peer_move(p);
	assert_true(p->move_timer.due_us < al_now_us() + 6100000);
	al_timer_set(&p->move_timer, 0);
	UNTIL(con.n_unwanted == 2);
	assert_false(c.gone || con.goaway);
	assert_int_equal(gw->sessions, 2);
	c.to_send = "still";
	al_end_ready(&c.end);
	UNTIL(con.asked.got_fin);
	assert_string_equal(con.asked.got, "still");
	al_end_leave(&c.end, AL_CHAN_DONE, NULL);
	client_close(&op);
	client_close(&con);
}

/* Those who are asked to come back fit through the door. */
static void
spread(void **state)
{
	static const struct {
		uint32_t rate;
		size_t sessions;
		uint32_t want;
	} rows[] = {
		{ 0, 0, 5 }, { 0, 100000, 5 }, { 200, 0, 5 }, { 200, 1, 5 },
		{ 200, 2000, 15 }, { 1000, 20000, 25 }, { 1, 1000000, 300 },
	};
	uint32_t s, most = 0;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gw->set->handshakes_per_s = rows[i].rate;
		gw->sessions = rows[i].sessions;
		assert_int_equal(al_gateway_spread_s(gw), rows[i].want);
		for (n = 0; n < 1000; n++) {
			s = al_gateway_later_s(gw);
			assert_in_range(s, 1, rows[i].want);
			most = s > most ? s : most;
		}
	}
	assert_true(most > 200);
	gw->sessions = 0;
}

/* Who waits in line when there is room comes in only if there is room then. */
static void
pending(void **state)
{
	int fd[40];
	size_t i;

	(void)state;
	restart("max_pending = 20\nhandshakes_per_s = 50\n");
	for (i = 0; i < 40; i++)
		fd[i] = connect_to_gateway();
	UNTIL(al_door_pending(gw->door) + al_door_dropped(gw->door) == 40);
	assert_int_equal(al_door_waiting(gw->door), 0);
	assert_in_range(al_door_pending(gw->door), 1, 20);
	for (i = 0; i < 40; i++)
		(void)close(fd[i]);
}

/* --- reload and stop ------------------------------------------------------ */
/* By a reload, and by the look that nobody has to ask for. */
static void
revoke_alice(bool reload)
{
	struct client con, op, op2;
	struct chan c;
	struct al_settings *set;

	client_open(&con, "/ws/connector/", web, NULL);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	client_open(&op2, "/ws/tunnel/", bob, NULL);
	chan_open(&c, &op, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	forget_alice();
	if (reload) {
		set = al_settings_load(path_of("gateway.conf"), &err);
		assert_non_null(set);
		al_gateway_replace(gw, set);
	} else {
		al_timer_set(&gw->recheck_timer, 0);
	}
	UNTIL(op.mux == NULL);
	assert_int_equal(op.why.status, AL_CHAN_REVOKED);
	assert_true(c.gone);
	UNTIL(gw->sessions == 2 && gw->channels == 0);
	assert_true(con.mux != NULL && op2.mux != NULL);
	client_close(&con);
	client_close(&op2);
}

static void
revoked(void **state)
{
	(void)state;
	revoke_alice(true);
}

static void
revoked_unasked(void **state)
{
	(void)state;
	revoke_alice(false);
}

static bool stopped;

static void
on_stopped(void *arg)
{
	(void)arg;
	stopped = true;
}

static void
stop(void **state)
{
	struct client con, op;
	struct chan c;

	(void)state;
	stopped = false;
	client_open(&con, "/ws/connector/", web, NULL);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	chan_open(&c, &op, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	al_gateway_stop(gw, on_stopped, NULL);
	UNTIL(con.goaway && op.goaway);
	assert_int_equal(con.goaway_code, AL_CHAN_DRAINING);
	assert_in_range(con.retry_s, 1, al_gateway_spread_s(gw));
	assert_false(stopped);
	assert_false(c.gone);		/* it has time to end */
	al_end_leave(&c.end, AL_CHAN_PEER_RESET, NULL);
	UNTIL(stopped);
	assert_true(op.mux == NULL && con.mux == NULL);
	assert_int_equal(op.why.code, AL_EOF);
}

/* Channels that never end do not keep a gateway from stopping. */
static void
stop_in_time(void **state)
{
	struct client con, op;
	struct chan c;

	(void)state;
	stopped = false;
	restart("drain_timeout = 200ms\n");
	client_open(&con, "/ws/connector/", web, NULL);
	client_open(&op, "/ws/tunnel/", alice, NULL);
	chan_open(&c, &op, AL_CHAN_TCP,
	    "{\"server\":\"web-1\",\"target\":\"127.0.0.1:22\"}");
	al_gateway_stop(gw, on_stopped, NULL);
	UNTIL(stopped);
	assert_true(c.gone);
	UNTIL(op.mux == NULL && con.mux == NULL);
	assert_int_equal(op.why.status, AL_CHAN_DRAINING);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(http), T(a_channel), T(refusals), T(failed_opens),
		T(agents), T(same_instance), T(two_instances), T(moved),
		T(spread), T(revoked),
		T(revoked_unasked),
		T(pending), T(stop), T(stop_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
