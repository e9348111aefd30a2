/* connector/gatewayd/limit.c - what may come how often: token buckets. */
#include "connector/gatewayd/limit.h"

#include <stdlib.h>

#define ROWS	2048u		/* a power of two */
#define WAYS	4u

static uint64_t
token_us(const struct al_rate *r)
{
	return r->per_s < 1000000 ? 1000000 / r->per_s : 1;
}

/* A bucket that lacks n tokens is full again n token times from now. */
static uint64_t
lack_us(const struct al_bucket *b, uint64_t now_us)
{
	return b->full_us > now_us ? b->full_us - now_us : 0;
}

uint64_t
al_bucket_wait_us(const struct al_bucket *b, const struct al_rate *r,
    uint64_t now_us)
{
	uint64_t lack = lack_us(b, now_us) + token_us(r);
	uint64_t most = r->burst * token_us(r);

	return lack > most ? lack - most : 0;
}

bool
al_bucket_take(struct al_bucket *b, const struct al_rate *r, uint64_t now_us)
{
	if (al_bucket_wait_us(b, r, now_us) > 0)
		return false;
	b->full_us = now_us + lack_us(b, now_us) + token_us(r);
	return true;
}

void
al_bucket_charge(struct al_bucket *b, const struct al_rate *r,
    uint64_t now_us)
{
	uint64_t lack = lack_us(b, now_us) + token_us(r);
	uint64_t most = 2 * r->burst * token_us(r);

	b->full_us = now_us + (lack < most ? lack : most);
}

/* --- one for each address ------------------------------------------------- */
struct slot {
	uint64_t		key;	/* 0: never used */
	struct al_bucket	bucket;
};

struct al_addr_table {
	uint64_t	seed;
	struct slot	slots[ROWS][WAYS];
};

struct al_addr_table *
al_addr_table_new(struct al_err *err)
{
	struct al_addr_table *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	if (al_rng_bytes(&t->seed, sizeof(t->seed), err) != AL_OK) {
		free(t);
		return NULL;
	}
	return t;
}

void
al_addr_table_free(struct al_addr_table *t)
{
	free(t);
}

/* Of an IPv4 address all of it, of an IPv6 address the /64: what one customer
 * of a provider has.  Not 0 for addresses that can connect. */
static uint64_t
key_of(const struct al_addr *a)
{
	const uint8_t *p = a->u.v6.sin6_addr.s6_addr;
	uint64_t key = 0;
	size_t i;

	if (a->u.sa.sa_family == AF_INET)
		return UINT64_C(1) << 32 | ntohl(a->u.v4.sin_addr.s_addr);
	if (a->u.sa.sa_family != AF_INET6)
		return 1;
	if (IN6_IS_ADDR_V4MAPPED(&a->u.v6.sin6_addr)) {
		for (i = 12; i < 16; i++)
			key = key << 8 | p[i];
		return UINT64_C(1) << 32 | key;
	}
	for (i = 0; i < 8; i++)
		key = key << 8 | p[i];
	return key != 0 ? key : 1;	/* ::1 */
}

/* splitmix64's finish: the seed makes rows unguessable from outside. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct al_bucket *
al_addr_table_get(struct al_addr_table *t, const struct al_addr *a,
    uint64_t now_us)
{
	uint64_t key = key_of(a);
	struct slot *row = t->slots[mix(key ^ t->seed) & (ROWS - 1)];
	struct slot *fullest = row;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (row[i].key == key)
			return &row[i].bucket;
		if (lack_us(&row[i].bucket, now_us) <
		    lack_us(&fullest->bucket, now_us))
			fullest = &row[i];
	}
	fullest->key = key;
	fullest->bucket.full_us = 0;
	return &fullest->bucket;
}

bool
al_early_drop(struct al_rng *rng, uint32_t pending, uint32_t max)
{
	uint32_t start = max / 2;

	if (pending < start)
		return false;
	return pending >= max ||
	    al_rng_u32(rng) % (max - start) < pending - start;
}
