/* tests/fuzz/fuzz_url.c - URLs, host:port texts, prefixes, base64. */
#include "connector/base/b64.h"
#include "connector/base/str.h"
#include "connector/base/url.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text = al_str_dup(p, len), host[AL_HOST_MAX + 1];
	uint8_t bytes[64];
	struct al_url u;
	struct al_cidr c;
	struct al_err err;
	uint16_t port;
	size_t n;

	if (text == NULL)
		return 0;
	if (al_url_parse(&u, text, &err) == AL_OK) {
		CHECK(u.host[0] != '\0' && u.path[0] == '/');
		CHECK(strpbrk(u.host, " @/\\%?#\r\n") == NULL);
		al_url_fini(&u);
	}
	if (al_hostport_parse(text, 443, host, &port, &err) == AL_OK)
		CHECK(port > 0 && host[0] != '\0');
	if (al_cidr_parse(&c, text))
		CHECK(al_cidr_has(&c, &c.base));
	if (al_b64_decode(bytes, sizeof(bytes), text, strlen(text), &n)) {
		char again[AL_B64_LEN(64) + 1] = "";

		(void)al_b64_encode(again, sizeof(again), bytes, n);
		CHECK(strcmp(again, text) == 0);
	}
	free(text);
	return 0;
}
