/* connector/gatewayd/registry.c - who is here: principals and their routes. */
#include "connector/gatewayd/registry.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

#define FIRST_ROWS	64u	/* a power of two */

struct al_registry {
	struct al_principal	**rows;
	size_t			 n_rows, n;
};

struct al_registry *
al_registry_new(struct al_err *err)
{
	struct al_registry *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->rows = calloc(FIRST_ROWS, sizeof(struct al_principal *));
	if (r == NULL || r->rows == NULL) {
		free(r);
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	r->n_rows = FIRST_ROWS;
	return r;
}

void
al_registry_free(struct al_registry *r)
{
	if (r == NULL)
		return;
	free(r->rows);
	free(r);
}

/* FNV-1a: ids are ours, nobody outside chooses them. */
static struct al_principal **
row_of(const struct al_registry *r, const char *id)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *id != '\0'; id++)
		h = (h ^ (uint8_t)*id) * UINT64_C(1099511628211);
	return &r->rows[(h ^ h >> 32) & (r->n_rows - 1)];
}

/* Without memory the rows just get longer. */
static void
grow(struct al_registry *r)
{
	struct al_principal **old = r->rows, *p, **row;
	size_t i, n = r->n_rows;

	r->rows = calloc(2 * n, sizeof(struct al_principal *));
	if (r->rows == NULL) {
		r->rows = old;
		return;
	}
	r->n_rows = 2 * n;
	for (i = 0; i < n; i++)
		while ((p = old[i]) != NULL) {
			old[i] = p->next;
			row = row_of(r, p->id);
			p->next = *row;
			*row = p;
		}
	free(old);
}

struct al_principal *
al_registry_find(struct al_registry *r, enum al_identity_kind kind,
    const char *id)
{
	struct al_principal *p;

	for (p = *row_of(r, id); p != NULL; p = p->next)
		if (p->kind == kind && strcmp(p->id, id) == 0)
			return p;
	return NULL;
}

static void
principal_free(struct al_principal *p)
{
	free(p->id);
	free(p->name);
	free(p);
}

struct al_principal *
al_principal_hold(struct al_registry *r, enum al_identity_kind kind,
    const char *id, const char *name, struct al_err *err)
{
	struct al_principal *p = al_registry_find(r, kind, id), **row;

	if (p != NULL) {
		p->refs++;
		return p;
	}
	p = calloc(1, sizeof(*p));
	if (p != NULL) {
		p->id = al_str_dup(id, strlen(id));
		p->name = al_str_dup(name, strlen(name));
	}
	if (p == NULL || p->id == NULL || p->name == NULL) {
		if (p != NULL)
			principal_free(p);
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	if (r->n >= r->n_rows)
		grow(r);
	row = row_of(r, id);
	p->registry = r;
	p->refs = 1;
	p->kind = kind;
	p->next = *row;
	*row = p;
	r->n++;
	return p;
}

void
al_principal_drop(struct al_principal *p)
{
	struct al_principal **at;

	if (p == NULL || --p->refs > 0)
		return;
	at = row_of(p->registry, p->id);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->registry->n--;
	principal_free(p);
}
