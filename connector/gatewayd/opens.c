/* connector/gatewayd/opens.c - OPENs of a session: decide, then join. */
#include "connector/gatewayd/opens.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/dial/dial.h"
#include "connector/gatewayd/backend.h"
#include "connector/gatewayd/peer.h"
#include "connector/gatewayd/record.h"
#include "connector/session/relay.h"

#define DELAYED_MAX	256u
#define QUICK_US	1000000u	/* a channel that ends without a byte
					 * within this came to nothing */

/* PROTOCOL 4, limits: opens that come to nothing, a principal. */
static const struct al_rate failed_rate = { .per_s = 200, .burst = 1000 };

struct al_delayed {
	STAILQ_ENTRY(al_delayed) entry;
	struct al_chan		*chan;
	uint8_t			 kind;
	char			 json[];
};

/* What a client's JSON asks for. */
struct request {
	json_t		*json;
	const char	*server, *target;	/* NULL: not told */
	char		 host[AL_HOST_MAX + 1];
	uint16_t	 port;
};

static void
refused(struct al_peer *p, uint8_t kind, const char *server,
    const char *target, uint16_t code, const char *text)
{
	al_bucket_charge(&p->who->failed, &failed_rate, al_now_us());
	al_record_refusal(p, kind, server, target, code, text);
}

static void
refuse(struct al_peer *p, struct al_chan *c, const struct request *r,
    uint16_t code, const char *text)
{
	uint8_t kind = al_chan_kind(c);

	al_mux_refuse(p->mux, c, code, text);
	refused(p, kind, r != NULL ? r->server : NULL,
	    r != NULL ? r->target : NULL, code, text);
}

/* --- channels that run ---------------------------------------------------- */
static struct al_channel *
channel_new(struct al_peer *from, struct al_peer *to, struct al_chan *c,
    const char *target)
{
	size_t n = strlen(target) + 1;
	struct al_channel *ch = calloc(1, sizeof(*ch) + n);

	if (ch == NULL)
		return NULL;
	memcpy(ch->target, target, n);
	ch->from = from;
	ch->to = to;
	ch->kind = al_chan_kind(c);
	ch->id = al_chan_id(c);
	ch->since_us = al_now_us();
	from->gw->channels++;
	return ch;
}

static void
channel_free(struct al_channel *ch)
{
	ch->from->gw->channels--;
	free(ch);
}

void
al_channel_end(struct al_channel *ch, uint16_t code, const char *text,
    uint64_t bytes_up, uint64_t bytes_down)
{
	struct al_peer *from = ch->from, *to = ch->to;

	if (code != AL_CHAN_DONE && bytes_up + bytes_down == 0 &&
	    al_now_us() - ch->since_us < QUICK_US)
		al_bucket_charge(&from->who->failed, &failed_rate,
		    al_now_us());
	al_record_channel_end(ch, code, text, bytes_up, bytes_down);
	LIST_REMOVE(ch, entry);
	channel_free(ch);
	from->bytes_up += bytes_up;
	from->bytes_down += bytes_down;
	if (to != NULL) {
		to->bytes_up += bytes_down;
		to->bytes_down += bytes_up;
	}
}

static void ask_again(struct al_channel *ch, struct al_chan *c);

static void
came_to_nothing(struct al_channel *ch, uint16_t code, const char *text)
{
	refused(ch->from, ch->kind, ch->to->who->name, ch->target, code,
	    text);
	LIST_REMOVE(ch, entry);
	channel_free(ch);
}

static void
on_relay_end(void *arg, struct al_relay *r, const struct al_relay_end *end)
{
	struct al_channel *ch = arg;

	(void)r;
	if (end->unasked != NULL) {
		ask_again(ch, end->unasked);
		return;
	}
	if (!end->refused) {
		al_channel_end(ch, end->code, end->text, end->bytes_up,
		    end->bytes_down);
		return;
	}
	came_to_nothing(ch, end->code, end->text);
}

