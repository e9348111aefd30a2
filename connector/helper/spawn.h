/* connector/helper/spawn.h - a program with nothing of ours but a socket. */
#ifndef AL_HELPER_SPAWN_H
#define AL_HELPER_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

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
	pid_t	pid;		/* 0: reaped                          */
	/*
	 * Readable: it has ended.  -1: the kernel (before 5.3), a sandbox or
	 * valgrind does not give one; try al_proc_reap from time to time.
	 */
	int	pidfd;
	int	sock;		/* never blocks                       */
	int	err;
};

enum al_code al_proc_start(struct al_proc *p, const struct al_spawn_opts *opts,
    struct al_err *err) AL_MUST_CHECK;

/* SIGKILL, if it still runs. */
void al_proc_kill(const struct al_proc *p);

/*
 * Has it ended?  Then status is as after wait(2), for WIFEXITED and so on, or
 * -1 if somebody else (a SIGCHLD handler of the program's) has taken it.
 */
bool al_proc_reap(struct al_proc *p, int *status);

/* Kill it, reap it, close everything.  Waits for it for at most a second. */
void al_proc_end(struct al_proc *p);

#endif
