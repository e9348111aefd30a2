/* connector/helper/spawn.h - start a program with nothing of ours but a socket. */
#ifndef AL_HELPER_SPAWN_H
#define AL_HELPER_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

#include "connector/base/err.h"

struct al_spawn_opts {
	const char		*path;	/* absolute                          */
	const char *const	*argv;	/* ends with NULL; never a secret    */
	/*
	 * Its whole environment, ends with NULL: "NAME=value" as it stands,
	 * "NAME" as it is in ours, if it is.  NULL: none.
	 */
	const char *const	*env;
	enum al_stage		 stage;	/* of errors                         */
};

/*
 * A running program.  Its standard input and output are the other end of
 * sock, its standard error that of err, a pipe: what does not fit is lost,
 * nobody waits.  No other descriptor of ours, no signal mask or handler goes
 * to it.  The kernel kills it when the thread that started it ends.
 */
struct al_proc {
	int	pidfd;		/* readable: it has ended; -1: reaped */
	int	sock;		/* never blocks                       */
	int	err;
};

enum al_code al_proc_start(struct al_proc *p, const struct al_spawn_opts *opts,
    struct al_err *err) AL_MUST_CHECK;

/* SIGKILL, if it still runs. */
void al_proc_kill(const struct al_proc *p);

/*
 * Once pidfd is readable: how it ended, -1 if somebody else (a SIGCHLD
 * handler of the program's) has taken the answer.  As after wait(2):
 * WIFEXITED and so on.
 */
int al_proc_reap(struct al_proc *p);

/* Kill it, reap it, close everything.  Waits for it for at most a second. */
void al_proc_end(struct al_proc *p);

#endif
