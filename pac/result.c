/* pac/result.c - what a PAC script returns: "PROXY h:1; SOCKS5 k; DIRECT". */
#include "pac/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/base/url.h"
#include "pac/host.h"

#define BLANKS		" \t\r\n\v\f"
#define SHOWN		60	/* of an entry, in a warning */

/* What a type means; SOCKS itself is a matter of choice. */
static const struct {
	const char	*type;
	const char	*scheme;
} types[] = {
	{ "PROXY", "http" }, { "HTTP", "http" }, { "HTTPS", "https" },
	{ "SOCKS4", "socks4" }, { "SOCKS4A", "socks4a" },
	{ "SOCKS5", "socks5h" },
};

static const struct {
	const char	*text;
	const char	*first, *second;
} socks_rows[] = {
	[AL_PAC_SOCKS_4] = { "4", "socks4", NULL },
	[AL_PAC_SOCKS_4A] = { "4a", "socks4a", NULL },
	[AL_PAC_SOCKS_5] = { "5", "socks5h", NULL },
	[AL_PAC_SOCKS_5_THEN_4] = { "5-then-4", "socks5h", "socks4" },
};

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* --- what comes out ------------------------------------------------------- */

/* A host may be a password, when it has an '@'. */
static bool
warn(struct al_pac_result *r, const char *entry, size_t n, const char *why)
{
	char text[SHOWN + 140], shown[SHOWN + 1];

	if (r->n_warnings == N(r->warnings))
		return true;
	if (memchr(entry, '@', n) != NULL)
		(void)snprintf(text, sizeof(text), "an entry that names a "
		    "user (not shown): %s", why);
	else
		(void)snprintf(text, sizeof(text), "\"%s\": %s",
		    al_str_clean(shown, sizeof(shown), entry, n), why);
	r->warnings[r->n_warnings] = al_str_dup(text, strlen(text));
	return r->warnings[r->n_warnings++] != NULL;
}

static bool
add(struct al_pac_result *r, const char *text)
{
	r->entries[r->n] = al_str_dup(text, strlen(text));
	return r->entries[r->n++] != NULL;
}

static bool
add_proxy(struct al_pac_result *r, const char *scheme, const char *host,
    uint16_t port)
{
	bool v6 = strchr(host, ':') != NULL;
	char text[AL_HOST_MAX + 32];

	(void)snprintf(text, sizeof(text), "%s://%s%s%s:%u", scheme,
	    v6 ? "[" : "", host, v6 ? "]" : "",
	    (unsigned)(port != 0 ? port : al_url_default_port(scheme)));
	return add(r, text);
}

/* --- one entry ------------------------------------------------------------ */

struct entry {
	const char	*schemes[2];	/* the second is mostly NULL */
	const char	*p;		/* "host[:port]" */
	size_t		 n;
};

static bool
take_type(struct entry *e, enum al_pac_socks socks, const char *p, size_t n)
{
	size_t i;

	if (al_str_ieqn(p, n, "SOCKS")) {
		e->schemes[0] = socks_rows[socks].first;
		e->schemes[1] = socks_rows[socks].second;
		return true;
	}
	for (i = 0; i < N(types); i++) {
		if (al_str_ieqn(p, n, types[i].type)) {
			e->schemes[0] = types[i].scheme;
			return true;
		}
	}
	return false;
}

/* "PROXY http://h:8080" means what it says; browsers differ about it. */
static bool
drop_scheme(struct entry *e)
{
	const char *mine = e->schemes[0];
	size_t n = strcspn(e->p, ":");

	if (e->n < n + 3 || strncmp(e->p + n, "://", 3) != 0)
		return true;
	if (!al_str_ieqn(e->p, n, mine) &&
	    !(strcmp(mine, "socks5h") == 0 && al_str_ieqn(e->p, n, "socks5")))
		return false;
	e->p += n + 3;
	e->n -= n + 3;
	if (e->n > 0 && e->p[e->n - 1] == '/')
		e->n--;
	return true;
}

static const char *
read_proxy(struct entry *e, char host[static AL_HOST_MAX + 1], uint16_t *port)
{
	if (e->n == 0)
		return "the proxy's host is missing";
	if (!drop_scheme(e))
		return "its URL is of another type";
	if (memchr(e->p, '@', e->n) != NULL)
		return "a PAC file cannot give credentials";
	if (memchr(e->p, '/', e->n) != NULL)
		return "a proxy has no path";
	return al_pac_hostport(host, port, e->p, e->n);
}

/* false: memory is out. */
static bool
take_entry(struct al_pac_result *r, enum al_pac_socks socks, const char *p,
    size_t n)
{
	struct entry e = { .p = NULL };
	size_t type = 0, i;
	char host[AL_HOST_MAX + 1];
	const char *why;
	uint16_t port = 0;

	while (type < n && strchr(BLANKS, p[type]) == NULL)
		type++;
	e.p = p + type;
	e.n = n - type;
	while (e.n > 0 && strchr(BLANKS, *e.p) != NULL) {
		e.p++;
		e.n--;
	}
	if (al_str_ieqn(p, type, "DIRECT"))
		why = e.n > 0 ? "DIRECT stands alone" : NULL;
	else if (!take_type(&e, socks, p, type))
		why = "not a type of proxy that we know";
	else
		why = read_proxy(&e, host, &port);
	if (why != NULL)
		return warn(r, p, n, why);
	for (i = 0; i == 0 || (i < 2 && e.schemes[i] != NULL); i++) {
		if (r->n == N(r->entries))
			return warn(r, p, n, "too many proxies");
		if (!(e.schemes[i] == NULL ? add(r, "direct") :
		    add_proxy(r, e.schemes[i], host, port)))
			return false;
	}
	return true;
}

enum al_code
al_pac_result_parse(struct al_pac_result *r, const char *raw,
    enum al_pac_socks socks, struct al_err *err)
{
	bool ok = true;
	size_t n, len;

	memset(r, 0, sizeof(*r));
	while (ok && *raw != '\0') {
		raw += strspn(raw, BLANKS ";");
		len = n = strcspn(raw, ";");
		while (n > 0 && strchr(BLANKS, raw[n - 1]) != NULL)
			n--;
		if (n > 0)
			ok = take_entry(r, socks, raw, n);
		raw += len;
	}
	if (ok && r->n == 0)
		ok = add(r, "direct");
	if (ok)
		return AL_OK;
	al_pac_result_fini(r);
	return al_fail_nomem(err, AL_AT_PAC);
}

void
al_pac_result_fini(struct al_pac_result *r)
{
	while (r->n > 0)
		free(r->entries[--r->n]);
	while (r->n_warnings > 0)
		free(r->warnings[--r->n_warnings]);
}

enum al_code
al_pac_socks_parse(const char *text, enum al_pac_socks *socks,
    struct al_err *err)
{
	char shown[40];
	size_t i;

	for (i = 0; i < N(socks_rows); i++) {
		if (strcmp(text, socks_rows[i].text) == 0) {
			*socks = (enum al_pac_socks)i;
			return AL_OK;
		}
	}
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
	    "SOCKS in a PAC file means 4, 4a, 5 or 5-then-4, not \"%s\"",
	    al_str_clean(shown, sizeof(shown), text, strlen(text)));
}
