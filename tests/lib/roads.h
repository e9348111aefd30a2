/* tests/lib/roads.h - one session of real engines, and many links for it.
 *
 * Node 0 of a world is the opener, node 1 the acceptor.  A road is one
 * connection between them: it delays, is cut at any place, also within a
 * message, swallows what it gets, or is closed by an end.
 */
#ifndef AL_TEST_ROADS_H
#define AL_TEST_ROADS_H

#include "tests/lib/world.h"

#define ROADS		16
#define ROAD_HELLOS	32		/* old ones, kept to be sent again */

struct parcel {
	struct parcel	*next;
	uint64_t	 at_us;
	bool		 part, eof;	/* cut off within; the end */
	struct al_block	*blk;
};

/* What goes to one end, and that end. */
struct road_end {
	struct al_link	*l;
	bool		 open;
	struct parcel	*head, **tail;
	size_t		 bytes;
	uint64_t	 last_us;
	bool		 dead;		/* nothing comes through any more  */
	size_t		 doom;		/* so many come through, then dead */
	struct al_msg	 held;		/* its writer is in the middle     */
	bool		 holds;
};

struct road {
	bool		 used, greeted;
	bool		 replay;	/* of an old HELLO, by nobody */
	uint64_t	 delay_us, jitter_us;
	size_t		 wire_max;	/* what a socket takes        */
	struct road_end	 end[2];
};

struct roads {
	struct world	 w;		/* first */
	struct road	 road[ROADS];
	struct al_session_opts opts;	/* the acceptor's */
	struct al_block	*hello[ROAD_HELLOS];
	size_t		 hellos;
	size_t		 stale;		/* judged so */
	size_t		 again;		/* START on a link that had sent it */
};

static inline struct roads *
roads_of(struct node *n)
{
	return (struct roads *)n->w;
}

static inline size_t
side_of(const struct node *n)
{
	return (size_t)(n - n->w->node);
}

/* --- parcels -------------------------------------------------------------- */
static inline void
parcel_free(struct parcel *p)
{
	al_block_free(p->blk);
	free(p);
}

static inline void
road_push(struct roads *rs, struct road *r, size_t to, struct parcel *p)
{
	struct road_end *e = &r->end[to];
	uint64_t at = rs->w.now_us + r->delay_us +
	    (r->jitter_us ? rnd(&rs->w, r->jitter_us) : 0);

	p->at_us = at < e->last_us ? e->last_us : at;
	e->last_us = p->at_us;
	e->bytes += p->blk != NULL ? p->blk->len : 0;
	if (e->doom > 0 && --e->doom == 0)
		e->dead = true;
	if (!e->open || e->dead) {
		parcel_free(p);		/* the socket took it all the same */
		return;
	}
	*e->tail = p;
	e->tail = &p->next;
}

static inline struct parcel *
road_pop(struct road_end *e)
{
	struct parcel *p = e->head;

	e->head = p->next;
	if (e->head == NULL)
		e->tail = &e->head;
	e->bytes -= p->blk != NULL ? p->blk->len : 0;
	return p;
}

static inline void
road_drop(struct road_end *e, size_t keep)
{
	struct parcel **p = &e->head, *q;

	while (*p != NULL && keep-- > 0)
		p = &(*p)->next;
	q = *p;
	*p = NULL;
	e->tail = p;
	while (q != NULL) {
		struct parcel *next = q->next;

		e->bytes -= q->blk != NULL ? q->blk->len : 0;
		parcel_free(q);
		q = next;
	}
}

static inline struct parcel *
parcel_new(struct world *w, size_t len)
{
	struct parcel *p = calloc(1, sizeof(*p));

	WORLD_CHECK(w, p != NULL);
	if (len > 0) {
		p->blk = al_block_new(len);
		WORLD_CHECK(w, p->blk != NULL);
		p->blk->len = (uint32_t)len;
	}
	return p;
}

static inline void
road_send(struct roads *rs, struct road *r, size_t to,
    const struct al_msg *msg)
{
	struct parcel *p = parcel_new(&rs->w, msg->front_len + msg->rec_len);
	uint8_t *at = al_block_head(p->blk);

	memcpy(at, msg->front, msg->front_len);
	if (msg->rec_len > 0)
		memcpy(at + msg->front_len, msg->rec, msg->rec_len);
	road_push(rs, r, to, p);
}

