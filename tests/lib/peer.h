/* tests/lib/peer.h - scripted servers on a loop: expect, send, close. */
#ifndef AL_TEST_PEER_H
#define AL_TEST_PEER_H

#include "connector/loop/loop.h"
#include "connector/stream/tls.h"

enum peer_op {
	PEER_EXPECT,	/* read until text has come, and no further       */
	PEER_SKIP,	/* len bytes, whatever they are                    */
	PEER_SEND,
	PEER_SHUT,	/* half-close                                      */
	PEER_CLOSE,
	PEER_RESET,
	PEER_STALL,	/* nothing more, for ever                          */
	PEER_TLS,	/* accept TLS on top of what there is              */
	PEER_RELAY,	/* join with a new connection to peer_to           */
	PEER_ECHO	/* send back what comes, and the end               */
};

struct peer_line {
	enum peer_op	 op;
	const char	*text;
	size_t		 len;
};

#define EXPECT(s)	{ PEER_EXPECT, s, sizeof(s) - 1 }
#define SKIP(n)		{ PEER_SKIP, NULL, n }
#define SEND(s)		{ PEER_SEND, s, sizeof(s) - 1 }
#define SHUT		{ PEER_SHUT, NULL, 0 }
#define CLOSE		{ PEER_CLOSE, NULL, 0 }
#define RESET		{ PEER_RESET, NULL, 0 }
#define STALL		{ PEER_STALL, NULL, 0 }
#define TLS		{ PEER_TLS, NULL, 0 }
#define RELAY		{ PEER_RELAY, NULL, 0 }
#define ECHO		{ PEER_ECHO, NULL, 0 }

#define PEER_LINES_MAX	12

/* What one connection does; after the last line it closes. */
struct peer_script {
	struct peer_line	lines[PEER_LINES_MAX];
	size_t			n;
};

struct peer;

/* The nth connection plays the nth script, all others the last one. */
struct peer *peer_new(struct al_loop *loop, const struct peer_script *scripts,
    size_t n);
void peer_free(struct peer *p);
uint16_t peer_port(const struct peer *p);	/* on 127.0.0.1 */
void peer_set_tls(struct peer *p, struct al_tls_ctx *ctx);
void peer_set_relay(struct peer *p, uint16_t to_port);
/* Connections so far, and those that heard something else or were cut. */
unsigned peer_accepted(const struct peer *p);
unsigned peer_surprised(const struct peer *p);

/* A port where nobody listens, and one that never answers; fds to close. */
uint16_t peer_dead_port(int fds[2]);
uint16_t peer_silent_port(int fds[2]);

#endif
