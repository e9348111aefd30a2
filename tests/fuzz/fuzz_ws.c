/* tests/fuzz/fuzz_ws.c - WebSocket messages: in pieces or not, kept or not. */
#include "connector/engine/ws.h"
#include "tests/fuzz/fuzz.h"

/* What came of the input: every byte and its kind count. */
struct outcome {
	enum al_code	 code;
	uint64_t	 sum;
	size_t		 events;
};

static void
add(struct outcome *o, uint8_t op, const uint8_t *p, size_t len)
{
	size_t i;

	o->sum = (o->sum ^ op ^ len << 8) * 1099511628211u;
	for (i = 0; i < len; i++)
		o->sum = (o->sum ^ p[i]) * 1099511628211u;
	o->events++;
}

static void
event(struct al_ws *w, const struct al_ws_event *ev, struct outcome *o,
    int keep)
{
	struct al_block *b = ev->block;

	if (ev->type == AL_WS_CONTROL) {
		CHECK(ev->len <= AL_WS_CONTROL_MAX);
		add(o, ev->op, ev->p, ev->len);
		return;
	}
	CHECK(b->len <= AL_WS_MESSAGE_MAX && b->off >= AL_HEADROOM &&
	    b->off + b->len <= b->cap);
	add(o, ev->op, al_block_head(b), b->len);
	memset(b->data, 0, b->off);
	if (keep && b->len >= AL_BLOCK_WHOLE) {
		al_block_free(b);
		b = NULL;
	}
	al_ws_done(w, b);
	if (keep)
		al_ws_trim(w);
}

static struct outcome
run(const uint8_t *p, size_t len, enum al_ws_role role, size_t chunk,
    int keep)
{
	struct outcome o = { .code = AL_AGAIN };
	struct al_ws_event ev;
	struct al_err err;
	struct al_ws w;
	size_t cap, n;

	al_ws_init(&w, role);
	while (len > 0 && o.code == AL_AGAIN) {
		uint8_t *to = al_ws_room(&w, &cap);

		CHECK(to != NULL && cap > 0);
		n = len < chunk ? len : chunk;
		n = n < cap ? n : cap;
		memcpy(to, p, n);
		al_ws_commit(&w, n);
		p += n;
		len -= n;
		while ((o.code = al_ws_next(&w, &ev, &err)) == AL_OK)
			event(&w, &ev, &o, keep);
	}
	al_ws_fini(&w);
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len);
	enum al_ws_role role;

	for (role = AL_WS_CLIENT; role <= AL_WS_SERVER; role++) {
		struct outcome a = run(p, len, role, SIZE_MAX, 0);
		struct outcome b = run(p, len, role, chunk, 1);

		CHECK(a.code == b.code && a.sum == b.sum &&
		    a.events == b.events);
	}
	return 0;
}
