/* connector/helper/gss.c - Kerberos tokens, made by a process of its own. */
#include "connector/helper/gss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/buf.h"
#include "connector/base/reader.h"
#include "connector/helper/child.h"
#include "connector/helper/gss_answer.h"
#include "connector/loop/loop.h"

#define NAME		"alpacon-gss-helper"
#define DEADLINE_MS	10000u

/* What Kerberos reads from its environment, and nothing else of ours. */
static const char *const helper_env[] = {
	"KRB5_CONFIG", "KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME",
	"KRB5_TRACE", "HOME", "LC_ALL=C", NULL
};

struct al_gss {
	struct al_child		*child;
	unsigned		 deadline_ms;
	enum al_gss_type	 asked;
	al_on_gss		*on_gss;
	void			*arg;
};

/* --- answers -------------------------------------------------------------- */

static void
on_child(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	struct al_gss *g = arg;
	struct al_gss_result r = { .local = g->asked == AL_GSS_START };
	struct al_err err = { .code = AL_OK };

	if (why == NULL) {
		al_gss_answer(&r, g->asked, msg, len, &err);
	} else {
		err = *why;
		if (err.code == AL_ETIMEOUT) {
			r.why = AL_GSS_KDC_UNREACHABLE;
			(void)al_fail(&err, AL_ETIMEOUT, AL_AT_PROXY,
			    why->sys, "%s: does the KDC answer?", why->text);
		}
		al_err_prefix(&err, "kerberos");
		r.err = &err;
		r.local = true;
	}
	g->on_gss(g->arg, &r);		/* may free g */
}

/* --- questions ------------------------------------------------------------ */

static enum al_code
ask(struct al_gss *g, enum al_gss_type type, const void *msg, size_t len,
    al_on_gss *on_gss, void *arg, struct al_err *err)
{
	enum al_code code = al_child_ask(g->child, msg, len, g->deadline_ms,
	    on_child, g, err);

	if (code != AL_OK) {
		al_err_prefix(err, "kerberos");
		return code;
	}
	g->asked = type;
	g->on_gss = on_gss;
	g->arg = arg;
	return AL_OK;
}

/* A type, for WRAP its octet, and bytes. */
static enum al_code
ask_bytes(struct al_gss *g, enum al_gss_type type, int octet,
    const uint8_t *p, size_t len, al_on_gss *on_gss, void *arg,
    struct al_err *err)
{
	struct al_buf b;
	enum al_code code = AL_ENOMEM;
	size_t head = octet < 0 ? 1 : 2;
	uint8_t *room;

	if (len > AL_GSS_MSG_MAX - 2)
		return al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0,
		    "kerberos: %zu bytes are too many for one token", len);
	al_buf_init(&b, AL_GSS_MSG_MAX);
	room = al_buf_reserve(&b, head + len);
	if (room == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	room[0] = (uint8_t)type;
	room[1] = (uint8_t)(octet & 1);
	if (len > 0)
		memcpy(room + head, p, len);
	code = ask(g, type, room, head + len, on_gss, arg, err);
	al_buf_fini(&b);
	return code;
}

static enum al_code
put_text(struct al_buf *b, const char *what, const void *p, size_t len,
    struct al_err *err)
{
	uint8_t *room;

