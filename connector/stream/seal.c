/* connector/stream/seal.c - bytes wrapped by Kerberos (RFC 1961 5). */
#include "connector/stream/seal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/buf.h"
#include "connector/stream/ready_fd.h"
#include "connector/stream/watch.h"
#include "proxy/socks5_gss.h"

/* A wrapped message has a u16 for its length; Kerberos adds some 80 bytes. */
#define HELD_MAX	(32u << 10)
#define MESSAGE_MAX	(AL_SOCKS5_HEAD + AL_SOCKS5_TOKEN_MAX)
#define CHUNK		(16u << 10)

enum question { NOTHING, WRAP, UNWRAP };

struct seal {
	struct al_stream	s;
	struct al_gss		*gss;
	enum al_gss_seal	seal;
	struct al_stream_watch	watch;		/* of next */
	struct al_ready_fd	ready;		/* for the user */

	struct al_buf		in, plain;	/* wrapped, unwrapped       */
	struct al_buf		held, out;	/* to be wrapped, wrapped   */
	enum question		asked, last;
	bool			eof;		/* next has no more         */
	bool			flushed;	/* next holds nothing       */
	bool			shut, shut_done;
	struct al_err		broken;		/* code AL_OK: all is well  */

	/* what the user waits for: a call of it has said AGAIN */
	bool			wait_room, wait_drained;
};

static void	pump(struct seal *t);

/* --- what the fd says ----------------------------------------------------- */
static bool
has_room(const struct seal *t)
{
	return al_buf_len(&t->held) < HELD_MAX;
}

/* Nothing that was written is still here. */
static bool
is_sent(const struct seal *t)
{
	return al_buf_len(&t->held) == 0 && al_buf_len(&t->out) == 0 &&
	    t->asked != WRAP;
}

static bool
is_drained(const struct seal *t)
{
	return is_sent(t) && t->flushed && (!t->shut || t->shut_done);
}

static bool
is_at_end(const struct seal *t)
{
	return t->eof && t->asked != UNWRAP && al_buf_len(&t->in) == 0;
}

static void
tell_user(struct seal *t)
{
	bool broken = t->broken.code != AL_OK;
	bool writable = t->wait_drained && !t->wait_room ? is_drained(t) :
	    has_room(t);

	al_ready_fd_set(&t->ready, broken || al_buf_len(&t->plain) > 0 ||
	    is_at_end(t), broken || writable);
}

/* --- toward and from the layer below -------------------------------------- */
/* AGAIN is none. */
static void
note(struct seal *t, enum al_code code, const struct al_err *err)
{
	if (code != AL_OK && code != AL_AGAIN)
		t->broken = *err;
}

static void
send_out(struct seal *t)
{
	enum al_code code = AL_OK;
	struct al_err err;
	size_t n;

	while (code == AL_OK && al_buf_len(&t->out) > 0) {
		code = al_stream_write(t->s.next, al_buf_head(&t->out),
		    al_buf_len(&t->out), &n, &err);
		if (code == AL_OK)
			al_buf_drain(&t->out, n);
	}
	if (code == AL_OK)
		code = al_stream_flush(t->s.next, &err);
	t->flushed = code == AL_OK;
	if (code == AL_OK && t->shut && !t->shut_done && is_sent(t)) {
		code = al_stream_shut(t->s.next, &err);
		t->shut_done = code == AL_OK;
	}
	note(t, code, &err);
}

/* OK: a whole message of the proxy is in "in". */
static enum al_code
receive(struct seal *t, const uint8_t **token, size_t *len)
{
	struct al_err err;
	enum al_code code;
	uint8_t *p;
	size_t n;

	for (;;) {
		code = al_socks5_gss_heard(&t->in, AL_SOCKS5_DATA, token, len,
		    &err);
		if (code != AL_AGAIN || t->eof)
			break;
		p = al_buf_reserve(&t->in, CHUNK);
		if (p == NULL) {
			code = al_fail_nomem(&err, AL_AT_PROXY);
			break;
		}
		code = al_stream_read(t->s.next, p, CHUNK, &n, &err);
		if (code == AL_OK)
			al_buf_commit(&t->in, n);
		else if (code == AL_EOF)
			t->eof = true;
		else
			break;
	}
	if (code == AL_AGAIN && t->eof && al_buf_len(&t->in) > 0)
		code = al_fail_as(&err, AL_ENET, AL_AT_PROXY, 0, 120,
		    "the SOCKS5 proxy closed the connection in the middle of "
		    "a message");
	note(t, code, &err);
	return code;
}

