/* connector/gatewayd/edge.c - a connection until it is known who it is. */
#include "connector/gatewayd/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/stream/tcp.h"

#define REQUEST_MAX	8192
#define ANSWER_MAX	4096
#define LINGER_MS	2000

enum state {
	S_TLS,			/* the layers below come up            */
	S_REQUEST,
	S_ANSWER,		/* out is being written                */
	S_LINGER		/* reads away what the client still sends,
				 * or a reset could eat our answer     */
};

struct al_edge {
	struct al_loop			*loop;
	struct al_stream		*s;
	struct al_watch			 watch;
	struct al_timer			 timer;
	struct al_machine		 machine;
	struct al_buf			 in, out;
	enum state			 state;
	bool				 accepted, shut;
	bool				 failed;	/* why is filled */
	struct al_err			 why;
	struct al_addr			 peer;
	unsigned			 timeout_ms;
	const struct al_edge_ops	*ops;
	void				*arg;
};

void
al_edge_free(struct al_edge *e)
{
	if (e == NULL)
		return;
	al_watch_fini(&e->watch);
	al_timer_fini(&e->timer);
	if (e->machine.ops != NULL)
		e->machine.ops->free(e->machine.m);
	al_buf_fini(&e->in);
	al_buf_fini(&e->out);
	al_stream_free(e->s);
	free(e);
}

static void
end(struct al_edge *e, const struct al_err *why)
{
	struct al_stream *s = NULL;

	al_watch_fini(&e->watch);
	al_timer_cancel(&e->timer);
	if (why == NULL && e->accepted) {
		s = e->s;
		e->s = NULL;
	}
	e->ops->on_end(e->arg, e, s, why);
	al_edge_free(e);
}

/* --- the request ---------------------------------------------------------- */
static enum al_code
read_some(struct al_edge *e, struct al_err *err)
{
	size_t room = e->in.max - al_buf_len(&e->in), n;
	uint8_t *to = al_buf_reserve(&e->in, room);
	enum al_code code;

	if (to == NULL)
		return al_fail_nomem(err, AL_AT_HTTP);
	code = al_stream_read(e->s, to, room, &n, err);
	if (code == AL_OK)
		al_buf_commit(&e->in, n);
	return code;
}

/* The head is complete. */
static enum al_hs
ask(struct al_edge *e, struct al_err *err)
{
	const struct al_upgrade_request *r = al_upgrade_request(&e->machine);
	enum al_hs hs;

	if (al_buf_len(&e->in) > 0)
		/* Nothing may follow a request before its answer: two parsers
		 * could disagree about whose bytes those are. */
		al_edge_reply(e, 400, "Bad Request", 0,
		    "bytes follow the request\n");
	else
		e->ops->on_request(e->arg, e, r);
	hs = e->machine.ops->step(e->machine.m, &e->in, &e->out, err);
	if (hs != AL_HS_NEED)
		return hs;
	al_edge_reply(e, 500, "Internal Server Error", 0, NULL);
	return e->machine.ops->step(e->machine.m, &e->in, &e->out, err);
}

static enum al_code
step(struct al_edge *e, struct al_err *err)
{
	enum al_hs hs;

	hs = e->machine.ops->step(e->machine.m, &e->in, &e->out, err);
	if (hs == AL_HS_NEED)
		hs = ask(e, err);
	if (hs == AL_HS_MORE)
		return AL_AGAIN;
	if (hs != AL_HS_DONE) {
		e->failed = true;
		e->why = *err;
		e->accepted = false;
		if (al_buf_len(&e->out) == 0)
			return err->code;
	}
	e->state = S_ANSWER;
	return AL_OK;
}

static enum al_code
get_request(struct al_edge *e, struct al_err *err)
{
	enum al_code code = read_some(e, err);

	if (code == AL_EOF) {
		(void)e->machine.ops->eof(e->machine.m, &e->in, err);
		return err->code;
	}
	if (code != AL_OK)
		return code;
	code = step(e, err);
	return code == AL_AGAIN ? AL_OK : code;
}

/* --- the answer ----------------------------------------------------------- */
void
al_edge_reply(struct al_edge *e, int status, const char *reason,
    unsigned retry_after_s, const char *body)
{
	char seconds[16];
	const struct al_http1_field retry = { "Retry-After", seconds };
	struct al_err err;

	(void)snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
	if (al_upgrade_reply(&e->machine, status, reason, &retry,
	    retry_after_s > 0, body, &err) != AL_OK) {
		e->failed = true;
		e->why = err;
	}
}

