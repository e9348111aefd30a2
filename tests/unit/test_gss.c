/* tests/unit/test_gss.c - the library's side of Kerberos, with a helper that
 * plays; the real one is tested against a KDC in tests/system. */
#include <string.h>

#include "connector/helper/gss.h"
#include "tests/lib/helper.h"

static struct {
	unsigned		calls;
	struct al_gss_result	r;
	struct al_err		err;
	uint8_t			token[AL_GSS_MSG_MAX];
} got;

static int
setup(void **state)
{
	memset(&got, 0, sizeof(got));
	return loop_setup(state);
}

static void
on_gss(void *arg, const struct al_gss_result *r)
{
	(void)arg;
	got.calls++;
	got.r = *r;
	got.err = r->err != NULL ? *r->err : (struct al_err){ .code = AL_OK };
	if (r->len > 0)
		memcpy(got.token, r->token, r->len);
}

static struct al_gss *
start(const char *target, unsigned ms)
{
	const struct al_gss_opts o = { .helper = helper, .target = target,
	    .deadline_ms = ms };
	struct al_gss *g = al_gss_start(loop, &o, on_gss, NULL, &err);

	assert_non_null(g);
	assert_int_equal(got.calls, 0);		/* not under this frame */
	wait_call(&got.calls);
	return g;
}

static void
questions(void **state)
{
	static const uint8_t want[] =
	    "\1\1\3" "\0\6" "HTTP@p" "\0\0" "\0\0" "\0\3" "ann" "\0\2" "pw"
	    "\0\4" "a\0bc";
	const struct al_gss_opts o = { .helper = helper, .target = "HTTP@p",
	    .mech = AL_GSS_KRB5, .source = AL_GSS_PASSWORD,
	    .principal = "ann", .password = "pw",
	    .bindings = (const uint8_t *)"a\0bc", .bindings_len = 4 };
	struct al_gss *g = al_gss_start(loop, &o, on_gss, NULL, &err);

	(void)state;
	assert_non_null(g);
	wait_call(&got.calls);
	assert_null(got.r.err);
	assert_false(got.r.done);
	assert_int_equal(got.r.flags, AL_GSS_CAN_SIGN | AL_GSS_CAN_SEAL);
	assert_int_equal(got.r.len, sizeof(want) - 1);
	assert_memory_equal(got.token, want, sizeof(want) - 1);

	assert_int_equal(al_gss_step(g, (const uint8_t *)"tok", 3, on_gss,
	    NULL, &err), AL_OK);
	assert_int_equal(al_gss_step(g, (const uint8_t *)"tok", 3, on_gss,
	    NULL, &err), AL_EUSAGE);
	wait_call(&got.calls);
	assert_true(got.r.done);
	assert_int_equal(got.r.len, 4);
	assert_memory_equal(got.token, "\2tok", 4);

	assert_int_equal(al_gss_wrap(g, AL_GSS_SEAL, (const uint8_t *)"x", 1,
	    on_gss, NULL, &err), AL_OK);
	wait_call(&got.calls);
	assert_memory_equal(got.token, "\3\1x", 3);
	assert_int_equal(al_gss_wrap(g, AL_GSS_SIGN, (const uint8_t *)"x", 1,
	    on_gss, NULL, &err), AL_OK);
	wait_call(&got.calls);
	assert_memory_equal(got.token, "\3\0x", 3);
	assert_int_equal(al_gss_unwrap(g, (const uint8_t *)"yz", 2, on_gss,
	    NULL, &err), AL_OK);
	wait_call(&got.calls);
	assert_memory_equal(got.token, "\4yz", 3);
	assert_int_equal(got.r.flags, AL_GSS_CAN_SEAL);
	al_gss_free(g);
}

static const struct row {
	const char		*target;
	enum al_code		 code;
	enum al_gss_class	 why;
	int			 cause;
	const char		*text;
} rows[] = {
	{ "raw:03016e6f", AL_EAUTH, AL_GSS_NO_CREDENTIALS, 133,
	    "kerberos: no" },
	{ "raw:03026e6f", AL_EAUTH, AL_GSS_EXPIRED, 133, "kerberos: no" },
	{ "raw:03036e6f", AL_EAUTH, AL_GSS_UNKNOWN_SERVER, 134,
	    "kerberos: no" },
	{ "raw:03046e6f", AL_ENET, AL_GSS_KDC_UNREACHABLE, 0, "kerberos: no" },
	{ "raw:03056e6f", AL_EAUTH, AL_GSS_CLOCK_SKEW, 135, "kerberos: no" },
	{ "raw:03066e6f", AL_EAUTH, AL_GSS_WRONG_PASSWORD, 131,
	    "kerberos: no" },
	{ "raw:03006e6f", AL_EAUTH, AL_GSS_OTHER, 0, "kerberos: no" },
#define NONSENSE "kerberos: alpacon-gss-helper answered with nonsense"
	{ "raw:03076e6f", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "raw:03", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "raw:0", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },	/* empty */
	{ "raw:01", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "raw:0100", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "raw:00006e6f", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "raw:04006e6f", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "raw:05006e6f", AL_EPROTO, AL_GSS_OTHER, 0, NONSENSE },
	{ "die", AL_EOF, AL_GSS_OTHER, 0,
	    "kerberos: alpacon-gss-helper ended with status 7" },
	{ "hang", AL_ETIMEOUT, AL_GSS_KDC_UNREACHABLE, 0,
	    "kerberos: alpacon-gss-helper did not answer within 300 ms: "
	    "does the KDC answer?" },
};

