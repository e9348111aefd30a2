/* connector/stream/pair.c - an in-memory network for tests. */
#include "connector/stream/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/buf.h"
#include "connector/base/rng.h"

struct end {
	struct al_stream	 s;
	struct pair		*pair;
	struct end		*peer;
	struct al_buf		 in;	/* on its way to this end     */
	int			 ended;	/* nothing more will come in  */
	int			 gone;
	unsigned		 want;
};

struct pair {
	struct end		ends[2];
	struct al_pair_opts	o;
	struct al_rng		rng;
	uint64_t		moved;
};

static enum al_code
fail(struct al_err *err, int sys)
{
	return al_fail(err, AL_ENET, AL_AT_TCP, sys, "%s", sys == EPIPE ?
	    "the peer has closed the connection" :
	    "connection reset by the peer");
}

static int
is_reset(const struct pair *p)
{
	return p->o.reset_at > 0 && p->moved >= p->o.reset_at;
}

static int
says_again(struct pair *p)
{
	return p->o.again_percent > 0 &&
	    al_rng_u32(&p->rng) % 100 < p->o.again_percent;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum al_code
pair_open(struct al_stream *s, struct al_err *err)
{
	struct end *e = (struct end *)s;

	(void)err;
	return says_again(e->pair) ? AL_AGAIN : AL_OK;
}

static enum al_code
pair_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	struct end *e = (struct end *)s;
	size_t have = al_buf_len(&e->in);

	if (is_reset(e->pair))
		return fail(err, ECONNRESET);
	if (have == 0 && e->ended)
		return AL_EOF;
	if (have == 0 || says_again(e->pair))
		return AL_AGAIN;
	*n = least(have, cap);
	if (e->pair->o.read_max > 0)
		*n = least(*n, e->pair->o.read_max);
	memcpy(p, al_buf_head(&e->in), *n);
	al_buf_drain(&e->in, *n);
	return AL_OK;
}

static enum al_code
pair_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	struct end *e = (struct end *)s, *to = e->peer;
	struct al_pair_opts *o = &e->pair->o;
	size_t room = o->buf_max - al_buf_len(&to->in);

	if (is_reset(e->pair))
		return fail(err, ECONNRESET);
	if (to->gone || to->ended)
		return fail(err, EPIPE);
	e->want = AL_WANT_WRITE;
	if (room == 0 || says_again(e->pair))
		return AL_AGAIN;
	*n = least(len, room);
	if (o->read_max > 0)
		*n = least(*n, o->read_max);
	if (o->reset_at > 0)
		*n = (size_t)(*n < o->reset_at - e->pair->moved ? *n :
		    o->reset_at - e->pair->moved);
	if (al_buf_put(&to->in, p, *n) != AL_OK)
		return al_fail_nomem(err, AL_AT_TCP);
	e->pair->moved += *n;
	e->want = 0;
	return AL_OK;
}

static enum al_code
pair_flush(struct al_stream *s, struct al_err *err)
{
	(void)s;
	(void)err;
	return AL_OK;
}

static enum al_code
pair_shut(struct al_stream *s, struct al_err *err)
{
	(void)err;
	((struct end *)s)->peer->ended = 1;
	return AL_OK;
}

static unsigned
pair_want(const struct al_stream *s)
{
	return ((const struct end *)s)->want;
}

static int
pair_pending(const struct al_stream *s)
{
	return al_buf_len(&((const struct end *)s)->in) > 0;
}

static int
pair_fd(const struct al_stream *s)
{
	(void)s;
	return -1;
}

static void
pair_free(struct al_stream *s)
{
	struct end *e = (struct end *)s;

	e->gone = 1;
	e->peer->ended = 1;
	al_buf_fini(&e->in);
	if (e->peer->gone)
		free(e->pair);
}

static const struct al_stream_ops pair_ops = {
	.name = "pair",
	.open = pair_open,
	.read = pair_read,
	.write = pair_write,
	.flush = pair_flush,
	.shut = pair_shut,
	.want = pair_want,
	.pending = pair_pending,
	.fd = pair_fd,
	.free = pair_free,
};

enum al_code
al_pair_new(struct al_stream *ends[2], const struct al_pair_opts *opts,
    struct al_err *err)
{
	struct pair *p = calloc(1, sizeof(*p));
	size_t i;

	if (p == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	if (opts != NULL)
		p->o = *opts;
	if (p->o.buf_max == 0)
		p->o.buf_max = 64 * 1024;
	al_rng_seed(&p->rng, p->o.seed);
	for (i = 0; i < 2; i++) {
		p->ends[i].s.ops = &pair_ops;
		p->ends[i].pair = p;
		p->ends[i].peer = &p->ends[1 - i];
		al_buf_init(&p->ends[i].in, p->o.buf_max);
		ends[i] = &p->ends[i].s;
	}
	return AL_OK;
}
