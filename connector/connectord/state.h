/* connector/connectord/state.h - what is remembered over restarts. */
#ifndef AL_CONNECTORD_STATE_H
#define AL_CONNECTORD_STATE_H

#include "connector/base/err.h"
#include "connector/session/habits.h"

/*
 * DIR/paths.json, what is known about the paths to the gateway:
 *
 *	{"version": 1, "paths": [{"via": "http://proxy:3128", "seen": TIME,
 *	  "age": {"ms", "since", "days", "strays"}, "keepalive": {...},
 *	  "quiet_ms", "cut_ms", "cuts", "longest_ms", "longest_s"}]}
 *
 * Nothing depends on it: a file that can't be read or is not like this costs a
 * line of the log, and all is learned again.
 */

/* h is empty before; after a failure (EUSAGE) it is, too.  Paths that are too
 * old, or that habits.h doesn't take, are left out. */
enum al_code al_state_parse(struct al_habits *h, const char *text, size_t len,
    uint64_t now_s, struct al_err *err) AL_MUST_CHECK;
/* To free; NULL: no memory. */
char *al_state_format(const struct al_habits *h);

/* Fill h, which is empty.  dir NULL: nothing is kept. */
void al_state_load(struct al_habits *h, const char *dir, uint64_t now_s);
/* Write what has changed, if anything has. */
void al_state_save(struct al_habits *h, const char *dir);

#endif
