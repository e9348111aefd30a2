/* pac/choose.c - which proxies lead to a URL, and why these. */
#include "pac/choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/buf.h"
#include "connector/base/str.h"
#include "connector/base/url.h"
#include "pac/no_proxy.h"

/* The question, while the sources are asked one by one. */
struct ask {
	const struct al_choose_opts	*opts;
	const struct al_url		*url;
	uint16_t			 port;
	const char			*variable;
	const char			*unset;	/* why it says nothing */
	enum al_source			 winner;	/* so far */
};

/*
 * AL_AGAIN: not set.  AL_OK: the route, which is "none" when it is empty.
 * An error: what is set is wrong.
 */
typedef enum al_code ask_fn(struct ask *a, struct al_route *r,
    struct al_err *err);

static enum al_code
ask_list(const char *const *values, size_t n, struct al_route *r,
    struct al_err *err)
{
	size_t i;

	if (n == 0)
		return AL_AGAIN;
	if (n == 1 && al_str_ieq(values[0], "none"))
		return AL_OK;
	for (i = 0; i < n; i++) {
		enum al_code code = al_route_add(r, values[i], err);

		if (code != AL_OK)
			return code;
	}
	return AL_OK;
}

static enum al_code
ask_command(struct ask *a, struct al_route *r, struct al_err *err)
{
	return ask_list(a->opts->command, a->opts->n_command, r, err);
}

static enum al_code
ask_config(struct ask *a, struct al_route *r, struct al_err *err)
{
	return ask_list(a->opts->config, a->opts->n_config, r, err);
}

static const char *
get_env(const struct ask *a, const char *name)
{
	return a->opts->get_env != NULL ?
	    a->opts->get_env(a->opts->arg, name) : NULL;
}

static bool
is_plain(const struct ask *a)
{
	return strcmp(a->url->scheme, "http") == 0 ||
	    strcmp(a->url->scheme, "ws") == 0;
}

/* The first of names that is set; a->variable is its name. */
static const char *
first_set(struct ask *a, const char *const *names)
{
	const char *value = NULL;

	for (; *names != NULL && value == NULL; names++) {
		/* A web server gives a request's "Proxy:" field to its CGI
		 * programs under this name (httpoxy). */
		if (strcmp(*names, "HTTP_PROXY") == 0 &&
		    get_env(a, "REQUEST_METHOD") != NULL)
			continue;
		value = get_env(a, *names);
		a->variable = value != NULL ? *names : NULL;
	}
	return value;
}

static enum al_code
ask_environment(struct ask *a, struct al_route *r, struct al_err *err)
{
	static const char *const plain[] = {
		"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL,
	};
	static const char *const secure[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL,
	};
	const char *value = first_set(a, is_plain(a) ? plain : secure);

	if (value == NULL) {
		if (!is_plain(a) && get_env(a, "http_proxy") != NULL)
			a->unset = "http_proxy is for http:// only; set "
			    "https_proxy";
		return AL_AGAIN;
	}
	if (value[strspn(value, " \t")] == '\0')
		return AL_OK;
	return al_route_add(r, value, err);
}

static enum al_code
ask_answer(struct ask *a, const struct al_answer *x, struct al_route *r,
    struct al_err *err)
{
	if (x->n > 0)
		return ask_list(x->values, x->n, r, err);
	if (x->why != NULL)
		a->unset = x->why;
	else
		a->unset = a->winner != AL_SOURCES ?
		    "not asked: the proxy is known without it" : "not asked";
	return AL_AGAIN;
}

static enum al_code
ask_pac(struct ask *a, struct al_route *r, struct al_err *err)
{
	return ask_answer(a, &a->opts->pac, r, err);
}

static enum al_code
ask_system(struct ask *a, struct al_route *r, struct al_err *err)
{
	return ask_answer(a, &a->opts->system, r, err);
}

static enum al_code
ask_wpad(struct ask *a, struct al_route *r, struct al_err *err)
{
	return ask_answer(a, &a->opts->wpad, r, err);
}

static enum al_code
ask_default(struct ask *a, struct al_route *r, struct al_err *err)
{
	(void)a;
	return al_route_add(r, "direct", err);
}

static const struct {
	const char	*name, *called;
	ask_fn		*ask;
	/* Nobody named the proxy for this program: loopback hosts and the
	 * environment's no_proxy are left out. */
	bool		 general;
} sources[AL_SOURCES] = {
	[AL_SOURCE_COMMAND] = { "command", "the command line", ask_command,
	    false },
	[AL_SOURCE_CONFIG] = { "config", "the configuration", ask_config,
	    false },
	[AL_SOURCE_PAC] = { "pac", "the PAC file", ask_pac, false },
	[AL_SOURCE_ENVIRONMENT] = { "environment", "the environment",
	    ask_environment, true },
	[AL_SOURCE_SYSTEM] = { "system", "the system setting", ask_system,
	    true },
	[AL_SOURCE_WPAD] = { "wpad", "WPAD", ask_wpad, true },
	[AL_SOURCE_DEFAULT] = { "default", "the default", ask_default,
	    false },
};

