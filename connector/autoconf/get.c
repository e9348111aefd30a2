/* connector/autoconf/get.c - one GET of a small file (a machine). */
#include "connector/autoconf/get.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/autoconf/fetch.h"
#include "connector/base/str.h"
#include "connector/wire/http1.h"

#define INTERIM_MAX	8
#define AGE_MAX		(365u * 86400u)

enum state { S_SEND, S_HEAD, S_BODY };

struct machine {
	enum state		 state;
	struct al_get		*get;
	char			*authority, *target;
	unsigned		 interim;
	struct al_http1		 head;
	struct al_http1_body	 body;
};

void
al_get_init(struct al_get *g)
{
	memset(g, 0, sizeof(*g));
	al_buf_init(&g->body, AL_FETCH_MAX);
	g->max_age_s = AL_FETCH_NO_AGE;
}

void
al_get_fini(struct al_get *g)
{
	al_buf_fini(&g->body);
	free(g->content_type);
	free(g->location);
	al_get_init(g);
}

static enum al_hs
fail(struct al_err *err, enum al_code code, int status, const char *why)
{
	(void)al_fail_as(err, code, AL_AT_PAC, status, AL_CAUSE_PAC, "%s",
	    why);
	return AL_HS_FAIL;
}

static enum al_hs
put_request(struct machine *m, struct al_buf *out, struct al_err *err)
{
	const struct al_http1_field fields[] = {
		{ "Host", m->authority },
		{ "User-Agent", "alpacon-connector/" AL_VERSION },
		{ "Accept", "*/*" },
		{ "Connection", "close" },
	};

	if (al_http1_put_request(out, "GET", m->target, fields,
	    sizeof(fields) / sizeof(fields[0]), AL_AT_PAC, err) != AL_OK)
		return AL_HS_FAIL;
	m->state = S_HEAD;
	return AL_HS_MORE;
}

/* --- the head ------------------------------------------------------------- */
/* "max-age=300", "no-store": the shortest that is said (RFC 9111 5.2.2). */
static uint32_t
age_of(const struct al_http1 *h)
{
	uint32_t age = AL_FETCH_NO_AGE;
	const char *p;
	unsigned i;
	uint64_t v;
	size_t n;

	if (al_http1_has_token(h, "Cache-Control", "no-cache") ||
	    al_http1_has_token(h, "Cache-Control", "no-store"))
		return 0;
	for (i = 0; (p = al_http1_get(h, "Cache-Control", i)) != NULL; i++) {
		for (; *p != '\0'; p += n) {
			p += strspn(p, ", \t");
			n = strcspn(p, ", \t");
			if (!al_str_istarts(p, "max-age="))
				continue;
			p += sizeof("max-age=") - 1;
			n = strspn(p += *p == '"', "0123456789");
			if (n == 0)
				continue;
			if (!al_str_u64(p, n, AGE_MAX, &v))
				v = AGE_MAX;
			if (v < age)
				age = (uint32_t)v;
		}
	}
	return age;
}

static bool
is_redirect(int status)
{
	return (status >= 301 && status <= 303) || status == 307 ||
	    status == 308;
}

static enum al_hs
refused(struct machine *m, struct al_err *err)
{
	int status = m->head.status;
	enum al_code code = AL_EPROTO;
	const char *says = "not what a server of PAC files says";
	char why[200], shown[60];

	switch (status) {
	case 401:
		code = AL_EAUTH;
		says = "the server wants a login, which PAC files are never "
		    "asked for with";
		break;
	case 403:
		code = AL_EREFUSED;
		says = "the server does not let this host read it";
		break;
	case 404:
	case 410:
		says = "there is no such file on the server";
		break;
	case 407:
		code = AL_EAUTH;
		says = "a proxy answers in place of the server, and wants a "
		    "login: PAC files are had directly";
		break;
	case 511:
		says = "the network wants somebody to log in with a browser";
		break;
	default:
		if (status >= 500)
			says = "the server, or what stands before it, has "
			    "failed";
		else if (status < 300 && status > 200)
			says = "an answer without the whole file";
		break;
	}
	(void)snprintf(why, sizeof(why), "%d %s: %s", status,
	    al_str_clean(shown, sizeof(shown), al_http1_reason(&m->head),
	    strlen(al_http1_reason(&m->head))), says);
	return fail(err, code, status, why);
}

static enum al_hs
copy(char **to, const char *text, struct al_err *err)
{
	if (text == NULL)
		return AL_HS_MORE;
	*to = al_str_dup(text, strlen(text));
	return *to != NULL ? AL_HS_MORE :
	    fail(err, AL_ENOMEM, 0, "out of memory");
}

static bool
is_encoded(const struct al_http1 *h)
{
	const char *how = al_http1_get(h, "Content-Encoding", 0);

	return how != NULL && how[0] != '\0' && !al_str_ieq(how, "identity");
}

