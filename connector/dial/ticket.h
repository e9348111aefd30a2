/* connector/dial/ticket.h - a Kerberos context for one login at a proxy. */
#ifndef AL_DIAL_TICKET_H
#define AL_DIAL_TICKET_H

#include "connector/dial/dial.h"
#include "connector/helper/gss.h"
#include "proxy/proxy.h"

/*
 * Begin the context that need asks for, out of the credentials that login
 * names: a keytab, user and password, a ccache, or what the system has.
 */
struct al_gss *al_ticket_start(struct al_loop *loop,
    const struct al_dial_login *login, const struct al_proxy_need *need,
    al_on_gss *on_gss, void *arg, struct al_err *err);

/* What went wrong, with netcheck's cause. */
struct al_err al_ticket_error(const struct al_gss_result *r);

#endif
