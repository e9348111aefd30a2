/* connector/daemon/where.c - where to and who: the commands' common options. */
#include "connector/daemon/where.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/base/url.h"
#include "connector/daemon/redact.h"

/* $XDG_CONFIG_HOME/alpacon/tunnel.conf; false: there is no home. */
static bool
default_path(char *out, size_t cap)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (dir != NULL && dir[0] == '/')
		n = snprintf(out, cap, "%s/alpacon/tunnel.conf", dir);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, cap, "%s/.config/alpacon/tunnel.conf", home);
	else
		return false;
	return n > 0 && (size_t)n < cap;
}

enum al_code
al_where_read(struct al_conf *c, const char *path, struct al_err *err)
{
	char def[PATH_MAX];
	enum al_code code = AL_OK;

	if (path != NULL)
		code = al_conf_read(c, path, 0, err);
	else if (default_path(def, sizeof(def)))
		code = al_conf_read(c, def, AL_CONF_OPTIONAL, err);
	if (code == AL_OK)
		code = al_conf_read_env(c, err);
	if (code == AL_OK)
		code = al_conf_finish(c, err);
	return code;
}

static enum al_code
add_credentials(const struct al_conf *c, struct al_route *r,
    struct al_err *err)
{
	const struct al_conf_value *user = al_conf_get(c, NULL, NULL,
	    "proxy_user", 0);
	const struct al_conf_value *file = al_conf_get(c, NULL, NULL,
	    "proxy_password_file", 0);
	struct al_secret password = { NULL };
	enum al_code code = AL_OK;

	if (user == NULL && file == NULL)
		return AL_OK;
	if (user == NULL)
		return al_conf_fail(file, err, "a password without a user: "
		    "set proxy_user too");
	if (file != NULL) {
		code = al_secret_read(&password, file->text, err);
		if (code != AL_OK) {
			al_conf_blame(file, err);
			return code;
		}
	}
	code = al_route_set_credentials(r, user->text, password.text, err);
	al_secret_fini(&password);
	return code;
}

/* A password inside a proxy's URL is a secret like any other. */
static enum al_code
register_passwords(const struct al_route *r, struct al_err *err)
{
	enum al_code code = AL_OK;
	size_t i, j;

	for (i = 0; i < r->n; i++)
		for (j = 0; j < r->chains[i].n && code == AL_OK; j++)
			if (r->chains[i].hops[j].password != NULL)
				code = al_redact_add(
				    r->chains[i].hops[j].password, err);
	return code;
}

enum al_code
al_where_route(const struct al_conf *c, struct al_route *r,
    struct al_err *err)
{
	const struct al_conf_value *v;
	enum al_code code = AL_OK;
	size_t i;

	al_route_init(r);
	for (i = 0; code == AL_OK && (v = al_conf_get(c, NULL, NULL, "proxy",
	    i)) != NULL; i++) {
		code = al_conf_add_proxy(r, v->text, err);
		if (code != AL_OK)
			al_conf_blame(v, err);
	}
	if (code == AL_OK)
		code = add_credentials(c, r, err);
	if (code == AL_OK)
		code = register_passwords(r, err);
	if (code != AL_OK)
		al_route_fini(r);
	return code;
}

enum al_code
al_where_host(const struct al_conf *c, char host[static AL_HOST_MAX + 1],
    uint16_t *port, struct al_err *err)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL, "url", 0);
	struct al_url u;
	enum al_code code;

	if (v == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "the "
		    "workspace is not known: --url https://WORKSPACE, "
		    "ALPACON_URL, or url = in the configuration file");
	code = al_url_parse(&u, v->text, err);
	if (code != AL_OK) {
		al_conf_blame(v, err);
		return code;
	}
	if (strcmp(u.scheme, "https") != 0 && strcmp(u.scheme, "wss") != 0)
		code = al_conf_fail(v, err, "must begin with https://: "
		    "nothing is sent without TLS");
	memcpy(host, u.host, sizeof(u.host));
	*port = u.port != 0 ? u.port : 443;
	al_url_fini(&u);
	return code;
}

enum al_code
al_where_authorization(const struct al_conf *c, struct al_secret *s,
    struct al_err *err)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL,
	    "token_file", 0);
	struct al_secret token;
	char text[AL_SECRET_MAX + 16];
	enum al_code code;

	s->text = NULL;
	if (v == NULL)
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0, "there is no "
		    "token: --token-file FILE, ALPACON_TOKEN_FILE, or "
		    "token_file = in the configuration file");
	code = al_secret_read(&token, v->text, err);
	if (code != AL_OK) {
		al_conf_blame(v, err);
		return code;
	}
	(void)snprintf(text, sizeof(text), "Bearer %s", token.text);
	code = al_secret_set(s, text, err);
	explicit_bzero(text, sizeof(text));
	/* the token alone stays registered too: it is in s as well */
	if (code == AL_OK)
		code = al_redact_add(token.text, err);
	al_secret_fini(&token);
	return code;
}
