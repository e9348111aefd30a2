/* connector/tunnel/forward.c - -L and -W: local ends of channels to SERVER. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <jansson.h>

#include "connector/daemon/reach.h"
#include "connector/daemon/secret.h"
#include "connector/daemon/signals.h"
#include "connector/daemon/where.h"
#include "connector/loop/netmon.h"
#include "connector/loop/wake.h"
#include "connector/session/find.h"
#include "connector/session/port.h"
#include "connector/stream/tcp.h"
#include "connector/tunnel/tunnel.h"

#define ACCEPT_BATCH	64
#define PATIENCE_MS	15000	/* for a session                               */
#define AGAIN_MS	3000	/* between questions to a far side that is not
				 * ready                                       */

struct forwarding;

/* A -L: its socket, and a question to the far side about its target. */
struct listener {
	struct al_end		 probe;		/* first: a health channel */
	struct forwarding	*fw;
	const struct forward	*f;
	char			 where[AL_ADDR_TEXT];
	int			 fd;
	struct al_watch		 watch;
	struct al_timer		 pause;		/* no descriptors left     */
	struct al_timer		 again;		/* ask once more           */
	bool			 asked;		/* our FIN is out          */
	bool			 said_ready, said_not;
	bool			 impatient;	/* for want of a session, long
						 * enough: who comes is reset */
};

struct forwarding {
	struct tunnel		*t;
	struct al_workspace	*w;
	struct al_client	*client;
	struct al_habits	*habits;	/* of the ways, while we run */
	struct al_netmon	*netmon;
	struct al_wake		*wake;
	struct al_secret	 authorization;
	struct al_signals	*signals;
	struct listener		*listeners;
	struct al_port		*stdio;
	int			 stdio_flags[2], tty[2];
	bool			 was_up, stopping;
};

static void goodbye(struct tunnel *t);

