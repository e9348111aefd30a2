/* connector/daemon/secret.h - passwords, keys and tokens: read, held, wiped. */
#ifndef AL_DAEMON_SECRET_H
#define AL_DAEMON_SECRET_H

#include "connector/base/err.h"

/*
 * One line of text that never reaches a log (it is registered with redact.h
 * while it is held), a command line or a core file (process.h).  NULL: none.
 */
struct al_secret {
	char	*text;
};

#define AL_SECRET_MAX	4096		/* bytes */
#define AL_CREDENTIAL	"credential:"	/* "credential:NAME" for a path */

/*
 * The only line of a file.  It must belong to us or root and be closed to
 * everyone else (0600).  "credential:NAME" is what the service manager hands
 * over (LoadCredential=NAME:...), in $CREDENTIALS_DIRECTORY.  Fails with
 * EAUTH, stage config, and what to type against it.
 */
enum al_code al_secret_read(struct al_secret *s, const char *path,
    struct al_err *err) AL_MUST_CHECK;
/* From a setting. */
enum al_code al_secret_set(struct al_secret *s, const char *text,
    struct al_err *err) AL_MUST_CHECK;
void al_secret_fini(struct al_secret *s);	/* wipes; NULL text is fine */

/*
 * The real path, to free, of a file (a key, PEM) that somebody else opens: it
 * is guarded as those above, or NULL, and err says what to type against it.
 */
char *al_secret_path(const char *path, struct al_err *err);

/* The real path of "credential:NAME" or a copy of any other path; free it.
 * NULL and err when no credentials are handed over or memory is out. */
char *al_credential_path(const char *path, struct al_err *err);

#endif
