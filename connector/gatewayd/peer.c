/* connector/gatewayd/peer.c - one session, of a connector or an operator. */
#include "connector/gatewayd/peer.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/hash.h"
#include "connector/daemon/log.h"
#include "connector/gatewayd/record.h"

/* PROTOCOL 3.8: what the older of two live connectors of one id is told. */
#define RIVAL_RETRY_S	300

const char *
al_peer_role(const struct al_peer *p)
{
	return p->who->kind == AL_IDENTITY_CONNECTOR ? "connector" :
	    "operator";
}

/* --- one connector, one route (PROTOCOL 3.8) ------------------------------ */
static void
ask_rival(struct al_peer *old)
{
	old->rivalry = al_session_ping(al_mux_session(old->mux),
	    al_now_us()) ? AL_RIVAL_ASKED : AL_RIVAL_WAIT;
	al_mux_kick(old->mux);
}

/* Those without a connection, also if they had said GOAWAY before. */
static void
close_detached(const struct al_peer *p)
{
	struct al_peer *old;

	LIST_FOREACH(old, &p->who->peers, kin)
		if (old->up && al_mux_is_detached(old->mux))
			al_peer_close(old, AL_CHAN_SUPERSEDED,
			    "the connector has opened a new session");
}

static void
take_over(struct al_peer *p)
{
	static const uint8_t unknown[sizeof(p->instance)];
	struct al_peer *old = p->who->route;

	p->who->route = p;
	close_detached(p);
	/* one that leaves drains by itself */
	if (old == NULL || old->leaving || al_mux_is_detached(old->mux))
		return;
	if (memcmp(p->instance, unknown, sizeof(unknown)) != 0 &&
	    memcmp(p->instance, old->instance, sizeof(unknown)) == 0) {
		al_peer_close(old, AL_CHAN_SUPERSEDED,
		    "the same connector has opened a new session");
		return;
	}
	al_peer_go_away(old, AL_CHAN_SUPERSEDED, RIVAL_RETRY_S,
	    "another connector with this id has come");
	ask_rival(old);
}

static void
on_pong(void *arg, uint64_t rtt_us)
{
	struct al_peer *p = arg;

	(void)rtt_us;
	if (p->rivalry == AL_RIVAL_WAIT) {
		ask_rival(p);
	} else if (p->rivalry == AL_RIVAL_ASKED) {
		p->rivalry = AL_RIVAL_NONE;
		al_record_duplicate(p);
	}
}

/* --- the mux's calls ------------------------------------------------------ */
static void
on_up(void *arg)
{
	struct al_peer *p = arg;

	p->up = true;
	p->since_us = al_now_us();
	p->gw->sessions++;
	al_peer_linked(p);
	if (p->who->kind == AL_IDENTITY_CONNECTOR && !p->probe)
		take_over(p);
	al_record_session_start(p);
	if (p->gw->stopping)
		al_peer_drain(p);
}

static void
on_open(void *arg, struct al_chan *c, uint8_t kind, const char *json)
{
	struct al_peer *p = arg;

	al_opens_request(&p->opens, c, kind, json);
}

static void
on_open_gone(void *arg, struct al_chan *c)
{
	struct al_peer *p = arg;

	al_opens_gone(&p->opens, c);
}

/* The other side wants no new channels here. */
static void
on_goaway(void *arg, uint16_t code, uint32_t retry_after_s, const char *text)
{
	struct al_peer *p = arg;

	(void)code;
	(void)retry_after_s;
	(void)text;
	p->leaving = true;
	if (p->who->route == p)
		p->who->route = NULL;
}

/* PROTOCOL 3.7: a session is not pinned to an address; what is another one
 * than before, but for its port, is written down. */
static void
moved(struct al_peer *p)
{
	char before[AL_ADDR_TEXT];
	size_t host = (size_t)(strrchr(p->from, ':') - p->from) + 1;

	memcpy(before, p->from, sizeof(before));
	memcpy(p->from, p->next_from, sizeof(p->from));
	if (strncmp(before, p->from, host) != 0)
		al_record_address_change(p, before);
	al_log(AL_LOG_INFO, "session-resumed", AL_FIELDS(
	    AL_STR("session", p->session), AL_STR("peer", p->from)),
	    "%s %s goes on by another connection", al_peer_role(p),
	    p->who->name);
}

/* A session without a connection waits for it, unless another one has taken
 * its place. */
