/* connector/api/dial.c - dials, and the connections they give. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/api/api_int.h"
#include "connector/dial/dial.h"

/* --- a connection as a stream --------------------------------------------- */
struct conn {
	struct alpacon_stream	 s;		/* first */
	struct al_loop		*loop;
	struct al_stream	*below;
	struct al_workspace	*w;		/* its TLS settings */
	struct al_watch		 watch;
	struct al_task		 task;
	bool			 reading, want_write, short_write;
	bool			 shut, in_done, out_done, broken, freed;
	bool			 failed;	/* why: to be told */
	struct al_err		 why;
};

static void
watch(struct conn *c)
{
	if (!c->broken && !c->freed)
		al_watch_set(&c->watch, (c->reading ? AL_WANT_READ : 0) |
		    (c->want_write ? AL_WANT_WRITE : 0) |
		    al_stream_want(c->below));
}

static void
break_it(struct conn *c, const struct al_err *why)
{
	struct alpacon_err err;

	if (c->broken)
		return;
	c->broken = true;
	al_watch_set(&c->watch, 0);
	api_err(&err, why);
	if (c->s.ops != NULL && c->s.ops->on_broken != NULL && !c->freed)
		c->s.ops->on_broken(c->s.arg, &c->s, &err);
}

/* What was written and not sent, then the half-close. */
static void
push(struct conn *c)
{
	struct al_err err;
	enum al_code code = al_stream_flush(c->below, &err);

	if (code == AL_OK && c->shut && !c->out_done) {
		code = al_stream_shut(c->below, &err);
		c->out_done = code == AL_OK;
	}
	c->want_write = code == AL_AGAIN;
	if (code != AL_OK && code != AL_AGAIN)
		break_it(c, &err);
}

static void
on_ready(void *arg, unsigned ready)
{
	struct conn *c = arg;

	if (ready & AL_WANT_WRITE) {
		push(c);
		if (!c->want_write && c->short_write && !c->broken) {
			c->short_write = false;
			if (c->s.ops->on_writable != NULL)
				c->s.ops->on_writable(c->s.arg, &c->s);
		}
	}
	if ((ready & AL_WANT_READ) && c->reading && !c->freed && !c->broken) {
		c->reading = false;	/* until a read has said -1 */
		if (c->s.ops->on_readable != NULL)
			c->s.ops->on_readable(c->s.arg, &c->s);
	}
	watch(c);
}

/* Bytes may be above the fd already. */
static void
first_look(void *arg)
{
	struct conn *c = arg;

	if (c->failed)
		break_it(c, &c->why);
	else
		on_ready(c, AL_WANT_READ);
}

static void
conn_wake(struct alpacon_stream *s)
{
	struct conn *c = (struct conn *)s;

	c->reading = true;
	al_task_queue(&c->task);
}

static ssize_t
conn_read(struct alpacon_stream *s, void *p, size_t cap)
{
	struct conn *c = (struct conn *)s;
	struct al_err err;
	enum al_code code;
	size_t n;

	if (c->broken)
		return -1;
	if (c->in_done)
		return 0;
	code = al_stream_read(c->below, p, cap, &n, &err);
	if (code == AL_OK)
		return (ssize_t)n;
	if (code == AL_EOF) {
		c->in_done = true;
		return 0;
	}
	if (code != AL_AGAIN) {		/* told from the loop, not from here */
		c->failed = true;
		c->why = err;
		al_task_queue(&c->task);
		return -1;
	}
	c->reading = true;
	watch(c);
	return -1;
}

static size_t
conn_write(struct alpacon_stream *s, const void *p, size_t len)
{
	struct conn *c = (struct conn *)s;
	size_t done = 0, n;
	struct al_err err;

	while (!c->broken && !c->shut && done < len &&
	    al_stream_write(c->below, (const char *)p + done, len - done, &n,
	    &err) == AL_OK)
		done += n;
	c->short_write = done < len;
	c->want_write = true;	/* flush from the loop: small writes gather */
	watch(c);
	return done;
}

static void
conn_shut(struct alpacon_stream *s)
{
	struct conn *c = (struct conn *)s;

	c->shut = true;
	c->want_write = true;
	watch(c);
}

static void
conn_bury(void *p)
{
	struct conn *c = p;

	al_workspace_free(c->w);
	free(c);
}

