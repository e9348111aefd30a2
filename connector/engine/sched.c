/* connector/engine/sched.c - what goes into the open record next. */
#include <stdlib.h>
#include <string.h>

#include "connector/engine/session_int.h"

#define QUANTUM		49152u	/* three records: fewer, larger reads and writes */
#define FAIR_US		100000u		/* interactive: half of the bytes ...  */
#define CLASS_US	1000000u
#define BULK_BYTES	(256u * 1024)	/* in a second: bulk                   */
#define QUIET_BYTES	(16u * 1024)	/* in a second: interactive again      */
#define ROOM_MIN	1024u		/* less room: the record is full       */

static size_t
room(const struct al_session *s)
{
	return AL_RECORD_MAX - s->open->len;
}

static uint8_t *
end_of(const struct al_session *s)
{
	return al_block_head(s->open) + s->open->len;
}

/* --- control frames: bits of the channel until here ----------------------- */
/* OPEN takes its id here, so that ids rise in the order of the stream. */
static bool
take_id(struct al_chan *c)
{
	struct al_session *s = c->s;
	struct al_err err;

	c->id = s->last_id != 0 ? s->last_id + 2 :
	    s->role == AL_OPENER ? 1 : 2;
	if (al_chan_count(c, &err) != AL_OK) {
		c->id = 0;
		return false;
	}
	s->last_id = c->id;
	c->bits |= C_PENDING;
	s->n_pending++;
	return true;
}

static size_t
put_open(struct al_chan *c, uint8_t type)
{
	struct al_session *s = c->s;
	const char *json = c->out_text != NULL ? c->out_text : "";
	struct al_frame_open o = { .kind = c->kind, .json = json,
	    .json_len = strlen(json) };
	size_t n;

	if (2 * AL_FRAME_HEADER + o.json_len > room(s) ||
	    (type == AL_F_OPEN && !take_id(c)))
		return 0;
	o.credit = al_window_open(c);
	n = al_frame_encode_open(end_of(s), room(s), type, c->id, &o);
	free(c->out_text);
	c->out_text = NULL;
	return n;
}

static size_t
put_reason(struct al_chan *c, uint8_t type)
{
	struct al_frame_reason r = { .code = c->out_code };

	if (c->out_text != NULL)
		strncpy(r.text, c->out_text, AL_FRAME_TEXT_MAX);
	return al_frame_encode_reason(end_of(c->s), room(c->s), type, c->id,
	    &r);
}

static size_t
put_credit(struct al_chan *c)
{
	if (room(c->s) < AL_FRAME_CREDIT_LEN)
		return 0;
	al_frame_put_credit(end_of(c->s), c->id, c->owed);
	c->recv_credit += c->owed;
	c->owed = 0;
	return AL_FRAME_CREDIT_LEN;
}

/* One frame; false: it does not fit, or memory is out. */
static bool
put_due(struct al_chan *c)
{
	static const struct {
		uint8_t	due, type;
	} order[] = {
		{ DUE_OPEN, AL_F_OPEN }, { DUE_ACCEPT, AL_F_ACCEPT },
		{ DUE_REFUSE, AL_F_REFUSE }, { DUE_RESET, AL_F_RESET },
		{ DUE_CREDIT, AL_F_CREDIT },
	};
	size_t i, n;

	for (i = 0; !(c->due & order[i].due); i++)
		;
	if (order[i].due & (DUE_OPEN | DUE_ACCEPT))
		n = put_open(c, order[i].type);
	else if (order[i].due == DUE_CREDIT)
		n = put_credit(c);
	else
		n = put_reason(c, order[i].type);
	if (n == 0)
		return false;
	c->s->open->len += (uint32_t)n;
	c->due &= (uint8_t)~order[i].due;
	return true;
}

