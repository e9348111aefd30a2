/* tests/unit/test_digest_refuse.c - Digest that is broken or impossible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "tests/unit/digest.h"
#include "tests/lib/guard.h"

static void
refuses_challenges(void **state)
{
	static const struct {
		const char	*challenge, *why;
	} bad[] = {
		{ "Digest", "no realm" },
		{ "Digest nonce=a", "no realm" },
		{ "Digest realm=a", "no nonce" },
		{ "Digest realm=a, nonces=b", "no nonce" },
		{ ASK "algorithm=SHA-1", "algorithm that is not known" },
		{ ASK "algorithm=MD", "algorithm that is not known" },
		{ ASK "algorithm=MD5-sessx", "algorithm that is not known" },
		{ ASK "algorithm=SHA-512", "algorithm that is not known" },
		{ ASK "algorithm=\"\"", "algorithm that is not known" },
		{ ASK "qop=auth-conf", "neither auth nor auth-int" },
		{ ASK "qop=\"auth-, aut, auth_int\"", "neither auth nor" },
		{ "Digest realm=\"a\rb\", nonce=b", "control character" },
		{ "Digest realm=a, nonce=\"\x7f\"", "control character" },
		{ ASK "opaque=\"\\\n\"", "control character" },
	};
	struct al_digest d = { 0 }, before;
	struct al_err err;

	(void)state;
	assert_int_equal(challenge(&d, ASK "algorithm=MD5", &err), AL_OK);
	d.nc = 7;
	before = d;
	for (size_t i = 0; i < N(bad); i++) {
		print_message("%s\n", bad[i].challenge);
		assert_int_equal(challenge(&d, bad[i].challenge, &err),
		    AL_EPROTO);
		assert_int_equal(err.code, AL_EPROTO);
		assert_int_equal(err.stage, AL_AT_PROXY);
		if (strstr(err.text, bad[i].why) == NULL)
			assert_string_equal(err.text, bad[i].why);
		assert_memory_equal(&d, &before, sizeof(d));
	}
}

/* The longest of each value ends at an unreadable page; one more is EPROTO. */
static void
bounds(void **state)
{
	static const struct {
		const char	*name;
		size_t		 max;
	} values[] = {
		{ "realm", AL_DIGEST_REALM_MAX },
		{ "nonce", AL_DIGEST_NONCE_MAX },
		{ "opaque", AL_DIGEST_OPAQUE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < N(values); i++) {
		for (size_t n = values[i].max; n < values[i].max + 2; n++) {
			char text[LONG];
			struct guard g;
			struct al_digest d = { 0 };
			struct al_err err;
			struct al_challenge c = { .scheme = "Digest", .n = 3,
				.params = { { "realm", "r" },
				{ "nonce", "n" }, { "opaque", "o" } } };

			memset(text, '"', n);
			text[n] = '\0';
			g = guard_copy(text, n + 1);
			c.params[i].value = (const char *)g.p;
			assert_int_equal(al_digest_parse(&d, &c, &err),
			    n > values[i].max ? AL_EPROTO : AL_OK);
			guard_free(&g);
			assert_string_equal(i == 0 ? d.realm : i == 1 ?
			    d.nonce : d.opaque, n > values[i].max ? "" :
			    text);
		}
	}
}

/* Each prefix is read or refused within its bounds. */
static void
every_cut(void **state)
{
	static const char text[] = "Digest realm=\"a \\\"b\\\"\", "
	    "nonce=\"n1\", qop=\"auth, auth-int\", opaque=o, stale=true, "
	    "charset=UTF-8, userhash=true, algorithm=SHA-512-256-sess";
	unsigned taken = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct guard g = guard_copy(text, n + 1);
		struct al_digest d = { 0 };
		struct al_challenges c;
		struct al_err err;
		enum al_code code;

		g.p[n] = '\0';
		al_challenges_init(&c);
		code = al_challenges_add(&c, (const char *)g.p, &err);
		guard_free(&g);
		if (code == AL_OK && c.n == 1) {
			code = al_digest_parse(&d, &c.list[0], &err);
			assert_true(code == AL_OK || code == AL_EPROTO);
			assert_true((al_digest_choose(&c) != NULL) ==
			    (code == AL_OK));
			taken += code == AL_OK;
		}
		al_challenges_fini(&c);
	}
	assert_in_range(taken, 20, 40);
}

/* Whatever is in the way, out stays as it was and nothing is counted. */
static void
all_or_nothing(void **state)
{
	struct al_digest_request q = request("c1"), bad[] = { q, q, q, q };
	struct al_digest d = { 0 };
	struct al_buf out;
	struct al_err err;
	enum al_code code = AL_ELIMIT;
	size_t max;

	(void)state;
	bad[0].user = "a\r\nb";
	bad[1].uri = "a\nb";
	bad[2].cnonce = "";
	bad[3].cnonce = "\x1f";
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_OK);
	al_buf_init(&out, LONG);
	for (size_t i = 0; i < N(bad); i++)
		assert_int_equal(al_digest_answer(&d, &bad[i], &out, &err),
		    AL_EUSAGE);
	assert_int_equal(al_buf_len(&out), 0);
	al_buf_fini(&out);
	for (max = 2; code != AL_OK; max++) {
		al_buf_init(&out, max);
		assert_int_equal(al_buf_put(&out, "ab", 2), AL_OK);
		assert_int_equal(d.nc, 0);
		code = al_digest_answer(&d, &q, &out, &err);
		assert_true(code == AL_OK || code == AL_ELIMIT);
		if (code != AL_OK)
			assert_int_equal(al_buf_len(&out), 2);
		al_buf_fini(&out);
	}
	assert_int_equal(max - 1, 2 + strlen(BOB ONE "qop=auth, "
	    "response=\"8e5367ba0294de19967979c768f416f7\""));
	assert_int_equal(d.nc, 1);
}

