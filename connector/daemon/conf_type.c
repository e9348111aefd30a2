/* connector/daemon/conf_type.c - what texts of each type look like. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/base/url.h"
#include "connector/daemon/redact.h"
#include "connector/daemon/conf_impl.h"

static enum al_code
refuse(const char *text, const char *what, struct al_err *err)
{
	char shown[80];

	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\" is not %s",
	    al_str_clean(shown, sizeof(shown), text, strlen(text)), what);
}

enum al_code
al_conf_parse_bool(const char *text, bool *v, struct al_err *err)
{
	static const char *const words[] = { "no", "yes", "false", "true",
	    "off", "on", "0", "1" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (al_str_ieq(text, words[i])) {
			*v = i % 2 == 1;
			return AL_OK;
		}
	return refuse(text, "yes or no", err);
}

struct unit {
	const char	*name;
	uint64_t	 factor;
};

/* Digits and a unit; the first unit is meant when none is given. */
static bool
parse_unit(const char *text, const struct unit *units, size_t n, uint64_t *v)
{
	size_t digits = strspn(text, "0123456789"), i;
	uint64_t count;

	for (i = 0; i < n; i++)
		if (al_str_ieq(text + digits, units[i].name) ||
		    (i == 0 && text[digits] == '\0'))
			break;
	if (i == n || !al_str_u64(text, digits, UINT64_MAX / units[i].factor,
	    &count))
		return false;
	*v = count * units[i].factor;
	return true;
}

enum al_code
al_conf_parse_time(const char *text, uint64_t *ms, struct al_err *err)
{
	static const struct unit units[] = { { "s", 1000 }, { "ms", 1 },
	    { "m", 60000 }, { "min", 60000 }, { "h", 3600000 },
	    { "d", 86400000 } };

	if (parse_unit(text, units, sizeof(units) / sizeof(units[0]), ms))
		return AL_OK;
	return refuse(text, "a time: 250ms, 30s, 5m, 1h", err);
}

enum al_code
al_conf_parse_size(const char *text, uint64_t *v, struct al_err *err)
{
	static const struct unit units[] = { { "B", 1 }, { "K", 1024 },
	    { "M", 1048576 }, { "G", 1073741824 } };

	if (parse_unit(text, units, sizeof(units) / sizeof(units[0]), v))
		return AL_OK;
	return refuse(text, "a size: 65536, 64K, 16M, 1G", err);
}

/* def is the address that ":443" and "443" stand for. */
static enum al_code
parse_listen(const char *text, const char *def, struct al_addr *addr,
    struct al_err *err)
{
	const char *colon = strrchr(text, ':'), *port;
	char host[AL_ADDR_TEXT];
	uint64_t n;

	port = colon != NULL ? colon + 1 : text;
	if (!al_str_u64(port, strlen(port), 65535, &n))
		return refuse(text, "ADDRESS:PORT", err);
	if (colon == NULL || colon == text)
		(void)snprintf(host, sizeof(host), "%s", def);
	else if ((size_t)snprintf(host, sizeof(host), "%.*s",
	    (int)(colon - text), text) >= sizeof(host))
		return refuse(text, "ADDRESS:PORT", err);
	if (al_str_ieq(host, "localhost"))
		(void)snprintf(host, sizeof(host), "127.0.0.1");
	if (strcmp(host, "*") == 0)
		(void)snprintf(host, sizeof(host), "0.0.0.0");
	if ((strchr(host, ':') != NULL && host[0] != '[') ||
	    !al_addr_parse_ip(addr, host, (uint16_t)n))
		return refuse(text, "ADDRESS:PORT (a listener takes a "
		    "numeric address, IPv6 in brackets)", err);
	return AL_OK;
}

enum al_code
al_conf_parse_listen(const char *text, struct al_addr *addr,
    struct al_err *err)
{
	return parse_listen(text, "0.0.0.0", addr, err);
}

bool
al_conf_listen(const struct al_conf_value *v, struct al_addr *addr)
{
	struct al_err err;

	return v != NULL && parse_listen(v->text, v->key->type ==
	    AL_CONF_LOOPBACK ? "127.0.0.1" : "0.0.0.0", addr, &err) == AL_OK;
}

static enum al_code
check_loopback(const char *text, struct al_err *err)
{
	struct al_addr a;
	enum al_code code = parse_listen(text, "127.0.0.1", &a, err);

	if (code != AL_OK || al_addr_is_loopback(&a))
		return code;
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s is reachable from "
	    "the network: listeners of this host bind loopback only "
	    "(127.0.0.0/8 or [::1])", text);
}

/* one of "text|json" */
static enum al_code
check_choice(const struct al_conf_key *k, const char *text,
    struct al_err *err)
{
	const char *p = k->words;

	for (;;) {
		size_t n = strcspn(p, "|");

		if (strlen(text) == n && strncmp(p, text, n) == 0)
			return AL_OK;
		if (p[n] == '\0')
			return refuse(text, k->words, err);
		p += n + 1;
	}
}

static enum al_code
check_number(const struct al_conf_key *k, const char *text,
    struct al_err *err)
{
	enum al_code code = AL_OK;
	uint64_t v = 0;

