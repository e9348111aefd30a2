/* connector/gatewayd/opens.h - OPENs of a session: decide, then join. */
#ifndef AL_GATEWAYD_OPENS_H
#define AL_GATEWAYD_OPENS_H

#include <stdint.h>
#include <sys/queue.h>

#include "connector/base/err.h"
#include "connector/loop/loop.h"
#include "connector/wire/mux_frame.h"

struct al_chan;
struct al_dial;
struct al_peer;
struct al_port;
struct al_relay;

/* A channel that a session has opened: this small, for there are many. */
struct al_channel {
	LIST_ENTRY(al_channel)	 entry;
	struct al_peer		*from;		/* its opener                 */
	struct al_peer		*to;		/* NULL: the backend          */
	struct al_relay		*relay;		/* one of these three         */
	struct al_port		*port;
	struct al_dial		*dial;
	struct al_chan		*chan;		/* unanswered, with dial      */
	uint64_t		 since_us;
	uint32_t		 id;
	uint8_t			 kind;
	char			 target[];	/* "host:port"                */
};

/* An OPEN that waits because too many have come to nothing. */
struct al_delayed;

LIST_HEAD(al_channels, al_channel);
STAILQ_HEAD(al_delayed_list, al_delayed);

struct al_opens {
	struct al_peer		*peer;
	struct al_channels	 channels;	/* joined                     */
	struct al_channels	 dialing;	/* on the way to the backend  */
	struct al_delayed_list	 delayed;
	unsigned		 n_delayed;
	struct al_timer		 timer;		/* of the delayed             */
};

enum al_code al_opens_init(struct al_opens *o, struct al_peer *p,
    struct al_err *err) AL_MUST_CHECK;
/* After the mux, which has ended all channels. */
void al_opens_fini(struct al_opens *o);

/* The mux's on_open and on_open_gone. */
void al_opens_request(struct al_opens *o, struct al_chan *c, uint8_t kind,
    const char *json);
void al_opens_gone(struct al_opens *o, struct al_chan *c);
/* How a channel on the way to the backend goes on (backend.c). */
void al_channel_joined(struct al_channel *ch);
/* REFUSE, unless chan is NULL: that has been done. */
void al_channel_failed(struct al_channel *ch, uint16_t code,
    const char *text);
void al_channel_end(struct al_channel *ch, uint16_t code, const char *text,
    uint64_t bytes_up, uint64_t bytes_down);

/* The policy has changed: what it does not allow any more is reset. */
void al_opens_recheck(struct al_opens *o);

#endif
