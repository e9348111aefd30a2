/* connector/session/relay.c - two channels of two sessions joined. */
#include "connector/session/relay.h"

#include <stdlib.h>

#include "connector/loop/loop.h"

#define ANSWER_MS	30000

/* One of the two channels; what it sends comes out of the other. */
struct side {
	struct al_end	 end;		/* first */
	struct al_relay	*relay;
	struct side	*other;
	bool		 fin;		/* sent */
};

struct al_relay {
	struct side	 opener, target;
	struct al_timer	 timer;		/* until the target has answered */
	al_on_relay_end	*on_end;
	void		*arg;
	uint64_t	 bytes_up, bytes_down;
};

static void
tell_end(struct al_relay *r, const struct al_relay_end *end)
{
	al_timer_fini(&r->timer);
	r->on_end(r->arg, r, end);
	free(r);
}

static void
finish(struct al_relay *r, uint16_t code, const char *text, bool refused)
{
	const struct al_relay_end end = { .code = code, .refused = refused,
	    .text = text != NULL ? text : "", .bytes_up = r->bytes_up,
	    .bytes_down = r->bytes_down };

	tell_end(r, &end);
}

/* Somebody else may be asked instead. */
static void
finish_unasked(struct al_relay *r, uint16_t code, const char *text)
{
	const struct al_relay_end end = { .code = code, .text = text,
	    .refused = true, .unasked = r->opener.end.chan };

	al_chan_set_user(r->opener.end.chan, NULL);
	tell_end(r, &end);
}

static void
refuse(struct al_relay *r, uint16_t code, const char *text)
{
	struct al_end *e = &r->opener.end;

	if (e->chan != NULL)
		al_mux_refuse(e->mux, e->chan, code, text);
	e->chan = NULL;
}

static void
on_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	struct side *to = (struct side *)e, *from = to->other;
	struct al_relay *r = to->relay;
	struct al_chan *source = from->end.chan;
	struct al_block *b = source != NULL ? al_chan_take(source) : NULL;
	size_t n;

	if (b == NULL) {
		to->fin = source != NULL && al_chan_is_ended(source);
		al_session_commit(s, t, 0, to->fin ? AL_TURN_FIN :
		    AL_TURN_DRAINED, now_us);
		if (to->fin && from->fin) {
			al_end_leave(&to->end, AL_CHAN_DONE, NULL);
			al_end_leave(&from->end, AL_CHAN_DONE, NULL);
			finish(r, AL_CHAN_DONE, NULL, false);
		}
		return;
	}
	n = al_session_commit_block(s, t, &b, 0, now_us);
	if (b != NULL)
		al_chan_untake(source, b);
	al_chan_consumed(source, n, now_us);
	*(to == &r->target ? &r->bytes_up : &r->bytes_down) += n;
	al_mux_kick(from->end.mux);	/* credit goes back */
}

static void
on_data(struct al_end *e)
{
	struct side *from = (struct side *)e;

	if (from->other->end.chan != NULL && !from->other->fin)
		al_end_ready(&from->other->end);
}

static void
on_accept(struct al_end *e, const char *json)
{
	struct al_relay *r = ((struct side *)e)->relay;

	al_timer_fini(&r->timer);
	al_end_accept(&r->opener.end, r->opener.end.mux, r->opener.end.chan,
	    json);
}

static void
on_writable(struct al_end *e)
{
	(void)e;
}

static void
on_gone(struct al_end *e, enum al_gone how, uint16_t code, const char *text)
{
	struct side *s = (struct side *)e;
	struct al_relay *r = s->relay;
	bool refused = how == AL_GONE_REFUSED;

	if (how == AL_GONE_UNASKED) {
		finish_unasked(r, code, text);
		return;
	}
	if (refused)
		refuse(r, code, text);
	else
		al_end_leave(&s->other->end, code != AL_CHAN_DONE ? code :
		    AL_CHAN_SESSION_LOST, text);
	finish(r, code, text, refused);
}

static void
on_time(void *arg)
{
	struct al_relay *r = arg;
	bool away = al_mux_is_detached(r->target.end.mux);
	uint16_t code = away ? AL_CHAN_OFFLINE : AL_CHAN_TIMEOUT;
	const char *text = away ? "the server did not come back within 30 s" :
	    "the server did not answer within 30 s";

	refuse(r, code, text);
	al_end_leave(&r->target.end, code, text);
	finish(r, code, text, true);
}

static const struct al_end_ops relay_ops = {
	.name = "relay",
	.on_turn = on_turn,
	.on_accept = on_accept,
	.on_data = on_data,
	.on_writable = on_writable,
	.on_gone = on_gone,
};

static void
side_init(struct side *s, struct al_relay *r, struct side *other)
{
	s->end.ops = &relay_ops;
	s->relay = r;
	s->other = other;
}

struct al_relay *
al_relay_start(struct al_mux *from, struct al_chan *c, struct al_mux *to,
    const struct al_open *o, al_on_relay_end *on_end, void *arg,
    struct al_err *err)
{
	struct al_relay *r = calloc(1, sizeof(*r));
	enum al_code code = AL_ENOMEM;

	if (r == NULL) {
		(void)al_fail_nomem(err, AL_AT_CHANNEL);
		goto refused;
	}
	side_init(&r->opener, r, &r->target);
	side_init(&r->target, r, &r->opener);
	r->on_end = on_end;
	r->arg = arg;
	code = al_timer_init(&r->timer, al_mux_loop(from), on_time, r, err);
	if (code == AL_OK)
		code = al_end_open(&r->target.end, to, o, err);
	if (code != AL_OK) {
		al_timer_fini(&r->timer);
		free(r);
		goto refused;
	}
	al_end_attach(&r->opener.end, from, c);
	al_timer_set(&r->timer, ANSWER_MS);
	if (al_chan_queued(c) > 0 || al_chan_is_ended(c))
		al_end_ready(&r->target.end);
	return r;
refused:
	al_mux_refuse(from, c, code == AL_ENOMEM ? AL_CHAN_LIMIT :
	    err->status != 0 ? (uint16_t)err->status : AL_CHAN_OFFLINE,
	    err->text);
	return NULL;
}

void
al_relay_bytes(const struct al_relay *r, uint64_t *up, uint64_t *down)
{
	*up = r->bytes_up;
	*down = r->bytes_down;
}

void
al_relay_free(struct al_relay *r, uint16_t code, const char *text)
{
	al_end_leave(&r->opener.end, code, text);
	al_end_leave(&r->target.end, code, text);
	al_timer_fini(&r->timer);
	free(r);
}