static void
put_goaway(struct al_session *s)
{
	struct al_frame_reason r = { .code = s->goaway_code,
	    .seconds = s->goaway_retry_s };
	size_t n;

	memcpy(r.text, s->goaway_text, sizeof(r.text));
	n = al_frame_encode_reason(end_of(s), room(s), AL_F_GOAWAY, 0, &r);
	s->open->len += (uint32_t)n;
	s->goaway_due = n == 0;
	s->goaway_sent = n > 0;
}

/* An opener waits for a free place. */
static bool
may_put_open(const struct al_session *s)
{
	return !TAILQ_EMPTY(&s->opens) && s->n_pending < s->max_pending;
}

static void
put_control(struct al_session *s)
{
	struct al_chan *c;

	if (s->goaway_due)
		put_goaway(s);
	while ((c = TAILQ_FIRST(&s->ctl)) != NULL) {
		while (c->due != 0)
			if (!put_due(c))
				return;
		TAILQ_REMOVE(&s->ctl, c, ctl);
		c->bits &= (uint16_t)~C_ON_CTL;
		if (!(c->bits & C_DEAD))
			al_chan_reschedule(c);
		else if (c->bits & C_LEFT)
			al_chan_destroy(c);
	}
	while (may_put_open(s)) {
		c = TAILQ_FIRST(&s->opens);
		if (!put_due(c))
			return;
		TAILQ_REMOVE(&s->opens, c, ctl);
		c->bits &= (uint16_t)~C_ON_CTL;
		al_chan_reschedule(c);
	}
}

/* --- whose turn it is ----------------------------------------------------- */
static void
classify(struct al_chan *c, size_t n, uint64_t now_us)
{
	bool bulk = (c->bits & C_BULK) != 0, was = bulk;

	c->class_bytes += (uint32_t)n;
	if (now_us - c->class_us >= CLASS_US) {
		if (c->class_bytes < QUIET_BYTES)
			bulk = false;
		c->class_us = now_us;
		c->class_bytes = (uint32_t)n;
	} else if (c->class_bytes > BULK_BYTES) {
		bulk = true;
	}
	if (bulk == was)
		return;
	if (c->bits & C_ON_SCHED)
		TAILQ_REMOVE(was ? &c->s->bulk : &c->s->interactive, c, sched);
	c->bits = (uint16_t)(bulk ? c->bits | C_BULK : c->bits & ~C_BULK);
	if (c->bits & C_ON_SCHED)
		TAILQ_INSERT_TAIL(bulk ? &c->s->bulk : &c->s->interactive, c,
		    sched);
}

/* Bulk waits while as much is on its way as the path holds. */
static struct al_chan *
first_bulk(struct al_session *s, uint64_t now_us)
{
	struct al_chan *c = TAILQ_FIRST(&s->bulk);

	return c != NULL && s->sealed - s->acked <
	    al_flight_cap(&s->flight, now_us) ? c : NULL;
}

/* Interactive channels first, but at most half of the bytes over 100 ms. */
static struct al_chan *
pick(struct al_session *s, uint64_t now_us)
{
	struct al_chan *i = TAILQ_FIRST(&s->interactive);
	struct al_chan *b = first_bulk(s, now_us);

	if (now_us - s->fair_us >= FAIR_US) {
		s->fair_us = now_us;
		s->fair_bytes = s->fair_interactive = 0;
	}
	if (i != NULL && (b == NULL || s->fair_bytes < 2 * QUANTUM ||
	    s->fair_interactive * 2 <= s->fair_bytes))
		return i;
	return b;
}

static bool
may_fill(const struct al_session *s)
{
	return s->link != NULL && s->link->may_send && s->link->next == NULL &&
	    !(s->close_due && s->close_code != AL_CHAN_DONE);
}

