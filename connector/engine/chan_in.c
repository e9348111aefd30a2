/* connector/engine/chan_in.c - frames of channels that arrive. */
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/engine/session_int.h"

#define EXTRA_CHANNELS	4096u	/* refused ones whose REFUSE is not out yet */

static enum al_code
broken(const struct al_frame *f, const char *why, struct al_err *err)
{
	return al_fail_as(err, AL_EPROTO, AL_AT_SESSION, AL_CHAN_PROTOCOL, 0,
	    "a %s frame for channel %u: %s", al_frame_rule(f->type)->name,
	    (unsigned)f->chan, why);
}

static void
set_ev_text(struct al_chan *c, const char *text, size_t len)
{
	free(c->ev_text);
	c->ev_text = al_str_dup(text, len);
}

static enum al_code
in_open(struct al_session *s, const struct al_frame *f, struct al_err *err)
{
	struct al_frame_open o;
	struct al_chan *c;
	enum al_code code;
	/* what waits keeps up to 4 KiB of JSON */
	bool full = s->n_channels >= s->max_channels ||
	    s->n_asked >= s->max_pending;

	al_frame_decode_open(f, &o);
	if ((f->chan & 1) != (s->role == AL_ACCEPTOR) ||
	    f->chan <= s->peer_last_id)
		return broken(f, "the id is not the next of its side", err);
	if (memchr(o.json, '\0', o.json_len) != NULL)
		return broken(f, "a NUL in its JSON", err);
	if (s->n_channels >= (size_t)s->max_channels + EXTRA_CHANNELS)
		return broken(f, "too many refused channels", err);
	c = al_chan_new(s);
	if (c == NULL)
		return al_fail_nomem(err, AL_AT_SESSION);
	c->id = f->chan;
	code = al_chan_count(c, err);
	if (code != AL_OK) {
		al_chan_destroy(c);
		return code;
	}
	s->peer_last_id = f->chan;
	c->kind = o.kind;
	c->send_credit += o.credit < CREDIT_MAX ? o.credit : CREDIT_MAX;
	/* an OPEN that crosses our GOAWAY is served, unless we stop */
	if (full || ((s->goaway_due || s->goaway_sent) &&
	    s->goaway_code == AL_CHAN_DRAINING)) {
		al_chan_refuse(c, full ? AL_CHAN_LIMIT : AL_CHAN_DRAINING,
		    NULL);
		return AL_OK;
	}
	set_ev_text(c, o.json, o.json_len);
	if (c->ev_text == NULL) {
		al_chan_refuse(c, AL_CHAN_LIMIT, "out of memory");
		return AL_OK;
	}
	c->bits |= C_ASKED;
	s->n_asked++;
	al_chan_tell(c, TELL_OPEN);
	return AL_OK;
}

static void
give_credit(struct al_chan *c, uint32_t n)
{
	c->send_credit += n;
	if ((c->bits & C_STARVED) && al_chan_has_credit(c)) {
		c->bits &= (uint16_t)~C_STARVED;
		al_chan_tell(c, TELL_WRITABLE);
	}
	al_chan_reschedule(c);
}

static enum al_code
in_accept(struct al_chan *c, const struct al_frame *f, struct al_err *err)
{
	struct al_frame_open o;

	al_frame_decode_open(f, &o);
	if (!(c->bits & C_PENDING))
		return broken(f, "nobody asked", err);
	c->bits &= (uint16_t)~C_PENDING;
	c->bits |= C_ACCEPTED;
	c->s->n_pending--;
	set_ev_text(c, o.json, o.json_len);
	al_chan_tell(c, TELL_ACCEPT);
	give_credit(c, o.credit < CREDIT_MAX ? o.credit : CREDIT_MAX);
	return AL_OK;
}

/* REFUSE and RESET: all that is left is to tell the caller. */
static enum al_code
in_end(struct al_chan *c, const struct al_frame *f, struct al_err *err)
{
	struct al_frame_reason r;
	bool untold = (c->tell & TELL_OPEN) != 0;

	if (f->type == AL_F_REFUSE && !(c->bits & C_PENDING))
		return broken(f, "nobody asked", err);
	al_frame_decode_reason(f, &r);
	al_chan_end(c, 0, 0, NULL);
	if (untold) {		/* taken back before anybody knew */
		al_chan_destroy(c);
		return AL_OK;
	}
	c->ev_code = r.code;
	set_ev_text(c, r.text, strlen(r.text));
	al_chan_tell(c, f->type == AL_F_REFUSE ? TELL_REFUSE : TELL_RESET);
	return AL_OK;
}

void
al_chan_kill(struct al_chan *c, uint16_t code, const char *text)
{
	if (c->tell & TELL_OPEN)	/* the caller never heard of it */
		c->bits |= C_LEFT;
	al_chan_end(c, DUE_RESET, code, text);
	c->ev_code = code;
	set_ev_text(c, text, strlen(text));
	al_chan_tell(c, TELL_RESET);
}

/* More waits than may: in this session, or in the process while this session
 * has more than its share. */
