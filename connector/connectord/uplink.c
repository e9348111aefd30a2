/* connector/connectord/uplink.c - the session to the gateway, and the way out. */
#include <config.h>

#include "connector/connectord/uplink_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/connectord/site.h"
#include "connector/daemon/log.h"
#include "connector/session/workspace.h"

#define SOFTWARE	PACKAGE_NAME "/" PACKAGE_VERSION
#define PATH		"/ws/connector/"
#define SOON_MS		2000	/* a retry that is worth waiting for      */
#define AGAIN_MS	2000	/* the gateway has ended a session in order */

/* --- what the client asks and tells --------------------------------------- */
static bool
on_target(void *arg, struct al_client_target *t, struct al_err *err)
{
	struct al_uplink *u = arg;

	(void)err;
	al_site_release(u->used);
	u->used = al_site_hold(u->site);
	al_workspace_target(u->site->workspace, PATH, u->site->authorization,
	    t);
	t->user_agent = SOFTWARE;
	return true;
}

static void
on_up(void *arg, struct al_mux *m)
{
	struct al_uplink *u = arg;
	const uint8_t *id = al_session_id(al_mux_session(m));

	u->up = true;
	u->offer = OFFER_OURS;
	u->up_ms = al_now_ms();
	u->session_ups++;
	u->agent_in = u->agent_out = 0;
	al_targets_get(u->o.targets, &u->at_up);
	al_uplink_session_text(id, u->session);
	(void)snprintf(u->via, sizeof(u->via), "%s",
	    al_client_via(u->client));
	al_log(AL_LOG_NOTICE, "session-up", AL_FIELDS(
	    AL_STR("session", u->session), AL_STR("via", u->via),
	    AL_STR("mode", "mux")), "connected to %s: local connections are "
	    "channels of its session",
	    al_workspace_authority(u->used->workspace));
	(void)al_session_ping(al_mux_session(m), al_now_us());
	al_mux_kick(m);
	u->ops->on_way(u->arg);
}

static void
on_pong(void *arg, uint64_t rtt_us)
{
	struct al_uplink *u = arg;

	u->rtt_us = rtt_us;
	if (u->ready)
		return;
	u->ready = true;
	al_log(AL_LOG_INFO, "ready", AL_FIELDS(
	    AL_STR("session", u->session), AL_NUM("rtt_us", rtt_us)),
	    "the gateway has answered a ping");
	u->ops->on_ready(u->arg);
}

/* --- the end of an attempt or a session ----------------------------------- */

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	struct al_uplink *u = arg;
	char retry[48];

	if (retry_ms == UINT64_MAX && !u->closing &&
	    u->site->mode != AL_MODE_DIRECT)
		retry_ms = AGAIN_MS;
	al_uplink_retry_text(retry_ms, retry, sizeof(retry));
	u->why = *why;
	u->retry_at_ms = al_now_ms() + (retry_ms != UINT64_MAX ? retry_ms :
	    0);
	u->ready = false;
	if (u->up)
		al_uplink_log_end(u, why, retry);
	else if (!u->closing)
		al_uplink_log_failure(u, why, retry);
	u->up = false;
	if (al_uplink_is_not_ours(why))
		u->offer = OFFER_NOT_OURS;
	if (al_client_state(u->client) == AL_CLIENT_ENDED)
		al_timer_set(&u->again, u->closing ? 0 : AGAIN_MS);
	u->ops->on_way(u->arg);
	if (!u->closing && al_uplink_way(u, NULL) == AL_WAY_DIRECT)
		u->ops->on_ready(u->arg);
}

/* What is open there goes on; new connections wait for the next session. */
static void
on_leaving(void *arg, struct al_mux *m, const struct al_err *why,
    uint64_t retry_ms)
{
	struct al_uplink *u = arg;
	char retry[48];

	(void)m;
	al_uplink_retry_text(retry_ms, retry, sizeof(retry));
	al_log(AL_LOG_NOTICE, "session-leaving", AL_FIELDS(
	    AL_STR("session", u->session), AL_STR("via", u->via),
	    AL_STR("code", al_code_name(why->code))), "%s%s", why->text,
	    retry);
	u->why = *why;
	u->retry_at_ms = al_now_ms() + retry_ms;
	u->up = u->ready = false;
	u->ops->on_way(u->arg);
}

static void
on_open(void *arg, struct al_mux *m, struct al_chan *c, uint8_t kind,
    const char *json)
{
	struct al_uplink *u = arg;

	if (u->draining)
		al_mux_refuse(m, c, AL_CHAN_DRAINING,
		    "the connector is stopping");
	else
		al_targets_open(u->o.targets, m, c, kind, json);
}

static void
on_open_gone(void *arg, struct al_chan *c)
{
	struct al_uplink *u = arg;

	al_targets_open_gone(u->o.targets, c);
}

static const struct al_client_ops client_ops = {
	.on_target = on_target,
	.on_step = al_uplink_on_step,
	.on_up = on_up,
	.on_down = on_down,
	.on_leaving = on_leaving,
	.on_left = al_uplink_on_left,
	.on_open = on_open,
	.on_open_gone = on_open_gone,
	.on_pong = on_pong,
	.on_link = al_uplink_on_link,
	.on_learned = al_uplink_on_learned,
};