const char *
al_source_name(enum al_source source)
{
	return sources[source].name;
}

static enum al_code
set_text(char **to, const char *text, struct al_err *err)
{
	*to = al_str_dup(text, strlen(text));
	return *to != NULL ? AL_OK : al_fail_nomem(err, AL_AT_CONFIG);
}

/* "http://a:1; direct", or "none". */
static enum al_code
show_route(char **to, const struct al_route *r, struct al_err *err)
{
	char chain[AL_CHAIN_TEXT];
	struct al_buf b;
	enum al_code code = AL_OK;
	size_t i;

	if (r->n == 0)
		return set_text(to, "none", err);
	al_buf_init(&b, AL_ROUTE_MAX * AL_CHAIN_TEXT);
	for (i = 0; i < r->n && code == AL_OK; i++) {
		code = al_chain_format(&r->chains[i], chain, sizeof(chain));
		if (code == AL_OK)
			code = al_buf_printf(&b, "%s%s", i > 0 ? "; " : "",
			    chain);
	}
	*to = code == AL_OK ? al_str_dup(al_buf_head(&b), al_buf_len(&b)) :
	    NULL;
	al_buf_fini(&b);
	return *to != NULL ? AL_OK : al_fail_nomem(err, AL_AT_CONFIG);
}

static bool
is_any(const char *ip)
{
	return strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0;
}

/* Does a connection to h, which has the listener's port, come to it? */
static bool
reaches(const struct al_hop *h, const struct al_addr *listener)
{
	char ip[AL_ADDR_TEXT];
	struct al_cidr c;
	struct al_addr a;
	/* A connect to 0.0.0.0 goes to this host. */
	bool here = al_no_proxy_is_loopback(h->host) || is_any(h->host);

	(void)al_addr_format_ip(listener, ip);
	if (is_any(ip))
		return here;
	if (al_addr_parse_ip(&a, h->host, 0) && !is_any(h->host))
		return al_cidr_parse(&c, ip) && al_cidr_has(&c, &a);
	return here && al_addr_is_loopback(listener);
}

static bool
is_ours(const struct al_hop *h, const struct al_choose_opts *opts)
{
	size_t i;

	for (i = 0; i < opts->n_listeners; i++)
		if (al_addr_port(&opts->listeners[i]) == h->port &&
		    reaches(h, &opts->listeners[i]))
			return true;
	return false;
}

static enum al_code
refuse_loops(const struct al_route *r, const struct al_choose_opts *opts,
    struct al_err *err)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct al_chain *c = &r->chains[i];

		if (c->n > 0 && is_ours(&c->hops[0], opts))
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "the proxy %s:%u is our own listener: name the "
			    "site's proxy instead", c->hops[0].host,
			    (unsigned)c->hops[0].port);
	}
	return AL_OK;
}

static enum al_code
find_exception(struct al_choice *c, struct ask *a, struct al_err *err)
{
	static const char *const names[] = { "no_proxy", "NO_PROXY", NULL };
	char entry[AL_NO_PROXY_ENTRY];
	const char *host = a->url->host, *variable = a->variable;
	const char *list = a->opts->no_proxy;

	if (list != NULL && al_no_proxy_match(list, host, a->port, entry))
		return set_text(&c->no_proxy_match, entry, err);
	if (!sources[c->source].general)
		return AL_OK;
	list = first_set(a, names);
	a->variable = variable;
	if (list != NULL && al_no_proxy_match(list, host, a->port, entry))
		return set_text(&c->no_proxy_match, entry, err);
	if (al_no_proxy_is_loopback(host))
		return set_text(&c->no_proxy_match, "<loopback>", err);
	return AL_OK;
}

static const struct al_answer *
answer_of(const struct al_choose_opts *o, enum al_source source)
{
	switch (source) {
	case AL_SOURCE_PAC:
		return &o->pac;
	case AL_SOURCE_SYSTEM:
		return &o->system;
	case AL_SOURCE_WPAD:
		return &o->wpad;
	default:
		return NULL;
	}
}

/* The source has won: its route, unless the host is an exception. */
static enum al_code
win(struct al_choice *c, struct ask *a, enum al_source source,
    struct al_route *r, struct al_err *err)
{
	const struct al_answer *x = answer_of(a->opts, source);
	enum al_code code = refuse_loops(r, a->opts, err);

