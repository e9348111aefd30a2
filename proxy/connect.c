/* proxy/connect.c - HTTP CONNECT (RFC 9110 9.3.6), with a login if asked. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/wire/http1.h"
#include "proxy/auth.h"
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
	enum state			 state;
	char				 target[TARGET_TEXT];
	char				*user_agent, *user, *password;
	const struct al_auth_scheme	*auth;	/* NULL: not known yet */
	bool				 sent_auth;
	bool				 reused; /* had a 407 before    */
	unsigned			 interim;
	struct al_http1			 head;
	struct al_http1_body		 body;
	struct al_buf			 page;
};

static bool
has_credentials(const struct connect *m)
{
	return m->user != NULL || m->password != NULL;
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/*
 * Host and what the proxy itself needs, nothing else: no field of an inner
 * request comes here (CVE-2015-3153).  Old proxies forget an NTLM dance
 * without Proxy-Connection.
 */
static enum al_code
write_request(struct connect *m, struct al_buf *out, struct al_buf *value,
    struct al_err *err)
{
	struct al_http1_field fields[] = {
		{ "Host", m->target },
		{ "User-Agent", m->user_agent },
		{ "Proxy-Connection", "Keep-Alive" },
		{ "Proxy-Authorization", NULL },
	};

	m->sent_auth = m->auth != NULL && has_credentials(m);
	if (m->sent_auth) {
		if (m->auth->answer(NULL, or_empty(m->user),
		    or_empty(m->password), value) != AL_OK ||
		    al_buf_put(value, "", 1) != AL_OK)
			return al_fail_nomem(err, AL_AT_PROXY);
		fields[3].value = (const char *)al_buf_head(value);
	}
	return al_http1_put_request(out, "CONNECT", m->target, fields,
	    sizeof(fields) / sizeof(fields[0]), AL_AT_PROXY, err);
}

static enum al_hs
put_request(struct connect *m, struct al_buf *out, struct al_err *err)
{
	struct al_buf value;
	enum al_code code;

	al_buf_init(&value, 8 * 1024);
	code = write_request(m, out, &value, err);
	al_buf_fini(&value);
	if (code != AL_OK)
		return AL_HS_FAIL;
	al_http1_reset(&m->head);
	m->state = S_HEAD;
	return AL_HS_MORE;
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

static enum al_hs
no_login(const struct connect *m, const struct al_challenges *c,
    struct al_err *err)
{
	char names[120] = "", name[32], from[128];
	size_t i, len = 0;

	for (i = 0; i < c->n && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", i > 0 ? ", " : "", al_str_clean(name,
		    sizeof(name), c->list[i].scheme,
		    strlen(c->list[i].scheme)));
	(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 132,
	    "the proxy%s takes only logins that are not supported: %s (Basic "
	    "is): ask for one of those to be enabled, or for an exception "
	    "without login", who(m, from, sizeof(from)), names);
	return AL_HS_FAIL;
}

static enum al_hs
login_needed(const struct connect *m, const struct al_challenges *c,
    struct al_err *err)
{
	const char *realm = al_challenge_get(al_challenges_find(c,
	    m->auth->name), "realm");
	char from[128], shown[80];

	realm = or_empty(realm);
	(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 130,
	    "the proxy%s demands a login (407, %s, realm \"%s\"): configure "
	    "a user and a password for it", who(m, from, sizeof(from)),
	    m->auth->name, al_str_clean(shown, sizeof(shown), realm,
	    strlen(realm)));
	return AL_HS_FAIL;
}

static enum al_hs
login_refused(const struct connect *m, struct al_err *err)
{
	char from[128];

	(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 131,
	    "the proxy%s refuses this user name or password (407 again after "
	    "%s)", who(m, from, sizeof(from)), m->auth->name);
	return AL_HS_FAIL;
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

/* Where the page of a 407 ends, or that only a new connection helps. */
static enum al_hs
after_challenge(struct connect *m, struct al_err *err)
{
	if (!is_kept(&m->head) ||
	    al_http1_body_init(&m->body, &m->head, err) != AL_OK ||
	    m->body.framing == AL_HTTP1_UNTIL_CLOSE ||
	    (m->body.framing == AL_HTTP1_LENGTH && m->body.left > DRAIN_MAX))
		return AL_HS_REDIAL;
	m->state = S_DRAIN;
	return AL_HS_MORE;
}

static enum al_hs
challenged(struct connect *m, struct al_err *err)
{
	struct al_challenges c;
	enum al_hs r = AL_HS_FAIL;

	al_challenges_init(&c);
	if (offers(m, &c, err) != AL_OK)
		goto out;
	if (m->sent_auth) {
		r = login_refused(m, err);
		goto out;
	}
	m->auth = al_auth_choose(&c);
	if (m->auth == NULL)
		r = no_login(m, &c, err);
	else if (!has_credentials(m))
		r = login_needed(m, &c, err);
	else
		r = after_challenge(m, err);
out:
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
	    AL_HS_REDIAL;
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
		return AL_HS_REDIAL;
	/* A refusal that is cut short still tells why. */
	if (m->state == S_REFUSED || (m->state == S_HEAD &&
	    m->head.status >= 300 && m->head.status != 407))
		return refused(m, err);
	if (al_buf_len(in) > 0)
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, m->head.status,
		    120, "the proxy closed the connection in the middle of "
		    "its reply to CONNECT");
	else if (m->reused)	/* it only said that it would keep it open */
		return AL_HS_REDIAL;
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
	al_str_free_secret(m->user);
	al_str_free_secret(m->password);
	free(m->user_agent);
	al_http1_fini(&m->head);
	al_buf_fini(&m->page);
	free(m);
}

static const struct al_hs_ops ops = {
	.name = "CONNECT", .step = step, .eof = eof, .free = free_machine,
};

enum al_auth
al_proxy_auth(const struct al_machine *machine)
{
	const struct connect *m = machine->m;

	return machine->ops == &ops && m->auth != NULL ? m->auth->id :
	    AL_AUTH_UNKNOWN;
}

static enum al_code
refuse(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0, "CONNECT: %s", why);
}

