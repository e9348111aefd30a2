/* connector/connectord/policy.h - which targets the gateway may ask for. */
#ifndef AL_CONNECTORD_POLICY_H
#define AL_CONNECTORD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/daemon/target.h"

/*
 * Rules of daemon/target.h that allow; what none of them allows is denied.  A
 * rule for a name allows it wherever it leads; al_target_is_forbidden counts
 * whatever the rules say.
 */
struct al_policy {
	struct al_target_rule	*rules;
	size_t			 n;
};

/* No rule at all: everything is denied. */
void al_policy_init(struct al_policy *p);
void al_policy_fini(struct al_policy *p);
/* EUSAGE, stage config: what is wrong with text. */
enum al_code al_policy_add(struct al_policy *p, const char *text,
    struct al_err *err) AL_MUST_CHECK;

/* What the name alone tells. */
enum al_verdict {
	AL_VERDICT_DENY,
	AL_VERDICT_ALLOW,	/* al_target_is_forbidden still counts    */
	AL_VERDICT_ADDRESS	/* al_policy_has_addr has to allow it too */
};

/* host is a name or literal as al_hostport_parse gives it. */
enum al_verdict al_policy_judge(const struct al_policy *p, const char *host,
    uint16_t port);
/* A rule for addresses allows a and its port. */
bool al_policy_has_addr(const struct al_policy *p, const struct al_addr *a);

#endif
