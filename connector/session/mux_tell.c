/* connector/session/mux_tell.c - what the engine has to tell, and whom. */
#include "connector/session/mux_int.h"

#include <stdlib.h>

#define NC_REFUSED	190		/* a WELCOME that says no             */

static struct lane *
lane_of(const struct al_mux *m, const struct al_link *link)
{
	struct lane *l;

	TAILQ_FOREACH(l, &m->lanes, entry)
		if (l->link == link)
			break;
	return l;
}

static void
peer_closed(struct al_mux *m, const struct al_event *ev)
{
	struct al_err why;

	if (ev->code == AL_CHAN_DONE)
		(void)al_fail_as(&why, AL_EOF, AL_AT_SESSION, 0, 0,
		    "the peer ended the session");
	else
		(void)al_fail_as(&why, AL_EREFUSED, AL_AT_SESSION, ev->code,
		    0, "the peer ended the session: %s%s%s",
		    al_chan_code_name(ev->code), ev->text[0] ? ", " : "",
		    ev->text);
	al_mux_end_with(m, &why);
}

static void
tell_channel(struct al_mux *m, const struct al_event *ev)
{
	struct al_end *e = al_chan_user(ev->chan);

	switch (ev->type) {
	case AL_EV_OPEN:
		m->ops->on_open(m->arg, ev->chan, ev->kind, ev->text);
		break;
	case AL_EV_REFUSE:
		al_mux_tell_gone(m, ev->chan, AL_GONE_REFUSED, ev->code,
		    ev->text);
		break;
	case AL_EV_RESET:
		al_mux_tell_gone(m, ev->chan, AL_GONE_RESET, ev->code,
		    ev->text);
		break;
	case AL_EV_ACCEPT:
		if (e != NULL)
			e->ops->on_accept(e, ev->text);
		break;
	case AL_EV_DATA:
		if (e != NULL)
			e->ops->on_data(e);
		break;
	default:
		if (e != NULL)
			e->ops->on_writable(e);
	}
}

/* --- links ---------------------------------------------------------------- */
void
al_mux_note_why(struct al_mux *m, const struct al_err *why)
{
	if (m->why == NULL)
		m->why = malloc(sizeof(*m->why));
	if (m->why != NULL)
		*m->why = *why;
}

/* l is about to go; one that was left for another before says nothing. */
void
al_lane_note_life(const struct lane *l, enum al_code code,
    const struct al_err *why)
{
	struct al_link_life life;

	al_link_get_life(l->link, al_now_us(), &life);
	if (life.ours)
		return;
	if (code == AL_ETIMEOUT)
		life.silent = true;
	/* a goodbye of theirs, or of ours */
	life.ours = (code == AL_EOF && why->stage == AL_AT_WS) ||
	    code == AL_EPROTO || code == AL_ELIMIT || code == AL_ENOMEM;
	l->m->last_life = life;
}

/* l, which is gone, was to carry on a session that lives. */
void
al_lane_tell_failed(const struct lane *l, const struct al_err *why)
{
	struct al_mux *m = l->m;

	if (!l->joining || m->ended)
		return;
	if (why->code != AL_EREFUSED)
		m->retry_after_s = 0;	/* that was another one's */
	if (m->ops->on_link != NULL)
		m->ops->on_link(m->arg, AL_LANE_FAILED, why);
}

/* The engine has no more use for it. */
static void
link_over(struct al_mux *m, const struct al_event *ev)
{
	struct lane *l = lane_of(m, ev->link);
	struct al_err why;

	if (l == NULL)
		return;
	(void)al_fail(&why, (enum al_code)ev->code, AL_AT_SESSION, 0, "%s",
	    ev->text);
	if (why.code != AL_OK)
		al_lane_note_life(l, why.code, &why);
	al_lane_leave(l, 1000, "");
	if (why.code == AL_OK)
		return;
	al_mux_note_why(m, &why);
	al_lane_tell_failed(l, &why);
}

/* Of a session that could go on by another link, the owner hears that it was
 * rejected there; else it is the end. */
static void
link_rejected(struct al_mux *m, const struct al_event *ev)
{
	struct al_err why;
	struct lane *l;

	m->retry_after_s = (unsigned)ev->value;
	(void)al_fail_as(&why, AL_EREFUSED, AL_AT_SESSION, ev->code,
	    NC_REFUSED,
	    "the gateway refused the session: %s%s%s",
	    al_welcome_status_name(ev->code), ev->text[0] ? ", " : "",
	    ev->text);
	l = lane_of(m, ev->link);
	if (!m->was_up) {
		al_mux_end_with(m, &why);
	} else if (l != NULL) {
		al_lane_leave(l, 1000, "");
		al_mux_note_why(m, &why);
		al_lane_tell_failed(l, &why);
	}
}

static void
tell_link(struct al_mux *m, enum al_lane how)
{
	static const struct al_err unknown = { .code = AL_ENET,
	    .stage = AL_AT_SESSION, .text = "its connection was lost" };
	struct lane *l;

	if (how == AL_LANE_RESUMED || how == AL_LANE_SWITCHED)
		TAILQ_FOREACH(l, &m->lanes, entry)
			l->joining = false;
	if (m->ops->on_link != NULL)
		m->ops->on_link(m->arg, how, how != AL_LANE_LOST ? NULL :
		    m->why != NULL ? m->why : &unknown);
}

static void
lost(struct al_mux *m, const struct al_event *ev)
{
	struct al_err why;

	(void)al_fail_as(&why, AL_ENET, AL_AT_SESSION, AL_CHAN_SESSION_LOST,
	    ev->value != 0 ? NC_REFUSED : 0,
	    "the session was lost: %s%s%s", ev->text,
	    m->why != NULL ? "; " : "", m->why != NULL ? m->why->text : "");
	al_mux_end_with(m, &why);
}

static void
tell(struct al_mux *m, const struct al_event *ev)
{
	switch (ev->type) {
	case AL_EV_UP:
		m->was_up = true;
		m->ops->on_up(m->arg);
		break;
	case AL_EV_PONG:
		m->ops->on_pong(m->arg, ev->value);
		break;
	case AL_EV_GOAWAY:
		m->ops->on_goaway(m->arg, ev->code, (uint32_t)ev->value,
		    ev->text);
		break;
	case AL_EV_CLOSE:
		peer_closed(m, ev);
		break;
	case AL_EV_REJECTED:
		link_rejected(m, ev);
		break;
	case AL_EV_DETACH:
		tell_link(m, AL_LANE_UNWANTED);
		break;
	case AL_EV_LINK_OVER:
		link_over(m, ev);
		break;
	case AL_EV_SWITCHED:
		tell_link(m, AL_LANE_SWITCHED);
		break;
	case AL_EV_DETACHED:
		tell_link(m, AL_LANE_LOST);
		break;
	case AL_EV_RESUMED:
		tell_link(m, AL_LANE_RESUMED);
		break;
	case AL_EV_LOST:
		lost(m, ev);
		break;
	default:
		tell_channel(m, ev);
	}
}

void
al_mux_tell_all(struct al_mux *m)
{
	struct al_event ev;

	while (!m->ended && al_session_next(m->s, &ev))
		tell(m, &ev);
}
