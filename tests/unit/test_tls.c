/* tests/unit/test_tls.c - TLS over memory: trust, errors, cuts, bulk. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "tests/lib/guard.h"
#include "tests/lib/stride.h"
#include "tests/lib/tlspair.h"

/* --- trust ---------------------------------------------------------------- */
static const struct trust {
	const char	*name, *cert, *host, *c_min, *s_min;
	int		 s_max;		/* 0: no limit */
	int		 cause;		/* 0: it works */
	const char	*text, *s_text;
} trusts[] = {
	{ "name", "good", HOST, NULL, "1.2", 0, 0, "TLSv1.3 TLS_AES_256", "" },
	{ "name in capitals", "good", "GW.Example", NULL, "1.2", 0, 0, "", "" },
	{ "trailing dot", "good", HOST ".", NULL, "1.2", 0, 0, "", "" },
	{ "third name", "good", "b.example", NULL, "1.2", 0, 0, "", "" },
	{ "wildcard", "good", "a.wild.example", NULL, "1.2", 0, 0, "", "" },
	{ "v4", "ip", "10.1.2.3", NULL, "1.2", 0, 0, "", "" },
	{ "v6", "ip", "2001:db8:0::7", NULL, "1.2", 0, 0, "", "" },
	{ "v6 in brackets", "ip", "[2001:db8::7]", NULL, "1.2", 0, 0, "", "" },
	{ "1.2 allowed", "good", HOST, "1.2", "1.2", TLS1_2_VERSION, 0,
	    "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384", "" },
	{ "expired", "old", HOST, NULL, "1.2", 0, 163,
	    "certificate of gw.example expired on 20", "does not trust" },
	{ "early", "early", HOST, NULL, "1.2", 0, 163, "not valid before 20",
	    "does not trust our certificate" },
	{ "other ca", "other", HOST, NULL, "1.2", 0, 161, "\"Other CA\"",
	    "unknown CA" },
	{ "wrong name", "good", "evil.example", NULL, "1.2", 0, 164,
	    "not for evil.example but for gw.example, *.wild.example, "
	    "b.example", "does not trust" },
	{ "wildcard too deep", "good", "a.b.wild.example", NULL, "1.2", 0,
	    164, "not for a.b.wild.example", "" },
	{ "wrong v4", "ip", "10.1.2.4", NULL, "1.2", 0, 164,
	    "not for 10.1.2.4 but for 10.1.2.3, 2001:db8::7", "" },
	{ "wrong v6", "ip", "2001:db8::8", NULL, "1.2", 0, 164,
	    "not for 2001:db8::8", "" },
	{ "v4 of a name", "good", "10.1.2.3", NULL, "1.2", 0, 164, "", "" },
	{ "1.2 only", "good", HOST, NULL, "1.2", TLS1_2_VERSION, 166,
	    "TLS 1.3 only, unless tls_min is 1.2", "no TLS version or cipher" },
};

static void
trust(void **state)
{
	(void)state;
	for (const struct trust *r = trusts; r < trusts + N(trusts); r++) {
		struct pair p;

		print_message("# %s\n", r->name);
		pair_init(&p, r->cert, r->host, r->c_min);
		if (r->s_max != 0)
			(void)SSL_set_max_proto_version(al_tls_ssl(p.s),
			    r->s_max);
		handshake(&p);
		assert_string_equal(r->cause == 0 ? p.c_err.text : "", "");
		assert_int_equal(p.c_code, r->cause == 0 ? AL_OK : AL_ENET);
		assert_int_equal(p.c_err.cause, r->cause);
		if (r->cause == 0) {
			assert_ptr_equal(strstr(al_tls_describe(p.c),
			    r->text), al_tls_describe(p.c));
			assert_string_equal(al_tls_describe(p.c),
			    al_tls_describe(p.s));
			put(p.c, "ping");
			expect(p.s, "ping");
			put(p.s, "pong");
			expect(p.c, "pong");
		} else {
			assert_int_equal(p.c_err.stage, AL_AT_TLS);
			if (strstr(p.c_err.text, r->text) == NULL)
				fail_msg("%s: %s", r->name, p.c_err.text);
			if (p.s_code == AL_OK) {
				uint8_t b;
				size_t n;

				assert_true(al_stream_read(p.s, &b, 1, &n,
				    &p.s_err) > AL_EOF);
			}
			if (strstr(p.s_err.text, r->s_text) == NULL)
				fail_msg("%s: %s", r->name, p.s_err.text);
		}
		pair_fini(&p);
	}
}

