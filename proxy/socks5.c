/* proxy/socks5.c - SOCKS5 (RFC 1928), with a password (1929) or Kerberos. */
#include <stdlib.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "proxy/memory.h"
#include "proxy/socks5_gss.h"

enum { METHOD_NONE = 0, METHOD_GSSAPI = 1, METHOD_PASSWORD = 2 };
enum { ATYP_V4 = 1, ATYP_NAME = 3, ATYP_V6 = 4 };

/* VER 1 | ULEN | user | PLEN | password */
#define LOGIN_MAX	(3 + 255 + 255)
/* VER 5 | CMD 1 | RSV 0 | ATYP | address | port */
#define REQUEST_MAX	(4 + 1 + 255 + 2)

enum state {
	S_GREET, S_METHOD, S_LOGIN, S_KERBEROS, S_REQUEST, S_REPLY, S_DONE
};

struct socks5 {
	enum state	state;
	uint8_t		login[LOGIN_MAX];
	size_t		login_len;	/* 0: no credentials */
	uint8_t		request[REQUEST_MAX];
	size_t		request_len;
	bool		kerberos;	/* may be offered */
	enum al_proxy_level level;	/* of what follows */
	struct al_socks5_gss gss;
	struct al_seen	*seen;		/* NULL: nobody remembers */
	uint64_t	now_us;
};

static enum al_hs
put(struct socks5 *m, enum state next, const uint8_t *p, size_t len,
    struct al_buf *out, struct al_err *err)
{
	enum al_code code = al_buf_put(out, p, len);

	if (code != AL_OK) {
		(void)al_fail(err, code, AL_AT_PROXY, 0,
		    "no room for the SOCKS5 request");
		return AL_HS_FAIL;
	}
	m->state = next;
	return AL_HS_MORE;
}

/* VER 5 | number of methods | methods */
static enum al_hs
put_greeting(struct socks5 *m, struct al_buf *out, struct al_err *err)
{
	uint8_t said[2 + 3] = { 5, 0 };
	size_t n = 2;

	said[n++] = METHOD_NONE;
	if (m->kerberos)
		said[n++] = METHOD_GSSAPI;
	if (m->login_len > 0)
		said[n++] = METHOD_PASSWORD;
	said[1] = (uint8_t)(n - 2);
	return put(m, S_METHOD, said, n, out, err);
}

static enum al_hs
wrong_version(const char *what, const uint8_t *p, size_t len,
    struct al_err *err)
{
	char shown[64];

	(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
	    "not a SOCKS5 proxy: %s \"%s\"%s", what,
	    al_str_clean(shown, sizeof(shown), p, len < 60 ? len : 60),
	    p[0] == 'H' ? " (an HTTP proxy? try http://)" :
	    p[0] == 0 || p[0] == 4 ? " (SOCKS4? try socks4a://)" : "");
	return AL_HS_FAIL;
}

static enum al_hs
bad_method(const struct socks5 *m, uint8_t method, struct al_err *err)
{
	/* why Kerberos was left out says more than that it was */
	if (method == 0xff && !m->kerberos && m->seen != NULL &&
	    m->now_us < m->seen->unfit_until_us &&
	    m->seen->unfit_cause.code != AL_OK) {
		*err = m->seen->unfit_cause;
		al_err_prefix(err, "the SOCKS5 proxy takes no other login");
	} else if (method != 0xff)
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, method, 132,
		    "the SOCKS5 proxy chose login method %d%s, which was not "
		    "offered", method, method == METHOD_GSSAPI ? " (GSSAPI)" :
		    method == METHOD_PASSWORD ? " (user and password)" : "");
	else if (m->login_len == 0)
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, method, 130,
		    "the SOCKS5 proxy lets nobody in without a login: "
		    "configure a user and a password");
	else
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, method, 132,
		    "the SOCKS5 proxy takes neither user and password%s nor "
		    "clients without a login%s", m->kerberos ? ", Kerberos" :
		    "", m->kerberos ? "" : " (GSSAPI only, perhaps)");
	return AL_HS_FAIL;
}

