/* connector/session/mux_int.h - what the files of the mux share. */
#ifndef AL_SESSION_MUX_INT_H
#define AL_SESSION_MUX_INT_H

#include <sys/queue.h>

#include "connector/loop/loop.h"
#include "connector/session/carrier.h"
#include "connector/session/mux.h"

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

/* --- mux_end.c: channels and who they end in ------------------------------ */
/* c is no more: its end, or who has not answered it yet, hears of it. */
void al_mux_tell_gone(struct al_mux *m, struct al_chan *c, enum al_gone how,
    uint16_t code, const char *text);
/* All that are left. */
void al_mux_lose_all(struct al_mux *m, uint16_t code, const char *text);

/* --- mux_tell.c: what the engine has to tell ------------------------------ */
/* Everything may end in here: the lane, the session. */
void al_mux_tell_all(struct al_mux *m);
/* The latest bad end of a lane, for those who ask why. */
void al_mux_note_why(struct al_mux *m, const struct al_err *why);
void al_lane_note_life(const struct lane *l, enum al_code code,
    const struct al_err *why);
/* l, which is gone, was to carry on a session that lives. */
void al_lane_tell_failed(const struct lane *l, const struct al_err *why);

/* --- mux_io.c: bytes in and out ------------------------------------------- */
void al_lane_on_ready(void *lane, unsigned ready);
void al_mux_pump(void *m);
void al_mux_on_time(void *m);

/* --- mux.c: life ---------------------------------------------------------- */
void al_lane_free(struct lane *l);
/* Say goodbye in the background: a WebSocket Close of this code. */
void al_lane_leave(struct lane *l, unsigned code, const char *text);
void al_mux_leave_all(struct al_mux *m);
/* The session is over: everybody hears of it, then the owner. */
void al_mux_end_with(struct al_mux *m, const struct al_err *why);

#endif
