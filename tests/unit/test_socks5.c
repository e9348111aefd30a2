/* tests/unit/test_socks5.c - SOCKS5 and 5h at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/proxy.h"
#include "tests/lib/machine.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static char me[] = "me", pw[] = "pw";

/* login: with user and password. */
enum login { OPEN, LOGIN };

/* Kerberos is another test's. */
static const struct al_proxy_opts no_kerberos = {
	.schemes = AL_AUTH_BIT(AL_AUTH_BASIC),
};

static struct al_machine
machine(enum login login, const char *host)
{
	struct al_hop hop = { .kind = AL_PROXY_SOCKS5H };
	struct al_machine m;
	struct al_err err;

	if (login == LOGIN) {
		hop.user = me;
		hop.password = pw;
	}
	assert_int_equal(al_proxy_machine(&m, &hop, host, 443,
	    &no_kerberos, &err),
	    AL_OK);
	return m;
}

#define GRANT	"\5\0\0\1\0\0\0\0\0\0"
#define A255	A51 A51 A51 A51 A51
#define A51	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define REPLY(n, code) \
	{ "reply " #n, OPEN, B("\5\0\5" n "\0\1\0\0\0\0\0\0"), AL_HS_FAIL, \
	    code, n[0], 150, 10 }
#define GREET	"\5\1\0"
#define GREET2	"\5\2\0\2"
#define CONN	"\5\1\0\3\1h\1\xbb"

static const struct row {
	const char	*name;
	enum login	 login;
	const uint8_t	*in;
	size_t		 len;
	enum al_hs	 want;
	enum al_code	 code;
	int		 status, cause;
	size_t		 left;
} rows[] = {
	{ "accepts", OPEN, B("\5\0" GRANT), AL_HS_DONE, AL_OK, 0, 0, 0 },
	{ "early data", OPEN, B("\5\0" GRANT "HELLO"), AL_HS_DONE, AL_OK, 0,
	    0, 5 },
	{ "early 5 0", OPEN, B("\5\0" GRANT "\5\0"), AL_HS_DONE, AL_OK, 0, 0,
	    2 },
	{ "v6", OPEN, B("\5\0\5\0\0\4" "0123456789abcdef" "pp!"), AL_HS_DONE,
	    AL_OK, 0, 0, 1 },
	{ "name of 0", OPEN, B("\5\0\5\0\0\3\0pp!"), AL_HS_DONE, AL_OK, 0, 0,
	    1 },
	{ "name of 1", OPEN, B("\5\0\5\0\0\3\1app"), AL_HS_DONE, AL_OK, 0, 0,
	    0 },
	{ "name of 255", OPEN, B("\5\0\5\0\0\3\xff" A255 "pp!!"), AL_HS_DONE,
	    AL_OK, 0, 0, 2 },
	{ "login", LOGIN, B("\5\2\1\0" GRANT), AL_HS_DONE, AL_OK, 0, 0, 0 },
	{ "login not wanted", LOGIN, B("\5\0" GRANT "x"), AL_HS_DONE, AL_OK,
	    0, 0, 1 },
	{ "login refused", LOGIN, B("\5\2\1\1"), AL_HS_FAIL, AL_EAUTH, 1, 131,
	    2 },
	{ "login version", LOGIN, B("\5\2\5\0"), AL_HS_FAIL, AL_EPROTO, 0,
	    121, 2 },
	{ "login closed", LOGIN, B("\5\2"), AL_HS_FAIL, AL_EAUTH, 0, 131, 0 },
	{ "login demanded", OPEN, B("\5\xff"), AL_HS_FAIL, AL_EAUTH, 255, 130,
	    0 },
	{ "login not taken", LOGIN, B("\5\xff"), AL_HS_FAIL, AL_EAUTH, 255,
	    132, 0 },
	{ "not offered", OPEN, B("\5\2"), AL_HS_FAIL, AL_EPROTO, 2, 132, 0 },
	{ "gssapi", LOGIN, B("\5\1"), AL_HS_FAIL, AL_EPROTO, 1, 132, 0 },
	REPLY("\1", AL_ENET), REPLY("\2", AL_EREFUSED), REPLY("\3", AL_ENET),
	REPLY("\4", AL_ENET), REPLY("\5", AL_ENET), REPLY("\6", AL_ENET),
	REPLY("\7", AL_EREFUSED), REPLY("\10", AL_EREFUSED),
	REPLY("\11", AL_EREFUSED), REPLY("\177", AL_EREFUSED),
	{ "error cut short", OPEN, B("\5\0\5\5"), AL_HS_FAIL, AL_ENET, 5, 150,
	    2 },
	{ "error, bad type", OPEN, B("\5\0\5\2\0\x63"), AL_HS_FAIL,
	    AL_EREFUSED, 2, 150, 4 },
	{ "type 0", OPEN, B("\5\0\5\0\0\0\0\0\0\0\0\0"), AL_HS_FAIL, AL_EPROTO,
	    0, 121, 10 },
	{ "type 2", OPEN, B("\5\0\5\0\0\2\0\0\0\0\0\0"), AL_HS_FAIL, AL_EPROTO,
	    0, 121, 10 },
	{ "reply version", OPEN, B("\5\0\1\0\0\1\0\0\0\0\0\0"), AL_HS_FAIL,
	    AL_EPROTO, 0, 121, 10 },
	{ "cut", OPEN, B("\5\0\5\0\0\1\0\0\0\0\0"), AL_HS_FAIL, AL_ENET, 0,
	    120, 9 },
	{ "no reply", OPEN, B("\5\0"), AL_HS_FAIL, AL_ENET, 0, 120, 0 },
	{ "nothing", OPEN, B(""), AL_HS_FAIL, AL_ENET, 0, 121, 0 },
	{ "half a method", OPEN, B("\5"), AL_HS_FAIL, AL_ENET, 0, 120, 1 },
	{ "http", OPEN, B("HTTP/1.1 400 Bad Request\r\n\r\n"), AL_HS_FAIL,
	    AL_EPROTO, 0, 121, 28 },
	{ "socks4", OPEN, B("\0\x5b\0\0\0\0\0\0"), AL_HS_FAIL, AL_EPROTO, 0,
	    121, 8 },
	{ "ssh", OPEN, B("SSH-2.0-x\r\n"), AL_HS_FAIL, AL_EPROTO, 0, 121,
	    11 },
};

