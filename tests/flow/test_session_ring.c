/* tests/flow/test_session_ring.c - a full ring and a receiver that does not
 * read, with links that are cut and replaced (PROTOCOL 3.1, 4).
 *
 * Real engines at both ends, a clock of our own.  Both ends of each channel
 * send; full means waiting, never an error and never a byte less.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/roads.h"

#define CHANS	64
#define MS	UINT64_C(1000)
#define S	UINT64_C(1000000)

/* Index: the side that sends, that reads. */
struct pipe {
	size_t		 key;
	struct al_chan	*c[2];
	uint64_t	 want[2], sent[2], got[2];
	bool		 deaf[2];
};

struct flow {
	struct roads	 rs;		/* first */
	struct pipe	 pipe[CHANS];
	size_t		 n;
	unsigned	 detached[2], moved[2];
	struct road	*road;		/* the newest */
	uint64_t	 delay_us;
};

static uint8_t
byte_at(const struct pipe *p, size_t from, uint64_t i)
{
	return (uint8_t)((i * 2654435761u >> 11) ^ (i >> 9) ^
	    (2 * p->key + from));
}

/* --- channels ------------------------------------------------------------- */
static void
on_turn(struct node *n, const struct al_turn *t)
{
	struct pipe *p = al_chan_user(t->chan);
	size_t side = side_of(n), i, len;
	uint64_t left = p->want[side] - p->sent[side];

	len = left < t->cap ? (size_t)left : t->cap;
	for (i = 0; i < len; i++)
		t->p[i] = byte_at(p, side, p->sent[side] + i);
	p->sent[side] += len;
	al_session_commit(n->s, t, len, p->sent[side] == p->want[side] ?
	    AL_TURN_DRAINED : 0, n->w->now_us);
}

static void
hear(struct pipe *p, size_t side, struct world *w)
{
	struct al_span v;
	size_t i;

	while (!p->deaf[side] && al_chan_peek(p->c[side], &v, 1) > 0 &&
	    v.len > 0) {
		for (i = 0; i < v.len; i++)
			WORLD_CHECK(w, v.p[i] == byte_at(p, 1 - side,
			    p->got[side] + i));
		p->got[side] += v.len;
		al_chan_consume(p->c[side], v.len, w->now_us);
	}
}

static void
on_event(struct node *n, const struct al_event *ev)
{
	struct flow *f = (struct flow *)n->w;
	size_t side = side_of(n);

	switch (ev->type) {
	case AL_EV_OPEN:
		f->pipe[strtoul(ev->text, NULL, 10)].c[side] = ev->chan;
		al_chan_set_user(ev->chan,
		    &f->pipe[strtoul(ev->text, NULL, 10)]);
		al_chan_accept(ev->chan, NULL);
		al_chan_set_readable(ev->chan);
		break;
	case AL_EV_DATA:
		hear(al_chan_user(ev->chan), side, n->w);
		break;
	case AL_EV_DETACHED:
		f->detached[side]++;
		break;
	case AL_EV_RESUMED:
	case AL_EV_SWITCHED:
		f->moved[side]++;
		break;
	case AL_EV_LINK_OVER:
		road_close(&f->rs, road_of(&f->rs, ev->link), side);
		break;
	default:	/* nothing else has a reason to happen */
		WORLD_CHECK(n->w, ev->type == AL_EV_UP ||
		    ev->type == AL_EV_ACCEPT || ev->type == AL_EV_WRITABLE);
	}
}

static struct pipe *
pipe_open(struct flow *f, uint64_t up, uint64_t down)
{
	struct pipe *p = &f->pipe[f->n];
	struct world *w = &f->rs.w;
	char json[8];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };
	struct al_err err;

	(void)snprintf(json, sizeof(json), "%zu", f->n);
	*p = (struct pipe){ .key = f->n++, .want = { up, down } };
	p->c[0] = al_chan_open(w->node[0].s, &o, p, w->now_us, &err);
	WORLD_CHECK(w, p->c[0] != NULL);
	al_chan_set_readable(p->c[0]);
	return p;
}

static void
pipe_say(struct pipe *p, size_t side, uint64_t n)
{
	p->want[side] += n;
	al_chan_set_readable(p->c[side]);
}

