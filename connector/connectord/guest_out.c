/* connector/connectord/guest_out.c - carry a local connection out. */
#include <config.h>

#include "connector/connectord/guest_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/connectord/outcome.h"
#include "connector/connectord/request.h"
#include "connector/connectord/uplink.h"
#include "connector/loop/resolve.h"
#include "connector/session/workspace.h"
#include "connector/stream/tcp.h"

#define EARLY_MAX	(2 * AL_CLIENT_HELLO_MAX)
#define ANSWER_MAX	1024

/* A proxy client hears that the way is open. */
static enum al_code
answer(const struct al_guest *g, struct al_buf *out, struct al_err *err)
{
	al_buf_init(out, ANSWER_MAX);
	if (g->door->kind != AL_DOOR_PROXY)
		return AL_OK;
	return al_listen_accept(&g->request, out, err);
}

/* --- through the session -------------------------------------------------- */
static void
on_ready(void *arg, struct al_port *p, const char *json)
{
	struct al_guest *g = arg;
	struct al_buf out;
	struct al_err err;

	(void)p;
	(void)json;
	/* A socket to which nothing has been written takes all of it; one
	 * that does not is broken, and its next read or write tells. */
	if (answer(g, &out, &err) != AL_OK || (al_buf_len(&out) > 0 &&
	    send(g->port_fd, al_buf_head(&out), al_buf_len(&out),
	    MSG_NOSIGNAL) != (ssize_t)al_buf_len(&out)))
		(void)shutdown(g->port_fd, SHUT_RDWR);
	al_buf_fini(&out);
}

static void
on_port_end(void *arg, struct al_port *p, const struct al_port_end *end)
{
	struct al_guest *g = arg;
	struct al_err err;

	(void)p;
	g->port = NULL;
	if (!end->refused) {
		al_uplink_count(g->gs->o.uplink, end->bytes_in,
		    end->bytes_out);
		al_guest_end(g, "mux", end->code, end->text, end->bytes_in,
		    end->bytes_out);
		return;
	}
	if (end->fd >= 0)
		g->local = al_tcp_new(end->fd, &err);
	al_guest_refuse(g, (enum al_chan_code)end->code, end->text);
}

static const struct al_port_ops port_ops = {
	.on_ready = on_ready,
	.on_end = on_port_end,
};

/* What has been read too much, or was only looked at. */
static enum al_code
take_early(struct al_stream *s, struct al_buf *early, struct al_err *err)
{
	enum al_code code;
	uint8_t *to;
	size_t n;

	while (al_stream_pending(s)) {
		to = al_buf_reserve(early, 4096);
		if (to == NULL)
			return al_fail_nomem(err, AL_AT_LOCAL);
		code = al_stream_read(s, to, 4096, &n, err);
		if (code != AL_OK)
			return code;
		al_buf_commit(early, n);
	}
	return AL_OK;
}

static enum al_code
open_port(struct al_guest *g, struct al_mux *m, const struct al_buf *early,
    struct al_err *err)
{
	struct al_port_opts o = { .early = al_buf_head(early),
	    .early_len = al_buf_len(early) };
	char json[AL_REQUEST_AGENT_MAX];
	const struct al_open open = { .kind = AL_CHAN_AGENT, .json = json };

	if (al_request_format_agent(json, sizeof(json), g->host, g->port_nr,
	    err) != AL_OK)
		return err->code;
	/* Others may talk while the far side connects; a proxy client must
	 * hear the answer first, and can be told no. */
	if (g->door->kind == AL_DOOR_PROXY)
		o.flags = AL_PORT_WAIT;
	g->port_fd = fcntl(al_stream_fd(g->local), F_DUPFD_CLOEXEC, 3);
	if (g->port_fd < 0)
		return al_fail(err, AL_ELIMIT, AL_AT_LOCAL, errno, "%s",
		    strerror(errno));
	o.rfd = o.wfd = g->port_fd;
	g->port = al_port_open(m, &open, &o, &port_ops, g, err);
	if (g->port == NULL)
		return err->code;
	al_stream_free(g->local);
	g->local = NULL;
	return AL_OK;
}

