/* tests/unit/test_upgrade.c - the WebSocket upgrade at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/engine/upgrade.h"
#include "tests/lib/machine.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define SECRET	"id=\"7\", key=\"canary\""

/* RFC 6455 1.3: "the sample nonce" */
#define KEY	"dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT	"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static struct al_machine
client(const char *protocol, unsigned *retry)
{
	struct al_upgrade_opts o = {
		.host = "gw.example", .path = "/ws/connector/?n=12345678",
		.protocol = protocol, .authorization = SECRET,
		.origin = "https://gw.example", .user_agent = "test",
		.retry_after_s = retry,
	};
	struct al_machine m;
	struct al_err err;

	memcpy(o.nonce, "the sample nonce", sizeof(o.nonce));
	assert_int_equal(al_upgrade_client(&m, &o, &err), AL_OK);
	return m;
}

#define REQUEST \
	"GET /ws/connector/?n=12345678 HTTP/1.1\r\n" \
	"Host: gw.example\r\n" \
	"Upgrade: websocket\r\n" \
	"Connection: Upgrade\r\n" \
	"Sec-WebSocket-Key: " KEY "\r\n" \
	"Sec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Protocol: mux\r\n" \
	"Authorization: " SECRET "\r\n" \
	"Origin: https://gw.example\r\n" \
	"User-Agent: test\r\n\r\n"

#define H11	"HTTP/1.1 "
#define UP	H11 "101 Switching Protocols\r\nUpgrade: websocket\r\n" \
		"Connection: Upgrade\r\n"
#define ANSWER	"Sec-WebSocket-Accept: " ACCEPT "\r\n"
#define MUX	"Sec-WebSocket-Protocol: mux\r\n"
#define CL(n)	"Content-Length: " n "\r\n"
#define HTML	"Content-Type: text/html\r\n"

