/* tests/fuzz/fuzz_pac_locate.c - first byte: a line; rest: a script, in which
 * '@' is an error and the only one. */
#include "pac/helper/locate.h"
#include "pac/helper/text.h"
#include "tests/fuzz/fuzz.h"

static unsigned
error_line(void *arg, const char *text, size_t len)
{
	const char *end = memchr(text, '@', len), *p;
	unsigned line = 1;

	(void)arg;
	if (end == NULL)
		return 0;
	for (p = text; p < end; p++)
		line += *p == '\n';
	return line;
}

static void
check_conversions(const char *p, size_t len)
{
	char *there = malloc(TEXT_GROWTH * len + 1);
	uint16_t *wide = malloc((len + 1) * sizeof(*wide));
	char *back = malloc(TEXT_GROWTH * TEXT_GROWTH * len + 1);
	size_t n, m;

	CHECK(there != NULL && wide != NULL && back != NULL);
	n = text_to_cesu8(there, p, len);
	CHECK(n <= TEXT_GROWTH * len);
	m = text_from_cesu8(back, there, n);
	CHECK(m <= n);
	/* clean now: both ways lead to the same text */
	n = text_to_utf16(wide, back, m);
	CHECK(n <= m);
	CHECK(text_from_utf16(there, wide, n) == m);
	CHECK(memcmp(there, back, m) == 0);
	CHECK(text_cut(back, m, 7) <= 7 || m <= 7);
	free(there);
	free(wide);
	free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct locate_compiler c = { .error_line = error_line };
	const char *script = (const char *)p + 1, *text;
	unsigned line, column;
	size_t n;

	if (len < 2)
		return 0;
	len--;
	c.reads_ahead = p[0] & 0x80;
	line = p[0] & 0x7f;
	locate_token(&c, script, len, &line, &column);
	n = locate_text(script, len, line, column, 64, &text);
	CHECK(n <= 64);
	CHECK(n == 0 || (text >= script && text + n <= script + len));
	(void)locate_back(script, len, line, p[1]);
	(void)locate_word(script, len, line, "throw", 5);
	check_conversions(script, len);
	return 0;
}
