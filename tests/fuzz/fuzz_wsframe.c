/* tests/fuzz/fuzz_wsframe.c - WebSocket headers read are headers written. */
#include "connector/wire/ws_frame.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	enum al_ws_role role;

	for (role = AL_WS_CLIENT; role <= AL_WS_SERVER; role++) {
		uint8_t out[AL_WS_HEADER_MAX];
		struct al_ws_frame f;
		struct al_err err;

		if (al_ws_decode(&f, p, len, role, &err) != AL_OK)
			continue;
		CHECK(f.header_len <= len);
		CHECK(al_ws_encode(out, &f) == f.header_len);
		CHECK(memcmp(out, p, f.header_len) == 0);
	}
	return 0;
}
