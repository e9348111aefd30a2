/* connector/daemon/reach.c - a workspace out of the commands' settings. */
#include "connector/daemon/reach.h"

#include "connector/daemon/secret.h"

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

struct al_workspace *
al_reach_open(const struct al_conf *c, const char *url, struct al_err *err)
{
	const char *command[AL_ROUTE_MAX], *config[AL_ROUTE_MAX];
	struct al_workspace_opts o = {
		.url = url,
		.ca_file = al_conf_text(c, NULL, NULL, "ca_file"),
		.proxy_ca_file = al_conf_text(c, NULL, NULL, "proxy_ca_file"),
		.proxy_user = al_conf_text(c, NULL, NULL, "proxy_user"),
		.choose = { .command = command, .config = config },
	};
	const char *password_file = al_conf_text(c, NULL, NULL,
	    "proxy_password_file");
	struct al_secret password = { .text = NULL };
	struct al_workspace *w = NULL;

	o.choose.n_command = proxies(c, AL_CONF_FLAG, command);
	o.choose.n_config = proxies(c, AL_CONF_FILE, config);
	if (password_file == NULL ||
	    al_secret_read(&password, password_file, err) == AL_OK) {
		o.proxy_password = password.text;
		w = al_workspace_new(&o, err);
	}
	al_secret_fini(&password);
	return w;
}