static enum al_hs
judge_head(struct machine *m, struct al_err *err)
{
	struct al_get *g = m->get;

	g->status = m->head.status;
	if (is_redirect(g->status)) {
		if (al_http1_get(&m->head, "Location", 0) == NULL)
			return fail(err, AL_EPROTO, g->status,
			    "it redirects, and does not say where to");
		return copy(&g->location, al_http1_get(&m->head, "Location",
		    0), err) == AL_HS_FAIL ? AL_HS_FAIL : AL_HS_DONE;
	}
	if (g->status != 200)
		return refused(m, err);
	if (is_encoded(&m->head))
		return fail(err, AL_EPROTO, 200, "the server has compressed "
		    "it without being asked to");
	g->max_age_s = age_of(&m->head);
	if (copy(&g->content_type, al_http1_get(&m->head, "Content-Type", 0),
	    err) == AL_HS_FAIL)
		return AL_HS_FAIL;
	if (al_http1_body_init(&m->body, &m->head, err) != AL_OK)
		return AL_HS_FAIL;
	m->state = S_BODY;
	return AL_HS_MORE;
}

static enum al_hs
bad_head(const struct machine *m, const struct al_buf *in, struct al_err *err)
{
	char said[60], why[120];

	if (m->head.status != 0 || err->code != AL_EPROTO)
		return AL_HS_FAIL;
	(void)snprintf(why, sizeof(why), "the server does not speak HTTP: it "
	    "answers \"%s\"", al_str_clean(said, sizeof(said),
	    al_buf_head(in), al_buf_len(in)));
	return fail(err, AL_EPROTO, 0, why);
}

static enum al_hs
get_head(struct machine *m, struct al_buf *in, struct al_err *err)
{
	enum al_code code;

	for (;;) {
		code = al_http1_feed_from(&m->head, in, err);
		if (code == AL_AGAIN)
			return AL_HS_MORE;
		if (code != AL_OK)
			return bad_head(m, in, err);
		if (m->head.status >= 200)
			return judge_head(m, err);
		if (m->head.status == 101 || ++m->interim > INTERIM_MAX)
			return refused(m, err);
		al_http1_reset(&m->head);
	}
}

/* --- the body ------------------------------------------------------------- */
static enum al_hs
get_body(struct machine *m, struct al_buf *in, struct al_err *err)
{
	struct al_buf *page = &m->get->body;
	const uint8_t *data;
	size_t used, len;
	enum al_code code;

	do {
		code = al_http1_body_feed(&m->body, al_buf_head(in),
		    al_buf_len(in), &used, &data, &len, err);
		if (code != AL_OK && code != AL_AGAIN)
			return AL_HS_FAIL;
		if (len > page->max - al_buf_len(page))
			return fail(err, AL_ELIMIT, 0,
			    "it is larger than 1 MiB");
		if (len > 0 && al_buf_put(page, data, len) != AL_OK)
			return fail(err, AL_ENOMEM, 0, "out of memory");
		al_buf_drain(in, used);
	} while (code == AL_AGAIN && al_buf_len(in) > 0);
	return code == AL_OK ? AL_HS_DONE : AL_HS_MORE;
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct machine *m = arg;
	enum al_hs r = AL_HS_MORE;

	if (m->state == S_SEND)
		r = put_request(m, out, err);
	if (r == AL_HS_MORE && m->state == S_HEAD)
		r = get_head(m, in, err);
	if (r == AL_HS_MORE && m->state == S_BODY)
		r = get_body(m, in, err);
	if (r == AL_HS_FAIL) {
		err->stage = AL_AT_PAC;
		err->cause = AL_CAUSE_PAC;
	}
	return r;
}

/*
 * The end of a body that has no other: over TLS it is one only with a
 * close_notify, without which the layer below has failed instead.  Browsers
 * are content with less; but who can cut a connection must not be able to
 * choose where a script of somebody's choice ends.
 */
static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	const struct machine *m = arg;

	if (m->state == S_BODY && m->body.framing == AL_HTTP1_UNTIL_CLOSE)
		return AL_HS_DONE;
	return fail(err, AL_ENET, 0, m->state == S_BODY ||
	    al_buf_len(in) > 0 ? "the server closed the connection in the "
	    "middle of its answer" : "the server closed the connection "
	    "instead of answering");
}

static void
free_machine(void *arg)
{
	struct machine *m = arg;

	al_http1_fini(&m->head);
	free(m->authority);
	free(m->target);
	free(m);
}

static const struct al_hs_ops ops = {
	.name = "the GET", .step = step, .eof = eof, .free = free_machine,
};

enum al_code
al_get_machine(struct al_machine *out, struct al_get *g,
    const char *authority, const char *target, struct al_err *err)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return al_fail_nomem(err, AL_AT_PAC);
	al_http1_init(&m->head, AL_HTTP1_REPLY, AL_AT_PAC);
	m->get = g;
	m->authority = al_str_dup(authority, strlen(authority));
	m->target = al_str_dup(target, strlen(target));
	if (m->authority == NULL || m->target == NULL) {
		free_machine(m);
		return al_fail_nomem(err, AL_AT_PAC);
	}
	*out = (struct al_machine){ &ops, m };
	return AL_OK;
}
