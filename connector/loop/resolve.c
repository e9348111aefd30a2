/* connector/loop/resolve.c - c-ares on the loop, one channel a look-up. */
#include "connector/loop/resolve.h"

#include <ares.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/loop/loop.h"

#define ADDRS_MAX	16	/* of one family; more are not tried anyway */
#define DEFAULT_MS	5000
#define TRIES		3	/* 1 + 2 + 4 units make 7/8 of the whole    */
#define UNITS		8
#define CAUSE_DNS	101	/* NC-101 */

struct al_resolver {
	struct al_loop	*loop;
	char		*servers;	/* "a,b:53"; NULL: the system's */
	unsigned	 timeout_ms;
};

/* What is known of one family. */
struct part {
	struct al_resolve	*q;
	int			 family;
	enum { WAITING, READY, TOLD } state;
	struct al_addr		 addrs[ADDRS_MAX];
	size_t			 n;
	struct al_err		 err;
};

/* A socket of c-ares. */
struct sock {
	struct sock		*next;
	struct al_resolve	*q;
	struct al_watch		 watch;
	int			 fd;
};

/*
 * The channel lives as long as the look-up: it reads the configuration as it
 * is now (networks change under a daemon), its sockets have fresh random
 * ports, and cancelling is destroying it.
 */
struct al_resolve {
	struct al_loop	*loop;
	char		 host[AL_HOST_MAX + 1];
	uint16_t	 port;
	unsigned	 timeout_ms;
	ares_channel	 channel;
	struct sock	*socks;
	struct al_timer	 retry, deadline;
	struct al_task	 task;
	struct part	 parts[2];	/* IPv6 first */
	al_on_resolve	*on_resolve;
	void		*arg;
	int		 over;
};

/* --- the resolver: settings ----------------------------------------------- */

static char *
join_servers(const char *const *servers)
{
	size_t len = 1, i;
	char *all;

	for (i = 0; servers[i] != NULL; i++)
		len += strlen(servers[i]) + 1;
	all = calloc(1, len);
	for (i = 0; all != NULL && servers[i] != NULL; i++) {
		if (i > 0)
			strcat(all, ",");
		strcat(all, servers[i]);
	}
	return all;
}

static enum al_code
open_channel(ares_channel *channel, const char *lookups, const char *servers,
    const struct ares_options *base, int mask, struct al_err *err)
{
	struct ares_options o = *base;
	char text[4];
	int status;

	(void)snprintf(text, sizeof(text), "%s", lookups);
	o.lookups = text;
	/* ares_library_init does nothing on Unix, and not thread-safely. */
	status = ares_init_options(channel, &o, mask | ARES_OPT_LOOKUPS);
	if (status != ARES_SUCCESS) {
		*channel = NULL;
		return al_fail(err, status == ARES_ENOMEM ? AL_ENOMEM :
		    AL_EUSAGE, AL_AT_DNS, 0,
		    "the resolver's configuration: %s",
		    ares_strerror(status));
	}
	if (servers == NULL)
		return AL_OK;
	status = ares_set_servers_ports_csv(*channel, servers);
	if (status == ARES_SUCCESS)
		return AL_OK;
	ares_destroy(*channel);
	*channel = NULL;
	return al_fail(err, status == ARES_ENOMEM ? AL_ENOMEM : AL_EUSAGE,
	    AL_AT_DNS, 0, "DNS servers \"%s\": %s", servers,
	    status == ARES_ENOMEM ? "out of memory" : "not a list of addresses");
}

struct al_resolver *
al_resolver_new(struct al_loop *loop, const struct al_resolver_opts *opts,
    struct al_err *err)
{
	const struct ares_options none = { 0 };
	struct al_resolver *r = calloc(1, sizeof(*r));
	ares_channel probe;

	if (r == NULL)
		goto nomem;
	r->loop = loop;
	r->timeout_ms = DEFAULT_MS;
	if (opts != NULL && opts->timeout_ms > 0)
		r->timeout_ms = opts->timeout_ms;
	if (opts != NULL && opts->servers != NULL) {
		r->servers = join_servers(opts->servers);
		if (r->servers == NULL)
			goto nomem;
		if (open_channel(&probe, "b", r->servers, &none, 0, err) !=
		    AL_OK) {
			al_resolver_free(r);
			return NULL;
		}
		ares_destroy(probe);
	}
	return r;
nomem:
	(void)al_fail_nomem(err, AL_AT_DNS);
	al_resolver_free(r);
	return NULL;
}

