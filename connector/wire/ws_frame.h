/* connector/wire/ws_frame.h - WebSocket frame headers and masking. */
#ifndef AL_WIRE_WS_FRAME_H
#define AL_WIRE_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

enum al_ws_op {
	AL_WS_CONT = 0,
	AL_WS_TEXT = 1,
	AL_WS_BINARY = 2,
	AL_WS_CLOSE = 8,
	AL_WS_PING = 9,
	AL_WS_PONG = 10
};

enum al_ws_role { AL_WS_CLIENT, AL_WS_SERVER };

#define AL_WS_HEADER_MAX	14
#define AL_WS_CONTROL_MAX	125	/* payload of close, ping, pong */

struct al_ws_frame {
	uint64_t	len;		/* payload                         */
	uint8_t		op;		/* enum al_ws_op                   */
	bool		fin, masked;
	uint8_t		key[4];		/* if masked                       */
	uint8_t		header_len;	/* decoded: bytes of the header    */
};

static inline bool
al_ws_is_control(uint8_t op)
{
	return (op & 8) != 0;
}

/*
 * Reads a header that role receives: a client takes unmasked frames only, a
 * server masked ones only.  AL_AGAIN: more bytes are needed.  EPROTO: what
 * RFC 6455 5.2 and 5.5 forbid.
 */
enum al_code al_ws_decode(struct al_ws_frame *f, const uint8_t *p, size_t len,
    enum al_ws_role role, struct al_err *err) AL_MUST_CHECK;

/* Writes f's header in the shortest form; returns its length. */
size_t al_ws_encode(uint8_t out[static AL_WS_HEADER_MAX],
    const struct al_ws_frame *f);

/* Length of the header in front of len bytes. */
static inline size_t
al_ws_header_len(uint64_t len, bool masked)
{
	return (len < 126 ? 2u : len < 65536 ? 4u : 10u) + (masked ? 4u : 0u);
}

/*
 * Mask or unmask len bytes from src to dst (which may be src).  phase is the
 * position of the first byte in its payload.
 */
void al_ws_mask(uint8_t *dst, const uint8_t *src, size_t len,
    const uint8_t key[static 4], size_t phase);

#endif
