/* tests/lib/world.h - real sessions joined by in-memory WebSockets.
 *
 * Nodes come in pairs, 0 with 1 and 2 with 3: an opener and an acceptor with
 * a path of bytes each way.  Time is the world's own.
 */
#ifndef AL_TEST_WORLD_H
#define AL_TEST_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/rng.h"
#include "connector/engine/session_int.h"
#include "connector/engine/ws.h"

#define WORLD_NODES	4
#define TRACE		400		/* actions remembered */

struct seg {
	struct seg	*next;
	uint64_t	 at_us;
	size_t		 off, len;
	uint8_t		 p[];
};

struct wire {
	struct seg	*head, **tail;
	size_t		 bytes;
	uint64_t	 last_us;
};

struct world;

struct node {
	struct world		*w;
	struct al_session	*s;
	struct al_link		*l;
	struct al_ws		 ws;
	enum al_ws_role		 role;
	struct wire		 in;
	struct node		*peer;
	size_t			 ring_max0;
	uint64_t		 records;	/* sent */
};

struct world {
	struct node	 node[WORLD_NODES];
	size_t		 n_nodes;
	uint64_t	 now_us;
	struct al_rng	 rng;
	struct al_budget budget;
	uint64_t	 delay_us, jitter_us;
	size_t		 wire_max;	/* what a socket takes             */
	size_t		 chunk;		/* 0: as much as there is          */
	uint64_t	 seed, events;
	char		 trace[TRACE][80];
	/* the test's side */
	void		(*on_event)(struct node *n, const struct al_event *ev);
	void		(*on_turn)(struct node *n, const struct al_turn *t);
};

static inline void
world_dump(const struct world *w)
{
	uint64_t i = w->events > TRACE ? w->events - TRACE : 0;

	for (; i < w->events; i++)
		fprintf(stderr, "# %8llu %s\n", (unsigned long long)i,
		    w->trace[i % TRACE]);
	fprintf(stderr, "# seed %llu, event %llu, time %llu us\n",
	    (unsigned long long)w->seed, (unsigned long long)w->events,
	    (unsigned long long)w->now_us);
}

#define WORLD_CHECK(w, x) ((x) ? (void)0 : (world_dump(w), fprintf(stderr, \
    "%s:%d: %s\n", __FILE__, __LINE__, #x), abort()))
#define WORLD_TRACE(w, ...) (void)snprintf((w)->trace[(w)->events++ % TRACE], \
    sizeof((w)->trace[0]), __VA_ARGS__)

/* 0 to n - 1 */
static inline size_t
rnd(struct world *w, size_t n)
{
	return (size_t)(al_rng_u64(&w->rng) >> 11) % n;
}

/* --- paths ----------------------------------------------------------------- */
static inline void
wire_put(struct node *from, const struct al_msg *msg)
{
	struct world *w = from->w;
	struct wire *to = &from->peer->in;
	struct al_ws_frame f = { .op = AL_WS_BINARY, .fin = true,
	    .len = msg->front_len + msg->rec_len,
	    .masked = from->role == AL_WS_CLIENT };
	struct seg *g = malloc(sizeof(*g) + AL_WS_HEADER_MAX + f.len);
	uint64_t at_us = w->now_us + w->delay_us +
	    (w->jitter_us ? rnd(w, w->jitter_us) : 0);
	size_t n;

	WORLD_CHECK(w, g != NULL && f.len <= AL_MSG_MAX);
	memcpy(f.key, &(uint32_t){ al_rng_u32(&w->rng) }, 4);
	n = al_ws_encode(g->p, &f);
	memcpy(g->p + n, msg->front, msg->front_len);
	if (msg->rec_len > 0) {
		memcpy(g->p + n + msg->front_len, msg->rec, msg->rec_len);
		/* the caller may put headers there */
		memset(msg->rec - AL_MSG_HEADROOM, 0xaa, AL_MSG_HEADROOM);
	}
	if (f.masked)
		al_ws_mask(g->p + n, g->p + n, f.len, f.key, 0);
	g->next = NULL;
	g->off = 0;
	g->len = n + f.len;
	g->at_us = at_us < to->last_us ? to->last_us : at_us;
	to->last_us = g->at_us;
	to->bytes += g->len;
	*to->tail = g;
	to->tail = &g->next;
	from->records += msg->rec_len > 0;
}