static inline void
road_send_eof(struct roads *rs, struct road *r, size_t to)
{
	struct parcel *p = parcel_new(&rs->w, 0);

	p->eof = true;
	road_push(rs, r, to, p);
}

/* --- roads ---------------------------------------------------------------- */
static inline struct road *
road_new(struct roads *rs)
{
	struct road *r = rs->road;
	size_t i;

	while (r < rs->road + ROADS && r->used)
		r++;
	if (r == rs->road + ROADS)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->used = true;
	for (i = 0; i < 2; i++) {
		r->end[i].open = true;
		r->end[i].tail = &r->end[i].head;
	}
	return r;
}

static inline struct road *
road_of(struct roads *rs, const struct al_link *l)
{
	struct road *r;

	for (r = rs->road; r < rs->road + ROADS; r++)
		if (r->used && (r->end[0].l == l || r->end[1].l == l))
			return r;
	WORLD_CHECK(&rs->w, r < rs->road + ROADS);	/* a link without a road */
	return NULL;
}

/* One end closes; the other hears of it, unless the road is dead. */
static inline void
road_close(struct roads *rs, struct road *r, size_t side)
{
	struct road_end *e = &r->end[side];

	if (!e->open)
		return;
	e->open = false;
	e->holds = false;
	al_link_free(e->l, rs->w.now_us);
	e->l = NULL;
	road_drop(e, 0);
	road_send_eof(rs, r, 1 - side);
	if (!r->end[1 - side].open)
		r->used = false;
}

/* Cut: some of what is under way still arrives, perhaps half of a message;
 * whether an end is told is another matter. */
static inline void
road_cut(struct roads *rs, struct road *r)
{
	struct world *w = &rs->w;
	struct parcel *p;
	size_t i, keep, n;

	for (i = 0; i < 2; i++) {
		struct road_end *e = &r->end[i];

		if (!e->open || e->dead)
			continue;
		for (n = 0, p = e->head; p != NULL; p = p->next)
			n++;
		keep = rnd(w, n + 1);
		road_drop(e, keep);
		for (p = e->head; p != NULL && p->next != NULL; p = p->next)
			;
		if (p != NULL && p->blk != NULL && rnd(w, 2) == 0)
			p->part = true;
		if (rnd(w, 4) > 0) {
			e->last_us += rnd(w, 2) ? 0 : rnd(w, 3000000);
			road_send_eof(rs, r, i);
		}
		e->dead = true;
	}
}

/* --- the acceptor's gate -------------------------------------------------- */
static inline void
road_reject(struct roads *rs, struct road *r, uint8_t status)
{
	struct al_welcome welcome = { .status = status,
	    .version = AL_PROTOCOL_VERSION };
	struct al_msg msg = { .rec_len = 0 };

	msg.front_len = al_frame_encode_welcome(msg.front, sizeof(msg.front),
	    &welcome);
	road_send(rs, r, 0, &msg);
	road_close(rs, r, 1);
}

/* A session without START dies with its links. */
static inline void
roads_forget(struct roads *rs)
{
	struct node *n = &rs->w.node[1];
	struct road *r;

	for (r = rs->road; r < rs->road + ROADS; r++)
		if (r->used && r->end[1].l != NULL)
			road_close(rs, r, 1);
	if (n->s != NULL)
		n->s->ring_max += RING_MIN - n->ring_max0;
	al_session_free(n->s);
	n->s = NULL;
	rs->opts.resume_key[0]++;	/* the next one's, and its id */
	rs->opts.id[0]++;
}

static inline struct al_link *
road_accept(struct roads *rs, const struct al_frame *f,
    const struct al_hello *h, enum al_welcome_status *status)
{
	static const uint8_t zero[AL_SESSION_ID_LEN];
	struct node *n = &rs->w.node[1];
	struct al_err err;

	if (memcmp(h->id, zero, sizeof(zero)) == 0) {
		*status = AL_WELCOME_LIMIT;
		if (n->s != NULL && n->s->settled)
			return NULL;
		*status = AL_WELCOME_NEW;
		roads_forget(rs);
		n->s = al_session_new(&rs->opts, rs->w.now_us, &err);
		WORLD_CHECK(&rs->w, n->s != NULL);
		n->s->ring_max = n->ring_max0;
		return al_link_accept(n->s, h, rs->w.now_us, &err);
	}
	*status = n->s == NULL ? AL_WELCOME_UNKNOWN :
	    al_session_resume(n->s, f, h);
	return *status == AL_WELCOME_RESUMED ?
	    al_link_accept(n->s, h, rs->w.now_us, &err) : NULL;
}

