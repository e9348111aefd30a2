/* tests/unit/test_socks5_gss.c - RFC 1961 at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/memory.h"
#include "proxy/proxy.h"
#include "tests/lib/gss_script.h"
#include "tests/lib/machine.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static char me[] = "me", pw[] = "pw";

enum who { NOBODY, LOGIN };

static struct al_machine
machine(struct gss_script *s, enum who who, const struct al_proxy_opts *o)
{
	struct al_hop hop = { .kind = AL_PROXY_SOCKS5H, .host = "proxy.corp",
	    .port = 1080 };
	struct al_err err;

	if (who == LOGIN) {
		hop.user = me;
		hop.password = pw;
	}
	assert_int_equal(al_proxy_machine(&s->m, &hop, "h", 443, o, &err),
	    AL_OK);
	return gss_script(s);
}

#define GREET	"\5\2\0\1"
#define METHOD	"\5\1"
#define LEG	"\1\1\0\1T"
#define SEAL	"\1\2\0\2s\2"
#define SIGN	"\1\2\0\2s\1"
#define GRANT	"\1\3\0\x0b" "e\5\0\0\1\0\0\0\0\0\0"
#define GRANT_S	"\1\3\0\x0b" "s\5\0\0\1\0\0\0\0\0\0"

/* what we say */
#define TOKEN	"\1\1\0\1A"
#define WISH	"\1\2\0\2s\2"
#define ASK_E	"\1\3\0\x09" "e\5\1\0\3\1h\1\xbb"
#define ASK_S	"\1\3\0\x09" "s\5\1\0\3\1h\1\xbb"

#define CAN	AL_PROXY_GIVEN_SEAL

