/* connector/connectord/outcome.h - errors of a connect as channel codes. */
#ifndef AL_CONNECTORD_OUTCOME_H
#define AL_CONNECTORD_OUTCOME_H

#include "connector/base/err.h"
#include "connector/wire/mux_frame.h"

/* The code with which to refuse a channel or a local client. */
enum al_chan_code al_outcome_code(const struct al_err *err);

#endif
