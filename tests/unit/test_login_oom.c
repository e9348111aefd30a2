/* tests/unit/test_login_oom.c - logins when memory runs out, at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/auth.h"
#include "tests/lib/gss_script.h"
#include "tests/lib/machine.h"
#include "tests/lib/oom.h"

#define LEGS	3

/* What the proxy offers in turn; Basic too, where it would be the weaker. */
static const struct row {
	const char	*scheme;
	const char	*legs[LEGS];
} rows[] = {
	{ "Basic", { "Basic realm=\"corp\"" } },
	{ "Digest", {
		"Digest realm=\"corp\", qop=\"auth\", nonce=\"n1\"",
		"Digest realm=\"corp\", qop=\"auth\", nonce=\"n2\", "
		    "algorithm=SHA-256-sess, userhash=true, opaque=\"o\", "
		    "stale=true" } },
	/* the second is a type 2 message, of MS-NLMP 4.2.4.3 */
	{ "NTLM", { "NTLM", "NTLM TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AA"
	    "AAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG"
	    "4AAQAMAFMAZQByAHYAZQByAAAAAAA=" } },
	{ "Negotiate", { "Negotiate", "Negotiate dG9rZW4=" } },
};

static char ann[] = "ann", pw[] = "pw";

/* Never a weaker login than the one that there was no memory for. */
static enum al_code
outcome(struct al_login *l, enum al_login_act act, const char *scheme,
    struct al_err *err)
{
	if (act == AL_LOGIN_NEED)
		act = al_login_take_token(l, "token", 5, err);
	if (act == AL_LOGIN_FAIL)
		return err->code;
	assert_int_equal(act, AL_LOGIN_SEND);
	assert_memory_equal(al_buf_head(&l->value), scheme, strlen(scheme));
	return AL_OK;
}

static enum al_code
leg(struct al_login *l, const struct row *r, const char *offer,
    struct al_err *err)
{
	struct al_challenges c;
	enum al_code code;

	al_challenges_init(&c);
	code = al_challenges_add(&c, "Basic realm=\"corp\"", err);
	if (code == AL_OK)
		code = al_challenges_add(&c, offer, err);
	if (code == AL_OK)
		code = outcome(l, al_login_challenged(l, &c, err), r->scheme,
		    err);
	al_challenges_fini(&c);
	return code;
}

/* One login over its legs, as the first of the next connection too. */
static enum al_code
login(struct al_memory *memory, const struct row *r, struct al_err *err)
{
	static const uint8_t binding[] = "tls-server-end-point:hash";
	const struct al_hop hop = { .kind = AL_PROXY_HTTP, .host = "proxy",
	    .port = 1, .user = ann, .password = pw };
	const struct al_proxy_opts o = { .memory = memory, .now_us = 1,
	    .binding = binding, .binding_len = sizeof(binding) - 1 };
	enum al_login_act act;
	struct al_login l;
	enum al_code code = al_login_init(&l, &hop, "gw:443", &o, err);

	for (size_t i = 0; code == AL_OK && i < LEGS && r->legs[i] != NULL;
	    i++)
		code = leg(&l, r, r->legs[i], err);
	if (code == AL_OK) {
		al_login_accepted(&l);
		act = al_login_begin(&l, err);
		code = outcome(&l, act, r->scheme, err);
	}
	al_login_fini(&l);
	return code;
}

static void
every_place(void **state)
{
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long n = 0;

		do {
			struct al_memory *m = al_memory_new(&err);
			enum al_code code;

			assert_non_null(m);
			oom_hit = false;
			oom_left = n++;
			err.text[0] = '\0';
			code = login(m, &rows[i], &err);
			oom_left = -1;
			if (code != AL_OK && (!oom_hit ||
			    code != AL_ENOMEM || err.text[0] == '\0'))
				fail_msg("%s: allocation %ld: %s: %s",
				    rows[i].scheme, n, al_code_name(code),
				    err.text);
			/* what failed for that is not given up */
			assert_int_equal(login(m, &rows[i], &err), AL_OK);
			al_memory_free(m);
		} while (oom_hit);
		assert_true(n > 5);
	}
}

/* Kerberos at a SOCKS5 proxy, whose reply comes in two messages. */
static enum al_code
socks5(struct al_err *err)
{
	static const char in[] = "\5\1" "\1\1\0\1T" "\1\2\0\2s\2"
	    "\1\3\0\3e\5\0" "\1\3\0\x09" "e\0\1\0\0\0\0\0\0";
	const struct al_hop hop = { .kind = AL_PROXY_SOCKS5H, .host = "proxy",
	    .port = 1, .user = ann, .password = pw };
	const struct al_proxy_opts o = { .schemes = 0 };
	struct gss_script s = { .legs = 1, .flags = AL_PROXY_GIVEN_SEAL };
	struct talk t;

	if (al_proxy_machine(&s.m, &hop, "h", 443, &o, err) != AL_OK)
		return err->code;
	if (talk(gss_script(&s), (const uint8_t *)in, sizeof(in) - 1,
	    sizeof(in), &t) == AL_HS_DONE)
		return AL_OK;
	*err = t.err;
	return err->code;
}

static void
every_place_socks5(void **state)
{
	struct al_err err = { .code = AL_OK };
	long n = 0;

	(void)state;
	assert_int_equal(socks5(&err), AL_OK);
	do {
		enum al_code code;

		oom_hit = false;
		oom_left = n++;
		code = socks5(&err);
		oom_left = -1;
		if (code != (oom_hit ? AL_ENOMEM : AL_OK))
			fail_msg("allocation %ld: %s: %s", n,
			    al_code_name(code), err.text);
	} while (oom_hit);
	assert_true(n > 5);
}

/* What libcrypto makes once and keeps is made here. */
static int
warm_up(void **state)
{
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (login(NULL, &rows[i], &err) != AL_OK)
			return -1;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place),
		cmocka_unit_test(every_place_socks5),
	};

	if (!oom_crypto())
		return 1;
	return cmocka_run_group_tests(tests, warm_up, NULL);
}
