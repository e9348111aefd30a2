/* connector/engine/upgrade.c - the WebSocket upgrade, the client's side. */
#include <config.h>

#include "connector/engine/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/b64.h"
#include "connector/base/hash.h"
#include "connector/base/str.h"
#include "proxy/refusal.h"

#define USER_AGENT	PACKAGE_NAME "/" PACKAGE_VERSION
#define GUID		"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define INTERIM_MAX	8
#define PAGE_KEPT	2048	/* of a refusal, for its text           */
#define PAGE_READ	(64 * 1024)
#define RETRY_MAX	86400

/* NETCHECK.md 2 */
enum {
	NC_PROXY_LOGIN = 130,
	NC_STRIPPED = 170,
	NC_PORTAL = 172,
	NC_GATEWAY = 190,
	NC_OTHER = 199
};

enum state { S_SEND, S_HEAD, S_REFUSED, S_UP };

struct upgrade {
	enum state		 state;
	char			*host, *path, *protocol, *authorization;
	char			*origin, *user_agent;
	char			 key[AL_B64_LEN(AL_UPGRADE_NONCE) + 1];
	unsigned		*retry_after_s;
	unsigned		 interim;
	struct al_http1		 head;
	struct al_http1_body	 body;
	struct al_buf		 page;
};

enum al_code
al_upgrade_accept_key(char out[static AL_UPGRADE_ACCEPT + 1],
    const char *key, struct al_err *err)
{
	uint8_t digest[AL_SHA1_LEN];
	char text[64 + sizeof(GUID)];
	int n = snprintf(text, sizeof(text), "%.64s%s", key, GUID);

	if (al_sha1(digest, text, (size_t)n) != AL_OK)
		return al_fail_nomem(err, AL_AT_HTTP);
	(void)al_b64_encode(out, AL_UPGRADE_ACCEPT + 1, digest,
	    sizeof(digest));
	return AL_OK;
}

static enum al_hs
put_request(struct upgrade *m, struct al_buf *out, struct al_err *err)
{
	const struct al_http1_field fields[] = {
		{ "Host", m->host },
		{ "Upgrade", "websocket" },
		{ "Connection", "Upgrade" },
		{ "Sec-WebSocket-Key", m->key },
		{ "Sec-WebSocket-Version", "13" },
		{ "Sec-WebSocket-Protocol", m->protocol },
		{ "Authorization", m->authorization },
		{ "Origin", m->origin },
		{ "User-Agent", m->user_agent },
	};

	if (al_http1_put_request(out, "GET", m->path, fields,
	    sizeof(fields) / sizeof(fields[0]), AL_AT_HTTP, err) != AL_OK)
		return AL_HS_FAIL;
	m->state = S_HEAD;
	return AL_HS_MORE;
}

/* --- a 101 ---------------------------------------------------------------- */
static enum al_hs
broken(const char *why, struct al_err *err)
{
	(void)al_fail_as(err, AL_EPROTO, AL_AT_HTTP, 101, NC_STRIPPED,
	    "a broken WebSocket upgrade: 101 %s", why);
	return AL_HS_FAIL;
}

