/* connector/session/client_link.c - the connections of a client's session. */
#include "connector/session/client_int.h"

#include <time.h>

#define SAID_AGE_MIN_MS	8000	/* 0.8 of the least that ours can be set to */
#define RESUME_LIVED_MS	250
#define RESUME_MAX_MS	5000	/* PROTOCOL 3.6: grace is not long          */
#define RESUME_AFTER_S	15	/* ... and twice that with its spread       */
#define WANTED_MS	5000	/* a younger link was never wanted          */

static void
tell_link(struct al_client *c, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	if (c->ops->on_link != NULL && c->parent == NULL)
		c->ops->on_link(c->arg, what, why, retry_ms);
}

uint64_t
al_client_try_again(struct al_client *c)
{
	/* while a connection lives there is time */
	uint32_t max_ms = c->state == AL_CLIENT_UP ? c->o.retry_max_ms :
	    RESUME_MAX_MS;
	/* grace would be over before what some proxies ask for */
	unsigned after_s = c->state == AL_CLIENT_DETACHED &&
	    c->retry_after_s > RESUME_AFTER_S ? RESUME_AFTER_S :
	    c->retry_after_s;
	uint64_t in_ms = c->closing ? 0 : al_backoff_next(&c->backoff,
	    max_ms, after_s * UINT64_C(1000), &c->rng);

	c->retry_after_s = 0;
	al_timer_set(&c->timer, in_ms);
	return in_ms;
}

/* An attempt for a session that lives has failed.  For CLOSE there is no
 * second one, and none at all while there is a connection. */
void
al_client_not_resumed(struct al_client *c, const struct al_err *why)
{
	if (c->closing && c->state == AL_CLIENT_DETACHED)
		al_client_drop(c, why);
	else if (!c->closing)
		tell_link(c, AL_LANE_FAILED, why, al_client_try_again(c));
}

/* Up to a tenth less: what began together does not end together. */
static uint64_t
spread(struct al_client *c, uint64_t ms)
{
	return ms - ms / 10 * (al_rng_u32(&c->rng) % 1024) / 1024;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return b != 0 && (a == 0 || b < a) ? b : a;
}

/* When the connection has to be replaced: before somebody ends it. */
static uint64_t
max_age_ms(struct al_client *c)
{
	uint64_t said_ms = al_session_max_age_s(al_mux_session(c->mux)) *
	    UINT64_C(1000) / 10 * 8;
	uint64_t ms;

	/* a gateway that says less wants us to do nothing else */
	if (said_ms != 0 && said_ms < SAID_AGE_MIN_MS)
		said_ms = SAID_AGE_MIN_MS;
	ms = spread(c, least(c->o.pace.max_age_ms, said_ms));
	return c->o.habits == NULL ? ms : least(ms, al_habits_max_age_ms(
	    c->o.habits, c->way.via, al_rng_u64(&c->rng),
	    (uint64_t)time(NULL)));
}

/* --- what the ways do to connections -------------------------------------- */
static void
learn(struct al_client *c, const struct al_link_life *life)
{
	enum al_learned what;

	if (c->o.habits == NULL)
		return;
	what = al_habits_link_lost(c->o.habits, c->way.via, life,
	    (uint64_t)time(NULL));
	if (what != AL_LEARNED_NOTHING && c->ops->on_learned != NULL)
		c->ops->on_learned(c->arg, c->way.via, what);
}

static void
learn_of_lost(struct al_client *c)
{
	struct al_link_life life = *al_mux_last_life(c->mux);

	life.ours |= c->disturbed;
	learn(c, &life);
}

/* Replaced while it lived: it got so old. */
static void
learn_of_left(struct al_client *c)
{
	const struct al_link_life life = { .ours = true,
	    .lived_ms = al_now_ms() - c->link_ms,
	    .keepalive_ms = c->o.pace.keepalive_ms };

	learn(c, &life);
}

static void
use_habits(struct al_client *c)
{
	uint32_t ms = c->o.pace.keepalive_ms;

	if (c->o.habits != NULL)
		ms = al_habits_keepalive_ms(c->o.habits, c->way.via, ms,
		    (uint64_t)time(NULL));
	al_mux_set_keepalive(c->mux, ms);
}

