/* connector/connectord/uplink_log.c - what people are told of the uplink. */
#include "connector/connectord/uplink_int.h"

#include <stdio.h>
#include <time.h>

#include "connector/connectord/site.h"
#include "connector/daemon/log.h"
#include "connector/session/workspace.h"

void
al_uplink_on_step(void *arg, const struct al_step *s)
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

void
al_uplink_session_text(const uint8_t *id, char text[static 9])
{
	(void)snprintf(text, 9, "%02x%02x%02x%02x", id[0], id[1], id[2],
	    id[3]);
}

bool
al_uplink_is_not_ours(const struct al_err *why)
{
	return why->stage == AL_AT_HTTP && (why->status == 404 ||
	    (why->status == 101 && why->cause == 199));
}

void
al_uplink_retry_text(uint64_t retry_ms, char *buf, size_t cap)
{
	if (retry_ms == UINT64_MAX)
		buf[0] = '\0';
	else
		(void)snprintf(buf, cap, "; trying again in %u.%u s",
		    (unsigned)(retry_ms / 1000),
		    (unsigned)(retry_ms % 1000 / 100));
}

void
al_uplink_log_end(const struct al_uplink *u, const struct al_err *why,
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

void
al_uplink_log_failure(struct al_uplink *u, const struct al_err *why,
    const char *retry)
{
	bool not_ours = u->site->mode == AL_MODE_AUTO &&
	    al_uplink_is_not_ours(why);
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

void
al_uplink_on_left(void *arg, const uint8_t *id, const struct al_err *why)
{
	char session[9];

	(void)arg;
	al_uplink_session_text(id, session);
	al_log(why->code == AL_EOF ? AL_LOG_NOTICE : AL_LOG_WARN,
	    "session-left", AL_FIELDS(AL_STR("session", session),
	    AL_STR("stage", al_stage_name(why->stage)),
	    AL_STR("code", al_code_name(why->code))), "%s", why->text);
}

void
al_uplink_on_link(void *arg, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	struct al_uplink *u = arg;
	char retry[48];

	al_uplink_retry_text(retry_ms, retry, sizeof(retry));
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

void
al_uplink_on_learned(void *arg, const char *via, enum al_learned what)
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
		al_uplink_retry_text(u->retry_at_ms - now_ms, buf, cap);
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
