/* connector/gatewayd/audit.c - the audit file: one JSON object a line. */
#include "connector/gatewayd/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connector/base/str.h"

struct al_audit {
	char		*path;		/* NULL: nothing is written        */
	int		 fd;
	bool		 torn;		/* the last line is not whole      */
	uint64_t	 lost;		/* lines since the last that went  */
};

static int
open_file(const char *path, struct al_err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_CONFIG, errno,
		    "the audit file %s can't be opened: %s", path,
		    strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	(void)al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
	    "the audit file %s is not a regular file", path);
	return -1;
}

struct al_audit *
al_audit_new(const char *path, struct al_err *err)
{
	struct al_audit *a = calloc(1, sizeof(*a));

	if (a == NULL)
		goto nomem;
	a->fd = -1;
	if (path == NULL)
		return a;
	a->path = al_str_dup(path, strlen(path));
	if (a->path == NULL)
		goto nomem;
	a->fd = open_file(path, err);
	if (a->fd >= 0)
		return a;
	al_audit_free(a);
	return NULL;
nomem:
	al_audit_free(a);
	(void)al_fail_nomem(err, AL_AT_CONFIG);
	return NULL;
}

void
al_audit_free(struct al_audit *a)
{
	if (a == NULL)
		return;
	if (a->fd >= 0)
		(void)close(a->fd);
	free(a->path);
	free(a);
}

enum al_code
al_audit_reopen(struct al_audit *a, struct al_err *err)
{
	int fd;

	if (a->path == NULL)
		return AL_OK;
	fd = open_file(a->path, err);
	if (fd < 0)
		return err->code;
	(void)close(a->fd);
	a->fd = fd;
	a->torn = false;
	return AL_OK;
}

/* The line with its end; NULL: no memory. */
static char *
format(const struct al_audit *a, const char *event,
    const struct al_log_field *f)
{
	char ts[AL_LOG_TIME], *text = NULL, *line = NULL;
	json_t *o = json_pack("{ss ss}", "ts", al_log_time(ts), "event",
	    event);
	size_t len;

	if (o == NULL)
		return NULL;
	for (; f != NULL && f->name != NULL; f++)
		if (al_log_put_json(o, f) != 0)
			goto out;
	if (a->lost > 0 && json_object_set_new(o, "lost",
	    json_integer((json_int_t)a->lost)) != 0)
		goto out;
	text = json_dumps(o, JSON_COMPACT);
	if (text == NULL)
		goto out;
	len = strlen(text);
	line = malloc(len + 3);
	if (line != NULL)
		(void)snprintf(line, len + 3, "%s%s\n", a->torn ? "\n" : "",
		    text);
out:
	free(text);
	json_decref(o);
	return line;
}

void
al_audit_write(struct al_audit *a, const char *event,
    const struct al_log_field *fields)
{
	char *line;
	size_t len;
	ssize_t n = -1;

	if (a == NULL || a->path == NULL)
		return;
	line = format(a, event, fields);
	if (line == NULL)
		errno = ENOMEM;
	len = line != NULL ? strlen(line) : 0;
	if (line != NULL)
		do
			n = write(a->fd, line, len);
		while (n < 0 && errno == EINTR);
	free(line);
	if (n >= 0 && (size_t)n == len) {
		a->torn = false;
		a->lost = 0;
		return;
	}
	if (n > 0)
		a->torn = true;
	if (a->lost++ == 0)
		al_log(AL_LOG_ERROR, "audit", NULL, "%s can't be written "
		    "(%s): lines are lost until it can", a->path,
		    n < 0 ? strerror(errno) : "no space");
}