/* RFC 6455 4.1, the list at the end. */
static enum al_hs
check_101(const struct upgrade *m, struct al_err *err)
{
	const char *accept = al_http1_get(&m->head, "Sec-WebSocket-Accept", 0);
	const char *protocol = al_http1_get(&m->head,
	    "Sec-WebSocket-Protocol", 0);
	const char *extensions = al_http1_get(&m->head,
	    "Sec-WebSocket-Extensions", 0);
	char want[AL_UPGRADE_ACCEPT + 1];

	if (al_upgrade_accept_key(want, m->key, err) != AL_OK)
		return AL_HS_FAIL;
	if (!al_http1_has_token(&m->head, "Upgrade", "websocket"))
		return broken("without \"Upgrade: websocket\"", err);
	if (!al_http1_has_token(&m->head, "Connection", "upgrade"))
		return broken("without \"Connection: Upgrade\"", err);
	if (accept == NULL || strcmp(accept, want) != 0)
		return broken(accept == NULL ?
		    "without Sec-WebSocket-Accept" :
		    "with a Sec-WebSocket-Accept that does not answer our "
		    "key: it was not made for this request", err);
	if (extensions != NULL && *extensions != '\0')
		return broken("with an extension that was not asked for",
		    err);
	if (protocol != NULL && (m->protocol == NULL ||
	    strcmp(protocol, m->protocol) != 0))
		return broken("with a subprotocol that was not asked for",
		    err);
	if (m->protocol != NULL && protocol == NULL) {
		(void)al_fail_as(err, AL_EPROTO, AL_AT_HTTP, 101, NC_OTHER,
		    "%s speaks WebSocket at %s but not %s: it is not our "
		    "gateway", m->host, m->path, m->protocol);
		return AL_HS_FAIL;
	}
	return AL_HS_DONE;
}

/* --- anything else -------------------------------------------------------- */
static const struct row {
	int		 from, to;
	enum al_code	 code;
	enum al_stage	 stage;
	int		 cause;
	const char	*says;
} rows[] = {
	{ 200, 299, AL_EPROTO, AL_AT_HTTP, NC_STRIPPED,
	    "it does not see a WebSocket upgrade (a proxy on the way strips "
	    "it), or is not the gateway" },
	{ 300, 399, AL_EREFUSED, AL_AT_HTTP, NC_PORTAL,
	    "redirects are not followed" },
	{ 401, 401, AL_EAUTH, AL_AT_SESSION, NC_GATEWAY,
	    "the gateway refuses the credentials" },
	{ 403, 403, AL_EAUTH, AL_AT_SESSION, NC_GATEWAY,
	    "the gateway refuses the credentials: it knows them, but they may "
	    "not do this" },
	{ 404, 404, AL_EREFUSED, AL_AT_HTTP, NC_OTHER,
	    "there is no gateway of ours at this address" },
	{ 407, 407, AL_EAUTH, AL_AT_HTTP, NC_PROXY_LOGIN,
	    "a proxy on the way demands a login" },
	{ 426, 426, AL_EREFUSED, AL_AT_HTTP, NC_STRIPPED,
	    "a proxy on the way strips the WebSocket upgrade, or the gateway "
	    "speaks another version of it" },
	{ 429, 429, AL_EREFUSED, AL_AT_HTTP, NC_GATEWAY,
	    "the gateway has had too many requests" },
	{ 503, 503, AL_EREFUSED, AL_AT_HTTP, NC_GATEWAY,
	    "the gateway takes no connections just now" },
	{ 511, 511, AL_EREFUSED, AL_AT_HTTP, NC_PORTAL,
	    "the network wants a login in a browser first" },
	{ 500, 599, AL_EREFUSED, AL_AT_HTTP, NC_GATEWAY,
	    "the gateway, or what stands before it, has failed" },
	{ 100, 999, AL_EREFUSED, AL_AT_HTTP, NC_GATEWAY,
	    "it refuses the WebSocket upgrade" },
};

/* Seconds only: a date would need a clock that is right.  0: none. */
static unsigned
retry_after(const struct al_http1 *h)
{
	const char *value = al_http1_get(h, "Retry-After", 0);
	uint64_t s;

	if ((h->status != 429 && h->status != 503) || value == NULL ||
	    !al_str_u64(value, strlen(value), UINT64_MAX, &s))
		return 0;
	return s < RETRY_MAX ? (unsigned)s : RETRY_MAX;
}

