/* connector/base/b64.c - base64 (RFC 4648), padded, strict. */
#include "connector/base/b64.h"

#include "connector/base/str.h"

size_t
al_b64_encode(char *out, size_t cap, const void *p, size_t n)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = p;
	char *to = out;
	size_t i;

	if (n > SIZE_MAX / 2 || cap <= AL_B64_LEN(n)) {
		if (cap > 0)
			*out = '\0';
		return 0;
	}
	for (i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t v = (uint32_t)in[i] << 16;

		if (have > 1)
			v |= (uint32_t)in[i + 1] << 8;
		if (have > 2)
			v |= in[i + 2];
		*to++ = abc[v >> 18];
		*to++ = abc[v >> 12 & 63];
		*to++ = have > 1 ? abc[v >> 6 & 63] : '=';
		*to++ = have > 2 ? abc[v & 63] : '=';
	}
	*to = '\0';
	return (size_t)(to - out);
}

static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (al_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One quad into 1 to 3 bytes; 0: not base64. */
static size_t
quad(const char *text, uint8_t out[static 3])
{
	size_t n = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1, i;
	uint32_t v = 0;

	for (i = 0; i < n + 1; i++) {
		int d = value(text[i]);

		if (d < 0)
			return 0;
		v |= (uint32_t)d << (18 - 6 * i);
	}
	if ((v & (0xffffffu >> (8 * n) & 0xffffffu)) != 0)
		return 0;
	out[0] = (uint8_t)(v >> 16);
	out[1] = (uint8_t)(v >> 8);
	out[2] = (uint8_t)v;
	return n;
}

bool
al_b64_decode(uint8_t *out, size_t cap, const char *text, size_t len,
    size_t *n)
{
	uint8_t part[3];
	size_t i, k, got, have = 0;

	if (len % 4 != 0)
		return false;
	for (i = 0; i < len; i += 4) {
		got = quad(text + i, part);
		if (got == 0 || (got < 3 && i + 4 < len) || got > cap - have)
			return false;
		for (k = 0; k < got; k++)
			out[have++] = part[k];
	}
	*n = have;
	return true;
}
