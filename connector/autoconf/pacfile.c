/* connector/autoconf/pacfile.c - a PAC file, kept fresh, and asked. */
#include "connector/autoconf/pacfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/autoconf/fetch.h"
#include "connector/autoconf/location.h"
#include "connector/base/hash.h"
#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "connector/loop/loop.h"
#include "pac/charset.h"
#include "pac/page.h"

#define TRIAL_HOST	"alpacon.invalid"
#define TRIAL_URL	"https://" TRIAL_HOST "/"
#define ENTRY_POINT	"FindProxyForURL"	/* also begins ...Ex */

/* One that has been read; dies with its last query once it is replaced. */
struct script {
	struct al_pac	*pac;
	uint8_t		 sha256[AL_SHA256_LEN];	/* of the text */
	bool		 trusted;
	bool		 is_retired;
	size_t		 queries;
};

struct al_pacfile_query {
	struct al_pacfile_query	*next, **link;
	struct al_pacfile	*f;
	struct al_pac_page	 page;
	al_on_pacfile		*on_answer;
	void			*arg;
	/* asked, failed (why), or waiting */
	struct script		*script;
	struct al_pac_query	*asked;
	bool			 has_failed;
	struct al_err		 why;
};

enum state {
	NEVER_READ,
	READING,	/* or about to: queries wait            */
	READ		/* well or not; the timer says when next */
};

struct al_pacfile {
	struct al_loop		*loop;
	struct al_pacfile_opts	 o;		/* its texts are ours */
	char			*url;
	uint8_t			 sha256[AL_SHA256_LEN];
	char			 name[200];	/* "the PAC file http://..." */
	struct al_rng		 rng;

	enum state		 state;
	struct al_timer		 due;
	struct al_fetch		*fetch;
	struct script		*candidate;
	uint32_t		 max_age_s;	/* of the last read */
	unsigned		 failures;	/* in a row         */
	struct al_err		 why;		/* of the last      */

	struct script		*current;	/* NULL: none yet   */
	struct al_pacfile_query	*queries;
	struct al_task		 tell;		/* those that failed */
};

static void
emit(const struct al_pacfile *f, enum al_pacfile_event event,
    const char *text, const struct al_err *err)
{
	if (f->o.on_event != NULL)
		f->o.on_event(f->o.arg, event, text, err);
}

/* --- scripts -------------------------------------------------------------- */
static void
script_free(struct script *s)
{
	if (s == NULL)
		return;
	al_pac_free(s->pac);
	free(s);
}

static void
script_retire(struct script *s)
{
	if (s == NULL)
		return;
	s->is_retired = true;
	if (s->queries == 0)
		script_free(s);
}

static void
script_release(struct script *s)
{
	if (--s->queries == 0 && s->is_retired)
		script_free(s);
}

/* The trial's host needs no DNS: it is known not to exist. */
static bool
lookup(void *arg, struct al_pac_lookup *l)
{
	(void)arg;
	if (!al_str_ieq(l->name, TRIAL_HOST))
		return false;
	l->n = 0;
	return true;
}

static struct script *
script_new(struct al_pacfile *f, const struct al_buf *text,
    const uint8_t sha256[AL_SHA256_LEN], bool trusted, struct al_err *err)
{
	const struct al_pac_opts o = {
		.resolver = f->o.resolver,
		.name = f->name,
		.script = (const char *)al_buf_head(text),
		.len = al_buf_len(text),
		.lookup = lookup,
	};
	struct script *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	memcpy(s->sha256, sha256, sizeof(s->sha256));
	s->trusted = trusted;
	s->pac = al_pac_new(f->loop, &o, err);
	if (s->pac != NULL)
		return s;
	free(s);
	return NULL;
}

/* --- queries -------------------------------------------------------------- */
static void
link_query(struct al_pacfile *f, struct al_pacfile_query *q)
{
	struct al_pacfile_query **at = &f->queries;

	while (*at != NULL)	/* the order of the questions */
		at = &(*at)->next;
	q->link = at;
	*at = q;
}

/* Forget q; what it asked goes on or is over. */
static void
drop_query(struct al_pacfile_query *q)
{
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	if (q->script != NULL)
		script_release(q->script);
	free(q);
}

static void
query_failed(struct al_pacfile_query *q, const struct al_err *why)
{
	q->has_failed = true;
	q->why = *why;
	al_task_queue(&q->f->tell);
}

static void
on_tell(void *arg)
{
	struct al_pacfile *f = arg;
	struct al_pacfile_query *q = f->queries;
	al_on_pacfile *on_answer;
	struct al_err why;
	void *to;

	/* a callback may cancel, ask and free: begin again after each */
	while (q != NULL) {
		if (!q->has_failed) {
			q = q->next;
			continue;
		}
		on_answer = q->on_answer;
		to = q->arg;
		why = q->why;
		drop_query(q);
		on_answer(to, NULL, &why);
		q = f->queries;		/* buried: still readable, empty */
	}
}

