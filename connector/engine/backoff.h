/* connector/engine/backoff.h - when to try again: full jitter. */
#ifndef AL_ENGINE_BACKOFF_H
#define AL_ENGINE_BACKOFF_H

#include <stdint.h>

#include "connector/base/rng.h"

/*
 * OPERATIONS 3: the first retry comes at once (the floor), the nth at a random
 * moment between the floor and floor * 2^n, up to a maximum.  Without jitter
 * 100,000 connectors that lost one gateway come back in step, for hours.
 */
struct al_backoff {
	uint32_t	 floor_ms;
	unsigned	 failures;
};

void al_backoff_init(struct al_backoff *b, uint32_t floor_ms);
/* Milliseconds until the next attempt.  after_ms is what the peer asked for
 * (Retry-After): never earlier than that, and spread over as much again. */
uint64_t al_backoff_next(struct al_backoff *b, uint32_t max_ms,
    uint64_t after_ms, struct al_rng *rng);
/* A link that had lived for 60 s makes the next failure the first. */
void al_backoff_lived(struct al_backoff *b, uint64_t lived_ms);

#endif