	if (code != AL_OK)
		return code;
	c->source = source;
	if (r->n > 0)
		code = find_exception(c, a, err);
	if (code != AL_OK)
		return code;
	if (r->n == 0 || c->no_proxy_match != NULL)
		return al_route_add(&c->route, "direct", err);
	c->route = *r;
	c->untrusted = x != NULL && x->untrusted;
	al_route_init(r);
	return AL_OK;
}

/* Why source has lost to c->source, or has nothing to say. */
static enum al_code
lose(struct al_considered *k, const struct al_choice *c, const struct ask *a,
    enum al_code answer, struct al_err *err)
{
	char text[sizeof(err->text) + 64];

	if (answer == AL_AGAIN)
		return set_text(&k->lost, a->unset, err);
	if (answer == AL_OK)
		(void)snprintf(text, sizeof(text), "%s is asked first",
		    sources[c->source].called);
	else
		(void)snprintf(text, sizeof(text), "not valid (%s), and %s is "
		    "asked first", err->text, sources[c->source].called);
	return set_text(&k->lost, text, err);
}

static enum al_code
consider(struct al_choice *c, struct ask *a, enum al_source source,
    struct al_err *err)
{
	struct al_considered *k = &c->considered[source];
	const struct al_answer *x = answer_of(a->opts, source);
	bool open = c->source == AL_SOURCES;	/* nobody has won yet */
	struct al_route r;
	enum al_code code, answer;

	al_route_init(&r);
	a->variable = NULL;
	a->unset = "not set";
	a->winner = c->source;
	answer = sources[source].ask(a, &r, err);
	k->source = source;
	k->variable = a->variable;
	if (x != NULL && x->where != NULL &&
	    set_text(&k->where, x->where, err) != AL_OK)
		answer = AL_ENOMEM;
	if (answer == AL_OK) {
		code = show_route(&k->value, &r, err);
		if (code == AL_OK && open)
			code = win(c, a, source, &r, err);
		else if (code == AL_OK)
			code = lose(k, c, a, answer, err);
	} else if (answer != AL_AGAIN && (open || answer == AL_ENOMEM)) {
		code = answer;
	} else {
		code = lose(k, c, a, answer, err);
	}
	if (code != AL_OK && code != AL_ENOMEM)
		al_err_prefix(err, "%s", k->variable != NULL ? k->variable :
		    sources[source].called);
	al_route_fini(&r);
	return code;
}

/* The URL as it was given, without user info and query. */
static enum al_code
show_url(struct al_choice *c, const char *url, struct al_err *err)
{
	const char *host = strstr(url, "://") + 3, *at;
	size_t len = strcspn(host, "/?"), front = (size_t)(host - url);

	at = memchr(host, '@', len);
	if (at != NULL)
		host = at + 1;
	len = strcspn(host, "?");
	c->url = malloc(front + len + 1);
	if (c->url == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	memcpy(c->url, url, front);
	memcpy(c->url + front, host, len);
	c->url[front + len] = '\0';
	return AL_OK;
}

static enum al_code
ask_all(struct al_choice *c, const char *text, struct ask *a,
    struct al_err *err)
{
	enum al_code code = show_url(c, text, err);
	int i;

	a->port = a->url->port != 0 ? a->url->port :
	    al_url_default_port(a->url->scheme);
	if (a->port == 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "no port is known for %s://: write it behind the host",
		    a->url->scheme);
	for (i = 0; i < AL_SOURCES && code == AL_OK; i++)
		code = consider(c, a, (enum al_source)i, err);
	return code;
}

enum al_code
al_choose(struct al_choice *c, const char *url,
    const struct al_choose_opts *opts, struct al_err *err)
{
	struct al_url u;
	struct ask a = { .opts = opts, .url = &u };
	enum al_code code;

	*c = (struct al_choice){ .source = AL_SOURCES };
	code = al_url_parse(&u, url, err);
	if (code != AL_OK)
		return code;
	code = ask_all(c, url, &a, err);
	al_url_fini(&u);
	if (code != AL_OK)
		al_choice_fini(c);
	return code;
}

void
al_choice_fini(struct al_choice *c)
{
	size_t i;

	al_route_fini(&c->route);
	free(c->url);
	free(c->no_proxy_match);
	for (i = 0; i < AL_SOURCES; i++) {
		free(c->considered[i].where);
		free(c->considered[i].value);
		free(c->considered[i].lost);
	}
	*c = (struct al_choice){ .source = AL_SOURCES };
}