void
al_resolver_free(struct al_resolver *r)
{
	if (r == NULL)
		return;
	free(r->servers);
	free(r);
}

/* --- c-ares and the loop -------------------------------------------------- */

static void
schedule(struct al_resolve *q)
{
	struct timeval buf, *tv = ares_timeout(q->channel, NULL, &buf);

	if (tv == NULL)
		al_timer_cancel(&q->retry);
	else
		al_timer_set(&q->retry, (uint64_t)tv->tv_sec * 1000 +
		    (uint64_t)tv->tv_usec / 1000 + 1);
}

static void
on_sock(void *arg, unsigned ready)
{
	const struct sock *k = arg;
	struct al_resolve *q = k->q;	/* k may be freed below */
	int fd = k->fd;

	ares_process_fd(q->channel,
	    ready & AL_WANT_READ ? fd : ARES_SOCKET_BAD,
	    ready & AL_WANT_WRITE ? fd : ARES_SOCKET_BAD);
	schedule(q);
}

static void
on_retry(void *arg)
{
	struct al_resolve *q = arg;

	ares_process_fd(q->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	schedule(q);
}

static void
free_sock(struct sock **at)
{
	struct sock *k = *at;

	*at = k->next;
	al_watch_fini(&k->watch);
	free(k);
}

/* Of c-ares: watch fd for this; for nothing: it is about to be closed. */
static void
on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct al_resolve *q = arg;
	struct sock **at = &q->socks, *k;
	struct al_err err;

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	if (!readable && !writable) {
		if (*at != NULL)
			free_sock(at);
		return;
	}
	if (*at == NULL) {
		k = calloc(1, sizeof(*k));
		/* Unwatched, the query ends at its deadline. */
		if (k == NULL)
			return;
		if (al_watch_init(&k->watch, q->loop, fd, on_sock, k, &err) !=
		    AL_OK) {
			free(k);
			return;
		}
		k->q = q;
		k->fd = fd;
		*at = k;
	}
	al_watch_set(&(*at)->watch, (readable ? AL_WANT_READ : 0) |
	    (writable ? AL_WANT_WRITE : 0));
}

/* --- answers -------------------------------------------------------------- */

/* "10.0.0.53", "10.0.0.53 and 2 more". */
static void
servers_text(const struct al_resolve *q, char *buf, size_t cap)
{
	struct ares_addr_port_node *all = NULL, *s;
	char ip[AL_ADDR_TEXT];
	struct al_addr a = { 0 };
	unsigned n = 0;

	(void)snprintf(buf, cap, "no DNS server");
	if (q->channel == NULL ||
	    ares_get_servers_ports(q->channel, &all) != ARES_SUCCESS ||
	    all == NULL)
		return;
	for (s = all; s != NULL; s = s->next)
		n++;
	a.u.sa.sa_family = (sa_family_t)all->family;
	if (all->family == AF_INET)
		a.u.v4.sin_addr = all->addr.addr4;
	else
		memcpy(&a.u.v6.sin6_addr, &all->addr.addr6, 16);
	if (n > 1)
		(void)snprintf(buf, cap, "DNS server %s and %u more",
		    al_addr_format_ip(&a, ip), n - 1);
	else
		(void)snprintf(buf, cap, "DNS server %s",
		    al_addr_format_ip(&a, ip));
	ares_free_data(all);
}

