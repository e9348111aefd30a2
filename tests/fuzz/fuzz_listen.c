/* tests/fuzz/fuzz_listen.c - clients of our local port. */
#include "proxy/listen.h"
#include "tests/fuzz/fuzz.h"

static enum al_hs
run(struct al_listen *l, const uint8_t *p, size_t len, size_t chunk,
    struct al_buf *out, size_t *left)
{
	struct al_buf in;
	struct al_err err;
	enum al_hs r = AL_HS_MORE;
	size_t have = 0, n;

	al_buf_init(&in, 1 << 20);
	while (r == AL_HS_MORE && have < len) {
		n = len - have > chunk ? chunk : len - have;
		CHECK(al_buf_put(&in, p + have, n) == AL_OK);
		have += n;
		r = al_listen_step(l, &in, out, &err);
		CHECK(r != AL_HS_MORE || al_buf_len(&in) <= AL_LISTEN_IN_MAX);
	}
	*left = al_buf_len(&in) + len - have;
	al_buf_fini(&in);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len), left[2];
	struct al_listen l[2] = { { .port = 0 }, { .port = 0 } };
	struct al_buf out[2];
	struct al_err err;
	enum al_hs r[2];

	for (size_t i = 0; i < 2; i++) {
		al_buf_init(&out[i], 4096);
		r[i] = run(&l[i], p, len, i ? chunk : len + 1, &out[i],
		    &left[i]);
	}
	CHECK(r[0] == r[1] && l[0].kind == l[1].kind);
	if (r[0] == AL_HS_DONE) {
		CHECK(left[0] == left[1] && l[0].port == l[1].port);
		CHECK(strcmp(l[0].host, l[1].host) == 0);
		CHECK(l[0].host[0] != '\0' && l[0].port != 0);
		CHECK(al_listen_accept(&l[0], &out[0], &err) == AL_OK);
		CHECK(al_listen_refuse(&l[1], AL_CHAN_REFUSED, "no", &out[1],
		    &err) == AL_OK);
	}
	al_buf_fini(&out[0]);
	al_buf_fini(&out[1]);
	return 0;
}
