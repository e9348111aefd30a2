/* tests/unit/test_helper_oom.c - helper processes, and what wraps with one,
 * when memory runs out at every place of ours and of libevent's. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/helper/gss.h"
#include "connector/helper/syscfg.h"
#include "connector/stream/seal.h"
#include "connector/stream/tcp.h"
#include "tests/lib/helper.h"
#include "tests/lib/oom.h"

#define HANG_S	60u		/* then it is one, and SIGALRM's default */

static unsigned calls;
static enum al_code last;		/* of the last call */

static void
turn(void)
{
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* --- Kerberos ------------------------------------------------------------- */
static void
on_gss(void *arg, const struct al_gss_result *r)
{
	(void)arg;
	calls++;
	last = r->err != NULL ? r->err->code : AL_OK;
	if (r->err != NULL)
		err = *r->err;
}

/* The answer to what has just been asked. */
static enum al_code
answer(enum al_code asked)
{
	if (asked != AL_OK)
		return asked;
	wait_call(&calls);
	return last;
}

static struct al_gss *
context(enum al_code *code)
{
	const struct al_gss_opts o = { .helper = helper, .target = "HTTP@p",
	    .source = AL_GSS_PASSWORD, .principal = "ann", .password = "pw" };
	struct al_gss *g = al_gss_start(loop, &o, on_gss, NULL, &err);

	*code = answer(g != NULL ? AL_OK : err.code);
	return g;
}

static enum al_code
kerberos(void)
{
	static uint8_t big[5000];
	enum al_code code;
	struct al_gss *g = context(&code);

	if (code == AL_OK)
		code = answer(al_gss_step(g, big, 3, on_gss, NULL, &err));
	if (code == AL_OK)
		code = answer(al_gss_wrap(g, AL_GSS_SEAL, big, sizeof(big),
		    on_gss, NULL, &err));
	if (code == AL_OK)
		code = answer(al_gss_unwrap(g, big, 3, on_gss, NULL, &err));
	al_gss_free(g);
	return code;
}

/* --- the desktop's settings ----------------------------------------------- */
static void
on_syscfg(void *arg, const struct al_syscfg_result *r)
{
	(void)arg;
	calls++;
	last = AL_OK;
	if (r->n == 0 && r->pac == NULL)
		last = al_fail(&err, strstr(r->why, "out of memory") != NULL ?
		    AL_ENOMEM : AL_EUSAGE, AL_AT_CONFIG, 0, "%s", r->why);
}

static enum al_code
settings(const char *host)
{
	const struct al_syscfg_opts o = { .helper = helper, .host = host,
	    .port = 443 };

	return answer(al_syscfg_start(loop, &o, on_syscfg, NULL, &err) !=
	    NULL ? AL_OK : err.code);
}

static enum al_code
proxies(void)
{
	return settings("many");
}

/* "http://c" */
static enum al_code
pac(void)
{
	return settings("raw:020008687474703a2f2f63");
}

/* --- the layer that wraps ------------------------------------------------- */
static enum al_code
say(struct al_stream *s)
{
	size_t n;
	enum al_code code = al_stream_write(s, "hello", 5, &n, &err);

	while (code == AL_OK &&
	    (code = al_stream_flush(s, &err)) == AL_AGAIN) {
		turn();
		code = AL_OK;
	}
	return code;
}

static enum al_code
hear(struct al_stream *s)
{
	enum al_code code;
	char got[8];
	size_t n;

	while ((code = al_stream_read(s, got, sizeof(got), &n, &err)) ==
	    AL_AGAIN)
		turn();
	return code;
}

static enum al_code
wrapped(void)
{
	enum al_code code;
	struct al_gss *g = context(&code);
	struct al_stream *s = NULL;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	assert_int_equal(send(fds[1], "\1\3\0\2ok", 6, 0), 6);
	if (code == AL_OK && (s = al_tcp_new(fds[0], &err)) == NULL)
		code = err.code;
	else if (code != AL_OK)
		(void)close(fds[0]);
	if (s == NULL) {
		al_gss_free(g);
	} else {
		s = al_seal_new(loop, s, g, AL_GSS_SEAL, &err);
		code = s != NULL ? say(s) : err.code;
	}
	if (code == AL_OK)
		code = hear(s);
	al_stream_free(s);
	(void)close(fds[1]);
	return code;
}

/* --- every place ---------------------------------------------------------- */
static const struct row {
	const char	*name, *helper;
	enum al_code	(*life)(void);
} rows[] = {
	{ "kerberos", "gss_helper", kerberos },
	{ "proxies", "syscfg_helper", proxies },
	{ "pac", "syscfg_helper", pac },
	{ "wrapped", "gss_helper", wrapped },
};

/* The loop ends what a life has left, and with it all of its descriptors. */
static enum al_code
live(const struct row *r)
{
	enum al_code code;
	long left = oom_left;

	oom_left = -1;
	loop = al_loop_new(base, &err);
	assert_non_null(loop);
	err.text[0] = '\0';
	oom_left = left;
	code = r->life();
	oom_left = -1;
	al_loop_free(loop);
	return code;
}

static void
every_place(void **state)
{
	(void)state;
	base = event_base_new();
	assert_non_null(base);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long n = 0;

		helper_find(rows[i].helper);
		/* libevent makes room for these descriptors, and keeps it */
		assert_int_equal(live(&rows[i]), AL_OK);
		do {
			enum al_code code;

			oom_hit = false;
			oom_left = n++;
			(void)alarm(HANG_S);
			code = live(&rows[i]);
			(void)alarm(0);
			if (code != AL_OK && (!oom_hit ||
			    code != AL_ENOMEM || err.text[0] == '\0'))
				fail_msg("%s: allocation %ld: %s: %s",
				    rows[i].name, n, al_code_name(code),
				    err.text);
		} while (oom_hit);
		assert_true(n > 5);
	}
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place),
	};

	event_set_mem_functions(malloc, realloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
