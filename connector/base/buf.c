/* connector/base/buf.c - a byte queue with a maximum. */
#include "connector/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

void
al_buf_init(struct al_buf *b, size_t max)
{
	*b = (struct al_buf){ .max = max };
}

void
al_buf_fini(struct al_buf *b)
{
	/* Handshakes keep credentials in buffers: leave nothing behind. */
	OPENSSL_clear_free(b->mem, b->cap);
	al_buf_init(b, b->max);
}

void
al_buf_trim(struct al_buf *b)
{
	if (b->start == b->end)
		al_buf_fini(b);
}

static void
move_to_front(struct al_buf *b)
{
	size_t len = al_buf_len(b);

	if (b->start == 0)
		return;
	if (len > 0)
		memmove(b->mem, b->mem + b->start, len);
	b->start = 0;
	b->end = len;
}

uint8_t *
al_buf_reserve(struct al_buf *b, size_t len)
{
	size_t have = al_buf_len(b), cap;
	uint8_t *mem;

	if (len > b->max || have > b->max - len)
		return NULL;
	if (b->mem != NULL && b->cap - b->end >= len)
		return b->mem + b->end;
	if (b->cap >= have + len && b->mem != NULL) {
		move_to_front(b);
		return b->mem + b->end;
	}
	for (cap = b->cap ? b->cap : 256; cap < have + len; cap *= 2)
		;
	if (cap > b->max)
		cap = b->max;
	mem = malloc(cap ? cap : 1);
	if (mem == NULL)
		return NULL;
	if (have > 0)
		memcpy(mem, b->mem + b->start, have);
	OPENSSL_clear_free(b->mem, b->cap);
	b->mem = mem;
	b->cap = cap;
	b->start = 0;
	b->end = have;
	return mem + have;
}

void
al_buf_commit(struct al_buf *b, size_t len)
{
	b->end += len;
}

void
al_buf_drain(struct al_buf *b, size_t len)
{
	if (len >= al_buf_len(b))
		b->start = b->end = 0;
	else
		b->start += len;
}

enum al_code
al_buf_put(struct al_buf *b, const void *p, size_t len)
{
	uint8_t *to;

	if (len == 0)
		return AL_OK;
	to = al_buf_reserve(b, len);
	if (to == NULL)
		return len > b->max || al_buf_len(b) > b->max - len ?
		    AL_ELIMIT : AL_ENOMEM;
	memcpy(to, p, len);
	b->end += len;
	return AL_OK;
}

enum al_code
al_buf_puts(struct al_buf *b, const char *s)
{
	return al_buf_put(b, s, strlen(s));
}

enum al_code
al_buf_printf(struct al_buf *b, const char *fmt, ...)
{
	va_list ap;
	uint8_t *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return AL_ELIMIT;
	to = al_buf_reserve(b, (size_t)n + 1);	/* vsnprintf ends with NUL */
	if (to == NULL)
		return AL_ELIMIT;
	va_start(ap, fmt);
	(void)vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->end += (size_t)n;
	return AL_OK;
}
