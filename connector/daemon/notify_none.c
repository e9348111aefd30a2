/* connector/daemon/notify_none.c - no service manager: built without libsystemd. */
#include <stdlib.h>

#include "connector/daemon/notify.h"

void
al_notify_ready(void)
{
}

void
al_notify_reloading(void)
{
}

void
al_notify_stopping(void)
{
}

void
al_notify_status(const char *fmt, ...)
{
	(void)fmt;
}

uint64_t
al_notify_watchdog_ms(void)
{
	return 0;
}

void
al_notify_watchdog(void)
{
}

enum al_code
al_listen_fds(struct al_listen_fd **v, size_t *n, struct al_err *err)
{
	(void)err;
	*v = NULL;
	*n = 0;
	return AL_OK;
}

void
al_listen_fds_free(struct al_listen_fd *v, size_t n)
{
	(void)n;
	free(v);
}