	if (len > AL_GSS_TEXT_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "kerberos: the %s is too long (at most %u bytes)", what,
		    AL_GSS_TEXT_MAX);
	room = al_buf_reserve(b, 2 + len);
	if (room == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	al_put_u16(room, (uint16_t)len);
	if (len > 0)
		memcpy(room + 2, p, len);
	al_buf_commit(b, 2 + len);
	return AL_OK;
}

static size_t
text_len(const char *s)
{
	return s != NULL ? strlen(s) : 0;
}

static enum al_code
put_start(struct al_buf *b, const struct al_gss_opts *o, struct al_err *err)
{
	const struct {
		const char	*what;
		const void	*p;
		size_t		 len;
	} texts[] = {
		{ "service name", o->target, text_len(o->target) },
		{ "credential cache", o->ccache, text_len(o->ccache) },
		{ "keytab", o->keytab, text_len(o->keytab) },
		{ "principal", o->principal, text_len(o->principal) },
		{ "password", o->password, text_len(o->password) },
		{ "channel bindings", o->bindings, o->bindings_len },
	};
	const uint8_t head[3] = { AL_GSS_START, (uint8_t)o->mech,
	    (uint8_t)o->source };
	size_t i;

	if (al_buf_put(b, head, sizeof(head)) != AL_OK)
		return al_fail_nomem(err, AL_AT_PROXY);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (put_text(b, texts[i].what, texts[i].p, texts[i].len,
		    err) != AL_OK)
			return err->code;
	return AL_OK;
}

static enum al_code
check_opts(const struct al_gss_opts *o, struct al_err *err)
{
	const char *missing = NULL;

	if (text_len(o->target) == 0)
		missing = "service name";
	else if (o->source == AL_GSS_CCACHE && text_len(o->ccache) == 0)
		missing = "credential cache";
	else if (o->source == AL_GSS_KEYTAB && text_len(o->keytab) == 0)
		missing = "keytab";
	else if (o->source == AL_GSS_PASSWORD && text_len(o->password) == 0)
		missing = "password";
	else if ((o->source == AL_GSS_KEYTAB ||
	    o->source == AL_GSS_PASSWORD) && text_len(o->principal) == 0)
		missing = "principal";
	return missing == NULL ? AL_OK : al_fail(err, AL_EUSAGE, AL_AT_CONFIG,
	    0, "kerberos: a %s is needed", missing);
}

/* ALPACON_GSS_HELPER is for programs that run where they were built. */
static const char *
installed(void)
{
	const char *path = secure_getenv("ALPACON_GSS_HELPER");

	return path != NULL ? path : AL_PKGLIBEXECDIR "/" NAME;
}

/* --- for the caller ------------------------------------------------------- */

struct al_gss *
al_gss_start(struct al_loop *loop, const struct al_gss_opts *o,
    al_on_gss *on_gss, void *arg, struct al_err *err)
{
	const struct al_child_opts child = {
		.name = NAME,
		.path = o->helper != NULL ? o->helper : installed(),
		.env = helper_env,
		.msg_max = AL_GSS_MSG_MAX,
		.stage = AL_AT_PROXY,
	};
	struct al_gss *g = NULL;
	struct al_buf b;

	al_buf_init(&b, AL_GSS_MSG_MAX);
	if (check_opts(o, err) != AL_OK || put_start(&b, o, err) != AL_OK)
		goto out;
	g = calloc(1, sizeof(*g));
	if (g == NULL) {
		(void)al_fail_nomem(err, AL_AT_PROXY);
		goto out;
	}
	g->deadline_ms = o->deadline_ms > 0 ? o->deadline_ms : DEADLINE_MS;
	g->child = al_child_start(loop, &child, err);
	if (g->child == NULL || ask(g, AL_GSS_START, al_buf_head(&b),
	    al_buf_len(&b), on_gss, arg, err) != AL_OK) {
		al_gss_free(g);
		g = NULL;
	}
out:
	al_buf_fini(&b);		/* wipes the password */
	return g;
}

enum al_code
al_gss_step(struct al_gss *g, const uint8_t *token, size_t len,
    al_on_gss *on_gss, void *arg, struct al_err *err)
{
	return ask_bytes(g, AL_GSS_STEP, -1, token, len, on_gss, arg, err);
}

enum al_code
al_gss_wrap(struct al_gss *g, enum al_gss_seal seal, const uint8_t *p,
    size_t len, al_on_gss *on_gss, void *arg, struct al_err *err)
{
	return ask_bytes(g, AL_GSS_WRAP, seal == AL_GSS_SEAL, p, len, on_gss,
	    arg, err);
}

enum al_code
al_gss_unwrap(struct al_gss *g, const uint8_t *p, size_t len,
    al_on_gss *on_gss, void *arg, struct al_err *err)
{
	return ask_bytes(g, AL_GSS_UNWRAP, -1, p, len, on_gss, arg, err);
}

void
al_gss_free(struct al_gss *g)
{
	if (g == NULL)
		return;
	al_child_free(g->child);
	free(g);
}
