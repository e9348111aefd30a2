/* connector/base/rng.c - random bytes: for secrets, and fast ones for masks. */
#include "connector/base/rng.h"

#include <openssl/rand.h>

enum al_code
al_rng_bytes(void *p, size_t len, struct al_err *err)
{
	if (len > INT32_MAX || RAND_bytes(p, (int)len) != 1)
		return al_fail(err, AL_ENOMEM, AL_AT_NONE, 0,
		    "the system gives no random bytes");
	return AL_OK;
}

/* splitmix64: any seed, also 0, becomes a good state. */
void
al_rng_seed(struct al_rng *r, uint64_t seed)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15u;

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		r->s[i] = z ^ (z >> 31);
	}
}

enum al_code
al_rng_init(struct al_rng *r, struct al_err *err)
{
	enum al_code code = al_rng_bytes(r->s, sizeof(r->s), err);

	if (code == AL_OK && (r->s[0] | r->s[1] | r->s[2] | r->s[3]) == 0)
		al_rng_seed(r, 0);
	return code;
}

static uint64_t
rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t
al_rng_u64(struct al_rng *r)
{
	uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}
