/* connector/gatewayd/edge.h - a connection until it is known who it is. */
#ifndef AL_GATEWAYD_EDGE_H
#define AL_GATEWAYD_EDGE_H

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/engine/upgrade.h"
#include "connector/loop/loop.h"
#include "connector/stream/stream.h"
#include "connector/stream/tls.h"

/*
 * TLS, one HTTP request, one answer.  All of it has one deadline, so that a
 * byte now and then keeps nobody here, and needs 8 KiB beside TLS.
 */
struct al_edge;

struct al_edge_ops {
	/* The request is here: call al_edge_reply or al_edge_accept before
	 * returning (neither: 500).  r is valid until return. */
	void (*on_request)(void *arg, struct al_edge *e,
	    const struct al_upgrade_request *r);
	/*
	 * Once; e is gone when it returns.  s, if not NULL, is the WebSocket
	 * that al_edge_accept has promised, with its 101 written; it is
	 * yours.  why, if not NULL: the client got no answer, or broke HTTP.
	 */
	void (*on_end)(void *arg, struct al_edge *e, struct al_stream *s,
	    const struct al_err *why);
};

struct al_edge_opts {
	struct al_tls_ctx	*tls;		/* NULL: plain             */
	const struct al_addr	*peer;
	unsigned		 timeout_ms;	/* until the answer is out */
};

/* Takes fd, a connected non-blocking socket, also on failure. */
struct al_edge *al_edge_start(struct al_loop *loop, int fd,
    const struct al_edge_opts *o, const struct al_edge_ops *ops, void *arg,
    struct al_err *err);
/* on_end is not called. */
void al_edge_free(struct al_edge *e);

const struct al_addr *al_edge_peer(const struct al_edge *e);

/* Inside on_request.  retry_after_s 0: not told. */
void al_edge_reply(struct al_edge *e, int status, const char *reason,
    unsigned retry_after_s, const char *body);
/* The request is a broken upgrade: 426 or 400, and why. */
void al_edge_refuse_broken(struct al_edge *e);
/* 101 with this subprotocol.  */
void al_edge_accept(struct al_edge *e, const char *protocol);

#endif
