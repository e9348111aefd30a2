/* tests/fuzz/fuzz_socks.c - what SOCKS4 and SOCKS5 proxies answer. */
#include "proxy/proxy.h"
#include "tests/fuzz/fuzz_machine.h"

static struct al_machine
machine(enum al_proxy_kind kind, char *user)
{
	struct al_hop hop = { .kind = kind, .user = user };
	struct al_machine m;
	struct al_err err;

	CHECK(al_proxy_machine(&m, &hop, "1.2.3.4", 443, NULL, &err) ==
	    AL_OK);
	return m;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const enum al_proxy_kind kinds[] = {
		AL_PROXY_SOCKS4, AL_PROXY_SOCKS5,
	};
	static char user[] = "user";
	size_t chunk = fuzz_chunk(&p, &len);

	for (size_t i = 0; i < 2; i++) {
		fuzz_same(fuzz_talk(machine(kinds[i], NULL), p, len, chunk),
		    fuzz_talk(machine(kinds[i], NULL), p, len, len + 1));
		fuzz_same(fuzz_talk(machine(kinds[i], user), p, len, chunk),
		    fuzz_talk(machine(kinds[i], user), p, len, len + 1));
	}
	return 0;
}
