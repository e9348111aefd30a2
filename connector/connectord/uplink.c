/* connector/connectord/uplink.c - the session to the gateway, and the way out. */
#include <config.h>

#include "connector/connectord/uplink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connector/connectord/site.h"
#include "connector/connectord/targets.h"
#include "connector/daemon/log.h"
#include "connector/loop/loop.h"
#include "connector/session/client.h"
#include "connector/session/workspace.h"

#define SOFTWARE	PACKAGE_NAME "/" PACKAGE_VERSION
#define PATH		"/ws/connector/"
#define SOON_MS		2000	/* a retry that is worth waiting for      */
#define AGAIN_MS	2000	/* the gateway has ended a session in order */

/* What is known about the far end (PROTOCOL 1). */
enum offer { OFFER_UNKNOWN, OFFER_OURS, OFFER_NOT_OURS };

struct al_uplink {
	struct al_uplink_opts	 o;
	const struct al_uplink_ops *ops;
	void			*arg;
	struct al_site		*site;
	struct al_site		*used;		/* by the latest attempt      */
	struct al_client	*client;
	struct al_timer		 again;		/* replaces a client that has
						 * ended                      */
	enum offer		 offer;
	bool			 up, ready, draining, closing;
	struct al_err		 why;		/* of the latest failure      */
	uint64_t		 retry_at_ms;	/* 0: no failure yet          */
	uint64_t		 up_ms, rtt_us;
	unsigned		 session_ups;
	char			 session[9];	/* its id's first hex digits  */
	char			 via[AL_CHAIN_TEXT];
	struct al_targets_count	 at_up;
	uint64_t		 agent_in, agent_out;
};

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
on_step(void *arg, const struct al_step *s)
{
	static const char *const states[] = {
		[AL_STEP_BEGIN] = "begins", [AL_STEP_OK] = "ok",
		[AL_STEP_FAIL] = "failed",
	};

	(void)arg;
	al_log(AL_LOG_DEBUG, "step", AL_FIELDS(
	    AL_STR("stage", al_stage_name(s->stage))), "%s: %s%s%s%s%s",
	    s->what, states[s->state], s->note != NULL && s->note[0] ?
	    ", " : "", s->note != NULL ? s->note : "",
	    s->err != NULL ? ": " : "", s->err != NULL ? s->err->text : "");
}

