/* connector/base/le.h - little-endian bytes, as Microsoft writes them. */
#ifndef AL_BASE_LE_H
#define AL_BASE_LE_H

#include "connector/base/reader.h"

static inline uint16_t
al_get_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t
al_get_le32(const uint8_t *p)
{
	return (uint32_t)al_get_le16(p + 2) << 16 | al_get_le16(p);
}

static inline void
al_put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void
al_put_le32(uint8_t *p, uint32_t v)
{
	al_put_le16(p, (uint16_t)v);
	al_put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline void
al_put_le64(uint8_t *p, uint64_t v)
{
	al_put_le32(p, (uint32_t)v);
	al_put_le32(p + 4, (uint32_t)(v >> 32));
}

/* Reads and writes as in reader.h: out of bounds sets bad. */
static inline uint16_t
al_read_le16(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 2);

	return p != NULL ? al_get_le16(p) : 0;
}

static inline uint32_t
al_read_le32(struct al_reader *r)
{
	const uint8_t *p = al_read_bytes(r, 4);

	return p != NULL ? al_get_le32(p) : 0;
}

static inline void
al_write_le16(struct al_writer *w, uint16_t v)
{
	uint8_t *p = al_write_room(w, 2);

	if (p != NULL)
		al_put_le16(p, v);
}

static inline void
al_write_le32(struct al_writer *w, uint32_t v)
{
	uint8_t *p = al_write_room(w, 4);

	if (p != NULL)
		al_put_le32(p, v);
}

static inline void
al_write_le64(struct al_writer *w, uint64_t v)
{
	uint8_t *p = al_write_room(w, 8);

	if (p != NULL)
		al_put_le64(p, v);
}

#endif
