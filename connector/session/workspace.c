/* connector/session/workspace.c - how a program reaches its workspace host. */
#include "connector/session/workspace_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/session/find.h"
#include "pac/no_proxy.h"
#include "proxy/memory.h"

static char *
copy(const char *text, struct al_err *err)
{
	char *p = text != NULL ? al_str_dup(text, strlen(text)) : NULL;

	if (text != NULL && p == NULL)
		(void)al_fail_nomem(err, AL_AT_CONFIG);
	return p;
}

static char **
copy_list(const char *const *list, size_t n, struct al_err *err)
{
	char **to = calloc(n + 1, sizeof(char *));
	size_t i;

	if (to == NULL)
		(void)al_fail_nomem(err, AL_AT_CONFIG);
	for (i = 0; to != NULL && i < n; i++) {
		to[i] = copy(list[i], err);
		if (to[i] == NULL)
			return to;	/* freed with what it has */
	}
	return to;
}

/* Proxy URLs may hold passwords. */
static void
free_list(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		al_str_free_secret(list[i]);
	free(list);
}

static const char *
from_environment(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

static enum al_code
keep_choosing(struct al_workspace *w, const struct al_workspace_opts *o,
    struct al_err *err)
{
	const struct al_choose_opts *c = &o->choose;

	err->code = AL_OK;
	w->choose = *c;
	w->command = copy_list(c->command, c->n_command, err);
	w->config = copy_list(c->config, c->n_config, err);
	w->no_proxy = copy(c->no_proxy, err);
	w->proxy_user = copy(o->proxy_user, err);
	w->proxy_password = copy(o->proxy_password, err);
	w->credentials_for = copy(o->credentials_for, err);
	w->login.schemes = o->proxy_schemes;
	w->login.spn = w->spn = copy(o->proxy_spn, err);
	w->login.ccache = w->ccache = copy(o->proxy_ccache, err);
	w->login.keytab = w->keytab = copy(o->proxy_keytab, err);
	w->login.user_agent = w->user_agent = copy(o->proxy_user_agent, err);
	if (c->n_listeners > 0) {
		w->listeners = calloc(c->n_listeners, sizeof(*w->listeners));
		if (w->listeners == NULL)
			return al_fail_nomem(err, AL_AT_CONFIG);
		memcpy(w->listeners, c->listeners,
		    c->n_listeners * sizeof(*w->listeners));
	}
	w->pac = copy(o->pac, err);
	w->pac_failure = o->pac_failure;
	w->pac_socks = o->pac_socks;
	w->wpad_domains = copy_list(o->wpad_domains, o->n_wpad_domains, err);
	w->n_wpad_domains = o->n_wpad_domains;
	w->has_wpad_sha256 = o->wpad_sha256 != NULL;
	if (o->wpad_sha256 != NULL)
		memcpy(w->wpad_sha256, o->wpad_sha256,
		    sizeof(w->wpad_sha256));
	w->on_note = o->on_note;
	w->note_arg = o->note_arg;
	w->ask_system = (o->flags & AL_WORKSPACE_SYSTEM) != 0;
	w->choose.pac.why = o->pac != NULL ? NULL : "not set";
	w->choose.system.why = w->ask_system ? NULL : "switched off";
	w->choose.wpad.why = o->n_wpad_domains > 0 ? NULL : "switched off";
	if (err->code != AL_OK)
		return err->code;
	w->choose.command = (const char *const *)w->command;
	w->choose.config = (const char *const *)w->config;
	w->choose.no_proxy = w->no_proxy;
	w->choose.listeners = w->listeners;
	w->choose.get_env = o->flags & AL_WORKSPACE_NO_ENV ? NULL :
	    from_environment;
	return AL_OK;
}

static enum al_code
set_url(struct al_workspace *w, const char *text, struct al_err *err)
{
	struct al_choice c;
	bool v6;

	if (al_url_parse(&w->url, text, err) != AL_OK) {
		err->stage = AL_AT_CONFIG;
		al_err_prefix(err, "url");
		return err->code;
	}
	w->has_url = true;
	w->url_text = copy(text, err);
	if (w->url_text == NULL)
		return err->code;
	if (strcmp(w->url.scheme, "https") != 0 &&
	    strcmp(w->url.scheme, "wss") != 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "url: the workspace is reached by https://, not %s://",
		    w->url.scheme);
	if (w->url.port == 0)
		w->url.port = 443;
	v6 = strchr(w->url.host, ':') != NULL;
	(void)snprintf(w->authority, sizeof(w->authority),
	    w->url.port == 443 ? "%s%s%s" : "%s%s%s:%u", v6 ? "[" : "",
	    w->url.host, v6 ? "]" : "", w->url.port);
	/* what is wrong is said now, unless the PAC file comes before it */
	if (al_workspace_has_questions(w))
		return AL_OK;
	if (al_workspace_choose(w, text, &c, err) == AL_OK)
		al_choice_fini(&c);
	return err->code;
}

struct al_workspace *
al_workspace_new(const struct al_workspace_opts *o, struct al_err *err)
{
	struct al_workspace *w = calloc(1, sizeof(*w));
	const struct al_tls_opts tls = { .ca_file = o->ca_file,
	    .min = o->tls_min, .ciphers = o->tls_ciphers };
	const struct al_tls_opts proxy_tls = { .ca_file = o->proxy_ca_file,
	    .cert_file = o->proxy_cert_file, .key_file =
	    o->proxy_key_file != NULL ? o->proxy_key_file :
	    o->proxy_cert_file, .min = "1.2" };
	/* a PAC file comes from the people who run the proxies */
	const struct al_tls_opts pac_tls = { .ca_file = o->proxy_ca_file,
	    .min = "1.2" };

	if (w == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	w->resolve_flags = o->resolve_flags;
	if (keep_choosing(w, o, err) != AL_OK ||
	    (o->url != NULL && set_url(w, o->url, err) != AL_OK) ||
	    (w->login.memory = al_memory_new(err)) == NULL ||
	    (w->tls = al_tls_client_new(&tls, err)) == NULL ||
	    (w->proxy_tls = al_tls_client_new(&proxy_tls, err)) == NULL ||
	    (w->pac_tls = al_tls_client_new(&pac_tls, err)) == NULL) {
		al_workspace_free(w);
		return NULL;
	}
	return w;
}

void
al_workspace_free(struct al_workspace *w)
{
	if (w == NULL)
		return;
	al_sources_free(w->sources);
	al_tls_ctx_free(w->tls);
	al_tls_ctx_free(w->proxy_tls);
	al_tls_ctx_free(w->pac_tls);
	al_memory_free(w->login.memory);
	if (w->has_url)
		al_url_fini(&w->url);
	free_list(w->command);
	free_list(w->config);
	free_list(w->wpad_domains);
	free(w->pac);
	al_str_free_secret(w->url_text);
	free(w->no_proxy);
	free(w->proxy_user);
	free(w->credentials_for);
	free(w->spn);
	free(w->ccache);
	free(w->keytab);
	free(w->user_agent);
	al_str_free_secret(w->proxy_password);
	free(w->listeners);
	free(w);
}

const struct al_url *
al_workspace_url(const struct al_workspace *w)
{
	return &w->url;
}

const char *
al_workspace_authority(const struct al_workspace *w)
{
	return w->authority;
}

void
al_workspace_target(struct al_workspace *w, const char *path,
    const char *authorization, struct al_client_target *t)
{
	t->host = w->url.host;
	t->port = w->url.port;
	t->path = path;
	t->authorization = authorization;
	t->user_agent = NULL;
	t->workspace = w;
	t->route = NULL;
	t->tls = w->tls;
	t->proxy_tls = w->proxy_tls;
	t->login = &w->login;
	t->resolve_flags = w->resolve_flags;
}

struct al_tls_ctx *
al_workspace_tls(const struct al_workspace *w)
{
	return w->tls;
}

const struct al_dial_login *
al_workspace_login(const struct al_workspace *w)
{
	return &w->login;
}

struct al_tls_ctx *
al_workspace_proxy_tls(const struct al_workspace *w)
{
	return w->proxy_tls;
}

static bool
may_have(void *arg, const struct al_hop *hop)
{
	const struct al_workspace *w = arg;
	char entry[AL_NO_PROXY_ENTRY];

	return !hop->no_login && (w->credentials_for == NULL ||
	    al_no_proxy_match(w->credentials_for, hop->host, hop->port,
	    entry));
}

/* What a stranger may have named gets no login of ours unasked: no ticket of
 * Kerberos either. */
static void
guard(const struct al_workspace *w, struct al_route *r)
{
	char entry[AL_NO_PROXY_ENTRY];
	struct al_hop *h;
	size_t i, k;

	for (i = 0; i < r->n; i++)
		for (k = 0; k < r->chains[i].n; k++) {
			h = &r->chains[i].hops[k];
			h->no_login = w->credentials_for == NULL ||
			    !al_no_proxy_match(w->credentials_for, h->host,
			    h->port, entry);
		}
}

enum al_code
al_workspace_choose_with(const struct al_workspace *w, const char *url,
    const struct al_choose_opts *o, struct al_choice *c, struct al_err *err)
{
	enum al_code code = al_choose(c, url, o, err);

	if (code != AL_OK)
		return code;
	if (c->untrusted)
		guard(w, &c->route);
	if (w->proxy_user == NULL && w->proxy_password == NULL)
		return AL_OK;
	code = al_route_set_credentials(&c->route, w->proxy_user,
	    w->proxy_password, may_have, (void *)(uintptr_t)w, err);
	if (code != AL_OK)
		al_choice_fini(c);
	return code;
}

enum al_code
al_workspace_choose(const struct al_workspace *w, const char *url,
    struct al_choice *c, struct al_err *err)
{
	return al_workspace_choose_with(w, url, &w->choose, c, err);
}
