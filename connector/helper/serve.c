/* connector/helper/serve.c - the other end: what every helper program does. */
#include "connector/helper/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connector/base/reader.h"

static void
limit(int what, size_t max)
{
	struct rlimit r;

	if (max == 0 || getrlimit((__rlimit_resource_t)what, &r) != 0)
		return;
	if (max < r.rlim_max)
		r.rlim_cur = r.rlim_max = max;
	(void)setrlimit((__rlimit_resource_t)what, &r);
}

static void
harden(const struct al_serve_limits *limits)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	limit(RLIMIT_NOFILE, limits->files);
	limit(RLIMIT_FSIZE, limits->file_size);
	if (!AL_SERVE_SANITIZED) {
		limit(RLIMIT_AS, limits->memory);
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(077);
}

static bool
has_parent(int fd)
{
	struct pollfd p = { .fd = fd };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return poll(&p, 1, 0) >= 0 && !(p.revents & (POLLHUP | POLLNVAL));
}

int
al_serve_begin(const struct al_serve_limits *limits)
{
	int fd, null;
	struct stat st;

	harden(limits);
	if (fstat(0, &st) != 0 || !S_ISSOCK(st.st_mode) || !has_parent(0))
		return -1;
	fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return -1;
	(void)close(null);
	return fd;
}

static bool
read_all(int fd, uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool
al_serve_read(int fd, uint8_t *msg, size_t cap, size_t *len)
{
	uint8_t head[4];

	if (!read_all(fd, head, sizeof(head)))
		return false;
	*len = al_get_u32(head);
	return *len <= cap && read_all(fd, msg, *len);
}

bool
al_serve_write(int fd, const uint8_t *msg, size_t len)
{
	uint8_t head[4];

	al_put_u32(head, (uint32_t)len);
	return write_all(fd, head, sizeof(head)) && write_all(fd, msg, len);
}
