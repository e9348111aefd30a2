/* connector/dial/judge.h - what a failed alternative means for the others. */
#ifndef AL_DIAL_JUDGE_H
#define AL_DIAL_JUDGE_H

#include "connector/base/err.h"
#include "connector/dial/plan.h"

/* Say where in the chain the step failed: "via a:1080, b:3128: ". */
void al_judge_locate(struct al_err *err, const struct al_chain *chain,
    const struct al_plan_step *step);

/* No other alternative may be tried after this (PROXY.md 1). */
int al_judge_is_final(const struct al_err *err, const struct al_chain *chain,
    const struct al_plan_step *step);

/* The most telling of n failures, its text followed by those of the others. */
void al_judge_sum_up(const struct al_err *all, size_t n, struct al_err *err);

/* "host:port", "[::1]:443" */
#define AL_HOSTPORT_TEXT	(AL_HOST_MAX + sizeof("[]:65535"))
const char *al_hostport_format(char buf[static AL_HOSTPORT_TEXT],
    const char *host, uint16_t port);

#endif
