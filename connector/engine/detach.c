/* connector/engine/detach.c - ask the peer to leave a link (PROTOCOL 2, 3.5). */
#include <stdio.h>

#include "connector/engine/session_int.h"

bool
al_session_detach(struct al_session *s, uint16_t within_s, uint16_t reason,
    const char *text, uint64_t now_us)
{
	struct al_link *l;

	TAILQ_FOREACH(l, &s->links, entry)
		if (l->state == L_LIVE)
			break;
	if (l == NULL || l->leave_us != 0)
		return false;
	l->detach_due = true;
	l->leave_us = now_us + within_s * UINT64_C(1000000);
	l->leave_s = within_s;
	l->leave_reason = reason;
	l->leave_text = text;
	return true;
}

/* One that is old already ends soon by itself. */
void
al_link_put_detach(struct al_link *l, struct al_msg *msg)
{
	struct al_frame_reason r = { .code = l->leave_reason,
	    .seconds = l->leave_s };

	if (!l->detach_due || !l->may_send || l->state != L_LIVE)
		return;
	l->detach_due = false;
	(void)snprintf(r.text, DETACH_TEXT_MAX + 1, "%s", l->leave_text);
	msg->front_len += al_frame_encode_reason(msg->front + msg->front_len,
	    sizeof(msg->front) - msg->front_len, AL_F_DETACH, 0, &r);
}

uint64_t
al_link_leave_at(const struct al_link *l)
{
	return l->state == L_LIVE && l->leave_us != 0 ? l->leave_us :
	    UINT64_MAX;
}

void
al_link_leave_expired(struct al_link *l, uint64_t now_us)
{
	if (now_us >= al_link_leave_at(l))
		al_link_end(l, AL_ETIMEOUT,
		    "the peer was told to leave the connection and has not",
		    now_us);
}
