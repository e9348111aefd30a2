/* connector/engine/ws.c - WebSocket messages out of bytes. */
#include "connector/engine/ws.h"

#include <string.h>

void
al_ws_init(struct al_ws *w, enum al_ws_role role)
{
	memset(w, 0, sizeof(*w));
	w->role = role;
}

void
al_ws_fini(struct al_ws *w)
{
	al_block_free(w->in);
	al_block_free(w->rest);
	al_block_free(w->msg);
	al_ws_init(w, w->role);
}

uint8_t *
al_ws_room(struct al_ws *w, size_t *cap)
{
	struct al_block *b = w->in;

	if (b == NULL) {
		b = w->in = al_block_new(AL_TLS_RECORD);
		if (b == NULL)
			return NULL;
	}
	if (b->off > AL_HEADROOM && (b->len == 0 ||
	    b->cap - b->off - b->len < AL_TLS_RECORD / 2)) {
		memmove(b->data + AL_HEADROOM, b->data + b->off, b->len);
		b->off = AL_HEADROOM;
	}
	*cap = b->cap - b->off - b->len;
	return b->data + b->off + b->len;
}

void
al_ws_commit(struct al_ws *w, size_t n)
{
	w->in->len += (uint32_t)n;
}

static void
skip(struct al_block *b, size_t n)
{
	b->off += (uint32_t)n;
	b->len -= (uint32_t)n;
}

static enum al_code
too_long(struct al_err *err)
{
	return al_fail(err, AL_ELIMIT, AL_AT_WS, 0,
	    "websocket: a message over %d bytes", AL_WS_MESSAGE_MAX);
}

/* Order of frames: RFC 6455 5.4. */
static enum al_code
check_order(const struct al_ws *w, const struct al_ws_frame *f,
    struct al_err *err)
{
	const char *why = NULL;

	if (al_ws_is_control(f->op))
		return AL_OK;
	if (f->op == AL_WS_TEXT)
		why = "a text message";
	else if (f->op == AL_WS_CONT && !w->fragmented)
		why = "a continuation of nothing";
	else if (f->op == AL_WS_BINARY && w->fragmented)
		why = "a new message inside another";
	if (why != NULL)
		return al_fail(err, AL_EPROTO, AL_AT_WS, 0, "websocket: %s",
		    why);
	if (f->len > AL_WS_MESSAGE_MAX ||
	    (w->msg != NULL && w->msg->len + f->len > AL_WS_MESSAGE_MAX))
		return too_long(err);
	return AL_OK;
}

static void
unmask(const struct al_ws_frame *f, uint8_t *dst, const uint8_t *src,
    size_t len, size_t phase)
{
	if (f->masked)
		al_ws_mask(dst, src, len, f->key, phase);
	else if (dst != src)
		memcpy(dst, src, len);
}

/* A control frame: all of it has to be there. */
static enum al_code
take_control(struct al_ws *w, const struct al_ws_frame *f,
    struct al_ws_event *ev)
{
	struct al_block *b = w->in;

	if (b->len - f->header_len < f->len)
		return AL_AGAIN;
	unmask(f, w->control, al_block_head(b) + f->header_len,
	    (size_t)f->len, 0);
	skip(b, f->header_len + (size_t)f->len);
	*ev = (struct al_ws_event){ .type = AL_WS_CONTROL, .op = f->op,
	    .p = w->control, .len = (size_t)f->len };
	return AL_OK;
}

/*
 * The frame at the front of in is a whole message: hand the block over.  If
 * somebody may keep it, what came behind goes to a block of its own first.
 */
static enum al_code
take_whole(struct al_ws *w, const struct al_ws_frame *f,
    struct al_ws_event *ev, struct al_err *err)
{
	struct al_block *b = w->in;
	uint32_t left;

