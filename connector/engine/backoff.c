/* connector/engine/backoff.c - when to try again: full jitter. */
#include "connector/engine/backoff.h"

#define LIVED_MS	60000

void
al_backoff_init(struct al_backoff *b, uint32_t floor_ms)
{
	b->floor_ms = floor_ms;
	b->failures = 0;
}

uint64_t
al_backoff_next(struct al_backoff *b, uint32_t max_ms, uint64_t after_ms,
    struct al_rng *rng)
{
	uint64_t top = (uint64_t)b->floor_ms << b->failures;

	if (top > max_ms)
		top = max_ms;
	if (b->failures < 31)
		b->failures++;
	if (top > b->floor_ms)
		top = b->floor_ms + al_rng_u64(rng) % (top - b->floor_ms + 1);
	if (after_ms > top)
		top = after_ms + al_rng_u64(rng) % (after_ms + 1);
	return top;
}

void
al_backoff_lived(struct al_backoff *b, uint64_t lived_ms)
{
	if (lived_ms >= LIVED_MS)
		b->failures = 0;
}
