/* tests/fuzz/fuzz_socks.c - what SOCKS4 and SOCKS5 proxies answer. */
#include "proxy/proxy.h"
#include "tests/fuzz/fuzz_machine.h"
#include "tests/lib/gss_script.h"

static struct al_machine
machine(enum al_proxy_kind kind, char *user)
{
	const struct al_proxy_opts o = {
		.schemes = AL_AUTH_BIT(AL_AUTH_BASIC),
	};
	struct al_hop hop = { .kind = kind, .user = user };
	struct al_machine m;
	struct al_err err;

	CHECK(al_proxy_machine(&m, &hop, "1.2.3.4", 443, &o, &err) == AL_OK);
	return m;
}

/* RFC 1961; the first byte of the answers says what our Kerberos can do. */
static struct fuzz_end
talk_gss(const uint8_t *p, size_t len, size_t chunk)
{
	struct al_hop hop = { .kind = AL_PROXY_SOCKS5 };
	struct gss_script s = { .legs = len > 0 ? p[0] & 3 : 1,
	    .flags = len > 0 && p[0] & 4 ? AL_PROXY_GIVEN_SEAL : 0 };
	struct al_err err;

	if (len > 0) {
		p++;
		len--;
	}
	CHECK(al_proxy_machine(&s.m, &hop, "1.2.3.4", 443, NULL, &err) ==
	    AL_OK);
	return fuzz_talk(gss_script(&s), p, len, chunk);
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
	fuzz_same(talk_gss(p, len, chunk), talk_gss(p, len, len + 1));
	return 0;
}
