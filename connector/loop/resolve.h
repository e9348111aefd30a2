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

struct al_resolver_opts {
	const char *const *servers;	/* "addr[:port]", NULL ended; NULL:
					 * the system's                   */
	unsigned	   timeout_ms;	/* whole look-up; 0: 5,000        */
};

struct al_resolver *al_resolver_new(struct al_loop *loop,
    const struct al_resolver_opts *opts, struct al_err *err);
void al_resolver_free(struct al_resolver *r);

/*
 * Called once per family, from the loop: addrs may be empty with err set
 * (ENAME, ETIMEOUT, ENET; stage dns).  family is AF_INET or AF_INET6; last
 * tells that no other call comes.  IP literals and "localhost" are answered
 * without a query (also from the loop).
 */
typedef void al_on_resolve(void *arg, int family, const struct al_addr *addrs,
    size_t n, int last, const struct al_err *err);

/* NULL and *err when it cannot start. */
struct al_resolve *al_resolve_start(struct al_resolver *r, const char *host,
    uint16_t port, unsigned flags, al_on_resolve *on_resolve, void *arg,
    struct al_err *err);
void al_resolve_cancel(struct al_resolve *q);

#endif
