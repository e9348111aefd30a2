/* connector/connectord/targets.h - channels that the gateway opens. */
#ifndef AL_CONNECTORD_TARGETS_H
#define AL_CONNECTORD_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/session/mux.h"

struct al_loop;
struct al_policy;
struct al_resolver;
struct al_targets;

struct al_targets_opts {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	size_t			 dials_max;	/* in flight; more: code 6  */
	/* An address of ours where a target would be a way around the
	 * platform (our own listeners). */
	bool			(*is_ours)(void *arg, const struct al_addr *a);
	void			*arg;
};

struct al_targets *al_targets_new(const struct al_targets_opts *o,
    struct al_err *err);
/* Resets what is open. */
void al_targets_free(struct al_targets *t);
/* Borrowed until the next call; held against every connect from now on. */
void al_targets_set_policy(struct al_targets *t, const struct al_policy *p);

/* Of al_client_ops: answers every OPEN, at once or when a connect has. */
void al_targets_open(struct al_targets *t, struct al_mux *m,
    struct al_chan *c, uint8_t kind, const char *json);
void al_targets_open_gone(struct al_targets *t, struct al_chan *c);

struct al_targets_count {
	size_t		dials, channels;	/* now           */
	uint64_t	opened, refused;	/* since ever    */
	uint64_t	bytes_in, bytes_out;	/* from, to the gateway, ended */
};
void al_targets_get(const struct al_targets *t, struct al_targets_count *n);

#endif
