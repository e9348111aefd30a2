/* connector/engine/ws.h - WebSocket messages out of bytes, and headers in place. */
#ifndef AL_ENGINE_WS_H
#define AL_ENGINE_WS_H

#include "connector/base/err.h"
#include "connector/engine/block.h"
#include "connector/wire/ws_frame.h"

#define AL_WS_MESSAGE_MAX	65536

/*
 * The receiving half of RFC 6455.  A frame that arrives in one read is handed
 * on in the block that it was read into; one in pieces is put together first.
 */
struct al_ws {
	enum al_ws_role	 role;
	/* private */
	struct al_block	*in;		/* read into; bytes not parsed yet    */
	struct al_block	*rest;		/* what came behind a message         */
	struct al_block	*msg;		/* message in pieces                  */
	struct al_ws_frame frame;	/* whose payload goes into msg        */
	uint64_t	 left;		/* payload bytes still to come        */
	uint32_t	 resume_off, resume_len;	/* of in, behind it   */
	bool		 partial;	/* in a frame that goes into msg      */
	bool		 fragmented;	/* FIN has not come                   */
	uint8_t		 control[AL_WS_CONTROL_MAX];
};

enum al_ws_event_type {
	AL_WS_MESSAGE,		/* block: off, len are the payload            */
	AL_WS_CONTROL		/* op: close, ping, pong; p and len           */
};

struct al_ws_event {
	enum al_ws_event_type	 type;
	uint8_t			 op;
	struct al_block		*block;
	const uint8_t		*p;		/* until the next call */
	size_t			 len;
};

void al_ws_init(struct al_ws *w, enum al_ws_role role);
void al_ws_fini(struct al_ws *w);

/* Where to read to: at least one TLS record of room when nothing is pending;
 * NULL: no memory. */
uint8_t *al_ws_room(struct al_ws *w, size_t *cap);
void al_ws_commit(struct al_ws *w, size_t n);

/*
 * AL_OK: *ev; after AL_WS_MESSAGE call al_ws_done.  AL_AGAIN: more bytes.
 * EPROTO, ELIMIT: answer 1002 or 1009 and end the connection.
 */
enum al_code al_ws_next(struct al_ws *w, struct al_ws_event *ev,
    struct al_err *err) AL_MUST_CHECK;
/* Give the message's block back, or NULL if somebody has taken it, which is
 * allowed from AL_BLOCK_WHOLE bytes on. */
void al_ws_done(struct al_ws *w, struct al_block *b);
/* Nothing is pending: give the memory back. */
void al_ws_trim(struct al_ws *w);

/*
 * A whole control frame at out (room for AL_WS_HEADER_MAX + 125); returns its
 * length.  A client masks with key.
 */
size_t al_ws_put_control(uint8_t *out, enum al_ws_role role, uint8_t op,
    const void *p, size_t len, const uint8_t key[static 4]);

#endif