/* --- the helper ----------------------------------------------------------- */
static void
on_wrapped(void *arg, const struct al_gss_result *r)
{
	struct seal *t = arg;
	struct al_err err;

	t->asked = NOTHING;
	if (r->err != NULL)
		t->broken = *r->err;
	else
		note(t, al_socks5_gss_say(&t->out, AL_SOCKS5_DATA, r->token,
		    r->len, &err), &err);
	pump(t);
}

static void
on_unwrapped(void *arg, const struct al_gss_result *r)
{
	struct seal *t = arg;
	struct al_err err;

	t->asked = NOTHING;
	if (r->err != NULL)
		t->broken = *r->err;
	else if (t->seal == AL_GSS_SEAL && !(r->flags & AL_GSS_CAN_SEAL))
		(void)al_fail_as(&t->broken, AL_EPROTO, AL_AT_PROXY, 0, 121,
		    "the SOCKS5 proxy no longer encrypts, as agreed");
	else if (r->len > 0 && al_buf_put(&t->plain, r->token, r->len) !=
	    AL_OK)
		note(t, al_fail_nomem(&err, AL_AT_PROXY), &err);
	pump(t);
}

/* In turn, when there is work for both directions. */
static void
ask(struct seal *t, const uint8_t *token, size_t len)
{
	bool unwrap = token != NULL && al_buf_len(&t->plain) == 0;
	bool wrap = al_buf_len(&t->held) > 0 && al_buf_len(&t->out) == 0;
	struct al_err err;
	enum al_code code;

	if (t->asked != NOTHING || !(wrap || unwrap))
		return;
	if (wrap && (!unwrap || t->last == UNWRAP)) {
		code = al_gss_wrap(t->gss, t->seal, al_buf_head(&t->held),
		    al_buf_len(&t->held), on_wrapped, t, &err);
		al_buf_drain(&t->held, al_buf_len(&t->held));
		al_buf_trim(&t->held);
		t->last = WRAP;
	} else {
		code = al_gss_unwrap(t->gss, token, len, on_unwrapped, t,
		    &err);
		al_buf_drain(&t->in, AL_SOCKS5_HEAD + len);
		al_buf_trim(&t->in);
		t->last = UNWRAP;
	}
	if (code == AL_OK)
		t->asked = t->last;
	note(t, code, &err);
}

/* --- all that can be done now --------------------------------------------- */
static void
pump(struct seal *t)
{
	const uint8_t *token = NULL;
	size_t len = 0;
	unsigned want = 0;

	if (t->broken.code == AL_OK)
		send_out(t);
	if (t->broken.code == AL_OK) {
		if (receive(t, &token, &len) == AL_AGAIN && !t->eof)
			want = AL_WANT_READ;
		/* what was received goes first, even if it is the last */
		if (t->broken.code == AL_OK)
			ask(t, token, len);
	}
	if (t->broken.code == AL_OK)
		want |= al_stream_want(t->s.next);
	else
		want = 0;
	al_stream_watch_set(&t->watch, want);
	tell_user(t);
}

static void
on_ready(void *arg, unsigned ready)
{
	(void)ready;
	pump(arg);
}

/* --- the stream ----------------------------------------------------------- */
static enum al_code
seal_open(struct al_stream *s, struct al_err *err)
{
	const struct seal *t = (const struct seal *)s;

	*err = t->broken;
	return err->code;
}

