/* connector/session/client.c - keep a session to a workspace host up. */
#include "connector/session/client_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEPALIVE_MS	15000
#define PREFER_MS	300000
#define RETRY_MIN_MS	250
#define RETRY_MAX_MS	60000
#define RETRY_HARD_MS	300000	/* refused credentials won't heal by asking */
#define ANEW_LIVED_MS	1000
#define LEAVING_LOOK_MS	250
#define STALE_MS	1000	/* of an attempt                            */
#define LEAVING_MAX	16	/* sessions; each has connections, buffers  */
#define GOAWAY_SPREAD_MS 500	/* beside what the gateway asks for         */

static void
step(struct al_client *c, enum al_step_state state, const struct al_err *err)
{
	const struct al_step s = { .stage = AL_AT_SESSION, .state = state,
	    .what = c->authority, .note = "", .err = err };

	if (c->ops->on_step != NULL)
		c->ops->on_step(c->arg, &s);
}

/* --- ends of attempts and sessions ---------------------------------------- */
static bool
is_hard(const struct al_err *why)
{
	return why->code == AL_EAUTH || why->code == AL_EREFUSED;
}

bool
al_client_has_session(const struct al_client *c)
{
	return c->state == AL_CLIENT_UP || c->state == AL_CLIENT_DETACHED;
}

static void
rest(struct al_client *c)
{
	al_attempt_cancel(c->attempt);
	c->attempt = NULL;
	al_timer_cancel(&c->timer);
	al_timer_cancel(&c->age);
	al_timer_cancel(&c->prefer);
	c->way.via[0] = '\0';
}

/* The owner of the sessions is done when the last is closed. */
static void
closed(struct al_client *c)
{
	struct al_err why;

	if (!c->closing || c->mux != NULL || !LIST_EMPTY(&c->leaving) ||
	    c->state == AL_CLIENT_ENDED)
		return;
	(void)al_fail(&why, AL_EOF, AL_AT_SESSION, 0,
	    "the session was closed");
	c->state = AL_CLIENT_ENDED;
	c->ops->on_down(c->arg, &why, UINT64_MAX);
}

static void
left(struct al_client *c, const struct al_err *why)
{
	struct al_client *parent = c->parent;

	LIST_REMOVE(c, entry);
	if (c->ops->on_left != NULL)
		c->ops->on_left(c->arg, c->id, why);
	al_client_free(c);
	closed(parent);
}

/* A gateway that answers, but does not know the session (it was restarted),
 * is asked for a new one at once. */
static void
lived(struct al_client *c, const struct al_err *why)
{
	uint64_t ms = al_now_ms() - c->up_ms;

	if (why->status == AL_CHAN_SESSION_LOST && why->cause != 0 &&
	    ms >= ANEW_LIVED_MS)
		al_backoff_init(&c->backoff, c->o.retry_min_ms);
	else
		al_backoff_lived(&c->backoff, ms);
}

static void
down(struct al_client *c, const struct al_err *why)
{
	uint64_t in_ms = UINT64_MAX;

	if (al_client_has_session(c))
		lived(c, why);
	rest(c);
	if (c->parent != NULL) {
		left(c, why);
		return;
	}
	if (c->closing && !LIST_EMPTY(&c->leaving)) {
		c->state = AL_CLIENT_IDLE;
		return;
	}
	/* nor is it the end while others go on */
	if (!c->closing && !(c->o.flags & (AL_CLIENT_ONCE |
	    AL_CLIENT_PROBE)) && (why->code != AL_EOF ||
	    !LIST_EMPTY(&c->leaving))) {
		in_ms = al_backoff_next(&c->backoff, is_hard(why) ?
		    RETRY_HARD_MS : c->o.retry_max_ms,
		    c->retry_after_s * UINT64_C(1000), &c->rng);
		al_timer_set(&c->timer, in_ms);
	}
	c->retry_after_s = 0;
	c->state = in_ms == UINT64_MAX ? AL_CLIENT_ENDED : AL_CLIENT_IDLE;
	c->ops->on_down(c->arg, why, in_ms);
}

void
al_client_drop(struct al_client *c, const struct al_err *cause)
{
	const struct al_err why = *cause;	/* the mux's own */

	al_mux_free(c->mux);
	c->mux = NULL;
	down(c, &why);
}

