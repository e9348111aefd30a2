/* tests/fuzz/fuzz_route.c - proxy lists: what is shown reads the same. */
#include "proxy/route.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_route r, again;
	struct al_err err;
	char *text = malloc(len + 1), a[AL_CHAIN_TEXT], b[AL_CHAIN_TEXT];

	CHECK(text != NULL);
	if (len > 0)
		memcpy(text, p, len);
	text[len] = '\0';
	al_route_init(&r);
	if (al_route_add(&r, text, &err) == AL_OK) {
		CHECK(r.n == 1);
		CHECK(al_chain_format(&r.chains[0], a, sizeof(a)) == AL_OK);
		CHECK(al_route_copy(&again, &r, &err) == AL_OK);
		al_route_fini(&again);
		CHECK(al_route_add(&again, a, &err) == AL_OK);
		CHECK(al_chain_format(&again.chains[0], b, sizeof(b)) ==
		    AL_OK);
		CHECK(strcmp(a, b) == 0);
		al_route_fini(&again);
	} else {
		CHECK(r.n == 0 && err.text[0] != '\0');
	}
	al_route_fini(&r);
	free(text);
	return 0;
}
