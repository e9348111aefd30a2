/* connector/tunnel/dial.c - dial HOST:PORT: standard input and output there. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "connector/daemon/reach.h"
#include "connector/dial/dial.h"
#include "connector/stream/fdpair.h"
#include "connector/stream/join.h"
#include "connector/tunnel/tunnel.h"

static void
on_join(void *arg, const struct al_join_count *count,
    const struct al_err *err)
{
	struct tunnel *t = arg;

	(void)count;
	if (err != NULL)
		stop(t, err);
	else
		(void)event_base_loopbreak(t->base);
}

static void
on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct tunnel *t = arg;
	struct al_stream *stdio;
	struct al_err failed;

	(void)route;
	if (err != NULL) {
		stop(t, err);
		return;
	}
	stdio = al_fdpair_new(STDIN_FILENO, STDOUT_FILENO, &failed);
	if (stdio == NULL) {
		al_stream_free(s);
		stop(t, &failed);
	} else if (al_join_start(t->loop, stdio, s, on_join, t, &failed) ==
	    NULL) {
		stop(t, &failed);
	}
}

static void
on_step(void *arg, const struct al_step *s)
{
	const struct tunnel *t = arg;

	if (t->verbose > 0 && s->state != AL_STEP_BEGIN)
		say(t, "%s %s: %s", al_stage_name(s->stage), s->what,
		    s->state == AL_STEP_OK ? "ok" : s->err->text);
}

/* Everything on the way, credentials included, is "path" for dial. */
static enum al_exit
path_or_usage(enum al_exit status)
{
	return status == AL_EXIT_OK || status == AL_EXIT_USAGE ? status :
	    AL_EXIT_PATH;
}

enum al_exit
run_dial(struct tunnel *t, const char *target)
{
	struct al_dial_opts o = { .on_step = on_step, .arg = t };
	char host[AL_HOST_MAX + 1], url[AL_HOST_MAX + 32];
	struct al_choice choice = { .url = NULL };
	struct al_workspace *w = NULL;
	struct al_err err;

	if (al_hostport_parse(target, 0, host, &o.port, &err) != AL_OK) {
		err.stage = AL_AT_NONE;
		goto fail;
	}
	(void)snprintf(url, sizeof(url), strchr(host, ':') != NULL ?
	    "https://[%s]:%u/" : "https://%s:%u/", host, o.port);
	w = al_reach_open(t->conf, NULL, note, t, &err);
	if (w == NULL || al_reach_find(t->base, t->loop, t->resolver, w, url,
	    &choice, &err) != AL_OK)
		goto fail;
	o.host = host;
	o.route = &choice.route;
	o.tls = t->tls ? al_workspace_tls(w) : NULL;
	o.proxy_tls = al_workspace_proxy_tls(w);
	o.login = al_workspace_login(w);
	if (al_dial_start(t->loop, t->resolver, &o, on_dial, t, &err) == NULL)
		goto fail;
	(void)event_base_dispatch(t->base);
	goto out;
fail:
	t->status = al_exit_say(PROGRAM, &err);
out:
	if (choice.url != NULL)
		al_choice_fini(&choice);
	al_workspace_free(w);
	return path_or_usage(t->status);
}