static void
say_what_it_said(const struct al_pacfile *f, const struct al_pac_answer *a,
    const struct al_pac_result *r)
{
	size_t i;

	for (i = 0; i < a->n_alerts; i++)
		emit(f, AL_PACFILE_ALERT, a->alerts[i], NULL);
	for (i = 0; i < r->n_warnings; i++)
		emit(f, AL_PACFILE_WARNING, r->warnings[i], NULL);
}

static void
on_pac(void *arg, const struct al_pac_answer *a, const struct al_err *cause)
{
	struct al_pacfile_query *q = arg;
	struct al_pac_result r = { .n = 0 };
	struct al_pacfile_answer answer = { .script = a,
	    .trusted = q->script->trusted };
	al_on_pacfile *on_answer = q->on_answer;
	void *to = q->arg;
	struct al_err err;

	if (cause == NULL && al_pac_result_parse(&r, a->raw, q->f->o.socks,
	    &err) != AL_OK)
		cause = &err;
	else if (cause == NULL)
		answer.result = &r;
	if (a != NULL)
		say_what_it_said(q->f, a, &r);
	q->asked = NULL;
	drop_query(q);
	on_answer(to, a != NULL ? &answer : NULL, cause);
	if (answer.result != NULL)
		al_pac_result_fini(&r);
}

static enum al_code
ask_script(struct al_pacfile_query *q, struct al_err *err)
{
	struct script *s = q->f->current;

	q->asked = al_pac_ask(s->pac, q->page.url, q->page.host, on_pac, q,
	    err);
	if (q->asked == NULL)
		return err->code;
	q->script = s;
	s->queries++;
	return AL_OK;
}

void
al_pacfile_cancel(struct al_pacfile_query *q)
{
	if (q == NULL)
		return;
	if (q->asked != NULL)
		al_pac_cancel(q->asked);
	drop_query(q);
}

/* --- reading -------------------------------------------------------------- */
static void
schedule(struct al_pacfile *f, enum al_refresh_after after)
{
	const struct al_refresh r = {
		.after = after,
		.max_age_s = f->max_age_s,
		.failures = f->failures,
		.serves = f->current != NULL,
		.random = al_rng_u32(&f->rng),
	};

	al_timer_set(&f->due, f->o.wait_ms != NULL ?
	    f->o.wait_ms(f->o.arg, &r) : al_refresh_ms(&r));
}

/* err names the file. */
static void
read_failed(struct al_pacfile *f, const struct al_err *err)
{
	struct al_pacfile_query *q;

	f->state = READ;
	f->why = *err;
	if (f->failures < UINT32_MAX)
		f->failures++;
	schedule(f, AL_REFRESH_FAILURE);
	for (q = f->queries; q != NULL; q = q->next)
		if (q->script == NULL && !q->has_failed)
			query_failed(q, err);
	emit(f, f->current != NULL ? AL_PACFILE_KEPT : AL_PACFILE_FAILED,
	    f->name, err);
}

static void
read_well(struct al_pacfile *f)
{
	struct al_pacfile_query *q;
	struct al_err err;

	f->state = READ;
	f->failures = 0;
	schedule(f, AL_REFRESH_READ);
	for (q = f->queries; q != NULL; q = q->next)
		if (q->script == NULL && !q->has_failed &&
		    ask_script(q, &err) != AL_OK)
			query_failed(q, &err);
}

/* Of a trial: it is no script, or not one that can be asked anything. */
static bool
is_broken(const struct al_pac_answer *a)
{
	return a != NULL && a->fault != NULL &&
	    (a->fault->stage == AL_PAC_AT_SYNTAX ||
	    a->fault->stage == AL_PAC_AT_LOAD);
}

static void
on_trial(void *arg, const struct al_pac_answer *a, const struct al_err *err)
{
	struct al_pacfile *f = arg;
	struct script *s = f->candidate;

	f->candidate = NULL;
	if (err != NULL && (is_broken(a) || (f->current != NULL &&
	    (a == NULL || a->fault == NULL)))) {
		script_free(s);
		read_failed(f, err);
		return;
	}
	script_retire(f->current);
	f->current = s;
	read_well(f);
	emit(f, AL_PACFILE_LOADED, f->name, NULL);
}

static enum al_code
try_script(struct al_pacfile *f, const struct al_buf *text,
    const uint8_t sha256[AL_SHA256_LEN], bool trusted, struct al_err *err)
{
	if (memmem(al_buf_head(text), al_buf_len(text), ENTRY_POINT,
	    sizeof(ENTRY_POINT) - 1) == NULL)
		return al_fail(err, AL_EPROTO, AL_AT_PAC, 0,
		    "%s: it has no function " ENTRY_POINT, f->name);
	f->candidate = script_new(f, text, sha256, trusted, err);
	if (f->candidate == NULL)
		return err->code;
	if (al_pac_ask(f->candidate->pac, TRIAL_URL, TRIAL_HOST, on_trial, f,
	    err) != NULL)
		return AL_OK;
	script_free(f->candidate);
	f->candidate = NULL;
	return err->code;
}

/* AL_AGAIN: a trial is under way. */
static enum al_code
take_text(struct al_pacfile *f, const struct al_fetched *got,
    struct al_buf *text, struct al_err *err)
{
	uint8_t sha256[AL_SHA256_LEN];
	enum al_code code = al_pac_decode(text, got->body, got->len,
	    got->content_type, err);

