/* connector/dial/dial.c - walk the alternatives, build the stack. */
#include "connector/dial/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/dial/he.h"
#include "connector/dial/judge.h"
#include "connector/dial/plan.h"
#include "connector/dial/ticket.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/stream/handshake.h"
#include "connector/stream/seal.h"
#include "connector/stream/tcp.h"
#include "connector/stream/watch.h"
#include "proxy/memory.h"
#include "proxy/proxy.h"

#define PROXY_MS	15000
#define TLS_MS		15000
#define REDIALS_MAX	6	/* of one alternative: a scheme each, and more */

#define SOCKS5_NET_UNREACHABLE	3
#define SOCKS5_BAD_ADDRESS_TYPE	8

struct al_dial {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_dial_opts	 o;		/* its host is the next */
	char			*host;
	struct al_route		 route;		/* never empty        */
	al_on_dial		*on_dial;
	void			*arg;
	int			 machine_only;	/* al_handshake_start */
	struct al_task		 start;

	/* the alternative that is tried */
	uint8_t			 order[AL_ROUTE_MAX];	/* whose turn it is */
	unsigned		 turn, alt;	/* alt: order[turn] */
	struct al_plan		 plan;
	size_t			 at;		/* step of the plan */
	unsigned		 redials;
	unsigned		 v4_hops;	/* by bits: ask for IPv4 only */

	/* the step that is under way */
	struct al_he		*he;
	struct al_resolve	*q;
	struct al_addr		 found[2];	/* for SOCKS: IPv6, IPv4 */
	size_t			 n_found[2];
	struct al_stream	*s;
	struct al_stream_watch	 watch;
	struct al_timer		 deadline;
	unsigned		 deadline_ms;
	struct al_gss		*gss;		/* of the login under way */
	bool			 asking;	/* it has a question      */
	uint8_t			 binding[AL_PROXY_BINDING_MAX];
	size_t			 binding_len;	/* to the https proxy     */

	struct al_err		*failures;	/* one an alternative */
};

static void	step_begin(struct al_dial *d);
static void	try_alternative(struct al_dial *d);
static void	drive_within(struct al_dial *d, unsigned ms);
static void	on_ready(void *arg, unsigned ready);

static const struct al_chain *
chain_of(const struct al_dial *d)
{
	return &d->route.chains[d->alt];
}

static const struct al_plan_step *
step_of(const struct al_dial *d)
{
	return &d->plan.steps[d->at];
}

static enum al_stage
stage_of(const struct al_plan_step *step)
{
	switch (step->layer) {
	case AL_LAYER_TLS:
		return AL_AT_TLS;
	case AL_LAYER_PROXY:
		return AL_AT_PROXY;
	case AL_LAYER_TCP:
		break;
	}
	return AL_AT_TCP;
}

/* --- trace ---------------------------------------------------------------- */

static void
tell(struct al_dial *d, struct al_step *s)
{
	s->route = d->alt;
	s->hop = step_of(d)->hop;
	if (d->o.on_step != NULL)
		d->o.on_step(d->o.arg, s);
}

/* About the step as a whole; dns and tcp are told from where they happen. */
static void
trace(struct al_dial *d, enum al_step_state state, const char *note,
    const struct al_err *err)
{
	const struct al_plan_step *step = step_of(d);
	struct al_step s = { .stage = stage_of(step), .state = state,
	    .note = note, .err = err };
	char text[AL_HOSTPORT_TEXT];
	const struct al_hop *hop;

	if (step->layer == AL_LAYER_TCP || d->machine_only)
		return;
	if (step->layer == AL_LAYER_PROXY) {
		hop = &chain_of(d)->hops[step->hop];
		s.what = al_hostport_format(text, hop->host, hop->port);
	} else {
		s.what = al_hostport_format(text, step->host, step->port);
	}
	tell(d, &s);
}

/* --- ends ----------------------------------------------------------------- */

/* Everything of the present alternative; the stack has failed. */
static void
drop_stack(struct al_dial *d)
{
	al_he_cancel(d->he);
	al_resolve_cancel(d->q);
	d->he = NULL;
	d->q = NULL;
	al_gss_free(d->gss);
	d->gss = NULL;
	d->asking = false;
	al_stream_watch_fini(&d->watch);
	al_stream_free(d->s);
	d->s = NULL;
}

static void
bury(void *p)
{
	struct al_dial *d = p;

	al_route_fini(&d->route);
	free(d->host);
	free(d->failures);
	free(d);
}

