/* connector/engine/upgrade_server.c - the WebSocket upgrade, the server's side. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/b64.h"
#include "connector/base/str.h"
#include "connector/engine/upgrade.h"

#define ANSWER_MAX	(64 * 1024)

struct server {
	bool				 asked;	/* the request is here */
	struct al_http1			 head;
	char				*path;	/* cut at its '?' */
	struct al_upgrade_request	 req;
	struct al_buf			 answer;
};

/* --- the request ---------------------------------------------------------- */
static const char *
only(const struct al_http1 *h, const char *name)
{
	return al_http1_get(h, name, 1) == NULL ? al_http1_get(h, name, 0) :
	    NULL;
}

/* RFC 6455 4.2.1 */
static enum al_upgrade_kind
classify(const struct al_http1 *h, const char **why)
{
	const char *key = only(h, "Sec-WebSocket-Key");
	const char *version = only(h, "Sec-WebSocket-Version");
	uint8_t nonce[AL_UPGRADE_NONCE];
	size_t n;

	*why = "";
	if (!al_http1_has_token(h, "Upgrade", "websocket") &&
	    al_http1_get(h, "Sec-WebSocket-Key", 0) == NULL)
		return AL_UPGRADE_NONE;
	if (strcmp(al_http1_method(h), "GET") != 0 || h->minor < 1)
		*why = "a WebSocket upgrade is a GET of HTTP/1.1";
	else if (!al_http1_has_token(h, "Upgrade", "websocket"))
		*why = "\"Upgrade: websocket\" is missing: a proxy on the "
		    "way has stripped it";
	else if (!al_http1_has_token(h, "Connection", "upgrade"))
		*why = "\"Connection: Upgrade\" is missing: a proxy on the "
		    "way has stripped it";
	else if (version == NULL || strcmp(version, "13") != 0)
		*why = "Sec-WebSocket-Version is not 13";
	else if (key == NULL || !al_b64_decode(nonce, sizeof(nonce), key,
	    strlen(key), &n) || n != sizeof(nonce))
		*why = "Sec-WebSocket-Key is not the base64 text of 16 bytes";
	return **why == '\0' ? AL_UPGRADE_WEBSOCKET : AL_UPGRADE_BROKEN;
}

static enum al_hs
bad_request(int status, const char *reason, struct al_buf *out,
    struct al_err *err)
{
	static const struct al_http1_field close = { "Connection", "close" };
	char body[sizeof(err->text) + 1];
	struct al_err ignored;

	(void)snprintf(body, sizeof(body), "%s\n", err->text);
	(void)!al_http1_put_reply(out, status, reason, &close, 1, body,
	    AL_AT_HTTP, &ignored);
	err->status = status;
	return AL_HS_FAIL;
}

static enum al_hs
got_head(struct server *m, struct al_buf *out, struct al_err *err)
{
	const char *target = al_http1_target(&m->head);
	char *mark;

	if (target[0] != '/') {
		(void)al_fail(err, AL_EPROTO, AL_AT_HTTP, 0,
		    "the target of the request is not a path");
		return bad_request(400, "Bad Request", out, err);
	}
	m->path = al_str_dup(target, strlen(target));
	if (m->path == NULL) {
		(void)al_fail_nomem(err, AL_AT_HTTP);
		return AL_HS_FAIL;
	}
	m->req.query = "";
	mark = strchr(m->path, '?');
	if (mark != NULL) {
		*mark = '\0';
		m->req.query = mark + 1;
	}
	m->req.path = m->path;
	m->req.method = al_http1_method(&m->head);
	m->req.head = &m->head;
	m->req.kind = classify(&m->head, &m->req.why);
	m->asked = true;
	return AL_HS_NEED;
}

/* A client that does not even begin like HTTP gets no HTTP. */
static bool
begins_like_http(const struct al_buf *in)
{
	return al_buf_len(in) > 0 && al_is_alpha(al_buf_head(in)[0]);
}

static enum al_hs
get_head(struct server *m, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	enum al_code code;
	size_t n;

	if (al_buf_len(in) == 0)
		return AL_HS_MORE;
	code = al_http1_feed(&m->head, al_buf_head(in), al_buf_len(in), &n,
	    err);
	if (code == AL_AGAIN && al_buf_len(in) < in->max)
		return AL_HS_MORE;
	if (code == AL_AGAIN)
		code = al_fail(err, AL_ELIMIT, AL_AT_HTTP, 0,
		    "the HTTP head is too long");
	if (code == AL_OK) {
		al_buf_drain(in, n);
		return got_head(m, out, err);
	}
	if (code == AL_ENOMEM || !begins_like_http(in))
		return AL_HS_FAIL;
	return code == AL_ELIMIT ? bad_request(431,
	    "Request Header Fields Too Large", out, err) :
	    bad_request(400, "Bad Request", out, err);
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct server *m = arg;
	enum al_code code;

	if (!m->asked)
		return get_head(m, in, out, err);
	if (al_buf_len(&m->answer) == 0)
		return AL_HS_NEED;
	code = al_buf_put(out, al_buf_head(&m->answer),
	    al_buf_len(&m->answer));
	if (code != AL_OK) {
		(void)al_fail(err, code, AL_AT_HTTP, 0,
		    "no room for the answer to a request");
		return AL_HS_FAIL;
	}
	return AL_HS_DONE;
}

