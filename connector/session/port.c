/* connector/session/port.c - a channel joined to local file descriptors. */
#include "connector/session/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "connector/loop/loop.h"
#include "connector/stream/stream.h"

#define SPANS	16

struct al_port {
	struct al_end		 end;		/* first */
	const struct al_port_ops *ops;
	void			*arg;
	int			 rfd, wfd;
	bool			 is_socket, waiting, reading, accepted;
	bool			 stalled;	/* bytes, and no credit       */
	bool			 in_done;	/* our FIN is out              */
	bool			 out_done;	/* the peer's FIN is delivered */
	bool			 want_write;
	struct al_watch		 watch;		/* of rfd; a socket's both ways */
	struct al_watch		*out_watch;	/* of wfd, if it is another    */
	uint8_t			*early;
	size_t			 early_off, early_len;
	uint64_t		 bytes_in, bytes_out;
};

static void
port_destroy(struct al_port *p)
{
	al_watch_fini(&p->watch);
	if (p->out_watch != NULL)
		al_watch_fini(p->out_watch);
	free(p->out_watch);
	if (p->rfd >= 0)
		(void)close(p->rfd);
	if (p->wfd >= 0 && p->wfd != p->rfd)
		(void)close(p->wfd);
	free(p->early);
	free(p);
}

static void
watch(struct al_port *p)
{
	unsigned in = p->reading ? AL_WANT_READ : 0;
	unsigned out = p->want_write ? AL_WANT_WRITE : 0;

	/* no byte can be taken now, but a reset must not wait for credit */
	if (p->is_socket && in == 0 && out == 0 && p->stalled)
		in = AL_WANT_HANGUP;
	if (p->out_watch == NULL) {
		al_watch_set(&p->watch, in | out);
		return;
	}
	al_watch_set(&p->watch, in);
	al_watch_set(p->out_watch, out);
}

/* The close of the local socket will be a RST: what was cut must not look
 * complete. */
static void
set_reset(const struct al_port *p)
{
	const struct linger now = { .l_onoff = 1 };

	if (p->is_socket)
		(void)setsockopt(p->rfd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
}

/* The channel is left already; the owner hears of it and p is gone. */
static void
finish(struct al_port *p, uint16_t code, const char *text, bool refused)
{
	struct al_port_end end = { .code = code, .refused = refused,
	    .text = text != NULL ? text : "", .fd = -1,
	    .bytes_in = p->bytes_in, .bytes_out = p->bytes_out };

	al_watch_set(&p->watch, 0);
	if (refused && p->is_socket) {
		al_watch_fini(&p->watch);
		end.fd = p->rfd;
		p->rfd = p->wfd = -1;
	} else if (code != AL_CHAN_DONE) {
		set_reset(p);
	}
	p->ops->on_end(p->arg, p, &end);
	port_destroy(p);
}

static void
fail(struct al_port *p, uint16_t code, const char *text)
{
	al_end_leave(&p->end, code, text);
	finish(p, code, text, false);
}

static void
finish_if_done(struct al_port *p)
{
	if (!p->in_done || !p->out_done)
		return;
	al_end_leave(&p->end, AL_CHAN_DONE, NULL);
	finish(p, AL_CHAN_DONE, NULL, false);
}

/* --- local to channel ----------------------------------------------------- */
static size_t
take_early(struct al_port *p, uint8_t *to, size_t cap)
{
	size_t n = p->early_len - p->early_off;

	if (n > cap)
		n = cap;
	memcpy(to, p->early + p->early_off, n);
	p->early_off += n;
	if (p->early_off == p->early_len) {
		free(p->early);
		p->early = NULL;
	}
	return n;
}

static void
set_reading(struct al_port *p, bool on)
{
	bool stalled = !on && !p->in_done && !al_chan_has_credit(p->end.chan);

	if (p->reading != on || p->stalled != stalled) {
		p->reading = on;
		p->stalled = stalled;
		watch(p);
	}
}

static void
on_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	struct al_port *p = (struct al_port *)e;
	ssize_t n;

	if (p->early != NULL) {
		p->bytes_in += (size_t)(n = (ssize_t)take_early(p, t->p,
		    t->cap));
		al_session_commit(s, t, (size_t)n, 0, now_us);
		return;
	}
	do
		n = p->is_socket ? recv(p->rfd, t->p, t->cap, 0) :
		    read(p->rfd, t->p, t->cap);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		p->bytes_in += (size_t)n;
		al_session_commit(s, t, (size_t)n,
		    (size_t)n < t->cap ? AL_TURN_DRAINED : 0, now_us);
		set_reading(p, p->reading || (size_t)n < t->cap);
	} else if (n == 0) {
		al_session_commit(s, t, 0, AL_TURN_FIN, now_us);
		p->in_done = true;
		set_reading(p, false);
		finish_if_done(p);
	} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
		al_session_commit(s, t, 0, AL_TURN_DRAINED, now_us);
		set_reading(p, true);
	} else {
		al_session_commit(s, t, 0, AL_TURN_DRAINED, now_us);
		fail(p, AL_CHAN_PEER_RESET, strerror(errno));
	}
}

