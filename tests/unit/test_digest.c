/* tests/unit/test_digest.c - answers to Digest challenges, to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/digest.h"
#include "tests/lib/guard.h"

#define RFC7616	"realm=\"http-auth@example.org\", " \
	"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
#define RFC7616_OPAQUE \
	"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
#define RFC7616_CNONCE	"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define RFC2617	"realm=\"testrealm@host.com\", " \
	"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
#define RFC2617_OPAQUE	"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
#define JASON	"J\xc3\xa4s\xc3\xb8n Doe"
/* What is NULL is bob, "pa ss", CONNECT, gw.example:443, c1. */
static const struct {
	const char	*name, *challenge, *user, *password, *method, *uri;
	const char	*cnonce, *want;
} rows[] = {
	{ "RFC 7616 3.9.1, MD5", "Digest " RFC7616 "qop=\"auth, auth-int\", "
	    "algorithm=MD5, " RFC7616_OPAQUE, "Mufasa", "Circle of Life",
	    "GET", "/dir/index.html", RFC7616_CNONCE,
	    "Digest username=\"Mufasa\", " RFC7616 "uri=\"/dir/index.html\", "
	    "cnonce=\"" RFC7616_CNONCE "\", nc=00000001, qop=auth, response="
	    "\"8ca523f5e9506fed4657c9700eebdbec\", " RFC7616_OPAQUE
	    ", algorithm=MD5" },
	{ "RFC 7616 3.9.1, SHA-256", "Digest " RFC7616 "qop=\"auth, "
	    "auth-int\", algorithm=SHA-256, " RFC7616_OPAQUE, "Mufasa",
	    "Circle of Life", "GET", "/dir/index.html", RFC7616_CNONCE,
	    "Digest username=\"Mufasa\", " RFC7616 "uri=\"/dir/index.html\", "
	    "cnonce=\"" RFC7616_CNONCE "\", nc=00000001, qop=auth, response="
	    "\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6"
	    "c1\", " RFC7616_OPAQUE ", algorithm=SHA-256" },
	/* The hashes of the RFC are SHA-512 cut short: erratum 4897. */
	{ "RFC 7616 3.9.2", "Digest realm=\"api@example.org\", qop=\"auth\", "
	    "algorithm=SHA-512-256, nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34"
	    "I9HAbC/RVvkK\", opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2Qm"
	    "XDnsOS\", charset=UTF-8, userhash=true", JASON,
	    "Secret, or not?", "GET", "/doe.json",
	    "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
	    "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e36"
	    "0aeb624ed06ece9b0b\", realm=\"api@example.org\", nonce=\"5TsQWLV"
	    "dgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", uri=\"/doe.json\", cnon"
	    "ce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", nc=0000000"
	    "1, qop=auth, response=\"3798d4131c277846293534c3edc11bd8a5e4cdc"
	    "bff78b05db9d95eeb1cec68a5\", opaque=\"HRPCssKJSGjCrkzDg8OhwpzCi"
	    "GPChXYjwrI2QmXDnsOS\", algorithm=SHA-512-256, userhash=true" },
	{ "RFC 2617 3.5", "Digest " RFC2617 "qop=\"auth,auth-int\", "
	    RFC2617_OPAQUE, "Mufasa", "Circle Of Life", "GET",
	    "/dir/index.html", "0a4f113b",
	    "Digest username=\"Mufasa\", " RFC2617 "uri=\"/dir/index.html\", "
	    "cnonce=\"0a4f113b\", nc=00000001, qop=auth, response=\"6629fae4"
	    "9393a05397450978507c4ef1\", " RFC2617_OPAQUE },
	{ "RFC 2069: no qop", "Digest " RFC2617 RFC2617_OPAQUE, "Mufasa",
	    "Circle Of Life", "GET", "/dir/index.html", "0a4f113b",
	    "Digest username=\"Mufasa\", " RFC2617 "uri=\"/dir/index.html\", "
	    "response=\"670fd8c2df070c60b045671b8b24ff02\", "
	    RFC2617_OPAQUE },
	{ "no opaque, no algorithm", ASK "qop=auth", .want = BOB ONE
	    "qop=auth, response=\"8e5367ba0294de19967979c768f416f7\"" },
	{ "empty opaque", ASK "qop=auth, opaque=\"\"", .want = BOB ONE
	    "qop=auth, response=\"8e5367ba0294de19967979c768f416f7\", "
	    "opaque=\"\"" },
	{ "any case, echoed", "DIGEST REALM=\"proxy\", Nonce=\"n1\", "
	    "ALGORITHM=\"sha-256\", Qop=\"AUTH\"", .want = BOB ONE
	    "qop=auth, response=\"84ea6b6da9325b9288f3ce719ff352458ba8398253"
	    "ca64b6659b372a29873200\", algorithm=sha-256" },
	{ "SHA-512-256", ASK "algorithm=SHA-512-256, qop=\"auth\"",
	    .want = BOB ONE "qop=auth, response=\"09705cd8b114f2edeb353e7d41"
	    "9afc312a04f358712aba57ef7f714651cd6b3e\", "
	    "algorithm=SHA-512-256" },
	{ "MD5-sess", ASK "algorithm=MD5-sess, qop=\"auth\"",
	    .want = BOB ONE "qop=auth, response=\"e02ab4088deeaa98ae429a81ae"
	    "ae920a\", algorithm=MD5-sess" },
	{ "SHA-256-sess", ASK "algorithm=SHA-256-SESS, qop=\"auth\"",
	    .want = BOB ONE "qop=auth, response=\"ee62374838d8f0f63443bb1adb"
	    "a8d5340afef9bc3dfa31b4ec6e63be9af170ef\", "
	    "algorithm=SHA-256-SESS" },
	{ "SHA-512-256-sess", ASK "algorithm=SHA-512-256-sess, qop=\"auth\"",
	    .want = BOB ONE "qop=auth, response=\"eb6b759285656b8eb9d22c71f8"
	    "df85985b7e6a917a7e78f58a04c415d7dcc921\", "
	    "algorithm=SHA-512-256-sess" },
	{ "-sess without qop", ASK "algorithm=MD5-sess", .want = BOB
	    "cnonce=\"c1\", response=\"8d5d2b8fdd9f7f2fae837d882ba06ec0\", "
	    "algorithm=MD5-sess" },
	{ "auth-int alone", ASK "qop=\"auth-int\"", .want = BOB ONE
	    "qop=auth-int, response=\"3453c37af48dc26273e3fbeb1cc21de1\"" },
	{ "auth-int with SHA-256", ASK "qop=\"new, auth-int\", "
	    "algorithm=SHA-256", .want = BOB ONE "qop=auth-int, response="
	    "\"814428138fb64425919c6536e35276257edb34f5c2b87a286a41d26ac379b2"
	    "32\", algorithm=SHA-256" },
	{ "auth-int in a session", ASK "qop=auth-int, "
	    "algorithm=SHA-512-256-sess", .want = BOB ONE "qop=auth-int, "
	    "response=\"11324d779bfa4597af27225058897538da79dadc5890370f5433a"
	    "bbbf5710359\", algorithm=SHA-512-256-sess" },
	{ "auth before auth-int", ASK "qop=\" ,auth-int\tauth, x\"",
	    .want = BOB ONE "qop=auth, "
	    "response=\"8e5367ba0294de19967979c768f416f7\"" },
	{ "empty qop", ASK "qop=\"\"", .want = BOB
	    "response=\"57d9dce3b052f7e6057c318642df5dd3\"" },
	{ "SHA-256 without qop", ASK "algorithm=SHA-256", .want = BOB
	    "response=\"90462b6c412a4b06c201f1abb0ad83c6024da405482d41156292b"
	    "1c663b3a7d1\", algorithm=SHA-256" },
	{ "quoting", "Digest realm=\"a \\\"b\\\" \\\\c\", nonce=\"n\\\"\\\\1"
	    "\", qop=auth, opaque=\"\\\\\\\"\\o\"", "b\"o\\b", "p\"\\",
	    .cnonce = "c\"1", .want = "Digest username=\"b\\\"o\\\\b\", "
	    "realm=\"a \\\"b\\\" \\\\c\", nonce=\"n\\\"\\\\1\", "
	    "uri=\"gw.example:443\", cnonce=\"c\\\"1\", nc=00000001, "
	    "qop=auth, response=\"a211eb44f3653395ad4668af034ca5af\", "
	    "opaque=\"\\\\\\\"o\"" },
	{ "not ASCII, charset", ASK "algorithm=SHA-256, qop=auth, "
	    "charset=utf-8", JASON, .want = "Digest username*=UTF-8''J%C3%A4"
	    "s%C3%B8n%20Doe, realm=\"proxy\", nonce=\"n1\", "
	    "uri=\"gw.example:443\", " ONE "qop=auth, response=\"84232f5f0ab"
	    "59ae4278b459249c60fa89f80dbe55a79c2085329f47b4a39d563\", "
	    "algorithm=SHA-256" },
	{ "not ASCII, no charset", ASK "algorithm=SHA-256, qop=auth, "
	    "userhash=false", JASON, .want = "Digest username=\"" JASON
	    "\", realm=\"proxy\", nonce=\"n1\", uri=\"gw.example:443\", " ONE
	    "qop=auth, response=\"84232f5f0ab59ae4278b459249c60fa89f80dbe55a"
	    "79c2085329f47b4a39d563\", algorithm=SHA-256" },
	{ "not ASCII, hashed", ASK "algorithm=SHA-256, qop=auth, "
	    "userhash=TRUE", JASON, .want = "Digest username=\"cb3374198c98c"
	    "301a6cc16d4f4e018bd2c7a50da2c13f933d0cdea25a1878af9\", "
	    "realm=\"proxy\", nonce=\"n1\", uri=\"gw.example:443\", " ONE
	    "qop=auth, response=\"84232f5f0ab59ae4278b459249c60fa89f80dbe55a"
	    "79c2085329f47b4a39d563\", algorithm=SHA-256, userhash=true" },
	{ "ASCII, charset", ASK "qop=auth, charset=UTF-8, domain=\"/\"",
	    .want = BOB ONE
	    "qop=auth, response=\"8e5367ba0294de19967979c768f416f7\"" },
	{ "an IPv6 target", ASK "qop=auth", .uri = "[2001:db8::1]:443",
	    .want = "Digest username=\"bob\", realm=\"proxy\", nonce=\"n1\", "
	    "uri=\"[2001:db8::1]:443\", " ONE "qop=auth, "
	    "response=\"c718a2188611a81a4582c62924b14b13\"" },
	{ "no name, no password", ASK "qop=auth", "", "",
	    .want = "Digest username=\"\", realm=\"proxy\", nonce=\"n1\", "
	    "uri=\"gw.example:443\", " ONE "qop=auth, "
	    "response=\"49d67bee71d8e269e71b8a393058a834\"" },
	{ "empty realm and nonce", "Digest realm=\"\", nonce=\"\", qop=auth",
	    .want = "Digest username=\"bob\", realm=\"\", nonce=\"\", "
	    "uri=\"gw.example:443\", " ONE "qop=auth, "
	    "response=\"a8d174b3c291d1006f994bbc84d96873\"" },
};