/* --- OPEN's JSON ---------------------------------------------------------- */
static char *
target_json(const struct forwarding *fw, const char *target)
{
	json_t *o = json_pack("{s:s,s:s}", "server", fw->t->server, "target",
	    target);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

/* --- what a refusal means ------------------------------------------------- */
/* "connection refused (3)", and who says so. */
static void
explain(struct al_err *err, const struct forwarding *fw, const char *target,
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
	explain(&err, l->fw, l->f->target, code, text);
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
	char *json = target_json(l->fw, l->f->target);
	const struct al_open o = { .kind = AL_CHAN_HEALTH,
	    .json = json != NULL ? json : "" };
	struct al_err err;

	al_timer_cancel(&l->again);
	l->probe.ops = &probe_ops;
	l->asked = false;
	if (al_end_open(&l->probe, m, &o, &err) != AL_OK)
		stop(l->fw->t, &err);
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
		explain(&err, l->fw, l->f->target, end->code, end->text);
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
	char *json = m != NULL ? target_json(l->fw, l->f->target) : NULL;
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

static enum al_code
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

static void
listener_close(struct listener *l)
{
	al_watch_fini(&l->watch);
	al_timer_fini(&l->pause);
	al_timer_fini(&l->again);
	if (l->fd > 0)
		(void)close(l->fd);
}

/* --- -W ------------------------------------------------------------------- */
static void
on_stdio_ready(void *arg, struct al_port *p, const char *json)
{
	struct forwarding *fw = arg;

	(void)p;
	(void)json;
	if (fw->t->verbose > 0)
		say(fw->t, "ready: %s %s", fw->t->server,
		    fw->t->stdio_target);
}

static void
on_stdio_end(void *arg, struct al_port *p, const struct al_port_end *end)
{
	struct forwarding *fw = arg;
	struct al_err err;

	(void)p;
	fw->stdio = NULL;
	if (fw->stopping)
		return;
	if (end->code != AL_CHAN_DONE) {
		explain(&err, fw, fw->t->stdio_target, end->code, end->text);
		stop(fw->t, &err);
	} else {
		goodbye(fw->t);
	}
}

static const struct al_port_ops stdio_ops = {
	.on_ready = on_stdio_ready,
	.on_end = on_stdio_end,
};

/*
 * A terminal is shared with the shell: what is changed has to be put back, by
 * a copy that is kept.  Pipes are not kept: their other end waits for the
 * last copy to be closed.
 */
static void
set_nonblocking(struct forwarding *fw)
{
	int fd;

	for (fd = 0; fd < 2; fd++) {
		fw->stdio_flags[fd] = fcntl(fd, F_GETFL);
		fw->tty[fd] = isatty(fd) ? dup(fd) : -1;
		(void)fcntl(fd, F_SETFL, fw->stdio_flags[fd] | O_NONBLOCK);
	}
}

static void
restore_blocking(const struct forwarding *fw)
{
	int fd;

	for (fd = 0; fd < 2; fd++)
		if (fw->tty[fd] >= 0)
			(void)fcntl(fw->tty[fd], F_SETFL,
			    fw->stdio_flags[fd]);
}

/* The descriptor itself, and nothing in its place. */
static int
move_away(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)dup2(null, fd);
	(void)close(null);
	return moved;
}

static void
stdio_open(struct forwarding *fw, struct al_mux *m)
{
	char *json = target_json(fw, fw->t->stdio_target);
	const struct al_open o = { .kind = AL_CHAN_TCP,
	    .json = json != NULL ? json : "" };
	const struct al_port_opts po = { .rfd = move_away(0),
	    .wfd = move_away(1) };
	struct al_err err;

	fw->stdio = al_port_open(m, &o, &po, &stdio_ops, fw, &err);
	if (fw->stdio == NULL)
		stop(fw->t, &err);
	free(json);
}

/* --- the session ---------------------------------------------------------- */
static bool
on_target(void *arg, struct al_client_target *target, struct al_err *err)
{
	struct forwarding *fw = arg;

	/* a token is read anew for each link */
	al_secret_fini(&fw->authorization);
	if (al_where_authorization(fw->t->conf, &fw->authorization, err) !=
	    AL_OK)
		return false;
	al_workspace_target(fw->w, "/ws/tunnel/", fw->authorization.text,
	    target);
	return true;
}

static void
on_step(void *arg, const struct al_step *s)
{
	struct forwarding *fw = arg;

	if (fw->t->verbose > 0 && s->state != AL_STEP_BEGIN)
		say(fw->t, "%s %s: %s", al_stage_name(s->stage), s->what,
		    s->state == AL_STEP_OK ? "ok" : s->err->text);
}

static void
on_up(void *arg, struct al_mux *m)
{
	struct forwarding *fw = arg;
	size_t i;

	if (fw->t->verbose > 0 || fw->was_up)
		say(fw->t, "connected to %s via %s",
		    al_workspace_authority(fw->w), al_client_via(fw->client));
	fw->was_up = true;
	if (fw->t->stdio_target != NULL)
		stdio_open(fw, m);
	for (i = 0; i < fw->t->n_forwards; i++) {
		fw->listeners[i].impatient = false;
		on_pause_over(&fw->listeners[i]);
		probe(&fw->listeners[i], m);
	}
}

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	struct forwarding *fw = arg;

	if (fw->stopping) {
		(void)event_base_loopbreak(fw->t->base);
		return;
	}
	/* what has never worked, or can't be mended by trying, is the end */
	if (!fw->was_up || retry_ms == UINT64_MAX || why->code == AL_EAUTH) {
		stop(fw->t, why);
		return;
	}
	say(fw->t, "lost: %s; trying again in %.1f s", why->text,
	    (double)retry_ms / 1000);
}

static void
on_leaving(void *arg, struct al_mux *m, const struct al_err *why,
    uint64_t retry_ms)
{
	struct forwarding *fw = arg;

	(void)m;
	say(fw->t, "%s; new connections wait for another one, in %.1f s",
	    why->text, (double)retry_ms / 1000);
}

static void
on_link(void *arg, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	struct forwarding *fw = arg;

	(void)retry_ms;
	if (fw->stopping)
		return;
	if (what == AL_LANE_LOST)
		say(fw->t, "connection lost: %s; connections wait for the "
		    "next one", why->text);
	else if (what == AL_LANE_RESUMED)
		say(fw->t, "connected again via %s, nothing is missing",
		    al_client_via(fw->client));
	else if (what == AL_LANE_FAILED && fw->t->verbose > 0)
		say(fw->t, "not yet: %s", why->text);
}

