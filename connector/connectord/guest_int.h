/* connector/connectord/guest_int.h - one local connection, as guest*.c see it. */
#ifndef AL_CONNECTORD_GUEST_INT_H
#define AL_CONNECTORD_GUEST_INT_H

#include <sys/queue.h>

#include "connector/connectord/guests.h"
#include "connector/connectord/site.h"
#include "connector/dial/dial.h"
#include "connector/loop/loop.h"
#include "connector/session/find.h"
#include "connector/session/port.h"
#include "connector/stream/join.h"
#include "connector/wire/client_hello.h"
#include "proxy/listen.h"

#define AL_GUEST_FIRST_MS	10000	/* for the first bytes, and a way out */
#define AL_GUEST_PART_MS	2000	/* for a refusal to be read           */

/*
 * First local is being read for where it wants to go (dial); then it waits
 * for a way out; then a channel's port has its socket, or a connect of our own
 * is under way (dial) and the two are joined; or it is told no and parts.
 */
struct al_guest {
	LIST_ENTRY(al_guest)	 next;
	struct al_guests	*gs;
	struct al_site		*site;		/* held */
	const struct al_door	*door;
	char			 peer[AL_ADDR_TEXT];
	uint64_t		 since_ms;
	char			 host[AL_HOST_MAX + 1];
	uint16_t		 port_nr;
	struct al_listen	 request;	/* of a proxy client          */
	bool			 misspoke;	/* and was told so: err       */
	struct al_err		 err;
	struct al_stream	*local;
	struct al_find		*find;
	struct al_dial		*dial;
	struct al_port		*port;
	int			 port_fd;	/* the port's, for a greeting */
	struct al_join		*join;
	bool			 waiting;
	struct al_timer		 timer;
	struct al_watch		 watch;
};

struct al_guests {
	struct al_guests_opts	 o;
	struct al_site		*site;
	LIST_HEAD(, al_guest)	 all;
	struct al_guests_count	 count;
};

/* guest_read.c: find out where g wants to go, then al_guest_go or refuse. */
void al_guest_read(struct al_guest *g);

/* guest_out.c: leave through the session, or alone. */
void al_guest_go_mux(struct al_guest *g, struct al_mux *m);
void al_guest_go_direct(struct al_guest *g);

/* guests.c */
/* host and port are known: look for a way out. */
void al_guest_go(struct al_guest *g);
/* Tell it no in the words of its protocol, and say so in the log. */
void al_guest_refuse(struct al_guest *g, enum al_chan_code code,
    const char *why);
/* Half-close what is written, read to its end, within a bound. */
void al_guest_part(struct al_guest *g);
/* It has been carried: one line, and it is gone. */
void al_guest_end(struct al_guest *g, const char *way, uint16_t code,
    const char *text, uint64_t from, uint64_t to);
void al_guest_free(struct al_guest *g);	/* RST if it is still there */

#endif
