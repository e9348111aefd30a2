/* connector/connectord/policy.c - which targets the gateway may ask for. */
#include "connector/connectord/policy.h"

#include <stdlib.h>
#include <string.h>

void
al_policy_init(struct al_policy *p)
{
	memset(p, 0, sizeof(*p));
}

void
al_policy_fini(struct al_policy *p)
{
	free(p->rules);
	al_policy_init(p);
}

enum al_code
al_policy_add(struct al_policy *p, const char *text, struct al_err *err)
{
	struct al_target_rule r, *more;

	if (al_target_parse(&r, text, err) != AL_OK)
		return err->code;
	more = realloc(p->rules, (p->n + 1) * sizeof(*more));
	if (more == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	p->rules = more;
	p->rules[p->n++] = r;
	return AL_OK;
}

enum al_verdict
al_policy_judge(const struct al_policy *p, const char *host, uint16_t port)
{
	enum al_verdict v = AL_VERDICT_DENY;
	struct al_addr a;
	size_t i;

	if (al_target_is_forbidden_host(host))
		return AL_VERDICT_DENY;
	if (al_addr_parse_ip(&a, host, port))
		return al_policy_has_addr(p, &a) ? AL_VERDICT_ADDRESS :
		    AL_VERDICT_DENY;
	for (i = 0; i < p->n; i++) {
		const struct al_target_rule *r = &p->rules[i];

		if (!al_target_has_port(r, port))
			continue;
		if (r->kind != AL_TARGET_NAME)
			v = AL_VERDICT_ADDRESS;
		else if (al_target_has_host(r, host))
			return AL_VERDICT_ALLOW;
	}
	return v;
}

bool
al_policy_has_addr(const struct al_policy *p, const struct al_addr *a)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (al_target_has_port(&p->rules[i], al_addr_port(a)) &&
		    al_target_has_addr(&p->rules[i], a))
			return true;
	return false;
}
