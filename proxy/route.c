/* proxy/route.c - proxies, chains of them, and ordered alternatives. */
#include "proxy/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/base/url.h"

static const char *const kinds[] = {
	[AL_PROXY_HTTP] = "http",
	[AL_PROXY_HTTPS] = "https",
	[AL_PROXY_SOCKS4] = "socks4",
	[AL_PROXY_SOCKS4A] = "socks4a",
	[AL_PROXY_SOCKS5] = "socks5",
	[AL_PROXY_SOCKS5H] = "socks5h",
};

#define N_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

const char *
al_proxy_kind_name(enum al_proxy_kind kind)
{
	return kinds[kind];
}

void
al_route_init(struct al_route *r)
{
	*r = (struct al_route){ 0 };
}

static void
hop_fini(struct al_hop *h)
{
	al_str_free_secret(h->user);
	al_str_free_secret(h->password);
}

static void
chain_fini(struct al_chain *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		hop_fini(&c->hops[i]);
	free(c->hops);
	*c = (struct al_chain){ 0 };
}

void
al_route_fini(struct al_route *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		chain_fini(&r->chains[i]);
	free(r->chains);
	al_route_init(r);
}

void
al_route_cut(struct al_route *r, size_t n)
{
	while (r->n > n)
		chain_fini(&r->chains[--r->n]);
}

static enum al_code
nomem(struct al_err *err)
{
	return al_fail_nomem(err, AL_AT_CONFIG);
}

static enum al_code
kind_of(struct al_hop *h, const struct al_url *u, struct al_err *err)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++) {
		if (strcmp(u->scheme, kinds[i]) == 0) {
			h->kind = (enum al_proxy_kind)i;
			return AL_OK;
		}
	}
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
	    "a proxy's scheme is http, https, socks4, socks4a, socks5 or "
	    "socks5h, not \"%s\"", u->scheme);
}

/* Takes user and password out of u. */
static enum al_code
hop_from_url(struct al_hop *h, struct al_url *u, struct al_err *err)
{
	enum al_code code = kind_of(h, u, err);

	if (code != AL_OK)
		return code;
	if (strcmp(u->path, "/") != 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "a proxy URL ends behind its port; %s has a path (for a "
		    "PAC file's URL there is a setting of its own)", u->host);
	memcpy(h->host, u->host, sizeof(h->host));
	h->port = u->port != 0 ? u->port : al_url_default_port(u->scheme);
	h->user = u->user;
	h->password = u->password;
	u->user = u->password = NULL;
	return AL_OK;
}

/* One proxy URL; a value without scheme is http. */
static enum al_code
parse_hop(struct al_hop *h, const char *text, size_t len, struct al_err *err)
{
	char *copy = al_str_dup(text, len), *whole = copy;
	struct al_url u;
	enum al_code code;

	if (copy != NULL && strstr(copy, "://") == NULL) {
		whole = malloc(len + sizeof("http://"));
		if (whole != NULL) {
			memcpy(whole, "http://", 7);
			memcpy(whole + 7, copy, len + 1);
		}
		al_str_free_secret(copy);
	}
	if (whole == NULL)
		return nomem(err);
	code = al_url_parse(&u, whole, err);
	al_str_free_secret(whole);
	if (code != AL_OK)
		return code;
	code = hop_from_url(h, &u, err);
	al_url_fini(&u);
	return code;
}

/*
 * "http://user:pass,word@proxy": cut at the comma, the first part looks like
 * host and port, and its error would show half a password.
 */
static enum al_code
hide(const char *text, enum al_code code, struct al_err *err)
{
	if (code != AL_EUSAGE || strchr(text, '@') == NULL)
		return code;
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
	    "not a proxy URL (not shown, it names a user): it is "
	    "scheme://user:password@host:port, with , : / ? # @ %% in user "
	    "and password written as %%2C %%3A %%2F %%3F %%23 %%40 %%25");
}

static enum al_code
parse_chain(struct al_chain *c, const char *text, struct al_err *err)
{
	size_t len;

	for (;;) {
		enum al_code code;

		len = strcspn(text, ",");
		while (len > 0 && *text == ' ') {
			text++;
			len--;
		}
		while (len > 0 && text[len - 1] == ' ')
			len--;
		if (c->n == AL_CHAIN_MAX)
			return al_fail(err, AL_ELIMIT, AL_AT_CONFIG, 0,
			    "more than %d proxies in one chain",
			    AL_CHAIN_MAX);
		if (al_str_ieqn(text, len, "direct"))
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "\"direct\" is an alternative of its own, not a "
			    "part of a chain");
		code = parse_hop(&c->hops[c->n], text, len, err);
		if (code != AL_OK)
			return code;
		c->n++;
		text += len + strspn(text + len, " ");
		if (*text == '\0')
			return AL_OK;
		text++;
	}
}

