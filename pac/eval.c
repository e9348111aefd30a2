/* pac/eval.c - ask a PAC script, in a helper process. */
#include "pac/eval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/loop/loop.h"
#include "pac/worker.h"

#define CPU_MS		1000u
#define WALL_MS		5000u
#define PATIENCE_MS	100u		/* then a second helper helps  */
#define JSC_RSS_MAX	((size_t)96 << 20)
#define WORKERS		2

struct al_pac_query {
	TAILQ_ENTRY(al_pac_query) entry;
	struct al_pac	*pac;
	struct slot	*slot;		/* NULL: it waits */
	uint64_t	 begun_us;
	al_on_pac	*on_pac;
	void		*arg;
	char		*host;		/* behind the url */
	char		 url[];
};

TAILQ_HEAD(queries, al_pac_query);

/* One of the helpers, with its turn. */
struct slot {
	struct al_pac		*pac;
	struct al_pac_worker	*worker;	/* NULL: not needed so far */
	bool			 jsc;
	struct al_pac_query	*q;		/* NULL: idle              */
};

struct al_pac {
	struct al_loop		*loop;
	struct al_pac_worker_opts common;
	char			*name, *helper, *jsc_helper;
	uint8_t			*load;
	bool			 jsc;		/* Duktape cannot parse it */
	struct slot		 slots[WORKERS];
	size_t			 n_slots;
	struct queries		 queue;
	size_t			 n_queued;
	struct al_task		 pump;
	struct al_timer		 patience;
	bool			 impatient;	/* patience is running     */
};

/* --- sentences ------------------------------------------------------------ */

#define EXCERPT		70	/* of the text at a fault   */
#define BEFORE		40	/* of that, before the place */

/* What is at the column, of a text that may be a whole line (see wire.h). */
static const char *
excerpt(char out[static EXCERPT + 1], const struct al_pac_fault *f)
{
	const size_t third = AL_PAC_TEXT_MAX / 3;
	size_t n = strlen(f->text), at = f->column > 0 ? f->column - 1 : 0;
	size_t skip;

	if (at > third && (at >= n || n + 16 > AL_PAC_TEXT_MAX))
		at = third;
	skip = n > EXCERPT && at > BEFORE && at < n ? at - BEFORE : 0;
	(void)al_str_clean(out, EXCERPT + 1, f->text + skip, n - skip);
	if (skip > 0)
		memcpy(out, "...", 3);
	return out;
}

/*
 * "NAME: line 3, column 7: what is wrong: "the text there"", and what to do
 * about it; each part short enough that the last is not lost.
 */
static void
describe_fault(const struct al_pac *p, const struct al_pac_turn *t, bool jsc,
    struct al_err *err)
{
	const struct al_pac_fault *f = &t->fault;
	bool newer = f->stage == AL_PAC_AT_SYNTAX && !jsc;
	char where[60] = "", what[91], text[EXCERPT + 1];
	const char *quote = f->text[0] != '\0' ? "\"" : "";

	if (f->line > 0 && f->column > 0)
		(void)snprintf(where, sizeof(where), "line %u, column %u: ",
		    f->line, f->column);
	else if (f->line > 0)
		(void)snprintf(where, sizeof(where), "line %u: ", f->line);
	(void)al_str_clean(what, sizeof(what), f->message,
	    strlen(f->message));
	(void)al_fail_as(err, AL_EPROTO, AL_AT_PAC, 0, AL_PAC_CAUSE,
	    "%.100s: %s%s%s%s%s%s%s", p->name, where, what,
	    f->text[0] != '\0' ? ": " : "", quote, excerpt(text, f), quote,
	    newer ? " (uses syntax newer than ES5, or is wrong; install "
	    AL_PAC_JSC_HELPER ")" : "");
}

/* --- the end of a query --------------------------------------------------- */

/* Takes t (NULL: it has not come so far).  The callback may free the pac. */
static void
finish(struct slot *s, struct al_pac_turn *t, struct al_err *err)
{
	struct al_pac_query *q = s->q;
	struct al_pac *p = s->pac;
	struct al_pac_answer a = { .engine = "" };
	uint64_t took = al_now_us() - q->begun_us;

	s->q = NULL;
	if (!TAILQ_EMPTY(&p->queue))
		al_task_queue(&p->pump);
	a.elapsed_us = took < UINT32_MAX ? (unsigned)took : UINT32_MAX;
	if (t != NULL) {
		a.raw = t->raw;
		a.fault = t->has_fault ? &t->fault : NULL;
		a.engine = t->engine;
		a.lookups = t->lookups.all;
		a.n_lookups = t->lookups.n;
		a.alerts = (const char *const *)t->alerts;
		a.n_alerts = t->n_alerts;
	}
	if (a.fault != NULL)
		describe_fault(p, t, s->jsc, err);
	else if (a.raw == NULL)
		al_err_prefix(err, "%.100s", p->name);
	q->on_pac(q->arg, &a, a.raw == NULL ? err : NULL);
	al_pac_turn_free(t);
	free(q);
}

