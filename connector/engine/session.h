/* connector/engine/session.h - a session: ring, links, channels, scheduler. */
#ifndef AL_ENGINE_SESSION_H
#define AL_ENGINE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/engine/block.h"
#include "connector/engine/life.h"
#include "connector/wire/mux_frame.h"

/*
 * PROTOCOL 2 to 4 without I/O.  Messages (payloads of WebSocket messages) go
 * in by al_link_feed; what happened comes out by al_session_next; messages to
 * send come out by al_link_take.  Time is an argument (microseconds of any
 * monotonic clock), deadlines are data.  Nothing here calls anybody.
 */
struct al_session;	/* outlives its links                         */
struct al_link;		/* one connection that carries the session    */
struct al_chan;		/* one channel                                */

enum al_role { AL_OPENER, AL_ACCEPTOR };

/*
 * Bounds shared by many sessions of a process: credit given and rings grown
 * (gateway: 256 MiB), and received bytes that wait in queues (512 MiB).  Past
 * the second, a session that holds more than its equal share loses the
 * channel that holds most.
 */
struct al_budget {
	size_t	used, max;
	size_t	buffered, buffered_max;	/* max 0: no bound */
	size_t	sessions;
};

struct al_session_opts {
	enum al_role	 role;
	uint8_t		 id[16];	/* acceptor: the new session's     */
	uint8_t		 resume_key[32];/* acceptor                        */
	uint8_t		 instance[16];	/* opener: random, of the process  */
	bool		 probe;		/* opener: routes nothing          */
	const char	*software;	/* opener: told in HELLO; borrowed */
	uint32_t	 max_channels;	/* 0: 16,384                       */
	uint32_t	 max_pending;	/* opens unanswered; 0: 2,048      */
	uint32_t	 grace_s;	/* acceptor: lives so long detached */
	uint32_t	 max_age_s;	/* acceptor; 0: no limit           */
	size_t		 window_budget;	/* credit beyond 16 KiB a channel;
					 * 0: 16 MiB                       */
	struct al_budget *process;	/* may be NULL; borrowed for life  */
	uint32_t	 ping_ms;	/* PING after so long without sending;
					 * 0: 15,000                       */
	uint32_t	 dead_ms;	/* no byte for so long; 0: 2.5 times
					 * that, and at least 20,000       */
	uint32_t	 jitter;	/* random: PINGs come a fifth earlier
					 * or later; 0: when they are due  */
};

struct al_session *al_session_new(const struct al_session_opts *o,
    uint64_t now_us, struct al_err *err);
/* Also frees its links and channels. */
void al_session_free(struct al_session *s);

const uint8_t *al_session_id(const struct al_session *s);	/* 16 bytes */
size_t al_session_channels(const struct al_session *s);		/* live now */
/* A channel that the caller has not freed, NULL if none is left: to end all. */
struct al_chan *al_session_any(const struct al_session *s);
/* CLOSE is on its way: nothing else will be sent. */
bool al_session_close_sent(const struct al_session *s);

/* --- links ----------------------------------------------------------------
 * A session has one committed link, on which records go; while it moves to
 * another (PROTOCOL 3.4) that one and the one before it live too.  All of them
 * are fed, and asked by al_link_take after every feed and expiry.
 *
 * Opener: HELLO is the first message that al_link_take gives, a resuming one
 * once the session is known to the gateway.  What was not committed yet ends
 * (AL_EV_LINK_OVER).
 * Acceptor: the caller has read HELLO (al_frame_decode_hello), authenticated
 * and made the session, or found it and asked al_session_resume; WELCOME is
 * the first message.
 * NULL: ENOMEM, or EUSAGE when the session is over. */
struct al_link *al_link_open(struct al_session *s, uint64_t now_us,
    struct al_err *err);
struct al_link *al_link_accept(struct al_session *s,
    const struct al_hello *hello, uint64_t now_us, struct al_err *err);
/* The connection is gone.  The session stays, detached if it was the last. */
void al_link_free(struct al_link *l, uint64_t now_us);

/*
 * Acceptor: judge the HELLO h, decoded from f, of the same principal's (else
 * status 5).  RESUMED: it is taken, al_link_accept has to follow.  All others
 * are for the caller to answer with WELCOME; they change nothing here.
 */
enum al_welcome_status al_session_resume(struct al_session *s,
    const struct al_frame *f, const struct al_hello *h);
/* Opener: nothing carries what we send, and no link is being made: dial. */
bool al_session_wants_link(const struct al_session *s);

/*
 * A whole message: blk->off, blk->len are its payload.  A large DATA body is
 * kept by taking the block: *blk is NULL then.  A failure ends the link; its
 * text is what the peer is told (1002) and what is logged.
 */
