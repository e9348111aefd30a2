/* pac/lookup.h - what a PAC script asks about names, answered. */
#ifndef AL_PAC_LOOKUP_H
#define AL_PAC_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "pac/eval.h"

struct al_resolver;

/*
 * The look-ups of one evaluation, and at most one under way.  An answer is
 * kept: the same question costs nothing, and is not counted.
 */
struct al_pac_lookups {
	struct al_pac_lookup	 all[2 * AL_PAC_LOOKUPS_MAX];
	size_t			 n;
	size_t			 first;		/* of this part of it   */
	/* Of struct al_pac_opts. */
	struct al_resolver	*resolver;
	bool			(*hook)(void *arg, struct al_pac_lookup *l);
	void			*hook_arg;
	struct al_resolve	*resolve;	/* NULL: none under way */
	/* From the loop, when al_pac_lookups_ask has returned NULL. */
	void			(*on_done)(void *arg,
				    const struct al_pac_lookup *l);
	void			*arg;
};

/* The load and the evaluation have AL_PAC_LOOKUPS_MAX each: a new part. */
void al_pac_lookups_part(struct al_pac_lookups *k);

/*
 * The answer, if it is known at once, or NULL: on_done will have it, unless it
 * is cancelled.  The name is what the script gave, n bytes.  One that is no
 * host name, or one too many, has no addresses; neither is kept.
 */
const struct al_pac_lookup *al_pac_lookups_ask(struct al_pac_lookups *k,
    enum al_pac_what what, const uint8_t *name, size_t n);

void al_pac_lookups_cancel(struct al_pac_lookups *k);

#endif
