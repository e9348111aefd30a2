/* connector/connectord/guests.c - local connections, from accept to their end. */
#include "connector/connectord/guests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connector/connectord/guest_int.h"
#include "connector/connectord/uplink.h"
#include "connector/daemon/log.h"
#include "connector/stream/tcp.h"

#define REFUSAL_MAX	8192

/* --- ends ----------------------------------------------------------------- */
void
al_guest_free(struct al_guest *g)
{
	al_find_cancel(g->find);
	if (g->dial != NULL)
		al_dial_cancel(g->dial);
	al_port_free(g->port);
	al_join_cancel(g->join);
	al_watch_fini(&g->watch);
	al_timer_fini(&g->timer);
	if (g->local != NULL) {
		al_stream_abort(g->local);
		al_stream_free(g->local);
	}
	LIST_REMOVE(g, next);
	g->gs->count.here--;
	al_site_release(g->site);
	free(g);
}

static const char *
target_of(const struct al_guest *g, char *buf, size_t cap)
{
	bool v6 = strchr(g->host, ':') != NULL;

	if (g->host[0] == '\0')
		return NULL;
	(void)snprintf(buf, cap, g->port_nr != 0 ? "%s%s%s:%u" : "%s%s%s",
	    v6 ? "[" : "", g->host, v6 ? "]" : "", g->port_nr);
	return buf;
}

void
al_guest_end(struct al_guest *g, const char *way, uint16_t code,
    const char *text, uint64_t from, uint64_t to)
{
	char target[AL_HOST_MAX + 16];

	al_log(AL_LOG_INFO, "channel-end", AL_FIELDS(
	    AL_STR("listener", g->door->name), AL_STR("peer", g->peer),
	    AL_STR("target", target_of(g, target, sizeof(target))),
	    AL_STR("way", way), AL_NUM("bytes_in", to),
	    AL_NUM("bytes_out", from),
	    AL_NUM("ms", al_now_ms() - g->since_ms), AL_NUM("code", code)),
	    "%s%s%s", code == AL_CHAN_DONE ? "in order" :
	    al_chan_code_name(code), text[0] != '\0' ? ", " : "", text);
	g->gs->count.served++;
	al_guest_free(g);
}

/* --- saying no ------------------------------------------------------------ */
static void
on_part_ready(void *arg, unsigned ready)
{
	struct al_guest *g = arg;
	char sink[4096];
	struct al_err err;
	size_t n;

	(void)ready;
	switch (al_stream_read(g->local, sink, sizeof(sink), &n, &err)) {
	case AL_OK:
	case AL_AGAIN:
		return;
	case AL_EOF:
		/* both directions have ended: no RST */
		al_watch_fini(&g->watch);
		al_stream_free(g->local);
		g->local = NULL;
		break;
	default:
		break;
	}
	al_guest_free(g);
}

static void
on_time(void *arg)
{
	struct al_guest *g = arg;
	struct al_err why;

	if (!g->waiting) {
		al_guest_free(g);
		return;
	}
	g->waiting = false;
	if (al_uplink_way(g->gs->o.uplink, &why) == AL_WAY_DOWN)
		al_guest_refuse(g, AL_CHAN_UNREACHABLE, why.text);
	else
		al_guest_refuse(g, AL_CHAN_TIMEOUT,
		    "there is no connection to the gateway yet");
}

void
al_guest_part(struct al_guest *g)
{
	struct al_err err;

	if (al_stream_shut(g->local, &err) != AL_OK ||
	    al_watch_init(&g->watch, g->gs->o.loop, al_stream_fd(g->local),
	    on_part_ready, g, &err) != AL_OK) {
		al_guest_free(g);
		return;
	}
	al_watch_set(&g->watch, AL_WANT_READ);
	al_timer_set(&g->timer, AL_GUEST_PART_MS);
}

/* RFC 8446 6.2: what a server says that is not there, so that the program
 * shows a reason and not just a dead connection. */
static enum al_code
put_alert(struct al_buf *out, enum al_chan_code code)
{
	enum { INTERNAL_ERROR = 80, ACCESS_DENIED = 49, NO_SUCH_NAME = 112 };
	uint8_t alert[] = { 21, 3, 3, 0, 2, 2, INTERNAL_ERROR };

	if (code == AL_CHAN_BAD_REQUEST)
		alert[6] = NO_SUCH_NAME;
	else if (code == AL_CHAN_DENIED)
		alert[6] = ACCESS_DENIED;
	return al_buf_put(out, alert, sizeof(alert));
}

static enum al_code
put_refusal(struct al_guest *g, enum al_chan_code code, const char *why,
    struct al_buf *out)
{
	struct al_err err;

