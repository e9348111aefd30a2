/* connector/daemon/reach.c - a workspace out of the programs' settings. */
#include "connector/daemon/reach.h"

#include <stdlib.h>
#include <string.h>

#include "connector/daemon/system.h"
#include "proxy/auth.h"

/* One list has one source: flags win over files. */
static size_t
proxies(const struct al_conf *c, enum al_conf_source source,
    const char *list[AL_ROUTE_MAX])
{
	const struct al_conf_value *v;
	size_t n = 0;

	while (n < AL_ROUTE_MAX &&
	    (v = al_conf_get(c, NULL, NULL, "proxy", n)) != NULL &&
	    (v->source == AL_CONF_FLAG) == (source == AL_CONF_FLAG))
		list[n++] = v->text;
	return n;
}

/* Our certificate for https proxies.  The file that has the key, which may be
 * the same one, is guarded like any other secret. */
static enum al_code
take_cert(struct al_reach *r, const struct al_conf *c, struct al_err *err)
{
	const struct al_conf_value *cert = al_conf_get(c, NULL, NULL,
	    "proxy_cert", 0);
	const struct al_conf_value *key = al_conf_get(c, NULL, NULL,
	    "proxy_key", 0);

	if (cert == NULL)
		return key == NULL ? AL_OK : al_conf_fail(key, err,
		    "there is no proxy_cert that this key could be of");
	r->cert = al_credential_path(cert->text, err);
	if (r->cert == NULL) {
		al_conf_blame(cert, err);
		return err->code;
	}
	if (key == NULL)
		key = cert;
	r->key = al_secret_path(key->text, err);
	if (r->key != NULL)
		return AL_OK;
	al_conf_blame(key, err);
	return err->code;
}

/* "digest, basic": those and no others. */
static enum al_code
take_schemes(const struct al_conf *c, unsigned *schemes, struct al_err *err)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL,
	    "proxy_auth", 0);

	*schemes = 0;
	if (v == NULL || al_auth_parse(v->text, schemes, err) == AL_OK)
		return AL_OK;
	al_conf_blame(v, err);
	return err->code;
}

enum al_code
al_reach_proxies(struct al_reach *r, const struct al_conf *c,
    struct al_workspace_opts *o, struct al_err *err)
{
	const char *password_file = al_conf_text(c, NULL, NULL,
	    "proxy_password_file");

	memset(r, 0, sizeof(*r));
	if (password_file != NULL &&
	    al_secret_read(&r->password, password_file, err) != AL_OK)
		return err->code;
	if (take_cert(r, c, err) != AL_OK ||
	    take_schemes(c, &o->proxy_schemes, err) != AL_OK)
		return err->code;
	o->choose.command = r->command;
	o->choose.n_command = proxies(c, AL_CONF_FLAG, r->command);
	o->choose.config = r->config;
	o->choose.n_config = proxies(c, AL_CONF_FILE, r->config);
	o->proxy_user = al_conf_text(c, NULL, NULL, "proxy_user");
	o->proxy_password = r->password.text;
	o->proxy_spn = al_conf_text(c, NULL, NULL, "proxy_spn");
	o->proxy_ccache = al_conf_text(c, NULL, NULL, "proxy_ccache");
	o->proxy_keytab = al_conf_text(c, NULL, NULL, "proxy_keytab");
	o->proxy_user_agent = al_conf_text(c, NULL, NULL, "proxy_user_agent");
	o->credentials_for = al_conf_text(c, NULL, NULL, "credentials_for");
	o->proxy_ca_file = al_conf_text(c, NULL, NULL, "proxy_ca_file");
	o->proxy_cert_file = r->cert;
	o->proxy_key_file = r->key;
	return AL_OK;
}

void
al_reach_fini(struct al_reach *r)
{
	al_secret_fini(&r->password);
	free(r->cert);
	free(r->key);
}

struct al_workspace *
al_reach_open(const struct al_conf *c, const struct al_reach_opts *opts,
    struct al_err *err)
{
	struct al_workspace_opts o = {
		.url = opts->url,
		.ca_file = al_conf_text(c, NULL, NULL, "ca_file"),
		.flags = al_conf_bool(c, NULL, NULL, "proxy_from_system") ?
		    AL_WORKSPACE_SYSTEM : 0,
	};
	struct al_workspace *w = NULL;
	struct al_reach r;

	if (al_reach_proxies(&r, c, &o, err) == AL_OK)
		w = al_workspace_new(&o, err);
	al_reach_fini(&r);
	if (w == NULL || al_system_settle(opts->base, opts->loop, w,
	    opts->other, err) == AL_OK)
		return w;
	al_workspace_free(w);
	return NULL;
}
