/* connector/api/channel.c - channels of a session as streams. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/api/api_int.h"
#include "connector/base/buf.h"
#include "connector/session/mux.h"

#define OUT_MAX	65536		/* written, waiting for a turn */

struct alpacon_open {
	alpacon_on_dial		*on_open;
	void			*arg;
	struct alpacon_stream	*channel;
};

struct channel {
	struct alpacon_stream	 s;		/* first */
	struct al_end		 end;
	struct al_loop		*loop;
	struct al_buf		 out;
	struct al_task		 task;		/* on_readable that is due */
	struct alpacon_open	*opening;
	bool			 reading, shut, fin, short_write;
	bool			 broken, freed;
	struct al_err		 why;
};

static struct channel *
of_end(struct al_end *e)
{
	return (struct channel *)((char *)e - offsetof(struct channel, end));
}

static void
bury(void *p)
{
	struct channel *c = p;

	al_buf_fini(&c->out);
	free(c);
}

static void
channel_free(struct alpacon_stream *s)
{
	struct channel *c = (struct channel *)s;

	if (c->freed)
		return;
	c->freed = true;
	al_end_leave(&c->end, AL_CHAN_DONE, NULL);
	al_task_fini(&c->task);
	free(c->opening);
	al_loop_bury(c->loop, c, bury);
}

/* --- to the caller, from the loop ----------------------------------------- */
static void
tell(void *arg)
{
	struct channel *c = arg;
	struct alpacon_err err;

	if (c->s.ops == NULL || c->freed)
		return;
	if (c->broken) {
		api_err(&err, &c->why);
		if (c->s.ops->on_broken != NULL)
			c->s.ops->on_broken(c->s.arg, &c->s, &err);
		return;
	}
	if (c->reading && (al_chan_queued(c->end.chan) > 0 ||
	    al_chan_is_ended(c->end.chan))) {
		c->reading = false;
		if (c->s.ops->on_readable != NULL)
			c->s.ops->on_readable(c->s.arg, &c->s);
	}
}

static void
on_turn(struct al_end *e, struct al_session *s, const struct al_turn *t,
    uint64_t now_us)
{
	struct channel *c = of_end(e);
	size_t n = al_buf_len(&c->out);

	if (n > t->cap)
		n = t->cap;
	if (n > 0)
		memcpy(t->p, al_buf_head(&c->out), n);
	al_buf_drain(&c->out, n);
	c->fin = c->shut && al_buf_len(&c->out) == 0;
	al_session_commit(s, t, n, c->fin ? AL_TURN_FIN :
	    al_buf_len(&c->out) == 0 ? AL_TURN_DRAINED : 0, now_us);
	al_buf_trim(&c->out);
	if (c->short_write && al_buf_len(&c->out) < OUT_MAX / 2) {
		c->short_write = false;
		if (c->s.ops != NULL && c->s.ops->on_writable != NULL)
			c->s.ops->on_writable(c->s.arg, &c->s);
	}
}

static void
on_accept(struct al_end *e, const char *json)
{
	struct channel *c = of_end(e);
	struct alpacon_open *o = c->opening;

	(void)json;
	c->opening = NULL;
	o->on_open(o->arg, &c->s, NULL);
	free(o);
}

static void
on_data(struct al_end *e)
{
	struct channel *c = of_end(e);

	al_task_queue(&c->task);
}

static void
on_writable(struct al_end *e)
{
	(void)e;
}

static void
on_gone(struct al_end *e, enum al_gone how, uint16_t code, const char *text)
{
	struct channel *c = of_end(e);
	struct alpacon_open *o = c->opening;
	struct alpacon_err err;

	(void)how;
	(void)al_fail_as(&c->why, code == AL_CHAN_DENIED ? AL_EAUTH :
	    code == AL_CHAN_TIMEOUT ? AL_ETIMEOUT : how == AL_GONE_REFUSED ?
	    AL_EREFUSED : AL_ENET, AL_AT_CHANNEL, code, 0, "%s%s%s",
	    al_chan_code_name(code), text[0] != '\0' ? ": " : "", text);
	c->broken = true;
	if (o == NULL) {
		al_task_queue(&c->task);
		return;
	}
	c->opening = NULL;
	api_err(&err, &c->why);
	o->on_open(o->arg, NULL, &err);
	free(o);
	channel_free(&c->s);
}