/* --- tcp and health: to a server ------------------------------------------ */
/* The connector hears who asks from us alone, whatever the client wrote. */
static char *
open_json(const struct al_peer *p, const struct request *r, uint32_t id)
{
	char audit[64], *text;
	json_t *j;

	(void)snprintf(audit, sizeof(audit), "%s-%u", p->session, id);
	j = json_pack("{s:s,s:s,s:s,s:s}", "server", r->server, "target",
	    r->target, "principal", p->who->name, "audit", audit);
	text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	return text;
}

/*
 * The session that was to be asked is no more.  One that has taken its place
 * also takes the OPENs that wait (PROTOCOL 3.8); the audit knows this one.
 */
static void
ask_again(struct al_channel *ch, struct al_chan *c)
{
	struct al_peer *p = ch->from, *to = ch->to->who->route;
	const struct request r = { .server = ch->to->who->name,
	    .target = ch->target };
	char *json = open_json(p, &r, al_chan_id(c));
	const struct al_open open = { .kind = ch->kind, .json = json };
	struct al_err err;

	if (json == NULL || to == NULL || to == ch->to) {
		(void)al_fail_as(&err, AL_ENET, AL_AT_SESSION,
		    AL_CHAN_OFFLINE, 0, "%s is not connected", r.server);
		al_mux_refuse(p->mux, c, AL_CHAN_OFFLINE, err.text);
	} else {
		ch->relay = al_relay_start(p->mux, c, to->mux, &open,
		    on_relay_end, ch, &err);
		if (ch->relay != NULL) {
			ch->to->n_channels--;
			ch->to = to;
			to->n_channels++;
			free(json);
			return;
		}
	}
	came_to_nothing(ch, err.status != 0 ? (uint16_t)err.status :
	    AL_CHAN_OFFLINE, err.text);
	free(json);
}

static void
relay_to(struct al_peer *p, struct al_chan *c, const struct request *r,
    struct al_peer *to)
{
	struct al_channel *ch = channel_new(p, to, c, r->target);
	char *json = open_json(p, r, al_chan_id(c));
	const struct al_open open = { .kind = al_chan_kind(c), .json = json };
	struct al_err err;

	if (ch == NULL || json == NULL) {
		if (ch != NULL)
			channel_free(ch);
		refuse(p, c, r, AL_CHAN_LIMIT, "the gateway is out of memory");
		free(json);
		return;
	}
	ch->relay = al_relay_start(p->mux, c, to->mux, &open, on_relay_end,
	    ch, &err);
	free(json);
	if (ch->relay == NULL) {	/* and c has been refused */
		refused(p, ch->kind, r->server, r->target, err.status != 0 ?
		    (uint16_t)err.status : AL_CHAN_OFFLINE, err.text);
		channel_free(ch);
		return;
	}
	LIST_INSERT_HEAD(&p->opens.channels, ch, entry);
	p->n_channels++;
	to->n_channels++;
	al_record_channel_start(ch);
}

static void
to_server(struct al_peer *p, struct al_chan *c, struct request *r)
{
	struct al_gateway *gw = p->gw;
	const struct al_identity *server;
	struct al_principal *who;
	char text[AL_FRAME_TEXT_MAX];
	struct al_err err;

	if (r->server == NULL || r->target == NULL) {
		refuse(p, c, r, AL_CHAN_BAD_REQUEST,
		    "OPEN lacks \"server\" or \"target\"");
		return;
	}
	if (al_hostport_parse(r->target, 0, r->host, &r->port, &err) !=
	    AL_OK) {
		refuse(p, c, r, AL_CHAN_BAD_REQUEST, err.text);
		return;
	}
	server = al_identity_server(gw->set->ids, r->server);
	if (server == NULL) {
		refuse(p, c, r, AL_CHAN_NO_SERVER, "no such server");
		return;
	}
	if (al_policy_check(gw->set->policy, p->who->name, r->server, r->host,
	    r->port, &err) != AL_OK) {
		refuse(p, c, r, AL_CHAN_DENIED, err.text);
		return;
	}
	who = al_registry_find(gw->registry, AL_IDENTITY_CONNECTOR,
	    server->id);
	if (who == NULL || who->route == NULL) {
		(void)snprintf(text, sizeof(text), "%s is not connected",
		    server->name);
		refuse(p, c, r, AL_CHAN_OFFLINE, text);
		return;
	}
	relay_to(p, c, r, who->route);
}

