/* connector/gatewayd/listen.c - listening sockets and who is let in. */
#include <config.h>	/* accept4 */

#include "connector/gatewayd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/loop/loop.h"

#define BATCH		64	/* connections before others have a turn   */
#define PAUSE_MS	250	/* when descriptors or memory are short    */
#define BACKLOG		4096	/* what the system gives of it */

struct al_listener {
	struct al_watch	 watch;
	struct al_timer	 timer;
	int		 fd;
	struct al_addr	 addr;
	al_on_conn	*on_conn;
	void		*arg;
};

void
al_listener_free(struct al_listener *l)
{
	if (l == NULL)
		return;
	al_watch_fini(&l->watch);
	al_timer_fini(&l->timer);
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

static void
on_ready(void *arg, unsigned ready)
{
	struct al_listener *l = arg;
	struct al_addr a;
	int fd, i;

	(void)ready;
	for (i = 0; i < BATCH; i++) {
		a.len = sizeof(a.u);
		fd = accept4(l->fd, &a.u.sa, &a.len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			l->on_conn(l->arg, fd, &a);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			al_watch_set(&l->watch, 0);
			al_timer_set(&l->timer, PAUSE_MS);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;		/* mostly EAGAIN: all are in */
	}
}

static void
on_time(void *arg)
{
	struct al_listener *l = arg;

	al_watch_set(&l->watch, AL_WANT_READ);
}

struct al_listener *
al_listener_adopt(struct al_loop *loop, int fd, al_on_conn *on_conn,
    void *arg, struct al_err *err)
{
	struct al_listener *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)close(fd);
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	l->fd = fd;
	l->on_conn = on_conn;
	l->arg = arg;
	l->addr.len = sizeof(l->addr.u);
	if (getsockname(fd, &l->addr.u.sa, &l->addr.len) != 0) {
		(void)al_fail(err, AL_ENET, AL_AT_LOCAL, errno,
		    "not a listening socket: %s", strerror(errno));
		al_listener_free(l);
		return NULL;
	}
	if (al_timer_init(&l->timer, loop, on_time, l, err) != AL_OK ||
	    al_watch_init(&l->watch, loop, fd, on_ready, l, err) != AL_OK) {
		al_listener_free(l);
		return NULL;
	}
	al_watch_set(&l->watch, AL_WANT_READ);
	return l;
}

struct al_listener *
al_listener_new(struct al_loop *loop, const struct al_addr *a,
    al_on_conn *on_conn, void *arg, struct al_err *err)
{
	char text[AL_ADDR_TEXT];
	int fd, on = 1;

	fd = socket(a->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
		    sizeof(on));
	/* "[::]:443" beside "0.0.0.0:443" are two listeners */
	if (fd >= 0 && a->u.sa.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (fd < 0 || bind(fd, &a->u.sa, a->len) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		(void)al_fail(err, AL_ENET, AL_AT_LOCAL, errno,
		    "can't listen on %s: %s", al_addr_format(a, text),
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	return al_listener_adopt(loop, fd, on_conn, arg, err);
}

const struct al_addr *
al_listener_addr(const struct al_listener *l)
{
	return &l->addr;
}