static void
on_link(void *arg, enum al_lane what, const struct al_err *why)
{
	struct al_peer *p = arg;

	switch (what) {
	case AL_LANE_LOST:
		al_log(AL_LOG_INFO, "link-end", AL_FIELDS(
		    AL_STR("session", p->session), AL_STR("peer", p->from)),
		    "%s %s has no connection now, %u s are left for another "
		    "one: %s", al_peer_role(p), p->who->name,
		    p->gw->set->grace_s, why->text);
		if (p->who->kind == AL_IDENTITY_CONNECTOR &&
		    p->who->route != NULL && p->who->route != p)
			al_peer_close(p, AL_CHAN_SUPERSEDED,
			    "the connector has opened a new session");
		break;
	case AL_LANE_RESUMED:
	case AL_LANE_SWITCHED:
		al_peer_linked(p);
		moved(p);
		break;
	case AL_LANE_UNWANTED:
	case AL_LANE_FAILED:
		break;
	}
}

/* Whatever way it takes, the end of what has been up is in the audit, once. */
static void
record_end(struct al_peer *p, const struct al_err *why)
{
	if (p->up && !p->recorded)
		al_record_session_end(p, why);
	p->recorded = true;
}

static void
on_end(void *arg, const struct al_err *why)
{
	struct al_peer *p = arg;

	if (p->up)
		record_end(p, why);
	else
		al_log_err(AL_LOG_INFO, "greeting", why);
	al_peer_free(p);
}

static const struct al_mux_ops mux_ops = {
	.on_up = on_up,
	.on_open = on_open,
	.on_open_gone = on_open_gone,
	.on_goaway = on_goaway,
	.on_pong = on_pong,
	.on_link = on_link,
	.on_end = on_end,
};

/* --- HELLO ---------------------------------------------------------------- */
/* AL_WELCOME_NEW, or why there will be no session. */
static enum al_welcome_status
judge(const struct al_peer *p, const struct al_hello *h, const char **text)
{
	const struct al_gateway *gw = p->gw;

	*text = "";
	if (h->min_version > AL_PROTOCOL_VERSION ||
	    h->max_version < AL_PROTOCOL_VERSION)
		return AL_WELCOME_VERSION;
	if (gw->stopping)
		return AL_WELCOME_DRAINING;
	if (gw->sessions >= gw->set->max_sessions) {
		*text = "this gateway has as many sessions as it may have";
		return AL_WELCOME_LIMIT;
	}
	return AL_WELCOME_NEW;
}

static struct al_mux *
accept_session(struct al_peer *p, struct al_greeted *g, struct al_err *err)
{
	struct al_session_opts o = {
		.max_channels = p->gw->set->max_session_channels,
		.process = &p->gw->budget,
		.grace_s = p->gw->set->grace_s,
		.max_age_s = p->gw->set->link_max_age_s,
	};
	struct al_mux *m = NULL;

	if (al_rng_bytes(o.id, sizeof(o.id), err) == AL_OK &&
	    al_rng_bytes(o.resume_key, sizeof(o.resume_key), err) == AL_OK) {
		(void)al_hex_encode(p->session, o.id, sizeof(o.id));
		m = al_mux_accept(p->gw->loop, g, &o, &mux_ops, p, err);
		memcpy(p->id.id, o.id, sizeof(o.id));
		if (m != NULL)
			al_ids_put(&p->gw->ids, &p->id);
	} else {
		al_greeted_free(g);
	}
	return m;
}

static bool
is_new(const struct al_hello *h)
{
	static const uint8_t none[AL_SESSION_ID_LEN];

	return memcmp(h->id, none, sizeof(none)) == 0;
}

static void
reject(struct al_peer *p, struct al_greeted *g,
    enum al_welcome_status status, const char *text)
{
	al_greeted_reject(g, status, status == AL_WELCOME_DRAINING ?
	    al_gateway_later_s(p->gw) : 0, text);
	al_log(AL_LOG_INFO, "greeting", NULL, "%s %s (%s): HELLO is "
	    "refused: %s", al_peer_role(p), p->who->name, p->from,
	    al_welcome_status_name(status));
}

static struct al_peer *
peer_of(struct al_id *e)
{
	return e == NULL ? NULL : (struct al_peer *)((char *)e -
	    offsetof(struct al_peer, id));
}

/* p has only brought a connection for a session that is here. */
static void
resume(struct al_peer *p, struct al_greeted *g, const struct al_hello *h)
{
	enum al_welcome_status status = AL_WELCOME_UNKNOWN;
	struct al_peer *old;

	old = peer_of(al_ids_find(&p->gw->ids, h->id));
	if (old != NULL && old->who != p->who)
		status = AL_WELCOME_PRINCIPAL;
	else if (old != NULL)
		status = al_mux_resume(old->mux, g);
	if (status != AL_WELCOME_RESUMED) {
		reject(p, g, status, "");
	} else {
		memcpy(old->next_from, p->from, sizeof(old->next_from));
		memcpy(old->proof, p->proof, sizeof(old->proof));
		old->next_cert_no = p->cert_no;
	}
	al_peer_free(p);
}

