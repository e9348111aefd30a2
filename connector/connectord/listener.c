/* connector/connectord/listener.c - accept local connections, within bounds. */
#include <config.h>

#include "connector/connectord/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "connector/base/str.h"
#include "connector/loop/loop.h"
#include "connector/stream/tcp.h"

#define BACKLOG		512
#define BATCH		32	/* connections before others have a turn */
#define FULL_MS		50
#define STARVED_MS	250	/* no descriptors, no memory             */

struct al_listener {
	int		 fd;
	const struct al_listener_ops *ops;
	void		*arg;
	struct al_watch	 watch;
	struct al_timer	 again;
	bool		 told;
	char		 name[sizeof(struct sockaddr_un) + 8];
};

union name {
	struct sockaddr_storage	ss;
	struct sockaddr		sa;
	struct sockaddr_un	un;
};

/* --- making and checking sockets ------------------------------------------ */
static bool
to_addr(const union name *n, socklen_t len, struct al_addr *a)
{
	if (n->sa.sa_family != AF_INET && n->sa.sa_family != AF_INET6)
		return false;
	if (len > sizeof(a->u))
		return false;
	memset(a, 0, sizeof(*a));
	memcpy(&a->u, n, len);
	a->len = len;
	return true;
}

static enum al_code
check_local(const struct al_addr *a, struct al_err *err)
{
	char text[AL_ADDR_TEXT];

	if (al_addr_is_loopback(a))
		return AL_OK;
	return al_fail(err, AL_EUSAGE, AL_AT_LOCAL, 0, "%s is not a loopback "
	    "address: this host opens no inbound port",
	    al_addr_format(a, text));
}

static int
bind_to(int fd, const struct al_addr *a)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return -1;
	if (a->u.sa.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return -1;
	if (bind(fd, &a->u.sa, a->len) != 0)
		return -1;
	return listen(fd, BACKLOG);
}

enum al_code
al_listener_bind(const struct al_addr *addr, int *fd, struct al_err *err)
{
	char text[AL_ADDR_TEXT];
	int sys;

	if (check_local(addr, err) != AL_OK)
		return err->code;
	*fd = socket(addr->u.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && bind_to(*fd, addr) == 0)
		return AL_OK;
	sys = errno;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return al_fail(err, AL_ENET, AL_AT_LOCAL, sys,
	    "cannot listen on %s: %s", al_addr_format(addr, text),
	    strerror(sys));
}

enum al_code
al_listener_check(int fd, struct al_err *err)
{
	union name n;
	socklen_t len = sizeof(n);
	struct al_addr a;
	int on = 0, flags;
	socklen_t on_len = sizeof(on);

	memset(&n, 0, sizeof(n));
	if (getsockname(fd, &n.sa, &len) != 0 || getsockopt(fd, SOL_SOCKET,
	    SO_ACCEPTCONN, &on, &on_len) != 0 || !on)
		return al_fail(err, AL_EUSAGE, AL_AT_LOCAL, 0, "descriptor "
		    "%d, handed over, is not a listening stream socket", fd);
	if (to_addr(&n, len, &a) && check_local(&a, err) != AL_OK)
		return err->code;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return al_fail(err, AL_ENET, AL_AT_LOCAL, errno,
		    "descriptor %d: %s", fd, strerror(errno));
	return AL_OK;
}

/* --- accepting ------------------------------------------------------------ */
static void
pause_for(struct al_listener *l, uint64_t ms)
{
	al_watch_set(&l->watch, 0);
	al_timer_set(&l->again, ms);
}

static void
starve(struct al_listener *l, int sys)
{
	struct al_err err;

	pause_for(l, STARVED_MS);
	if (l->told)
		return;
	l->told = true;
	(void)al_fail(&err, AL_ELIMIT, AL_AT_LOCAL, sys,
	    "cannot take connections on %s: %s; they wait", l->name,
	    strerror(sys));
	l->ops->on_pause(l->arg, &err);
}

/* A connection that was given up before we came to it is no error. */
static bool
is_theirs(int sys)
{
	return sys == ECONNABORTED || sys == EINTR || sys == EPROTO ||
	    sys == EPERM || sys == ENETDOWN || sys == EHOSTUNREACH;
}

static void
format_peer(const union name *n, socklen_t len, char *buf, size_t cap)
{
	struct al_addr a;
	char text[AL_ADDR_TEXT];

	(void)snprintf(buf, cap, "%s", to_addr(n, len, &a) ?
	    al_addr_format(&a, text) : "unix");
}

static void
accept_some(void *arg, unsigned ready)
{
	struct al_listener *l = arg;
	char peer[AL_ADDR_TEXT];
	union name n;
	socklen_t len;
	unsigned i;
	int fd;

	(void)ready;
	for (i = 0; i < BATCH; i++) {
		if (!l->ops->has_room(l->arg)) {
			pause_for(l, FULL_MS);
			return;
		}
		len = sizeof(n);
		memset(&n, 0, sizeof(n));
		fd = accept4(l->fd, &n.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && is_theirs(errno))
			continue;
		if (fd < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				starve(l, errno);
			return;
		}
		l->told = false;
		format_peer(&n, len, peer, sizeof(peer));
		l->ops->on_conn(l->arg, fd, peer);
	}
}

static void
on_again(void *arg)
{
	struct al_listener *l = arg;

	al_watch_set(&l->watch, AL_WANT_READ);
}

static void
fill_name(struct al_listener *l)
{
	union name n;
	socklen_t len = sizeof(n);
	struct al_addr a;
	char text[AL_ADDR_TEXT];

	memset(&n, 0, sizeof(n));
	if (getsockname(l->fd, &n.sa, &len) != 0)
		(void)snprintf(l->name, sizeof(l->name), "?");
	else if (to_addr(&n, len, &a))
		(void)snprintf(l->name, sizeof(l->name), "%s",
		    al_addr_format(&a, text));
	else
		(void)snprintf(l->name, sizeof(l->name), "unix:%.*s",
		    (int)sizeof(n.un.sun_path), n.un.sun_path);
}

struct al_listener *
al_listener_new(struct al_loop *loop, int fd,
    const struct al_listener_ops *ops, void *arg, struct al_err *err)
{
	struct al_listener *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		(void)close(fd);
		return NULL;
	}
	l->fd = fd;
	l->ops = ops;
	l->arg = arg;
	fill_name(l);
	al_tcp_set_local(fd);	/* what it accepts inherits it */
	if (al_timer_init(&l->again, loop, on_again, l, err) != AL_OK ||
	    al_watch_init(&l->watch, loop, fd, accept_some, l, err) != AL_OK) {
		al_listener_free(l);
		return NULL;
	}
	al_watch_set(&l->watch, AL_WANT_READ);
	return l;
}

void
al_listener_free(struct al_listener *l)
{
	if (l == NULL)
		return;
	al_watch_fini(&l->watch);
	al_timer_fini(&l->again);
	(void)close(l->fd);
	free(l);
}

const char *
al_listener_name(const struct al_listener *l)
{
	return l->name;
}
