/* connector/daemon/target.c - rules about where channels may lead. */
#include "connector/daemon/target.h"

#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"

/* --- rules ---------------------------------------------------------------- */
/* "22", "22-25" */
static bool
parse_ports(struct al_target_rule *r, const char *p)
{
	size_t n = strcspn(p, "-");

	if (!al_str_port(p, n, &r->port_min))
		return false;
	r->port_max = r->port_min;
	return p[n] == '\0' ||
	    (al_str_port(p + n + 1, strlen(p + n + 1), &r->port_max) &&
	    r->port_max >= r->port_min);
}

/* A name of labels, with "*." in front or not. */
static bool
parse_name(struct al_target_rule *r, const char *host)
{
	bool below = strncmp(host, "*.", 2) == 0;
	char got[AL_HOST_MAX + 1];
	struct al_addr a;
	struct al_err err;
	uint16_t port;

	if (strchr(host, ':') != NULL || al_hostport_parse(
	    below ? host + 2 : host, 1, got, &port, &err) != AL_OK ||
	    al_addr_parse_ip(&a, got, 0) || strlen(got) > 250)
		return false;
	(void)snprintf(r->name, sizeof(r->name), "%s%.250s",
	    below ? "*." : "", got);
	r->kind = AL_TARGET_NAME;
	return true;
}

static bool
parse_host(struct al_target_rule *r, const char *host)
{
	r->kind = AL_TARGET_ANY;
	if (strcmp(host, "*") == 0)
		return true;
	r->kind = AL_TARGET_LOOPBACK;
	if (al_str_ieq(host, "loopback"))
		return true;
	r->kind = AL_TARGET_CIDR;
	return al_cidr_parse(&r->cidr, host) || parse_name(r, host);
}

enum al_code
al_target_parse(struct al_target_rule *r, const char *text,
    struct al_err *err)
{
	char host[AL_HOST_MAX + 1], shown[80];
	const char *port = NULL, *end;
	size_t n = strlen(text);

	*r = (struct al_target_rule){ .port_min = 1, .port_max = UINT16_MAX };
	if (n > AL_HOST_MAX)
		goto bad;
	end = strchr(text, ']');
	if (text[0] == '[' && end != NULL) {
		n = (size_t)(end - text) - 1;
		port = end[1] == ':' ? end + 2 : NULL;
		if (end[1] != ':' && end[1] != '\0')
			goto bad;
		memcpy(host, text + 1, n);
	} else {
		/* more than one colon: IPv6 without a port */
		if ((end = strchr(text, ':')) != NULL && end ==
		    strrchr(text, ':')) {
			n = (size_t)(end - text);
			port = end + 1;
		}
		memcpy(host, text, n);
	}
	host[n] = '\0';
	if (parse_host(r, host) && (port == NULL || parse_ports(r, port)))
		return AL_OK;
bad:
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\" is not a "
	    "target: loopback, 10.0.0.0/8, 10.0.0.0/8:22, [fd00::/8]:22, "
	    "name:22, *.name:22-25 and * are", al_str_clean(shown,
	    sizeof(shown), text, strlen(text)));
}

/* --- judging -------------------------------------------------------------- */
bool
al_target_name_matches(const char *pattern, const char *name)
{
	size_t tail, n = strlen(name);

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strncmp(pattern, "*.", 2) != 0)
		return al_str_ieq(pattern, name);
	pattern++;
	tail = strlen(pattern);
	return n > tail && al_str_ieq(name + n - tail, pattern);
}

bool
al_target_has_port(const struct al_target_rule *r, uint16_t port)
{
	return port >= r->port_min && port <= r->port_max;
}

/* RFC 6761 6.3: nobody may have these names resolved elsewhere. */
static bool
is_localhost(const char *host)
{
	return al_target_name_matches("localhost", host) ||
	    al_target_name_matches("*.localhost", host);
}

bool
al_target_has_host(const struct al_target_rule *r, const char *host)
{
	struct al_addr a;

	if (al_addr_parse_ip(&a, host, 0))
		return al_target_has_addr(r, &a);
	switch (r->kind) {
	case AL_TARGET_ANY:
		return true;
	case AL_TARGET_LOOPBACK:
		return is_localhost(host);
	case AL_TARGET_CIDR:
		return false;
	case AL_TARGET_NAME:
		return al_target_name_matches(r->name, host);
	}
	return false;
}

bool
al_target_has_addr(const struct al_target_rule *r, const struct al_addr *a)
{
	switch (r->kind) {
	case AL_TARGET_ANY:
		return true;
	case AL_TARGET_LOOPBACK:
		return al_addr_is_loopback(a);
	case AL_TARGET_CIDR:
		return al_cidr_has(&r->cidr, a);
	case AL_TARGET_NAME:
		return false;
	}
	return false;
}

/* NAT64's well-known prefix (RFC 6052): the IPv4 address at its end. */
static bool
embedded(const struct al_addr *a, struct al_addr *v4)
{
	struct al_cidr nat64;

	if (!al_cidr_parse(&nat64, "64:ff9b::/96") ||
	    a->u.sa.sa_family != AF_INET6 || !al_cidr_has(&nat64, a))
		return false;
	memset(v4, 0, sizeof(*v4));
	v4->u.v4.sin_family = AF_INET;
	memcpy(&v4->u.v4.sin_addr, a->u.v6.sin6_addr.s6_addr + 12, 4);
	v4->len = sizeof(v4->u.v4);
	return true;
}

bool
al_target_is_forbidden(const struct al_addr *a)
{
	static const char *const prefixes[] = {
		"0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8",
		"255.255.255.255",
		/* the metadata of Alibaba, Oracle, Azure, AWS and GCP; all
		 * others are link-local */
		"100.100.100.200", "192.0.0.192", "168.63.129.16",
		"fd00:ec2::254", "fd20:ce::254",
	};
	struct al_addr v4;
	struct al_cidr c;
	size_t i;

	if (al_addr_is_link_local(a))
		return true;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (al_cidr_parse(&c, prefixes[i]) && al_cidr_has(&c, a))
			return true;
	return embedded(a, &v4) && al_target_is_forbidden(&v4);
}

bool
al_target_is_forbidden_host(const char *host)
{
	static const char *const names[] = { "metadata.google.internal",
	    "metadata.goog", "metadata", "instance-data",
	    "instance-data.ec2.internal" };
	struct al_addr a;
	size_t i;

	if (al_addr_parse_ip(&a, host, 0))
		return al_target_is_forbidden(&a);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (al_str_ieq(host, names[i]))
			return true;
	return false;
}
