/* connector/session/carrier.c - WebSocket messages over a stream, on a loop. */
#include "connector/session/carrier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/stream/tcp.h"

#define LINGER_MS	2000
#define NOTSENT_MAX	(128 * 1024)	/* little below the scheduler */
#define STUCK_MS	30000		/* no byte is taken while bytes wait */

struct al_carrier *
al_carrier_new(struct al_loop *loop, struct al_stream *stream,
    enum al_ws_role role, struct al_err *err)
{
	struct al_carrier *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_WS);
		return NULL;
	}
	if (al_rng_init(&c->rng, err) != AL_OK) {
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->role = role;
	al_ws_init(&c->ws, role);
	c->stream = stream;
	al_tcp_set_link(stream, NOTSENT_MAX, STUCK_MS);
	return c;
}

void
al_carrier_free(struct al_carrier *c)
{
	if (c == NULL)
		return;
	al_loop_release(&c->leftover);
	al_watch_fini(&c->watch);
	al_timer_fini(&c->timer);
	al_stream_free(c->stream);
	al_ws_fini(&c->ws);
	free(c->rest);
	free(c);
}

enum al_code
al_carrier_own(struct al_carrier *c,
    void (*on_ready)(void *arg, unsigned ready), void (*on_time)(void *arg),
    void *arg, struct al_err *err)
{
	enum al_code code;

	al_watch_fini(&c->watch);
	al_timer_fini(&c->timer);
	code = al_watch_init(&c->watch, c->loop, al_stream_fd(c->stream),
	    on_ready, arg, err);
	if (code == AL_OK && on_time != NULL)
		code = al_timer_init(&c->timer, c->loop, on_time, arg, err);
	return code;
}

enum al_code
al_carrier_read(struct al_carrier *c, struct al_err *err)
{
	size_t cap, n;
	uint8_t *p = al_ws_room(&c->ws, &cap);
	enum al_code code;

	if (p == NULL)
		return al_fail_nomem(err, AL_AT_WS);
	code = al_stream_read(c->stream, p, cap, &n, err);
	if (code == AL_OK)
		al_ws_commit(&c->ws, n);
	return code;
}

/* --- writing -------------------------------------------------------------- */
/* What the stream does not take at once waits here, so that the engine's
 * record is free again. */
static enum al_code
write_all(struct al_carrier *c, const uint8_t *p, size_t len,
    struct al_err *err)
{
	enum al_code code = AL_OK;
	uint8_t *rest;
	size_t n;

	while (len > 0 && c->rest == NULL) {
		code = al_stream_write(c->stream, p, len, &n, err);
		if (code != AL_OK)
			break;
		p += n;
		len -= n;
	}
	if (len == 0 || (code != AL_OK && code != AL_AGAIN))
		return code;
	rest = malloc(c->rest_len + len);
	if (rest == NULL)
		return al_fail_nomem(err, AL_AT_WS);
	if (c->rest != NULL)
		memcpy(rest, c->rest + c->rest_off, c->rest_len);
	memcpy(rest + c->rest_len, p, len);
	free(c->rest);
	c->rest = rest;
	c->rest_off = 0;
	c->rest_len += len;
	return AL_OK;
}

enum al_code
al_carrier_flush(struct al_carrier *c, struct al_err *err)
{
	enum al_code code;
	size_t n;

	while (c->rest != NULL) {
		code = al_stream_write(c->stream, c->rest + c->rest_off,
		    c->rest_len, &n, err);
		if (code != AL_OK)
			return code;
		c->rest_off += n;
		c->rest_len -= n;
		if (c->rest_len == 0) {
			free(c->rest);
			c->rest = NULL;
		}
	}
	return al_stream_flush(c->stream, err);
}

/* A client's message is masked on its way to TLS: the record stays as it is
 * for replay, and this pass is the copy. */
static enum al_code
send_masked(struct al_carrier *c, struct al_ws_frame *f,
    const struct al_msg *msg, struct al_err *err)
{
	uint8_t buf[AL_WS_HEADER_MAX + AL_TLS_RECORD];
	size_t n;

	f->masked = true;
	al_put_u32(f->key, al_rng_u32(&c->rng));
	n = al_ws_encode(buf, f);
	al_ws_mask(buf + n, msg->front, msg->front_len, f->key, 0);
	if (msg->rec_len > 0)
		al_ws_mask(buf + n + msg->front_len, msg->rec, msg->rec_len,
		    f->key, msg->front_len);
	return write_all(c, buf, n + (size_t)f->len, err);
}

/* A server's goes as it is: header and link frames in the record's headroom. */
static enum al_code
send_plain(struct al_carrier *c, const struct al_ws_frame *f,
    struct al_msg *msg, struct al_err *err)
{
	uint8_t head[AL_WS_HEADER_MAX + sizeof(msg->front)];
	size_t n = al_ws_encode(head, f);
	enum al_code code;