/* --- the client's life ---------------------------------------------------- */
static struct al_client_pace
pace_of(const struct al_site *s)
{
	return (struct al_client_pace){ .max_age_ms = s->link_max_age_ms,
	    .prefer_ms = s->proxy_retry_ms,
	    .keepalive_ms = s->keepalive_ms };
}

static enum al_code
start(struct al_uplink *u, struct al_err *err)
{
	const struct al_client_opts o = { .pace = pace_of(u->site),
	    .habits = u->o.habits, .session = { .software = SOFTWARE } };

	u->client = al_client_start(u->o.loop, u->o.resolver, &o, &client_ops,
	    u, err);
	return u->client != NULL ? AL_OK : err->code;
}

/* A client that has ended is of no more use. */
static void
replace(void *arg)
{
	struct al_uplink *u = arg;
	struct al_err err;

	al_client_free(u->client);
	u->client = NULL;
	if (u->closing) {
		u->ops->on_closed(u->arg);
		return;
	}
	if (u->site->mode != AL_MODE_DIRECT && start(u, &err) != AL_OK) {
		al_log_err(AL_LOG_ERROR, "attempt-failed", &err);
		al_timer_set(&u->again, AGAIN_MS);
	}
}

/* A loop turn later: the caller is not ready for calls back. */
static void
soon(void *arg)
{
	struct al_uplink *u = arg;

	if (u->client == NULL && !u->closing &&
	    u->site->mode == AL_MODE_DIRECT) {
		u->ops->on_way(u->arg);
		u->ops->on_ready(u->arg);
		return;
	}
	replace(u);
}

struct al_uplink *
al_uplink_new(const struct al_uplink_opts *o, const struct al_uplink_ops *ops,
    void *arg, struct al_err *err)
{
	struct al_uplink *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	u->o = *o;
	u->ops = ops;
	u->arg = arg;
	if (al_timer_init(&u->again, o->loop, soon, u, err) != AL_OK) {
		free(u);
		return NULL;
	}
	return u;
}

void
al_uplink_free(struct al_uplink *u)
{
	if (u == NULL)
		return;
	u->closing = true;
	al_client_free(u->client);
	al_timer_fini(&u->again);
	al_site_release(u->used);
	al_site_release(u->site);
	free(u);
}

/* What is up goes on by the new proxies and credentials. */
static bool
is_same_host(const struct al_uplink *u)
{
	return u->used != NULL && strcmp(al_workspace_authority(
	    u->used->workspace), al_workspace_authority(
	    u->site->workspace)) == 0;
}

void
al_uplink_rotate(struct al_uplink *u)
{
	if (u->client == NULL)
		return;
	al_client_retry_now(u->client);
	if (is_same_host(u))
		al_client_rotate(u->client);
}

enum al_code
al_uplink_set_site(struct al_uplink *u, struct al_site *s, struct al_err *err)
{
	struct al_site *old = u->site;

	u->site = al_site_hold(s);
	if (s->mode != AL_MODE_DIRECT && u->client == NULL &&
	    start(u, err) != AL_OK) {
		al_site_release(s);
		u->site = old;
		return err->code;
	}
	al_site_release(old);
	if (s->mode == AL_MODE_DIRECT) {
		if (u->client != NULL)
			al_client_close(u->client, AL_CHAN_DONE, NULL);
		else
			al_timer_set(&u->again, 0);
	} else {
		const struct al_client_pace pace = pace_of(s);

		if (u->client != NULL)
			al_client_set_pace(u->client, &pace);
		al_uplink_rotate(u);
	}
	return AL_OK;
}

/* --- for those who want out ----------------------------------------------- */
enum al_way
al_uplink_way(const struct al_uplink *u, struct al_err *why)
{
	if (u->site->mode == AL_MODE_DIRECT)
		return AL_WAY_DIRECT;
	if (u->up)
		return AL_WAY_MUX;
	if (u->site->mode == AL_MODE_AUTO && u->offer == OFFER_NOT_OURS)
		return AL_WAY_DIRECT;
	if (u->retry_at_ms == 0 || (u->client != NULL &&
	    al_client_state(u->client) != AL_CLIENT_IDLE) ||
	    u->retry_at_ms < al_now_ms() + SOON_MS)
		return AL_WAY_WAIT;
	if (why != NULL)
		*why = u->why;
	return AL_WAY_DOWN;
}

struct al_mux *
al_uplink_mux(struct al_uplink *u)
{
	return u->up ? al_client_mux(u->client) : NULL;
}

void
al_uplink_count(struct al_uplink *u, uint64_t in, uint64_t out)
{
	u->agent_in += in;
	u->agent_out += out;
}

void
al_uplink_drain(struct al_uplink *u)
{
	struct al_mux *m = al_uplink_mux(u);

	u->draining = true;
	if (m == NULL)
		return;
	al_session_goaway(al_mux_session(m), AL_CHAN_DRAINING, 0,
	    "the connector is stopping");
	al_mux_kick(m);
}

void
al_uplink_close(struct al_uplink *u, uint16_t code, const char *text)
{
	u->closing = true;
	if (u->client == NULL || al_client_state(u->client) ==
	    AL_CLIENT_ENDED)
		al_timer_set(&u->again, 0);
	else
		al_client_close(u->client, code, text);
}

