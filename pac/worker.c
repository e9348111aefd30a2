/* pac/worker.c - one helper with a script in it, and what it may use. */
#include "pac/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/helper/child.h"
#include "connector/loop/loop.h"
#include "pac/answer.h"

#define TICK_MS		50u	/* how often we look at what it uses   */
#define GRACE_MS	1000u	/* the wall's own timer comes first    */

/* Without TZ it reads /etc/localtime. */
static const char *const helper_env[] = { "TZ", "LC_ALL=C", NULL };

enum part { IDLE, LOADING, RUNNING };

struct al_pac_worker {
	struct al_pac_worker_opts o;
	struct al_loop		*loop;
	struct al_child		*child;		/* NULL: none          */
	struct al_timer		 tick;
	enum part		 part;
	uint64_t		 since_us;	/* of this part        */
	uint64_t		 cpu_us;	/* used before it      */
	char			 engine[64];
	uint8_t			*question;	/* EVAL, until LOADED  */
	size_t			 question_len;
	struct al_pac_turn	*turn;		/* NULL: idle          */
	al_on_turn		*on_turn;
	void			*arg;
};

/* --- a turn --------------------------------------------------------------- */

void
al_pac_turn_free(struct al_pac_turn *t)
{
	if (t == NULL)
		return;
	al_pac_lookups_cancel(&t->lookups);
	while (t->n_alerts > 0)
		free(t->alerts[--t->n_alerts]);
	free(t->alerts);
	free(t->raw);
	free(t);
}

/* What does not fit the limit is cut off; it is not worth an error. */
static void
keep_alert(struct al_pac_turn *t, const uint8_t *p, size_t len)
{
	size_t room = AL_PAC_ALERTS_MAX - t->alerts_len;
	size_t cap = len < room ? len + 1 : room;
	char **more, *text;

	if (cap == 0)
		return;
	text = malloc(cap);
	more = realloc(t->alerts, (t->n_alerts + 1) * sizeof(*more));
	if (more != NULL)
		t->alerts = more;
	if (text == NULL || more == NULL) {
		free(text);
		return;
	}
	t->alerts_len += cap;
	t->alerts[t->n_alerts++] = al_str_clean(text, cap, p, len);
}

/* A NUL would cut the string in two: no proxy's name has a '?'. */
static char *
as_text(const uint8_t *p, size_t len)
{
	char *text = al_str_dup(p, len);
	size_t i;

	for (i = 0; text != NULL && i < len; i++)
		if (text[i] == '\0')
			text[i] = '?';
	return text;
}

/* --- its end -------------------------------------------------------------- */

static void
forget(struct al_pac_worker *w)
{
	al_timer_cancel(&w->tick);
	free(w->question);
	w->question = NULL;
	w->part = IDLE;
}

/* The callback may free w: nothing comes after. */
static void
end(struct al_pac_worker *w)
{
	struct al_pac_turn *t = w->turn;

	forget(w);
	w->turn = NULL;
	al_pac_lookups_cancel(&t->lookups);
	if (t->raw == NULL) {		/* what its globals hold is anyone's
					 * guess: the next one loads anew */
		al_child_free(w->child);
		w->child = NULL;
	}
	w->on_turn(w->arg, t);
}

/* turn->err says why. */
static void
fail(struct al_pac_worker *w)
{
	w->turn->err.stage = AL_AT_PAC;
	w->turn->err.cause = AL_PAC_CAUSE;
	end(w);
}

static void
nonsense(struct al_pac_worker *w)
{
	(void)al_fail(&w->turn->err, AL_EPROTO, AL_AT_PAC, 0,
	    "%s answered with nonsense", w->o.name);
	fail(w);
}

/* --- limits --------------------------------------------------------------- */

/* Of the process, in all; 0: not known (any more). */
static uint64_t
cpu_us(const struct al_pac_worker *w)
{
	pid_t pid = al_child_pid(w->child);
	struct timespec used;
	clockid_t clock;

	if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &used) != 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