/* --- agent: to the platform ----------------------------------------------- */
static void
to_backend(struct al_peer *p, struct al_chan *c, struct request *r)
{
	const char *host = json_string_value(json_object_get(r->json,
	    "host"));
	json_int_t port = json_integer_value(json_object_get(r->json,
	    "port"));
	char target[AL_HOST_MAX + 8];
	struct al_channel *ch;
	struct al_err err;

	if (host == NULL || strlen(host) > AL_HOST_MAX ||
	    !al_str_is_line(host, strlen(host)) || port < 1 ||
	    port > 65535) {
		refuse(p, c, r, AL_CHAN_BAD_REQUEST,
		    "OPEN lacks \"host\" or \"port\"");
		return;
	}
	(void)snprintf(target, sizeof(target), strchr(host, ':') != NULL ?
	    "[%s]:%d" : "%s:%d", host, (int)port);
	r->target = target;
	if (p->gw->set->backend_host[0] == '\0') {
		refuse(p, c, r, AL_CHAN_UNSUPPORTED,
		    "this gateway has no backend for agents");
		return;
	}
	ch = channel_new(p, NULL, c, target);
	if (ch == NULL || al_backend_start(ch, c, &err) != AL_OK) {
		if (ch != NULL)
			channel_free(ch);
		refuse(p, c, r, AL_CHAN_LIMIT,
		    "the gateway can't connect to its backend now");
		return;
	}
	LIST_INSERT_HEAD(&p->opens.dialing, ch, entry);
}

void
al_channel_joined(struct al_channel *ch)
{
	LIST_REMOVE(ch, entry);
	LIST_INSERT_HEAD(&ch->from->opens.channels, ch, entry);
	ch->chan = NULL;
	ch->from->n_channels++;
	al_record_channel_start(ch);
}

void
al_channel_failed(struct al_channel *ch, uint16_t code, const char *text)
{
	if (ch->chan != NULL)
		al_mux_refuse(ch->from->mux, ch->chan, code, text);
	refused(ch->from, ch->kind, NULL, ch->target, code, text);
	LIST_REMOVE(ch, entry);
	channel_free(ch);
}

/* --- who may open what ---------------------------------------------------- */
static void
serve(struct al_peer *p, struct al_chan *c, uint8_t kind, const char *json)
{
	bool connector = p->who->kind == AL_IDENTITY_CONNECTOR;
	struct request r = { .json = json_loads(json, JSON_REJECT_DUPLICATES,
	    NULL) };

	r.server = json_string_value(json_object_get(r.json, "server"));
	r.target = json_string_value(json_object_get(r.json, "target"));
	if (!json_is_object(r.json))
		refuse(p, c, NULL, AL_CHAN_BAD_REQUEST,
		    "OPEN is not a JSON object");
	else if (p->gw->channels >= p->gw->set->max_channels)
		refuse(p, c, &r, AL_CHAN_LIMIT,
		    "the gateway has as many channels as it may have");
	else if (!connector && (kind == AL_CHAN_TCP ||
	    kind == AL_CHAN_HEALTH))
		to_server(p, c, &r);
	else if (connector && kind == AL_CHAN_AGENT)
		to_backend(p, c, &r);
	else
		refuse(p, c, &r, AL_CHAN_UNSUPPORTED,
		    "this gateway does not serve that kind of channel");
	json_decref(r.json);
}

