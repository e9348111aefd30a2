/* connector/session/relay.h - two channels of two sessions joined (gateway). */
#ifndef AL_SESSION_RELAY_H
#define AL_SESSION_RELAY_H

#include "connector/session/mux.h"

struct al_relay;

struct al_relay_end {
	uint16_t	 code;		/* 0: both directions ended in order */
	const char	*text;
	bool		 refused;	/* the far side never accepted       */
	uint64_t	 bytes_up, bytes_down;	/* from, to the opener      */
	/* Not NULL: c, which nobody has answered, for the other session was
	 * lost before it could be asked.  It is the callee's to answer. */
	struct al_chan	*unasked;
};

/* Once; the relay is freed when it returns. */
typedef void al_on_relay_end(void *arg, struct al_relay *r,
    const struct al_relay_end *end);

/*
 * c was opened by the peer of from: open the same on to, pass ACCEPT, REFUSE,
 * data (by reference), half-closes and RESETs on.  An OPEN that is not
 * answered within 30 s is refused (4).  NULL: c has been refused.
 */
struct al_relay *al_relay_start(struct al_mux *from, struct al_chan *c,
    struct al_mux *to, const struct al_open *o, al_on_relay_end *on_end,
    void *arg, struct al_err *err);
/* From and to the opener until now. */
void al_relay_bytes(const struct al_relay *r, uint64_t *up, uint64_t *down);
/* RESET both sides; on_end is not called. */
void al_relay_free(struct al_relay *r, uint16_t code, const char *text);

#endif