/* --- the helpers ---------------------------------------------------------- */

static void begin(struct slot *s, struct al_pac_query *q);

static void
on_turn(void *arg, struct al_pac_turn *t)
{
	struct slot *s = arg;
	struct al_err err = t->err;

	if (t->has_fault && t->fault.stage == AL_PAC_AT_SYNTAX && !s->jsc &&
	    access(s->pac->jsc_helper, X_OK) == 0) {
		al_pac_turn_free(t);
		s->pac->jsc = true;
		begin(s, s->q);
		return;
	}
	finish(s, t, &err);
}

static enum al_code
open_worker(struct slot *s, struct al_err *err)
{
	const struct al_pac *p = s->pac;
	struct al_pac_worker_opts o = p->common;

	if (s->worker != NULL && s->jsc == p->jsc)
		return AL_OK;
	al_pac_worker_free(s->worker);
	s->jsc = p->jsc;
	o.name = p->jsc ? AL_PAC_JSC_HELPER : AL_PAC_DUKTAPE_HELPER;
	o.path = p->jsc ? p->jsc_helper : p->helper;
	o.rss_max = p->jsc ? JSC_RSS_MAX : 0;
	s->worker = al_pac_worker_new(p->loop, &o, on_turn, s, err);
	return s->worker != NULL ? AL_OK : err->code;
}

static void
begin(struct slot *s, struct al_pac_query *q)
{
	struct al_err err;

	s->q = q;
	q->slot = s;
	if (q->begun_us == 0)
		q->begun_us = al_now_us();
	if (open_worker(s, &err) == AL_OK && al_pac_worker_begin(s->worker,
	    q->url, q->host, &err) == AL_OK)
		return;
	err.stage = AL_AT_PAC;
	err.cause = AL_PAC_CAUSE;
	finish(s, NULL, &err);
}

static struct slot *
idle(struct al_pac *p)
{
	size_t i;

	for (i = 0; i < p->n_slots; i++)
		if (p->slots[i].q == NULL)
			return &p->slots[i];
	return NULL;
}

static struct al_pac_query *
pop(struct al_pac *p)
{
	struct al_pac_query *q = TAILQ_FIRST(&p->queue);

	TAILQ_REMOVE(&p->queue, q, entry);
	p->n_queued--;
	return q;
}

/* Nobody waits: patience ends.  Somebody does: it begins, once. */
static void
set_patience(struct al_pac *p)
{
	if (TAILQ_EMPTY(&p->queue)) {
		al_timer_cancel(&p->patience);
		p->impatient = false;
	} else if (p->n_slots < WORKERS && !p->impatient) {
		al_timer_set(&p->patience, PATIENCE_MS);
		p->impatient = true;
	}
}

/* One query, whose callback may free p: the next has a task of its own. */
static void
pump(void *arg)
{
	struct al_pac *p = arg;
	struct slot *s = idle(p);
	struct al_pac_query *q;

	if (s == NULL || TAILQ_EMPTY(&p->queue)) {
		set_patience(p);
		return;
	}
	q = pop(p);
	al_task_queue(&p->pump);
	begin(s, q);
}

static void
on_patience(void *arg)
{
	struct al_pac *p = arg;

	p->impatient = false;
	p->n_slots = WORKERS;
	pump(p);
}

/* --- for the caller ------------------------------------------------------- */

struct al_pac_query *
al_pac_ask(struct al_pac *p, const char *url, const char *host,
    al_on_pac *on_pac, void *arg, struct al_err *err)
{
	size_t n = strlen(url), host_len = strlen(host);
	struct al_pac_query *q;

	if (n >= AL_PAC_URL_MAX || host_len > AL_HOST_MAX) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_PAC, 0,
		    "the URL is too long for a PAC script");
		return NULL;
	}
	if (p->n_queued == AL_PAC_QUEUE_MAX) {
		(void)al_fail_as(err, AL_ELIMIT, AL_AT_PAC, 0, AL_PAC_CAUSE,
		    "%.100s: %d questions wait for an answer already",
		    p->name, AL_PAC_QUEUE_MAX);
		return NULL;
	}
	q = calloc(1, sizeof(*q) + n + host_len + 2);
	if (q == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	q->pac = p;
	q->on_pac = on_pac;
	q->arg = arg;
	q->host = q->url + n + 1;
	memcpy(q->url, url, n);
	memcpy(q->host, host, host_len);
	TAILQ_INSERT_TAIL(&p->queue, q, entry);
	p->n_queued++;
	al_task_queue(&p->pump);
	return q;
}

