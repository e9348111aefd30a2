/* tests/flow/test_gateway_edge.c - the gateway's HTTP edge against raw bytes. */
#include <errno.h>
#include <fcntl.h>
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

#include "connector/gatewayd/edge.h"
#include "connector/loop/loop.h"

static struct event_base *base;
static struct al_loop *loop;
static struct al_err err;

/* --- the other side of on_request ----------------------------------------- */
static struct al_edge *edge;		/* NULL once it has ended */
static struct al_stream *upgraded;
static struct al_err why;
static int n_requests;

static void
on_request(void *arg, struct al_edge *e, const struct al_upgrade_request *r)
{
	(void)arg;
	n_requests++;
	if (r->kind == AL_UPGRADE_BROKEN)
		al_edge_refuse_broken(e);
	else if (r->kind == AL_UPGRADE_WEBSOCKET)
		al_edge_accept(e, "alpacon.mux.v1");
	else if (strcmp(r->path, "/ok") == 0)
		al_edge_reply(e, 200, "OK", 0, "fine\n");
	else if (strcmp(r->path, "/busy") == 0)
		al_edge_reply(e, 503, "Service Unavailable", 7, "busy\n");
	/* else: nobody answers */
}

static void
on_end(void *arg, struct al_edge *e, struct al_stream *s,
    const struct al_err *reason)
{
	(void)arg;
	assert_ptr_equal(e, edge);
	edge = NULL;
	upgraded = s;
	memset(&why, 0, sizeof(why));
	if (reason != NULL)
		why = *reason;
}

static const struct al_edge_ops ops = {
	.on_request = on_request, .on_end = on_end,
};

/* --- the client ----------------------------------------------------------- */
static char answer[8192];
static size_t answer_len;

static int
start(unsigned timeout_ms)
{
	struct al_addr peer;
	const struct al_edge_opts o = {
		.peer = &peer, .timeout_ms = timeout_ms,
	};
	int fds[2];

	assert_true(al_addr_parse_ip(&peer, "192.0.2.1", 1));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	n_requests = 0;
	answer_len = 0;
	upgraded = NULL;
	edge = al_edge_start(loop, fds[0], &o, &ops, NULL, &err);
	assert_non_null(edge);
	return fds[1];
}

static void
turn(int flags)
{
	(void)event_base_loop(base, EVLOOP_ONCE | flags);
}

static void
collect(int fd)
{
	ssize_t n;

	while ((n = read(fd, answer + answer_len,
	    sizeof(answer) - 1 - answer_len)) > 0)
		answer_len += (size_t)n;
	answer[answer_len] = '\0';
}

/* Send all of it in pieces, then wait for what comes, then leave. */
static void
talk(const char *bytes, size_t len, size_t chunk)
{
	int fd = start(60000);
	size_t off = 0, n;
	int i;

	while (off < len && edge != NULL) {
		n = len - off < chunk ? len - off : chunk;
		if (write(fd, bytes + off, n) != (ssize_t)n)
			break;		/* the edge has left */
		off += n;
		turn(EVLOOP_NONBLOCK);
	}
	for (i = 0; i < 3; i++)
		turn(EVLOOP_NONBLOCK);
	collect(fd);
	(void)shutdown(fd, SHUT_WR);
	while (edge != NULL)
		turn(0);
	collect(fd);
	(void)close(fd);
	al_stream_free(upgraded);
}

