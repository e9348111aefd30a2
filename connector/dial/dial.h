/* connector/dial/dial.h - reach host:port along a route. */
#ifndef AL_DIAL_DIAL_H
#define AL_DIAL_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/base/hs.h"
#include "connector/stream/stream.h"
#include "connector/stream/tls.h"
#include "proxy/route.h"

struct al_loop;
struct al_memory;
struct al_resolver;
struct al_dial;		/* one attempt; dies when it has reported */

/*
 * A step begins, ends well, or ends with err.  what is the address or name it
 * is about.  Netcheck's waterfall and the debug log are made of these.  A TCP
 * connect that lost the race to another address has no end.
 */
enum al_step_state { AL_STEP_BEGIN, AL_STEP_OK, AL_STEP_FAIL };

struct al_step {
	enum al_stage		 stage;	/* dns, tcp, proxy, tls           */
	enum al_step_state	 state;
	unsigned		 route;	/* index of the alternative       */
	unsigned		 hop;	/* 0..n-1: a proxy; n: the target */
	const char		*what;	/* "proxy.corp:3128", "10.1.2.3:3128" */
	const char		*note;	/* more, when OK, or NULL: the
					 * addresses; "TLSv1.3 TLS_AES_..." */
	const struct al_err	*err;
};

/* What proxies are told; a workspace's, for all its dials. */
struct al_dial_login {
	struct al_memory	*memory;	/* outlives the dials; NULL:
						 * nothing is remembered    */
	unsigned		 schemes;	/* AL_AUTH_BIT; 0: all      */
	/* Kerberos; NULL: HTTP@proxy, what the system has, our helper. */
	const char		*spn, *ccache, *keytab, *gss_helper;
	const char		*user_agent;	/* in CONNECT; NULL: ours   */
};

struct al_dial_opts {
	const char		*host;		/* name or literal          */
	uint16_t		 port;
	const struct al_route	*route;		/* NULL: direct             */
	struct al_tls_ctx	*tls;		/* end to end; NULL: bytes  */
	struct al_tls_ctx	*proxy_tls;	/* for https proxies        */
	const struct al_dial_login *login;	/* NULL: all default        */
	unsigned		 resolve_flags;	/* AL_RESOLVE_*: for the target */
	unsigned		 connect_ms;	/* of one hop; 0: 10,000    */
	unsigned		 proxy_ms;	/* 0: 15,000                */
	unsigned		 tls_ms;	/* 0: 15,000                */
	/* Asked before each TCP connect to the target on a direct route:
	 * false refuses the address (policy).  NULL: all are allowed. */
	bool			(*allow_addr)(void *arg,
				    const struct al_addr *a);
	void			(*on_step)(void *arg, const struct al_step *s);
	/* Of the two above, none of which may cancel the attempt. */
	void			*arg;
};

/*
 * Alternatives are tried in order; one that failed within the last 5 minutes
 * (login->memory) comes last.  Not found, not connected, no
 * TLS with the proxy, no or a broken answer, 5xx, a timeout: the next one.
 * Refused by a proxy's policy, credentials refused, the target's certificate,
 * our own policy: that is the answer.  When all have failed, err is the most
 * telling failure and its text names the others as well.
 *
 * Exactly one call, always from the loop.  On success err is NULL and the
 * open stream belongs to you; route is the index of the alternative that
 * worked.  The stream has no watcher on its fd any more.
 */
typedef void al_on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err);

/* Copies what it needs; the tls contexts must outlive the attempt. */
struct al_dial *al_dial_start(struct al_loop *loop, struct al_resolver *r,
    const struct al_dial_opts *opts, al_on_dial *on_dial, void *arg,
    struct al_err *err);

/* Give up: on_dial will not be called. */
void al_dial_cancel(struct al_dial *d);

/*
 * Run a handshake machine on an open stream (the WebSocket upgrade): takes s
 * and the machine, also on failure.  on_dial gets a stream whose first bytes
 * are what the machine left over.  timeout_ms 0: 15,000.
 */
struct al_dial *al_handshake_start(struct al_loop *loop, struct al_stream *s,
    struct al_machine machine, unsigned timeout_ms, al_on_dial *on_dial,
    void *arg, struct al_err *err);

#endif