static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	(void)arg;
	(void)al_fail(err, AL_ENET, AL_AT_HTTP, 0,
	    "the client closed the connection %s request",
	    al_buf_len(in) > 0 ? "in the middle of its" : "without a");
	return AL_HS_FAIL;
}

static void
free_machine(void *arg)
{
	struct server *m = arg;

	if (m == NULL)
		return;
	al_str_free_secret(m->path);
	al_http1_fini(&m->head);
	al_buf_fini(&m->answer);
	free(m);
}

static const struct al_hs_ops ops = {
	.name = "HTTP request", .step = step, .eof = eof,
	.free = free_machine,
};

enum al_code
al_upgrade_server(struct al_machine *out, struct al_err *err)
{
	struct server *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return al_fail_nomem(err, AL_AT_HTTP);
	al_http1_init(&m->head, AL_HTTP1_REQUEST, AL_AT_HTTP);
	al_buf_init(&m->answer, ANSWER_MAX);
	*out = (struct al_machine){ &ops, m };
	return AL_OK;
}

static struct server *
asked(const struct al_machine *machine)
{
	struct server *m = machine->m;

	assert(machine->ops == &ops && m->asked);
	return m;
}

const struct al_upgrade_request *
al_upgrade_request(const struct al_machine *machine)
{
	return &asked(machine)->req;
}

/* --- the answer ----------------------------------------------------------- */
/* RFC 6455 11.3.4: names of subprotocols are compared case by case. */
static bool
list_has(const char *list, const char *token)
{
	size_t n = strlen(token), len;

	while (*list != '\0') {
		list += strspn(list, ", \t");
		len = strcspn(list, ", \t");
		if (len == n && memcmp(list, token, n) == 0)
			return n > 0;
		list += len;
	}
	return false;
}

bool
al_upgrade_offers(const struct al_upgrade_request *r, const char *protocol)
{
	const char *list;
	unsigned i;

	for (i = 0; (list = al_http1_get(r->head, "Sec-WebSocket-Protocol",
	    i)) != NULL; i++)
		if (list_has(list, protocol))
			return true;
	return false;
}

enum al_code
al_upgrade_accept(const struct al_machine *machine, const char *protocol,
    struct al_err *err)
{
	struct server *m = asked(machine);
	char accept[AL_UPGRADE_ACCEPT + 1];
	const struct al_http1_field fields[] = {
		{ "Upgrade", "websocket" },
		{ "Connection", "Upgrade" },
		{ "Sec-WebSocket-Accept", accept },
		{ "Sec-WebSocket-Protocol", protocol },
	};
	enum al_code code;

	assert(m->req.kind == AL_UPGRADE_WEBSOCKET);
	code = al_upgrade_accept_key(accept, al_http1_get(&m->head,
	    "Sec-WebSocket-Key", 0), err);
	if (code != AL_OK)
		return code;
	return al_http1_put_reply(&m->answer, 101, "Switching Protocols",
	    fields, sizeof(fields) / sizeof(fields[0]), NULL, AL_AT_HTTP,
	    err);
}

enum al_code
al_upgrade_reply(const struct al_machine *machine, int status,
    const char *reason, const struct al_http1_field *fields, size_t n,
    const char *body, struct al_err *err)
{
	struct server *m = asked(machine);
	struct al_http1_field all[16] = { { "Connection", "close" } };

	assert(n < sizeof(all) / sizeof(all[0]));
	if (n > 0)
		memcpy(all + 1, fields, n * sizeof(*fields));
	return al_http1_put_reply(&m->answer, status, reason, all, n + 1,
	    body != NULL ? body : "", AL_AT_HTTP, err);
}

enum al_code
al_upgrade_refuse_broken(const struct al_machine *machine,
    struct al_err *err)
{
	static const struct al_http1_field version = {
		"Sec-WebSocket-Version", "13",
	};
	struct server *m = asked(machine);
	const char *asked_for = al_http1_get(&m->head,
	    "Sec-WebSocket-Version", 0);
	char body[160];

	(void)snprintf(body, sizeof(body), "%s\n", m->req.why);
	if (asked_for != NULL && strcmp(asked_for, "13") != 0)
		return al_upgrade_reply(machine, 426, "Upgrade Required",
		    &version, 1, body, err);
	return al_upgrade_reply(machine, 400, "Bad Request", NULL, 0, body,
	    err);
}