static void
chooses(void **state)
{
	static const struct {
		const char	*offers;
		int		 want;		/* its index, -1: none */
	} sets[] = {
		{ "", -1 },
		{ "Basic realm=a, NTLM", -1 },
		{ "Basic realm=a, " ASK "x=y", 1 },
		{ ASK "algorithm=MD5, " ASK "algorithm=SHA-256, " ASK
		    "algorithm=SHA-512-256", 2 },
		{ ASK "algorithm=SHA-512-256-sess, " ASK "algorithm=SHA-256, "
		    ASK "algorithm=MD5", 0 },
		{ ASK "algorithm=MD5, " ASK "algorithm=sha-256-sess, " ASK
		    "algorithm=SHA-256", 1 },
		{ ASK "a=b, " ASK "algorithm=MD5-sess", 0 },
		{ ASK "algorithm=SHA-3, " ASK "algorithm=MD5", 1 },
		{ ASK "algorithm=SHA-3, Basic realm=a", -1 },
		{ "Digest realm=a, algorithm=SHA-256, " ASK "qop=auth", 1 },
		{ ASK "algorithm=SHA-256, qop=x, " ASK "qop=auth", 1 },
		{ "Digest, digest realm=a, nonce=b", 1 },
	};

	(void)state;
	for (size_t i = 0; i < N(sets); i++) {
		struct al_challenges c;
		struct al_err err;

		al_challenges_init(&c);
		assert_int_equal(al_challenges_add(&c, sets[i].offers, &err),
		    AL_OK);
		assert_ptr_equal(al_digest_choose(&c), sets[i].want < 0 ?
		    NULL : &c.list[sets[i].want]);
		al_challenges_fini(&c);
	}
}

/* OpenSSL in FIPS mode, but for its provider: nothing is approved. */
static void
without_hashes(void **state)
{
	struct al_digest_request q = request("c1");
	struct al_digest d = { 0 };
	struct al_challenges c;
	struct al_buf out;
	struct al_err err;

	(void)state;
	al_buf_init(&out, LONG);
	al_challenges_init(&c);
	assert_int_equal(al_challenges_add(&c, ASK "qop=auth", &err), AL_OK);
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_OK);
	assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
	ERR_clear_error();
	assert_false(al_hash_is_available(AL_HASH_MD5));
	assert_int_equal(al_digest_answer(&d, &q, &out, &err), AL_ELIMIT);
	assert_int_equal(al_buf_len(&out), 0);
	assert_int_equal(d.nc, 0);
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_ELIMIT);
	assert_non_null(strstr(err.text, "Digest with MD5 does not work"));
	assert_non_null(strstr(err.text, "FIPS"));
	assert_null(al_digest_choose(&c));
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
	assert_true(al_hash_is_available(AL_HASH_MD5));
	assert_non_null(al_digest_choose(&c));
	al_challenges_fini(&c);
	al_buf_fini(&out);
}

/* How many of OpenSSL's allocations succeed; negative: all. */
static int allocations = -1;

static void *
scarce_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (allocations == 0)
		return NULL;
	if (allocations > 0)
		allocations--;
	return realloc(p, n);
}

static void *
scarce_malloc(size_t n, const char *file, int line)
{
	return scarce_realloc(NULL, n, file, line);
}

static void
plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static void
out_of_memory(void **state)
{
	struct al_digest_request q = request("c1");
	struct al_digest d = { 0 };
	struct al_buf out;
	struct al_err err;
	enum al_code code = AL_ENOMEM;
	int n;

	(void)state;
	assert_int_equal(challenge(&d, ASK "qop=auth", &err), AL_OK);
	al_buf_init(&out, LONG);
	for (n = 0; code != AL_OK; n++) {
		assert_int_equal(al_buf_len(&out), 0);
		assert_int_equal(d.nc, 0);
		allocations = n;
		code = al_digest_answer(&d, &q, &out, &err);
		allocations = -1;
		assert_true(code == AL_OK || code == AL_ENOMEM);
	}
	assert_true(n > 3);
	assert_int_equal(d.nc, 1);
	al_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_challenges),
		cmocka_unit_test(bounds),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(chooses),
		cmocka_unit_test(without_hashes),
		cmocka_unit_test(out_of_memory),
	};

	/* before OpenSSL's first allocation, or it is refused */
	if (CRYPTO_set_mem_functions(scarce_malloc, scarce_realloc,
	    plain_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