/* VER 5 | METHOD */
static enum al_hs
get_method(struct socks5 *m, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in);
	uint8_t method;

	if (len > 0 && p[0] != 5)
		return wrong_version("it answered", p, len, err);
	if (len < 2)
		return AL_HS_MORE;
	method = p[1];
	al_buf_drain(in, 2);
	if (method == METHOD_NONE)
		m->state = S_REQUEST;
	else if (method == METHOD_PASSWORD && m->login_len > 0)
		return put(m, S_LOGIN, m->login, m->login_len, out, err);
	else if (method == METHOD_GSSAPI && m->kerberos)
		m->state = S_KERBEROS;
	else
		return bad_method(m, method, err);
	return AL_HS_MORE;
}

/* VER 1 | STATUS, 0 is good */
static enum al_hs
get_login(struct socks5 *m, struct al_buf *in, struct al_err *err)
{
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in);

	if (len > 0 && p[0] != 1)
		return wrong_version("it answered the login with", p, len,
		    err);
	if (len < 2)
		return AL_HS_MORE;
	if (p[1] != 0) {
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, p[1], 131,
		    "the SOCKS5 proxy refuses this user and password "
		    "(status %d)", p[1]);
		return AL_HS_FAIL;
	}
	al_buf_drain(in, 2);
	m->state = S_REQUEST;
	return AL_HS_MORE;
}

static enum al_hs
fail_reply(uint8_t reply, struct al_err *err)
{
	static const struct {
		enum al_code	 code;
		const char	*text;
	} rows[] = {
		{ AL_ENET, "general failure of the proxy" },
		{ AL_EREFUSED, "its rules do not allow this: ask for this "
		    "host and port to be allowed" },
		{ AL_ENET, "it finds the network unreachable" },
		{ AL_ENET, "it finds the host unreachable, or cannot resolve "
		    "the name" },
		{ AL_ENET, "the host refused the connection" },
		{ AL_ENET, "TTL expired (a timeout on the way to the host)" },
		{ AL_EREFUSED, "it does not support CONNECT" },
		{ AL_EREFUSED, "it does not support this type of address" },
	};

	if (reply > sizeof(rows) / sizeof(rows[0]))
		(void)al_fail_as(err, AL_EREFUSED, AL_AT_PROXY, reply, 150,
		    "SOCKS5 reply %d, which RFC 1928 does not know", reply);
	else
		(void)al_fail_as(err, rows[reply - 1].code, AL_AT_PROXY,
		    reply, 150, "SOCKS5 reply %d: %s", reply,
		    rows[reply - 1].text);
	return AL_HS_FAIL;
}

/* Length of the reply, 0: not known yet, SIZE_MAX: unknown address type. */
static size_t
reply_len(const uint8_t *p, size_t len)
{
	if (len < 4)
		return 0;
	switch (p[3]) {
	case ATYP_V4:
		return 4 + 4 + 2;
	case ATYP_V6:
		return 4 + 16 + 2;
	case ATYP_NAME:
		return len < 5 ? 0 : 4 + 1 + (size_t)p[4] + 2;
	default:
		return SIZE_MAX;
	}
}

/*
 * VER 5 | REP | RSV | ATYP | address | port.  An error needs no more than
 * its first two bytes: some proxies close behind them.
 */
static enum al_hs
get_reply(struct socks5 *m, struct al_buf *in, struct al_err *err)
{
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in), want;

	if (len > 0 && p[0] != 5)
		return wrong_version("it answered the request with", p, len,
		    err);
	if (len > 1 && p[1] != 0)
		return fail_reply(p[1], err);
	want = reply_len(p, len);
	if (want == SIZE_MAX) {
		(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
		    "broken SOCKS5 reply: address type %d", p[3]);
		return AL_HS_FAIL;
	}
	if (want == 0 || len < want)
		return AL_HS_MORE;
	al_buf_drain(in, want);
	m->state = S_DONE;
	return AL_HS_DONE;
}

/* On a new connection, with the logins that are left. */
static enum al_hs
without_kerberos(struct socks5 *m, const struct al_err *err)
{
	if (m->seen == NULL || err->code == AL_ENOMEM)
		return AL_HS_FAIL;
	m->seen->unfit = AL_AUTH_BIT(AL_AUTH_NEGOTIATE);
	m->seen->unfit_until_us = m->now_us + AL_UNFIT_US;
	m->seen->unfit_cause = *err;
	return AL_HS_REDIAL;
}

