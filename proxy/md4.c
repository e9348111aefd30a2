/* proxy/md4.c - MD4 (RFC 1320), for the password hash of NTLM only. */
#include "proxy/md4.h"

#include <string.h>

#include "connector/base/le.h"

/* OpenSSL 3 has MD4 in its legacy provider only, which few systems load. */

#define BLOCK	64

/* RFC 1320 3.4: the order of the words and the shifts of each round. */
static const uint8_t order[3][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
	{ 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 },
};
static const uint8_t shift[3][4] = {
	{ 3, 7, 11, 19 }, { 3, 5, 9, 13 }, { 3, 9, 11, 15 },
};
static const uint32_t add[3] = { 0, 0x5a827999, 0x6ed9eba1 };

static uint32_t
mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
	if (round == 0)
		return (x & y) | (~x & z);
	return round == 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}

static void
block(uint32_t state[static 4], const uint8_t *p)
{
	uint32_t s[4], words[16], v;
	unsigned i, n;
	int round;

	memcpy(s, state, sizeof(s));
	for (i = 0; i < 16; i++)
		words[i] = al_get_le32(p + 4 * (size_t)i);
	for (round = 0; round < 3; round++)
		for (i = 0; i < 16; i++) {
			/* The four variables change their parts each step. */
			v = s[0] + mix(round, s[1], s[2], s[3]) +
			    words[order[round][i]] + add[round];
			n = shift[round][i % 4];
			s[0] = s[3];
			s[3] = s[2];
			s[2] = s[1];
			s[1] = v << n | v >> (32 - n);
		}
	for (i = 0; i < 4; i++)
		state[i] += s[i];
	explicit_bzero(words, sizeof(words));
	explicit_bzero(s, sizeof(s));
}

void
al_md4(uint8_t out[static AL_MD4_LEN], const void *p, size_t len)
{
	uint32_t s[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint8_t last[2 * BLOCK] = { 0 };
	const uint8_t *in = p;
	size_t left = len, end, i;

	for (; left >= BLOCK; left -= BLOCK, in += BLOCK)
		block(s, in);
	/* RFC 1320 3.1, 3.2: a one bit, zeros, the length in bits */
	if (left > 0)
		memcpy(last, in, left);
	last[left] = 0x80;
	end = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
	al_put_le64(last + end - 8, (uint64_t)len * 8);
	for (i = 0; i < end; i += BLOCK)
		block(s, last + i);
	for (i = 0; i < 4; i++)
		al_put_le32(out + 4 * i, s[i]);
	explicit_bzero(last, sizeof(last));
	explicit_bzero(s, sizeof(s));
}
