/* connector/daemon/notify.h - what the service manager is told and gives. */
#ifndef AL_DAEMON_NOTIFY_H
#define AL_DAEMON_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

/* Each does nothing when no service manager listens (NOTIFY_SOCKET), or when
 * the program was built without libsystemd. */
void al_notify_ready(void);
void al_notify_reloading(void);		/* then al_notify_ready again */
void al_notify_stopping(void);
void al_notify_status(const char *fmt, ...) AL_PRINTF(1, 2);

/* 0: none is wanted; else al_notify_watchdog at least this often. */
uint64_t al_notify_watchdog_ms(void);
void al_notify_watchdog(void);

/*
 * Sockets handed over (LISTEN_FDS, with LISTEN_FDNAMES; FileDescriptorName= of
 * the socket unit).  Close-on-exec and non-blocking from now on.  Asked once,
 * at the start: the variables are gone afterwards.  name is "" if none.
 */
struct al_listen_fd {
	int	 fd;
	char	*name;
};

enum al_code al_listen_fds(struct al_listen_fd **v, size_t *n,
    struct al_err *err) AL_MUST_CHECK;
void al_listen_fds_free(struct al_listen_fd *v, size_t n); /* not the fds */

#endif
