/* connector/stream/stream.h - one layer of a stack of byte streams. */
#ifndef AL_STREAM_STREAM_H
#define AL_STREAM_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/loop/loop.h"	/* AL_WANT_* */

struct al_stream;

/*
 * Nothing here blocks and nothing calls upward: OK, AGAIN, EOF or an error.
 * After an error only want and free are legal.  A layer that has nothing of
 * its own to do uses al_pass_*, which hand the call to next.
 */
struct al_stream_ops {
	const char	*name;
	/* AGAIN until this layer and all below are up. */
	enum al_code	(*open)(struct al_stream *s, struct al_err *err);
	/* *n > 0 with OK; EOF once the peer has half-closed.  AGAIN: wait for
	 * the fd, there may be bytes all the same. */
	enum al_code	(*read)(struct al_stream *s, void *p, size_t cap,
			    size_t *n, struct al_err *err);
	/* Takes 1..len bytes with OK. */
	enum al_code	(*write)(struct al_stream *s, const void *p,
			    size_t len, size_t *n, struct al_err *err);
	/* Pushes bytes that the layers hold toward the fd; OK: none left. */
	enum al_code	(*flush)(struct al_stream *s, struct al_err *err);
	/* No more writes: half-close (TLS: close_notify first); AGAIN until
	 * done. */
	enum al_code	(*shut)(struct al_stream *s, struct al_err *err);
	/* AL_WANT_*: what progress of a call that said AGAIN needs of the fd
	 * (a TLS write may want a read).  READ is added by the caller who
	 * wants to read. */
	unsigned	(*want)(const struct al_stream *s);
	/* true: a read would return bytes without touching the fd. */
	int		(*pending)(const struct al_stream *s);
	/* The fd to watch, -1 for none: that at the bottom, unless a layer
	 * works on its own between the two. */
	int		(*fd)(const struct al_stream *s);
	/* The fd to write to, where it is another one; NULL otherwise. */
	int		(*write_fd)(const struct al_stream *s);
	/* This layer only; al_stream_free walks down. */
	void		(*free)(struct al_stream *s);
};

/* First member of every layer's struct.  A layer owns next. */
struct al_stream {
	const struct al_stream_ops	*ops;
	struct al_stream		*next;
};

static inline enum al_code
al_stream_open(struct al_stream *s, struct al_err *err)
{
	return s->ops->open(s, err);
}

static inline enum al_code
al_stream_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	return s->ops->read(s, p, cap, n, err);
}

static inline enum al_code
al_stream_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	return s->ops->write(s, p, len, n, err);
}

static inline enum al_code
al_stream_flush(struct al_stream *s, struct al_err *err)
{
	return s->ops->flush(s, err);
}

static inline enum al_code
al_stream_shut(struct al_stream *s, struct al_err *err)
{
	return s->ops->shut(s, err);
}

static inline unsigned
al_stream_want(const struct al_stream *s)
{
	return s->ops->want(s);
}

static inline int
al_stream_pending(const struct al_stream *s)
{
	return s->ops->pending(s);
}

static inline int
al_stream_fd(const struct al_stream *s)
{
	return s->ops->fd(s);
}

/* The socket that the bytes go through, for its options. */
int al_stream_bottom_fd(const struct al_stream *s);

/* The fd to watch for writing: nearly always al_stream_fd. */
int al_stream_write_fd(const struct al_stream *s);

/* Frees this layer and all below; NULL is fine.  Closes the fd. */
void al_stream_free(struct al_stream *s);

/* Before al_stream_free: the close will be a RST (SO_LINGER 0). */
void al_stream_abort(struct al_stream *s);

/* Defaults: hand the call to next. */
enum al_code al_pass_open(struct al_stream *s, struct al_err *err);
enum al_code al_pass_read(struct al_stream *s, void *p, size_t cap,
    size_t *n, struct al_err *err);
enum al_code al_pass_write(struct al_stream *s, const void *p, size_t len,
    size_t *n, struct al_err *err);
enum al_code al_pass_flush(struct al_stream *s, struct al_err *err);
enum al_code al_pass_shut(struct al_stream *s, struct al_err *err);
unsigned al_pass_want(const struct al_stream *s);
int al_pass_pending(const struct al_stream *s);
int al_pass_fd(const struct al_stream *s);

#endif
