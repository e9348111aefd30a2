/* connector/stream/ready_fd.c - an fd that is as ready as it is told to be. */
#include "connector/stream/ready_fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel makes it its minimum, about 4.5 KiB: it is filled in no time. */
static void
shrink(int fd)
{
	const int least = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
}

enum al_code
al_ready_fd_init(struct al_ready_fd *r, struct al_err *err)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    fds) != 0)
		return al_fail(err, AL_ELIMIT, AL_AT_LOCAL, errno,
		    "socketpair: %s", strerror(errno));
	shrink(fds[0]);
	*r = (struct al_ready_fd){ .fd = fds[0], .other = fds[1],
	    .writable = true };
	return AL_OK;
}

static void
drain(int fd)
{
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		continue;
}

static void
fill(int fd)
{
	static const char buf[1024];

	while (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		continue;
}

void
al_ready_fd_set(struct al_ready_fd *r, bool readable, bool writable)
{
	if (readable && !r->readable)
		(void)!send(r->other, "", 1, MSG_NOSIGNAL);
	else if (!readable && r->readable)
		drain(r->fd);
	if (writable && !r->writable)
		drain(r->other);
	else if (!writable && r->writable)
		fill(r->fd);
	r->readable = readable;
	r->writable = writable;
}

void
al_ready_fd_fini(struct al_ready_fd *r)
{
	(void)close(r->fd);
	(void)close(r->other);
}
