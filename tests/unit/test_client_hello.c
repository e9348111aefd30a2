/* tests/unit/test_client_hello.c - the name a TLS client asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "connector/base/reader.h"
#include "connector/wire/client_hello.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* --- hellos by OpenSSL ---------------------------------------------------- */
static size_t
real_hello(uint8_t *out, size_t cap, const char *name, int max_version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *sent = BIO_new(BIO_s_mem());
	char text[64];		/* the macro drops const */
	int n;

	(void)SSL_set_max_proto_version(ssl, max_version);
	SSL_set_bio(ssl, in, sent);
	(void)snprintf(text, sizeof(text), "%s", name != NULL ? name : "");
	if (name != NULL)
		(void)SSL_set_tlsext_host_name(ssl, text);
	(void)SSL_connect(ssl);
	n = BIO_read(sent, out, (int)cap);
	assert_true(n > 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}

/* The same message in records of size bytes. */
static size_t
split(uint8_t *out, const uint8_t *in, size_t len, size_t size)
{
	size_t n = 0, part;

	for (in += 5, len -= 5; len > 0; in += part, len -= part) {
		part = len < size ? len : size;
		memcpy(out + n, "\x16\3\1", 3);
		al_put_u16(out + n + 3, (uint16_t)part);
		memcpy(out + n + 5, in, part);
		n += 5 + part;
	}
	return n;
}

static enum al_code
parse(const uint8_t *p, size_t len, struct al_client_hello *h,
    struct al_err *err)
{
	struct guard g = guard_copy(p, len);
	enum al_code code = al_client_hello_parse(g.p, len, h, err);

	guard_free(&g);
	return code;
}

/* AGAIN at every cut, then the name, and again with bytes behind it. */
static void
expect(const uint8_t *p, size_t len, const char *name)
{
	static uint8_t more[32 * 1024];
	struct al_client_hello h;
	struct al_err err = { 0 };

	for (size_t n = 0; n < len; n++) {
		enum al_code code = parse(p, n, &h, &err);

		if (code != AL_AGAIN)
			fail_msg("cut at %zu: %d %s", n, (int)code, err.text);
	}
	assert_int_equal(parse(p, len, &h, &err), AL_OK);
	assert_string_equal(h.sni, name);
	memcpy(more, p, len);
	memcpy(more + len, "\x14\3\3\0\1\1garbage", 13);
	assert_int_equal(parse(more, len + 13, &h, &err), AL_OK);
	assert_string_equal(h.sni, name);
}

static void
real(void **state)
{
	static const struct {
		const char	*name, *want;
		int		 version;
	} cases[] = {
		{ "gw.example", "gw.example", TLS1_3_VERSION },
		{ "ACME.us1.Alpacon.io", "acme.us1.alpacon.io", TLS1_3_VERSION },
		{ "under_score.example", "under_score.example", TLS1_2_VERSION },
		{ NULL, "", TLS1_3_VERSION },
		{ NULL, "", TLS1_2_VERSION },
	};
	static uint8_t in[4096], parts[32 * 1024];

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		size_t len = real_hello(in, sizeof(in), cases[i].name,
		    cases[i].version);

		expect(in, len, cases[i].want);
		for (size_t size = 1; size < len; size = size * 3 / 2 + 1)
			expect(parts, split(parts, in, len, size),
			    cases[i].want);
	}
}

/* --- hellos by hand ------------------------------------------------------- */
#define RANDOM	"0123456789abcdef0123456789abcdef"
/* version, random, no session, one suite, no compression */
#define PLAIN	"\3\3" RANDOM "\0" "\0\2\x13\1" "\1\0"
#define GREASE	"\x2a\x2a\0\0"
#define SNI	"\0\0\0\x08" "\0\6\0\0\3abc"

