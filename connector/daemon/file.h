/* connector/daemon/file.h - small files, read whole and written whole. */
#ifndef AL_DAEMON_FILE_H
#define AL_DAEMON_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "connector/base/err.h"

struct al_file {
	char		*text;		/* len bytes and a NUL */
	size_t		 len;
	unsigned	 mode;		/* permission bits     */
	uid_t		 owner;
};

/* A regular file of at most max bytes; EUSAGE, stage config, sys is errno. */
enum al_code al_file_read(struct al_file *f, const char *path, size_t max,
    struct al_err *err) AL_MUST_CHECK;
void al_file_fini(struct al_file *f);	/* wipes */

/*
 * Put len bytes in path's place at once: a new file beside it is written,
 * synced and renamed, so that a reader sees the old or the new one and a full
 * disk leaves the old.  0600, or as the old one.
 */
enum al_code al_file_replace(const char *path, const void *p, size_t len,
    struct al_err *err) AL_MUST_CHECK;

#endif
