/* connector/connectord/targets.c - channels that the gateway opens. */
#include <config.h>

#include "connector/connectord/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "connector/base/str.h"
#include "connector/connectord/outcome.h"
#include "connector/connectord/policy.h"
#include "connector/connectord/request.h"
#include "connector/daemon/log.h"
#include "connector/dial/dial.h"
#include "connector/loop/loop.h"
#include "connector/session/port.h"
#include "connector/stream/tcp.h"

/* What is asked until it is answered: an idle channel has no need of it. */
struct question {
	struct al_request	 req;
	enum al_verdict		 verdict;
	bool			 tried;		/* an address was allowed     */
	struct al_addr		 denied;	/* the last that was not      */
	char			 name[AL_HOST_MAX + 16];	/* "host:port" */
};

/* One OPEN: first a connect, then a channel. */
struct target {
	struct al_end		 end;		/* first; of a health channel */
	LIST_ENTRY(target)	 next;
	struct al_targets	*t;
	struct al_mux		*m;
	struct al_chan		*c;		/* not answered yet           */
	struct al_dial		*dial;
	struct al_port		*port;
	struct question		*q;		/* NULL: answered             */
	char			*name, *principal;	/* for the log, then  */
	uint8_t			 kind;
	uint32_t		 id;
	bool			 finished;	/* health: our FIN is out     */
	uint64_t		 since_ms;
};

struct al_targets {
	struct al_targets_opts	 o;
	const struct al_policy	*policy;
	struct al_targets_count	 count;
	LIST_HEAD(, target)	 all;
};

static void
target_free(struct target *g)
{
	if (g->dial != NULL) {
		al_dial_cancel(g->dial);
		g->t->count.dials--;
	}
	al_port_free(g->port);
	LIST_REMOVE(g, next);
	free(g->q);
	free(g->name);
	free(g->principal);
	free(g);
}

/* The channel is there: only what the log says at its end is kept. */
static void
answered(struct target *g)
{
	const struct al_request *r = &g->q->req;

	g->name = al_str_dup(g->q->name, strlen(g->q->name));
	if (r->principal[0] != '\0')
		g->principal = al_str_dup(r->principal,
		    strlen(r->principal));
	free(g->q);
	g->q = NULL;
}

/* --- no ------------------------------------------------------------------- */
static void
log_refusal(const struct target *g, uint16_t code, const char *why)
{
	const struct question *q = g->q;

	al_log(AL_LOG_INFO, "channel-refused", AL_FIELDS(
	    AL_NUM("channel", g->id),
	    AL_STR("kind", al_chan_kind_name(g->kind)),
	    AL_STR("target", q->name[0] != '\0' ? q->name : NULL),
	    AL_STR("principal", q->req.principal[0] != '\0' ?
	    q->req.principal : NULL),
	    AL_NUM("code", code)), "%s: %s",
	    al_chan_code_name(code), why);
}

static void
refuse(struct target *g, uint16_t code, const char *why)
{
	struct al_chan *c = g->c;

	g->t->count.refused++;
	log_refusal(g, code, why);
	g->c = NULL;
	al_mux_refuse(g->m, c, code, why);
	target_free(g);
}

/* What the connect found, or that it was not allowed to look. */
static void
refuse_failed(struct target *g, const struct al_err *err)
{
	char text[AL_ADDR_TEXT], why[AL_FRAME_TEXT_MAX];
	const struct question *q = g->q;

	if (q->tried || q->denied.len == 0) {
		refuse(g, (uint16_t)al_outcome_code(err), err->text);
		return;
	}
	(void)snprintf(why, sizeof(why), "%.100s is at %s, where this "
	    "connector lets nobody go", q->req.host,
	    al_addr_format_ip(&q->denied, text));
	refuse(g, AL_CHAN_DENIED, why);
}

/* --- health: the answer is all there is ----------------------------------- */
static void
health_end(struct al_end *e)
{
	al_end_leave(e, AL_CHAN_DONE, NULL);
	target_free((struct target *)e);
}

static void
health_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	((struct target *)e)->finished = true;
	al_session_commit(s, t, 0, AL_TURN_FIN, now_us);
	if (al_chan_is_ended(e->chan))
		health_end(e);
}

static void
health_data(struct al_end *e)
{
	al_chan_consume(e->chan, al_chan_queued(e->chan), al_now_us());
	if (al_chan_is_ended(e->chan) && ((struct target *)e)->finished)
		health_end(e);
}

static void
health_writable(struct al_end *e)
{
	(void)e;
}

static void
health_gone(struct al_end *e, enum al_gone how, uint16_t code,
    const char *text)
{
	(void)how;
	(void)code;
	(void)text;
	target_free((struct target *)e);
}

static const struct al_end_ops health_ops = {
	.name = "health",
	.on_turn = health_turn,
	.on_data = health_data,
	.on_writable = health_writable,
	.on_gone = health_gone,
};

static void
accept_health(struct target *g, struct al_stream *s)
{
	struct al_chan *c = g->c;

	al_stream_free(s);
	g->c = NULL;
	g->end.ops = &health_ops;
	al_end_accept(&g->end, g->m, c, NULL);
	al_end_ready(&g->end);
}

/* --- tcp ------------------------------------------------------------------ */
static void
on_port_end(void *arg, struct al_port *p, const struct al_port_end *end)
{
	struct target *g = arg;

	(void)p;
	g->port = NULL;
	g->t->count.channels--;
	g->t->count.bytes_in += end->bytes_out;
	g->t->count.bytes_out += end->bytes_in;
	al_log(AL_LOG_INFO, "channel-end", AL_FIELDS(
	    AL_NUM("channel", g->id), AL_STR("kind", "tcp"),
	    AL_STR("target", g->name), AL_STR("principal", g->principal),
	    AL_NUM("bytes_in", end->bytes_out),
	    AL_NUM("bytes_out", end->bytes_in),
	    AL_NUM("ms", al_now_ms() - g->since_ms),
	    AL_NUM("code", end->code)), "%s%s%s",
	    end->code == AL_CHAN_DONE ? "in order" :
	    al_chan_code_name(end->code), end->text[0] != '\0' ? ", " : "",
	    end->text);
	target_free(g);
}

