/* connector/stream/join.h - two streams, each fed with what the other says. */
#ifndef AL_STREAM_JOIN_H
#define AL_STREAM_JOIN_H

#include <stdint.h>

#include "connector/stream/stream.h"

struct al_loop;
struct al_join;		/* dies when it has reported */

/* How many bytes went from the first to the second, and back. */
struct al_join_count {
	uint64_t	there, back;
};

/*
 * Exactly one call, from the loop, once both streams are freed: err is NULL
 * when both directions have ended in order; after an error each side has been
 * aborted (a RST, where it is a socket).
 */
typedef void al_on_join(void *arg, const struct al_join_count *count,
    const struct al_err *err);

/*
 * Move bytes both ways until both directions have ended; the end of one is
 * passed on as a half-close.  Holds at most 64 KiB each way and none when
 * nothing is on the way.  Takes a and b (open, with fds), also on failure.
 */
struct al_join *al_join_start(struct al_loop *loop, struct al_stream *a,
    struct al_stream *b, al_on_join *on_join, void *arg, struct al_err *err);

/* Abort both; on_join will not be called. */
void al_join_cancel(struct al_join *j);

#endif
