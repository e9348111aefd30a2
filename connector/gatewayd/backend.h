/* connector/gatewayd/backend.h - agent channels: on to the platform. */
#ifndef AL_GATEWAYD_BACKEND_H
#define AL_GATEWAYD_BACKEND_H

#include "connector/gatewayd/opens.h"

/* Connect to the backend for ch, which c has asked for; then one of
 * al_channel_joined and al_channel_failed, later. */
enum al_code al_backend_start(struct al_channel *ch, struct al_chan *c,
    struct al_err *err) AL_MUST_CHECK;

#endif