static const struct al_end_ops end_ops = {
	.name = "api",
	.on_turn = on_turn,
	.on_accept = on_accept,
	.on_data = on_data,
	.on_writable = on_writable,
	.on_gone = on_gone,
};

/* --- from the caller ------------------------------------------------------ */
static ssize_t
channel_read(struct alpacon_stream *s, void *p, size_t cap)
{
	struct channel *c = (struct channel *)s;
	struct al_span v;
	size_t done = 0, n;

	if (c->broken)
		return -1;
	while (done < cap && al_chan_peek(c->end.chan, &v, 1) == 1) {
		n = v.len < cap - done ? v.len : cap - done;
		memcpy((char *)p + done, v.p, n);
		done += n;
		al_chan_consume(c->end.chan, n, al_now_us());
	}
	if (done > 0) {
		al_mux_kick(c->end.mux);
		return (ssize_t)done;
	}
	if (al_chan_is_ended(c->end.chan))
		return 0;
	c->reading = true;
	return -1;
}

static size_t
channel_write(struct alpacon_stream *s, const void *p, size_t len)
{
	struct channel *c = (struct channel *)s;
	size_t room = OUT_MAX - al_buf_len(&c->out);
	size_t n = len < room ? len : room;

	if (c->broken || c->shut || al_buf_put(&c->out, p, n) != AL_OK)
		return 0;
	c->short_write = n < len;
	if (n > 0)
		al_end_ready(&c->end);
	return n;
}

static void
channel_shut(struct alpacon_stream *s)
{
	struct channel *c = (struct channel *)s;

	if (c->broken || c->shut)
		return;
	c->shut = true;
	al_end_ready(&c->end);
}

static void
channel_wake(struct alpacon_stream *s)
{
	struct channel *c = (struct channel *)s;

	al_task_queue(&c->task);
}

static const struct stream_below channel_below = {
	.read = channel_read,
	.write = channel_write,
	.shut = channel_shut,
	.wake = channel_wake,
	.free = channel_free,
};

static struct channel *
channel_new(struct al_loop *loop, struct al_err *err)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_CHANNEL);
		return NULL;
	}
	if (al_task_init(&c->task, loop, tell, c, err) != AL_OK) {
		free(c);
		return NULL;
	}
	c->s.below = &channel_below;
	c->end.ops = &end_ops;
	c->loop = loop;
	c->reading = true;
	al_buf_init(&c->out, OUT_MAX);
	return c;
}

struct alpacon_stream *
api_channel_accept(struct al_mux *m, struct al_chan *chan, struct al_err *err)
{
	struct channel *c = channel_new(al_mux_loop(m), err);

	if (c == NULL) {
		al_mux_refuse(m, chan, AL_CHAN_LIMIT, NULL);
		return NULL;
	}
	al_end_accept(&c->end, m, chan, NULL);
	return &c->s;
}

/* Names need no escapes in JSON, or they are no names. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text == '"' || *text == '\\')
			return false;
	return true;
}

struct alpacon_open *
api_channel_open(struct al_mux *m, const char *server, const char *target,
    alpacon_on_dial *on_open, void *arg, struct al_err *err)
{
	char json[1024];
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };
	struct channel *c;

	if (!is_plain(server) || !is_plain(target) ||
	    (size_t)snprintf(json, sizeof(json),
	    "{\"server\":\"%s\",\"target\":\"%s\"}", server, target) >=
	    sizeof(json)) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_CHANNEL, 0,
		    "not the name of a server and a target host:port");
		return NULL;
	}
	c = channel_new(al_mux_loop(m), err);
	if (c == NULL)
		return NULL;
	c->opening = calloc(1, sizeof(*c->opening));
	if (c->opening == NULL)
		(void)al_fail_nomem(err, AL_AT_CHANNEL);
	if (c->opening == NULL || al_end_open(&c->end, m, &o, err) != AL_OK) {
		channel_free(&c->s);
		return NULL;
	}
	c->opening->on_open = on_open;
	c->opening->arg = arg;
	c->opening->channel = &c->s;
	return c->opening;
}

AL_EXPORT void
alpacon_channel_cancel(struct alpacon_open *o)
{
	if (o != NULL)
		channel_free(o->channel);
}