	switch (g->door->kind) {
	case AL_DOOR_PROXY:
		return al_listen_refuse(&g->request, code, why, out, &err);
	case AL_DOOR_TLS:
		return put_alert(out, code);
	default:
		return AL_EOF;		/* bytes have no words for it */
	}
}

void
al_guest_refuse(struct al_guest *g, enum al_chan_code code, const char *why)
{
	char target[AL_HOST_MAX + 16];
	struct al_buf out;
	struct al_err err;
	size_t n;
	bool told = g->misspoke;

	al_log(AL_LOG_INFO, "channel-refused", AL_FIELDS(
	    AL_STR("listener", g->door->name), AL_STR("peer", g->peer),
	    AL_STR("target", target_of(g, target, sizeof(target))),
	    AL_NUM("code", code)), "%s: %s",
	    al_chan_code_name(code), why);
	g->gs->count.refused++;
	g->waiting = false;
	al_buf_init(&out, REFUSAL_MAX);
	if (g->local != NULL && !told &&
	    put_refusal(g, code, why, &out) == AL_OK)
		told = al_stream_write(g->local, al_buf_head(&out),
		    al_buf_len(&out), &n, &err) == AL_OK;
	al_buf_fini(&out);
	if (g->local != NULL && told)
		al_guest_part(g);
	else
		al_guest_free(g);
}

/* --- a way out ------------------------------------------------------------ */
void
al_guest_go(struct al_guest *g)
{
	struct al_uplink *u = g->gs->o.uplink;
	struct al_err why;

	switch (al_uplink_way(u, &why)) {
	case AL_WAY_WAIT:
		if (!g->waiting)
			al_timer_set(&g->timer, AL_GUEST_FIRST_MS);
		g->waiting = true;
		return;
	case AL_WAY_DOWN:
		al_guest_refuse(g, AL_CHAN_OFFLINE, why.text);
		return;
	default:
		break;
	}
	g->waiting = false;
	al_timer_cancel(&g->timer);
	if (al_uplink_way(u, NULL) == AL_WAY_MUX)
		al_guest_go_mux(g, al_uplink_mux(u));
	else
		al_guest_go_direct(g);
}

void
al_guests_look(struct al_guests *gs)
{
	struct al_guest *g, *next;

	for (g = LIST_FIRST(&gs->all); g != NULL; g = next) {
		next = LIST_NEXT(g, next);
		if (g->waiting)
			al_guest_go(g);
	}
}

/* --- the beginning -------------------------------------------------------- */
static enum al_code
welcome(struct al_guest *g, int fd, struct al_err *err)
{
	g->local = al_tcp_new(fd, err);
	if (g->local == NULL)
		return err->code;
	return al_timer_init(&g->timer, g->gs->o.loop, on_time, g, err);
}

void
al_guests_take(struct al_guests *gs, struct al_site *s,
    const struct al_door *door, int fd, const char *peer)
{
	struct al_guest *g = calloc(1, sizeof(*g));
	struct al_err err;

	if (g == NULL) {
		(void)al_fail_nomem(&err, AL_AT_LOCAL);
		al_log_err(AL_LOG_WARN, "channel-refused", &err);
		(void)close(fd);
		return;
	}
	g->gs = gs;
	g->site = al_site_hold(s);
	g->door = door;
	g->since_ms = al_now_ms();
	(void)snprintf(g->peer, sizeof(g->peer), "%s", peer);
	LIST_INSERT_HEAD(&gs->all, g, next);
	gs->count.here++;
	if (welcome(g, fd, &err) != AL_OK) {
		al_guest_refuse(g, AL_CHAN_LIMIT, err.text);
		return;
	}
	if (door->kind != AL_DOOR_FORWARD) {
		al_guest_read(g);
		return;
	}
	memcpy(g->host, door->host, sizeof(g->host));
	g->port_nr = door->port;
	al_guest_go(g);
}

struct al_guests *
al_guests_new(const struct al_guests_opts *o, struct al_err *err)
{
	struct al_guests *gs = calloc(1, sizeof(*gs));

	if (gs == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	gs->o = *o;
	LIST_INIT(&gs->all);
	return gs;
}

void
al_guests_free(struct al_guests *gs)
{
	if (gs == NULL)
		return;
	while (!LIST_EMPTY(&gs->all))
		al_guest_free(LIST_FIRST(&gs->all));
	al_site_release(gs->site);
	free(gs);
}

void
al_guests_set_site(struct al_guests *gs, struct al_site *s)
{
	al_site_release(gs->site);
	gs->site = al_site_hold(s);
}

bool
al_guests_have_room(const struct al_guests *gs)
{
	struct al_mux *m = al_uplink_mux(gs->o.uplink);

	return gs->count.here < gs->site->connections_max &&
	    (m == NULL || al_session_has_room(al_mux_session(m)));
}

void
al_guests_get(const struct al_guests *gs, struct al_guests_count *n)
{
	*n = gs->count;
}
