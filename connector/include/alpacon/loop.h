/* alpacon/loop.h - the library on the caller's event loop. */
#ifndef ALPACON_LOOP_H
#define ALPACON_LOOP_H

#include <alpacon/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base;		/* libevent's */
struct alpacon_loop;

/*
 * Everything else needs one of these.  base is borrowed for its life.  One
 * thread: objects of a loop are used where the loop runs.  Callbacks come from
 * the loop, never from inside a function that you have called; in them every
 * call is legal, freeing the object included.  The program ignores SIGPIPE or
 * it does not: the library never raises it.
 */
struct alpacon_loop *alpacon_loop_new(struct event_base *base,
    struct alpacon_err *err);
/* After everything that was made with it; NULL is fine. */
void alpacon_loop_free(struct alpacon_loop *loop);

#ifdef __cplusplus
}
#endif
#endif
