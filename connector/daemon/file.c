/* connector/daemon/file.c - small files, read whole and written whole. */
#include "connector/daemon/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum al_code
fail(struct al_err *err, const char *path, const char *what)
{
	int sys = errno;

	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, sys, "%s: %s%s%s", path,
	    what, sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

/* Until EOF or the room of max + 1 bytes is used up. */
static ssize_t
read_all(int fd, char *p, size_t room)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = read(fd, p + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static enum al_code
read_open(struct al_file *f, int fd, const char *path, size_t max,
    struct al_err *err)
{
	struct stat st;
	size_t room;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return fail(err, path, "can't be read");
	errno = 0;
	if (!S_ISREG(st.st_mode))
		return fail(err, path, "is not a regular file");
	if (st.st_size > (off_t)max)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "%s: is larger than %zu bytes", path, max);
	room = (size_t)st.st_size + 1;
	f->text = malloc(room + 1);
	if (f->text == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	n = read_all(fd, f->text, room);
	if (n < 0)
		return fail(err, path, "can't be read");
	f->len = (size_t)n;
	f->text[f->len] = '\0';
	f->mode = st.st_mode & 07777;
	f->owner = st.st_uid;
	errno = 0;
	if (f->len == room)
		return fail(err, path, "grew while it was read");
	return AL_OK;
}

enum al_code
al_file_read(struct al_file *f, const char *path, size_t max,
    struct al_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum al_code code;

	memset(f, 0, sizeof(*f));
	if (fd < 0)
		return fail(err, path, "can't be read");
	code = read_open(f, fd, path, max, err);
	(void)close(fd);
	if (code != AL_OK)
		al_file_fini(f);
	return code;
}

void
al_file_fini(struct al_file *f)
{
	if (f->text != NULL)
		explicit_bzero(f->text, f->len);
	free(f->text);
	memset(f, 0, sizeof(*f));
}

static int
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* As far as we may: a daemon with an id of its own has to read it again. */
static void
keep_access(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	if (fchown(fd, st.st_uid, st.st_gid) == 0)
		(void)fchmod(fd, st.st_mode & 0777);
}

/* The new name has to survive a power cut too. */
static void
sync_folder(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	(void)snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 :
	    slash == path ? 1 : (int)(slash - path), slash == NULL ? "." :
	    path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

enum al_code
al_file_replace(const char *path, const void *p, size_t len,
    struct al_err *err)
{
	char tmp[PATH_MAX];
	enum al_code code;
	int fd, bad;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >=
	    sizeof(tmp))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "the path is too long: %.80s...", path);
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return fail(err, path, "can't be written");
	keep_access(fd, path);
	bad = write_all(fd, p, len) != 0 || fsync(fd) != 0;
	bad |= close(fd) != 0;
	if (bad || rename(tmp, path) != 0) {
		code = fail(err, path, "can't be written");
		(void)unlink(tmp);
		return code;
	}
	sync_folder(path);
	return AL_OK;
}
