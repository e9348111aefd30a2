/* connector/dial/plan.h - from a chain of proxies to the layers of a stack. */
#ifndef AL_DIAL_PLAN_H
#define AL_DIAL_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "proxy/route.h"

enum al_layer {
	AL_LAYER_TCP,	/* connect to host:port                   */
	AL_LAYER_TLS,	/* with host:port                         */
	AL_LAYER_PROXY	/* ask the proxy of this hop for host:port */
};

struct al_plan_step {
	enum al_layer	 layer;
	unsigned	 hop;		/* n of the chain: the target */
	const char	*host;
	uint16_t	 port;
};

#define AL_PLAN_MAX	(2 * AL_CHAIN_MAX + 2)

struct al_plan {
	struct al_plan_step	steps[AL_PLAN_MAX];
	size_t			n;
};

/*
 * The layers in the order in which they are opened.  host and the chain are
 * borrowed as long as the plan is used.  end_tls: TLS with the target on top.
 */
enum al_plan_end { AL_PLAN_BYTES, AL_PLAN_TLS };
void al_plan_make(struct al_plan *p, const struct al_chain *chain,
    const char *host, uint16_t port, enum al_plan_end end);

#endif