/* An attempt has failed, or there will be none. */
static void
failed(struct al_client *c, const struct al_err *why)
{
	if (al_client_has_session(c))
		al_client_not_resumed(c, why);
	else
		down(c, why);
}

/* --- leaving -------------------------------------------------------------- */
/* CLOSE, for which a connection may have to be made. */
static void
close_session(struct al_client *c, uint16_t code, const char *text)
{
	c->closing = true;
	al_mux_close(c->mux, code, text);
	if (c->state == AL_CLIENT_UP)
		al_timer_cancel(&c->timer);
	else if (c->state == AL_CLIENT_DETACHED && c->attempt == NULL)
		al_timer_set(&c->timer, 0);
}

/* Of a session that leaves. */
static void
look(struct al_client *c)
{
	if (al_session_channels(al_mux_session(c->mux)) == 0)
		close_session(c, AL_CHAN_DONE, NULL);
	else
		al_timer_set(&c->age, LEAVING_LOOK_MS);
}

static void
on_age(void *arg)
{
	struct al_client *c = arg;

	if (c->parent != NULL)
		look(c);
	else
		al_client_replace(c);
}

/* --- the session ---------------------------------------------------------- */
static void
on_mux_up(void *arg)
{
	struct al_client *c = arg;

	c->up_ms = al_now_ms();
	al_client_linked(c);
	step(c, AL_STEP_OK, NULL);
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

static void
on_mux_pong(void *arg, uint64_t rtt_us)
{
	struct al_client *c = arg;

	if (c->ops->on_pong != NULL && c->parent == NULL)
		c->ops->on_pong(c->arg, rtt_us);
}

static void
on_mux_end(void *arg, const struct al_err *why)
{
	struct al_client *c = arg;
	struct al_mux *m = c->mux;

	c->mux = NULL;
	if (al_mux_retry_after_s(m) != 0)
		c->retry_after_s = al_mux_retry_after_s(m);
	al_mux_free(m);
	if (c->state == AL_CLIENT_GREETING)
		step(c, AL_STEP_FAIL, why);
	down(c, why);
}

static struct al_client *client_new(const struct al_client *like,
    struct al_err *err);

/* Of too many sessions that leave the oldest has to go. */
static void
make_room(struct al_client *c)
{
	struct al_client *old, *oldest = NULL;
	unsigned n = 0;

	LIST_FOREACH(old, &c->leaving, entry)
		if (!old->closing) {
			oldest = old;
			n++;
		}
	if (n < LEAVING_MAX)
		return;
	close_session(oldest, AL_CHAN_LIMIT,
	    "too many sessions of this client are left but not empty");
}

/* What the session has goes on without its owner. */
static struct al_client *
retire(struct al_client *c)
{
	struct al_err err;
	struct al_client *old = client_new(c, &err);

	if (old == NULL)
		return NULL;	/* it stays, without new channels */
	make_room(c);
	old->parent = c;
	memcpy(old->id, al_session_id(al_mux_session(c->mux)),
	    sizeof(old->id));
	old->state = c->state;
	old->mux = c->mux;
	old->way = c->way;
	old->next = c->next;
	old->link_ms = c->link_ms;
	LIST_INSERT_HEAD(&c->leaving, old, entry);
	al_mux_set_arg(old->mux, old);
	al_timer_set(&old->age, 0);
	if (old->state == AL_CLIENT_DETACHED)
		(void)al_client_try_again(old);
	c->mux = NULL;
	rest(c);
	return old;
}

/* The first GOAWAY in a long time is a restart or the like; a gateway that says
 * it in every session has no use for one at once. */
static uint64_t
anew_ms(struct al_client *c, uint32_t retry_after_s)
{
	uint64_t in_ms = retry_after_s * UINT64_C(1000) +
	    al_rng_u32(&c->rng) % GOAWAY_SPREAD_MS, wait_ms;
	bool is_first;

	al_backoff_lived(&c->backoff, al_now_ms() - c->up_ms);
	is_first = c->backoff.failures == 0;
	wait_ms = al_backoff_next(&c->backoff, c->o.retry_max_ms, 0, &c->rng);
	return is_first || in_ms > wait_ms ? in_ms : wait_ms;
}

/* No new channels there: they are for another session (PROTOCOL 3.10). */
static void
on_mux_goaway(void *arg, uint16_t code, uint32_t retry_after_s,
    const char *text)
{
	struct al_client *c = arg, *old;
	struct al_err why;
	uint64_t in_ms;

	if (c->parent != NULL || c->closing || !al_client_has_session(c) ||
	    (c->o.flags & (AL_CLIENT_ONCE | AL_CLIENT_PROBE)))
		return;
	old = retire(c);
	if (old == NULL)
		return;
	in_ms = anew_ms(c, retry_after_s);
	al_timer_set(&c->timer, in_ms);
	c->state = AL_CLIENT_IDLE;
	(void)al_fail_as(&why, AL_EREFUSED, AL_AT_SESSION, code, 0,
	    "the gateway takes no new channels in this session: %s%s%s",
	    al_chan_code_name(code), text[0] != '\0' ? ", " : "", text);
	if (c->ops->on_leaving != NULL)
		c->ops->on_leaving(c->arg, old->mux, &why, in_ms);
}

static const struct al_mux_ops mux_ops = {
	.on_up = on_mux_up,
	.on_open = on_mux_open,
	.on_open_gone = on_mux_open_gone,
	.on_goaway = on_mux_goaway,
	.on_pong = on_mux_pong,
	.on_link = al_client_on_link,
	.on_end = on_mux_end,
};

/* --- attempts ------------------------------------------------------------- */
static enum al_code
greet(struct al_client *c, struct al_stream *s, struct al_err *err)
{
	if (al_client_has_session(c))
		return al_mux_attach(c->mux, s, err);
	c->state = AL_CLIENT_GREETING;
	step(c, AL_STEP_BEGIN, NULL);
	c->mux = al_mux_open(c->loop, s, &c->o.session, &mux_ops, c, err);
	return c->mux != NULL ? AL_OK : err->code;
}

static void
on_attempt_done(void *arg, struct al_stream *s,
    const struct al_attempt_end *end)
{
	struct al_client *c = arg;
	struct al_err why;

	c->attempt = NULL;
	(void)snprintf(c->authority, sizeof(c->authority), "%s",
	    end->authority);
	if (s != NULL) {	/* another one may be greeted still */
		(void)snprintf(c->next.via, sizeof(c->next.via), "%s",
		    end->via);
		c->next.preferred = end->preferred;
	}
	if (end->retry_after_s != 0)
		c->retry_after_s = end->retry_after_s;
	if (s != NULL && greet(c, s, &why) == AL_OK)
		return;
	al_stream_free(s);
	if (c->is_better)
		al_client_not_better(c);
	else
		failed(c, end->err != NULL ? end->err : &why);
}

static void
on_attempt_step(void *arg, const struct al_step *s)
{
	struct al_client *c = arg;

	if (c->ops->on_step != NULL)
		c->ops->on_step(c->arg, s);
}

static const struct al_attempt_ops attempt_ops = {
	.on_step = on_attempt_step,
	.on_done = on_attempt_done,
};

void
al_client_attempt(struct al_client *c, bool is_better)
{
	struct al_client_target t = { .port = 443 };
	const struct al_attempt_opts o = { .target = &t,
	    .session = al_client_has_session(c) ? al_session_id(al_mux_session(
	    c->mux)) : NULL,
	    .better_than = is_better ? c->way.via : NULL };
	struct al_err err;

	c->is_better = is_better;
	c->attempt_ms = al_now_ms();
	if (!al_client_has_session(c))
		c->state = AL_CLIENT_DIALING;
	if (c->ops->on_target(c->arg, &t, &err))
		c->attempt = al_attempt_start(c->loop, c->resolver, &o,
		    &attempt_ops, c, &err);
	if (c->attempt != NULL)
		return;
	if (is_better)
		al_client_not_better(c);
	else
		failed(c, &err);
}

static void
on_timer(void *arg)
{
	struct al_client *c = arg;

	al_attempt_cancel(c->attempt);	/* at a better way, or a stale one */
	c->attempt = NULL;
	al_client_attempt(c, false);
}

/* --- for the owner -------------------------------------------------------- */
static struct al_client *
client_new(const struct al_client *like, struct al_err *err)
{
	struct al_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	c->loop = like->loop;
	c->resolver = like->resolver;
	c->o = like->o;
	c->ops = like->ops;
	c->arg = like->arg;
	al_client_set_pace(c, &like->o.pace);
	LIST_INIT(&c->leaving);
	al_backoff_init(&c->backoff, c->o.retry_min_ms);
	al_backoff_init(&c->unwanted, c->o.retry_min_ms);
	if (al_rng_init(&c->rng, err) == AL_OK &&
	    al_timer_init(&c->timer, c->loop, on_timer, c, err) == AL_OK &&
	    al_timer_init(&c->age, c->loop, on_age, c, err) == AL_OK &&
	    al_timer_init(&c->prefer, c->loop, al_client_on_prefer, c, err) == AL_OK)
		return c;
	al_client_free(c);
	return NULL;
}

void
al_client_set_pace(struct al_client *c, const struct al_client_pace *p)
{
	c->o.pace = *p;
	if (p->prefer_ms == 0)
		c->o.pace.prefer_ms = PREFER_MS;
	if (p->keepalive_ms == 0)
		c->o.pace.keepalive_ms = KEEPALIVE_MS;
}

struct al_client *
al_client_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_client_opts *o, const struct al_client_ops *ops,
    void *arg, struct al_err *err)
{
	struct al_client like = { .loop = loop, .resolver = r, .o = *o,
	    .ops = ops, .arg = arg }, *c;

	if (like.o.retry_min_ms == 0)
		like.o.retry_min_ms = RETRY_MIN_MS;
	if (like.o.retry_max_ms == 0)
		like.o.retry_max_ms = RETRY_MAX_MS;
	like.o.session.probe = (o->flags & AL_CLIENT_PROBE) != 0;
	if (al_rng_bytes(like.o.session.instance,
	    sizeof(like.o.session.instance), err) != AL_OK)
		return NULL;
	c = client_new(&like, err);
	if (c != NULL)
		al_timer_set(&c->timer, 0);
	return c;
}

