/* connector/connectord/outcome.c - errors of a connect as channel codes. */
#include "connector/connectord/outcome.h"

#include <errno.h>

enum al_chan_code
al_outcome_code(const struct al_err *err)
{
	if (err->stage == AL_AT_CHANNEL && err->status != 0)
		return (enum al_chan_code)err->status;
	if (err->code == AL_ENAME || err->stage == AL_AT_DNS)
		return AL_CHAN_NAME;
	switch (err->code) {
	case AL_ETIMEOUT:
		return AL_CHAN_TIMEOUT;
	case AL_EREFUSED:
	case AL_EAUTH:
		return AL_CHAN_DENIED;
	case AL_ELIMIT:
	case AL_ENOMEM:
		return AL_CHAN_LIMIT;
	case AL_EUSAGE:
		return AL_CHAN_BAD_REQUEST;
	default:
		break;
	}
	switch (err->sys) {
	case ECONNREFUSED:
		return AL_CHAN_REFUSED;
	case ETIMEDOUT:
		return AL_CHAN_TIMEOUT;
	case EACCES:
	case EPERM:
		return AL_CHAN_DENIED;
	default:
		return AL_CHAN_UNREACHABLE;
	}
}
