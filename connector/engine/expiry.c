/* connector/engine/expiry.c - the deadlines of a session and of its links. */
#include <stdio.h>

#include "connector/engine/session_int.h"

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
link_expiry(const struct al_link *l)
{
	const struct al_session *s = l->s;
	uint64_t dead_us = l->in_us + l->dead_us;

	if (l->state == L_OVER)
		return UINT64_MAX;
	if (l->state != L_LIVE)
		return l->deadline_us;
	if (l->ping_due || (s->ping_due && l == s->link))
		return dead_us;
	return least(dead_us, l->out_us + l->ping_us);
}

uint64_t
al_session_expiry(const struct al_session *s)
{
	const struct al_link *l;
	uint64_t t = al_session_lost_at(s);

	TAILQ_FOREACH(l, &s->links, entry)
		t = least(t, least(link_expiry(l), al_link_leave_at(l)));
	if (!s->ack_ripe && s->ack_due_us < t && al_session_acker(s) != NULL)
		t = s->ack_due_us;
	return t;
}

static void
link_dead(struct al_link *l, uint64_t now_us)
{
	char text[64];

	(void)snprintf(text, sizeof(text),
	    "no byte has come for %u.%u s: the path is dead",
	    (unsigned)(l->dead_us / 1000000),
	    (unsigned)(l->dead_us % 1000000 / 100000));
	l->silent = true;
	al_link_end(l, AL_ETIMEOUT, text, now_us);
}

static void
link_expired(struct al_link *l, uint64_t now_us)
{
	if (l->state == L_LIVE && now_us >= l->out_us + l->ping_us)
		l->ping_due = true;
	if (l->state == L_LIVE && now_us >= l->in_us + l->dead_us)
		link_dead(l, now_us);
	if (l->state == L_OVER || l->state == L_LIVE ||
	    now_us < l->deadline_us)
		return;
	if (l->state == L_OLD)
		al_link_end(l, AL_OK, "the session has moved to another link",
		    now_us);
	else if (l->state == L_HELLO)
		al_link_end(l, AL_ETIMEOUT, "no WELCOME within 15 s", now_us);
	else
		al_link_end(l, AL_ETIMEOUT, l->resumes && l->may_send ?
		    "no START within 10 s" : "no START within 15 s", now_us);
}

void
al_session_expired(struct al_session *s, uint64_t now_us)
{
	struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry) {
		link_expired(l, now_us);
		al_link_leave_expired(l, now_us);
	}
	if (now_us >= s->ack_due_us && al_session_acker(s) != NULL)
		s->ack_ripe = true;
	if (now_us >= al_session_lost_at(s))
		al_session_lose(s, AL_CHAN_SESSION_LOST, 0,
		    "no link has come in time");
}