static void
end(struct al_dial *d)
{
	drop_stack(d);
	al_task_fini(&d->start);
	al_timer_fini(&d->deadline);
	al_loop_bury(d->loop, d, bury);
}

void
al_dial_cancel(struct al_dial *d)
{
	if (d != NULL)
		end(d);
}

static void
finish(struct al_dial *d, const struct al_err *err)
{
	struct al_stream *s = err == NULL ? d->s : NULL;

	if (s != NULL) {
		al_stream_watch_fini(&d->watch);
		d->s = NULL;
	}
	end(d);				/* buried: still readable */
	d->on_dial(d->arg, s, d->alt, err);
}

/* --- a step fails --------------------------------------------------------- */

/* PROXY.md 3: an IPv6 address that SOCKS5 cannot use: IPv4, once. */
static int
wants_v4(const struct al_dial *d, const struct al_err *err)
{
	const struct al_plan_step *step = step_of(d);
	const struct al_hop *hop = &chain_of(d)->hops[step->hop];

	return hop->kind == AL_PROXY_SOCKS5 && d->n_found[0] > 0 &&
	    d->n_found[1] > 0 && !(d->v4_hops & 1u << step->hop) &&
	    (err->status == SOCKS5_BAD_ADDRESS_TYPE ||
	    err->status == SOCKS5_NET_UNREACHABLE);
}

/* The same alternative again on a fresh connection? */
static int
try_again(struct al_dial *d, struct al_err *err)
{
	if (step_of(d)->layer != AL_LAYER_PROXY || d->s == NULL)
		return 0;
	if (wants_v4(d, err)) {
		d->v4_hops |= 1u << step_of(d)->hop;
		return 1;
	}
	if (!al_handshake_wants_redial(d->s))
		return 0;
	if (d->redials++ < REDIALS_MAX)
		return 1;
	(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 120,
	    "the proxy wants every request on yet another connection");
	return 0;
}

static struct al_memory *
memory_of(const struct al_dial *d)
{
	return d->o.login != NULL ? d->o.login->memory : NULL;
}

static void
step_failed(struct al_dial *d, struct al_err *err)
{
	struct al_err sum;

	if (d->machine_only) {
		finish(d, err);
		return;
	}
	trace(d, AL_STEP_FAIL, NULL, err);
	if (try_again(d, err)) {
		drop_stack(d);
		try_alternative(d);
		return;
	}
	al_judge_locate(err, chain_of(d), step_of(d));
	if (al_judge_is_final(err, chain_of(d), step_of(d))) {
		finish(d, err);
		return;
	}
	d->failures[d->alt] = *err;
	al_memory_failed(memory_of(d), chain_of(d), step_of(d)->hop,
	    al_now_us());
	if (d->turn + 1 == d->route.n) {
		al_judge_sum_up(d->failures, d->route.n, &sum);
		finish(d, &sum);
		return;
	}
	drop_stack(d);
	d->alt = d->order[++d->turn];
	d->redials = 0;
	d->v4_hops = 0;
	try_alternative(d);
}

/* --- opening the layer on top --------------------------------------------- */

/* RFC 5929 4: a login that only this proxy's certificate may carry. */
static void
bind_login(struct al_dial *d)
{
	static const char prefix[] = "tls-server-end-point:";
	const size_t n = sizeof(prefix) - 1;
	struct al_err err;
	size_t len;

	d->binding_len = 0;
	if (step_of(d)->hop == chain_of(d)->n || al_tls_endpoint_binding(d->s,
	    d->binding + n, &len, &err) != AL_OK)
		return;
	memcpy(d->binding, prefix, n);
	d->binding_len = n + len;
}

/* RFC 1961 5: all that goes through this proxy is wrapped from here on. */
static enum al_code
protect(struct al_dial *d, enum al_proxy_level level, struct al_err *err)
{
	struct al_gss *gss = d->gss;

	d->gss = NULL;
	al_stream_watch_fini(&d->watch);	/* the layer has its own fd */
	d->s = al_seal_new(d->loop, d->s, gss, level == AL_PROXY_SEAL ?
	    AL_GSS_SEAL : AL_GSS_SIGN, err);
	if (d->s == NULL)
		return err->code;
	return al_stream_watch_init(&d->watch, d->loop, d->s, on_ready, d,
	    err);
}