/* RFC 1961: login and request in one, and the reply out of its wrapping. */
static enum al_hs
kerberos(struct socks5 *m, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	enum al_hs r;

	for (;;) {
		r = al_socks5_gss_step(&m->gss, in, out, err);
		if (r == AL_HS_FAIL && al_socks5_gss_is_hopeless(&m->gss))
			return without_kerberos(m, err);
		if (r != AL_HS_DONE)
			return r;
		r = get_reply(m, &m->gss.plain, err);
		if (r != AL_HS_MORE)
			break;
		al_socks5_gss_more(&m->gss);
	}
	m->level = m->gss.level;
	if (r == AL_HS_FAIL || al_buf_len(&m->gss.plain) == 0)
		return r;
	(void)al_fail_as(err, AL_EPROTO, AL_AT_PROXY, 0, 121,
	    "broken SOCKS5 reply: bytes behind its end");
	return AL_HS_FAIL;
}

static enum al_hs
step(void *arg, struct al_buf *in, struct al_buf *out, struct al_err *err)
{
	struct socks5 *m = arg;
	enum al_hs r = AL_HS_DONE;
	enum state before;

	do {
		before = m->state;
		switch (m->state) {
		case S_GREET:
			r = put_greeting(m, out, err);
			break;
		case S_METHOD:
			r = get_method(m, in, out, err);
			break;
		case S_LOGIN:
			r = get_login(m, in, err);
			break;
		case S_KERBEROS:
			r = kerberos(m, in, out, err);
			break;
		case S_REQUEST:
			r = put(m, S_REPLY, m->request, m->request_len, out,
			    err);
			break;
		case S_REPLY:
			r = get_reply(m, in, err);
			break;
		case S_DONE:
			return AL_HS_DONE;
		}
	} while (r == AL_HS_MORE && m->state != before);
	return r;
}

static enum al_hs
eof(void *arg, struct al_buf *in, struct al_err *err)
{
	const struct socks5 *m = arg;

	if (m->state <= S_METHOD && al_buf_len(in) == 0)
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, 0, 121,
		    "closed the connection without an answer: is it a "
		    "SOCKS5 proxy?");
	else if (m->state == S_LOGIN)
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 0, 131,
		    "closed the connection on the login: user or password "
		    "are wrong, most likely");
	else if (m->state == S_KERBEROS && m->gss.state < G_REPLY)
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 0, 131,
		    "closed the connection on the Kerberos login: it refuses "
		    "it, most likely");
	else
		(void)al_fail_as(err, AL_ENET, AL_AT_PROXY, 0, 120,
		    "closed the connection in the middle of the SOCKS5 "
		    "handshake");
	return AL_HS_FAIL;
}

static void
free_machine(void *arg)
{
	struct socks5 *m = arg;

	if (m == NULL)
		return;
	al_socks5_gss_fini(&m->gss);
	explicit_bzero(m, sizeof(*m));
	free(m);
}

const struct al_hs_ops al_socks5_ops = {
	.name = "SOCKS5", .step = step, .eof = eof, .free = free_machine,
};

/* --- tokens from outside -------------------------------------------------- */
bool
al_socks5_need(const struct al_machine *machine, struct al_proxy_need *need)
{
	const struct socks5 *m = machine->m;

	return m->state == S_KERBEROS && al_socks5_gss_need(&m->gss, need);
}

void
al_socks5_give(const struct al_machine *machine, const void *token,
    size_t len, unsigned flags)
{
	struct socks5 *m = machine->m;

	al_socks5_gss_give(&m->gss, token, len, flags);
}

void
al_socks5_deny(const struct al_machine *machine, const struct al_err *cause)
{
	struct socks5 *m = machine->m;

	al_socks5_gss_deny(&m->gss, cause);
}

enum al_proxy_level
al_socks5_level(const struct al_machine *machine)
{
	return ((const struct socks5 *)machine->m)->level;
}

/* --- life ----------------------------------------------------------------- */
static enum al_code
refuse(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0, "SOCKS5: %s", why);
}

