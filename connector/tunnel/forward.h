/* connector/tunnel/forward.h - what the files of -L and -W share. */
#ifndef AL_TUNNEL_FORWARD_H
#define AL_TUNNEL_FORWARD_H

#include "connector/daemon/secret.h"
#include "connector/session/client.h"
#include "connector/session/port.h"
#include "connector/tunnel/tunnel.h"

struct forwarding;

/* A -L: its socket, and a question to the far side about its target. */
struct listener {
	struct al_end		 probe;		/* first: a health channel */
	struct forwarding	*fw;
	const struct forward	*f;
	char			 where[AL_ADDR_TEXT];
	int			 fd;
	struct al_watch		 watch;
	struct al_timer		 pause;		/* no descriptors left     */
	struct al_timer		 again;		/* ask once more           */
	bool			 asked;		/* our FIN is out          */
	bool			 said_ready, said_not;
	bool			 impatient;	/* for want of a session, long
						 * enough: who comes is reset */
};

struct forwarding {
	struct tunnel		*t;
	struct al_workspace	*w;
	struct al_client	*client;
	struct al_habits	*habits;	/* of the ways, while we run */
	struct al_netmon	*netmon;
	struct al_wake		*wake;
	struct al_secret	 authorization;
	struct al_signals	*signals;
	struct listener		*listeners;
	struct al_port		*stdio;
	int			 stdio_flags[2], tty[2];
	bool			 was_up, stopping;
};

/* listener.c */
enum al_code listener_open(struct listener *l, struct al_err *err)
    AL_MUST_CHECK;
void listener_close(struct listener *l);
/* There is a session: ask the far side about the target, take connections. */
void listener_up(struct listener *l, struct al_mux *m);

/* OPEN's JSON for a target of SERVER, to free; NULL: no memory. */
char *forward_json(const struct forwarding *fw, const char *target);
/* What a refusal means: "connection refused (3)", and who says so. */
void forward_explain(struct al_err *err, const struct forwarding *fw,
    const char *target, uint16_t code, const char *text);

#endif
