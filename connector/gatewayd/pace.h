/* connector/gatewayd/pace.h - new connections, no faster than we can greet. */
#ifndef AL_GATEWAYD_PACE_H
#define AL_GATEWAYD_PACE_H

#include <stdint.h>

#include "connector/gatewayd/limit.h"
#include "connector/gatewayd/listen.h"

/*
 * A TLS handshake is the dearest thing that a stranger can ask for, and after
 * a restart all connectors ask at once.  Connections beyond the rate wait here
 * for their turn, first come first served, in bounded number.
 */
struct al_pace;

/* on_turn, a connection whose turn it is, may be called by al_pace_add. */
struct al_pace *al_pace_new(struct al_loop *loop, al_on_conn *on_turn,
    void *arg, struct al_err *err);
void al_pace_free(struct al_pace *p);	/* closes those that wait */

/* Handshakes a second; 0: no limit. */
void al_pace_set(struct al_pace *p, uint32_t per_s);
/* So many may come at once after a rest: in no second are there more than
 * per_s and these. */
uint32_t al_pace_burst(uint32_t per_s);

/* Takes fd. */
void al_pace_add(struct al_pace *p, int fd, const struct al_addr *from);

uint32_t al_pace_waiting(const struct al_pace *p);
/* Closed at once since too many were waiting. */
uint64_t al_pace_dropped(const struct al_pace *p);

#endif
