/* tests/flow/test_session_resume.c - a session that does not die, at random.
 *
 * AL_FLOW_EVENTS: how many events in all; AL_FLOW_SEED: this seed only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/roads.h"

#define EVENTS		1000000u
#define RUN_EVENTS	8000u		/* of one seed             */
#define CONVS		400
#define PERIOD		65521u		/* of the pattern, a prime */

static uint8_t pattern[PERIOD + 65536];

/* One channel: both sides send to its end. */
struct conv {
	size_t		 key;
	struct al_chan	*c[2];
	bool		 left[2], fin_sent[2], fin_got[2];
	size_t		 want[2], sent[2], got[2];
};

struct flow {
	struct roads	 rs;		/* first */
	struct conv	 cv[CONVS];
	size_t		 n_cv, live, live_max;
	bool		 draining, lost[2];
	size_t		 cuts_in_10, dooms_in_12, burst;
	uint64_t	 down_us[2], redial_us, grace_us;
	size_t		 bytes, dials, cuts, moves, resumes, replays;
};

static struct flow *
flow_of(struct node *n)
{
	return (struct flow *)n->w;
}

static bool
is_over(const struct flow *f)
{
	return f->lost[0] || f->lost[1];
}

static const uint8_t *
bytes_at(const struct conv *cv, size_t from, size_t pos)
{
	return pattern + (cv->key * 7919 + from * 31337 + pos) % PERIOD;
}

static size_t
choose(struct world *w, const size_t *from, size_t n)
{
	return from[rnd(w, n)];
}

#define CHOOSE(w, ...) choose(w, (const size_t[]){ __VA_ARGS__ }, \
    sizeof((const size_t[]){ __VA_ARGS__ }) / sizeof(size_t))

/* --- channels ------------------------------------------------------------- */
static void
leave_if_done(struct flow *f, struct conv *cv, size_t side)
{
	if (cv->c[side] == NULL || !cv->fin_sent[side] || !cv->fin_got[side])
		return;
	al_chan_free(cv->c[side]);
	cv->c[side] = NULL;
	cv->left[side] = true;
	if (cv->left[1 - side])
		f->live--;
}

static void
open_conv(struct flow *f)
{
	struct world *w = &f->rs.w;
	const struct al_session *s = w->node[1].s;
	size_t side = s != NULL && s->settled ? rnd(w, 2) : 0;
	struct conv *cv = &f->cv[f->n_cv];
	char json[32];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };
	struct al_err err;
	size_t i;

	if (f->n_cv == CONVS || f->live == f->live_max || is_over(f))
		return;
	(void)snprintf(json, sizeof(json), "%zu", f->n_cv);
	cv->key = f->n_cv++;
	for (i = 0; i < 2; i++)
		cv->want[i] = CHOOSE(w, 0, 100, 20000, 300000, 3000000,
		    3000000) + rnd(w, 100);
	cv->c[side] = al_chan_open(w->node[side].s, &o, cv, w->now_us, &err);
	WORLD_CHECK(w, cv->c[side] != NULL);
	al_chan_set_readable(cv->c[side]);
	f->live++;
}

static void
on_turn(struct node *n, const struct al_turn *t)
{
	struct flow *f = flow_of(n);
	struct world *w = n->w;
	struct conv *cv = al_chan_user(t->chan);
	size_t side = side_of(n), left, len;
	unsigned flags = 0;

	WORLD_CHECK(w, cv->c[side] == t->chan && !cv->fin_sent[side]);
	left = cv->want[side] - cv->sent[side];
	len = rnd(w, 8) ? t->cap : 1 + rnd(w, t->cap);
	len = len < left ? len : left;
	if (len == left)
		flags = AL_TURN_FIN;
	else if (rnd(w, 64) == 0)
		flags = AL_TURN_DRAINED;
	if (len >= AL_BLOCK_WHOLE && rnd(w, 2) == 0) {
		struct al_block *b = al_block_new(len);

		WORLD_CHECK(w, b != NULL);
		memcpy(al_block_head(b), bytes_at(cv, side, cv->sent[side]),
		    len);
		b->len = (uint32_t)len;
		WORLD_CHECK(w, al_session_commit_block(n->s, t, &b, flags,
		    w->now_us) == len && b == NULL);
	} else {
		memcpy(t->p, bytes_at(cv, side, cv->sent[side]), len);
		al_session_commit(n->s, t, len, flags, w->now_us);
	}
	cv->sent[side] += len;
	f->bytes += len;
	cv->fin_sent[side] = (flags & AL_TURN_FIN) != 0;
	leave_if_done(f, cv, side);
}

