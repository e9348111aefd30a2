/* connector/connectord/connectord.h - the daemon's parts, put together. */
#ifndef AL_CONNECTORD_CONNECTORD_H
#define AL_CONNECTORD_CONNECTORD_H

#include <stddef.h>

#include "connector/base/err.h"

struct al_connectord;
struct al_listen_fd;
struct al_loop;
struct al_resolver;
struct al_site;

struct al_connectord_opts {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	const struct al_listen_fd *fds;	/* of the service manager */
	size_t			 n_fds;
	/* Read the settings again; the caller gets a reference. */
	struct al_site		*(*load)(void *arg, struct al_err *err);
	/* After al_connectord_stop: all is done, leave the loop. */
	void			(*on_stopped)(void *arg);
	void			*arg;
};

/* Listens and connects; holds s. */
struct al_connectord *al_connectord_new(const struct al_connectord_opts *o,
    struct al_site *s, struct al_err *err);
void al_connectord_free(struct al_connectord *c);

void al_connectord_reload(struct al_connectord *c);
/* Drain for 30 s at most. */
void al_connectord_stop(struct al_connectord *c);
/* State to the log. */
void al_connectord_dump(const struct al_connectord *c);

#endif
