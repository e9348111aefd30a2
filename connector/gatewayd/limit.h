/* connector/gatewayd/limit.h - what may come how often: token buckets. */
#ifndef AL_GATEWAYD_LIMIT_H
#define AL_GATEWAYD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/base/rng.h"

/* So many a second, and so many at once after a rest. */
struct al_rate {
	uint32_t	per_s, burst;	/* both > 0 */
};

/* A token bucket in one number: when it will be full again.  Zeroed: full. */
struct al_bucket {
	uint64_t	full_us;
};

/* Takes a token if there is one. */
bool al_bucket_take(struct al_bucket *b, const struct al_rate *r,
    uint64_t now_us);
/* Takes a token that may not be there yet (at most one burst is owed). */
void al_bucket_charge(struct al_bucket *b, const struct al_rate *r,
    uint64_t now_us);
/* Microseconds until there is a token; 0: now. */
uint64_t al_bucket_wait_us(const struct al_bucket *b, const struct al_rate *r,
    uint64_t now_us);

/*
 * A bucket for each address (IPv6: each /64) that has been seen lately.  Of
 * fixed size: under attack the fullest bucket of a row is given away, which
 * errs on the side of letting in.
 */
struct al_addr_table;

struct al_addr_table *al_addr_table_new(struct al_err *err);
void al_addr_table_free(struct al_addr_table *t);
/* Never NULL; valid until the next call. */
struct al_bucket *al_addr_table_get(struct al_addr_table *t,
    const struct al_addr *a, uint64_t now_us);

/*
 * Random early drop: how many connections that have not authenticated there
 * may be.  Up to half of max all are let in, from there on fewer and fewer.
 */
bool al_early_drop(struct al_rng *rng, uint32_t pending, uint32_t max);

#endif
