/* connector/engine/ring.c - sent records, kept until they are acknowledged. */
#include <string.h>

#include "connector/engine/session_int.h"

/*
 * PROTOCOL 3.1: 1 MiB, growing to 8 MiB where rate x RTT asks for it, counted
 * in allocated bytes.  Full is back-pressure.
 */
bool
al_ring_is_full(struct al_session *s)
{
	uint64_t flight;

	if (s->ring_bytes < s->ring_max)
		return false;
	flight = s->rate / 1000 * s->rtt_us / 1000;
	if (s->ring_max >= RING_MAX || flight * 2 < s->ring_max)
		return true;
	if (s->process != NULL) {
		if (s->process->max - s->process->used < s->ring_max)
			return true;
		s->process->used += s->ring_max;
	}
	s->ring_max *= 2;
	return s->ring_bytes >= s->ring_max;
}

/* There is an open record; false: the ring or memory is full. */
bool
al_ring_begin(struct al_session *s)
{
	if (s->open != NULL && s->open->len > 0)
		return true;
	if (al_ring_is_full(s))
		return false;
	if (s->open == NULL)
		s->open = al_block_new(AL_RECORD_MAX);
	return s->open != NULL;
}

void
al_ring_append(struct al_session *s, struct al_block *b)
{
	b->next = NULL;
	b->pos = s->sealed;
	b->sent_us = 0;
	s->sealed += b->len;
	s->ring_bytes += b->cap;
	if (s->ring_tail != NULL)
		s->ring_tail->next = b;
	else
		s->ring_head = b;
	s->ring_tail = b;
	if (s->link != NULL && s->link->next == NULL)
		s->link->next = b;
}

/* The open record is complete.  A small one goes into a block of its size. */
void
al_ring_seal(struct al_session *s)
{
	struct al_block *b = s->open, *small;

	if (b == NULL || b->len == 0)
		return;
	if (b->len < AL_RECORD_MAX / 2 &&
	    (small = al_block_new(b->len)) != NULL) {
		memcpy(small->data + small->off, al_block_head(b), b->len);
		small->len = b->len;
		b->len = 0;
		al_ring_append(s, small);
		return;
	}
	s->open = NULL;
	al_ring_append(s, b);
}

/* Nothing is to be sent: an idle session keeps no open record. */
void
al_ring_rest(struct al_session *s)
{
	if (s->open == NULL || s->open->len > 0)
		return;
	al_block_free(s->open);
	s->open = NULL;
}

static bool
is_held(const struct al_session *s, const struct al_block *b)
{
	const struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (b == l->busy || b == l->next)
			return true;
	return false;
}

/* Forget what is acknowledged, but not a record that is being written. */
void
al_ring_trim(struct al_session *s)
{
	struct al_block *b;

	while ((b = s->ring_head) != NULL && b->pos + b->len <= s->acked) {
		if (is_held(s, b))
			return;
		s->ring_head = b->next;
		if (s->ring_head == NULL)
			s->ring_tail = NULL;
		s->ring_bytes -= b->cap;
		al_block_free(b);
	}
}

struct al_block *
al_ring_oldest(const struct al_session *s)
{
	struct al_block *b = s->ring_head;

	while (b != NULL && b->pos + b->len <= s->acked)
		b = b->next;
	return b;
}

#define RATE_US		50000

static void
measure_rate(struct al_session *s, uint64_t acked, uint64_t now_us)
{
	uint64_t dt = now_us - s->rate_us, rate;

	/* ACKs come in bunches: over a short time they would be a rate that
	 * nobody has */
	if (dt < RATE_US || dt < 2 * s->rtt_us)
		return;
	rate = (acked - s->rate_acked) * 1000000 / dt;
	s->rate = rate > s->rate ? rate : s->rate - s->rate / 8 + rate / 8;
	al_flight_rate(&s->flight, rate, now_us);
	s->rate_us = now_us;
	s->rate_acked = acked;
}

void
al_ring_measure(struct al_session *s, uint64_t pos, uint32_t delay_us,
    uint64_t now_us)
{
	const struct al_block *b;
	uint64_t sent_us = 0, rtt;

	for (b = s->ring_head; b != NULL && b->pos + b->len <= pos;
	    b = b->next)
		sent_us = b->sent_us;
	if (sent_us != 0 && now_us - sent_us >= delay_us) {
		rtt = now_us - sent_us - delay_us;
		s->rtt_us = s->rtt_us == 0 ? rtt : (s->rtt_us * 7 + rtt) / 8;
		al_flight_rtt(&s->flight, rtt, now_us);
	}
	measure_rate(s, pos, now_us);
}

void
al_ring_acked(struct al_session *s, uint64_t pos)
{
	struct al_link *l = s->link;

	s->acked = pos;
	if (l != NULL && l->next != NULL &&
	    l->next->pos + l->next->len <= pos) {
		/* it came by another link before this one has sent it */
		l->next = al_ring_oldest(s);
		l->start_due = true;
	}
	al_ring_trim(s);
}

void
al_ring_new_path(struct al_session *s)
{
	struct al_block *b;

	for (b = s->ring_head; b != NULL; b = b->next)
		b->sent_us = 0;
	al_flight_reset(&s->flight);
	s->rtt_us = s->rate = 0;
}