static const struct al_client_ops client_ops = {
	.on_target = on_target,
	.on_step = on_step,
	.on_up = on_up,
	.on_down = on_down,
	.on_leaving = on_leaving,
	.on_link = on_link,
};

/* The gateway hears CLOSE, so that its log says who ended what. */
static void
goodbye(struct tunnel *t)
{
	struct forwarding *fw = t->arg;

	if (fw->stopping)
		return;
	fw->stopping = true;
	if (al_client_state(fw->client) == AL_CLIENT_ENDED)
		(void)event_base_loopbreak(t->base);
	else
		al_client_close(fw->client);
}

static void
on_stop(void *arg, int sig)
{
	struct forwarding *fw = arg;

	(void)sig;
	goodbye(fw->t);
}

/* The connection may be dead, or go by a network that is left. */
static void
on_network(void *arg)
{
	struct forwarding *fw = arg;

	al_workspace_network_changed(fw->w);
	al_client_retry_now(fw->client);
	al_client_rotate(fw->client);
}

static void
on_wake(void *arg, uint64_t slept_ms)
{
	(void)slept_ms;
	on_network(arg);
}

static const struct al_signals_ops signal_ops = { .on_stop = on_stop };

static enum al_code
open_workspace(struct forwarding *fw, struct al_err *err)
{
	const struct al_conf_value *url = al_conf_get(fw->t->conf, NULL, NULL,
	    "url", 0);

	if (url == NULL || url->text == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0,
		    "which workspace? Give --url https://WORKSPACE, or set "
		    "ALPACON_URL");
	fw->w = al_reach_open(fw->t->conf, url->text, note, fw->t,
	    err);
	if (fw->w != NULL)
		return AL_OK;
	if (err->code == AL_EUSAGE && url->source == AL_CONF_FLAG)
		err->stage = AL_AT_NONE;	/* wrong usage, not settings */
	return err->code;
}

static enum al_code
open_all(struct forwarding *fw, struct al_err *err)
{
	struct tunnel *t = fw->t;
	struct al_client_opts o = { .flags = t->stdio_target != NULL ?
	    AL_CLIENT_ONCE : 0 };
	enum al_code code = open_workspace(fw, err);
	size_t i;

	fw->listeners = calloc(t->n_forwards + 1, sizeof(*fw->listeners));
	if (fw->listeners == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	for (i = 0; code == AL_OK && i < t->n_forwards; i++) {
		fw->listeners[i].fw = fw;
		fw->listeners[i].f = &t->forwards[i];
		code = listener_open(&fw->listeners[i], err);
	}
	if (code != AL_OK)
		return code;
	fw->signals = al_signals_new(t->base, &signal_ops, fw, err);
	if (fw->signals == NULL)
		return err->code;
	o.session.software = PROGRAM " " AL_VERSION;
	o.habits = fw->habits = al_habits_new();
	fw->client = al_client_start(t->loop, t->resolver, &o, &client_ops,
	    fw, err);
	if (fw->client == NULL)
		return err->code;
	/* a sandbox may forbid these: then nobody tells us, and that is all */
	fw->netmon = al_netmon_new(t->loop, on_network, fw, err);
	fw->wake = al_wake_new(t->loop, on_wake, fw, err);
	return AL_OK;
}

enum al_exit
run_forward(struct tunnel *t)
{
	struct forwarding fw = { .t = t };
	struct al_err err;
	size_t i;

	if (t->stdio_target != NULL)
		set_nonblocking(&fw);
	if (open_all(&fw, &err) == AL_OK) {
		t->arg = &fw;
		t->goodbye = goodbye;
		(void)event_base_dispatch(t->base);
	} else {
		t->status = al_exit_say(PROGRAM, &err);
	}
	al_netmon_free(fw.netmon);
	al_wake_free(fw.wake);
	al_client_free(fw.client);
	al_habits_free(fw.habits);
	al_port_free(fw.stdio);
	al_signals_free(fw.signals);
	for (i = 0; fw.listeners != NULL && i < t->n_forwards; i++)
		listener_close(&fw.listeners[i]);
	free(fw.listeners);
	al_secret_fini(&fw.authorization);
	al_workspace_free(fw.w);
	if (t->stdio_target != NULL)
		restore_blocking(&fw);
	return t->status;
}
