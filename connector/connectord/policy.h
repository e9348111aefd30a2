/* connector/connectord/policy.h - which targets the gateway may ask for. */
#ifndef AL_CONNECTORD_POLICY_H
#define AL_CONNECTORD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

/*
 * Rules that allow; what none of them allows is denied.
 *
 *	127.0.0.0/8		addresses, every port
 *	10.1.0.0/16:5432	[fd00::/8]:22	fd00::/8	one port
 *	db.corp:5432		*.corp:22	names, wherever they lead
 *
 * Link-local addresses and those where clouds hand out credentials are denied
 * whatever the rules say.
 */
struct al_policy_rule {
	bool		is_name;
	char		name[AL_HOST_MAX + 1];	/* "*.corp" for its children */
	struct al_cidr	cidr;
	uint16_t	port;			/* 0: every port             */
};

struct al_policy {
	struct al_policy_rule	*rules;
	size_t			 n;
};

/* No rule at all: everything is denied. */
void al_policy_init(struct al_policy *p);
void al_policy_fini(struct al_policy *p);
/* EUSAGE, stage config: what is wrong with text. */
enum al_code al_policy_add(struct al_policy *p, const char *text,
    struct al_err *err) AL_MUST_CHECK;
/* The loopback of this host, every port. */
enum al_code al_policy_add_default(struct al_policy *p, struct al_err *err)
    AL_MUST_CHECK;

/* What the name alone tells. */
enum al_verdict {
	AL_VERDICT_DENY,
	AL_VERDICT_ALLOW,	/* al_policy_is_forbidden still counts    */
	AL_VERDICT_ADDRESS	/* al_policy_has_addr has to allow it too */
};

/* host is a name or literal as al_hostport_parse gives it. */
enum al_verdict al_policy_judge(const struct al_policy *p, const char *host,
    uint16_t port);
/* A rule for addresses allows a and its port. */
bool al_policy_has_addr(const struct al_policy *p, const struct al_addr *a);
/* Never a target: link-local, metadata. */
bool al_policy_is_forbidden(const struct al_addr *a);

/* name is pattern, or below it when that begins with "*.". */
bool al_name_matches(const char *pattern, const char *name);

#endif