/* The proxy lets us through. */
static enum al_code
proxy_open(struct al_dial *d, struct al_err *err)
{
	enum al_proxy_level level =
	    al_proxy_level(al_handshake_machine(d->s));

	al_handshake_release(d->s);
	if (level != AL_PROXY_BARE)
		return protect(d, level, err);
	al_gss_free(d->gss);
	d->gss = NULL;
	return AL_OK;
}

static void
layer_open(struct al_dial *d)
{
	enum al_layer layer = step_of(d)->layer;
	const char *note = NULL;
	struct al_err err;

	if (layer == AL_LAYER_TLS) {
		note = al_tls_describe(d->s);
		bind_login(d);
	} else if (proxy_open(d, &err) != AL_OK) {
		al_timer_cancel(&d->deadline);
		step_failed(d, &err);
		return;
	}
	trace(d, AL_STEP_OK, note, NULL);
	al_timer_cancel(&d->deadline);
	al_stream_watch_set(&d->watch, 0);
	d->at++;
	step_begin(d);
}

/* Kerberos has answered; without a token the next scheme has its turn. */
static void
on_ticket(void *arg, const struct al_gss_result *r)
{
	struct al_dial *d = arg;

	d->asking = false;
	al_ticket_answer(al_handshake_machine(d->s), r);
	drive_within(d, d->o.proxy_ms);
}

/* The proxy's clock stops meanwhile: the helper has a deadline of its own. */
static void
ask_kerberos(struct al_dial *d)
{
	const struct al_machine *m = al_handshake_machine(d->s);
	struct al_proxy_need need;
	struct al_err err;

	if (d->asking || !al_proxy_need(m, &need))
		return;
	al_timer_cancel(&d->deadline);
	if (al_ticket_ask(&d->gss, d->loop, d->o.login, &need, on_ticket, d,
	    &err) == AL_OK) {
		d->asking = true;
		return;
	}
	al_proxy_deny(m, &err);
	drive_within(d, d->o.proxy_ms);
}

static void
drive(struct al_dial *d)
{
	struct al_err err;

	switch (al_stream_open(d->s, &err)) {
	case AL_OK:
		layer_open(d);
		break;
	case AL_AGAIN:
		al_stream_watch_set(&d->watch, al_stream_want(d->s));
		if (al_handshake_needs_token(d->s))
			ask_kerberos(d);
		break;
	default:
		al_timer_cancel(&d->deadline);
		step_failed(d, &err);
	}
}

static void
on_ready(void *arg, unsigned ready)
{
	(void)ready;
	drive(arg);
}

static void
on_deadline(void *arg)
{
	struct al_dial *d = arg;
	struct al_err err;

	if (step_of(d)->layer == AL_LAYER_PROXY)
		(void)al_handshake_expired(d->s, d->deadline_ms, &err);
	else
		(void)al_fail(&err, AL_ETIMEOUT, AL_AT_TLS, 0,
		    "%s did not answer the TLS hello within %u ms",
		    step_of(d)->host, d->deadline_ms);
	step_failed(d, &err);
}

static void
drive_within(struct al_dial *d, unsigned ms)
{
	d->deadline_ms = ms;
	al_timer_set(&d->deadline, ms);
	drive(d);
}

/* --- the three kinds of step ---------------------------------------------- */

static void
on_he(void *arg, int fd, const struct al_err *cause)
{
	struct al_dial *d = arg;
	struct al_err err;

	d->he = NULL;
	if (cause != NULL) {
		err = *cause;
		step_failed(d, &err);
		return;
	}
	d->s = al_tcp_new(fd, &err);
	if (d->s == NULL || al_stream_watch_init(&d->watch, d->loop, d->s,
	    on_ready, d, &err) != AL_OK) {
		step_failed(d, &err);
		return;
	}
	d->at++;
	step_begin(d);
}

static bool
allow_addr(void *arg, const struct al_addr *a)
{
	const struct al_dial *d = arg;

	return d->o.allow_addr(d->o.arg, a);
}

static void
on_he_step(void *arg, struct al_step *s)
{
	tell(arg, s);
}

static void
begin_tcp(struct al_dial *d)
{
	const struct al_plan_step *step = step_of(d);
	int direct = chain_of(d)->n == 0;
	const struct al_he_opts o = {
		.host = step->host,
		.port = step->port,
		.resolve_flags = direct ? d->o.resolve_flags : 0,
		.connect_ms = d->o.connect_ms,
		.allow_addr = direct && d->o.allow_addr != NULL ?
		    allow_addr : NULL,
		.on_step = on_he_step,
		.arg = d,
	};
	struct al_err err;

	d->he = al_he_start(d->loop, d->resolver, &o, on_he, d, &err);
	if (d->he == NULL)
		step_failed(d, &err);
}

