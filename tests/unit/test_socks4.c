/* tests/unit/test_socks4.c - SOCKS4 and 4a at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/proxy.h"
#include "tests/lib/machine.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static struct al_machine
machine(enum al_proxy_kind kind, const char *user, const char *host)
{
	char name[300];
	struct al_hop hop = { .kind = kind };
	struct al_machine m;
	struct al_err err;

	if (user != NULL) {
		strcpy(name, user);
		hop.user = name;
	}
	assert_int_equal(al_proxy_machine(&m, &hop, host, 443, NULL, &err),
	    AL_OK);
	return m;
}

static const struct row {
	const char	*name;
	const uint8_t	*in;
	size_t		 len;
	enum al_hs	 want;
	enum al_code	 code;
	int		 status, cause;
	size_t		 left;
} rows[] = {
#define OK4	"\0\x5a\0\0\0\0\0\0"
	{ "granted", B(OK4), AL_HS_DONE, AL_OK, 0, 0, 0 },
	{ "version 4", B("\4\x5a\1\2\3\4\5\6"), AL_HS_DONE, AL_OK, 0, 0, 0 },
	{ "early data", B(OK4 "SSH-2.0"), AL_HS_DONE, AL_OK, 0, 0, 7 },
	{ "early zeros", B(OK4 "\0\0\0"), AL_HS_DONE, AL_OK, 0, 0, 3 },
	{ "91", B("\0\x5b\0\0\0\0\0\0"), AL_HS_FAIL, AL_ENET, 91, 150, 8 },
	{ "92", B("\0\x5c\0\0\0\0\0\0"), AL_HS_FAIL, AL_EAUTH, 92, 150, 8 },
	{ "93", B("\0\x5d\0\0\0\0\0\0"), AL_HS_FAIL, AL_EAUTH, 93, 131, 8 },
	{ "91 cut", B("\0\x5b"), AL_HS_FAIL, AL_ENET, 91, 150, 2 },
	{ "94", B("\0\x5e\0\0\0\0\0\0"), AL_HS_FAIL, AL_EPROTO, 94, 150, 8 },
	{ "0", B("\0\0\0\0\0\0\0\0"), AL_HS_FAIL, AL_EPROTO, 0, 150, 8 },
	{ "granted, cut", B("\0\x5a\0\0\0\0\0"), AL_HS_FAIL, AL_ENET, 0, 120,
	    7 },
	{ "nothing", B(""), AL_HS_FAIL, AL_ENET, 0, 121, 0 },
	{ "socks5", B("\5\xff"), AL_HS_FAIL, AL_EPROTO, 0, 121, 2 },
	{ "http", B("HTTP/1.1 400 Bad Request\r\n\r\n"), AL_HS_FAIL,
	    AL_EPROTO, 0, 121, 28 },
};

static void
every_chunk(void **state)
{
	static const char want[] =
	    "\4\1\1\xbb\1\2\3\4root\0";

	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t chunk = 1; chunk <= r->len + 1; chunk++) {
			struct talk t;
			enum al_hs got = talk(machine(AL_PROXY_SOCKS4, "root",
			    "1.2.3.4"), r->in, r->len, chunk, &t);

			if (got != r->want)
				print_error("row \"%s\" chunk %zu\n", r->name,
				    chunk);
			assert_int_equal(got, r->want);
			assert_int_equal(t.sent_len, sizeof(want) - 1);
			assert_memory_equal(t.sent, want, sizeof(want) - 1);
			assert_int_equal(t.left, r->left);
			if (got != AL_HS_FAIL)
				continue;
			assert_int_equal(t.err.code, r->code);
			assert_int_equal(t.err.stage, AL_AT_PROXY);
			assert_int_equal(t.err.status, r->status);
			assert_int_equal(t.err.cause, r->cause);
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
			enum al_hs got = talk(machine(AL_PROXY_SOCKS4A, NULL,
			    "h"), r->in, n, 1, &t);

			assert_int_equal(got, r->want == AL_HS_DONE && n >= 8 ?
			    AL_HS_DONE : AL_HS_FAIL);
			if (got == AL_HS_FAIL)
				assert_true(t.err.text[0] != '\0');
		}
	}
}

static void
requests(void **state)
{
	static const struct {
		enum al_proxy_kind	 kind;
		const char		*user, *host;
		const uint8_t		*want;
		size_t			 len;
	} good[] = {
		{ AL_PROXY_SOCKS4, NULL, "10.0.0.1",
		    B("\4\1\1\xbb\x0a\0\0\1\0") },
		{ AL_PROXY_SOCKS4A, "me", "10.0.0.1",
		    B("\4\1\1\xbb\x0a\0\0\1me\0") },
		{ AL_PROXY_SOCKS4A, "me", "a.example",
		    B("\4\1\1\xbb\0\0\0\1me\0a.example\0") },
	};
	static const struct {
		enum al_proxy_kind	 kind;
		const char		*host;
	} refused[] = {
		{ AL_PROXY_SOCKS4, "a.example" }, { AL_PROXY_SOCKS4, "::1" },
		{ AL_PROXY_SOCKS4A, "::1" }, { AL_PROXY_SOCKS4, "0.0.0.5" },
		{ AL_PROXY_SOCKS4A, "0.0.0.0" }, { AL_PROXY_SOCKS4A, "" },
		{ AL_PROXY_SOCKS4A, "a b" }, { AL_PROXY_SOCKS4A, "a\nb" },
	};

	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		struct talk t;

		(void)talk(machine(good[i].kind, good[i].user, good[i].host),
		    B(OK4), 8, &t);
		assert_int_equal(t.sent_len, good[i].len);
		assert_memory_equal(t.sent, good[i].want, good[i].len);
	}
	for (size_t i = 0; i < N(refused); i++) {
		struct al_hop hop = { .kind = refused[i].kind };
		struct al_machine m;
		struct al_err err;

		assert_int_equal(al_proxy_machine(&m, &hop, refused[i].host,
		    443, NULL, &err), AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_PROXY);
	}
}

static void
lengths(void **state)
{
	static char text[65536];
	struct al_hop user = { .kind = AL_PROXY_SOCKS4, .user = text };
	struct al_hop name = { .kind = AL_PROXY_SOCKS4A };

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	for (size_t n = sizeof(text) - 1; n >= 254; n = n > 300 ? 256 : n - 1) {
		enum al_code want = n > 255 ? AL_EUSAGE : AL_OK;
		struct al_machine m;
		struct al_err err;

		text[n] = '\0';
		assert_int_equal(al_proxy_machine(&m, &user, "1.2.3.4", 1,
		    NULL, &err), want);
		if (want == AL_OK)
			m.ops->free(m.m);
		assert_int_equal(al_proxy_machine(&m, &name, text, 1, NULL,
		    &err), want);
		if (want == AL_OK)
			m.ops->free(m.m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(requests),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