static void
on_greet(void *arg, struct al_greeted *g, const struct al_hello *hello,
    const struct al_err *err)
{
	struct al_peer *p = arg;
	enum al_welcome_status status;
	struct al_err failed;
	const char *text;

	p->greet = NULL;
	if (g == NULL) {
		al_log_err(AL_LOG_INFO, "greeting", err);
		al_peer_free(p);
		return;
	}
	if (!is_new(hello)) {
		resume(p, g, hello);
		return;
	}
	status = judge(p, hello, &text);
	if (status != AL_WELCOME_NEW) {
		reject(p, g, status, text);
		al_peer_free(p);
		return;
	}
	memcpy(p->instance, hello->instance, sizeof(p->instance));
	p->probe = hello->probe;
	p->mux = accept_session(p, g, &failed);
	if (p->mux == NULL) {
		al_log_err(AL_LOG_ERROR, "greeting", &failed);
		al_peer_free(p);
	}
}

/* --- life ----------------------------------------------------------------- */
void
al_peer_start(struct al_gateway *gw, struct al_stream *stream,
    struct al_principal *who, const uint8_t proof[static AL_SHA256_LEN],
    unsigned cert_no, const struct al_addr *from)
{
	struct al_peer *p = calloc(1, sizeof(*p));
	struct al_err err;

	if (p == NULL) {
		(void)al_fail_nomem(&err, AL_AT_SESSION);
		al_log_err(AL_LOG_ERROR, "greeting", &err);
		al_stream_free(stream);
		return;
	}
	p->gw = gw;
	p->who = who;
	who->refs++;
	memcpy(p->proof, proof, sizeof(p->proof));
	p->cert_no = p->next_cert_no = cert_no;
	(void)al_addr_format(from, p->from);
	LIST_INSERT_HEAD(&gw->peers, p, entry);
	LIST_INSERT_HEAD(&who->peers, p, kin);
	if (al_opens_init(&p->opens, p, &err) != AL_OK ||
	    al_peer_init_move(p, &err) != AL_OK)
		al_stream_free(stream);
	else
		p->greet = al_greet_start(gw->loop, stream, on_greet, p,
		    &err);
	if (p->greet == NULL) {
		al_log_err(AL_LOG_ERROR, "greeting", &err);
		al_peer_free(p);
		return;
	}
	al_peer_recheck(p);	/* a reload may have come since it was asked */
}

void
al_peer_free(struct al_peer *p)
{
	static const struct al_err dropped = { .code = AL_EOF,
	    .stage = AL_AT_SESSION, .status = AL_CHAN_SESSION_LOST,
	    .text = "the gateway has ended" };

	al_greet_cancel(p->greet);
	al_mux_free(p->mux);
	record_end(p, &dropped);	/* behind its channels */
	al_timer_fini(&p->move_timer);
	al_ids_take_out(&p->id);
	al_opens_fini(&p->opens);
	if (p->up)
		p->gw->sessions--;
	if (p->who->route == p)
		p->who->route = NULL;
	LIST_REMOVE(p, kin);
	al_principal_drop(p->who);
	LIST_REMOVE(p, entry);
	free(p);
}

void
al_peer_recheck(struct al_peer *p)
{
	const struct al_identity *id = al_identity_find(
	    p->gw->set->ids, p->who->kind, p->who->id);

	if (id != NULL && memcmp(id->hash, p->proof, sizeof(p->proof)) == 0) {
		al_opens_recheck(&p->opens);
	} else {
		al_peer_close(p, AL_CHAN_REVOKED,
		    "the credentials are not valid any more");
	}
}

void
al_peer_close(struct al_peer *p, uint16_t code, const char *text)
{
	if (p->mux == NULL) {
		al_peer_free(p);
		return;
	}
	if (p->close_text == NULL) {
		p->close_code = code;
		p->close_text = text;
	}
	al_mux_close(p->mux, code, text);
}

void
al_peer_dump(const struct al_peer *p)
{
	if (!p->up)
		return;
	al_log(AL_LOG_NOTICE, "state", AL_FIELDS(AL_STR("session",
	    p->session), AL_STR("peer", p->from),
	    AL_STR(al_peer_role(p), p->who->name),
	    AL_NUM("seconds", (al_now_us() - p->since_us) / 1000000),
	    AL_NUM("channels", al_session_channels(al_mux_session(p->mux))),
	    AL_NUM("rtt_us", al_session_rtt_us(al_mux_session(p->mux)))),
	    "%s %s%s", al_peer_role(p), p->who->name,
	    p->probe ? ", a probe" : p->leaving ? ", leaving" :
	    p->who->route == p ? ", the route to it" : "");
}
