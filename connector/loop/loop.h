/* connector/loop/loop.h - the event loop: watchers, timers, deferred calls. */
#ifndef AL_LOOP_LOOP_H
#define AL_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/err.h"

struct event;
struct event_base;

/*
 * Wraps an event_base that the caller owns.  Every callback below runs from
 * the loop, never under the frame of the function that asked for it.
 */
struct al_loop;

struct al_loop *al_loop_new(struct event_base *base, struct al_err *err);
void al_loop_free(struct al_loop *loop);	/* after all its users */
struct event_base *al_loop_base(struct al_loop *loop);

/* CLOCK_MONOTONIC; the loop's cached time is not used. */
uint64_t al_now_us(void);
uint64_t al_now_ms(void);

/* --- one fd ---------------------------------------------------------------
 * Level triggered.  on_ready gets AL_WANT_READ and/or AL_WANT_WRITE.  Embed
 * it; setting the same interest again costs nothing. */
struct al_watch {
	struct event	*ev_read, *ev_write;
	unsigned	 want;
	void		(*on_ready)(void *arg, unsigned ready);
	void		*arg;
};

enum al_code al_watch_init(struct al_watch *w, struct al_loop *loop, int fd,
    void (*on_ready)(void *arg, unsigned ready), void *arg,
    struct al_err *err) AL_MUST_CHECK;
void al_watch_set(struct al_watch *w, unsigned want);	/* AL_WANT_* */
void al_watch_fini(struct al_watch *w);	/* before the fd is closed */

/* --- timers and deferred calls -------------------------------------------- */
struct al_timer {
	struct event	*ev;
	void		(*on_time)(void *arg);
	void		*arg;
};

enum al_code al_timer_init(struct al_timer *t, struct al_loop *loop,
    void (*on_time)(void *arg), void *arg, struct al_err *err) AL_MUST_CHECK;
void al_timer_set(struct al_timer *t, uint64_t in_ms);	/* replaces */
void al_timer_cancel(struct al_timer *t);
void al_timer_fini(struct al_timer *t);

/*
 * A call once all events that are ready now have been handled, in this same
 * turn of the loop: how a pump runs once for many readable sockets.
 */
struct al_task {
	struct event	*ev;
	bool		 queued;
	void		(*run)(void *arg);
	void		*arg;
};

enum al_code al_task_init(struct al_task *t, struct al_loop *loop,
    void (*run)(void *arg), void *arg, struct al_err *err) AL_MUST_CHECK;
void al_task_queue(struct al_task *t);		/* twice is once */
void al_task_fini(struct al_task *t);

/* free_fn(p) at the end of this turn of the loop, when no frame uses p. */
void al_loop_bury(struct al_loop *loop, void *p, void (*free_fn)(void *p));

#endif
