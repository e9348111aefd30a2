/* pac/worker.h - one helper with a script in it, and what it may use. */
#ifndef AL_PAC_WORKER_H
#define AL_PAC_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "pac/lookup.h"

struct al_loop;
struct al_resolver;

#define AL_PAC_CAUSE	111	/* NC-111 */

struct al_pac_worker_opts {
	const char		*name;		/* "alpacon-pac-helper"     */
	const char		*path;		/* absolute                 */
	const uint8_t		*load;		/* the whole LOAD question  */
	size_t			 load_len;
	int64_t			 clock_ms;	/* as in wire.h             */
	unsigned		 cpu_ms, wall_ms;	/* of load, of run  */
	size_t			 rss_max;	/* 0: it sees to it itself  */
	struct al_resolver	*resolver;
	bool			(*lookup)(void *arg, struct al_pac_lookup *l);
	void			*arg;
};

/* What an evaluation, with the load before it if there was one, has given. */
struct al_pac_turn {
	struct al_pac_lookups	 lookups;
	char			**alerts;	/* cleaned */
	size_t			 n_alerts, alerts_len;
	char			 engine[64];
	char			*raw;		/* NULL: err says why */
	bool			 has_fault;	/* then err has only its code */
	struct al_pac_fault	 fault;
	struct al_err		 err;
};

void al_pac_turn_free(struct al_pac_turn *t);	/* NULL is fine */

/*
 * One call for each turn, from the loop; takes t.  It may begin the next one
 * and it may free the worker.
 */
typedef void al_on_turn(void *arg, struct al_pac_turn *t);

/* Keeps what o points to; no process yet. */
struct al_pac_worker *al_pac_worker_new(struct al_loop *loop,
    const struct al_pac_worker_opts *o, al_on_turn *on_turn, void *arg,
    struct al_err *err);
void al_pac_worker_free(struct al_pac_worker *w);	/* NULL is fine */

/* Starts a helper if there is none.  An error makes no call; one at a time. */
enum al_code al_pac_worker_begin(struct al_pac_worker *w, const char *url,
    const char *host, struct al_err *err) AL_MUST_CHECK;
/* Kills the helper; no call. */
void al_pac_worker_stop(struct al_pac_worker *w);

#endif
