/* connector/gatewayd/gateway.c - the gateway: its parts put together. */
#include "connector/gatewayd/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "connector/daemon/log.h"
#include "connector/daemon/notify.h"
#include "connector/gatewayd/door.h"
#include "connector/gatewayd/peer.h"

#define WINDOWS		(256u << 20)	/* credit, beyond the first 16 KiB */
#define RECHECK_MS	(5 * 60 * 1000)
#define BUFFERED	(512u << 20)	/* received and not delivered      */
#define LOOK_MS		100
#define GOODBYE_MS	2000		/* for CLOSE and close_notify   */
#define HELLO_MS	2000		/* until what is on its way is here */

/* --- listening ------------------------------------------------------------ */
static enum al_code
add_listener(struct al_gateway *gw, struct al_listener *l)
{
	struct al_listener **v;
	char text[AL_ADDR_TEXT];

	if (l == NULL)
		return AL_ENET;
	v = realloc(gw->listeners, (gw->n_listeners + 1) *
	    sizeof(struct al_listener *));
	if (v == NULL) {
		al_listener_free(l);
		return AL_ENOMEM;
	}
	gw->listeners = v;
	v[gw->n_listeners++] = l;
	al_log(AL_LOG_NOTICE, "listening", AL_FIELDS(AL_STR("address",
	    al_addr_format(al_listener_addr(l), text))), "listening on %s%s",
	    text, gw->set->tls == NULL ? " (no TLS: for a terminator in front)"
	    : "");
	return AL_OK;
}

static enum al_code
listen_as_set(struct al_gateway *gw, struct al_err *err)
{
	const struct al_conf_value *v;
	enum al_code code = AL_OK;
	struct al_addr a;
	size_t i;

	for (i = 0; code == AL_OK && (v = al_conf_get(gw->set->conf, NULL,
	    NULL, "listen", i)) != NULL; i++)
		if (al_conf_listen(v, &a))
			code = add_listener(gw, al_listener_new(gw->loop, &a,
			    al_door_conn, gw->door, err));
	if (code == AL_OK && i == 0)
		code = al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "nothing to listen on: set \"listen\"");
	return code;
}

enum al_code
al_gateway_listen(struct al_gateway *gw, struct al_err *err)
{
	struct al_listen_fd *given;
	enum al_code code;
	size_t i, n;

	code = al_listen_fds(&given, &n, err);
	if (code != AL_OK)
		return code;
	for (i = 0; i < n; i++)
		if (code == AL_OK)
			code = add_listener(gw, al_listener_adopt(gw->loop,
			    given[i].fd, al_door_conn, gw->door, err));
	al_listen_fds_free(given, n);
	if (code == AL_OK && n == 0)
		code = listen_as_set(gw, err);
	if (code == AL_ENOMEM)
		(void)al_fail_nomem(err, AL_AT_LOCAL);
	return code;
}

static void
close_listeners(struct al_gateway *gw)
{
	while (gw->n_listeners > 0)
		al_listener_free(gw->listeners[--gw->n_listeners]);
	free(gw->listeners);
	gw->listeners = NULL;
}

/* --- reload --------------------------------------------------------------- */
static void
recheck_peers(struct al_gateway *gw)
{
	struct al_peer *p, *next;

	for (p = LIST_FIRST(&gw->peers); p != NULL; p = next) {
		next = LIST_NEXT(p, entry);
		al_peer_recheck(p);
	}
}

/* Whoever was taken out of a file is gone soon, even if nobody reloads. */
static void
on_recheck(void *arg)
{
	struct al_gateway *gw = arg;
	struct al_err err;

	if (al_settings_reread_identities(gw->set, &err) == AL_OK)
		recheck_peers(gw);
	else
		al_log_err(AL_LOG_ERROR, "identities", &err);
	al_timer_set(&gw->recheck_timer, RECHECK_MS);
}

static bool
is_other_certificate(const struct al_settings *a, const struct al_settings *b)
{
	return a->tls != NULL && b->tls != NULL &&
	    memcmp(a->cert_hash, b->cert_hash, sizeof(a->cert_hash)) != 0;
}

/* The old certificate serves nobody longer than it takes to move. */
static void
move_peers(struct al_gateway *gw)
{
	struct al_peer *p;

	al_log(AL_LOG_NOTICE, "certificate", NULL, "the certificate is "
	    "another one: %zu sessions move to it within %u s", gw->sessions,
	    al_gateway_spread_s(gw));
	LIST_FOREACH(p, &gw->peers, entry)
		al_peer_move(p);
}

void
al_gateway_replace(struct al_gateway *gw, struct al_settings *set)
{
	bool other = is_other_certificate(gw->set, set);
	struct al_err err;

	al_settings_free(gw->set);
	gw->set = set;
	al_door_reload(gw->door);
	if (al_audit_reopen(gw->audit, &err) != AL_OK)
		al_log_err(AL_LOG_ERROR, "audit", &err);
	recheck_peers(gw);
	gw->cert_no += other;
	if (other && !gw->stopping)
		move_peers(gw);
}

