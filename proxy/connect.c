/* proxy/connect.c - HTTP CONNECT (RFC 9110 9.3.6), with a login if asked. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/wire/http1.h"
#include "proxy/auth.h"
#include "proxy/login.h"
#include "proxy/proxy.h"
#include "proxy/refusal.h"

#define INTERIM_MAX	8
#define DRAIN_MAX	(64 * 1024)
#define TARGET_TEXT	(AL_HOST_MAX + sizeof("[]:65535"))
#define USER_AGENT	PACKAGE_NAME "/" PACKAGE_VERSION

enum state {
	S_SEND,
	S_HEAD,
	S_DRAIN,	/* the page of a 407, before the next request */
	S_REFUSED,	/* the page of what will be an error          */
	S_UP
};

struct connect {
	enum state		 state;
	char			 target[TARGET_TEXT];
	char			*user_agent;
	struct al_login		 login;
	enum al_login_act	 act;		/* of the next request   */
	struct al_err		 late;		/* act is FAIL: why      */
	bool			 reused;	/* had a 407 before      */
	unsigned		 interim;
	struct al_http1		 head;
	struct al_http1_body	 body;
	struct al_buf		 page;
};

/*
 * Host and what the proxy itself needs, nothing else: no field of an inner
 * request comes here (CVE-2015-3153).  Old proxies forget an NTLM dance
 * without Proxy-Connection.
 */
static enum al_hs
put_request(struct connect *m, struct al_buf *out, struct al_err *err)
{
	struct al_http1_field fields[] = {
		{ "Host", m->target },
		{ "User-Agent", m->user_agent },
		{ "Proxy-Connection", "Keep-Alive" },
		{ "Proxy-Authorization", NULL },
	};
	enum al_code code = AL_OK;

	if (m->act == AL_LOGIN_NEED)
		return AL_HS_NEED;
	if (m->act == AL_LOGIN_FAIL) {
		*err = m->late;
		return AL_HS_FAIL;
	}
	if (m->act == AL_LOGIN_SEND) {
		if (al_buf_put(&m->login.value, "", 1) != AL_OK)
			code = al_fail_nomem(err, AL_AT_PROXY);
		fields[3].value = (const char *)al_buf_head(&m->login.value);
	}
	if (code == AL_OK)
		code = al_http1_put_request(out, "CONNECT", m->target, fields,
		    sizeof(fields) / sizeof(fields[0]), AL_AT_PROXY, err);
	al_buf_fini(&m->login.value);
	al_http1_reset(&m->head);
	m->state = S_HEAD;
	return code == AL_OK ? AL_HS_MORE : AL_HS_FAIL;
}

/* What kind of server speaks like that. */
static const char *
guess_peer(const uint8_t *p, size_t len)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		const char	*what;
	} peers[] = {
		{ "\x15\x03", 2, " (TLS: an https:// proxy, perhaps)" },
		{ "\x16\x03", 2, " (TLS: an https:// proxy, perhaps)" },
		{ "SSH-", 4, " (an SSH server)" },
		{ "\5", 1, " (a SOCKS5 proxy: try socks5h://)" },
		{ "\0\x5b", 2, " (a SOCKS4 proxy: try socks4a://)" },
		{ "\0\0", 2, " (an HTTP/2 server)" },
		{ "HTTP/2", 6, " (an HTTP/2 server)" },
		{ "220", 3, " (a mail or FTP server)" },
	};
	size_t i;

	for (i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (len >= peers[i].len &&
		    memcmp(p, peers[i].bytes, peers[i].len) == 0)
			return peers[i].what;
	return "";
}

/* The head could not be read; err says how.  Say it for a proxy. */
static enum al_hs
bad_head(const struct connect *m, const struct al_buf *in,
    struct al_err *err)
{
	char why[sizeof(err->text)], shown[64];
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in), n;

	if (err->code == AL_ENOMEM)
		return AL_HS_FAIL;
	if (m->head.status != 0 || err->code == AL_ELIMIT || len == 0) {
		memcpy(why, err->text, sizeof(why));
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, m->head.status,
		    121, "the proxy's reply to CONNECT: %s", why);
		return AL_HS_FAIL;
	}
	for (n = 0; n < len && n < 60 && p[n] != '\n'; n++)
		;
	(void)al_str_clean(shown, sizeof(shown), p, n);
	(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
	    "not an HTTP proxy: it answered \"%s\"%s", shown,
	    guess_peer(p, len));
	return AL_HS_FAIL;
}

/* " (squid/5.7)" to put into of a sentence, or nothing. */
static const char *
who(const struct connect *m, char *buf, size_t cap)
{
	char name[100];

	buf[0] = '\0';
	if (al_refusal_who(&m->head, name, sizeof(name))[0] != '\0')
		(void)snprintf(buf, cap, " (%s)", name);
	return buf;
}