static enum al_code
check(const struct al_hop *hop, const char *host, const char *user_agent,
    struct al_err *err)
{
	const char *why, *p;

	if (host[0] == '\0' || strlen(host) > AL_HOST_MAX)
		return refuse(err, "a host has 1 to 255 characters");
	for (p = host; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return refuse(err, "a blank, a line break or a "
			    "control character in the host");
	for (p = or_empty(user_agent); *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return refuse(err, "a line break or a control "
			    "character in the User-Agent");
	if (hop->user == NULL && hop->password == NULL)
		return AL_OK;
	why = al_auth_check(or_empty(hop->user), or_empty(hop->password));
	return why != NULL ? refuse(err, why) : AL_OK;
}

/* A copy of s, or NULL when s is; false: no memory. */
static bool
copy(char **to, const char *s)
{
	*to = s != NULL ? al_str_dup(s, strlen(s)) : NULL;
	return s == NULL || *to != NULL;
}

enum al_code
al_connect_machine(struct al_machine *out, const struct al_hop *hop,
    const char *host, uint16_t port, const char *user_agent,
    struct al_err *err)
{
	bool v6 = strchr(host, ':') != NULL && host[0] != '[';
	enum al_code code = check(hop, host, user_agent, err);
	struct connect *m;

	if (code != AL_OK)
		return code;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	al_http1_init(&m->head, AL_HTTP1_REPLY, AL_AT_PROXY);
	al_buf_init(&m->page, AL_PAGE_MAX);
	m->auth = al_auth_scheme(hop->auth);
	(void)snprintf(m->target, sizeof(m->target), "%s%s%s:%u",
	    v6 ? "[" : "", host, v6 ? "]" : "", (unsigned)port);
	if (!copy(&m->user, hop->user) || !copy(&m->password,
	    hop->password) || !copy(&m->user_agent,
	    user_agent != NULL ? user_agent : USER_AGENT)) {
		free_machine(m);
		return al_fail_nomem(err, AL_AT_PROXY);
	}
	*out = (struct al_machine){ &ops, m };
	return AL_OK;
}