	if (k->type == AL_CONF_TIME)
		code = al_conf_parse_time(text, &v, err);
	else if (k->type == AL_CONF_SIZE)
		code = al_conf_parse_size(text, &v, err);
	else if (!al_str_u64(text, strlen(text), UINT64_MAX, &v))
		code = refuse(text, "a number", err);
	if (code != AL_OK || (v >= k->min && (k->max == 0 || v <= k->max)))
		return code;
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s is out of range: "
	    "%" PRIu64 " to %" PRIu64 "%s", text, k->min,
	    k->max > 0 ? k->max : UINT64_MAX,
	    k->type == AL_CONF_TIME ? " ms" : "");
}

static enum al_code
check_url(const char *text, struct al_err *err)
{
	struct al_url u;
	enum al_code code = al_url_parse(&u, text, err);
	bool web, user;

	if (code != AL_OK)
		return code;
	web = strcmp(u.scheme, "https") == 0 || strcmp(u.scheme, "wss") == 0 ||
	    strcmp(u.scheme, "http") == 0 || strcmp(u.scheme, "ws") == 0;
	user = u.user != NULL;
	al_url_fini(&u);
	if (user)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "the URL "
		    "holds a user name or password, and none is wanted");
	return web ? AL_OK : refuse(text, "https://HOST[:PORT]", err);
}

static enum al_code
check_proxy(const char *text, struct al_err *err)
{
	struct al_route r;
	enum al_code code;

	al_route_init(&r);
	code = al_conf_add_proxy(&r, text, err);
	al_route_fini(&r);
	return code;
}

static enum al_code
check_hostport(const char *text, struct al_err *err)
{
	char host[AL_HOST_MAX + 1];
	uint16_t port;

	return al_hostport_parse(text, 0, host, &port, err);
}

enum al_code
al_conf_add_proxy(struct al_route *r, const char *text, struct al_err *err)
{
	return al_route_add(r, al_str_ieq(text, "none") ? "direct" : text,
	    err);
}

/* Each password in a proxy's URL, of every hop: how many there are. */
static size_t
each_password(const struct al_conf_key *k, const char *text,
    void (*do_it)(const char *password))
{
	struct al_route r;
	struct al_err err;
	size_t i, n = 0;

	if (k->type != AL_CONF_PROXY)
		return 0;
	al_route_init(&r);
	if (al_conf_add_proxy(&r, text, &err) == AL_OK) {
		for (i = 0; i < r.chains[0].n; i++) {
			if (r.chains[0].hops[i].password == NULL)
				continue;
			do_it(r.chains[0].hops[i].password);
			n++;
		}
	}
	al_route_fini(&r);
	return n;
}

static void
only_count(const char *password)
{
	(void)password;
}

/* Without memory for it the pattern of a URL still hides it. */
static void
hide(const char *password)
{
	struct al_err err;

	(void)!al_redact_add(password, &err);
}

bool
conf_is_secret(const struct al_conf_key *k, const char *text)
{
	return (k->flags & AL_CONF_SECRET) != 0 ||
	    each_password(k, text, only_count) > 0;
}

void
conf_hide(const struct al_conf_value *v)
{
	(void)each_password(v->key, v->text, hide);
}

void
conf_unhide(const struct al_conf_value *v)
{
	(void)each_password(v->key, v->text, al_redact_remove);
}

enum al_code
al_conf_check_type(const struct al_conf_key *k, const char *text,
    struct al_err *err)
{
	struct al_addr a;
	bool b;

	if (text[0] == '\0')
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "has no value");
	switch (k->type) {
	case AL_CONF_TEXT:
	case AL_CONF_PATH:
		return AL_OK;
	case AL_CONF_BOOL:
		return al_conf_parse_bool(text, &b, err);
	case AL_CONF_UINT:
	case AL_CONF_TIME:
	case AL_CONF_SIZE:
		return check_number(k, text, err);
	case AL_CONF_CHOICE:
		return check_choice(k, text, err);
	case AL_CONF_URL:
		return check_url(text, err);
	case AL_CONF_PROXY:
		return check_proxy(text, err);
	case AL_CONF_HOSTPORT:
		return check_hostport(text, err);
	case AL_CONF_LISTEN:
		return al_conf_parse_listen(text, &a, err);
	case AL_CONF_LOOPBACK:
		return check_loopback(text, err);
	}
	return AL_OK;
}

bool
al_conf_is_url(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 1 && text[n] == ':';
}

const char *
al_conf_text(const struct al_conf *c, const char *section, const char *name,
    const char *key)
{
	const struct al_conf_value *v = al_conf_get(c, section, name, key, 0);

	return v != NULL ? v->text : NULL;
}

bool
al_conf_bool(const struct al_conf *c, const char *section, const char *name,
    const char *key)
{
	const char *text = al_conf_text(c, section, name, key);
	struct al_err err;
	bool v = false;

	return text != NULL && al_conf_parse_bool(text, &v, &err) == AL_OK &&
	    v;
}

uint64_t
al_conf_uint(const struct al_conf *c, const char *section, const char *name,
    const char *key)
{
	const struct al_conf_value *v = al_conf_get(c, section, name, key, 0);
	struct al_err err;
	uint64_t n = 0;

	if (v == NULL)
		return 0;
	if (v->key->type == AL_CONF_TIME)
		(void)!al_conf_parse_time(v->text, &n, &err);
	else if (v->key->type == AL_CONF_SIZE)
		(void)!al_conf_parse_size(v->text, &n, &err);
	else
		(void)al_str_u64(v->text, strlen(v->text), UINT64_MAX, &n);
	return n;
}
