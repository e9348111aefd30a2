/* connector/dial/plan.c - from a chain of proxies to the layers of a stack. */
#include "connector/dial/plan.h"

static void
add(struct al_plan *p, enum al_layer layer, unsigned hop, const char *host,
    uint16_t port)
{
	p->steps[p->n++] = (struct al_plan_step){ layer, hop, host, port };
}

void
al_plan_make(struct al_plan *p, const struct al_chain *chain,
    const char *host, uint16_t port, enum al_plan_end end)
{
	size_t n = chain->n < AL_CHAIN_MAX ? chain->n : AL_CHAIN_MAX;
	const struct al_hop *hop = chain->hops;
	unsigned i;

	p->n = 0;
	add(p, AL_LAYER_TCP, 0, n > 0 ? hop->host : host,
	    n > 0 ? hop->port : port);
	for (i = 0; i < n; i++, hop++) {
		if (hop->kind == AL_PROXY_HTTPS)
			add(p, AL_LAYER_TLS, i, hop->host, hop->port);
		if (i + 1 < n)
			add(p, AL_LAYER_PROXY, i, hop[1].host, hop[1].port);
		else
			add(p, AL_LAYER_PROXY, i, host, port);
	}
	if (end == AL_PLAN_TLS)
		add(p, AL_LAYER_TLS, i, host, port);
}