static void
read_conv(struct flow *f, struct conv *cv, size_t side, size_t max)
{
	struct world *w = &f->rs.w;
	struct al_span v;
	size_t n;

	while (max > 0 && al_chan_peek(cv->c[side], &v, 1) > 0) {
		n = v.len < max ? v.len : max;
		WORLD_CHECK(w, memcmp(v.p, bytes_at(cv, 1 - side,
		    cv->got[side]), n) == 0);
		al_chan_consume(cv->c[side], n, w->now_us);
		cv->got[side] += n;
		max -= n;
	}
	WORLD_CHECK(w, cv->got[side] <= cv->sent[1 - side]);
	if (al_chan_is_ended(cv->c[side])) {
		WORLD_CHECK(w, cv->got[side] == cv->want[1 - side]);
		cv->fin_got[side] = true;
	}
	leave_if_done(f, cv, side);
}

/* --- what the engines tell ------------------------------------------------ */
static void
on_lost(struct flow *f, size_t side, const struct al_event *ev)
{
	struct world *w = &f->rs.w;
	uint64_t grace = f->grace_us + (side == 0 ? OPENER_GRACE_US : 0);

	if (side == 1 && !w->node[1].s->settled)
		return;		/* another HELLO begins anew */
	WORLD_CHECK(w, ev->code == AL_CHAN_SESSION_LOST);
	WORLD_CHECK(w, !roads_healthy(&f->rs));
	if (ev->value != 0)
		WORLD_CHECK(w, side == 0 && ev->value == AL_WELCOME_UNKNOWN &&
		    (f->lost[1] || !w->node[1].s->settled));
	else if (f->down_us[side] != 0)
		WORLD_CHECK(w, w->now_us >= f->down_us[side] + grace);
	else		/* it had never been up */
		WORLD_CHECK(w, !w->node[side].s->settled);
	f->lost[side] = true;
}

static void
on_rejected(struct flow *f, const struct al_event *ev)
{
	WORLD_CHECK(&f->rs.w, ev->code == AL_WELCOME_STALE ||
	    (ev->code == AL_WELCOME_UNKNOWN && (f->lost[1] ||
	    f->rs.w.node[1].s == NULL || !f->rs.w.node[1].s->settled)) ||
	    (ev->code == AL_WELCOME_LIMIT && !f->rs.w.node[0].s->known));
}

static void
on_link_event(struct flow *f, size_t side, const struct al_event *ev)
{
	struct world *w = &f->rs.w;

	switch (ev->type) {
	case AL_EV_UP:
		break;
	case AL_EV_SWITCHED:
		WORLD_CHECK(w, f->down_us[side] == 0);
		f->moves++;
		break;
	case AL_EV_DETACHED:
		WORLD_CHECK(w, f->down_us[side] == 0);
		f->down_us[side] = w->node[side].s->detached_us;
		break;
	case AL_EV_RESUMED:
		WORLD_CHECK(w, f->down_us[side] != 0);
		f->down_us[side] = 0;
		f->resumes++;
		break;
	case AL_EV_REJECTED:
		on_rejected(f, ev);
		road_close(&f->rs, road_of(&f->rs, ev->link), side);
		break;
	case AL_EV_LINK_OVER:
		road_close(&f->rs, road_of(&f->rs, ev->link), side);
		break;
	case AL_EV_LOST:
		on_lost(f, side, ev);
		break;
	default:
		WORLD_CHECK(w, ev->type == AL_EV_PONG);
	}
}

