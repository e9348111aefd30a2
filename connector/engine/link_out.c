/* connector/engine/link_out.c - messages that leave by a link. */
#include <string.h>

#include "connector/engine/session_int.h"

/* A HELLO that resumes tells what we have, and proves that it is ours. */
static enum al_code
put_hello(struct al_link *l, struct al_msg *msg, struct al_err *err)
{
	struct al_session *s = l->s;

	if (l->resumes) {
		memcpy(s->hello.id, s->id, sizeof(s->hello.id));
		s->hello.recv_pos = s->recv_pos;
	}
	msg->front_len = al_frame_encode_hello(msg->front, sizeof(msg->front),
	    &s->hello);
	if (!l->resumes)
		return AL_OK;
	return al_hello_sign(msg->front, msg->front_len, s->key, err);
}

static void
put_welcome(struct al_link *l, struct al_msg *msg)
{
	struct al_welcome *w = &l->s->welcome;

	w->status = l->resumes ? AL_WELCOME_RESUMED : AL_WELCOME_NEW;
	w->recv_pos = l->s->recv_pos;
	msg->front_len = al_frame_encode_welcome(msg->front,
	    sizeof(msg->front), w);
}

static bool
take_greeting(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_err err;
	enum al_code code = AL_OK;

	if (l->hello_due)
		code = put_hello(l, msg, &err);
	else
		put_welcome(l, msg);
	l->hello_due = l->welcome_due = false;
	l->out_us = now_us;
	if (code != AL_OK)
		al_link_end(l, code, err.text, now_us);
	return code == AL_OK;
}

static uint8_t *
put_start(struct al_link *l, uint8_t *p, uint64_t now_us)
{
	if (!l->may_send) {
		al_link_commit(l, now_us);
		l->next = al_ring_oldest(l->s);
		l->may_send = true;
		if (l->resumes)
			l->deadline_us = now_us + SWITCH_US;
	}
	l->start_due = false;
	al_frame_put_start(p, l->next != NULL ? l->next->pos : l->s->sealed);
	return p + AL_FRAME_START_LEN;
}

static uint8_t *
put_ping(struct al_link *l, uint8_t *p, uint64_t now_us)
{
	al_put_u64(l->ping, ++l->s->ping_id);
	al_frame_put_ping(p, AL_F_PING, l->ping);
	l->ping_due = false;
	l->ping_out = true;
	l->ping_us_sent = now_us;
	al_link_asked(l, now_us);
	al_link_draw_ping(l);
	return p + AL_FRAME_PING_LEN;
}

static void
take_link_frames(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_session *s = l->s;
	uint8_t *p = msg->front;

	if (l->start_due)
		p = put_start(l, p, now_us);
	if (l->pong_due && l->may_send) {
		al_frame_put_ping(p, AL_F_PONG, l->pong);
		p += AL_FRAME_PING_LEN;
		l->pong_due = false;
	}
	if (s->ping_due && l == s->link) {
		s->ping_due = false;
		l->ping_due = true;
	}
	if (l->ping_due && l->may_send)
		p = put_ping(l, p, now_us);
	msg->front_len = (size_t)(p - msg->front);
}

static void
take_ack(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_session *s = l->s;
	uint64_t delay = now_us - s->recv_us;

	if (s->ack_due_us == UINT64_MAX || l != al_session_acker(s))
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
is_close_ripe(const struct al_link *l)
{
	const struct al_session *s = l->s;

	return s->close_due && (l->may_send || s->role == AL_ACCEPTOR) &&
	    (s->close_code != AL_CHAN_DONE ||
	    (al_ring_oldest(s) == NULL && TAILQ_EMPTY(&s->ctl)));
}

/* It stays due for the other links: whichever arrives first counts. */
static void
take_close(struct al_link *l, struct al_msg *msg)
{
	struct al_session *s = l->s;
	struct al_frame_reason r = { .code = s->close_code };

	memcpy(r.text, s->close_text, sizeof(r.text));
	r.text[sizeof(msg->front) - msg->front_len - 16] = '\0';
	msg->front_len += al_frame_encode_reason(msg->front + msg->front_len,
	    sizeof(msg->front) - msg->front_len, AL_F_CLOSE, 0, &r);
	s->close_sent = true;
	l->state = L_OVER;
	if (s->link == l)
		s->link = NULL;
}

static void
take_record(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_session *s = l->s;
	struct al_block *b;

	if (l->next == NULL)
		al_ring_seal(s);
	b = is_close_ripe(l) ? NULL : l->next;
	if (b == NULL || msg->front_len + AL_ACK_LEN + b->len > AL_MSG_MAX)
		return;
	msg->rec = al_block_head(b);
	msg->rec_len = b->len;
	l->busy = b;
	l->next = b->next;
	al_link_asked(l, now_us);
	b->sent_us = b->pos >= s->sent ? now_us : 0;
	if (s->sent < b->pos + b->len)
		s->sent = b->pos + b->len;
}

bool
al_link_take(struct al_link *l, uint64_t now_us, struct al_msg *msg)
{
	struct al_session *s = l->s;

	l->busy = NULL;
	al_ring_trim(s);
	msg->rec = NULL;
	msg->rec_len = msg->front_len = 0;
	if (l->state == L_OVER)
		return false;
	if (l->hello_due || l->welcome_due)
		return take_greeting(l, now_us, msg);
	take_link_frames(l, now_us, msg);
	al_link_put_detach(l, msg);
	if (l == s->link && l->may_send)
		take_record(l, now_us, msg);
	take_ack(l, now_us, msg);
	if (is_close_ripe(l))
		take_close(l, msg);
	if (msg->front_len == 0 && msg->rec == NULL) {
		if (l == s->link)
			al_ring_rest(s);
		return false;
	}
	l->out_us = now_us;
	return true;
}
