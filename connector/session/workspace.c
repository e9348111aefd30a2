/* connector/session/workspace.c - how a program reaches its workspace host. */
#include "connector/session/workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "pac/no_proxy.h"
#include "proxy/memory.h"

struct al_workspace {
	struct al_url		 url;
	bool			 has_url, may_ask;
	char			*url_text;
	char			 authority[AL_HOST_MAX + 10];
	struct al_choice	 choice;
	struct al_tls_ctx	*tls, *proxy_tls;
	struct al_dial_login	 login;
	unsigned		 resolve_flags;
	/* to choose again for other hosts: texts are ours */
	struct al_choose_opts	 choose;
	char			**command, **config, **system;
	char			*system_why;
	char			*no_proxy, *proxy_user, *proxy_password;
	char			*credentials_for;
	char			*spn, *ccache, *keytab, *user_agent;
	struct al_addr		*listeners;
};

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
	w->may_ask = (o->flags & AL_WORKSPACE_SYSTEM) != 0;
	w->system_why = copy(w->may_ask ? NULL : "switched off", err);
	w->choose.system_why = w->system_why;
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
	return al_workspace_choose(w, text, &w->choice, err);
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

	if (w == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	w->resolve_flags = o->resolve_flags;
	if (keep_choosing(w, o, err) != AL_OK ||
	    (o->url != NULL && set_url(w, o->url, err) != AL_OK) ||
	    (w->login.memory = al_memory_new(err)) == NULL ||
	    (w->tls = al_tls_client_new(&tls, err)) == NULL ||
	    (w->proxy_tls = al_tls_client_new(&proxy_tls, err)) == NULL) {
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
	al_choice_fini(&w->choice);
	al_tls_ctx_free(w->tls);
	al_tls_ctx_free(w->proxy_tls);
	al_memory_free(w->login.memory);
	if (w->has_url)
		al_url_fini(&w->url);
	free_list(w->command);
	free_list(w->config);
	free_list(w->system);
	free(w->system_why);
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

const struct al_choice *
al_workspace_choice(const struct al_workspace *w)
{
	return &w->choice;
}

void
al_workspace_target(const struct al_workspace *w, const char *path,
    const char *authorization, struct al_client_target *t)
{
	t->host = w->url.host;
	t->port = w->url.port;
	t->path = path;
	t->authorization = authorization;
	t->user_agent = NULL;
	t->route = &w->choice.route;
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

	return w->credentials_for == NULL || al_no_proxy_match(
	    w->credentials_for, hop->host, hop->port, entry);
}

enum al_code
al_workspace_choose(const struct al_workspace *w, const char *url,
    struct al_choice *c, struct al_err *err)
{
	enum al_code code = al_choose(c, url, &w->choose, err);

	if (code != AL_OK ||
	    (w->proxy_user == NULL && w->proxy_password == NULL))
		return code;
	code = al_route_set_credentials(&c->route, w->proxy_user,
	    w->proxy_password, may_have, (void *)(uintptr_t)w, err);
	if (code != AL_OK)
		al_choice_fini(c);
	return code;
}

bool
al_workspace_wants_system(const struct al_workspace *w, const char *url)
{
	struct al_choice c;
	struct al_err err;
	bool wants;

	if (!w->may_ask || (url == NULL && !w->has_url))
		return false;
	if (url == NULL)
		return w->choice.source == AL_SOURCE_DEFAULT;
	/* what is wrong is said by the choice that counts */
	if (al_choose(&c, url, &w->choose, &err) != AL_OK)
		return false;
	wants = c.source == AL_SOURCE_DEFAULT;
	al_choice_fini(&c);
	return wants;
}

enum al_code
al_workspace_set_system(struct al_workspace *w, const char *const *texts,
    size_t n, const char *why, struct al_err *err)
{
	err->code = AL_OK;
	free_list(w->system);
	free(w->system_why);
	w->system = copy_list(texts, n, err);
	w->system_why = copy(why, err);
	w->choose.n_system = 0;
	w->choose.system_why = w->system_why;
	if (err->code != AL_OK)
		return err->code;
	w->choose.system = (const char *const *)w->system;
	w->choose.n_system = n;
	if (!w->has_url)
		return AL_OK;
	al_choice_fini(&w->choice);
	return al_workspace_choose(w, w->url_text, &w->choice, err);
}
