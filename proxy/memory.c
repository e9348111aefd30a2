/* proxy/memory.c - what a program remembers of the proxies that it uses. */
#include "proxy/memory.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

#define SEEN_MAX	256

struct al_memory {
	struct al_seen	*first;
	size_t		 n;
};

struct al_memory *
al_memory_new(struct al_err *err)
{
	struct al_memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		(void)al_fail_nomem(err, AL_AT_PROXY);
	return m;
}

void
al_memory_free(struct al_memory *m)
{
	struct al_seen *s;

	if (m == NULL)
		return;
	while ((s = m->first) != NULL) {
		m->first = s->next;
		al_digest_fini(&s->digest);
		free(s->user);
		free(s);
	}
	free(m);
}

static bool
is_of(const struct al_seen *s, const struct al_hop *hop)
{
	return s->kind == hop->kind && s->port == hop->port &&
	    strcmp(s->host, hop->host) == 0 &&
	    (s->user == NULL) == (hop->user == NULL) &&
	    (s->user == NULL || strcmp(s->user, hop->user) == 0);
}

struct al_seen *
al_memory_of(struct al_memory *m, const struct al_hop *hop)
{
	struct al_seen *s;

	if (m == NULL)
		return NULL;
	for (s = m->first; s != NULL; s = s->next)
		if (is_of(s, hop))
			return s;
	if (m->n == SEEN_MAX || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if (hop->user != NULL) {
		s->user = al_str_dup(hop->user, strlen(hop->user));
		if (s->user == NULL) {
			free(s);
			return NULL;
		}
	}
	s->kind = hop->kind;
	s->port = hop->port;
	memcpy(s->host, hop->host, sizeof(s->host));
	s->next = m->first;
	m->first = s;
	m->n++;
	return s;
}

/* --- alternatives --------------------------------------------------------- */
static bool
is_resting(struct al_memory *m, const struct al_chain *c, uint64_t now_us)
{
	const struct al_seen *s;
	size_t i;

	for (i = 0; i < c->n; i++) {
		s = al_memory_of(m, &c->hops[i]);
		if (s != NULL && s->resting_until_us > now_us)
			return true;
	}
	return false;
}

void
al_memory_order(struct al_memory *m, const struct al_route *r,
    uint64_t now_us, uint8_t order[static AL_ROUTE_MAX])
{
	size_t i, n = 0;
	int resting;

	for (resting = 0; resting <= 1; resting++)
		for (i = 0; i < r->n; i++)
			if (is_resting(m, &r->chains[i], now_us) == resting)
				order[n++] = (uint8_t)i;
}

void
al_memory_failed(struct al_memory *m, const struct al_chain *c, unsigned hop,
    uint64_t now_us)
{
	struct al_seen *s = hop < c->n ? al_memory_of(m, &c->hops[hop]) :
	    NULL;

	if (s != NULL)
		s->resting_until_us = now_us + AL_RESTING_US;
}

void
al_memory_works(struct al_memory *m, const struct al_chain *c)
{
	struct al_seen *s;
	size_t i;

	for (i = 0; i < c->n; i++) {
		s = al_memory_of(m, &c->hops[i]);
		if (s != NULL)
			s->resting_until_us = 0;
	}
}