/* The name is sent, an address is not, and ALPN says http/1.1. */
static void
hello(void **state)
{
	const unsigned char *alpn;
	unsigned alpn_len;
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_string_equal(SSL_get_servername(al_tls_ssl(p.s),
	    TLSEXT_NAMETYPE_host_name), HOST);
	SSL_get0_alpn_selected(al_tls_ssl(p.c), &alpn, &alpn_len);
	assert_int_equal(alpn_len, 8);
	assert_memory_equal(alpn, "http/1.1", 8);
	pair_fini(&p);
	pair_init(&p, "ip", "10.1.2.3", NULL);
	handshake(&p);
	assert_null(SSL_get_servername(al_tls_ssl(p.s),
	    TLSEXT_NAMETYPE_host_name));
	pair_fini(&p);
}

/* --- peers that are not what they should be ------------------------------- */
static const struct odd {
	const char	*name;
	int		 server;	/* we are */
	const uint8_t	*in;
	size_t		 len;
	enum mem_end	 then;
	enum al_code	 code;
	int		 cause;
	const char	*text;
} odds[] = {
	{ "ssh", 0, B("SSH-2.0-OpenSSH_9.2\r\n"), MEM_OPEN, AL_EPROTO, 199,
	    "does not speak TLS: it answered \"SSH-2.0-OpenSSH_9.2\"" },
	{ "http", 0, B("HTTP/1.1 400 Bad Request\r\n\r\n"), MEM_OPEN,
	    AL_EPROTO, 199, "it answered \"HTTP/1.1 400 Bad Request\"" },
	{ "short", 0, B("hi"), MEM_EOF, AL_EPROTO, 199, "answered \"hi\"" },
	{ "binary", 0, B("\x80\1\2\3\4\5\6\7"), MEM_OPEN, AL_EPROTO, 199,
	    "answered \"........\"" },
	{ "no common version", 0, B("\x15\3\3\0\2\2\x46"), MEM_OPEN,
	    AL_EPROTO, 166, "no TLS version or cipher in common" },
	{ "no common cipher", 0, B("\x15\3\3\0\2\2\x28"), MEM_OPEN,
	    AL_EPROTO, 166, "no TLS version or cipher in common" },
	{ "no such name", 0, B("\x15\3\3\0\2\2\x70"), MEM_OPEN,
	    AL_EREFUSED, 164, "not a host of this name" },
	{ "internal error", 0, B("\x15\3\3\0\2\2\x50"), MEM_OPEN,
	    AL_EREFUSED, 199, "the alert \"internal error\"" },
	{ "close", 0, B(""), MEM_EOF, AL_ENET, 165, "filters names" },
	{ "reset", 0, B(""), MEM_RESET, AL_ENET, 165,
	    "filters names does: connection reset by peer" },
	{ "cut", 0, B("\x16\3\3\0\x7a\2"), MEM_EOF, AL_ENET, 199,
	    "closed the connection during the TLS handshake" },
	{ "late reset", 0, B("\x16\3\3\0\x7a\2"), MEM_RESET, AL_ENET, 199,
	    "broke off the TLS handshake: connection reset by peer" },
	{ "http request", 1, B("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), MEM_OPEN,
	    AL_EPROTO, 199, "the client does not speak TLS: it sent \"GET /" },
	{ "proxy request", 1, B("CONNECT x:443 HTTP/1.1\r\n\r\n"), MEM_OPEN,
	    AL_EPROTO, 199, "sent \"CONNECT x:443" },
	{ "nobody", 1, B(""), MEM_EOF, AL_ENET, 199, "during the TLS" },
	{ "client reset", 1, B(""), MEM_RESET, AL_ENET, 199,
	    "the client broke off the TLS handshake: connection reset" },
};

static void
odd(void **state)
{
	struct al_tls_ctx *cctx = client_ctx(NULL);
	struct al_tls_ctx *sctx = server_ctx("good", NULL);

	(void)state;
	for (const struct odd *r = odds; r < odds + N(odds); r++) {
		struct mem_link link;
		struct al_stream *s;
		struct al_err err = { 0 };
		enum al_code code;

		print_message("# %s\n", r->name);
		mem_link_init(&link, 1 << 16);
		assert_int_equal(al_buf_put(&link.pipe[1].buf, r->in, r->len),
		    AL_OK);
		link.pipe[1].ended = r->then != MEM_OPEN;
		link.pipe[1].cut_as = r->then;
		s = r->server ?
		    al_tls_accept(sctx, mem_stream(&link, 0), &err) :
		    al_tls_connect(cctx, mem_stream(&link, 0), TO(HOST), &err);
		assert_non_null(s);
		code = al_stream_open(s, &err);
		if (strstr(err.text, r->text) == NULL)
			fail_msg("%s: %s", r->name, err.text);
		assert_int_equal(code, r->code);
		assert_int_equal(err.code, r->code);
		assert_int_equal(err.cause, r->cause);
		assert_int_equal(err.stage, AL_AT_TLS);
		al_stream_free(s);
		mem_link_fini(&link);
	}
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

/* TLS 1.3 tells it after the handshake, TLS 1.2 in it. */
static void
cert_demanded(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	uint8_t b;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N(versions); i++) {
		struct pair p;

		pair_init(&p, "good", HOST, "1.2");
		(void)SSL_set_max_proto_version(al_tls_ssl(p.s), versions[i]);
		SSL_set_verify(al_tls_ssl(p.s), SSL_VERIFY_PEER |
		    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		handshake(&p);
		assert_int_equal(p.s_code, AL_ENET);
		if (p.c_code == AL_OK)
			assert_int_equal(al_stream_read(p.c, &b, 1, &n,
			    &p.c_err), AL_EAUTH);
		assert_int_equal(p.c_err.code, AL_EAUTH);
		assert_non_null(strstr(p.c_err.text,
		    "demands a client certificate"));
		pair_fini(&p);
	}
}

/* --- cuts: a clear error, whatever byte is the last ----------------------- */
static void
cut_handshake(int from, enum mem_end as, size_t step)
{
	struct pair p;
	size_t total;

	open_pair(&p);
	total = p.link.pipe[from].written;
	pair_fini(&p);
	for (size_t at = 0; at < total; at += step) {
		struct al_err *err;
		uint8_t b;
		size_t n;

		pair_init(&p, "good", HOST, NULL);
		p.link.pipe[from].cut_at = at;
		p.link.pipe[from].cut_as = as;
		handshake(&p);
		if (p.link.pipe[from].written < at) {
			/* A signature of a byte less: nothing was cut. */
			pair_fini(&p);
			continue;
		}
		err = from == 0 ? &p.s_err : &p.c_err;
		/* What is cut behind the handshake (a ticket) shows at the
		 * first read. */
		if ((from == 0 ? p.s_code : p.c_code) == AL_OK)
			assert_true(al_stream_read(from == 0 ? p.s : p.c, &b,
			    1, &n, err) > AL_EOF);
		if (err->code != AL_ENET || err->text[0] == '\0')
			fail_msg("cut at %zu: %s", at, err->text);
		pair_fini(&p);
	}
}

static void
cut_everywhere(void **state)
{
	(void)state;
	cut_handshake(0, MEM_EOF, stride());
	cut_handshake(0, MEM_RESET, 11 * stride());
	cut_handshake(1, MEM_EOF, stride());
	cut_handshake(1, MEM_RESET, 11 * stride());
}

/* EOF without close_notify is never taken for the end of the data. */
static void
truncation(void **state)
{
	struct pair p;
	size_t base, record, n;
	char got[64];

	(void)state;
	open_pair(&p);
	base = p.link.pipe[1].written;
	put(p.s, "hello");
	record = p.link.pipe[1].written - base;
	pair_fini(&p);
	for (size_t cut = 0; cut <= record; cut++) {
		open_pair(&p);	/* signatures differ in length */
		p.link.pipe[1].cut_at = p.link.pipe[1].written + cut;
		p.link.pipe[1].cut_as = MEM_EOF;
		put(p.s, "hello");
		p.link.pipe[1].ended = true;
		if (cut == record)
			expect(p.c, "hello");
		assert_int_equal(al_stream_read(p.c, got, sizeof(got), &n,
		    &p.c_err), AL_ENET);
		assert_int_equal(p.c_err.cause, 191);
		assert_non_null(strstr(p.c_err.text, "without ending TLS"));
		pair_fini(&p);
	}
}

static void
flipped_bit(void **state)
{
	struct pair p;
	char got[64];
	size_t n;

	(void)state;
	open_pair(&p);
	put(p.s, "hello");
	al_buf_head(&p.link.pipe[1].buf)[al_buf_len(&p.link.pipe[1].buf) - 1]
	    ^= 1;
	assert_int_equal(al_stream_read(p.c, got, sizeof(got), &n, &p.c_err),
	    AL_EPROTO);
	assert_non_null(strstr(p.c_err.text, "TLS with gw.example failed"));
	assert_true(al_stream_read(p.s, got, sizeof(got), &n, &p.s_err) >
	    AL_EOF);
	assert_non_null(strstr(p.s_err.text, "bad record mac"));
	pair_fini(&p);
}

/* --- ends ----------------------------------------------------------------- */
static void
half_close(void **state)
{
	char got[64];
	size_t n;

	(void)state;
	for (int first = 0; first < 2; first++) {
		struct pair p;
		struct al_stream *a, *b;
		struct al_err err = { 0 };

		open_pair(&p);
		a = first == 0 ? p.c : p.s;
		b = first == 0 ? p.s : p.c;
		put(a, "last words");
		assert_int_equal(al_stream_shut(a, &err), AL_OK);
		/* no FIN: proxies without half-close would end all of it */
		assert_false(p.link.pipe[first].ended);
		expect(b, "last words");
		for (int i = 0; i < 2; i++)
			assert_int_equal(al_stream_read(b, got, sizeof(got),
			    &n, &err), AL_EOF);
		for (int i = 0; i < 3; i++) {
			put(b, "answer");
			expect(a, "answer");
		}
		assert_int_equal(al_stream_read(a, got, sizeof(got), &n,
		    &err), AL_AGAIN);
		assert_int_equal(al_stream_shut(b, &err), AL_OK);
		assert_int_equal(al_stream_read(a, got, sizeof(got), &n,
		    &err), AL_EOF);
		assert_string_equal(err.text, "");
		pair_fini(&p);
	}
}

/* Unread tickets would make a reset of the close. */
static void
tickets_are_read(void **state)
{
	struct pair p;
	struct al_err err;

	(void)state;
	open_pair(&p);
	put(p.c, "all I have to say");
	assert_int_equal(al_stream_shut(p.c, &err), AL_OK);
	assert_true(al_buf_len(&p.link.pipe[1].buf) > 0);
	al_stream_free(p.c);
	p.c = NULL;
	assert_int_equal(al_buf_len(&p.link.pipe[1].buf), 0);
	expect(p.s, "all I have to say");
	pair_fini(&p);
}

/* --- bytes ---------------------------------------------------------------- */
static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

/* total bytes from a to b in writes and reads of changing odd sizes. */
static void
bulk(struct al_stream *a, struct al_stream *b, size_t total)
{
	static uint8_t out[70001], in[70001];
	struct al_err err = { 0 };
	size_t sent = 0, got = 0, n, idle = 0, len;
	enum al_code code;

	while (got < total) {
		idle++;
		len = sent % 7 == 0 ? 1 : sent % 5 == 0 ? 70001 :
		    1 + sent % 16385;
		if (len > total - sent)
			len = total - sent;
		for (size_t i = 0; i < len; i++)
			out[i] = pattern(sent + i);
		code = len > 0 ? al_stream_write(a, out, len, &n, &err) :
		    AL_AGAIN;
		if (code == AL_OK) {
			assert_true(n > 0 && n <= len);
			sent += n;
			idle = 0;
		} else {
			assert_int_equal(code, AL_AGAIN);
		}
		code = al_stream_flush(a, &err);
		assert_true(code == AL_OK || code == AL_AGAIN);
		assert_int_equal(code == AL_AGAIN, al_tls_unsent(a) > 0);
		assert_int_equal(code == AL_AGAIN,
		    al_stream_want(a) == AL_WANT_WRITE);
		len = got % 3 == 0 ? 16384 : 1 + got % 70001;
		while ((code = al_stream_read(b, in, len, &n, &err)) ==
		    AL_OK) {
			assert_true(n > 0 && n <= len && n <= 16384);
			for (size_t i = 0; i < n; i++)
				if (in[i] != pattern(got + i))
					fail_msg("byte %zu", got + i);
			got += n;
			idle = 0;
		}
		assert_int_equal(code, AL_AGAIN);
		assert_false(al_stream_pending(b) && idle > 0);
		assert_true(idle < 100);
	}
	assert_int_equal(got, sent);
}

static void
bulk_both_ways(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	p.link.again = 3;
	bulk(p.c, p.s, 64u << 20);
	bulk(p.s, p.c, 1u << 20);
	pair_fini(&p);
}

static void
bytewise(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, "good", HOST, NULL);
	p.link.pipe[0].read_max = p.link.pipe[1].read_max = 1;
	handshake(&p);
	assert_int_equal(p.c_code, AL_OK);
	assert_int_equal(p.s_code, AL_OK);
	bulk(p.c, p.s, 100000);
	bulk(p.s, p.c, 100000);
	pair_fini(&p);
}

/* A full record is one read; eight of them are one call below. */
static void
batches(void **state)
{
	static uint8_t out[8 * 16384], in[32768];
	struct pair p;
	struct al_err err;
	size_t n, writes, reads;

	(void)state;
	open_pair(&p);
	assert_int_equal(al_stream_read(p.c, in, 1, &n, &err), AL_AGAIN);
	writes = p.link.pipe[0].writes;
	reads = p.link.pipe[0].reads;
	assert_int_equal(al_stream_write(p.c, out, sizeof(out), &n, &err),
	    AL_OK);
	assert_int_equal(n, sizeof(out));
	assert_true(al_tls_unsent(p.c) > sizeof(out));
	assert_int_equal(p.link.pipe[0].writes, writes);
	assert_int_equal(al_stream_flush(p.c, &err), AL_OK);
	assert_int_equal(p.link.pipe[0].writes, writes + 1);
	assert_int_equal(al_tls_unsent(p.c), 0);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(al_stream_read(p.s, in, sizeof(in), &n,
		    &err), AL_OK);
		assert_int_equal(n, 16384);
		assert_int_equal(al_stream_pending(p.s), i < 7);
	}
	assert_int_equal(p.link.pipe[0].reads, reads + 1);
	pair_fini(&p);
}

