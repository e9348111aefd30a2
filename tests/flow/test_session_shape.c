/* tests/flow/test_session_shape.c - who gets how much, and when.
 *
 * Node 0 sends on channels that it opens, node 1 reads.  Order and counts are
 * checked, on the world's own clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/world.h"

#define LANES	100

struct lane {
	struct al_chan	*from, *to;
	size_t		 avail, sent, got;
	size_t		 per_ms;	/* reads so much a ms; 0: all at once */
	bool		 stalled, ended;
};

struct shape {
	struct world	 w;		/* first */
	struct lane	 lane[LANES];
	size_t		 n_lanes;
	struct lane	*last_turn, *first_turn;	/* first: since reset */
};

static void
read_lane(struct shape *sh, struct lane *l, size_t max)
{
	size_t n = al_chan_queued(l->to);

	n = n < max ? n : max;
	al_chan_consume(l->to, n, sh->w.now_us);
	l->got += n;
	l->ended = al_chan_is_ended(l->to);
}

static void
on_turn(struct node *n, const struct al_turn *t)
{
	struct shape *sh = (struct shape *)n->w;
	struct lane *l = al_chan_user(t->chan);
	size_t len = l->avail < t->cap ? l->avail : t->cap;

	sh->last_turn = l;
	if (sh->first_turn == NULL)
		sh->first_turn = l;
	memset(t->p, 'x', len);
	l->avail -= len;
	l->sent += len;
	al_session_commit(n->s, t, len, l->avail == 0 ? AL_TURN_DRAINED : 0,
	    n->w->now_us);
}

static void
on_event(struct node *n, const struct al_event *ev)
{
	struct shape *sh = (struct shape *)n->w;
	struct lane *l;

	switch (ev->type) {
	case AL_EV_OPEN:
		l = &sh->lane[strtoul(ev->text, NULL, 10)];
		l->to = ev->chan;
		al_chan_set_user(l->to, l);
		al_chan_accept(l->to, NULL);
		break;
	case AL_EV_DATA:
		l = al_chan_user(ev->chan);
		if (!l->stalled && l->per_ms == 0)
			read_lane(sh, l, SIZE_MAX);
		break;
	default:
		WORLD_CHECK(n->w, ev->type != AL_EV_RESET &&
		    ev->type != AL_EV_REFUSE);
	}
}

static struct lane *
add_lane(struct shape *sh, size_t avail)
{
	struct lane *l = &sh->lane[sh->n_lanes];
	char json[8];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };
	struct al_err err;

	memset(l, 0, sizeof(*l));
	(void)snprintf(json, sizeof(json), "%zu", sh->n_lanes++);
	l->from = al_chan_open(sh->w.node[0].s, &o, l, sh->w.now_us, &err);
	l->avail = avail;
	WORLD_CHECK(&sh->w, l->from != NULL);
	al_chan_set_readable(l->from);
	return l;
}

static void
run_for(struct shape *sh, uint64_t us)
{
	struct world *w = &sh->w;
	uint64_t end = w->now_us + us, at;
	size_t i;

	while (w->now_us < end) {
		(void)world_move(w);
		at = world_next(w);
		if (at > w->now_us + 1000)
			at = w->now_us + 1000;
		if (at > w->now_us && at / 1000 != w->now_us / 1000)
			for (i = 0; i < sh->n_lanes; i++)
				if (sh->lane[i].per_ms > 0 &&
				    sh->lane[i].to != NULL)
					read_lane(sh, &sh->lane[i],
					    sh->lane[i].per_ms);
		if (at > w->now_us)
			w->now_us = at;
		world_check(w);
	}
}

