/* connector/stream/pair.h - two streams in memory, joined back to back. */
#ifndef AL_STREAM_PAIR_H
#define AL_STREAM_PAIR_H

#include "connector/stream/stream.h"

/*
 * For tests: what one end writes the other reads, with the knobs of a bad
 * network.  There is no fd: calls are repeated while they say AGAIN.  An end
 * that is freed ends its direction; writing to it then fails with ENET.
 */
struct al_pair_opts {
	size_t		buf_max;	/* bytes on the way; 0: 64 KiB     */
	size_t		read_max;	/* at most per read or write; 0: any */
	unsigned	again_percent;	/* of the calls say AGAIN first    */
	uint64_t	reset_at;	/* after that many bytes in all; 0: never */
	uint64_t	seed;		/* of again_percent                */
};

enum al_code al_pair_new(struct al_stream *ends[2],
    const struct al_pair_opts *opts, struct al_err *err) AL_MUST_CHECK;

#endif
