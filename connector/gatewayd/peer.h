/* connector/gatewayd/peer.h - one session, of a connector or an operator. */
#ifndef AL_GATEWAYD_PEER_H
#define AL_GATEWAYD_PEER_H

#include "connector/gatewayd/gateway.h"
#include "connector/gatewayd/opens.h"
#include "connector/session/greet.h"
#include "connector/session/mux.h"

enum al_rivalry {		/* with a newer session of the same connector */
	AL_RIVAL_NONE,
	AL_RIVAL_WAIT,		/* a PING is under way that was sent before */
	AL_RIVAL_ASKED		/* an answer proves two live processes      */
};

struct al_peer {
	LIST_ENTRY(al_peer)	 entry;
	struct al_id		 id;		/* the session's, from HELLO on */
	LIST_ENTRY(al_peer)	 kin;		/* of the same principal */
	struct al_gateway	*gw;
	struct al_principal	*who;		/* held */
	struct al_greet		*greet;		/* until HELLO has come  */
	struct al_mux		*mux;		/* from then on          */
	struct al_opens		 opens;
	char			 from[AL_ADDR_TEXT];
	char			 next_from[AL_ADDR_TEXT];	/* of the link
						 * that waits for START      */
	char			 session[33];
	unsigned		 cert_no, next_cert_no;	/* of the gateway's
						 * certificate on them       */
	uint8_t			 proof[AL_SHA256_LEN];	/* the hash of what
						 * it authenticated with */
	uint8_t			 instance[16];
	bool			 probe, up;
	bool			 leaving;	/* GOAWAY either way     */
	bool			 recorded;	/* its end is            */
	struct al_timer		 move_timer;	/* to another link, then */
	const char		*move_text;
	enum al_rivalry		 rivalry;
	uint16_t		 close_code;	/* what we have closed it */
	const char		*close_text;	/* with; NULL: not we     */
	uint64_t		 since_us;
	uint64_t		 n_channels, bytes_up, bytes_down;
};

/*
 * who has opened a WebSocket: wait for HELLO and serve the session.  proof is
 * the hash of the credentials, cert_no the gateway's when TLS began.  Takes
 * stream; a failure is logged.
 */
void al_peer_start(struct al_gateway *gw, struct al_stream *stream,
    struct al_principal *who, const uint8_t proof[static AL_SHA256_LEN],
    unsigned cert_no, const struct al_addr *from);

/* At once, without a goodbye. */
void al_peer_free(struct al_peer *p);
/* The identities or the policy have changed. */
void al_peer_recheck(struct al_peer *p);
/* GOAWAY, the first time. */
void al_peer_go_away(struct al_peer *p, uint16_t code,
    uint32_t retry_after_s, const char *text);
/* That, and CLOSE if it has no channel (any more).  Until it is up nothing:
 * HELLO is answered. */
void al_peer_drain(struct al_peer *p);
/* The certificate is another one.  Within the spread: DETACH, so that it takes
 * another connection. */
void al_peer_move(struct al_peer *p);
/* It has another connection, or its first: count its age. */
void al_peer_linked(struct al_peer *p);
enum al_code al_peer_init_move(struct al_peer *p, struct al_err *err)
    AL_MUST_CHECK;
/* CLOSE with this code; text is kept. */
void al_peer_close(struct al_peer *p, uint16_t code, const char *text);
/* A line about it to the log. */
void al_peer_dump(const struct al_peer *p);

/* "connector", "operator" */
const char *al_peer_role(const struct al_peer *p);

#endif
