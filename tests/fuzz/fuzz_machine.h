/* tests/fuzz/fuzz_machine.h - a handshake machine, whole and in pieces. */
#ifndef AL_FUZZ_MACHINE_H
#define AL_FUZZ_MACHINE_H

#include "connector/base/hs.h"
#include "tests/fuzz/fuzz.h"

struct fuzz_end {
	enum al_hs	r;
	enum al_code	code;
	int		status;
	size_t		left, sent;
};

/* Answers a machine that needs a token from outside; NULL: that is the end. */
static void (*fuzz_on_need)(const struct al_machine *m);

/* All of p in pieces, then the end.  Frees the machine. */
static inline struct fuzz_end
fuzz_talk(struct al_machine m, const uint8_t *p, size_t len, size_t chunk)
{
	struct al_buf in, out;
	struct al_err err = { .code = AL_OK };
	struct fuzz_end end = { .r = AL_HS_MORE };
	size_t have = 0, n;

	al_buf_init(&in, 1 << 20);
	al_buf_init(&out, 1 << 16);
	for (;;) {
		end.r = m.ops->step(m.m, &in, &out, &err);
		if (end.r == AL_HS_NEED && fuzz_on_need != NULL) {
			fuzz_on_need(&m);
			continue;
		}
		if (end.r != AL_HS_MORE)
			break;
		if (have == len) {
			end.r = m.ops->eof(m.m, &in, &err);
			CHECK(end.r != AL_HS_MORE);
			break;
		}
		n = len - have > chunk ? chunk : len - have;
		CHECK(al_buf_put(&in, p + have, n) == AL_OK);
		have += n;
	}
	CHECK(end.r != AL_HS_FAIL || err.text[0] != '\0');
	if (end.r == AL_HS_FAIL) {
		end.code = err.code;
		end.status = err.status;
	}
	end.left = al_buf_len(&in) + len - have;
	end.sent = al_buf_len(&out);
	al_buf_fini(&in);
	al_buf_fini(&out);
	m.ops->free(m.m);
	return end;
}

/* The pieces make no difference, but for how much a failure has seen. */
static inline void
fuzz_same(struct fuzz_end a, struct fuzz_end b)
{
	CHECK(a.r == b.r && a.code == b.code && a.status == b.status);
	CHECK(a.sent == b.sent);
	CHECK(a.r != AL_HS_DONE || a.left == b.left);
}

#endif
