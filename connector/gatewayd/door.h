/* connector/gatewayd/door.h - who may come in: HTTP paths and credentials. */
#ifndef AL_GATEWAYD_DOOR_H
#define AL_GATEWAYD_DOOR_H

#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_gateway;
struct al_door;

struct al_door *al_door_new(struct al_gateway *gw, struct al_err *err);
/* Turns away all who stand in it. */
void al_door_free(struct al_door *d);

/* A listener's al_on_conn; arg is the door. */
void al_door_conn(void *arg, int fd, const struct al_addr *peer);

/* The gateway's settings are others now. */
void al_door_reload(struct al_door *d);

/* Connections that wait for their turn, those that have not authenticated,
 * and how many were turned away. */
uint32_t al_door_waiting(const struct al_door *d);
uint32_t al_door_pending(const struct al_door *d);
uint64_t al_door_dropped(const struct al_door *d);

#endif
