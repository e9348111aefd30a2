/* connector/autoconf/wpad.h - look for the PAC file of a domain. */
#ifndef AL_AUTOCONF_WPAD_H
#define AL_AUTOCONF_WPAD_H

#include <stddef.h>

#include "connector/base/err.h"

struct al_loop;
struct al_resolver;

/*
 * The names are wpad.DOMAIN for the domains that the settings list, and no
 * others: never the bare name, never a shortened domain, never a public
 * suffix (whoever owns wpad.com would be everybody's proxy).  Looked up by
 * unicast DNS alone, no hosts file, at most a second each.
 */
#define AL_WPAD_DOMAINS_MAX	8

/* EUSAGE, stage config, and a sentence: not a domain of at least two labels,
 * an address, .local or .localhost, or a public suffix. */
enum al_code al_wpad_check_domain(const char *domain, struct al_err *err)
    AL_MUST_CHECK;

struct al_wpad;		/* one search; dies when it has reported */

/*
 * One call, from the loop: "http://wpad.corp.example/wpad.dat" of the first
 * domain that has one, to be fetched with AL_FETCH_SAME_HOST; or NULL and err,
 * stage pac, cause 111.  ENAME: no such names; ENET, ETIMEOUT: DNS fails.
 */
typedef void al_on_wpad(void *arg, const char *url, const struct al_err *err);

/* Domains are copied; those that al_wpad_check_domain refuses are EUSAGE. */
struct al_wpad *al_wpad_start(struct al_loop *loop, struct al_resolver *r,
    const char *const *domains, size_t n, al_on_wpad *on_wpad, void *arg,
    struct al_err *err);
void al_wpad_cancel(struct al_wpad *w);

#endif