/* AGAIN has taken nothing: the next write may be of other bytes. */
static void
changed_mind(void **state)
{
	static uint8_t big[16384];
	struct pair p;
	struct al_err err;
	enum al_code code;
	size_t n, total = 0;
	char got[16];

	(void)state;
	open_pair(&p);
	p.link.pipe[0].buf.max = 40000;
	while ((code = al_stream_write(p.c, big, sizeof(big), &n, &err)) ==
	    AL_OK)
		total += n;
	assert_int_equal(code, AL_AGAIN);
	assert_true(al_stream_want(p.c) & AL_WANT_WRITE);
	while (total > 0) {
		code = al_stream_read(p.s, big, sizeof(big), &n, &err);
		if (code == AL_OK)
			total -= n;
		(void)al_stream_flush(p.c, &err);
	}
	put(p.c, "other");
	assert_int_equal(al_stream_read(p.s, got, sizeof(got), &n, &err),
	    AL_OK);
	assert_int_equal(n, 5);
	assert_memory_equal(got, "other", 5);
	pair_fini(&p);
}

/* TLS inside TLS: an https proxy, then the host. */
static void
nested(void **state)
{
	struct pair p;
	struct al_tls_ctx *c2, *s2;

	(void)state;
	pair_init(&p, "ip", "10.1.2.3", NULL);
	c2 = client_ctx(NULL);
	s2 = server_ctx("good", NULL);
	p.c = al_tls_connect(c2, p.c, TO(HOST), &p.c_err);
	p.s = al_tls_accept(s2, p.s, &p.s_err);
	p.link.again = 2;
	handshake(&p);
	assert_int_equal(p.c_code, AL_OK);
	assert_int_equal(p.s_code, AL_OK);
	bulk(p.c, p.s, 3u << 20);
	bulk(p.s, p.c, 3u << 20);
	p.link.again = 0;
	put(p.c, "end");
	assert_int_equal(al_stream_shut(p.c, &p.c_err), AL_OK);
	expect(p.s, "end");
	assert_int_equal(al_stream_read(p.s, (uint8_t[1]){ 0 }, 1,
	    &(size_t){ 0 }, &p.s_err), AL_EOF);
	al_tls_ctx_free(c2);
	al_tls_ctx_free(s2);
	pair_fini(&p);
}