	if (code != AL_OK) {
		al_err_prefix(err, "%s", f->name);
		return code;
	}
	if (al_sha256(sha256, al_buf_head(text), al_buf_len(text)) != AL_OK)
		return al_fail_nomem(err, AL_AT_PAC);
	if (f->current == NULL ||
	    memcmp(f->current->sha256, sha256, sizeof(sha256)) != 0) {
		code = try_script(f, text, sha256, got->trusted, err);
		return code == AL_OK ? AL_AGAIN : code;
	}
	f->current->trusted = got->trusted;
	return AL_OK;
}

static void
on_fetch(void *arg, const struct al_fetched *got, const struct al_err *cause)
{
	struct al_pacfile *f = arg;
	struct al_buf text;
	struct al_err err;
	enum al_code code;

	f->fetch = NULL;
	if (cause != NULL) {
		read_failed(f, cause);
		return;
	}
	f->max_age_s = got->max_age_s;
	al_buf_init(&text, AL_PAC_SCRIPT_MAX);
	code = take_text(f, got, &text, &err);
	al_buf_fini(&text);
	if (code == AL_OK) {
		read_well(f);
	} else if (code != AL_AGAIN) {
		err.stage = AL_AT_PAC;
		err.cause = AL_CAUSE_PAC;
		read_failed(f, &err);
	}
}

static void
on_due(void *arg)
{
	struct al_pacfile *f = arg;
	const struct al_fetch_opts o = {
		.url = f->url,
		.resolver = f->o.resolver,
		.tls = f->o.tls,
		.flags = f->o.fetch_flags,
		.sha256 = f->o.sha256,
	};
	struct al_err err;

	f->state = READING;
	f->fetch = al_fetch_start(f->loop, &o, on_fetch, f, &err);
	if (f->fetch == NULL)
		read_failed(f, &err);
}

static void
stop_reading(struct al_pacfile *f)
{
	al_fetch_cancel(f->fetch);
	f->fetch = NULL;
	script_free(f->candidate);
	f->candidate = NULL;
}

void
al_pacfile_prefetch(struct al_pacfile *f)
{
	if (f->state != NEVER_READ)
		return;
	f->state = READING;
	al_timer_set(&f->due, 0);
}

void
al_pacfile_network_changed(struct al_pacfile *f)
{
	if (f->state == NEVER_READ)
		return;
	stop_reading(f);
	f->state = READING;
	f->failures = 0;
	schedule(f, AL_REFRESH_NETWORK);
}

/* --- asking --------------------------------------------------------------- */
struct al_pacfile_query *
al_pacfile_ask(struct al_pacfile *f, const char *url,
    al_on_pacfile *on_answer, void *arg, struct al_err *err)
{
	struct al_pacfile_query *q = calloc(1, sizeof(*q));

	if (q == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	q->f = f;
	q->on_answer = on_answer;
	q->arg = arg;
	if (al_pac_page_make(&q->page, url, err) != AL_OK ||
	    (f->current != NULL && ask_script(q, err) != AL_OK)) {
		free(q);
		return NULL;
	}
	link_query(f, q);
	al_pacfile_prefetch(f);
	if (q->script == NULL && f->state == READ)
		query_failed(q, &f->why);
	return q;
}

/* --- beginning and end ---------------------------------------------------- */
static void
bury(void *p)
{
	struct al_pacfile *f = p;

	free(f->url);
	free(f);
}

void
al_pacfile_free(struct al_pacfile *f)
{
	if (f == NULL)
		return;
	while (f->queries != NULL)
		al_pacfile_cancel(f->queries);
	stop_reading(f);
	script_free(f->current);
	f->current = NULL;
	al_timer_fini(&f->due);
	al_task_fini(&f->tell);
	al_loop_bury(f->loop, f, bury);
}

struct al_pacfile *
al_pacfile_new(struct al_loop *loop, const struct al_pacfile_opts *o,
    struct al_err *err)
{
	struct al_pacfile *f = calloc(1, sizeof(*f));
	struct al_location l;
	char shown[160];

	if (f == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	f->loop = loop;
	f->o = *o;
	if (o->sha256 != NULL) {
		memcpy(f->sha256, o->sha256, sizeof(f->sha256));
		f->o.sha256 = f->sha256;
	}
	f->o.url = f->url = al_str_dup(o->url, strlen(o->url));
	if (f->url == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		goto fail;
	}
	al_fetch_show(f->url, shown, sizeof(shown));
	(void)snprintf(f->name, sizeof(f->name), "the PAC file %s", shown);
	if (al_location_parse(&l, f->url, err) != AL_OK)
		goto fail;
	al_location_fini(&l);
	if (al_rng_init(&f->rng, err) == AL_OK &&
	    al_timer_init(&f->due, loop, on_due, f, err) == AL_OK &&
	    al_task_init(&f->tell, loop, on_tell, f, err) == AL_OK)
		return f;
fail:
	al_pacfile_free(f);
	return NULL;
}
