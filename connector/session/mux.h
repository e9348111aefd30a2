/* connector/session/mux.h - a session on an event loop: links below, ends above. */
#ifndef AL_SESSION_MUX_H
#define AL_SESSION_MUX_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/engine/session.h"
#include "connector/stream/stream.h"

struct al_loop;
struct al_mux;

/*
 * What a channel ends in: a local socket (port.h), another session's channel
 * (relay.h), a user of the library.  First member of the user's struct.
 * Everything is called from the loop.  on_turn must commit exactly once; after
 * that, and in the others, the end may leave and be freed.
 */
struct al_end;

enum al_gone {
	AL_GONE_REFUSED,	/* the answer to our OPEN was no               */
	AL_GONE_RESET,		/* the peer reset the channel                  */
	AL_GONE_LOST,		/* the session has ended (code 12, or CLOSE's) */
	AL_GONE_UNASKED		/* the same, and our OPEN had not been sent    */
};

struct al_end_ops {
	const char *name;
	/* The scheduler's turn: al_session_commit or _commit_block. */
	void (*on_turn)(struct al_end *e, struct al_session *s,
	    const struct al_turn *t, uint64_t now_us);
	/* Of channels that we opened: the far side has answered yes. */
	void (*on_accept)(struct al_end *e, const char *json);
	/* Received bytes wait in the channel, or its end. */
	void (*on_data)(struct al_end *e);
	/* Credit came back after there was none. */
	void (*on_writable)(struct al_end *e);
	/* The channel is no more: e->chan is NULL already. */
	void (*on_gone)(struct al_end *e, enum al_gone how, uint16_t code,
	    const char *text);
};

struct al_end {
	const struct al_end_ops	*ops;
	struct al_mux		*mux;
	struct al_chan		*chan;
};

/* What has become of the connections below. */
enum al_lane {
	AL_LANE_LOST,		/* the last one: channels wait, until it is
				 * resumed or too late; why: how it ended     */
	AL_LANE_RESUMED,	/* by another one, nothing is missing         */
	AL_LANE_SWITCHED,	/* a newer one has taken over from one alive  */
	AL_LANE_UNWANTED,	/* the peer wants to close it soon            */
	AL_LANE_FAILED		/* one that was to resume was refused: why    */
};

struct al_mux_ops {
	/* The link is committed both ways; channels may be opened before. */
	void (*on_up)(void *arg);
	/* Answer with al_end_accept or al_mux_refuse, now or later; until then
	 * the channel has no end.  on_open_gone tells when the peer took it
	 * back meanwhile: c is dead.  json is valid until return. */
	void (*on_open)(void *arg, struct al_chan *c, uint8_t kind,
	    const char *json);
	void (*on_open_gone)(void *arg, struct al_chan *c);
	void (*on_goaway)(void *arg, uint16_t code, uint32_t retry_after_s,
	    const char *text);
	void (*on_pong)(void *arg, uint64_t rtt_us);
	/* NULL: nobody wants to know.  why only where it says so. */
	void (*on_link)(void *arg, enum al_lane what,
	    const struct al_err *why);
	/* Once: the session is over, every end has been told (on_gone).  Free
	 * the mux, here or later.  AL_EOF: closed on purpose, by either side
	 * (err->status is CLOSE's code). */
	void (*on_end)(void *arg, const struct al_err *why);
};

/* Opener's: takes stream, an open WebSocket (upgrade done), and says HELLO.
 * A failure leaves stream with the caller. */
struct al_mux *al_mux_open(struct al_loop *loop, struct al_stream *stream,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err);

/*
 * Acceptor's: al_greet_start (greet.h) has read HELLO; takes the greeted
 * connection and answers WELCOME.
 */
struct al_greeted;
struct al_mux *al_mux_accept(struct al_loop *loop, struct al_greeted *g,
    const struct al_session_opts *o, const struct al_mux_ops *ops, void *arg,
    struct al_err *err);

/* Another connection for a session that was up: when it was lost, or while the
 * present one lives, which is left then.  As al_mux_open. */
enum al_code al_mux_attach(struct al_mux *m, struct al_stream *stream,
    struct al_err *err) AL_MUST_CHECK;
/* The same for the acceptor, with a HELLO that names this session and is of
 * its principal.  RESUMED: g was taken; else it is the caller's to reject. */
enum al_welcome_status al_mux_resume(struct al_mux *m, struct al_greeted *g);
/* It was up, and has no connection now. */
bool al_mux_is_detached(const struct al_mux *m);

/* Its calls are for another owner from now on, with the same ops. */
void al_mux_set_arg(struct al_mux *m, void *arg);
/* Another interval of PINGs (al_link_set_keepalive) for the connections there
 * are, and those to come. */
void al_mux_set_keepalive(struct al_mux *m, uint32_t ping_ms);
/* Of the connection that carried the session and was lost last: what
 * AL_LANE_LOST is about.  All zero before that. */
const struct al_link_life *al_mux_last_life(const struct al_mux *m);

/* Ends that are left are told AL_GONE_LOST first; on_end is not called. */
void al_mux_free(struct al_mux *m);

/* CLOSE with code and text, then the connection is closed in order and
 * on_end called.  Code 0 waits for what is in the ring, and an opener for
 * another connection when it is detached (5 s at most). */
void al_mux_close(struct al_mux *m, uint16_t code, const char *text);

struct al_session *al_mux_session(struct al_mux *m);
struct al_loop *al_mux_loop(struct al_mux *m);
bool al_mux_is_up(const struct al_mux *m);
/* The latest WELCOME that refused us asked for so many seconds; 0: none. */
unsigned al_mux_retry_after_s(const struct al_mux *m);

/* Something may be sent now: write at the end of this turn of the loop.
 * Call it after any al_chan_* or al_session_* call that makes frames, when
 * not inside a callback of this mux. */
void al_mux_kick(struct al_mux *m);

/* --- ends ----------------------------------------------------------------- */
/* Open a channel that ends in e (ops set): e->chan and e->mux are filled. */
enum al_code al_end_open(struct al_end *e, struct al_mux *m,
    const struct al_open *o, struct al_err *err) AL_MUST_CHECK;
/* e is the end of c, which the peer opened, from now on; not accepted yet. */
void al_end_attach(struct al_end *e, struct al_mux *m, struct al_chan *c);
/* Attach, if that has not been done, and say ACCEPT.  json may be NULL. */
void al_end_accept(struct al_end *e, struct al_mux *m, struct al_chan *c,
    const char *json);
/* Refuse an OPEN; c is dead on return. */
void al_mux_refuse(struct al_mux *m, struct al_chan *c, uint16_t code,
    const char *text);
/* Leave the channel: RESET unless both directions have ended.  e->chan is
 * NULL then and nothing is called any more. */
void al_end_leave(struct al_end *e, uint16_t code, const char *text);
/* The source has bytes: turns will come. */
void al_end_ready(struct al_end *e);

#endif
