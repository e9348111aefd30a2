/* connector/stream/fdpair.c - stdin and stdout as one stream. */
#include "connector/stream/fdpair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fdpair {
	struct al_stream	s;
	int			in, out;	/* out -1: shut */
	int			in_flags, out_flags;
	unsigned		want;
};

static enum al_code
fail_errno(struct al_err *err, const char *what)
{
	int sys = errno;

	return al_fail(err, AL_ENET, AL_AT_LOCAL, sys, "%s: %s", what,
	    strerror(sys));
}

static enum al_code
fd_open(struct al_stream *s, struct al_err *err)
{
	(void)s;
	(void)err;
	return AL_OK;
}

static enum al_code
fd_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	ssize_t got;

	do {
		got = read(((struct fdpair *)s)->in, p, cap);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		*n = (size_t)got;
		return AL_OK;
	}
	/* EIO: the terminal has gone. */
	if (got == 0 || errno == EIO)
		return AL_EOF;
	return errno == EAGAIN ? AL_AGAIN : fail_errno(err, "local input");
}

static enum al_code
fd_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	struct fdpair *f = (struct fdpair *)s;
	ssize_t put;

	do {
		put = write(f->out, p, len);
	} while (put < 0 && errno == EINTR);
	f->want = put < 0 && errno == EAGAIN ? AL_WANT_WRITE : 0;
	if (put >= 0) {
		*n = (size_t)put;
		return AL_OK;
	}
	return errno == EAGAIN ? AL_AGAIN : fail_errno(err, "local output");
}

static enum al_code
fd_flush(struct al_stream *s, struct al_err *err)
{
	(void)s;
	(void)err;
	return AL_OK;
}

static void
put_back(int fd, int flags)
{
	(void)fcntl(fd, F_SETFL, flags);
	(void)close(fd);
}

/* Closing is how a pipe's reader learns of the end. */
static enum al_code
fd_shut(struct al_stream *s, struct al_err *err)
{
	struct fdpair *f = (struct fdpair *)s;

	(void)err;
	if (f->out >= 0 && f->out != f->in) {
		put_back(f->out, f->out_flags);
		/* They may have been the same terminal. */
		(void)fcntl(f->in, F_SETFL, f->in_flags | O_NONBLOCK);
	} else if (f->out >= 0) {
		(void)shutdown(f->out, SHUT_WR);
	}
	f->out = -1;
	return AL_OK;
}

static unsigned
fd_want(const struct al_stream *s)
{
	return ((const struct fdpair *)s)->want;
}

static int
fd_pending(const struct al_stream *s)
{
	(void)s;
	return 0;
}

static int
fd_fd(const struct al_stream *s)
{
	return ((const struct fdpair *)s)->in;
}

static int
fd_write_fd(const struct al_stream *s)
{
	return ((const struct fdpair *)s)->out;
}

static void
fd_free(struct al_stream *s)
{
	struct fdpair *f = (struct fdpair *)s;

	if (f->out >= 0 && f->out != f->in)
		put_back(f->out, f->out_flags);
	put_back(f->in, f->in_flags);
	free(f);
}

static const struct al_stream_ops fdpair_ops = {
	.name = "fds",
	.open = fd_open,
	.read = fd_read,
	.write = fd_write,
	.flush = fd_flush,
	.shut = fd_shut,
	.want = fd_want,
	.pending = fd_pending,
	.fd = fd_fd,
	.write_fd = fd_write_fd,
	.free = fd_free,
};

struct al_stream *
al_fdpair_new(int in, int out, struct al_err *err)
{
	struct fdpair *f = calloc(1, sizeof(*f));
	int in_flags = fcntl(in, F_GETFL), out_flags = fcntl(out, F_GETFL);

	if (f == NULL || in_flags < 0 || out_flags < 0) {
		if (f == NULL)
			(void)al_fail_nomem(err, AL_AT_LOCAL);
		else
			(void)fail_errno(err, "standard input and output");
		free(f);
		(void)close(in);
		if (out != in)
			(void)close(out);
		return NULL;
	}
	f->s.ops = &fdpair_ops;
	f->in = in;
	f->out = out;
	f->in_flags = in_flags;
	f->out_flags = out_flags;
	(void)fcntl(in, F_SETFL, in_flags | O_NONBLOCK);
	(void)fcntl(out, F_SETFL, out_flags | O_NONBLOCK);
	return &f->s;
}
