/* tests/unit/test_netcheck_contrast.c - what a proxy's answers tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connector/netcheck/contrast.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define WHY	"the proxy answered 403"
#define NONE	AL_CONTRAST_NONE
#define DENIED	AL_CONTRAST_DENIED
#define PASSED	AL_CONTRAST_PASSED

/* --- one answer ----------------------------------------------------------- */
static const struct answer {
	enum al_stage		stage;
	enum al_code		code;
	int			status, cause;
	bool			is_refusal;
	enum al_contrast_answer	want;
} errors[] = {
	{ AL_AT_PROXY, AL_EREFUSED, 403, 140, true, DENIED },
	{ AL_AT_PROXY, AL_EREFUSED, 403, 141, true, DENIED },
	{ AL_AT_PROXY, AL_EREFUSED, 405, 142, true, DENIED },
	/* it has tried */
	{ AL_AT_PROXY, AL_ENET, 503, 143, false, PASSED },
	{ AL_AT_PROXY, AL_ETIMEOUT, 504, 143, false, PASSED },
	/* a proxy that cannot is no policy, nor are logins and SOCKS */
	{ AL_AT_PROXY, AL_ENET, 501, 142, false, NONE },
	{ AL_AT_PROXY, AL_EAUTH, 407, 131, false, NONE },
	{ AL_AT_PROXY, AL_EREFUSED, 302, 144, false, NONE },
	{ AL_AT_PROXY, AL_EREFUSED, 429, 199, false, NONE },
	{ AL_AT_PROXY, AL_EREFUSED, 2, 150, false, NONE },
	{ AL_AT_PROXY, AL_ETIMEOUT, 0, 120, false, NONE },
	{ AL_AT_TCP, AL_ENET, 0, 120, false, NONE },
	{ AL_AT_TLS, AL_EPROTO, 0, 167, false, NONE },
};

static void
answers(void **state)
{
	(void)state;
	assert_int_equal(al_contrast_answer(NULL), PASSED);
	for (const struct answer *a = errors; a < errors + N(errors); a++) {
		struct al_err err;

		(void)al_fail_as(&err, a->code, a->stage, a->status, a->cause,
		    "x");
		if (al_contrast_is_refusal(&err) != a->is_refusal ||
		    al_contrast_answer(&err) != a->want)
			fail_msg("%d, cause %d: %d", a->status, a->cause,
			    (int)al_contrast_answer(&err));
	}
}

/* --- all together --------------------------------------------------------- */
#define EITHER	"nothing else is let through either (another User-Agent, "

static const struct judgement {
	const char		*name;
	int			 cause;		/* of the refusal */
	enum al_contrast_answer	 agent, port, address, control;
	int			 want;
	bool			 is_certain;
	const char		*found;
} judgements[] = {
	{ "the User-Agent", 141, PASSED, NONE, DENIED, DENIED, 146, true,
	    "another User-Agent is let through: " },
	{ "the User-Agent at this host", 140, PASSED, DENIED, NONE, PASSED,
	    146, true, "another User-Agent, the same port of another host "
	    "are let through: " },
	{ "the port", 140, DENIED, PASSED, DENIED, DENIED, 140, true,
	    "port 443 of the same host is let through: " },
	{ "the port, by 405", 142, DENIED, PASSED, NONE, NONE, 140, true,
	    "port 443 of the same host is let through: " },
	{ "the name", 141, DENIED, NONE, PASSED, NONE, 141, true,
	    "its address in place of the name is let through: " },
	{ "the host, on a port that others have", 140, DENIED, DENIED, DENIED,
	    PASSED, 141, true,
	    "the same port of another host is let through: " },
	{ "the host, by 405", 142, DENIED, NONE, NONE, PASSED, 141, true,
	    "the same port of another host is let through: " },
	{ "the two together", 140, DENIED, PASSED, PASSED, NONE, 141, false,
	    "port 443 of the same host, its address in place of the name are "
	    "let through: " },
	{ "all, and not for the port", 140, DENIED, DENIED, DENIED, DENIED,
	    141, false, EITHER "port 443 of the same host, its address in "
	    "place of the name, the same port of another host): " },
	{ "all, on 443", 141, DENIED, NONE, NONE, DENIED, 141, false,
	    EITHER "the same port of another host): " },
	{ "CONNECT", 142, DENIED, DENIED, NONE, DENIED, 142, false,
	    EITHER "port 443 of the same host, the same port of another "
	    "host): " },
	{ "no answer about the port", 140, DENIED, NONE, NONE, NONE, 140,
	    false, "nothing else is let through either (another "
	    "User-Agent): " },
	{ "no answer", 140, NONE, NONE, NONE, NONE, 140, false, "" },
};

static void
judged(void **state)
{
	(void)state;
	for (const struct judgement *j = judgements; j < judgements +
	    N(judgements); j++) {
		const enum al_contrast_answer all[AL_CONTRASTS] = {
			[AL_CONTRAST_AGENT] = j->agent,
			[AL_CONTRAST_PORT] = j->port,
			[AL_CONTRAST_ADDRESS] = j->address,
			[AL_CONTRAST_CONTROL] = j->control,
		};
		char want[sizeof(((struct al_err *)0)->text)];
		struct al_err err;

		(void)al_fail_as(&err, AL_EREFUSED, AL_AT_PROXY, 403,
		    j->cause, WHY);
		(void)snprintf(want, sizeof(want), "%s%s", j->found, WHY);
		if (al_contrast_judge(&err, all) != j->is_certain ||
		    err.cause != j->want || strcmp(err.text, want) != 0)
			fail_msg("%s: NC-%d, \"%s\"", j->name, err.cause,
			    err.text);
		/* the rest is what the proxy has said */
		assert_int_equal(err.code, AL_EREFUSED);
		assert_int_equal(err.status, 403);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
