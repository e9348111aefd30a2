/* connector/session/client_int.h - what the files of the client share. */
#ifndef AL_SESSION_CLIENT_INT_H
#define AL_SESSION_CLIENT_INT_H

#include <sys/queue.h>

#include "connector/base/rng.h"
#include "connector/engine/backoff.h"
#include "connector/loop/loop.h"
#include "connector/session/client.h"

/* How a connection goes. */
struct way {
	char	 via[AL_CHAIN_TEXT];
	bool	 preferred;
};

/*
 * One session and what is done for it.  A session that takes no new channels
 * any more goes on, with its connections, in a client of its own, whose parent
 * looks for the next one: its owner hears no more of it but its channels.
 */
struct al_client {
	struct al_loop			*loop;
	struct al_resolver		*resolver;
	struct al_client_opts		 o;
	const struct al_client_ops	*ops;
	void				*arg;
	struct al_client		*parent;
	uint8_t				 id[16];	/* of one that leaves */
	LIST_ENTRY(al_client)		 entry;
	LIST_HEAD(, al_client)		 leaving;	/* of a parent       */
	enum al_client_state		 state;
	struct al_timer			 timer;		/* the next attempt  */
	struct al_timer			 age;		/* of the connection;
							 * of a leaving session:
							 * to look whether it is
							 * empty             */
	struct al_timer			 prefer;	/* the way, as well  */
	struct al_rng			 rng;
	struct al_backoff		 backoff;
	struct al_backoff		 unwanted;	/* DETACHs in a row  */
	struct al_attempt		*attempt;
	bool				 is_better;	/* the attempt is one
							 * at a better way   */
	bool				 disturbed;	/* by what is not the
							 * way's fault       */
	bool				 closing;
	struct al_mux			*mux;
	uint64_t			 up_ms, link_ms, attempt_ms;
	unsigned			 retry_after_s;	/* the peer asked for it */
	char				 authority[AL_AUTHORITY_TEXT];
	struct way			 way, next;	/* next: being greeted */
};

/* --- client.c: sessions --------------------------------------------------- */
bool al_client_has_session(const struct al_client *c);
/* Begin one; its end is told by the calls below. */
void al_client_attempt(struct al_client *c, bool is_better);
/* The session is given up. */
void al_client_drop(struct al_client *c, const struct al_err *cause);

/* --- client_link.c: the connections of one -------------------------------- */
void al_client_on_link(void *c, enum al_lane what, const struct al_err *why);
/* The new connection is the one that is used. */
void al_client_linked(struct al_client *c);
/* Make another one while it lives. */
void al_client_replace(struct al_client *c);
/* An attempt for a session that lives has failed; one at a better way has. */
void al_client_not_resumed(struct al_client *c, const struct al_err *why);
void al_client_not_better(struct al_client *c);
/* In how many ms the next one comes. */
uint64_t al_client_try_again(struct al_client *c);
void al_client_on_prefer(void *c);

#endif