static void
shape_init(struct shape *sh, uint64_t delay_us, size_t wire_max,
    size_t window_budget)
{
	struct al_session_opts o = { .window_budget = window_budget };

	memset(sh, 0, sizeof(*sh));
	world_init(&sh->w, 1);
	sh->w.delay_us = delay_us;
	sh->w.wire_max = wire_max;
	sh->w.on_event = on_event;
	sh->w.on_turn = on_turn;
	world_pair(&sh->w, o, RING_MIN);
	run_for(sh, 5 * delay_us + 1000);	/* greeting */
}

/* --- a stalled reader ----------------------------------------------------- */
static void
one_stalled_among_100(void **state)
{
	struct shape sh;
	struct lane *l;
	const struct al_block *b;
	size_t held = 0;

	(void)state;
	shape_init(&sh, 1000, 1 << 18, 0);
	while (sh.n_lanes < 100)
		add_lane(&sh, 200000);
	sh.lane[7].stalled = true;
	run_for(&sh, 1000000);
	for (l = sh.lane; l < sh.lane + 100; l++)
		if (l != &sh.lane[7])
			assert_int_equal(l->got, 200000);
	l = &sh.lane[7];
	assert_int_equal(l->to->window, WINDOW_MIN + WINDOW_OPEN);
	assert_in_range(l->sent, l->to->window - CREDIT_MIN, l->to->window);
	for (b = l->to->head; b != NULL; b = b->next)
		held += b->cap;
	assert_in_range(held, 1, 2 * l->to->window);
	assert_int_equal(sh.w.node[1].s->buffered, held);
	assert_null(sh.w.node[0].s->ring_head);
	read_lane(&sh, l, SIZE_MAX);
	l->stalled = false;
	run_for(&sh, 1000000);
	assert_int_equal(l->got, 200000);
	world_fini(&sh.w);
}

/* --- the scheduler -------------------------------------------------------- */
static struct lane *
add_bulk(struct shape *sh)
{
	struct lane *l = add_lane(sh, SIZE_MAX / 2);

	run_for(sh, 300000);
	WORLD_CHECK(&sh->w, l->from->bits & C_BULK);
	return l;
}

/* A key goes into the next record, however much bulk there is. */
static void
interactive_goes_first(void **state)
{
	struct shape sh;
	struct lane *key;
	size_t i, bulk;

	(void)state;
	shape_init(&sh, 1000, 1 << 16, 0);
	(void)add_bulk(&sh);
	(void)add_bulk(&sh);
	key = add_lane(&sh, 0);
	run_for(&sh, 5000);
	for (i = 0; i < 100; i++) {
		key->avail = 64;
		al_chan_set_readable(key->from);
		sh.first_turn = NULL;
		bulk = sh.lane[0].sent + sh.lane[1].sent;
		run_for(&sh, 3000);
		assert_ptr_equal(sh.first_turn, key);
		assert_int_equal(key->sent, 64 * (i + 1));
		assert_true(sh.lane[0].sent + sh.lane[1].sent > bulk);
	}
	run_for(&sh, 5000);
	assert_int_equal(key->got, key->sent);
	assert_false(key->from->bits & C_BULK);
	world_fini(&sh.w);
}

/* What looks interactive gets at most half of the bytes over 100 ms. */
static void
bulk_keeps_its_half(void **state)
{
	struct shape sh;
	struct lane *bulk;
	size_t before = 0, others = 0, i;

	(void)state;
	shape_init(&sh, 1000, 1 << 16, 0);
	bulk = add_bulk(&sh);
	before = bulk->sent;
	for (i = 0; i < 90; i++)
		add_lane(&sh, 240000);	/* too few to become bulk */
	run_for(&sh, 200000);
	for (i = 1; i <= 90; i++)
		others += sh.lane[i].sent;
	assert_in_range(others, 2000000, 90 * 240000 - 1);
	assert_in_range(bulk->sent - before, others * 3 / 4, others * 2);
	world_fini(&sh.w);
}

