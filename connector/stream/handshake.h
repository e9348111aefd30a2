/* connector/stream/handshake.h - a machine as a layer of a stack. */
#ifndef AL_STREAM_HANDSHAKE_H
#define AL_STREAM_HANDSHAKE_H

#include "connector/base/hs.h"
#include "connector/stream/stream.h"

/*
 * A layer over next that runs the machine when it is opened and is nothing
 * but next afterwards, except that the bytes behind the machine's last byte
 * are read first.  Takes next and the machine, also on failure.  stage is
 * that of errors which the machine did not write itself.
 */
struct al_stream *al_handshake_new(struct al_stream *next,
    struct al_machine machine, enum al_stage stage, struct al_err *err);

/* open failed because the peer wants this again on a fresh connection. */
int al_handshake_wants_redial(const struct al_stream *s);
/* open said AGAIN because the machine needs a token from outside: give it one
 * and open again. */
int al_handshake_needs_token(const struct al_stream *s);
/* The machine, until it is released; what it learned can be asked for. */
const struct al_machine *al_handshake_machine(const struct al_stream *s);
/* Of an open layer: free the machine, whose work is done. */
void al_handshake_release(struct al_stream *s);

/*
 * open has taken too long (ms): fill err with what the peer has said so far,
 * if that is an answer, or else with a timeout; returns its code.
 */
enum al_code al_handshake_expired(struct al_stream *s, uint64_t ms,
    struct al_err *err);

#endif
