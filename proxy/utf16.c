/* proxy/utf16.c - UTF-8 as the UTF-16LE of Windows, and its upper case. */
#include "proxy/utf16.h"

#include "connector/base/le.h"

/*
 * One character of RFC 3629 4 from the left bytes at p; its length, or 0.
 * Overlong forms, surrogates and what is above U+10FFFF are no characters.
 */
static size_t
utf8_char(const uint8_t *p, size_t left, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *p < 0x80 ? 1 : *p < 0xc0 ? 0 : *p < 0xe0 ? 2 :
	    *p < 0xf0 ? 3 : *p < 0xf8 ? 4 : 0, i;

	if (n == 0 || n > left)
		return 0;
	*c = n == 1 ? *p : *p & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return n;
}

bool
al_utf16_write(struct al_writer *w, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t c;
	size_t n;

	for (; len > 0; len -= n, p += n) {
		n = utf8_char(p, len, &c);
		if (n == 0)
			return false;
		if (c < 0x10000) {
			al_write_le16(w, (uint16_t)c);
			continue;
		}
		/* RFC 2781 2.1 */
		c -= 0x10000;
		al_write_le16(w, (uint16_t)(0xd800 | c >> 10));
		al_write_le16(w, (uint16_t)(0xdc00 | (c & 0x3ff)));
	}
	return true;
}

/* Small letters first, first + step, ... last; capital = small + add. */
static const struct {
	uint16_t	first, last;
	uint8_t		step;
	int8_t		add;
} cases[] = {
	{ 0x0061, 0x007a, 1, -32 },	/* ASCII */
	{ 0x00e0, 0x00f6, 1, -32 },	/* Latin-1 */
	{ 0x00f8, 0x00fe, 1, -32 },
	{ 0x00ff, 0x00ff, 1, 121 },
	{ 0x0101, 0x012f, 2, -1 },	/* Latin Extended-A */
	{ 0x0133, 0x0137, 2, -1 },
	{ 0x013a, 0x0148, 2, -1 },
	{ 0x014b, 0x0177, 2, -1 },
	{ 0x017a, 0x017e, 2, -1 },
	{ 0x01a1, 0x01a5, 2, -1 },	/* Latin Extended-B: Vietnamese, */
	{ 0x01b0, 0x01b0, 1, -1 },
	{ 0x01ce, 0x01dc, 2, -1 },	/* Pinyin, */
	{ 0x01df, 0x01ef, 2, -1 },
	{ 0x01f9, 0x021f, 2, -1 },	/* Romanian */
	{ 0x03ac, 0x03ac, 1, -38 },	/* Greek */
	{ 0x03ad, 0x03af, 1, -37 },
	{ 0x03b1, 0x03c1, 1, -32 },
	{ 0x03c2, 0x03c2, 1, -31 },
	{ 0x03c3, 0x03cb, 1, -32 },
	{ 0x03cc, 0x03cc, 1, -64 },
	{ 0x03cd, 0x03ce, 1, -63 },
	{ 0x0430, 0x044f, 1, -32 },	/* Cyrillic */
	{ 0x0450, 0x045f, 1, -80 },
	{ 0x0461, 0x0481, 2, -1 },
	{ 0x048b, 0x04bf, 2, -1 },
	{ 0x04c2, 0x04ce, 2, -1 },
	{ 0x04d1, 0x052f, 2, -1 },
	{ 0x0561, 0x0586, 1, -48 },	/* Armenian */
	{ 0x1e01, 0x1e95, 2, -1 },	/* Latin Extended Additional */
	{ 0x1ea1, 0x1eff, 2, -1 },
	{ 0xff41, 0xff5a, 1, -32 },	/* full-width */
};

static uint16_t
upper(uint16_t c)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (c >= cases[i].first && c <= cases[i].last)
			return (c - cases[i].first) % cases[i].step == 0 ?
			    (uint16_t)(c + cases[i].add) : c;
	return c;
}

void
al_utf16_upper(uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		al_put_le16(p + i, upper(al_get_le16(p + i)));
}