/* Bytes in memory: the second number of /proc/PID/statm, in pages. */
static size_t
rss(const struct al_pac_worker *w)
{
	char path[40], text[100];
	unsigned long pages = 0;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/statm",
	    (long)al_child_pid(w->child));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%*u %lu", &pages) != 1)
		return 0;
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Does it break a limit?  Then err says which. */
static bool
is_over(const struct al_pac_worker *w, struct al_err *err)
{
	const char *what = w->part == LOADING ? "loading it" : "it";
	uint64_t now = al_now_us();

	if (now - w->since_us >= (uint64_t)w->o.wall_ms * 1000)
		(void)al_fail(err, AL_ETIMEOUT, AL_AT_PAC, ETIMEDOUT,
		    "%s took longer than %u ms", what, w->o.wall_ms);
	else if (cpu_us(w) > w->cpu_us + (uint64_t)w->o.cpu_ms * 1000)
		(void)al_fail(err, AL_ETIMEOUT, AL_AT_PAC, ETIMEDOUT,
		    "%s took more than %u ms of the processor's time", what,
		    w->o.cpu_ms);
	else if (w->o.rss_max > 0 && rss(w) > w->o.rss_max)
		(void)al_fail(err, AL_ELIMIT, AL_AT_PAC, 0,
		    "%s took more than %zu MiB of memory", what,
		    w->o.rss_max >> 20);
	else
		return false;
	return true;
}

static void
set_tick(struct al_pac_worker *w)
{
	uint64_t gone_ms = (al_now_us() - w->since_us) / 1000;
	uint64_t left_ms = gone_ms < w->o.wall_ms ? w->o.wall_ms - gone_ms : 0;

	al_timer_set(&w->tick, left_ms < TICK_MS ? left_ms : TICK_MS);
}

static void
on_tick(void *arg)
{
	struct al_pac_worker *w = arg;

	if (is_over(w, &w->turn->err))
		fail(w);
	else
		set_tick(w);
}

static void
enter(struct al_pac_worker *w, enum part part)
{
	w->part = part;
	w->since_us = al_now_us();
	w->cpu_us = part == LOADING ? 0 : cpu_us(w);
	set_tick(w);
}

/* --- what it says --------------------------------------------------------- */

static void on_answer(void *arg, const uint8_t *msg, size_t len,
    const struct al_err *why);

static enum al_code
ask(struct al_pac_worker *w, const uint8_t *msg, size_t len,
    struct al_err *err)
{
	return al_child_ask(w->child, msg, len, w->o.wall_ms + GRACE_MS,
	    on_answer, w, err);
}

static void
send_addrs(void *arg, const struct al_pac_lookup *l)
{
	struct al_pac_worker *w = arg;
	uint8_t msg[1 + 17 * AL_PAC_ADDRS_MAX];
	struct al_writer out = al_writer(msg, sizeof(msg));
	const struct al_addr *a;

	al_write_u8(&out, AL_PAC_ADDRS);
	for (a = l->addrs; a < l->addrs + l->n; a++) {
		bool v4 = a->u.sa.sa_family == AF_INET;

		al_write_u8(&out, v4 ? 4 : 6);
		al_write_bytes(&out, v4 ? (const void *)&a->u.v4.sin_addr :
		    &a->u.v6.sin6_addr, v4 ? 4 : 16);
	}
	if (ask(w, msg, out.len, &w->turn->err) != AL_OK)
		fail(w);
}

static void
loaded(struct al_pac_worker *w, const struct al_pac_said *said)
{
	enum al_code code;

	(void)al_str_clean(w->engine, sizeof(w->engine), said->bytes,
	    said->len);
	memcpy(w->turn->engine, w->engine, sizeof(w->engine));
	al_pac_lookups_part(&w->turn->lookups);
	enter(w, RUNNING);
	code = ask(w, w->question, w->question_len, &w->turn->err);
	free(w->question);
	w->question = NULL;
	if (code != AL_OK)
		fail(w);
}

static void
failed(struct al_pac_worker *w, const struct al_pac_said *said)
{
	w->turn->has_fault = true;
	w->turn->fault = said->fault;
	(void)al_fail(&w->turn->err, AL_EPROTO, AL_AT_PAC, 0, "%s",
	    said->fault.message);
	fail(w);
}

static void
result(struct al_pac_worker *w, const struct al_pac_said *said)
{
	w->turn->raw = as_text(said->bytes, said->len);
	if (w->turn->raw != NULL) {
		end(w);
		return;
	}
	(void)al_fail_nomem(&w->turn->err, AL_AT_PAC);
	fail(w);
}

