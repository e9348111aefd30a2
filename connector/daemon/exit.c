/* connector/daemon/exit.c - exit codes (sysexits) of all programs. */
#include "connector/daemon/exit.h"

#include <stdio.h>
#include <stdlib.h>

#include "connector/daemon/redact.h"
#include "connector/wire/mux_frame.h"

/* REFUSE, RESET or CLOSE with a code that says "you may not". */
static int
is_policy(const struct al_err *err)
{
	return (err->stage == AL_AT_SESSION || err->stage == AL_AT_CHANNEL) &&
	    (err->status == AL_CHAN_DENIED || err->status == AL_CHAN_REVOKED);
}

enum al_exit
al_exit_code(const struct al_err *err)
{
	if (err->code == AL_OK)
		return AL_EXIT_OK;
	if (err->code == AL_EAUTH || is_policy(err))
		return AL_EXIT_DENIED;
	if (err->code == AL_ENOMEM)
		return AL_EXIT_OS;
	switch (err->stage) {
	case AL_AT_NONE:
		return err->code == AL_EUSAGE ? AL_EXIT_USAGE :
		    AL_EXIT_INTERNAL;
	case AL_AT_CONFIG:
		return AL_EXIT_CONFIG;
	case AL_AT_LOCAL:
		return err->code == AL_EUSAGE ? AL_EXIT_USAGE :
		    err->code == AL_ELIMIT ? AL_EXIT_OS : AL_EXIT_IO;
	default:
		return AL_EXIT_PATH;
	}
}

enum al_exit
al_exit_say(const char *program, const struct al_err *err)
{
	char *safe = al_redact_dup(err->text);

	(void)fprintf(stderr, "%s: %s%s%s\n", program,
	    err->stage != AL_AT_NONE ? al_stage_name(err->stage) : "",
	    err->stage != AL_AT_NONE ? ": " : "",
	    safe != NULL ? safe : "out of memory");
	free(safe);
	return al_exit_code(err);
}
