/* connector/stream/tcp.c - the bottom of nearly every stack: a socket. */
#include "connector/stream/tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcp {
	struct al_stream	s;
	int			fd;
	unsigned		want;	/* WRITE after a write said AGAIN */
	bool			drained; /* the last read got all there was */
};

/* "connection refused", not "Connection refused": it stands in a sentence. */
static enum al_code
fail_errno(struct al_err *err, int sys)
{
	static const struct { int sys; const char *text; } rows[] = {
		{ ECONNREFUSED, "connection refused" },
		{ ECONNRESET, "connection reset by the peer" },
		{ EPIPE, "the peer has closed the connection" },
		{ ENETUNREACH, "network unreachable" },
		{ EHOSTUNREACH, "host unreachable" },
		{ ETIMEDOUT, "connection timed out" },
		{ EACCES, "not permitted (a local firewall?)" },
		{ EPERM, "not permitted (a local firewall?)" },
		{ EADDRNOTAVAIL, "no local address or port for it" },
	};
	const char *text = strerror(sys);
	enum al_code code = AL_ENET;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].sys == sys)
			text = rows[i].text;
	if (sys == ETIMEDOUT)
		code = AL_ETIMEOUT;
	else if (sys == ENOMEM || sys == ENOBUFS)
		code = AL_ENOMEM;
	else if (sys == EMFILE || sys == ENFILE)
		code = AL_ELIMIT;
	return al_fail(err, code, AL_AT_TCP, sys, "%s", text);
}

enum al_code
al_tcp_connect(const struct al_addr *a, int *fd, struct al_err *err)
{
	struct al_addr peer;
	socklen_t len;
	int sys;

	*fd = socket(a->u.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return fail_errno(err, errno);
	if (connect(*fd, &a->u.sa, a->len) == 0)
		return AL_OK;
	if (errno == EINPROGRESS) {
		len = sizeof(peer.u);
		return getpeername(*fd, &peer.u.sa, &len) == 0 ? AL_OK :
		    AL_AGAIN;
	}
	sys = errno;
	(void)close(*fd);
	*fd = -1;
	return fail_errno(err, sys);
}

enum al_code
al_tcp_connected(int fd, struct al_err *err)
{
	struct al_addr peer;
	socklen_t len = sizeof(int);
	int sys = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) != 0)
		sys = errno;
	if (sys != 0)
		return fail_errno(err, sys);
	len = sizeof(peer.u);
	if (getpeername(fd, &peer.u.sa, &len) == 0)
		return AL_OK;
	return errno == ENOTCONN ? AL_AGAIN : fail_errno(err, errno);
}

static enum al_code
tcp_open(struct al_stream *s, struct al_err *err)
{
	(void)s;
	(void)err;
	return AL_OK;
}

static enum al_code
tcp_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	struct tcp *t = (struct tcp *)s;
	ssize_t got;

	/* Who asks again is told AGAIN without a system call; what has come
	 * since then makes the fd readable (watches are level triggered). */
	if (t->drained) {
		t->drained = false;
		return AL_AGAIN;
	}
	do {
		got = recv(t->fd, p, cap, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		t->drained = (size_t)got < cap;
		*n = (size_t)got;
		return AL_OK;
	}
	if (got == 0)
		return AL_EOF;
	return errno == EAGAIN ? AL_AGAIN : fail_errno(err, errno);
}

static enum al_code
tcp_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	struct tcp *t = (struct tcp *)s;
	ssize_t put;

	do {
		put = send(t->fd, p, len, MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	t->want = put < 0 && errno == EAGAIN ? AL_WANT_WRITE : 0;
	if (put >= 0) {
		*n = (size_t)put;
		return AL_OK;
	}
	return errno == EAGAIN ? AL_AGAIN : fail_errno(err, errno);
}

static enum al_code
tcp_flush(struct al_stream *s, struct al_err *err)
{
	(void)s;
	(void)err;
	return AL_OK;
}

static enum al_code
tcp_shut(struct al_stream *s, struct al_err *err)
{
	/* ENOTCONN: the peer has reset it; a read tells. */
	if (shutdown(((struct tcp *)s)->fd, SHUT_WR) == 0 ||
	    errno == ENOTCONN)
		return AL_OK;
	return fail_errno(err, errno);
}

static unsigned
tcp_want(const struct al_stream *s)
{
	return ((const struct tcp *)s)->want;
}

static int
tcp_pending(const struct al_stream *s)
{
	(void)s;
	return 0;
}

static int
tcp_fd(const struct al_stream *s)
{
	return ((const struct tcp *)s)->fd;
}

static void
tcp_free(struct al_stream *s)
{
	(void)close(((struct tcp *)s)->fd);
	free(s);
}

static const struct al_stream_ops tcp_ops = {
	.name = "tcp",
	.open = tcp_open,
	.read = tcp_read,
	.write = tcp_write,
	.flush = tcp_flush,
	.shut = tcp_shut,
	.want = tcp_want,
	.pending = tcp_pending,
	.fd = tcp_fd,
	.free = tcp_free,
};

/* On a Unix socket these fail, and are not needed. */
static void
set(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

struct al_stream *
al_tcp_new(int fd, struct al_err *err)
{
	struct tcp *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		(void)close(fd);
		(void)al_fail_nomem(err, AL_AT_TCP);
		return NULL;
	}
	t->s.ops = &tcp_ops;
	t->fd = fd;
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	return &t->s;
}

int
al_tcp_release(struct al_stream *s)
{
	int fd = ((struct tcp *)s)->fd;

	free(s);
	return fd;
}

void
al_tcp_set_local(int fd)
{
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, AL_TCP_LOCAL_MAX);
	set(fd, SOL_SOCKET, SO_RCVBUF, AL_TCP_LOCAL_MAX);
}

void
al_tcp_set_link(struct al_stream *s, unsigned notsent_max, unsigned stuck_ms)
{
	int fd = al_stream_bottom_fd(s);

	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
	set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, (int)notsent_max);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)stuck_ms);
}
