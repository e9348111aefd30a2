/* connector/session/mux.c - a session on an event loop. */
#include "connector/session/mux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/loop/loop.h"
#include "connector/session/carrier.h"
#include "connector/session/greet.h"
#include "connector/session/greet_int.h"

#define READ_BATCH	(256 * 1024)	/* bytes before others have a turn    */
#define CLOSE_MS	5000

struct al_mux {
	struct al_loop		*loop;
	struct al_session	*s;
	struct al_link		*link;
	struct al_carrier	*c;
	const struct al_mux_ops	*ops;
	void			*arg;
	struct al_task		 task;
	uint64_t		 armed_us;	/* the timer's             */
	uint64_t		 close_by_us;	/* after al_mux_close      */
	bool			 read_due;	/* look without waiting    */
	bool			 blocked;	/* bytes wait in the stream */
	bool			 closing, ended, freed;
};

static void end_with(struct al_mux *m, const struct al_err *why);

/* --- ends: channels and their users --------------------------------------- */
static void
tell_gone(struct al_mux *m, struct al_chan *c, enum al_gone how,
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

static void
lose_all(struct al_mux *m, uint16_t code, const char *text)
{
	struct al_chan *c;

	while ((c = al_session_any(m->s)) != NULL)
		tell_gone(m, c, AL_GONE_LOST, code, text);
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

/* --- what the engine has to tell ------------------------------------------ */
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
	end_with(m, &why);
}

static void
rejected(struct al_mux *m, const struct al_event *ev)
{
	struct al_err why;

	(void)al_fail_as(&why, AL_EREFUSED, AL_AT_SESSION, ev->code, 190,
	    "the gateway refused the session: %s%s%s",
	    al_welcome_status_name(ev->code), ev->text[0] ? ", " : "",
	    ev->text);
	end_with(m, &why);
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
		tell_gone(m, ev->chan, AL_GONE_REFUSED, ev->code, ev->text);
		break;
	case AL_EV_RESET:
		tell_gone(m, ev->chan, AL_GONE_RESET, ev->code, ev->text);
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

static void
link_over(struct al_mux *m, const struct al_event *ev)
{
	struct al_err why;

	(void)al_fail(&why, (enum al_code)ev->code, AL_AT_SESSION, 0, "%s",
	    ev->text);
	end_with(m, &why);
}

static void
tell(struct al_mux *m, const struct al_event *ev)
{
	switch (ev->type) {
	case AL_EV_UP:
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
		rejected(m, ev);
		break;
	case AL_EV_DETACH:	/* this session cannot move: it ends with its
				 * link and a new one is made */
		m->ops->on_goaway(m->arg, ev->code, (uint32_t)ev->value,
		    ev->text);
		break;
	case AL_EV_LINK_OVER:
		link_over(m, ev);
		break;
	case AL_EV_SWITCHED:	/* there is one link, which ends it all */
	case AL_EV_DETACHED:
	case AL_EV_RESUMED:
	case AL_EV_LOST:
		break;
	default:
		tell_channel(m, ev);
	}
}

static void
tell_all(struct al_mux *m)
{
	struct al_event ev;

	while (!m->ended && al_session_next(m->s, &ev))
		tell(m, &ev);
}

/* --- reading -------------------------------------------------------------- */
static enum al_code
feed_all(struct al_mux *m, struct al_err *err)
{
	struct al_block *b;
	enum al_code code;

	while ((code = al_carrier_next(m->c, &b, err)) == AL_OK) {
		code = al_link_feed(m->link, &b, al_now_us(), err);
		al_ws_done(&m->c->ws, b);
		if (code != AL_OK)
			return code;
	}
	return code;
}

/* AL_OK: the batch is full, and there may be more. */
static enum al_code
read_batch(struct al_mux *m, struct al_err *err)
{
	size_t before, n = 0;
	enum al_code code;

	code = feed_all(m, err);	/* what came with the handshake */
	while (code == AL_AGAIN && n < READ_BATCH) {
		code = al_carrier_read(m->c, err);
		if (code != AL_OK)
			return code;
		before = m->c->ws.in->len;
		n += before;
		code = feed_all(m, err);
	}
	return code == AL_AGAIN ? AL_OK : code;
}

static void
link_lost(struct al_mux *m, enum al_code code, struct al_err *err)
{
	if (code == AL_EPROTO || code == AL_ELIMIT) {
		/* tell the peer what it did */
		al_carrier_linger(m->c, code == AL_ELIMIT ? 1009 : 1002,
		    err->text);
		m->c = NULL;
	}
	if (code == AL_EOF && err->stage != AL_AT_WS)
		(void)al_fail(err, AL_ENET, AL_AT_SESSION, 0,
		    "the connection was closed without a goodbye");
	if (err->code == AL_EOF)	/* a WebSocket Close without CLOSE */
		err->code = AL_ENET;
	end_with(m, err);
}

static void
read_some(struct al_mux *m)
{
	struct al_err err = { .code = AL_OK };
	enum al_code code;

	m->read_due = false;
	code = read_batch(m, &err);
	tell_all(m);
	if (m->ended)
		return;
	if (code == AL_OK)
		m->read_due = true;
	else if (code != AL_AGAIN)
		link_lost(m, code, &err);
}

/* --- writing -------------------------------------------------------------- */
/* Fill the open record from whoever has a turn. */
static void
fill(struct al_mux *m)
{
	struct al_turn t;
	struct al_end *e;
	uint64_t now_us = al_now_us();

	while (!m->ended && al_session_turn(m->s, now_us, &t)) {
		e = al_chan_user(t.chan);
		if (e != NULL)
			e->ops->on_turn(e, m->s, &t, now_us);
		else
			al_session_commit(m->s, &t, 0, AL_TURN_DRAINED,
			    now_us);
	}
}

/* Seal at most a burst, hand it to the socket in one call; what is left goes
 * when the socket says that it can be written again. */
static enum al_code
write_some(struct al_mux *m, struct al_err *err)
{
	size_t sealed = 0, burst = al_link_burst(m->link);
	struct al_msg msg;
	enum al_code code;

	if (m->blocked) {
		code = al_carrier_flush(m->c, err);
		if (code != AL_OK)
			return code;
		m->blocked = false;
	}
	for (;;) {
		fill(m);
		if (m->ended || !al_link_take(m->link, al_now_us(), &msg))
			break;
		code = al_carrier_send(m->c, &msg, err);
		if (code != AL_OK)
			return code;
		sealed += msg.front_len + msg.rec_len;
		if (sealed >= burst)
			break;
	}
	if (m->ended || sealed == 0)
		return AL_OK;
	code = al_carrier_flush(m->c, err);
	if (code == AL_AGAIN)
		m->blocked = true;
	return code == AL_OK && sealed >= burst ? AL_AGAIN : code;
}

static void
closed_by_us(struct al_mux *m)
{
	struct al_err why;

	(void)al_fail(&why, AL_EOF, AL_AT_SESSION, 0,
	    "the session was closed");
	al_carrier_linger(m->c, 1000, "");
	m->c = NULL;
	end_with(m, &why);
}

static void
arm(struct al_mux *m)
{
	uint64_t at = al_session_expiry(m->s), now_us = al_now_us(), in_us;

	if (m->close_by_us != 0 && m->close_by_us < at)
		at = m->close_by_us;
	if (at == UINT64_MAX || (m->armed_us > now_us && m->armed_us <= at))
		return;		/* an early call costs less than re-arming */
	in_us = at > now_us ? at - now_us : 0;
	if (m->blocked && in_us < 100000)
		in_us = 100000;	/* an ACK that is due has to wait anyway */
	m->armed_us = now_us + in_us;
	al_timer_set(&m->c->timer, in_us / 1000 + 1);
}

static void
pump(void *arg)
{
	struct al_mux *m = arg;
	struct al_err err = { .code = AL_OK };
	enum al_code code;

	if (m->read_due && !m->ended)
		read_some(m);
	code = m->ended ? AL_OK : write_some(m, &err);
	if (!m->ended && code != AL_OK && code != AL_AGAIN)
		link_lost(m, code, &err);
	if (!m->ended && m->closing && al_session_close_sent(m->s) &&
	    !m->blocked)
		closed_by_us(m);
	if (m->ended)
		return;
	al_ws_trim(&m->c->ws);
	al_carrier_watch(m->c, AL_WANT_READ |
	    (code == AL_AGAIN ? AL_WANT_WRITE : 0));
	if (m->read_due)
		al_task_queue(&m->task);
	arm(m);
}

static void
on_ready(void *arg, unsigned ready)
{
	struct al_mux *m = arg;

	if (ready & AL_WANT_READ)
		read_some(m);
	if (!m->ended)
		al_task_queue(&m->task);
}

static void
on_time(void *arg)
{
	struct al_mux *m = arg;
	uint64_t now_us = al_now_us();

	m->armed_us = 0;
	if (m->close_by_us != 0 && now_us >= m->close_by_us) {
		closed_by_us(m);
	} else {
		al_session_expired(m->s, now_us);
		tell_all(m);
	}
	if (!m->ended)
		al_task_queue(&m->task);
}

/* --- life ----------------------------------------------------------------- */
static void
free_now(void *p)
{
	struct al_mux *m = p;

	al_task_fini(&m->task);
	al_session_free(m->s);
	al_carrier_free(m->c);
	free(m);
}

/* The session is over: everybody hears of it, then the owner. */
static void
end_with(struct al_mux *m, const struct al_err *why)
{
	struct al_err copy = *why;

	if (m->ended)
		return;
	m->ended = true;
	lose_all(m, why->code == AL_EREFUSED ? (uint16_t)why->status :
	    AL_CHAN_SESSION_LOST, copy.text);
	if (m->c != NULL) {
		al_watch_set(&m->c->watch, 0);
		al_timer_cancel(&m->c->timer);
		if (why->stage == AL_AT_SESSION && (why->code == AL_EOF ||
		    why->code == AL_EREFUSED)) {
			al_carrier_linger(m->c, 1000, "");
			m->c = NULL;
		}
	}
	if (!m->freed)
		m->ops->on_end(m->arg, &copy);
}

static struct al_mux *
mux_new(struct al_loop *loop, struct al_carrier *c,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_mux *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	m->loop = loop;
	m->ops = ops;
	m->arg = arg;
	m->s = al_session_new(o, al_now_us(), err);
	if (m->s == NULL ||
	    al_task_init(&m->task, loop, pump, m, err) != AL_OK ||
	    al_carrier_own(c, on_ready, on_time, m, err) != AL_OK) {
		free_now(m);
		return NULL;
	}
	m->c = c;
	m->read_due = true;
	return m;
}

struct al_mux *
al_mux_open(struct al_loop *loop, struct al_stream *stream,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_session_opts opener = *o;
	struct al_carrier *c = al_carrier_new(loop, stream, AL_WS_CLIENT, err);
	struct al_mux *m;

	if (c == NULL)
		return NULL;
	opener.role = AL_OPENER;
	m = mux_new(loop, c, &opener, ops, arg, err);
	if (m != NULL)
		m->link = al_link_open(m->s, al_now_us(), err);
	if (m == NULL || m->link == NULL) {
		c->stream = NULL;	/* stays with the caller */
		if (m == NULL)
			al_carrier_free(c);
		else
			free_now(m);
		return NULL;
	}
	al_mux_kick(m);
	return m;
}

struct al_mux *
al_mux_accept(struct al_loop *loop, struct al_greeted *g,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_session_opts acceptor = *o;
	struct al_mux *m;

	acceptor.role = AL_ACCEPTOR;
	m = mux_new(loop, g->c, &acceptor, ops, arg, err);
	if (m != NULL) {
		g->c = NULL;
		m->link = al_link_accept(m->s, &g->hello, al_now_us(), err);
	}
	al_greeted_free(g);
	if (m != NULL && m->link == NULL) {
		free_now(m);
		return NULL;
	}
	if (m != NULL)
		al_mux_kick(m);
	return m;
}

void
al_mux_free(struct al_mux *m)
{
	struct al_err why;

	if (m == NULL || m->freed)
		return;
	m->freed = true;
	(void)al_fail(&why, AL_EOF, AL_AT_SESSION, 0,
	    "the session was dropped here");
	why.stage = AL_AT_NONE;
	end_with(m, &why);
	al_task_fini(&m->task);
	al_loop_bury(m->loop, m, free_now);
}

void
al_mux_close(struct al_mux *m, uint16_t code, const char *text)
{
	if (m->ended || m->closing)
		return;
	m->closing = true;
	m->close_by_us = al_now_us() + CLOSE_MS * 1000;
	al_session_close(m->s, code, text);
	al_mux_kick(m);
}

struct al_session *
al_mux_session(struct al_mux *m)
{
	return m->s;
}

struct al_loop *
al_mux_loop(struct al_mux *m)
{
	return m->loop;
}

bool
al_mux_is_up(const struct al_mux *m)
{
	return !m->ended && al_session_is_up(m->s);
}

void
al_mux_kick(struct al_mux *m)
{
	if (!m->ended)
		al_task_queue(&m->task);
}
