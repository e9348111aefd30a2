/* connector/session/find.c - the way to a URL: ask whom to ask, then choose. */
#include "connector/session/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "connector/autoconf/fetch.h"
#include "connector/autoconf/pacfile.h"
#include "connector/autoconf/wpad.h"
#include "connector/base/str.h"
#include "connector/helper/syscfg.h"
#include "connector/loop/loop.h"
#include "connector/session/workspace_int.h"

#define WPAD_AGAIN_MS	300000	/* after a search that has found nothing */
#define SOON_MS		8000	/* after what may be better then */

/* Whom to ask, in this order. */
enum ask { ASK_PAC, ASK_SYSTEM, ASK_WPAD, ASKS };

/* What was said: the texts of an al_answer. */
struct said {
	char	*values[AL_ROUTE_MAX];	/* they may hold passwords */
	size_t	 n;
	char	*why, *where;
	bool	 untrusted;
};

struct source {
	enum { UNKNOWN, ASKING, KNOWN } state;
	uint64_t		 again_ms;	/* UNKNOWN again then; 0: never */
	struct al_pacfile	*file;	/* to be asked for each URL; NULL: said
					 * is for all                       */
	struct al_err		 bad;	/* what named a PAC file is wrong,
					 * or it cannot be asked            */
	struct said		 said;
};

/* Of a workspace, for all its finds. */
struct al_sources {
	struct al_workspace	*w;
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct source		 of[ASKS];
	struct al_syscfg	*syscfg;
	struct al_wpad		*wpad;
	bool			 told_silence;
	size_t			 finds;		/* that use it */
	LIST_HEAD(, al_find)	 waiting;	/* for syscfg and wpad */
};

struct al_find {
	LIST_ENTRY(al_find)	 next;		/* waiting             */
	bool			 waits;
	struct al_sources	*s;
	char			*url;
	al_on_found		*on_found;
	void			*arg;
	struct al_timer		 soon;
	enum ask		 asking;
	struct al_pacfile_query	*query;
	bool			 over[ASKS];
	struct said		 said[ASKS];	/* by PAC files        */
	struct al_err		 failed;	/* a PAC file, the first */
};

/* --- what was said -------------------------------------------------------- */
static void
forget(struct said *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		al_str_free_secret(a->values[i]);
	free(a->why);
	free(a->where);
	memset(a, 0, sizeof(*a));
}

static void
set(char **to, const char *text)
{
	free(*to);
	*to = text != NULL ? al_str_dup(text, strlen(text)) : NULL;
}

/* All or nothing: "PROXY a; DIRECT" without a is a leak.  false: out of
 * memory. */
static bool
say(struct said *a, const char *const *values, size_t n)
{
	forget(a);
	while (a->n < n && a->n < AL_ROUTE_MAX) {
		a->values[a->n] = al_str_dup(values[a->n],
		    strlen(values[a->n]));
		if (a->values[a->n] == NULL) {
			forget(a);
			return false;
		}
		a->n++;
	}
	return true;
}

static void
say_why(struct said *a, const char *why)
{
	forget(a);
	set(&a->why, why);
}

static struct al_answer
answer_of(const struct said *a)
{
	return (struct al_answer){ .values = (const char *const *)a->values,
	    .n = a->n, .why = a->why, .where = a->where,
	    .untrusted = a->untrusted };
}

static void
note(const struct al_sources *s, const char *event, const char *text)
{
	if (s->w->on_note != NULL)
		s->w->on_note(s->w->note_arg, event, text);
}

/* --- the PAC files -------------------------------------------------------- */
static void
on_event(void *arg, enum al_pacfile_event event, const char *text,
    const struct al_err *err)
{
	static const char *const names[] = {
		[AL_PACFILE_LOADED] = "pac-loaded",
		[AL_PACFILE_KEPT] = "pac-kept",
		[AL_PACFILE_FAILED] = "pac-failed",
		[AL_PACFILE_ALERT] = "pac-alert",
		[AL_PACFILE_WARNING] = "pac-warning",
	};

	note(arg, names[event], err != NULL ? err->text : text);
}

