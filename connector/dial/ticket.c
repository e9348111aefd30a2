/* connector/dial/ticket.c - a Kerberos context for one login at a proxy. */
#include "connector/dial/ticket.h"

#include <stdio.h>
#include <string.h>

/* "DOMAIN\user" is nobody's principal. */
static bool
is_principal(const char *user)
{
	return user != NULL && user[0] != '\0' && strchr(user, '\\') == NULL;
}

/* What is named most exactly comes first. */
static void
choose_source(struct al_gss_opts *o, const struct al_dial_login *login,
    const struct al_proxy_need *need)
{
	const char *user = is_principal(need->user) ? need->user : NULL;

	o->principal = user;
	if (login->keytab != NULL && user != NULL) {
		o->source = AL_GSS_KEYTAB;
		o->keytab = login->keytab;
	} else if (login->ccache != NULL) {
		o->source = AL_GSS_CCACHE;
		o->ccache = login->ccache;
	} else if (need->password != NULL && user != NULL) {
		o->source = AL_GSS_PASSWORD;
		o->password = need->password;
	} else {
		o->source = AL_GSS_DEFAULT;
		o->principal = NULL;
	}
}

static struct al_gss *
start(struct al_loop *loop, const struct al_dial_login *login,
    const struct al_proxy_need *need, al_on_gss *on_gss, void *arg,
    struct al_err *err)
{
	static const struct al_dial_login none;
	char target[sizeof("HTTP@") + AL_HOST_MAX];
	struct al_gss_opts o = { .target = target,
	    .mech = need->mech == AL_PROXY_KRB5 ? AL_GSS_KRB5 :
	    AL_GSS_SPNEGO };

	if (login == NULL)
		login = &none;
	/* as configured: a name that DNS made of it may be an attacker's */
	(void)snprintf(target, sizeof(target), "%s@%s", need->service,
	    need->host);
	if (login->spn != NULL)
		o.target = login->spn;
	o.helper = login->gss_helper;
	if (need->binding_len > 0) {
		o.bindings = need->binding;
		o.bindings_len = need->binding_len;
	}
	choose_source(&o, login, need);
	return al_gss_start(loop, &o, on_gss, arg, err);
}

enum al_code
al_ticket_ask(struct al_gss **gss, struct al_loop *loop,
    const struct al_dial_login *login, const struct al_proxy_need *need,
    al_on_gss *on_gss, void *arg, struct al_err *err)
{
	if (*gss == NULL) {
		*gss = start(loop, login, need, on_gss, arg, err);
		return *gss != NULL ? AL_OK : err->code;
	}
	switch (need->ask) {
	case AL_PROXY_WRAP:
		return al_gss_wrap(*gss, need->level == AL_PROXY_SEAL ?
		    AL_GSS_SEAL : AL_GSS_SIGN, need->token, need->token_len,
		    on_gss, arg, err);
	case AL_PROXY_UNWRAP:
		return al_gss_unwrap(*gss, need->token, need->token_len,
		    on_gss, arg, err);
	case AL_PROXY_TOKEN:
		break;
	}
	return al_gss_step(*gss, need->token, need->token_len, on_gss, arg,
	    err);
}

void
al_ticket_answer(const struct al_machine *m, const struct al_gss_result *r)
{
	if (r->err != NULL) {
		al_proxy_deny(m, r->err);
		return;
	}
	al_proxy_give(m, r->token, r->len,
	    (r->done ? AL_PROXY_GIVEN_DONE : 0) |
	    (r->flags & AL_GSS_CAN_SEAL ? AL_PROXY_GIVEN_SEAL : 0));
}
