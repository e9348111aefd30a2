/* connector/api/error.c - errors as callers see them. */
#include <string.h>

#include "connector/api/api_int.h"

/* Same order, same numbers: a copy is a conversion. */
_Static_assert((int)ALPACON_EUSAGE == (int)AL_EUSAGE &&
    (int)ALPACON_ENAME == (int)AL_ENAME, "codes differ");
_Static_assert((int)ALPACON_AT_LOCAL == (int)AL_AT_LOCAL, "stages differ");

void
api_err(struct alpacon_err *to, const struct al_err *from)
{
	if (to == NULL)
		return;
	to->code = (enum alpacon_code)from->code;
	to->stage = (enum alpacon_stage)from->stage;
	to->sys = from->sys;
	to->status = from->status;
	to->cause = from->cause;
	_Static_assert(sizeof(to->text) == sizeof(from->text), "texts");
	memcpy(to->text, from->text, sizeof(to->text));
}

AL_EXPORT const char *
alpacon_stage_name(enum alpacon_stage stage)
{
	return stage <= ALPACON_AT_LOCAL ?
	    al_stage_name((enum al_stage)stage) : "unknown";
}