static void
fail(struct part *p, int status)
{
	const struct al_resolve *q = p->q;
	const char *fam = p->family == AF_INET ? "IPv4" : "IPv6";
	enum al_code code = AL_ENAME;
	char who[AL_ADDR_TEXT + 40], why[AL_ADDR_TEXT + 100];

	servers_text(q, who, sizeof(who));
	switch (status) {
	case ARES_ENOMEM:
		(void)al_fail_nomem(&p->err, AL_AT_DNS);
		return;
	case ARES_ENODATA:
		(void)snprintf(why, sizeof(why), "has no %s address", fam);
		break;
	case ARES_ENOTFOUND:
		(void)snprintf(why, sizeof(why), "no such name, says %s",
		    who);
		break;
	case ARES_EBADNAME:
		(void)snprintf(why, sizeof(why),
		    "not a name that DNS can hold");
		break;
	case ARES_ETIMEOUT:
		code = AL_ETIMEOUT;
		(void)snprintf(why, sizeof(why), "no answer from %s", who);
		break;
	case ARES_ECONNREFUSED:
		/* What c-ares also says when the last server gave SERVFAIL. */
		code = AL_ENET;
		(void)snprintf(why, sizeof(why),
		    "%s cannot be reached, or fails", who);
		break;
	default:
		(void)snprintf(why, sizeof(why), "%s failed: %s", who,
		    ares_strerror(status));
		break;
	}
	(void)al_fail_as(&p->err, code, AL_AT_DNS, 0, CAUSE_DNS, "%s: %s",
	    q->host, why);
}

static void
ready(struct part *p, int status)
{
	if (p->state != WAITING)
		return;
	p->state = READY;
	if (p->n == 0)
		fail(p, status == ARES_SUCCESS ? ARES_ENODATA : status);
	al_task_queue(&p->q->task);
}

static void
take(struct part *p, const struct ares_addrinfo *ai)
{
	const struct ares_addrinfo_node *node = ai != NULL ? ai->nodes : NULL;
	struct al_addr *a;

	for (; node != NULL && p->n < ADDRS_MAX; node = node->ai_next) {
		if (node->ai_family != p->family ||
		    node->ai_addrlen > sizeof(a->u))
			continue;
		a = &p->addrs[p->n++];
		memset(a, 0, sizeof(*a));
		memcpy(&a->u, node->ai_addr, node->ai_addrlen);
		a->len = node->ai_addrlen;
		if (p->family == AF_INET)
			a->u.v4.sin_port = htons(p->q->port);
		else
			a->u.v6.sin6_port = htons(p->q->port);
	}
}

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
	struct part *p = arg;

	(void)timeouts;
	if (p->q->over) {		/* ares_destroy ends its queries */
		ares_freeaddrinfo(ai);
		return;
	}
	take(p, ai);
	ares_freeaddrinfo(ai);
	ready(p, status);
}

/* The hosts file answers for both families, as it does in getaddrinfo. */
static void
on_hosts(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
	struct al_resolve *q = arg;

	(void)timeouts;
	take(&q->parts[0], ai);
	take(&q->parts[1], ai);
	ares_freeaddrinfo(ai);
	if (status == ARES_SUCCESS && q->parts[0].n + q->parts[1].n > 0) {
		ready(&q->parts[0], ARES_ENODATA);
		ready(&q->parts[1], ARES_ENODATA);
	}
}

/* --- one look-up ---------------------------------------------------------- */

static void
end(struct al_resolve *q)
{
	q->over = 1;
	if (q->channel != NULL)
		ares_destroy(q->channel);
	while (q->socks != NULL)
		free_sock(&q->socks);
	al_timer_fini(&q->retry);
	al_timer_fini(&q->deadline);
	al_task_fini(&q->task);
	al_loop_bury(q->loop, q, free);
}

void
al_resolve_cancel(struct al_resolve *q)
{
	if (q != NULL)
		end(q);
}

static void
on_deadline(void *arg)
{
	struct al_resolve *q = arg;

	ready(&q->parts[0], ARES_ETIMEOUT);
	ready(&q->parts[1], ARES_ETIMEOUT);
}

/* Tell what is new; q is buried but readable after its last report. */
static void
report(void *arg)
{
	struct al_resolve *q = arg;
	struct part *p;
	int last;

	for (p = q->parts; p < q->parts + 2 && !q->over; p++) {
		if (p->state != READY)
			continue;
		p->state = TOLD;
		last = q->parts[0].state == TOLD && q->parts[1].state == TOLD;
		if (last)
			end(q);
		q->on_resolve(q->arg, p->family, p->addrs, p->n, last,
		    p->n > 0 ? NULL : &p->err);
	}
}

/* RFC 6761 6.3: localhost and all below it never leave the host. */
static int
is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t n = strlen(host), len = sizeof(name) - 1;

	if (n > 0 && host[n - 1] == '.')
		n--;
	return n >= len && al_str_ieqn(host + n - len, len, name) &&
	    (n == len || host[n - len - 1] == '.');
}

