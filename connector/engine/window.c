/* connector/engine/window.c - credit: how much a peer may send on a channel. */
#include "connector/engine/session_int.h"

/*
 * Everything beyond a channel's first 16 KiB comes from a budget of the
 * session and, in a gateway, of the process.  max is the session's bound for
 * this purpose.
 */
static bool
reserve(struct al_session *s, size_t n, size_t max)
{
	if (s->window_used + n > max)
		return false;
	if (s->process != NULL) {
		if (s->process->used + n > s->process->max)
			return false;
		s->process->used += n;
	}
	s->window_used += n;
	return true;
}

static void
release(struct al_session *s, size_t n)
{
	s->window_used -= n;
	if (s->process != NULL)
		s->process->used -= n;
}

/* What OPEN and ACCEPT give on top of the first 16 KiB. */
uint32_t
al_window_open(struct al_chan *c)
{
	if (c->window > WINDOW_MIN || (c->bits & C_FIN_RCVD) ||
	    !reserve(c->s, WINDOW_OPEN, c->s->window_budget / 2))
		return 0;
	c->window += WINDOW_OPEN;
	c->recv_credit += WINDOW_OPEN;
	return WINDOW_OPEN;
}

void
al_window_release(struct al_chan *c)
{
	release(c->s, c->window - WINDOW_MIN);
	c->window = WINDOW_MIN;
}

/* Used up within two round trips: the path is longer than the window. */
static void
grow(struct al_chan *c, uint64_t now_us)
{
	uint64_t rtt = c->s->rtt_us > 1000 ? c->s->rtt_us : 1000;

	if (c->grow_bytes < c->window)
		return;
	if (now_us - c->grow_us <= 2 * rtt && c->window < WINDOW_MAX &&
	    reserve(c->s, c->window, c->s->window_budget)) {
		c->owed += c->window;
		c->window *= 2;
	}
	c->grow_bytes = 0;
	c->grow_us = now_us;
}

/* The budget is spent: a channel that has much gives half of it up. */
static void
shrink(struct al_chan *c)
{
	struct al_session *s = c->s;
	uint32_t half = c->window / 2;

	if (s->window_budget - s->window_used >= WINDOW_OPEN ||
	    c->window <= WINDOW_MIN + WINDOW_OPEN || c->owed < half ||
	    s->n_channels < 2 || c->window <= s->window_budget / s->n_channels)
		return;
	c->owed -= half;
	c->window -= half;
	release(s, half);
}

/* n received bytes have been taken away: return credit, not for each byte. */
void
al_window_consumed(struct al_chan *c, size_t n, uint64_t now_us)
{
	if (c->bits & C_FIN_RCVD) {	/* no more will come */
		if (c->queued == 0)
			al_window_release(c);
		return;
	}
	c->owed += (uint32_t)n;
	c->grow_bytes += (uint32_t)n;
	grow(c, now_us);
	if (c->owed < c->window / 2)
		return;
	shrink(c);
	if (c->owed > 0)
		al_chan_set_due(c, DUE_CREDIT);
}
