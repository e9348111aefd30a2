/* connector/engine/flight.c - how many bytes may be on their way at once. */
#include "connector/engine/flight.h"
#include "connector/engine/session_int.h"	/* when ACKs are sent */

#define HALF_US		5000000u	/* of the window                      */
#define DRAIN_EVERY_US	10000000u
#define DRAIN_US	50000u		/* and one round trip                 */
#define SMALL_US	10000000u	/* so long small messages are likely  */
#define START		(256u * 1024)	/* until something has been measured  */
#define LEAST		(48u * 1024)
#define BATCH		(256u * 1024)	/* what keeps fast links efficient    */
#define BATCH_ALONE	(512u * 1024)

static uint64_t
max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
turn_window(struct al_flight *f, uint64_t now_us)
{
	uint64_t age = now_us - f->half_us;

	if (age < HALF_US)
		return;
	f->rate[1] = age < 2 * HALF_US ? f->rate[0] : 0;
	f->rtt[1] = age < 2 * HALF_US ? f->rtt[0] : 0;
	f->rate[0] = f->rtt[0] = 0;
	f->half_us = now_us;
}

void
al_flight_reset(struct al_flight *f)
{
	*f = (struct al_flight){ .small_us = f->small_us };
}

void
al_flight_rate(struct al_flight *f, uint64_t rate, uint64_t now_us)
{
	turn_window(f, now_us);
	f->rate[0] = max(f->rate[0], rate);
}

void
al_flight_rtt(struct al_flight *f, uint64_t rtt_us, uint64_t now_us)
{
	turn_window(f, now_us);
	rtt_us = max(rtt_us, 1);
	f->rtt[0] = f->rtt[0] == 0 ? rtt_us : min(f->rtt[0], rtt_us);
}

void
al_flight_small(struct al_flight *f, uint64_t now_us)
{
	f->small_us = now_us;
}

static uint64_t
least_rtt(const struct al_flight *f)
{
	if (f->rtt[0] == 0 || f->rtt[1] == 0)
		return max(f->rtt[0], f->rtt[1]);
	return min(f->rtt[0], f->rtt[1]);
}

static int
is_draining(struct al_flight *f, uint64_t rtt, uint64_t now_us)
{
	if (f->drain_us == 0 || now_us >= f->drain_us + rtt + DRAIN_US)
		f->drain_us = now_us + DRAIN_EVERY_US;
	return now_us >= f->drain_us;
}

/*
 * A batch is what a fast link needs to be busy while we are not: a
 * millisecond's worth, since on a slow one it would be a queue.  What the
 * peer has and does not yet acknowledge is no queue either; without it the
 * bound would hold a link at the rate that it has once been measured at, too
 * low, since the round trip of an ACK is then longer than our margin.
 */
uint64_t
al_flight_cap(struct al_flight *f, uint64_t now_us)
{
	uint64_t rate, rtt, product, batch, held;
	int alone = f->small_us == 0 || now_us - f->small_us > SMALL_US;

	turn_window(f, now_us);
	rate = max(f->rate[0], f->rate[1]);
	rtt = least_rtt(f);
	if (rate == 0 || rtt == 0)
		return START;
	product = rate / 1000 * rtt / 1000;
	batch = min(rate / 1000, alone ? BATCH_ALONE : BATCH);
	held = min(rate / 1000 * ACK_US / 1000, ACK_BYTES);
	product = max((alone ? 2 * product : product + product / 8) + held,
	    batch);
	if (is_draining(f, rtt, now_us))
		product /= 2;
	return max(product, LEAST);
}