static void
failures(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		got.calls = 0;
		al_gss_free(start(r->target,
		    r->code == AL_ETIMEOUT ? 300 : 20000));
		if (got.r.err == NULL)
			fail_msg("%s: no error", r->target);
		if (got.err.code != r->code || got.r.why != r->why ||
		    got.err.cause != r->cause || !got.r.local ||
		    strcmp(got.err.text, r->text) != 0)
			fail_msg("%s: %s %d %d %s", r->target,
			    al_code_name(got.err.code), (int)got.r.why,
			    got.err.cause, got.err.text);
		assert_int_equal(got.err.stage, AL_AT_PROXY);
		assert_null(got.r.token);
	}
}

/* The peer had its part in this one: another scheme will not help. */
static void
refused_by_peer(void **state)
{
	struct al_gss *g = start("refuse", 20000);

	(void)state;
	assert_true(got.r.local);
	assert_int_equal(al_gss_step(g, (const uint8_t *)"tok", 3, on_gss,
	    NULL, &err), AL_OK);
	wait_call(&got.calls);
	assert_int_equal(got.err.code, AL_EAUTH);
	assert_false(got.r.local);
	assert_string_equal(got.err.text, "kerberos: no .[31mtoken");
	al_gss_free(g);
}

/* All of a context is done, and no token. */
static void
done_at_once(void **state)
{
	struct al_gss *g = start("raw:0201", 20000);

	(void)state;
	assert_null(got.r.err);
	assert_true(got.r.done);
	assert_null(got.r.token);
	assert_int_equal(got.r.flags, AL_GSS_CAN_SIGN);
	al_gss_free(g);
}

static struct al_gss *freed_inside;

static void
free_inside(void *arg, const struct al_gss_result *r)
{
	al_gss_free(freed_inside);
	on_gss(arg, r);
}

static void
freed_in_callback(void **state)
{
	static const char *const targets[] = { "HTTP@p", "die" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct al_gss_opts o = { .helper = helper,
		    .target = targets[i] };

		freed_inside = al_gss_start(loop, &o, free_inside, NULL, &err);
		assert_non_null(freed_inside);
		wait_call(&got.calls);
	}
}

static void
wrong_options(void **state)
{
	static char long_name[1100];
	const struct { struct al_gss_opts o; const char *text; } bad[] = {
		{ { .target = NULL }, "kerberos: a service name is needed" },
		{ { .target = "a@b", .source = AL_GSS_CCACHE },
		    "kerberos: a credential cache is needed" },
		{ { .target = "a@b", .source = AL_GSS_KEYTAB,
		    .principal = "p" }, "kerberos: a keytab is needed" },
		{ { .target = "a@b", .source = AL_GSS_KEYTAB, .keytab = "k" },
		    "kerberos: a principal is needed" },
		{ { .target = "a@b", .source = AL_GSS_PASSWORD,
		    .principal = "p" }, "kerberos: a password is needed" },
		{ { .target = long_name },
		    "kerberos: the service name is too long "
		    "(at most 1023 bytes)" },
		{ { .target = "a@b", .helper = "/nonexistent" },
		    "cannot start helper /nonexistent: "
		    "No such file or directory" },
	};
	size_t i;

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct al_gss_opts o = bad[i].o;

		if (o.helper == NULL)
			o.helper = helper;
		assert_null(al_gss_start(loop, &o, on_gss, NULL, &err));
		assert_string_equal(err.text, bad[i].text);
	}
	al_gss_free(NULL);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, loop_teardown)
	const struct CMUnitTest tests[] = {
		T(questions), T(failures), T(refused_by_peer),
		T(done_at_once), T(freed_in_callback), T(wrong_options),
	};

	helper_find("gss_helper");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
