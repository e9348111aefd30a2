/* connector/base/addr.c - socket addresses and host:port texts. */
#include "connector/base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"

static void
set_v4(struct al_addr *a, struct in_addr ip, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->u.v4.sin_family = AF_INET;
	a->u.v4.sin_addr = ip;
	a->u.v4.sin_port = htons(port);
	a->len = sizeof(a->u.v4);
}

static void
set_v6(struct al_addr *a, struct in6_addr ip, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->u.v6.sin6_family = AF_INET6;
	a->u.v6.sin6_addr = ip;
	a->u.v6.sin6_port = htons(port);
	a->len = sizeof(a->u.v6);
}

bool
al_addr_parse_ip(struct al_addr *a, const char *ip, uint16_t port)
{
	char plain[INET6_ADDRSTRLEN];
	size_t n = strlen(ip);
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, ip, &v4) == 1) {
		set_v4(a, v4, port);
		return true;
	}
	if (ip[0] == '[' && n >= 2 && ip[n - 1] == ']') {
		ip++;
		n -= 2;
	}
	if (n >= sizeof(plain))
		return false;
	memcpy(plain, ip, n);
	plain[n] = '\0';
	if (inet_pton(AF_INET6, plain, &v6) != 1)
		return false;
	set_v6(a, v6, port);
	return true;
}

/* The address bytes, IPv4 also when it is mapped; how many of them. */
static size_t
bytes_of(const struct al_addr *a, const uint8_t **p)
{
	if (a->u.sa.sa_family == AF_INET) {
		*p = (const uint8_t *)&a->u.v4.sin_addr;
		return 4;
	}
	*p = a->u.v6.sin6_addr.s6_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&a->u.v6.sin6_addr))
		return 16;
	*p += 12;
	return 4;
}

bool
al_addr_is_loopback(const struct al_addr *a)
{
	const uint8_t *p;

	if (bytes_of(a, &p) == 4)
		return p[0] == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->u.v6.sin6_addr);
}

bool
al_addr_is_link_local(const struct al_addr *a)
{
	const uint8_t *p;

	if (bytes_of(a, &p) == 4)
		return p[0] == 169 && p[1] == 254;
	return IN6_IS_ADDR_LINKLOCAL(&a->u.v6.sin6_addr);
}

uint16_t
al_addr_port(const struct al_addr *a)
{
	return ntohs(a->u.sa.sa_family == AF_INET ? a->u.v4.sin_port :
	    a->u.v6.sin6_port);
}

const char *
al_addr_format_ip(const struct al_addr *a, char buf[static AL_ADDR_TEXT])
{
	size_t n;

	if (a->u.sa.sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &a->u.v4.sin_addr, buf, AL_ADDR_TEXT);
		return buf;
	}
	(void)inet_ntop(AF_INET6, &a->u.v6.sin6_addr, buf, AL_ADDR_TEXT);
	if (a->u.v6.sin6_scope_id != 0) {
		n = strlen(buf);
		(void)snprintf(buf + n, AL_ADDR_TEXT - n, "%%%u",
		    (unsigned)a->u.v6.sin6_scope_id);
	}
	return buf;
}

const char *
al_addr_format(const struct al_addr *a, char buf[static AL_ADDR_TEXT])
{
	char ip[AL_ADDR_TEXT];
	int v6 = a->u.sa.sa_family == AF_INET6;

	(void)snprintf(buf, AL_ADDR_TEXT, "%s%s%s:%u", v6 ? "[" : "",
	    al_addr_format_ip(a, ip), v6 ? "]" : "",
	    (unsigned)al_addr_port(a));
	return buf;
}

