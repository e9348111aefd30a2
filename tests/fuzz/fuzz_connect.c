/* tests/fuzz/fuzz_connect.c - what proxies answer to CONNECT, with every login. */
#include "proxy/memory.h"
#include "proxy/proxy.h"
#include "tests/fuzz/fuzz_machine.h"

static struct al_memory *memory;
static unsigned needs;

/* Kerberos has a token three times, then none. */
static void
on_need(const struct al_machine *m)
{
	static const struct al_err none = { .code = AL_EAUTH,
	    .text = "no ticket" };
	struct al_proxy_need need;

	CHECK(al_proxy_need(m, &need) && need.host[0] == '\0');
	if (++needs % 4 != 0)
		al_proxy_give(m, "token", 5, 0);
	else
		al_proxy_deny(m, &none);
}

/* The second connection remembers what the first has learned. */
static struct fuzz_end
talk_twice(char *user, const uint8_t *p, size_t len, size_t chunk)
{
	struct al_hop hop = { .kind = AL_PROXY_HTTP, .user = user };
	struct al_proxy_opts o = { .now_us = 1 };
	struct fuzz_end end;
	struct al_machine m;
	struct al_err err;
	int i;

	memory = al_memory_new(&err);
	CHECK(memory != NULL);
	o.memory = memory;
	fuzz_on_need = on_need;
	needs = 0;
	for (i = 0; i < 2; i++) {
		CHECK(al_proxy_machine(&m, &hop, "h", 443, &o, &err) ==
		    AL_OK);
		end = fuzz_talk(m, p, len, chunk);
	}
	al_memory_free(memory);
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static char user[] = "user";
	size_t chunk = fuzz_chunk(&p, &len);

	fuzz_same(talk_twice(NULL, p, len, chunk),
	    talk_twice(NULL, p, len, len + 1));
	fuzz_same(talk_twice(user, p, len, chunk),
	    talk_twice(user, p, len, len + 1));
	return 0;
}