void
al_client_free(struct al_client *c)
{
	struct al_client *old;

	if (c == NULL)
		return;
	/* who hears of the end of a channel may call us */
	c->state = AL_CLIENT_ENDED;
	al_attempt_cancel(c->attempt);
	c->attempt = NULL;
	while ((old = LIST_FIRST(&c->leaving)) != NULL) {
		LIST_REMOVE(old, entry);
		al_client_free(old);
	}
	al_mux_free(c->mux);
	al_timer_fini(&c->timer);
	al_timer_fini(&c->age);
	al_timer_fini(&c->prefer);
	free(c);
}

void
al_client_close(struct al_client *c, uint16_t code, const char *text)
{
	struct al_client *old;

	c->closing = true;
	LIST_FOREACH(old, &c->leaving, entry)
		close_session(old, code, text);
	if (c->mux != NULL) {
		close_session(c, code, text);
		return;
	}
	rest(c);
	if (c->state != AL_CLIENT_ENDED)
		c->state = AL_CLIENT_IDLE;
	closed(c);
}

void
al_client_retry_now(struct al_client *c)
{
	struct al_client *old;

	LIST_FOREACH(old, &c->leaving, entry)
		al_client_retry_now(old);
	if (!c->closing && (c->state == AL_CLIENT_IDLE ||
	    (c->state == AL_CLIENT_DETACHED && c->attempt == NULL)))
		al_timer_set(&c->timer, 0);
}

void
al_client_rotate(struct al_client *c)
{
	struct al_client *old;

	LIST_FOREACH(old, &c->leaving, entry)
		al_client_rotate(old);
	if (c->o.flags & AL_CLIENT_PROBE)
		return;
	/* what began in a network that is left would hang to its deadline */
	if (c->attempt != NULL && !c->closing &&
	    al_now_ms() - c->attempt_ms >= STALE_MS)
		al_timer_set(&c->timer, 0);
	if (c->state != AL_CLIENT_UP)
		return;
	c->disturbed = true;
	al_client_replace(c);
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
	return c->way.via;
}
