/* proxy/listen.h - what a client of our one local port asks for. */
#ifndef AL_PROXY_LISTEN_H
#define AL_PROXY_LISTEN_H

#include "connector/base/addr.h"
#include "connector/base/hs.h"
#include "connector/wire/mux_frame.h"

enum al_listen_kind {
	AL_LISTEN_UNKNOWN,	/* no byte has come yet          */
	AL_LISTEN_SOCKS4,	/* and 4a                        */
	AL_LISTEN_SOCKS5,	/* without a login, CONNECT only */
	AL_LISTEN_HTTP		/* CONNECT only                  */
};

/* The first byte tells which protocol it is. */
struct al_listen {
	enum al_listen_kind	kind;
	char			host[AL_HOST_MAX + 1];	/* as al_hostport_parse */
	uint16_t		port;
	/* private */
	int			greeted;	/* SOCKS5: the method is chosen */
};

/* What "in" must be able to hold. */
#define AL_LISTEN_IN_MAX	(16 * 1024)

/*
 * Bytes of the client from in, answers to out.  MORE: flush out and read on.
 * DONE: host and port are known; what is left in "in" is for them; end with
 * accept or refuse.  FAIL: it asked for what is not there; flush out, which
 * tells it so, and close; err says it too, stage local.
 */
enum al_hs al_listen_step(struct al_listen *l, struct al_buf *in,
    struct al_buf *out, struct al_err *err);
/* The client has closed: the sentence for the log. */
void al_listen_eof(const struct al_listen *l, struct al_err *err);

/* Tell the client that the way is open. */
enum al_code al_listen_accept(const struct al_listen *l, struct al_buf *out,
    struct al_err *err) AL_MUST_CHECK;
/*
 * Tell it why not: a SOCKS reply, or an HTTP status with text, which is
 * cleaned, as its page.  Flush out and close.
 */
enum al_code al_listen_refuse(const struct al_listen *l,
    enum al_chan_code code, const char *text, struct al_buf *out,
    struct al_err *err) AL_MUST_CHECK;

const char *al_listen_kind_name(enum al_listen_kind kind);

#endif
