/* tests/lib/peer.c - scripted servers on a loop. */
#include "tests/lib/peer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/base/addr.h"
#include "connector/base/buf.h"
#include "connector/stream/join.h"
#include "connector/stream/tcp.h"

struct conn {
	struct conn			*next;
	struct peer			*p;
	struct al_stream		*s;	/* NULL: it is over */
	struct al_watch			 watch;
	const struct peer_script	*script;
	size_t				 at, sent;
	struct al_buf			 in;
	struct al_join			*join;
};

struct peer {
	struct al_loop			*loop;
	int				 fd;
	uint16_t			 port, relay;
	struct al_watch			 watch;
	const struct peer_script	*scripts;
	size_t				 n;
	struct al_tls_ctx		*tls;
	unsigned			 accepted, surprised;
	struct conn			*conns;
};

static void
close_conn(struct conn *c)
{
	al_watch_fini(&c->watch);
	al_stream_free(c->s);
	c->s = NULL;
	al_buf_fini(&c->in);
}

/* Reads once; EOF and errors in the middle of a script are surprises. */
static enum al_code
take_more(struct conn *c)
{
	uint8_t *to = al_buf_reserve(&c->in, 4096);
	struct al_err err;
	enum al_code code;
	size_t n;

	assert(to != NULL);
	code = al_stream_read(c->s, to, 4096, &n, &err);
	if (code == AL_OK)
		al_buf_commit(&c->in, n);
	return code;
}

static enum al_code
expect(struct conn *c, const struct peer_line *l)
{
	enum al_code code = AL_OK;
	size_t had = al_buf_len(&c->in);
	const uint8_t *at = NULL;

	while (code == AL_OK) {
		at = had == 0 ? NULL : memmem(al_buf_head(&c->in),
		    al_buf_len(&c->in), l->text, l->len);
		if (at != NULL) {
			al_buf_drain(&c->in, (size_t)(at -
			    al_buf_head(&c->in)) + l->len);
			return AL_OK;
		}
		code = take_more(c);
		had = al_buf_len(&c->in);
	}
	return code;
}

static enum al_code
skip_bytes(struct conn *c, size_t len)
{
	enum al_code code = AL_OK;

	while (code == AL_OK && al_buf_len(&c->in) < len)
		code = take_more(c);
	if (code == AL_OK)
		al_buf_drain(&c->in, len);
	return code;
}

static enum al_code
send_all(struct conn *c, const char *p, size_t len)
{
	struct al_err err;
	enum al_code code;
	size_t n;

	while (c->sent < len) {
		code = al_stream_write(c->s, p + c->sent, len - c->sent, &n,
		    &err);
		if (code != AL_OK)
			return code;
		c->sent += n;
	}
	code = al_stream_flush(c->s, &err);
	if (code == AL_OK)
		c->sent = 0;
	return code;
}

static enum al_code
echo(struct conn *c)
{
	enum al_code code = AL_OK;
	struct al_err err;

	while (code == AL_OK) {
		code = send_all(c, (const char *)al_buf_head(&c->in),
		    al_buf_len(&c->in));
		if (code != AL_OK)
			return code;
		al_buf_drain(&c->in, al_buf_len(&c->in));
		code = take_more(c);
	}
	return code == AL_EOF ? al_stream_shut(c->s, &err) : code;
}

static void
on_join(void *arg, const struct al_join_count *count,
    const struct al_err *err)
{
	struct conn *c = arg;

	(void)count;
	(void)err;
	c->join = NULL;
}

static void
relay(struct conn *c)
{
	struct al_addr a;
	struct al_err err;
	struct al_stream *there;
	int fd;

	assert(al_addr_parse_ip(&a, "127.0.0.1", c->p->relay));
	assert(al_buf_len(&c->in) == 0);
	if (al_tcp_connect(&a, &fd, &err) != AL_OK)
		abort();
	there = al_tcp_new(fd, &err);
	al_watch_fini(&c->watch);
	c->join = al_join_start(c->p->loop, c->s, there, on_join, c, &err);
	assert(c->join != NULL);
	c->s = NULL;
}