static const struct row {
	const char	*name;
	const uint8_t	*body;		/* of a ClientHello */
	size_t		 len;
	enum al_code	 want;
	const char	*text;		/* the name, or what the error says */
} rows[] = {
	{ "no extensions", B(PLAIN), AL_OK, "" },
	{ "empty list", B(PLAIN "\0\0"), AL_OK, "" },
	{ "ssl 3.0", B("\3\0" RANDOM "\0" "\0\2\x13\1" "\1\0"), AL_OK, "" },
	{ "grease first", B(PLAIN "\0\x10" GREASE SNI), AL_OK, "abc" },
	{ "grease last", B(PLAIN "\0\x10" SNI GREASE), AL_OK, "abc" },
	{ "unknown name type", B(PLAIN "\0\x10" "\0\0\0\x0c" "\0\x0a"
	    "\1\0\1x" "\0\0\3abc"), AL_OK, "abc" },
	{ "only unknown", B(PLAIN "\0\x0a" "\0\0\0\6" "\0\4" "\1\0\1x"), AL_OK,
	    "" },
	{ "short", B("\3\3"), AL_EPROTO, "its fields" },
	{ "empty", B(""), AL_EPROTO, "its fields" },
	{ "version", B("\2\3" RANDOM "\0" "\0\2\x13\1" "\1\0"), AL_EPROTO,
	    "its fields" },
	{ "long session", B("\3\3" RANDOM "\x21" RANDOM "x" "\0\2\x13\1"
	    "\1\0"), AL_EPROTO, "its fields" },
	{ "odd suites", B("\3\3" RANDOM "\0" "\0\3\x13\1\2" "\1\0"), AL_EPROTO,
	    "its fields" },
	{ "no suites", B("\3\3" RANDOM "\0" "\0\0" "\1\0"), AL_EPROTO,
	    "its fields" },
	{ "no compression", B("\3\3" RANDOM "\0" "\0\2\x13\1" "\0"), AL_EPROTO,
	    "its fields" },
	{ "one byte behind", B(PLAIN "\0"), AL_EPROTO, "its extensions" },
	{ "list too long", B(PLAIN "\0\1"), AL_EPROTO, "its extensions" },
	{ "list too short", B(PLAIN "\0\0x"), AL_EPROTO, "its extensions" },
	{ "extension cut", B(PLAIN "\0\3" "\0\0\0"), AL_EPROTO, "an extension" },
	{ "extension long", B(PLAIN "\0\4" "\0\x17\0\1"), AL_EPROTO,
	    "an extension" },
	{ "twice", B(PLAIN "\0\x18" SNI SNI), AL_EPROTO, "two server name" },
	{ "two hosts", B(PLAIN "\0\x10" "\0\0\0\x0c" "\0\x0a" "\0\0\2ab"
	    "\0\0\2cd"), AL_EPROTO, "a broken server name" },
	{ "empty names", B(PLAIN "\0\6" "\0\0\0\2" "\0\0"), AL_EPROTO,
	    "a broken server name" },
	{ "empty extension", B(PLAIN "\0\4" "\0\0\0\0"), AL_EPROTO,
	    "a broken server name" },
	{ "bytes behind", B(PLAIN "\0\x0d" "\0\0\0\x09" "\0\6\0\0\3abc" "x"),
	    AL_EPROTO, "a broken server name" },
	{ "name cut", B(PLAIN "\0\x0b" "\0\0\0\7" "\0\5\0\0\3ab"), AL_EPROTO,
	    "a broken server name" },
	{ "name empty", B(PLAIN "\0\x09" "\0\0\0\5" "\0\3\0\0\0"), AL_EPROTO,
	    "a server name of a forbidden length" },
	{ "NUL", B(PLAIN "\0\x0c" "\0\0\0\x08" "\0\6\0\0\3a\0b"), AL_EPROTO,
	    "forbidden characters" },
	{ "slash", B(PLAIN "\0\x0c" "\0\0\0\x08" "\0\6\0\0\3a/b"), AL_EPROTO,
	    "forbidden characters" },
	{ "high bit", B(PLAIN "\0\x0c" "\0\0\0\x08" "\0\6\0\0\3a\xe4" "b"),
	    AL_EPROTO, "forbidden characters" },
};

static void
by_hand(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		uint8_t in[256], parts[2048];
		size_t len = 9 + r->len;

		memcpy(in, "\x16\3\1", 3);
		al_put_u16(in + 3, (uint16_t)(4 + r->len));
		memcpy(in + 5, "\1\0", 2);
		al_put_u16(in + 7, (uint16_t)r->len);
		memcpy(in + 9, r->body, r->len);
		if (r->want == AL_OK) {
			expect(in, len, r->text);
			expect(parts, split(parts, in, len, 3), r->text);
			continue;
		}
		for (size_t n = 0; n <= len; n++) {
			struct al_client_hello h;
			struct al_err err = { 0 };
			enum al_code code = parse(in, n, &h, &err);

			if (code != (n < len ? AL_AGAIN : r->want) ||
			    (n == len && strstr(err.text, r->text) == NULL))
				fail_msg("%s at %zu: %s", r->name, n,
				    err.text);
		}
	}
}

static void
other_bytes(void **state)
{
	static const struct {
		const uint8_t	*in;
		size_t		 len;
		const char	*says;
	} cases[] = {
		{ B("GET / HTTP/1.1\r\n"), "not TLS: the client sent \"GET / " },
		{ B("SSH-2.0-x\r\n"), "the client sent \"SSH-2.0-x\"" },
		{ B("\x80\x2e\1\0\2"), "a hello of SSL 2.0" },
		{ B("\x80"), "a hello of SSL 2.0" },
		{ B("\x80\x2e\4"), "the client sent \"...\"" },
		{ B("\x15\3\1\0\2\2\x28"), "a TLS alert" },
		{ B("\0"), "the client sent" },
		{ B("\x16\4"), "not a version of TLS" },
		{ B("\x16\3\1\0\0"), "a record of a forbidden length" },
		{ B("\x16\3\1\x40\1"), "a record of a forbidden length" },
		{ B("\x16\3\1\0\1\2"), "another message" },
		{ B("\x16\3\1\0\1\1\x17"), "another record" },
		{ B("\x16\3\1\0\4\1\0\1\0\x17"), "another record" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct al_client_hello h;
		struct al_err err = { 0 };
		enum al_code code = parse(cases[i].in, cases[i].len, &h, &err);

		if (code != AL_EPROTO || err.stage != AL_AT_TLS ||
		    strstr(err.text, cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, err.text);
	}
}

static void
limits(void **state)
{
	static uint8_t in[AL_CLIENT_HELLO_MAX + 6];
	struct al_client_hello h;
	struct al_err err;

	(void)state;
	/* says that it is long */
	assert_int_equal(parse(B("\x16\3\1\0\4\1\0\x50\0"), &h, &err),
	    AL_ELIMIT);
	assert_int_equal(parse(B("\x16\3\1\0\4\1\1\0\0"), &h, &err),
	    AL_ELIMIT);
	assert_int_equal(parse(B("\x16\3\1\0\4\1\0\x4f\xf0"), &h, &err),
	    AL_AGAIN);
	/* is long because of its many records */
	for (size_t i = 0; i + 6 <= sizeof(in); i += 6)
		memcpy(in + i, "\x16\3\1\0\1", 6);
	in[5] = 1;
	in[17] = 0x3f;
	assert_int_equal(parse(in, AL_CLIENT_HELLO_MAX - 1, &h, &err),
	    AL_AGAIN);
	assert_int_equal(parse(in, AL_CLIENT_HELLO_MAX, &h, &err), AL_ELIMIT);
	assert_non_null(strstr(err.text, "does not end within"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(other_bytes),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