static const struct row {
	const char	*name;
	const uint8_t	*in;
	size_t		 len;
	enum al_hs	 want;
	enum al_code	 code;
	enum al_stage	 stage;
	int		 status, cause;
	unsigned	 retry;
	const char	*says;
} rows[] = {
#define GOOD(name, in) \
	{ name, B(in), AL_HS_DONE, AL_OK, AL_AT_NONE, 0, 0, 0, "" }
#define BAD(name, in, code, stage, status, cause, says) \
	{ name, B(in), AL_HS_FAIL, code, stage, status, cause, 0, says }
#define LATER(in, status, retry, says) \
	{ #status, B(in), AL_HS_FAIL, AL_EREFUSED, AL_AT_HTTP, status, 190, \
	    retry, says }
	GOOD("plain", UP ANSWER MUX "\r\n"),
	GOOD("other cases", H11 "101 x\r\nupgrade: WebSocket\r\n"
	    "connection: keep-alive, upgrade\r\n"
	    "sec-websocket-accept: " ACCEPT "\r\n"
	    "sec-websocket-protocol: mux\r\n\r\n"),
	GOOD("after 103", H11 "103 Early Hints\r\nLink: x\r\n\r\n" UP ANSWER MUX
	    "\r\n"),
	GOOD("no extension", UP ANSWER MUX "Sec-WebSocket-Extensions:\r\n\r\n"),
	BAD("no upgrade", H11 "101 x\r\nConnection: Upgrade\r\n" ANSWER MUX
	    "\r\n", AL_EPROTO, AL_AT_HTTP, 101, 170, "without \"Upgrade"),
	BAD("other upgrade", H11 "101 x\r\nUpgrade: h2c\r\nConnection: Upgrade"
	    "\r\n" ANSWER MUX "\r\n", AL_EPROTO, AL_AT_HTTP, 101, 170,
	    "without \"Upgrade"),
	BAD("no connection", H11 "101 x\r\nUpgrade: websocket\r\n" ANSWER MUX
	    "\r\n", AL_EPROTO, AL_AT_HTTP, 101, 170, "without \"Connection"),
	BAD("no accept", UP MUX "\r\n", AL_EPROTO, AL_AT_HTTP, 101, 170,
	    "without Sec-WebSocket-Accept"),
	BAD("wrong accept", UP MUX
	    "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	    AL_EPROTO, AL_AT_HTTP, 101, 170, "does not answer our key"),
	BAD("extension", UP ANSWER MUX
	    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", AL_EPROTO,
	    AL_AT_HTTP, 101, 170, "extension"),
	BAD("no protocol", UP ANSWER "\r\n", AL_EPROTO, AL_AT_HTTP, 101, 199,
	    "gw.example speaks WebSocket at /ws/connector/?n=12345678 but "
	    "not mux: it is not our gateway"),
	BAD("other protocol", UP ANSWER "Sec-WebSocket-Protocol: MUX\r\n\r\n",
	    AL_EPROTO, AL_AT_HTTP, 101, 170, "subprotocol that was not"),
	BAD("401", H11 "401 Unauthorized\r\n" CL("10") "\r\nwrong key\n",
	    AL_EAUTH, AL_AT_SESSION, 401, 190, "gw.example answered the "
	    "WebSocket upgrade with 401: the gateway refuses the credentials; "
	    "it says \"wrong key\""),
	BAD("403", H11 "403 x\r\n" CL("0") "\r\n", AL_EAUTH, AL_AT_SESSION,
	    403, 190, "refuses the credentials: it knows them"),
	BAD("404", H11 "404 x\r\n" CL("0") "\r\n", AL_EREFUSED, AL_AT_HTTP,
	    404, 199, "no gateway of ours"),
	BAD("302", H11 "302 x\r\nLocation: http://portal.example/login?t=s\r\n"
	    CL("0") "\r\n", AL_EREFUSED, AL_AT_HTTP, 302, 172, "redirects are "
	    "not followed (it points to http://portal.example/login)"),
	BAD("301", H11 "301 x\r\n\r\n", AL_EREFUSED, AL_AT_HTTP, 301, 172,
	    "not followed"),
	BAD("426", H11 "426 x\r\n" CL("0") "\r\n", AL_EREFUSED, AL_AT_HTTP,
	    426, 170, "strips the WebSocket upgrade"),
	BAD("407", H11 "407 x\r\n" CL("0") "\r\n", AL_EAUTH, AL_AT_HTTP, 407,
	    130, "a proxy on the way demands a login"),
	LATER(H11 "429 x\r\nRetry-After: 7\r\n" CL("0") "\r\n", 429, 7,
	    "too many requests (try again in 7 s)"),
	LATER(H11 "503 x\r\nRetry-After: 99999999999999999999999\r\n" CL("0")
	    "\r\n", 503, 0, "takes no connections just now"),
	LATER(H11 "503 x\r\nRetry-After: 999999\r\n" CL("0") "\r\n", 503,
	    86400, "takes no connections just now"),
	LATER(H11 "503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"
	    CL("0") "\r\n", 503, 0, "takes no connections just now"),
	LATER(H11 "500 x\r\nRetry-After: 7\r\n\r\n", 500, 0, "has failed"),
	BAD("502", H11 "502 x\r\n" HTML "Transfer-Encoding: chunked\r\n\r\n"
	    "e\r\n<title>Oops</t\r\n15\r\nitle><p>no \1 backend\r\n0\r\n\r\n",
	    AL_EREFUSED, AL_AT_HTTP, 502, 190,
	    "has failed; it says \"Oops no . backend\""),
	BAD("gzip", H11 "502 x\r\nContent-Encoding: gzip\r\n" CL("2")
	    "\r\nab", AL_EREFUSED, AL_AT_HTTP, 502, 190, "has failed"),
	BAD("bad length", H11 "502 x\r\n" CL("x") "\r\nab", AL_EREFUSED,
	    AL_AT_HTTP, 502, 190, "has failed"),
	BAD("cut page", H11 "401 x\r\n" CL("20") "\r\ncut", AL_EAUTH,
	    AL_AT_SESSION, 401, 190, "it says \"cut\""),
	BAD("200", H11 "200 OK\r\n" CL("2") "\r\nhi", AL_EPROTO, AL_AT_HTTP,
	    200, 170, "it does not see a WebSocket upgrade"),
	BAD("portal", H11 "200 OK\r\n" HTML "\r\n<html><title>Hotel Wi-Fi"
	    "</title>", AL_EPROTO, AL_AT_HTTP, 200, 172, "a login page of the "
	    "network, or a wrong address; it says \"Hotel Wi-Fi\""),
	BAD("400", H11 "400 x\r\n" CL("0") "\r\n", AL_EREFUSED, AL_AT_HTTP,
	    400, 190, "refuses the WebSocket upgrade"),
	BAD("600", H11 "600 x\r\n\r\n", AL_EREFUSED, AL_AT_HTTP, 600, 190,
	    "refuses the WebSocket upgrade"),
	BAD("nine 1xx", H11 "100\r\n\r\n" H11 "100\r\n\r\n" H11
	    "100\r\n\r\n" H11 "100\r\n\r\n" H11 "100\r\n\r\n" H11
	    "100\r\n\r\n" H11 "100\r\n\r\n" H11 "100\r\n\r\n" H11
	    "100\r\n\r\n", AL_EPROTO, AL_AT_HTTP, 100, 199, "interim"),
	BAD("ssh", "SSH-2.0-x\r\n", AL_EPROTO, AL_AT_HTTP, 0, 199,
	    "gw.example does not speak HTTP: it answered \"SSH-2.0-x\""),
	BAD("http2", "\0\0\x12\4\0\0\0\0\0", AL_EPROTO, AL_AT_HTTP, 0, 199,
	    "does not speak HTTP"),
	BAD("NUL", H11 "101 x\r\nA: \0\r\n\r\n", AL_EPROTO, AL_AT_HTTP, 101,
	    199, "the answer of gw.example to the WebSocket upgrade: "),
	BAD("nothing", "", AL_ENET, AL_AT_HTTP, 0, 199,
	    "closed the connection instead of answering"),
	BAD("cut", UP, AL_ENET, AL_AT_HTTP, 0, 199, "in the middle of its"),
};

/* Each row alone, and with the first frame behind a success. */
static void
every_chunk(void **state)
{
	static const uint8_t frame[] = { 0x82, 2, 'h', 'i' };

	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		uint8_t in[2048];
		size_t len = r->len;

		memcpy(in, r->in, len);
		if (r->want == AL_HS_DONE) {
			memcpy(in + len, frame, sizeof(frame));
			len += sizeof(frame);
		}
		for (size_t chunk = 1; chunk <= len + 1; chunk++) {
			unsigned retry = 1;
			struct talk t;
			enum al_hs got = talk(client("mux", &retry), in, len,
			    chunk, &t);

			if (got != r->want || (chunk >= len &&
			    strstr(t.err.text, r->says) == NULL))
				fail_msg("row \"%s\" chunk %zu: %s", r->name,
				    chunk, t.err.text);
			assert_string_equal(t.sent, REQUEST);
			assert_int_equal(retry, r->retry);
			assert_null(strstr(t.err.text, "canary"));
			if (r->want == AL_HS_DONE)
				assert_int_equal(t.left, len - r->len);
			else {
				assert_int_equal(t.err.code, r->code);
				assert_int_equal(t.err.stage, r->stage);
				assert_int_equal(t.err.status, r->status);
				assert_int_equal(t.err.cause, r->cause);
			}
		}
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++)
		for (size_t n = 0; n < r->len; n++) {
			struct talk t;

			assert_int_equal(talk(client("mux", NULL), r->in, n,
			    5, &t), AL_HS_FAIL);
			assert_true(t.err.text[0] != '\0');
		}
}

