/* pac/script/hosts.c - functions that look up names. */
#include "pac/script/functions.h"

#include <string.h>

#include "pac/script/ip.h"
#include "pac/script/value.h"

#define ADDRS	AL_PAC_ADDRS_MAX

static size_t
ask(const struct al_call *c, enum al_pac_what what, const char *name,
    struct al_script_ip out[ADDRS])
{
	size_t n = c->host->lookup(c->host->arg, what, name, out);

	return n <= ADDRS ? n : ADDRS;
}

/* A literal is its own address; an empty name would ask for our own. */
static size_t
resolve(const struct al_call *c, enum al_pac_what what,
    const struct al_value *host, struct al_script_ip out[ADDRS])
{
	char name[AL_SCRIPT_NAME_MAX + 1];

	if (!al_value_is_text(host) || host->len == 0 ||
	    host->len > AL_SCRIPT_NAME_MAX ||
	    memchr(host->text, '\0', host->len) != NULL)
		return 0;
	if (al_ip_parse_strict(&out[0], host->text, host->len))
		return 1;
	memcpy(name, host->text, host->len);
	name[host->len] = '\0';
	return ask(c, what, name, out);
}

static bool
first_ipv4(const struct al_script_ip *list, size_t n, struct al_script_ip *ip)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].family == 4) {
			*ip = list[i];
			return true;
		}
	return false;
}

bool
al_script_resolve4(const struct al_call *c, const struct al_value *name,
    struct al_script_ip *ip)
{
	struct al_script_ip list[ADDRS];

	return first_ipv4(list, resolve(c, AL_PAC_NAME4, name, list), ip);
}

static void
give_list(struct al_call *c, const struct al_script_ip *list, size_t n)
{
	size_t len = 0;

	_Static_assert(ADDRS * AL_IP_TEXT < AL_SCRIPT_TEXT_MAX,
	    "a list must have room");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			c->text[len++] = ';';
		len += al_ip_format(&list[i], c->text + len);
	}
	al_call_give_text(c, c->text, len);
}

void
al_script_dns_resolve(struct al_call *c)
{
	struct al_script_ip ip;

	if (al_script_resolve4(c, al_call_arg(c, 0), &ip))
		give_list(c, &ip, 1);
	else
		al_call_give_null(c);
}

void
al_script_is_resolvable(struct al_call *c)
{
	struct al_script_ip ip;

	al_call_give_bool(c, al_script_resolve4(c, al_call_arg(c, 0), &ip));
}

void
al_script_dns_resolve_ex(struct al_call *c)
{
	struct al_script_ip list[ADDRS];

	/* Chromium: undefined for what is no string. */
	if (al_value_is_text(al_call_arg(c, 0)))
		give_list(c, list, resolve(c, AL_PAC_NAME, al_call_arg(c, 0),
		    list));
}

void
al_script_is_resolvable_ex(struct al_call *c)
{
	struct al_script_ip list[ADDRS];
	const struct al_value *name = al_call_arg(c, 0);

	/* Chromium asks whether dnsResolveEx gives "": undefined it is not. */
	al_call_give_bool(c, !al_value_is_text(name) ||
	    resolve(c, AL_PAC_NAME, name, list) > 0);
}

void
al_script_my_ip_address(struct al_call *c)
{
	static const char loopback[] = "127.0.0.1";
	struct al_script_ip list[ADDRS], ip;

	if (first_ipv4(list, ask(c, AL_PAC_OWN4, "", list), &ip))
		give_list(c, &ip, 1);
	else
		al_call_give_text(c, loopback, sizeof(loopback) - 1);
}

void
al_script_my_ip_address_ex(struct al_call *c)
{
	struct al_script_ip list[ADDRS];

	give_list(c, list, ask(c, AL_PAC_OWN, "", list));
}
