/* connector/connectord/names.c - the hosts that local connections may go to. */
#include "connector/connectord/names.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/daemon/target.h"

void
al_names_init(struct al_names *n)
{
	memset(n, 0, sizeof(*n));
}

void
al_names_fini(struct al_names *n)
{
	free(n->v);
	al_names_init(n);
}

static enum al_code
parse(struct al_name *name, const char *text, struct al_err *err)
{
	bool below = strncmp(text, "*.", 2) == 0;
	char host[AL_HOST_MAX + 1], shown[80];
	struct al_addr a;

	if (strcmp(text, "*") == 0) {
		name->port = 0;
		memcpy(name->pattern, text, 2);
		return AL_OK;
	}
	if (al_hostport_parse(below ? text + 2 : text, 443, host, &name->port,
	    err) != AL_OK)
		return err->code;
	if (below && (al_addr_parse_ip(&a, host, 0) ||
	    strlen(host) + 2 > AL_HOST_MAX))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "\"%s\": only a name can follow \"*.\"",
		    al_str_clean(shown, sizeof(shown), text, strlen(text)));
	if (below)
		memcpy(name->pattern, "*.", 2);
	memcpy(name->pattern + (below ? 2 : 0), host, strlen(host) + 1);
	return AL_OK;
}

enum al_code
al_names_add(struct al_names *n, const char *text, struct al_err *err)
{
	struct al_name name, *more;

	if (parse(&name, text, err) != AL_OK)
		return err->code;
	more = realloc(n->v, (n->n + 1) * sizeof(*more));
	if (more == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	n->v = more;
	n->v[n->n++] = name;
	return AL_OK;
}

bool
al_names_has(const struct al_names *n, const char *host, uint16_t port)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		if (n->v[i].port == 0 || (n->v[i].port == port &&
		    al_target_name_matches(n->v[i].pattern, host)))
			return true;
	return false;
}

uint16_t
al_names_port(const struct al_names *n, const char *host)
{
	size_t i;

	for (i = 0; i < n->n; i++) {
		if (n->v[i].port == 0)
			return 443;
		if (al_target_name_matches(n->v[i].pattern, host))
			return n->v[i].port;
	}
	return 0;
}
