/* connector/netcheck/echo.c - ask the gateway to echo a nonce (a machine). */
#include "connector/netcheck/echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/addr.h"
#include "connector/base/str.h"
#include "connector/wire/http1.h"
#include "proxy/refusal.h"

#define BODY_MAX	4096	/* of it is looked at */
#define INTERIM_MAX	8

enum {
	NC_PORTAL = 172,
	NC_GATEWAY = 190,
	NC_OTHER = 199
};

enum state { S_SEND, S_HEAD, S_BODY };

struct echo {
	enum state		 state;
	char			 authority[AL_AUTHORITY_TEXT];
	char			 nonce[80];
	unsigned		 interim;
	struct al_http1		 head;
	struct al_http1_body	 body;
	struct al_buf		 page;
};

static enum al_hs
put_request(struct echo *m, struct al_buf *out, struct al_err *err)
{
	const struct al_http1_field fields[] = {
		{ "Host", m->authority },
		{ "User-Agent", "alpacon-netcheck/" AL_VERSION },
		{ "Accept", "text/plain" },
		{ "Cache-Control", "no-store" },
		{ "Connection", "close" },
	};
	char target[sizeof(m->nonce) + 32];

	(void)snprintf(target, sizeof(target), "/alpacon/echo?n=%s",
	    m->nonce);
	if (al_http1_put_request(out, "GET", target, fields,
	    sizeof(fields) / sizeof(fields[0]), AL_AT_HTTP, err) != AL_OK)
		return AL_HS_FAIL;
	m->state = S_HEAD;
	return AL_HS_MORE;
}

static enum al_hs
judge(struct echo *m, struct al_err *err)
{
	const char *body = (const char *)al_buf_head(&m->page);
	size_t len = al_buf_len(&m->page), want = strlen(m->nonce);
	int status = m->head.status, cause = NC_OTHER;
	const char *says = "it does not echo what was sent: it is not our "
	    "gateway that answers";
	char page[200];

	while (len > 0 && (body[len - 1] == '\n' || body[len - 1] == '\r'))
		len--;
	if (status == 200 && len == want && memcmp(body, m->nonce, len) == 0)
		return AL_HS_DONE;
	(void)al_page_text(page, sizeof(page), body, len);
	/* a balancer's 404 and 502 are web pages too, but no portal's */
	if (status == 404) {
		says = "there is no gateway of ours at this address";
	} else if (status == 429 || (status >= 500 && status != 511)) {
		cause = NC_GATEWAY;
		says = "the gateway, or what stands before it, takes no "
		    "requests just now";
	} else if (status == 511 || (status >= 300 && status < 400) ||
	    al_http1_is_html(&m->head)) {
		cause = NC_PORTAL;
		says = "a web page or a redirect in place of the gateway";
	}
	(void)al_fail_as(err, AL_EPROTO, AL_AT_HTTP, status, cause,
	    "%s answered %d to /alpacon/echo: %s%s%s%s", m->authority, status,
	    says, page[0] != '\0' ? "; it says \"" : "", page,
	    page[0] != '\0' ? "\"" : "");
	return AL_HS_FAIL;
}

static enum al_hs
bad_head(const struct echo *m, const struct al_buf *in, struct al_err *err)
{
	char shown[60];

	if (err->code == AL_ENOMEM)
		return AL_HS_FAIL;
	if (m->head.status == 0 && err->code != AL_ELIMIT) {
		(void)al_fail_as(err, AL_EPROTO, AL_AT_HTTP, 0, NC_OTHER,
		    "%s does not speak HTTP: it answered \"%s\"",
		    m->authority, al_str_clean(shown, sizeof(shown),
		    al_buf_head(in), al_buf_len(in)));
		return AL_HS_FAIL;
	}
	/* it is HTTP, and err says what is wrong with it */
	err->code = AL_EPROTO;
	err->status = m->head.status;
	err->cause = NC_OTHER;
	al_err_prefix(err, "the answer of %s to /alpacon/echo", m->authority);
	return AL_HS_FAIL;
}

static enum al_hs
get_head(struct echo *m, struct al_buf *in, struct al_err *err)
{
	enum al_code code;

	for (;;) {
		code = al_http1_feed_from(&m->head, in, err);
		if (code == AL_AGAIN)
			return AL_HS_MORE;
		if (code != AL_OK)
			return bad_head(m, in, err);
		if (m->head.status >= 200)
			break;
		if (++m->interim > INTERIM_MAX)
			return judge(m, err);
		al_http1_reset(&m->head);
	}
	m->state = S_BODY;
	if (al_http1_body_init(&m->body, &m->head, err) != AL_OK)
		return judge(m, err);
	return AL_HS_MORE;
}

static enum al_hs
get_body(struct echo *m, struct al_buf *in, struct al_err *err)
{
	enum al_code code = al_http1_body_feed_from(&m->body, in, &m->page,
	    err);

	if (code == AL_ENOMEM)
		return AL_HS_FAIL;
	return code == AL_AGAIN && al_buf_len(&m->page) < m->page.max ?
	    AL_HS_MORE : judge(m, err);
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct echo *m = arg;
	enum al_hs r = AL_HS_MORE;

	if (m->state == S_SEND)
		r = put_request(m, out, err);
	if (r == AL_HS_MORE && m->state == S_HEAD)
		r = get_head(m, in, err);
	if (r == AL_HS_MORE && m->state == S_BODY)
		r = get_body(m, in, err);
	return r;
}

static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	struct echo *m = arg;

	if (m->state == S_BODY)
		return judge(m, err);
	(void)al_fail_as(err, AL_ENET, AL_AT_HTTP, 0, NC_OTHER,
	    "%s closed the connection %s /alpacon/echo", m->authority,
	    al_buf_len(in) > 0 ? "in the middle of its answer to" :
	    "instead of answering");
	return AL_HS_FAIL;
}

static void
free_machine(void *arg)
{
	struct echo *m = arg;

	al_http1_fini(&m->head);
	al_buf_fini(&m->page);
	free(m);
}

static const struct al_hs_ops ops = {
	.name = "the echo request", .step = step, .eof = eof,
	.free = free_machine,
};

enum al_code
al_echo_machine(struct al_machine *out, const char *authority,
    const char *nonce, struct al_err *err)
{
	struct echo *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return al_fail_nomem(err, AL_AT_HTTP);
	(void)snprintf(m->authority, sizeof(m->authority), "%s", authority);
	(void)snprintf(m->nonce, sizeof(m->nonce), "%s", nonce);
	al_http1_init(&m->head, AL_HTTP1_REPLY, AL_AT_HTTP);
	al_buf_init(&m->page, BODY_MAX);
	*out = (struct al_machine){ &ops, m };
	return AL_OK;
}
