/* connector/engine/flight.h - how many bytes may be on their way at once. */
#ifndef AL_ENGINE_FLIGHT_H
#define AL_ENGINE_FLIGHT_H

#include <stdint.h>

/*
 * Bytes beyond bandwidth x round trip only wait in somebody's buffer, and
 * small messages behind them.  Both are taken over a window of 10 s, the
 * greatest rate and the least round trip, as BBR does.  The queue that our
 * own margin builds would hide the true round trip for ever, so every 10 s
 * the bound is halved for a moment.
 */
struct al_flight {
	uint64_t	rate[2], rtt[2];	/* this half of the window, the
						 * last; bytes/s, us; 0: none */
	uint64_t	half_us;		/* when this half began       */
	uint64_t	drain_us;		/* when the next drain begins */
	uint64_t	small_us;		/* a small message moved; 0:
						 * never                      */
};

/* Another path: all but small_us is forgotten. */
void al_flight_reset(struct al_flight *f);
void al_flight_rate(struct al_flight *f, uint64_t rate, uint64_t now_us);
void al_flight_rtt(struct al_flight *f, uint64_t rtt_us, uint64_t now_us);
void al_flight_small(struct al_flight *f, uint64_t now_us);

/* The bound in bytes for channels in bulk. */
uint64_t al_flight_cap(struct al_flight *f, uint64_t now_us);

#endif
