/* connector/loop/loop.c - watchers, timers and deferred calls on libevent. */
#include "connector/loop/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

struct grave {
	void	*p;
	void	(*free_fn)(void *p);
};

struct al_loop {
	struct event_base	*base;
	struct event		*burial;
	struct grave		*graves;
	size_t			 n, cap;
	struct al_leftover	*leftovers;
};

static void
bury_all(struct al_loop *loop)
{
	size_t i;

	/* What is freed may bury more. */
	for (i = 0; i < loop->n; i++)
		loop->graves[i].free_fn(loop->graves[i].p);
	loop->n = 0;
}

static void
on_burial(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	bury_all(arg);
}

struct al_loop *
al_loop_new(struct event_base *base, struct al_err *err)
{
	struct al_loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		goto nomem;
	loop->base = base;
	loop->cap = 16;
	loop->graves = calloc(loop->cap, sizeof(*loop->graves));
	loop->burial = event_new(base, -1, 0, on_burial, loop);
	if (loop->graves == NULL || loop->burial == NULL)
		goto nomem;
	return loop;
nomem:
	(void)al_fail_nomem(err, AL_AT_LOCAL);
	al_loop_free(loop);
	return NULL;
}

void
al_loop_free(struct al_loop *loop)
{
	if (loop == NULL)
		return;
	while (loop->leftovers != NULL) {
		struct al_leftover *l = loop->leftovers;

		al_loop_release(l);
		l->free_fn(l->p);
	}
	bury_all(loop);
	if (loop->burial != NULL)
		event_free(loop->burial);
	free(loop->graves);
	free(loop);
}

struct event_base *
al_loop_base(struct al_loop *loop)
{
	return loop->base;
}

void
al_loop_bury(struct al_loop *loop, void *p, void (*free_fn)(void *p))
{
	struct grave *more;

	if (loop->n == loop->cap) {
		more = reallocarray(loop->graves, loop->cap * 2,
		    sizeof(*more));
		if (more == NULL)
			return;	/* rather lost than freed under a frame */
		loop->graves = more;
		loop->cap *= 2;
	}
	loop->graves[loop->n++] = (struct grave){ p, free_fn };
	event_active(loop->burial, 0, 0);
}

void
al_loop_adopt(struct al_loop *loop, struct al_leftover *l, void *p,
    void (*free_fn)(void *p))
{
	*l = (struct al_leftover){ loop->leftovers, &loop->leftovers, free_fn,
	    p };
	if (l->next != NULL)
		l->next->link = &l->next;
	loop->leftovers = l;
}

void
al_loop_release(struct al_leftover *l)
{
	if (l->link == NULL)
		return;
	*l->link = l->next;
	if (l->next != NULL)
		l->next->link = l->link;
	l->link = NULL;
}

uint64_t
al_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

uint64_t
al_now_ms(void)
{
	return al_now_us() / 1000u;
}

/* --- one fd --------------------------------------------------------------- */

/* libevent prints a warning of its own when epoll refuses an fd: ask first. */
static int
can_watch(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC), ok;

	if (ep < 0)
		return 1;
	ok = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0 || errno != EPERM;
	(void)close(ep);
	return ok;
}

/*
 * Edge triggered: one call when it is set, then none until the socket has an
 * error (which libevent tells as readable and writable).
 */
#define HANGUP	(EV_WRITE | EV_ET | EV_PERSIST)

static void
on_hangup(evutil_socket_t fd, short what, void *arg)
{
	struct al_watch *w = arg;
	struct pollfd p = { .fd = fd };

	(void)what;
	if (poll(&p, 1, 0) > 0 && (p.revents & POLLERR))
		w->on_ready(w->arg, AL_WANT_HANGUP);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct al_watch *w = arg;
	unsigned ready = 0;

	(void)fd;
	if (what & EV_READ)
		ready |= AL_WANT_READ;
	if (what & EV_WRITE)
		ready |= AL_WANT_WRITE;
	w->on_ready(w->arg, ready);
}

/* A timer of 0, and not event_active: others get their turn in between. */
static void
set_always_ready(struct al_watch *w)
{
	const struct timeval now = { 0, 0 };

	if (w->want & (AL_WANT_READ | AL_WANT_WRITE))
		(void)evtimer_add(w->ev_read, &now);
	else
		(void)event_del(w->ev_read);
}

static void
on_always_ready(evutil_socket_t fd, short what, void *arg)
{
	struct al_watch *w = arg;

	(void)fd;
	(void)what;
	set_always_ready(w);
	w->on_ready(w->arg, w->want);
}

static enum al_code
has_event(struct al_watch *w, struct al_err *err)
{
	if (w->ev_read != NULL)
		return AL_OK;
	w->loop = NULL;
	return al_fail_nomem(err, AL_AT_LOCAL);
}

enum al_code
al_watch_init(struct al_watch *w, struct al_loop *loop, int fd,
    void (*on_ready)(void *arg, unsigned ready), void *arg,
    struct al_err *err)
{
	*w = (struct al_watch){ .loop = loop, .fd = fd, .on_ready = on_ready,
	    .arg = arg };
	w->ev_read = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_event,
	    w);
	return has_event(w, err);
}