bool
al_session_turn(struct al_session *s, uint64_t now_us, struct al_turn *t)
{
	struct al_chan *c;
	size_t cap;

	if (!may_fill(s) || (!s->goaway_due && TAILQ_EMPTY(&s->ctl) &&
	    !may_put_open(s) && TAILQ_EMPTY(&s->interactive) &&
	    first_bulk(s, now_us) == NULL) || !al_ring_begin(s))
		return false;
	put_control(s);
	c = pick(s, now_us);
	if (c == NULL || room(s) < AL_FRAME_HEADER + ROOM_MIN)
		return false;
	if (c->deficit == 0)
		c->deficit = QUANTUM;
	cap = room(s) - AL_FRAME_HEADER;
	if (cap > c->send_credit)
		cap = c->send_credit;
	t->max = c->send_credit < AL_DATA_MAX ? c->send_credit : AL_DATA_MAX;
	if (cap > c->deficit && (c->bits & C_BULK))
		cap = c->deficit;
	t->chan = c;
	t->p = end_of(s) + AL_FRAME_HEADER;
	t->cap = cap;
	return true;
}

static void
after_turn(struct al_chan *c, size_t n, unsigned flags, uint64_t now_us)
{
	struct al_session *s = c->s;

	c->send_credit -= (uint32_t)n;
	c->bytes_out += n;
	c->deficit -= n < c->deficit ? (uint32_t)n : c->deficit;
	s->fair_bytes += n;
	if (!(c->bits & C_BULK) && n > 0) {
		s->fair_interactive += n;
		al_flight_small(&s->flight, now_us);
	}
	if (flags & AL_TURN_FIN)
		c->bits |= C_FIN_SENT;
	if ((flags & (AL_TURN_FIN | AL_TURN_DRAINED)) || n == 0) {
		c->bits &= (uint16_t)~C_READABLE;
		c->deficit = 0;
	}
	if (!(c->bits & C_FIN_SENT) && !al_chan_has_credit(c))
		c->bits |= C_STARVED;
	classify(c, n, now_us);
	al_chan_reschedule(c);
	if ((c->bits & C_ON_SCHED) &&
	    (c->deficit < ROOM_MIN || !(c->bits & C_BULK))) {
		struct al_chan_list *l = c->bits & C_BULK ? &s->bulk :
		    &s->interactive;

		c->deficit = 0;
		TAILQ_REMOVE(l, c, sched);
		TAILQ_INSERT_TAIL(l, c, sched);
	}
}

void
al_session_commit(struct al_session *s, const struct al_turn *t, size_t n,
    unsigned flags, uint64_t now_us)
{
	uint8_t fin = flags & AL_TURN_FIN ? AL_FRAME_FIN : 0;

	if (n > 0 || fin) {
		al_frame_put_header(t->p - AL_FRAME_HEADER, AL_F_DATA, fin, n,
		    t->chan->id);
		s->open->len += (uint32_t)(AL_FRAME_HEADER + n);
	}
	after_turn(t->chan, n, flags, now_us);
}

size_t
al_session_commit_block(struct al_session *s, const struct al_turn *t,
    struct al_block **blk, unsigned flags, uint64_t now_us)
{
	struct al_block *b = *blk;
	uint8_t fin = flags & AL_TURN_FIN ? AL_FRAME_FIN : 0;
	size_t n = b->len;

	if (n < AL_BLOCK_WHOLE || n > t->max || b->off < AL_HEADROOM) {
		if (n > t->cap) {
			n = t->cap;
			flags &= ~(AL_TURN_FIN | AL_TURN_DRAINED);
		}
		memcpy(t->p, al_block_head(b), n);
		b->off += (uint32_t)n;
		b->len -= (uint32_t)n;
		if (b->len == 0) {
			al_block_free(b);
			*blk = NULL;
		}
		al_session_commit(s, t, n, flags, now_us);
		return n;
	}
	al_ring_seal(s);
	b->off -= AL_FRAME_HEADER;
	b->len += AL_FRAME_HEADER;
	al_frame_put_header(al_block_head(b), AL_F_DATA, fin, n, t->chan->id);
	al_ring_append(s, b);
	*blk = NULL;
	after_turn(t->chan, n, flags, now_us);
	return n;
}