/* --- what an idle connection costs ---------------------------------------- */
static void
idle_memory(void **state)
{
	enum { COUNT = 50 };
	static struct al_stream *c[COUNT], *s[COUNT];
	static struct mem_link link[COUNT];
	struct pair first;
	size_t before, each;

	(void)state;
	open_pair(&first);		/* what libssl allocates once */
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < COUNT; i++) {
		struct pair p = { .cctx = first.cctx, .sctx = first.sctx };

		mem_link_init(&p.link, 1 << 16);
		p.c = al_tls_connect(p.cctx, mem_stream(&p.link, 0), TO(HOST),
		    &p.c_err);
		p.s = al_tls_accept(p.sctx, mem_stream(&p.link, 1), &p.s_err);
		handshake(&p);
		put(p.s, "ping");
		expect(p.c, "ping");
		put(p.c, "pong");
		expect(p.s, "pong");
		al_buf_trim(&p.link.pipe[0].buf);
		al_buf_trim(&p.link.pipe[1].buf);
		link[i] = p.link;
		c[i] = p.c;
		s[i] = p.s;
	}
	each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / COUNT;
	print_message("# idle: %zu bytes for a client and a server\n", each);
	assert_true(each < 48 * 1024);
	for (int i = 0; i < COUNT; i++) {
		((struct mem_stream *)c[i]->next)->link = &link[i];
		((struct mem_stream *)s[i]->next)->link = &link[i];
		al_stream_free(c[i]);
		al_stream_free(s[i]);
		mem_link_fini(&link[i]);
	}
	pair_fini(&first);
}