/* Login pages put tokens into the query: show where, not those. */
static void
details(const struct upgrade *m, char *out, size_t cap)
{
	const char *where = al_http1_get(&m->head, "Location", 0);
	unsigned after = retry_after(&m->head);
	char shown[100];

	out[0] = '\0';
	if (m->head.status >= 300 && m->head.status < 400 && where != NULL)
		(void)snprintf(out, cap, " (it points to %s)",
		    al_str_clean(shown, sizeof(shown), where,
		    strcspn(where, "?#;")));
	else if (after > 0)
		(void)snprintf(out, cap, " (try again in %u s)", after);
}

static enum al_hs
refused(const struct upgrade *m, struct al_err *err)
{
	const struct al_http1 *h = &m->head;
	const struct row *r = rows;
	char text[500], more[140], host[80];
	const char *says;
	size_t len = al_buf_len(&m->page);
	int cause;

	while (h->status < r->from || h->status > r->to)
		r++;
	says = r->says;
	cause = r->cause;
	if (h->status < 300 && al_http1_is_html(h)) {
		cause = NC_PORTAL;
		says = "a web page instead of the gateway: a login page of "
		    "the network, or a wrong address";
	}
	if (al_http1_get(h, "Content-Encoding", 0) != NULL)
		len = 0;
	(void)al_page_text(text, sizeof(text), al_buf_head(&m->page), len);
	details(m, more, sizeof(more));
	if (m->retry_after_s != NULL)
		*m->retry_after_s = retry_after(h);
	(void)al_fail_as(err, r->code, r->stage, h->status, cause,
	    "%s answered the WebSocket upgrade with %d: %s%s%s%s%s",
	    al_str_clean(host, sizeof(host), m->host, strlen(m->host)),
	    h->status, says, more, text[0] != '\0' ? "; it says \"" : "",
	    text, text[0] != '\0' ? "\"" : "");
	return AL_HS_FAIL;
}

static enum al_hs
bad_head(const struct upgrade *m, const struct al_buf *in,
    struct al_err *err)
{
	char shown[64], host[80];
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in), n;

	if (err->code == AL_ENOMEM)
		return AL_HS_FAIL;
	(void)al_str_clean(host, sizeof(host), m->host, strlen(m->host));
	if (m->head.status != 0 || err->code == AL_ELIMIT) {
		err->status = m->head.status;
		err->cause = NC_OTHER;
		err->code = AL_EPROTO;
		al_err_prefix(err, "the answer of %s to the WebSocket upgrade",
		    host);
		return AL_HS_FAIL;
	}
	for (n = 0; n < len && n < 60 && p[n] != '\n'; n++)
		;
	(void)al_fail_as(err, AL_EPROTO, AL_AT_HTTP, 0, NC_OTHER,
	    "%s does not speak HTTP: it answered \"%s\"", host,
	    al_str_clean(shown, sizeof(shown), p, n));
	return AL_HS_FAIL;
}

static enum al_hs
got_head(struct upgrade *m, struct al_err *err)
{
	if (m->head.status == 101) {
		m->state = S_UP;
		return check_101(m, err);
	}
	if (m->head.status < 200) {
		if (++m->interim > INTERIM_MAX) {
			(void)al_fail_as(err, AL_EPROTO, AL_AT_HTTP,
			    m->head.status, NC_OTHER, "more than %d interim "
			    "answers to the WebSocket upgrade", INTERIM_MAX);
			return AL_HS_FAIL;
		}
		al_http1_reset(&m->head);
		return AL_HS_MORE;
	}
	if (al_http1_body_init(&m->body, &m->head, err) != AL_OK)
		return refused(m, err);
	m->state = S_REFUSED;
	return AL_HS_MORE;
}

static enum al_hs
get_head(struct upgrade *m, struct al_buf *in, struct al_err *err)
{
	enum al_code code;
	enum al_hs r;

	do {
		code = al_http1_feed_from(&m->head, in, err);
		if (code == AL_AGAIN)
			return AL_HS_MORE;
		if (code != AL_OK)
			return bad_head(m, in, err);
		r = got_head(m, err);
	} while (r == AL_HS_MORE && m->state == S_HEAD);
	return r;
}

