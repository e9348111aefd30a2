/* connector/stream/tcp.h - a stream over a socket: TCP, or Unix. */
#ifndef AL_STREAM_TCP_H
#define AL_STREAM_TCP_H

#include "connector/base/addr.h"
#include "connector/stream/stream.h"

/*
 * Start a connect: *fd is a non-blocking socket of the caller's.  It becomes
 * writable when al_tcp_connected has an answer.  ENET, stage tcp: it failed
 * at once; the text says what, not where to.
 */
enum al_code al_tcp_connect(const struct al_addr *a, int *fd,
    struct al_err *err) AL_MUST_CHECK;
/* OK, AGAIN, or the reason why it failed. */
enum al_code al_tcp_connected(int fd, struct al_err *err) AL_MUST_CHECK;

/*
 * A stream over a connected non-blocking socket; takes fd, also on failure.
 * Small writes leave at once (TCP_NODELAY), dead peers are noticed by
 * keepalive: after 60 s, then 5 times every 15 s.
 */
struct al_stream *al_tcp_new(int fd, struct al_err *err);

/* Give up when sent bytes stay unacknowledged for so long; 0: never. */
void al_tcp_set_user_timeout(struct al_stream *s, unsigned ms);

#endif