static inline void
keep_hello(struct roads *rs, const struct al_block *b)
{
	struct al_block *copy = al_block_new(b->len);
	struct al_block **at = &rs->hello[rs->hellos++ % ROAD_HELLOS];

	WORLD_CHECK(&rs->w, copy != NULL);
	memcpy(al_block_head(copy), b->data + b->off, b->len);
	copy->len = b->len;
	al_block_free(*at);
	*at = copy;
}

static inline void
road_greet(struct roads *rs, struct road *r, const struct al_block *b)
{
	enum al_welcome_status status;
	struct al_frame f;
	struct al_hello h;
	struct al_err err;

	r->greeted = true;
	WORLD_CHECK(&rs->w, al_frame_decode(&f, b->data + b->off, b->len,
	    &err) == AL_OK && f.type == AL_F_HELLO);
	WORLD_CHECK(&rs->w, al_frame_decode_hello(&f, &h, &err) == AL_OK);
	r->end[1].l = road_accept(rs, &f, &h, &status);
	WORLD_CHECK(&rs->w, !r->replay || r->end[1].l == NULL);
	rs->stale += status == AL_WELCOME_STALE;
	if (!r->replay && status == AL_WELCOME_RESUMED)
		keep_hello(rs, b);
	if (r->end[1].l == NULL)
		road_reject(rs, r, (uint8_t)status);
}

/* --- moving --------------------------------------------------------------- */
/* One parcel at one end; false: none is there. */
static inline bool
road_read(struct roads *rs, struct road *r, size_t side)
{
	struct road_end *e = &r->end[side];
	struct world *w = &rs->w;
	struct al_err err = { .text = "" };
	struct parcel *p = e->head;
	enum al_code code = AL_OK;

	if (!r->used || !e->open || p == NULL || p->at_us > w->now_us)
		return false;
	(void)road_pop(e);
	if (p->eof) {
		road_close(rs, r, side);
	} else if (p->part) {
		if (e->l != NULL)
			al_link_alive(e->l, w->now_us);
	} else if (side == 1 && !r->greeted) {
		road_greet(rs, r, p->blk);
	} else if (e->l != NULL) {
		code = al_link_feed(e->l, &p->blk, w->now_us, &err);
	}
	if (code != AL_OK)
		fprintf(stderr, "# side %zu: %s\n", side, err.text);
	WORLD_CHECK(w, code == AL_OK);
	parcel_free(p);
	return true;
}

static inline bool
road_write(struct roads *rs, struct road *r, size_t side)
{
	struct road_end *e = &r->end[side], *to = &r->end[1 - side];
	struct node *n = &rs->w.node[side];
	struct world *w = &rs->w;
	struct al_turn t;
	bool started;

	if (!r->used || !e->open || e->l == NULL)
		return false;
	if (!e->holds) {
		if (to->bytes >= r->wire_max)
			return false;
		while (al_session_turn(n->s, w->now_us, &t))
			w->on_turn(n, &t);
		started = e->l->may_send;
		if (!al_link_take(e->l, w->now_us, &e->held))
			return false;
		rs->again += started && e->held.front_len > 0 &&
		    e->held.front[0] == AL_F_START;
		n->records += e->held.rec_len > 0;
		e->holds = true;
		if (rnd(w, 4) == 0)	/* the rest goes later */
			return true;
	}
	e->holds = false;
	road_send(rs, r, 1 - side, &e->held);
	return true;
}

static inline void
roads_events(struct roads *rs, size_t side, size_t max)
{
	if (rs->w.node[side].s != NULL)
		node_events(&rs->w.node[side], max);
}

static inline void
roads_time(struct roads *rs)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		struct al_session *s = rs->w.node[i].s;

		if (s == NULL || al_session_expiry(s) > rs->w.now_us)
			continue;
		al_session_expired(s, rs->w.now_us);
		WORLD_CHECK(&rs->w, al_session_expiry(s) > rs->w.now_us);
	}
}

