/* connector/session/client.c - keep a session to a workspace host up. */
#include "connector/session/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "connector/engine/backoff.h"
#include "connector/engine/upgrade.h"
#include "connector/loop/loop.h"
#include "connector/session/find.h"

#define UPGRADE_MS	15000
#define RETRY_MIN_MS	250
#define RETRY_MAX_MS	60000
#define RETRY_HARD_MS	300000	/* refused credentials won't heal by asking */
#define RESUME_LIVED_MS	250
#define RESUME_MAX_MS	5000	/* PROTOCOL 3.6: grace is not long          */

struct al_client {
	struct al_loop			*loop;
	struct al_resolver		*resolver;
	struct al_client_opts		 o;
	const struct al_client_ops	*ops;
	void				*arg;
	enum al_client_state		 state;
	struct al_timer			 timer;		/* the next attempt */
	struct al_timer			 age;		/* of the connection */
	struct al_rng			 rng;
	struct al_backoff		 backoff;
	struct al_find			*find;		/* dialing            */
	struct al_dial			*dial;		/* dialing, upgrading */
	struct al_mux			*mux;
	uint64_t			 up_ms, link_ms;
	unsigned			 retry_after_s;	/* the peer asked for it */
	/* of the attempt under way */
	char				 authority[AL_HOST_MAX + 10];
	char				*path, *authorization, *user_agent;
	char				 host[AL_HOST_MAX + 1];
	struct al_dial_opts		 dialed;
	struct al_route			 route;
	char				 via[AL_CHAIN_TEXT];
};

static void
forget_target(struct al_client *c)
{
	al_str_free_secret(c->authorization);
	free(c->path);
	free(c->user_agent);
	c->authorization = c->path = c->user_agent = NULL;
	al_route_fini(&c->route);
}

static void
step(struct al_client *c, enum al_stage stage, enum al_step_state state,
    const char *what, const struct al_err *err)
{
	const struct al_step s = { .stage = stage, .state = state,
	    .what = what, .note = "", .err = err };

	if (c->ops->on_step != NULL)
		c->ops->on_step(c->arg, &s);
}

/* --- ends of attempts and sessions ---------------------------------------- */
static bool
is_hard(const struct al_err *why)
{
	return why->code == AL_EAUTH || why->code == AL_EREFUSED;
}

static bool
has_session(const struct al_client *c)
{
	return c->state == AL_CLIENT_UP || c->state == AL_CLIENT_DETACHED;
}

static void
down(struct al_client *c, const struct al_err *why)
{
	uint64_t in_ms = UINT64_MAX;

	if (has_session(c))
		al_backoff_lived(&c->backoff, al_now_ms() - c->up_ms);
	forget_target(c);
	c->via[0] = '\0';
	al_timer_cancel(&c->timer);
	al_timer_cancel(&c->age);
	if (!(c->o.flags & (AL_CLIENT_ONCE | AL_CLIENT_PROBE)) &&
	    why->code != AL_EOF) {
		in_ms = al_backoff_next(&c->backoff, is_hard(why) ?
		    RETRY_HARD_MS : c->o.retry_max_ms,
		    c->retry_after_s * UINT64_C(1000), &c->rng);
		al_timer_set(&c->timer, in_ms);
	}
	c->retry_after_s = 0;
	c->state = in_ms == UINT64_MAX ? AL_CLIENT_ENDED : AL_CLIENT_IDLE;
	c->ops->on_down(c->arg, why, in_ms);
}

/* --- a session that outlives its connection ------------------------------- */
static void
tell_link(struct al_client *c, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	if (c->ops->on_link != NULL)
		c->ops->on_link(c->arg, what, why, retry_ms);
}

static uint64_t
try_again(struct al_client *c)
{
	uint64_t in_ms = al_backoff_next(&c->backoff, RESUME_MAX_MS, 0,
	    &c->rng);

	al_timer_set(&c->timer, in_ms);
	return in_ms;
}

static bool
is_trying(const struct al_client *c)
{
	return c->find != NULL || c->dial != NULL;
}

/* The new connection is up: count its age. */
static void
linked(struct al_client *c)
{
	c->link_ms = al_now_ms();
	if (c->o.max_age_ms != 0)
		al_timer_set(&c->age, c->o.max_age_ms);
}