static void
every_chunk(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t chunk = 1; chunk <= r->len + 1; chunk++) {
			struct talk t;
			enum al_hs got = talk(machine(r->login, "h"), r->in,
			    r->len, chunk, &t);

			if (got != r->want || t.left != r->left)
				print_error("row \"%s\" chunk %zu\n", r->name,
				    chunk);
			assert_int_equal(got, r->want);
			assert_int_equal(t.left, r->left);
			if (got != AL_HS_FAIL)
				continue;
			assert_int_equal(t.err.code, r->code);
			assert_int_equal(t.err.stage, AL_AT_PROXY);
			assert_int_equal(t.err.status, r->status);
			assert_int_equal(t.err.cause, r->cause);
			assert_null(strstr(t.err.text, pw));
		}
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t n = 0; n <= r->len; n++) {
			struct talk t;
			enum al_hs got = talk(machine(r->login, "h"), r->in,
			    n, 3, &t);

			assert_int_equal(got, r->want == AL_HS_DONE &&
			    n >= r->len - r->left ? AL_HS_DONE : AL_HS_FAIL);
			if (got == AL_HS_FAIL)
				assert_true(t.err.text[0] != '\0');
		}
	}
}

static void
sent(enum al_proxy_kind kind, enum login login, const char *host,
    const uint8_t *in, size_t in_len, const uint8_t *want, size_t len)
{
	struct al_hop hop = { .kind = kind };
	struct al_machine m;
	struct talk t;

	if (login == LOGIN) {
		hop.user = me;
		hop.password = pw;
	}
	assert_int_equal(al_proxy_machine(&m, &hop, host, 443,
	    &no_kerberos, &t.err),
	    AL_OK);
	(void)talk(m, in, in_len, 1, &t);
	assert_int_equal(t.sent_len, len);
	assert_memory_equal(t.sent, want, len);
}