/* All the offers of the 407.  One that is broken must not hide the others. */
static enum al_code
offers(struct connect *m, struct al_challenges *c, struct al_err *err)
{
	const char *value;
	enum al_code code = AL_OK;
	unsigned i;

	for (i = 0; (value = al_http1_get(&m->head, "Proxy-Authenticate",
	    i)) != NULL; i++)
		code = al_challenges_add(c, value, err);
	if (c->n > 0)
		return AL_OK;
	if (code == AL_OK)
		(void)al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
		    "it does not say which login it wants (no "
		    "Proxy-Authenticate)");
	err->status = 407;
	err->cause = 132;
	if (err->code != AL_ENOMEM)
		err->code = AL_EPROTO;
	al_err_prefix(err, "the proxy answered 407");
	return err->code;
}

/* Does the connection outlive this reply?  RFC 9112 9.3, and what old
 * proxies say in its place. */
static bool
is_kept(const struct al_http1 *h)
{
	static const char *const fields[] = {
		"Connection", "Proxy-Connection",
	};
	bool keep = h->minor > 0;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (al_http1_has_token(h, fields[i], "close"))
			return false;
		if (al_http1_has_token(h, fields[i], "keep-alive"))
			keep = true;
	}
	return keep;
}

static enum al_hs
redial(struct connect *m, struct al_err *err)
{
	char from[128];

	if (!al_login_is_midway(&m->login)) {
		al_login_unsent(&m->login);
		return AL_HS_REDIAL;
	}
	(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 407, 132,
	    "the proxy%s closes the connection in the middle of a login: ask "
	    "for it to keep connections during %s", who(m, from,
	    sizeof(from)), m->login.scheme->name);
	return AL_HS_FAIL;
}

/*
 * Where the page of a 407 ends, or that only a new connection helps.  In the
 * middle of a dance that would be the end of it: the next one would not get
 * further.
 */
static enum al_hs
after_challenge(struct connect *m, struct al_err *err)
{
	if (is_kept(&m->head) &&
	    al_http1_body_init(&m->body, &m->head, err) == AL_OK &&
	    m->body.framing != AL_HTTP1_UNTIL_CLOSE &&
	    !(m->body.framing == AL_HTTP1_LENGTH && m->body.left > DRAIN_MAX)) {
		m->state = S_DRAIN;
		return AL_HS_MORE;
	}
	return redial(m, err);
}

/* "demands a login": who does. */
static void
say_who(const struct connect *m, struct al_err *err)
{
	char from[128], text[sizeof(err->text)];

	memcpy(text, err->text, sizeof(text));
	(void)al_fail_as(err, err->code, err->stage, err->status, err->cause,
	    "the proxy%s %s", who(m, from, sizeof(from)), text);
}

static enum al_hs
challenged(struct connect *m, struct al_err *err)
{
	struct al_challenges c;
	enum al_hs r = AL_HS_FAIL;

	al_challenges_init(&c);
	if (offers(m, &c, err) == AL_OK) {
		m->act = al_login_challenged(&m->login, &c, err);
		if (m->act != AL_LOGIN_FAIL)
			r = after_challenge(m, err);
		else if (err->code != AL_ENOMEM)
			say_who(m, err);
	}
	al_challenges_fini(&c);
	return r;
}

static enum al_hs
refused(struct connect *m, struct al_err *err)
{
	(void)al_refusal(&m->head, al_buf_head(&m->page),
	    al_buf_len(&m->page), m->target, err);
	return AL_HS_FAIL;
}

/* The head is here, and in is behind it. */
static enum al_hs
got_head(struct connect *m, struct al_err *err)
{
	int status = m->head.status;

	if (status < 200) {
		if (++m->interim > INTERIM_MAX) {
			(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, status,
			    121, "more than %d interim replies from the "
			    "proxy", INTERIM_MAX);
			return AL_HS_FAIL;
		}
		al_http1_reset(&m->head);
		return AL_HS_MORE;
	}
	/* RFC 9110 9.3.6: no length and no coding counts after a 2xx. */
	if (status < 300) {
		al_login_accepted(&m->login);
		m->state = S_UP;
		return AL_HS_DONE;
	}
	if (status == 407)
		return challenged(m, err);
	if (status < 400 || status > 599 ||
	    al_http1_body_init(&m->body, &m->head, err) != AL_OK)
		return refused(m, err);
	m->state = S_REFUSED;
	return AL_HS_MORE;
}

static enum al_hs
get_head(struct connect *m, struct al_buf *in, struct al_err *err)
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
get_drained(struct connect *m, struct al_buf *in, struct al_err *err)
{
	enum al_code code = al_http1_body_feed_from(&m->body, in, NULL, err);

	if (code == AL_OK) {
		m->reused = true;
		m->state = S_SEND;
		return AL_HS_MORE;
	}
	return code == AL_AGAIN && m->body.taken <= DRAIN_MAX ? AL_HS_MORE :
	    redial(m, err);
}

