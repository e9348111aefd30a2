/* connector/engine/link_in.c - frames that arrive by a link. */
#include <string.h>

#include "connector/engine/session_int.h"

static enum al_code
broken(const char *why, struct al_err *err)
{
	return al_fail_as(err, AL_EPROTO, AL_AT_SESSION, AL_CHAN_PROTOCOL, 0,
	    "%s", why);
}

/*
 * A position that cannot be.  It ends the link; what a new link brings again
 * would never be otherwise, and ends the session.
 */
static enum al_code
malformed(struct al_link *l, uint64_t pos, const struct al_err *err)
{
	struct al_session *s = l->s;

	if (s->bad_seen && s->bad_pos == pos)
		al_session_lose(s, AL_CHAN_PROTOCOL, 0, err->text);
	s->bad_seen = true;
	s->bad_pos = pos;
	return AL_EPROTO;
}

static enum al_code
broken_at(struct al_link *l, uint64_t pos, const char *why,
    struct al_err *err)
{
	(void)broken(why, err);
	return malformed(l, pos, err);
}

static void
in_rejection(struct al_link *l, const struct al_welcome *w, uint64_t now_us)
{
	struct al_session *s = l->s;

	al_link_end(l, AL_OK, w->text, now_us);
	l->over_type = AL_EV_REJECTED;
	l->over_code = w->status;
	l->over_value = w->retry_after_s;
	if (l->resumes && w->status <= AL_WELCOME_PRINCIPAL &&
	    !al_session_has_live(s))
		al_session_lose(s, AL_CHAN_SESSION_LOST, w->status,
		    al_welcome_status_name(w->status));
}

static enum al_code
in_resumed(struct al_link *l, const struct al_welcome *w, struct al_err *err)
{
	struct al_session *s = l->s;

	if (w->recv_pos > s->sent)
		return broken_at(l, w->recv_pos,
		    "WELCOME of bytes that were never sent", err);
	if (w->recv_pos > s->acked)
		al_ring_acked(s, w->recv_pos);
	return AL_OK;
}

static bool
is_answer(const struct al_link *l, const struct al_welcome *w)
{
	if (w->version != AL_PROTOCOL_VERSION)
		return false;
	if (!l->resumes)
		return w->status == AL_WELCOME_NEW && w->recv_pos == 0;
	return w->status == AL_WELCOME_RESUMED &&
	    memcmp(w->id, l->s->id, sizeof(w->id)) == 0;
}

static enum al_code
in_welcome(struct al_link *l, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	struct al_session *s = l->s;
	struct al_welcome w;
	enum al_code code = al_frame_decode_welcome(f, &w, err);

	if (code != AL_OK)
		return code;
	if (w.status > AL_WELCOME_RESUMED) {
		in_rejection(l, &w, now_us);
		return AL_OK;
	}
	if (!is_answer(l, &w))
		return broken("a WELCOME that does not answer our HELLO", err);
	if (l->resumes) {
		code = in_resumed(l, &w, err);
		if (code != AL_OK)
			return code;
	} else {
		memcpy(s->id, w.id, sizeof(s->id));
		memcpy(s->key, w.resume_key, sizeof(s->key));
		s->known = true;
	}
	s->grace_us = w.grace_s * UINT64_C(1000000);
	s->max_age_s = w.max_age_s;
	if (w.max_channels != 0)
		s->peer_max_channels = w.max_channels;
	l->state = L_START;
	l->start_due = true;
	return AL_OK;
}

/*
 * The opener's START commits the link: ours follows.  pos below what we have
 * is replay (dropped as it comes), above it is a hole.  START comes again,
 * forward, when our ACKs have overtaken the peer.
 */
static enum al_code
in_start(struct al_link *l, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	uint64_t pos = al_frame_start_pos(f);

	if (pos > l->s->recv_pos || (l->state != L_START && pos < l->recv_at))
		return broken_at(l, pos,
		    "START at a position that leaves a gap", err);
	l->recv_at = pos;
	if (l->state != L_START)
		return AL_OK;
	if (l->s->role == AL_ACCEPTOR)
		l->start_due = true;
	al_link_settle(l, now_us);
	return AL_OK;
}

static enum al_code
in_ack(struct al_link *l, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	struct al_session *s = l->s;
	uint64_t pos = al_frame_ack_pos(f);

	if (pos > s->sent)
		return broken_at(l, pos, "ACK of bytes that were never sent",
		    err);
	if (pos > s->acked) {
		al_ring_measure(s, pos, al_frame_ack_delay_us(f), now_us);
		al_ring_acked(s, pos);
	}
	return AL_OK;
}

static enum al_code
in_pong(struct al_link *l, const struct al_frame *f, uint64_t now_us,
    struct al_err *err)
{
	if (!l->ping_out || memcmp(f->body, l->ping, sizeof(l->ping)) != 0)
		return AL_OK;
	l->ping_out = false;
	return al_session_note(l->s, AL_EV_PONG, 0, now_us - l->ping_us_sent,
	    "", err);
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
		return in_welcome(l, f, now_us, err);
	case AL_F_START:
		return in_start(l, f, now_us, err);
	case AL_F_ACK:
		return in_ack(l, f, now_us, err);
	case AL_F_PING:
		/* at most one PONG waits: a later PING replaces it */
		memcpy(l->pong, f->body, sizeof(l->pong));
		l->pong_due = true;
		return AL_OK;
	case AL_F_PONG:
		return in_pong(l, f, now_us, err);
	case AL_F_DETACH:
		if (l->state == L_OLD)	/* it was left already */
			return AL_OK;
		al_frame_decode_reason(f, &r);
		return al_session_note(l->s, AL_EV_DETACH, r.code, r.seconds,
		    r.text, err);
	case AL_F_CLOSE:
		al_frame_decode_reason(f, &r);
		al_session_note_end(l->s, AL_EV_CLOSE, r.code, 0, r.text);
		al_session_over(l->s);
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

static void
ack_soon(struct al_session *s, uint64_t now_us)
{
	if (s->ack_due_us == UINT64_MAX)
		s->ack_due_us = now_us + ACK_US;
}

static enum al_code
in_sequenced(struct al_link *l, const struct al_frame *f,
    struct al_block **blk, uint64_t now_us, struct al_err *err)
{
	struct al_session *s = l->s;
	uint64_t start = l->recv_at;
	enum al_code code = AL_OK;

	if (l->state != L_LIVE && l->state != L_OLD)
		return broken("a channel's frame before START", err);
	l->recv_at += AL_FRAME_HEADER + (uint64_t)f->len;
	if (l->recv_at <= s->recv_pos) {
		/* replayed: we have it, and our ACK was lost */
		ack_soon(s, now_us);
		return AL_OK;
	}
	if (start != s->recv_pos)
		return broken_at(l, start, "a gap in the positions", err);
	if (is_idle(f) && !al_session_idle_frame(s, now_us))
		return broken("a flood of frames that carry nothing", err);
	if (f->skip)
		s->skipped++;
	else if (f->type == AL_F_GOAWAY)
		code = in_goaway(s, f, err);
	else
		code = al_chan_feed(s, f, blk, err);
	if (code == AL_EPROTO)
		return malformed(l, start, err);
	if (code != AL_OK)	/* not taken: it may come again */
		return code;
	s->recv_pos = l->recv_at;
	ack_soon(s, now_us);
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

	al_link_alive(l, now_us);
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
