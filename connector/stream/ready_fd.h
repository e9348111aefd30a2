/* connector/stream/ready_fd.h - an fd that is as ready as it is told to be. */
#ifndef AL_STREAM_READY_FD_H
#define AL_STREAM_READY_FD_H

#include <stdbool.h>

#include "connector/base/err.h"

/*
 * For a layer whose bytes come from elsewhere than its fd: users watch an fd
 * for reading and for writing, level triggered, each by itself.  Neither an
 * eventfd (always writable while it is not readable) nor an epoll fd (never
 * writable) can say all four.  A pair of local sockets can: a byte in the
 * user's queue makes its end readable, a full queue on the other side makes it
 * not writable.
 */
struct al_ready_fd {
	int	fd;		/* the user's, to watch and nothing else */
	int	other;
	bool	readable, writable;
};

/* Not readable, but writable. */
enum al_code al_ready_fd_init(struct al_ready_fd *r, struct al_err *err)
    AL_MUST_CHECK;
/* Saying the same again costs nothing. */
void al_ready_fd_set(struct al_ready_fd *r, bool readable, bool writable);
void al_ready_fd_fini(struct al_ready_fd *r);

#endif
