/* connector/helper/syscfg.c - the desktop's proxies, by a helper process. */
#include "connector/helper/syscfg.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/helper/child.h"
#include "proxy/route.h"

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

/* An answer, taken apart. */
struct answer {
	char		*texts[AL_ROUTE_MAX];
	size_t		 n;
	char		*pac;
	char		 why[sizeof(((struct al_err *)0)->text) + 64];
	bool		 closed;	/* what comes is behind a direct   */
	bool		 strange;	/* it named what is no proxy       */
	bool		 nomem;
};

/* --- answers -------------------------------------------------------------- */

/* A comma would make a chain of it, and no URL has blanks. */
static bool
is_url(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f || p[i] == ',')
			return false;
	return len > 0;
}

static void
keep(struct answer *a, const char *front, const char *text, size_t len)
{
	size_t n = strlen(front);
	char *to = malloc(n + len + 1);

	if (to == NULL) {
		a->nomem = true;
		return;
	}
	memcpy(to, front, n);
	memcpy(to + n, text, len);
	to[n + len] = '\0';
	a->texts[a->n++] = to;
}

/*
 * libproxy says "direct://" when it knows nothing, so as the first it is no
 * answer; behind a proxy it is the way around it.  Its "socks" resolves names
 * at the proxy, as browsers do.
 */
static void
take_proxy(struct answer *a, const uint8_t *p, size_t len)
{
	static const char socks[] = "socks://";
	char text[AL_SYSCFG_MSG_MAX + 1];

	if (a->closed || a->n == AL_ROUTE_MAX)
		return;
	memcpy(text, p, len);
	text[len] = '\0';
	a->closed = al_str_istarts(text, "direct://");
	if (!is_url(p, len))
		a->strange = true;
	else if (a->closed && a->n > 0)
		keep(a, "direct", "", 0);
	else if (!a->closed && al_str_istarts(text, socks))
		keep(a, "socks5h://", text + sizeof(socks) - 1,
		    len - (sizeof(socks) - 1));
	else if (!a->closed)
		keep(a, "", text, len);
	explicit_bzero(text, sizeof(text));
}

/* The URL for people: nothing of it that may be a secret. */
static void
take_pac(struct answer *a, const uint8_t *p, size_t len)
{
	char shown[200];

	free(a->pac);
	a->pac = al_str_dup((const char *)p, len);
	a->nomem = a->nomem || a->pac == NULL;
	if (len == 0) {
		(void)snprintf(a->why, sizeof(a->why), "the desktop wants "
		    "WPAD, which is not done");
		return;
	}
	(void)al_str_clean(shown, sizeof(shown), p, len);
	shown[strcspn(shown, "?")] = '\0';
	(void)snprintf(a->why, sizeof(a->why), "the desktop names a PAC "
	    "file%s%s, which is not read", strchr(shown, '@') ? "" : ", ",
	    strchr(shown, '@') ? "" : shown);
}

static void
take_refusal(struct answer *a, const uint8_t *p, size_t len)
{
	char text[200];

	(void)al_str_clean(text, sizeof(text), p, len);
	(void)snprintf(a->why, sizeof(a->why), NAME ": %s", text);
}

static bool
decode(struct answer *a, struct al_reader in)
{
	while (!in.bad && in.len > 0) {
		uint8_t kind = al_read_u8(&in);
		size_t len = al_read_u16(&in);
		const uint8_t *p = al_read_bytes(&in, len);

		if (in.bad)
			break;
		switch (kind) {
		case AL_SYSCFG_PROXY:
			take_proxy(a, p, len);
			break;
		case AL_SYSCFG_PAC:
			take_pac(a, p, len);
			break;
		case AL_SYSCFG_REFUSED:
			take_refusal(a, p, len);
			break;
		default:
			in.bad = true;
		}
	}
	return !in.bad;
}

static void
forget(struct answer *a)
{
	while (a->n > 0)
		al_str_free_secret(a->texts[--a->n]);
	free(a->pac);
	a->pac = NULL;
}

static void
settle(struct answer *a, const uint8_t *msg, size_t len)
{
	const char *why = NULL;

	if (!decode(a, al_reader(msg, len)))
		why = NAME " answered with nonsense";
	else if (a->nomem)
		why = "out of memory";
	if (why != NULL)
		forget(a);
	else if (a->strange && a->n == 0)
		why = "what is set there is no proxy";
	else if (a->why[0] == '\0')
		why = AL_SYSCFG_NOTHING;
	if (why != NULL)
		(void)snprintf(a->why, sizeof(a->why), "%s", why);
}

static void
on_child(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	struct al_syscfg *s = arg;
	struct al_syscfg_result r;
	struct answer a = { .n = 0 };

	if (why == NULL)
		settle(&a, msg, len);
	else
		(void)snprintf(a.why, sizeof(a.why), "%s", why->text);
	r = (struct al_syscfg_result){
		.proxies = (const char *const *)a.texts, .n = a.n,
		.pac = a.pac, .why = a.n == 0 ? a.why : NULL,
	};
	s->on_syscfg(s->arg, &r);
	forget(&a);
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
