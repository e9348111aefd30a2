/* connector/connectord/doors.h - the local listeners, over reloads. */
#ifndef AL_CONNECTORD_DOORS_H
#define AL_CONNECTORD_DOORS_H

#include <stdbool.h>
#include <stddef.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_doors;
struct al_guests;
struct al_listen_fd;	/* connector/daemon/notify.h */
struct al_loop;
struct al_site;

/*
 * fds, handed over by the service manager, are used for the listeners that
 * name their address, or their name; borrowed for life.
 */
struct al_doors *al_doors_new(struct al_loop *loop,
    const struct al_listen_fd *fds, size_t n_fds, struct al_err *err);
void al_doors_free(struct al_doors *d);
/* Who takes what comes in; before the first apply. */
void al_doors_set_guests(struct al_doors *d, struct al_guests *gs);

/*
 * Listen where s says: what is open there already stays, the new is opened,
 * then the rest is closed.  A failure leaves all as it was.  Holds s.
 */
enum al_code al_doors_apply(struct al_doors *d, struct al_site *s,
    struct al_err *err) AL_MUST_CHECK;
/* Take no more connections. */
void al_doors_close(struct al_doors *d);

/* One of them listens on a. */
bool al_doors_are_at(const struct al_doors *d, const struct al_addr *a);
void al_doors_dump(const struct al_doors *d);

#endif