static void
requests(void **state)
{
	static const char *const refused[] = {
		"", "a b", "a\rb", "a\nb",
	};

	(void)state;
	sent(AL_PROXY_SOCKS5H, OPEN, "h", B("\5\0" GRANT), B(GREET CONN));
	sent(AL_PROXY_SOCKS5H, LOGIN, "h", B("\5\0" GRANT), B(GREET2 CONN));
	sent(AL_PROXY_SOCKS5H, LOGIN, "h", B("\5\2\1\0" GRANT),
	    B(GREET2 "\1\2me\2pw" CONN));
	/* no word about host or port before the login is accepted */
	sent(AL_PROXY_SOCKS5H, LOGIN, "h", B("\5\2\1\1"),
	    B(GREET2 "\1\2me\2pw"));
	sent(AL_PROXY_SOCKS5H, LOGIN, "h", B("\5\1"), B(GREET2));
	sent(AL_PROXY_SOCKS5H, OPEN, "1.2.3.4", B("\5\0"),
	    B(GREET "\5\1\0\1\1\2\3\4\1\xbb"));
	sent(AL_PROXY_SOCKS5, OPEN, "1.2.3.4", B("\5\0"),
	    B(GREET "\5\1\0\1\1\2\3\4\1\xbb"));
	sent(AL_PROXY_SOCKS5, OPEN, "::1", B("\5\0"),
	    B(GREET "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb"));
	for (size_t i = 0; i < N(refused); i++) {
		struct al_hop hop = { .kind = AL_PROXY_SOCKS5H };
		struct al_machine m;
		struct al_err err;

		assert_int_equal(al_proxy_machine(&m, &hop, refused[i], 443,
		    &no_kerberos, &err), AL_EUSAGE);
	}
}

static void
refuses(const struct al_hop *hop, const char *host, enum al_code want)
{
	struct al_machine m;
	struct al_err err;

	assert_int_equal(al_proxy_machine(&m, hop, host, 443,
	    &no_kerberos, &err),
	    want);
	if (want == AL_OK)
		m.ops->free(m.m);
	else
		assert_int_equal(err.stage, AL_AT_PROXY);
}

/* CVE-2023-38545: a name too long is an error, never resolved here. */
static void
lengths(void **state)
{
	static const size_t sizes[] = { 65535, 256, 255, 254 };
	static char text[65536];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i < N(sizes); i++) {
		struct al_hop name = { .kind = AL_PROXY_SOCKS5H };
		struct al_hop here = { .kind = AL_PROXY_SOCKS5 };
		struct al_hop user = { .kind = AL_PROXY_SOCKS5H,
		    .user = text };
		struct al_hop both = { .kind = AL_PROXY_SOCKS5H,
		    .user = me, .password = text };
		enum al_code want = sizes[i] > 255 ? AL_EUSAGE : AL_OK;

		text[sizes[i]] = '\0';
		refuses(&name, text, want);
		refuses(&user, "h", want);
		refuses(&both, "h", want);
		refuses(&here, text, AL_EUSAGE);
		if (want == AL_OK) {
			static uint8_t in[] = "\5\2\1\0" GRANT;
			struct al_machine m;
			struct talk t;

			user.password = text;
			assert_int_equal(al_proxy_machine(&m, &user, text, 1,
			    &no_kerberos, &t.err), AL_OK);
			assert_int_equal(talk(m, in, sizeof(in) - 1, 1, &t),
			    AL_HS_DONE);
			assert_int_equal(t.sent_len,
			    4 + 3 + 2 * sizes[i] + 7 + sizes[i]);
		}
	}
}

static void
needs(void **state)
{
	(void)state;
	assert_int_equal(al_proxy_needs_address(AL_PROXY_HTTP), 0);
	assert_int_equal(al_proxy_needs_address(AL_PROXY_HTTPS), 0);
	assert_int_equal(al_proxy_needs_address(AL_PROXY_SOCKS4A), 0);
	assert_int_equal(al_proxy_needs_address(AL_PROXY_SOCKS5H), 0);
	assert_int_equal(al_proxy_needs_address(AL_PROXY_SOCKS4), AF_INET);
	assert_int_equal(al_proxy_needs_address(AL_PROXY_SOCKS5),
	    AL_ANY_FAMILY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(requests),
		cmocka_unit_test(lengths),
		cmocka_unit_test(needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