static void
on_age(void *arg)
{
	al_client_rotate(arg);
}

/* An attempt for a session that lives has failed. */
static void
not_resumed(struct al_client *c, const struct al_err *why)
{
	forget_target(c);
	tell_link(c, AL_LANE_FAILED, why, try_again(c));
}

/* An attempt has failed, or there will be none. */
static void
failed(struct al_client *c, const struct al_err *why)
{
	if (has_session(c))
		not_resumed(c, why);
	else
		down(c, why);
}

static void
drop(struct al_client *c, const struct al_err *cause)
{
	const struct al_err why = *cause;	/* the mux's own */

	al_mux_free(c->mux);
	c->mux = NULL;
	down(c, &why);
}

static void
on_mux_link(void *arg, enum al_lane what, const struct al_err *why)
{
	struct al_client *c = arg;

	switch (what) {
	case AL_LANE_LOST:
		al_timer_cancel(&c->age);
		if (c->o.flags & AL_CLIENT_PROBE) {
			drop(c, why);
			break;
		}
		/* it was carried on before: that may well be done again */
		if (al_now_ms() - c->link_ms >= RESUME_LIVED_MS)
			al_backoff_init(&c->backoff, c->o.retry_min_ms);
		c->state = AL_CLIENT_DETACHED;
		tell_link(c, what, why, is_trying(c) ? 0 : try_again(c));
		break;
	case AL_LANE_RESUMED:
	case AL_LANE_SWITCHED:
		c->state = AL_CLIENT_UP;
		al_timer_cancel(&c->timer);
		linked(c);
		tell_link(c, what, NULL, 0);
		break;
	case AL_LANE_UNWANTED:
		al_client_rotate(c);
		break;
	case AL_LANE_FAILED:
		if (!is_trying(c) && has_session(c))
			not_resumed(c, why);
		break;
	}
}

/* --- the session ---------------------------------------------------------- */
static void
on_mux_up(void *arg)
{
	struct al_client *c = arg;

	c->state = AL_CLIENT_UP;
	c->up_ms = al_now_ms();
	linked(c);
	step(c, AL_AT_SESSION, AL_STEP_OK, c->authority, NULL);
	c->ops->on_up(c->arg, c->mux);
}

static void
on_mux_open(void *arg, struct al_chan *ch, uint8_t kind, const char *json)
{
	struct al_client *c = arg;

	if (c->ops->on_open != NULL)
		c->ops->on_open(c->arg, c->mux, ch, kind, json);
	else
		al_mux_refuse(c->mux, ch, AL_CHAN_UNSUPPORTED, NULL);
}

static void
on_mux_open_gone(void *arg, struct al_chan *ch)
{
	struct al_client *c = arg;

	if (c->ops->on_open_gone != NULL)
		c->ops->on_open_gone(c->arg, ch);
}

/* This session can't move to another link: it is left when it is empty, and
 * at the latest when the gateway cuts it; the next one waits as asked. */
static void
on_mux_goaway(void *arg, uint16_t code, uint32_t retry_after_s,
    const char *text)
{
	struct al_client *c = arg;

	(void)code;
	(void)text;
	c->retry_after_s = retry_after_s;
}

static void
on_mux_pong(void *arg, uint64_t rtt_us)
{
	struct al_client *c = arg;

	if (c->ops->on_pong != NULL)
		c->ops->on_pong(c->arg, rtt_us);
}

static void
on_mux_end(void *arg, const struct al_err *why)
{
	struct al_client *c = arg;
	struct al_mux *m = c->mux;

	c->mux = NULL;
	al_mux_free(m);
	al_find_cancel(c->find);
	if (c->dial != NULL)
		al_dial_cancel(c->dial);
	c->find = NULL;
	c->dial = NULL;
	if (c->state == AL_CLIENT_GREETING)
		step(c, AL_AT_SESSION, AL_STEP_FAIL, c->authority, why);
	down(c, why);
}

static const struct al_mux_ops mux_ops = {
	.on_up = on_mux_up,
	.on_open = on_mux_open,
	.on_open_gone = on_mux_open_gone,
	.on_goaway = on_mux_goaway,
	.on_pong = on_mux_pong,
	.on_link = on_mux_link,
	.on_end = on_mux_end,
};

