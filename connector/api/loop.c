/* connector/api/loop.c - the library on the caller's event loop. */
#include <stdlib.h>

#include "connector/api/api_int.h"
#include "proxy/auth.h"
#include "proxy/proxy.h"

AL_EXPORT struct alpacon_loop *
alpacon_loop_new(struct event_base *base, struct alpacon_err *err)
{
	struct alpacon_loop *l = calloc(1, sizeof(*l));
	const struct al_resolver_opts o = { .timeout_ms = 0 };
	struct al_err e;

	if (l == NULL)
		(void)al_fail_nomem(&e, AL_AT_LOCAL);
	if (l == NULL || (l->loop = al_loop_new(base, &e)) == NULL ||
	    (l->resolver = al_resolver_new(l->loop, &o, &e)) == NULL) {
		api_err(err, &e);
		alpacon_loop_free(l);
		return NULL;
	}
	return l;
}

AL_EXPORT void
alpacon_loop_free(struct alpacon_loop *l)
{
	if (l == NULL)
		return;
	al_resolver_free(l->resolver);
	al_loop_free(l->loop);
	free(l);
}

struct al_workspace *
api_workspace(const char *url, const char *ca_file,
    const struct alpacon_proxies *p, struct al_err *err)
{
	struct al_workspace_opts o = { .url = url, .ca_file = ca_file,
	    .proxy_ca_file = p->ca_file, .proxy_cert_file = p->cert_file,
	    .proxy_key_file = p->key_file, .proxy_user = p->user,
	    .proxy_password = p->password,
	    .credentials_for = p->credentials_for, .proxy_spn = p->spn,
	    .proxy_ccache = p->ccache, .proxy_keytab = p->keytab,
	    .proxy_user_agent = p->user_agent };

	if (p->user_agent != NULL &&
	    al_proxy_check_agent(p->user_agent, err) != AL_OK) {
		err->stage = AL_AT_CONFIG;
		al_err_prefix(err, "user_agent");
		return NULL;
	}
	if (p->auth != NULL &&
	    al_auth_parse(p->auth, &o.proxy_schemes, err) != AL_OK)
		return NULL;
	o.choose.command = p->list;
	while (p->list != NULL && p->list[o.choose.n_command] != NULL)
		o.choose.n_command++;
	return al_workspace_new(&o, err);
}