static void
every_status(void **state)
{
	(void)state;
	for (int status = 200; status <= 999; status++) {
		char in[128];
		size_t len = (size_t)snprintf(in, sizeof(in),
		    "HTTP/1.1 %d x\r\nContent-Length: 3\r\n\r\nabc", status);
		struct talk t;

		assert_int_equal(talk(client(NULL, NULL), (uint8_t *)in, len,
		    len, &t), AL_HS_FAIL);
		assert_int_equal(t.err.status, status);
		assert_true(t.err.cause >= 130);
	}
}

static void
protocol_not_asked(void **state)
{
	struct talk t;

	(void)state;
	assert_int_equal(talk(client(NULL, NULL), B(UP ANSWER "\r\n"), 100,
	    &t), AL_HS_DONE);
	assert_null(strstr(t.sent, "Protocol"));
	assert_int_equal(talk(client(NULL, NULL), B(UP ANSWER MUX "\r\n"),
	    100, &t), AL_HS_FAIL);
}

/* A page without end is not waited for. */
static void
endless(void **state)
{
	static uint8_t in[200000];
	static const char head[] = H11 "403 x\r\nTransfer-Encoding: chunked"
	    "\r\n\r\nfffff\r\n";
	struct talk t;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, head, sizeof(head) - 1);
	assert_int_equal(talk(client("mux", NULL), in, sizeof(in), 1000, &t),
	    AL_HS_FAIL);
	assert_false(t.saw_eof);
	assert_int_equal(t.err.status, 403);
}