static enum al_hs
get_page(struct connect *m, struct al_buf *in, struct al_err *err)
{
	/* A page that does not fit, or no memory for it: less of it is
	 * shown. */
	if (al_http1_body_feed_from(&m->body, in, &m->page, err) ==
	    AL_AGAIN && m->body.taken <= DRAIN_MAX &&
	    al_buf_len(&m->page) < m->page.max)
		return AL_HS_MORE;
	return refused(m, err);
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct connect *m = arg;
	enum al_hs r = AL_HS_DONE;
	enum state before;

	do {
		before = m->state;
		switch (m->state) {
		case S_SEND:
			r = put_request(m, out, err);
			break;
		case S_HEAD:
			r = get_head(m, in, err);
			break;
		case S_DRAIN:
			r = get_drained(m, in, err);
			break;
		case S_REFUSED:
			r = get_page(m, in, err);
			break;
		case S_UP:
			return AL_HS_DONE;
		}
	} while (r == AL_HS_MORE && m->state != before);
	return r;
}

static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	struct connect *m = arg;

	if (m->state == S_DRAIN)
		return redial(m, err);
	/* A refusal that is cut short still tells why. */
	if (m->state == S_REFUSED || (m->state == S_HEAD &&
	    m->head.status >= 300 && m->head.status != 407))
		return refused(m, err);
	if (al_buf_len(in) > 0)
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, m->head.status,
		    120, "the proxy closed the connection in the middle of "
		    "its reply to CONNECT");
	else if (m->reused)	/* it only said that it would keep it open */
		return redial(m, err);
	else
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, 0, 121,
		    "closed the connection without an answer to CONNECT: is "
		    "it an HTTP proxy (or is it https://)?");
	return AL_HS_FAIL;
}

static void
free_machine(void *arg)
{
	struct connect *m = arg;

	if (m == NULL)
		return;
	al_login_fini(&m->login);
	free(m->user_agent);
	al_http1_fini(&m->head);
	al_buf_fini(&m->page);
	free(m);
}

const struct al_hs_ops al_connect_ops = {
	.name = "CONNECT", .step = step, .eof = eof, .free = free_machine,
};

/* --- tokens from outside -------------------------------------------------- */
bool
al_connect_need(const struct al_machine *machine,
    struct al_proxy_need *need)
{
	const struct connect *m = machine->m;

	if (m->act != AL_LOGIN_NEED)
		return false;
	*need = (struct al_proxy_need){
		.service = "HTTP",
		.host = m->login.proxy,
		.user = m->login.user,
		.password = m->login.password,
		.token = al_buf_head(&m->login.token),
		.token_len = al_buf_len(&m->login.token),
		.binding = m->login.binding,
		.binding_len = m->login.binding_len,
	};
	return true;
}

void
al_connect_give(const struct al_machine *machine, const void *token,
    size_t len)
{
	struct connect *m = machine->m;

	m->act = al_login_take_token(&m->login, token, len, &m->late);
}

void
al_connect_deny(const struct al_machine *machine,
    const struct al_err *cause)
{
	struct connect *m = machine->m;

	m->act = al_login_no_token(&m->login, cause, &m->late);
}

/* --- life ----------------------------------------------------------------- */
static enum al_code
refuse(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0, "CONNECT: %s", why);
}

enum al_code
al_proxy_check_agent(const char *text, struct al_err *err)
{
	const char *p;

	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0,
			    "a line break or a control character in the "
			    "User-Agent");
	return AL_OK;
}

static enum al_code
check(const char *host, const char *user_agent, struct al_err *err)
{
	const char *p;

	if (host[0] == '\0' || strlen(host) > AL_HOST_MAX)
		return refuse(err, "a host has 1 to 255 characters");
	for (p = host; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return refuse(err, "a blank, a line break or a "
			    "control character in the host");
	return al_proxy_check_agent(user_agent, err);
}

enum al_code
al_connect_machine(struct al_machine *out, const struct al_hop *hop,
    const char *host, uint16_t port, const struct al_proxy_opts *o,
    struct al_err *err)
{
	const char *agent = o->user_agent != NULL ? o->user_agent :
	    USER_AGENT;
	bool v6 = strchr(host, ':') != NULL && host[0] != '[';
	enum al_code code = check(host, agent, err);
	struct connect *m;

	if (code != AL_OK)
		return code;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	al_http1_init(&m->head, AL_HTTP1_REPLY, AL_AT_PROXY);
	al_buf_init(&m->page, AL_PAGE_MAX);
	(void)snprintf(m->target, sizeof(m->target), "%s%s%s:%u",
	    v6 ? "[" : "", host, v6 ? "]" : "", (unsigned)port);
	code = al_login_init(&m->login, hop, m->target, o, err);
	m->user_agent = al_str_dup(agent, strlen(agent));
	if (code == AL_OK && m->user_agent == NULL)
		code = al_fail_nomem(err, AL_AT_PROXY);
	if (code != AL_OK) {
		free_machine(m);
		return code;
	}
	m->act = al_login_begin(&m->login, &m->late);
	*out = (struct al_machine){ &al_connect_ops, m };
	return AL_OK;
}
