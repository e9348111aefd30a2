/* connector/gatewayd/add.h - "add connector|operator NAME". */
#ifndef AL_GATEWAYD_ADD_H
#define AL_GATEWAYD_ADD_H

#include "connector/base/err.h"

/* The words behind "add"; prints the new secret, and how to use it. */
enum al_code al_add(const char *config, int n, char *const *words,
    struct al_err *err) AL_MUST_CHECK;

#endif