static void
bad_options(void **state)
{
	static const struct al_upgrade_opts bad[] = {
		{ .host = "a\r\nb", .path = "/" },
		{ .host = "a", .path = "/ b" },
		{ .host = "a", .path = "" },
		{ .host = "a", .path = "/", .authorization = "x\ny" },
		{ .host = "a", .path = "/", .protocol = "x\ny" },
		{ .host = "a", .path = "/", .origin = "x\ny" },
		{ .host = "a", .path = "/", .user_agent = "x\ny" },
	};

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct al_machine m;
		struct al_err err;

		assert_int_equal(al_upgrade_client(&m, &bad[i], &err),
		    AL_EUSAGE);
		assert_null(strstr(err.text, "x"));
	}
}

/* --- server --------------------------------------------------------------- */
#define GET	"GET /ws/tunnel/?a=b HTTP/1.1\r\nHost: h\r\n"
#define WS	"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define K	"Sec-WebSocket-Key: " KEY "\r\n"
#define V	"Sec-WebSocket-Version: 13\r\n"

static const struct req {
	const char		*name;
	const uint8_t		*in;
	size_t			 len;
	enum al_hs		 want;
	enum al_upgrade_kind	 kind;
	const char		*path, *query;
	const char		*says;		/* why, or the error's text */
	const char		*sent;		/* begins like that         */
} reqs[] = {
#define SEEN(name, in, kind, path, query, says, sent) \
	{ name, B(in), AL_HS_NEED, kind, path, query, says, sent }
#define UNREAD(name, in, says, sent) \
	{ name, B(in), AL_HS_FAIL, AL_UPGRADE_NONE, "", "", says, sent }
	SEEN("upgrade", GET WS K V "\r\n", AL_UPGRADE_WEBSOCKET, "/ws/tunnel/",
	    "a=b", "", "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n" ANSWER MUX "\r\n"),
	SEEN("plain", "GET /alpacon/echo?n=ff?g HTTP/1.1\r\nHost: h\r\n\r\n",
	    AL_UPGRADE_NONE, "/alpacon/echo", "n=ff?g", "",
	    "HTTP/1.1 200 OK\r\nConnection: close\r\nX: y\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 3\r\n\r\nhi\n"),
	SEEN("post", "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n",
	    AL_UPGRADE_NONE, "/", "", "", "HTTP/1.1 200"),
	SEEN("h2c", "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n"
	    "Connection: Upgrade\r\n\r\n", AL_UPGRADE_NONE, "/", "", "",
	    "HTTP/1.1 200"),
	SEEN("no version", GET WS K "\r\n", AL_UPGRADE_BROKEN, "/ws/tunnel/",
	    "a=b", "Version is not 13", "HTTP/1.1 400"),
	SEEN("version 8", GET WS K "Sec-WebSocket-Version: 8\r\n\r\n",
	    AL_UPGRADE_BROKEN, "/ws/tunnel/", "a=b", "Version is not 13",
	    "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\n"
	    "Sec-WebSocket-Version: 13\r\n"),
	SEEN("two versions", GET WS K V V "\r\n", AL_UPGRADE_BROKEN,
	    "/ws/tunnel/", "a=b", "Version is not 13", "HTTP/1.1 400"),
	SEEN("no key", GET WS V "\r\n", AL_UPGRADE_BROKEN, "/ws/tunnel/",
	    "a=b", "Key is not", "HTTP/1.1 400"),
	SEEN("two keys", GET WS K K V "\r\n", AL_UPGRADE_BROKEN,
	    "/ws/tunnel/", "a=b", "Key is not", "HTTP/1.1 400"),
	SEEN("short key", GET WS V "Sec-WebSocket-Key: dGhl\r\n\r\n",
	    AL_UPGRADE_BROKEN, "/ws/tunnel/", "a=b", "Key is not",
	    "HTTP/1.1 400"),
	SEEN("long key", GET WS V "Sec-WebSocket-Key: " KEY KEY "\r\n\r\n",
	    AL_UPGRADE_BROKEN, "/ws/tunnel/", "a=b", "Key is not",
	    "HTTP/1.1 400"),
	SEEN("stripped upgrade", GET K V "\r\n", AL_UPGRADE_BROKEN,
	    "/ws/tunnel/", "a=b", "\"Upgrade: websocket\" is missing",
	    "HTTP/1.1 400"),
	SEEN("stripped connection", GET "Upgrade: websocket\r\n" K V "\r\n",
	    AL_UPGRADE_BROKEN, "/ws/tunnel/", "a=b",
	    "\"Connection: Upgrade\" is missing", "HTTP/1.1 400"),
	SEEN("put", "PUT / HTTP/1.1\r\nHost: h\r\n" WS K V "\r\n",
	    AL_UPGRADE_BROKEN, "/", "", "is a GET", "HTTP/1.1 400"),
	UNREAD("not a path", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
	    "not a path", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"),
	UNREAD("absolute", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
	    "not a path", "HTTP/1.1 400"),
	UNREAD("no host", "GET / HTTP/1.1\r\n\r\n", "", "HTTP/1.1 400"),
	UNREAD("two hosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "",
	    "HTTP/1.1 400"),
	UNREAD("body", GET CL("1") "\r\n", "", "HTTP/1.1 400"),
	UNREAD("http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "",
	    "HTTP/1.1 400"),
	UNREAD("tls", "\x16\3\1\2\0\1\0\1\xfc\3\3", "", ""),
	UNREAD("nothing", "", "without a request", ""),
	UNREAD("cut", GET, "in the middle", ""),
};

static enum al_hs
serve(const struct al_machine *m, const struct req *r, struct talk *t)
{
	const struct al_upgrade_request *req = al_upgrade_request(m);
	static const struct al_http1_field field = { "X", "y" };
	enum al_code code;
	struct guard g = guard_copy("", 0);
	size_t used;
	enum al_hs got;

	assert_string_equal(req->path, r->path);
	assert_string_equal(req->query, r->query);
	assert_int_equal(req->kind, r->kind);
	assert_non_null(strstr(req->why, r->says));
	assert_ptr_equal(al_http1_method(req->head), req->method);
	if (req->kind == AL_UPGRADE_WEBSOCKET)
		code = al_upgrade_accept(m, "mux", &t->err);
	else if (req->kind == AL_UPGRADE_NONE)
		code = al_upgrade_reply(m, 200, "OK", &field, 1, "hi\n",
		    &t->err);
	else
		code = al_upgrade_refuse_broken(m, &t->err);
	assert_int_equal(code, AL_OK);
	got = talk_step(m, &g, NULL, 0, &used, false, t);
	guard_free(&g);
	return got;
}

/* As talk() does, but the request is answered. */
static enum al_hs
listen_to(const struct req *r, size_t len, size_t chunk, struct talk *t)
{
	struct guard g = guard_copy(r->in, len);
	size_t at = 0, have = 0, used;
	struct al_machine m;
	enum al_hs got;

	*t = (struct talk){ .sent_len = 0 };
	assert_int_equal(al_upgrade_server(&m, &t->err), AL_OK);
	for (;;) {
		bool over = have == len;

		have = len - have > chunk ? have + chunk : len;
		got = talk_step(&m, &g, r->in + at, have - at, &used, over,
		    t);
		at += used;
		if (got == AL_HS_NEED) {
			got = serve(&m, r, t);
			assert_int_equal(got, AL_HS_DONE);
			got = AL_HS_NEED;
			break;
		}
		if (got != AL_HS_MORE)
			break;
	}
	t->left = len - at;
	m.ops->free(m.m);
	guard_free(&g);
	return got;
}

static void
server_every_chunk(void **state)
{
	(void)state;
	for (const struct req *r = reqs; r < reqs + N(reqs); r++)
		for (size_t chunk = 1; chunk <= r->len + 1; chunk++) {
			struct talk t;
			enum al_hs got = listen_to(r, r->len, chunk, &t);

			if (got != r->want || strstr(t.sent, r->sent) !=
			    t.sent || (*r->sent == '\0' && t.sent_len > 0))
				fail_msg("row \"%s\" chunk %zu: %s; %s",
				    r->name, chunk, t.err.text, t.sent);
			if (got == AL_HS_NEED)
				assert_int_equal(t.left, 0);
			else
				assert_non_null(strstr(t.err.text, r->says));
		}
}

static void
server_every_cut(void **state)
{
	(void)state;
	for (const struct req *r = reqs; r < reqs + N(reqs); r++)
		for (size_t n = 0; n < r->len; n++) {
			struct talk t;

			assert_int_equal(listen_to(r, n, 3, &t), AL_HS_FAIL);
			assert_true(t.err.text[0] != '\0');
		}
}

static void
server_long_head(void **state)
{
	static char in[9000];
	struct req r = { .in = (uint8_t *)in, .len = sizeof(in) };
	struct talk t;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, GET, sizeof(GET) - 1);
	for (size_t i = sizeof(GET) - 1; i + 100 < sizeof(in); i += 100) {
		memcpy(in + i, "a:", 2);
		memcpy(in + i + 98, "\r\n", 2);
	}
	assert_int_equal(listen_to(&r, sizeof(in), 500, &t), AL_HS_FAIL);
	assert_int_equal(t.err.code, AL_ELIMIT);
	assert_int_equal(t.err.status, 431);
	assert_ptr_equal(strstr(t.sent, "HTTP/1.1 431 "), t.sent);
}

