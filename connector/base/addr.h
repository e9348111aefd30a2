/* connector/base/addr.h - socket addresses and host:port texts. */
#ifndef AL_BASE_ADDR_H
#define AL_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

struct al_addr {
	union {
		struct sockaddr		sa;
		struct sockaddr_in	v4;
		struct sockaddr_in6	v6;
	} u;
	socklen_t len;
};

#define AL_ADDR_TEXT	64	/* "[v6%scope]:65535" and NUL       */
#define AL_HOST_MAX	255	/* longest host text we take, no NUL */
#define AL_AUTHORITY_TEXT (AL_HOST_MAX + 10)	/* "[...]:65535" and a NUL   */

/* A dotted quad or an IPv6 literal (brackets optional); false: a name. */
bool al_addr_parse_ip(struct al_addr *a, const char *ip, uint16_t port);
bool al_addr_is_loopback(const struct al_addr *a);	/* 127/8, ::1, mapped */
bool al_addr_is_link_local(const struct al_addr *a);	/* 169.254/16, fe80:: */
uint16_t al_addr_port(const struct al_addr *a);
/* "1.2.3.4:80", "[::1]:80"; returns buf. */
const char *al_addr_format(const struct al_addr *a,
    char buf[static AL_ADDR_TEXT]);
/* The same without port and brackets. */
const char *al_addr_format_ip(const struct al_addr *a,
    char buf[static AL_ADDR_TEXT]);

/* An address prefix: "10.0.0.0/8", "::1", "127.0.0.1". */
struct al_cidr {
	struct al_addr	base;
	unsigned	bits;
};

bool al_cidr_parse(struct al_cidr *c, const char *text);
/* IPv4-mapped IPv6 addresses match IPv4 prefixes. */
bool al_cidr_has(const struct al_cidr *c, const struct al_addr *a);

/*
 * "host:port", "[v6]:port"; with def_port > 0 the port may be missing.  host
 * comes out without brackets, lower case, without a trailing dot.  Refuses
 * control characters, blanks, '/', '@', '#', '?', '%', '\' (zone ids
 * included), empty labels, ports 0 and over 65535.  Fails with EUSAGE, stage
 * config, a sentence that quotes the text cleaned.
 */
enum al_code al_hostport_parse(const char *text, uint16_t def_port,
    char host[static AL_HOST_MAX + 1], uint16_t *port, struct al_err *err)
    AL_MUST_CHECK;

#endif
