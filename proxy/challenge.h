/* proxy/challenge.h - what Proxy-Authenticate offers (RFC 9110 11.6.1). */
#ifndef AL_PROXY_CHALLENGE_H
#define AL_PROXY_CHALLENGE_H

#include <stddef.h>

#include "connector/base/err.h"

#define AL_CHALLENGES_MAX	16
#define AL_PARAMS_MAX		16	/* of one challenge */

struct al_challenge {
	const char	*scheme;	/* as the peer wrote it */
	const char	*token68;	/* NULL: none           */
	size_t		 n;
	struct {
		const char	*name, *value;	/* unquoted */
	} params[AL_PARAMS_MAX];
};

struct al_challenges {
	size_t			 n;
	struct al_challenge	 list[AL_CHALLENGES_MAX];
	/* private: the texts, one allocation a field */
	char			*texts[AL_CHALLENGES_MAX];
	size_t			 n_texts;
};

void al_challenges_init(struct al_challenges *c);
void al_challenges_fini(struct al_challenges *c);

/*
 * Append the challenges of one field's value.  EPROTO, ELIMIT, ENOMEM: none
 * of them is appended.
 */
enum al_code al_challenges_add(struct al_challenges *c, const char *value,
    struct al_err *err) AL_MUST_CHECK;

/* The first challenge of that scheme (of any case), or NULL. */
const struct al_challenge *al_challenges_find(const struct al_challenges *c,
    const char *scheme);
/* The value of the parameter of that name (of any case), or NULL. */
const char *al_challenge_get(const struct al_challenge *c, const char *name);

#endif
