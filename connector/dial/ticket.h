/* connector/dial/ticket.h - a Kerberos context for one login at a proxy. */
#ifndef AL_DIAL_TICKET_H
#define AL_DIAL_TICKET_H

#include "connector/dial/dial.h"
#include "connector/helper/gss.h"
#include "proxy/proxy.h"

/*
 * Ask the helper for what a machine needs.  The first question of a login
 * makes *gss, out of the credentials that login names: a keytab, user and
 * password, a ccache, or what the system has.
 */
enum al_code al_ticket_ask(struct al_gss **gss, struct al_loop *loop,
    const struct al_dial_login *login, const struct al_proxy_need *need,
    al_on_gss *on_gss, void *arg, struct al_err *err) AL_MUST_CHECK;

/* Hand an answer to the machine that asked. */
void al_ticket_answer(const struct al_machine *m,
    const struct al_gss_result *r);

#endif
