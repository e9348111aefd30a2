/* tests/unit/test_challenge.c - RFC 9110 challenges, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/challenge.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* "Scheme token68 name=value; ..." with | behind each challenge. */
static void
show(const struct al_challenges *c, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < c->n; i++) {
		const struct al_challenge *ch = &c->list[i];

		n += (size_t)snprintf(out + n, cap - n, "%s", ch->scheme);
		if (ch->token68 != NULL)
			n += (size_t)snprintf(out + n, cap - n, " <%s>",
			    ch->token68);
		for (size_t k = 0; k < ch->n; k++)
			n += (size_t)snprintf(out + n, cap - n, " %s=%s;",
			    ch->params[k].name, ch->params[k].value);
		n += (size_t)snprintf(out + n, cap - n, "|");
	}
}

static const struct {
	const char	*value, *want;	/* want NULL: EPROTO */
} rows[] = {
	{ "Basic", "Basic|" },
	{ "Basic realm=\"simple\"", "Basic realm=simple;|" },
	{ "Basic realm=simple", "Basic realm=simple;|" },
	/* RFC 9110 11.6.1 */
	{ "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", "
	    "Basic realm=\"simple\"", "Newauth realm=apps; type=1; "
	    "title=Login to \"apps\";|Basic realm=simple;|" },
	/* RFC 7616 3.9.1 */
	{ "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
	    "algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZ"
	    "H4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5td"
	    "S\"", "Digest realm=http-auth@example.org; qop=auth, auth-int; "
	    "algorithm=SHA-256; nonce=7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4G"
	    "iTo0v; opaque=FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS;|" },
	{ "Negotiate, NTLM, Basic realm=\"a\"",
	    "Negotiate|NTLM|Basic realm=a;|" },
	{ "NTLM TlRMTVNTUAACAAAA", "NTLM <TlRMTVNTUAACAAAA>|" },
	{ "NTLM TlRM==, Basic realm=\"x\"", "NTLM <TlRM==>|Basic realm=x;|" },
	{ "Negotiate YII/+w=", "Negotiate <YII/+w=>|" },
	{ "Negotiate abc=,NTLM", "Negotiate <abc=>|NTLM|" },
	{ "Basic realm=\"a, NTLM b=c\"", "Basic realm=a, NTLM b=c;|" },
	{ "Basic realm=\"\"", "Basic realm=;|" },
	{ "Basic realm=\"\\\\\\\"\"", "Basic realm=\\\";|" },
	{ "Basic realm = \"a\" , charset =UTF-8",
	    "Basic realm=a; charset=UTF-8;|" },
	{ ",, Basic realm=a,, ,Digest nonce=b,", "Basic realm=a;|Digest "
	    "nonce=b;|" },
	{ "Basic\trealm=\"a\"", "Basic realm=a;|" },
	{ "Basic , realm=\"a\"", "Basic realm=a;|" },
	{ "Basic realm=Proxy Server 1", "Basic realm=Proxy Server 1;|" },
	{ "Digest nonce=a/b+c==, x=y", "Digest nonce=a/b+c==; x=y;|" },
	{ "Basic realm=", "Basic <realm=>|" },
	{ "Basic realm=,x=y", "Basic <realm=> x=y;|" },
	{ "Basic realm=\"\xc3\xa4\"", "Basic realm=\xc3\xa4;|" },
	{ "", "" }, { " ", "" }, { ", ,", "" },
	{ "=", NULL }, { "realm=a", NULL }, { "\"Basic\"", NULL },
	{ "Basic realm=\"a", NULL }, { "Basic realm=\"a\\\"", NULL },
	{ "Basic realm=\"a\\", NULL }, { "Basic realm=a\"b\"", NULL },
	{ "Basic realm=\"a\"b", NULL }, { "Basic realm=\"a\" b=c", NULL },
	{ "Basic realm=\"a\" Digest", NULL }, { "Basic a b", NULL },
	{ "Basic/x", NULL }, { "Basic:", NULL }, { "B@sic realm=a", NULL },
	{ "NTLM abc= def", "NTLM abc=def;|" }, { "NTLM abc=\"", NULL },
	{ "Basic realm=\"a\", (", NULL }, { "Basic \"a\"", NULL },
};

static void
parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		size_t len = strlen(rows[i].value) + 1;
		struct guard g = guard_copy(rows[i].value, len);
		struct al_challenges c;
		struct al_err err;
		char text[1024];
		enum al_code code;

		al_challenges_init(&c);
		assert_int_equal(al_challenges_add(&c, "First a=b", &err),
		    AL_OK);
		code = al_challenges_add(&c, (const char *)g.p, &err);
		if ((code == AL_OK) != (rows[i].want != NULL))
			print_error("\"%s\"\n", rows[i].value);
		assert_int_equal(code, rows[i].want != NULL ? AL_OK :
		    AL_EPROTO);
		guard_free(&g);
		show(&c, text, sizeof(text));
		assert_memory_equal(text, "First a=b;|", 11);
		assert_string_equal(text + 11, rows[i].want != NULL ?
		    rows[i].want : "");
		al_challenges_fini(&c);
	}
}

/* Each prefix of each row is read or refused within its bounds. */
static void
every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		for (size_t n = 0; n < strlen(rows[i].value); n++) {
			struct guard g = guard_copy(rows[i].value, n + 1);
			struct al_challenges c;
			struct al_err err;
			enum al_code code;

			g.p[n] = '\0';
			al_challenges_init(&c);
			code = al_challenges_add(&c, (const char *)g.p, &err);
			assert_true(code == AL_OK || code == AL_EPROTO);
			if (code == AL_EPROTO)
				assert_int_equal(c.n, 0);
			al_challenges_fini(&c);
			guard_free(&g);
		}
	}
}

static void
finds(void **state)
{
	struct al_challenges c;
	struct al_err err;
	const struct al_challenge *d;

	(void)state;
	al_challenges_init(&c);
	assert_int_equal(al_challenges_add(&c, "DIGEST ReAlm=a, Nonce=1, "
	    "digest nonce=2", &err), AL_OK);
	d = al_challenges_find(&c, "Digest");
	assert_ptr_equal(d, &c.list[0]);
	assert_string_equal(al_challenge_get(d, "realm"), "a");
	assert_string_equal(al_challenge_get(d, "nonce"), "1");
	assert_null(al_challenge_get(d, "nonc"));
	assert_null(al_challenges_find(&c, "Basic"));
	al_challenges_fini(&c);
}

static void
limits(void **state)
{
	struct al_challenges c;
	struct al_err err;
	char text[512] = "D ";

	(void)state;
	al_challenges_init(&c);
	for (int i = 0; i < AL_PARAMS_MAX; i++)
		strcat(text, "a=b,");
	assert_int_equal(al_challenges_add(&c, text, &err), AL_OK);
	strcat(text, "a=b");
	assert_int_equal(al_challenges_add(&c, text, &err), AL_EPROTO);
	assert_int_equal(c.n, 1);
	text[0] = '\0';
	for (int i = 1; i < AL_CHALLENGES_MAX; i++)
		strcat(text, "D,");
	assert_int_equal(al_challenges_add(&c, text, &err), AL_OK);
	assert_int_equal(al_challenges_add(&c, "D", &err), AL_EPROTO);
	assert_int_equal(c.n, AL_CHALLENGES_MAX);
	for (int i = 2; i < AL_CHALLENGES_MAX; i++)
		assert_int_equal(al_challenges_add(&c, "", &err), AL_OK);
	assert_int_equal(al_challenges_add(&c, "", &err), AL_ELIMIT);
	al_challenges_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(finds),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