static void
bulk_shares_alike(void **state)
{
	struct shape sh;
	size_t i, least = SIZE_MAX, most = 0;

	(void)state;
	shape_init(&sh, 1000, 1 << 16, 0);
	for (i = 0; i < 8; i++)
		add_lane(&sh, SIZE_MAX / 2);
	run_for(&sh, 500000);
	for (i = 0; i < 8; i++)
		sh.lane[i].got = 0;
	run_for(&sh, 1500000);
	for (i = 0; i < 8; i++) {
		least = sh.lane[i].got < least ? sh.lane[i].got : least;
		most = sh.lane[i].got > most ? sh.lane[i].got : most;
	}
	assert_true(least > 1000000);
	assert_in_range(most, least, least + least / 50);
	world_fini(&sh.w);
}

/* Interactive again after a second of little. */
static void
bulk_calms_down(void **state)
{
	struct shape sh;
	struct lane *l;
	size_t i;

	(void)state;
	shape_init(&sh, 1000, 1 << 16, 0);
	l = add_bulk(&sh);
	l->avail = 0;
	run_for(&sh, 10000);
	for (i = 0; i < 25; i++) {
		l->avail = 100;
		al_chan_set_readable(l->from);
		run_for(&sh, 100000);
	}
	assert_false(l->from->bits & C_BULK);
	world_fini(&sh.w);
}

/* --- windows -------------------------------------------------------------- */
static void
window_grows_with_the_path(void **state)
{
	struct shape sh;
	struct lane *fast, *slow;

	(void)state;
	shape_init(&sh, 25000, 8 << 20, 0);
	fast = add_lane(&sh, SIZE_MAX / 2);
	slow = add_lane(&sh, SIZE_MAX / 2);
	slow->per_ms = 100;
	run_for(&sh, 3000000);
	assert_int_equal(fast->to->window, WINDOW_MAX);
	assert_int_equal(slow->to->window, WINDOW_MIN + WINDOW_OPEN);
	assert_in_range(sh.w.node[0].s->rtt_us, 50000, 60000);
	assert_in_range(sh.w.node[1].s->rtt_us, 50000, 60000);
	/* the ring has to hold what is under way */
	assert_in_range(sh.w.node[0].s->ring_max, 2 << 20, RING_MAX);
	world_fini(&sh.w);
}

static void
window_of_a_short_path_holds(void **state)
{
	struct shape sh;
	struct lane *l;

	(void)state;
	shape_init(&sh, 50, 1 << 15, 0);
	l = add_lane(&sh, SIZE_MAX / 2);
	l->per_ms = 20000;
	run_for(&sh, 300000);
	assert_in_range(l->got, 5000000, 6000000);
	assert_int_equal(l->to->window, WINDOW_MIN + WINDOW_OPEN);
	world_fini(&sh.w);
}

/* The first has grown over all of the budget; others come, and it gives. */
static void
window_is_given_back(void **state)
{
	struct shape sh;
	struct lane *first;
	size_t i, alone;

	(void)state;
	shape_init(&sh, 25000, 8 << 20, 1000000);
	first = add_lane(&sh, SIZE_MAX / 2);
	run_for(&sh, 3000000);
	alone = first->to->window;
	assert_in_range(alone, 500000, 1000000 + WINDOW_MIN);
	for (i = 0; i < 30; i++)
		add_lane(&sh, SIZE_MAX / 2);
	run_for(&sh, 3000000);
	assert_in_range(first->to->window, WINDOW_MIN, alone / 2);
	for (i = 1; i <= 30; i++)
		assert_true(sh.lane[i].got > 400000);
	world_fini(&sh.w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_stalled_among_100),
		cmocka_unit_test(interactive_goes_first),
		cmocka_unit_test(bulk_keeps_its_half),
		cmocka_unit_test(bulk_shares_alike),
		cmocka_unit_test(bulk_calms_down),
		cmocka_unit_test(window_grows_with_the_path),
		cmocka_unit_test(window_of_a_short_path_holds),
		cmocka_unit_test(window_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