static const char *
or(const char *s, const char *instead)
{
	return s != NULL ? s : instead;
}

static void
expect(struct al_digest *d, const struct al_digest_request *q,
    const char *want)
{
	struct al_buf out;
	struct al_err err;

	al_buf_init(&out, LONG);
	assert_int_equal(al_buf_puts(&out, "before "), AL_OK);
	assert_int_equal(al_digest_answer(d, q, &out, &err), AL_OK);
	assert_int_equal(al_buf_put(&out, "", 1), AL_OK);
	assert_memory_equal(al_buf_head(&out), "before ", 7);
	assert_string_equal((const char *)al_buf_head(&out) + 7, want);
	al_buf_fini(&out);
}

/* want is somewhere in the answer. */
static void
expect_part(struct al_digest *d, const struct al_digest_request *q,
    const char *want)
{
	struct al_buf out;
	struct al_err err;

	al_buf_init(&out, LONG);
	assert_int_equal(al_digest_answer(d, q, &out, &err), AL_OK);
	assert_int_equal(al_buf_put(&out, "", 1), AL_OK);
	if (strstr((const char *)al_buf_head(&out), want) == NULL)
		assert_string_equal((const char *)al_buf_head(&out), want);
	al_buf_fini(&out);
}

static void
answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct al_digest d = { 0 };
		struct al_digest_request q = {
			.user = or(rows[i].user, "bob"),
			.password = or(rows[i].password, "pa ss"),
			.method = or(rows[i].method, "CONNECT"),
			.uri = or(rows[i].uri, "gw.example:443"),
			.cnonce = or(rows[i].cnonce, "c1"),
		};
		struct al_err err;

		print_message("%s\n", rows[i].name);
		assert_int_equal(challenge(&d, rows[i].challenge, &err),
		    AL_OK);
		expect(&d, &q, rows[i].want);
		assert_int_equal(d.nc, 1);
		al_digest_fini(&d);
		for (size_t k = 0; k < sizeof(d); k++)
			assert_int_equal(((const char *)&d)[k], 0);
	}
}

