/* tests/flow/test_session_flow.c - sessions against each other, at random.
 *
 * AL_FLOW_EVENTS: how many events in all; AL_FLOW_SEED: this seed only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/world.h"

#define CONVS		1000
#define PERIOD		65521u		/* of the pattern, a prime */
#define RUN_EVENTS	8000u		/* of one seed             */

static uint8_t pattern[PERIOD + 65536];

/* --- one conversation and its two ends ------------------------------------ */
struct end {
	struct node	*n;
	struct al_chan	*c;		/* NULL: left */
	struct conv	*cv;
	struct end	*twin;		/* a relay's other end */
	unsigned	 side;
	bool		 waiting;	/* OPEN is not answered        */
	bool		 in_blocks;	/* sends by commit_block       */
	bool		 slow;		/* reads now and then          */
	bool		 fin_sent, fin_got, fin;
	size_t		 want, sent, avail, got;
	struct al_block	*blk;
};

struct conv {
	size_t		 key;
	struct end	 end[2];
	struct end	 relay[2];	/* from the opener, to the target */
	bool		 killed;	/* by a RESET or REFUSE of ours   */
};

struct flow {
	struct world	 w;		/* first */
	struct conv	*cv;
	size_t		 n_cv, live, live_max;
	bool		 relay, draining;
	size_t		 bytes, resets, refused, whole, copied;
};

static struct flow *
flow_of(struct node *n)
{
	return (struct flow *)n->w;
}

static const uint8_t *
bytes_at(const struct end *e, unsigned from_side, size_t pos)
{
	return pattern + (e->cv->key * 7919 + from_side * 31337 + pos) %
	    PERIOD;
}

static void
leave(struct end *e)
{
	e->c = NULL;
	flow_of(e->n)->live -= e == &e->cv->end[0];
	al_block_free(e->blk);
	e->blk = NULL;
}

static void
leave_if_done(struct end *e)
{
	if (e->c == NULL || !e->fin_sent || !e->fin_got)
		return;
	al_chan_free(e->c);
	leave(e);
}

/* --- sending -------------------------------------------------------------- */
static void
make_readable(struct end *e)
{
	if (e->c != NULL && !e->fin_sent &&
	    (e->avail > 0 || e->sent == e->want))
		al_chan_set_readable(e->c);
}

static struct al_block *
make_block(struct end *e)
{
	struct world *w = e->n->w;
	size_t max = rnd(w, 3) == 0 ? 3000 : AL_DATA_MAX;
	size_t n = e->avail < max ? e->avail : max;
	struct al_block *b = al_block_new(n + rnd(w, 2000));

	WORLD_CHECK(w, b != NULL);
	if (rnd(w, 8) == 0)
		b->off = AL_HEADROOM - 1;	/* no room for headers */
	memcpy(al_block_head(b), bytes_at(e, e->side, e->sent), n);
	b->len = (uint32_t)n;
	return b;
}

static void
turn_of_end(struct end *e, const struct al_turn *t)
{
	struct flow *f = flow_of(e->n);
	struct world *w = &f->w;
	bool blocks = e->in_blocks && e->avail > 0;
	size_t n = e->avail < t->cap ? e->avail : t->cap, was;
	unsigned flags = 0;

	WORLD_CHECK(w, !e->fin_sent && e->c == t->chan);
	if (blocks && e->blk == NULL)
		e->blk = make_block(e);
	was = n = blocks ? e->blk->len : n;
	if (e->sent + n == e->want && rnd(w, 2) == 0)
		flags |= AL_TURN_FIN;
	else if (e->avail == n && e->sent + n != e->want)
		flags |= AL_TURN_DRAINED;
	if (blocks) {
		n = al_session_commit_block(e->n->s, t, &e->blk, flags,
		    w->now_us);
		WORLD_CHECK(w, n > 0 && (n == was) == (e->blk == NULL));
		if (n < was)
			flags = 0;
	} else {
		memcpy(t->p, bytes_at(e, e->side, e->sent), n);
		al_session_commit(e->n->s, t, n, flags, w->now_us);
	}
	e->sent += n;
	e->avail -= n;
	f->bytes += n;
	if (flags & AL_TURN_FIN)
		e->fin_sent = true;
	leave_if_done(e);
}