/* Names that need no query: true when there was an answer. */
static int
answer_at_once(struct al_resolve *q)
{
	struct al_addr a;
	struct part *p;

	if (is_localhost(q->host)) {
		q->parts[0].n = al_addr_parse_ip(q->parts[0].addrs, "::1",
		    q->port);
		q->parts[1].n = al_addr_parse_ip(q->parts[1].addrs,
		    "127.0.0.1", q->port);
		ready(&q->parts[0], ARES_SUCCESS);
		ready(&q->parts[1], ARES_SUCCESS);
		return 1;
	}
	if (!al_addr_parse_ip(&a, q->host, q->port))
		return 0;
	p = &q->parts[a.u.sa.sa_family == AF_INET];
	q->parts[a.u.sa.sa_family != AF_INET].state = TOLD;
	p->addrs[p->n++] = a;
	ready(p, ARES_SUCCESS);
	return 1;
}

static enum al_code
query(struct al_resolve *q, const struct al_resolver *r, unsigned flags,
    struct al_err *err)
{
	const struct ares_options none = { 0 };
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT,
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct ares_options o = {
		.timeout = (int)(q->timeout_ms / UNITS) + 1,
		.tries = TRIES,
		.sock_state_cb = on_sock_state,
		.sock_state_cb_data = q,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	    ARES_OPT_SOCK_STATE_CB;
	ares_channel hosts;
	size_t i;

	/* ares_getaddrinfo does not look at ARES_FLAG_NOSEARCH */
	if (flags & AL_RESOLVE_NO_SEARCH)
		mask |= ARES_OPT_DOMAINS;	/* none */
	/* With one server there is no next one to ask: keep its reason. */
	if (r->servers != NULL && strchr(r->servers, ',') == NULL)
		o.flags = ARES_FLAG_NOCHECKRESP;
	if (!(flags & AL_RESOLVE_NO_HOSTS)) {
		if (open_channel(&hosts, "f", NULL, &none, 0, err) != AL_OK)
			return err->code;
		ares_getaddrinfo(hosts, q->host, NULL, &hints, on_hosts, q);
		ares_destroy(hosts);
		if (q->parts[0].state != WAITING)
			return AL_OK;
	}
	if (open_channel(&q->channel, "b", r->servers, &o, mask, err) !=
	    AL_OK)
		return err->code;
	for (i = 0; i < 2; i++) {
		hints.ai_family = q->parts[i].family;
		ares_getaddrinfo(q->channel, q->host, NULL, &hints, on_answer,
		    &q->parts[i]);
	}
	schedule(q);
	al_timer_set(&q->deadline, q->timeout_ms);
	return AL_OK;
}

struct al_resolve *
al_resolve_start(struct al_resolver *r, const char *host, uint16_t port,
    unsigned flags, al_on_resolve *on_resolve, void *arg, struct al_err *err)
{
	static const int families[2] = { AF_INET6, AF_INET };
	struct al_resolve *q;
	size_t i;

	if (host[0] == '\0' || strlen(host) > AL_HOST_MAX) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_DNS, 0,
		    "a host name has 1 to %d characters", AL_HOST_MAX);
		return NULL;
	}
	q = calloc(1, sizeof(*q));
	if (q == NULL) {
		(void)al_fail_nomem(err, AL_AT_DNS);
		return NULL;
	}
	(void)snprintf(q->host, sizeof(q->host), "%s", host);
	q->loop = r->loop;
	q->port = port;
	q->timeout_ms = r->timeout_ms;
	q->on_resolve = on_resolve;
	q->arg = arg;
	for (i = 0; i < 2; i++) {
		q->parts[i].q = q;
		q->parts[i].family = families[i];
	}
	if (al_timer_init(&q->retry, q->loop, on_retry, q, err) == AL_OK &&
	    al_timer_init(&q->deadline, q->loop, on_deadline, q, err) ==
	    AL_OK &&
	    al_task_init(&q->task, q->loop, report, q, err) == AL_OK &&
	    (answer_at_once(q) || query(q, r, flags, err) == AL_OK))
		return q;
	end(q);
	return NULL;
}
