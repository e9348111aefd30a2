/* connector/session/mux.c - a session on an event loop. */
#include "connector/session/mux_int.h"

#include <stdlib.h>
#include <string.h>

#include "connector/session/greet.h"
#include "connector/session/greet_int.h"

#define CLOSE_MS	5000

/* --- lanes ---------------------------------------------------------------- */
void
al_lane_free(struct lane *l)
{
	if (l->gone)
		return;
	l->gone = true;
	al_link_free(l->link, al_now_us());
	al_carrier_free(l->c);
	TAILQ_REMOVE(&l->m->lanes, l, entry);
	al_loop_bury(l->m->loop, l, free);	/* a frame may still look */
}

/* Say goodbye in the background: a WebSocket Close of this code. */
void
al_lane_leave(struct lane *l, unsigned code, const char *text)
{
	al_carrier_linger(l->c, code, text);
	l->c = NULL;
	al_lane_free(l);
}

void
al_mux_leave_all(struct al_mux *m)
{
	while (!TAILQ_EMPTY(&m->lanes))
		al_lane_leave(TAILQ_FIRST(&m->lanes), 1000, "");
}

/* --- life ----------------------------------------------------------------- */
static void
free_now(void *p)
{
	struct al_mux *m = p;

	al_task_fini(&m->task);
	al_timer_fini(&m->timer);
	while (!TAILQ_EMPTY(&m->lanes))
		al_lane_free(TAILQ_FIRST(&m->lanes));
	al_session_free(m->s);
	free(m->why);
	free(m);
}

/* The session is over: everybody hears of it, then the owner. */
void
al_mux_end_with(struct al_mux *m, const struct al_err *why)
{
	struct al_err copy = *why;
	struct lane *l;

	if (m->ended)
		return;
	m->ended = true;
	al_mux_lose_all(m, why->code == AL_EREFUSED ? (uint16_t)why->status :
	    AL_CHAN_SESSION_LOST, copy.text);
	al_timer_cancel(&m->timer);
	if (copy.stage == AL_AT_SESSION && (copy.code == AL_EOF ||
	    copy.code == AL_EREFUSED))
		al_mux_leave_all(m);
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
	    al_task_init(&m->task, loop, al_mux_pump, m, err) != AL_OK ||
	    al_timer_init(&m->timer, loop, al_mux_on_time, m, err) != AL_OK) {
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
	if (al_carrier_own(c, al_lane_on_ready, NULL, l, err) == AL_OK)
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
		al_mux_tell_all(m);		/* the link that gave way to it */
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
	al_mux_tell_all(m);
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
	al_mux_end_with(m, &why);
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