static void
turn_of_relay(struct end *to, const struct al_turn *t)
{
	struct flow *f = flow_of(to->n);
	struct world *w = &f->w;
	struct end *from = to->twin;
	struct al_block *b = al_chan_take(from->c), *was = b;
	size_t n;

	if (b == NULL) {
		to->fin = al_chan_is_ended(from->c);
		al_session_commit(to->n->s, t, 0, to->fin ? AL_TURN_FIN :
		    AL_TURN_DRAINED, w->now_us);
		if (to->fin && from->fin) {
			al_chan_free(to->c);
			al_chan_free(from->c);
			leave(to);
			leave(from);
		}
		return;
	}
	n = al_session_commit_block(to->n->s, t, &b, 0, w->now_us);
	WORLD_CHECK(w, n > 0);
	if (b != NULL)
		al_chan_untake(from->c, b);
	else if (to->n->s->ring_tail == was)
		f->whole++;
	else
		f->copied++;
	al_chan_consumed(from->c, n, w->now_us);
}

static void
on_turn(struct node *n, const struct al_turn *t)
{
	struct end *e = al_chan_user(t->chan);

	WORLD_CHECK(n->w, e != NULL && e->c == t->chan);
	if (e->twin != NULL)
		turn_of_relay(e, t);
	else
		turn_of_end(e, t);
}

/* --- receiving ------------------------------------------------------------ */
static void
read_end(struct end *e, size_t max)
{
	struct world *w = e->n->w;
	struct al_span v[4];
	size_t i, n, len, used = 0;

	while (used < max && (n = al_chan_peek(e->c, v, 4)) > 0) {
		for (i = len = 0; i < n && used + len < max; i++) {
			size_t m = v[i].len < max - used - len ? v[i].len :
			    max - used - len;

			WORLD_CHECK(w, m > 0 && memcmp(v[i].p, bytes_at(e,
			    1 - e->side, e->got + len), m) == 0);
			len += m;
		}
		al_chan_consume(e->c, len, w->now_us);
		e->got += len;
		used += len;
	}
	WORLD_CHECK(w, e->got <= e->cv->end[1 - e->side].sent);
	if (al_chan_is_ended(e->c))
		e->fin_got = true;
	leave_if_done(e);
}

static void
got_data(struct end *e)
{
	struct world *w = e->n->w;

	if (e->twin != NULL) {
		if (!e->twin->fin && e->twin->c != NULL)
			al_chan_set_readable(e->twin->c);
	} else if (!e->waiting && (!e->slow || rnd(w, 8) == 0)) {
		read_end(e, SIZE_MAX);
	}
}

/* --- life of channels ----------------------------------------------------- */
static void
end_init(struct end *e, struct node *n, struct conv *cv, unsigned side)
{
	struct world *w = n->w;
	static const size_t sizes[] = { 0, 1, 100, 2047, 2048, 16384, 20000,
	    70000, 300000 };

	*e = (struct end){ .n = n, .cv = cv, .side = side };
	e->want = sizes[rnd(w, sizeof(sizes) / sizeof(sizes[0]))];
	if (e->want > 100)
		e->want -= rnd(w, 100);
	e->in_blocks = rnd(w, 2) == 0;
	e->slow = rnd(w, 4) == 0;
}

static void
open_conv(struct flow *f)
{
	size_t at = rnd(&f->w, 2);
	struct node *n = &f->w.node[f->relay ? at * 2 : at];
	struct conv *cv = &f->cv[f->n_cv];
	char json[64];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };
	struct al_err err;

	if (f->n_cv == CONVS || f->live == f->live_max)
		return;
	memset(cv, 0, sizeof(*cv));
	cv->key = f->n_cv;
	(void)snprintf(json, sizeof(json), "%zu", cv->key);
	end_init(&cv->end[0], n, cv, 0);
	cv->end[0].c = al_chan_open(n->s, &o, &cv->end[0], f->w.now_us, &err);
	if (cv->end[0].c == NULL)
		WORLD_CHECK(&f->w, err.code == AL_ELIMIT);
	else
		f->live++, f->n_cv++;
}

