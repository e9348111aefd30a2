/* tests/unit/test_syscfg.c - the library's side of the system's settings, with
 * a helper that plays; the real one is tested in tests/system. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/daemon/reach.h"
#include "connector/helper/syscfg.h"
#include "connector/loop/resolve.h"
#include "connector/session/workspace.h"
#include "tests/lib/helper.h"

static struct {
	unsigned	calls;
	char		proxies[1024], pac[256], why[512];
	size_t		n;
} got;

static int
setup(void **state)
{
	memset(&got, 0, sizeof(got));
	return loop_setup(state);
}

static void
on_syscfg(void *arg, const struct al_syscfg_result *r)
{
	size_t i, len = 0;

	(void)arg;
	got.calls++;
	got.n = r->n;
	got.proxies[0] = '\0';
	for (i = 0; i < r->n && len < sizeof(got.proxies); i++)
		len += (size_t)snprintf(got.proxies + len,
		    sizeof(got.proxies) - len, "%s%s", i > 0 ? " " : "",
		    r->proxies[i]);
	(void)snprintf(got.pac, sizeof(got.pac), "%s",
	    r->pac != NULL ? r->pac : "-");
	(void)snprintf(got.why, sizeof(got.why), "%s",
	    r->why != NULL ? r->why : "-");
	assert_int_equal(r->why == NULL, r->n > 0);
}

static void
ask(const char *host, unsigned ms)
{
	const struct al_syscfg_opts o = { .helper = helper, .host = host,
	    .scheme = AL_SYSCFG_HTTPS, .port = 8443, .deadline_ms = ms };

	memset(&got, 0, sizeof(got));
	assert_non_null(al_syscfg_start(loop, &o, on_syscfg, NULL, &err));
	assert_int_equal(got.calls, 0);		/* not under this frame */
	wait_call(&got.calls);
}

#define NAME "alpacon-syscfg-helper"
#define NONSENSE NAME " answered with nonsense"

/* raw: kinds, lengths and texts in hex. */
static const struct row {
	const char	*host, *proxies, *pac, *why;
} rows[] = {
	/* the question arrives, and our proxies' variables do not */
	{ "h.example", "http://1.8443.h.example.home.-", "-", "-" },
	/* "http://p:1" */
	{ "raw:01000a687474703a2f2f703a31", "http://p:1", "-", "-" },
	/* "socks://s:1", "SOCKS4://s", "direct://", "http://x" */
	{ "raw:01000b736f636b733a2f2f733a31" "01000a534f434b53343a2f2f73"
	    "0100096469726563743a2f2f" "010008687474703a2f2f78",
	    "socks5h://s:1 SOCKS4://s direct", "-", "-" },
	/* "direct://" first says nothing, whatever comes then */
	{ "raw:0100096469726563743a2f2f", "", "-", "no answer" },
	{ "raw:0100096469726563743a2f2f" "010008687474703a2f2f78", "", "-",
	    "no answer" },
	{ "raw:", "", "-", "no answer" },
	/* what would be a chain, has a blank, a control character, nothing */
	{ "raw:01000a687474703a2f2f612c62", "", "-",
	    "what is set there is no proxy" },
	{ "raw:01000a687474703a2f2f612062", "", "-",
	    "what is set there is no proxy" },
	{ "raw:01000a687474703a2f2f611b62" "010008687474703a2f2f78",
	    "http://x", "-", "-" },
	{ "raw:010000", "", "-", "what is set there is no proxy" },
	/* a PAC file: "http://c/p?SECRET", "http://u:p@c" and WPAD */
	{ "raw:020011687474703a2f2f632f703f534543524554", "",
	    "http://c/p?SECRET",
	    "the desktop names a PAC file, http://c/p" },
	{ "raw:02000c687474703a2f2f753a704063", "", "http://u:p@c",
	    "the desktop names a PAC file" },
	/* "http://u:p?w@c": all of the password stays hidden */
	{ "raw:02000e687474703a2f2f753a703f774063", "", "http://u:p?w@c",
	    "the desktop names a PAC file" },
	{ "raw:020000", "", "",
	    "the desktop wants WPAD, which is done only with wpad = yes and "
	    "wpad_domains" },
	/* a refusal: "no\x1b" */
	{ "raw:0300036e6f1b", "", "-", NAME ": no." },
	/* nonsense: an unknown kind, cut off at each place; the first part of
	 * it does not count */
	{ "raw:040000", "", "-", NONSENSE },
	{ "raw:000000", "", "-", NONSENSE },
	/* a NUL, in front of "http://c" */
	{ "raw:02000900687474703a2f2f63", "", "-", NONSENSE },
	{ "raw:01", "", "-", NONSENSE }, { "raw:0100", "", "-", NONSENSE },
	{ "raw:01000a687474703a2f2f70", "", "-", NONSENSE },
	{ "raw:01000a687474703a2f2f703a3101", "", "-", NONSENSE },
	{ "raw:02000c687474703a2f2f753a70406301", "", "-", NONSENSE },
	{ "crash", "", "-", NAME " was killed by signal 6" },
	{ "hang", "", "-", NAME " did not answer within 200 ms" },
};

