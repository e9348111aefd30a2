/* connector/connectord/doors.c - the local listeners, over reloads. */
#include <config.h>

#include "connector/connectord/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/connectord/guests.h"
#include "connector/connectord/listener.h"
#include "connector/connectord/site.h"
#include "connector/daemon/log.h"
#include "connector/daemon/notify.h"

/* An open listener and what it stands for now. */
struct open_door {
	struct al_doors		*d;
	struct al_site		*site;		/* held; door is one of its */
	const struct al_door	*door;
	struct al_addr		 bound;		/* len 0: a Unix socket     */
	struct al_listener	*l;
};

struct al_doors {
	struct al_loop		*loop;
	struct al_guests	*guests;
	const struct al_listen_fd *fds;
	size_t			 n_fds;
	struct open_door	**open;
	size_t			 n;
};

/* --- listeners ------------------------------------------------------------ */
static bool
has_room(void *arg)
{
	const struct open_door *o = arg;

	return al_guests_have_room(o->d->guests);
}

static void
on_conn(void *arg, int fd, const char *peer)
{
	struct open_door *o = arg;

	al_guests_take(o->d->guests, o->site, o->door, fd, peer);
}

static void
on_pause(void *arg, const struct al_err *err)
{
	(void)arg;
	al_log_err(AL_LOG_WARN, "listener-paused", err);
}

static const struct al_listener_ops listener_ops = {
	.has_room = has_room,
	.on_conn = on_conn,
	.on_pause = on_pause,
};

static void
shut(struct open_door *o)
{
	if (o == NULL)
		return;
	al_listener_free(o->l);
	al_site_release(o->site);
	free(o);
}

static bool
same_addr(const struct al_addr *a, const struct al_addr *b)
{
	struct al_cidr c = { .base = *a };

	c.bits = a->u.sa.sa_family == AF_INET ? 32 : 128;
	return a->len != 0 && b->len != 0 && al_cidr_has(&c, b) &&
	    al_addr_port(a) == al_addr_port(b);
}

static void
local_addr(int fd, struct al_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->len = sizeof(a->u);
	if (getsockname(fd, &a->u.sa, &a->len) != 0 ||
	    (a->u.sa.sa_family != AF_INET && a->u.sa.sa_family != AF_INET6))
		a->len = 0;
}

/* Handed over for this door?  A copy, so that it can come again. */
static enum al_code
find_handed(const struct al_doors *d, const struct al_door *door, int *fd,
    struct al_err *err)
{
	struct al_addr a;
	size_t i;

	*fd = -1;
	for (i = 0; i < d->n_fds; i++) {
		local_addr(d->fds[i].fd, &a);
		if (!same_addr(&door->listen, &a) &&
		    strcmp(d->fds[i].name, door->name) != 0)
			continue;
		if (al_listener_check(d->fds[i].fd, err) != AL_OK)
			return err->code;
		*fd = fcntl(d->fds[i].fd, F_DUPFD_CLOEXEC, 3);
		if (*fd < 0)
			return al_fail(err, AL_ELIMIT, AL_AT_LOCAL, errno,
			    "%s", strerror(errno));
		return AL_OK;
	}
	return AL_OK;
}

static struct open_door *
open_new(struct al_doors *d, struct al_site *s, const struct al_door *door,
    struct al_err *err)
{
	struct open_door *o = calloc(1, sizeof(*o));
	int fd;

	if (o == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	if (find_handed(d, door, &fd, err) != AL_OK || (fd < 0 &&
	    al_listener_bind(&door->listen, &fd, err) != AL_OK)) {
		al_err_prefix(err, "%s", door->name);
		free(o);
		return NULL;
	}
	o->d = d;
	local_addr(fd, &o->bound);
	o->l = al_listener_new(d->loop, fd, &listener_ops, o, err);
	if (o->l == NULL) {
		free(o);
		return NULL;
	}
	o->site = al_site_hold(s);
	o->door = door;
	return o;
}

/* --- a new set ------------------------------------------------------------ */
/* The index of what is open there already, or n. */
static size_t
find_open(const struct al_doors *d, const struct al_door *door)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (same_addr(&d->open[i]->door->listen, &door->listen) &&
		    (al_addr_port(&door->listen) != 0 ||
		    strcmp(d->open[i]->door->name, door->name) == 0))
			return i;
	return d->n;
}

static void
announce(const struct open_door *o)
{
	al_log(AL_LOG_NOTICE, "listening", AL_FIELDS(
	    AL_STR("listener", o->door->name),
	    AL_STR("address", al_listener_name(o->l))), "%s (%s)",
	    al_listener_name(o->l), o->door->name);
}

/* Those that stay are moved from the old set into the new. */
static void
switch_to(struct al_doors *d, struct al_site *s, struct open_door **set)
{
	struct open_door *kept;
	size_t i, at;

	for (i = 0; i < s->n_doors; i++) {
		if (set[i] != NULL) {
			announce(set[i]);
			continue;
		}
		at = find_open(d, &s->doors[i]);
		kept = d->open[at];
		d->open[at] = d->open[--d->n];
		al_site_release(kept->site);
		kept->site = al_site_hold(s);
		kept->door = &s->doors[i];
		set[i] = kept;
	}
	al_doors_close(d);
	d->open = set;
	d->n = s->n_doors;
}

enum al_code
al_doors_apply(struct al_doors *d, struct al_site *s, struct al_err *err)
{
	struct open_door **set = calloc(s->n_doors + 1,
	    sizeof(struct open_door *));
	size_t i;

	if (set == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	for (i = 0; i < s->n_doors; i++) {
		if (find_open(d, &s->doors[i]) < d->n)
			continue;
		set[i] = open_new(d, s, &s->doors[i], err);
		if (set[i] == NULL)
			break;
	}
	if (i < s->n_doors) {
		while (i > 0)
			shut(set[--i]);
		free(set);
		return err->code;
	}
	switch_to(d, s, set);
	return AL_OK;
}

void
al_doors_close(struct al_doors *d)
{
	while (d->n > 0)
		shut(d->open[--d->n]);
	free(d->open);
	d->open = NULL;
}

struct al_doors *
al_doors_new(struct al_loop *loop, const struct al_listen_fd *fds,
    size_t n_fds, struct al_err *err)
{
	struct al_doors *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	d->loop = loop;
	d->fds = fds;
	d->n_fds = n_fds;
	return d;
}

void
al_doors_free(struct al_doors *d)
{
	if (d == NULL)
		return;
	al_doors_close(d);
	free(d);
}

void
al_doors_set_guests(struct al_doors *d, struct al_guests *gs)
{
	d->guests = gs;
}

bool
al_doors_are_at(const struct al_doors *d, const struct al_addr *a)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (same_addr(&d->open[i]->bound, a))
			return true;
	return false;
}

void
al_doors_dump(const struct al_doors *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		announce(d->open[i]);
}