static void
answer(struct end *e)
{
	struct flow *f = flow_of(e->n);

	e->waiting = false;
	if (rnd(&f->w, 8) == 0 && !f->draining) {
		f->refused++;
		e->cv->killed = true;
		al_chan_refuse(e->c, 3, "no");
		leave(e);
		return;
	}
	al_chan_accept(e->c, "{}");
	make_readable(e);
}

static void
reset_end(struct end *e)
{
	flow_of(e->n)->resets++;
	e->cv->killed = true;
	al_chan_reset(e->c, 11, "away");
	leave(e);
}

static void
on_open(struct flow *f, struct node *n, const struct al_event *ev)
{
	struct conv *cv = &f->cv[strtoul(ev->text, NULL, 10)];
	struct end *e = &cv->end[1];
	struct node *to = &f->w.node[4 - (n - f->w.node)];
	struct al_open o = { .kind = ev->kind, .json = ev->text };
	struct al_err err;

	if (f->relay && (n - f->w.node) % 2 == 1) {
		struct end *r = cv->relay;

		r[0] = (struct end){ .n = n, .c = ev->chan, .cv = cv,
		    .twin = &r[1] };
		r[1] = (struct end){ .n = to, .cv = cv, .twin = &r[0] };
		r[1].c = al_chan_open(to->s, &o, &r[1], f->w.now_us, &err);
		if (r[1].c == NULL) {
			cv->killed = true;
			al_chan_refuse(ev->chan, 6, err.text);
			r[0].c = NULL;
			return;
		}
		al_chan_set_user(ev->chan, &r[0]);
		if (al_chan_queued(ev->chan) > 0 || al_chan_is_ended(ev->chan))
			al_chan_set_readable(r[1].c);
		return;
	}
	end_init(e, n, cv, 1);
	e->c = ev->chan;
	e->waiting = true;
	al_chan_set_user(e->c, e);
	if (f->draining || rnd(&f->w, 2) == 0)
		answer(e);
}

static void
on_gone(struct end *e, const struct al_event *ev)
{
	struct world *w = e->n->w;
	struct end *twin = e->twin;

	if (ev->code == AL_CHAN_LIMIT && ev->type == AL_EV_REFUSE)
		e->cv->killed = true;
	WORLD_CHECK(w, e->cv->killed);
	al_chan_free(e->c);
	leave(e);
	if (twin == NULL || twin->c == NULL)
		return;
	if (ev->type == AL_EV_REFUSE)
		al_chan_refuse(twin->c, ev->code, ev->text);
	else
		al_chan_reset(twin->c, ev->code, ev->text);
	leave(twin);
}

static void
on_event(struct node *n, const struct al_event *ev)
{
	struct flow *f = flow_of(n);
	struct end *e = ev->chan != NULL ? al_chan_user(ev->chan) : NULL;

	WORLD_CHECK(&f->w, ev->chan == NULL || ev->type == AL_EV_OPEN ||
	    (e != NULL && e->c == ev->chan));
	switch (ev->type) {
	case AL_EV_OPEN:
		on_open(f, n, ev);
		break;
	case AL_EV_ACCEPT:
		if (e->twin != NULL)
			al_chan_accept(e->twin->c, ev->text);
		break;
	case AL_EV_DATA:
		got_data(e);
		break;
	case AL_EV_WRITABLE:
		break;
	case AL_EV_REFUSE:
	case AL_EV_RESET:
		on_gone(e, ev);
		break;
	default:
		WORLD_CHECK(&f->w, ev->type == AL_EV_UP ||
		    ev->type == AL_EV_PONG);
	}
}

/* --- actions -------------------------------------------------------------- */
static struct end *
any_end(struct flow *f)
{
	size_t try, recent = 3 * f->live_max;
	struct end *e;

	if (recent > f->n_cv)
		recent = f->n_cv;
	for (try = 0; try < 8 && recent > 0; try++) {
		e = &f->cv[f->n_cv - 1 - rnd(&f->w, recent)]
		    .end[rnd(&f->w, 2)];
		if (e->c != NULL)
			return e;
	}
	return NULL;
}

static void
add_source(struct end *e, size_t n)
{
	size_t left = e->want - e->sent - e->avail;

	e->avail += n < left ? n : left;
	make_readable(e);
}