static void
answers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		ask(r->host, strcmp(r->host, "hang") == 0 ? 200 : 20000);
		if (strcmp(got.proxies, r->proxies) != 0 ||
		    strcmp(got.pac, r->pac) != 0 ||
		    strcmp(got.why, r->why) != 0)
			fail_msg("%s: %s|%s|%s", r->host, got.proxies,
			    got.pac, got.why);
	}
	ask("many", 20000);
	assert_int_equal(got.n, 32);		/* AL_ROUTE_MAX */
}

static void
not_started(void **state)
{
	static char long_name[400];
	struct al_syscfg_opts o = { .helper = "/nonexistent", .host = "h" };

	(void)state;
	assert_null(al_syscfg_start(loop, &o, on_syscfg, NULL, &err));
	assert_string_equal(err.text, "cannot start helper /nonexistent: "
	    "No such file or directory");
	memset(long_name, 'x', sizeof(long_name) - 1);
	o = (struct al_syscfg_opts){ .helper = helper, .host = long_name };
	assert_null(al_syscfg_start(loop, &o, on_syscfg, NULL, &err));
	assert_int_equal(err.code, AL_EUSAGE);
	al_syscfg_cancel(NULL);
}

static void
cancelled(void **state)
{
	const struct al_syscfg_opts o = { .helper = helper, .host = "hang" };
	struct al_syscfg *s = al_syscfg_start(loop, &o, on_syscfg, NULL,
	    &err);

	(void)state;
	assert_non_null(s);
	al_syscfg_cancel(s);
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	assert_int_equal(got.calls, 0);
}