static void
on_event(struct node *n, const struct al_event *ev)
{
	struct flow *f = flow_of(n);
	size_t side = side_of(n);
	struct conv *cv;

	if (ev->chan == NULL) {
		WORLD_TRACE(n->w, "event %d %u at %zu", ev->type, ev->code,
		    side);
		on_link_event(f, side, ev);
		return;
	}
	if (ev->type == AL_EV_OPEN) {
		cv = &f->cv[strtoul(ev->text, NULL, 10)];
		WORLD_CHECK(n->w, cv->c[side] == NULL && !cv->left[side]);
		cv->c[side] = ev->chan;
		al_chan_set_user(ev->chan, cv);
		al_chan_accept(ev->chan, "{}");
		al_chan_set_readable(ev->chan);
		return;
	}
	WORLD_CHECK(n->w, ev->type == AL_EV_ACCEPT ||
	    ev->type == AL_EV_WRITABLE || ev->type == AL_EV_DATA);
	cv = al_chan_user(ev->chan);
	WORLD_CHECK(n->w, cv->c[side] == ev->chan);
	if (ev->type == AL_EV_DATA && (f->draining || rnd(n->w, 8) > 0))
		read_conv(f, cv, side, SIZE_MAX);
}

/* --- actions -------------------------------------------------------------- */
static struct road *
any_road(struct flow *f)
{
	size_t i, try;

	for (try = 0; try < 8; try++) {
		i = rnd(&f->rs.w, try < 4 ? 4 : ROADS);
		if (f->rs.road[i].used)
			return &f->rs.road[i];
	}
	return NULL;
}

/* Some roads lose one of the first messages, and all later. */
static void
dial(struct flow *f)
{
	struct world *w = &f->rs.w;
	struct road *r = roads_dial(&f->rs);
	size_t side;

	if (r == NULL)
		return;
	f->dials++;
	r->delay_us = f->draining ? w->delay_us : CHOOSE(w, w->delay_us,
	    w->delay_us, 0, 50000, 300000);
	r->jitter_us = w->jitter_us;
	r->wire_max = f->draining || rnd(w, 2) ? w->wire_max :
	    CHOOSE(w, 1, 20000, 1 << 20);
	if (f->draining || rnd(w, f->dials == 1 ? 48 : 12) >= f->dooms_in_12)
		return;
	side = rnd(w, 2);
	r->end[side].doom = 1 + rnd(w, 4);
	if (rnd(w, 4) == 0)
		r->end[1 - side].doom = 1 + rnd(w, 4);
}

static void
dial_if_wanted(struct flow *f)
{
	struct world *w = &f->rs.w;

	if (is_over(f) || !al_session_wants_link(w->node[0].s) ||
	    w->now_us < f->redial_us)
		return;
	f->redial_us = w->now_us + 1 + rnd(w, rnd(w, 2) ? 10000 : 5000000);
	WORLD_TRACE(w, "redial");
	dial(f);
}

/* Somebody sends a HELLO again that was said before. */
static void
replay_hello(struct flow *f)
{
	struct roads *rs = &f->rs;
	size_t n = rs->hellos < ROAD_HELLOS ? rs->hellos : ROAD_HELLOS;
	struct al_block *b;
	struct parcel *p;
	struct road *r;

	if (n == 0 || (r = road_new(rs)) == NULL)
		return;
	b = rs->hello[rnd(&rs->w, n)];
	p = parcel_new(&rs->w, b->len);
	memcpy(al_block_head(p->blk), al_block_head(b), b->len);
	r->replay = true;
	road_push(rs, r, 1, p);
	f->replays++;
}

static void
trouble(struct flow *f)
{
	struct world *w = &f->rs.w;
	struct road *r = any_road(f);
	size_t dice = rnd(w, 10);

	if (dice < f->cuts_in_10 && r != NULL) {
		WORLD_TRACE(w, "cut %zu", (size_t)(r - f->rs.road));
		f->cuts++;
		road_cut(&f->rs, r);
	} else if (dice == 8 && r != NULL) {
		WORLD_TRACE(w, "close %zu", (size_t)(r - f->rs.road));
		road_close(&f->rs, r, rnd(w, 2));
	} else if (dice < 9) {
		WORLD_TRACE(w, "rotate");
		if (!is_over(f))
			dial(f);
	} else {
		WORLD_TRACE(w, "replay");
		replay_hello(f);
	}
}

static uint64_t
next_time(const struct flow *f)
{
	uint64_t at = roads_next(&f->rs);

	if (!is_over(f) && f->redial_us < at &&
	    al_session_wants_link(f->rs.w.node[0].s))
		at = f->redial_us;
	return at;
}