static inline uint64_t
roads_next(const struct roads *rs)
{
	uint64_t at = UINT64_MAX, t;
	const struct road *r;
	size_t i;

	for (i = 0; i < 2; i++) {
		t = rs->w.node[i].s != NULL ?
		    al_session_expiry(rs->w.node[i].s) : UINT64_MAX;
		at = t < at ? t : at;
		for (r = rs->road; r < rs->road + ROADS; r++)
			if (r->used && r->end[i].open &&
			    r->end[i].head != NULL &&
			    r->end[i].head->at_us < at)
				at = r->end[i].head->at_us;
	}
	return at;
}

/* Everything that can move at this moment moves; false: nothing did. */
static inline bool
roads_move(struct roads *rs)
{
	struct road *r;
	bool any = false;
	size_t i;

	roads_time(rs);
	for (i = 0; i < 2; i++)
		for (r = rs->road; r < rs->road + ROADS; r++)
			while (road_read(rs, r, i))
				any = true;
	for (i = 0; i < 2; i++)
		roads_events(rs, i, SIZE_MAX);
	for (i = 0; i < 2; i++)
		for (r = rs->road; r < rs->road + ROADS; r++)
			while (road_write(rs, r, i))
				any = true;
	return any;
}

/* A road that both ends take for live, and that is: no session may end. */
static inline bool
roads_healthy(const struct roads *rs)
{
	const struct road *r;

	for (r = rs->road; r < rs->road + ROADS; r++)
		if (r->used && r->end[0].l != NULL && r->end[1].l != NULL &&
		    r->end[0].l->state == L_LIVE &&
		    r->end[1].l->state == L_LIVE &&
		    !r->end[0].dead && !r->end[1].dead)
			return true;
	return false;
}

static inline struct road *
roads_dial(struct roads *rs)
{
	struct road *r = rs->w.node[0].s->over ? NULL : road_new(rs);
	struct al_err err;

	if (r == NULL)
		return NULL;
	r->end[0].l = al_link_open(rs->w.node[0].s, rs->w.now_us, &err);
	WORLD_CHECK(&rs->w, r->end[0].l != NULL);
	return r;
}

/* --- life ----------------------------------------------------------------- */
static inline void
roads_init(struct roads *rs, uint64_t seed)
{
	memset(rs, 0, sizeof(*rs));
	world_init(&rs->w, seed);
}

/* w's knobs are set. */
static inline void
roads_start(struct roads *rs, struct al_session_opts o, size_t ring_max)
{
	struct world *w = &rs->w;
	struct al_err err;
	size_t i;

	o.process = &w->budget;
	for (i = 0; i < 2; i++) {
		w->node[i] = (struct node){ .w = w, .peer = &w->node[1 - i],
		    .ring_max0 = ring_max };
		w->node[i].in.tail = &w->node[i].in.head;
	}
	o.role = AL_OPENER;
	w->node[0].s = al_session_new(&o, w->now_us, &err);
	WORLD_CHECK(w, w->node[0].s != NULL);
	w->node[0].s->ring_max = ring_max;
	rs->opts = o;
	rs->opts.role = AL_ACCEPTOR;
	memset(rs->opts.id, 7, sizeof(rs->opts.id));
	memset(rs->opts.resume_key, 9, sizeof(rs->opts.resume_key));
}

static inline void
roads_check(const struct roads *rs)
{
	size_t used = 0, i;

	for (i = 0; i < 2; i++)
		if (rs->w.node[i].s != NULL)
			used += node_check(&rs->w.node[i]);
	WORLD_CHECK(&rs->w, used == rs->w.budget.used);
}

static inline void
roads_fini(struct roads *rs)
{
	struct road *r;
	size_t i;

	for (r = rs->road; r < rs->road + ROADS; r++)
		for (i = 0; i < 2 && r->used; i++)
			road_drop(&r->end[i], 0);
	for (i = 0; i < ROAD_HELLOS; i++)
		al_block_free(rs->hello[i]);
	for (i = 0; i < 2; i++) {
		struct node *n = &rs->w.node[i];

		if (n->s == NULL)
			continue;
		n->s->ring_max += RING_MIN - n->ring_max0;
		al_session_free(n->s);
	}
	WORLD_CHECK(&rs->w, rs->w.budget.used == 0);
}

#endif
