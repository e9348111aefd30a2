/* connector/stream/tcp.h - a stream over a socket: TCP, or Unix. */
#ifndef AL_STREAM_TCP_H
#define AL_STREAM_TCP_H

#include "connector/base/addr.h"
#include "connector/stream/stream.h"

/*
 * Start a connect: *fd is a non-blocking socket of the caller's.  OK: it is
 * connected (to this host, as a rule); AGAIN: it becomes writable when
 * al_tcp_connected has an answer.  ENET, stage tcp: it failed at once; the
 * text says what, not where to.
 */
enum al_code al_tcp_connect(const struct al_addr *a, int *fd,
    struct al_err *err) AL_MUST_CHECK;
/* OK, AGAIN, or the reason why it failed. */
enum al_code al_tcp_connected(int fd, struct al_err *err) AL_MUST_CHECK;

/*
 * A stream over a connected non-blocking socket; takes fd, also on failure.
 * Small writes leave at once (TCP_NODELAY); keepalive is on, as the system
 * has it.
 */
struct al_stream *al_tcp_new(int fd, struct al_err *err);
/* The other way: s is gone, the fd yours.  Nothing else may be below it. */
int al_tcp_release(struct al_stream *s);

/*
 * For the local end of a channel, also for a socket that listens for such:
 * no delay, and at most AL_TCP_LOCAL_MAX bytes each way wait in the kernel,
 * where a thousand stalled ones would take the memory of all.
 */
#define AL_TCP_LOCAL_MAX	(256 * 1024)
void al_tcp_set_local(int fd);

/*
 * For a connection that has to live for months: dead peers are noticed by
 * keepalive after 60 s, then 5 times every 15 s; at most notsent_max bytes
 * wait unsent in the kernel; when no sent byte is taken for stuck_ms, it is
 * the end.
 */
void al_tcp_set_link(struct al_stream *s, unsigned notsent_max,
    unsigned stuck_ms);

#endif
