/* tests/flow/test_find.c - whom a find asks, and what it makes of that.
 *
 * The system's settings come from a scripted helper, PAC files from scripted
 * servers; WPAD's search and the evaluation of scripts are fakes: a "script"
 * is what it returns, or FAIL.
 */
#include <stdbool.h>
#include <string.h>

#include "connector/autoconf/wpad.h"
#include "connector/base/str.h"
#include "connector/loop/resolve.h"
#include "connector/session/find.h"
#include "connector/session/workspace.h"
#include "pac/eval.h"
#include "tests/lib/dnsd.h"
#include "tests/lib/helper.h"
#include "tests/lib/oom.h"
#include "tests/lib/peer.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define ENTRY	"FindProxyForURL "
#define DATA(s)	"data:,FindProxyForURL%20" s
#define UNTIL(x)	while (!(x)) \
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0)

/* --- a fake of pac/eval --------------------------------------------------- */
struct al_pac {
	char	*script;
};

struct al_pac_query {
	struct al_pac	*pac;
	struct al_task	 task;
	al_on_pac	*on_pac;
	void		*arg;
};

static int pacs_live;

struct al_pac *
al_pac_new(struct al_loop *l, const struct al_pac_opts *o, struct al_err *e)
{
	struct al_pac *p = calloc(1, sizeof(*p));

	(void)l;
	if (p != NULL)
		p->script = al_str_dup(o->script, o->len);
	if (p == NULL || p->script == NULL) {
		free(p);
		(void)al_fail_nomem(e, AL_AT_PAC);
		return NULL;
	}
	pacs_live++;
	return p;
}

void
al_pac_free(struct al_pac *p)
{
	if (p == NULL)
		return;
	pacs_live--;
	free(p->script);
	free(p);
}

void
al_pac_cancel(struct al_pac_query *q)
{
	al_task_fini(&q->task);
	free(q);
}

static void
run(void *arg)
{
	struct al_pac_query *q = arg;
	struct al_pac_answer a = { .engine = "fake" };
	al_on_pac *on_pac = q->on_pac;
	void *to = q->arg;
	char raw[200];
	struct al_err e;

	(void)snprintf(raw, sizeof(raw), "%s",
	    q->pac->script + sizeof(ENTRY) - 1);
	al_pac_cancel(q);
	if (strcmp(raw, "FAIL") == 0)
		(void)al_fail_as(&e, AL_EPROTO, AL_AT_PAC, 0, 111,
		    "the script fails");
	else
		a.raw = raw;
	on_pac(to, &a, a.raw == NULL ? &e : NULL);
}

struct al_pac_query *
al_pac_ask(struct al_pac *p, const char *page, const char *host,
    al_on_pac *on_pac, void *arg, struct al_err *e)
{
	struct al_pac_query *q = calloc(1, sizeof(*q));

	(void)page;
	(void)host;
	if (q == NULL) {
		(void)al_fail_nomem(e, AL_AT_PAC);
		return NULL;
	}
	q->pac = p;
	q->on_pac = on_pac;
	q->arg = arg;
	if (al_task_init(&q->task, loop, run, q, e) != AL_OK) {
		free(q);
		return NULL;
	}
	al_task_queue(&q->task);
	return q;
}

/* --- a fake of autoconf/wpad ---------------------------------------------- */
struct al_wpad {
	struct al_task	 task;
	al_on_wpad	*on_wpad;
	void		*arg;
};

static const char *wpad_url;		/* what it finds; NULL: nothing */
static bool wpad_hangs;
static unsigned wpads;
static int wpads_live;

void
al_wpad_cancel(struct al_wpad *w)
{
	if (w == NULL)
		return;
	wpads_live--;
	al_task_fini(&w->task);
	free(w);
}

static void
search(void *arg)
{
	struct al_wpad *w = arg;
	al_on_wpad *on_wpad = w->on_wpad;
	void *to = w->arg;
	struct al_err e;

	al_wpad_cancel(w);
	(void)al_fail(&e, AL_ENAME, AL_AT_PAC, 0, "nobody announces one");
	on_wpad(to, wpad_url, wpad_url == NULL ? &e : NULL);
}

struct al_wpad *
al_wpad_start(struct al_loop *l, struct al_resolver *r,
    const char *const *domains, size_t n, al_on_wpad *on_wpad, void *arg,
    struct al_err *e)
{
	struct al_wpad *w = calloc(1, sizeof(*w));

	(void)r;
	(void)domains;
	assert_int_equal(n, 1);
	assert_non_null(w);
	wpads++;
	wpads_live++;
	w->on_wpad = on_wpad;
	w->arg = arg;
	assert_int_equal(al_task_init(&w->task, l, search, w, e), AL_OK);
	if (!wpad_hangs)
		al_task_queue(&w->task);
	return w;
}

