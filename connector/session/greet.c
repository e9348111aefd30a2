/* connector/session/greet.c - the acceptor's first message: HELLO. */
#include "connector/session/greet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/session/carrier.h"
#include "connector/session/greet_int.h"

#define HELLO_MS	15000

struct al_greet {
	struct al_carrier	*c;
	struct al_greeted	*greeted;	/* becomes it */
	al_on_greet		*on_greet;
	void			*arg;
};

static void
finish(struct al_greet *gr, enum al_code code, const struct al_err *err)
{
	struct al_greeted *g = code == AL_OK ? gr->greeted : NULL;

	if (g != NULL) {
		gr->greeted = NULL;
		g->c = gr->c;
		al_watch_set(&g->c->watch, 0);
		al_timer_cancel(&g->c->timer);
		err = NULL;
	} else {
		al_carrier_free(gr->c);
	}
	gr->on_greet(gr->arg, g, g != NULL ? &g->hello : NULL, err);
	free(gr->greeted);
	free(gr);
}

static enum al_code
keep(struct al_greeted *g, struct al_block *b, struct al_err *err)
{
	struct al_frame f;
	enum al_code code = al_frame_decode(&f, al_block_head(b), b->len,
	    err);

	if (code != AL_OK)
		return code;
	if (f.type != AL_F_HELLO || b->len != AL_FRAME_HEADER +
	    (size_t)f.len || b->len > sizeof(g->raw))
		return al_fail(err, AL_EPROTO, AL_AT_SESSION, 0,
		    "the first message is not HELLO alone");
	memcpy(g->raw, al_block_head(b), b->len);
	g->raw_len = b->len;
	return al_frame_decode_hello(&f, &g->hello, err);
}

static enum al_code
read_hello(struct al_greet *gr, struct al_err *err)
{
	struct al_block *b;
	enum al_code code;

	while ((code = al_carrier_next(gr->c, &b, err)) == AL_AGAIN) {
		code = al_carrier_read(gr->c, err);
		if (code == AL_EOF)
			return al_fail(err, AL_ENET, AL_AT_SESSION, 0,
			    "the peer left before HELLO");
		if (code != AL_OK)
			return code;
	}
	if (code != AL_OK)
		return code;
	code = keep(gr->greeted, b, err);
	al_ws_done(&gr->c->ws, b);
	return code;
}

static void
on_ready(void *arg, unsigned ready)
{
	struct al_greet *gr = arg;
	struct al_err err;
	enum al_code code;

	(void)ready;
	code = read_hello(gr, &err);
	if (code == AL_AGAIN)
		al_carrier_watch(gr->c, AL_WANT_READ);
	else
		finish(gr, code, &err);
}

static void
on_time(void *arg)
{
	struct al_err err;

	(void)al_fail(&err, AL_ETIMEOUT, AL_AT_SESSION, 0,
	    "no HELLO within %d s", HELLO_MS / 1000);
	finish(arg, AL_ETIMEOUT, &err);
}

struct al_greet *
al_greet_start(struct al_loop *loop, struct al_stream *stream,
    al_on_greet *on_greet, void *arg, struct al_err *err)
{
	struct al_greet *gr = calloc(1, sizeof(*gr));

	if (gr == NULL) {
		(void)al_fail_nomem(err, AL_AT_SESSION);
		al_stream_free(stream);
		return NULL;
	}
	gr->on_greet = on_greet;
	gr->arg = arg;
	gr->greeted = calloc(1, sizeof(*gr->greeted));
	if (gr->greeted == NULL)
		(void)al_fail_nomem(err, AL_AT_SESSION);
	else
		gr->c = al_carrier_new(loop, stream, AL_WS_SERVER, err);
	if (gr->c == NULL) {
		al_stream_free(stream);
		free(gr->greeted);
		free(gr);
		return NULL;
	}
	if (al_carrier_own(gr->c, on_ready, on_time, gr, err) != AL_OK) {
		al_greet_cancel(gr);
		return NULL;
	}
	al_timer_set(&gr->c->timer, HELLO_MS);
	/* bytes may be there already, above the fd: the socket is writable, so
	 * the first look comes from the loop at once */
	al_carrier_watch(gr->c, AL_WANT_READ | AL_WANT_WRITE);
	return gr;
}

void
al_greet_cancel(struct al_greet *gr)
{
	if (gr == NULL)
		return;
	al_carrier_free(gr->c);
	free(gr->greeted);
	free(gr);
}

void
al_greeted_free(struct al_greeted *g)
{
	if (g == NULL)
		return;
	al_carrier_free(g->c);
	free(g);
}

void
al_greeted_reject(struct al_greeted *g, enum al_welcome_status status,
    uint32_t retry_after_s, const char *text)
{
	struct al_welcome w = { .status = (uint8_t)status,
	    .version = AL_PROTOCOL_VERSION, .retry_after_s = retry_after_s };
	struct al_msg msg = { .rec = NULL };
	struct al_err err;

	memcpy(w.id, g->hello.id, sizeof(w.id));
	(void)snprintf(w.text, sizeof(w.text), "%s",
	    text != NULL ? text : "");
	msg.front_len = al_frame_encode_welcome(msg.front, sizeof(msg.front),
	    &w);
	if (msg.front_len == 0) {	/* the text is too long for one piece */
		w.text[0] = '\0';
		msg.front_len = al_frame_encode_welcome(msg.front,
		    sizeof(msg.front), &w);
	}
	if (al_carrier_send(g->c, &msg, &err) == AL_OK)
		al_carrier_linger(g->c, 1000, "");
	else
		al_carrier_free(g->c);
	free(g);
}
