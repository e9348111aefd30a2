/* tests/fuzz/fuzz_muxframe.c - a message full of session frames. */
#include "connector/wire/mux_frame.h"
#include "tests/fuzz/fuzz.h"

static void
hellos(const struct al_frame *f)
{
	static const uint8_t key[AL_RESUME_KEY_LEN];
	static uint8_t again[8192];
	struct al_hello h;
	struct al_welcome w;
	struct al_err err;

	if (f->type == AL_F_HELLO) {
		CHECK(al_hello_verify(f, key, &err) != AL_EPROTO);
		if (al_frame_decode_hello(f, &h, &err) == AL_OK)
			CHECK(al_frame_encode_hello(again, sizeof(again),
			    &h) > 0);
	} else if (al_frame_decode_welcome(f, &w, &err) == AL_OK) {
		CHECK(al_frame_encode_welcome(again, sizeof(again), &w) > 0);
	}
}

static void
body(const struct al_frame *f)
{
	static uint8_t again[8192];
	struct al_frame_open o;
	struct al_frame_reason r;

	switch (f->type) {
	case AL_F_OPEN:
	case AL_F_ACCEPT:
		al_frame_decode_open(f, &o);
		CHECK(al_frame_encode_open(again, sizeof(again), f->type,
		    f->chan, &o) == AL_FRAME_HEADER + (size_t)f->len);
		break;
	case AL_F_REFUSE:
	case AL_F_RESET:
	case AL_F_GOAWAY:
	case AL_F_DETACH:
	case AL_F_CLOSE:
		al_frame_decode_reason(f, &r);
		CHECK(strlen(r.text) <= AL_FRAME_TEXT_MAX);
		CHECK(al_frame_encode_reason(again, sizeof(again), f->type,
		    f->chan, &r) > 0);
		break;
	case AL_F_HELLO:
	case AL_F_WELCOME:
		hellos(f);
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_frame f;
	struct al_err err;

	while (len > 0 && al_frame_decode(&f, p, len, &err) == AL_OK) {
		if (!f.skip)
			body(&f);
		p += AL_FRAME_HEADER + f.len;
		len -= AL_FRAME_HEADER + (size_t)f.len;
	}
	return 0;
}
