/* pac/helper/text.c - UTF-8 and what the engines have in its place. */
#include "pac/helper/text.h"

#define REPLACEMENT	0xfffdu

static bool
is_high(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdbff;
}

static bool
is_low(uint32_t c)
{
	return c >= 0xdc00 && c <= 0xdfff;
}

static uint32_t
join(uint32_t high, uint32_t low)
{
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

uint32_t
text_next(const char **p, const char *end)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *s = (const uint8_t *)*p;
	unsigned more = s[0] < 0x80 ? 0 : s[0] >= 0xc2 && s[0] < 0xe0 ? 1 :
	    s[0] >= 0xe0 && s[0] < 0xf0 ? 2 :
	    s[0] >= 0xf0 && s[0] < 0xf5 ? 3 : 4, i;
	uint32_t c;

	(*p)++;
	if (more == 0)
		return s[0];
	if (more == 4 || (size_t)(end - *p) < more)
		return REPLACEMENT;
	c = s[0] & (0x3fu >> more);
	for (i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff)
		return REPLACEMENT;
	*p += more;
	return c;
}

static char *
put(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (char)(0xe0 | c >> 12);
		} else {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

size_t
text_to_cesu8(char *out, const char *p, size_t len)
{
	const char *end = p + len;
	char *start = out;
	uint32_t c;

	while (p < end) {
		c = text_next(&p, end);
		if (c > 0xffff) {
			out = put(out, 0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		out = put(out, c);
	}
	return (size_t)(out - start);
}

size_t
text_from_cesu8(char *out, const char *p, size_t len)
{
	const char *end = p + len, *then;
	char *start = out;
	uint32_t c, low;

	while (p < end) {
		c = text_next(&p, end);
		then = p;
		low = is_high(c) && p < end ? text_next(&then, end) : 0;
		if (is_low(low)) {
			c = join(c, low);
			p = then;
		} else if (is_high(c) || is_low(c)) {
			c = REPLACEMENT;
		}
		out = put(out, c);
	}
	return (size_t)(out - start);
}

bool
text_is_same(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((uint8_t)p[i] >= 0x80)
			return false;
	return true;
}

size_t
text_to_utf16(uint16_t *out, const char *p, size_t len)
{
	const char *end = p + len;
	const uint16_t *start = out;
	uint32_t c;

	while (p < end) {
		c = text_next(&p, end);
		if (c > 0xffff) {
			*out++ = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		*out++ = (uint16_t)c;
	}
	return (size_t)(out - start);
}

size_t
text_from_utf16(char *out, const uint16_t *p, size_t len)
{
	const char *start = out;
	uint32_t c;
	size_t i;

	for (i = 0; i < len; i++) {
		c = p[i];
		if (is_high(c) && i + 1 < len && is_low(p[i + 1]))
			c = join(c, p[++i]);
		else if (is_high(c) || is_low(c))
			c = REPLACEMENT;
		out = put(out, c);
	}
	return (size_t)(out - start);
}

size_t
text_cut(const char *p, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((uint8_t)p[max] & 0xc0) == 0x80)
		max--;
	return max;
}
