/* connector/gatewayd/door.c - who may come in: HTTP paths and credentials. */
#include "connector/gatewayd/door.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connector/base/str.h"
#include "connector/daemon/log.h"
#include "connector/gatewayd/edge.h"
#include "connector/gatewayd/pace.h"
#include "connector/gatewayd/peer.h"
#include "connector/gatewayd/record.h"

#define SUBPROTOCOL	"alpacon.mux.v1"
#define ECHO_MAX	128
#define RETRY_AFTER_S	5

/* A site with many servers behind one proxy is one address: these bound what
 * a stranger can make us work, not what a site does after a power cut. */
static const struct al_rate conn_rate = { .per_s = 200, .burst = 2000 };
/* Wrong credentials that are answered and audited one by one. */
static const struct al_rate wrong_rate = { .per_s = 1, .burst = 20 };

struct caller {
	LIST_ENTRY(caller)	 entry;
	struct al_door		*door;
	struct al_edge		*edge;
	struct al_principal	*who;		/* accepted; held */
	uint8_t			 proof[AL_SHA256_LEN];
	unsigned		 cert_no;	/* the gateway's, then */
};

struct al_door {
	struct al_gateway	*gw;
	struct al_pace		*pace;
	struct al_addr_table	*conns, *wrong;
	LIST_HEAD(, caller)	 callers;
	uint32_t		 pending;
	uint64_t		 dropped;
	unsigned		 unsaid;	/* failures that were not audited */
};

/* --- ordinary requests ---------------------------------------------------- */
/* netcheck: is it really us that answers, or something on the way? */
static void
echo(struct al_edge *e, const struct al_upgrade_request *r)
{
	char body[ECHO_MAX + 2];
	size_t n;

	if (strncmp(r->query, "n=", 2) != 0)
		goto bad;
	n = strlen(r->query + 2);
	if (n == 0 || n > ECHO_MAX ||
	    strspn(r->query + 2, "0123456789abcdefABCDEF") != n)
		goto bad;
	memcpy(body, r->query + 2, n);
	memcpy(body + n, "\n", 2);
	al_edge_reply(e, 200, "OK", 0, body);
	return;
bad:
	al_edge_reply(e, 400, "Bad Request", 0,
	    "n is missing, or not hexadecimal\n");
}

static void
healthz(struct al_edge *e, struct al_gateway *gw)
{
	if (gw->stopping)
		al_edge_reply(e, 503, "Service Unavailable",
		    al_gateway_later_s(gw), "stopping\n");
	else
		al_edge_reply(e, 200, "OK", 0, "ok\n");
}

/* --- credentials ---------------------------------------------------------- */
static const struct al_identity *
authenticate(const struct al_gateway *gw, enum al_identity_kind kind,
    const struct al_upgrade_request *r)
{
	const char *v = al_http1_get(r->head, "Authorization", 0);

	if (v == NULL || al_http1_get(r->head, "Authorization", 1) != NULL)
		return NULL;
	return kind == AL_IDENTITY_CONNECTOR ?
	    al_identity_connector(gw->set->ids, v) :
	    al_identity_operator(gw->set->ids, v);
}

static void
unauthorized(struct al_door *d, struct al_edge *e,
    enum al_identity_kind kind)
{
	const struct al_addr *from = al_edge_peer(e);
	uint64_t now_us = al_now_us();

	/* Secrets are too long to be guessed: what a flood of wrong ones must
	 * not do is fill the audit file.  Right ones always pass. */
	if (!al_bucket_take(al_addr_table_get(d->wrong, from, now_us),
	    &wrong_rate, now_us)) {
		d->unsaid++;
		al_edge_reply(e, 429, "Too Many Requests", RETRY_AFTER_S,
		    "too many wrong credentials from this address\n");
		return;
	}
	al_record_auth_failure(d->gw, kind, from, d->unsaid);
	d->unsaid = 0;
	al_edge_reply(e, 401, "Unauthorized", 0,
	    "the credentials are missing or wrong\n");
}

static void
session(struct caller *c, enum al_identity_kind kind,
    const struct al_upgrade_request *r)
{
	struct al_door *d = c->door;
	const struct al_identity *id;
	struct al_err err;

	if (r->kind == AL_UPGRADE_BROKEN) {
		al_edge_refuse_broken(c->edge);
		return;
	}
	if (r->kind == AL_UPGRADE_NONE) {
		al_edge_reply(c->edge, 426, "Upgrade Required", 0,
		    "this path is for WebSockets\n");
		return;
	}
	if (!al_upgrade_offers(r, SUBPROTOCOL)) {
		al_edge_reply(c->edge, 400, "Bad Request", 0,
		    "the subprotocol " SUBPROTOCOL " is required here\n");
		return;
	}
	id = authenticate(d->gw, kind, r);
	if (id == NULL) {
		unauthorized(d, c->edge, kind);
		return;
	}
	memcpy(c->proof, id->hash, sizeof(c->proof));
	if (!d->gw->stopping)
		c->who = al_principal_hold(d->gw->registry, kind, id->id,
		    id->name, &err);
	if (c->who != NULL)
		al_edge_accept(c->edge, SUBPROTOCOL);
	else
		al_edge_reply(c->edge, 503, "Service Unavailable",
		    al_gateway_later_s(d->gw), d->gw->stopping ?
		    "the gateway is stopping\n" :
		    "the gateway is out of memory\n");
}

