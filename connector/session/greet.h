/* connector/session/greet.h - the acceptor's first message: HELLO. */
#ifndef AL_SESSION_GREET_H
#define AL_SESSION_GREET_H

#include "connector/base/err.h"
#include "connector/stream/stream.h"
#include "connector/wire/mux_frame.h"

struct al_loop;
struct al_greet;	/* waits for HELLO; dies when it has reported */
struct al_greeted;	/* a connection that has said HELLO           */

/*
 * Exactly one call, from the loop: g and its hello, or err.  Give g to
 * al_mux_accept, or to al_greeted_reject.
 */
typedef void al_on_greet(void *arg, struct al_greeted *g,
    const struct al_hello *hello, const struct al_err *err);

/* Takes stream, a WebSocket whose 101 has been written; 15 s for HELLO. */
struct al_greet *al_greet_start(struct al_loop *loop,
    struct al_stream *stream, al_on_greet *on_greet, void *arg,
    struct al_err *err);
void al_greet_cancel(struct al_greet *gr);

/* WELCOME with a status above 1, then the connection is closed in order, in
 * the background and within 5 s. */
void al_greeted_reject(struct al_greeted *g, enum al_welcome_status status,
    uint32_t retry_after_s, const char *text);
void al_greeted_free(struct al_greeted *g);

#endif