static inline size_t
wire_get(struct node *n, uint8_t *p, size_t cap)
{
	struct wire *in = &n->in;
	struct seg *g = in->head;
	size_t len;

	if (g == NULL || g->at_us > n->w->now_us)
		return 0;
	len = g->len - g->off < cap ? g->len - g->off : cap;
	if (n->w->chunk != 0 && len > 1)
		len = 1 + rnd(n->w, len < n->w->chunk ? len : n->w->chunk);
	memcpy(p, g->p + g->off, len);
	g->off += len;
	in->bytes -= len;
	if (g->off == g->len) {
		in->head = g->next;
		if (in->head == NULL)
			in->tail = &in->head;
		free(g);
	}
	return len;
}

/* --- moving ---------------------------------------------------------------- */
static inline void
node_events(struct node *n, size_t max)
{
	struct al_event ev;

	while (max-- > 0 && al_session_next(n->s, &ev))
		n->w->on_event(n, &ev);
}

/* Read once; false: nothing is there. */
static inline bool
node_read(struct node *n)
{
	struct world *w = n->w;
	struct al_ws_event ev;
	struct al_err err = { .text = "" };
	enum al_code code;
	size_t cap, len;
	uint8_t *p = al_ws_room(&n->ws, &cap);

	WORLD_CHECK(w, p != NULL && cap > 0);
	len = wire_get(n, p, cap);
	if (len == 0)
		return false;
	al_ws_commit(&n->ws, len);
	while ((code = al_ws_next(&n->ws, &ev, &err)) == AL_OK) {
		WORLD_CHECK(w, ev.type == AL_WS_MESSAGE);
		code = al_link_feed(n->l, &ev.block, w->now_us, &err);
		al_ws_done(&n->ws, ev.block);
		if (code != AL_OK)
			break;
	}
	if (code != AL_AGAIN)
		fprintf(stderr, "# %s\n", err.text);
	WORLD_CHECK(w, code == AL_AGAIN);
	if (rnd(w, 4) == 0)
		al_ws_trim(&n->ws);
	return true;
}

/* Send up to max messages while the path takes them. */
static inline size_t
node_write(struct node *n, size_t max)
{
	struct world *w = n->w;
	struct al_turn t;
	struct al_msg msg;
	size_t sent;

	for (sent = 0; sent < max && n->peer->in.bytes < w->wire_max;
	    sent++) {
		while (al_session_turn(n->s, w->now_us, &t)) {
			WORLD_CHECK(w, t.cap > 0 && t.cap <= AL_DATA_MAX &&
			    t.max >= t.cap && t.max <= AL_DATA_MAX);
			w->on_turn(n, &t);
		}
		if (!al_link_take(n->l, w->now_us, &msg))
			break;
		wire_put(n, &msg);
	}
	return sent;
}

static inline void
node_time(struct node *n)
{
	if (al_session_expiry(n->s) > n->w->now_us)
		return;
	al_session_expired(n->s, n->w->now_us);
	WORLD_CHECK(n->w, al_session_is_up(n->s) || n->l->state == L_HELLO ||
	    n->l->state == L_START);
	WORLD_CHECK(n->w, al_session_expiry(n->s) > n->w->now_us);
}

/* The next moment at which something happens by itself. */
static inline uint64_t
world_next(const struct world *w)
{
	uint64_t at = UINT64_MAX, t;
	size_t i;

	for (i = 0; i < w->n_nodes; i++) {
		t = al_session_expiry(w->node[i].s);
		at = t < at ? t : at;
		t = w->node[i].in.head != NULL ? w->node[i].in.head->at_us :
		    UINT64_MAX;
		at = t < at ? t : at;
	}
	return at;
}

/* Everything that can move at this moment moves; false: nothing did. */
static inline bool
world_move(struct world *w)
{
	bool any = false;
	size_t i;

	for (i = 0; i < w->n_nodes; i++) {
		node_time(&w->node[i]);
		while (node_read(&w->node[i]))
			any = true;
		node_events(&w->node[i], SIZE_MAX);
		any |= node_write(&w->node[i], SIZE_MAX) > 0;
	}
	return any;
}

/* --- what must hold at every moment ---------------------------------------- */
static inline void
chan_check(const struct world *w, const struct al_chan *c, size_t *windows,
    size_t *held)
{
	const struct al_block *b;

	*windows += c->window - WINDOW_MIN;
	for (b = c->head; b != NULL; b = b->next) {
		*held += b->cap;
		WORLD_CHECK(w, b->off + b->len <= b->cap);
	}
	if (c->bits & C_DEAD)
		WORLD_CHECK(w, c->head == NULL && c->queued == 0);
	else if (!(c->bits & C_FIN_RCVD))
		WORLD_CHECK(w, c->recv_credit + c->owed + c->queued ==
		    c->window);
	WORLD_CHECK(w, c->queued <= c->window || (c->bits & C_FIN_RCVD));
	WORLD_CHECK(w, !(c->bits & C_ON_EV) == (c->tell == 0));
	WORLD_CHECK(w, (c->bits & C_ON_CTL) || c->due == 0);
}

