/* connector/stream/handshake.c - the I/O around every handshake machine. */
#include "connector/stream/handshake.h"

#include <stdlib.h>
#include <string.h>

/* A machine that reads HTTP is given whole heads: 256 KiB, and some body. */
#define IN_MAX	(320u * 1024u)
#define OUT_MAX	(64u * 1024u)
#define CHUNK	4096u

struct handshake {
	struct al_stream	s;
	struct al_machine	machine;	/* ops NULL: released */
	enum al_stage		stage;
	enum al_hs		last;
	int			is_open;
	struct al_buf		in, out;
	unsigned		reading;	/* READ once it has stepped */
};

static enum al_code
flush_out(struct handshake *h, struct al_err *err)
{
	enum al_code code;
	size_t n;

	while (al_buf_len(&h->out) > 0) {
		code = al_stream_write(h->s.next, al_buf_head(&h->out),
		    al_buf_len(&h->out), &n, err);
		if (code != AL_OK)
			return code;
		al_buf_drain(&h->out, n);
	}
	return al_stream_flush(h->s.next, err);
}

static enum al_code
read_more(struct handshake *h, struct al_err *err)
{
	uint8_t *to = al_buf_reserve(&h->in, CHUNK);
	enum al_code code;
	size_t n;

	if (to == NULL)
		return al_buf_len(&h->in) > IN_MAX - CHUNK ?
		    al_fail(err, AL_ELIMIT, h->stage, 0,
		    "the answer is longer than %u bytes", IN_MAX) :
		    al_fail_nomem(err, h->stage);
	code = al_stream_read(h->s.next, to, CHUNK, &n, err);
	if (code == AL_OK)
		al_buf_commit(&h->in, n);
	return code;
}

static enum al_hs
tell_eof(struct handshake *h, struct al_err *err)
{
	const struct al_machine *m = &h->machine;

	if (m->ops->eof != NULL)
		return m->ops->eof(m->m, &h->in, err);
	(void)al_fail(err, AL_EPROTO, h->stage, 0,
	    "the peer closed the connection during %s", m->ops->name);
	return AL_HS_FAIL;
}

/* After a step: AL_OK to go on. */
static enum al_code
judge(const struct handshake *h, struct al_err *err)
{
	const char *name = h->machine.ops->name;

	switch (h->last) {
	case AL_HS_MORE:
	case AL_HS_DONE:
		return AL_OK;
	case AL_HS_NEED:
		return AL_AGAIN;
	case AL_HS_REDIAL:
		return al_fail(err, AL_EREFUSED, h->stage, 0,
		    "%s: the peer wants to be asked again on a new "
		    "connection", name);
	case AL_HS_FAIL:
		break;
	}
	return err->code;
}

/*
 * A connection that breaks now has failed in our stage.  But a server that
 * closes with bytes of ours unread resets what it has just said: a refusal
 * whose page is torn off is a refusal, and a wish for a new connection stays
 * one.
 */
static enum al_code
fail_below(struct handshake *h, struct al_err *err)
{
	const struct al_machine *m = &h->machine;
	struct al_err said;
	enum al_hs r = AL_HS_FAIL;

	if (err->code != AL_ENET)
		return err->code;
	said.status = 0;
	if (m->ops->eof != NULL)
		r = m->ops->eof(m->m, &h->in, &said);
	if (r == AL_HS_REDIAL || (r == AL_HS_FAIL && said.status != 0)) {
		h->last = r;
		*err = said;
		return judge(h, err);
	}
	al_err_prefix(err, "during %s", m->ops->name);
	err->stage = h->stage;
	return err->code;
}