static void
act(struct flow *f)
{
	struct world *w = &f->w;
	size_t dice = rnd(w, 100), i = rnd(w, w->n_nodes);
	struct node *n = &w->node[i];
	struct end *e = any_end(f);

	if (dice < 30) {
		WORLD_TRACE(w, "read at %zu", i);
		if (node_read(n) && rnd(w, 8) > 0)
			node_events(n, SIZE_MAX);
	} else if (dice < 55) {
		WORLD_TRACE(w, "write at %zu", i);
		(void)node_write(n, 1 + rnd(w, 6));
	} else if (dice < 60) {
		uint64_t at = world_next(w);

		if (at <= w->now_us || rnd(w, 4) == 0)
			at = w->now_us + rnd(w, 2000);
		/* nobody is silent so long while there is something to do */
		while (at > w->now_us + 100000 && world_move(w))
			at = world_next(w);
		WORLD_TRACE(w, "time %llu", (unsigned long long)at);
		w->now_us = at;
		for (i = 0; i < w->n_nodes; i++)
			node_time(&w->node[i]);
	} else if (dice < 62) {
		WORLD_TRACE(w, "some events at %zu", i);
		node_events(n, 1 + rnd(w, 3));
	} else if (dice < 65) {
		WORLD_TRACE(w, "open %zu", f->n_cv);
		open_conv(f);
	} else if (e == NULL) {
		return;
	} else if (dice < 67 && e->waiting) {
		WORLD_TRACE(w, "answer %zu", e->cv->key);
		answer(e);
	} else if (dice == 67 && rnd(w, 12) == 0) {
		WORLD_TRACE(w, "reset %zu.%u", e->cv->key, e->side);
		reset_end(e);
	} else if (dice < 82) {
		WORLD_TRACE(w, "source %zu.%u", e->cv->key, e->side);
		add_source(e, 1 + rnd(w, rnd(w, 2) ? 40000 : 300));
	} else if (!e->waiting && e->slow) {
		WORLD_TRACE(w, "reader %zu.%u", e->cv->key, e->side);
		read_end(e, 1 + rnd(w, 30000));
	}
}

static bool
all_left(const struct flow *f)
{
	size_t i;

	for (i = 0; i < f->n_cv; i++)
		if (f->cv[i].end[0].c != NULL || f->cv[i].end[1].c != NULL ||
		    f->cv[i].relay[0].c != NULL ||
		    f->cv[i].relay[1].c != NULL)
			return false;
	return true;
}

static void
push_all(struct flow *f)
{
	size_t i, side;

	for (i = 0; i < f->n_cv; i++) {
		for (side = 0; side < 2; side++) {
			struct end *e = &f->cv[i].end[side];

			if (e->c == NULL)
				continue;
			e->slow = false;
			add_source(e, SIZE_MAX);
			if (e->waiting)
				answer(e);
			if (e->c != NULL)
				read_end(e, SIZE_MAX);
		}
	}
}

/* The sources end, the readers read: everything has to come to its end. */
static void
drain(struct flow *f)
{
	struct world *w = &f->w;
	unsigned round;

	f->draining = true;
	w->chunk = 0;
	for (round = 0; !all_left(f); round++) {
		uint64_t at;

		WORLD_CHECK(w, round < 5000);	/* it hangs */
		if (round % 16 == 0)
			push_all(f);
		while (world_move(w))
			;
		at = world_next(w);
		if (at > w->now_us)
			w->now_us = at;
		world_check(w);
	}
	/* the last ACKs */
	for (round = 0; round < 20; round++) {
		while (world_move(w))
			;
		w->now_us += 5000 + w->delay_us + w->jitter_us;
	}
}