/* --- the world ------------------------------------------------------------ */
static const struct dnsd_row zone[] = {
	{ .name = "pac.test", .a = { "127.0.0.1" } },
};
static const char *const command[] = { "http://command:1" };
static const char *const config[] = { "http://config:1" };
static const char *const domains[] = { "corp.test" };

#define SERVED(s)	{ { EXPECT("\r\n\r\n"), SEND("HTTP/1.0 200 OK\r\n\r\n" \
	ENTRY s) }, 2 }
#define MUTE	{ { STALL }, 1 }

static const struct peer_script served[] = { SERVED("PROXY served:1") };
static const struct peer_script mute[] = { MUTE };

static struct dnsd *dns;
static struct al_resolver *resolver;
static struct peer *peer;
static struct al_workspace *w;
static char peer_url[128];
static unsigned silences;

static void
on_note(void *arg, const char *event, const char *text)
{
	(void)arg;
	(void)text;
	silences += strcmp(event, "system-settings") == 0;
}

static void
build(const struct peer_script *s)
{
	const char *servers[2] = { NULL, NULL };
	const struct al_resolver_opts o = { .servers = servers };

	assert_int_equal(loop_setup(NULL), 0);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &o, &err);
	assert_non_null(resolver);
	peer = peer_new(loop, s != NULL ? s : served, 1);
	(void)snprintf(peer_url, sizeof(peer_url), "http://pac.test:%u/",
	    (unsigned)peer_port(peer));
	wpad_url = NULL;
	wpad_hangs = false;
	wpads = silences = 0;
	(void)unsetenv("https_proxy");
}

static void
open_workspace(struct al_workspace_opts o)
{
	o.on_note = on_note;
	w = al_workspace_new(&o, &err);
	if (w == NULL)
		fail_msg("%s", err.text);
}

static void
tear_down(void)
{
	al_workspace_free(w);
	w = NULL;
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	peer_free(peer);
	al_resolver_free(resolver);
	dnsd_free(dns);
	(void)loop_teardown(NULL);
	assert_int_equal(pacs_live, 0);
	assert_int_equal(wpads_live, 0);
}

/* What a find has been told. */
struct told {
	unsigned	 calls;
	bool		 frees;		/* the workspace, then */
	enum al_source	 source;
	size_t		 n;
	char		 first[AL_CHAIN_TEXT];
	bool		 no_login;
	char		 where[200];	/* of the winner */
	struct al_err	 err;
};

static void
on_found(void *arg, struct al_choice *c, const struct al_err *e)
{
	struct told *t = arg;

	t->calls++;
	t->err.code = AL_OK;
	assert_true((c == NULL) == (e != NULL));
	if (e != NULL) {
		t->err = *e;
	} else {
		t->source = c->source;
		t->n = c->route.n;
		t->no_login = c->route.chains[0].n > 0 &&
		    c->route.chains[0].hops[0].no_login;
		oom_left = -1;
		assert_int_equal(al_chain_format(&c->route.chains[0],
		    t->first, sizeof(t->first)), AL_OK);
		(void)snprintf(t->where, sizeof(t->where), "%s",
		    c->considered[c->source].where != NULL ?
		    c->considered[c->source].where : "");
		al_choice_fini(c);
	}
	if (t->frees) {
		al_workspace_free(w);
		w = NULL;
	}
}

static struct al_find *
start(const char *host, struct told *t)
{
	char url[300];
	struct al_find *f;

	(void)snprintf(url, sizeof(url), "https://%s/", host);
	f = al_find_start(w, loop, resolver, url, on_found, t, &err);
	assert_non_null(f);
	assert_int_equal(t->calls, 0);
	return f;
}

static struct told
find(const char *host)
{
	struct told t = { .calls = 0 };

	(void)start(host, &t);
	UNTIL(t.calls);
	return t;
}

static void
expect(const char *host, enum al_source source, const char *first)
{
	struct told t = find(host);

	if (t.err.code != AL_OK)
		fail_msg("%s: %s", host, t.err.text);
	assert_string_equal(al_source_name(t.source), al_source_name(source));
	assert_string_equal(t.first, first);
}

static void
expect_failure(const char *host, const char *text)
{
	struct told t = find(host);

	if (t.err.code == AL_OK)
		fail_msg("%s: by %s", host, t.first);
	if (strstr(t.err.text, text) == NULL)
		fail_msg("%s: %s", host, t.err.text);
	assert_int_equal(t.err.stage, AL_AT_PAC);
}