static void
session_text(const uint8_t *id, char text[static 9])
{
	(void)snprintf(text, 9, "%02x%02x%02x%02x", id[0], id[1], id[2],
	    id[3]);
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
	session_text(id, u->session);
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
static bool
is_not_ours(const struct al_err *why)
{
	return why->stage == AL_AT_HTTP && (why->status == 404 ||
	    (why->status == 101 && why->cause == 199));
}

static void
retry_text(uint64_t retry_ms, char *buf, size_t cap)
{
	if (retry_ms == UINT64_MAX)
		buf[0] = '\0';
	else
		(void)snprintf(buf, cap, "; trying again in %u.%u s",
		    (unsigned)(retry_ms / 1000),
		    (unsigned)(retry_ms % 1000 / 100));
}

static void
log_link_end(const struct al_uplink *u, const struct al_err *why,
    const char *retry)
{
	struct al_targets_count now;

	al_targets_get(u->o.targets, &now);
	al_log(why->code == AL_EOF ? AL_LOG_NOTICE : AL_LOG_WARN, "link-end",
	    AL_FIELDS(AL_STR("session", u->session), AL_STR("via", u->via),
	    AL_NUM("bytes_in", now.bytes_in - u->at_up.bytes_in +
	    u->agent_in),
	    AL_NUM("bytes_out", now.bytes_out - u->at_up.bytes_out +
	    u->agent_out),
	    AL_NUM("ms", al_now_ms() - u->up_ms),
	    AL_STR("stage", al_stage_name(why->stage)),
	    AL_STR("code", al_code_name(why->code))), "%s%s",
	    why->text, retry);
}

static void
log_failure(struct al_uplink *u, const struct al_err *why,
    const char *retry)
{
	bool not_ours = u->site->mode == AL_MODE_AUTO && is_not_ours(why);
	enum al_log_level level = why->code == AL_EAUTH ? AL_LOG_ERROR :
	    not_ours ? AL_LOG_INFO : AL_LOG_WARN;

	if (not_ours && u->offer != OFFER_NOT_OURS)
		al_log(AL_LOG_NOTICE, "mode", AL_FIELDS(
		    AL_STR("mode", "direct")), "no gateway of ours answers "
		    "there: each local connection goes out on its own");
	al_log(level, "attempt-failed", AL_FIELDS(
	    AL_STR("stage", al_stage_name(why->stage)),
	    AL_STR("code", al_code_name(why->code))), "%s%s", why->text,
	    retry);
}

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	struct al_uplink *u = arg;
	char retry[48];

	if (retry_ms == UINT64_MAX && !u->closing &&
	    u->site->mode != AL_MODE_DIRECT)
		retry_ms = AGAIN_MS;
	retry_text(retry_ms, retry, sizeof(retry));
	u->why = *why;
	u->retry_at_ms = al_now_ms() + (retry_ms != UINT64_MAX ? retry_ms :
	    0);
	u->ready = false;
	if (u->up)
		log_link_end(u, why, retry);
	else if (!u->closing)
		log_failure(u, why, retry);
	u->up = false;
	if (is_not_ours(why))
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
	retry_text(retry_ms, retry, sizeof(retry));
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
on_left(void *arg, const uint8_t *id, const struct al_err *why)
{
	char session[9];

	(void)arg;
	session_text(id, session);
	al_log(why->code == AL_EOF ? AL_LOG_NOTICE : AL_LOG_WARN,
	    "session-left", AL_FIELDS(AL_STR("session", session),
	    AL_STR("stage", al_stage_name(why->stage)),
	    AL_STR("code", al_code_name(why->code))), "%s", why->text);
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

static void
on_link(void *arg, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	struct al_uplink *u = arg;
	char retry[48];

	retry_text(retry_ms, retry, sizeof(retry));
	switch (what) {
	case AL_LANE_LOST:
		u->why = *why;
		u->retry_at_ms = al_now_ms() + retry_ms;
		al_log(AL_LOG_WARN, "link-lost", AL_FIELDS(
		    AL_STR("session", u->session), AL_STR("via", u->via),
		    AL_STR("stage", al_stage_name(why->stage)),
		    AL_STR("code", al_code_name(why->code))),
		    "the session goes on when there is another connection: "
		    "%s%s", why->text, retry);
		break;
	case AL_LANE_FAILED:
		if (al_client_state(u->client) == AL_CLIENT_DETACHED)
			u->why = *why;
		u->retry_at_ms = al_now_ms() + retry_ms;
		al_log(AL_LOG_WARN, "resume-failed", AL_FIELDS(
		    AL_STR("session", u->session),
		    AL_STR("stage", al_stage_name(why->stage)),
		    AL_STR("code", al_code_name(why->code))), "%s%s",
		    why->text, retry);
		break;
	case AL_LANE_RESUMED:
	case AL_LANE_SWITCHED:
		(void)snprintf(u->via, sizeof(u->via), "%s",
		    al_client_via(u->client));
		al_log(AL_LOG_NOTICE, what == AL_LANE_RESUMED ?
		    "session-resumed" : "link-switched", AL_FIELDS(
		    AL_STR("session", u->session), AL_STR("via", u->via)),
		    what == AL_LANE_RESUMED ? "the session goes on" :
		    "a new connection has taken over");
		break;
	case AL_LANE_UNWANTED:
		break;
	}
	u->ops->on_way(u->arg);
}

static void
on_learned(void *arg, const char *via, enum al_learned what)
{
	struct al_uplink *u = arg;
	const uint64_t now_s = (uint64_t)time(NULL);

	switch (what) {
	case AL_LEARNED_AGE:
		al_log(AL_LOG_NOTICE, "path-learned", AL_FIELDS(
		    AL_STR("via", via), AL_NUM("max_age_ms",
		    al_habits_max_age_ms(u->o.habits, via, 0, now_s))),
		    "connections by this way are cut at a certain age: from "
		    "now on they are replaced before that");
		break;
	case AL_LEARNED_KEEPALIVE:
		al_log(AL_LOG_NOTICE, "path-learned", AL_FIELDS(
		    AL_STR("via", via), AL_NUM("keepalive_ms",
		    al_habits_keepalive_ms(u->o.habits, via,
		    u->site->keepalive_ms, now_s))),
		    "idle connections by this way are forgotten: the interval "
		    "of keepalives has changed");
		break;
	case AL_LEARNED_NO_AGE:
		al_log(AL_LOG_NOTICE, "path-learned", AL_FIELDS(
		    AL_STR("via", via)), "connections by this way get older "
		    "than they could: they are not replaced any more");
		break;
	case AL_LEARNED_NOTHING:
		break;
	}
	u->ops->on_learned(u->arg);
}

static const struct al_client_ops client_ops = {
	.on_target = on_target,
	.on_step = on_step,
	.on_up = on_up,
	.on_down = on_down,
	.on_leaving = on_leaving,
	.on_left = on_left,
	.on_open = on_open,
	.on_open_gone = on_open_gone,
	.on_pong = on_pong,
	.on_link = on_link,
	.on_learned = on_learned,
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

static bool
is_detached(const struct al_uplink *u)
{
	return u->up && al_client_state(u->client) == AL_CLIENT_DETACHED;
}

static void
retry_at_text(const struct al_uplink *u, char *buf, size_t cap)
{
	uint64_t now_ms = al_now_ms();

	if (u->retry_at_ms > now_ms)
		retry_text(u->retry_at_ms - now_ms, buf, cap);
	else
		(void)snprintf(buf, cap, "; trying again now");
}

void
al_uplink_status(const struct al_uplink *u,
    char buf[static AL_UPLINK_STATUS])
{
	enum al_way way = al_uplink_way(u, NULL);
	char retry[48];

	retry_at_text(u, retry, sizeof(retry));
	if (is_detached(u))
		(void)snprintf(buf, AL_UPLINK_STATUS, "the connection is "
		    "lost, what is open waits for the next one: %s%s",
		    u->why.text, retry);
	else if (way == AL_WAY_MUX)
		(void)snprintf(buf, AL_UPLINK_STATUS, "connected via %s",
		    al_client_via(u->client));
	else if (way == AL_WAY_DIRECT)
		(void)snprintf(buf, AL_UPLINK_STATUS, "direct: %s",
		    u->site->mode == AL_MODE_DIRECT ? "connections go out on "
		    "their own, as set" : "no gateway of ours, connections go "
		    "out on their own");
	else if (u->retry_at_ms != 0)
		(void)snprintf(buf, AL_UPLINK_STATUS, "not connected: %s%s",
		    u->why.text, retry);
	else
		(void)snprintf(buf, AL_UPLINK_STATUS, "connecting");
}

void
al_uplink_dump(const struct al_uplink *u)
{
	static const char *const ways[] = {
		[AL_WAY_WAIT] = "connecting", [AL_WAY_MUX] = "mux",
		[AL_WAY_DIRECT] = "direct", [AL_WAY_DOWN] = "down",
	};
	char status[AL_UPLINK_STATUS];
	enum al_way way = al_uplink_way(u, NULL);

	al_uplink_status(u, status);
	al_log(AL_LOG_NOTICE, "state", AL_FIELDS(
	    AL_STR("mode", al_mode_name(u->site->mode)),
	    AL_STR("way", is_detached(u) ? "detached" : ways[way]),
	    AL_STR("session", u->up ? u->session : NULL),
	    AL_STR("via", u->up ? u->via : NULL),
	    AL_NUM("up_ms", u->up ? al_now_ms() - u->up_ms : 0),
	    AL_NUM("rtt_us", u->rtt_us),
	    AL_NUM("sessions", u->session_ups)), "workspace %s: %s",
	    al_workspace_authority(u->site->workspace), status);
}
