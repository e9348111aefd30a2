/* connector/engine/link.c - one connection that carries a session. */
#include <stdlib.h>
#include <string.h>

#include "connector/engine/session_int.h"

static struct al_link *
link_new(struct al_session *s, uint64_t now_us, struct al_err *err)
{
	struct al_link *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	l->s = s;
	l->in_us = l->out_us = now_us;
	s->link = l;
	s->rate_us = now_us;
	return l;
}

struct al_link *
al_link_open(struct al_session *s, uint64_t now_us, struct al_err *err)
{
	struct al_link *l = link_new(s, now_us, err);

	if (l == NULL)
		return NULL;
	l->state = L_HELLO;
	l->hello_due = true;
	l->deadline_us = now_us + WELCOME_US;
	return l;
}

struct al_link *
al_link_accept(struct al_session *s, const struct al_hello *hello,
    uint64_t now_us, struct al_err *err)
{
	struct al_link *l = link_new(s, now_us, err);

	if (l == NULL)
		return NULL;
	if (hello->max_channels != 0)
		s->peer_max_channels = hello->max_channels;
	l->state = L_START;
	l->welcome_due = true;
	l->deadline_us = now_us + START_US;
	return l;
}

void
al_link_free(struct al_link *l)
{
	if (l == NULL)
		return;
	if (l->s->link == l)
		l->s->link = NULL;
	al_ring_trim(l->s);
	free(l);
}

void
al_link_alive(struct al_link *l, uint64_t now_us)
{
	l->in_us = now_us;
}

/* --- frames of the link that arrive --------------------------------------- */
static enum al_code
broken(const char *why, struct al_err *err)
{
	return al_fail_as(err, AL_EPROTO, AL_AT_SESSION, AL_CHAN_PROTOCOL, 0,
	    "%s", why);
}

static enum al_code
in_welcome(struct al_link *l, const struct al_frame *f, struct al_err *err)
{
	struct al_session *s = l->s;
	struct al_welcome w;
	enum al_code code = al_frame_decode_welcome(f, &w, err);

	if (code != AL_OK)
		return code;
	if (l->state != L_HELLO)
		return broken("a second WELCOME", err);
	if (w.status > AL_WELCOME_RESUMED) {
		l->state = L_OVER;
		al_session_note_end(s, AL_EV_REJECTED, w.status,
		    w.retry_after_s, w.text);
		return AL_OK;
	}
	if (w.status != AL_WELCOME_NEW || w.recv_pos != 0 ||
	    w.version != AL_PROTOCOL_VERSION)
		return broken("a WELCOME that does not answer our HELLO", err);
	memcpy(s->id, w.id, sizeof(s->id));
	memcpy(s->key, w.resume_key, sizeof(s->key));
	if (w.max_channels != 0)
		s->peer_max_channels = w.max_channels;
	l->state = L_START;
	l->start_due = true;
	return AL_OK;
}

/*
 * The opener's START commits the link: ours follows.  pos below what we have
 * is replay (dropped as it comes), above it is a hole.
 */
static enum al_code
in_start(struct al_link *l, const struct al_frame *f, struct al_err *err)
{
	uint64_t pos = al_frame_start_pos(f);

	if (l->state == L_HELLO)
		return broken("START before WELCOME", err);
	if (pos > l->s->recv_pos || (l->state == L_LIVE && pos < l->recv_at))
		return broken("START at a position that leaves a gap", err);
	l->recv_at = pos;
	if (l->state == L_LIVE)
		return AL_OK;
	l->state = L_LIVE;
	if (l->s->role == AL_ACCEPTOR)
		l->start_due = true;
	l->s->up_due = true;
	return AL_OK;
}

static enum al_code
in_ack(struct al_link *l, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	uint64_t pos = al_frame_ack_pos(f);

	if (pos > l->s->sent)
		return broken("ACK of bytes that were never sent", err);
	if (pos > l->s->acked)
		al_ring_acked(l->s, pos, al_frame_ack_delay_us(f), now_us);
	return AL_OK;
}

static enum al_code
in_pong(struct al_session *s, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	if (!s->ping_out || memcmp(f->body, s->ping, sizeof(s->ping)) != 0)
		return AL_OK;
	s->ping_out = false;
	return al_session_note(s, AL_EV_PONG, 0, now_us - s->ping_us_sent, "",
	    err);
}

