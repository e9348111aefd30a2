/* tests/fuzz/fuzz_connect.c - what proxies answer to CONNECT. */
#include "proxy/proxy.h"
#include "tests/fuzz/fuzz_machine.h"

static struct al_machine
machine(char *user)
{
	struct al_hop hop = { .kind = AL_PROXY_HTTP, .user = user };
	struct al_machine m;
	struct al_err err;

	CHECK(al_proxy_machine(&m, &hop, "h", 443, NULL, &err) == AL_OK);
	return m;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static char user[] = "user";
	size_t chunk = fuzz_chunk(&p, &len);

	fuzz_same(fuzz_talk(machine(NULL), p, len, chunk),
	    fuzz_talk(machine(NULL), p, len, len + 1));
	fuzz_same(fuzz_talk(machine(user), p, len, chunk),
	    fuzz_talk(machine(user), p, len, len + 1));
	return 0;
}
