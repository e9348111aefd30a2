/* connector/engine/block.h - bytes that travel by changing hands. */
#ifndef AL_ENGINE_BLOCK_H
#define AL_ENGINE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

/*
 * A WebSocket message fills one TLS record together with its masked header
 * of 8 bytes; a record of the ring leaves room in it for one ACK frame, so
 * that acknowledging never costs a message of its own.
 */
#define AL_TLS_RECORD	16384
#define AL_MSG_MAX	(AL_TLS_RECORD - 8)
#define AL_ACK_LEN	20			/* frame header and body */
#define AL_RECORD_MAX	(AL_MSG_MAX - AL_ACK_LEN)
#define AL_DATA_MAX	(AL_RECORD_MAX - 8)
#define AL_HEADROOM	64	/* kept free in front: ws header, ACK, mux header */
#define AL_BLOCK_WHOLE	2048	/* fewer bytes are copied, never handed over:
				 * a small frame must not pin a large block */

/*
 * One owner at a time: reader, channel queue, ring.  data + off is the first
 * byte held; the bytes before it, down to data, may be overwritten by the
 * owner (headers are put there in place).
 */
struct al_block {
	struct al_block	*next;
	uint64_t	 pos;		/* ring: position of the first byte */
	uint64_t	 sent_us;	/* ring: first sent then; 0: no sample */
	uint32_t	 cap;		/* bytes of data[]                  */
	uint32_t	 off, len;
	uint8_t		 data[];
};

/* Room for len bytes behind AL_HEADROOM; NULL when memory is out. */
struct al_block *al_block_new(size_t len);
void al_block_free(struct al_block *b);			/* NULL is fine */
void al_block_free_list(struct al_block *b);

static inline uint8_t *
al_block_head(struct al_block *b)
{
	return b->data + b->off;
}

#endif
