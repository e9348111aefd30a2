/* connector/daemon/nearest.h - which name was meant. */
#ifndef AL_DAEMON_NEAREST_H
#define AL_DAEMON_NEAREST_H

#include <stddef.h>

/* Feed the known names, then ask: the best so far, NULL when none is near. */
struct al_nearest {
	const char	*word;		/* what was written            */
	const char	*best;
	size_t		 distance;	/* of best                     */
};

#define AL_NEAREST(w)	{ .word = (w), .distance = (size_t)-1 }

/* name is kept while n is used. */
void al_nearest_try(struct al_nearest *n, const char *name);
/* At most a third of its letters differ (one of a short one). */
const char *al_nearest(const struct al_nearest *n);

#endif