/* --- what the choice makes of it ------------------------------------------ */
static const char *
get_env(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

/* The desktop's settings: what they say, and why they say nothing. */
static void
explains_system(void **state)
{
	static const char *const system[] = { "http://u:SECRET@s:1",
	    "socks5h://t", "direct" };
	struct al_choose_opts opts = { .get_env = get_env,
	    .system = { .values = system, .n = 3 } };
	struct al_choice c;

	(void)state;
	assert_int_equal(al_choose(&c, "https://h", &opts, &err), AL_OK);
	assert_string_equal(al_source_name(c.source), "environment");
	assert_string_equal(c.considered[AL_SOURCE_SYSTEM].value,
	    "http://s:1; socks5h://t:1080; direct");
	assert_string_equal(c.considered[AL_SOURCE_SYSTEM].lost,
	    "the environment is asked first");
	al_choice_fini(&c);

	opts.get_env = NULL;
	assert_int_equal(al_choose(&c, "https://h", &opts, &err), AL_OK);
	assert_string_equal(al_source_name(c.source), "system");
	assert_int_equal(c.route.n, 3);
	assert_string_equal(c.route.chains[0].hops[0].password, "SECRET");
	assert_string_equal(c.considered[AL_SOURCE_DEFAULT].lost,
	    "the system setting is asked first");
	al_choice_fini(&c);

	opts.system = (struct al_answer){ .why = "it has crashed" };
	assert_int_equal(al_choose(&c, "https://h", &opts, &err), AL_OK);
	assert_string_equal(al_source_name(c.source), "default");
	assert_string_equal(c.considered[AL_SOURCE_SYSTEM].lost,
	    "it has crashed");
	assert_null(c.considered[AL_SOURCE_SYSTEM].value);
	al_choice_fini(&c);
}

/* --- a workspace that asks ------------------------------------------------ */
static struct al_choice choice;

static const char *
lost(void)
{
	return choice.considered[AL_SOURCE_SYSTEM].lost;
}

/* Two questions, one after the other: the system is asked once. */
static void
find(const char *url, unsigned flags, const char *proxy)
{
	const struct al_workspace_opts o = { .url = url,
	    .flags = flags | AL_WORKSPACE_NO_ENV,
	    .choose = { .command = &proxy, .n_command = proxy != NULL } };
	struct al_resolver *r = al_resolver_new(loop, NULL, &err);
	struct al_workspace *w = al_workspace_new(&o, &err);

	assert_non_null(r);
	assert_non_null(w);
	for (int i = 0; i < 2; i++) {
		al_choice_fini(&choice);
		assert_int_equal(al_reach_find(base, loop, r, w, NULL,
		    &choice, &err), AL_OK);
	}
	al_workspace_free(w);
	al_resolver_free(r);
}

static void
workspaces(void **state)
{
	(void)state;
	assert_int_equal(setenv("ALPACON_SYSCFG_HELPER", helper, 1), 0);
	find("https://h.example", AL_WORKSPACE_SYSTEM, NULL);
	assert_int_equal(choice.source, AL_SOURCE_SYSTEM);
	assert_string_equal(choice.route.chains[0].hops[0].host,
	    "1.443.h.example.home.-");
	/* a crash is a note, not an error */
	find("https://crash", AL_WORKSPACE_SYSTEM, NULL);
	assert_int_equal(choice.source, AL_SOURCE_DEFAULT);
	assert_string_equal(lost(), NAME " was killed by signal 6");
	/* nobody asks when it is settled, or switched off */
	find("https://hang", AL_WORKSPACE_SYSTEM, "none");
	assert_string_equal(lost(),
	    "not asked: the proxy is known without it");
	find("https://hang", 0, NULL);
	assert_string_equal(lost(), "switched off");
	assert_int_equal(setenv("ALPACON_SYSCFG_HELPER", "/nonexistent", 1),
	    0);
	find("https://h.example", AL_WORKSPACE_SYSTEM, NULL);
	assert_string_equal(lost(), NAME " is not installed");
	al_choice_fini(&choice);
}

/* Somebody leaves the loop: a signal, a deadline. */
static void
leave(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)event_base_loopbreak(arg);
}

static void
left(void **state)
{
	const struct al_workspace_opts o = { .url = "https://hang",
	    .flags = AL_WORKSPACE_SYSTEM | AL_WORKSPACE_NO_ENV };
	const struct timeval soon = { .tv_usec = 10000 };
	struct al_resolver *r = al_resolver_new(loop, NULL, &err);
	struct al_workspace *w = al_workspace_new(&o, &err);

	(void)state;
	assert_non_null(w);
	assert_int_equal(setenv("ALPACON_SYSCFG_HELPER", helper, 1), 0);
	assert_int_equal(event_base_once(base, -1, EV_TIMEOUT, leave, base,
	    &soon), 0);
	assert_int_equal(al_reach_find(base, loop, r, w, NULL, &choice, &err),
	    AL_EOF);
	al_workspace_free(w);
	al_resolver_free(r);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, loop_teardown)
	const struct CMUnitTest tests[] = {
		T(answers), T(not_started), T(cancelled),
		T(explains_system), T(workspaces), T(left),
	};

	helper_find("syscfg_helper");
	(void)setenv("HOME", "/", 0);
	(void)setenv("https_proxy", "http://environment", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
