/* connector/engine/chan.c - channels: their table, their calls, their end. */
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/engine/session_int.h"

/* --- the table of ids ----------------------------------------------------- */
static size_t
slot_of(const struct al_session *s, uint32_t id)
{
	return (id * 2654435761u) >> 7 & (s->n_slots - 1);
}

struct al_chan *
al_chan_find(const struct al_session *s, uint32_t id)
{
	struct al_chan *c;

	if (s->n_slots == 0)
		return NULL;
	for (c = s->slots[slot_of(s, id)]; c != NULL && c->id != id;
	    c = c->next_id)
		;
	return c;
}

static enum al_code
grow_table(struct al_session *s, struct al_err *err)
{
	size_t n = s->n_slots ? s->n_slots * 2 : 16, i, old = s->n_slots;
	struct al_chan **from = s->slots, *c, *next;
	struct al_chan **to = calloc(n, sizeof(struct al_chan *));

	if (to == NULL)
		return al_fail_nomem(err, AL_AT_SESSION);
	s->slots = to;
	s->n_slots = n;
	for (i = 0; i < old; i++) {
		for (c = from[i]; c != NULL; c = next) {
			next = c->next_id;
			c->next_id = to[slot_of(s, c->id)];
			to[slot_of(s, c->id)] = c;
		}
	}
	free(from);
	return AL_OK;
}

/* The channel has an id: frames can find it. */
enum al_code
al_chan_count(struct al_chan *c, struct al_err *err)
{
	struct al_session *s = c->s;

	if (s->n_channels >= s->n_slots) {
		enum al_code code = grow_table(s, err);

		if (code != AL_OK)
			return code;
	}
	c->next_id = s->slots[slot_of(s, c->id)];
	s->slots[slot_of(s, c->id)] = c;
	c->bits |= C_COUNTED;
	return AL_OK;
}

static void
uncount(struct al_chan *c)
{
	struct al_chan **p;

	if (!(c->bits & C_COUNTED))
		return;
	for (p = &c->s->slots[slot_of(c->s, c->id)]; *p != c;
	    p = &(*p)->next_id)
		;
	*p = c->next_id;
	c->bits &= (uint16_t)~C_COUNTED;
}

/* --- life ----------------------------------------------------------------- */
struct al_chan *
al_chan_new(struct al_session *s)
{
	struct al_chan *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->s = s;
	c->send_credit = c->recv_credit = c->window = WINDOW_MIN;
	TAILQ_INSERT_TAIL(&s->all, c, all);
	s->n_channels++;
	return c;
}

static void
drop_queue(struct al_chan *c)
{
	struct al_block *b;

	while ((b = al_chan_take(c)) != NULL)
		al_block_free(b);
	c->queued = 0;
}

void
al_chan_drop_due(struct al_chan *c)
{
	if (c->bits & C_ON_CTL)
		TAILQ_REMOVE(c->due & DUE_OPEN ? &c->s->opens : &c->s->ctl,
		    c, ctl);
	c->bits &= (uint16_t)~C_ON_CTL;
	c->due = 0;
}

static void
off_ev(struct al_chan *c)
{
	if (c->bits & C_ON_EV)
		TAILQ_REMOVE(&c->s->ev, c, ev);
	c->bits &= (uint16_t)~C_ON_EV;
	c->tell = 0;
}

static void
off_sched(struct al_chan *c)
{
	if (c->bits & C_ON_SCHED)
		TAILQ_REMOVE(c->bits & C_BULK ? &c->s->bulk :
		    &c->s->interactive, c, sched);
	c->bits &= (uint16_t)~C_ON_SCHED;
}

/* No OPEN of either side waits for its answer any more. */
static void
answered(struct al_chan *c)
{
	if (c->bits & C_PENDING)
		c->s->n_pending--;
	if (c->bits & C_ASKED)
		c->s->n_asked--;
	c->bits &= (uint16_t)~(C_PENDING | C_ASKED);
}

void
al_chan_destroy(struct al_chan *c)
{
	struct al_session *s = c->s;

	answered(c);
	al_chan_drop_due(c);
	off_ev(c);
	off_sched(c);
	uncount(c);
	drop_queue(c);
	al_window_release(c);
	TAILQ_REMOVE(&s->all, c, all);
	s->n_channels--;
	free(c->out_text);
	free(c->ev_text);
	free(c);
}

