/* connector/connectord/connectord.c - the daemon's parts, put together. */
#include "connector/connectord/connectord.h"

#include <stdlib.h>
#include <time.h>

#include "connector/connectord/doors.h"
#include "connector/connectord/guests.h"
#include "connector/connectord/site.h"
#include "connector/connectord/state.h"
#include "connector/connectord/targets.h"
#include "connector/connectord/uplink.h"
#include "connector/daemon/log.h"
#include "connector/daemon/notify.h"
#include "connector/loop/loop.h"
#include "connector/loop/netmon.h"
#include "connector/loop/wake.h"
#include "connector/session/find.h"

#define DIALS_MAX	256
#define DRAIN_MS	30000
#define DRAIN_LOOK_MS	50

struct al_connectord {
	struct al_connectord_opts o;
	struct al_site		*site;
	struct al_doors		*doors;
	struct al_guests	*guests;
	struct al_targets	*targets;
	struct al_habits	*habits;
	struct al_uplink	*uplink;
	struct al_netmon	*netmon;
	struct al_wake		*wake;
	struct al_timer		 watchdog, drain;
	uint64_t		 drain_by_ms;	/* 0: not stopping */
	bool			 is_ready;
};

static bool
is_ours(void *arg, const struct al_addr *a)
{
	struct al_connectord *c = arg;

	return al_doors_are_at(c->doors, a);
}

/* --- what the uplink tells ------------------------------------------------ */
static void
tell_status(const struct al_connectord *c)
{
	char status[AL_UPLINK_STATUS];

	al_uplink_status(c->uplink, status);
	al_notify_status("%s", status);
}

static void
on_way(void *arg)
{
	struct al_connectord *c = arg;

	tell_status(c);
	al_guests_look(c->guests);
}

static void
on_ready(void *arg)
{
	struct al_connectord *c = arg;

	if (!c->is_ready && c->drain_by_ms == 0)
		al_notify_ready();
	c->is_ready = true;
	tell_status(c);
}

static void
on_learned(void *arg)
{
	struct al_connectord *c = arg;

	al_state_save(c->habits, c->site->state_dir);
}

static void
on_closed(void *arg)
{
	struct al_connectord *c = arg;

	al_log(AL_LOG_NOTICE, "stopped", NULL, "the session is closed");
	c->o.on_stopped(c->o.arg);
}

static const struct al_uplink_ops uplink_ops = {
	.on_way = on_way,
	.on_ready = on_ready,
	.on_learned = on_learned,
	.on_closed = on_closed,
};

static void
on_network(void *arg)
{
	struct al_connectord *c = arg;

	al_log(AL_LOG_NOTICE, "network-changed", NULL,
	    "this machine has other addresses");
	al_workspace_network_changed(c->site->workspace);
	al_uplink_rotate(c->uplink);
}

/* Connections may have died meanwhile, and nobody told us. */
static void
on_wake(void *arg, uint64_t slept_ms)
{
	struct al_connectord *c = arg;

	al_log(AL_LOG_NOTICE, "woke-up", AL_FIELDS(AL_NUM("slept_ms",
	    slept_ms)), "this machine was suspended");
	al_workspace_network_changed(c->site->workspace);
	al_uplink_rotate(c->uplink);
}

/* --- settings ------------------------------------------------------------- */
/* All or nothing: what may fail comes first. */
static enum al_code
apply(struct al_connectord *c, struct al_site *s, struct al_err *err)
{
	if (al_doors_apply(c->doors, s, err) != AL_OK ||
	    al_uplink_set_site(c->uplink, s, err) != AL_OK)
		return err->code;
	al_targets_set_policy(c->targets, &s->targets);
	al_guests_set_site(c->guests, s);
	if (c->site != NULL)
		al_workspace_retire(c->site->workspace);
	al_site_release(c->site);
	c->site = al_site_hold(s);
	al_guests_look(c->guests);
	return AL_OK;
}

void
al_connectord_reload(struct al_connectord *c)
{
	struct al_err err = { .code = AL_OK };
	struct al_site *s;

	if (c->drain_by_ms != 0)
		return;
	al_notify_reloading();
	s = c->o.load(c->o.arg, &err);
	if (s != NULL && apply(c, s, &err) == AL_OK)
		al_log(AL_LOG_NOTICE, "reloaded", NULL,
		    "the new settings are in use");
	else
		al_log(AL_LOG_ERROR, "reload-failed", NULL,
		    "%s; nothing has changed", err.text);
	al_site_release(s);
	al_notify_ready();
	tell_status(c);
}

/* --- leaving -------------------------------------------------------------- */
static bool
is_idle(const struct al_connectord *c)
{
	struct al_targets_count t;
	struct al_guests_count g;

	al_targets_get(c->targets, &t);
	al_guests_get(c->guests, &g);
	return t.dials == 0 && t.channels == 0 && g.here == 0;
}