static void
open_file(struct al_sources *s, enum ask a, const char *url)
{
	struct source *src = &s->of[a];
	const struct al_pacfile_opts o = {
		.url = url, .resolver = s->resolver, .tls = s->w->pac_tls,
		.fetch_flags = a == ASK_WPAD ? AL_FETCH_SAME_HOST : 0,
		.sha256 = a == ASK_WPAD && s->w->has_wpad_sha256 ?
		    s->w->wpad_sha256 : NULL,
		.socks = s->w->pac_socks, .on_event = on_event, .arg = s,
	};
	char shown[512];

	src->state = KNOWN;
	src->file = al_pacfile_new(s->loop, &o, &src->bad);
	if (src->file != NULL)
		src->bad.code = AL_OK;
	else if (src->bad.code != AL_EUSAGE)
		src->again_ms = al_now_ms() + SOON_MS;
	al_fetch_show(url, shown, sizeof(shown));
	set(&src->said.where, shown);
}

/* --- the system's settings, once ------------------------------------------ */
static void
wake(struct al_sources *s, enum ask a)
{
	struct al_find *f, *next;

	for (f = LIST_FIRST(&s->waiting); f != NULL; f = next) {
		next = LIST_NEXT(f, next);
		if (f->asking != a)
			continue;
		LIST_REMOVE(f, next);
		f->waits = false;
		al_timer_set(&f->soon, 0);
	}
}

static void
on_syscfg(void *arg, const struct al_syscfg_result *r)
{
	struct al_sources *s = arg;
	struct source *src = &s->of[ASK_SYSTEM];

	s->syscfg = NULL;
	src->state = KNOWN;
	if (r->n > 0 && !say(&src->said, r->proxies, r->n)) {
		(void)al_fail_nomem(&src->bad, AL_AT_CONFIG);
		src->again_ms = al_now_ms() + SOON_MS;
	} else if (r->n == 0 && r->pac != NULL && r->pac[0] != '\0') {
		open_file(s, ASK_SYSTEM, r->pac);
	} else if (r->n == 0) {
		say_why(&src->said, r->why);
	}
	wake(s, ASK_SYSTEM);
}

static void
start_syscfg(struct al_sources *s, const char *url)
{
	struct source *src = &s->of[ASK_SYSTEM];
	struct al_syscfg_opts o = { .helper = NULL };
	struct al_url u;
	struct al_err err;

	if (al_url_parse(&u, url, &err) == AL_OK) {
		o.host = u.host;
		o.port = u.port != 0 ? u.port :
		    al_url_default_port(u.scheme);
		o.scheme = strcmp(u.scheme, "http") == 0 ||
		    strcmp(u.scheme, "ws") == 0 ? AL_SYSCFG_HTTP :
		    AL_SYSCFG_HTTPS;
		s->syscfg = al_syscfg_start(s->loop, &o, on_syscfg, s, &err);
		al_url_fini(&u);
	}
	src->state = s->syscfg != NULL ? ASKING : KNOWN;
	/* no helper is no error: it may have been left out of the build */
	if (s->syscfg == NULL && err.sys == ENOENT) {
		say_why(&src->said, "alpacon-syscfg-helper is not installed");
	} else if (s->syscfg == NULL) {
		src->bad = err;
		src->again_ms = al_now_ms() + SOON_MS;
	}
}

/* --- WPAD ----------------------------------------------------------------- */
/* That there is no such name will be true for a while; that DNS has failed
 * will not, and meanwhile we go direct. */
static void
no_wpad(struct source *src, const struct al_err *err)
{
	say_why(&src->said, err->text);
	src->again_ms = al_now_ms() + (err->code == AL_ENAME ?
	    WPAD_AGAIN_MS : SOON_MS);
}

static void
on_wpad(void *arg, const char *url, const struct al_err *err)
{
	struct al_sources *s = arg;
	struct source *src = &s->of[ASK_WPAD];

	s->wpad = NULL;
	src->state = KNOWN;
	if (url != NULL)
		open_file(s, ASK_WPAD, url);
	else
		no_wpad(src, err);
	wake(s, ASK_WPAD);
}

static void
start_wpad(struct al_sources *s)
{
	struct source *src = &s->of[ASK_WPAD];
	struct al_err err;

	s->wpad = al_wpad_start(s->loop, s->resolver,
	    (const char *const *)s->w->wpad_domains, s->w->n_wpad_domains,
	    on_wpad, s, &err);
	src->state = s->wpad != NULL ? ASKING : KNOWN;
	if (s->wpad == NULL)
		no_wpad(src, &err);
}

/* --- the end of a find ---------------------------------------------------- */
/* Those of a retired workspace are for the finds under way. */
static void
release(struct al_sources *s)
{
	struct al_workspace *w = s->w;

	if (--s->finds > 0 || !w->retired)
		return;
	w->sources = NULL;
	al_sources_free(s);
}