/* Room for one more chain, and for n hops in it. */
static enum al_code
grow(struct al_route *r, size_t n, struct al_chain **c, struct al_err *err)
{
	struct al_chain *chains;

	if (r->n == AL_ROUTE_MAX)
		return al_fail(err, AL_ELIMIT, AL_AT_CONFIG, 0,
		    "more than %d proxies to choose from", AL_ROUTE_MAX);
	chains = realloc(r->chains, (r->n + 1) * sizeof(*chains));
	if (chains == NULL)
		return nomem(err);
	r->chains = chains;
	*c = &chains[r->n];
	**c = (struct al_chain){ 0 };
	if (n > 0) {
		(*c)->hops = calloc(n, sizeof(*(*c)->hops));
		if ((*c)->hops == NULL)
			return nomem(err);
	}
	return AL_OK;
}

enum al_code
al_route_add(struct al_route *r, const char *text, struct al_err *err)
{
	struct al_chain *c;
	enum al_code code;

	text += strspn(text, " ");
	code = grow(r, AL_CHAIN_MAX, &c, err);
	if (code != AL_OK)
		return code;
	if (al_str_istarts(text, "direct") &&
	    text[6 + strspn(text + 6, " ")] == '\0') {
		chain_fini(c);
		r->n++;
		return AL_OK;
	}
	code = hide(text, parse_chain(c, text, err), err);
	if (code == AL_OK)
		r->n++;
	else
		chain_fini(c);
	return code;
}

static enum al_code
copy_credentials(struct al_hop *h, const char *user, const char *password)
{
	h->user = user != NULL ? al_str_dup(user, strlen(user)) : NULL;
	h->password = password != NULL ?
	    al_str_dup(password, strlen(password)) : NULL;
	return (user != NULL && h->user == NULL) ||
	    (password != NULL && h->password == NULL) ? AL_ENOMEM : AL_OK;
}

/* A hop whose URL names this user, or no user, lacks a password. */
static bool
wants_credentials(const struct al_hop *h, const char *user)
{
	return h->password == NULL && (h->user == NULL ||
	    user == NULL || strcmp(h->user, user) == 0);
}

enum al_code
al_route_set_credentials(struct al_route *r, const char *user,
    const char *password, bool (*may_have)(void *arg,
    const struct al_hop *hop), void *arg, struct al_err *err)
{
	size_t i, j;

	for (i = 0; i < r->n; i++) {
		for (j = 0; j < r->chains[i].n; j++) {
			struct al_hop *h = &r->chains[i].hops[j];
			char *old = h->user;
			enum al_code code;

			if (!wants_credentials(h, user) ||
			    (old == NULL && user == NULL) ||
			    (may_have != NULL && !may_have(arg, h)))
				continue;
			code = copy_credentials(h, old != NULL ? old : user,
			    password);
			al_str_free_secret(old);
			if (code != AL_OK)
				return nomem(err);
		}
	}
	return AL_OK;
}

enum al_code
al_route_copy(struct al_route *to, const struct al_route *from,
    struct al_err *err)
{
	size_t i, j;

	al_route_init(to);
	for (i = 0; i < from->n; i++) {
		const struct al_chain *c = &from->chains[i];
		struct al_chain *mine;

		if (grow(to, c->n, &mine, err) != AL_OK)
			goto fail;
		to->n++;
		for (j = 0; j < c->n; j++) {
			struct al_hop *h = &mine->hops[mine->n++];

			*h = c->hops[j];
			if (copy_credentials(h, c->hops[j].user,
			    c->hops[j].password) != AL_OK)
				goto fail;
		}
	}
	return AL_OK;
fail:
	al_route_fini(to);
	return nomem(err);
}

enum al_code
al_chain_format(const struct al_chain *c, char *buf, size_t cap)
{
	size_t i, len = 0;

	if (c->n == 0)
		return (size_t)snprintf(buf, cap, "direct") < cap ? AL_OK :
		    AL_ELIMIT;
	for (i = 0; i < c->n; i++) {
		const struct al_hop *h = &c->hops[i];
		const char *open = "", *close = "";

		if (strchr(h->host, ':') != NULL) {
			open = "[";
			close = "]";
		}
		len += (size_t)snprintf(buf + len, cap - len,
		    "%s%s://%s%s%s:%u", i > 0 ? "," : "", kinds[h->kind],
		    open, h->host, close, (unsigned)h->port);
		if (len >= cap)
			return AL_ELIMIT;
	}
	return AL_OK;
}
