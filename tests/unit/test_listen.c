/* tests/unit/test_listen.c - clients of our port, at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/listen.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

#define SOCKS5	"\5\0\0\1\0\0\0\0\0\0"
#define NO5(n)	"\5\0\5" n "\0\1\0\0\0\0\0\0"
#define NO4	"\0\x5b\0\0\0\0\0\0"
#define HOST	" HTTP/1.1\r\nHost: h\r\n\r\n"

static const struct row {
	const char		*name;
	const uint8_t		*in;
	size_t			 len;
	enum al_hs		 want;
	enum al_listen_kind	 kind;
	const char		*host;
	uint16_t		 port;
	size_t			 left;
	const uint8_t		*out;	/* begins with */
	size_t			 out_len;
} rows[] = {
#define YES5(name, in, host, port, left) \
	{ name, B(in), AL_HS_DONE, AL_LISTEN_SOCKS5, host, port, left, \
	    B("\5\0") }
#define YES4(name, in, host, port, left) \
	{ name, B(in), AL_HS_DONE, AL_LISTEN_SOCKS4, host, port, left, B("") }
#define YESH(name, in, host, port, left) \
	{ name, B(in), AL_HS_DONE, AL_LISTEN_HTTP, host, port, left, B("") }
#define NO(name, in, kind, out) \
	{ name, B(in), AL_HS_FAIL, kind, "", 0, 0, B(out) }
#define MORE(name, in, kind, out) \
	{ name, B(in), AL_HS_MORE, kind, "", 0, 0, B(out) }
	YES5("name", "\5\1\0\5\1\0\3\1h\1\xbb", "h", 443, 0),
	YES5("name, early data", "\5\1\0\5\1\0\3\3A.b\1\xbb" "GET", "a.b", 443,
	    3),
	YES5("two methods", "\5\2\2\0\5\1\0\3\1h\0\x50", "h", 80, 0),
	YES5("v4", "\5\1\0\5\1\0\1\1\2\3\4\0\x50", "1.2.3.4", 80, 0),
	YES5("v6", "\5\1\0\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50.",
	    "2001:db8::1", 80, 1),
	YES5("v4 as a name", "\5\1\0\5\1\0\3\0071.2.3.4\0\x50", "1.2.3.4", 80,
	    0),
	YES5("v6 as a name", "\5\1\0\5\1\0\3\3::1\0\x50", "::1", 80, 0),
	YES5("v6 in brackets", "\5\1\0\5\1\0\3\5[::1]\0\x50", "::1", 80, 0),
	NO("login only", "\5\1\2", AL_LISTEN_SOCKS5, "\5\xff"),
	NO("no method", "\5\0", AL_LISTEN_SOCKS5, "\5\xff"),
	NO("bind", "\5\1\0\5\2\0\1", AL_LISTEN_SOCKS5, NO5("\7")),
	NO("udp", "\5\1\0\5\3\0\1\1\2\3\4\0\x50", AL_LISTEN_SOCKS5, NO5("\7")),
	NO("type 2", "\5\1\0\5\1\0\2", AL_LISTEN_SOCKS5, NO5("\10")),
	NO("other version", "\5\1\0\4\1", AL_LISTEN_SOCKS5, NO5("\1")),
	NO("port 0", "\5\1\0\5\1\0\1\1\2\3\4\0\0", AL_LISTEN_SOCKS5,
	    NO5("\1")),
	NO("empty name", "\5\1\0\5\1\0\3\0\1\xbb", AL_LISTEN_SOCKS5,
	    NO5("\1")),
	NO("NUL in name", "\5\1\0\5\1\0\3\3a\0b\1\xbb", AL_LISTEN_SOCKS5,
	    NO5("\1")),
	NO("LF in name", "\5\1\0\5\1\0\3\3a\nb\1\xbb", AL_LISTEN_SOCKS5,
	    NO5("\1")),
	NO("port in name", "\5\1\0\5\1\0\3\4a:80\1\xbb", AL_LISTEN_SOCKS5,
	    NO5("\1")),
	NO("octal v4", "\5\1\0\5\1\0\3\012" "0177.0.0.1\1\xbb",
	    AL_LISTEN_SOCKS5, NO5("\1")),
	MORE("greeting", "\5\1\0", AL_LISTEN_SOCKS5, "\5\0"),
	MORE("half a greeting", "\5\3\0\1", AL_LISTEN_SOCKS5, ""),
	YES4("4", "\4\1\0\x50\1\2\3\4me\0", "1.2.3.4", 80, 0),
	YES4("4, no id", "\4\1\0\x50\1\2\3\4\0tail", "1.2.3.4", 80, 4),
	YES4("4a", "\4\1\0\x50\0\0\0\1me\0A.b.\0tail", "a.b", 80, 4),
	YES4("0.0.0.0", "\4\1\0\x50\0\0\0\0\0", "0.0.0.0", 80, 0),
	NO("4 bind", "\4\2\0\x50\1\2\3\4\0", AL_LISTEN_SOCKS4, NO4),
	NO("4 port 0", "\4\1\0\0\1\2\3\4\0", AL_LISTEN_SOCKS4, NO4),
	NO("4a no name", "\4\1\0\x50\0\0\0\1\0\0", AL_LISTEN_SOCKS4, NO4),
	NO("4a bad name", "\4\1\0\x50\0\0\0\1\0a b\0", AL_LISTEN_SOCKS4, NO4),
	MORE("4a half", "\4\1\0\x50\0\0\0\1\0a", AL_LISTEN_SOCKS4, ""),
	YESH("connect", "CONNECT h:443" HOST, "h", 443, 0),
	YESH("connect, early data", "CONNECT H.x:1" HOST "\x16\3", "h.x", 1, 2),
	YESH("connect v6", "CONNECT [::1]:8443" HOST, "::1", 8443, 0),
	YESH("connect 1.0", "CONNECT h:443 HTTP/1.0\r\n\r\n", "h", 443, 0),
	NO("no port", "CONNECT h" HOST, AL_LISTEN_HTTP, "HTTP/1.1 400 "),
	NO("user in it", "CONNECT u@h:443" HOST, AL_LISTEN_HTTP,
	    "HTTP/1.1 400 "),
	NO("a URL", "CONNECT http://h:443/" HOST, AL_LISTEN_HTTP,
	    "HTTP/1.1 400 "),
	NO("get", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", AL_LISTEN_HTTP,
	    "HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\n"),
	NO("plain proxy", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
	    AL_LISTEN_HTTP, "HTTP/1.1 405 "),
	NO("lower case", "connect h:443" HOST, AL_LISTEN_HTTP,
	    "HTTP/1.1 405 "),
	NO("bare LF", "CONNECT h:443 HTTP/1.1\n", AL_LISTEN_HTTP,
	    "HTTP/1.1 400 "),
	NO("two hosts", "CONNECT h:1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	    AL_LISTEN_HTTP, "HTTP/1.1 400 "),
	NO("ssh", "SSH-2.0-x\r\n", AL_LISTEN_HTTP, "HTTP/1.1 400 "),
	NO("tls", "\x16\3\1\2\0\1\0", AL_LISTEN_UNKNOWN, ""),
	NO("zero", "\0", AL_LISTEN_UNKNOWN, ""),
	MORE("nothing", "", AL_LISTEN_UNKNOWN, ""),
	MORE("half a request", "CONN", AL_LISTEN_HTTP, ""),
};

/* The end of the bytes is the end of the page, at every step. */
static enum al_hs
run(struct al_listen *l, const struct guard *g, const uint8_t *p, size_t len,
    size_t chunk, struct al_buf *out, size_t *left, struct al_err *err)
{
	size_t at = 0, have = 0;
	enum al_hs r = AL_HS_MORE;

	*l = (struct al_listen){ .port = 0 };
	do {
		struct al_buf in = { .max = AL_LISTEN_IN_MAX };

		have = len - have > chunk ? have + chunk : len;
		in.end = in.cap = have - at;
		in.mem = g->map + g->map_len - sysconf(_SC_PAGESIZE) - in.end;
		if (in.end > 0)
			memcpy(in.mem, p + at, in.end);
		r = al_listen_step(l, &in, out, err);
		at = have - al_buf_len(&in);
	} while (r == AL_HS_MORE && have < len);
	*left = len - at;
	return r;
}

static void
every_chunk(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		struct guard g = guard_copy(r->in, r->len);

		for (size_t chunk = 1; chunk <= r->len + 1; chunk++) {
			struct al_listen l;
			struct al_err err;
			struct al_buf out;
			size_t left;
			enum al_hs got;

			al_buf_init(&out, 4096);
			got = run(&l, &g, r->in, r->len, chunk, &out, &left,
			    &err);
			if (got != r->want)
				print_error("row \"%s\" chunk %zu\n", r->name,
				    chunk);
			assert_int_equal(got, r->want);
			assert_int_equal(l.kind, r->kind);
			assert_true(al_buf_len(&out) >= r->out_len);
			if (r->out_len > 0)
				assert_memory_equal(al_buf_head(&out), r->out,
				    r->out_len);
			else
				assert_int_equal(al_buf_len(&out), 0);
			if (got == AL_HS_DONE) {
				assert_string_equal(l.host, r->host);
				assert_int_equal(l.port, r->port);
				assert_int_equal(left, r->left);
			} else if (got == AL_HS_FAIL) {
				assert_int_equal(err.stage, AL_AT_LOCAL);
			}
			al_buf_fini(&out);
		}
		guard_free(&g);
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t n = 0; n < r->len - r->left; n++) {
			struct guard g = guard_copy(r->in, n);
			struct al_listen l;
			struct al_err err;
			struct al_buf out;
			size_t left;
			enum al_hs got;

			al_buf_init(&out, 4096);
			got = run(&l, &g, r->in, n, 5, &out, &left, &err);
			assert_int_not_equal(got, AL_HS_DONE);
			if (r->want != AL_HS_FAIL)
				assert_int_equal(got, AL_HS_MORE);
			al_listen_eof(&l, &err);
			assert_int_equal(err.stage, AL_AT_LOCAL);
			al_buf_fini(&out);
			guard_free(&g);
		}
	}
}

