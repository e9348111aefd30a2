/* connector/netcheck/contrast.c - what else would the proxy let through? */
#include "connector/netcheck/contrast.h"

#include <stdlib.h>

#include "connector/dial/dial.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/netcheck/netcheck.h"

#define PROBE_MS	2000
#define HTTPS_PORT	443
#define BROWSER		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) " \
	"Gecko/20100101 Firefox/128.0"
/* RFC 6761 6.4: no such name will ever be, so nobody is contacted by it. */
#define CONTROL_HOST	"alpacon-netcheck.invalid"

struct probe {
	struct contrast		*c;
	struct al_dial		*dial;
	enum al_contrast_answer	 answer;
};

struct contrast {
	struct netcheck		*n;
	struct al_client_target	 t;
	struct al_dial_login	 browser;	/* t's, but for User-Agent */
	struct al_route		 route;		/* borrowed: the way that was
						 * refused, and no other   */
	struct al_timer		 deadline;
	struct al_resolve	*q;		/* of our host, here       */
	struct al_addr		 addr;
	bool			 has_addr;
	struct probe		 probes[AL_CONTRASTS];
	enum al_contrast	 next;		/* to begin                */
	unsigned		 open;		/* begun, not over         */
	bool			 in_turn, over;
};

static void	go_on(struct contrast *c);

/* --- one probe ------------------------------------------------------------ */
static void
probe_over(struct contrast *c)
{
	c->open--;
	go_on(c);
}

static void
on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct probe *p = arg;

	(void)route;
	al_stream_free(s);
	p->dial = NULL;
	p->answer = al_contrast_answer(err);
	probe_over(p->c);
}

/* To where, but no further: not a byte goes through the tunnel. */
static bool
dial(struct contrast *c, enum al_contrast which, const char *host,
    uint16_t port)
{
	struct probe *p = &c->probes[which];
	const struct al_dial_opts o = {
		.host = host, .port = port, .route = &c->route,
		.proxy_tls = c->t.proxy_tls,
		.login = which == AL_CONTRAST_AGENT ? &c->browser :
		    c->t.login,
		.connect_ms = PROBE_MS, .proxy_ms = PROBE_MS,
		.tls_ms = PROBE_MS,
	};
	struct al_err err;

	p->dial = al_dial_start(c->n->loop, c->n->resolver, &o, on_dial, p,
	    &err);
	return p->dial != NULL;
}

/* A name has addresses of both kinds at most; more proxies know IPv4. */
static void
on_resolve(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *err)
{
	struct contrast *c = arg;
	char ip[AL_ADDR_TEXT];

	(void)err;
	if (n > 0 && (!c->has_addr || family == AF_INET)) {
		c->addr = addrs[0];
		c->has_addr = true;
	}
	if (!last)
		return;
	c->q = NULL;
	if (!c->has_addr || !dial(c, AL_CONTRAST_ADDRESS,
	    al_addr_format_ip(&c->addr, ip), c->t.port))
		probe_over(c);
}

static bool
resolve(struct contrast *c)
{
	struct al_addr literal;
	struct al_err err;

	if (al_addr_parse_ip(&literal, c->t.host, 0))
		return false;
	c->q = al_resolve_start(c->n->resolver, c->t.host, c->t.port,
	    c->t.resolve_flags, on_resolve, c, &err);
	return c->q != NULL;
}

/* false: it makes no sense here, or cannot be. */
static bool
begin(struct contrast *c, enum al_contrast which)
{
	switch (which) {
	case AL_CONTRAST_AGENT:
		return dial(c, which, c->t.host, c->t.port);
	case AL_CONTRAST_PORT:
		return c->t.port != HTTPS_PORT &&
		    dial(c, which, c->t.host, HTTPS_PORT);
	case AL_CONTRAST_ADDRESS:
		return resolve(c);
	case AL_CONTRAST_CONTROL:
		return dial(c, which, CONTROL_HOST, c->t.port);
	case AL_CONTRASTS:
		break;
	}
	return false;
}

/* --- all of them ---------------------------------------------------------- */
static void
stop(struct contrast *c)
{
	size_t i;

	for (i = 0; i < AL_CONTRASTS; i++) {
		al_dial_cancel(c->probes[i].dial);
		c->probes[i].dial = NULL;
	}
	al_resolve_cancel(c->q);
	c->q = NULL;
	c->open = 0;
}

/* The check took as long as it took. */
static void
judge(struct contrast *c)
{
	struct al_report *r = &c->n->report;
	struct al_result *res = &r->results[AL_CHECK_PROXY_CONNECT];
	enum al_contrast_answer answers[AL_CONTRASTS];
	struct al_err err = res->err;
	size_t i;

	for (i = 0; i < AL_CONTRASTS; i++)
		answers[i] = c->probes[i].answer;
	res->is_certain = al_contrast_judge(&err, answers);
	al_report_fail(r, AL_CHECK_PROXY_CONNECT, AL_STATUS_FAIL, &err,
	    res->end_us);
	netcheck_changed(c->n);
	al_timer_cancel(&c->deadline);
	c->over = true;
}

static void
go_on(struct contrast *c)
{
	enum al_contrast which;

	while (c->next < AL_CONTRASTS && (c->open == 0 || !c->in_turn)) {
		which = c->next++;
		if (!begin(c, which))
			continue;
		c->open++;
		al_timer_set(&c->deadline, PROBE_MS);
	}
	if (c->open > 0)
		return;
	judge(c);
	netcheck_part_over(c->n);
}

static void
on_deadline(void *arg)
{
	stop(arg);
	go_on(arg);
}

/* The proxy that was asked for our host itself has said no to that. */
static bool
is_refused(const struct al_report *r)
{
	const struct al_result *res = &r->results[AL_CHECK_PROXY_CONNECT];

	return res->status == AL_STATUS_FAIL &&
	    al_contrast_is_refusal(&res->err) &&
	    res->hop + 1 == r->route->chains[res->route].n;
}

/*
 * Side by side, unless a password goes along: the refusal may have come before
 * the proxy had looked at it, and a wrong one sent several times at once may
 * lock the account.  In turn, the first such answer ends it (proxy/memory.h).
 */
bool
netcheck_contrast(struct netcheck *n)
{
	const struct al_result *res =
	    &n->report.results[AL_CHECK_PROXY_CONNECT];
	struct contrast *c;
	struct al_err err;
	size_t i;

	if (n->contrast != NULL || !is_refused(&n->report))
		return false;
	c = calloc(1, sizeof(*c));
	if (c == NULL || al_timer_init(&c->deadline, n->loop, on_deadline, c,
	    &err) != AL_OK) {
		free(c);
		return false;
	}
	n->contrast = c;
	c->n = n;
	al_workspace_target(n->workspace, "/", "", &c->t);
	c->browser = *c->t.login;
	c->browser.user_agent = BROWSER;
	c->route = (struct al_route){ .n = 1,
	    .chains = &n->choice.route.chains[res->route] };
	c->in_turn = c->route.chains[0].hops[res->hop].password != NULL;
	for (i = 0; i < AL_CONTRASTS; i++)
		c->probes[i].c = c;
	go_on(c);
	return true;
}

bool
netcheck_contrast_stop(struct netcheck *n)
{
	struct contrast *c = n->contrast;

	if (c == NULL || c->over)
		return false;
	stop(c);
	judge(c);
	return true;
}

void
netcheck_contrast_free(struct netcheck *n)
{
	if (n->contrast == NULL)
		return;
	stop(n->contrast);
	al_timer_fini(&n->contrast->deadline);
	free(n->contrast);
	n->contrast = NULL;
}
