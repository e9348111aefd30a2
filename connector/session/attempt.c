/* connector/session/attempt.c - a way to a workspace host, to the WebSocket. */
#include "connector/session/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "connector/engine/upgrade.h"
#include "connector/session/find.h"

#define UPGRADE_MS	15000
#define HINT		sizeof("?n=01234567")

struct al_attempt {
	struct al_loop			*loop;
	struct al_resolver		*resolver;
	const struct al_attempt_ops	*ops;
	void				*arg;
	struct al_find			*find;
	struct al_dial			*dial;
	char				 authority[AL_AUTHORITY_TEXT];
	char				 host[AL_HOST_MAX + 1];
	char				*path, *authorization, *user_agent;
	char				*better_than;
	struct al_dial_opts		 dialed;
	struct al_route			 route;
	unsigned			 alternative;	/* that was reached */
	unsigned			 retry_after_s;
	char				 via[AL_CHAIN_TEXT];
};

void
al_attempt_cancel(struct al_attempt *a)
{
	if (a == NULL)
		return;
	al_find_cancel(a->find);
	if (a->dial != NULL)
		al_dial_cancel(a->dial);
	al_str_free_secret(a->authorization);
	free(a->path);
	free(a->user_agent);
	free(a->better_than);
	al_route_fini(&a->route);
	free(a);
}

/* The last word: a is gone when its owner hears it. */
static void
finish(struct al_attempt *a, struct al_stream *s, const struct al_err *err)
{
	const struct al_attempt_ops *ops = a->ops;
	void *arg = a->arg;
	char via[AL_CHAIN_TEXT], authority[sizeof(a->authority)];
	struct al_err copy;
	struct al_attempt_end end = { .via = via, .authority = authority,
	    .preferred = a->alternative == 0,
	    .retry_after_s = a->retry_after_s };

	memcpy(via, a->via, sizeof(via));
	memcpy(authority, a->authority, sizeof(authority));
	if (err != NULL) {
		copy = *err;
		end.err = &copy;
	}
	al_attempt_cancel(a);
	ops->on_done(arg, s, &end);
}

static void
step(struct al_attempt *a, enum al_step_state state, const struct al_err *err)
{
	const struct al_step s = { .stage = AL_AT_WS, .state = state,
	    .what = a->path, .note = "", .err = err };

	a->ops->on_step(a->arg, &s);
}

static void
on_upgraded(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_attempt *a = arg;

	(void)route;
	a->dial = NULL;
	step(a, err == NULL ? AL_STEP_OK : AL_STEP_FAIL, err);
	finish(a, s, err);
}

static void
upgrade(struct al_attempt *a, struct al_stream *s)
{
	char origin[sizeof(a->authority) + 8];
	struct al_upgrade_opts o = { .host = a->authority, .path = a->path,
	    .protocol = "alpacon.mux.v1", .authorization = a->authorization,
	    .origin = origin, .user_agent = a->user_agent,
	    .retry_after_s = &a->retry_after_s };
	struct al_machine m;
	struct al_err err;

	(void)snprintf(origin, sizeof(origin), "https://%s", a->authority);
	step(a, AL_STEP_BEGIN, NULL);
	if (al_rng_bytes(o.nonce, sizeof(o.nonce), &err) != AL_OK ||
	    al_upgrade_client(&m, &o, &err) != AL_OK) {
		al_stream_free(s);
		finish(a, NULL, &err);
		return;
	}
	a->dial = al_handshake_start(a->loop, s, m, UPGRADE_MS, on_upgraded,
	    a, &err);
	if (a->dial == NULL)
		finish(a, NULL, &err);
}

static void
name_way(const struct al_route *r, unsigned i, char via[static AL_CHAIN_TEXT])
{
	if (r->n == 0 || al_chain_format(&r->chains[i], via,
	    AL_CHAIN_TEXT) != AL_OK)
		(void)snprintf(via, AL_CHAIN_TEXT, "direct");
}

static void
on_dialed(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_attempt *a = arg;

	a->dial = NULL;
	if (err != NULL) {
		finish(a, NULL, err);
		return;
	}
	a->alternative = route;
	name_way(&a->route, route, a->via);
	upgrade(a, s);
}

static void
on_dial_step(void *arg, const struct al_step *s)
{
	struct al_attempt *a = arg;

	a->ops->on_step(a->arg, s);
}

