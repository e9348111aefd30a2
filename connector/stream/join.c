/* connector/stream/join.c - a pump between two streams on a loop. */
#include "connector/stream/join.h"

#include <stdlib.h>
#include <string.h>

#include "connector/loop/loop.h"
#include "connector/stream/watch.h"

#define ROOM	(64u * 1024u)
/* Buffers moved in one turn of the loop, so that others get theirs. */
#define ROUNDS	16

/* One direction, from one side to the other. */
struct flow {
	uint8_t		*mem;		/* NULL: nothing on the way */
	size_t		 start, end;
	uint64_t	 count;
	int		 eof;		/* the reader's side has ended  */
	int		 shut;		/* and the other has been told  */
};

struct side {
	struct al_stream	*s;
	struct al_stream_watch	 watch;
	struct flow		 flow;	/* of what is read from s */
};

struct al_join {
	struct al_loop	*loop;
	struct side	 sides[2];
	struct al_task	 first;
	struct al_timer	 more;		/* there is work without an event */
	al_on_join	*on_join;
	void		*arg;
};

static void
end(struct al_join *j)
{
	size_t i;

	al_task_fini(&j->first);
	al_timer_fini(&j->more);
	for (i = 0; i < 2; i++) {
		al_stream_watch_fini(&j->sides[i].watch);
		al_stream_free(j->sides[i].s);
		free(j->sides[i].flow.mem);
	}
	al_loop_bury(j->loop, j, free);
}

static void
abort_both(struct al_join *j)
{
	al_stream_abort(j->sides[0].s);
	al_stream_abort(j->sides[1].s);
	end(j);
}

static enum al_code
fill(struct side *from, struct al_err *err)
{
	struct flow *f = &from->flow;
	enum al_code code;
	size_t n;

	if (f->eof)
		return AL_AGAIN;
	if (f->mem == NULL)
		f->mem = malloc(ROOM);
	if (f->mem == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	code = al_stream_read(from->s, f->mem, ROOM, &n, err);
	if (code == AL_OK) {
		f->start = 0;
		f->end = n;
		return AL_OK;
	}
	free(f->mem);
	f->mem = NULL;
	f->eof = code == AL_EOF;
	return code == AL_EOF ? AL_AGAIN : code;
}

static enum al_code
drain(struct flow *f, struct al_stream *to, struct al_err *err)
{
	enum al_code code;
	size_t n;

	while (f->start < f->end) {
		code = al_stream_write(to, f->mem + f->start,
		    f->end - f->start, &n, err);
		if (code != AL_OK)
			return code;
		f->start += n;
		f->count += n;
	}
	return AL_OK;
}

/* Pass on the end, once nothing is on the way. */
static enum al_code
half_close(struct flow *f, struct side *to, struct al_err *err)
{
	enum al_code code;

	/* It may close its fd. */
	al_stream_watch_set(&to->watch, to->watch.in.want & AL_WANT_READ);
	code = al_stream_shut(to->s, err);
	f->shut = code == AL_OK;
	return code;
}

/* AL_AGAIN: nothing more to do now; AL_OK: there may be. */
static enum al_code
pump(struct side *from, struct side *to, struct al_err *err)
{
	struct flow *f = &from->flow;
	enum al_code code = AL_AGAIN;
	unsigned i;

	for (i = 0; i < ROUNDS && !f->shut; i++) {
		code = drain(f, to->s, err);
		if (code == AL_OK)
			code = fill(from, err);
		if (code != AL_OK)
			break;
	}
	if (code != AL_OK && code != AL_AGAIN)
		return code;
	if (f->eof && f->mem == NULL && !f->shut)
		return half_close(f, to, err);
	if (!f->shut && al_stream_flush(to->s, err) > AL_AGAIN)
		return err->code;
	return code;
}

static void
set_interest(struct side *side)
{
	unsigned want = al_stream_want(side->s);

	if (side->flow.mem == NULL && !side->flow.eof)
		want |= AL_WANT_READ;
	al_stream_watch_set(&side->watch, want);
}

static void
run(void *arg)
{
	struct al_join *j = arg;
	struct side *a = &j->sides[0], *b = &j->sides[1];
	struct al_join_count count;
	struct al_err err;
	enum al_code there, back = AL_AGAIN;

	there = pump(a, b, &err);
	if (there <= AL_AGAIN)
		back = pump(b, a, &err);
	count = (struct al_join_count){ a->flow.count, b->flow.count };
	if (there > AL_AGAIN || back > AL_AGAIN) {
		abort_both(j);
		j->on_join(j->arg, &count, &err);
		return;
	}
	if (a->flow.shut && b->flow.shut) {
		end(j);
		j->on_join(j->arg, &count, NULL);
		return;
	}
	set_interest(a);
	set_interest(b);
	if (there == AL_OK || back == AL_OK)
		al_timer_set(&j->more, 0);
}

static void
on_ready(void *arg, unsigned ready)
{
	(void)ready;
	run(arg);
}

struct al_join *
al_join_start(struct al_loop *loop, struct al_stream *a, struct al_stream *b,
    al_on_join *on_join, void *arg, struct al_err *err)
{
	struct al_join *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		al_stream_free(a);
		al_stream_free(b);
		return NULL;
	}
	j->loop = loop;
	j->on_join = on_join;
	j->arg = arg;
	j->sides[0].s = a;
	j->sides[1].s = b;
	if (al_stream_watch_init(&j->sides[0].watch, loop, a, on_ready, j,
	    err) == AL_OK &&
	    al_stream_watch_init(&j->sides[1].watch, loop, b, on_ready, j,
	    err) == AL_OK &&
	    al_timer_init(&j->more, loop, run, j, err) == AL_OK &&
	    al_task_init(&j->first, loop, run, j, err) == AL_OK) {
		al_task_queue(&j->first);
		return j;
	}
	end(j);
	return NULL;
}

void
al_join_cancel(struct al_join *j)
{
	if (j != NULL)
		abort_both(j);
}
