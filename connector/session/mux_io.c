/* connector/session/mux_io.c - bytes in and out of a session's connections. */
#include "connector/session/mux_int.h"

#define READ_BATCH	(256 * 1024)	/* bytes before others have a turn    */

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

	al_lane_note_life(l, code, err);
	if (code == AL_EOF && err->stage != AL_AT_WS)
		(void)al_fail(err, AL_ENET, AL_AT_SESSION, 0,
		    "the connection was closed without a goodbye");
	if (err->code == AL_EOF)	/* a WebSocket Close without CLOSE */
		err->code = AL_ENET;
	al_mux_note_why(m, err);
	if (code == AL_EPROTO || code == AL_ELIMIT)	/* tell it why */
		al_lane_leave(l, code == AL_ELIMIT ? 1009 : 1002, err->text);
	else
		al_lane_free(l);
	al_mux_tell_all(m);
	al_lane_tell_failed(l, err);
	/* before it was up, or said goodbye: there is nothing to resume */
	if (!m->ended && TAILQ_EMPTY(&m->lanes) && (!m->was_up ||
	    al_session_close_sent(m->s)))
		al_mux_end_with(m, err);
}

static void
read_some(struct lane *l)
{
	struct al_mux *m = l->m;
	struct al_err err = { .code = AL_OK };
	enum al_code code;

	l->read_due = false;
	code = read_batch(l, &err);
	al_mux_tell_all(m);
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
closed_by_us(struct al_mux *m)
{
	struct al_err why;

	(void)al_fail(&why, AL_EOF, AL_AT_SESSION, 0,
	    "the session was closed");
	al_mux_leave_all(m);
	al_mux_end_with(m, &why);
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

void
al_mux_pump(void *arg)
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

void
al_lane_on_ready(void *arg, unsigned ready)
{
	struct lane *l = arg;
	struct al_mux *m = l->m;

	if (ready & AL_WANT_READ)
		read_some(l);
	if (!m->ended)
		al_task_queue(&m->task);
}

void
al_mux_on_time(void *arg)
{
	struct al_mux *m = arg;
	uint64_t now_us = al_now_us();

	m->armed_us = 0;
	if (m->close_by_us != 0 && now_us >= m->close_by_us) {
		closed_by_us(m);
	} else {
		al_session_expired(m->s, now_us);
		al_mux_tell_all(m);
	}
	if (!m->ended)
		al_task_queue(&m->task);
}