static enum al_code
make_login(struct socks5 *m, const struct al_hop *hop, struct al_err *err)
{
	const char *user = hop->user != NULL ? hop->user : "";
	const char *password = hop->password != NULL ? hop->password : "";
	struct al_writer w = al_writer(m->login, sizeof(m->login));

	if (hop->user == NULL && hop->password == NULL)
		return AL_OK;
	if (strlen(user) > 255 || strlen(password) > 255)
		return refuse(err, "user and password have at most 255 bytes "
		    "each");
	al_write_u8(&w, 1);
	al_write_u8(&w, (uint8_t)strlen(user));
	al_write_bytes(&w, user, strlen(user));
	al_write_u8(&w, (uint8_t)strlen(password));
	al_write_bytes(&w, password, strlen(password));
	m->login_len = w.len;
	return AL_OK;
}

static enum al_code
put_address(struct al_writer *w, const struct al_hop *hop, const char *host,
    struct al_err *err)
{
	size_t len = strlen(host);
	struct al_addr a;

	if (al_addr_parse_ip(&a, host, 0)) {
		if (a.u.sa.sa_family == AF_INET) {
			al_write_u8(w, ATYP_V4);
			al_write_bytes(w, &a.u.v4.sin_addr, 4);
		} else {
			al_write_u8(w, ATYP_V6);
			al_write_bytes(w, &a.u.v6.sin6_addr, 16);
		}
		return AL_OK;
	}
	if (hop->kind != AL_PROXY_SOCKS5H)
		return refuse(err, "the name has to be resolved first "
		    "(socks5h lets the proxy do it)");
	/* Never a silent switch to local resolution (CVE-2023-38545). */
	if (len == 0 || len > 255)
		return refuse(err, "a host has 1 to 255 characters");
	if (!al_str_is_line(host, len) || strchr(host, ' ') != NULL)
		return refuse(err, "a line break or a blank in the host");
	al_write_u8(w, ATYP_NAME);
	al_write_u8(w, (uint8_t)len);
	al_write_bytes(w, host, len);
	return AL_OK;
}

static enum al_code
make_request(struct socks5 *m, const struct al_hop *hop, const char *host,
    uint16_t port, struct al_err *err)
{
	static const uint8_t head[] = { 5, 1, 0 };
	struct al_writer w = al_writer(m->request, sizeof(m->request));
	enum al_code code;

	al_write_bytes(&w, head, sizeof(head));
	code = put_address(&w, hop, host, err);
	if (code != AL_OK)
		return code;
	al_write_u16(&w, port);
	m->request_len = w.len;
	return AL_OK;
}

/* Which logins are offered. */
static void
choose_methods(struct socks5 *m, const struct al_hop *hop,
    const struct al_proxy_opts *o)
{
	unsigned schemes = o->schemes != 0 ? o->schemes : ~0u;

	m->now_us = o->now_us;
	m->seen = al_memory_of(o->memory, hop);
	m->kerberos = (schemes & AL_AUTH_BIT(AL_AUTH_NEGOTIATE)) != 0 &&
	    (m->seen == NULL || m->now_us >= m->seen->unfit_until_us);
	/* Who asks for Kerberos, and not for Basic, does not want the password
	 * to go out in the clear. */
	if ((schemes & AL_AUTH_BIT(AL_AUTH_NEGOTIATE)) != 0 &&
	    (schemes & AL_AUTH_BIT(AL_AUTH_BASIC)) == 0)
		m->login_len = 0;
}

enum al_code
al_socks5_machine(struct al_machine *out, const struct al_hop *hop,
    const char *host, uint16_t port, const struct al_proxy_opts *o,
    struct al_err *err)
{
	struct socks5 *m = calloc(1, sizeof(*m));
	enum al_code code;

	if (m == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	code = make_login(m, hop, err);
	if (code == AL_OK)
		code = make_request(m, hop, host, port, err);
	if (code == AL_OK)
		code = al_socks5_gss_init(&m->gss, hop, m->request,
		    m->request_len, err);
	if (code != AL_OK) {
		free_machine(m);
		return code;
	}
	choose_methods(m, hop, o);
	*out = (struct al_machine){ &al_socks5_ops, m };
	return AL_OK;
}
