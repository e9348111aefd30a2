/* connector/dial/he.c - Happy Eyeballs v2 (RFC 8305). */
#include "connector/dial/he.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connector/loop/loop.h"
#include "connector/stream/tcp.h"

#define STAGGER_MS	250	/* RFC 8305 8: Connection Attempt Delay   */
#define RESOLUTION_MS	50	/* and Resolution Delay                   */
#define CONNECT_MS	10000
#define TRIES_MAX	16	/* a name with more addresses is mistaken */

enum { V6, V4 };		/* the order of preference */

/* The addresses of one family, tried from the first on. */
struct family {
	struct al_addr	addrs[TRIES_MAX];
	size_t		n, next;
	int		known;		/* the answer is here */
	struct al_err	err;		/* known and n == 0   */
};

struct try {
	struct al_he	*h;
	struct al_addr	 addr;
	int		 fd;		/* -1: it has failed */
	struct al_watch	 watch;
	struct al_err	 err;
};

struct al_he {
	struct al_loop		*loop;
	struct al_he_opts	 o;
	char			 host[AL_HOST_MAX + 1];
	int			 is_literal;
	struct al_resolve	*q;
	struct family		 families[2];
	int			 last_family;	/* of the latest try */
	int			 is_due;	/* a connect, had we an address */
	int			 told_dns;
	struct try		 tries[TRIES_MAX];
	size_t			 n_tries, n_open;
	struct al_timer		 next, deadline;
	al_on_he		*on_he;
	void			*arg;
};

static void
trace(struct al_he *h, enum al_stage stage, enum al_step_state state,
    const char *what, const char *note, const struct al_err *err)
{
	struct al_step s = { .stage = stage, .state = state, .what = what,
	    .note = note, .err = err };

	if (h->o.on_step != NULL)
		h->o.on_step(h->o.arg, &s);
}

static void
end(struct al_he *h)
{
	size_t i;

	al_resolve_cancel(h->q);
	al_timer_fini(&h->next);
	al_timer_fini(&h->deadline);
	for (i = 0; i < h->n_tries; i++) {
		if (h->tries[i].fd < 0)
			continue;
		al_watch_fini(&h->tries[i].watch);
		(void)close(h->tries[i].fd);
	}
	al_loop_bury(h->loop, h, free);
}

void
al_he_cancel(struct al_he *h)
{
	if (h != NULL)
		end(h);
}

/* --- the end -------------------------------------------------------------- */

/* The failure that tells most: somebody answered, time ran out, no way, our
 * own policy. */
static int
rank(const struct al_err *err)
{
	if (err->code == AL_EREFUSED)
		return 0;
	if (err->sys == ECONNREFUSED || err->sys == ECONNRESET)
		return 3;
	if (err->code == AL_ETIMEOUT)
		return 2;
	return 1;
}

/* "10.1.2.3: connection refused, 2001:db8::1: network unreachable" */
static void
sum_up(const struct al_he *h, struct al_err *err)
{
	const struct al_err *best = &h->tries[0].err;
	char ip[AL_ADDR_TEXT];
	size_t i, len = 0;
	int n;

	for (i = 1; i < h->n_tries; i++)
		if (rank(&h->tries[i].err) > rank(best))
			best = &h->tries[i].err;
	*err = *best;
	if (h->is_literal)
		return;
	for (i = 0; i < h->n_tries; i++) {
		n = snprintf(err->text + len, sizeof(err->text) - len,
		    "%s%s: %s", i > 0 ? ", " : "",
		    al_addr_format_ip(&h->tries[i].addr, ip),
		    h->tries[i].err.text);
		if (n < 0 || len + (size_t)n >= sizeof(err->text) - 20) {
			(void)snprintf(err->text + len,
			    sizeof(err->text) - len, " and %zu more",
			    h->n_tries - i);
			return;
		}
		len += (size_t)n;
	}
}

static void
report(struct al_he *h, int fd, const struct al_err *err)
{
	al_on_he *on_he = h->on_he;
	void *arg = h->arg;

	end(h);
	on_he(arg, fd, err);
}