static void
check_result(const struct flow *f)
{
	const struct world *w = &f->w;
	size_t i;

	for (i = 0; i < f->n_cv; i++) {
		const struct conv *cv = &f->cv[i];
		const struct end *a = &cv->end[0], *b = &cv->end[1];

		if (cv->killed)
			continue;
		WORLD_CHECK(w, a->sent == a->want && b->sent == b->want);
		WORLD_CHECK(w, a->got == b->want && b->got == a->want);
		WORLD_CHECK(w, a->fin_got && b->fin_got);
	}
	for (i = 0; i < w->n_nodes; i++) {
		const struct al_session *s = w->node[i].s;

		WORLD_CHECK(w, s->window_used == 0 && s->buffered == 0);
		WORLD_CHECK(w, s->n_channels == 0 && s->n_pending == 0);
		WORLD_CHECK(w, s->ring_head == NULL && s->open == NULL);
		WORLD_CHECK(w, s->acked == s->sealed);
		WORLD_CHECK(w, s->recv_pos == w->node[i].peer->s->sealed);
	}
}

static size_t
choose(struct world *w, const size_t *from, size_t n)
{
	return from[rnd(w, n)];
}

#define CHOOSE(w, ...) choose(w, (const size_t[]){ __VA_ARGS__ }, \
    sizeof((const size_t[]){ __VA_ARGS__ }) / sizeof(size_t))

static void
flow_init(struct flow *f, uint64_t seed)
{
	struct world *w = &f->w;
	struct al_session_opts o = { .software = "flow" };
	size_t ring_max;

	memset(f, 0, sizeof(*f));
	world_init(w, seed);
	w->on_event = on_event;
	w->on_turn = on_turn;
	f->relay = seed % 2 == 1;
	f->cv = calloc(CONVS, sizeof(*f->cv));
	WORLD_CHECK(w, f->cv != NULL);
	f->live_max = CHOOSE(w, 2, 10, 40);
	w->delay_us = CHOOSE(w, 0, 100, 3000, 40000);
	w->jitter_us = CHOOSE(w, 0, 500, 20000);
	w->wire_max = CHOOSE(w, 1, 30000, 1 << 18);
	w->chunk = CHOOSE(w, 0, 0, 10, 5000);
	w->budget.max = CHOOSE(w, SIZE_MAX / 2, 300000, 4000000);
	o.window_budget = CHOOSE(w, 0, 100000, 1000000);
	o.max_pending = (uint32_t)CHOOSE(w, 0, 1, 4);
	o.max_channels = (uint32_t)CHOOSE(w, 0, 0, 8);
	ring_max = CHOOSE(w, RING_MIN, 20000, 100000);
	world_pair(w, o, ring_max);
	if (f->relay)
		world_pair(w, o, ring_max);
}

static void
flow_fini(struct flow *f)
{
	size_t i;

	for (i = 0; i < f->n_cv; i++) {
		al_block_free(f->cv[i].end[0].blk);
		al_block_free(f->cv[i].end[1].blk);
	}
	world_fini(&f->w);
	free(f->cv);
}

static size_t
setting(const char *name, size_t otherwise)
{
	const char *v = getenv(name);

	return v != NULL ? strtoull(v, NULL, 10) : otherwise;
}

static void
at_random(void **state)
{
	size_t events = setting("AL_FLOW_EVENTS", 2000000), done, i;
	size_t only = setting("AL_FLOW_SEED", 0), bytes = 0, convs = 0;
	size_t resets = 0, refused = 0, whole = 0, copied = 0;
	uint64_t seed;

	(void)state;
	for (seed = only ? only : 1, done = 0; done < events; seed++) {
		struct flow f;

		flow_init(&f, seed);
		for (i = 0; i < RUN_EVENTS; i++) {
			act(&f);
			if (i % 128 == 0)
				world_check(&f.w);
		}
		/* one in eight is let go as it is */
		if (seed % 8 != 7) {
			drain(&f);
			check_result(&f);
		}
		done += RUN_EVENTS;
		bytes += f.bytes;
		convs += f.n_cv;
		resets += f.resets;
		refused += f.refused;
		whole += f.whole;
		copied += f.copied;
		flow_fini(&f);
		if (only)
			break;
	}
	print_message("# %zu events, %zu channels, %zu MiB, %zu resets, "
	    "%zu refused; relayed blocks: %zu whole, %zu copied\n", done,
	    convs, bytes >> 20, resets, refused, whole, copied);
	assert_true(only || (resets > 0 && refused > 0 && whole > 0 &&
	    copied > 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_random),
	};
	size_t i;

	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)((i % PERIOD) * 2654435761u >> 13);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
