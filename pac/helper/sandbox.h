/* pac/helper/sandbox.h - what a process may do that runs foreign scripts. */
#ifndef AL_PAC_HELPER_SANDBOX_H
#define AL_PAC_HELPER_SANDBOX_H

#include <stdbool.h>

enum sandbox_kind {
	SANDBOX_ALONE,		/* one thread                        */
	SANDBOX_THREADS		/* threads of this process, no other */
};

/*
 * From here on, for all threads: memory that is not executable, the clock,
 * and the descriptors that are open already.  Whatever else (files, sockets,
 * programs, processes) kills the process at once, with SIGSYS.  False when the
 * system can't do that; then no script may be run.
 */
bool sandbox_lock(enum sandbox_kind kind);

/* SIGXCPU after so much more of the processor's time.  The parent's own limit
 * is lower: this is for one that is stopped.  Before and after the lock. */
void sandbox_cpu(unsigned seconds);

#endif
