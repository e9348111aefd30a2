/* connector/wire/ws_frame.c - WebSocket frame headers and masking. */
#include "connector/wire/ws_frame.h"

#include <string.h>

#include "connector/base/reader.h"

/*
 * RFC 6455 5.2
 *
 *  +-+-----+-------+-+-------------+------------------+----------+
 *  |F| RSV |  op   |M|   len (7)   | len (16 or 64)   | key (32) |
 *  |1|  3  |   4   |1|             | if 126 or 127    | if M     |
 *  +-+-----+-------+-+-------------+------------------+----------+
 */
static enum al_code
broken(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EPROTO, AL_AT_WS, 0, "websocket: %s", why);
}

/* The first two bytes, as soon as they are there. */
static enum al_code
check(const uint8_t *p, enum al_ws_role role, struct al_err *err)
{
	uint8_t op = p[0] & 15, len = p[1] & 127;

	if ((p[0] & 0x70) != 0)
		return broken(err, "a reserved bit is set");
	if ((op > AL_WS_BINARY && op < AL_WS_CLOSE) || op > AL_WS_PONG)
		return broken(err, "an unknown opcode");
	if (al_ws_is_control(op) && (p[0] & 0x80) == 0)
		return broken(err, "a control frame in pieces");
	if (al_ws_is_control(op) && len > AL_WS_CONTROL_MAX)
		return broken(err, "a control frame over 125 bytes");
	if (role == AL_WS_SERVER && (p[1] & 0x80) == 0)
		return broken(err, "a client's frame without mask");
	if (role == AL_WS_CLIENT && (p[1] & 0x80) != 0)
		return broken(err, "a server's frame with mask");
	return AL_OK;
}

enum al_code
al_ws_decode(struct al_ws_frame *f, const uint8_t *p, size_t len,
    enum al_ws_role role, struct al_err *err)
{
	struct al_reader r = al_reader(p, len);
	enum al_code code;

	if (len < 2)
		return AL_AGAIN;
	code = check(p, role, err);
	if (code != AL_OK)
		return code;
	(void)al_read_u16(&r);
	f->op = p[0] & 15;
	f->fin = (p[0] & 0x80) != 0;
	f->masked = (p[1] & 0x80) != 0;
	f->len = p[1] & 127;
	if (f->len == 126) {
		f->len = al_read_u16(&r);
		if (!r.bad && f->len < 126)
			return broken(err, "a length not in its short form");
	} else if (f->len == 127) {
		f->len = al_read_u64(&r);
		if (!r.bad && f->len < 65536)
			return broken(err, "a length not in its short form");
		if (f->len > INT64_MAX)
			return broken(err, "a length over 2^63");
	}
	if (f->masked)
		al_read_into(&r, f->key, 4);
	f->header_len = (uint8_t)(len - r.len);
	return r.bad ? AL_AGAIN : AL_OK;
}

size_t
al_ws_encode(uint8_t out[static AL_WS_HEADER_MAX], const struct al_ws_frame *f)
{
	uint8_t mask = f->masked ? 0x80 : 0;
	size_t n = 2;

	out[0] = (uint8_t)((f->fin ? 0x80 : 0) | f->op);
	if (f->len < 126) {
		out[1] = (uint8_t)(mask | f->len);
	} else if (f->len < 65536) {
		out[1] = mask | 126;
		al_put_u16(out + 2, (uint16_t)f->len);
		n = 4;
	} else {
		out[1] = mask | 127;
		al_put_u64(out + 2, f->len);
		n = 10;
	}
	if (f->masked) {
		memcpy(out + n, f->key, 4);
		n += 4;
	}
	return n;
}

/* 16 bytes that every compiler turns into one vector register. */
typedef uint32_t lanes __attribute__((vector_size(16)));

static inline void
mask_lanes(uint8_t *dst, const uint8_t *src, const lanes *key)
{
	lanes v;

	memcpy(&v, src, sizeof(v));
	v ^= *key;
	memcpy(dst, &v, sizeof(v));
}

void
al_ws_mask(uint8_t *dst, const uint8_t *src, size_t len,
    const uint8_t key[static 4], size_t phase)
{
	uint8_t turned[sizeof(lanes)];
	lanes k;
	size_t i;

	for (i = 0; i < sizeof(turned); i++)
		turned[i] = key[(phase + i) & 3];
	memcpy(&k, turned, sizeof(k));
	for (; len >= 64; len -= 64, src += 64, dst += 64) {
		mask_lanes(dst, src, &k);
		mask_lanes(dst + 16, src + 16, &k);
		mask_lanes(dst + 32, src + 32, &k);
		mask_lanes(dst + 48, src + 48, &k);
	}
	for (; len >= 16; len -= 16, src += 16, dst += 16)
		mask_lanes(dst, src, &k);
	for (i = 0; i < len; i++)
		dst[i] = src[i] ^ turned[i];
}
