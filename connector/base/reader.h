/* connector/base/reader.h - big-endian bytes, read and written within bounds. */
#ifndef AL_BASE_READER_H
#define AL_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
al_get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
al_get_u32(const uint8_t *p)
{
	return (uint32_t)al_get_u16(p) << 16 | al_get_u16(p + 2);
}

static inline uint64_t
al_get_u64(const uint8_t *p)
{
	return (uint64_t)al_get_u32(p) << 32 | al_get_u32(p + 4);
}

static inline void
al_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
al_put_u32(uint8_t *p, uint32_t v)
{
	al_put_u16(p, (uint16_t)(v >> 16));
	al_put_u16(p + 2, (uint16_t)v);
}

static inline void
al_put_u64(uint8_t *p, uint64_t v)
{
	al_put_u32(p, (uint32_t)(v >> 32));
	al_put_u32(p + 4, (uint32_t)v);
}

/*
 * Reads from the front.  Reading past the end sets bad, which stays, and
 * gives zeros (NULL for bytes): check bad once, at the end.
 */
struct al_reader {
	const uint8_t	*p;
	size_t		 len;		/* bytes left */
	bool		 bad;
};

static inline struct al_reader
al_reader(const void *p, size_t len)
{
	return (struct al_reader){ .p = p, .len = len };
}

static inline const uint8_t *
al_read_bytes(struct al_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > r->len) {
		r->bad = true;
		r->len = 0;
		return NULL;
	}
	if (n > 0)
		r->p += n;
	r->len -= n;
	return p;
}

static inline uint8_t
al_read_u8(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 1);

	return p != NULL ? *p : 0;
}

static inline uint16_t
al_read_u16(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 2);

	return p != NULL ? al_get_u16(p) : 0;
}

static inline uint32_t
al_read_u24(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 3);

	return p != NULL ? (uint32_t)p[0] << 16 | al_get_u16(p + 1) : 0;
}

static inline uint32_t
al_read_u32(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 4);

	return p != NULL ? al_get_u32(p) : 0;
}

static inline uint64_t
al_read_u64(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 8);

	return p != NULL ? al_get_u64(p) : 0;
}

/* n bytes into out; zeros when they are not there. */
static inline void
al_read_into(struct al_reader *r, void *out, size_t n)
{
	const uint8_t *p = al_read_bytes(r, n);

	if (p != NULL && n > 0)
		memcpy(out, p, n);
	else if (n > 0)
		memset(out, 0, n);
}

/* The next n bytes as a reader of their own. */
static inline struct al_reader
al_read_part(struct al_reader *r, size_t n)
{
	const uint8_t *p = al_read_bytes(r, n);

	return (struct al_reader){ p, p != NULL ? n : 0, r->bad };
}

/* Writes at p + len.  What does not fit sets bad, which stays. */
struct al_writer {
	uint8_t	*p;
	size_t	 len, cap;
	bool	 bad;
};

static inline struct al_writer
al_writer(void *p, size_t cap)
{
	return (struct al_writer){ .p = p, .cap = cap };
}

/* Room for n bytes, counted as written; NULL when they do not fit. */
static inline uint8_t *
al_write_room(struct al_writer *w, size_t n)
{
	uint8_t *p = w->p;

	if (w->bad || n > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	p += w->len;
	w->len += n;
	return p;
}

static inline void
al_write_bytes(struct al_writer *w, const void *from, size_t n)
{
	uint8_t *p = n > 0 ? al_write_room(w, n) : NULL;

	if (p != NULL)
		memcpy(p, from, n);
}

static inline void
al_write_u8(struct al_writer *w, uint8_t v)
{
	uint8_t *p = al_write_room(w, 1);

	if (p != NULL)
		*p = v;
}

static inline void
al_write_u16(struct al_writer *w, uint16_t v)
{
	uint8_t *p = al_write_room(w, 2);

	if (p != NULL)
		al_put_u16(p, v);
}

static inline void
al_write_u32(struct al_writer *w, uint32_t v)
{
	uint8_t *p = al_write_room(w, 4);

	if (p != NULL)
		al_put_u32(p, v);
}

static inline void
al_write_u64(struct al_writer *w, uint64_t v)
{
	uint8_t *p = al_write_room(w, 8);

	if (p != NULL)
		al_put_u64(p, v);
}

#endif