void
al_chan_set_due(struct al_chan *c, unsigned due)
{
	c->due |= (uint8_t)due;
	if (!(c->bits & C_ON_CTL))
		TAILQ_INSERT_TAIL(due & DUE_OPEN ? &c->s->opens : &c->s->ctl,
		    c, ctl);
	c->bits |= C_ON_CTL;
}

void
al_chan_tell(struct al_chan *c, unsigned tell)
{
	if (c->bits & C_LEFT)
		return;
	c->tell |= (uint8_t)tell;
	if (!(c->bits & C_ON_EV))
		TAILQ_INSERT_TAIL(&c->s->ev, c, ev);
	c->bits |= C_ON_EV;
}

/* On the scheduler's list exactly when it could use a turn. */
void
al_chan_reschedule(struct al_chan *c)
{
	struct al_session *s = c->s;
	bool eligible = (c->bits & C_READABLE) != 0 && al_chan_has_credit(c) &&
	    (c->due & (DUE_OPEN | DUE_ACCEPT)) == 0 &&
	    (c->bits & (C_OURS | C_ACCEPTED)) != 0;

	if (eligible == ((c->bits & C_ON_SCHED) != 0))
		return;
	if (!eligible) {
		off_sched(c);
		return;
	}
	TAILQ_INSERT_TAIL(c->bits & C_BULK ? &s->bulk : &s->interactive, c,
	    sched);
	c->bits |= C_ON_SCHED;
}

/*
 * Both directions are dead for us: nothing but the frame that says so (due:
 * REFUSE or RESET, or 0 when the peer said it) is left to be done.
 */
void
al_chan_end(struct al_chan *c, unsigned due, uint16_t code, const char *text)
{
	answered(c);
	c->bits &= (uint16_t)~C_READABLE;
	c->bits |= C_DEAD;
	off_sched(c);
	off_ev(c);
	al_chan_drop_due(c);
	drop_queue(c);
	al_window_release(c);
	free(c->out_text);
	c->out_text = NULL;
	if (due != 0 && c->id != 0) {
		c->out_code = code;
		c->out_text = text != NULL ? strdup(text) : NULL;
		al_chan_set_due(c, due);
	} else {
		uncount(c);
	}
}

/* --- the caller's side ---------------------------------------------------- */
static bool
is_leaving(const struct al_session *s)
{
	return s->goaway_got || s->goaway_sent || s->goaway_due ||
	    s->close_due;
}

static bool
is_full(const struct al_session *s)
{
	uint32_t max = s->max_channels < s->peer_max_channels ?
	    s->max_channels : s->peer_max_channels;

	return s->n_channels >= max || s->last_id >= ID_MAX;
}

bool
al_session_has_room(const struct al_session *s)
{
	return !is_leaving(s) && !is_full(s);
}

struct al_chan *
al_chan_open(struct al_session *s, const struct al_open *o, void *user,
    uint64_t now_us, struct al_err *err)
{
	struct al_chan *c;

	if (is_leaving(s)) {
		(void)al_fail_as(err, AL_EREFUSED, AL_AT_SESSION,
		    AL_CHAN_DRAINING, 0,
		    "the session takes no new channels any more");
		return NULL;
	}
	if (is_full(s)) {
		(void)al_fail_as(err, AL_ELIMIT, AL_AT_SESSION, AL_CHAN_LIMIT,
		    0, "%zu channels are open: that is the limit",
		    s->n_channels);
		return NULL;
	}
	if (strlen(o->json) > AL_FRAME_JSON_MAX) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "the description of the target is over %d bytes",
		    AL_FRAME_JSON_MAX);
		return NULL;
	}
	c = al_chan_new(s);
	if (c == NULL || (c->out_text = strdup(o->json)) == NULL) {
		if (c != NULL)
			al_chan_destroy(c);
		(void)al_fail_nomem(err, AL_AT_CHANNEL);
		return NULL;
	}
	c->kind = o->kind;
	c->user = user;
	c->bits = C_OURS;
	c->class_us = c->grow_us = now_us;
	al_chan_set_due(c, DUE_OPEN);
	return c;
}

void
al_chan_accept(struct al_chan *c, const char *json)
{
	if (c->bits & (C_DEAD | C_ACCEPTED | C_OURS))
		return;
	if (json != NULL && strlen(json) > AL_FRAME_JSON_MAX) {
		al_chan_kill(c, AL_CHAN_BAD_REQUEST, "the answer is too long");
		return;
	}
	if (json != NULL && (c->out_text = strdup(json)) == NULL) {
		al_chan_kill(c, AL_CHAN_LIMIT, "out of memory");
		return;
	}
	answered(c);
	c->bits |= C_ACCEPTED;
	al_chan_set_due(c, DUE_ACCEPT);
	if (c->queued > 0 || (c->bits & C_FIN_RCVD))
		al_chan_tell(c, TELL_DATA);
}

