/* connector/session/habits.h - what paths are known to do to links. */
#ifndef AL_SESSION_HABITS_H
#define AL_SESSION_HABITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/engine/life.h"

/*
 * Middleboxes cut connections: when they were idle for some time, or when they
 * are of some age.  Both are learned for each path, from how its links ended,
 * so that PINGs come before the first, and a new link before the second
 * (PROTOCOL 3.5, 3.9).  No I/O, no clock: now_s is the time of day, since what
 * is learned is kept over restarts.
 *
 * Idle limit.  A link that was given up, or reset, because what we sent after
 * a silence of about an interval was never answered: the path had forgotten
 * it.  That costs dearly (it takes 2.5 intervals to notice), so that one is
 * enough: the interval is halved, or more often when the silence says so, but
 * not below 10 s.  A link that was closed (FIN) in a silence may also have met
 * a restart, and costs little: two, one after the other, whose silences were
 * of the same length count.  A link that had survived longer silences proves
 * nothing, nor does one that died while bytes flowed: a dead path, a restart.
 *
 * Age limit.  Two cuts, one after the other, at the same age (within 1 s or
 * 10 %): restarts and random cuts come at any.  Four when a link has lived
 * longer within a day.  Below 10 s it is not a limit but a broken path.  What
 * looks like an idle limit is taken for one first (of an idle connection age
 * and silence are the same), and for an age limit if it comes again with the
 * shortest interval.  A link that was given up in silence had no known age.
 *
 * Being wrong costs little (a PING more, a link replaced while it lives), but
 * it would never be noticed: a link that is always replaced in time is never
 * cut.  So what was learned is tried again: after a day the interval doubles,
 * and one link may get as old as it can.  If that is cut as expected, which
 * one cut says now, it holds for twice as long, up to 16 days; a link that
 * gets a fifth older than the limit was is proof that there is none.  Cuts
 * that come before the limit make it doubtful that there is one: for every day
 * that it would hold, two of them bring the trial forward.
 */
#define AL_HABITS_MAX		64	/* paths; the one not seen longest goes */
#define AL_HABITS_VIA		256	/* a longer path is not remembered      */
#define AL_HABITS_KEEP_S	(30 * 86400)	/* not seen for so long: gone   */
#define AL_KEEPALIVE_MIN_MS	10000

/* A limit that was found, and for how long it is taken for granted. */
struct al_limit {
	uint64_t	ms;		/* 0: none known */
	uint64_t	since_s;
	uint32_t	days;
	uint32_t	strays;	/* cuts since then that it does not explain */
};

/* One path.  Plain data, for whoever saves it. */
struct al_habit {
	char		via[AL_HABITS_VIA];	/* "http://proxy:3128", "direct" */
	uint64_t	seen_s;
	struct al_limit	age;		/* the shortest life that was confirmed */
	struct al_limit	keepalive;	/* the interval that was safe           */
	uint64_t	quiet_ms;	/* the silence in which it was closed last */
	uint64_t	cut_ms;		/* the age at which it was cut last     */
	uint32_t	cuts;		/* how often in a row, at that age      */
	uint64_t	longest_ms;	/* that a link got lately ...           */
	uint64_t	longest_s;	/* ... when                             */
};

struct al_habits;

enum al_learned {
	AL_LEARNED_NOTHING,
	AL_LEARNED_AGE,		/* al_habits_max_age_ms says another thing now */
	AL_LEARNED_KEEPALIVE,	/* al_habits_keepalive_ms does                 */
	AL_LEARNED_NO_AGE	/* the limit known so far is none              */
};

struct al_habits *al_habits_new(void);	/* NULL: no memory */
void al_habits_free(struct al_habits *h);	/* NULL is fine */

/*
 * A link that carried the session has ended.  Set ours for one that ended with
 * a goodbye, by the machine's sleep or by a change of the network: that says
 * nothing about the path, but how old it got does.  via as al_chain_format
 * writes it; nothing is learned about one with user info in it.
 */
enum al_learned al_habits_link_lost(struct al_habits *h, const char *via,
    const struct al_link_life *life, uint64_t now_s);

/* When to replace a link by way of via: 0.8 of its age limit, 10 % more or
 * less by random.  0: there is none, or it is time to try. */
uint64_t al_habits_max_age_ms(const struct al_habits *h, const char *via,
    uint64_t random, uint64_t now_s);
/* The interval to use there instead of what was configured; never longer. */
uint32_t al_habits_keepalive_ms(const struct al_habits *h, const char *via,
    uint32_t configured_ms, uint64_t now_s);

/* --- to save and load ----------------------------------------------------- */
/* Something has changed since al_habits_saved. */
bool al_habits_changed(const struct al_habits *h);
void al_habits_saved(struct al_habits *h);
/* The i-th path, or NULL; until the next call that changes h. */
const struct al_habit *al_habits_get(const struct al_habits *h, size_t i);
/*
 * One that was saved.  false: it is not as this module would write it, or too
 * old.  Times in the future (the clock was wrong) are now.
 */
bool al_habits_put(struct al_habits *h, const struct al_habit *p,
    uint64_t now_s);

#endif