static const struct row {
	const char	*name;
	unsigned	 legs, flags;
	const uint8_t	*in;
	size_t		 len;
	const uint8_t	*sent;
	size_t		 sent_len;
	enum al_hs	 want;
	enum al_proxy_level level;
	enum al_code	 code;
	int		 status, cause;
	size_t		 left;
} rows[] = {
#define OK(level, left)	AL_HS_DONE, level, AL_OK, 0, 0, left
#define BAD(code, status, cause, left) \
	AL_HS_FAIL, AL_PROXY_BARE, code, status, cause, left
	{ "encrypts", 1, CAN, B(METHOD LEG SEAL GRANT),
	    B(GREET TOKEN WISH ASK_E), OK(AL_PROXY_SEAL, 0) },
	{ "signs", 1, CAN, B(METHOD LEG SIGN GRANT_S),
	    B(GREET TOKEN WISH ASK_S), OK(AL_PROXY_SIGN, 0) },
	{ "can only sign", 1, 0, B(METHOD LEG SIGN GRANT_S),
	    B(GREET TOKEN "\1\2\0\2s\1" ASK_S), OK(AL_PROXY_SIGN, 0) },
	{ "two legs", 2, CAN, B(METHOD LEG LEG SEAL GRANT),
	    B(GREET TOKEN "\1\1\0\1B" WISH ASK_E), OK(AL_PROXY_SEAL, 0) },
	{ "early data", 1, CAN, B(METHOD LEG SEAL GRANT "\1\3\0\2ex"),
	    B(GREET TOKEN WISH ASK_E), OK(AL_PROXY_SEAL, 6) },
	{ "reply in pieces", 1, CAN, B(METHOD LEG SEAL "\1\3\0\3e\5\0"
	    "\1\3\0\1e" "\1\3\0\x09" "e\0\1\0\0\0\0\0\0"),
	    B(GREET TOKEN WISH ASK_E), OK(AL_PROXY_SEAL, 0) },
	{ "not wanted", 1, CAN, B("\5\0\5\0\0\1\0\0\0\0\0\0"),
	    B(GREET "\5\1\0\3\1h\1\xbb"), OK(AL_PROXY_BARE, 0) },

	{ "no ticket", 0, CAN, B(METHOD LEG), B(GREET),
	    BAD(AL_EAUTH, 0, 133, 5) },
	{ "token is nonsense", 1, CAN, B(METHOD "\1\1\0\1X"),
	    B(GREET TOKEN), BAD(AL_EAUTH, 0, 133, 0) },
	{ "refused", 1, CAN, B(METHOD "\1\xff"), B(GREET TOKEN),
	    BAD(AL_EAUTH, 255, 131, 2) },
	{ "refused at the level", 1, CAN, B(METHOD LEG "\1\xff"),
	    B(GREET TOKEN WISH), BAD(AL_EAUTH, 255, 131, 2) },
	{ "abort is no data", 1, CAN, B(METHOD LEG SEAL "\1\xff"),
	    B(GREET TOKEN WISH ASK_E), BAD(AL_EPROTO, 0, 121, 2) },
	{ "closed on the token", 1, CAN, B(METHOD), B(GREET TOKEN),
	    BAD(AL_EAUTH, 0, 131, 0) },
	{ "closed on the request", 1, CAN, B(METHOD LEG SEAL),
	    B(GREET TOKEN WISH ASK_E), BAD(AL_ENET, 0, 120, 0) },
	{ "wrong version", 1, CAN, B(METHOD "\5\1\0\1T"), B(GREET TOKEN),
	    BAD(AL_EPROTO, 0, 121, 5) },
	{ "wrong type", 1, CAN, B(METHOD "\1\2\0\1T"), B(GREET TOKEN),
	    BAD(AL_EPROTO, 0, 121, 5) },
	{ "empty token", 1, CAN, B(METHOD "\1\1\0\0"), B(GREET TOKEN),
	    BAD(AL_EPROTO, 0, 121, 4) },
	/* RFC 1961 4.2: neither no protection nor some of it */
	{ "level 0", 1, CAN, B(METHOD LEG "\1\2\0\2s\0"),
	    B(GREET TOKEN WISH), BAD(AL_EPROTO, 0, 132, 0) },
	{ "level 3", 1, CAN, B(METHOD LEG "\1\2\0\2s\3"),
	    B(GREET TOKEN WISH), BAD(AL_EPROTO, 3, 132, 0) },
	{ "more than we can", 1, 0, B(METHOD LEG "\1\2\0\2s\2"),
	    B(GREET TOKEN "\1\2\0\2s\1"), BAD(AL_EPROTO, 2, 132, 0) },
	{ "no level", 1, CAN, B(METHOD LEG "\1\2\0\1s"),
	    B(GREET TOKEN WISH), BAD(AL_EPROTO, 0, 121, 0) },
	{ "two levels", 1, CAN, B(METHOD LEG "\1\2\0\3s\2\2"),
	    B(GREET TOKEN WISH), BAD(AL_EPROTO, 0, 121, 0) },
	{ "level not wrapped", 1, CAN, B(METHOD LEG "\1\2\0\1\2"),
	    B(GREET TOKEN WISH), BAD(AL_EAUTH, 0, 133, 0) },
	{ "reply not encrypted", 1, CAN, B(METHOD LEG SEAL GRANT_S),
	    B(GREET TOKEN WISH ASK_E), BAD(AL_EPROTO, 0, 121, 0) },
	{ "reply not wrapped", 1, CAN, B(METHOD LEG SEAL
	    "\5\0\0\1\0\0\0\0\0\0"), B(GREET TOKEN WISH ASK_E),
	    BAD(AL_EPROTO, 0, 121, 10) },
	{ "reply too long", 1, CAN, B(METHOD LEG SEAL
	    "\1\3\0\x0c" "e\5\0\0\1\0\0\0\0\0\0!"),
	    B(GREET TOKEN WISH ASK_E), BAD(AL_EPROTO, 0, 121, 0) },
	{ "reply 2", 1, CAN, B(METHOD LEG SEAL "\1\3\0\3e\5\2"),
	    B(GREET TOKEN WISH ASK_E), BAD(AL_EREFUSED, 2, 150, 0) },
	{ "not offered", 1, CAN, B("\5\2"), B(GREET),
	    BAD(AL_EPROTO, 2, 132, 0) },
};

