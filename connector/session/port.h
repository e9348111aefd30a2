/* connector/session/port.h - a channel joined to local file descriptors. */
#ifndef AL_SESSION_PORT_H
#define AL_SESSION_PORT_H

#include "connector/session/mux.h"

struct al_port;

/* Why and how a port ended.  code 0: both directions ended in order;
 * else a channel code (mux_frame.h) and its text. */
struct al_port_end {
	uint16_t	 code;
	const char	*text;
	bool		 refused;	/* the far side never accepted      */
	int		 fd;		/* refused: the socket, still open
					 * and yours to close; else -1      */
	uint64_t	 bytes_in, bytes_out;	/* from, to the channel     */
};

struct al_port_ops {
	/* Opener's: the far side said ACCEPT.  A socket has had no byte of
	 * ours yet: with AL_PORT_WAIT the owner may write a short greeting
	 * (a SOCKS reply) to it here.  May be NULL. */
	void (*on_ready)(void *arg, struct al_port *p, const char *json);
	/* Once; p is freed when it returns.  Not called by al_port_free. */
	void (*on_end)(void *arg, struct al_port *p,
	    const struct al_port_end *end);
};

#define AL_PORT_WAIT	1u	/* read nothing before ACCEPT has come */

struct al_port_opts {
	int		 rfd, wfd;	/* taken, also on failure; the same
					 * fd twice: a socket              */
	const void	*early;		/* bytes already read from rfd,
					 * sent first; copied; <= 16 KiB   */
	size_t		 early_len;
	unsigned	 flags;
};

/* Open a channel on m and join it. */
struct al_port *al_port_open(struct al_mux *m, const struct al_open *o,
    const struct al_port_opts *opts, const struct al_port_ops *ops, void *arg,
    struct al_err *err);
/* Accept c, which the peer opened, and join it. */
struct al_port *al_port_accept(struct al_mux *m, struct al_chan *c,
    const char *json, const struct al_port_opts *opts,
    const struct al_port_ops *ops, void *arg, struct al_err *err);
/* RESET to the peer, RST to the local socket. */
void al_port_free(struct al_port *p);

#endif
