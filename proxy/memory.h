/* proxy/memory.h - what a program remembers of the proxies that it uses. */
#ifndef AL_PROXY_MEMORY_H
#define AL_PROXY_MEMORY_H

#include <stdint.h>

#include "proxy/digest.h"
#include "proxy/route.h"

/*
 * One proxy as one user sees it.  Nothing here ever goes to another proxy.
 * Times are microseconds of any one monotonic clock; 0: never.
 */
struct al_seen {
	struct al_seen	*next;
	enum al_proxy_kind kind;
	char		 host[AL_HOST_MAX + 1];
	uint16_t	 port;
	char		*user;			/* NULL: none             */

	/* the login that it took last: the first request carries it */
	enum al_auth	 auth;
	struct al_digest digest;		/* its last challenge     */

	/* schemes that failed on our side (AL_AUTH_BIT): the next connection
	 * of the same attempt leaves them out */
	unsigned	 unfit;
	uint64_t	 unfit_until_us;
	struct al_err	 unfit_cause;		/* SOCKS5: of its Kerberos */

	/* the login that it refused: not tried again before, or the account
	 * is locked sooner or later */
	char		 refused_realm[128];
	uint64_t	 refused_until_us;

	/* it did not work: others go first until then */
	uint64_t	 resting_until_us;
};

#define AL_REFUSED_US	(300 * UINT64_C(1000000))
/* A ticket may come later: only the redials of one attempt do without it. */
#define AL_UNFIT_US	(15 * UINT64_C(1000000))
#define AL_RESTING_US	(300 * UINT64_C(1000000))

struct al_memory;

struct al_memory *al_memory_new(struct al_err *err);
void al_memory_free(struct al_memory *m);	/* wipes; NULL is fine */

/*
 * The entry of this proxy and user, made if there is none.  NULL: m is NULL,
 * no memory is left, or 256 are known.  Good as long as m.
 */
struct al_seen *al_memory_of(struct al_memory *m, const struct al_hop *hop);

/* --- alternatives ---------------------------------------------------------
 * One that failed a moment ago comes last: so the one that worked is kept,
 * and the preferred one has another chance when it has rested.  m may be
 * NULL: then the order is the route's.
 */
void al_memory_order(struct al_memory *m, const struct al_route *r,
    uint64_t now_us, uint8_t order[static AL_ROUTE_MAX]);
/* hop of c failed; beyond the last it is nobody's fault. */
void al_memory_failed(struct al_memory *m, const struct al_chain *c,
    unsigned hop, uint64_t now_us);
void al_memory_works(struct al_memory *m, const struct al_chain *c);

#endif