/* The new connection is the one that is used. */
void
al_client_linked(struct al_client *c)
{
	uint64_t age_ms;

	c->state = AL_CLIENT_UP;
	c->link_ms = al_now_ms();
	c->way = c->next;
	c->disturbed = false;
	al_timer_cancel(&c->timer);
	use_habits(c);
	if (c->parent != NULL)
		return;
	al_timer_cancel(&c->age);
	age_ms = max_age_ms(c);
	if (age_ms != 0)
		al_timer_set(&c->age, age_ms);
	al_timer_cancel(&c->prefer);
	if (!c->way.preferred)
		al_timer_set(&c->prefer, spread(c, c->o.pace.prefer_ms));
}

/* The connection, while it lives. */
void
al_client_replace(struct al_client *c)
{
	if (c->state == AL_CLIENT_UP && !c->closing &&
	    (c->attempt == NULL || c->is_better))
		al_timer_set(&c->timer, 0);
}

/* DETACH.  A peer that does not want any link is not asked to take one after
 * the other. */
static void
unwanted(struct al_client *c)
{
	if (al_now_ms() - c->link_ms >= WANTED_MS) {
		al_backoff_init(&c->unwanted, c->o.retry_min_ms);
		al_client_replace(c);
	} else if (c->state == AL_CLIENT_UP && !c->closing &&
	    c->attempt == NULL) {
		al_timer_set(&c->timer, al_backoff_next(&c->unwanted,
		    RESUME_MAX_MS, 0, &c->rng));
	}
}

void
al_client_on_prefer(void *arg)
{
	struct al_client *c = arg;

	if (c->state == AL_CLIENT_UP && c->attempt == NULL)
		al_client_attempt(c, true);
	else
		al_timer_set(&c->prefer, spread(c, c->o.pace.prefer_ms));
}

/* Nothing better, or not yet: the way in use is kept. */
void
al_client_not_better(struct al_client *c)
{
	uint64_t in_ms = spread(c, c->o.pace.prefer_ms);
	uint64_t after_ms = c->retry_after_s * UINT64_C(1000);

	if (c->state == AL_CLIENT_DETACHED) {
		(void)al_client_try_again(c);
		return;
	}
	c->retry_after_s = 0;
	al_timer_set(&c->prefer, in_ms > after_ms ? in_ms : after_ms);
}

/* A connection was made before: that may well be done again. */
static void
forget_failures(struct al_client *c)
{
	if (al_now_ms() - c->link_ms >= RESUME_LIVED_MS)
		al_backoff_init(&c->backoff, c->o.retry_min_ms);
}

static void
link_lost(struct al_client *c, const struct al_err *why)
{
	al_timer_cancel(&c->prefer);
	if (c->parent == NULL)
		al_timer_cancel(&c->age);
	if (c->o.flags & AL_CLIENT_PROBE) {
		al_client_drop(c, why);
		return;
	}
	forget_failures(c);
	learn_of_lost(c);
	c->state = AL_CLIENT_DETACHED;
	tell_link(c, AL_LANE_LOST, why, c->attempt != NULL && !c->is_better ?
	    0 : al_client_try_again(c));
}

/* A connection was made, but the session could not move to it. */
static void
lane_failed(struct al_client *c, const struct al_err *why)
{
	c->retry_after_s = al_mux_retry_after_s(c->mux);
	if (c->attempt != NULL || !al_client_has_session(c))
		return;
	if (c->is_better)
		al_client_not_better(c);
	else
		al_client_not_resumed(c, why);
}

void
al_client_on_link(void *arg, enum al_lane what, const struct al_err *why)
{
	struct al_client *c = arg;

	switch (what) {
	case AL_LANE_LOST:
		link_lost(c, why);
		break;
	case AL_LANE_SWITCHED:
		learn_of_left(c);
		forget_failures(c);
		/* FALLTHROUGH */
	case AL_LANE_RESUMED:
		al_client_linked(c);
		tell_link(c, what, NULL, 0);
		break;
	case AL_LANE_UNWANTED:
		unwanted(c);
		break;
	case AL_LANE_FAILED:
		lane_failed(c, why);
		break;
	}
}