static enum al_code
in_link_frame(struct al_link *l, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	struct al_frame_reason r;

	if ((l->state == L_HELLO) != (f->type == AL_F_WELCOME))
		return broken(l->state == L_HELLO ?
		    "the first frame is not WELCOME" : "a second WELCOME",
		    err);
	switch (f->type) {
	case AL_F_WELCOME:
		return in_welcome(l, f, err);
	case AL_F_START:
		return in_start(l, f, err);
	case AL_F_ACK:
		return in_ack(l, f, now_us, err);
	case AL_F_PING:
		/* at most one PONG waits: a later PING replaces it */
		memcpy(l->pong, f->body, sizeof(l->pong));
		l->pong_due = true;
		return AL_OK;
	case AL_F_PONG:
		return in_pong(l->s, f, now_us, err);
	case AL_F_DETACH:
		al_frame_decode_reason(f, &r);
		return al_session_note(l->s, AL_EV_DETACH, r.code, r.seconds,
		    r.text, err);
	case AL_F_CLOSE:
		al_frame_decode_reason(f, &r);
		al_session_note_end(l->s, AL_EV_CLOSE, r.code, 0, r.text);
		l->state = L_OVER;
		return AL_OK;
	default:
		return broken("a second HELLO", err);
	}
}

/* --- sequenced frames ----------------------------------------------------- */
static enum al_code
in_goaway(struct al_session *s, const struct al_frame *f, struct al_err *err)
{
	struct al_frame_reason r;

	al_frame_decode_reason(f, &r);
	s->goaway_got = true;
	return al_session_note(s, AL_EV_GOAWAY, r.code, r.seconds, r.text,
	    err);
}

/* Nothing that a peer has a reason to send more than now and then. */
static bool
is_idle(const struct al_frame *f)
{
	return f->skip || (f->type == AL_F_DATA && f->len == 0 &&
	    !(f->flags & AL_FRAME_FIN)) ||
	    (f->type == AL_F_CREDIT && al_frame_credit(f) == 0);
}

static enum al_code
in_sequenced(struct al_link *l, const struct al_frame *f,
    struct al_block **blk, uint64_t now_us, struct al_err *err)
{
	struct al_session *s = l->s;
	uint64_t start = l->recv_at;
	enum al_code code = AL_OK;

	if (l->state != L_LIVE)
		return broken("a channel's frame before START", err);
	l->recv_at += AL_FRAME_HEADER + (uint64_t)f->len;
	if (l->recv_at <= s->recv_pos)		/* replayed: we have it */
		return AL_OK;
	if (start != s->recv_pos)
		return broken("a gap in the positions", err);
	if (is_idle(f) && !al_session_idle_frame(s, now_us))
		return broken("a flood of frames that carry nothing", err);
	if (f->skip)
		s->skipped++;
	else if (f->type == AL_F_GOAWAY)
		code = in_goaway(s, f, err);
	else
		code = al_chan_feed(s, f, blk, err);
	if (code != AL_OK)	/* not taken: it may come again */
		return code;
	s->recv_pos = l->recv_at;
	if (s->ack_due_us == UINT64_MAX)
		s->ack_due_us = now_us + ACK_US;
	s->recv_us = now_us;
	return AL_OK;
}

enum al_code
al_link_feed(struct al_link *l, struct al_block **blk, uint64_t now_us,
    struct al_err *err)
{
	const uint8_t *p = al_block_head(*blk), *end = p + (*blk)->len;
	struct al_frame f;
	enum al_code code;

	l->in_us = now_us;
	while (p < end && l->state != L_OVER) {
		code = al_frame_decode(&f, p, (size_t)(end - p), err);
		if (code != AL_OK)
			return code;
		p += AL_FRAME_HEADER + f.len;
		if (f.type >= AL_F_LINK && f.skip) {
			if (!al_session_idle_frame(l->s, now_us))
				return broken("a flood of unknown frames",
				    err);
			continue;
		}
		code = f.type >= AL_F_LINK ?
		    in_link_frame(l, &f, now_us, err) :
		    in_sequenced(l, &f, blk, now_us, err);
		if (code != AL_OK)
			return code;
	}
	return AL_OK;
}

/* --- messages that leave -------------------------------------------------- */
static bool
take_greeting(struct al_link *l, struct al_msg *msg)
{
	if (l->hello_due)
		msg->front_len = al_frame_encode_hello(msg->front,
		    sizeof(msg->front), &l->s->hello);
	else
		msg->front_len = al_frame_encode_welcome(msg->front,
		    sizeof(msg->front), &l->s->welcome);
	l->hello_due = l->welcome_due = false;
	return true;
}