static bool
is_overfull(const struct al_session *s)
{
	const struct al_budget *p = s->process;

	return s->buffered > BUFFERED_MAX || (p != NULL &&
	    p->buffered_max > 0 && p->buffered > p->buffered_max &&
	    s->buffered > p->buffered_max / p->sessions);
}

/* Last line of defence: the channel that holds most goes. */
static void
relieve(struct al_session *s)
{
	struct al_chan *c, *worst = NULL;

	TAILQ_FOREACH(c, &s->all, all)
		if (worst == NULL || c->queued > worst->queued)
			worst = c;
	if (worst != NULL)
		al_chan_kill(worst, AL_CHAN_LIMIT,
		    "too many bytes wait for a slow reader");
}

static void
queue_block(struct al_chan *c, struct al_block *b)
{
	b->next = NULL;
	if (c->tail != NULL)
		c->tail->next = b;
	else
		c->head = b;
	c->tail = b;
	al_session_buffered(c->s, b->cap);
}

/*
 * A body is kept in the block that it came in when it is the last frame of
 * its message (the others are still to be read from there) and at least half
 * of the block: what waits may not pin much more than its own length.
 */
static bool
fits_whole(const struct al_frame *f, const struct al_block *b)
{
	return f->len >= AL_BLOCK_WHOLE && f->len >= b->cap / 2 &&
	    f->body + f->len == b->data + b->off + b->len;
}

/* Others go behind the last one's, so that they pin no large block. */
static bool
queue_copy(struct al_chan *c, const uint8_t *p, size_t len)
{
	struct al_block *b = c->tail;

	if (b == NULL || b->cap - b->off - b->len < len) {
		b = al_block_new(len > 1024 ? len : 1024);
		if (b == NULL)
			return false;
		queue_block(c, b);
	}
	memcpy(b->data + b->off + b->len, p, len);
	b->len += (uint32_t)len;
	return true;
}

static enum al_code
in_data(struct al_chan *c, const struct al_frame *f, struct al_block **blk,
    struct al_err *err)
{
	struct al_block *b = *blk;

	if (c->bits & C_FIN_RCVD)
		return broken(f, "after its end", err);
	if (c->bits & C_PENDING)
		return broken(f, "before ACCEPT", err);
	if (f->len > c->recv_credit) {
		al_chan_kill(c, AL_CHAN_FLOW, "more data than credit");
		return AL_OK;
	}
	if (fits_whole(f, b)) {
		b->off = (uint32_t)(f->body - b->data);
		b->len = f->len;
		queue_block(c, b);
		*blk = NULL;
	} else if (f->len > 0 && !queue_copy(c, f->body, f->len)) {
		return al_fail_nomem(err, AL_AT_SESSION);
	}
	c->recv_credit -= f->len;
	c->queued += f->len;
	c->bytes_in += f->len;
	if (f->flags & AL_FRAME_FIN) {
		c->bits |= C_FIN_RCVD;
		c->due &= (uint8_t)~DUE_CREDIT;
	}
	/* an OPEN that is not told yet is told first; its answer tells then */
	if ((f->len > 0 || (f->flags & AL_FRAME_FIN)) &&
	    !(c->tell & TELL_OPEN))
		al_chan_tell(c, TELL_DATA);
	if (is_overfull(c->s))
		relieve(c->s);
	return AL_OK;
}

static enum al_code
in_credit(struct al_chan *c, const struct al_frame *f)
{
	uint32_t n = al_frame_credit(f);

	if (n > CREDIT_MAX || c->send_credit > CREDIT_MAX - n)
		al_chan_kill(c, AL_CHAN_FLOW, "credit without end");
	else
		give_credit(c, n);
	return AL_OK;
}

/*
 * f is in order.  Frames for a channel that is gone are dropped: the peer
 * may not know yet.  *blk is NULL when its bytes have been kept.
 */
enum al_code
al_chan_feed(struct al_session *s, const struct al_frame *f,
    struct al_block **blk, struct al_err *err)
{
	struct al_chan *c;
	bool ours = (f->chan & 1) == (s->role == AL_OPENER);

	if (f->type == AL_F_OPEN)
		return in_open(s, f, err);
	c = al_chan_find(s, f->chan);
	if (c == NULL && f->chan > (ours ? s->last_id : s->peer_last_id))
		return broken(f, "it was never opened", err);
	if (c == NULL || (c->bits & C_DEAD)) {
		/* theirs crosses ours, which nobody needs any more */
		if (c != NULL &&
		    (f->type == AL_F_RESET || f->type == AL_F_REFUSE)) {
			al_chan_drop_due(c);
			if (c->bits & C_LEFT)
				al_chan_destroy(c);
		}
		s->skipped++;
		return AL_OK;
	}
	switch (f->type) {
	case AL_F_ACCEPT:
		return in_accept(c, f, err);
	case AL_F_REFUSE:
	case AL_F_RESET:
		return in_end(c, f, err);
	case AL_F_DATA:
		return in_data(c, f, blk, err);
	case AL_F_CREDIT:
		return in_credit(c, f);
	default:
		al_chan_kill(c, AL_CHAN_UNSUPPORTED,
		    "datagrams on a channel of bytes");
		return AL_OK;
	}
}
