/* tests/fuzz/fuzz_pac_charset.c - first line: the type; rest: the file. */
#include <stdbool.h>

#include "pac/charset.h"
#include "pac/wire.h"
#include "tests/fuzz/fuzz.h"

/* A mark behind the first one is a character, once. */
static bool
has_mark(const struct al_buf *b)
{
	return al_buf_len(b) >= 3 &&
	    memcmp(al_buf_head(b), "\xef\xbb\xbf", 3) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	const uint8_t *end = len > 0 ? memchr(p, '\n', len) : NULL;
	size_t n = end != NULL ? (size_t)(end - p) : 0;
	char *type = malloc(n + 1);
	struct al_buf out, again;
	struct al_err err;

	CHECK(type != NULL);
	if (end != NULL) {
		memcpy(type, p, n);
		p += n + 1;
		len -= n + 1;
	}
	type[n] = '\0';
	al_buf_init(&out, AL_PAC_SCRIPT_MAX);
	al_buf_init(&again, AL_PAC_SCRIPT_MAX);
	if (al_pac_decode(&out, p, len, type, &err) == AL_OK) {
		/* it is UTF-8 now, and reads the same again */
		CHECK(al_buf_len(&out) <= 2 * len);
		if (al_pac_decode(&again, al_buf_head(&out), al_buf_len(&out),
		    "a/b; charset=utf-8", &err) == AL_OK &&
		    !has_mark(&out)) {
			CHECK(al_buf_len(&out) == al_buf_len(&again));
			CHECK(memcmp(al_buf_head(&out), al_buf_head(&again),
			    al_buf_len(&out)) == 0);
		}
	} else {
		CHECK(err.code == AL_EPROTO || err.code == AL_ELIMIT);
		CHECK(err.text[0] != '\0');
	}
	al_buf_fini(&out);
	al_buf_fini(&again);
	free(type);
	return 0;
}
