/* connector/connectord/uplink_int.h - what the files of the uplink share. */
#ifndef AL_CONNECTORD_UPLINK_INT_H
#define AL_CONNECTORD_UPLINK_INT_H

#include "connector/connectord/targets.h"
#include "connector/connectord/uplink.h"
#include "connector/loop/loop.h"
#include "connector/session/client.h"

/* What is known about the far end (PROTOCOL 1). */
enum offer { OFFER_UNKNOWN, OFFER_OURS, OFFER_NOT_OURS };

struct al_uplink {
	struct al_uplink_opts	 o;
	const struct al_uplink_ops *ops;
	void			*arg;
	struct al_site		*site;
	struct al_site		*used;		/* by the latest attempt      */
	struct al_client	*client;
	struct al_timer		 again;		/* replaces a client that has
						 * ended                      */
	enum offer		 offer;
	bool			 up, ready, draining, closing;
	struct al_err		 why;		/* of the latest failure      */
	uint64_t		 retry_at_ms;	/* 0: no failure yet          */
	uint64_t		 up_ms, rtt_us;
	unsigned		 session_ups;
	char			 session[9];	/* its id's first hex digits  */
	char			 via[AL_CHAIN_TEXT];
	struct al_targets_count	 at_up;
	uint64_t		 agent_in, agent_out;
};

/* --- uplink_log.c: what people are told ----------------------------------- */
/* The client's calls that only tell. */
void al_uplink_on_step(void *u, const struct al_step *s);
void al_uplink_on_left(void *u, const uint8_t *id, const struct al_err *why);
void al_uplink_on_link(void *u, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms);
void al_uplink_on_learned(void *u, const char *via, enum al_learned what);

void al_uplink_log_end(const struct al_uplink *u, const struct al_err *why,
    const char *retry);
void al_uplink_log_failure(struct al_uplink *u, const struct al_err *why,
    const char *retry);
/* The first hex digits of an id. */
void al_uplink_session_text(const uint8_t *id, char text[static 9]);
/* "; trying again in 1.2 s" */
void al_uplink_retry_text(uint64_t retry_ms, char *buf, size_t cap);
/* There is a web server, but none that speaks our protocol. */
bool al_uplink_is_not_ours(const struct al_err *why);

#endif
