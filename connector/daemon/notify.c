/* connector/daemon/notify.c - what the service manager is told, by libsystemd. */
#include "connector/daemon/notify.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

void
al_notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void
al_notify_reloading(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

void
al_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void
al_notify_status(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = '\0';	/* one line, one variable */
	(void)sd_notifyf(0, "STATUS=%s", text);
}

uint64_t
al_notify_watchdog_ms(void)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return 0;
	return us / 2000;	/* twice in the time that is given */
}

void
al_notify_watchdog(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

static void
free_names(char **names)
{
	size_t i;

	for (i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

enum al_code
al_listen_fds(struct al_listen_fd **v, size_t *n, struct al_err *err)
{
	char **names = NULL;
	int i, count = sd_listen_fds_with_names(1, &names);

	*v = NULL;
	*n = 0;
	if (count < 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, -count,
		    "LISTEN_FDS: %s", strerror(-count));
	if (count == 0)
		return AL_OK;
	*v = calloc((size_t)count, sizeof(**v));
	if (*v == NULL) {
		free_names(names);
		return al_fail_nomem(err, AL_AT_CONFIG);
	}
	*n = (size_t)count;
	for (i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		int flags = fcntl(fd, F_GETFL);

		if (flags >= 0)
			(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		(*v)[i].fd = fd;
		(*v)[i].name = names[i];
		names[i] = NULL;
	}
	free(names);
	return AL_OK;
}

void
al_listen_fds_free(struct al_listen_fd *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(v[i].name);
	free(v);
}