/* --- tests ---------------------------------------------------------------- */
static void
order(void **state)
{
	static const struct {
		bool		 command, config, pac, env;
		const char	*host;		/* says what the system does */
		bool		 wpad;
		enum al_source	 source;
		const char	*first;
	} rows[] = {
		{ 1, 1, 1, 1, "h", 1, AL_SOURCE_COMMAND, "http://command:1" },
		{ 0, 1, 1, 1, "h", 1, AL_SOURCE_CONFIG, "http://config:1" },
		{ 0, 0, 1, 1, "h", 1, AL_SOURCE_PAC, "http://pac:1" },
		{ 0, 0, 0, 1, "h", 1, AL_SOURCE_ENVIRONMENT, "http://env:1" },
		{ 0, 0, 0, 0, "h", 1, AL_SOURCE_SYSTEM,
		    "http://1.443.h.home.-:80" },
		{ 0, 0, 0, 0, "pac", 1, AL_SOURCE_SYSTEM, "http://spac:1" },
		{ 0, 0, 0, 0, "nothing", 1, AL_SOURCE_WPAD,
		    "http://served:1" },
		{ 0, 0, 0, 0, "nothing", 0, AL_SOURCE_DEFAULT, "direct" },
		{ 0, 0, 0, 0, "crash", 0, AL_SOURCE_DEFAULT, "direct" },
	};
	struct al_workspace_opts o;
	size_t i;

	(void)state;
	(void)setenv("XDG_CONFIG_HOME", DATA("PROXY%20spac:1"), 1);
	for (i = 0; i < N(rows); i++) {
		build(NULL);
		wpad_url = peer_url;
		o = (struct al_workspace_opts){
			.choose = { .command = command,
			    .n_command = rows[i].command, .config = config,
			    .n_config = rows[i].config },
			.pac = rows[i].pac ? DATA("PROXY%20pac:1") : NULL,
			.wpad_domains = domains,
			.n_wpad_domains = rows[i].wpad,
			.flags = AL_WORKSPACE_SYSTEM };
		if (rows[i].env)
			(void)setenv("https_proxy", "http://env:1", 1);
		open_workspace(o);
		expect(rows[i].host, rows[i].source, rows[i].first);
		expect(rows[i].host, rows[i].source, rows[i].first);
		/* nobody is asked who need not be, and once is enough */
		assert_int_equal(wpads, rows[i].source == AL_SOURCE_WPAD);
		assert_int_equal(peer_accepted(peer),
		    rows[i].source == AL_SOURCE_WPAD);
		assert_int_equal(silences,
		    rows[i].source == AL_SOURCE_DEFAULT);
		tear_down();
	}
}

/* Of the settings' file, and of the system's. */
static void
policies(void **state)
{
	static const char bad[] = DATA("FAIL");
	struct al_workspace_opts o = { .choose = { .no_proxy = "no.test" } };
	int system;

	(void)state;
	for (system = 0; system < 2; system++) {
		const char *host = system ? "pac" : "h";
		enum al_source source = system ? AL_SOURCE_SYSTEM :
		    AL_SOURCE_PAC;

		(void)setenv("XDG_CONFIG_HOME", bad, 1);
		o.pac = system ? NULL : bad;
		o.flags = system ? AL_WORKSPACE_SYSTEM : 0;

		build(NULL);
		o.pac_failure = AL_PAC_FAILURE_NEXT;
		open_workspace(o);
		expect_failure(host, "no other source names a proxy");
		if (!system)
			expect("no.test", AL_SOURCE_DEFAULT, "direct");
		(void)setenv("https_proxy", "http://env:1", 1);
		expect(host, AL_SOURCE_ENVIRONMENT, "http://env:1");
		tear_down();

		build(NULL);
		o.pac_failure = AL_PAC_FAILURE_BLOCK;
		o.wpad_domains = domains;
		o.n_wpad_domains = 1;
		open_workspace(o);
		if (!system)
			(void)setenv("https_proxy", "http://env:1", 1);
		expect_failure(host, "the script fails");
		assert_int_equal(wpads, 0);
		tear_down();
		o.n_wpad_domains = 0;

		build(NULL);
		o.pac_failure = AL_PAC_FAILURE_DIRECT;
		open_workspace(o);
		expect(host, source, "direct");
		tear_down();
	}
}

static void
not_a_file(void **state)
{
	(void)state;
	(void)setenv("XDG_CONFIG_HOME", "ftp://h/p.pac", 1);
	build(NULL);
	open_workspace((struct al_workspace_opts){
	    .flags = AL_WORKSPACE_SYSTEM });
	expect_failure("pac", "ftp");
	expect_failure("pac", "ftp");
	tear_down();
}

