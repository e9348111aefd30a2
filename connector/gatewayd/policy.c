/* connector/gatewayd/policy.c - who may reach which target on which server. */
#include "connector/gatewayd/policy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/daemon/conf.h"
#include "connector/daemon/target.h"
#include "connector/gatewayd/identity.h"
#include "connector/wire/mux_frame.h"

struct rule {
	char			op[AL_IDENTITY_NAME_MAX + 1];
	char			server[AL_IDENTITY_NAME_MAX + 1];
	struct al_target_rule	target;
};

struct al_policy {
	struct rule	*rules;
	size_t		 n, cap;
};

struct al_policy *
al_policy_new(struct al_err *err)
{
	struct al_policy *p = calloc(1, sizeof(*p));

	if (p == NULL)
		(void)al_fail_nomem(err, AL_AT_CONFIG);
	return p;
}

void
al_policy_free(struct al_policy *p)
{
	if (p != NULL)
		free(p->rules);
	free(p);
}

/* The next word, and its end; NULL: none is left. */
static const char *
next_word(const char **p, size_t *n)
{
	const char *word = *p + strspn(*p, " \t");

	*n = strcspn(word, " \t");
	*p = word + *n;
	return *n > 0 ? word : NULL;
}

static bool
take_pattern(const char **p, char out[static AL_IDENTITY_NAME_MAX + 1])
{
	size_t n;
	const char *word = next_word(p, &n);

	if (word == NULL || n > AL_IDENTITY_NAME_MAX)
		return false;
	memcpy(out, word, n);
	out[n] = '\0';
	return true;
}

static enum al_code
parse(struct rule *r, const char *text, struct al_err *err)
{
	char target[AL_HOST_MAX + 32], shown[80];
	const char *p = text, *word;
	size_t n;

	if (!take_pattern(&p, r->op) || !take_pattern(&p, r->server) ||
	    (word = next_word(&p, &n)) == NULL || n >= sizeof(target) ||
	    p[strspn(p, " \t")] != '\0')
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\" is "
		    "not a rule: OPERATOR SERVER TARGET, for instance "
		    "\"alice web-* loopback:22\"", al_str_clean(shown,
		    sizeof(shown), text, strlen(text)));
	memcpy(target, word, n);
	target[n] = '\0';
	return al_target_parse(&r->target, target, err);
}

enum al_code
al_policy_check_rule(const char *rule, struct al_err *err)
{
	struct rule r;

	return parse(&r, rule, err);
}

enum al_code
al_policy_add(struct al_policy *p, const char *rule, struct al_err *err)
{
	if (p->n == p->cap) {
		size_t cap = p->cap > 0 ? p->cap * 2 : 8;
		struct rule *more = reallocarray(p->rules, cap, sizeof(*more));

		if (more == NULL)
			return al_fail_nomem(err, AL_AT_CONFIG);
		p->rules = more;
		p->cap = cap;
	}
	if (parse(&p->rules[p->n], rule, err) != AL_OK)
		return err->code;
	p->n++;
	return AL_OK;
}

struct al_policy *
al_policy_load(const struct al_conf *c, struct al_err *err)
{
	struct al_policy *p = al_policy_new(err);
	const struct al_conf_value *v;
	size_t i;

	for (i = 0; p != NULL && (v = al_conf_get(c, NULL, NULL, "allow",
	    i)) != NULL; i++)
		if (al_policy_add(p, v->text, err) != AL_OK) {
			al_conf_blame(v, err);
			al_policy_free(p);
			return NULL;
		}
	return p;
}

/* '*' stands for any letters, none too; all others for themselves. */
static bool
matches(const char *pattern, const char *name)
{
	const char *star = NULL, *retry = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = name;
		} else if (al_lower(*pattern) == al_lower(*name)) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++retry;
		} else
			return false;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

enum al_code
al_policy_check(const struct al_policy *p, const char *op,
    const char *server, const char *host, uint16_t port, struct al_err *err)
{
	size_t i;

	if (al_target_is_forbidden_host(host))
		return al_fail_as(err, AL_EREFUSED, AL_AT_CHANNEL,
		    AL_CHAN_DENIED, 0, "%s is never a target: link-local, "
		    "metadata, multicast and unspecified addresses are "
		    "closed to everyone", host);
	for (i = 0; i < p->n; i++) {
		const struct rule *r = &p->rules[i];

		if (matches(r->op, op) && matches(r->server, server) &&
		    al_target_has_port(&r->target, port) &&
		    al_target_has_host(&r->target, host))
			return AL_OK;
	}
	return al_fail_as(err, AL_EREFUSED, AL_AT_CHANNEL, AL_CHAN_DENIED, 0,
	    "the gateway's policy does not allow %s to reach %s port %u on "
	    "%s", op, host, (unsigned)port, server);
}
