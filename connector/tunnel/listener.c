/* connector/tunnel/listener.c - -L: a local socket, a channel a connection. */
#include "connector/tunnel/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "connector/stream/tcp.h"

#define ACCEPT_BATCH	64
#define PATIENCE_MS	15000	/* for a session                               */
#define AGAIN_MS	3000	/* between questions to a far side that is not
				 * ready                                       */

char *
forward_json(const struct forwarding *fw, const char *target)
{
	json_t *o = json_pack("{s:s,s:s}", "server", fw->t->server, "target",
	    target);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

void
forward_explain(struct al_err *err, const struct forwarding *fw, const char *target,
    uint16_t code, const char *text)
{
	enum al_code c = code == AL_CHAN_DENIED || code == AL_CHAN_REVOKED ?
	    AL_EAUTH : code == AL_CHAN_TIMEOUT ? AL_ETIMEOUT : AL_EREFUSED;

	(void)al_fail_as(err, c, AL_AT_CHANNEL, code, 0,
	    "%s on %s: %s (code %u)%s%s", target, fw->t->server,
	    al_chan_code_name(code), code, text[0] != '\0' ? ": " : "",
	    text);
}

/* Nothing that waiting could mend. */
static bool
is_final(uint16_t code)
{
	return code == AL_CHAN_DENIED || code == AL_CHAN_NO_SERVER ||
	    code == AL_CHAN_REVOKED || code == AL_CHAN_BAD_REQUEST ||
	    code == AL_CHAN_UNSUPPORTED || code == AL_CHAN_OFFLINE;
}

/* --- asking the far side before saying "ready" ---------------------------- */
static void
on_probe_turn(struct al_end *e, struct al_session *s,
    const struct al_turn *t, uint64_t now_us)
{
	struct listener *l = (struct listener *)e;

	l->asked = true;
	al_session_commit(s, t, 0, AL_TURN_FIN, now_us);
	if (al_chan_is_ended(e->chan))
		al_end_leave(e, AL_CHAN_DONE, NULL);
}

static void
on_probe_accept(struct al_end *e, const char *json)
{
	struct listener *l = (struct listener *)e;

	(void)json;
	al_end_ready(e);	/* to end it in order: no RESET in the audit */
	say(l->fw->t, l->said_ready ? "ready again: %s -> %s %s" :
	    "ready: %s -> %s %s", l->where, l->fw->t->server, l->f->target);
	l->said_ready = true;
	l->said_not = false;
}

static void
on_probe_data(struct al_end *e)
{
	al_chan_consume(e->chan, al_chan_queued(e->chan), al_now_us());
	if (al_chan_is_ended(e->chan) && ((struct listener *)e)->asked)
		al_end_leave(e, AL_CHAN_DONE, NULL);
}

static void
on_probe_gone(struct al_end *e, enum al_gone how, uint16_t code,
    const char *text)
{
	struct listener *l = (struct listener *)e;
	struct al_err err;

	if (how != AL_GONE_REFUSED)
		return;
	forward_explain(&err, l->fw, l->f->target, code, text);
	if (is_final(code) && !l->said_ready) {
		stop(l->fw->t, &err);
		return;
	}
	if (!l->said_not)
		say(l->fw->t, "not ready: %s -> %s (asked again every %d s)",
		    l->where, err.text, AGAIN_MS / 1000);
	l->said_not = true;
	al_timer_set(&l->again, AGAIN_MS);
}

static const struct al_end_ops probe_ops = {
	.name = "probe",
	.on_turn = on_probe_turn,
	.on_accept = on_probe_accept,
	.on_data = on_probe_data,
	.on_writable = on_probe_data,
	.on_gone = on_probe_gone,
};

static void
probe(struct listener *l, struct al_mux *m)
{
	char *json = forward_json(l->fw, l->f->target);
	const struct al_open o = { .kind = AL_CHAN_HEALTH,
	    .json = json != NULL ? json : "" };
	struct al_err err;

	al_timer_cancel(&l->again);
	al_end_leave(&l->probe, AL_CHAN_PEER_RESET, NULL);
	l->probe.ops = &probe_ops;
	l->asked = false;
	if (al_end_open(&l->probe, m, &o, &err) != AL_OK) {
		/* GOAWAY came with START: there will be another session */
		if (err.code == AL_EREFUSED)
			al_timer_set(&l->again, AGAIN_MS);
		else
			stop(l->fw->t, &err);
	}
	free(json);
}

static void
on_again(void *arg)
{
	struct listener *l = arg;
	struct al_mux *m = al_client_mux(l->fw->client);

	if (m != NULL && l->probe.chan == NULL)
		probe(l, m);
}

/* --- one forwarded connection --------------------------------------------- */
static void
on_port_end(void *arg, struct al_port *p, const struct al_port_end *end)
{
	struct listener *l = arg;
	struct al_err err;

	(void)p;
	if (end->code != AL_CHAN_DONE && (end->refused ||
	    l->fw->t->verbose > 0)) {
		forward_explain(&err, l->fw, l->f->target, end->code, end->text);
		say(l->fw->t, "%s: %s", l->where, err.text);
	}
	if (end->fd >= 0) {
		const struct linger now = { .l_onoff = 1 };

		(void)setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
		(void)close(end->fd);
	}
}

static const struct al_port_ops port_ops = { .on_end = on_port_end };

static void
forward_one(struct listener *l, int fd)
{
	struct al_mux *m = al_client_mux(l->fw->client);
	char *json = m != NULL ? forward_json(l->fw, l->f->target) : NULL;
	const struct al_open o = { .kind = AL_CHAN_TCP, .json = json };
	const struct al_port_opts po = { .rfd = fd, .wfd = fd };
	struct al_err err;

	if (json == NULL) {
		const struct linger now = { .l_onoff = 1 };

		if (m == NULL)
			say(l->fw->t, "%s: a connection was reset: there has "
			    "been no session for %d s", l->where,
			    PATIENCE_MS / 1000);
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
		(void)close(fd);
		return;
	}
	if (al_port_open(m, &o, &po, &port_ops, l, &err) == NULL)
		say(l->fw->t, "%s: %s", l->where, err.text);
	free(json);
}

/* Connections stay in the socket's queue, for a while. */
static void
wait_for_session(struct listener *l)
{
	al_client_retry_now(l->fw->client);
	al_watch_set(&l->watch, 0);
	al_timer_set(&l->pause, PATIENCE_MS);
	l->impatient = true;
}

static void
on_listener(void *arg, unsigned ready)
{
	struct listener *l = arg;
	int i, fd;

	(void)ready;
	if (al_client_mux(l->fw->client) == NULL && !l->impatient) {
		wait_for_session(l);
		return;
	}
	for (i = 0; i < ACCEPT_BATCH; i++) {
		fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			forward_one(l, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			say(l->fw->t, "%s: %s; waiting for a free "
			    "descriptor", l->where, strerror(errno));
			al_watch_set(&l->watch, 0);
			al_timer_set(&l->pause, 200);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void
on_pause_over(void *arg)
{
	struct listener *l = arg;

	al_timer_cancel(&l->pause);
	al_watch_set(&l->watch, AL_WANT_READ);
}

enum al_code
listener_open(struct listener *l, struct al_err *err)
{
	struct al_addr a = l->f->listen;
	const int on = 1;

	l->fd = socket(a.u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (l->fd < 0 ||
	    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(l->fd, &a.u.sa, a.len) != 0 || listen(l->fd, 4096) != 0 ||
	    getsockname(l->fd, &a.u.sa, &a.len) != 0)
		return al_fail(err, AL_ENET, AL_AT_LOCAL, errno,
		    "can't listen on %s: %s", al_addr_format(&a, l->where),
		    strerror(errno));
	(void)al_addr_format(&a, l->where);
	al_tcp_set_local(l->fd);	/* what it accepts inherits it */
	if (al_watch_init(&l->watch, l->fw->t->loop, l->fd, on_listener, l,
	    err) != AL_OK || al_timer_init(&l->pause, l->fw->t->loop,
	    on_pause_over, l, err) != AL_OK || al_timer_init(&l->again,
	    l->fw->t->loop, on_again, l, err) != AL_OK)
		return err->code;
	al_watch_set(&l->watch, AL_WANT_READ);
	return AL_OK;
}

void
listener_close(struct listener *l)
{
	al_watch_fini(&l->watch);
	al_timer_fini(&l->pause);
	al_timer_fini(&l->again);
	if (l->fd > 0)
		(void)close(l->fd);
}

void
listener_up(struct listener *l, struct al_mux *m)
{
	l->impatient = false;
	on_pause_over(l);
	probe(l, m);
}