static void
conn_free(struct alpacon_stream *s)
{
	struct conn *c = (struct conn *)s;

	if (c->freed)
		return;
	c->freed = true;
	al_watch_fini(&c->watch);
	al_task_fini(&c->task);
	if (!c->in_done || !c->out_done)
		al_stream_abort(c->below);
	al_stream_free(c->below);
	al_loop_bury(c->loop, c, conn_bury);
}

static const struct stream_below conn_below = {
	.read = conn_read,
	.write = conn_write,
	.shut = conn_shut,
	.wake = conn_wake,
	.free = conn_free,
};

/* --- dialing -------------------------------------------------------------- */
struct alpacon_dial {
	struct alpacon_loop	*loop;
	struct al_workspace	*w;
	struct al_dial		*dial;
	alpacon_on_dial		*on_dial;
	void			*arg;
};

static struct alpacon_stream *
conn_new(struct alpacon_dial *d, struct al_stream *below, struct al_err *err)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	if (al_watch_init(&c->watch, d->loop->loop, al_stream_fd(below),
	    on_ready, c, err) != AL_OK ||
	    al_task_init(&c->task, d->loop->loop, first_look, c, err) !=
	    AL_OK) {
		al_watch_fini(&c->watch);
		free(c);
		return NULL;
	}
	c->s.below = &conn_below;
	c->loop = d->loop->loop;
	c->below = below;
	c->w = d->w;
	d->w = NULL;
	return &c->s;
}

static void
on_dialed(void *arg, struct al_stream *below, unsigned route,
    const struct al_err *err)
{
	struct alpacon_dial *d = arg;
	struct alpacon_stream *s = NULL;
	struct alpacon_err told;
	struct al_err failed;

	(void)route;
	if (err == NULL) {
		s = conn_new(d, below, &failed);
		if (s == NULL)
			al_stream_free(below);
		err = &failed;
	}
	if (s == NULL)
		api_err(&told, err);
	d->on_dial(d->arg, s, s == NULL ? &told : NULL);
	al_workspace_free(d->w);
	free(d);
}

static enum al_code
start(struct alpacon_dial *d, const struct alpacon_dial_opts *o,
    struct al_err *err)
{
	struct al_dial_opts to = { .host = o->host, .port = o->port };
	char url[AL_HOST_MAX + 32];
	struct al_choice choice;

	if (o->size < sizeof(*o) || o->host == NULL || o->port == 0 ||
	    strlen(o->host) > AL_HOST_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "a dial needs a host and a port");
	d->w = api_workspace(NULL, o->ca_file, &o->proxies, err);
	if (d->w == NULL)
		return err->code;
	(void)snprintf(url, sizeof(url), strchr(o->host, ':') != NULL ?
	    "https://[%s]:%u/" : "https://%s:%u/", o->host, o->port);
	if (al_workspace_choose(d->w, url, &choice, err) != AL_OK)
		return err->code;
	to.route = &choice.route;
	to.tls = o->flags & ALPACON_DIAL_TLS ? al_workspace_tls(d->w) : NULL;
	to.proxy_tls = al_workspace_proxy_tls(d->w);
	to.login = al_workspace_login(d->w);
	d->dial = al_dial_start(d->loop->loop, d->loop->resolver, &to,
	    on_dialed, d, err);
	al_choice_fini(&choice);
	return d->dial != NULL ? AL_OK : err->code;
}

AL_EXPORT struct alpacon_dial *
alpacon_dial_start(struct alpacon_loop *loop,
    const struct alpacon_dial_opts *opts, alpacon_on_dial *on_dial, void *arg,
    struct alpacon_err *err)
{
	struct alpacon_dial *d = calloc(1, sizeof(*d));
	struct al_err e;

	if (d == NULL) {
		(void)al_fail_nomem(&e, AL_AT_LOCAL);
		api_err(err, &e);
		return NULL;
	}
	d->loop = loop;
	d->on_dial = on_dial;
	d->arg = arg;
	if (start(d, opts, &e) != AL_OK) {
		api_err(err, &e);
		al_workspace_free(d->w);
		free(d);
		return NULL;
	}
	return d;
}

AL_EXPORT void
alpacon_dial_cancel(struct alpacon_dial *d)
{
	if (d == NULL)
		return;
	al_dial_cancel(d->dial);
	al_workspace_free(d->w);
	free(d);
}
