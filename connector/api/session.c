/* connector/api/session.c - sessions, as connector or operator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/api/api_int.h"
#include "connector/base/str.h"

struct alpacon_incoming {
	struct alpacon_session	*session;
	struct al_mux		*mux;
	struct al_chan		*chan;
	struct alpacon_incoming	*next;
};

struct alpacon_session {
	struct alpacon_loop		*loop;
	struct al_workspace		*w;
	struct al_client		*client;
	const struct alpacon_session_ops *ops;
	void				*arg;
	const char			*path;
	char				*authorization;
	char				*software;
	struct alpacon_incoming		*incoming;	/* not answered */
};

/* --- from the client ------------------------------------------------------ */
static bool
on_target(void *arg, struct al_client_target *t, struct al_err *err)
{
	struct alpacon_session *s = arg;

	(void)err;
	al_workspace_target(s->w, s->path, s->authorization, t);
	return true;
}

static void
on_up(void *arg, struct al_mux *m)
{
	struct alpacon_session *s = arg;

	(void)m;
	if (s->ops->on_up != NULL)
		s->ops->on_up(s->arg, s);
}

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	struct alpacon_session *s = arg;
	struct alpacon_err err;

	api_err(&err, why);
	if (s->ops->on_down != NULL)
		s->ops->on_down(s->arg, s, &err, retry_ms);
}

static void
on_client_open(void *arg, struct al_mux *m, struct al_chan *c, uint8_t kind,
    const char *json)
{
	struct alpacon_session *s = arg;
	struct alpacon_incoming *in;

	if (s->ops->on_incoming == NULL) {
		al_mux_refuse(m, c, AL_CHAN_UNSUPPORTED, NULL);
		return;
	}
	in = calloc(1, sizeof(*in));
	if (in == NULL) {
		al_mux_refuse(m, c, AL_CHAN_LIMIT, NULL);
		return;
	}
	*in = (struct alpacon_incoming){ s, m, c, s->incoming };
	s->incoming = in;
	s->ops->on_incoming(s->arg, s, in, al_chan_kind_name(kind), json);
}

static void
forget(struct alpacon_incoming *in)
{
	struct alpacon_incoming **p = &in->session->incoming;

	while (*p != in)
		p = &(*p)->next;
	*p = in->next;
	free(in);
}

static void
on_open_gone(void *arg, struct al_chan *c)
{
	struct alpacon_session *s = arg;
	struct alpacon_incoming *in = s->incoming;

	while (in != NULL && in->chan != c)
		in = in->next;
	if (in == NULL)
		return;
	if (s->ops->on_incoming_gone != NULL)
		s->ops->on_incoming_gone(s->arg, in);
	forget(in);
}

static const struct al_client_ops client_ops = {
	.on_target = on_target,
	.on_up = on_up,
	.on_down = on_down,
	.on_open = on_client_open,
	.on_open_gone = on_open_gone,
};

/* --- from the caller ------------------------------------------------------ */
static enum al_code
set_identity(struct alpacon_session *s, const struct alpacon_session_opts *o,
    struct al_err *err)
{
	const char *a = o->token != NULL ? o->token : o->id;
	const char *b = o->token != NULL ? "" : o->key;
	size_t len;

	if (a == NULL || b == NULL ||
	    !al_str_is_line(a, strlen(a)) || !al_str_is_line(b, strlen(b)))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "a session needs an id and a key, or a token");
	len = strlen(a) + strlen(b) + sizeof("id=\"\", key=\"\"");
	s->path = o->token != NULL ? "/ws/tunnel/" : "/ws/connector/";
	s->authorization = malloc(len);
	if (s->authorization == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	(void)snprintf(s->authorization, len, o->token != NULL ?
	    "Bearer %s%s" : "id=\"%s\", key=\"%s\"", a, b);
	return AL_OK;
}

static enum al_code
start(struct alpacon_session *s, const struct alpacon_session_opts *o,
    struct al_err *err)
{
	struct al_client_opts to = { .flags = 0 };

	if (o->size < sizeof(*o) || o->url == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "a session needs the URL of its workspace");
	if (set_identity(s, o, err) != AL_OK)
		return err->code;
	if (o->software != NULL) {
		s->software = al_str_dup(o->software, strlen(o->software));
		if (s->software == NULL)
			return al_fail_nomem(err, AL_AT_CONFIG);
	}
	s->w = api_workspace(o->url, o->ca_file, &o->proxies, err);
	if (s->w == NULL)
		return err->code;
	to.session.software = s->software;
	s->client = al_client_start(s->loop->loop, s->loop->resolver, &to,
	    &client_ops, s, err);
	return s->client != NULL ? AL_OK : err->code;
}

AL_EXPORT struct alpacon_session *
alpacon_session_start(struct alpacon_loop *loop,
    const struct alpacon_session_opts *opts,
    const struct alpacon_session_ops *ops, void *arg, struct alpacon_err *err)
{
	struct alpacon_session *s = calloc(1, sizeof(*s));
	struct al_err e;

	if (s == NULL) {
		(void)al_fail_nomem(&e, AL_AT_LOCAL);
		api_err(err, &e);
		return NULL;
	}
	s->loop = loop;
	s->ops = ops;
	s->arg = arg;
	if (start(s, opts, &e) != AL_OK) {
		api_err(err, &e);
		alpacon_session_free(s);
		return NULL;
	}
	return s;
}

static void
bury(void *p)
{
	struct alpacon_session *s = p;

	al_workspace_free(s->w);
	al_str_free_secret(s->authorization);
	free(s->software);
	free(s);
}

AL_EXPORT void
alpacon_session_free(struct alpacon_session *s)
{
	if (s == NULL)
		return;
	al_client_free(s->client);	/* tells what is not answered */
	s->client = NULL;
	/* a callback of this session may be under way */
	al_loop_bury(s->loop->loop, s, bury);
}

AL_EXPORT int
alpacon_session_is_up(const struct alpacon_session *s)
{
	return al_client_state(s->client) == AL_CLIENT_UP;
}

AL_EXPORT struct alpacon_open *
alpacon_channel_open(struct alpacon_session *s, const char *server,
    const char *target, alpacon_on_dial *on_open, void *arg,
    struct alpacon_err *err)
{
	struct al_mux *m = al_client_mux(s->client);
	struct alpacon_open *o = NULL;
	struct al_err e;

	if (m == NULL)
		(void)al_fail(&e, AL_ENET, AL_AT_SESSION, 0,
		    "there is no session just now");
	else
		o = api_channel_open(m, server, target, on_open, arg, &e);
	if (o == NULL)
		api_err(err, &e);
	return o;
}

AL_EXPORT struct alpacon_stream *
alpacon_incoming_accept(struct alpacon_incoming *in, struct alpacon_err *err)
{
	struct al_err e;
	struct alpacon_stream *s = api_channel_accept(in->mux, in->chan, &e);

	forget(in);
	if (s == NULL)
		api_err(err, &e);
	return s;
}

AL_EXPORT void
alpacon_incoming_refuse(struct alpacon_incoming *in, unsigned code,
    const char *text)
{
	al_mux_refuse(in->mux, in->chan, (uint16_t)code, text);
	forget(in);
}