/* No address of either family. */
static void
fail_dns(struct al_he *h)
{
	const struct al_err *v6 = &h->families[V6].err;
	struct al_err err = h->families[V4].err;

	/* "has no IPv4 address" says less than a server that is silent. */
	if (err.code == AL_OK || (err.code == AL_ENAME &&
	    v6->code != AL_OK && v6->code != AL_ENAME))
		err = *v6;
	trace(h, AL_AT_DNS, AL_STEP_FAIL, h->host, NULL, &err);
	report(h, -1, &err);
}

/* --- one address ---------------------------------------------------------- */

static void	advance(struct al_he *h);

static void
try_failed(struct try *t)
{
	char text[AL_ADDR_TEXT];

	if (t->fd >= 0) {
		al_watch_fini(&t->watch);
		(void)close(t->fd);
		t->fd = -1;
		t->h->n_open--;
	}
	trace(t->h, AL_AT_TCP, AL_STEP_FAIL, al_addr_format(&t->addr, text),
	    NULL, &t->err);
}

static void
try_won(struct try *t)
{
	struct al_he *h = t->h;
	char text[AL_ADDR_TEXT];
	int fd = t->fd;

	al_watch_fini(&t->watch);
	t->fd = -1;
	trace(h, AL_AT_TCP, AL_STEP_OK, al_addr_format(&t->addr, text), NULL,
	    NULL);
	report(h, fd, NULL);
}

static void
on_connected(void *arg, unsigned ready)
{
	struct try *t = arg;
	struct al_he *h = t->h;

	(void)ready;
	switch (al_tcp_connected(t->fd, &t->err)) {
	case AL_AGAIN:
		return;
	case AL_OK:
		try_won(t);
		return;
	default:
		try_failed(t);
		al_timer_cancel(&h->next);	/* the next one, now */
		advance(h);
	}
}

/* AL_OK: under way; AL_EOF: won at once, and h is gone. */
static enum al_code
try_start(struct al_he *h, const struct al_addr *a)
{
	struct try *t = &h->tries[h->n_tries++];
	char text[AL_ADDR_TEXT];
	enum al_code code;

	*t = (struct try){ .h = h, .addr = *a, .fd = -1 };
	trace(h, AL_AT_TCP, AL_STEP_BEGIN, al_addr_format(a, text), NULL,
	    NULL);
	if (h->o.allow_addr != NULL && !h->o.allow_addr(h->o.arg, a))
		code = al_fail(&t->err, AL_EREFUSED, AL_AT_TCP, 0,
		    "policy does not allow this address");
	else
		code = al_tcp_connect(a, &t->fd, &t->err);
	if (code == AL_OK) {	/* at once: no round of the loop */
		h->n_open++;
		try_won(t);
		return AL_EOF;
	}
	if (code == AL_AGAIN) {
		h->n_open++;
		code = al_watch_init(&t->watch, h->loop, t->fd, on_connected,
		    t, &t->err);
	}
	if (code != AL_OK) {
		try_failed(t);
		return code;
	}
	al_watch_set(&t->watch, AL_WANT_WRITE);
	return AL_OK;
}

/* --- the race ------------------------------------------------------------- */

/* Families alternate, IPv6 first (RFC 8305 4); NULL: none is left. */
static const struct al_addr *
next_addr(struct al_he *h)
{
	int want = h->n_tries == 0 ? V6 : !h->last_family;
	struct family *f = &h->families[want];

	if (h->n_tries == TRIES_MAX)
		return NULL;
	if (f->next == f->n) {
		want = !want;
		f = &h->families[want];
	}
	if (f->next == f->n)
		return NULL;
	h->last_family = want;
	return &f->addrs[f->next++];
}

/* Start what is due: the first connect, or one more beside the others. */
static void
advance(struct al_he *h)
{
	const struct al_addr *a;
	struct al_err err;
	enum al_code code;

	while ((a = next_addr(h)) != NULL) {
		if (h->n_tries == 0)
			al_timer_set(&h->deadline, h->o.connect_ms);
		code = try_start(h, a);
		if (code == AL_EOF)
			return;
		if (code == AL_OK) {
			al_timer_set(&h->next, h->o.stagger_ms);
			h->is_due = 0;
			return;
		}
	}
	h->is_due = 1;
	if (h->n_open > 0 || !h->families[V6].known ||
	    !h->families[V4].known)
		return;
	if (h->n_tries == 0) {
		fail_dns(h);
		return;
	}
	sum_up(h, &err);
	report(h, -1, &err);
}

