/* connector/daemon/target.h - rules about where channels may lead. */
#ifndef AL_DAEMON_TARGET_H
#define AL_DAEMON_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

/*
 *	loopback		the host itself, every port
 *	loopback:5432
 *	10.1.0.0/16:5432	[fd00::/8]:22-25	fd00::/8
 *	db.corp:5432		*.corp:22		*.corp
 *	*			*:443
 *
 * A rule for a name says nothing about the address that it leads to: the
 * gateway judges names, the connector judges the address too.
 */
enum al_target_kind {
	AL_TARGET_ANY,
	AL_TARGET_LOOPBACK,
	AL_TARGET_CIDR,
	AL_TARGET_NAME
};

struct al_target_rule {
	enum al_target_kind	kind;
	struct al_cidr		cidr;
	char			name[AL_HOST_MAX + 1];	/* "*.corp": below it */
	uint16_t		port_min, port_max;
};

/* EUSAGE, stage config: what is wrong with text. */
enum al_code al_target_parse(struct al_target_rule *r, const char *text,
    struct al_err *err) AL_MUST_CHECK;

bool al_target_has_port(const struct al_target_rule *r, uint16_t port);
/* host, a name or a literal as al_hostport_parse gives it, by its text alone:
 * "localhost" is loopback, a name is never in a CIDR. */
bool al_target_has_host(const struct al_target_rule *r, const char *host);
/* By the address that is connected to; a rule for names has none. */
bool al_target_has_addr(const struct al_target_rule *r,
    const struct al_addr *a);

/*
 * Never a target, whatever the rules say: link-local, where clouds hand out
 * the machine's credentials, unspecified, multicast; also when they are
 * written as IPv6 (mapped, NAT64).
 */
bool al_target_is_forbidden(const struct al_addr *a);
/* The same for a host as text: a literal, or a name that means one of those. */
bool al_target_is_forbidden_host(const char *host);

/* name is pattern, or below it when that begins with "*."; "*" is all. */
bool al_target_name_matches(const char *pattern, const char *name);

#endif
