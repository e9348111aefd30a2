/* connector/netcheck/contrast.h - what a proxy's refusal is about. */
#ifndef AL_NETCHECK_CONTRAST_H
#define AL_NETCHECK_CONTRAST_H

#include <stdbool.h>

#include "connector/base/err.h"

/* All a refusal says is 403.  What else the same proxy is asked, each but for
 * one thing the request that it has refused. */
enum al_contrast {
	AL_CONTRAST_AGENT,	/* another User-Agent                     */
	AL_CONTRAST_PORT,	/* port 443, when ours is another         */
	AL_CONTRAST_ADDRESS,	/* the host's address in place of its name */
	AL_CONTRAST_CONTROL,	/* a host that no policy can be about     */
	AL_CONTRASTS
};

enum al_contrast_answer {
	AL_CONTRAST_NONE,	/* not asked, or nothing about policy     */
	AL_CONTRAST_DENIED,
	AL_CONTRAST_PASSED
};

/* Is err a policy's refusal, about which more can be found out? */
bool al_contrast_is_refusal(const struct al_err *err);

/* What the end of one such request means; err NULL: the tunnel stood. */
enum al_contrast_answer al_contrast_answer(const struct al_err *err);

/*
 * Refine the refusal err: its cause, and in front of its sentence what was
 * found out.  true: the cause is certain now.
 */
bool al_contrast_judge(struct al_err *err,
    const enum al_contrast_answer answers[static AL_CONTRASTS]);

#endif
