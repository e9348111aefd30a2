/* connector/stream/watch.h - the interest of a stream on a loop. */
#ifndef AL_STREAM_WATCH_H
#define AL_STREAM_WATCH_H

#include "connector/loop/loop.h"
#include "connector/stream/stream.h"

/* One watch, or two where reading and writing have an fd each. */
struct al_stream_watch {
	struct al_watch	in, out;	/* out.loop NULL: in does both */
};

/* EUSAGE: the stream has no fd. */
enum al_code al_stream_watch_init(struct al_stream_watch *w,
    struct al_loop *loop, const struct al_stream *s,
    void (*on_ready)(void *arg, unsigned ready), void *arg,
    struct al_err *err) AL_MUST_CHECK;
void al_stream_watch_set(struct al_stream_watch *w, unsigned want);
/* Before the stream is freed; a zeroed one is fine. */
void al_stream_watch_fini(struct al_stream_watch *w);

#endif
