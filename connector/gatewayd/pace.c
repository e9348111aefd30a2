/* connector/gatewayd/pace.c - new connections, no faster than we can greet. */
#include <config.h>	/* POLLRDHUP */

#include "connector/gatewayd/pace.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "connector/daemon/log.h"
#include "connector/loop/loop.h"

#ifndef POLLRDHUP
#define POLLRDHUP	0	/* who has left is greeted like anybody else */
#endif

/*
 * Why they wait, and wait here:
 *
 * - Who is turned away comes back after a back-off that has doubled, and the
 *   places that it leaves meanwhile stay empty: a gateway that refuses what
 *   is beyond its rate is idle between the waves.  A line keeps it busy at
 *   the full rate until all are in, which nothing can beat.
 * - The line must be shorter than the patience of those in it.  A client
 *   gives TLS 15 s (PROTOCOL 3.11), others 10 s: behind a line of 20 s each
 *   handshake would be made for somebody who has just left, and the gateway
 *   would work at its limit for nobody.  So there are LINE_S x rate places.
 *   Whoever finds none is closed at once, without a word (a 503 would cost
 *   the handshake that is to be saved), and its back-off has full jitter.
 * - In the kernel's queue of the listener they would wait as well, but its
 *   length is given when it begins to listen, is cut to what the system
 *   allows, and cannot be asked for; and it tells nobody who has left.  Here
 *   one that has hung up costs no turn.
 */
#define LINE_S		8
#define BURST_PART	5	/* of a second                             */
#define SAY_MS		60000	/* a line in the log, not more often       */

struct waiting {
	STAILQ_ENTRY(waiting)	 entry;
	int			 fd;
	struct al_addr		 from;
};

struct al_pace {
	STAILQ_HEAD(, waiting)	 line;
	uint32_t		 n;		/* in the line */
	uint64_t		 dropped;
	uint32_t		 per_s;		/* 0: no limit */
	struct al_bucket	 bucket;
	struct al_timer		 timer;
	uint64_t		 said_ms;	/* 0: never    */
	al_on_conn		*on_turn;
	void			*arg;
};

uint32_t
al_pace_burst(uint32_t per_s)
{
	return per_s > BURST_PART ? per_s / BURST_PART : 1;
}

static struct al_rate
rate_of(const struct al_pace *p)
{
	return (struct al_rate){ .per_s = p->per_s,
	    .burst = al_pace_burst(p->per_s) };
}

static bool
take_turn(struct al_pace *p)
{
	const struct al_rate r = rate_of(p);

	return p->per_s == 0 || al_bucket_take(&p->bucket, &r, al_now_us());
}

/* The next turn comes when there is a token for it. */
static void
await_turn(struct al_pace *p)
{
	const struct al_rate r = rate_of(p);

	al_timer_set(&p->timer, p->per_s == 0 ? 0 :
	    (al_bucket_wait_us(&p->bucket, &r, al_now_us()) + 999) / 1000);
}

static bool
has_left(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLRDHUP };

	return poll(&pfd, 1, 0) > 0 &&
	    (pfd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* The one in front, out of the line. */
static struct waiting
step_out(struct al_pace *p)
{
	struct waiting *w = STAILQ_FIRST(&p->line), copy = *w;

	STAILQ_REMOVE_HEAD(&p->line, entry);
	p->n--;
	free(w);
	return copy;
}

static void
on_time(void *arg)
{
	struct al_pace *p = arg;
	struct waiting w;

	while (p->n > 0) {
		if (has_left(STAILQ_FIRST(&p->line)->fd)) {
			w = step_out(p);
			(void)close(w.fd);
			continue;
		}
		if (!take_turn(p)) {
			await_turn(p);
			return;
		}
		w = step_out(p);
		p->on_turn(p->arg, w.fd, &w.from);
	}
}

static void
say(struct al_pace *p)
{
	uint64_t now_ms = al_now_ms();

	if (p->said_ms != 0 && now_ms - p->said_ms < SAY_MS)
		return;
	p->said_ms = now_ms;
	al_log(AL_LOG_NOTICE, "handshakes", AL_FIELDS(
	    AL_NUM("dropped", p->dropped)), "more than %u connections a "
	    "second (handshakes_per_s): they wait for their turn", p->per_s);
}

static bool
line_up(struct al_pace *p, int fd, const struct al_addr *from)
{
	struct waiting *w = p->n < (uint64_t)p->per_s * LINE_S ?
	    malloc(sizeof(*w)) : NULL;

	if (w == NULL)
		return false;
	w->fd = fd;
	w->from = *from;
	STAILQ_INSERT_TAIL(&p->line, w, entry);
	p->n++;
	return true;
}

void
al_pace_add(struct al_pace *p, int fd, const struct al_addr *from)
{
	if (p->n == 0 && take_turn(p)) {
		p->on_turn(p->arg, fd, from);
		return;
	}
	say(p);
	if (!line_up(p, fd, from)) {
		p->dropped++;
		(void)close(fd);
	} else if (p->n == 1) {
		await_turn(p);
	}
}

void
al_pace_set(struct al_pace *p, uint32_t per_s)
{
	p->per_s = per_s;
	p->bucket.full_us = 0;
	if (p->n > 0)
		al_timer_set(&p->timer, 0);
}

struct al_pace *
al_pace_new(struct al_loop *loop, al_on_conn *on_turn, void *arg,
    struct al_err *err)
{
	struct al_pace *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	STAILQ_INIT(&p->line);
	p->on_turn = on_turn;
	p->arg = arg;
	if (al_timer_init(&p->timer, loop, on_time, p, err) != AL_OK) {
		free(p);
		return NULL;
	}
	return p;
}

void
al_pace_free(struct al_pace *p)
{
	if (p == NULL)
		return;
	while (p->n > 0)
		(void)close(step_out(p).fd);
	al_timer_fini(&p->timer);
	free(p);
}

uint32_t
al_pace_waiting(const struct al_pace *p)
{
	return p->n;
}

uint64_t
al_pace_dropped(const struct al_pace *p)
{
	return p->dropped;
}