enum al_code al_link_feed(struct al_link *l, struct al_block **blk,
    uint64_t now_us, struct al_err *err) AL_MUST_CHECK;
/* Bytes of any kind arrived (a WebSocket PONG, half a message): life. */
void al_link_alive(struct al_link *l, uint64_t now_us);
/* Another interval for this link, from now on: PING after ping_ms without
 * sending, dead after 2.5 times that and at least 20 s unless the session's
 * options say when.  0: the session's. */
void al_link_set_keepalive(struct al_link *l, uint32_t ping_ms);
/* What its end, which is now, may teach about the path. */
void al_link_get_life(const struct al_link *l, uint64_t now_us,
    struct al_link_life *life);

/*
 * The next message: link frames (ACK, PING, ...) in front of at most one
 * record.  rec may be NULL.  The AL_MSG_HEADROOM bytes before rec may be
 * overwritten by the caller.  The pointers are valid until the next call on
 * the session; the caller sends the whole message before anything else.  What
 * rec points at stays as it is, whatever is acknowledged meanwhile, until the
 * next al_link_take of the same link or its end.
 * Seals the open record when no sealed one waits.  false: nothing to send.
 */
#define AL_MSG_HEADROOM	(AL_HEADROOM - AL_FRAME_HEADER)
struct al_msg {
	uint8_t		front[256];	/* link frames; HELLO and WELCOME fit */
	size_t		front_len;
	uint8_t		*rec;
	size_t		rec_len;
};
bool al_link_take(struct al_link *l, uint64_t now_us, struct al_msg *msg);

/* How many bytes to seal for one writable event: rate x 2 ms, 16-128 KiB. */
size_t al_link_burst(const struct al_link *l);

/* --- filling records ------------------------------------------------------
 * When the socket can be written: while al_session_turn says true, put bytes
 * of t.chan's source at t.p (at most t.cap) and commit; then al_link_take.
 * It says false when the open record is full or a sealed one waits (take
 * first, then ask again), when no channel has anything, credit or a turn,
 * when the ring is full, or when no link is committed. */
struct al_turn {
	struct al_chan	*chan;
	uint8_t		*p;		/* in the open record           */
	size_t		 cap;		/* > 0, <= AL_DATA_MAX          */
	size_t		 max;		/* >= cap: what may go by block */
};

#define AL_TURN_FIN	1u	/* the source has ended: half-close      */
#define AL_TURN_DRAINED	2u	/* the source has no more bytes just now */

bool al_session_turn(struct al_session *s, uint64_t now_us,
    struct al_turn *t);
/* n bytes are at t->p; 0 with FIN or DRAINED. */
void al_session_commit(struct al_session *s, const struct al_turn *t,
    size_t n, unsigned flags, uint64_t now_us);
/*
 * Instead: send the bytes of *blk (len <= t->max is not required).  A block
 * of at least 2 KiB that fits t->max and has AL_HEADROOM in front is taken
 * whole and becomes a record of its own; else what fits t->cap is copied and
 * off/len move on.  *blk is NULL when all of it went.  Returns bytes sent.
 */
size_t al_session_commit_block(struct al_session *s, const struct al_turn *t,
    struct al_block **blk, unsigned flags, uint64_t now_us);

/* --- channels -------------------------------------------------------------
 * user is the caller's.  Control frames are bits of the channel until the
 * scheduler writes them: nothing is queued, nothing is lost with a link. */
struct al_open {
	uint8_t		kind;		/* enum al_chan_kind (mux_frame.h) */
	const char	*json;		/* NUL ended, up to 4 KiB; copied  */
};

/* false: as many channels as may be are open, or no new ones are taken. */
bool al_session_has_room(const struct al_session *s);
/* NULL: ELIMIT (too many) or ENOMEM, or the session takes no new channels. */
struct al_chan *al_chan_open(struct al_session *s, const struct al_open *o,
    void *user, uint64_t now_us, struct al_err *err);
/* Answer AL_EV_OPEN. */
void al_chan_accept(struct al_chan *c, const char *json);
void al_chan_refuse(struct al_chan *c, uint16_t code, const char *text);
/* Both directions are dead; the channel is freed once the frame is out. */
void al_chan_reset(struct al_chan *c, uint16_t code, const char *text);
/* The caller is done with c (also after REFUSE and RESET events).  A channel
 * whose two directions have not ended is reset (code 11). */
void al_chan_free(struct al_chan *c);

void al_chan_set_user(struct al_chan *c, void *user);
void *al_chan_user(const struct al_chan *c);
uint32_t al_chan_id(const struct al_chan *c);
uint8_t al_chan_kind(const struct al_chan *c);
struct al_session *al_chan_session(const struct al_chan *c);
uint64_t al_chan_bytes_in(const struct al_chan *c);	/* DATA bodies */
uint64_t al_chan_bytes_out(const struct al_chan *c);