/* --- which request -------------------------------------------------------- */
static void
on_request(void *arg, struct al_edge *e, const struct al_upgrade_request *r)
{
	struct caller *c = arg;

	c->edge = e;
	if (strcmp(r->method, "GET") != 0)
		al_edge_reply(e, 404, "Not Found", 0, "not found\n");
	else if (strcmp(r->path, "/ws/connector/") == 0)
		session(c, AL_IDENTITY_CONNECTOR, r);
	else if (strcmp(r->path, "/ws/tunnel/") == 0)
		session(c, AL_IDENTITY_OPERATOR, r);
	else if (strcmp(r->path, "/alpacon/echo") == 0)
		echo(e, r);
	else if (strcmp(r->path, "/healthz") == 0)
		healthz(e, c->door->gw);
	else
		al_edge_reply(e, 404, "Not Found", 0, "not found\n");
}

static void
forget(struct caller *c)
{
	c->door->pending--;
	al_principal_drop(c->who);
	LIST_REMOVE(c, entry);
	free(c);
}

static void
on_end(void *arg, struct al_edge *e, struct al_stream *s,
    const struct al_err *why)
{
	struct caller *c = arg;
	char from[AL_ADDR_TEXT];

	if (why != NULL)
		al_log(AL_LOG_DEBUG, "edge", AL_FIELDS(AL_STR("peer",
		    al_addr_format(al_edge_peer(e), from))), "%s",
		    why->text);
	if (s != NULL)
		al_peer_start(c->door->gw, s, c->who, c->proof,
		    c->cert_no, al_edge_peer(e));
	forget(c);
}

static const struct al_edge_ops edge_ops = {
	.on_request = on_request,
	.on_end = on_end,
};

/* --- who gets a hearing --------------------------------------------------- */
static bool
admit(struct al_door *d, const struct al_addr *from)
{
	uint64_t now_us = al_now_us();

	if (al_early_drop(&d->gw->rng, d->pending, d->gw->set->max_pending))
		return false;
	/* Behind a terminator every client has the terminator's address. */
	return d->gw->set->tls == NULL || al_bucket_take(al_addr_table_get(
	    d->conns, from, now_us), &conn_rate, now_us);
}

/* Its turn has come. */
static void
hear(void *arg, int fd, const struct al_addr *from)
{
	struct al_door *d = arg;
	const struct al_edge_opts o = {
		.tls = d->gw->set->tls, .peer = from,
		.timeout_ms = d->gw->set->handshake_ms,
	};
	char text[AL_ADDR_TEXT];
	struct caller *c;
	struct al_err err;

	/* when it came there was room, but all in the line before it have
	 * had their turns since */
	if (d->pending >= d->gw->set->max_pending) {
		d->dropped++;
		(void)close(fd);
		return;
	}
	al_log(AL_LOG_DEBUG, "handshake", NULL, "%s begins its handshake",
	    al_addr_format(from, text));
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		(void)close(fd);
		return;
	}
	c->door = d;
	c->cert_no = d->gw->cert_no;
	c->edge = al_edge_start(d->gw->loop, fd, &o, &edge_ops, c, &err);
	if (c->edge == NULL) {
		al_log_err(AL_LOG_ERROR, "edge", &err);
		free(c);
		return;
	}
	LIST_INSERT_HEAD(&d->callers, c, entry);
	d->pending++;
}

void
al_door_conn(void *arg, int fd, const struct al_addr *from)
{
	struct al_door *d = arg;

	if (admit(d, from)) {
		al_pace_add(d->pace, fd, from);
	} else {
		d->dropped++;
		(void)close(fd);
	}
}

void
al_door_reload(struct al_door *d)
{
	al_pace_set(d->pace, d->gw->set->handshakes_per_s);
}

/* --- life ----------------------------------------------------------------- */
struct al_door *
al_door_new(struct al_gateway *gw, struct al_err *err)
{
	struct al_door *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	d->gw = gw;
	LIST_INIT(&d->callers);
	d->conns = al_addr_table_new(err);
	d->wrong = d->conns != NULL ? al_addr_table_new(err) : NULL;
	d->pace = d->wrong != NULL ? al_pace_new(gw->loop, hear, d, err) :
	    NULL;
	if (d->pace == NULL) {
		al_door_free(d);
		return NULL;
	}
	al_door_reload(d);
	return d;
}

void
al_door_free(struct al_door *d)
{
	struct caller *c;

	if (d == NULL)
		return;
	while ((c = LIST_FIRST(&d->callers)) != NULL) {
		al_edge_free(c->edge);
		forget(c);
	}
	al_pace_free(d->pace);
	al_addr_table_free(d->conns);
	al_addr_table_free(d->wrong);
	free(d);
}

uint32_t
al_door_pending(const struct al_door *d)
{
	return d->pending;
}

uint64_t
al_door_dropped(const struct al_door *d)
{
	return d->dropped + al_pace_dropped(d->pace);
}

uint32_t
al_door_waiting(const struct al_door *d)
{
	return al_pace_waiting(d->pace);
}