/* --- settings and files --------------------------------------------------- */
static void
settings(void **state)
{
	char good_crt[128], good_key[128], ip_key[128];
	struct al_err err;

	(void)state;
	(void)snprintf(good_crt, sizeof(good_crt), "%s", path("good", ".crt"));
	(void)snprintf(good_key, sizeof(good_key), "%s", path("good", ".key"));
	(void)snprintf(ip_key, sizeof(ip_key), "%s", path("ip", ".key"));
#define REFUSED(kind, part, ...) do { \
	assert_null(al_tls_##kind##_new(&(struct al_tls_opts){ __VA_ARGS__ }, \
	    &err)); \
	assert_int_equal(err.code, AL_EUSAGE); \
	assert_int_equal(err.stage, AL_AT_CONFIG); \
	if (strstr(err.text, part) == NULL) \
		fail_msg("%s", err.text); \
} while (0)
	REFUSED(client, "/nowhere: No such file", .ca_file = "/nowhere");
	REFUSED(client, good_key, .ca_file = good_key);
	REFUSED(client, "\"1.1\": it may be 1.2 or 1.3", .min = "1.1");
	REFUSED(client, "suites \"NULL\"", .ciphers = "NULL");
	REFUSED(client, "suites \"\"", .ciphers = "");
	REFUSED(client, "the key is not given", .cert_file = good_crt);
	REFUSED(server, "the certificate is not given", .min = "1.3");
	REFUSED(server, "/nowhere: No such file", .cert_file = "/nowhere",
	    .key_file = good_key);
	REFUSED(server, "/nowhere: No such file", .cert_file = good_crt,
	    .key_file = "/nowhere");
	REFUSED(server, "not the key of the certificate",
	    .cert_file = good_crt, .key_file = ip_key);
	REFUSED(server, good_key, .cert_file = good_key,
	    .key_file = good_key);
}

