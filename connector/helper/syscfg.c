/* connector/helper/syscfg.c - the desktop's proxies, by a helper process. */
#include "connector/helper/syscfg.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/helper/child.h"
#include "connector/helper/syscfg_answer.h"

#define NAME		"alpacon-syscfg-helper"
#define DEADLINE_MS	3000u

/*
 * How libproxy's modules find the desktop and its files.  Without the
 * proxies' own variables: those are a source of their own, and have been
 * asked.
 */
static const char *const helper_env[] = {
	"HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_DIRS",
	"XDG_RUNTIME_DIR", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION",
	"GNOME_DESKTOP_SESSION_ID", "KDE_FULL_SESSION", "KDE_SESSION_VERSION",
	"DBUS_SESSION_BUS_ADDRESS", "GSETTINGS_BACKEND",
	"GSETTINGS_SCHEMA_DIR", "PATH=/usr/bin:/bin", "LC_ALL=C", NULL
};

struct al_syscfg {
	struct al_child	*child;
	al_on_syscfg	*on_syscfg;
	void		*arg;
};

/* --- the answer ----------------------------------------------------------- */

static void
on_child(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	struct al_syscfg *s = arg;
	struct al_syscfg_result r;
	struct al_syscfg_answer a = { .n = 0 };

	if (why == NULL)
		al_syscfg_answer(&a, msg, len);
	else
		(void)snprintf(a.why, sizeof(a.why), "%s", why->text);
	r = (struct al_syscfg_result){
		.proxies = (const char *const *)a.texts, .n = a.n,
		.pac = a.pac, .why = a.n == 0 ? a.why : NULL,
	};
	s->on_syscfg(s->arg, &r);
	al_syscfg_answer_fini(&a);
	al_syscfg_cancel(s);
}

/* --- the question --------------------------------------------------------- */

/* ALPACON_SYSCFG_HELPER is for programs that run where they were built. */
static const char *
installed(void)
{
	const char *path = secure_getenv("ALPACON_SYSCFG_HELPER");

	return path != NULL ? path : AL_PKGLIBEXECDIR "/" NAME;
}

static enum al_code
ask(struct al_syscfg *s, const struct al_syscfg_opts *o, struct al_err *err)
{
	uint8_t msg[3 + AL_HOST_MAX];
	size_t len = strlen(o->host);

	if (len > AL_HOST_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "the host's name is too long");
	msg[0] = (uint8_t)o->scheme;
	al_put_u16(msg + 1, o->port);
	memcpy(msg + 3, o->host, len);
	return al_child_ask(s->child, msg, 3 + len,
	    o->deadline_ms > 0 ? o->deadline_ms : DEADLINE_MS, on_child, s,
	    err);
}

struct al_syscfg *
al_syscfg_start(struct al_loop *loop, const struct al_syscfg_opts *o,
    al_on_syscfg *on_syscfg, void *arg, struct al_err *err)
{
	const struct al_child_opts child = {
		.name = NAME,
		.path = o->helper != NULL ? o->helper : installed(),
		.env = helper_env,
		.msg_max = AL_SYSCFG_MSG_MAX,
		.stage = AL_AT_CONFIG,
	};
	struct al_syscfg *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	s->on_syscfg = on_syscfg;
	s->arg = arg;
	s->child = al_child_start(loop, &child, err);
	if (s->child != NULL && ask(s, o, err) == AL_OK)
		return s;
	al_syscfg_cancel(s);
	return NULL;
}

void
al_syscfg_cancel(struct al_syscfg *s)
{
	if (s == NULL)
		return;
	al_child_free(s->child);
	free(s);
}
