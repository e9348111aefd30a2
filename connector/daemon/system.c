/* connector/daemon/system.c - the system's proxy settings for a workspace. */
#include "connector/daemon/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "connector/base/url.h"
#include "connector/helper/syscfg.h"
#include "connector/session/workspace.h"

struct al_system {
	struct al_syscfg	*ask;
	struct al_workspace	*w;
	al_on_system		*on_system;
	void			*arg;
};

static void
on_syscfg(void *arg, const struct al_syscfg_result *r)
{
	struct al_system *s = arg;
	al_on_system *on_system = s->on_system;
	void *their_arg = s->arg;
	struct al_err err = { .code = AL_OK };
	enum al_code code = al_workspace_set_system(s->w, r->proxies, r->n,
	    r->why, &err);

	free(s);		/* the question ends by itself */
	on_system(their_arg, code != AL_OK ? &err : NULL);
}

static struct al_syscfg *
ask(struct al_system *s, struct al_loop *loop, const char *text,
    struct al_err *err)
{
	struct al_url parsed;
	const struct al_url *u = al_workspace_url(s->w);
	struct al_syscfg_opts o = { .helper = NULL };
	struct al_syscfg *asked;

	if (text != NULL && al_url_parse(&parsed, text, err) != AL_OK)
		return NULL;
	if (text != NULL)
		u = &parsed;
	o.host = u->host;
	o.port = u->port != 0 ? u->port : al_url_default_port(u->scheme);
	o.scheme = strcmp(u->scheme, "http") == 0 ||
	    strcmp(u->scheme, "ws") == 0 ? AL_SYSCFG_HTTP : AL_SYSCFG_HTTPS;
	asked = al_syscfg_start(loop, &o, on_syscfg, s, err);
	if (text != NULL)
		al_url_fini(&parsed);
	return asked;
}

struct al_system *
al_system_start(struct al_loop *loop, struct al_workspace *w,
    const char *url, al_on_system *on_system, void *arg, struct al_err *err)
{
	struct al_system *s;
	struct al_err why;

	err->code = AL_OK;
	if (!al_workspace_wants_system(w, url))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	s->w = w;
	s->on_system = on_system;
	s->arg = arg;
	s->ask = ask(s, loop, url, &why);
	if (s->ask != NULL)
		return s;
	free(s);
	/* no helper is no error: it may have been left out of the build */
	if (al_workspace_set_system(w, NULL, 0, why.sys == ENOENT ?
	    "alpacon-syscfg-helper is not installed" : why.text, err) ==
	    AL_OK)
		err->code = AL_OK;
	return NULL;
}

void
al_system_cancel(struct al_system *s)
{
	if (s == NULL)
		return;
	al_syscfg_cancel(s->ask);
	free(s);
}

/* --- with a loop of its own ----------------------------------------------- */
struct wait {
	struct al_err	err;
	bool		over;
};

static void
on_settled(void *arg, const struct al_err *err)
{
	struct wait *wait = arg;

	wait->over = true;
	if (err != NULL)
		wait->err = *err;
}

enum al_code
al_system_settle(struct event_base *base, struct al_loop *loop,
    struct al_workspace *w, const char *url, struct al_err *err)
{
	struct wait wait = { .err = { .code = AL_OK } };
	struct al_system *s = al_system_start(loop, w, url, on_settled, &wait,
	    err);

	if (s == NULL)
		return err->code;
	while (!wait.over) {
		if (event_base_loop(base, EVLOOP_ONCE) == 0 &&
		    !event_base_got_break(base))
			continue;
		if (wait.over)
			break;
		al_system_cancel(s);
		return al_fail(err, AL_EOF, AL_AT_LOCAL, 0,
		    "interrupted while the system's settings were asked");
	}
	*err = wait.err;
	return err->code;
}
