/* alpacon/stream.h - bytes both ways: a dialed connection, or a channel. */
#ifndef ALPACON_STREAM_H
#define ALPACON_STREAM_H

#include <stddef.h>
#include <sys/types.h>

#include <alpacon/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct alpacon_stream;

struct alpacon_stream_ops {
	/* Bytes wait, or the peer's end.  Comes again only after a read that
	 * has returned -1. */
	void (*on_readable)(void *arg, struct alpacon_stream *s);
	/* A write took less than it was given; now there is room. */
	void (*on_writable)(void *arg, struct alpacon_stream *s);
	/* Broken: free it, nothing else is legal.  At most once. */
	void (*on_broken)(void *arg, struct alpacon_stream *s,
	    const struct alpacon_err *why);
};

/* Until this is called nothing is; ops is kept. */
void alpacon_stream_set_ops(struct alpacon_stream *s,
    const struct alpacon_stream_ops *ops, void *arg);

/* Bytes read; 0: the peer has ended its direction; -1: none just now. */
ssize_t alpacon_stream_read(struct alpacon_stream *s, void *p, size_t cap);
/* Bytes taken, from 0 to len; copied. */
size_t alpacon_stream_write(struct alpacon_stream *s, const void *p,
    size_t len);
/* Half-close: the peer reads the end behind what has been written. */
void alpacon_stream_shut(struct alpacon_stream *s);
/* Unless both directions have ended, the peer sees a reset.  NULL is fine. */
void alpacon_stream_free(struct alpacon_stream *s);

#ifdef __cplusplus
}
#endif
#endif
