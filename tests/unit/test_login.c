/* tests/unit/test_login.c - which login, how often, and when no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "proxy/auth.h"

#define T0		UINT64_C(1000000000)
#define DIGEST		"Digest realm=\"corp\", qop=\"auth\", nonce=\"n1\""
#define DIGEST_2	"Digest realm=\"corp\", qop=\"auth\", nonce=\"n2\""
#define STALE		DIGEST_2 ", stale=true"
#define BASIC		"Basic realm=\"corp\""
/* A type 2 message, of MS-NLMP 4.2.4.3 */
#define TYPE2 "NTLM TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJAB" \
	"EAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHY" \
	"AZQByAAAAAAA="

static char ann[] = "ann", pw[] = "pw";
static struct al_err err;
static struct al_memory *memory;
static struct al_login l;

static void
begin_as(char *user, char *password, unsigned schemes, uint64_t now_us)
{
	struct al_hop hop = { .kind = AL_PROXY_HTTP, .host = "proxy",
	    .port = 1, .user = user, .password = password };
	const struct al_proxy_opts o = { .memory = memory,
	    .schemes = schemes, .now_us = now_us };

	assert_int_equal(al_login_init(&l, &hop, "gw:443", &o, &err), AL_OK);
}

/* What the proxy offers, one or two fields; "PLAIN", or what is sent. */
static void
offer(const char *a, const char *b, const char *want)
{
	struct al_challenges c;
	enum al_login_act act;
	char got[600] = "";

	al_challenges_init(&c);
	assert_int_equal(al_challenges_add(&c, a, &err), AL_OK);
	if (b != NULL)
		assert_int_equal(al_challenges_add(&c, b, &err), AL_OK);
	act = al_login_challenged(&l, &c, &err);
	al_challenges_fini(&c);
	if (act == AL_LOGIN_SEND)
		(void)snprintf(got, sizeof(got), "%.*s",
		    (int)al_buf_len(&l.value),
		    (const char *)al_buf_head(&l.value));
	else
		(void)snprintf(got, sizeof(got), "%s",
		    act == AL_LOGIN_FAIL ? err.text : act == AL_LOGIN_NEED ?
		    "NEED" : "PLAIN");
	if (strstr(got, want) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", want, got);
}

static int
setup(void **state)
{
	(void)state;
	memory = al_memory_new(&err);
	return memory != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	al_memory_free(memory);
	return 0;
}

static void
strongest_first(void **state)
{
	static const struct { const char *a, *b, *want; } rows[] = {
		{ BASIC, NULL, "Basic " },
		{ BASIC, DIGEST, "Digest username=\"ann\"" },
		{ BASIC ", " DIGEST, "NTLM", "NTLM TlRMTVNTUAAB" },
		{ "NTLM, " BASIC, "Negotiate", "NEED" },
		{ "Bearer, " BASIC, "Hoba", "Basic " },
		/* what is broken is passed over */
		{ "Digest realm=\"x\"", BASIC, "Basic " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_as(ann, pw, 0, T0);
		l.seen->unfit_until_us = 0;
		assert_int_equal(al_login_begin(&l, &err), AL_LOGIN_PLAIN);
		offer(rows[i].a, rows[i].b, rows[i].want);
		l.seen->auth = AL_AUTH_UNKNOWN;
		al_login_fini(&l);
	}
}

static void
none_fits(void **state)
{
	(void)state;
	begin_as(NULL, NULL, 0, T0);
	offer(BASIC, DIGEST, "demands a login (407; it takes Basic, Digest): "
	    "configure a user and a password");
	assert_int_equal(err.cause, 130);
	assert_int_equal(err.code, AL_EAUTH);
	al_login_fini(&l);
	begin_as(ann, pw, AL_AUTH_BIT(AL_AUTH_DIGEST), T0);
	offer(BASIC, NULL, "not supported or not allowed here: Basic");
	assert_int_equal(err.cause, 132);
	al_login_fini(&l);
	begin_as(ann, pw, 0, T0 + 60000000);
	offer("Digest realm=\"x\"", NULL, "none of them works here (Digest: ");
	al_login_fini(&l);
}

/* A rejection is the end: of this scheme, of the others, and for 5 min. */
static void
one_rejection(void **state)
{
	(void)state;
	begin_as(ann, pw, 0, T0);
	offer(DIGEST, BASIC, "Digest ");
	offer(DIGEST_2, BASIC, "refuses this user name or password (407 again "
	    "after Digest)");
	assert_int_equal(err.cause, 131);
	al_login_fini(&l);

	begin_as(ann, pw, 0, T0 + AL_REFUSED_US - 1);
	assert_int_equal(al_login_begin(&l, &err), AL_LOGIN_PLAIN);
	offer(DIGEST, BASIC, "not tried again for 1 s");
	assert_int_equal(err.cause, 131);
	/* another realm is another account */
	offer("Basic realm=\"other\"", NULL, "Basic ");
	al_login_fini(&l);

	begin_as(ann, pw, 0, T0 + AL_REFUSED_US);
	offer(DIGEST, BASIC, "Digest ");
	al_login_accepted(&l);
	al_login_fini(&l);
}

/* The second connection begins with what the first one learned. */
static void
first_request(void **state)
{
	(void)state;
	begin_as(ann, pw, 0, T0);
	offer(DIGEST, NULL, "nc=00000001");
	al_login_accepted(&l);
	al_login_fini(&l);
	begin_as(ann, pw, 0, T0);
	assert_int_equal(al_login_begin(&l, &err), AL_LOGIN_SEND);
	assert_non_null(strstr((char *)al_buf_head(&l.value),
	    "nc=00000002"));
	/* the nonce was forgotten there: once more with a new one */
	offer(DIGEST_2, NULL, "nonce=\"n2\"");
	offer(DIGEST, NULL, "refuses this user name");
	al_login_fini(&l);
}

static void
stale_only_once(void **state)
{
	(void)state;
	begin_as(ann, pw, 0, T0);
	offer(DIGEST, NULL, "nonce=\"n1\"");
	offer(STALE, NULL, "nonce=\"n2\"");
	offer(STALE, NULL, "refuses this user name");
	al_login_fini(&l);
}

static void
ntlm_legs(void **state)
{
	(void)state;
	begin_as(ann, pw, 0, T0);
	assert_false(al_login_is_midway(&l));
	offer("NTLM", BASIC, "NTLM TlRMTVNTUAAB");
	assert_false(al_login_is_midway(&l));
	offer(TYPE2, NULL, "NTLM TlRMTVNTUAAD");
	assert_true(al_login_is_midway(&l));
	offer("NTLM", BASIC, "refuses this user name or password (407 again "
	    "after NTLM)");
	al_login_fini(&l);
	/* it starts over, or talks nonsense: the next scheme */
	begin_as(ann, pw, 0, T0 + 2 * AL_REFUSED_US);
	offer("NTLM", "Negotiate", "NEED");
	(void)al_fail(&err, AL_EAUTH, AL_AT_PROXY, 0, "no ticket");
	assert_int_equal(al_login_no_token(&l, &err, &err),
	    AL_LOGIN_PLAIN);
	offer("NTLM", "Negotiate", "NTLM TlRMTVNTUAAB");
	assert_false(al_login_is_midway(&l));	/* this one has just begun */
	offer("NTLM", BASIC, "Basic ");
	assert_false(al_login_is_midway(&l));
	al_login_fini(&l);
	begin_as(ann, pw, 0, T0 + 4 * AL_REFUSED_US);
	l.seen->auth = AL_AUTH_UNKNOWN;
	offer("NTLM", BASIC, "NTLM TlRMTVNTUAAB");
	offer("NTLM AAAA", BASIC, "Basic ");
	al_login_fini(&l);
}

/* No ticket: the other schemes have their turn, at this attempt only. */
static void
no_ticket(void **state)
{
	struct al_err cause;

	(void)state;
	(void)al_fail(&cause, AL_EAUTH, AL_AT_PROXY, 0, "no ticket");
	begin_as(ann, pw, 0, T0);
	offer("Negotiate", BASIC, "NEED");
	assert_int_equal(al_login_no_token(&l, &cause, &err),
	    AL_LOGIN_PLAIN);
	offer("Negotiate", BASIC, "Basic ");
	al_login_fini(&l);
	begin_as(ann, pw, 0, T0 + 1000000);	/* a redial */
	l.seen->auth = AL_AUTH_UNKNOWN;
	offer("Negotiate", BASIC, "Basic ");
	al_login_fini(&l);
	begin_as(ann, pw, 0, T0 + 60000000);
	l.seen->auth = AL_AUTH_UNKNOWN;
	offer("Negotiate", BASIC, "NEED");
	(void)al_fail_nomem(&cause, AL_AT_PROXY);	/* no word of tickets */
	assert_int_equal(al_login_no_token(&l, &cause, &err), AL_LOGIN_FAIL);
	assert_int_equal(err.code, AL_ENOMEM);
	al_login_fini(&l);
	(void)al_fail(&cause, AL_EAUTH, AL_AT_PROXY, 0, "no ticket");
	begin_as(NULL, NULL, 0, T0);
	offer("Negotiate", NULL, "NEED");
	assert_int_equal(al_login_no_token(&l, &cause, &err),
	    AL_LOGIN_PLAIN);
	offer("Negotiate", NULL, "(Negotiate: no ticket)");
	al_login_fini(&l);
	begin_as(NULL, NULL, 0, T0 + 60000000);	/* later: asked again */
	offer("Negotiate", NULL, "NEED");
	assert_int_equal(al_login_take_token(&l, "tok", 3, &err),
	    AL_LOGIN_SEND);
	assert_memory_equal(al_buf_head(&l.value), "Negotiate dG9r", 14);
	offer("Negotiate", NULL, "refuses");
	al_login_fini(&l);
}

static void
unfit_credentials(void **state)
{
	static char bell[] = "a\ab", colon[] = "a:b";
	struct al_hop hop = { .kind = AL_PROXY_HTTP, .user = bell };
	const struct al_proxy_opts o = { .schemes = 0 };

	(void)state;
	assert_int_equal(al_login_init(&l, &hop, "gw:443", &o, &err),
	    AL_EUSAGE);
	al_login_fini(&l);
	begin_as(colon, pw, 0, T0);
	offer(BASIC, DIGEST, "Digest ");
	al_login_fini(&l);
	begin_as(colon, pw, AL_AUTH_BIT(AL_AUTH_BASIC), T0);
	offer(BASIC, DIGEST, "a user name with ':' does not work with Basic");
	al_login_fini(&l);
}

/* OpenSSL in FIPS mode: the next scheme, before the proxy hears of this one. */
static void
no_md5(void **state)
{
	(void)state;
	assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
	begin_as(ann, pw, 0, T0);
	offer("NTLM, " DIGEST, BASIC, "Basic ");
	al_login_fini(&l);
	begin_as(ann, pw, 0, T0 + 60000000);
	offer("NTLM", NULL, "(NTLM: OpenSSL does not allow its MD5 here");
	al_login_fini(&l);
	assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(strongest_first), T(none_fits), T(one_rejection),
		T(first_request), T(stale_only_once), T(ntlm_legs),
		T(no_ticket), T(unfit_credentials), T(no_md5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
