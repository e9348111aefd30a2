/* tests/lib/rawlink.h - one connection to a gateway, played frame by frame. */
#ifndef AL_TEST_RAWLINK_H
#define AL_TEST_RAWLINK_H

#include "connector/engine/ws.h"
#include "tests/lib/gateway.h"
#include "tests/lib/script.h"

struct raw {
	struct al_stream	*s;
	struct al_ws		 ws;
	bool			 eof;
	unsigned		 close_code;	/* of the WebSocket, or 0 */
	char			 close_text[126];
	struct al_welcome	 welcome;
	uint8_t			 ping[8];	/* the last that came     */
	char			 got[8192];	/* frames but ACK, as script.h
					 * writes them, ";" behind each */
};

static inline void
raw_open(struct raw *r, const char *path, const char *authorization)
{
	memset(r, 0, sizeof(*r));
	r->s = upgrade(connect_to_gateway(), path, authorization);
	al_ws_init(&r->ws, AL_WS_CLIENT);
}

static inline void
raw_close(struct raw *r)
{
	if (r->s == NULL)
		return;
	al_stream_free(r->s);
	al_ws_fini(&r->ws);
	r->s = NULL;
}

static inline void
raw_frame(struct raw *r, const struct al_frame *f)
{
	size_t n = strlen(r->got);

	if (f->type == AL_F_ACK)
		return;
	if (f->type == AL_F_WELCOME)
		assert_int_equal(al_frame_decode_welcome(f, &r->welcome,
		    &T.err), AL_OK);
	if (f->type == AL_F_PING)
		memcpy(r->ping, f->body, sizeof(r->ping));
	assert_true(n + 600 < sizeof(r->got));
	script_frame(r->got + n, sizeof(r->got) - n - 2, f);
	strcat(r->got, ";");
}

static inline void
raw_event(struct raw *r, struct al_ws_event *ev)
{
	const uint8_t *p, *end;
	struct al_frame f;

	if (ev->type == AL_WS_CONTROL) {
		if (ev->op == AL_WS_CLOSE && ev->len >= 2) {
			r->close_code = al_get_u16(ev->p);
			(void)snprintf(r->close_text, sizeof(r->close_text),
			    "%.*s", (int)ev->len - 2, (const char *)ev->p + 2);
		}
		return;
	}
	p = al_block_head(ev->block);
	for (end = p + ev->block->len; p < end; p += AL_FRAME_HEADER + f.len) {
		assert_int_equal(al_frame_decode(&f, p, (size_t)(end - p),
		    &T.err), AL_OK);
		raw_frame(r, &f);
	}
	al_ws_done(&r->ws, ev->block);
}

/* What has come until now. */
static inline void
raw_read(struct raw *r)
{
	struct al_ws_event ev;
	enum al_code code = AL_OK;
	size_t cap, n;
	uint8_t *p;

	while (!r->eof && code == AL_OK) {
		while (al_ws_next(&r->ws, &ev, &T.err) == AL_OK)
			raw_event(r, &ev);
		p = al_ws_room(&r->ws, &cap);
		assert_non_null(p);
		code = al_stream_read(r->s, p, cap, &n, &T.err);
		if (code == AL_OK)
			al_ws_commit(&r->ws, n);
	}
	r->eof |= code != AL_OK && code != AL_AGAIN;
}

static inline bool
raw_has(struct raw *r, const char *frame)
{
	raw_read(r);
	return strstr(r->got, frame) != NULL;
}

static inline bool
raw_ended(struct raw *r)
{
	raw_read(r);
	return r->eof;
}

/* Wait for a frame; it is a failure if the link ends first. */
static inline void
raw_until(struct raw *r, const char *frame)
{
	while (!raw_has(r, frame)) {
		if (r->eof)
			fail_msg("no %s, but the end (%u %s), after %s",
			    frame, r->close_code, r->close_text, r->got);
		turn();
	}
}

/* A message of these frames. */
static inline void
raw_send(struct raw *r, const uint8_t *p, size_t len)
{
	struct al_ws_frame f = { .op = AL_WS_BINARY, .fin = true,
	    .masked = true, .key = { 1, 2, 3, 4 }, .len = len };
	uint8_t out[1024];
	size_t n = al_ws_encode(out, &f), written;

	assert_true(n + len <= sizeof(out));
	al_ws_mask(out + n, p, len, f.key, 0);
	/* a gateway that has closed takes nothing: that shows when reading */
	if (al_stream_write(r->s, out, n + len, &written, &T.err) == AL_OK)
		assert_int_equal(written, n + len);
}

static inline void
raw_start(struct raw *r, uint64_t pos)
{
	uint8_t p[AL_FRAME_START_LEN];

	al_frame_put_start(p, pos);
	raw_send(r, p, sizeof(p));
}

/* A HELLO with the proof of key; NULL: none. */
static inline size_t
raw_put_hello(uint8_t *p, size_t cap, const struct al_hello *h,
    const uint8_t *key)
{
	size_t n = al_frame_encode_hello(p, cap, h);

	assert_true(n > 0);
	if (key != NULL)
		assert_int_equal(al_hello_sign(p, n, key, &T.err), AL_OK);
	return n;
}

static inline void
raw_hello(struct raw *r, const struct al_hello *h, const uint8_t *key)
{
	uint8_t p[512];

	raw_send(r, p, raw_put_hello(p, sizeof(p), h, key));
}

/* What the opener cl would say next to resume, and prove with its key. */
static inline struct al_hello
hello_of(const struct client *cl)
{
	const struct al_session *s = session_of(cl);
	struct al_hello h = s->hello;

	memcpy(h.id, s->id, sizeof(h.id));
	h.recv_pos = s->recv_pos;
	h.epoch++;
	return h;
}

static inline const uint8_t *
key_of(const struct client *cl)
{
	return session_of(cl)->key;
}

#endif
