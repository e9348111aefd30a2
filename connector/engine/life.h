/* connector/engine/life.h - how one link of a session lived and ended. */
#ifndef AL_ENGINE_LIFE_H
#define AL_ENGINE_LIFE_H

#include <stdbool.h>
#include <stdint.h>

/* What can be learned from about the path (session/habits.h). */
struct al_link_life {
	uint64_t	lived_ms;	/* from its HELLO to its end          */
	uint64_t	quiet_ms;	/* ... from the last byte that came   */
	uint64_t	gap_ms;		/* how long nothing had come when we
					 * sent what was never answered; 0: all
					 * was                                */
	uint64_t	survived_ms;	/* the longest that nothing came, and
					 * yet something came after it        */
	uint32_t	keepalive_ms;	/* the interval between PINGs         */
	bool		silent;		/* given up for its silence           */
	bool		ours;		/* ended on purpose, by either side   */
};

#endif
