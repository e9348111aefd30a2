/* tests/fuzz/fuzz_http1.c - heads and bodies, whole and in pieces. */
#include "connector/wire/http1.h"
#include "tests/fuzz/fuzz.h"

static enum al_code
head(struct al_http1 *h, const uint8_t *p, size_t len, size_t chunk,
    size_t *head_len)
{
	struct al_err err;
	enum al_code code;
	size_t n = 0;

	do {
		n = len - n > chunk ? n + chunk : len;
		code = al_http1_feed(h, p, n, head_len, &err);
	} while (code == AL_AGAIN && n < len);
	return code;
}

static void
body(const struct al_http1 *h, const uint8_t *p, size_t len, size_t chunk)
{
	struct al_http1_body b;
	struct al_err err;
	const uint8_t *data;
	size_t used, data_len;

	if (al_http1_body_init(&b, h, &err) != AL_OK)
		return;
	while (len > 0) {
		size_t n = len < chunk ? len : chunk;

		if (al_http1_body_feed(&b, p, n, &used, &data, &data_len,
		    &err) != AL_AGAIN)
			return;
		CHECK(used > 0 && used <= n && data_len <= used);
		p += used;
		len -= used;
	}
}

static void
run(enum al_http1_kind kind, const uint8_t *p, size_t len, size_t chunk)
{
	struct al_http1 whole, parts;
	size_t n = 0, m = 0, it = 0;
	const char *name, *value;
	enum al_code code;

	al_http1_init(&whole, kind, AL_AT_HTTP);
	al_http1_init(&parts, kind, AL_AT_HTTP);
	code = head(&whole, p, len, len, &n);
	CHECK(head(&parts, p, len, chunk, &m) == code && n == m);
	if (code == AL_OK) {
		while (al_http1_next(&parts, &it, &name, &value))
			CHECK(al_http1_get(&parts, name, 0) != NULL);
		(void)al_http1_has_token(&parts, "Connection", "close");
		body(&parts, p + n, len - n, chunk);
	}
	al_http1_fini(&whole);
	al_http1_fini(&parts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len);

	run(AL_HTTP1_REPLY, p, len, chunk);
	run(AL_HTTP1_REQUEST, p, len, chunk);
	return 0;
}