static void
answers(void **state)
{
	static const struct {
		enum al_chan_code	 code;
		uint8_t			 socks5;
		const char		*http;
	} codes[] = {
		{ AL_CHAN_DENIED, 2, "HTTP/1.1 403 " },
		{ AL_CHAN_UNKNOWN_TARGET, 2, "HTTP/1.1 403 " },
		{ AL_CHAN_REFUSED, 5, "HTTP/1.1 502 " },
		{ AL_CHAN_TIMEOUT, 6, "HTTP/1.1 504 " },
		{ AL_CHAN_UNREACHABLE, 3, "HTTP/1.1 502 " },
		{ AL_CHAN_NAME, 4, "HTTP/1.1 502 " },
		{ AL_CHAN_LIMIT, 1, "HTTP/1.1 503 " },
		{ AL_CHAN_DRAINING, 1, "HTTP/1.1 503 " },
		{ AL_CHAN_OFFLINE, 1, "HTTP/1.1 503 " },
		{ AL_CHAN_PROTOCOL, 1, "HTTP/1.1 502 " },
		{ (enum al_chan_code)999, 1, "HTTP/1.1 502 " },
	};
	struct al_listen l = { .kind = AL_LISTEN_SOCKS5 };
	struct al_buf out;
	struct al_err err;
	const char *p;

	(void)state;
	al_buf_init(&out, 4096);
	for (size_t i = 0; i < N(codes); i++) {
		l.kind = AL_LISTEN_SOCKS5;
		assert_int_equal(al_listen_refuse(&l, codes[i].code, "no",
		    &out, &err), AL_OK);
		assert_int_equal(al_buf_len(&out), 10);
		assert_int_equal(al_buf_head(&out)[1], codes[i].socks5);
		al_buf_drain(&out, 10);
		l.kind = AL_LISTEN_SOCKS4;
		assert_int_equal(al_listen_refuse(&l, codes[i].code, "no",
		    &out, &err), AL_OK);
		assert_int_equal(al_buf_len(&out), 8);
		assert_memory_equal(al_buf_head(&out), NO4, 8);
		al_buf_drain(&out, 8);
		l.kind = AL_LISTEN_HTTP;
		assert_int_equal(al_listen_refuse(&l, codes[i].code,
		    "not\r\nX: now", &out, &err), AL_OK);
		assert_int_equal(al_buf_put(&out, "", 1), AL_OK);
		p = (const char *)al_buf_head(&out);
		assert_memory_equal(p, codes[i].http, 13);
		assert_non_null(strstr(p, "\r\nContent-Length: 11\r\n"));
		assert_non_null(strstr(p, "\r\n\r\nnot X: now\n"));
		al_buf_drain(&out, 4096);
	}
	l.kind = AL_LISTEN_SOCKS5;
	assert_int_equal(al_listen_accept(&l, &out, &err), AL_OK);
	l.kind = AL_LISTEN_SOCKS4;
	assert_int_equal(al_listen_accept(&l, &out, &err), AL_OK);
	l.kind = AL_LISTEN_HTTP;
	assert_int_equal(al_listen_accept(&l, &out, &err), AL_OK);
	assert_memory_equal(al_buf_head(&out), SOCKS5 "\0\x5a\0\0\0\0\0\0"
	    "HTTP/1.1 200 Connection established\r\n\r\n", 18 + 39);
	assert_int_equal(al_buf_len(&out), 18 + 39);
	al_buf_fini(&out);
}

/* Nothing that never ends may be waited for. */
static void
limits(void **state)
{
	static const char *const heads[] = {
		"\4\1\1\1\1\1\1\1", "\4\1\1\1", "CONNECT h:1 HTTP/1.1\r\nA: ",
		"X",
	};
	static uint8_t in[AL_LISTEN_IN_MAX];

	(void)state;
	for (size_t i = 0; i < N(heads); i++) {
		struct guard g = guard_copy(in, sizeof(in));
		struct al_listen l;
		struct al_buf out;
		struct al_err err;
		size_t left;

		al_buf_init(&out, 4096);
		memset(in, 'a', sizeof(in));
		memcpy(in, heads[i], strlen(heads[i]));
		if (i == 1)	/* 4a with a name that does not end */
			memcpy(in + 4, "\0\0\0\1id", 7);
		assert_int_equal(run(&l, &g, in, sizeof(in), 100, &out, &left,
		    &err), AL_HS_FAIL);
		assert_true(al_buf_len(&out) > 0);
		al_buf_fini(&out);
		guard_free(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(answers),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