static void
every_chunk(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t chunk = 1; chunk <= r->len + 1; chunk++) {
			struct gss_script s = { .legs = r->legs,
			    .flags = r->flags };
			struct al_machine m = machine(&s, NOBODY, NULL);
			struct talk t;
			enum al_hs got = talk(m, r->in, r->len, chunk, &t);

			if (got != r->want || t.left != r->left ||
			    t.sent_len != r->sent_len)
				print_error("row \"%s\" chunk %zu: %s\n",
				    r->name, chunk, t.err.text);
			assert_int_equal(got, r->want);
			assert_int_equal(t.left, r->left);
			assert_int_equal(t.sent_len, r->sent_len);
			assert_memory_equal(t.sent, r->sent, r->sent_len);
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
			struct gss_script s = { .legs = r->legs,
			    .flags = r->flags };
			struct al_machine m = machine(&s, NOBODY, NULL);
			struct talk t;
			enum al_hs got = talk(m, r->in, n, 3, &t);

			assert_int_equal(got, r->want == AL_HS_DONE &&
			    n >= r->len - r->left ? AL_HS_DONE : AL_HS_FAIL);
			if (got == AL_HS_FAIL)
				assert_true(t.err.text[0] != '\0');
		}
	}
}

/* One step on these bytes. */
static enum al_hs
step(const struct al_machine *m, const char *p, size_t len)
{
	struct al_buf in, out;
	struct al_err err;
	enum al_hs r;

	al_buf_init(&in, 1024);
	al_buf_init(&out, 1024);
	assert_int_equal(al_buf_put(&in, p, len), AL_OK);
	r = m->ops->step(m->m, &in, &out, &err);
	al_buf_fini(&in);
	al_buf_fini(&out);
	return r;
}

/* What the driver is asked for, and the level that it has to ask for. */
static void
asks(void **state)
{
	static const uint8_t in[] = METHOD LEG SIGN GRANT_S;
	struct gss_script s = { .legs = 1, .flags = CAN };
	struct al_proxy_need need;
	struct al_machine m;
	struct talk t;

	(void)state;
	m = machine(&s, LOGIN, NULL);
	assert_false(al_proxy_need(&s.m, &need));
	assert_int_equal(step(&s.m, METHOD, 2), AL_HS_NEED);
	assert_true(al_proxy_need(&s.m, &need));
	assert_int_equal(need.ask, AL_PROXY_TOKEN);
	assert_int_equal(need.mech, AL_PROXY_KRB5);
	assert_string_equal(need.service, "rcmd");
	assert_string_equal(need.host, "proxy.corp");
	assert_string_equal(need.user, me);
	assert_string_equal(need.password, pw);
	assert_int_equal(need.token_len, 0);
	m.ops->free(m.m);

	m = machine(&s, NOBODY, NULL);
	s.at = 0;
	assert_int_equal(talk(m, in, sizeof(in) - 1, 5, &t), AL_HS_DONE);
	assert_string_equal(s.asked, "ttwuwu");
}

static void
levels(void **state)
{
	static const struct {
		const char	*choice;
		char		 how;
		enum al_proxy_level want;
	} all[] = {
		{ SEAL, 'e', AL_PROXY_SEAL }, { SIGN, 's', AL_PROXY_SIGN },
	};

	(void)state;
	for (size_t i = 0; i < N(all); i++) {
		struct gss_script s = { .legs = 1, .flags = CAN };
		struct al_machine m = machine(&s, NOBODY, NULL);
		char reply[] = GRANT;

		reply[4] = all[i].how;
		assert_int_equal(step(&m, METHOD, 2), AL_HS_MORE);
		assert_int_equal(step(&m, LEG, 5), AL_HS_MORE);
		assert_int_equal(step(&m, all[i].choice, 6), AL_HS_MORE);
		assert_int_equal(al_proxy_level(&s.m), AL_PROXY_BARE);
		assert_int_equal(step(&m, reply, sizeof(reply) - 1),
		    AL_HS_DONE);
		assert_int_equal(al_proxy_level(&s.m), all[i].want);
		m.ops->free(m.m);
	}
}

