/* connector/session/mux.c - a session on an event loop. */
#include "connector/session/mux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "connector/loop/loop.h"
#include "connector/session/carrier.h"
#include "connector/session/greet.h"
#include "connector/session/greet_int.h"

#define READ_BATCH	(256 * 1024)	/* bytes before others have a turn    */
#define CLOSE_MS	5000
#define NC_REFUSED	190		/* a WELCOME that says no             */

/* One connection that carries the session, or is about to. */
struct lane {
	TAILQ_ENTRY(lane)	 entry;
	struct al_mux		*m;
	struct al_link		*link;
	struct al_carrier	*c;
	bool			 read_due;	/* look without waiting     */
	bool			 blocked;	/* bytes wait in the stream */
	bool			 joining;	/* a session that is up, not yet */
	bool			 gone;		/* freed when the turn is over */
};

struct al_mux {
	struct al_loop		*loop;
	struct al_session	*s;
	TAILQ_HEAD(lanes, lane)	 lanes;		/* mostly one, the newest last */
	const struct al_mux_ops	*ops;
	void			*arg;
	struct al_task		 task;
	struct al_timer		 timer;
	uint64_t		 armed_us;	/* the timer's             */
	uint64_t		 close_by_us;	/* after al_mux_close      */
	struct al_err		*why;		/* the latest end of a lane; NULL:
						 * none has ended badly     */
	unsigned		 retry_after_s;	/* of the latest rejection */
	bool			 is_opener;
	struct al_link_life	 last_life;	/* of a lane that was lost  */
	uint32_t		 keepalive_ms;	/* 0: as in the options     */
	bool			 was_up;
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
		tell_gone(m, c, al_chan_id(c) != 0 ? AL_GONE_LOST :
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

/* --- lanes ---------------------------------------------------------------- */
static void
lane_free(struct lane *l)
{
	if (l->gone)
		return;
	l->gone = true;
	al_link_free(l->link, al_now_us());
	al_carrier_free(l->c);
	TAILQ_REMOVE(&l->m->lanes, l, entry);
	al_loop_bury(l->m->loop, l, free);	/* a frame may still look */
}

static struct lane *
lane_of(const struct al_mux *m, const struct al_link *link)
{
	struct lane *l;

	TAILQ_FOREACH(l, &m->lanes, entry)
		if (l->link == link)
			break;
	return l;
}

/* Say goodbye in the background: a WebSocket Close of this code. */
static void
lane_leave(struct lane *l, unsigned code, const char *text)
{
	al_carrier_linger(l->c, code, text);
	l->c = NULL;
	lane_free(l);
}

static void
note_why(struct al_mux *m, const struct al_err *why)
{
	if (m->why == NULL)
		m->why = malloc(sizeof(*m->why));
	if (m->why != NULL)
		*m->why = *why;
}

/* l is about to go; one that was left for another before says nothing. */
static void
note_life(const struct lane *l, enum al_code code, const struct al_err *why)
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
static void
tell_failed(const struct lane *l, const struct al_err *why)
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
		note_life(l, why.code, &why);
	lane_leave(l, 1000, "");
	if (why.code == AL_OK)
		return;
	note_why(m, &why);
	tell_failed(l, &why);
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
		end_with(m, &why);
	} else if (l != NULL) {
		lane_leave(l, 1000, "");
		note_why(m, &why);
		tell_failed(l, &why);
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
	end_with(m, &why);
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

static void
tell_all(struct al_mux *m)
{
	struct al_event ev;

	while (!m->ended && al_session_next(m->s, &ev))
		tell(m, &ev);
}

/* --- reading -------------------------------------------------------------- */
static enum al_code
feed_all(struct lane *l, struct al_err *err)
{
	struct al_block *b;
	enum al_code code;

	while ((code = al_carrier_next(l->c, &b, err)) == AL_OK) {
		code = al_link_feed(l->link, &b, al_now_us(), err);
		al_ws_done(&l->c->ws, b);
		if (code != AL_OK)
			return code;
	}
	return code;
}

/* AL_OK: the batch is full, and there may be more. */
static enum al_code
read_batch(struct lane *l, struct al_err *err)
{
	size_t before, n = 0;
	enum al_code code;

	code = feed_all(l, err);	/* what came with the handshake */
	while (code == AL_AGAIN && n < READ_BATCH) {
		code = al_carrier_read(l->c, err);
		if (code != AL_OK)
			return code;
		al_link_alive(l->link, al_now_us());
		before = l->c->ws.in->len;
		n += before;
		code = feed_all(l, err);
	}
	return code == AL_AGAIN ? AL_OK : code;
}

/* The connection has ended, or has to: the session may outlive it. */
static void
lane_lost(struct lane *l, enum al_code code, struct al_err *err)
{
	struct al_mux *m = l->m;

	note_life(l, code, err);
	if (code == AL_EOF && err->stage != AL_AT_WS)
		(void)al_fail(err, AL_ENET, AL_AT_SESSION, 0,
		    "the connection was closed without a goodbye");
	if (err->code == AL_EOF)	/* a WebSocket Close without CLOSE */
		err->code = AL_ENET;
	note_why(m, err);
	if (code == AL_EPROTO || code == AL_ELIMIT)	/* tell it why */
		lane_leave(l, code == AL_ELIMIT ? 1009 : 1002, err->text);
	else
		lane_free(l);
	tell_all(m);
	tell_failed(l, err);
	/* before it was up, or said goodbye: there is nothing to resume */
	if (!m->ended && TAILQ_EMPTY(&m->lanes) && (!m->was_up ||
	    al_session_close_sent(m->s)))
		end_with(m, err);
}

static void
read_some(struct lane *l)
{
	struct al_mux *m = l->m;
	struct al_err err = { .code = AL_OK };
	enum al_code code;

	l->read_due = false;
	code = read_batch(l, &err);
	tell_all(m);
	if (m->ended || l->gone)
		return;
	if (code == AL_OK)
		l->read_due = true;
	else if (code != AL_AGAIN)
		lane_lost(l, code, &err);
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
write_some(struct lane *l, struct al_err *err)
{
	struct al_mux *m = l->m;
	size_t sealed = 0, burst = al_link_burst(l->link);
	struct al_msg msg;
	enum al_code code;

	if (l->blocked) {
		code = al_carrier_flush(l->c, err);
		if (code != AL_OK)
			return code;
		l->blocked = false;
	}
	for (;;) {
		fill(m);
		if (m->ended || !al_link_take(l->link, al_now_us(), &msg))
			break;
		code = al_carrier_send(l->c, &msg, err);
		if (code != AL_OK)
			return code;
		sealed += msg.front_len + msg.rec_len;
		if (sealed >= burst)
			break;
	}
	if (m->ended || sealed == 0)
		return AL_OK;
	code = al_carrier_flush(l->c, err);
	if (code == AL_AGAIN)
		l->blocked = true;
	return code == AL_OK && sealed >= burst ? AL_AGAIN : code;
}

static bool
is_blocked(const struct al_mux *m)
{
	const struct lane *l;

	TAILQ_FOREACH(l, &m->lanes, entry)
		if (l->blocked)
			return true;
	return false;
}

static void
leave_all(struct al_mux *m)
{
	while (!TAILQ_EMPTY(&m->lanes))
		lane_leave(TAILQ_FIRST(&m->lanes), 1000, "");
}

static void
closed_by_us(struct al_mux *m)
{
	struct al_err why;

	(void)al_fail(&why, AL_EOF, AL_AT_SESSION, 0,
	    "the session was closed");
	leave_all(m);
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
	if (in_us < 100000 && is_blocked(m))
		in_us = 100000;	/* an ACK that is due has to wait anyway */
	m->armed_us = now_us + in_us;
	al_timer_set(&m->timer, in_us / 1000 + 1);
}

/* Everything may end in here: the lane, the session. */
static void
pump_lane(struct lane *l)
{
	struct al_mux *m = l->m;
	struct al_err err = { .code = AL_OK };
	enum al_code code = write_some(l, &err);

	if (m->ended || l->gone)
		return;
	if (code != AL_OK && code != AL_AGAIN) {
		lane_lost(l, code, &err);
		return;
	}
	al_ws_trim(&l->c->ws);
	al_carrier_watch(l->c, AL_WANT_READ |
	    (code == AL_AGAIN ? AL_WANT_WRITE : 0));
	if (l->read_due)
		al_task_queue(&m->task);
}

static void
pump(void *arg)
{
	struct al_mux *m = arg;
	struct lane *l, *next;

	for (l = TAILQ_FIRST(&m->lanes); l != NULL && !m->ended; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->read_due && !l->gone)
			read_some(l);
		if (!m->ended && !l->gone)
			pump_lane(l);
	}
	if (!m->ended && m->closing && al_session_close_sent(m->s) &&
	    !is_blocked(m))
		closed_by_us(m);
	if (!m->ended)
		arm(m);
}

static void
on_ready(void *arg, unsigned ready)
{
	struct lane *l = arg;
	struct al_mux *m = l->m;

	if (ready & AL_WANT_READ)
		read_some(l);
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
	al_timer_fini(&m->timer);
	while (!TAILQ_EMPTY(&m->lanes))
		lane_free(TAILQ_FIRST(&m->lanes));
	al_session_free(m->s);
	free(m->why);
	free(m);
}

/* The session is over: everybody hears of it, then the owner. */
static void
end_with(struct al_mux *m, const struct al_err *why)
{
	struct al_err copy = *why;
	struct lane *l;

	if (m->ended)
		return;
	m->ended = true;
	lose_all(m, why->code == AL_EREFUSED ? (uint16_t)why->status :
	    AL_CHAN_SESSION_LOST, copy.text);
	al_timer_cancel(&m->timer);
	if (copy.stage == AL_AT_SESSION && (copy.code == AL_EOF ||
	    copy.code == AL_EREFUSED))
		leave_all(m);
	TAILQ_FOREACH(l, &m->lanes, entry)
		al_watch_set(&l->c->watch, 0);
	if (!m->freed)
		m->ops->on_end(m->arg, &copy);
}

static struct al_mux *
mux_new(struct al_loop *loop, const struct al_session_opts *o,
    enum al_role role, const struct al_mux_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_session_opts of_role = *o;
	struct al_mux *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		return NULL;
	}
	TAILQ_INIT(&m->lanes);
	m->loop = loop;
	m->ops = ops;
	m->arg = arg;
	m->is_opener = role == AL_OPENER;
	of_role.role = role;
	memcpy(&of_role.jitter, role == AL_OPENER ? o->instance : o->id,
	    sizeof(of_role.jitter));
	of_role.jitter ^= (uint32_t)al_now_us();
	m->s = al_session_new(&of_role, al_now_us(), err);
	if (m->s == NULL ||
	    al_task_init(&m->task, loop, pump, m, err) != AL_OK ||
	    al_timer_init(&m->timer, loop, on_time, m, err) != AL_OK) {
		free_now(m);
		return NULL;
	}
	return m;
}

/* Takes c when all goes well.  hello: the acceptor's. */
static enum al_code
add_lane(struct al_mux *m, struct al_carrier *c, const struct al_hello *hello,
    struct al_err *err)
{
	struct lane *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return al_fail_nomem(err, AL_AT_SESSION);
	l->m = m;
	if (al_carrier_own(c, on_ready, NULL, l, err) == AL_OK)
		l->link = hello == NULL ? al_link_open(m->s, al_now_us(),
		    err) : al_link_accept(m->s, hello, al_now_us(), err);
	if (l->link == NULL) {
		free(l);
		return err->code;
	}
	al_link_set_keepalive(l->link, m->keepalive_ms);
	l->c = c;
	l->read_due = true;
	TAILQ_INSERT_TAIL(&m->lanes, l, entry);
	al_mux_kick(m);
	return AL_OK;
}

enum al_code
al_mux_attach(struct al_mux *m, struct al_stream *stream, struct al_err *err)
{
	struct al_carrier *c;

	if (m->ended || al_session_close_sent(m->s))
		return al_fail(err, AL_ENET, AL_AT_SESSION, 0,
		    "the session has ended");
	c = al_carrier_new(m->loop, stream, AL_WS_CLIENT, err);
	if (c == NULL)
		return err->code;
	if (add_lane(m, c, NULL, err) == AL_OK) {
		TAILQ_LAST(&m->lanes, lanes)->joining = m->was_up;
		tell_all(m);		/* the link that gave way to it */
		return AL_OK;
	}
	c->stream = NULL;		/* stays with the caller */
	al_carrier_free(c);
	return err->code;
}

struct al_mux *
al_mux_open(struct al_loop *loop, struct al_stream *stream,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_mux *m = mux_new(loop, o, AL_OPENER, ops, arg, err);

	if (m != NULL && al_mux_attach(m, stream, err) != AL_OK) {
		free_now(m);
		return NULL;
	}
	return m;
}

struct al_mux *
al_mux_accept(struct al_loop *loop, struct al_greeted *g,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_mux *m = mux_new(loop, o, AL_ACCEPTOR, ops, arg, err);

	if (m != NULL && add_lane(m, g->c, &g->hello, err) == AL_OK) {
		g->c = NULL;
	} else if (m != NULL) {
		free_now(m);
		m = NULL;
	}
	al_greeted_free(g);
	return m;
}

enum al_welcome_status
al_mux_resume(struct al_mux *m, struct al_greeted *g)
{
	struct al_frame f;
	struct al_err err;
	enum al_welcome_status status;

	if (m->ended || m->closing)
		return AL_WELCOME_UNKNOWN;
	if (al_frame_decode(&f, g->raw, g->raw_len, &err) != AL_OK)
		return AL_WELCOME_BAD_PROOF;
	status = al_session_resume(m->s, &f, &g->hello);
	if (status == AL_WELCOME_RESUMED && add_lane(m, g->c, &g->hello,
	    &err) == AL_OK) {
		g->c = NULL;
		al_greeted_free(g);
	} else if (status == AL_WELCOME_RESUMED) {
		status = AL_WELCOME_LIMIT;	/* out of memory */
	}
	tell_all(m);
	return status;
}

bool
al_mux_is_detached(const struct al_mux *m)
{
	return !m->ended && m->was_up && !al_session_is_up(m->s);
}

void
al_mux_set_keepalive(struct al_mux *m, uint32_t ping_ms)
{
	struct lane *l;

	m->keepalive_ms = ping_ms;
	TAILQ_FOREACH(l, &m->lanes, entry)
		al_link_set_keepalive(l->link, ping_ms);
	al_mux_kick(m);
}

const struct al_link_life *
al_mux_last_life(const struct al_mux *m)
{
	return &m->last_life;
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
	al_timer_fini(&m->timer);
	al_loop_bury(m->loop, m, free_now);
}

void
al_mux_close(struct al_mux *m, uint16_t code, const char *text)
{
	if (m->ended || m->closing)
		return;
	m->closing = true;
	/* without a link there is nobody to say it to, but an opener can make
	 * one */
	m->close_by_us = al_now_us() + (TAILQ_EMPTY(&m->lanes) &&
	    !(m->is_opener && m->was_up && code == AL_CHAN_DONE) ? 0 :
	    CLOSE_MS * 1000);
	al_session_close(m->s, code, text);
	al_mux_kick(m);
}

unsigned
al_mux_retry_after_s(const struct al_mux *m)
{
	return m->retry_after_s;
}

void
al_mux_set_arg(struct al_mux *m, void *arg)
{
	m->arg = arg;
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
