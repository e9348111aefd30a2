/* connector/stream/seal.h - bytes wrapped by Kerberos (RFC 1961 5). */
#ifndef AL_STREAM_SEAL_H
#define AL_STREAM_SEAL_H

#include "connector/helper/gss.h"
#include "connector/stream/stream.h"

struct al_loop;

/*
 * A layer over next, which is open, that wraps what is written and unwraps
 * what is read with an established context.  Takes next and gss, also on
 * failure.
 *
 * The helper makes each of these answers in its own time, so the layer runs by
 * itself: it watches the fds below on the loop and moves bytes between them
 * and its buffers (about 64 KiB of each kind, 256 KiB in all), one question to
 * the helper at a time.  Calls from above only touch these buffers.  Its fd is
 * therefore not that of next but one that the layer makes ready (ready_fd.h):
 * for reading while there are bytes, an end or an error; for writing while
 * there is room or, after a flush or shut that said AGAIN, once that is done.
 * A watch that was on next's fd has to end before.
 *
 * Nothing in RFC 1961 protects the end of the stream: who cuts the connection
 * between two messages makes an EOF.  TLS inside notices.
 */
struct al_stream *al_seal_new(struct al_loop *loop, struct al_stream *next,
    struct al_gss *gss, enum al_gss_seal seal, struct al_err *err);

#endif
