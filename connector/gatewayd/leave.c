/* connector/gatewayd/leave.c - how peers are asked to leave, not all at once. */
#include "connector/daemon/log.h"
#include "connector/gatewayd/peer.h"

#define SPREAD_MIN_S	5
#define SPREAD_MAX_S	300
#define LEAVE_S		30	/* from DETACH until we close the link */

/*
 * All that are here will come back through the same door, which lets in so
 * many a second: if they are asked to come within that time, nobody waits in
 * line, and nobody is turned away.  The 5 s more leave room for others.
 */
uint32_t
al_gateway_spread_s(const struct al_gateway *gw)
{
	uint32_t rate = gw->set->handshakes_per_s;
	size_t s = SPREAD_MIN_S;

	if (rate > 0)
		s += gw->sessions / rate;
	return s < SPREAD_MAX_S ? (uint32_t)s : SPREAD_MAX_S;
}

uint32_t
al_gateway_later_s(struct al_gateway *gw)
{
	return 1 + al_rng_u32(&gw->rng) % al_gateway_spread_s(gw);
}

/* --- a session ------------------------------------------------------------ */
void
al_peer_go_away(struct al_peer *p, uint16_t code, uint32_t retry_after_s,
    const char *text)
{
	if (p->leaving)
		return;
	p->leaving = true;
	al_session_goaway(al_mux_session(p->mux), code, retry_after_s, text);
	al_mux_kick(p->mux);
}

void
al_peer_drain(struct al_peer *p)
{
	/* HELLO is answered as it should be; on_up comes back here */
	if (p->mux == NULL || !p->up)
		return;
	al_peer_go_away(p, AL_CHAN_DRAINING, al_gateway_later_s(p->gw),
	    "the gateway is stopping");
	if (al_session_channels(al_mux_session(p->mux)) == 0)
		al_peer_close(p, AL_CHAN_DONE, "the gateway is stopping");
}

/* --- its connection ------------------------------------------------------- */
static void
on_time(void *arg)
{
	struct al_peer *p = arg;

	/* nowhere to go: what it has carries its channels to their end */
	if (p->gw->stopping)
		return;
	if (!al_session_detach(al_mux_session(p->mux), LEAVE_S, AL_CHAN_DONE,
	    p->move_text, al_now_us()))
		return;		/* it has none, or leaves already */
	al_log(AL_LOG_DEBUG, "link-detach", AL_FIELDS(
	    AL_STR("session", p->session), AL_STR("peer", p->from)),
	    "%s %s has %d s for another connection: %s", al_peer_role(p),
	    p->who->name, LEAVE_S, p->move_text);
	al_mux_kick(p->mux);
}

enum al_code
al_peer_init_move(struct al_peer *p, struct al_err *err)
{
	return al_timer_init(&p->move_timer, p->gw->loop, on_time, p, err);
}

/* A peer that minds max_age of WELCOME has moved before that. */
void
al_peer_linked(struct al_peer *p)
{
	uint64_t age_ms = p->gw->set->link_max_age_s * UINT64_C(1000);

	p->cert_no = p->next_cert_no;
	if (p->cert_no != p->gw->cert_no) {
		al_peer_move(p);	/* replaced since TLS began */
		return;
	}
	if (age_ms == 0) {
		al_timer_cancel(&p->move_timer);
		return;
	}
	p->move_text = "the connection is as old as it may be";
	al_timer_set(&p->move_timer, age_ms +
	    al_gateway_later_s(p->gw) * UINT64_C(1000));
}

void
al_peer_move(struct al_peer *p)
{
	if (!p->up)
		return;		/* al_peer_linked comes back here */
	p->move_text = "the certificate has been replaced";
	al_timer_set(&p->move_timer, al_rng_u32(&p->gw->rng) %
	    (al_gateway_spread_s(p->gw) * 1000));
}