static inline size_t
node_check(const struct node *n)
{
	const struct world *w = n->w;
	const struct al_session *s = n->s;
	size_t windows = 0, held = 0, ring = 0, pending = 0, channels = 0;
	size_t asked = 0;
	const struct al_chan *c;
	const struct al_block *b;
	uint64_t pos = s->ring_head != NULL ? s->ring_head->pos : s->sealed;

	TAILQ_FOREACH(c, &s->all, all) {
		chan_check(w, c, &windows, &held);
		pending += (c->bits & C_PENDING) != 0;
		asked += (c->bits & C_ASKED) != 0;
		channels++;
	}
	for (b = s->ring_head; b != NULL; b = b->next) {
		WORLD_CHECK(w, b->pos == pos);
		pos += b->len;
		ring += b->cap;
	}
	WORLD_CHECK(w, pos == s->sealed);
	WORLD_CHECK(w, s->acked <= s->sent && s->sent <= s->sealed);
	WORLD_CHECK(w, ring == s->ring_bytes);
	/* one record more than the bound, or a small one and a block */
	WORLD_CHECK(w, ring < s->ring_max + 2 * (AL_TLS_RECORD + 2200));
	WORLD_CHECK(w, windows == s->window_used);
	WORLD_CHECK(w, windows <= s->window_budget);
	WORLD_CHECK(w, held == s->buffered);
	WORLD_CHECK(w, pending == s->n_pending && pending <= s->max_pending);
	WORLD_CHECK(w, asked == s->n_asked && asked <= s->max_pending);
	WORLD_CHECK(w, channels == s->n_channels);
	return windows + s->ring_max - n->ring_max0;
}

static inline void
world_check(const struct world *w)
{
	size_t used = 0, i;

	for (i = 0; i < w->n_nodes; i++)
		used += node_check(&w->node[i]);
	WORLD_CHECK(w, used == w->budget.used && used <= w->budget.max);
}

/* --- life ------------------------------------------------------------------ */
static inline void
world_pair(struct world *w, struct al_session_opts o, size_t ring_max)
{
	struct node *n = &w->node[w->n_nodes];
	const struct al_hello hello = { .min_version = 1, .max_version = 1 };
	struct al_err err;
	size_t i;

	o.process = &w->budget;
	for (i = 0; i < 2; i++) {
		o.role = i == 0 ? AL_OPENER : AL_ACCEPTOR;
		n[i] = (struct node){ .w = w, .peer = &n[1 - i],
		    .role = i == 0 ? AL_WS_CLIENT : AL_WS_SERVER };
		n[i].s = al_session_new(&o, w->now_us, &err);
		WORLD_CHECK(w, n[i].s != NULL);
		n[i].s->ring_max = n[i].ring_max0 = ring_max;
		n[i].l = i == 0 ? al_link_open(n[i].s, w->now_us, &err) :
		    al_link_accept(n[i].s, &hello, w->now_us, &err);
		WORLD_CHECK(w, n[i].l != NULL);
		n[i].in.tail = &n[i].in.head;
		al_ws_init(&n[i].ws, n[i].role);
	}
	w->n_nodes += 2;
	/* HELLO is read by whoever makes the session */
	struct al_msg msg;
	WORLD_CHECK(w, al_link_take(n[0].l, w->now_us, &msg));
}

/* now_us, rng, delays and so on of w are set. */
static inline void
world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->now_us = 1000000 + seed % 1000;
	w->wire_max = 1 << 18;
	w->budget.max = SIZE_MAX / 2;
	al_rng_seed(&w->rng, seed);
}

static inline void
world_fini(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n_nodes; i++) {
		struct node *n = &w->node[i];
		struct seg *g;

		while ((g = n->in.head) != NULL) {
			n->in.head = g->next;
			free(g);
		}
		n->s->ring_max += RING_MIN - n->ring_max0;
		al_session_free(n->s);
		al_ws_fini(&n->ws);
	}
	WORLD_CHECK(w, w->budget.used == 0);
}

#endif