/* --- too many that come to nothing ---------------------------------------- */
static void
arm(struct al_opens *o)
{
	uint64_t us = al_bucket_wait_us(&o->peer->who->failed, &failed_rate,
	    al_now_us());

	if (o->n_delayed > 0)
		al_timer_set(&o->timer, us / 1000 + 1000 / failed_rate.per_s);
}

static void
on_time(void *arg)
{
	struct al_opens *o = arg;
	struct al_delayed *d = STAILQ_FIRST(&o->delayed);

	STAILQ_REMOVE_HEAD(&o->delayed, entry);
	o->n_delayed--;
	arm(o);
	serve(o->peer, d->chan, d->kind, d->json);
	free(d);
}

static void
delay(struct al_opens *o, struct al_chan *c, uint8_t kind, const char *json)
{
	size_t n = strlen(json) + 1;
	struct al_delayed *d = o->n_delayed < DELAYED_MAX ?
	    malloc(sizeof(*d) + n) : NULL;

	if (d == NULL) {
		refuse(o->peer, c, NULL, AL_CHAN_LIMIT,
		    "too many opens that came to nothing");
		return;
	}
	d->chan = c;
	d->kind = kind;
	memcpy(d->json, json, n);
	STAILQ_INSERT_TAIL(&o->delayed, d, entry);
	if (o->n_delayed++ == 0)
		arm(o);
}

void
al_opens_request(struct al_opens *o, struct al_chan *c, uint8_t kind,
    const char *json)
{
	struct al_peer *p = o->peer;

	if (p->gw->stopping)
		refuse(p, c, NULL, AL_CHAN_DRAINING,
		    "the gateway is stopping");
	else if (o->n_delayed > 0 || al_bucket_wait_us(&p->who->failed,
	    &failed_rate, al_now_us()) > 0)
		delay(o, c, kind, json);
	else
		serve(p, c, kind, json);
}

void
al_opens_gone(struct al_opens *o, struct al_chan *c)
{
	struct al_delayed *d;
	struct al_channel *ch;

	STAILQ_FOREACH(d, &o->delayed, entry)
		if (d->chan == c) {
			STAILQ_REMOVE(&o->delayed, d, al_delayed, entry);
			free(d);
			if (--o->n_delayed == 0)
				al_timer_cancel(&o->timer);
			return;
		}
	LIST_FOREACH(ch, &o->dialing, entry)
		if (ch->chan == c) {
			al_dial_cancel(ch->dial);
			LIST_REMOVE(ch, entry);
			channel_free(ch);
			return;
		}
}

void
al_opens_recheck(struct al_opens *o)
{
	const char *why = "the policy does not allow this any more";
	struct al_channel *ch, *next;
	char host[AL_HOST_MAX + 1];
	uint16_t port;
	uint64_t up, down;
	struct al_err err;

	for (ch = LIST_FIRST(&o->channels); ch != NULL; ch = next) {
		next = LIST_NEXT(ch, entry);
		if (ch->to == NULL || (al_hostport_parse(ch->target, 0, host,
		    &port, &err) == AL_OK && al_policy_check(
		    o->peer->gw->set->policy, o->peer->who->name,
		    ch->to->who->name, host, port, &err) == AL_OK))
			continue;
		al_relay_bytes(ch->relay, &up, &down);
		al_relay_free(ch->relay, AL_CHAN_REVOKED, why);
		al_channel_end(ch, AL_CHAN_REVOKED, why, up, down);
	}
}

/* --- life ----------------------------------------------------------------- */
enum al_code
al_opens_init(struct al_opens *o, struct al_peer *p, struct al_err *err)
{
	o->peer = p;
	LIST_INIT(&o->channels);
	LIST_INIT(&o->dialing);
	STAILQ_INIT(&o->delayed);
	return al_timer_init(&o->timer, p->gw->loop, on_time, o, err);
}

void
al_opens_fini(struct al_opens *o)
{
	al_timer_fini(&o->timer);
}