static enum al_code
hs_open(struct al_stream *s, struct al_err *err)
{
	struct handshake *h = (struct handshake *)s;
	enum al_code code;

	if (h->is_open)
		return AL_OK;
	code = al_stream_open(s->next, err);
	if (code != AL_OK)
		return code;
	for (;;) {
		code = flush_out(h, err);
		if (code == AL_OK && h->last == AL_HS_DONE)
			break;
		if (code == AL_OK && h->reading)
			code = read_more(h, err);
		if (code == AL_AGAIN)
			return code;
		if (code != AL_OK && code != AL_EOF)
			return fail_below(h, err);
		h->last = code == AL_EOF ? tell_eof(h, err) :
		    h->machine.ops->step(h->machine.m, &h->in, &h->out, err);
		h->reading = h->last == AL_HS_NEED ? 0 : AL_WANT_READ;
		code = judge(h, err);
		if (code != AL_OK)
			return code;
	}
	h->is_open = 1;
	al_buf_fini(&h->out);
	al_buf_trim(&h->in);
	return AL_OK;
}

static enum al_code
hs_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	struct handshake *h = (struct handshake *)s;
	size_t have = al_buf_len(&h->in);

	if (have == 0)
		return al_stream_read(s->next, p, cap, n, err);
	*n = have < cap ? have : cap;
	memcpy(p, al_buf_head(&h->in), *n);
	al_buf_drain(&h->in, *n);
	al_buf_trim(&h->in);
	return AL_OK;
}

static unsigned
hs_want(const struct al_stream *s)
{
	const struct handshake *h = (const struct handshake *)s;
	unsigned want = al_stream_want(s->next);

	/* Not while it has to write: nobody would read what is there. */
	if (h->is_open || al_buf_len(&h->out) > 0)
		return want;
	return want | h->reading;
}

static int
hs_pending(const struct al_stream *s)
{
	const struct handshake *h = (const struct handshake *)s;

	return al_buf_len(&h->in) > 0 || al_stream_pending(s->next);
}

static void
hs_free(struct al_stream *s)
{
	struct handshake *h = (struct handshake *)s;

	al_handshake_release(s);
	al_buf_fini(&h->in);
	al_buf_fini(&h->out);
	free(h);
}

static const struct al_stream_ops handshake_ops = {
	.name = "handshake",
	.open = hs_open,
	.read = hs_read,
	.write = al_pass_write,
	.flush = al_pass_flush,
	.shut = al_pass_shut,
	.want = hs_want,
	.pending = hs_pending,
	.fd = al_pass_fd,
	.free = hs_free,
};

struct al_stream *
al_handshake_new(struct al_stream *next, struct al_machine machine,
    enum al_stage stage, struct al_err *err)
{
	struct handshake *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		al_stream_free(next);
		machine.ops->free(machine.m);
		(void)al_fail_nomem(err, stage);
		return NULL;
	}
	h->s.ops = &handshake_ops;
	h->s.next = next;
	h->machine = machine;
	h->stage = stage;
	h->last = AL_HS_MORE;
	al_buf_init(&h->in, IN_MAX);
	al_buf_init(&h->out, OUT_MAX);
	return &h->s;
}

int
al_handshake_wants_redial(const struct al_stream *s)
{
	return s->ops == &handshake_ops &&
	    ((const struct handshake *)s)->last == AL_HS_REDIAL;
}

int
al_handshake_needs_token(const struct al_stream *s)
{
	return s->ops == &handshake_ops &&
	    ((const struct handshake *)s)->last == AL_HS_NEED;
}

const struct al_machine *
al_handshake_machine(const struct al_stream *s)
{
	const struct handshake *h = (const struct handshake *)s;

	return h->machine.ops != NULL ? &h->machine : NULL;
}

void
al_handshake_release(struct al_stream *s)
{
	struct handshake *h = (struct handshake *)s;

	if (h->machine.ops != NULL)
		h->machine.ops->free(h->machine.m);
	h->machine.ops = NULL;
}

enum al_code
al_handshake_expired(struct al_stream *s, uint64_t ms, struct al_err *err)
{
	struct handshake *h = (struct handshake *)s;
	const struct al_machine *m = &h->machine;

	/* A refusal whose page never ends is a refusal. */
	if (m->ops->eof != NULL && h->last == AL_HS_MORE &&
	    m->ops->eof(m->m, &h->in, err) == AL_HS_FAIL && err->status != 0)
		return err->code;
	return al_fail(err, AL_ETIMEOUT, h->stage, 0,
	    "no answer during %s within %llu ms", m->ops->name,
	    (unsigned long long)ms);
}
