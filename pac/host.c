/* pac/host.c - host names as browsers read and write them. */
#include "pac/host.h"

#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"
#include "pac/idna.h"

#define LABEL_MAX	63

/* "0x1f", "017", "15"; false: not a number, or over 32 bits. */
static bool
number(const char *p, size_t n, uint64_t *v)
{
	unsigned base = 10;
	size_t i;
	int digit;

	*v = 0;
	if (n == 0)
		return false;
	if (n >= 2 && p[0] == '0' && al_lower(p[1]) == 'x') {
		base = 16;
		p += 2;
		n -= 2;
	} else if (n >= 2 && p[0] == '0') {
		base = 8;
	}
	for (i = 0; i < n; i++) {
		digit = al_hex_digit(p[i]);
		if (digit < 0 || (unsigned)digit >= base)
			return false;
		*v = *v * base + (unsigned)digit;
		if (*v > UINT32_MAX)
			return false;
	}
	return true;
}

/* The last part decides: "1.2.3.x" is a name, "x.1" is a broken address.
 * host is in lower case. */
static bool
is_v4(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last != NULL ? last + 1 : host;
	if (last[0] == '0' && last[1] == 'x')
		last += 2 + strspn(last + 2, "0123456789abcdef");
	else
		last += strspn(last, "0123456789");
	return *last == '\0';
}

/* WHATWG URL 3.5: the last of one to four parts fills what is left. */
static bool
take_v4(char *host, size_t cap)
{
	uint64_t ip = 0, v;
	const char *p = host;
	unsigned parts;
	size_t n;

	for (parts = 1; parts <= 4; parts++) {
		n = strcspn(p, ".");
		if (!number(p, n, &v))
			return false;
		if (p[n] == '\0')
			break;
		if (v > 255)
			return false;
		ip |= v << (32 - 8 * parts);
		p += n + 1;
	}
	if (parts > 4 || v >= (uint64_t)1 << (40 - 8 * parts))
		return false;
	ip |= v;
	(void)snprintf(host, cap, "%u.%u.%u.%u", (unsigned)(ip >> 24 & 255),
	    (unsigned)(ip >> 16 & 255), (unsigned)(ip >> 8 & 255),
	    (unsigned)(ip & 255));
	return true;
}

static bool
take_v6(char host[static AL_HOST_MAX + 1], const char *p, size_t n)
{
	char text[AL_ADDR_TEXT];
	struct al_addr a;

	if (n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	if (!al_addr_parse_ip(&a, text, 0) || a.u.sa.sa_family != AF_INET6)
		return false;
	(void)al_addr_format_ip(&a, text);
	memcpy(host, text, sizeof(text));
	return true;
}

/* Labels of 1 to 63 letters, digits, '-' and '_'. */
static bool
is_name(const char *host)
{
	size_t n, i;

	for (;; host += n + 1) {
		n = strcspn(host, ".");
		if (n == 0 || n > LABEL_MAX)
			return false;
		for (i = 0; i < n; i++)
			if (!al_is_alnum(host[i]) && host[i] != '-' &&
			    host[i] != '_')
				return false;
		if (host[n] == '\0')
			return true;
	}
}

bool
al_pac_host(char host[static AL_HOST_MAX + 1], const char *p, size_t n)
{
	if (n > 0 && p[0] == '[')
		return take_v6(host, p, n);
	if (n > 0 && p[n - 1] == '.')
		n--;
	if (n == 0 || memchr(p, '\0', n) != NULL ||
	    !al_idna_encode(host, AL_HOST_MAX + 1, p, n) || !is_name(host))
		return false;
	return !is_v4(host) || take_v4(host, AL_HOST_MAX + 1);
}

const char *
al_pac_hostport(char host[static AL_HOST_MAX + 1], uint16_t *port,
    const char *p, size_t n)
{
	const char *from = n > 0 && p[0] == '[' ? memchr(p, ']', n) : p;
	const char *colon;
	size_t len = n;

	*port = 0;
	if (from == NULL)
		return "']' is missing";
	colon = n > 0 ? memchr(from, ':', n - (size_t)(from - p)) : NULL;
	if (colon != NULL) {
		len = (size_t)(colon - p);
		if (memchr(colon + 1, ':', n - len - 1) != NULL)
			return "more than one ':' (IPv6 needs brackets: "
			    "[::1]:80)";
		if (!al_str_port(colon + 1, n - len - 1, port))
			return "a port is a number from 1 to 65535";
	}
	return al_pac_host(host, p, len) ? NULL : "not a host";
}
