/* connector/connectord/listener.h - accept local connections, within bounds. */
#ifndef AL_CONNECTORD_LISTENER_H
#define AL_CONNECTORD_LISTENER_H

#include <stdbool.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_loop;
struct al_listener;

struct al_listener_ops {
	/* false: leave connections in the kernel's queue for now (asked again
	 * soon). */
	bool (*has_room)(void *arg);
	/* Takes fd, non-blocking; peer is its address, for logs. */
	void (*on_conn)(void *arg, int fd, const char *peer);
	/* Accepting has to pause; told once until it works again. */
	void (*on_pause)(void *arg, const struct al_err *err);
};

/*
 * A socket that listens on addr.  Anything but loopback is refused: the host
 * must not open an inbound port (EUSAGE).  Stage local.
 */
enum al_code al_listener_bind(const struct al_addr *addr, int *fd,
    struct al_err *err) AL_MUST_CHECK;
/* The same demand on a socket that was handed over; makes it non-blocking. */
enum al_code al_listener_check(int fd, struct al_err *err) AL_MUST_CHECK;

/* Takes fd, also on failure; ops is kept. */
struct al_listener *al_listener_new(struct al_loop *loop, int fd,
    const struct al_listener_ops *ops, void *arg, struct al_err *err);
void al_listener_free(struct al_listener *l);	/* NULL is fine */

/* "127.0.0.1:1080", "unix:/run/x.sock": where it really listens. */
const char *al_listener_name(const struct al_listener *l);

#endif
