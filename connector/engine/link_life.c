/* connector/engine/link_life.c - whether the path of a link is alive. */
#include "connector/engine/session_int.h"

/* xorshift32: not for secrets.  0 stays 0, which is no jitter. */
static uint32_t
next_random(struct al_session *s)
{
	s->jitter ^= s->jitter << 13;
	s->jitter ^= s->jitter >> 17;
	s->jitter ^= s->jitter << 5;
	return s->jitter;
}

/* A fifth less or more: what a thousand links do is spread, and of idle limits
 * near the interval some silences are shorter. */
void
al_link_draw_ping(struct al_link *l)
{
	uint32_t us = l->ping_ms * 1000, r = next_random(l->s);

	l->ping_us = r == 0 ? us : us - us / 5 + r % (us / 5 * 2 + 1);
}

void
al_link_set_keepalive(struct al_link *l, uint32_t ping_ms)
{
	if (ping_ms == 0)
		ping_ms = l->s->ping_ms;
	l->ping_ms = ping_ms < PING_MAX_MS ? ping_ms : PING_MAX_MS;
	l->dead_us = l->ping_ms * UINT64_C(2500);
	if (l->dead_us < DEAD_MIN_US)
		l->dead_us = DEAD_MIN_US;
	if (l->s->dead_us != 0)
		l->dead_us = l->s->dead_us;
	al_link_draw_ping(l);
}

void
al_link_alive(struct al_link *l, uint64_t now_us)
{
	if (now_us - l->in_us > l->survived_us)
		l->survived_us = now_us - l->in_us;
	l->in_us = now_us;
	l->asked = false;
}

void
al_link_asked(struct al_link *l, uint64_t now_us)
{
	if (l->asked)
		return;
	l->asked = true;
	l->gap_us = now_us - l->in_us;
}

void
al_link_get_life(const struct al_link *l, uint64_t now_us,
    struct al_link_life *life)
{
	*life = (struct al_link_life){
		.lived_ms = (now_us - l->born_us) / 1000,
		.quiet_ms = (now_us - l->in_us) / 1000,
		.gap_ms = l->asked ? l->gap_us / 1000 : 0,
		.survived_ms = l->survived_us / 1000,
		.keepalive_ms = l->ping_ms,
		.silent = l->silent,
		.ours = !l->was_live || l->state == L_OLD,
	};
}
