/* pac/lookup.c - what a PAC script asks about names, answered. */
#include "pac/lookup.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/loop/resolve.h"
#include "pac/host.h"
#include "pac/own_addr.h"

static const struct al_pac_lookup nothing;

static bool
is_own(const struct al_pac_lookup *l)
{
	return l->what == AL_PAC_OWN4 || l->what == AL_PAC_OWN;
}

static bool
wants_v6(const struct al_pac_lookup *l)
{
	return l->what == AL_PAC_NAME || l->what == AL_PAC_OWN;
}

void
al_pac_lookups_part(struct al_pac_lookups *k)
{
	k->first = k->n;
}

/* --- one's own ------------------------------------------------------------ */

static bool
own(struct al_pac_lookup *l, enum al_own_toward toward)
{
	l->n = al_own_addrs(l->addrs, toward,
	    wants_v6(l) ? AL_OWN_BOTH : AL_OWN_IPV4);
	return l->n > 0;
}

/* What is left when neither a route nor our host name tells. */
static void
own_at_last(struct al_pac_lookup *l)
{
	if (!own(l, AL_OWN_PRIVATE))
		l->n = al_addr_parse_ip(&l->addrs[0], "127.0.0.1", 0);
}

/* --- names ---------------------------------------------------------------- */

static void
take(struct al_pac_lookup *l, const struct al_addr *addrs, size_t n)
{
	size_t i;

	for (i = 0; i < n && l->n < AL_PAC_ADDRS_MAX; i++)
		if (!is_own(l) || al_own_is_fit(&addrs[i]))
			l->addrs[l->n++] = addrs[i];
}

static void
on_resolve(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *err)
{
	struct al_pac_lookups *k = arg;
	struct al_pac_lookup *l = &k->all[k->n - 1];

	(void)err;			/* an empty answer says it */
	if (family == AF_INET || wants_v6(l))
		take(l, addrs, n);
	if (!last && (wants_v6(l) || family != AF_INET))
		return;
	if (!last)
		al_resolve_cancel(k->resolve);
	k->resolve = NULL;
	if (is_own(l) && l->n == 0)
		own_at_last(l);
	k->on_done(k->arg, l);
}

/* false: there is nothing to wait for. */
static bool
resolve(struct al_pac_lookups *k, const char *name)
{
	struct al_err err;

	k->resolve = al_resolve_start(k->resolver, name, 0, 0, on_resolve, k,
	    &err);
	return k->resolve != NULL;
}

static bool
resolve_own(struct al_pac_lookups *k)
{
	char name[AL_HOST_MAX + 1] = "";

	return gethostname(name, sizeof(name) - 1) == 0 && resolve(k, name);
}

/* "::1" as it is, a name as browsers have it. */
static bool
clean(char host[static AL_HOST_MAX + 1], const uint8_t *name, size_t n)
{
	char text[AL_ADDR_TEXT];
	struct al_addr a;

	if (n < sizeof(text) && memchr(name, ':', n) != NULL) {
		memcpy(text, name, n);
		text[n] = '\0';
		if (!al_addr_parse_ip(&a, text, 0))
			return false;
		(void)al_addr_format_ip(&a, text);
		memcpy(host, text, sizeof(text));
		return true;
	}
	return al_pac_host(host, (const char *)name, n);
}

/* --- the whole ------------------------------------------------------------ */

static const struct al_pac_lookup *
find(const struct al_pac_lookups *k, enum al_pac_what what, const char *name)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (k->all[i].what == what &&
		    strcmp(k->all[i].name, name) == 0)
			return &k->all[i];
	return NULL;
}

const struct al_pac_lookup *
al_pac_lookups_ask(struct al_pac_lookups *k, enum al_pac_what what,
    const uint8_t *name, size_t n)
{
	const struct al_pac_lookup *known;
	struct al_pac_lookup *l;
	char host[AL_HOST_MAX + 1] = "";

	if (n > 0 && !clean(host, name, n))
		return &nothing;
	known = find(k, what, host);
	if (known != NULL)
		return known;
	if (k->n - k->first >= AL_PAC_LOOKUPS_MAX ||
	    k->n >= sizeof(k->all) / sizeof(k->all[0]))
		return &nothing;
	l = &k->all[k->n++];
	memset(l, 0, sizeof(*l));
	l->what = what;
	memcpy(l->name, host, sizeof(host));
	if (k->hook != NULL && k->hook(k->hook_arg, l)) {
		if (l->n > AL_PAC_ADDRS_MAX)
			l->n = AL_PAC_ADDRS_MAX;
		return l;
	}
	l->n = 0;
	if (is_own(l)) {
		if (own(l, AL_OWN_PUBLIC) || resolve_own(k))
			return l->n > 0 ? l : NULL;
		own_at_last(l);
		return l;
	}
	return resolve(k, host) ? NULL : l;
}

void
al_pac_lookups_cancel(struct al_pac_lookups *k)
{
	al_resolve_cancel(k->resolve);
	k->resolve = NULL;
}
