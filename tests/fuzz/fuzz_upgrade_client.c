/* tests/fuzz/fuzz_upgrade_client.c - what a server may answer to an upgrade. */
#include "connector/engine/upgrade.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_upgrade_opts o = {
		.host = "h", .path = "/", .protocol = "mux",
	};
	size_t chunk = fuzz_chunk(&p, &len);
	struct al_machine m;
	struct al_buf in, out;
	struct al_err err = { 0 };
	enum al_hs r;

	al_buf_init(&in, 512 * 1024);
	al_buf_init(&out, 64 * 1024);
	memcpy(o.nonce, "the sample nonce", sizeof(o.nonce));
	CHECK(al_upgrade_client(&m, &o, &err) == AL_OK);
	while ((r = m.ops->step(m.m, &in, &out, &err)) == AL_HS_MORE &&
	    len > 0) {
		size_t n = len < chunk ? len : chunk;

		CHECK(al_buf_put(&in, p, n) == AL_OK);
		p += n;
		len -= n;
	}
	if (r == AL_HS_MORE)
		r = m.ops->eof(m.m, &in, &err);
	CHECK(r == AL_HS_DONE || (r == AL_HS_FAIL && err.text[0] != '\0'));
	m.ops->free(m.m);
	al_buf_fini(&in);
	al_buf_fini(&out);
	return 0;
}
