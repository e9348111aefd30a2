/* tests/fuzz/fuzz_client_hello.c - the first bytes of a TLS client. */
#include "connector/wire/client_hello.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len), n = 0;
	struct al_client_hello whole, parts;
	struct al_err err;
	enum al_code code, want;

	if (len > 0 && chunk < len / 256)
		chunk = len / 256;
	want = al_client_hello_parse(p, len, &whole, &err);
	do {
		n = len - n > chunk ? n + chunk : len;
		code = al_client_hello_parse(p, n, &parts, &err);
	} while (code == AL_AGAIN && n < len);
	/* A long input may be over a limit in a part or as a whole. */
	if (len < AL_CLIENT_HELLO_MAX)
		CHECK(code == want);
	CHECK(strlen(parts.sni) < sizeof(parts.sni));
	if (code == AL_OK && want == AL_OK)
		CHECK(strcmp(whole.sni, parts.sni) == 0);
	return 0;
}
