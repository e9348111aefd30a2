/* connector/tunnel/forward.c - -L and -W: local ends of channels to SERVER. */
#include "connector/tunnel/forward.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "connector/daemon/reach.h"
#include "connector/daemon/signals.h"
#include "connector/daemon/where.h"
#include "connector/loop/netmon.h"
#include "connector/loop/wake.h"
#include "connector/session/find.h"

static void goodbye(struct tunnel *t);

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
		forward_explain(&err, fw, fw->t->stdio_target, end->code, end->text);
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
	char *json = forward_json(fw, fw->t->stdio_target);
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
	for (i = 0; i < fw->t->n_forwards; i++)
		listener_up(&fw->listeners[i], m);
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
		al_client_close(fw->client, AL_CHAN_DONE, NULL);
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