void
al_edge_refuse_broken(struct al_edge *e)
{
	struct al_err err;

	if (al_upgrade_refuse_broken(&e->machine, &err) != AL_OK) {
		e->failed = true;
		e->why = err;
	}
}

void
al_edge_accept(struct al_edge *e, const char *protocol)
{
	struct al_err err;

	if (al_upgrade_accept(&e->machine, protocol, &err) == AL_OK) {
		e->accepted = true;
	} else {
		e->failed = true;
		e->why = err;
	}
}

static enum al_code
put_answer(struct al_edge *e, struct al_err *err)
{
	enum al_code code;
	size_t n;

	while (al_buf_len(&e->out) > 0) {
		code = al_stream_write(e->s, al_buf_head(&e->out),
		    al_buf_len(&e->out), &n, err);
		if (code != AL_OK)
			return code;
		al_buf_drain(&e->out, n);
	}
	code = al_stream_flush(e->s, err);
	if (code != AL_OK)
		return code;
	if (e->accepted)
		return AL_EOF;
	e->state = S_LINGER;
	al_timer_set(&e->timer, LINGER_MS);
	return AL_OK;
}

static enum al_code
linger(struct al_edge *e, struct al_err *err)
{
	uint8_t waste[2048];
	enum al_code code;
	size_t n;

	if (!e->shut) {
		code = al_stream_shut(e->s, err);
		if (code != AL_OK)
			return code;
		e->shut = true;
	}
	return al_stream_read(e->s, waste, sizeof(waste), &n, err);
}

/* --- the pump ------------------------------------------------------------- */
static unsigned
want(const struct al_edge *e)
{
	unsigned w = al_stream_want(e->s);

	if (e->state == S_REQUEST || e->state == S_LINGER)
		w |= AL_WANT_READ;
	return w;
}

static void
pump(struct al_edge *e)
{
	struct al_err err = { .code = AL_OK };
	enum al_code code = AL_OK;

	while (code == AL_OK) {
		switch (e->state) {
		case S_TLS:
			code = al_stream_open(e->s, &err);
			if (code == AL_OK)
				e->state = S_REQUEST;
			break;
		case S_REQUEST:
			code = get_request(e, &err);
			break;
		case S_ANSWER:
			code = put_answer(e, &err);
			break;
		case S_LINGER:
			code = linger(e, &err);
			break;
		}
	}
	if (code == AL_AGAIN)
		al_watch_set(&e->watch, want(e));
	else if (e->failed)
		end(e, &e->why);
	else
		end(e, code == AL_EOF || e->state == S_LINGER ? NULL : &err);
}

static void
on_ready(void *arg, unsigned ready)
{
	(void)ready;
	pump(arg);
}

static void
on_time(void *arg)
{
	static const char *const doing[] = {
		"TLS was not set up", "no complete request came",
		"the answer was not taken", "",
	};
	struct al_edge *e = arg;
	struct al_err err;

	(void)al_fail(&err, AL_ETIMEOUT, e->state == S_TLS ? AL_AT_TLS :
	    AL_AT_HTTP, 0, "%s within %u ms", doing[e->state],
	    e->timeout_ms);
	e->accepted = false;
	if (e->failed)
		end(e, &e->why);
	else
		end(e, e->state == S_LINGER ? NULL : &err);
}

/* --- life ----------------------------------------------------------------- */
struct al_edge *
al_edge_start(struct al_loop *loop, int fd, const struct al_edge_opts *o,
    const struct al_edge_ops *ops, void *arg, struct al_err *err)
{
	struct al_stream *s = al_tcp_new(fd, err);
	struct al_edge *e;

	if (s != NULL && o->tls != NULL)
		s = al_tls_accept(o->tls, s, err);
	if (s == NULL)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL) {
		(void)al_fail_nomem(err, AL_AT_HTTP);
		al_stream_free(s);
		return NULL;
	}
	e->loop = loop;
	e->s = s;
	e->peer = *o->peer;
	e->timeout_ms = o->timeout_ms;
	e->ops = ops;
	e->arg = arg;
	al_buf_init(&e->in, REQUEST_MAX);
	al_buf_init(&e->out, ANSWER_MAX);
	if (al_upgrade_server(&e->machine, err) != AL_OK ||
	    al_timer_init(&e->timer, loop, on_time, e, err) != AL_OK ||
	    al_watch_init(&e->watch, loop, al_stream_fd(s), on_ready, e,
	    err) != AL_OK) {
		al_edge_free(e);
		return NULL;
	}
	al_timer_set(&e->timer, o->timeout_ms);
	al_watch_set(&e->watch, AL_WANT_READ);
	return e;
}

const struct al_addr *
al_edge_peer(const struct al_edge *e)
{
	return &e->peer;
}