void
al_chan_refuse(struct al_chan *c, uint16_t code, const char *text)
{
	c->bits |= C_LEFT;
	off_ev(c);
	if (!(c->bits & C_DEAD))
		al_chan_end(c, DUE_REFUSE, code, text);
	if (c->due == 0)		/* the peer has ended it meanwhile */
		al_chan_destroy(c);
}

void
al_chan_reset(struct al_chan *c, uint16_t code, const char *text)
{
	c->bits |= C_LEFT;
	off_ev(c);
	if (!(c->bits & C_DEAD))
		al_chan_end(c, DUE_RESET, code, text);
	if (c->due == 0)		/* the peer never heard of it */
		al_chan_destroy(c);
}

void
al_chan_free(struct al_chan *c)
{
	const uint16_t both = C_FIN_SENT | C_FIN_RCVD;

	if (c->bits & C_DEAD && c->due == 0) {
		al_chan_destroy(c);
	} else if (c->bits & C_DEAD) {
		c->bits |= C_LEFT;
		off_ev(c);
	} else if ((c->bits & both) == both && c->queued == 0) {
		al_chan_destroy(c);
	} else {
		al_chan_reset(c, AL_CHAN_PEER_RESET, NULL);
	}
}

void
al_chan_set_user(struct al_chan *c, void *user)
{
	c->user = user;
}

void *
al_chan_user(const struct al_chan *c)
{
	return c->user;
}

uint32_t
al_chan_id(const struct al_chan *c)
{
	return c->id;
}

uint8_t
al_chan_kind(const struct al_chan *c)
{
	return c->kind;
}

struct al_session *
al_chan_session(const struct al_chan *c)
{
	return c->s;
}

uint64_t
al_chan_bytes_in(const struct al_chan *c)
{
	return c->bytes_in;
}

uint64_t
al_chan_bytes_out(const struct al_chan *c)
{
	return c->bytes_out;
}

void
al_chan_set_readable(struct al_chan *c)
{
	c->bits |= C_READABLE;
	al_chan_reschedule(c);
}

bool
al_chan_is_readable(const struct al_chan *c)
{
	return (c->bits & C_READABLE) != 0;
}

bool
al_chan_has_credit(const struct al_chan *c)
{
	return c->send_credit >= CREDIT_MIN &&
	    (c->bits & (C_FIN_SENT | C_DEAD)) == 0;
}

/* --- received bytes ------------------------------------------------------- */
size_t
al_chan_peek(const struct al_chan *c, struct al_span *v, size_t n)
{
	struct al_block *b;
	size_t i = 0;

	for (b = c->head; b != NULL && i < n; b = b->next, i++) {
		v[i].p = al_block_head(b);
		v[i].len = b->len;
	}
	return i;
}

void
al_chan_consume(struct al_chan *c, size_t n, uint64_t now_us)
{
	struct al_block *b;
	size_t left = n;

	while (left > 0 && (b = c->head) != NULL) {
		if (b->len > left) {
			b->off += (uint32_t)left;
			b->len -= (uint32_t)left;
			break;
		}
		left -= b->len;
		al_block_free(al_chan_take(c));
	}
	al_chan_consumed(c, n, now_us);
}

struct al_block *
al_chan_take(struct al_chan *c)
{
	struct al_block *b = c->head;

	if (b != NULL) {
		c->head = b->next;
		if (c->head == NULL)
			c->tail = NULL;
		b->next = NULL;
		al_session_unbuffered(c->s, b->cap);
	}
	return b;
}

void
al_chan_untake(struct al_chan *c, struct al_block *b)
{
	if (c->bits & C_DEAD) {
		al_block_free(b);
		return;
	}
	b->next = c->head;
	c->head = b;
	if (c->tail == NULL)
		c->tail = b;
	al_session_buffered(c->s, b->cap);
}

void
al_chan_consumed(struct al_chan *c, size_t n, uint64_t now_us)
{
	if (c->bits & C_DEAD)
		return;
	c->queued -= (uint32_t)n;
	al_window_consumed(c, n, now_us);
}

size_t
al_chan_queued(const struct al_chan *c)
{
	return c->queued;
}

bool
al_chan_is_ended(const struct al_chan *c)
{
	return (c->bits & C_FIN_RCVD) != 0 && c->queued == 0;
}
