/* connector/stream/stream.c - the layer that does nothing, and the end. */
#include "connector/stream/stream.h"

#include <sys/socket.h>

static const struct al_stream *
bottom_of(const struct al_stream *s)
{
	while (s->next != NULL)
		s = s->next;
	return s;
}

int
al_stream_bottom_fd(const struct al_stream *s)
{
	return al_stream_fd(bottom_of(s));
}

int
al_stream_write_fd(const struct al_stream *s)
{
	const struct al_stream *bottom = bottom_of(s);

	return bottom->ops->write_fd != NULL ? bottom->ops->write_fd(bottom) :
	    al_stream_fd(s);
}

void
al_stream_free(struct al_stream *s)
{
	struct al_stream *next;

	for (; s != NULL; s = next) {
		next = s->next;
		s->ops->free(s);
	}
}

void
al_stream_abort(struct al_stream *s)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int fd = al_stream_bottom_fd(s);

	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

enum al_code
al_pass_open(struct al_stream *s, struct al_err *err)
{
	return al_stream_open(s->next, err);
}

enum al_code
al_pass_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	return al_stream_read(s->next, p, cap, n, err);
}

enum al_code
al_pass_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	return al_stream_write(s->next, p, len, n, err);
}

enum al_code
al_pass_flush(struct al_stream *s, struct al_err *err)
{
	return al_stream_flush(s->next, err);
}

enum al_code
al_pass_shut(struct al_stream *s, struct al_err *err)
{
	return al_stream_shut(s->next, err);
}

unsigned
al_pass_want(const struct al_stream *s)
{
	return al_stream_want(s->next);
}

int
al_pass_pending(const struct al_stream *s)
{
	return al_stream_pending(s->next);
}

int
al_pass_fd(const struct al_stream *s)
{
	return al_stream_fd(s->next);
}
