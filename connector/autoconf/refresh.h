/* connector/autoconf/refresh.h - when to read a PAC file again. */
#ifndef AL_AUTOCONF_REFRESH_H
#define AL_AUTOCONF_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#define AL_REFRESH_MAX_MS	43200000u	/* 12 h   */
#define AL_REFRESH_MIN_MS	300000u		/* 5 min  */
#define AL_REFRESH_FAILED_MS	14400000u	/* 4 h    */
#define AL_REFRESH_NETWORK_MS	2000u

/* Why there is something to wait for. */
enum al_refresh_after {
	AL_REFRESH_READ,	/* max_age_s, or AL_FETCH_NO_AGE  */
	AL_REFRESH_FAILURE,	/* the nth in a row, from 1       */
	AL_REFRESH_NETWORK	/* it is another one              */
};

struct al_refresh {
	enum al_refresh_after	after;
	uint32_t		max_age_s;
	unsigned		failures;
	bool			serves;		/* an older script does,
						 * meanwhile              */
	uint32_t		random;		/* any                    */
};

/*
 * After success 12 h, or the age if that is shorter, but not under 5 min;
 * after failures 8 s, 32 s, 2 min, then 4 h, but 2 min as long as there is no
 * script at all: nothing can leave until there is; 2 s after a change of network.
 * Waits of minutes are up to a tenth longer: a fleet that was started at once
 * must not ask its server at once for ever.
 */
uint64_t al_refresh_ms(const struct al_refresh *r);

#endif
