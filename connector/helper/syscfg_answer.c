/* connector/helper/syscfg_answer.c - the proxies that a helper has named. */
#include "connector/helper/syscfg_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"

#define NAME		"alpacon-syscfg-helper"

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
keep(struct al_syscfg_answer *a, const char *front, const char *text,
    size_t len)
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
take_proxy(struct al_syscfg_answer *a, const uint8_t *p, size_t len)
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

/*
 * The URL for people: nothing of it that may be a secret.  User info ends at
 * an '@' that may be behind the '?' of a password, or behind what is shown.
 */
static void
take_pac(struct al_syscfg_answer *a, const uint8_t *p, size_t len)
{
	bool has_user = memchr(p, '@', len) != NULL;
	char shown[200];

	free(a->pac);
	a->pac = al_str_dup((const char *)p, len);
	a->nomem = a->nomem || a->pac == NULL;
	if (len == 0) {
		(void)snprintf(a->why, sizeof(a->why), "the desktop wants "
		    "WPAD, which is done only with wpad = yes and "
		    "wpad_domains");
		return;
	}
	(void)al_str_clean(shown, sizeof(shown), p, len);
	shown[strcspn(shown, "?")] = '\0';
	(void)snprintf(a->why, sizeof(a->why), "the desktop names a PAC "
	    "file%s%s", has_user ? "" : ", ",
	    has_user ? "" : shown);
}

static void
take_refusal(struct al_syscfg_answer *a, const uint8_t *p, size_t len)
{
	char text[200];

	(void)al_str_clean(text, sizeof(text), p, len);
	(void)snprintf(a->why, sizeof(a->why), NAME ": %s", text);
}

/* A text in C cannot hold a NUL: refused, not cut. */
static bool
decode(struct al_syscfg_answer *a, struct al_reader in)
{
	while (in.len > 0) {
		uint8_t kind = al_read_u8(&in);
		size_t len = al_read_u16(&in);
		const uint8_t *p = al_read_bytes(&in, len);

		if (p == NULL || memchr(p, '\0', len) != NULL)
			return false;
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
			return false;
		}
	}
	return true;
}

void
al_syscfg_answer_fini(struct al_syscfg_answer *a)
{
	while (a->n > 0)
		al_str_free_secret(a->texts[--a->n]);
	free(a->pac);
	a->pac = NULL;
}

void
al_syscfg_answer(struct al_syscfg_answer *a, const uint8_t *msg, size_t len)
{
	const char *why = NULL;

	if (!decode(a, al_reader(msg, len)))
		why = NAME " answered with nonsense";
	else if (a->nomem)
		why = "out of memory";
	if (why != NULL)
		al_syscfg_answer_fini(a);
	else if (a->strange && a->n == 0)
		why = "what is set there is no proxy";
	else if (a->why[0] == '\0')
		why = AL_SYSCFG_NOTHING;
	if (why != NULL)
		(void)snprintf(a->why, sizeof(a->why), "%s", why);
}
