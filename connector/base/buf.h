/* connector/base/buf.h - a byte queue with a maximum. */
#ifndef AL_BASE_BUF_H
#define AL_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

/*
 * Bytes are put at the end and drained from the front.  Grows as needed up
 * to max bytes; owns no memory while it is empty and has been trimmed.
 */
struct al_buf {
	uint8_t	*mem;
	size_t	 start, end, cap;
	size_t	 max;
};

void al_buf_init(struct al_buf *b, size_t max);
void al_buf_fini(struct al_buf *b);	/* wipes, frees; may be used again */
void al_buf_trim(struct al_buf *b);	/* gives the memory back if empty */

static inline size_t
al_buf_len(const struct al_buf *b)
{
	return b->end - b->start;
}

/* The bytes held; valid until the next call that changes b. */
static inline uint8_t *
al_buf_head(const struct al_buf *b)
{
	/* NULL + 0 is undefined in C, and clang's sanitizer says so */
	return b->start > 0 ? b->mem + b->start : b->mem;
}

/*
 * Room for len more bytes at the end, without counting them yet: write there,
 * then al_buf_commit.  NULL when len does not fit max or memory is out.
 */
uint8_t *al_buf_reserve(struct al_buf *b, size_t len);
void al_buf_commit(struct al_buf *b, size_t len);

/* Forget the first len bytes (at most all of them). */
void al_buf_drain(struct al_buf *b, size_t len);

/* AL_OK, or AL_ELIMIT or AL_ENOMEM and b is as it was. */
enum al_code al_buf_put(struct al_buf *b, const void *p, size_t len)
    AL_MUST_CHECK;
enum al_code al_buf_puts(struct al_buf *b, const char *s) AL_MUST_CHECK;
enum al_code al_buf_printf(struct al_buf *b, const char *fmt, ...)
    AL_PRINTF(2, 3) AL_MUST_CHECK;

#endif