static const struct al_port_ops port_ops = { .on_end = on_port_end };

static void
accept_tcp(struct target *g, struct al_stream *s)
{
	struct al_port_opts o = { .flags = 0 };
	struct al_chan *c = g->c;
	struct al_err err;

	/* nothing but the socket is below a direct connection */
	o.rfd = o.wfd = al_tcp_release(s);
	al_tcp_set_local(o.rfd);
	g->c = NULL;
	g->port = al_port_accept(g->m, c, NULL, &o, &port_ops, g, &err);
	if (g->port == NULL) {		/* and refused */
		g->t->count.refused++;
		log_refusal(g, AL_CHAN_LIMIT, err.text);
		target_free(g);
		return;
	}
	answered(g);
	g->t->count.channels++;
	g->t->count.opened++;
}

/* --- the connect ---------------------------------------------------------- */
static bool
allow_addr(void *arg, const struct al_addr *a)
{
	struct target *g = arg;
	struct al_targets *t = g->t;

	if (al_target_is_forbidden(a) || t->o.is_ours(t->o.arg, a) ||
	    (g->q->verdict == AL_VERDICT_ADDRESS &&
	    !al_policy_has_addr(t->policy, a))) {
		g->q->denied = *a;
		return false;
	}
	g->q->tried = true;
	return true;
}

static void
on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct target *g = arg;

	(void)route;
	g->dial = NULL;
	g->t->count.dials--;
	if (err != NULL)
		refuse_failed(g, err);
	else if (g->kind == AL_CHAN_HEALTH)
		accept_health(g, s);
	else
		accept_tcp(g, s);
}

static void
begin(struct target *g, const char *json)
{
	struct al_targets *t = g->t;
	struct question *q = g->q;
	struct al_dial_opts o = { .host = q->req.host,
	    .allow_addr = allow_addr, .arg = g };
	char why[AL_FRAME_TEXT_MAX];
	struct al_err err;
	bool v6;

	if (g->kind != AL_CHAN_TCP && g->kind != AL_CHAN_HEALTH) {
		refuse(g, AL_CHAN_UNSUPPORTED,
		    "this connector serves tcp and health channels only");
		return;
	}
	if (al_request_parse(&q->req, json, &err) != AL_OK) {
		refuse(g, AL_CHAN_BAD_REQUEST, err.text);
		return;
	}
	v6 = strchr(q->req.host, ':') != NULL;
	(void)snprintf(q->name, sizeof(q->name), "%s%s%s:%u", v6 ? "[" : "",
	    q->req.host, v6 ? "]" : "", q->req.port);
	q->verdict = al_policy_judge(t->policy, q->req.host, q->req.port);
	if (q->verdict == AL_VERDICT_DENY) {
		(void)snprintf(why, sizeof(why), "%.120s is not among the "
		    "targets that this connector allows", q->name);
		refuse(g, AL_CHAN_DENIED, why);
		return;
	}
	if (t->count.dials >= t->o.dials_max) {
		refuse(g, AL_CHAN_LIMIT,
		    "this connector is busy with as many connects as it may");
		return;
	}
	o.port = q->req.port;
	g->dial = al_dial_start(t->o.loop, t->o.resolver, &o, on_dial, g,
	    &err);
	if (g->dial == NULL)
		refuse(g, (uint16_t)al_outcome_code(&err), err.text);
	else
		t->count.dials++;
}

/* --- for the owner -------------------------------------------------------- */
struct al_targets *
al_targets_new(const struct al_targets_opts *o, struct al_err *err)
{
	struct al_targets *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	t->o = *o;
	LIST_INIT(&t->all);
	return t;
}

void
al_targets_free(struct al_targets *t)
{
	struct target *g;

	if (t == NULL)
		return;
	while ((g = LIST_FIRST(&t->all)) != NULL) {
		if (g->c != NULL)
			al_mux_refuse(g->m, g->c, AL_CHAN_DRAINING,
			    "the connector is stopping");
		else if (g->port == NULL)
			al_end_leave(&g->end, AL_CHAN_PEER_RESET, NULL);
		target_free(g);
	}
	free(t);
}

void
al_targets_set_policy(struct al_targets *t, const struct al_policy *p)
{
	t->policy = p;
}

void
al_targets_open(struct al_targets *t, struct al_mux *m, struct al_chan *c,
    uint8_t kind, const char *json)
{
	struct target *g = calloc(1, sizeof(*g));

	if (g != NULL)
		g->q = calloc(1, sizeof(*g->q));
	if (g == NULL || g->q == NULL) {
		free(g);
		al_mux_refuse(m, c, AL_CHAN_LIMIT, "out of memory");
		return;
	}
	g->t = t;
	g->m = m;
	g->c = c;
	g->kind = kind;
	g->id = al_chan_id(c);
	g->since_ms = al_now_ms();
	LIST_INSERT_HEAD(&t->all, g, next);
	begin(g, json);
}

void
al_targets_open_gone(struct al_targets *t, struct al_chan *c)
{
	struct target *g;

	LIST_FOREACH(g, &t->all, next)
		if (g->c == c) {
			target_free(g);
			return;
		}
}

void
al_targets_get(const struct al_targets *t, struct al_targets_count *n)
{
	*n = t->count;
}