/* --- on the way ----------------------------------------------------------- */
static enum al_code
greet(struct al_client *c, struct al_stream *s, struct al_err *err)
{
	if (has_session(c))
		return al_mux_attach(c->mux, s, err);
	c->state = AL_CLIENT_GREETING;
	step(c, AL_AT_SESSION, AL_STEP_BEGIN, c->authority, NULL);
	c->mux = al_mux_open(c->loop, s, &c->o.session, &mux_ops, c, err);
	return c->mux != NULL ? AL_OK : err->code;
}

static void
on_upgraded(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_client *c = arg;
	struct al_err why;

	(void)route;
	c->dial = NULL;
	if (err == NULL) {
		step(c, AL_AT_WS, AL_STEP_OK, c->path, NULL);
		if (greet(c, s, &why) == AL_OK) {
			forget_target(c);
			return;
		}
		al_stream_free(s);
		err = &why;
	} else {
		step(c, AL_AT_WS, AL_STEP_FAIL, c->path, err);
	}
	failed(c, err);
}

static void
on_dialed(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_client *c = arg;
	char origin[sizeof(c->authority) + 8];
	struct al_upgrade_opts o = { .host = c->authority, .path = c->path,
	    .protocol = "alpacon.mux.v1", .authorization = c->authorization,
	    .origin = origin, .user_agent = c->user_agent,
	    .retry_after_s = &c->retry_after_s };
	struct al_machine m;
	struct al_err why;

	c->dial = NULL;
	if (err != NULL) {
		failed(c, err);
		return;
	}
	if (c->route.n == 0 || al_chain_format(&c->route.chains[route],
	    c->via, sizeof(c->via)) != AL_OK)
		(void)snprintf(c->via, sizeof(c->via), "direct");
	(void)snprintf(origin, sizeof(origin), "https://%s", c->authority);
	if (!has_session(c))
		c->state = AL_CLIENT_UPGRADING;
	step(c, AL_AT_WS, AL_STEP_BEGIN, c->path, NULL);
	if (al_rng_bytes(o.nonce, sizeof(o.nonce), &why) != AL_OK ||
	    al_upgrade_client(&m, &o, &why) != AL_OK) {
		al_stream_free(s);
		failed(c, &why);
		return;
	}
	c->dial = al_handshake_start(c->loop, s, m, UPGRADE_MS, on_upgraded,
	    c, &why);
	if (c->dial == NULL)
		failed(c, &why);
}

static void
on_dial_step(void *arg, const struct al_step *s)
{
	struct al_client *c = arg;

	if (c->ops->on_step != NULL)
		c->ops->on_step(c->arg, s);
}

/* Strings of t live until on_target's caller goes on. */
static enum al_code
remember(struct al_client *c, const struct al_client_target *t,
    struct al_err *err)
{
	bool v6 = strchr(t->host, ':') != NULL;

	(void)snprintf(c->authority, sizeof(c->authority),
	    t->port == 443 ? "%s%s%s" : "%s%s%s:%u", v6 ? "[" : "", t->host,
	    v6 ? "]" : "", t->port);
	(void)snprintf(c->host, sizeof(c->host), "%s", t->host);
	c->dialed = (struct al_dial_opts){ .host = c->host, .port = t->port,
	    .tls = t->tls, .proxy_tls = t->proxy_tls, .login = t->login,
	    .resolve_flags = t->resolve_flags, .connect_ms = t->connect_ms,
	    .proxy_ms = t->proxy_ms, .tls_ms = t->tls_ms,
	    .on_step = on_dial_step, .arg = c };
	c->path = al_str_dup(t->path, strlen(t->path));
	c->authorization = al_str_dup(t->authorization,
	    strlen(t->authorization));
	if (t->user_agent != NULL)
		c->user_agent = al_str_dup(t->user_agent,
		    strlen(t->user_agent));
	if (c->path == NULL || c->authorization == NULL ||
	    (t->user_agent != NULL && c->user_agent == NULL))
		return al_fail_nomem(err, AL_AT_SESSION);
	return t->route != NULL ? al_route_copy(&c->route, t->route, err) :
	    AL_OK;
}

