/* connector/loop/wake.c - tells when this machine has slept. */
#include "connector/loop/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "connector/loop/loop.h"

/* As far away as the kernel counts, or the type goes. */
#define NEVER_S		(sizeof(time_t) > 4 ? INT64_C(9000000000) : INT32_MAX)
#define SLEPT_US	1000000u

struct al_wake {
	int		 fd;
	struct al_watch	 watch;
	uint64_t	(*asleep_us)(void);
	uint64_t	 seen_us;
	void		(*on_wake)(void *arg, uint64_t slept_ms);
	void		*arg;
};

static uint64_t
clock_us(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* MONOTONIC first: a pause between the two makes it no smaller than it was,
 * and by far less than a sleep counts for. */
static uint64_t
asleep_us(void)
{
	uint64_t awake_us = clock_us(CLOCK_MONOTONIC);

	return clock_us(CLOCK_BOOTTIME) - awake_us;
}

uint64_t
al_wake_slept_ms(uint64_t before_us, uint64_t now_us)
{
	return now_us > before_us && now_us - before_us > SLEPT_US ?
	    (now_us - before_us) / 1000 : 0;
}

/* What the read says (ECANCELED) does not matter, the clocks do. */
static void
on_ready(void *arg, unsigned ready)
{
	struct al_wake *w = arg;
	uint64_t n, now_us = w->asleep_us();
	uint64_t slept_ms = al_wake_slept_ms(w->seen_us, now_us);

	(void)ready;
	while (read(w->fd, &n, sizeof(n)) < 0 && errno == EINTR)
		continue;
	w->seen_us = now_us;
	if (slept_ms != 0)
		w->on_wake(w->arg, slept_ms);
}

struct al_wake *
al_wake_new_from(struct al_loop *loop, int fd, uint64_t (*asleep)(void),
    void (*on_wake)(void *arg, uint64_t slept_ms), void *arg,
    struct al_err *err)
{
	struct al_wake *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		(void)close(fd);
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	w->fd = fd;
	w->asleep_us = asleep;
	w->seen_us = asleep();
	w->on_wake = on_wake;
	w->arg = arg;
	if (al_watch_init(&w->watch, loop, fd, on_ready, w, err) != AL_OK) {
		al_wake_free(w);
		return NULL;
	}
	al_watch_set(&w->watch, AL_WANT_READ);
	return w;
}

struct al_wake *
al_wake_new(struct al_loop *loop,
    void (*on_wake)(void *arg, uint64_t slept_ms), void *arg,
    struct al_err *err)
{
	const struct itimerspec never = {
	    .it_value.tv_sec = (time_t)NEVER_S };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME |
	    TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0)
		return al_wake_new_from(loop, fd, asleep_us, on_wake, arg,
		    err);
	(void)al_fail(err, AL_ELIMIT, AL_AT_LOCAL, errno,
	    "sleep of this machine is not seen: timerfd: %s",
	    strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

void
al_wake_free(struct al_wake *w)
{
	if (w == NULL)
		return;
	al_watch_fini(&w->watch);
	(void)close(w->fd);
	free(w);
}