static void
find_free(struct al_find *f)
{
	struct al_sources *s = f->s;
	size_t i;

	if (f->waits)
		LIST_REMOVE(f, next);
	al_pacfile_cancel(f->query);
	al_timer_fini(&f->soon);
	for (i = 0; i < ASKS; i++)
		forget(&f->said[i]);
	al_str_free_secret(f->url);
	free(f);
	release(s);
}

static void
report(struct al_find *f, struct al_choice *c, const struct al_err *err)
{
	al_on_found *on_found = f->on_found;
	void *arg = f->arg;
	const struct al_err why = err != NULL ? *err :
	    (struct al_err){ .code = AL_OK };

	find_free(f);
	on_found(arg, c, err != NULL ? &why : NULL);
}

/* What f knows so far: said to it, else said to all, else not asked. */
static struct al_answer
known(const struct al_find *f, enum ask a, const struct al_answer *unasked)
{
	if (!f->over[a])
		return *unasked;
	if (f->said[a].n > 0 || f->said[a].why != NULL)
		return answer_of(&f->said[a]);
	return answer_of(&f->s->of[a].said);
}

static enum al_code
choose(const struct al_find *f, struct al_choice *c, struct al_err *err)
{
	const struct al_workspace *w = f->s->w;
	struct al_choose_opts o = w->choose;

	o.pac = known(f, ASK_PAC, &w->choose.pac);
	o.system = known(f, ASK_SYSTEM, &w->choose.system);
	o.wpad = known(f, ASK_WPAD, &w->choose.wpad);
	return al_workspace_choose_with(w, f->url, &o, c, err);
}

/* Once: with the settings of the system switched on, somebody expects them to
 * say something. */
static void
note_silence(struct al_sources *s, const struct al_choice *c)
{
	const char *lost = c->considered[AL_SOURCE_SYSTEM].lost;
	char text[500];

	if (!s->w->ask_system || s->told_silence || lost == NULL)
		return;
	s->told_silence = true;
	(void)snprintf(text, sizeof(text), "no proxy from the system's "
	    "settings (%s): connections are direct", lost);
	note(s, "system-settings", text);
}

static void
finish(struct al_find *f, struct al_choice *c)
{
	struct al_err err;

	if (c->source != AL_SOURCE_DEFAULT) {
		report(f, c, NULL);
		return;
	}
	if (f->failed.code != AL_OK && c->no_proxy_match == NULL) {
		/* whoever set a PAC file up does not want to go direct, but
		 * to the hosts that no_proxy names */
		al_choice_fini(c);
		(void)al_fail_as(&err, f->failed.code, AL_AT_PAC,
		    f->failed.status, f->failed.cause, "%s; no other source "
		    "names a proxy, and pac_failure is not \"direct\"",
		    f->failed.text);
		report(f, NULL, &err);
		return;
	}
	note_silence(f->s, c);
	report(f, c, NULL);
}

/* --- asking --------------------------------------------------------------- */
static void advance(void *arg);

static void
file_failed(struct al_find *f, const struct al_err *err)
{
	static const char *const direct[] = { "direct" };
	const struct al_workspace *w = f->s->w;
	struct said *said = &f->said[f->asking];
	const char *where = f->s->of[f->asking].said.where;
	char text[600];

	if (w->pac_failure == AL_PAC_FAILURE_DIRECT && say(said, direct, 1)) {
		(void)snprintf(text, sizeof(text), "%s (failed; pac_failure "
		    "= direct)", where != NULL ? where : "");
		where = text;
	} else {
		say_why(said, err->text);
		if (f->failed.code == AL_OK)
			f->failed = *err;
	}
	set(&said->where, where);
}

static void
on_file(void *arg, const struct al_pacfile_answer *a,
    const struct al_err *err)
{
	struct al_find *f = arg;
	struct said *said = &f->said[f->asking];
	struct al_err nomem;

	f->query = NULL;
	f->over[f->asking] = true;
	if (err == NULL && !say(said, (const char *const *)
	    a->result->entries, a->result->n)) {
		(void)al_fail_nomem(&nomem, AL_AT_PAC);
		report(f, NULL, &nomem);
		return;
	}
	if (err == NULL) {
		set(&said->where, f->s->of[f->asking].said.where);
		said->untrusted = f->asking == ASK_WPAD || !a->trusted;
	} else if (f->s->w->pac_failure == AL_PAC_FAILURE_BLOCK) {
		report(f, NULL, err);
		return;
	} else {
		file_failed(f, err);
	}
	advance(f);
}

