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

/* CLOCK_MONOTONIC, not the loop's cached time. */
uint64_t al_now_us(void);
uint64_t al_now_ms(void);

/* --- one fd ---------------------------------------------------------------
 * Level triggered.  on_ready gets AL_WANT_READ or AL_WANT_WRITE, maybe both;
 * it may change, end and free its watch.  Embed it; setting the same interest
 * again costs nothing, wanting nothing costs no event of the kernel's.  An fd
 * that the kernel cannot watch (a file, /dev/null) is always ready.
 * AL_WANT_HANGUP is for a socket from which nothing can be taken now: on_ready
 * gets AL_WANT_HANGUP when the peer has reset it (an orderly end has bytes to
 * be read before it).
 */
#define AL_WANT_READ	1u
#define AL_WANT_WRITE	2u
#define AL_WANT_HANGUP	4u	/* only by itself: has the peer reset it?    */

struct al_watch {
	struct al_loop	*loop;		/* NULL: not initialised */
	int		 fd;		/* -1: always ready      */
	unsigned	 want;
	struct event	*ev_read, *ev_write;
	void		(*on_ready)(void *arg, unsigned ready);
	void		*arg;
};

/* fd is a socket or a pipe; al_watch_init_any takes every kind. */
enum al_code al_watch_init(struct al_watch *w, struct al_loop *loop, int fd,
    void (*on_ready)(void *arg, unsigned ready), void *arg,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_watch_init_any(struct al_watch *w, struct al_loop *loop,
    int fd, void (*on_ready)(void *arg, unsigned ready), void *arg,
    struct al_err *err) AL_MUST_CHECK;
void al_watch_set(struct al_watch *w, unsigned want);	/* AL_WANT_* */
/* Before the fd is closed; a zeroed watch is fine. */
void al_watch_fini(struct al_watch *w);

/* --- timers and deferred calls -------------------------------------------- */
/* Runs once, never early. */
struct al_timer {
	struct event	*ev;		/* NULL: not initialised */
	uint64_t	 due_us;
	void		(*on_time)(void *arg);
	void		*arg;
};

enum al_code al_timer_init(struct al_timer *t, struct al_loop *loop,
    void (*on_time)(void *arg), void *arg, struct al_err *err) AL_MUST_CHECK;
void al_timer_set(struct al_timer *t, uint64_t in_ms);	/* replaces */
void al_timer_cancel(struct al_timer *t);
void al_timer_fini(struct al_timer *t);		/* a zeroed one is fine */

/*
 * A call once all events that are ready now have been handled, in this same
 * turn of the loop: how a pump runs once for many readable sockets.  (It goes
 * to the end of libevent's queue of active events, all of which have the same
 * priority here.)  A task that queues itself again keeps the loop from
 * looking at its sockets: use a timer of 0 for that.
 */
struct al_task {
	struct event	*ev;		/* NULL: not initialised */
	bool		 queued;
	void		(*run)(void *arg);
	void		*arg;
};

enum al_code al_task_init(struct al_task *t, struct al_loop *loop,
    void (*run)(void *arg), void *arg, struct al_err *err) AL_MUST_CHECK;
void al_task_queue(struct al_task *t);		/* twice is once */
void al_task_fini(struct al_task *t);		/* a zeroed one is fine */

/*
 * What nobody owns any more and what still has something to do (a goodbye
 * under way): al_loop_free ends it with free_fn(p).  Embed it; release it
 * before p goes by itself.
 */
struct al_leftover {
	struct al_leftover	*next, **link;
	void			(*free_fn)(void *p);
	void			*p;
};

void al_loop_adopt(struct al_loop *loop, struct al_leftover *l, void *p,
    void (*free_fn)(void *p));
void al_loop_release(struct al_leftover *l);	/* not adopted: nothing */

/* free_fn(p) at the end of this turn of the loop, when no frame uses p. */
void al_loop_bury(struct al_loop *loop, void *p, void (*free_fn)(void *p));

#endif
