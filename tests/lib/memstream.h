/* tests/lib/memstream.h - two ends of a connection in memory, with knobs. */
#ifndef AL_TEST_MEMSTREAM_H
#define AL_TEST_MEMSTREAM_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/buf.h"
#include "connector/stream/stream.h"

enum mem_end { MEM_OPEN, MEM_EOF, MEM_RESET };

/* One direction. */
struct mem_pipe {
	struct al_buf	 buf;
	size_t		 written;	/* in all                            */
	size_t		 cut_at;	/* what is beyond is lost, then ...  */
	enum mem_end	 cut_as;	/* ... the reader sees this          */
	size_t		 read_max;	/* bytes a call, 0: all              */
	size_t		 reads, writes;	/* calls that moved bytes            */
	bool		 ended;
	bool		 refused;	/* writes meet a reset               */
};

struct mem_link {
	struct mem_pipe	pipe[2];
	unsigned	again;		/* every nth call says AGAIN; 0: none */
	unsigned	calls;
};

struct mem_stream {
	struct al_stream	 s;
	struct mem_link		*link;	/* outlives its ends */
	int			 side;
};

static inline bool
mem_pause(struct mem_stream *m)
{
	return m->link->again > 0 && ++m->link->calls % m->link->again == 0;
}

static inline enum al_code
mem_ok(struct al_stream *s, struct al_err *err)
{
	(void)s;
	(void)err;
	return AL_OK;
}

static inline enum al_code
mem_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	struct mem_stream *m = (struct mem_stream *)s;
	struct mem_pipe *in = &m->link->pipe[!m->side];
	size_t have = al_buf_len(&in->buf);

	if (have == 0 && in->ended) {
		if (in->cut_as != MEM_RESET)
			return AL_EOF;
		return al_fail(err, AL_ENET, AL_AT_TCP, ECONNRESET,
		    "connection reset by peer");
	}
	if (have == 0 || mem_pause(m))
		return AL_AGAIN;
	*n = have < cap ? have : cap;
	if (in->read_max > 0 && *n > in->read_max)
		*n = in->read_max;
	memcpy(p, al_buf_head(&in->buf), *n);
	al_buf_drain(&in->buf, *n);
	in->reads++;
	return AL_OK;
}

static inline enum al_code
mem_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	struct mem_stream *m = (struct mem_stream *)s;
	struct mem_pipe *out = &m->link->pipe[m->side];
	size_t room = out->buf.max - al_buf_len(&out->buf), keep;

	if (out->refused)
		return al_fail(err, AL_ENET, AL_AT_TCP, ECONNRESET,
		    "connection reset by peer");
	if (room == 0 || mem_pause(m))
		return AL_AGAIN;
	*n = len < room ? len : room;
	keep = *n;
	if (out->cut_as != MEM_OPEN && keep >= out->cut_at - out->written) {
		keep = out->cut_at - out->written;
		out->ended = true;
	}
	if (al_buf_put(&out->buf, p, keep) != AL_OK)
		return al_fail_nomem(err, AL_AT_TCP);
	out->written += keep;
	out->writes++;
	return AL_OK;
}

static inline enum al_code
mem_shut(struct al_stream *s, struct al_err *err)
{
	struct mem_stream *m = (struct mem_stream *)s;

	(void)err;
	m->link->pipe[m->side].ended = true;
	return AL_OK;
}

static inline unsigned
mem_want(const struct al_stream *s)
{
	(void)s;
	return 0;
}

static inline int
mem_pending(const struct al_stream *s)
{
	(void)s;
	return 0;
}

static inline int
mem_fd(const struct al_stream *s)
{
	(void)s;
	return -1;
}

static inline void
mem_free(struct al_stream *s)
{
	((struct mem_stream *)s)->link->pipe[((struct mem_stream *)s)->side]
	    .ended = true;
	free(s);
}

static const struct al_stream_ops mem_ops = {
	.name = "memory",
	.open = mem_ok,
	.read = mem_read,
	.write = mem_write,
	.flush = mem_ok,
	.shut = mem_shut,
	.want = mem_want,
	.pending = mem_pending,
	.fd = mem_fd,
	.free = mem_free,
};

static inline void
mem_link_init(struct mem_link *l, size_t max)
{
	*l = (struct mem_link){ 0 };
	al_buf_init(&l->pipe[0].buf, max);
	al_buf_init(&l->pipe[1].buf, max);
}

static inline void
mem_link_fini(struct mem_link *l)
{
	al_buf_fini(&l->pipe[0].buf);
	al_buf_fini(&l->pipe[1].buf);
}

/* side 0 writes to pipe 0 and reads from pipe 1. */
static inline struct al_stream *
mem_stream(struct mem_link *l, int side)
{
	struct mem_stream *m = calloc(1, sizeof(*m));

	if (m == NULL)
		abort();
	m->s.ops = &mem_ops;
	m->link = l;
	m->side = side;
	return &m->s;
}

#endif
