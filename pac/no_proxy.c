/* pac/no_proxy.c - which hosts are reached without a proxy. */
#include "pac/no_proxy.h"

#include <string.h>

#include "connector/base/addr.h"
#include "connector/base/str.h"
#include "pac/idna.h"

#define SEPARATORS	", \t\r\n"

struct target {
	char		name[AL_HOST_MAX + 1];	/* no brackets, no dot behind */
	bool		is_ip;
	struct al_addr	ip;
	uint16_t	port;
};

/* Lower case, xn--, without dots at the end.  false: no such name. */
static bool
take_name(char name[static AL_HOST_MAX + 1], const char *p, size_t n)
{
	while (n > 0 && p[n - 1] == '.')
		n--;
	return n > 0 && al_idna_encode(name, AL_HOST_MAX + 1, p, n);
}

static bool
take_target(struct target *t, const char *host, uint16_t port)
{
	t->port = port;
	if (!take_name(t->name, host, strlen(host)))
		return false;
	t->is_ip = al_addr_parse_ip(&t->ip, t->name, 0);
	return true;
}

static bool
is_loopback(const struct target *t)
{
	size_t n = strlen(t->name);

	if (t->is_ip)
		return al_addr_is_loopback(&t->ip);
	return strcmp(t->name, "localhost") == 0 ||
	    (n > 10 && strcmp(t->name + n - 10, ".localhost") == 0);
}

/*
 * "host:port" and "[v6]:port" cut in two.  More than one colon without
 * brackets is an IPv6 address.  false: the port is not one, or another.
 */
static bool
split_port(const char *p, size_t *n, uint16_t port)
{
	const char *close = memchr(p, ']', *n);
	const char *from = close != NULL ? close : p;
	const char *colon = memchr(from, ':', *n - (size_t)(from - p));
	size_t rest;
	uint16_t wanted;

	if (colon == NULL)
		return true;
	rest = *n - (size_t)(colon + 1 - p);
	if (close == NULL && memchr(colon + 1, ':', rest) != NULL)
		return true;
	*n = (size_t)(colon - p);
	return al_str_port(colon + 1, rest, &wanted) && wanted == port;
}

static bool
same_ip(const struct al_addr *a, const char *text)
{
	struct al_cidr c;

	return strchr(text, '/') == NULL && al_cidr_parse(&c, text) &&
	    al_cidr_has(&c, a);
}

static bool
covers_name(const char *entry, const char *name)
{
	size_t n, len = strlen(name);
	bool below = false;

	if (strncmp(entry, "*.", 2) == 0) {
		below = true;
		entry++;
	}
	if (entry[0] == '.')
		entry++;
	n = strlen(entry);
	if (n == 0 || len < n || strcmp(name + len - n, entry) != 0)
		return false;
	return len == n ? !below : name[len - n - 1] == '.';
}

static bool
covers(const char *p, size_t n, const struct target *t)
{
	char entry[AL_HOST_MAX + 1];
	struct al_cidr c;
	struct al_addr ip;

	if (n == 1 && *p == '*')
		return true;
	if (al_str_ieqn(p, n, "<local>"))
		return !t->is_ip && strchr(t->name, '.') == NULL;
	if (memchr(p, '/', n) != NULL) {
		if (!t->is_ip || n >= sizeof(entry))
			return false;
		memcpy(entry, p, n);
		entry[n] = '\0';
		return al_cidr_parse(&c, entry) && al_cidr_has(&c, &t->ip);
	}
	if (!split_port(p, &n, t->port) || !take_name(entry, p, n))
		return false;
	if (strcmp(entry, "*") == 0)
		return true;
	if (t->is_ip)
		return same_ip(&t->ip, entry);
	return !al_addr_parse_ip(&ip, entry, 0) && covers_name(entry, t->name);
}

bool
al_no_proxy_match(const char *list, const char *host, uint16_t port,
    char entry[static AL_NO_PROXY_ENTRY])
{
	struct target t;
	size_t n;

	if (!take_target(&t, host, port))
		return false;
	for (; *list != '\0'; list += n) {
		list += strspn(list, SEPARATORS);
		n = strcspn(list, SEPARATORS);
		if (n > 0 && covers(list, n, &t)) {
			(void)al_str_clean(entry, AL_NO_PROXY_ENTRY, list, n);
			return true;
		}
	}
	return false;
}

bool
al_no_proxy_is_loopback(const char *host)
{
	struct target t;

	return take_target(&t, host, 0) && is_loopback(&t);
}
