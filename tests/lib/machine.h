/* tests/lib/machine.h - run a handshake machine against bytes of a peer. */
#ifndef AL_TEST_MACHINE_H
#define AL_TEST_MACHINE_H

#include <stdbool.h>
#include <stdio.h>

#include "connector/base/hs.h"
#include "tests/lib/guard.h"

struct talk {
	char		sent[4096];	/* all that the machine wrote, NUL */
	size_t		sent_len;
	size_t		left;		/* of the peer's bytes             */
	bool		saw_eof;
	struct al_err	err;
};

/* One step on p[0..n), placed right before an unreadable page. */
static inline enum al_hs
talk_step(const struct al_machine *m, struct guard *g, const uint8_t *p,
    size_t n, size_t *used, bool at_eof, struct talk *t)
{
	struct al_buf in = { .max = 1 << 20 }, out;
	enum al_hs r;
	size_t room = sizeof(t->sent) - 1 - t->sent_len;

	if (n > 0) {
		in.mem = g->map + g->map_len - sysconf(_SC_PAGESIZE) - n;
		memcpy(in.mem, p, n);
		in.end = in.cap = n;
	}
	al_buf_init(&out, 1 << 20);
	r = at_eof ? m->ops->eof(m->m, &in, &t->err) :
	    m->ops->step(m->m, &in, &out, &t->err);
	*used = n - al_buf_len(&in);
	if (al_buf_len(&out) < room)
		room = al_buf_len(&out);
	if (room > 0)
		memcpy(t->sent + t->sent_len, al_buf_head(&out), room);
	t->sent_len += room;
	t->sent[t->sent_len] = '\0';
	al_buf_fini(&out);
	return r;
}

/*
 * All of p in pieces of chunk bytes, then the end of the stream.  Frees the
 * machine.
 */
static inline enum al_hs
talk(struct al_machine m, const uint8_t *p, size_t len, size_t chunk,
    struct talk *t)
{
	struct guard g = guard_copy(p, len);
	size_t at = 0, have = 0, used;
	enum al_hs r;

	*t = (struct talk){ .sent_len = 0 };
	for (;;) {
		r = talk_step(&m, &g, p + at, have - at, &used, false, t);
		at += used;
		if (r != AL_HS_MORE)
			break;
		if (have == len) {
			t->saw_eof = true;
			r = talk_step(&m, &g, p + at, have - at, &used, true,
			    t);
			break;
		}
		have = len - have > chunk ? have + chunk : len;
	}
	t->left = len - at;
	m.ops->free(m.m);
	guard_free(&g);
	return r;
}

#endif