static void
begin_tls(struct al_dial *d)
{
	const struct al_plan_step *step = step_of(d);
	bool target = step->hop == chain_of(d)->n;
	struct al_tls_ctx *ctx = target ? d->o.tls : d->o.proxy_tls;
	const struct al_tls_peer to = { .host = step->host,
	    .port = step->port, .proxy = target ? 0 : step->hop + 1 };
	struct al_stream *below = d->s;
	struct al_err err;

	trace(d, AL_STEP_BEGIN, NULL, NULL);
	if (ctx == NULL) {
		(void)al_fail(&err, AL_EUSAGE, AL_AT_TLS, 0,
		    "no TLS settings are there for an https proxy");
		step_failed(d, &err);
		return;
	}
	d->s = al_tls_connect(ctx, below, &to, &err);
	if (d->s == NULL) {
		al_stream_watch_fini(&d->watch);
		step_failed(d, &err);
		return;
	}
	drive_within(d, d->o.tls_ms);
}

/* host: the plan's, or the address that was found for it. */
static void
ask_proxy(struct al_dial *d, const char *host)
{
	const struct al_plan_step *step = step_of(d);
	struct al_proxy_opts o = { .now_us = al_now_us() };
	struct al_machine m;
	struct al_err err;

	o.memory = memory_of(d);
	if (chain_of(d)->hops[step->hop].kind == AL_PROXY_HTTPS) {
		o.binding = d->binding;
		o.binding_len = d->binding_len;
	}
	if (d->o.login != NULL) {
		o.schemes = d->o.login->schemes;
		o.user_agent = d->o.login->user_agent;
	}
	if (chain_of(d)->hops[step->hop].no_login)
		o.schemes = AL_AUTH_NOBODY;
	if (al_proxy_machine(&m, &chain_of(d)->hops[step->hop], host,
	    step->port, &o, &err) != AL_OK) {
		step_failed(d, &err);
		return;
	}
	d->s = al_handshake_new(d->s, m, AL_AT_PROXY, &err);
	if (d->s == NULL) {
		al_stream_watch_fini(&d->watch);
		step_failed(d, &err);
		return;
	}
	drive_within(d, d->o.proxy_ms);
}

/* The first address of each family is enough: a proxy is asked once. */
static void
on_resolve(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *cause)
{
	struct al_dial *d = arg;
	const struct al_plan_step *step = step_of(d);
	size_t v4 = family == AF_INET, i;
	char ip[AL_ADDR_TEXT];
	struct al_step s = { .stage = AL_AT_DNS, .what = step->host };
	struct al_err err;

	d->n_found[v4] = n;
	if (n > 0)
		d->found[v4] = addrs[0];
	if (!last)
		return;
	d->q = NULL;
	i = d->n_found[0] == 0 || (d->v4_hops & 1u << step->hop) ||
	    al_proxy_needs_address(chain_of(d)->hops[step->hop].kind) ==
	    AF_INET;
	if (d->n_found[i] == 0) {
		if (cause != NULL)
			err = *cause;
		else
			(void)al_fail(&err, AL_ENAME, AL_AT_DNS, 0,
			    "%s: has no IPv4 address, and SOCKS4 takes no "
			    "other", step->host);
		s.state = AL_STEP_FAIL;
		s.err = &err;
		tell(d, &s);
		step_failed(d, &err);
		return;
	}
	s.state = AL_STEP_OK;
	s.note = al_addr_format_ip(&d->found[i], ip);
	tell(d, &s);
	ask_proxy(d, ip);
}

static void
begin_proxy(struct al_dial *d)
{
	const struct al_plan_step *step = step_of(d);
	struct al_step s = { .stage = AL_AT_DNS, .state = AL_STEP_BEGIN,
	    .what = step->host };
	struct al_addr a;
	struct al_err err;

	trace(d, AL_STEP_BEGIN, NULL, NULL);
	memset(d->n_found, 0, sizeof(d->n_found));
	if (al_proxy_needs_address(chain_of(d)->hops[step->hop].kind) == 0 ||
	    al_addr_parse_ip(&a, step->host, 0)) {
		ask_proxy(d, step->host);
		return;
	}
	tell(d, &s);
	d->q = al_resolve_start(d->resolver, step->host, step->port,
	    step->hop + 1 == chain_of(d)->n ? d->o.resolve_flags : 0,
	    on_resolve, d, &err);
	if (d->q == NULL)
		step_failed(d, &err);
}