static void
hashes_the_body(void **state)
{
	struct al_digest_request q = request("c1");
	struct guard g = guard_copy("Hi\0\n", 4);
	struct al_digest d = { 0 };
	struct al_err err;

	(void)state;
	q.body = g.p;
	q.body_len = 4;
	assert_int_equal(challenge(&d, ASK "qop=auth-int", &err), AL_OK);
	expect_part(&d, &q, "\"7c3a0fe2a76706d765755a5190fb7835\"");
	d = (struct al_digest){ 0 };
	assert_int_equal(challenge(&d, ASK "qop=auth-int, "
	    "algorithm=SHA-512-256", &err), AL_OK);
	expect_part(&d, &q, "\"3bcffa9691caeea09ececb8d99b365480c58b9cfe021d7"
	    "09170b78bd479fd59c\"");
	/* auth leaves the body out */
	d = (struct al_digest){ 0 };
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_OK);
	expect_part(&d, &q, "\"8e5367ba0294de19967979c768f416f7\"");
	guard_free(&g);
}

static void
counts(void **state)
{
	struct al_digest_request one = request("c1"), two = request("c2");
	struct al_digest d = { 0 };
	struct al_err err;
	struct al_buf out;

	(void)state;
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_OK);
	expect(&d, &one, BOB ONE "qop=auth, "
	    "response=\"8e5367ba0294de19967979c768f416f7\"");
	expect(&d, &two, BOB "cnonce=\"c2\", nc=00000002, qop=auth, "
	    "response=\"af16a693dafdfa5d17d7b781aa075f98\"");
	d.nc = 15;
	expect_part(&d, &two, "nc=00000010, qop=auth, "
	    "response=\"4960fff6ace6fa49fd9eedd4a211d68a\"");
	/* the same nonce again, another one, and the first anew */
	assert_int_equal(challenge(&d, ASK "qop=auth, stale=TRUE", &err),
	    AL_OK);
	assert_true(d.stale);
	expect_part(&d, &two, "nc=00000011");
	assert_int_equal(challenge(&d, "Digest realm=proxy, nonce=n10, "
	    "stale=false", &err), AL_OK);
	assert_false(d.stale);
	assert_int_equal(d.nc, 0);
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_OK);
	expect_part(&d, &one, "nc=00000001");
	/* the last one, and none after it */
	d.nc = UINT32_MAX - 1;
	expect_part(&d, &two, "nc=ffffffff, qop=auth, "
	    "response=\"d252bc9b0cf7f3975f6abde6ea314389\"");
	al_buf_init(&out, LONG);
	assert_int_equal(al_digest_answer(&d, &two, &out, &err), AL_ELIMIT);
	assert_int_equal(al_buf_len(&out), 0);
	assert_int_equal(d.nc, UINT32_MAX);
	al_buf_fini(&out);
}

