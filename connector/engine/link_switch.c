/* connector/engine/link_switch.c - from one link to another (PROTOCOL 3). */
#include <stdio.h>
#include <string.h>

#include "connector/engine/session_int.h"

bool
al_session_has_live(const struct al_session *s)
{
	const struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->state == L_LIVE)
			return true;
	return false;
}

static bool
has_uncommitted(const struct al_session *s)
{
	const struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->state < L_LIVE)
			return true;
	return false;
}

bool
al_session_is_up(const struct al_session *s)
{
	return al_session_has_live(s);
}

bool
al_session_wants_link(const struct al_session *s)
{
	return s->role == AL_OPENER && !s->over && !s->close_sent &&
	    s->link == NULL && !has_uncommitted(s);
}

/* Until the peer's START the old one is surer to arrive. */
struct al_link *
al_session_acker(const struct al_session *s)
{
	struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->state == L_LIVE && l->may_send)
			return l;
	return NULL;
}

void
al_link_commit(struct al_link *l, uint64_t now_us)
{
	struct al_session *s = l->s;

	if (s->link == l)
		return;
	if (s->link != NULL) {
		s->link->next = NULL;
		s->link->start_due = false;
	}
	s->link = l;
	s->rate_us = now_us;
	s->rate_acked = s->acked;
	if (l->resumes)
		al_ring_new_path(s);
}

void
al_link_settle(struct al_link *l, uint64_t now_us)
{
	struct al_session *s = l->s;
	struct al_link *o;

	TAILQ_FOREACH(o, &s->links, entry) {
		if (o->state != L_LIVE)
			continue;
		o->state = L_OLD;
		o->deadline_us = now_us + OLD_US;
	}
	l->state = L_LIVE;
	l->was_live = true;
	al_link_commit(l, now_us);
	s->detached_us = 0;
	s->moved = s->settled;
	s->settled = true;
}

void
al_link_leave(struct al_link *l, uint64_t now_us)
{
	struct al_session *s = l->s;

	if (l->state == L_OVER)
		return;
	l->state = L_OVER;
	l->next = NULL;
	if (s->link == l)
		s->link = NULL;
	if (s->over || al_session_has_live(s))
		return;
	if (s->role == AL_ACCEPTOR && !s->settled) {
		if (!has_uncommitted(s))
			al_session_lose(s, AL_CHAN_SESSION_LOST, 0,
			    "its link was lost before START");
	} else if (s->known && s->detached_us == 0) {
		s->detached_us = now_us;
	}
}

static void
tell_end(struct al_link *l, enum al_code code, const char *why)
{
	l->over_due = true;
	l->over_type = AL_EV_LINK_OVER;
	l->over_code = (uint16_t)code;
	(void)snprintf(l->over_text, sizeof(l->over_text), "%s", why);
}

void
al_link_end(struct al_link *l, enum al_code code, const char *why,
    uint64_t now_us)
{
	tell_end(l, code, why);
	al_link_leave(l, now_us);
}

void
al_link_end_uncommitted(struct al_session *s, const struct al_link *but,
    const char *why, uint64_t now_us)
{
	struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l != but && l->state < L_LIVE)
			al_link_end(l, AL_OK, why, now_us);
}

void
al_session_over(struct al_session *s)
{
	struct al_link *l;

	s->over = true;
	s->link = NULL;
	TAILQ_FOREACH(l, &s->links, entry) {
		l->state = L_OVER;
		l->next = NULL;
	}
}

void
al_session_lose(struct al_session *s, uint16_t code, uint64_t value,
    const char *why)
{
	if (s->over)
		return;
	al_session_note_end(s, AL_EV_LOST, code, value, why);
	al_session_over(s);
}

/* The opener waits longer: it may be the one to have seen the loss first. */
uint64_t
al_session_lost_at(const struct al_session *s)
{
	if (s->detached_us == 0 || s->over || s->close_sent ||
	    has_uncommitted(s))
		return UINT64_MAX;
	return s->detached_us + s->grace_us +
	    (s->role == AL_OPENER ? OPENER_GRACE_US : 0);
}

enum al_welcome_status
al_session_resume(struct al_session *s, const struct al_frame *f,
    const struct al_hello *h)
{
	struct al_err err;

	if (h->min_version > AL_PROTOCOL_VERSION ||
	    h->max_version < AL_PROTOCOL_VERSION)
		return AL_WELCOME_VERSION;
	if (!s->known || s->over || s->close_sent ||
	    memcmp(h->id, s->id, sizeof(s->id)) != 0)
		return AL_WELCOME_UNKNOWN;
	switch (al_hello_verify(f, s->key, &err)) {
	case AL_OK:
		break;
	case AL_ENOMEM:
		return AL_WELCOME_LIMIT;
	default:
		return AL_WELCOME_BAD_PROOF;
	}
	if (h->epoch <= s->epoch)
		return AL_WELCOME_STALE;
	s->epoch = h->epoch;
	if (h->recv_pos > s->sent)
		return AL_WELCOME_POSITION;
	if (h->recv_pos > s->acked)
		al_ring_acked(s, h->recv_pos);
	return AL_WELCOME_RESUMED;
}