static void
step_begin(struct al_dial *d)
{
	if (d->at == d->plan.n) {
		if (!d->machine_only)
			al_memory_works(memory_of(d), chain_of(d));
		finish(d, NULL);
		return;
	}
	switch (step_of(d)->layer) {
	case AL_LAYER_TCP:
		begin_tcp(d);
		break;
	case AL_LAYER_TLS:
		begin_tls(d);
		break;
	case AL_LAYER_PROXY:
		begin_proxy(d);
		break;
	}
}

static void
try_alternative(struct al_dial *d)
{
	al_plan_make(&d->plan, chain_of(d), d->o.host, d->o.port,
	    d->o.tls != NULL ? AL_PLAN_TLS : AL_PLAN_BYTES);
	d->at = 0;
	step_begin(d);
}

/* --- starting ------------------------------------------------------------- */

static struct al_dial *
dial_new(struct al_loop *loop, al_on_dial *on_dial, void *arg,
    struct al_err *err)
{
	struct al_dial *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		(void)al_fail_nomem(err, AL_AT_TCP);
		return NULL;
	}
	d->loop = loop;
	d->on_dial = on_dial;
	d->arg = arg;
	al_route_init(&d->route);
	if (al_timer_init(&d->deadline, loop, on_deadline, d, err) == AL_OK)
		return d;
	end(d);
	return NULL;
}

static enum al_code
copy_opts(struct al_dial *d, const struct al_dial_opts *opts,
    struct al_err *err)
{
	d->o = *opts;
	d->o.host = d->host = al_str_dup(opts->host, strlen(opts->host));
	if (d->host == NULL)
		return al_fail_nomem(err, AL_AT_TCP);
	if (d->o.proxy_ms == 0)
		d->o.proxy_ms = PROXY_MS;
	if (d->o.tls_ms == 0)
		d->o.tls_ms = TLS_MS;
	if (opts->route != NULL && opts->route->n > 0)
		return al_route_copy(&d->route, opts->route, err);
	return al_route_add(&d->route, "direct", err);
}

static void
on_start(void *arg)
{
	struct al_dial *d = arg;

	al_memory_order(memory_of(d), &d->route, al_now_us(), d->order);
	d->alt = d->order[0];
	try_alternative(d);
}

struct al_dial *
al_dial_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_dial_opts *opts, al_on_dial *on_dial, void *arg,
    struct al_err *err)
{
	struct al_dial *d = dial_new(loop, on_dial, arg, err);

	if (d == NULL)
		return NULL;
	d->resolver = r;
	if (copy_opts(d, opts, err) != AL_OK)
		goto fail;
	d->failures = calloc(d->route.n, sizeof(*d->failures));
	if (d->failures == NULL) {
		(void)al_fail_nomem(err, AL_AT_TCP);
		goto fail;
	}
	if (al_task_init(&d->start, loop, on_start, d, err) != AL_OK)
		goto fail;
	al_task_queue(&d->start);
	return d;
fail:
	end(d);
	return NULL;
}

static void
on_start_machine(void *arg)
{
	struct al_dial *d = arg;

	drive_within(d, d->o.proxy_ms);
}

struct al_dial *
al_handshake_start(struct al_loop *loop, struct al_stream *s,
    struct al_machine machine, unsigned timeout_ms, al_on_dial *on_dial,
    void *arg, struct al_err *err)
{
	struct al_stream *top = al_handshake_new(s, machine, AL_AT_WS, err);
	struct al_dial *d = top == NULL ? NULL :
	    dial_new(loop, on_dial, arg, err);

	if (d == NULL) {
		al_stream_free(top);
		return NULL;
	}
	d->machine_only = 1;
	d->s = top;
	d->o.proxy_ms = timeout_ms > 0 ? timeout_ms : PROXY_MS;
	d->plan.steps[0].layer = AL_LAYER_PROXY;
	d->plan.n = 1;
	if (al_stream_watch_init(&d->watch, loop, top, on_ready, d, err) ==
	    AL_OK &&
	    al_task_init(&d->start, loop, on_start_machine, d, err) ==
	    AL_OK) {
		al_task_queue(&d->start);
		return d;
	}
	end(d);
	return NULL;
}