/* The system's certificates are read when they are first needed: a reload of
 * settings makes contexts that never are. */
static void
system_store(void **state)
{
	struct al_tls_ctx *ctx;
	struct al_err err = { .text = "" };
	struct pair p;

	(void)state;
	(void)setenv("SSL_CERT_DIR", "/nowhere", 1);
	(void)setenv("SSL_CERT_FILE", "/nowhere", 1);
	ctx = al_tls_client_new(&(struct al_tls_opts){ .min = NULL }, &err);
	assert_non_null(ctx);
	(void)setenv("SSL_CERT_FILE", path("ca", ".crt"), 1);
	pair_join(&p, ctx, server_ctx("good", "1.2"), TO(HOST));
	must_open(&p);
	pair_fini(&p);
	(void)setenv("SSL_CERT_FILE", "/nowhere", 1);
	pair_join(&p, al_tls_client_new(&(struct al_tls_opts){ .min = NULL },
	    &err), server_ctx("good", "1.2"), TO(HOST));
	handshake(&p);
	assert_int_equal(p.c_err.cause, 162);
	assert_non_null(strstr(p.c_err.text, "no CA certificates"));
	pair_fini(&p);
	(void)unsetenv("SSL_CERT_DIR");
	(void)unsetenv("SSL_CERT_FILE");
}

