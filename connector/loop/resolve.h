/* connector/loop/resolve.h - names to addresses with c-ares. */
#ifndef AL_LOOP_RESOLVE_H
#define AL_LOOP_RESOLVE_H

#include <stddef.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_loop;
struct al_resolver;	/* shared by everything on a loop */
struct al_resolve;	/* one look-up; dies when it has reported */

#define AL_RESOLVE_NO_HOSTS	1u	/* do not read /etc/hosts         */
#define AL_RESOLVE_NO_SEARCH	2u	/* the name as it stands, whatever
					 * domains are searched for others */

struct al_resolver_opts {
	const char *const *servers;	/* "addr[:port]", NULL ended; NULL:
					 * the system's                   */
	unsigned	   timeout_ms;	/* whole look-up; 0: 5,000        */
};

/* Every look-up reads the system's configuration afresh. */
struct al_resolver *al_resolver_new(struct al_loop *loop,
    const struct al_resolver_opts *opts, struct al_err *err);
void al_resolver_free(struct al_resolver *r);

/*
 * Called once per family as answers come, from the loop: addrs may be empty
 * with err set (ENAME, ETIMEOUT, ENET; stage dns).  family is AF_INET or
 * AF_INET6; last tells that no other call comes and the look-up is gone.  IP
 * literals (told once, for their family) and "localhost" are answered without
 * a query, and so is what the hosts file knows for either family.
 */
typedef void al_on_resolve(void *arg, int family, const struct al_addr *addrs,
    size_t n, int last, const struct al_err *err);

/* NULL and *err when it cannot start. */
struct al_resolve *al_resolve_start(struct al_resolver *r, const char *host,
    uint16_t port, unsigned flags, al_on_resolve *on_resolve, void *arg,
    struct al_err *err);
void al_resolve_cancel(struct al_resolve *q);

#endif