static void
on_next(void *arg)
{
	advance(arg);
}

static void
on_deadline(void *arg)
{
	struct al_he *h = arg;
	struct try *t;
	struct al_err err;

	for (t = h->tries; t < h->tries + h->n_tries; t++) {
		if (t->fd < 0)
			continue;
		(void)al_fail(&t->err, AL_ETIMEOUT, AL_AT_TCP, ETIMEDOUT,
		    "no answer within %u ms", h->o.connect_ms);
		try_failed(t);
	}
	sum_up(h, &err);
	report(h, -1, &err);
}

static void
tell_dns(struct al_he *h, const struct family *f)
{
	char note[4 * AL_ADDR_TEXT], ip[AL_ADDR_TEXT];
	size_t i, len = 0;

	if (h->told_dns || h->is_literal)
		return;
	h->told_dns = 1;
	note[0] = '\0';
	for (i = 0; i < f->n && len + AL_ADDR_TEXT + 2 < sizeof(note); i++)
		len += (size_t)snprintf(note + len, sizeof(note) - len,
		    "%s%s", i > 0 ? ", " : "",
		    al_addr_format_ip(&f->addrs[i], ip));
	trace(h, AL_AT_DNS, AL_STEP_OK, h->host, note, NULL);
}

static void
on_resolve(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *err)
{
	struct al_he *h = arg;
	struct family *f = &h->families[family == AF_INET ? V4 : V6];

	if (last) {
		h->q = NULL;
		h->families[V4].known = h->families[V6].known = 1;
	}
	f->known = 1;
	f->n = n < TRIES_MAX ? n : TRIES_MAX;
	if (n > 0)
		memcpy(f->addrs, addrs, f->n * sizeof(*addrs));
	else if (err != NULL)
		f->err = *err;
	if (n > 0)
		tell_dns(h, f);
	if (h->n_tries == 0 && f == &h->families[V4] && n > 0 &&
	    !h->families[V6].known) {
		/* RFC 8305 3: IPv6 is given a moment. */
		al_timer_set(&h->next, h->o.resolution_ms);
		return;
	}
	if (h->n_open == 0 || h->is_due)
		advance(h);
}

static unsigned
or_default(unsigned value, unsigned otherwise)
{
	return value > 0 ? value : otherwise;
}

struct al_he *
al_he_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_he_opts *opts, al_on_he *on_he, void *arg,
    struct al_err *err)
{
	struct al_he *h = calloc(1, sizeof(*h));
	struct al_addr a;

	if (h == NULL) {
		(void)al_fail_nomem(err, AL_AT_TCP);
		return NULL;
	}
	h->loop = loop;
	h->o = *opts;
	h->o.connect_ms = or_default(opts->connect_ms, CONNECT_MS);
	h->o.stagger_ms = or_default(opts->stagger_ms, STAGGER_MS);
	h->o.resolution_ms = or_default(opts->resolution_ms, RESOLUTION_MS);
	(void)snprintf(h->host, sizeof(h->host), "%s", opts->host);
	h->is_literal = al_addr_parse_ip(&a, h->host, 0);
	h->on_he = on_he;
	h->arg = arg;
	if (al_timer_init(&h->next, loop, on_next, h, err) == AL_OK &&
	    al_timer_init(&h->deadline, loop, on_deadline, h, err) == AL_OK) {
		h->q = al_resolve_start(r, opts->host, opts->port,
		    opts->resolve_flags, on_resolve, h, err);
		if (h->q != NULL) {
			if (!h->is_literal)
				trace(h, AL_AT_DNS, AL_STEP_BEGIN, h->host,
				    NULL, NULL);
			return h;
		}
	}
	end(h);
	return NULL;
}
