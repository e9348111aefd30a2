/* connector/netcheck/trace.c - the steps of the connect path become checks. */
#include <string.h>

#include "connector/dial/judge.h"
#include "connector/netcheck/causes.h"
#include "connector/netcheck/netcheck.h"

#define NC_NO_STORE	162
#define NC_PROXY_TLS	167
#define NC_PAC_DEAD	112
#define NC_PAC_DIRECT	113

static bool
is_literal(const char *host)
{
	struct al_addr a;

	return al_addr_parse_ip(&a, host, 0);
}

/* --- what the route has no use for ---------------------------------------- */
struct needs {
	bool	direct, proxy, proxy_tls, proxy_name, target_name;
};

static void
look_at(struct needs *has, const struct al_chain *c, const char *host)
{
	const struct al_hop *h;
	size_t i;

	if (c->n == 0) {
		has->direct = true;
		has->target_name |= !is_literal(host);
	}
	for (i = 0; i < c->n; i++) {
		h = &c->hops[i];
		has->proxy = true;
		has->proxy_tls |= h->kind == AL_PROXY_HTTPS;
		/* those behind the first are resolved on the way, but for
		 * the two kinds of SOCKS that want addresses */
		has->proxy_name |= i == 0 && !is_literal(h->host);
		if (h->kind != AL_PROXY_SOCKS4 && h->kind != AL_PROXY_SOCKS5)
			continue;
		if (i + 1 == c->n)
			has->target_name |= !is_literal(host);
		else
			has->proxy_name |= !is_literal(c->hops[i + 1].host);
	}
}

void
netcheck_plan(struct netcheck *n)
{
	struct al_report *r = &n->report;
	struct needs has = { .direct = false };
	size_t i;

	for (i = 0; i < r->route->n; i++)
		look_at(&has, &r->route->chains[i], r->host);
	if (!has.proxy) {
		al_report_skip(r, AL_CHECK_DNS_PROXY, "no proxy is used");
		al_report_skip(r, AL_CHECK_PROXY_TCP, "no proxy is used");
		al_report_skip(r, AL_CHECK_PROXY_CONNECT, "no proxy is used");
	} else if (!has.proxy_name) {
		al_report_skip(r, AL_CHECK_DNS_PROXY,
		    "an address, not a name");
	}
	if (!has.proxy_tls)
		al_report_skip(r, AL_CHECK_PROXY_TLS, has.proxy ?
		    "not an https proxy" : "no proxy is used");
	if (!has.direct)
		al_report_skip(r, AL_CHECK_TCP_TARGET, "through the proxy");
	if (!has.target_name)
		al_report_skip(r, AL_CHECK_DNS_TARGET, is_literal(r->host) ?
		    "an address, not a name" : "the proxy resolves it");
	if (n->authorization.text == NULL) {
		al_report_skip(r, AL_CHECK_WS_UPGRADE,
		    "needs a token: --token-file");
		al_report_skip(r, AL_CHECK_TUNNEL_AUTH,
		    "needs a token: --token-file");
		al_report_skip(r, AL_CHECK_TUNNEL_PING,
		    "needs a token: --token-file");
	}
}

/* --- which check a step belongs to ---------------------------------------- */
static enum al_check_id
check_of(const struct al_report *r, const struct al_step *s)
{
	size_t hops = r->route->chains[s->route].n;

	switch (s->stage) {
	case AL_AT_DNS:
		/* for a SOCKS proxy that is asked by address */
		return hops == 0 || (s->hop + 1 == hops &&
		    r->results[AL_CHECK_PROXY_CONNECT].status ==
		    AL_STATUS_RUNNING) ? AL_CHECK_DNS_TARGET :
		    AL_CHECK_DNS_PROXY;
	case AL_AT_TCP:
		return hops == 0 ? AL_CHECK_TCP_TARGET : AL_CHECK_PROXY_TCP;
	case AL_AT_PROXY:
		return AL_CHECK_PROXY_CONNECT;
	case AL_AT_TLS:
		return s->hop == hops ? AL_CHECK_TLS_HANDSHAKE :
		    AL_CHECK_PROXY_TLS;
	case AL_AT_HTTP:
	case AL_AT_WS:
		return AL_CHECK_WS_UPGRADE;
	case AL_AT_SESSION:
		return AL_CHECK_TUNNEL_AUTH;
	default:
		return AL_CHECK_NONE;
	}
}