static void
files(void **state)
{
	struct al_tls_cert *ca;
	struct al_err err;
	struct stat st;
	char link[128];

	(void)state;
	assert_int_equal(stat(path("good", ".key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(path("good", ".crt"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	ca = al_tls_cert_new_ca("x", -1, 1, &err);
	assert_non_null(ca);
	(void)snprintf(link, sizeof(link), "%s", path("link", ".crt"));
	assert_int_equal(symlink(path("good", ".crt"), link), 0);
	assert_int_equal(al_tls_cert_write(ca, link, NULL, &err), AL_OK);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(link), 0);
	assert_int_equal(al_tls_cert_write(ca, "/nowhere/a", NULL, &err),
	    AL_EUSAGE);
	assert_non_null(strstr(err.text, "/nowhere/a: No such file"));
	assert_null(al_tls_cert_new(ca, NULL, 0, -1, 1, &err));
	assert_int_equal(err.code, AL_EUSAGE);
	al_tls_cert_free(ca);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trust),
		cmocka_unit_test(hello),
		cmocka_unit_test(odd),
		cmocka_unit_test(cert_demanded),
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(truncation),
		cmocka_unit_test(flipped_bit),
		cmocka_unit_test(half_close),
		cmocka_unit_test(tickets_are_read),
		cmocka_unit_test(bulk_both_ways),
		cmocka_unit_test(bytewise),
		cmocka_unit_test(batches),
		cmocka_unit_test(changed_mind),
		cmocka_unit_test(nested),
		cmocka_unit_test(idle_memory),
		cmocka_unit_test(settings),
		cmocka_unit_test(system_store),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