void
al_pac_cancel(struct al_pac_query *q)
{
	struct al_pac *p;

	if (q == NULL)
		return;
	p = q->pac;
	if (q->slot != NULL) {
		al_pac_worker_stop(q->slot->worker);
		q->slot->q = NULL;
	} else {
		TAILQ_REMOVE(&p->queue, q, entry);
		p->n_queued--;
	}
	free(q);
	al_task_queue(&p->pump);
}

/* ALPACON_PAC_HELPER is for programs that run where they were built. */
static char *
path_of(const char *given, const char *variable, const char *installed)
{
	const char *path = given != NULL ? given : secure_getenv(variable);

	if (path == NULL)
		path = installed;
	return al_str_dup(path, strlen(path));
}

/*   | 1 | clock, i64 | script, UTF-8: the rest |   */
static bool
make_load(struct al_pac *p, const struct al_pac_opts *o)
{
	struct al_writer out;

	p->common.load_len = 1 + 8 + o->len;
	p->load = malloc(p->common.load_len);
	if (p->load == NULL)
		return false;
	out = al_writer(p->load, p->common.load_len);
	al_write_u8(&out, AL_PAC_LOAD);
	al_write_u64(&out, (uint64_t)p->common.clock_ms);
	al_write_bytes(&out, o->script, o->len);
	p->common.load = p->load;
	return true;
}

static bool
copy(struct al_pac *p, const struct al_pac_opts *o)
{
	p->common = (struct al_pac_worker_opts){
		.clock_ms = o->clock_ms != 0 ? o->clock_ms : AL_PAC_REAL_TIME,
		.cpu_ms = o->cpu_ms != 0 ? o->cpu_ms : CPU_MS,
		.wall_ms = o->wall_ms != 0 ? o->wall_ms : WALL_MS,
		.resolver = o->resolver, .lookup = o->lookup, .arg = o->arg,
	};
	p->name = al_str_dup(o->name, strlen(o->name));
	p->helper = path_of(o->helper, "ALPACON_PAC_HELPER",
	    AL_PKGLIBEXECDIR "/" AL_PAC_DUKTAPE_HELPER);
	p->jsc_helper = path_of(o->jsc_helper, "ALPACON_PAC_JSC_HELPER",
	    AL_PKGLIBEXECDIR "/" AL_PAC_JSC_HELPER);
	return p->name != NULL && p->helper != NULL &&
	    p->jsc_helper != NULL && make_load(p, o);
}

struct al_pac *
al_pac_new(struct al_loop *loop, const struct al_pac_opts *o,
    struct al_err *err)
{
	struct al_pac *p;
	size_t i;

	if (o->len > AL_PAC_SCRIPT_MAX) {
		(void)al_fail_as(err, AL_ELIMIT, AL_AT_PAC, 0, AL_PAC_CAUSE,
		    "%.100s: it is longer than %u bytes", o->name,
		    AL_PAC_SCRIPT_MAX);
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	p->loop = loop;
	p->n_slots = 1;
	TAILQ_INIT(&p->queue);
	for (i = 0; i < WORKERS; i++)
		p->slots[i].pac = p;
	if (!copy(p, o))
		(void)al_fail_nomem(err, AL_AT_PAC);
	else if (al_task_init(&p->pump, loop, pump, p, err) == AL_OK &&
	    al_timer_init(&p->patience, loop, on_patience, p, err) == AL_OK)
		return p;
	al_pac_free(p);
	return NULL;
}

void
al_pac_free(struct al_pac *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < WORKERS; i++) {
		al_pac_worker_free(p->slots[i].worker);
		free(p->slots[i].q);
	}
	while (!TAILQ_EMPTY(&p->queue))
		free(pop(p));
	al_task_fini(&p->pump);
	al_timer_fini(&p->patience);
	free(p->name);
	free(p->helper);
	free(p->jsc_helper);
	free(p->load);
	free(p);
}