/* --- channel to local ----------------------------------------------------- */
static ssize_t
put(struct al_port *p, struct al_span *v, size_t n)
{
	struct iovec iov[SPANS];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t got;
	size_t i;

	for (i = 0; i < n; i++)
		iov[i] = (struct iovec){ v[i].p, v[i].len };
	do
		got = p->is_socket ? sendmsg(p->wfd, &msg, MSG_NOSIGNAL) :
		    writev(p->wfd, iov, (int)n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* What is left of the channel's bytes; then its end. */
static void
deliver(struct al_port *p)
{
	struct al_span v[SPANS];
	ssize_t got;
	size_t n;

	while ((n = al_chan_peek(p->end.chan, v, SPANS)) > 0) {
		got = put(p, v, n);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			p->want_write = true;
			watch(p);
			return;
		}
		if (got < 0) {
			fail(p, AL_CHAN_PEER_RESET, strerror(errno));
			return;
		}
		p->bytes_out += (size_t)got;
		al_chan_consume(p->end.chan, (size_t)got, al_now_us());
	}
	if (p->want_write) {
		p->want_write = false;
		watch(p);
	}
	if (!al_chan_is_ended(p->end.chan) || p->out_done)
		return;
	p->out_done = true;
	if (p->is_socket) {
		(void)shutdown(p->wfd, SHUT_WR);
	} else if (p->wfd != p->rfd) {
		if (p->out_watch != NULL)
			al_watch_fini(p->out_watch);
		(void)close(p->wfd);
		p->wfd = -1;
	}
	finish_if_done(p);
}

static void
on_data(struct al_end *e)
{
	struct al_port *p = (struct al_port *)e;

	if (!p->want_write)
		deliver(p);
}

/* --- the rest of the end -------------------------------------------------- */
static void
on_ready(void *arg, unsigned ready)
{
	struct al_port *p = arg;
	struct al_mux *m = p->end.mux;

	if (ready & AL_WANT_HANGUP) {
		fail(p, AL_CHAN_PEER_RESET, "");
		al_mux_kick(m);
		return;
	}
	if ((ready & AL_WANT_READ) && !p->in_done) {
		/* a second wake-up before its turn: look away until drained */
		if (al_chan_is_readable(p->end.chan))
			set_reading(p, false);
		al_end_ready(&p->end);
	}
	if (ready & AL_WANT_WRITE) {
		deliver(p);		/* may be the end of p */
		al_mux_kick(m);
	}
}

static void
begin_reading(struct al_port *p)
{
	p->waiting = false;
	p->reading = true;
	watch(p);
	if (p->early != NULL)
		al_end_ready(&p->end);
}

static void
on_accept(struct al_end *e, const char *json)
{
	struct al_port *p = (struct al_port *)e;

	p->accepted = true;
	if (p->ops->on_ready != NULL)
		p->ops->on_ready(p->arg, p, json);
	if (p->waiting)
		begin_reading(p);
}

static void
on_writable(struct al_end *e)
{
	(void)e;	/* the scheduler knows already */
}

static void
on_gone(struct al_end *e, enum al_gone how, uint16_t code, const char *text)
{
	struct al_port *p = (struct al_port *)e;

	finish(p, code != AL_CHAN_DONE ? code : AL_CHAN_SESSION_LOST, text,
	    how == AL_GONE_REFUSED ||
	    (how != AL_GONE_RESET && p->waiting && !p->accepted));
}

static const struct al_end_ops port_ops = {
	.name = "port",
	.on_turn = on_turn,
	.on_accept = on_accept,
	.on_data = on_data,
	.on_writable = on_writable,
	.on_gone = on_gone,
};

static void
close_fds(const struct al_port_opts *o)
{
	(void)close(o->rfd);
	if (o->wfd != o->rfd)
		(void)close(o->wfd);
}

static enum al_code
watch_init(struct al_port *p, struct al_loop *loop, struct al_err *err)
{
	enum al_code code;

	if (p->is_socket)
		return al_watch_init(&p->watch, loop, p->rfd, on_ready, p,
		    err);
	code = al_watch_init_any(&p->watch, loop, p->rfd, on_ready, p, err);
	if (code != AL_OK || p->wfd == p->rfd)
		return code;
	p->out_watch = calloc(1, sizeof(*p->out_watch));
	if (p->out_watch == NULL)
		return al_fail_nomem(err, AL_AT_CHANNEL);
	return al_watch_init_any(p->out_watch, loop, p->wfd, on_ready, p,
	    err);
}

static struct al_port *
port_new(struct al_mux *m, const struct al_port_opts *o,
    const struct al_port_ops *ops, void *arg, struct al_err *err)
{
	struct al_port *p = calloc(1, sizeof(*p));
	int type;
	socklen_t len = sizeof(type);

	if (p == NULL || (o->early_len > 0 &&
	    (p->early = malloc(o->early_len)) == NULL)) {
		(void)al_fail_nomem(err, AL_AT_CHANNEL);
		free(p);
		close_fds(o);
		return NULL;
	}
	p->end.ops = &port_ops;
	p->ops = ops;
	p->arg = arg;
	p->rfd = o->rfd;
	p->wfd = o->wfd;
	p->is_socket = o->rfd == o->wfd && getsockopt(o->rfd, SOL_SOCKET,
	    SO_TYPE, &type, &len) == 0;
	p->early_len = o->early_len;
	if (p->early != NULL)
		memcpy(p->early, o->early, o->early_len);
	if (watch_init(p, al_mux_loop(m), err) != AL_OK) {
		port_destroy(p);
		return NULL;
	}
	return p;
}

struct al_port *
al_port_open(struct al_mux *m, const struct al_open *o,
    const struct al_port_opts *opts, const struct al_port_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_port *p = port_new(m, opts, ops, arg, err);

	if (p == NULL)
		return NULL;
	if (al_end_open(&p->end, m, o, err) != AL_OK) {
		port_destroy(p);
		return NULL;
	}
	if (opts->flags & AL_PORT_WAIT)
		p->waiting = true;
	else
		begin_reading(p);
	return p;
}

struct al_port *
al_port_accept(struct al_mux *m, struct al_chan *c, const char *json,
    const struct al_port_opts *opts, const struct al_port_ops *ops, void *arg,
    struct al_err *err)
{
	struct al_port *p = port_new(m, opts, ops, arg, err);

	if (p == NULL) {
		al_mux_refuse(m, c, AL_CHAN_LIMIT, err->text);
		return NULL;
	}
	p->accepted = true;
	al_end_accept(&p->end, m, c, json);
	begin_reading(p);
	return p;
}

void
al_port_free(struct al_port *p)
{
	if (p == NULL)
		return;
	al_end_leave(&p->end, AL_CHAN_PEER_RESET, NULL);
	set_reset(p);
	port_destroy(p);
}
