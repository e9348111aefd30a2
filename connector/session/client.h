/* connector/session/client.h - keep a session to a workspace host up. */
#ifndef AL_SESSION_CLIENT_H
#define AL_SESSION_CLIENT_H

#include "connector/engine/session.h"
#include "connector/session/attempt.h"
#include "connector/session/habits.h"
#include "connector/session/mux.h"

struct al_client;

enum al_client_state {
	AL_CLIENT_IDLE,		/* waiting to try (again)             */
	AL_CLIENT_DIALING,	/* the choice of a way, dns to 101    */
	AL_CLIENT_GREETING,	/* HELLO until START                  */
	AL_CLIENT_UP,
	AL_CLIENT_DETACHED,	/* the session lives, its connection is lost:
				 * another one is being made, or waited for  */
	AL_CLIENT_ENDED		/* given up                           */
};

#define AL_CLIENT_ONCE	1u	/* no second session: the first failure, or
				 * the loss of the session, is the end  */
#define AL_CLIENT_PROBE	2u	/* HELLO with PROBE; implies ONCE, and that
				 * nothing is resumed                   */

struct al_client_ops {
	/* Fill t for the next attempt, asked anew for each, so that a changed
	 * proxy, token or certificate is used; false and err: this attempt
	 * fails (retried like any other). */
	bool (*on_target)(void *arg, struct al_client_target *t,
	    struct al_err *err);
	/* All that happens on the way (dial.h), and http, ws, session. */
	void (*on_step)(void *arg, const struct al_step *s);
	void (*on_up)(void *arg, struct al_mux *m);
	/* The attempt failed or the session was lost (m of on_up is dead);
	 * tried again in retry_ms, or UINT64_MAX: never, free the client. */
	void (*on_down)(void *arg, const struct al_err *why,
	    uint64_t retry_ms);
	/* May be NULL.  The gateway takes no new channels in m, which ends
	 * with the last that it has; on_up comes for another session, tried
	 * in retry_ms. */
	void (*on_leaving)(void *arg, struct al_mux *m,
	    const struct al_err *why, uint64_t retry_ms);
	/* May be NULL.  Such a session, of this id (16 bytes), has ended. */
	void (*on_left)(void *arg, const uint8_t *id,
	    const struct al_err *why);
	void (*on_open)(void *arg, struct al_mux *m, struct al_chan *c,
	    uint8_t kind, const char *json);
	void (*on_open_gone)(void *arg, struct al_chan *c);
	void (*on_pong)(void *arg, uint64_t rtt_us);
	/* May be NULL.  The session goes on: LOST, and tried again in
	 * retry_ms; RESUMED, SWITCHED; FAILED: an attempt at that, tried again
	 * in retry_ms.  why of LOST and FAILED. */
	void (*on_link)(void *arg, enum al_lane what,
	    const struct al_err *why, uint64_t retry_ms);
	/* May be NULL.  habits know more of this way than before. */
	void (*on_learned)(void *arg, const char *via, enum al_learned what);
};

/* May change: what is linked next goes by it. */
struct al_client_pace {
	/* A connection so old is replaced by a new one, the session goes on;
	 * 0: only where the gateway says so, or the way is known to cut. */
	uint64_t	 max_age_ms;
	/* PING after so long without sending, less where the way is known to
	 * forget; 0: 15,000.  Dead after 2.5 of them, at least 20,000. */
	uint32_t	 keepalive_ms;
	/* While the way in use is not the one that the site prefers, that is
	 * tried so often; 0: 300,000. */
	uint64_t	 prefer_ms;
};

struct al_client_opts {
	unsigned	 flags;			/* AL_CLIENT_*               */
	struct al_client_pace pace;
	struct al_habits *habits;	/* of ways; NULL: nothing is learned */
	uint32_t	 retry_min_ms, retry_max_ms;	/* 0: 250, 60,000    */
	struct al_session_opts session;		/* role is set by the client */
};

struct al_client *al_client_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_client_opts *o, const struct al_client_ops *ops,
    void *arg, struct al_err *err);
/* Drops its sessions at once (ends are told AL_GONE_LOST). */
void al_client_free(struct al_client *c);
/* Says CLOSE in all its sessions, then on_down with AL_EOF.  AL_CHAN_DONE goes
 * after what is under way (5 s), other codes reset what is open. */
void al_client_close(struct al_client *c, uint16_t code, const char *text);
/* Do not wait for the next attempt. */
void al_client_retry_now(struct al_client *c);

enum al_client_state al_client_state(const struct al_client *c);
void al_client_set_pace(struct al_client *c, const struct al_client_pace *p);
/* Replace the connection while it lives: the network, the proxy or what we
 * log in with are others now.  An attempt under way for more than a second is
 * begun anew. */
void al_client_rotate(struct al_client *c);

/* Where channels may be opened; NULL while there is none. */
struct al_mux *al_client_mux(struct al_client *c);
/* "direct", "http://proxy:3128": how the present link goes; "" if none. */
const char *al_client_via(const struct al_client *c);

#endif