static enum al_code
play_line(struct conn *c, const struct peer_line *l)
{
	struct al_err err;
	enum al_code code;

	switch (l->op) {
	case PEER_EXPECT:
		return expect(c, l);
	case PEER_SKIP:
		return skip_bytes(c, l->len);
	case PEER_SEND:
		return send_all(c, l->text, l->len);
	case PEER_SHUT:
		return al_stream_shut(c->s, &err);
	case PEER_STALL:
		return AL_AGAIN;
	case PEER_ECHO:
		return echo(c);
	case PEER_TLS:
		if (c->sent == 0) {		/* once */
			c->s = al_tls_accept(c->p->tls, c->s, &err);
			assert(c->s != NULL && al_buf_len(&c->in) == 0);
			c->sent = 1;
		}
		code = al_stream_open(c->s, &err);
		if (code != AL_AGAIN)
			c->sent = 0;
		return code;
	case PEER_RELAY:
		relay(c);
		return AL_OK;
	case PEER_RESET:
		al_stream_abort(c->s);
		break;
	case PEER_CLOSE:
		break;
	}
	close_conn(c);
	return AL_OK;
}

static void
play(void *arg, unsigned ready)
{
	struct conn *c = arg;
	const struct peer_line *l;
	enum al_code code = AL_OK;

	(void)ready;
	while (c->s != NULL && c->at < c->script->n) {
		l = &c->script->lines[c->at];
		code = play_line(c, l);
		if (code != AL_OK)
			break;
		c->at++;
	}
	if (c->s == NULL)
		return;
	if (code != AL_AGAIN) {
		if (c->at < c->script->n)
			c->p->surprised++;
		close_conn(c);
		return;
	}
	al_watch_set(&c->watch, al_stream_want(c->s) |
	    (c->script->lines[c->at].op == PEER_STALL ? 0 : AL_WANT_READ));
}

static void
on_accept(void *arg, unsigned ready)
{
	struct peer *p = arg;
	int fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	size_t i = p->accepted < p->n ? p->accepted : p->n - 1;
	struct conn *c;
	struct al_err err;

	(void)ready;
	if (fd < 0)
		return;
	p->accepted++;
	c = calloc(1, sizeof(*c));
	assert(c != NULL);
	c->p = p;
	c->script = &p->scripts[i];
	c->s = al_tcp_new(fd, &err);
	al_buf_init(&c->in, 1 << 20);
	c->next = p->conns;
	p->conns = c;
	if (al_watch_init(&c->watch, p->loop, fd, play, c, &err) != AL_OK)
		abort();
	play(c, 0);
}

static int
listen_on(uint16_t *port, int backlog)
{
	struct al_addr a;
	socklen_t len = sizeof(a.u);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (!al_addr_parse_ip(&a, "127.0.0.1", 0) ||
	    bind(fd, &a.u.sa, a.len) != 0 ||
	    getsockname(fd, &a.u.sa, &len) != 0 ||
	    (backlog >= 0 && listen(fd, backlog) != 0))
		abort();
	*port = al_addr_port(&a);
	return fd;
}

struct peer *
peer_new(struct al_loop *loop, const struct peer_script *scripts, size_t n)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct al_err err;

	if (p == NULL)
		abort();
	p->loop = loop;
	p->scripts = scripts;
	p->n = n;
	p->fd = listen_on(&p->port, 16);
	if (al_watch_init(&p->watch, loop, p->fd, on_accept, p, &err) != AL_OK)
		abort();
	al_watch_set(&p->watch, AL_WANT_READ);
	return p;
}

void
peer_free(struct peer *p)
{
	struct conn *c, *next;

	if (p == NULL)
		return;
	for (c = p->conns; c != NULL; c = next) {
		next = c->next;
		al_join_cancel(c->join);
		close_conn(c);
		free(c);
	}
	al_watch_fini(&p->watch);
	(void)close(p->fd);
	free(p);
}

uint16_t
peer_port(const struct peer *p)
{
	return p->port;
}

void
peer_set_tls(struct peer *p, struct al_tls_ctx *ctx)
{
	p->tls = ctx;
}

void
peer_set_relay(struct peer *p, uint16_t to_port)
{
	p->relay = to_port;
}

unsigned
peer_accepted(const struct peer *p)
{
	return p->accepted;
}

unsigned
peer_surprised(const struct peer *p)
{
	return p->surprised;
}

/* Bound and not listening: refused, and nobody else gets it. */
uint16_t
peer_dead_port(int fds[2])
{
	uint16_t port;

	fds[0] = listen_on(&port, -1);
	fds[1] = -1;
	return port;
}

/* Its queue of one is full: Linux drops the SYN. */
uint16_t
peer_silent_port(int fds[2])
{
	struct al_addr a;
	uint16_t port;

	fds[0] = listen_on(&port, 0);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!al_addr_parse_ip(&a, "127.0.0.1", port) ||
	    connect(fds[1], &a.u.sa, a.len) != 0)
		abort();
	return port;
}