/* All but what the deaf do not hear. */
static bool
all_heard(const struct flow *f)
{
	const struct pipe *p;
	size_t i;

	for (p = f->pipe; p < f->pipe + f->n; p++)
		for (i = 0; i < 2; i++)
			if (!p->deaf[1 - i] && p->got[1 - i] != p->want[i])
				return false;
	return true;
}

/* --- time ----------------------------------------------------------------- */
static bool
never(const struct flow *f)
{
	(void)f;
	return false;
}

/* Until done, or for so long; the bounds of everything hold at each step. */
static bool
run(struct flow *f, bool (*done)(const struct flow *), uint64_t us)
{
	struct world *w = &f->rs.w;
	uint64_t end = w->now_us + us, at;

	while (!done(f)) {
		while (roads_move(&f->rs))
			roads_check(&f->rs);
		at = roads_next(&f->rs);
		if (at > w->now_us && at > end) {
			w->now_us = end;
			return done(f);
		}
		w->now_us = at > w->now_us ? at : w->now_us;
	}
	return true;
}

static void
dial(struct flow *f)
{
	f->road = roads_dial(&f->rs);
	WORLD_CHECK(&f->rs.w, f->road != NULL);
	f->road->delay_us = f->delay_us;
	f->road->wire_max = 64 << 20;
}

static void
cut(struct flow *f)
{
	size_t i;

	for (i = 0; i < 2; i++)
		road_close(&f->rs, f->road, i);
}

/* Nothing comes through any more, and nobody is told. */
static void
swallow(struct flow *f)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		road_drop(&f->road->end[i], 0);
		f->road->end[i].dead = true;
	}
}

static bool
is_up(const struct flow *f)
{
	return f->rs.w.node[1].s != NULL &&
	    al_session_is_up(f->rs.w.node[0].s) &&
	    al_session_is_up(f->rs.w.node[1].s);
}

static struct flow *
flow_new(uint64_t delay_us, size_t budget)
{
	static struct flow f;

	memset(&f, 0, sizeof(f));
	roads_init(&f.rs, 1);
	f.rs.w.on_turn = on_turn;
	f.rs.w.on_event = on_event;
	f.rs.w.budget.max = budget;
	f.delay_us = delay_us;
	roads_start(&f.rs, (struct al_session_opts){ .grace_s = 60 },
	    RING_MIN);
	dial(&f);
	assert_true(run(&f, is_up, 5 * S));
	return &f;
}

static const struct al_session *
side(const struct flow *f, size_t i)
{
	return f->rs.w.node[i].s;
}

/* --- a receiver that does not read ---------------------------------------- */
/* Only its channel waits, also when another link carries the session on. */
static void
slow_receiver(void **state)
{
	struct flow *f = flow_new(5 * MS, SIZE_MAX / 2);
	struct pipe *slow = pipe_open(f, 20 << 20, 20 << 20);
	uint64_t stuck[2];
	size_t i, k;

	(void)state;
	slow->deaf[0] = slow->deaf[1] = true;
	for (i = 0; i < 5; i++)
		(void)pipe_open(f, 2 << 20, 3 << 20);
	assert_true(run(f, all_heard, 60 * S));
	memcpy(stuck, slow->sent, sizeof(stuck));
	/* a window, and what it grew by before */
	assert_in_range(stuck[0], 1, WINDOW_MAX);
	assert_in_range(stuck[1], 1, WINDOW_MAX);
	for (k = 0; k < 4; k++) {
		if (k % 2 == 0)
			cut(f);
		dial(f);
		for (i = 1; i < f->n; i++) {
			pipe_say(&f->pipe[i], 0, 1 << 20);
			pipe_say(&f->pipe[i], 1, 1 << 20);
		}
		(void)pipe_open(f, 100000, 100000);
		assert_true(run(f, all_heard, 60 * S));
		assert_memory_equal(stuck, slow->sent, sizeof(stuck));
	}
	assert_int_equal(f->moved[0], 4);
	assert_int_equal(f->moved[1], 4);
	assert_int_equal(f->detached[1], 2);
	/* the ring holds nothing for it: all has been acknowledged */
	(void)run(f, never, 1 * S);
	assert_null(side(f, 0)->ring_head);
	assert_null(side(f, 1)->ring_head);
	for (i = 0; i < 2; i++) {
		slow->deaf[i] = false;
		hear(slow, i, &f->rs.w);
	}
	assert_true(run(f, all_heard, 60 * S));
	roads_fini(&f->rs);
}