static void
offers(void **state)
{
	static const struct {
		const char	*fields, *name;
		bool		 want;
	} cases[] = {
		{ "Sec-WebSocket-Protocol: mux\r\n", "mux", true },
		{ "Sec-WebSocket-Protocol: a, mux ,b\r\n", "mux", true },
		{ "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: mux\r\n",
		    "mux", true },
		{ "Sec-WebSocket-Protocol: MUX\r\n", "mux", false },
		{ "Sec-WebSocket-Protocol: muxx, mu\r\n", "mux", false },
		{ "Sec-WebSocket-Protocol: ,,\r\n", "", false },
		{ "", "mux", false },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct al_machine m;
		struct al_buf in, out;
		struct al_err err;

		al_buf_init(&in, 4096);
		al_buf_init(&out, 4096);
		assert_int_equal(al_buf_printf(&in, GET WS K V "%s\r\n",
		    cases[i].fields), AL_OK);
		assert_int_equal(al_upgrade_server(&m, &err), AL_OK);
		assert_int_equal(m.ops->step(m.m, &in, &out, &err),
		    AL_HS_NEED);
		assert_int_equal(m.ops->step(m.m, &in, &out, &err),
		    AL_HS_NEED);
		assert_int_equal(al_upgrade_offers(al_upgrade_request(&m),
		    cases[i].name), cases[i].want);
		m.ops->free(m.m);
		al_buf_fini(&in);
		al_buf_fini(&out);
	}
}