/* Whether the proxy keeps the key or makes it anew: one cnonce a session. */
static void
keeps_the_session(void **state)
{
	static const struct {
		const char	*algorithm, *second;
	} algorithms[] = {
		{ "MD5-sess", "102cb68ab116d818c85e0ec5778fe619" },
		{ "SHA-256-sess", "d89d487c0e06c67ed5d6d302be5b7ead08b0a7cf89"
		    "c28ebd9e10a82784b6be10" },
		{ "SHA-512-256-sess", "ec38e005081a27f10eb4f2ed47c1706ba73839"
		    "ef1355294d5a541624977d7f9b" },
	};
	struct al_digest_request one = request("c1"), two = request("c2");

	(void)state;
	for (size_t i = 0; i < N(algorithms); i++) {
		struct al_digest d = { 0 };
		struct al_err err;
		char text[256];

		(void)snprintf(text, sizeof(text), ASK "qop=auth, "
		    "algorithm=%s", algorithms[i].algorithm);
		assert_int_equal(challenge(&d, text, &err), AL_OK);
		expect_part(&d, &one, "cnonce=\"c1\", nc=00000001");
		(void)snprintf(text, sizeof(text), "cnonce=\"c1\", "
		    "nc=00000002, qop=auth, response=\"%s\"",
		    algorithms[i].second);
		expect_part(&d, &two, text);
		/* the same nonce once more is the same session */
		(void)snprintf(text, sizeof(text), ASK "qop=auth, "
		    "algorithm=%s", algorithms[i].algorithm);
		assert_int_equal(challenge(&d, text, &err), AL_OK);
		expect_part(&d, &two, "cnonce=\"c1\", nc=00000003");
		(void)snprintf(text, sizeof(text), "Digest realm=proxy, "
		    "nonce=n2, qop=auth, algorithm=%s",
		    algorithms[i].algorithm);
		assert_int_equal(challenge(&d, text, &err), AL_OK);
		expect_part(&d, &two, "cnonce=\"c2\", nc=00000001");
	}
}

