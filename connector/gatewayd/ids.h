/* connector/gatewayd/ids.h - the sessions that are here, by their ids. */
#ifndef AL_GATEWAYD_IDS_H
#define AL_GATEWAYD_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/wire/mux_frame.h"

/* Embedded in what is looked for; zeroed: in no table. */
struct al_id {
	struct al_id	*next;			/* in its row */
	struct al_ids	*ids;			/* NULL: in none */
	uint8_t		 id[AL_SESSION_ID_LEN];
};

/* One look, however many there are. */
struct al_ids {
	struct al_id	**rows;
	size_t		  n_rows, n;
};

enum al_code al_ids_init(struct al_ids *t, struct al_err *err) AL_MUST_CHECK;
/* All have been taken out. */
void al_ids_fini(struct al_ids *t);

/* e->id is filled, random, and not in the table. */
void al_ids_put(struct al_ids *t, struct al_id *e);
/* One that is in no table is fine. */
void al_ids_take_out(struct al_id *e);
/* NULL: not there. */
struct al_id *al_ids_find(const struct al_ids *t,
    const uint8_t id[static AL_SESSION_ID_LEN]);

#endif