static void
greets(enum who who, unsigned schemes, const uint8_t *want, size_t len)
{
	const struct al_proxy_opts o = { .schemes = schemes };
	struct gss_script s = { .legs = 1 };
	struct al_machine m = machine(&s, who, &o);
	struct talk t;

	(void)talk(m, (const uint8_t *)"", 0, 1, &t);
	assert_int_equal(t.sent_len, len);
	assert_memory_equal(t.sent, want, len);
}

static void
methods(void **state)
{
	const unsigned kerberos = AL_AUTH_BIT(AL_AUTH_NEGOTIATE);
	const unsigned basic = AL_AUTH_BIT(AL_AUTH_BASIC);

	(void)state;
	greets(NOBODY, 0, B("\5\2\0\1"));
	greets(LOGIN, 0, B("\5\3\0\1\2"));
	greets(LOGIN, kerberos | basic, B("\5\3\0\1\2"));
	/* no password in the clear for who asks for Kerberos only */
	greets(LOGIN, kerberos, B("\5\2\0\1"));
	greets(LOGIN, basic, B("\5\2\0\2"));
	greets(NOBODY, basic, B("\5\1\0"));
	greets(LOGIN, AL_AUTH_BIT(AL_AUTH_DIGEST), B("\5\2\0\2"));
}

/* No ticket: the proxy is asked again, and Kerberos is not offered. */
static void
goes_on_without(void **state)
{
	struct al_err err;
	struct al_memory *memory = al_memory_new(&err);
	struct al_proxy_opts o = { .memory = memory, .now_us = 1000000 };
	struct gss_script s = { .legs = 0 };
	struct talk t;

	(void)state;
	assert_non_null(memory);
	assert_int_equal(talk(machine(&s, LOGIN, &o), B(METHOD), 1, &t),
	    AL_HS_REDIAL);
	o.now_us++;
	assert_int_equal(talk(machine(&s, LOGIN, &o), B("\5\xff"), 1, &t),
	    AL_HS_FAIL);
	assert_int_equal(t.sent_len, 4);
	assert_memory_equal(t.sent, "\5\2\0\2", 4);
	assert_int_equal(t.err.code, AL_EAUTH);
	assert_int_equal(t.err.cause, 133);
	assert_string_equal(t.err.text, "the SOCKS5 proxy takes no other "
	    "login: kerberos: no ticket");
	/* a ticket may have come */
	o.now_us += AL_UNFIT_US;
	(void)talk(machine(&s, LOGIN, &o), B(""), 1, &t);
	assert_memory_equal(t.sent, "\5\3\0\1\2", 5);
	al_memory_free(memory);
}

/* Once the proxy has had its say, a failure is one. */
static void
no_second_try(void **state)
{
	struct al_err err;
	struct al_memory *memory = al_memory_new(&err);
	const struct al_proxy_opts o = { .memory = memory };
	struct gss_script s = { .legs = 1 };
	struct talk t;

	(void)state;
	assert_non_null(memory);
	assert_int_equal(talk(machine(&s, LOGIN, &o), B(METHOD "\1\1\0\1X"),
	    1, &t), AL_HS_FAIL);
	al_memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(asks),
		cmocka_unit_test(levels),
		cmocka_unit_test(methods),
		cmocka_unit_test(goes_on_without),
		cmocka_unit_test(no_second_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
