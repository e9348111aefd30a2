/* connector/loop/wake.h - tells when this machine has slept. */
#ifndef AL_LOOP_WAKE_H
#define AL_LOOP_WAKE_H

#include <stdint.h>

#include "connector/base/err.h"

struct al_loop;

/*
 * After a sleep connections may be dead although no timer of ours has expired:
 * CLOCK_MONOTONIC stands still meanwhile.  The kernel tells of a resume, and of
 * a clock that was set, by cancelling a timer that never expires; how far
 * CLOCK_BOOTTIME has gone ahead tells the one from the other.  Between them
 * nothing runs.
 */
struct al_wake;

/* on_wake, from the loop, after a sleep of more than a second. */
struct al_wake *al_wake_new(struct al_loop *loop,
    void (*on_wake)(void *arg, uint64_t slept_ms), void *arg,
    struct al_err *err);
void al_wake_free(struct al_wake *w);	/* NULL is fine */

/* --- for tests ------------------------------------------------------------ */
/* fd, which is taken, is readable when there may have been a sleep; asleep_us
 * is how long this machine has slept since it was started. */
struct al_wake *al_wake_new_from(struct al_loop *loop, int fd,
    uint64_t (*asleep_us)(void),
    void (*on_wake)(void *arg, uint64_t slept_ms), void *arg,
    struct al_err *err);
/* Between two values of asleep_us; 0: not worth telling. */
uint64_t al_wake_slept_ms(uint64_t before_us, uint64_t now_us);

#endif