static void
dial(struct al_client *c)
{
	struct al_err err;

	c->dialed.route = c->route.n > 0 ? &c->route : NULL;
	c->dial = al_dial_start(c->loop, c->resolver, &c->dialed, on_dialed,
	    c, &err);
	if (c->dial == NULL)
		failed(c, &err);
}

static void
on_found(void *arg, struct al_choice *choice, const struct al_err *err)
{
	struct al_client *c = arg;

	c->find = NULL;
	if (err != NULL) {
		failed(c, err);
		return;
	}
	c->route = choice->route;
	al_route_init(&choice->route);
	al_choice_fini(choice);
	dial(c);
}

static void
attempt(void *arg)
{
	struct al_client *c = arg;
	struct al_client_target t = { .port = 443 };
	struct al_err err;

	forget_target(c);
	if (!has_session(c))
		c->state = AL_CLIENT_DIALING;
	if (!c->ops->on_target(c->arg, &t, &err) ||
	    remember(c, &t, &err) != AL_OK) {
		failed(c, &err);
		return;
	}
	if (t.workspace == NULL) {
		dial(c);
		return;
	}
	c->find = al_find_start(t.workspace, c->loop, c->resolver, NULL,
	    on_found, c, &err);
	if (c->find == NULL)
		failed(c, &err);
}

/* --- for the owner -------------------------------------------------------- */
struct al_client *
al_client_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_client_opts *o, const struct al_client_ops *ops,
    void *arg, struct al_err *err)
{
	struct al_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	c->loop = loop;
	c->resolver = r;
	c->o = *o;
	if (c->o.retry_min_ms == 0)
		c->o.retry_min_ms = RETRY_MIN_MS;
	if (c->o.retry_max_ms == 0)
		c->o.retry_max_ms = RETRY_MAX_MS;
	c->o.session.probe = (o->flags & AL_CLIENT_PROBE) != 0;
	c->ops = ops;
	c->arg = arg;
	al_route_init(&c->route);
	al_backoff_init(&c->backoff, c->o.retry_min_ms);
	if (al_rng_init(&c->rng, err) != AL_OK ||
	    al_timer_init(&c->age, loop, on_age, c, err) != AL_OK ||
	    al_rng_bytes(c->o.session.instance,
	    sizeof(c->o.session.instance), err) != AL_OK ||
	    al_timer_init(&c->timer, loop, attempt, c, err) != AL_OK) {
		al_timer_fini(&c->age);
		free(c);
		return NULL;
	}
	al_timer_set(&c->timer, 0);
	return c;
}

void
al_client_free(struct al_client *c)
{
	if (c == NULL)
		return;
	al_timer_fini(&c->timer);
	al_timer_fini(&c->age);
	al_find_cancel(c->find);
	if (c->dial != NULL)
		al_dial_cancel(c->dial);
	al_mux_free(c->mux);
	forget_target(c);
	free(c);
}

void
al_client_close(struct al_client *c)
{
	struct al_err why;

	if (c->mux != NULL) {
		al_mux_close(c->mux, AL_CHAN_DONE, NULL);
		return;
	}
	al_find_cancel(c->find);
	if (c->dial != NULL)
		al_dial_cancel(c->dial);
	c->find = NULL;
	c->dial = NULL;
	al_timer_cancel(&c->timer);
	(void)al_fail(&why, AL_EOF, AL_AT_SESSION, 0,
	    "closed before it was up");
	if (c->state != AL_CLIENT_ENDED)
		down(c, &why);
}

void
al_client_retry_now(struct al_client *c)
{
	if (c->state == AL_CLIENT_IDLE ||
	    (c->state == AL_CLIENT_DETACHED && !is_trying(c)))
		al_timer_set(&c->timer, 0);
}

void
al_client_rotate(struct al_client *c)
{
	if (c->state == AL_CLIENT_UP && !is_trying(c) &&
	    !(c->o.flags & AL_CLIENT_PROBE))
		al_timer_set(&c->timer, 0);
}

enum al_client_state
al_client_state(const struct al_client *c)
{
	return c->state;
}

struct al_mux *
al_client_mux(struct al_client *c)
{
	return c->mux;
}

const char *
al_client_via(const struct al_client *c)
{
	return c->via;
}
