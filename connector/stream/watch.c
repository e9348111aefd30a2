/* connector/stream/watch.c - the interest of a stream on a loop. */
#include "connector/stream/watch.h"

#include <string.h>

enum al_code
al_stream_watch_init(struct al_stream_watch *w, struct al_loop *loop,
    const struct al_stream *s, void (*on_ready)(void *arg, unsigned ready),
    void *arg, struct al_err *err)
{
	int in = al_stream_fd(s), out = al_stream_write_fd(s);
	enum al_code code;

	memset(w, 0, sizeof(*w));
	if (in < 0 || out < 0)
		return al_fail(err, AL_EUSAGE, AL_AT_LOCAL, 0,
		    "the stream has no fd that a loop could watch");
	if (out == in)
		return al_watch_init(&w->in, loop, in, on_ready, arg, err);
	code = al_watch_init_any(&w->in, loop, in, on_ready, arg, err);
	if (code == AL_OK)
		code = al_watch_init_any(&w->out, loop, out, on_ready, arg, err);
	if (code != AL_OK)
		al_stream_watch_fini(w);
	return code;
}

void
al_stream_watch_set(struct al_stream_watch *w, unsigned want)
{
	if (w->out.loop == NULL) {
		al_watch_set(&w->in, want);
		return;
	}
	al_watch_set(&w->in, want & AL_WANT_READ);
	al_watch_set(&w->out, want & AL_WANT_WRITE);
}

void
al_stream_watch_fini(struct al_stream_watch *w)
{
	al_watch_fini(&w->in);
	al_watch_fini(&w->out);
}
