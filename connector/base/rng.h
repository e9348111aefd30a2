/* connector/base/rng.h - random bytes: for secrets, and fast ones for masks. */
#ifndef AL_BASE_RNG_H
#define AL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

/* Fit for keys and tokens. */
enum al_code al_rng_bytes(void *p, size_t len, struct al_err *err)
    AL_MUST_CHECK;

/*
 * xoshiro256**, seeded from the above: WebSocket masks and jitter, never
 * secrets.  One object, one user.
 */
struct al_rng {
	uint64_t	s[4];
};

enum al_code al_rng_init(struct al_rng *r, struct al_err *err) AL_MUST_CHECK;
void al_rng_seed(struct al_rng *r, uint64_t seed);	/* tests */
uint64_t al_rng_u64(struct al_rng *r);

static inline uint32_t
al_rng_u32(struct al_rng *r)
{
	return (uint32_t)(al_rng_u64(r) >> 32);
}

#endif
