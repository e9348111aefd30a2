/* connector/session/mux_end.c - channels and who they end in. */
#include "connector/session/mux_int.h"

void
al_mux_tell_gone(struct al_mux *m, struct al_chan *c, enum al_gone how,
    uint16_t code, const char *text)
{
	struct al_end *e = al_chan_user(c);

	if (e == NULL) {
		m->ops->on_open_gone(m->arg, c);
		al_chan_free(c);
		return;
	}
	e->chan = NULL;
	al_chan_free(c);
	e->ops->on_gone(e, how, code, text);
}

void
al_mux_lose_all(struct al_mux *m, uint16_t code, const char *text)
{
	struct al_chan *c;

	while ((c = al_session_any(m->s)) != NULL)
		al_mux_tell_gone(m, c, al_chan_id(c) != 0 ? AL_GONE_LOST :
		    AL_GONE_UNASKED, code, text);
}

enum al_code
al_end_open(struct al_end *e, struct al_mux *m, const struct al_open *o,
    struct al_err *err)
{
	if (m->ended)
		return al_fail_as(err, AL_ENET, AL_AT_SESSION,
		    AL_CHAN_SESSION_LOST, 0, "the session has ended");
	e->mux = m;
	e->chan = al_chan_open(m->s, o, e, al_now_us(), err);
	if (e->chan == NULL)
		return err->code;
	al_mux_kick(m);
	return AL_OK;
}

void
al_end_attach(struct al_end *e, struct al_mux *m, struct al_chan *c)
{
	e->mux = m;
	e->chan = c;
	al_chan_set_user(c, e);
}

void
al_end_accept(struct al_end *e, struct al_mux *m, struct al_chan *c,
    const char *json)
{
	al_end_attach(e, m, c);
	al_chan_accept(c, json);
	al_mux_kick(m);
}

void
al_mux_refuse(struct al_mux *m, struct al_chan *c, uint16_t code,
    const char *text)
{
	al_chan_refuse(c, code, text);
	al_mux_kick(m);
}

void
al_end_leave(struct al_end *e, uint16_t code, const char *text)
{
	struct al_chan *c = e->chan;

	if (c == NULL)
		return;
	e->chan = NULL;
	al_chan_set_user(c, NULL);
	if (code != AL_CHAN_DONE)
		al_chan_reset(c, code, text);
	else
		al_chan_free(c);
	al_mux_kick(e->mux);
}

void
al_end_ready(struct al_end *e)
{
	al_chan_set_readable(e->chan);
	al_mux_kick(e->mux);
}
