/* connector/autoconf/refresh.c - when to read a PAC file again. */
#include "connector/autoconf/refresh.h"

static uint64_t
spread(uint64_t ms, uint32_t random)
{
	return ms + (ms / 10 * random >> 32);
}

static uint64_t
after_failures(const struct al_refresh *r)
{
	switch (r->failures) {
	case 0:
	case 1:
		return 8000;
	case 2:
		return 32000;
	case 3:
		return spread(120000, r->random);
	default:
		return spread(r->serves ? AL_REFRESH_FAILED_MS : 120000,
		    r->random);
	}
}

uint64_t
al_refresh_ms(const struct al_refresh *r)
{
	uint64_t ms = (uint64_t)r->max_age_s * 1000;

	if (r->after == AL_REFRESH_NETWORK)
		return AL_REFRESH_NETWORK_MS;
	if (r->after == AL_REFRESH_FAILURE)
		return after_failures(r);
	if (ms < AL_REFRESH_MIN_MS)
		ms = AL_REFRESH_MIN_MS;
	if (ms > AL_REFRESH_MAX_MS)
		ms = AL_REFRESH_MAX_MS;
	return spread(ms, r->random);
}
