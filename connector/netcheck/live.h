/* connector/netcheck/live.h - the table on a terminal, while it fills. */
#ifndef AL_NETCHECK_LIVE_H
#define AL_NETCHECK_LIVE_H

#include "connector/base/err.h"
#include "connector/netcheck/report.h"

struct al_loop;
struct live;

/* Draws r again soon after each live_changed, and while time passes.  r and o
 * are kept.  Nothing moves unless the table fits a terminal of rows lines. */
struct live *live_new(struct al_loop *loop, struct al_report *r,
    const struct al_text_opts *o, struct al_err *err);
void live_changed(struct live *l);	/* NULL is fine */
/* The table as it stands now, for the last time; frees. */
void live_free(struct live *l);

/* Everything for people leaves the program here: redacted, at once.  false:
 * it could not be written. */
bool live_write(const char *text);

#endif
