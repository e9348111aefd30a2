/* connector/api/stream.c - streams, whatever is below. */
#include "connector/api/api_int.h"

AL_EXPORT void
alpacon_stream_set_ops(struct alpacon_stream *s,
    const struct alpacon_stream_ops *ops, void *arg)
{
	s->ops = ops;
	s->arg = arg;
	s->below->wake(s);
}

AL_EXPORT ssize_t
alpacon_stream_read(struct alpacon_stream *s, void *p, size_t cap)
{
	return s->below->read(s, p, cap);
}

AL_EXPORT size_t
alpacon_stream_write(struct alpacon_stream *s, const void *p, size_t len)
{
	return s->below->write(s, p, len);
}

AL_EXPORT void
alpacon_stream_shut(struct alpacon_stream *s)
{
	s->below->shut(s);
}

AL_EXPORT void
alpacon_stream_free(struct alpacon_stream *s)
{
	if (s != NULL)
		s->below->free(s);
}
