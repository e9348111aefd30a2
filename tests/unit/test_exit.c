/* tests/unit/test_exit.c - which failure ends a program with which code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/daemon/exit.h"
#include "connector/wire/mux_frame.h"

static void
codes(void **state)
{
	static const struct {
		enum al_code	code;
		enum al_stage	stage;
		int		status;
		int		want;
	} rows[] = {
		{ AL_OK, AL_AT_NONE, 0, 0 },
		{ AL_OK, AL_AT_LOCAL, 0, 0 },
		{ AL_EUSAGE, AL_AT_NONE, 0, 64 },
		{ AL_EPROTO, AL_AT_NONE, 0, 70 },
		{ AL_EUSAGE, AL_AT_CONFIG, 0, 78 },
		{ AL_EPROTO, AL_AT_CONFIG, 0, 78 },
		{ AL_ENOMEM, AL_AT_CONFIG, 0, 71 },
		{ AL_ENOMEM, AL_AT_TLS, 0, 71 },
		{ AL_EAUTH, AL_AT_CONFIG, 0, 77 },
		{ AL_EAUTH, AL_AT_PROXY, 407, 77 },
		{ AL_EAUTH, AL_AT_HTTP, 401, 77 },
		{ AL_EUSAGE, AL_AT_LOCAL, 0, 64 },
		{ AL_ELIMIT, AL_AT_LOCAL, 0, 71 },
		{ AL_ENET, AL_AT_LOCAL, 0, 74 },
		{ AL_EREFUSED, AL_AT_CHANNEL, AL_CHAN_DENIED, 77 },
		{ AL_EREFUSED, AL_AT_CHANNEL, AL_CHAN_REVOKED, 77 },
		{ AL_EOF, AL_AT_SESSION, AL_CHAN_REVOKED, 77 },
		{ AL_EREFUSED, AL_AT_CHANNEL, AL_CHAN_UNREACHABLE, 69 },
		{ AL_EREFUSED, AL_AT_CHANNEL, 0, 69 },
		/* the same number from a proxy is not our policy */
		{ AL_EREFUSED, AL_AT_PROXY, AL_CHAN_DENIED, 69 },
		{ AL_ENAME, AL_AT_DNS, 0, 69 },
		{ AL_ENET, AL_AT_TCP, 0, 69 },
		{ AL_ETIMEOUT, AL_AT_PAC, 0, 69 },
		{ AL_EPROTO, AL_AT_TLS, 0, 69 },
		{ AL_EREFUSED, AL_AT_HTTP, 503, 69 },
		{ AL_EPROTO, AL_AT_WS, 0, 69 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct al_err err = { .code = rows[i].code,
		    .stage = rows[i].stage, .status = rows[i].status };

		if ((int)al_exit_code(&err) != rows[i].want)
			fail_msg("row %zu: %d, not %d", i,
			    (int)al_exit_code(&err), rows[i].want);
	}
}

/* What al_exit_say writes to descriptor 2. */
static int
say(const struct al_err *err, char *out, size_t cap)
{
	int fds[2], saved = dup(STDERR_FILENO), code;
	ssize_t n;

	assert_true(saved >= 0);
	assert_int_equal(pipe(fds), 0);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	code = (int)al_exit_say("prog", err);
	(void)fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(fds[1]), 0);
	n = read(fds[0], out, cap - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	(void)close(fds[0]);
	(void)close(saved);
	return code;
}

static void
sentences(void **state)
{
	struct al_err err;
	char got[600];

	(void)state;
	(void)al_fail(&err, AL_EUSAGE, AL_AT_NONE, 0, "unknown option --x");
	assert_int_equal(say(&err, got, sizeof(got)), 64);
	assert_string_equal(got, "prog: unknown option --x\n");
	(void)al_fail(&err, AL_ENET, AL_AT_PROXY, 0,
	    "http://u:c4n4ry@h:3128 is dead");
	assert_int_equal(say(&err, got, sizeof(got)), 69);
	assert_string_equal(got, "prog: proxy: http://***@h:3128 is dead\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),
		cmocka_unit_test(sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
