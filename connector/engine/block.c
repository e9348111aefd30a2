/* connector/engine/block.c - bytes that travel by changing hands. */
#include "connector/engine/block.h"

#include <stdlib.h>

struct al_block *
al_block_new(size_t len)
{
	struct al_block *b;

	if (len > UINT32_MAX - AL_HEADROOM - sizeof(*b))
		return NULL;
	b = malloc(sizeof(*b) + AL_HEADROOM + len);
	if (b == NULL)
		return NULL;
	b->next = NULL;
	b->pos = b->sent_us = 0;
	b->cap = (uint32_t)(AL_HEADROOM + len);
	b->off = AL_HEADROOM;
	b->len = 0;
	return b;
}

void
al_block_free(struct al_block *b)
{
	free(b);
}

void
al_block_free_list(struct al_block *b)
{
	while (b != NULL) {
		struct al_block *next = b->next;

		free(b);
		b = next;
	}
}