/* The source has bytes (or its end): the scheduler will give it turns until
 * a commit says DRAINED. */
void al_chan_set_readable(struct al_chan *c);
bool al_chan_is_readable(const struct al_chan *c);
/* false: no credit or half-closed; a socket need not be watched then. */
bool al_chan_has_credit(const struct al_chan *c);

/* Received bytes, in order.  peek fills up to n spans; consume forgets bytes
 * and returns credit; take hands over the first block (its bytes count as
 * consumed only by al_chan_consumed, when they are in the other session's
 * ring).  is_ended: FIN has come and nothing is left. */
struct al_span {
	uint8_t	*p;
	size_t	 len;
};
size_t al_chan_peek(const struct al_chan *c, struct al_span *v, size_t n);
void al_chan_consume(struct al_chan *c, size_t n, uint64_t now_us);
struct al_block *al_chan_take(struct al_chan *c);
void al_chan_untake(struct al_chan *c, struct al_block *b);	/* to the front */
void al_chan_consumed(struct al_chan *c, size_t n, uint64_t now_us);
size_t al_chan_queued(const struct al_chan *c);
bool al_chan_is_ended(const struct al_chan *c);

/* --- what happened -------------------------------------------------------- */
enum al_ev_type {
	AL_EV_UP,		/* the first link is committed (START both)     */
	AL_EV_REJECTED,		/* opener: WELCOME said no; code is its status,
				 * value: retry after s; free the link          */
	AL_EV_OPEN,		/* chan, kind, text (JSON): answer it           */
	AL_EV_ACCEPT,		/* chan, text (JSON)                            */
	AL_EV_REFUSE,		/* chan, code, text; free it                    */
	AL_EV_DATA,		/* chan has become readable or has ended (FIN);
				 * also between AL_EV_OPEN and the answer       */
	AL_EV_WRITABLE,		/* chan has credit again after it had none      */
	AL_EV_RESET,		/* chan, code, text; free it                    */
	AL_EV_PONG,		/* value: round trip in us                      */
	AL_EV_DETACH,		/* code: reason, value: seconds, text           */
	AL_EV_GOAWAY,		/* code, value: retry after s, text             */
	AL_EV_CLOSE,		/* code, text: the session is over              */
	AL_EV_SWITCHED,		/* link is the committed one now                */
	AL_EV_DETACHED,		/* no link carries the session any more         */
	AL_EV_RESUMED,		/* link carries it again                        */
	AL_EV_LINK_OVER,	/* link, code (enum al_code; AL_OK: as planned),
				 * text: close the connection, free the link    */
	AL_EV_LOST		/* code, value (status of WELCOME or 0), text:
				 * the session is over without CLOSE            */
};

struct al_event {
	enum al_ev_type	 type;
	struct al_link	*link;		/* NULL: the session's          */
	struct al_chan	*chan;
	uint8_t		 kind;
	uint16_t	 code;
	uint64_t	 value;
	const char	*text;		/* NUL ended; until the next call */
};

/* After every feed and expiry: until it says false.  A channel that has been
 * freed has no more events. */
bool al_session_next(struct al_session *s, struct al_event *ev);

/* --- the session as a whole ---------------------------------------------- */
/* Measure: PONG will tell.  false when one is under way. */
bool al_session_ping(struct al_session *s, uint64_t now_us);
uint64_t al_session_rtt_us(const struct al_session *s);	/* 0: unknown */
/* Opener: a link may grow so old, as WELCOME has said; 0: it has not. */
uint32_t al_session_max_age_s(const struct al_session *s);
void al_session_goaway(struct al_session *s, uint16_t code,
    uint32_t retry_after_s, const char *text);
/* The live link has to be left within so many seconds, and is ended then;
 * text (100 bytes of it are sent) is kept.  false: there is none, or it has
 * been told. */
bool al_session_detach(struct al_session *s, uint16_t within_s,
    uint16_t reason, const char *text, uint64_t now_us);
/* CLOSE goes out behind what is in the ring (code 0) or at once (others). */
void al_session_close(struct al_session *s, uint16_t code, const char *text);
/* A link is committed both ways. */
bool al_session_is_up(const struct al_session *s);

/* Microseconds, UINT64_MAX: no timer.  expired: delayed ACK, PING, links that
 * have to go (AL_EV_LINK_OVER), the end of grace (AL_EV_LOST). */
uint64_t al_session_expiry(const struct al_session *s);
void al_session_expired(struct al_session *s, uint64_t now_us);

#endif
