/* connector/helper/syscfg_answer.h - the proxies that a helper has named. */
#ifndef AL_HELPER_SYSCFG_ANSWER_H
#define AL_HELPER_SYSCFG_ANSWER_H

#include <stdbool.h>

#include "connector/helper/syscfg.h"
#include "proxy/route.h"

/* An answer (its form is in syscfg.h), taken apart. */
struct al_syscfg_answer {
	char	*texts[AL_ROUTE_MAX];	/* what al_route_add takes          */
	size_t	 n;
	char	*pac;			/* "" for WPAD; NULL: none          */
	/* why there are no proxies */
	char	 why[sizeof(((struct al_err *)0)->text) + 64];
	bool	 closed;		/* what comes is behind a direct    */
	bool	 strange;		/* it named what is no proxy        */
	bool	 nomem;
};

/* a is zeroed; len is at most AL_SYSCFG_MSG_MAX.  End it with fini, always. */
void al_syscfg_answer(struct al_syscfg_answer *a, const uint8_t *msg,
    size_t len);
void al_syscfg_answer_fini(struct al_syscfg_answer *a);	/* wipes */

#endif
