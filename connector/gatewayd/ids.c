/* connector/gatewayd/ids.c - the sessions that are here, by their ids. */
#include "connector/gatewayd/ids.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROWS	64u	/* a power of two */

enum al_code
al_ids_init(struct al_ids *t, struct al_err *err)
{
	t->n = 0;
	t->n_rows = FIRST_ROWS;
	t->rows = calloc(FIRST_ROWS, sizeof(struct al_id *));
	return t->rows != NULL ? AL_OK : al_fail_nomem(err, AL_AT_LOCAL);
}

void
al_ids_fini(struct al_ids *t)
{
	free(t->rows);
	t->rows = NULL;
}

/*
 * We have drawn the ids, so their own bits are as good as any hash of them,
 * and whoever asks for an id of his own choice finds a row and changes none.
 * Not the first bytes: they may name the gateway one day (PROTOCOL 3.12).
 */
static struct al_id **
row_of(const struct al_ids *t, const uint8_t *id)
{
	uint64_t h;

	memcpy(&h, id + AL_SESSION_ID_LEN - sizeof(h), sizeof(h));
	return &t->rows[h & (t->n_rows - 1)];
}

/* Without memory the rows just get longer. */
static void
grow(struct al_ids *t)
{
	struct al_id **old = t->rows, *e, **row;
	size_t i, n = t->n_rows;

	t->rows = calloc(2 * n, sizeof(struct al_id *));
	if (t->rows == NULL) {
		t->rows = old;
		return;
	}
	t->n_rows = 2 * n;
	for (i = 0; i < n; i++)
		while ((e = old[i]) != NULL) {
			old[i] = e->next;
			row = row_of(t, e->id);
			e->next = *row;
			*row = e;
		}
	free(old);
}

void
al_ids_put(struct al_ids *t, struct al_id *e)
{
	struct al_id **row;

	if (t->n >= t->n_rows)
		grow(t);
	row = row_of(t, e->id);
	e->ids = t;
	e->next = *row;
	*row = e;
	t->n++;
}

void
al_ids_take_out(struct al_id *e)
{
	struct al_id **at;

	if (e->ids == NULL)
		return;
	at = row_of(e->ids, e->id);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	e->ids->n--;
	e->ids = NULL;
}

struct al_id *
al_ids_find(const struct al_ids *t,
    const uint8_t id[static AL_SESSION_ID_LEN])
{
	struct al_id *e = *row_of(t, id);

	while (e != NULL && memcmp(e->id, id, AL_SESSION_ID_LEN) != 0)
		e = e->next;
	return e;
}