static void
pass_time(struct flow *f)
{
	struct world *w = &f->rs.w;
	uint64_t at = next_time(f);

	if (at <= w->now_us || rnd(w, 4) == 0)
		at = w->now_us + rnd(w, 2000);
	/* nobody is silent so long while there is something to do */
	while (at > w->now_us + 100000 && roads_move(&f->rs))
		at = next_time(f);
	if (at == UINT64_MAX)
		return;
	WORLD_TRACE(w, "time %llu", (unsigned long long)at);
	if (at > w->now_us)
		w->now_us = at;
	roads_time(&f->rs);
	dial_if_wanted(f);
}

static void
some_channel(struct flow *f)
{
	struct world *w = &f->rs.w;
	size_t side = rnd(w, 2);
	struct conv *cv;

	open_conv(f);
	if (f->n_cv == 0)
		return;
	cv = &f->cv[f->n_cv - 1 - rnd(w, f->n_cv < 8 ? f->n_cv : 8)];
	if (cv->c[side] == NULL)
		return;
	WORLD_TRACE(w, "channel %zu.%zu", cv->key, side);
	if (!cv->fin_sent[side])
		al_chan_set_readable(cv->c[side]);
	read_conv(f, cv, side, 1 + rnd(w, 30000));
}

static void
act(struct flow *f, unsigned peace)
{
	struct world *w = &f->rs.w;
	size_t dice = rnd(w, 100), side = rnd(w, 2), n;
	struct road *r = any_road(f);

	if (dice < 40) {
		WORLD_TRACE(w, "read at %zu", side);
		for (n = rnd(w, 8); r != NULL && n > 0 &&
		    road_read(&f->rs, r, side); n--)
			;
		if (rnd(w, 4) > 0)
			roads_events(&f->rs, side, SIZE_MAX);
	} else if (dice < 80) {
		WORLD_TRACE(w, "write at %zu", side);
		for (n = 1 + rnd(w, f->burst); r != NULL && n > 0 &&
		    road_write(&f->rs, r, side); n--)
			;
	} else if (dice < 92) {
		pass_time(f);
	} else if (dice < 98) {
		some_channel(f);
	} else if (rnd(w, peace) == 0) {
		trouble(f);
	} else {
		WORLD_TRACE(w, "events at %zu", side);
		roads_events(&f->rs, side, 1 + rnd(w, 3));
	}
}

/* --- the end of a run ----------------------------------------------------- */
static bool
is_done(const struct flow *f)
{
	size_t i;

	if (is_over(f))
		return f->lost[0] && (f->lost[1] ||
		    f->rs.w.node[1].s == NULL || !f->rs.w.node[1].s->settled);
	for (i = 0; i < f->n_cv; i++)
		if (!f->cv[i].left[0] || !f->cv[i].left[1])
			return false;
	for (i = 0; i < 2; i++)
		if (f->rs.w.node[i].s == NULL ||
		    f->rs.w.node[i].s->acked != f->rs.w.node[i].s->sealed)
			return false;
	return true;
}

static void
push_all(struct flow *f)
{
	size_t i, side;

	for (i = 0; i < f->n_cv; i++) {
		for (side = 0; side < 2; side++) {
			struct conv *cv = &f->cv[i];

			if (cv->c[side] == NULL)
				continue;
			if (!cv->fin_sent[side])
				al_chan_set_readable(cv->c[side]);
			read_conv(f, cv, side, SIZE_MAX);
		}
	}
}

/* No trouble any more: everything has to come to its end. */
static void
drain(struct flow *f)
{
	struct world *w = &f->rs.w;
	unsigned round;

	f->draining = true;
	for (round = 0; !is_done(f); round++) {
		uint64_t at;

		WORLD_CHECK(w, round < 20000);	/* it hangs */
		if (round % 16 == 0 && !is_over(f))
			push_all(f);
		while (roads_move(&f->rs))
			;
		dial_if_wanted(f);
		at = next_time(f);
		if (at != UINT64_MAX && at > w->now_us)
			w->now_us = at;
		roads_check(&f->rs);
	}
}

