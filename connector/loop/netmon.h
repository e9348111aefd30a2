/* connector/loop/netmon.h - tells when this machine is on another network. */
#ifndef AL_LOOP_NETMON_H
#define AL_LOOP_NETMON_H

#include "connector/base/err.h"

struct al_loop;

/*
 * The kernel is heard (rtnetlink), then our addresses are compared: what
 * comes all the time (lifetimes of IPv6 addresses, counters) is no change.
 * Loopback and link-local addresses don't count.
 */
struct al_netmon;

/* on_change, from the loop, a second after the latest of several changes. */
struct al_netmon *al_netmon_new(struct al_loop *loop,
    void (*on_change)(void *arg), void *arg, struct al_err *err);
void al_netmon_free(struct al_netmon *m);	/* NULL is fine */

#endif