/* --- rows ----------------------------------------------------------------- */
#define B(s)	s, sizeof(s) - 1
#define HOST	"Host: gw\r\n"
#define WS	HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n"	\
		"Sec-WebSocket-Version: 13\r\n"				\
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static const struct row {
	const char	*name, *bytes;
	size_t		 len;
	int		 status;	/* 0: closed without a word */
	int		 asked;		/* on_request has seen it   */
	const char	*has;		/* in the answer            */
} rows[] = {
	{ "plain GET", B("GET /ok HTTP/1.1\r\n" HOST "\r\n"), 200, 1,
	    "\r\nConnection: close\r\n" },
	{ "body of the answer", B("GET /ok HTTP/1.1\r\n" HOST "\r\n"), 200, 1,
	    "\r\n\r\nfine\n" },
	{ "Retry-After", B("GET /busy HTTP/1.1\r\n" HOST "\r\n"), 503, 1,
	    "\r\nRetry-After: 7\r\n" },
	{ "nobody answers", B("GET /x HTTP/1.1\r\n" HOST "\r\n"), 500, 1,
	    NULL },
	{ "upgrade", B("GET /ws HTTP/1.1\r\n" WS "\r\n"), 101, 1,
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" },
	{ "wrong version", B("GET /ws HTTP/1.1\r\n" HOST
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 8\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), 426, 1,
	    "Sec-WebSocket-Version: 13\r\n" },
	{ "upgrade stripped on the way", B("GET /ws HTTP/1.1\r\n" HOST
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), 400, 1,
	    "stripped" },
	{ "CL and TE", B("GET /ok HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"), 400, 0, NULL },
	{ "two CL", B("GET /ok HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
	    "Content-Length: 5\r\n\r\n"), 400, 0, NULL },
	{ "CL list", B("GET /ok HTTP/1.1\r\n" HOST
	    "Content-Length: 0, 5\r\n\r\n"), 400, 0, NULL },
	{ "folding", B("GET /ok HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), 400,
	    0, NULL },
	{ "bare LF", B("GET /ok HTTP/1.1\n" HOST "\r\n"), 400, 0, NULL },
	{ "bare LF at the end", B("GET /ok HTTP/1.1\r\n" HOST "\n"), 400, 0,
	    NULL },
	{ "bare CR", B("GET /ok HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), 400, 0,
	    NULL },
	{ "space before colon", B("GET /ok HTTP/1.1\r\n" HOST
	    "Content-Length : 0\r\n\r\n"), 400, 0, NULL },
	{ "NUL in a value", B("GET /ok HTTP/1.1\r\n" HOST
	    "X: a\0b\r\n\r\n"), 400, 0, NULL },
	{ "NUL in the target", B("GET /o\0k HTTP/1.1\r\n" HOST "\r\n"), 400,
	    0, NULL },
	{ "two Hosts", B("GET /ok HTTP/1.1\r\n" HOST HOST "\r\n"), 400, 0,
	    NULL },
	{ "no Host", B("GET /ok HTTP/1.1\r\n\r\n"), 400, 0, NULL },
	{ "body on GET", B("GET /ok HTTP/1.1\r\n" HOST
	    "Content-Length: 5\r\n\r\nhello"), 400, 0, NULL },
	{ "absolute target", B("GET http://gw/ok HTTP/1.1\r\n" HOST "\r\n"),
	    400, 0, NULL },
	{ "not HTTP", B("\x16\x03\x01\x02\x01\x01\r\n\r\n"), 0, 0, NULL },
};

/* What must not follow a request in the same breath. */
static const struct row early[] = {
	{ "bytes before 101", B("GET /ws HTTP/1.1\r\n" WS "\r\n"
	    "\x82\x80\0\0\0\0"), 400, 0, "bytes follow the request" },
	{ "a second request", B("GET /ok HTTP/1.1\r\n" HOST "\r\n"
	    "GET /ok HTTP/1.1\r\n" HOST "\r\n"), 400, 0,
	    "bytes follow the request" },
};

static void
check(const struct row *r, size_t chunk)
{
	int status = 0;

	talk(r->bytes, r->len, chunk);
	if (answer_len > 0 && sscanf(answer, "HTTP/1.1 %d ", &status) != 1)
		status = -1;
	if (status != r->status || n_requests != r->asked ||
	    (r->has != NULL && strstr(answer, r->has) == NULL) ||
	    (upgraded != NULL) != (r->status == 101))
		fail_msg("%s, %zu bytes a write: %d requests, answered: %s",
		    r->name, chunk, n_requests, answer);
}

static void
requests(void **state)
{
	size_t i, chunk;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (chunk = 1; chunk <= rows[i].len; chunk++)
			check(&rows[i], chunk);
}

static void
early_bytes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		check(&early[i], early[i].len);
}

/* A head of more than 8 KiB, in one line and in many. */
static void
long_heads(void **state)
{
	char head[9000];
	struct row r = { "long line", head, sizeof(head), 431, 0, NULL };
	size_t n;

	(void)state;
	memset(head, 'a', sizeof(head));
	memcpy(head, "GET /", 5);
	check(&r, sizeof(head));
	check(&r, 1000);

	r.name = "many fields";
	n = (size_t)sprintf(head, "GET /ok HTTP/1.1\r\n" HOST);
	while (n + 16 < sizeof(head))
		n += (size_t)sprintf(head + n, "A: 0123456789\r\n");
	r.len = n;
	check(&r, n);
}

/* The peer leaves at each byte: an end, and no answer. */
static void
cuts(void **state)
{
	static const char whole[] = "GET /ok HTTP/1.1\r\n" HOST "\r\n";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(whole) - 1; n++) {
		talk(whole, n, sizeof(whole));
		assert_int_equal(n_requests, 0);
		assert_int_equal(answer_len, 0);
		assert_int_equal(why.code, AL_ENET);
	}
}

/* A byte now and then does not put the deadline off.  One a millisecond: as
 * many as the loop can turn would reach the head's limit before it. */
static void
deadline(void **state)
{
	int fd = start(30);
	uint64_t began_ms = al_now_ms(), now_ms, sent_ms = 0;

	(void)state;
	while (edge != NULL) {
		now_ms = al_now_ms();
		assert_true(now_ms - began_ms < 20000);
		if (now_ms != sent_ms)
			(void)!write(fd, "G", 1);
		sent_ms = now_ms;
		turn(EVLOOP_NONBLOCK);
	}
	assert_int_equal(why.code, AL_ETIMEOUT);
	assert_int_equal(why.stage, AL_AT_HTTP);
	assert_int_equal(n_requests, 0);
	(void)close(fd);
}

/* The stream that is handed on gives what comes after the 101. */
static void
handed_on(void **state)
{
	static const char request[] = "GET /ws HTTP/1.1\r\n" WS "\r\n";
	int fd = start(60000);
	char got[8];
	enum al_code code;
	size_t n;

	(void)state;
	assert_int_equal(write(fd, request, sizeof(request) - 1),
	    sizeof(request) - 1);
	while (edge != NULL)
		turn(0);
	assert_non_null(upgraded);
	assert_int_equal(write(fd, "hello", 5), 5);
	/* who had it read all there was: AGAIN without a look, once */
	code = al_stream_read(upgraded, got, sizeof(got), &n, &err);
	if (code == AL_AGAIN)
		code = al_stream_read(upgraded, got, sizeof(got), &n, &err);
	assert_int_equal(code, AL_OK);
	assert_int_equal(n, 5);
	assert_memory_equal(got, "hello", 5);
	al_stream_free(upgraded);
	(void)close(fd);
}

static void
freed_early(void **state)
{
	int fd = start(60000);

	(void)state;
	turn(EVLOOP_NONBLOCK);
	al_edge_free(edge);
	assert_int_equal(read(fd, answer, sizeof(answer)), 0);
	(void)close(fd);
}

static int
setup(void **state)
{
	(void)state;
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	return loop != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(early_bytes),
		cmocka_unit_test(long_heads),
		cmocka_unit_test(cuts),
		cmocka_unit_test(deadline),
		cmocka_unit_test(handed_on),
		cmocka_unit_test(freed_early),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
