/* tests/fuzz/fuzz_pac_result.c - results and URLs: all that comes out is fit
 * for the route and reads the same again. */
#include "pac/page.h"
#include "pac/result.h"
#include "tests/fuzz/fuzz.h"

static void
results(const char *text, enum al_pac_socks socks)
{
	struct al_pac_result r;
	struct al_route route;
	struct al_err err;
	char shown[AL_CHAIN_TEXT];
	size_t i;

	CHECK(al_pac_result_parse(&r, text, socks, &err) == AL_OK);
	CHECK(r.n > 0 && r.n <= AL_ROUTE_MAX);
	al_route_init(&route);
	for (i = 0; i < r.n; i++) {
		CHECK(al_route_add(&route, r.entries[i], &err) == AL_OK);
		CHECK(al_chain_format(&route.chains[i], shown,
		    sizeof(shown)) == AL_OK);
		CHECK(strcmp(shown, r.entries[i]) == 0);
	}
	for (i = 0; i < r.n_warnings; i++)
		CHECK(r.warnings[i][0] != '\0');
	al_route_fini(&route);
	al_pac_result_fini(&r);
}

static void
pages(const char *text)
{
	static struct al_pac_page p, again;
	struct al_err err;

	if (al_pac_page_make(&p, text, &err) != AL_OK)
		return;
	CHECK(al_pac_page_make(&again, p.url, &err) == AL_OK);
	CHECK(strcmp(p.url, again.url) == 0);
	CHECK(strcmp(p.host, again.host) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text;

	if (len == 0)
		return 0;
	text = malloc(len);
	CHECK(text != NULL);
	memcpy(text, p + 1, len - 1);
	text[len - 1] = '\0';
	results(text, (enum al_pac_socks)(p[0] % 4));
	pages(text);
	free(text);
	return 0;
}
