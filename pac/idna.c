/* pac/idna.c - host names with letters beyond ASCII, in their xn-- form. */
#include "pac/idna.h"

#include <stdint.h>
#include <string.h>

#include "connector/base/str.h"

#define LABEL_MAX	63

/* One character at p, of at most n bytes; how many it takes, 0: not UTF-8. */
static size_t
utf8(const char *p, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = (uint8_t)p[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 :
	    first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0, i;

	if (len == 0 || len > n)
		return 0;
	*c = len == 1 ? first : first & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if (((uint8_t)p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | ((uint8_t)p[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return len;
}

static uint32_t
fold(uint32_t c)
{
	if (c < 0x80)
		return (uint8_t)al_lower((char)c);
	if (c >= 0xc0 && c <= 0xde && c != 0xd7)	/* Latin 1 */
		return c + 0x20;
	if (c >= 0x100 && c <= 0x137)			/* Latin Extended */
		return c | 1;
	if (c >= 0x391 && c <= 0x3a9)			/* Greek */
		return c + 0x20;
	if (c >= 0x410 && c <= 0x42f)			/* Cyrillic */
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	return c;
}

/* RFC 3492 6.1 */
static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	for (k = 0; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

/* Digits of one number; at out, which ends at end.  NULL: no room. */
static char *
put_number(char *out, const char *end, uint32_t q, uint32_t bias)
{
	uint32_t k, t, digit;

	for (k = 36;; k += 36) {
		t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		digit = q < t ? q : t + (q - t) % (36 - t);
		if (out == end)
			return NULL;
		*out++ = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
		if (q < t)
			return out;
		q = (q - t) / (36 - t);
	}
}

/* RFC 3492 6.3; n characters, at most LABEL_MAX: nothing can overflow. */
static char *
punycode(char *out, const char *end, const uint32_t *c, size_t n)
{
	uint32_t now = 0x80, delta = 0, bias = 72, next;
	size_t done = 0, ascii, i;

	for (i = 0; i < n; i++) {
		if (c[i] >= 0x80)
			continue;
		if (out == end)
			return NULL;
		*out++ = (char)c[i];
		done++;
	}
	ascii = done;
	if (ascii > 0) {
		if (out == end)
			return NULL;
		*out++ = '-';
	}
	for (; done < n; delta++, now++) {
		for (next = UINT32_MAX, i = 0; i < n; i++)
			if (c[i] >= now && c[i] < next)
				next = c[i];
		delta += (next - now) * (uint32_t)(done + 1);
		for (now = next, i = 0; i < n; i++) {
			delta += c[i] < now;
			if (c[i] != now)
				continue;
			out = put_number(out, end, delta, bias);
			if (out == NULL)
				return NULL;
			bias = adapt(delta, (uint32_t)done + 1,
			    done == ascii);
			delta = 0;
			done++;
		}
	}
	return out;
}

/* One label of n bytes. */
static char *
label(char *out, const char *end, const char *p, size_t n)
{
	uint32_t c[LABEL_MAX];
	size_t count = 0, used, i;
	bool ascii = true;

	while (n > 0) {
		if (count == LABEL_MAX)
			return NULL;
		used = utf8(p, n, &c[count]);
		if (used == 0)
			return NULL;
		c[count] = fold(c[count]);
		ascii = ascii && c[count] < 0x80;
		count++;
		p += used;
		n -= used;
	}
	if (!ascii) {
		if (end - out < 4)
			return NULL;
		memcpy(out, "xn--", 4);
		return punycode(out + 4, end, c, count);
	}
	if ((size_t)(end - out) < count)
		return NULL;
	for (i = 0; i < count; i++)
		*out++ = (char)c[i];
	return out;
}

bool
al_idna_encode(char *out, size_t cap, const char *name, size_t n)
{
	char *end = out + cap - 1;	/* room for NUL */
	const char *dot;
	size_t len;

	if (cap == 0)
		return false;
	for (;;) {
		dot = n > 0 ? memchr(name, '.', n) : NULL;
		len = dot != NULL ? (size_t)(dot - name) : n;
		out = label(out, end, name, len);
		if (out == NULL)
			return false;
		if (dot == NULL)
			break;
		if (out == end)
			return false;
		*out++ = '.';
		name += len + 1;
		n -= len + 1;
	}
	*out = '\0';
	return true;
}