static enum al_code
seal_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	struct seal *t = (struct seal *)s;
	size_t have = al_buf_len(&t->plain);

	if (have == 0) {
		*err = t->broken;
		return err->code != AL_OK ? err->code :
		    is_at_end(t) ? AL_EOF : AL_AGAIN;
	}
	*n = have < cap ? have : cap;
	memcpy(p, al_buf_head(&t->plain), *n);
	al_buf_drain(&t->plain, *n);
	if (*n == have) {
		al_buf_trim(&t->plain);
		pump(t);
	}
	return AL_OK;
}

static enum al_code
seal_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	struct seal *t = (struct seal *)s;
	size_t room = HELD_MAX - al_buf_len(&t->held);

	if (t->broken.code != AL_OK) {
		*err = t->broken;
		return err->code;
	}
	t->wait_room = room == 0;
	if (room == 0) {
		tell_user(t);
		return AL_AGAIN;
	}
	*n = len < room ? len : room;
	if (al_buf_put(&t->held, p, *n) != AL_OK)
		return al_fail_nomem(err, AL_AT_PROXY);
	pump(t);
	return AL_OK;
}

static enum al_code
seal_flush(struct al_stream *s, struct al_err *err)
{
	struct seal *t = (struct seal *)s;

	pump(t);
	if (t->broken.code != AL_OK) {
		*err = t->broken;
		return err->code;
	}
	t->wait_drained = !is_drained(t);
	if (has_room(t))
		t->wait_room = false;
	tell_user(t);
	return t->wait_drained ? AL_AGAIN : AL_OK;
}

/* The FIN goes behind the last wrapped byte. */
static enum al_code
seal_shut(struct al_stream *s, struct al_err *err)
{
	struct seal *t = (struct seal *)s;

	t->shut = true;
	t->wait_room = false;
	return seal_flush(s, err);
}

static unsigned
seal_want(const struct al_stream *s)
{
	const struct seal *t = (const struct seal *)s;

	return t->wait_room || t->wait_drained ? AL_WANT_WRITE : 0;
}

static int
seal_pending(const struct al_stream *s)
{
	return al_buf_len(&((const struct seal *)s)->plain) > 0;
}

static int
seal_fd(const struct al_stream *s)
{
	return ((const struct seal *)s)->ready.fd;
}

static void
seal_free(struct al_stream *s)
{
	struct seal *t = (struct seal *)s;

	al_stream_watch_fini(&t->watch);
	al_gss_free(t->gss);
	al_ready_fd_fini(&t->ready);
	al_buf_fini(&t->in);
	al_buf_fini(&t->plain);
	al_buf_fini(&t->held);
	al_buf_fini(&t->out);
	free(t);
}

static const struct al_stream_ops seal_ops = {
	.name = "seal",
	.open = seal_open,
	.read = seal_read,
	.write = seal_write,
	.flush = seal_flush,
	.shut = seal_shut,
	.want = seal_want,
	.pending = seal_pending,
	.fd = seal_fd,
	.free = seal_free,
};

struct al_stream *
al_seal_new(struct al_loop *loop, struct al_stream *next, struct al_gss *gss,
    enum al_gss_seal seal, struct al_err *err)
{
	struct seal *t = calloc(1, sizeof(*t));

	if (t == NULL)
		(void)al_fail_nomem(err, AL_AT_PROXY);
	if (t == NULL || al_ready_fd_init(&t->ready, err) != AL_OK) {
		free(t);
		al_gss_free(gss);
		al_stream_free(next);
		return NULL;
	}
	t->s = (struct al_stream){ &seal_ops, next };
	t->gss = gss;
	t->seal = seal;
	t->flushed = true;
	al_buf_init(&t->in, MESSAGE_MAX + CHUNK);
	al_buf_init(&t->plain, AL_SOCKS5_TOKEN_MAX);
	al_buf_init(&t->held, HELD_MAX);
	al_buf_init(&t->out, MESSAGE_MAX);
	if (al_stream_watch_init(&t->watch, loop, next, on_ready, t, err) !=
	    AL_OK) {
		al_stream_free(&t->s);
		return NULL;
	}
	pump(t);		/* next may hold bytes that no fd tells of */
	return &t->s;
}