/* true: there is an answer; false: it comes. */
static bool
ask(struct al_find *f, enum ask a)
{
	struct al_sources *s = f->s;
	struct source *src = &s->of[a];
	struct al_err err;

	f->asking = a;
	if (src->again_ms != 0 && al_now_ms() >= src->again_ms) {
		src->state = UNKNOWN;
		src->again_ms = 0;
		src->bad.code = AL_OK;
	}
	if (src->state == UNKNOWN) {
		if (a == ASK_PAC)
			open_file(s, a, s->w->pac);
		else if (a == ASK_SYSTEM)
			start_syscfg(s, f->url);
		else
			start_wpad(s);
	}
	if (src->state == ASKING) {
		LIST_INSERT_HEAD(&s->waiting, f, next);
		f->waits = true;
		return false;
	}
	if (src->file != NULL) {
		f->query = al_pacfile_ask(src->file, f->url, on_file, f,
		    &err);
		if (f->query == NULL)
			on_file(f, NULL, &err);
		return false;
	}
	if (src->bad.code != AL_OK) {
		on_file(f, NULL, &src->bad);
		return false;
	}
	f->over[a] = true;
	return true;
}

/* Who is asked next, when all before it name no proxy; ASKS: nobody. */
static enum ask
whom(const struct al_find *f)
{
	const struct al_workspace *w = f->s->w;

	if (w->ask_system && !f->over[ASK_SYSTEM])
		return ASK_SYSTEM;
	if (w->n_wpad_domains > 0 && !f->over[ASK_WPAD])
		return ASK_WPAD;
	return ASKS;
}

static void
advance(void *arg)
{
	struct al_find *f = arg;
	struct al_choice c;
	struct al_err err;
	enum ask next = ASKS;

	if (al_workspace_has_questions(f->s->w) && !f->over[ASK_PAC] &&
	    !ask(f, ASK_PAC))
		return;
	do {
		if (choose(f, &c, &err) != AL_OK) {
			report(f, NULL, &err);
			return;
		}
		next = c.source == AL_SOURCE_DEFAULT ? whom(f) : ASKS;
		if (next == ASKS) {
			finish(f, &c);
			return;
		}
		al_choice_fini(&c);
	} while (ask(f, next));
}

/* --- for the caller ------------------------------------------------------- */
static struct al_sources *
sources_of(struct al_workspace *w, struct al_loop *loop,
    struct al_resolver *r, struct al_err *err)
{
	struct al_sources *s = w->sources;

	if (s != NULL)
		return s;
	s = w->sources = calloc(1, sizeof(*s));
	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	s->w = w;
	s->loop = loop;
	s->resolver = r;
	LIST_INIT(&s->waiting);
	return s;
}

void
al_sources_free(struct al_sources *s)
{
	size_t i;

	if (s == NULL)
		return;
	al_syscfg_cancel(s->syscfg);
	al_wpad_cancel(s->wpad);
	for (i = 0; i < ASKS; i++) {
		al_pacfile_free(s->of[i].file);
		forget(&s->of[i].said);
	}
	free(s);
}

struct al_find *
al_find_start(struct al_workspace *w, struct al_loop *loop,
    struct al_resolver *r, const char *url, al_on_found *on_found, void *arg,
    struct al_err *err)
{
	struct al_sources *s = sources_of(w, loop, r, err);
	struct al_find *f = s != NULL ? calloc(1, sizeof(*f)) : NULL;

	if (url == NULL)
		url = w->url_text;
	if (f != NULL)
		f->url = al_str_dup(url, strlen(url));
	if (f == NULL || f->url == NULL) {
		free(f);
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	f->s = s;
	s->finds++;
	f->on_found = on_found;
	f->arg = arg;
	if (al_timer_init(&f->soon, s->loop, advance, f, err) != AL_OK) {
		find_free(f);
		return NULL;
	}
	al_timer_set(&f->soon, 0);
	return f;
}

void
al_find_cancel(struct al_find *f)
{
	if (f != NULL)
		find_free(f);
}

void
al_workspace_network_changed(struct al_workspace *w)
{
	struct al_sources *s = w->sources;
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < ASKS; i++) {
		if (s->of[i].file != NULL)
			al_pacfile_network_changed(s->of[i].file);
		else if (s->of[i].again_ms != 0)
			s->of[i].again_ms = al_now_ms();
	}
}

void
al_workspace_retire(struct al_workspace *w)
{
	struct al_sources *s = w->sources;

	w->retired = true;
	if (s == NULL || s->finds > 0)
		return;
	w->sources = NULL;
	al_sources_free(s);
}
