/* connector/daemon/reach.c - a workspace out of the programs' settings. */
#include "connector/daemon/reach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "connector/base/hash.h"
#include "connector/session/find.h"
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

/* A path of the command line is where the command was given. */
static enum al_code
take_pac(struct al_reach *r, const struct al_conf *c,
    struct al_workspace_opts *o, struct al_err *err)
{
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL, "pac", 0);

	if (v == NULL)
		return AL_OK;
	if (v->source == AL_CONF_FLAG)
		o->choose.n_config = 0;		/* a flag wins over files */
	o->pac = v->text;
	if (v->text[0] == '/' || al_conf_is_url(v->text))
		return AL_OK;
	o->pac = r->pac = realpath(v->text, NULL);
	return r->pac != NULL ? AL_OK : al_conf_fail(v, err, "%s: %s",
	    v->text, strerror(errno));
}

static enum al_code
take_wpad(struct al_reach *r, const struct al_conf *c,
    struct al_workspace_opts *o, struct al_err *err)
{
	const char *sum = al_conf_text(c, NULL, NULL, "wpad_sha256");
	const struct al_conf_value *v = NULL;
	size_t n = 0;

	if (!al_conf_bool(c, NULL, NULL, "wpad"))
		return AL_OK;
	while ((v = al_conf_get(c, NULL, NULL, "wpad_domains", n)) != NULL) {
		if (n == AL_WPAD_DOMAINS_MAX)
			return al_conf_fail(v, err, "at most %d domains are "
			    "asked", AL_WPAD_DOMAINS_MAX);
		r->wpad_domains[n++] = v->text;
	}
	if (n == 0)
		return al_conf_fail(al_conf_get(c, NULL, NULL, "wpad", 0),
		    err, "needs wpad_domains: the domains whose "
		    "\"wpad.DOMAIN\" may be asked");
	o->wpad_domains = r->wpad_domains;
	o->n_wpad_domains = n;
	if (sum != NULL && al_hex_decode(r->wpad_sha256,
	    sizeof(r->wpad_sha256), sum, strlen(sum)))
		o->wpad_sha256 = r->wpad_sha256;
	return AL_OK;
}

static enum al_pac_failure
failure_of(const char *word)
{
	return strcmp(word, "direct") == 0 ? AL_PAC_FAILURE_DIRECT :
	    strcmp(word, "block") == 0 ? AL_PAC_FAILURE_BLOCK :
	    AL_PAC_FAILURE_NEXT;
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
	if (take_pac(r, c, o, err) != AL_OK ||
	    take_wpad(r, c, o, err) != AL_OK ||
	    al_pac_socks_parse(al_conf_text(c, NULL, NULL, "pac_socks"),
	    &o->pac_socks, err) != AL_OK)
		return err->code;
	o->pac_failure = failure_of(al_conf_text(c, NULL, NULL,
	    "pac_failure"));
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
	free(r->pac);
}

struct al_workspace *
al_reach_open(const struct al_conf *c, const char *url,
    void (*on_note)(void *arg, const char *event, const char *text),
    void *arg, struct al_err *err)
{
	struct al_workspace_opts o = {
		.url = url,
		.ca_file = al_conf_text(c, NULL, NULL, "ca_file"),
		.flags = al_conf_bool(c, NULL, NULL, "proxy_from_system") ?
		    AL_WORKSPACE_SYSTEM : 0,
		.on_note = on_note, .note_arg = arg,
	};
	struct al_workspace *w = NULL;
	struct al_reach r;

	if (al_reach_proxies(&r, c, &o, err) == AL_OK)
		w = al_workspace_new(&o, err);
	al_reach_fini(&r);
	return w;
}

/* --- with a loop of its own ----------------------------------------------- */
struct wait {
	struct al_choice	*choice;
	struct al_err		 err;
	bool			 over;
};

static void
on_found(void *arg, struct al_choice *c, const struct al_err *err)
{
	struct wait *wait = arg;

	wait->over = true;
	if (err != NULL)
		wait->err = *err;
	else
		*wait->choice = *c;
}

enum al_code
al_reach_find(struct event_base *base, struct al_loop *loop,
    struct al_resolver *r, struct al_workspace *w, const char *url,
    struct al_choice *c, struct al_err *err)
{
	struct wait wait = { .choice = c, .err = { .code = AL_OK } };
	struct al_find *f = al_find_start(w, loop, r, url, on_found, &wait,
	    err);

	if (f == NULL)
		return err->code;
	while (!wait.over) {
		if (event_base_loop(base, EVLOOP_ONCE) == 0 &&
		    !event_base_got_break(base))
			continue;
		if (wait.over)
			break;
		al_find_cancel(f);
		return al_fail(err, AL_EOF, AL_AT_LOCAL, 0,
		    "interrupted while the way was looked for");
	}
	*err = wait.err;
	return err->code;
}