/* The step names the proxy; what matters is whom it is asked for. */
static const char *
asked_for(const struct al_report *r, const struct al_step *s,
    char text[static AL_HOSTPORT_TEXT])
{
	const struct al_chain *c = &r->route->chains[s->route];
	const struct al_hop *next = s->hop + 1 < c->n ?
	    &c->hops[s->hop + 1] : NULL;

	return al_hostport_format(text, next != NULL ? next->host : r->host,
	    next != NULL ? next->port : r->port);
}

/* What was seen before was of another alternative, or of a connection that a
 * login needs anew. */
static void
begin(struct netcheck *n, enum al_check_id id, const struct al_step *s)
{
	struct al_result *res = &n->report.results[id];
	char text[AL_HOSTPORT_TEXT];

	if (s->route != res->route) {
		res->open = 0;
		if (res->status == AL_STATUS_FAIL && !res->fell_back)
			memcpy(res->first_failed, res->what,
			    sizeof(res->what));
		res->fell_back |= res->status == AL_STATUS_FAIL;
	}
	res->route = s->route;
	res->hop = s->hop;
	res->open++;
	al_report_begin(&n->report, id, id == AL_CHECK_PROXY_CONNECT ?
	    asked_for(&n->report, s, text) : s->what, netcheck_now(n));
}

/* That the first proxy failed and the next one is used is worth a warning. */
static void
pass(struct netcheck *n, enum al_check_id id, const struct al_step *s)
{
	struct al_result *res = &n->report.results[id];
	struct al_err err = res->err;

	if (id == AL_CHECK_PROXY_TCP || id == AL_CHECK_TCP_TARGET)
		al_report_begin(&n->report, id, s->what, netcheck_now(n));
	res->route = s->route;
	res->open = 0;
	res->err.code = AL_OK;
	if (!res->fell_back) {
		al_report_end(&n->report, id, AL_STATUS_PASS, s->note,
		    netcheck_now(n));
		return;
	}
	if (res->first_failed[0] != '\0')
		al_err_prefix(&err, "%s failed, the next one is used",
		    res->first_failed);
	al_report_fail(&n->report, id, AL_STATUS_WARN, &err,
	    netcheck_now(n));
}

/* --- TLS with the host is two checks -------------------------------------- */
static bool
is_trust(const struct al_err *err)
{
	return err->cause >= 161 && err->cause <= 164;
}

static void
tls_failed(struct netcheck *n, const struct al_err *cause)
{
	struct al_report *r = &n->report;
	struct al_err err = *cause;
	const char *product;

	if (!is_trust(&err)) {
		al_report_fail(r, AL_CHECK_TLS_HANDSHAKE, AL_STATUS_FAIL,
		    &err, netcheck_now(n));
		return;
	}
	product = al_inspector(err.text);
	if (product != NULL && err.cause == 161)
		al_err_prefix(&err, "%s inspects TLS on the way", product);
	al_report_end(r, AL_CHECK_TLS_HANDSHAKE, AL_STATUS_PASS,
	    "it shows a certificate", netcheck_now(n));
	r->results[AL_CHECK_TLS_TRUST].route =
	    r->results[AL_CHECK_TLS_HANDSHAKE].route;
	al_report_fail(r, AL_CHECK_TLS_TRUST, AL_STATUS_FAIL, &err,
	    netcheck_now(n));
}

static void
tls_open(struct netcheck *n, const struct al_step *s)
{
	struct al_report *r = &n->report;

	pass(n, AL_CHECK_TLS_HANDSHAKE, s);
	r->is_open = true;
	r->results[AL_CHECK_TLS_TRUST].route = s->route;
	if (r->results[AL_CHECK_TLS_TRUST].status != AL_STATUS_WARN)
		al_report_end(r, AL_CHECK_TLS_TRUST, AL_STATUS_PASS,
		    "verified", netcheck_now(n));
}

/* --- a step ends badly ---------------------------------------------------- */
/* 401 and 403 come before the upgrade, but from the gateway. */
static void
upgrade_failed(struct netcheck *n, const struct al_err *err)
{
	struct al_report *r = &n->report;
	char note[64];

	if (err->stage != AL_AT_SESSION) {
		al_report_fail(r, AL_CHECK_WS_UPGRADE, AL_STATUS_FAIL, err,
		    netcheck_now(n));
		return;
	}
	(void)snprintf(note, sizeof(note), "%d instead of 101",
	    err->status);
	al_report_end(r, AL_CHECK_WS_UPGRADE, AL_STATUS_INFO, note,
	    netcheck_now(n));
	al_report_begin(r, AL_CHECK_TUNNEL_AUTH, r->host, netcheck_now(n));
	al_report_fail(r, AL_CHECK_TUNNEL_AUTH, AL_STATUS_FAIL, err,
	    netcheck_now(n));
}