static void
on_answer(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	struct al_pac_worker *w = arg;
	const struct al_pac_lookup *l;
	struct al_pac_said said;
	const uint8_t *alert;
	size_t n;

	if (why != NULL) {
		w->turn->err = *why;
		fail(w);
		return;
	}
	if (!al_pac_said_parse(&said, msg, len)) {
		nonsense(w);
		return;
	}
	while (al_pac_said_alert(&said, &alert, &n))
		keep_alert(w->turn, alert, n);
	if (said.kind == AL_PAC_LOOKUP) {
		l = al_pac_lookups_ask(&w->turn->lookups, said.what,
		    said.bytes, said.len);
		if (l != NULL)
			send_addrs(w, l);
	} else if (said.kind == AL_PAC_FAILED) {
		failed(w, &said);
	} else if (said.kind == AL_PAC_LOADED && w->part == LOADING) {
		loaded(w, &said);
	} else if (said.kind == AL_PAC_RESULT && w->part == RUNNING) {
		result(w, &said);
	} else {
		nonsense(w);
	}
}

/* --- for the caller ------------------------------------------------------- */

/*   | 2 | clock, i64 | length, u16 | url | host: the rest |   */
static bool
make_question(struct al_pac_worker *w, const char *url, const char *host)
{
	size_t n = strlen(url), len = 1 + 8 + 2 + n + strlen(host);
	struct al_writer out;

	w->question = malloc(len);
	if (w->question == NULL)
		return false;
	out = al_writer(w->question, len);
	al_write_u8(&out, AL_PAC_EVAL);
	al_write_u64(&out, (uint64_t)w->o.clock_ms);
	al_write_u16(&out, (uint16_t)n);
	al_write_bytes(&out, url, n);
	al_write_bytes(&out, host, strlen(host));
	w->question_len = len;
	return true;
}

static enum al_code
make_turn(struct al_pac_worker *w, struct al_err *err)
{
	struct al_pac_turn *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return al_fail_nomem(err, AL_AT_PAC);
	t->lookups.resolver = w->o.resolver;
	t->lookups.hook = w->o.lookup;
	t->lookups.hook_arg = w->o.arg;
	t->lookups.on_done = send_addrs;
	t->lookups.arg = w;
	w->turn = t;
	return AL_OK;
}

/* The warm helper, unless it has died meanwhile. */
static bool
go_on(struct al_pac_worker *w)
{
	struct al_err gone;

	if (w->child == NULL)
		return false;
	if (ask(w, w->question, w->question_len, &gone) == AL_OK) {
		free(w->question);
		w->question = NULL;
		memcpy(w->turn->engine, w->engine, sizeof(w->engine));
		enter(w, RUNNING);
		return true;
	}
	al_child_free(w->child);
	w->child = NULL;
	return false;
}

static enum al_code
start(struct al_pac_worker *w, struct al_err *err)
{
	const struct al_child_opts child = {
		.name = w->o.name,
		.path = w->o.path,
		.env = helper_env,
		.msg_max = AL_PAC_QUESTION_MAX,
		.stage = AL_AT_PAC,
	};
	enum al_code code;

	w->child = al_child_start(w->loop, &child, err);
	if (w->child == NULL)
		return err->code;
	code = ask(w, w->o.load, w->o.load_len, err);
	if (code == AL_OK)
		enter(w, LOADING);
	return code;
}

enum al_code
al_pac_worker_begin(struct al_pac_worker *w, const char *url,
    const char *host, struct al_err *err)
{
	enum al_code code = make_turn(w, err);

	if (code == AL_OK && !make_question(w, url, host))
		code = al_fail_nomem(err, AL_AT_PAC);
	if (code == AL_OK && !go_on(w))
		code = start(w, err);
	if (code != AL_OK)
		al_pac_worker_stop(w);
	return code;
}

void
al_pac_worker_stop(struct al_pac_worker *w)
{
	forget(w);
	al_pac_turn_free(w->turn);
	w->turn = NULL;
	al_child_free(w->child);
	w->child = NULL;
}

struct al_pac_worker *
al_pac_worker_new(struct al_loop *loop, const struct al_pac_worker_opts *o,
    al_on_turn *on_turn, void *arg, struct al_err *err)
{
	struct al_pac_worker *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	w->o = *o;
	w->loop = loop;
	w->on_turn = on_turn;
	w->arg = arg;
	if (al_timer_init(&w->tick, loop, on_tick, w, err) == AL_OK)
		return w;
	free(w);
	return NULL;
}

void
al_pac_worker_free(struct al_pac_worker *w)
{
	if (w == NULL)
		return;
	al_pac_worker_stop(w);
	al_timer_fini(&w->tick);
	free(w);
}