static enum al_code
dial(struct al_attempt *a, struct al_err *err)
{
	a->dialed.route = a->route.n > 0 ? &a->route : NULL;
	a->dial = al_dial_start(a->loop, a->resolver, &a->dialed, on_dialed,
	    a, err);
	return a->dial != NULL ? AL_OK : err->code;
}

/* false: nothing comes before the way in use. */
static bool
keep_better(struct al_attempt *a)
{
	char via[AL_CHAIN_TEXT];
	unsigned i;

	name_way(&a->route, 0, via);
	if (strcmp(via, a->better_than) == 0)
		return false;
	for (i = 1; i < a->route.n; i++) {
		name_way(&a->route, i, via);
		if (strcmp(via, a->better_than) == 0)
			break;
	}
	al_route_cut(&a->route, i);
	return true;
}

static void
on_found(void *arg, struct al_choice *choice, const struct al_err *err)
{
	struct al_attempt *a = arg;
	struct al_err failed;

	a->find = NULL;
	if (err != NULL) {
		finish(a, NULL, err);
		return;
	}
	a->route = choice->route;
	al_route_init(&choice->route);
	al_choice_fini(choice);
	if (a->better_than != NULL && !keep_better(a))
		finish(a, NULL, NULL);
	else if (dial(a, &failed) != AL_OK)
		finish(a, NULL, &failed);
}

/* --- the start ------------------------------------------------------------ */
static char *
copy(const char *text, struct al_err *err)
{
	char *p = text != NULL ? al_str_dup(text, strlen(text)) : NULL;

	if (text != NULL && p == NULL)
		(void)al_fail_nomem(err, AL_AT_SESSION);
	return p;
}

static char *
path_of(const struct al_attempt_opts *o, struct al_err *err)
{
	size_t n = strlen(o->target->path);
	char *path = malloc(n + HINT);

	if (path == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	memcpy(path, o->target->path, n + 1);
	if (o->session != NULL)
		(void)snprintf(path + n, HINT, "?n=%02x%02x%02x%02x",
		    o->session[0], o->session[1], o->session[2],
		    o->session[3]);
	return path;
}

static enum al_code
remember(struct al_attempt *a, const struct al_attempt_opts *o,
    struct al_err *err)
{
	const struct al_client_target *t = o->target;
	bool v6 = strchr(t->host, ':') != NULL;

	(void)snprintf(a->authority, sizeof(a->authority),
	    t->port == 443 ? "%s%s%s" : "%s%s%s:%u", v6 ? "[" : "", t->host,
	    v6 ? "]" : "", t->port);
	(void)snprintf(a->host, sizeof(a->host), "%s", t->host);
	a->dialed = (struct al_dial_opts){ .host = a->host, .port = t->port,
	    .tls = t->tls, .proxy_tls = t->proxy_tls, .login = t->login,
	    .resolve_flags = t->resolve_flags, .connect_ms = t->connect_ms,
	    .proxy_ms = t->proxy_ms, .tls_ms = t->tls_ms,
	    .on_step = on_dial_step, .arg = a };
	err->code = AL_OK;
	a->path = path_of(o, err);
	a->authorization = copy(t->authorization, err);
	a->user_agent = copy(t->user_agent, err);
	a->better_than = copy(o->better_than, err);
	if (err->code == AL_OK && t->workspace == NULL && t->route != NULL)
		return al_route_copy(&a->route, t->route, err);
	return err->code;
}

struct al_attempt *
al_attempt_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_attempt_opts *o, const struct al_attempt_ops *ops,
    void *arg, struct al_err *err)
{
	struct al_attempt *a = calloc(1, sizeof(*a));
	enum al_code code;

	if (a == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	a->loop = loop;
	a->resolver = r;
	a->ops = ops;
	a->arg = arg;
	al_route_init(&a->route);
	code = remember(a, o, err);
	if (code == AL_OK && o->target->workspace == NULL)
		code = dial(a, err);
	else if (code == AL_OK)
		a->find = al_find_start(o->target->workspace, loop, r, NULL,
		    on_found, a, err);
	if (code == AL_OK && (a->find != NULL || a->dial != NULL))
		return a;
	al_attempt_cancel(a);
	return NULL;
}
