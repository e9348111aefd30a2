/* alpacon/session.h - one connection to a workspace host, many channels. */
#ifndef ALPACON_SESSION_H
#define ALPACON_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <alpacon/dial.h>

#ifdef __cplusplus
extern "C" {
#endif

struct alpacon_session;
struct alpacon_incoming;	/* a channel that the other side wants */

struct alpacon_session_opts {
	size_t			size;	/* sizeof(struct alpacon_session_opts) */
	const char		*url;	/* "https://acme.us1.alpacon.io"    */
	/* Who we are: a connector (id and key) or an operator (token). */
	const char		*id, *key, *token;
	struct alpacon_proxies	proxies;
	const char		*ca_file;	/* instead of the system's store */
	const char		*software;	/* "name/1.0", told to the host */
};
#define ALPACON_SESSION_OPTS_INIT { .size = sizeof(struct alpacon_session_opts) }

struct alpacon_session_ops {
	/* Channels can be opened now: after each on_down, and after the host
	 * has asked for another session, in which new channels go, while those
	 * that are open go on in the old one (is_up says no meanwhile).  A
	 * connection that is lost is not told: the session and its channels
	 * wait for the next one, and not a byte is missing. */
	void (*on_up)(void *arg, struct alpacon_session *s);
	/* The attempt failed or the session was lost, and its channels with
	 * it; tried again in retry_ms, with full jitter up to 60 s. */
	void (*on_down)(void *arg, struct alpacon_session *s,
	    const struct alpacon_err *why, uint64_t retry_ms);
	/* Answer with accept or refuse, now or later; kind and json ("tcp",
	 * {"server","target"}) are valid until return.  NULL: all are
	 * refused. */
	void (*on_incoming)(void *arg, struct alpacon_session *s,
	    struct alpacon_incoming *in, const char *kind, const char *json);
	/* The other side no longer wants it; in is dead. */
	void (*on_incoming_gone)(void *arg, struct alpacon_incoming *in);
};

/* Copies opts, keeps ops.  Connects, and again after each loss, until freed. */
struct alpacon_session *alpacon_session_start(struct alpacon_loop *loop,
    const struct alpacon_session_opts *opts,
    const struct alpacon_session_ops *ops, void *arg,
    struct alpacon_err *err);
/* Drops the connection at once; streams of its channels break. */
void alpacon_session_free(struct alpacon_session *s);
int alpacon_session_is_up(const struct alpacon_session *s);

/*
 * Operator: reach target ("host:port") from server.  on_open as for a dial:
 * exactly one call, when the far side has answered; err->status is the code
 * of a refusal.
 */
struct alpacon_open;
struct alpacon_open *alpacon_channel_open(struct alpacon_session *s,
    const char *server, const char *target, alpacon_on_dial *on_open,
    void *arg, struct alpacon_err *err);
void alpacon_channel_cancel(struct alpacon_open *o);

/* NULL: no memory, in is refused. */
struct alpacon_stream *alpacon_incoming_accept(struct alpacon_incoming *in,
    struct alpacon_err *err);
/* code: PROTOCOL's, see alpacon-protocol(7): 1 denied, 3 refused, ... */
void alpacon_incoming_refuse(struct alpacon_incoming *in, unsigned code,
    const char *text);

#ifdef __cplusplus
}
#endif
#endif
