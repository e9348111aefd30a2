/* tests/unit/test_http1.c - heads and bodies, at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connector/wire/http1.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static const struct row {
	const char		*name;
	enum al_http1_kind	 kind;
	const uint8_t		*in;
	size_t			 len;
	enum al_code		 want;
	int			 status;
	const char		*fields;	/* "name=value|" of all */
	size_t			 left;
} rows[] = {
#define REPLY(name, in, status, fields, left) \
	{ name, AL_HTTP1_REPLY, B(in), AL_OK, status, fields, left }
#define NO_REPLY(name, in, code) \
	{ name, AL_HTTP1_REPLY, B(in), code, 0, "", 0 }
#define REQUEST(name, in, fields, left) \
	{ name, AL_HTTP1_REQUEST, B(in), AL_OK, 0, fields, left }
#define NO_REQUEST(name, in) \
	{ name, AL_HTTP1_REQUEST, B(in), AL_EPROTO, 0, "", 0 }
	REPLY("plain", "HTTP/1.1 200 OK\r\n\r\n", 200, "", 0),
	REPLY("1.0, no reason", "HTTP/1.0 200\r\n\r\n", 200, "", 0),
	REPLY("bare LF", "HTTP/1.1 200 x y\na: b\n\n", 200, "a=b|", 0),
	REPLY("early data", "HTTP/1.1 200 OK\r\n\r\nSSH-2.0", 200, "", 7),
	REPLY("blank data", "HTTP/1.1 200 OK\n\n\r\n\r\n", 200, "", 4),
	REPLY("one empty line", "\r\nHTTP/1.1 200 OK\r\n\r\n", 200, "", 0),
	REPLY("two empty lines", "\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, "", 0),
	REPLY("folded", "HTTP/1.1 407 x\r\nA: b\r\n c\r\n\t d \r\nE:f\r\n\r\n",
	    407, "A=b c d|E=f|", 0),
	REPLY("folded empty", "HTTP/1.1 407 x\r\nA: b\r\n \r\n\r\n", 407,
	    "A=b|", 0),
	REPLY("folded first", "HTTP/1.1 407 x\r\nA:\r\n b\r\n\r\n", 407,
	    "A= b|", 0),
	REPLY("space before colon", "HTTP/1.1 502 x\r\nA : b\r\n\r\n", 502,
	    "A=b|", 0),
	REPLY("no value", "HTTP/1.1 999 x\r\nA:\r\nB: \t\r\n\r\n", 999,
	    "A=|B=|", 0),
	REPLY("colons in value", "HTTP/1.1 200 x\r\nA: b:c \r\n\r\n", 200,
	    "A=b:c|", 0),
	REPLY("latin 1", "HTTP/1.1 200 \xe4\r\nA: \xe4\r\n\r\n", 200,
	    "A=\xe4|", 0),
	NO_REPLY("three empty lines", "\n\n\nHTTP/1.1 200 OK\r\n\r\n",
	    AL_EPROTO),
	NO_REPLY("ssh", "SSH-2.0-OpenSSH_9.2\r\n", AL_EPROTO),
	NO_REPLY("socks5", "\5\xff", AL_EPROTO),
	NO_REPLY("socks4", "\0\x5b\0\0\0\0\0\0", AL_EPROTO),
	NO_REPLY("tls alert", "\x15\3\1\0\2\2\x28", AL_EPROTO),
	NO_REPLY("h2", "\0\0\x12\4\0\0\0\0\0", AL_EPROTO),
	NO_REPLY("http2", "HTTP/2 200\r\n\r\n", AL_EPROTO),
	NO_REPLY("http 2.0", "HTTP/2.0 200 OK\r\n\r\n", AL_EPROTO),
	NO_REPLY("no status", "HTTP/1.1\r\n\r\n", AL_EPROTO),
	NO_REPLY("short status", "HTTP/1.1 20\r\n\r\n", AL_EPROTO),
	NO_REPLY("long status", "HTTP/1.1 2000 OK\r\n\r\n", AL_EPROTO),
	NO_REPLY("small status", "HTTP/1.1 099 OK\r\n\r\n", AL_EPROTO),
	NO_REPLY("sign", "HTTP/1.1 +20 OK\r\n\r\n", AL_EPROTO),
	NO_REPLY("lower", "http/1.1 200 OK\r\n\r\n", AL_EPROTO),
	NO_REPLY("no colon", "HTTP/1.1 200 OK\r\nfoo\r\n\r\n", AL_EPROTO),
	NO_REPLY("no name", "HTTP/1.1 200 OK\r\n: foo\r\n\r\n", AL_EPROTO),
	NO_REPLY("NUL", "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n", AL_EPROTO),
	NO_REPLY("NUL in reason", "HTTP/1.1 200 O\0K\r\n\r\n", AL_EPROTO),
	NO_REPLY("bare CR", "HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n",
	    AL_EPROTO),
	NO_REPLY("fold first", "HTTP/1.1 200 OK\r\n a: b\r\n\r\n", AL_EPROTO),

	REQUEST("get", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "Host=h|", 0),
	REQUEST("1.0", "GET /x?y HTTP/1.0\r\n\r\n", "", 0),
	REQUEST("connect", "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n\x16\3",
	    "Host=h:1|", 2),
	REQUEST("post", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 2\r\n\r\nxy", "Host=h|Content-Length=2|", 2),
	REQUEST("chunked", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: Chunked\r\n\r\n",
	    "Host=h|Transfer-Encoding=Chunked|", 0),
	REQUEST("get 0", "GET / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 0\r\n\r\n", "Host=h|Content-Length=0|", 0),
	NO_REQUEST("bare LF", "GET / HTTP/1.1\nHost: h\r\n\r\n"),
	NO_REQUEST("bare LF in field", "GET / HTTP/1.1\r\nHost: h\n\r\n"),
	NO_REQUEST("bare LF at end", "GET / HTTP/1.1\r\nHost: h\r\n\n"),
	NO_REQUEST("bare CR", "GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n"),
	NO_REQUEST("NUL", "GET / HTTP/1.1\r\nHost: \0h\r\n\r\n"),
	NO_REQUEST("escape", "GET / HTTP/1.1\r\nHost: \x1bh\r\n\r\n"),
	NO_REQUEST("empty line", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	NO_REQUEST("folded", "GET / HTTP/1.1\r\nHost: h\r\n a\r\n\r\n"),
	NO_REQUEST("space colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n"),
	NO_REQUEST("no host", "GET / HTTP/1.1\r\n\r\n"),
	NO_REQUEST("two hosts",
	    "GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n"),
	NO_REQUEST("CL and TE", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
	NO_REQUEST("double CL", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 2\r\nContent-Length: 2\r\n\r\n"),
	NO_REQUEST("CL list", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 2, 2\r\n\r\n"),
	NO_REQUEST("CL sign", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: +2\r\n\r\n"),
	NO_REQUEST("TE other", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	NO_REQUEST("TE twice", "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
	NO_REQUEST("TE in 1.0", "POST / HTTP/1.0\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"),
	NO_REQUEST("body on GET", "GET / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 1\r\n\r\n"),
	NO_REQUEST("chunks on GET", "GET / HTTP/1.1\r\nHost: h\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"),
	NO_REQUEST("body on CONNECT", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 1\r\n\r\n"),
	NO_REQUEST("0.9", "GET /\r\n"),
	NO_REQUEST("no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n"),
	NO_REQUEST("empty target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n"),
	NO_REQUEST("blank in target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"),
	NO_REQUEST("1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n"),
	NO_REQUEST("2.0", "PRI * HTTP/2.0\r\n\r\n"),
	NO_REQUEST("blank name", "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"),
	NO_REQUEST("no colon", "GET / HTTP/1.1\r\nHost: h\r\nx\r\n\r\n"),
	NO_REQUEST("tls", "\x16\3\1\2\0\1\0"),
};

static void
check(const struct row *r, const struct al_http1 *h, size_t head_len)
{
	char fields[512] = "";
	const char *name, *value;
	size_t it = 0;

	while (al_http1_next(h, &it, &name, &value))
		(void)snprintf(fields + strlen(fields),
		    sizeof(fields) - strlen(fields), "%s=%s|", name, value);
	assert_string_equal(fields, r->fields);
	assert_int_equal(h->status, r->status);
	assert_int_equal(head_len, r->len - r->left);
}

static void
every_chunk(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		struct guard g = guard_copy(r->in, r->len);

		for (size_t chunk = 1; chunk <= r->len; chunk++) {
			struct al_http1 h;
			struct al_err err;
			size_t n = 0, head_len = 0;
			enum al_code code;

			al_http1_init(&h, r->kind, AL_AT_PROXY);
			do {
				n = n + chunk < r->len ? n + chunk : r->len;
				code = al_http1_feed(&h, g.p, n, &head_len,
				    &err);
			} while (code == AL_AGAIN && n < r->len);
			if (code != r->want)
				print_error("row \"%s\" chunk %zu\n",
				    r->name, chunk);
			assert_int_equal(code, r->want);
			if (code == AL_OK)
				check(r, &h, head_len);
			else
				assert_int_equal(err.stage, AL_AT_PROXY);
			al_http1_fini(&h);
		}
		guard_free(&g);
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t n = 0; n <= r->len; n++) {
			struct guard g = guard_copy(r->in, n);
			struct al_http1 h;
			struct al_err err;
			size_t head_len;
			enum al_code code;

			al_http1_init(&h, r->kind, AL_AT_PROXY);
			code = al_http1_feed(&h, g.p, n, &head_len, &err);
			if (r->want == AL_OK)
				assert_int_equal(code,
				    n < r->len - r->left ? AL_AGAIN : AL_OK);
			else
				assert_true(code == AL_AGAIN ||
				    code == r->want);
			al_http1_fini(&h);
			guard_free(&g);
		}
	}
}

static void
limits(void **state)
{
	static char big[300 * 1024];
	struct al_http1 h;
	struct al_err err;
	size_t n, head_len;
	enum al_code code = AL_AGAIN;

	(void)state;
	n = (size_t)sprintf(big, "HTTP/1.1 200 ");
	memset(big + n, 'x', sizeof(big) - n);
	al_http1_init(&h, AL_HTTP1_REPLY, AL_AT_PROXY);
	assert_int_equal(al_http1_feed(&h, big, 64 * 1024, &head_len, &err),
	    AL_AGAIN);
	assert_int_equal(al_http1_feed(&h, big, 64 * 1024 + 1, &head_len,
	    &err), AL_ELIMIT);

	/* fields of 1,000 bytes until it is too much, byte by byte enough
	 * to notice a parser that starts from the front each time */
	al_http1_reset(&h);
	n = (size_t)sprintf(big, "HTTP/1.1 200 OK\r\n");
	while (n + 1000 < sizeof(big)) {
		big[n] = 'a';
		big[n + 1] = ':';
		memset(big + n + 2, 'y', 996);
		memcpy(big + n + 998, "\r\n", 2);
		n += 1000;
	}
	for (n = 0; code == AL_AGAIN && n < sizeof(big); n++)
		code = al_http1_feed(&h, big, n, &head_len, &err);
	assert_int_equal(code, AL_ELIMIT);
	assert_in_range(n, 256 * 1024, 256 * 1024 + 2);
	al_http1_fini(&h);

	al_http1_init(&h, AL_HTTP1_REQUEST, AL_AT_HTTP);
	n = (size_t)sprintf(big, "GET / HTTP/1.1\r\nHost: h\r\nA: ");
	memset(big + n, 'y', 9000);
	assert_int_equal(al_http1_feed(&h, big, n + 9000, &head_len, &err),
	    AL_ELIMIT);
	al_http1_fini(&h);
}

static void
lookups(void **state)
{
	static const char in[] = "HTTP/1.1 101 Switching  Protocols \r\n"
	    "connection: keep-alive, Upgrade\r\nX: 1\r\nUPGRADE: websocket\r\n"
	    "x: 2\r\nConnection:foo ,,bar\r\n\r\n";
	struct al_http1 h;
	struct al_err err;
	size_t n;

	(void)state;
	al_http1_init(&h, AL_HTTP1_REPLY, AL_AT_WS);
	assert_int_equal(al_http1_feed(&h, in, sizeof(in) - 1, &n, &err),
	    AL_OK);
	assert_string_equal(al_http1_reason(&h), "Switching  Protocols");
	assert_string_equal(al_http1_get(&h, "x", 0), "1");
	assert_string_equal(al_http1_get(&h, "X", 1), "2");
	assert_null(al_http1_get(&h, "X", 2));
	assert_true(al_http1_has_token(&h, "Connection", "upgrade"));
	assert_true(al_http1_has_token(&h, "Connection", "BAR"));
	assert_true(al_http1_has_token(&h, "Connection", "foo"));
	assert_false(al_http1_has_token(&h, "Connection", "keep"));
	assert_false(al_http1_has_token(&h, "Conn", "foo"));
	al_http1_fini(&h);

	al_http1_init(&h, AL_HTTP1_REQUEST, AL_AT_WS);
	assert_int_equal(al_http1_feed(&h, "GET /a?b HTTP/1.0\r\n\r\n", 21,
	    &n, &err), AL_OK);
	assert_string_equal(al_http1_method(&h), "GET");
	assert_string_equal(al_http1_target(&h), "/a?b");
	al_http1_fini(&h);
}

static const struct body_row {
	const char		*name, *head;
	const uint8_t		*in;
	size_t			 len;
	enum al_http1_framing	 framing;
	enum al_code		 want;
	const char		*content;
	size_t			 left;
} bodies[] = {
#define CL(n)	"Content-Length: " n "\r\n"
#define TE	"Transfer-Encoding: chunked\r\n"
	{ "length", CL("5"), B("helloX"), AL_HTTP1_LENGTH, AL_OK, "hello", 1 },
	{ "length 0", CL("0"), B("X"), AL_HTTP1_LENGTH, AL_OK, "", 1 },
	{ "same twice", CL("2") CL("2, 2"), B("ab"), AL_HTTP1_LENGTH, AL_OK,
	    "ab", 0 },
	{ "short", CL("5"), B("hell"), AL_HTTP1_LENGTH, AL_AGAIN, "hell", 0 },
	{ "until close", "", B("all of it"), AL_HTTP1_UNTIL_CLOSE, AL_AGAIN,
	    "all of it", 0 },
	{ "chunked", TE, B("5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\nX"),
	    AL_HTTP1_CHUNKED, AL_OK, "hello world", 1 },
	{ "trailer", TE CL("3"), B("A\n0123456789\n0\r\nA: b\r\nC: d\n\n"),
	    AL_HTTP1_CHUNKED, AL_OK, "0123456789", 0 },
	{ "00 ends", TE, B("00\r\n\r\n"), AL_HTTP1_CHUNKED, AL_OK, "", 0 },
	{ "chunk too long", TE, B("1\r\nab\r\n"), AL_HTTP1_CHUNKED, AL_EPROTO,
	    "a", 0 },
	{ "no size", TE, B("\r\nab"), AL_HTTP1_CHUNKED, AL_EPROTO, "", 0 },
	{ "sign", TE, B("-1\r\nab"), AL_HTTP1_CHUNKED, AL_EPROTO, "", 0 },
	{ "0x", TE, B("0x1\r\nab"), AL_HTTP1_CHUNKED, AL_EPROTO, "", 0 },
	{ "huge", TE, B("fffffffffffffffff\r\n"), AL_HTTP1_CHUNKED, AL_EPROTO,
	    "", 0 },
	{ "two CR", TE, B("1\r\na\r\r\n"), AL_HTTP1_CHUNKED, AL_EPROTO, "a",
	    0 },
};

static enum al_code
drain(struct al_http1_body *b, const struct body_row *r, const uint8_t *p,
    size_t chunk, size_t *left, char *content)
{
	size_t at = 0, used, data_len, end = 0;
	const uint8_t *data;
	struct al_err err;
	enum al_code code;

	do {
		if (at == end)
			end = end + chunk < r->len ? end + chunk : r->len;
		code = al_http1_body_feed(b, p + at, end - at, &used, &data,
		    &data_len, &err);
		if (data_len > 0)
			strncat(content, (const char *)data, data_len);
		at += used;
	} while (code == AL_AGAIN && at < r->len);
	*left = r->len - at;
	return code;
}

static void
skips_bodies(void **state)
{
	(void)state;
	for (const struct body_row *r = bodies; r < bodies + N(bodies); r++) {
		struct guard g = guard_copy(r->in, r->len);
		char head[256];
		struct al_http1 h;
		struct al_http1_body b;
		struct al_err err;
		size_t n, left;

		n = (size_t)snprintf(head, sizeof(head),
		    "HTTP/1.1 407 x\r\n%s\r\n", r->head);
		al_http1_init(&h, AL_HTTP1_REPLY, AL_AT_PROXY);
		assert_int_equal(al_http1_feed(&h, head, n, &n, &err), AL_OK);
		for (size_t chunk = 1; chunk <= r->len; chunk++) {
			char content[64] = "";

			assert_int_equal(al_http1_body_init(&b, &h, &err),
			    AL_OK);
			assert_int_equal(b.framing, r->framing);
			assert_int_equal(drain(&b, r, g.p, chunk, &left,
			    content), r->want);
			assert_string_equal(content, r->content);
			if (r->want == AL_OK)
				assert_int_equal(left, r->left);
		}
		al_http1_fini(&h);
		guard_free(&g);
	}
}

static void
refuses_lengths(void **state)
{
	static const char *const heads[] = {
		("HTTP/1.1 407 x\r\nContent-Length: 1\r\n"
		    "Content-Length: 2\r\n\r\n"),
		"HTTP/1.1 407 x\r\nContent-Length: 1, 2\r\n\r\n",
		"HTTP/1.1 407 x\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 407 x\r\nContent-Length:\r\n\r\n",
		"HTTP/1.1 407 x\r\nContent-Length: 9223372036854775808\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < N(heads); i++) {
		struct al_http1 h;
		struct al_http1_body b;
		struct al_err err;
		size_t n;

		al_http1_init(&h, AL_HTTP1_REPLY, AL_AT_PROXY);
		assert_int_equal(al_http1_feed(&h, heads[i], strlen(heads[i]),
		    &n, &err), AL_OK);
		assert_int_equal(al_http1_body_init(&b, &h, &err), AL_EPROTO);
		al_http1_fini(&h);
	}
}

static void
trailer_is_bounded(void **state)
{
	struct al_http1_body b = { .framing = AL_HTTP1_CHUNKED, .state = 1 };
	const uint8_t *data;
	struct al_err err;
	size_t n, used;
	enum al_code code;

	(void)state;
	code = al_http1_body_feed(&b, (const uint8_t *)"0\r\n", 3, &used,
	    &data, &n, &err);
	for (n = 0; code == AL_AGAIN && n < 70000; n++) {
		size_t none;

		code = al_http1_body_feed(&b, (const uint8_t *)"x", 1, &used,
		    &data, &none, &err);
	}
	assert_int_equal(code, AL_EPROTO);
	assert_in_range(n, 65000, 66000);
}

static void
writes(void **state)
{
	const struct al_http1_field good[] = {
		{ "Host", "h:1" }, { "X", NULL }, { "Y", "" },
	};
	const struct al_http1_field bad[][1] = {
		{ { "A", "b\r\nC: d" } }, { { "A", "b\n" } },
		{ { "A b", "c" } }, { { "A:", "c" } }, { { "", "c" } },
	};
	struct al_buf out;
	struct al_err err;

	(void)state;
	al_buf_init(&out, 150);
	assert_int_equal(al_http1_put_request(&out, "CONNECT", "h:1", good, 3,
	    AL_AT_PROXY, &err), AL_OK);
	assert_int_equal(al_http1_put_reply(&out, 502, "Bad Gateway", NULL, 0,
	    "no\n", AL_AT_LOCAL, &err), AL_OK);
	assert_int_equal(al_buf_put(&out, "", 1), AL_OK);
	assert_string_equal((char *)al_buf_head(&out),
	    "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nY: \r\n\r\n"
	    "HTTP/1.1 502 Bad Gateway\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 3\r\n\r\nno\n");
	al_buf_drain(&out, 10);
	for (size_t i = 0, len = al_buf_len(&out); i < 5; i++) {
		assert_int_equal(al_http1_put_request(&out, "GET", "/",
		    bad[i], 1, AL_AT_PROXY, &err), AL_EUSAGE);
		assert_int_equal(al_buf_len(&out), len);
	}
	assert_int_equal(al_http1_put_request(&out, "GET", "/ x", NULL, 0,
	    AL_AT_PROXY, &err), AL_EUSAGE);
	assert_int_equal(al_http1_put_request(&out, "G\n", "/", NULL, 0,
	    AL_AT_PROXY, &err), AL_EUSAGE);
	assert_int_equal(al_http1_put_reply(&out, 200, "O\rK", NULL, 0, NULL,
	    AL_AT_PROXY, &err), AL_EUSAGE);
	assert_int_equal(al_http1_put_request(&out, "GET", "/", good, 3,
	    AL_AT_PROXY, &err), AL_ELIMIT);
	al_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(limits),
		cmocka_unit_test(lookups),
		cmocka_unit_test(skips_bodies),
		cmocka_unit_test(refuses_lengths),
		cmocka_unit_test(trailer_is_bounded),
		cmocka_unit_test(writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
