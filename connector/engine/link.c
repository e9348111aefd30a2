/* connector/engine/link.c - one connection that carries a session: its life. */
#include <stdlib.h>

#include "connector/engine/session_int.h"

static struct al_link *
link_new(struct al_session *s, enum link_state state, uint64_t now_us,
    struct al_err *err)
{
	struct al_link *l = NULL;

	if (s->over)
		(void)al_fail_as(err, AL_EUSAGE, AL_AT_SESSION,
		    AL_CHAN_SESSION_LOST, 0, "the session is over");
	else if ((l = calloc(1, sizeof(*l))) == NULL)
		(void)al_fail_nomem(err, AL_AT_SESSION);
	if (l == NULL)
		return NULL;
	l->s = s;
	l->state = state;
	l->resumes = s->known;
	l->born_us = l->in_us = l->out_us = now_us;
	al_link_set_keepalive(l, 0);
	l->deadline_us = now_us + (state == L_HELLO ? WELCOME_US : START_US);
	TAILQ_INSERT_HEAD(&s->links, l, entry);
	return l;
}

struct al_link *
al_link_open(struct al_session *s, uint64_t now_us, struct al_err *err)
{
	struct al_link *l;

	l = link_new(s, L_HELLO, now_us, err);
	if (l == NULL)
		return NULL;
	al_link_end_uncommitted(s, l, "another connection is tried", now_us);
	s->hello.epoch++;
	l->hello_due = true;
	return l;
}

struct al_link *
al_link_accept(struct al_session *s, const struct al_hello *hello,
    uint64_t now_us, struct al_err *err)
{
	struct al_link *l = link_new(s, L_START, now_us, err);

	if (l == NULL)
		return NULL;
	if (hello->max_channels != 0)
		s->peer_max_channels = hello->max_channels;
	s->epoch = hello->epoch;
	s->known = true;
	l->welcome_due = true;
	al_link_end_uncommitted(s, l, "a later HELLO has come", now_us);
	return l;
}

void
al_link_free(struct al_link *l, uint64_t now_us)
{
	struct al_session *s;

	if (l == NULL)
		return;
	s = l->s;
	al_link_leave(l, now_us);
	TAILQ_REMOVE(&s->links, l, entry);
	free(l);
	al_ring_trim(s);
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