/* --- stop ----------------------------------------------------------------- */
static void
say_goodbye(struct al_gateway *gw)
{
	struct al_peer *p, *next;

	for (p = LIST_FIRST(&gw->peers); p != NULL; p = next) {
		next = LIST_NEXT(p, entry);
		al_peer_close(p, AL_CHAN_DRAINING, "the gateway has stopped");
	}
}

static void
on_look(void *arg)
{
	struct al_gateway *gw = arg;
	uint64_t now_us = al_now_us();
	struct al_peer *p, *next;

	for (p = LIST_FIRST(&gw->peers); p != NULL; p = next) {
		next = LIST_NEXT(p, entry);
		if (now_us >= gw->hello_by_us && (!p->up ||
		    al_mux_is_detached(p->mux)))
			al_peer_close(p, AL_CHAN_DRAINING,
			    "the gateway is stopping");
		else
			al_peer_drain(p);
	}
	if (LIST_EMPTY(&gw->peers) || now_us >= gw->stop_by_us +
	    GOODBYE_MS * 1000) {
		gw->on_stopped(gw->arg);
		return;
	}
	if (now_us >= gw->stop_by_us)
		say_goodbye(gw);
	al_timer_set(&gw->stop_timer, LOOK_MS);
}

void
al_gateway_stop(struct al_gateway *gw, void (*on_stopped)(void *arg),
    void *arg)
{
	gw->stopping = true;
	gw->on_stopped = on_stopped;
	gw->arg = arg;
	gw->stop_by_us = al_now_us() + gw->set->drain_ms * UINT64_C(1000);
	gw->hello_by_us = al_now_us() + HELLO_MS * UINT64_C(1000);
	close_listeners(gw);
	al_log(AL_LOG_NOTICE, "stopping", AL_FIELDS(AL_NUM("sessions",
	    gw->sessions), AL_NUM("channels", gw->channels)),
	    "stopping: %zu channels have %u s to end", gw->channels,
	    gw->set->drain_ms / 1000);
	al_timer_set(&gw->stop_timer, 0);
}

/* --- state ---------------------------------------------------------------- */
void
al_gateway_dump(const struct al_gateway *gw)
{
	const struct al_peer *p;

	al_log(AL_LOG_NOTICE, "state", AL_FIELDS(
	    AL_NUM("uptime_s", (al_now_us() - gw->since_us) / 1000000),
	    AL_NUM("sessions", gw->sessions),
	    AL_NUM("channels", gw->channels),
	    AL_NUM("windows", gw->budget.used),
	    AL_NUM("buffered", gw->budget.buffered),
	    AL_NUM("waiting", al_door_waiting(gw->door)),
	    AL_NUM("unauthenticated", al_door_pending(gw->door)),
	    AL_NUM("dropped", al_door_dropped(gw->door))),
	    "%zu sessions, %zu channels, %u connections not authenticated, "
	    "%llu dropped", gw->sessions, gw->channels,
	    al_door_pending(gw->door),
	    (unsigned long long)al_door_dropped(gw->door));
	LIST_FOREACH(p, &gw->peers, entry)
		al_peer_dump(p);
}

/* --- life ----------------------------------------------------------------- */
struct al_gateway *
al_gateway_new(struct al_loop *loop, struct al_settings *set,
    struct al_err *err)
{
	struct al_gateway *gw = calloc(1, sizeof(*gw));
	const struct al_resolver_opts none = { .servers = NULL };

	if (gw == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		al_settings_free(set);
		return NULL;
	}
	gw->loop = loop;
	gw->set = set;
	gw->budget.max = WINDOWS;
	gw->budget.buffered_max = BUFFERED;
	gw->since_us = al_now_us();
	LIST_INIT(&gw->peers);
	if (al_rng_init(&gw->rng, err) != AL_OK ||
	    al_ids_init(&gw->ids, err) != AL_OK ||
	    al_timer_init(&gw->stop_timer, loop, on_look, gw, err) != AL_OK ||
	    al_timer_init(&gw->recheck_timer, loop, on_recheck, gw, err) !=
	    AL_OK ||
	    (gw->resolver = al_resolver_new(loop, &none, err)) == NULL ||
	    (gw->registry = al_registry_new(err)) == NULL ||
	    (gw->door = al_door_new(gw, err)) == NULL ||
	    (gw->audit = al_audit_new(al_conf_text(set->conf, NULL, NULL,
	    "audit_file"), err)) == NULL) {
		al_gateway_free(gw);
		return NULL;
	}
	al_timer_set(&gw->recheck_timer, RECHECK_MS);
	return gw;
}

void
al_gateway_free(struct al_gateway *gw)
{
	struct al_peer *p;

	if (gw == NULL)
		return;
	close_listeners(gw);
	al_door_free(gw->door);
	while ((p = LIST_FIRST(&gw->peers)) != NULL)
		al_peer_free(p);
	al_timer_fini(&gw->stop_timer);
	al_timer_fini(&gw->recheck_timer);
	al_registry_free(gw->registry);
	al_ids_fini(&gw->ids);
	al_resolver_free(gw->resolver);
	al_audit_free(gw->audit);
	al_settings_free(gw->set);
	/* behind the muxes, which give their windows back to the budget */
	al_loop_bury(gw->loop, gw, free);
}