static void
take_link_frames(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_session *s = l->s;
	uint8_t *p = msg->front;

	if (l->start_due) {
		al_frame_put_start(p, s->ring_head != NULL ?
		    s->ring_head->pos : s->sealed);
		p += AL_FRAME_START_LEN;
		l->start_due = false;
		l->may_send = true;
		l->next = s->ring_head;
	}
	if (l->pong_due && l->may_send) {
		al_frame_put_ping(p, AL_F_PONG, l->pong);
		p += AL_FRAME_PING_LEN;
		l->pong_due = false;
	}
	if (s->ping_due && l->may_send) {
		s->ping_id++;
		al_put_u64(s->ping, s->ping_id);
		al_frame_put_ping(p, AL_F_PING, s->ping);
		p += AL_FRAME_PING_LEN;
		s->ping_due = false;
		s->ping_out = true;
		s->ping_us_sent = now_us;
	}
	msg->front_len = (size_t)(p - msg->front);
}

static void
take_ack(struct al_session *s, uint64_t now_us, struct al_msg *msg)
{
	uint64_t delay = now_us - s->recv_us;

	if (s->ack_due_us == UINT64_MAX || !s->link->may_send)
		return;
	if (msg->rec == NULL && msg->front_len == 0 &&
	    s->recv_pos - s->ack_told < ACK_BYTES && now_us < s->ack_due_us)
		return;
	al_frame_put_ack(msg->front + msg->front_len, s->recv_pos,
	    delay < UINT32_MAX ? (uint32_t)delay : UINT32_MAX);
	msg->front_len += AL_FRAME_ACK_LEN;
	s->ack_told = s->recv_pos;
	s->ack_due_us = UINT64_MAX;
	s->ack_ripe = false;
}

/* Code 0 waits until all is acknowledged; others overtake what is left. */
static bool
is_close_ripe(const struct al_session *s)
{
	return s->close_due &&
	    (s->link->may_send || s->role == AL_ACCEPTOR) &&
	    (s->close_code != AL_CHAN_DONE ||
	    (s->ring_head == NULL && TAILQ_EMPTY(&s->ctl)));
}

static void
take_close(struct al_session *s, struct al_msg *msg)
{
	struct al_frame_reason r = { .code = s->close_code };

	memcpy(r.text, s->close_text, sizeof(r.text));
	r.text[sizeof(msg->front) - msg->front_len - 16] = '\0';
	msg->front_len += al_frame_encode_reason(msg->front + msg->front_len,
	    sizeof(msg->front) - msg->front_len, AL_F_CLOSE, 0, &r);
	s->close_due = false;
	s->close_sent = true;
	s->link->state = L_OVER;
}

bool
al_link_take(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_session *s = l->s;
	struct al_block *b;

	l->busy = NULL;
	al_ring_trim(s);
	msg->rec = NULL;
	msg->rec_len = msg->front_len = 0;
	if (l->state == L_OVER)
		return false;
	if (l->hello_due || l->welcome_due) {
		l->out_us = now_us;
		return take_greeting(l, msg);
	}
	take_link_frames(l, now_us, msg);
	if (l->may_send && l->next == NULL)
		al_ring_seal(s);
	b = l->may_send && !is_close_ripe(s) ? l->next : NULL;
	if (b != NULL && msg->front_len + AL_ACK_LEN + b->len <= AL_MSG_MAX) {
		msg->rec = al_block_head(b);
		msg->rec_len = b->len;
		l->busy = b;
		l->next = b->next;
		b->sent_us = b->pos >= s->sent ? now_us : 0;
		if (s->sent < b->pos + b->len)
			s->sent = b->pos + b->len;
	}
	take_ack(s, now_us, msg);
	if (is_close_ripe(s))
		take_close(s, msg);
	if (msg->front_len == 0 && msg->rec == NULL) {
		al_ring_rest(s);
		return false;
	}
	l->out_us = now_us;
	return true;
}

/* Rate x 2 ms, between 16 and 112 KiB: sealed, that is less than the 128 KiB
 * that the TLS layer gathers. */
size_t
al_link_burst(const struct al_link *l)
{
	uint64_t b = l->s->rate / 500;

	if (l->s->rate == 0)
		return 65536;
	return b < 16384 ? 16384 : b > 114688 ? 114688 : (size_t)b;
}
