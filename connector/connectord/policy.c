/* connector/connectord/policy.c - which targets the gateway may ask for. */
#include "connector/connectord/policy.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

static const char *const loopback[] = { "127.0.0.0/8", "::1" };

/* Where clouds answer whoever asks with credentials of the machine. */
static const char *const metadata[] = {
	"100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254",
};

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

/* --- rules ---------------------------------------------------------------- */
/* "10.0.0.0/8:22", "[fd00::/8]:22", "fd00::/8" cut into prefix and port. */
static bool
parse_cidr(struct al_policy_rule *r, const char *text)
{
	char copy[AL_HOST_MAX + 1];
	char *port = NULL, *end;
	size_t n = strlen(text);

	if (n >= sizeof(copy) || al_cidr_parse(&r->cidr, text))
		return n < sizeof(copy);
	memcpy(copy, text, n + 1);
	end = copy[0] == '[' ? strchr(copy, ']') : NULL;
	if (end != NULL) {
		if (end[1] != '\0' && end[1] != ':')
			return false;
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
	} else if ((port = strrchr(copy, ':')) != NULL) {
		*port++ = '\0';
	}
	return al_cidr_parse(&r->cidr, end != NULL ? copy + 1 : copy) &&
	    (port == NULL || al_str_port(port, strlen(port), &r->port));
}

static bool
parse_name(struct al_policy_rule *r, const char *text, struct al_err *err)
{
	bool below = strncmp(text, "*.", 2) == 0;
	char *host = r->name + (below ? 2 : 0), got[AL_HOST_MAX + 1];
	struct al_addr a;

	if (al_hostport_parse(below ? text + 2 : text, 1, got, &r->port,
	    err) != AL_OK)
		return false;
	if (strchr(text, ':') == NULL)
		r->port = 0;
	if (al_addr_parse_ip(&a, got, 0) ||
	    strlen(got) + (below ? 2 : 0) > AL_HOST_MAX)
		return false;
	if (below)
		memcpy(r->name, "*.", 2);
	memcpy(host, got, strlen(got) + 1);
	r->is_name = true;
	return true;
}

enum al_code
al_policy_add(struct al_policy *p, const char *text, struct al_err *err)
{
	struct al_policy_rule r = { .port = 0 }, *more;
	char shown[80];

	if (!parse_cidr(&r, text)) {
		r = (struct al_policy_rule){ .port = 0 };
		if (!parse_name(&r, text, err))
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "\"%s\" is not a target: 10.0.0.0/8, "
			    "10.0.0.0/8:22, [fd00::/8]:22, name:22 and "
			    "*.name:22 are", al_str_clean(shown,
			    sizeof(shown), text, strlen(text)));
	}
	more = realloc(p->rules, (p->n + 1) * sizeof(*more));
	if (more == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	p->rules = more;
	p->rules[p->n++] = r;
	return AL_OK;
}

enum al_code
al_policy_add_default(struct al_policy *p, struct al_err *err)
{
	size_t i;

	for (i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++)
		if (al_policy_add(p, loopback[i], err) != AL_OK)
			return err->code;
	return AL_OK;
}

/* --- judging -------------------------------------------------------------- */
bool
al_name_matches(const char *pattern, const char *name)
{
	size_t tail, n = strlen(name);

	if (strncmp(pattern, "*.", 2) != 0)
		return al_str_ieq(pattern, name);
	pattern++;
	tail = strlen(pattern);
	return n > tail && al_str_ieq(name + n - tail, pattern);
}

enum al_verdict
al_policy_judge(const struct al_policy *p, const char *host, uint16_t port)
{
	enum al_verdict v = AL_VERDICT_DENY;
	struct al_addr a;
	bool literal = al_addr_parse_ip(&a, host, port);
	size_t i;

	if (literal)
		return al_policy_has_addr(p, &a) &&
		    !al_policy_is_forbidden(&a) ? AL_VERDICT_ADDRESS :
		    AL_VERDICT_DENY;
	for (i = 0; i < p->n; i++) {
		const struct al_policy_rule *r = &p->rules[i];

		if (r->port != 0 && r->port != port)
			continue;
		if (!r->is_name)
			v = AL_VERDICT_ADDRESS;
		else if (al_name_matches(r->name, host))
			return AL_VERDICT_ALLOW;
	}
	return v;
}

bool
al_policy_has_addr(const struct al_policy *p, const struct al_addr *a)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!p->rules[i].is_name && al_cidr_has(&p->rules[i].cidr, a) &&
		    (p->rules[i].port == 0 ||
		    p->rules[i].port == al_addr_port(a)))
			return true;
	return false;
}

bool
al_policy_is_forbidden(const struct al_addr *a)
{
	struct al_cidr c;
	size_t i;

	for (i = 0; i < sizeof(metadata) / sizeof(metadata[0]); i++)
		if (al_cidr_parse(&c, metadata[i]) && al_cidr_has(&c, a))
			return true;
	return al_addr_is_link_local(a);
}