static enum al_hs
get_page(struct upgrade *m, struct al_buf *in, struct al_err *err)
{
	/* Without memory for the page less of it is shown. */
	if (al_http1_body_feed_from(&m->body, in, &m->page, err) ==
	    AL_AGAIN && m->body.taken <= PAGE_READ &&
	    al_buf_len(&m->page) < m->page.max)
		return AL_HS_MORE;
	return refused(m, err);
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct upgrade *m = arg;
	enum al_hs r = AL_HS_MORE;

	if (m->state == S_SEND)
		r = put_request(m, out, err);
	if (r == AL_HS_MORE && m->state == S_HEAD)
		r = get_head(m, in, err);
	if (r == AL_HS_MORE && m->state == S_REFUSED)
		r = get_page(m, in, err);
	return r;
}

static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	struct upgrade *m = arg;
	char host[80];

	/* A refusal that is cut short still tells why. */
	if (m->state == S_REFUSED)
		return refused(m, err);
	(void)al_fail_as(err, AL_ENET, AL_AT_HTTP, 0, NC_OTHER,
	    "%s closed the connection %s the WebSocket upgrade",
	    al_str_clean(host, sizeof(host), m->host, strlen(m->host)),
	    al_buf_len(in) > 0 ? "in the middle of its answer to" :
	    "instead of answering");
	return AL_HS_FAIL;
}

static void
free_machine(void *arg)
{
	struct upgrade *m = arg;

	if (m == NULL)
		return;
	al_str_free_secret(m->authorization);
	al_str_free_secret(m->path);
	free(m->host);
	free(m->protocol);
	free(m->origin);
	free(m->user_agent);
	al_http1_fini(&m->head);
	al_buf_fini(&m->page);
	free(m);
}

static const struct al_hs_ops ops = {
	.name = "WebSocket upgrade", .step = step, .eof = eof,
	.free = free_machine,
};

/* What put_request would refuse is refused before a connection is made. */
static enum al_code
check(struct upgrade *m, struct al_err *err)
{
	struct al_buf out;
	enum al_hs r;

	al_buf_init(&out, 64 * 1024);
	r = put_request(m, &out, err);
	al_buf_fini(&out);
	m->state = S_SEND;
	return r == AL_HS_FAIL ? err->code : AL_OK;
}

/* A copy of s, or NULL when s is; false: no memory. */
static bool
copy(char **to, const char *s)
{
	*to = s != NULL ? al_str_dup(s, strlen(s)) : NULL;
	return s == NULL || *to != NULL;
}

enum al_code
al_upgrade_client(struct al_machine *out, const struct al_upgrade_opts *o,
    struct al_err *err)
{
	struct upgrade *m = calloc(1, sizeof(*m));
	enum al_code code;

	if (m == NULL)
		return al_fail_nomem(err, AL_AT_HTTP);
	al_http1_init(&m->head, AL_HTTP1_REPLY, AL_AT_HTTP);
	al_buf_init(&m->page, PAGE_KEPT);
	(void)al_b64_encode(m->key, sizeof(m->key), o->nonce,
	    sizeof(o->nonce));
	m->retry_after_s = o->retry_after_s;
	if (m->retry_after_s != NULL)
		*m->retry_after_s = 0;
	if (copy(&m->host, o->host) && copy(&m->path, o->path) &&
	    copy(&m->protocol, o->protocol) &&
	    copy(&m->authorization, o->authorization) &&
	    copy(&m->origin, o->origin) && copy(&m->user_agent,
	    o->user_agent != NULL ? o->user_agent : USER_AGENT))
		code = check(m, err);
	else
		code = al_fail_nomem(err, AL_AT_HTTP);
	if (code != AL_OK) {
		free_machine(m);
		return code;
	}
	*out = (struct al_machine){ &ops, m };
	return AL_OK;
}