/* --- a ring that is full -------------------------------------------------- */
static size_t
ring_slop(void)
{
	return 2 * (AL_TLS_RECORD + 2200);
}

static bool
wants_link(const struct flow *f)
{
	return al_session_wants_link(side(f, 0));
}

/* The path swallows all: both ends fill their rings and wait, until the path
 * is found dead; then everything comes by another one. */
static void
full(void **state)
{
	struct flow *f = flow_new(5 * MS, SIZE_MAX / 2);
	size_t i, k;

	(void)state;
	for (i = 0; i < CHANS; i++)
		(void)pipe_open(f, 1000, 1000);
	assert_true(run(f, all_heard, 10 * S));
	for (k = 0; k < 3; k++) {
		swallow(f);
		for (i = 0; i < CHANS; i++) {
			pipe_say(&f->pipe[i], 0, 60000);
			pipe_say(&f->pipe[i], 1, 60000);
		}
		(void)run(f, never, 10 * S);
		for (i = 0; i < 2; i++) {
			assert_int_equal(side(f, i)->ring_max, RING_MIN);
			assert_in_range(side(f, i)->ring_bytes, RING_MIN,
			    RING_MIN + ring_slop());
		}
		assert_false(all_heard(f));
		assert_true(run(f, wants_link, 40 * S));
		dial(f);
		assert_true(run(f, all_heard, 60 * S));
	}
	assert_int_equal(f->moved[0], 3);
	roads_fini(&f->rs);
}

/* --- growth --------------------------------------------------------------- */
static void
load(struct flow *f, uint64_t bytes)
{
	size_t i;

	for (i = 0; i < 16; i++)
		(void)pipe_open(f, bytes, bytes);
}

/* A long fast path needs more than 1 MiB: it gets 8 MiB and no more, and a
 * full ring of that size is replayed as any. */
static void
grows_with_the_path(void **state)
{
	struct flow *f = flow_new(150 * MS, SIZE_MAX / 2);
	size_t i;

	(void)state;
	load(f, 8 << 20);
	assert_true(run(f, all_heard, 600 * S));
	for (i = 0; i < 2; i++)
		assert_int_equal(side(f, i)->ring_max, RING_MAX);
	swallow(f);
	for (i = 0; i < 16; i++) {
		pipe_say(&f->pipe[i], 0, 2 << 20);
		pipe_say(&f->pipe[i], 1, 2 << 20);
	}
	(void)run(f, never, 10 * S);
	for (i = 0; i < 2; i++)
		assert_in_range(side(f, i)->ring_bytes, RING_MIN,
		    RING_MAX + ring_slop());
	cut(f);
	dial(f);
	assert_true(run(f, all_heard, 60 * S));
	roads_fini(&f->rs);
}

static void
short_paths_need_no_more(void **state)
{
	struct flow *f = flow_new(50, SIZE_MAX / 2);
	size_t i;

	(void)state;
	load(f, 4 << 20);
	assert_true(run(f, all_heard, 60 * S));
	for (i = 0; i < 2; i++)
		assert_int_equal(side(f, i)->ring_max, RING_MIN);
	roads_fini(&f->rs);
}

/* The process has no more to give: slower, and that is all. */
static void
within_the_budget(void **state)
{
	static const size_t budgets[] = { 0, RING_MIN - 1, 3 * RING_MIN };
	struct flow *f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		f = flow_new(150 * MS, budgets[i]);
		load(f, 2 << 20);
		assert_true(run(f, all_heard, 600 * S));
		assert_true(f->rs.w.budget.used <= budgets[i]);
		if (budgets[i] < RING_MIN) {
			assert_int_equal(side(f, 0)->ring_max, RING_MIN);
			assert_int_equal(side(f, 1)->ring_max, RING_MIN);
		}
		cut(f);
		dial(f);
		pipe_say(&f->pipe[0], 0, 1 << 20);
		pipe_say(&f->pipe[0], 1, 1 << 20);
		assert_true(run(f, all_heard, 600 * S));
		roads_fini(&f->rs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_receiver),
		cmocka_unit_test(full),
		cmocka_unit_test(grows_with_the_path),
		cmocka_unit_test(short_paths_need_no_more),
		cmocka_unit_test(within_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
