/* connector/gatewayd/listen.h - listening sockets and who is let in. */
#ifndef AL_GATEWAYD_LISTEN_H
#define AL_GATEWAYD_LISTEN_H

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_loop;
struct al_listener;

/* fd, a connected non-blocking socket, is yours. */
typedef void al_on_conn(void *arg, int fd, const struct al_addr *peer);

/* A socket bound to a; EADDRINUSE and the like: ENET, stage local. */
struct al_listener *al_listener_new(struct al_loop *loop,
    const struct al_addr *a, al_on_conn *on_conn, void *arg,
    struct al_err *err);
/* The same with a listening socket that was handed over; takes fd, also on
 * failure. */
struct al_listener *al_listener_adopt(struct al_loop *loop, int fd,
    al_on_conn *on_conn, void *arg, struct al_err *err);
void al_listener_free(struct al_listener *l);
/* Where it really listens (port 0 was a wish). */
const struct al_addr *al_listener_addr(const struct al_listener *l);

#endif
