/* connector/gatewayd/gateway.h - the gateway: what all its parts share. */
#ifndef AL_GATEWAYD_GATEWAY_H
#define AL_GATEWAYD_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "connector/base/rng.h"
#include "connector/engine/session.h"
#include "connector/gatewayd/audit.h"
#include "connector/gatewayd/ids.h"
#include "connector/gatewayd/listen.h"
#include "connector/gatewayd/registry.h"
#include "connector/gatewayd/settings.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"

struct al_door;
struct al_peer;

LIST_HEAD(al_peers, al_peer);

struct al_gateway {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_rng		 rng;
	struct al_settings	*set;		/* replaced by a reload */
	struct al_audit		*audit;
	struct al_registry	*registry;
	struct al_budget	 budget;	/* of all windows       */
	struct al_door		*door;
	struct al_listener	**listeners;
	size_t			 n_listeners;
	struct al_peers		 peers;
	struct al_ids		 ids;	/* of those with a session */
	size_t			 sessions;	/* up now               */
	size_t			 channels;	/* open or opening now  */
	unsigned		 cert_no;	/* rises when it is another */
	uint64_t		 since_us;
	bool			 stopping;
	uint64_t		 stop_by_us;
	uint64_t		 hello_by_us;	/* once it is stopping  */
	struct al_timer		 stop_timer;
	struct al_timer		 recheck_timer;	/* of identities */
	void			(*on_stopped)(void *arg);
	void			*arg;
};

/* Takes set, also on failure. */
struct al_gateway *al_gateway_new(struct al_loop *loop,
    struct al_settings *set, struct al_err *err);
void al_gateway_free(struct al_gateway *gw);

/* On the sockets that were handed over, else on what the settings say. */
enum al_code al_gateway_listen(struct al_gateway *gw, struct al_err *err)
    AL_MUST_CHECK;

/* Takes set; sessions and channels that it does not allow are ended. */
void al_gateway_replace(struct al_gateway *gw, struct al_settings *set);

/* No new sessions and channels; on_stopped when the last one has ended, or
 * the time is over. */
void al_gateway_stop(struct al_gateway *gw, void (*on_stopped)(void *arg),
    void *arg);

/* In how many seconds all who are here could come back; and one of these
 * seconds, for one of them. */
uint32_t al_gateway_spread_s(const struct al_gateway *gw);
uint32_t al_gateway_later_s(struct al_gateway *gw);

/* What is going on, to the log. */
void al_gateway_dump(const struct al_gateway *gw);

#endif