void
al_guest_go_mux(struct al_guest *g, struct al_mux *m)
{
	struct al_buf early;
	struct al_err err;

	al_buf_init(&early, EARLY_MAX);
	if (take_early(g->local, &early, &err) != AL_OK ||
	    open_port(g, m, &early, &err) != AL_OK)
		al_guest_refuse(g, err.status == AL_CHAN_DRAINING ?
		    AL_CHAN_DRAINING : al_outcome_code(&err), err.text);
	al_buf_fini(&early);
}

/* --- alone ---------------------------------------------------------------- */
static void
on_join(void *arg, const struct al_join_count *count,
    const struct al_err *err)
{
	struct al_guest *g = arg;

	g->join = NULL;
	al_guest_end(g, "direct", err != NULL ? AL_CHAN_PEER_RESET :
	    AL_CHAN_DONE, err != NULL ? err->text : "", count->there,
	    count->back);
}

static void
join(struct al_guest *g, struct al_stream *far)
{
	struct al_stream *local = g->local;
	struct al_buf out;
	struct al_err err;
	size_t n = 0;

	if (answer(g, &out, &err) == AL_OK && al_buf_len(&out) > 0)
		(void)al_stream_write(local, al_buf_head(&out),
		    al_buf_len(&out), &n, &err);
	if (n < al_buf_len(&out)) {
		al_buf_fini(&out);
		al_stream_free(far);
		al_guest_end(g, "direct", AL_CHAN_PEER_RESET,
		    "the local program does not read the answer", 0, 0);
		return;
	}
	al_buf_fini(&out);
	g->local = NULL;
	g->join = al_join_start(g->gs->o.loop, local, far, on_join, g, &err);
	if (g->join == NULL)
		al_guest_end(g, "direct", AL_CHAN_LIMIT, err.text, 0, 0);
}

static void
on_far(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_guest *g = arg;

	(void)route;
	g->dial = NULL;
	if (err != NULL)
		al_guest_refuse(g, al_outcome_code(err), err->text);
	else
		join(g, s);
}

static bool
allow_addr(void *arg, const struct al_addr *a)
{
	struct al_guest *g = arg;

	return !g->gs->o.is_ours(g->gs->o.arg, a);
}

static void
on_found(void *arg, struct al_choice *choice, const struct al_err *cause)
{
	struct al_guest *g = arg;
	struct al_workspace *w = g->site->workspace;
	struct al_dial_opts o = { .host = g->host, .port = g->port_nr,
	    .proxy_tls = al_workspace_proxy_tls(w),
	    .login = al_workspace_login(w),
	    .resolve_flags = g->site->resolve_flags,
	    .allow_addr = allow_addr, .arg = g };
	struct al_err err;

	g->find = NULL;
	if (cause != NULL) {
		al_guest_refuse(g, al_outcome_code(cause), cause->text);
		return;
	}
	o.route = &choice->route;
	g->dial = al_dial_start(g->gs->o.loop, g->gs->o.resolver, &o, on_far,
	    g, &err);
	al_choice_fini(choice);
	if (g->dial == NULL)
		al_guest_refuse(g, al_outcome_code(&err), err.text);
}

void
al_guest_go_direct(struct al_guest *g)
{
	bool v6 = strchr(g->host, ':') != NULL;
	char url[AL_HOST_MAX + 32];
	struct al_err err;

	(void)snprintf(url, sizeof(url), "https://%s%s%s:%u/", v6 ? "[" : "",
	    g->host, v6 ? "]" : "", g->port_nr);
	g->find = al_find_start(g->site->workspace, g->gs->o.loop,
	    g->gs->o.resolver, url, on_found, g, &err);
	if (g->find == NULL)
		al_guest_refuse(g, al_outcome_code(&err), err.text);
}
