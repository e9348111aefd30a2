/* connector/connectord/guests.h - local connections, from accept to their end. */
#ifndef AL_CONNECTORD_GUESTS_H
#define AL_CONNECTORD_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_door;
struct al_guests;
struct al_loop;
struct al_resolver;
struct al_site;
struct al_uplink;

struct al_guests_opts {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_uplink	*uplink;
	/* An address of ours: going there would come back here. */
	bool			(*is_ours)(void *arg, const struct al_addr *a);
	void			*arg;
};

struct al_guests *al_guests_new(const struct al_guests_opts *o,
    struct al_err *err);
/* Resets all that are left. */
void al_guests_free(struct al_guests *gs);
/* For those who come from now on; holds s. */
void al_guests_set_site(struct al_guests *gs, struct al_site *s);

/* false: as many as may be are here, or the session has no channel left. */
bool al_guests_have_room(const struct al_guests *gs);
/* Takes fd, which came in through door (of s, which is held). */
void al_guests_take(struct al_guests *gs, struct al_site *s,
    const struct al_door *door, int fd, const char *peer);
/* The way out has changed: those who wait look again. */
void al_guests_look(struct al_guests *gs);

struct al_guests_count {
	size_t		here;		/* now            */
	uint64_t	served, refused;
};
void al_guests_get(const struct al_guests *gs, struct al_guests_count *n);

#endif