/* Everything of the greatest length, all of it escaped, still fits. */
static void
longest_answer(void **state)
{
	static char user[AL_DIGEST_USER_MAX + 2], uri[4 * 1024 + 1];
	static char cnonce[AL_DIGEST_CNONCE_MAX + 2];
	struct al_digest d = { .utf8 = true, .has_opaque = true,
		.hash = AL_HASH_SHA256, .qop = AL_DIGEST_AUTH };
	struct al_digest_request q = { user, "", "CONNECT", uri, NULL, 0,
		cnonce };
	struct al_buf out;
	struct al_err err;

	(void)state;
	memset(user, 0xc3, AL_DIGEST_USER_MAX);
	memset(uri, '"', sizeof(uri) - 1);
	memset(cnonce, '"', AL_DIGEST_CNONCE_MAX);
	memset(d.realm, '"', AL_DIGEST_REALM_MAX);
	memset(d.nonce, '"', AL_DIGEST_NONCE_MAX);
	memset(d.opaque, '"', AL_DIGEST_OPAQUE_MAX);
	al_buf_init(&out, AL_DIGEST_ANSWER_MAX);
	assert_int_equal(al_digest_answer(&d, &q, &out, &err), AL_OK);
	assert_true(al_buf_len(&out) > 3 * AL_DIGEST_USER_MAX +
	    2 * (sizeof(uri) + AL_DIGEST_REALM_MAX + AL_DIGEST_NONCE_MAX +
	    AL_DIGEST_OPAQUE_MAX + AL_DIGEST_CNONCE_MAX));
	user[AL_DIGEST_USER_MAX] = 'x';
	assert_int_equal(al_digest_answer(&d, &q, &out, &err), AL_EUSAGE);
	q.user = "";
	cnonce[AL_DIGEST_CNONCE_MAX] = 'x';
	assert_int_equal(al_digest_answer(&d, &q, &out, &err), AL_EUSAGE);
	al_buf_fini(&out);
}

static void
makes_cnonces(void **state)
{
	char a[AL_DIGEST_CNONCE_LEN + 1], b[AL_DIGEST_CNONCE_LEN + 1];
	struct al_err err;

	(void)state;
	assert_int_equal(al_digest_cnonce(a, &err), AL_OK);
	assert_int_equal(al_digest_cnonce(b, &err), AL_OK);
	assert_int_equal(strlen(a), AL_DIGEST_CNONCE_LEN);
	assert_int_equal(strspn(a, "0123456789abcdef"), strlen(a));
	assert_string_not_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(hashes_the_body),
		cmocka_unit_test(counts),
		cmocka_unit_test(keeps_the_session),
		cmocka_unit_test(longest_answer),
		cmocka_unit_test(makes_cnonces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
