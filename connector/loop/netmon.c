/* connector/loop/netmon.c - tells when this machine is on another network. */
#include "connector/loop/netmon.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "connector/base/addr.h"
#include "connector/loop/loop.h"

#define SETTLE_MS	1000	/* DHCP takes several steps */

struct al_netmon {
	int		 fd;
	struct al_watch	 watch;
	struct al_timer	 settle;
	uint64_t	 seen;		/* fingerprint of our addresses */
	void		(*on_change)(void *arg);
	void		*arg;
};

/* FNV-1a */
static uint64_t
mix(uint64_t h, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len-- > 0)
		h = (h ^ *b++) * UINT64_C(0x100000001b3);
	return h;
}

static bool
counts(const struct ifaddrs *i, struct al_addr *a)
{
	int family = i->ifa_addr != NULL ? i->ifa_addr->sa_family : AF_UNSPEC;

	if (!(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_RUNNING) ||
	    (family != AF_INET && family != AF_INET6))
		return false;
	memset(a, 0, sizeof(*a));
	a->len = family == AF_INET ? sizeof(a->u.v4) : sizeof(a->u.v6);
	memcpy(&a->u, i->ifa_addr, a->len);
	return !al_addr_is_loopback(a) && !al_addr_is_link_local(a);
}

/* A sum: the order in which the kernel lists them does not matter.  Who cannot
 * be told (no memory, no descriptors) sees what he saw before. */
static uint64_t
fingerprint(uint64_t before)
{
	struct ifaddrs *all, *i;
	char ip[AL_ADDR_TEXT];
	struct al_addr a;
	uint64_t sum = 0, h;

	if (getifaddrs(&all) != 0)
		return before;
	for (i = all; i != NULL; i = i->ifa_next) {
		if (!counts(i, &a))
			continue;
		h = mix(UINT64_C(0xcbf29ce484222325), i->ifa_name,
		    strlen(i->ifa_name) + 1);
		(void)al_addr_format_ip(&a, ip);
		sum += mix(h, ip, strlen(ip));
	}
	freeifaddrs(all);
	return sum;
}

static void
on_settled(void *arg)
{
	struct al_netmon *m = arg;
	uint64_t now = fingerprint(m->seen);

	if (now == m->seen)
		return;
	m->seen = now;
	m->on_change(m->arg);
}

/* What they say is not read: it may have been lost (ENOBUFS), and the
 * addresses are looked at anyway. */
static void
on_ready(void *arg, unsigned ready)
{
	struct al_netmon *m = arg;
	uint8_t buf[8192];
	ssize_t n;

	(void)ready;
	do
		n = recv(m->fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (n >= 0 || errno == ENOBUFS || errno == EINTR);
	al_timer_set(&m->settle, SETTLE_MS);
}

static enum al_code
listen_to_kernel(struct al_netmon *m, struct al_loop *loop,
    struct al_err *err)
{
	const struct sockaddr_nl to = { .nl_family = AF_NETLINK,
	    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
	    RTMGRP_IPV6_IFADDR };

	m->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	if (m->fd < 0 || bind(m->fd, (const struct sockaddr *)&to,
	    sizeof(to)) != 0)
		return al_fail(err, AL_ELIMIT, AL_AT_LOCAL, errno,
		    "changes of the network are not seen: netlink: %s",
		    strerror(errno));
	if (al_watch_init(&m->watch, loop, m->fd, on_ready, m, err) != AL_OK)
		return err->code;
	al_watch_set(&m->watch, AL_WANT_READ);
	return al_timer_init(&m->settle, loop, on_settled, m, err);
}

struct al_netmon *
al_netmon_new(struct al_loop *loop, void (*on_change)(void *arg), void *arg,
    struct al_err *err)
{
	struct al_netmon *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	m->on_change = on_change;
	m->arg = arg;
	m->seen = fingerprint(0);
	if (listen_to_kernel(m, loop, err) == AL_OK)
		return m;
	al_netmon_free(m);
	return NULL;
}

void
al_netmon_free(struct al_netmon *m)
{
	if (m == NULL)
		return;
	al_watch_fini(&m->watch);
	al_timer_fini(&m->settle);
	if (m->fd >= 0)
		(void)close(m->fd);
	free(m);
}