static void
on_drain(void *arg)
{
	struct al_connectord *c = arg;

	if (is_idle(c))
		al_uplink_close(c->uplink, AL_CHAN_DONE, NULL);
	else if (al_now_ms() >= c->drain_by_ms)
		al_uplink_close(c->uplink, AL_CHAN_DRAINING,
		    "the connector is stopping");
	else
		al_timer_set(&c->drain, DRAIN_LOOK_MS);
}

void
al_connectord_stop(struct al_connectord *c)
{
	if (c->drain_by_ms != 0)
		return;
	c->drain_by_ms = al_now_ms() + DRAIN_MS;
	al_notify_stopping();
	al_log(AL_LOG_NOTICE, "stopping", NULL, "what is open has %d s to "
	    "end; a second signal ends it now", DRAIN_MS / 1000);
	al_doors_close(c->doors);
	al_uplink_drain(c->uplink);
	al_timer_set(&c->drain, 0);
}

/* --- the whole ------------------------------------------------------------ */
static void
on_watchdog(void *arg)
{
	struct al_connectord *c = arg;

	al_notify_watchdog();
	al_timer_set(&c->watchdog, al_notify_watchdog_ms());
}

static enum al_code
build(struct al_connectord *c, struct al_err *err)
{
	const struct al_targets_opts targets = { .loop = c->o.loop,
	    .resolver = c->o.resolver, .dials_max = DIALS_MAX,
	    .is_ours = is_ours, .arg = c };
	struct al_uplink_opts uplink = { .loop = c->o.loop,
	    .resolver = c->o.resolver };
	struct al_guests_opts guests = { .loop = c->o.loop,
	    .resolver = c->o.resolver, .is_ours = is_ours, .arg = c };

	c->doors = al_doors_new(c->o.loop, c->o.fds, c->o.n_fds, err);
	if (c->doors == NULL)
		return err->code;
	c->targets = uplink.targets = al_targets_new(&targets, err);
	if (c->targets == NULL)
		return err->code;
	c->habits = uplink.habits = al_habits_new();
	if (c->habits == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	c->uplink = guests.uplink = al_uplink_new(&uplink, &uplink_ops, c,
	    err);
	if (c->uplink == NULL)
		return err->code;
	c->guests = al_guests_new(&guests, err);
	if (c->guests == NULL)
		return err->code;
	al_doors_set_guests(c->doors, c->guests);
	/* a sandbox may forbid it: then nobody tells us, and that is all */
	c->netmon = al_netmon_new(c->o.loop, on_network, c, err);
	if (c->netmon == NULL)
		al_log_err(AL_LOG_NOTICE, "no-netmon", err);
	c->wake = al_wake_new(c->o.loop, on_wake, c, err);
	if (c->wake == NULL)
		al_log_err(AL_LOG_NOTICE, "no-wake", err);
	if (al_timer_init(&c->drain, c->o.loop, on_drain, c, err) != AL_OK)
		return err->code;
	return al_timer_init(&c->watchdog, c->o.loop, on_watchdog, c, err);
}

struct al_connectord *
al_connectord_new(const struct al_connectord_opts *o, struct al_site *s,
    struct al_err *err)
{
	struct al_connectord *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	c->o = *o;
	if (build(c, err) == AL_OK) {
		al_state_load(c->habits, s->state_dir, (uint64_t)time(NULL));
		(void)apply(c, s, err);
	}
	if (c->site == NULL) {
		al_connectord_free(c);
		return NULL;
	}
	if (al_notify_watchdog_ms() != 0)
		on_watchdog(c);
	return c;
}

/* What ends channels comes before what they lean on. */
void
al_connectord_free(struct al_connectord *c)
{
	if (c == NULL)
		return;
	if (c->doors != NULL)
		al_doors_close(c->doors);
	al_guests_free(c->guests);
	al_targets_free(c->targets);
	al_uplink_free(c->uplink);
	/* what was learned is saved at once, what was only seen is not */
	if (c->site != NULL)
		al_state_save(c->habits, c->site->state_dir);
	al_habits_free(c->habits);
	al_doors_free(c->doors);
	al_netmon_free(c->netmon);
	al_wake_free(c->wake);
	al_timer_fini(&c->drain);
	al_timer_fini(&c->watchdog);
	al_site_release(c->site);
	free(c);
}

void
al_connectord_dump(const struct al_connectord *c)
{
	struct al_targets_count t;
	struct al_guests_count g;

	al_uplink_dump(c->uplink);
	al_targets_get(c->targets, &t);
	al_guests_get(c->guests, &g);
	al_log(AL_LOG_NOTICE, "state", AL_FIELDS(
	    AL_NUM("channels", t.channels), AL_NUM("connects", t.dials),
	    AL_NUM("opened", t.opened), AL_NUM("refused", t.refused),
	    AL_NUM("bytes_in", t.bytes_in), AL_NUM("bytes_out", t.bytes_out)),
	    "channels for the gateway");
	al_log(AL_LOG_NOTICE, "state", AL_FIELDS(
	    AL_NUM("connections", g.here), AL_NUM("served", g.served),
	    AL_NUM("refused", g.refused)), "local connections");
	al_doors_dump(c->doors);
}