bool
al_cidr_parse(struct al_cidr *c, const char *text)
{
	char ip[AL_ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	const uint8_t *p;
	uint64_t bits, max;

	if (n >= sizeof(ip))
		return false;
	memcpy(ip, text, n);
	ip[n] = '\0';
	if (!al_addr_parse_ip(&c->base, ip, 0))
		return false;
	max = bits = c->base.u.sa.sa_family == AF_INET ? 32 : 128;
	if (slash != NULL &&
	    !al_str_u64(slash + 1, strlen(slash + 1), max, &bits))
		return false;
	/* A mapped prefix is the IPv4 prefix that it means. */
	if (max == 128 && bits >= 96 && bytes_of(&c->base, &p) == 4) {
		struct in_addr v4;

		memcpy(&v4, p, 4);
		set_v4(&c->base, v4, 0);
		bits -= 96;
	}
	c->bits = (unsigned)bits;
	return true;
}

bool
al_cidr_has(const struct al_cidr *c, const struct al_addr *a)
{
	const uint8_t *base, *p;
	size_t n = bytes_of(a, &p), whole = c->bits / 8;
	unsigned rest = c->bits % 8;

	if (c->base.u.sa.sa_family == AF_INET)
		(void)bytes_of(&c->base, &base);
	else
		base = c->base.u.v6.sin6_addr.s6_addr;
	if ((c->base.u.sa.sa_family == AF_INET) != (n == 4))
		return false;
	return memcmp(base, p, whole) == 0 &&
	    (rest == 0 || (base[whole] ^ p[whole]) >> (8 - rest) == 0);
}

/*
 * "08", "0x7f", "127.1": resolvers read such names as addresses, each in its
 * own way, behind the back of every check made on the text.
 */
static bool
looks_numeric(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last != NULL ? last + 1 : host;
	if (last[0] == '0' && al_lower(last[1]) == 'x')
		last += 2 + strspn(last + 2, "0123456789abcdefABCDEF");
	else
		last += strspn(last, "0123456789");
	return *last == '\0';
}

/* What is wrong with the name, or NULL. */
static const char *
check_name(const char *host)
{
	const char *p;

	for (p = host; *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80)
			return "write the name in its xn-- form";
		if (!al_is_alnum(*p) && strchr("-_.", *p) == NULL)
			return "a character does not belong in a host name";
		if (*p == '.' && (p == host || p[-1] == '.'))
			return "a part of the name is empty";
	}
	return looks_numeric(host) ? "not a whole IPv4 address" : NULL;
}

/* host:port cut in two; what is wrong, or NULL. */
static const char *
split(const char *text, size_t *host_len, const char **port)
{
	const char *colon;
	struct al_addr a;

	*port = NULL;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (end == NULL)
			return "']' is missing";
		if (end[1] != '\0' && end[1] != ':')
			return "':' and a port belong after ']'";
		*host_len = (size_t)(end - text) + 1;
		*port = end[1] == ':' ? end + 2 : NULL;
		return NULL;
	}
	colon = strchr(text, ':');
	if (colon != NULL && strchr(colon + 1, ':') != NULL) {
		*host_len = strlen(text);
		return al_addr_parse_ip(&a, text, 0) ? NULL :
		    "more than one ':' (IPv6 needs brackets: [::1]:443)";
	}
	*host_len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	*port = colon != NULL ? colon + 1 : NULL;
	return NULL;
}

static const char *
parse(const char *text, uint16_t def_port, char *host, uint16_t *port)
{
	const char *why, *port_text;
	struct al_addr a;
	size_t n, i;

	why = split(text, &n, &port_text);
	if (why != NULL)
		return why;
	if (port_text == NULL && def_port == 0)
		return "the port is missing";
	*port = def_port;
	if (port_text != NULL &&
	    !al_str_port(port_text, strlen(port_text), port))
		return "a port is a number from 1 to 65535";
	if (n > 0 && text[0] == '[') {
		text++;
		n -= 2;
		why = "not an IPv6 address";
	}
	if (n > 0 && why == NULL && text[n - 1] == '.')
		n--;
	if (n == 0)
		return "the host is missing";
	if (n > AL_HOST_MAX)
		return "the host is longer than 255 characters";
	for (i = 0; i < n; i++)
		host[i] = al_lower(text[i]);
	host[n] = '\0';
	if (al_addr_parse_ip(&a, host, 0) &&
	    (why == NULL || a.u.sa.sa_family == AF_INET6) && host[0] != '[')
		return NULL;
	return why != NULL ? why : check_name(host);
}

enum al_code
al_hostport_parse(const char *text, uint16_t def_port,
    char host[static AL_HOST_MAX + 1], uint16_t *port, struct al_err *err)
{
	const char *why = parse(text, def_port, host, port);
	char shown[80];

	if (why == NULL)
		return AL_OK;
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\": %s",
	    al_str_clean(shown, sizeof(shown), text, strlen(text)), why);
}