/* Our client and our server understand each other. */
static void
both(void **state)
{
	struct al_machine c = client("mux", NULL), s;
	struct al_buf up, down;
	struct al_err err;

	(void)state;
	al_buf_init(&up, 8192);
	al_buf_init(&down, 8192);
	assert_int_equal(al_upgrade_server(&s, &err), AL_OK);
	assert_int_equal(c.ops->step(c.m, &down, &up, &err), AL_HS_MORE);
	assert_int_equal(s.ops->step(s.m, &up, &down, &err), AL_HS_NEED);
	assert_string_equal(al_http1_get(al_upgrade_request(&s)->head,
	    "authorization", 0), SECRET);
	assert_true(al_upgrade_offers(al_upgrade_request(&s), "mux"));
	assert_int_equal(al_upgrade_accept(&s, "mux", &err), AL_OK);
	assert_int_equal(s.ops->step(s.m, &up, &down, &err), AL_HS_DONE);
	assert_int_equal(c.ops->step(c.m, &down, &up, &err), AL_HS_DONE);
	assert_int_equal(al_buf_len(&up), 0);
	assert_int_equal(al_buf_len(&down), 0);
	c.ops->free(c.m);
	s.ops->free(s.m);
	al_buf_fini(&up);
	al_buf_fini(&down);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(every_status),
		cmocka_unit_test(protocol_not_asked),
		cmocka_unit_test(endless),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(server_every_chunk),
		cmocka_unit_test(server_every_cut),
		cmocka_unit_test(server_long_head),
		cmocka_unit_test(offers),
		cmocka_unit_test(both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