	memcpy(head + n, msg->front, msg->front_len);
	n += msg->front_len;
	if (msg->rec == NULL)
		return write_all(c, head, n, err);
	if (n <= AL_HEADROOM - AL_FRAME_HEADER) {
		memcpy(msg->rec - n, head, n);
		return write_all(c, msg->rec - n, n + msg->rec_len, err);
	}
	code = write_all(c, head, n, err);
	return code != AL_OK ? code :
	    write_all(c, msg->rec, msg->rec_len, err);
}

enum al_code
al_carrier_send(struct al_carrier *c, struct al_msg *msg, struct al_err *err)
{
	struct al_ws_frame f = { .op = AL_WS_BINARY, .fin = true,
	    .len = msg->front_len + msg->rec_len };

	return c->role == AL_WS_CLIENT ? send_masked(c, &f, msg, err) :
	    send_plain(c, &f, msg, err);
}

static enum al_code
send_control(struct al_carrier *c, uint8_t op, const void *p, size_t len,
    struct al_err *err)
{
	uint8_t out[AL_WS_HEADER_MAX + AL_WS_CONTROL_MAX], key[4];

	al_put_u32(key, al_rng_u32(&c->rng));
	return write_all(c, out, al_ws_put_control(out, c->role, op, p, len,
	    key), err);
}

/* --- reading -------------------------------------------------------------- */
enum al_code
al_carrier_next(struct al_carrier *c, struct al_block **blk,
    struct al_err *err)
{
	struct al_ws_event ev;
	enum al_code code;

	for (;;) {
		code = al_ws_next(&c->ws, &ev, err);
		if (code != AL_OK)
			return code;
		if (ev.type == AL_WS_MESSAGE) {
			*blk = ev.block;
			return AL_OK;
		}
		if (ev.op == AL_WS_CLOSE) {
			char text[AL_WS_CONTROL_MAX + 1];

			(void)snprintf(text, sizeof(text), "%.*s",
			    ev.len > 2 ? (int)ev.len - 2 : 0,
			    (const char *)ev.p + (ev.len > 2 ? 2 : 0));
			(void)al_fail(err, AL_EOF, AL_AT_WS, 0,
			    "the peer closed the WebSocket (%u%s%s)",
			    ev.len >= 2 ? al_get_u16(ev.p) : 1005,
			    text[0] != '\0' ? ": " : "", text);
			return AL_EOF;
		}
		/* one PONG at most waits: a peer that floods while it reads
		 * nothing gets none (RFC 6455 5.5.3) */
		if (ev.op == AL_WS_PING && c->rest == NULL) {
			code = send_control(c, AL_WS_PONG, ev.p, ev.len, err);
			if (code != AL_OK)
				return code;
		}
	}
}

void
al_carrier_watch(struct al_carrier *c, unsigned want)
{
	al_watch_set(&c->watch, want | al_stream_want(c->stream));
}

/* --- goodbye -------------------------------------------------------------- */
static void
linger_end(void *arg)
{
	al_carrier_free(arg);
}

static void
linger_step(void *arg, unsigned ready)
{
	struct al_carrier *c = arg;
	uint8_t sink[4096];
	struct al_err err;
	enum al_code in, out;
	size_t n;

	(void)ready;
	out = al_carrier_flush(c, &err);
	if (out == AL_OK)
		out = al_stream_shut(c->stream, &err);
	do
		in = al_stream_read(c->stream, sink, sizeof(sink), &n, &err);
	while (in == AL_OK);
	if (in != AL_AGAIN || (out != AL_OK && out != AL_AGAIN)) {
		al_carrier_free(c);
		return;
	}
	al_carrier_watch(c, AL_WANT_READ |
	    (out == AL_AGAIN ? AL_WANT_WRITE : 0));
}

void
al_carrier_linger(struct al_carrier *c, unsigned code, const char *text)
{
	uint8_t body[AL_WS_CONTROL_MAX];
	struct al_err err;
	size_t n = text != NULL ? strlen(text) : 0;

	if (n > sizeof(body) - 2)
		n = sizeof(body) - 2;
	al_put_u16(body, (uint16_t)code);
	if (n > 0)
		memcpy(body + 2, text, n);
	if (al_carrier_own(c, linger_step, linger_end, c, &err) != AL_OK ||
	    send_control(c, AL_WS_CLOSE, body, n + 2, &err) != AL_OK) {
		al_carrier_free(c);
		return;
	}
	al_loop_adopt(c->loop, &c->leftover, c, linger_end);
	al_timer_set(&c->timer, LINGER_MS);
	linger_step(c, 0);	/* now: the program may be about to end */
}