static void
check_result(const struct flow *f)
{
	const struct world *w = &f->rs.w;
	const struct al_session *a = w->node[0].s, *b = w->node[1].s;
	size_t i;

	if (is_over(f))
		return;
	for (i = 0; i < f->n_cv; i++) {
		const struct conv *cv = &f->cv[i];

		WORLD_CHECK(w, cv->sent[0] == cv->want[0] &&
		    cv->sent[1] == cv->want[1]);
		WORLD_CHECK(w, cv->got[0] == cv->want[1] &&
		    cv->got[1] == cv->want[0]);
	}
	WORLD_CHECK(w, a->recv_pos == b->sealed && b->recv_pos == a->sealed);
	WORLD_CHECK(w, a->n_channels == 0 && b->n_channels == 0);
	WORLD_CHECK(w, a->buffered == 0 && b->buffered == 0);
}

static void
flow_init(struct flow *f, uint64_t seed)
{
	struct world *w = &f->rs.w;
	struct al_session_opts o = { .software = "flow" };

	memset(f, 0, sizeof(*f));
	roads_init(&f->rs, seed);
	w->on_event = on_event;
	w->on_turn = on_turn;
	f->cuts_in_10 = CHOOSE(w, 0, 1, 4, 7);
	f->dooms_in_12 = CHOOSE(w, 0, 1, 4);
	f->burst = CHOOSE(w, 1, 2, 8);
	f->live_max = CHOOSE(w, 1, 3, 8);
	w->delay_us = CHOOSE(w, 0, 100, 3000, 40000);
	w->jitter_us = CHOOSE(w, 0, 500, 20000);
	w->wire_max = CHOOSE(w, 1, 30000, 1 << 18, 1 << 20, 1 << 20);
	o.grace_s = (uint32_t)CHOOSE(w, 60, 60, 60, 60, 900, 900, 900, 5);
	f->grace_us = o.grace_s * UINT64_C(1000000);
	o.ping_ms = (uint32_t)CHOOSE(w, 0, 2000);
	o.dead_ms = o.ping_ms != 0 ? 5000 : 0;
	o.jitter = (uint32_t)CHOOSE(w, 0, 20260101);
	roads_start(&f->rs, o, CHOOSE(w, RING_MIN, RING_MIN, 20000,
	    200000));
}

static size_t
setting(const char *name, size_t otherwise)
{
	const char *v = getenv(name);

	return v != NULL ? strtoull(v, NULL, 10) : otherwise;
}

struct sums {
	size_t	events, seeds, bytes, dials, cuts, moves, resumes, stale;
	size_t	replays, lost, convs, again;
};

static void
one_run(uint64_t seed, struct sums *sum)
{
	static struct flow f;
	unsigned peace;
	size_t i;

	flow_init(&f, seed);
	peace = (unsigned)CHOOSE(&f.rs.w, 1, 3, 10, 30);
	for (i = 0; i < RUN_EVENTS && !is_over(&f); i++) {
		act(&f, peace);
		if (i % 64 == 0)
			roads_check(&f.rs);
	}
	sum->events += i;
	/* one in eight is let go as it is */
	if (seed % 8 != 7) {
		drain(&f);
		check_result(&f);
	}
	sum->seeds++;
	sum->bytes += f.bytes;
	sum->convs += f.n_cv;
	sum->dials += f.dials;
	sum->cuts += f.cuts;
	sum->moves += f.moves;
	sum->resumes += f.resumes;
	sum->stale += f.rs.stale;
	sum->again += f.rs.again;
	sum->replays += f.replays;
	sum->lost += f.lost[0] + f.lost[1];
	roads_fini(&f.rs);
}

static void
at_random(void **state)
{
	size_t events = setting("AL_FLOW_EVENTS", EVENTS);
	size_t only = setting("AL_FLOW_SEED", 0);
	struct sums sum = { .events = 0 };
	uint64_t seed = only ? only : 1;

	(void)state;
	do
		one_run(seed++, &sum);
	while (!only && sum.events < events);
	print_message("# %zu events, %zu seeds: %zu channels, %zu MiB, "
	    "%zu dials, %zu cuts, %zu switches, %zu resumptions, %zu stale, "
	    "%zu replays, %zu STARTs again, %zu lost\n",
	    sum.events, sum.seeds, sum.convs,
	    sum.bytes >> 20, sum.dials, sum.cuts, sum.moves, sum.resumes,
	    sum.stale, sum.replays, sum.again, sum.lost);
	assert_true(only || (sum.moves > 0 && sum.resumes > 0 &&
	    sum.stale > 0 && sum.again > 0));
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