/*
 * With TLS 1.3 an https proxy refuses our certificate only where its answer
 * is read: that is no answer, and TLS did not pass.
 */
static bool
is_late(enum al_check_id id, const struct al_step *s)
{
	return id == AL_CHECK_PROXY_CONNECT && s->err->stage == AL_AT_TLS &&
	    s->err->code == AL_EAUTH;
}

static void
tls_refused(struct netcheck *n, const struct al_step *s)
{
	struct al_report *r = &n->report;

	r->results[AL_CHECK_PROXY_CONNECT].status = AL_STATUS_WAITING;
	r->results[AL_CHECK_PROXY_TLS].route = s->route;
	al_report_fail(r, AL_CHECK_PROXY_TLS, AL_STATUS_FAIL, s->err,
	    netcheck_now(n));
}

/* The way is the PAC file's word: it is that which is wrong. */
static bool
is_of_pac(const struct netcheck *n)
{
	const struct al_considered *k =
	    &n->choice.considered[n->choice.source];

	return k->where != NULL && k->value != NULL;
}

static void
blame_pac(enum al_check_id id, struct al_err *err)
{
	if (id == AL_CHECK_PROXY_TCP || id == AL_CHECK_DNS_PROXY)
		err->cause = NC_PAC_DEAD;
	else if (id == AL_CHECK_TCP_TARGET)
		err->cause = NC_PAC_DIRECT;
}

static void
fail(struct netcheck *n, enum al_check_id id, const struct al_step *s)
{
	struct al_result *res = &n->report.results[id];
	struct al_err err = *s->err;

	if (res->open > 0)
		res->open--;
	if (is_late(id, s)) {
		tls_refused(n, s);
	} else if (id == AL_CHECK_TLS_HANDSHAKE) {
		tls_failed(n, &err);
	} else if (id == AL_CHECK_WS_UPGRADE) {
		upgrade_failed(n, &err);
	} else if (res->open > 0 && res->status == AL_STATUS_RUNNING) {
		res->err = err;		/* other addresses are still tried */
	} else if (res->status != AL_STATUS_PASS) {
		if (id == AL_CHECK_PROXY_TLS && err.cause != NC_NO_STORE)
			err.cause = NC_PROXY_TLS;
		if (is_of_pac(n))
			blame_pac(id, &err);
		al_report_fail(&n->report, id, AL_STATUS_FAIL, &err,
		    netcheck_now(n));
	}
}

void
netcheck_trace(struct netcheck *n, const struct al_step *step)
{
	struct al_step s = *step;
	enum al_check_id id;

	/* the client's own steps don't know which alternative it became */
	if (s.stage == AL_AT_WS || s.stage == AL_AT_SESSION)
		s.route = n->report.used;
	if (s.route >= n->report.route->n)
		return;
	n->report.used = s.route;
	id = check_of(&n->report, &s);
	if (id == AL_CHECK_NONE)
		return;
	switch (s.state) {
	case AL_STEP_BEGIN:
		begin(n, id, &s);
		break;
	case AL_STEP_OK:
		if (id == AL_CHECK_TLS_HANDSHAKE)
			tls_open(n, &s);
		else
			pass(n, id, &s);
		break;
	case AL_STEP_FAIL:
		fail(n, id, &s);
		break;
	}
	netcheck_changed(n);
}

/* --- the attempt as a whole ----------------------------------------------- */
void
netcheck_failed(struct netcheck *n, const struct al_err *err)
{
	const struct al_step s = { .stage = err->stage, .hop =
	    (unsigned)n->report.route->chains[n->report.used].n, .route =
	    n->report.used, .what = n->report.host };
	enum al_check_id id;

	for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++)
		if (n->report.results[id].status == AL_STATUS_RUNNING &&
		    id != AL_CHECK_HTTP_REACH)
			al_report_fail(&n->report, id, AL_STATUS_FAIL, err,
			    netcheck_now(n));
	if (al_report_count(&n->report, AL_STATUS_FAIL) == 0) {
		id = check_of(&n->report, &s);
		al_report_fail(&n->report, id != AL_CHECK_NONE ? id :
		    AL_CHECK_TUNNEL_AUTH, AL_STATUS_FAIL, err,
		    netcheck_now(n));
	}
	netcheck_changed(n);
}