	skip(b, f->header_len);
	unmask(f, al_block_head(b), al_block_head(b), (size_t)f->len, 0);
	left = b->len - (uint32_t)f->len;
	w->resume_off = b->off + (uint32_t)f->len;
	w->resume_len = left;
	if (left > 0 && f->len >= AL_BLOCK_WHOLE) {
		w->rest = al_block_new(AL_TLS_RECORD);
		if (w->rest == NULL)
			return al_fail_nomem(err, AL_AT_WS);
		memcpy(w->rest->data + AL_HEADROOM, b->data + w->resume_off,
		    left);
		w->rest->len = left;
	}
	b->len = (uint32_t)f->len;
	w->in = NULL;
	*ev = (struct al_ws_event){ .type = AL_WS_MESSAGE, .op = AL_WS_BINARY,
	    .block = b };
	return AL_OK;
}

/* The frame's payload goes into msg as it comes. */
static enum al_code
begin_pieces(struct al_ws *w, const struct al_ws_frame *f, struct al_err *err)
{
	if (w->msg == NULL) {
		/* of fragments the first makes room for all of them */
		w->msg = al_block_new(f->fin ? (size_t)f->len :
		    AL_WS_MESSAGE_MAX);
		if (w->msg == NULL)
			return al_fail_nomem(err, AL_AT_WS);
	}
	skip(w->in, f->header_len);
	w->frame = *f;
	w->left = f->len;
	w->partial = true;
	w->fragmented = !f->fin;
	return AL_OK;
}

static bool
go_on_pieces(struct al_ws *w, struct al_ws_event *ev)
{
	struct al_block *b = w->in, *m = w->msg;
	size_t n = b->len < w->left ? b->len : (size_t)w->left;

	unmask(&w->frame, al_block_head(m) + m->len, al_block_head(b), n,
	    (size_t)(w->frame.len - w->left));
	m->len += (uint32_t)n;
	skip(b, n);
	w->left -= n;
	if (w->left > 0)
		return false;
	w->partial = false;
	if (w->fragmented)
		return false;
	w->msg = NULL;
	w->resume_len = 0;
	*ev = (struct al_ws_event){ .type = AL_WS_MESSAGE, .op = AL_WS_BINARY,
	    .block = m };
	return true;
}

enum al_code
al_ws_next(struct al_ws *w, struct al_ws_event *ev, struct al_err *err)
{
	struct al_ws_frame f;
	enum al_code code;

	for (;;) {
		if (w->in == NULL || (w->in->len == 0 &&
		    !(w->partial && w->left == 0)))
			return AL_AGAIN;
		if (w->partial) {
			if (go_on_pieces(w, ev))
				return AL_OK;
			continue;
		}
		code = al_ws_decode(&f, al_block_head(w->in), w->in->len,
		    w->role, err);
		if (code == AL_OK)
			code = check_order(w, &f, err);
		if (code != AL_OK)
			return code;
		if (al_ws_is_control(f.op))
			return take_control(w, &f, ev);
		if (f.fin && f.op == AL_WS_BINARY) {
			if (w->in->len - f.header_len >= f.len)
				return take_whole(w, &f, ev, err);
			if (f.header_len + f.len <= AL_TLS_RECORD)
				return AL_AGAIN;
		}
		code = begin_pieces(w, &f, err);
		if (code != AL_OK)
			return code;
	}
}

void
al_ws_done(struct al_ws *w, struct al_block *b)
{
	if (w->in != NULL) {		/* b was put together from pieces */
		al_block_free(b);
		return;
	}
	if (w->rest != NULL || b == NULL) {
		w->in = w->rest;
		w->rest = NULL;
		al_block_free(b);
		return;
	}
	b->off = w->resume_off;
	b->len = w->resume_len;
	w->in = b;
}

void
al_ws_trim(struct al_ws *w)
{
	if (w->in != NULL && w->in->len == 0 && !w->partial) {
		al_block_free(w->in);
		w->in = NULL;
	}
}

size_t
al_ws_put_control(uint8_t *out, enum al_ws_role role, uint8_t op,
    const void *p, size_t len, const uint8_t key[static 4])
{
	struct al_ws_frame f = { .op = op, .fin = true, .len = len,
	    .masked = role == AL_WS_CLIENT };
	size_t n;

	memcpy(f.key, key, 4);
	n = al_ws_encode(out, &f);
	if (len > 0 && f.masked)
		al_ws_mask(out + n, p, len, key, 0);
	else if (len > 0)
		memcpy(out + n, p, len);
	return n + len;
}
