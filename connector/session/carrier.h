/* connector/session/carrier.h - WebSocket messages over a stream, on a loop. */
#ifndef AL_SESSION_CARRIER_H
#define AL_SESSION_CARRIER_H

#include <stdbool.h>

#include "connector/base/rng.h"
#include "connector/engine/session.h"
#include "connector/engine/ws.h"
#include "connector/loop/loop.h"
#include "connector/stream/stream.h"

/*
 * Bytes wait in the stream's own buffer only when al_carrier_flush says
 * AGAIN; the owner seals nothing new then.
 */
struct al_carrier {
	struct al_loop		*loop;
	struct al_stream	*stream;
	enum al_ws_role		 role;
	struct al_ws		 ws;
	struct al_rng		 rng;
	struct al_watch		 watch;
	struct al_timer		 timer;		/* the owner's             */
	struct al_leftover	 leftover;	/* once nobody owns it     */
	uint8_t			*rest;		/* of a message, unwritten */
	size_t			 rest_off, rest_len;
};

/* Takes stream, with what it has read too much; a failure leaves it with the
 * caller.  on_ready gets AL_WANT_*. */
struct al_carrier *al_carrier_new(struct al_loop *loop,
    struct al_stream *stream, enum al_ws_role role, struct al_err *err);
void al_carrier_free(struct al_carrier *c);
/* Who is called from now on; on_time NULL: the timer is not used. */
enum al_code al_carrier_own(struct al_carrier *c,
    void (*on_ready)(void *arg, unsigned ready), void (*on_time)(void *arg),
    void *arg, struct al_err *err) AL_MUST_CHECK;

/* One read into the WebSocket's buffer: OK, AGAIN, EOF or an error. */
enum al_code al_carrier_read(struct al_carrier *c, struct al_err *err)
    AL_MUST_CHECK;
/*
 * The next message of the peer (give it back with al_ws_done).  Pings are
 * answered here.  AGAIN: read more.  EOF: a WebSocket Close has come.
 */
enum al_code al_carrier_next(struct al_carrier *c, struct al_block **blk,
    struct al_err *err) AL_MUST_CHECK;

/* Frame and write a message; it may stay in buffers: flush.  AGAIN never
 * comes out of send. */
enum al_code al_carrier_send(struct al_carrier *c, struct al_msg *msg,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_carrier_flush(struct al_carrier *c, struct al_err *err)
    AL_MUST_CHECK;
/* Watch for reading, and for writing if there is something to write. */
void al_carrier_watch(struct al_carrier *c, unsigned want);

/*
 * Say goodbye in the background: WebSocket Close with code, close_notify,
 * read to EOF, 2 s at most.  Frees c.
 */
void al_carrier_linger(struct al_carrier *c, unsigned code, const char *text);

#endif