static void
logins(void **state)
{
	static const struct {
		enum { SETTINGS, SYSTEM, WPAD }	 who;
		bool		 safe;		/* nobody is on the way */
		const char	*credentials_for;
		bool		 no_login;
	} rows[] = {
		{ SETTINGS, true, NULL, false },
		{ SETTINGS, false, NULL, true },
		{ SETTINGS, false, "served", false },
		{ SETTINGS, false, "other", true },
		{ SYSTEM, true, NULL, false },
		{ SYSTEM, false, NULL, true },
		{ SYSTEM, false, "served:1", false },
		{ WPAD, false, NULL, true },
		{ WPAD, true, NULL, true },
		{ WPAD, false, "served", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		const char *url;
		struct told t;

		build(NULL);
		url = rows[i].safe ? DATA("PROXY%20served:1") : peer_url;
		(void)setenv("XDG_CONFIG_HOME", url, 1);
		wpad_url = url;
		open_workspace((struct al_workspace_opts){
		    .pac = rows[i].who == SETTINGS ? url : NULL,
		    .credentials_for = rows[i].credentials_for,
		    .wpad_domains = domains,
		    .n_wpad_domains = rows[i].who == WPAD,
		    .flags = rows[i].who == SYSTEM ? AL_WORKSPACE_SYSTEM : 0 });
		t = find("pac");
		assert_string_equal(t.first, "http://served:1");
		assert_int_equal(t.no_login, rows[i].no_login);
		assert_string_equal(t.where, rows[i].safe ? "data:,..." :
		    peer_url);
		tear_down();
	}
}

static void
wpad(void **state)
{
	const struct al_workspace_opts o = { .wpad_domains = domains,
	    .n_wpad_domains = 1 };

	(void)state;
	build(NULL);
	open_workspace(o);
	expect("h", AL_SOURCE_DEFAULT, "direct");
	wpad_url = peer_url;
	expect("h", AL_SOURCE_DEFAULT, "direct");
	assert_int_equal(wpads, 1);
	al_workspace_network_changed(w);
	expect("h", AL_SOURCE_WPAD, "http://served:1");
	expect("h", AL_SOURCE_WPAD, "http://served:1");
	assert_int_equal(wpads, 2);
	tear_down();

	build(NULL);			/* announced, and then not there */
	wpad_url = DATA("FAIL");
	open_workspace(o);
	expect_failure("h", "no other source names a proxy");
	tear_down();
}

/* The helper is asked about the first one's host only. */
static void
one_question_for_all(void **state)
{
	struct told t[3] = { { .calls = 0 } };
	char host[] = "h0";
	size_t i;

	(void)state;
	build(NULL);
	open_workspace((struct al_workspace_opts){
	    .flags = AL_WORKSPACE_SYSTEM });
	for (i = 0; i < N(t); i++, host[1]++)
		(void)start(host, &t[i]);
	UNTIL(t[0].calls && t[1].calls && t[2].calls);
	for (i = 0; i < N(t); i++) {
		assert_int_equal(t[i].source, AL_SOURCE_SYSTEM);
		assert_string_equal(t[i].first, t[0].first);
	}
	tear_down();
}

enum where { BEFORE, IN_SYSTEM, IN_WPAD, IN_FILE, WHERES };

static void
open_where(enum where where)
{
	build(where == IN_FILE ? mute : NULL);
	wpad_hangs = where == IN_WPAD;
	open_workspace((struct al_workspace_opts){
	    .pac = where == IN_FILE ? peer_url : NULL,
	    .wpad_domains = domains, .n_wpad_domains = where == IN_WPAD,
	    .flags = where == IN_SYSTEM ? AL_WORKSPACE_SYSTEM : 0 });
}

static void
come_to(enum where where)
{
	if (where == IN_FILE)
		UNTIL(peer_accepted(peer) == 1);
	else if (where == IN_WPAD)
		UNTIL(wpads == 1);
	else if (where == IN_SYSTEM)
		(void)event_base_loop(base, EVLOOP_ONCE);
}

/* In any order; the workspace goes with its questions still open. */
static void
cancel(void **state)
{
	int where, i, first;

	(void)state;
	for (where = BEFORE; where < WHERES; where++)
		for (first = 0; first < 3; first++) {
			struct told t = { .calls = 0 };
			struct al_find *f[3];

			open_where((enum where)where);
			for (i = 0; i < 3; i++)
				f[i] = start("hang", &t);
			come_to((enum where)where);
			for (i = 0; i < 3; i++)
				al_find_cancel(f[(first + i) % 3]);
			tear_down();
			assert_int_equal(t.calls, 0);
		}
	al_find_cancel(NULL);
}

/* The others are told all the same. */
static void
cancel_one_that_waits(void **state)
{
	struct told t[3] = { { .calls = 0 } };
	struct al_find *f[3];
	int gone, i;

	(void)state;
	for (gone = 0; gone < 3; gone++) {
		memset(t, 0, sizeof(t));
		open_where(IN_WPAD);
		wpad_hangs = false;
		for (i = 0; i < 3; i++)
			f[i] = start("h", &t[i]);
		UNTIL(wpads == 1);
		al_find_cancel(f[gone]);
		UNTIL(t[0].calls + t[1].calls + t[2].calls == 2);
		assert_int_equal(t[gone].calls, 0);
		tear_down();
	}
}

/* Whoever is told may free everything. */
static void
free_when_told(void **state)
{
	static const char *const pacs[] = { NULL, DATA("PROXY%20a:1"),
	    DATA("FAIL"), "data:,nonsense" };
	static const char *const hosts[] = { "h", "pac", "nothing", "crash" };
	size_t i, k, failure;

	(void)state;
	(void)setenv("XDG_CONFIG_HOME", DATA("FAIL"), 1);
	for (i = 0; i < N(pacs); i++)
		for (k = 0; k < N(hosts); k++)
			for (failure = 0; failure < 3; failure++) {
				struct told t = { .frees = true };

				build(NULL);
				wpad_url = DATA("PROXY%20b:1");
				open_workspace((struct al_workspace_opts){
				    .pac = pacs[i], .pac_failure =
				    (enum al_pac_failure)failure,
				    .wpad_domains = domains,
				    .n_wpad_domains = 1,
				    .flags = AL_WORKSPACE_SYSTEM });
				(void)start(hosts[k], &t);
				UNTIL(t.calls);
				assert_null(w);
				tear_down();
			}
}

/* Its PAC file goes with the last find; a late one still gets an answer. */
static void
retired(void **state)
{
	struct told t[2] = { { .calls = 0 } };
	const struct al_workspace_opts o = { .pac = DATA("PROXY%20a:1") };

	(void)state;
	build(NULL);
	open_workspace(o);
	al_workspace_retire(w);			/* never asked */
	tear_down();

	build(NULL);
	open_workspace(o);
	expect("h", AL_SOURCE_PAC, "http://a:1");
	assert_int_equal(pacs_live, 1);
	al_workspace_retire(w);			/* idle */
	assert_int_equal(pacs_live, 0);
	expect("h", AL_SOURCE_PAC, "http://a:1");
	assert_int_equal(pacs_live, 0);
	tear_down();

	build(NULL);
	open_workspace(o);
	(void)start("h", &t[0]);
	al_find_cancel(start("h", &t[1]));
	al_workspace_retire(w);			/* asked at this moment */
	al_workspace_network_changed(w);
	UNTIL(t[0].calls);
	assert_string_equal(t[0].first, "http://a:1");
	assert_int_equal(pacs_live, 0);
	tear_down();
}

/* An answer is whole, or there is none. */
static void
out_of_memory(void **state)
{
	struct told t;
	long n;

	(void)state;
	for (n = 0, oom_hit = true; oom_hit; n++) {
		t = (struct told){ .calls = 0 };
		build(NULL);
		open_workspace((struct al_workspace_opts){
		    .pac = DATA("PROXY%20a:1;PROXY%20b:1;DIRECT") });
		oom_hit = false;
		oom_left = n;
		if (al_find_start(w, loop, resolver, "https://h/", on_found,
		    &t, &t.err) != NULL)
			UNTIL(t.calls);
		oom_left = -1;
		assert_true(t.err.code != AL_OK || (t.n == 3 &&
		    strcmp(t.first, "http://a:1") == 0));
		tear_down();
	}
	assert_int_equal(t.err.code, AL_OK);
	assert_true(n > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(policies),
		cmocka_unit_test(not_a_file),
		cmocka_unit_test(logins),
		cmocka_unit_test(wpad),
		cmocka_unit_test(one_question_for_all),
		cmocka_unit_test(cancel),
		cmocka_unit_test(cancel_one_that_waits),
		cmocka_unit_test(free_when_told),
		cmocka_unit_test(retired),
		cmocka_unit_test(out_of_memory),
	};

	helper_find("syscfg_helper");
	(void)setenv("ALPACON_SYSCFG_HELPER", helper, 1);
	(void)setenv("SSL_CERT_FILE", "/dev/null", 1);	/* quick to read */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