enum al_code
al_watch_init_any(struct al_watch *w, struct al_loop *loop, int fd,
    void (*on_ready)(void *arg, unsigned ready), void *arg,
    struct al_err *err)
{
	if (can_watch(fd))
		return al_watch_init(w, loop, fd, on_ready, arg, err);
	*w = (struct al_watch){ .loop = loop, .fd = -1, .on_ready = on_ready,
	    .arg = arg };
	w->ev_read = evtimer_new(loop->base, on_always_ready, w);
	return has_event(w, err);
}

/*
 * Two events, so that adding or dropping one interest is one system call.
 * Without memory for ev_write, ev_read watches for both.
 */
static void
set_read(struct al_watch *w)
{
	unsigned alone = w->ev_write != NULL ? w->want & AL_WANT_READ : w->want;
	short what = alone == AL_WANT_HANGUP ? HANGUP : EV_READ | EV_PERSIST;

	if (alone & AL_WANT_WRITE)
		what = (short)((alone & AL_WANT_READ ? EV_READ : 0) |
		    EV_WRITE | EV_PERSIST);
	if (alone == 0 || event_get_events(w->ev_read) != what)
		(void)event_del(w->ev_read);
	if (alone == 0)
		return;
	if (event_get_events(w->ev_read) != what)
		(void)event_assign(w->ev_read, w->loop->base, w->fd, what,
		    what == HANGUP ? on_hangup : on_event, w);
	(void)event_add(w->ev_read, NULL);
}

static void
set_write(struct al_watch *w)
{
	if (!(w->want & AL_WANT_WRITE)) {
		if (w->ev_write != NULL)
			event_free(w->ev_write);
		w->ev_write = NULL;
		return;
	}
	if (w->ev_write == NULL)
		w->ev_write = event_new(w->loop->base, w->fd,
		    EV_WRITE | EV_PERSIST, on_event, w);
	if (w->ev_write != NULL)
		(void)event_add(w->ev_write, NULL);
}

void
al_watch_set(struct al_watch *w, unsigned want)
{
	unsigned change = w->want ^ want;

	w->want = want;
	if (change == 0)
		return;
	if (w->fd < 0) {
		set_always_ready(w);
		return;
	}
	if (change & ~want & AL_WANT_HANGUP)	/* edge and level don't mix */
		(void)event_del(w->ev_read);
	if (change & AL_WANT_WRITE)
		set_write(w);
	set_read(w);
}

void
al_watch_fini(struct al_watch *w)
{
	if (w->ev_read != NULL)
		event_free(w->ev_read);
	if (w->ev_write != NULL)
		event_free(w->ev_write);
	memset(w, 0, sizeof(*w));
	w->fd = -1;
}

/* --- timers --------------------------------------------------------------- */

static void
arm(struct al_timer *t, uint64_t in_us)
{
	struct timeval tv = {
		.tv_sec = (time_t)(in_us / 1000000u),
		.tv_usec = (suseconds_t)(in_us % 1000000u),
	};

	(void)evtimer_add(t->ev, &tv);
}

/* libevent counts from a coarse, cached clock: it may be early. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct al_timer *t = arg;
	uint64_t now = al_now_us();

	(void)fd;
	(void)what;
	if (now < t->due_us)
		arm(t, t->due_us - now);
	else
		t->on_time(t->arg);
}

enum al_code
al_timer_init(struct al_timer *t, struct al_loop *loop,
    void (*on_time)(void *arg), void *arg, struct al_err *err)
{
	*t = (struct al_timer){ .on_time = on_time, .arg = arg };
	t->ev = evtimer_new(loop->base, on_timer, t);
	return t->ev != NULL ? AL_OK : al_fail_nomem(err, AL_AT_LOCAL);
}

void
al_timer_set(struct al_timer *t, uint64_t in_ms)
{
	const uint64_t year_ms = UINT64_C(365) * 86400 * 1000;

	if (in_ms > year_ms)
		in_ms = year_ms;
	t->due_us = al_now_us() + in_ms * 1000u;
	arm(t, in_ms * 1000u);
}

void
al_timer_cancel(struct al_timer *t)
{
	(void)event_del(t->ev);
}

void
al_timer_fini(struct al_timer *t)
{
	if (t->ev != NULL)
		event_free(t->ev);
	t->ev = NULL;
}

/* --- deferred calls ------------------------------------------------------- */

static void
on_task(evutil_socket_t fd, short what, void *arg)
{
	struct al_task *t = arg;

	(void)fd;
	(void)what;
	t->queued = false;
	t->run(t->arg);
}

enum al_code
al_task_init(struct al_task *t, struct al_loop *loop, void (*run)(void *arg),
    void *arg, struct al_err *err)
{
	*t = (struct al_task){ .run = run, .arg = arg };
	t->ev = event_new(loop->base, -1, 0, on_task, t);
	return t->ev != NULL ? AL_OK : al_fail_nomem(err, AL_AT_LOCAL);
}

void
al_task_queue(struct al_task *t)
{
	if (t->queued)
		return;
	t->queued = true;
	event_active(t->ev, 0, 0);
}

void
al_task_fini(struct al_task *t)
{
	if (t->ev != NULL)
		event_free(t->ev);
	t->ev = NULL;
	t->queued = false;
}
