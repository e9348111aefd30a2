/* connector/daemon/exit.h - exit codes (sysexits) of all programs. */
#ifndef AL_DAEMON_EXIT_H
#define AL_DAEMON_EXIT_H

#include "connector/base/err.h"

enum al_exit {
	AL_EXIT_OK = 0,
	AL_EXIT_USAGE = 64,	/* the command line                          */
	AL_EXIT_PATH = 69,	/* proxy, TLS, unknown server, gateway gone  */
	AL_EXIT_INTERNAL = 70,
	AL_EXIT_OS = 71,	/* memory, descriptors, processes            */
	AL_EXIT_IO = 74,	/* local files and sockets                   */
	AL_EXIT_DENIED = 77,	/* token, key, password; policy said no      */
	AL_EXIT_CONFIG = 78
};

/* What a program that gave up because of err exits with. */
enum al_exit al_exit_code(const struct al_err *err);

/* "PROGRAM: stage: sentence" on stderr, redacted; returns al_exit_code. */
enum al_exit al_exit_say(const char *program, const struct al_err *err);

#endif
