/* connector/gatewayd/policy.h - who may reach which target on which server. */
#ifndef AL_GATEWAYD_POLICY_H
#define AL_GATEWAYD_POLICY_H

#include <stdint.h>

#include "connector/base/err.h"

struct al_conf;
struct al_policy;

/*
 * Rules that allow, each "OPERATOR SERVER TARGET"; what none of them allows is
 * denied.  '*' in OPERATOR and SERVER stands for any letters ("*", "web-*"),
 * TARGET is a rule of daemon/target.h.
 *
 *	allow = * * loopback
 *	allow = alice db-* loopback:5432
 *	allow = ops-* edge-1 10.0.0.0/8:22
 */
struct al_policy *al_policy_new(struct al_err *err);
void al_policy_free(struct al_policy *p);
enum al_code al_policy_add(struct al_policy *p, const char *rule,
    struct al_err *err) AL_MUST_CHECK;
/* All of the settings' "allow" values; errors name their place. */
struct al_policy *al_policy_load(const struct al_conf *c, struct al_err *err);

/* al_conf_key's check: is rule one? */
enum al_code al_policy_check_rule(const char *rule, struct al_err *err);

/*
 * May operator reach host:port (as al_hostport_parse gives it) on server?
 * AL_OK, or EREFUSED, stage channel, status AL_CHAN_DENIED and why: a sentence
 * fit for REFUSE, which does not tell what the rules are.
 */
enum al_code al_policy_check(const struct al_policy *p, const char *op,
    const char *server, const char *host, uint16_t port, struct al_err *err)
    AL_MUST_CHECK;

#endif
