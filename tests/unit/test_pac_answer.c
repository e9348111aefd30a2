/* tests/unit/test_pac_answer.c - answers of the PAC helper, cut everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pac/answer.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* kind 0: nonsense.  what: bytes, the name, or message|text. */
static const struct {
	const char	*name;
	const uint8_t	*msg;
	size_t		 len;
	int		 kind;
	const char	*what;
	size_t		 alerts;
} rows[] = {
	{ "loaded", B("\2\0\0\0\3eng"), AL_PAC_LOADED, "eng", 0 },
	{ "result", B("\3\0\0\0\6DIRECT"), AL_PAC_RESULT, "DIRECT", 0 },
	{ "empty", B("\3\0\0\0\0"), AL_PAC_RESULT, "", 0 },
	{ "alerts", B("\1\0\0\0\1a\1\0\0\0\0\3\0\0\0\1r"), AL_PAC_RESULT,
	    "r", 2 },
	{ "name4", B("\4\0\0\0\2\1h"), AL_PAC_LOOKUP, "h", 0 },
	{ "name", B("\4\0\0\0\2\2h"), AL_PAC_LOOKUP, "h", 0 },
	{ "own4", B("\1\0\0\0\1a\4\0\0\0\1\3"), AL_PAC_LOOKUP, "", 1 },
	{ "own", B("\4\0\0\0\1\4"), AL_PAC_LOOKUP, "", 0 },
	{ "failed", B("\5\0\0\0\16\1\0\0\0\3\0\0\0\7\0\2mmt"), AL_PAC_FAILED,
	    "1:3:7:mm|t", 0 },
	{ "failed, cleaned", B("\5\0\0\0\17\4\xff\xff\xff\xff\0\0\0\0\0\2"
	    "m\x1bt\t"), AL_PAC_FAILED, "4:4294967295:0:m.|t", 0 },
	{ "nothing", B(""), 0, NULL, 0 },
	{ "only alerts", B("\1\0\0\0\1a"), 0, NULL, 0 },
	{ "alert last", B("\3\0\0\0\1r\1\0\0\0\1a"), 0, NULL, 0 },
	{ "two", B("\3\0\0\0\1r\3\0\0\0\1r"), 0, NULL, 0 },
	{ "kind 0", B("\0\0\0\0\1r"), 0, NULL, 0 },
	{ "kind 6", B("\6\0\0\0\1r"), 0, NULL, 0 },
	{ "long", B("\3\xff\xff\xff\xff" "r"), 0, NULL, 0 },
	{ "lookup of nothing", B("\4\0\0\0\0"), 0, NULL, 0 },
	{ "lookup 0", B("\4\0\0\0\2\0h"), 0, NULL, 0 },
	{ "lookup 5", B("\4\0\0\0\2\5h"), 0, NULL, 0 },
	{ "no name", B("\4\0\0\0\1\1"), 0, NULL, 0 },
	{ "own, named", B("\4\0\0\0\2\3h"), 0, NULL, 0 },
	{ "stage 0", B("\5\0\0\0\13\0\0\0\0\3\0\0\0\7\0\0"), 0, NULL, 0 },
	{ "stage 5", B("\5\0\0\0\13\5\0\0\0\3\0\0\0\7\0\0"), 0, NULL, 0 },
	{ "message too long", B("\5\0\0\0\14\1\0\0\0\3\0\0\0\7\0\2m"), 0,
	    NULL, 0 },
};

static bool
parse(struct al_pac_said *s, const uint8_t *msg, size_t len, char *what,
    size_t cap, size_t *alerts)
{
	struct guard g = guard_copy(msg, len);
	bool ok = al_pac_said_parse(s, g.p, len);
	const uint8_t *p;
	size_t n;

	for (*alerts = 0; ok && al_pac_said_alert(s, &p, &n); ++*alerts)
		assert_true(p >= g.p && p + n <= g.p + len);
	if (ok && s->kind == AL_PAC_FAILED)
		(void)snprintf(what, cap, "%d:%u:%u:%s|%s", s->fault.stage,
		    s->fault.line, s->fault.column, s->fault.message,
		    s->fault.text);
	else if (ok)
		(void)snprintf(what, cap, "%.*s", (int)s->len, s->bytes);
	guard_free(&g);
	return ok;
}

static void
parses(void **state)
{
	static struct al_pac_said s;
	char what[2000];
	size_t alerts, cut;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		bool ok = parse(&s, rows[i].msg, rows[i].len, what,
		    sizeof(what), &alerts);

		if (ok != (rows[i].kind != 0))
			fail_msg("%s", rows[i].name);
		for (cut = 0; ok && cut < rows[i].len; cut++)
			if (parse(&s, rows[i].msg, cut, what, sizeof(what),
			    &alerts))
				fail_msg("%s, %zu bytes", rows[i].name, cut);
		if (!ok)
			continue;
		(void)parse(&s, rows[i].msg, rows[i].len, what, sizeof(what),
		    &alerts);
		assert_int_equal(s.kind, rows[i].kind);
		assert_string_equal(what, rows[i].what);
		assert_int_equal(alerts, rows[i].alerts);
	}
}

static void
limits(void **state)
{
	static uint8_t msg[AL_PAC_ANSWER_MAX + 1];
	static struct al_pac_said s;

	(void)state;
	/* a result of 16 KiB */
	msg[0] = AL_PAC_RESULT;
	al_put_u32(msg + 1, AL_PAC_RESULT_MAX);
	assert_true(al_pac_said_parse(&s, msg, 5 + AL_PAC_RESULT_MAX));
	al_put_u32(msg + 1, AL_PAC_RESULT_MAX + 1);
	assert_false(al_pac_said_parse(&s, msg, 6 + AL_PAC_RESULT_MAX));
	/* a name of 255 bytes */
	msg[0] = AL_PAC_LOOKUP;
	msg[5] = AL_PAC_NAME;
	al_put_u32(msg + 1, 256);
	assert_true(al_pac_said_parse(&s, msg, 261));
	al_put_u32(msg + 1, 257);
	assert_false(al_pac_said_parse(&s, msg, 262));
	/* 64 KiB in all */
	msg[0] = AL_PAC_LOADED;
	al_put_u32(msg + 1, AL_PAC_ANSWER_MAX - 5);
	assert_true(al_pac_said_parse(&s, msg, AL_PAC_ANSWER_MAX));
	al_put_u32(msg + 1, AL_PAC_ANSWER_MAX - 4);
	assert_false(al_pac_said_parse(&s, msg, AL_PAC_ANSWER_MAX + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses), cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
