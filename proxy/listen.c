/* proxy/listen.c - what a client of our one local port asks for. */
#include "proxy/listen.h"

#include <stdio.h>
#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/wire/http1.h"

enum { CMD_CONNECT = 1 };
enum { ATYP_V4 = 1, ATYP_NAME = 3, ATYP_V6 = 4 };
/* SOCKS5 replies, RFC 1928 6 */
enum {
	R5_OK, R5_GENERAL, R5_RULES, R5_NETWORK, R5_HOST, R5_REFUSED, R5_TTL,
	R5_COMMAND, R5_ADDRESS
};

#define SOCKS4_USER_MAX	255

static const struct reason {
	enum al_chan_code	 code;
	uint8_t			 socks5;
	int			 status;
	const char		*reason;
} reasons[] = {
	{ AL_CHAN_DENIED, R5_RULES, 403, "Forbidden" },
	{ AL_CHAN_UNKNOWN_TARGET, R5_RULES, 403, "Forbidden" },
	{ AL_CHAN_REFUSED, R5_REFUSED, 502, "Bad Gateway" },
	{ AL_CHAN_TIMEOUT, R5_TTL, 504, "Gateway Timeout" },
	{ AL_CHAN_UNREACHABLE, R5_NETWORK, 502, "Bad Gateway" },
	{ AL_CHAN_NAME, R5_HOST, 502, "Bad Gateway" },
	{ AL_CHAN_LIMIT, R5_GENERAL, 503, "Service Unavailable" },
	{ AL_CHAN_DRAINING, R5_GENERAL, 503, "Service Unavailable" },
	{ AL_CHAN_SESSION_LOST, R5_GENERAL, 503, "Service Unavailable" },
	{ AL_CHAN_OFFLINE, R5_GENERAL, 503, "Service Unavailable" },
	{ AL_CHAN_UNSUPPORTED, R5_COMMAND, 501, "Not Implemented" },
	{ AL_CHAN_BAD_REQUEST, R5_GENERAL, 400, "Bad Request" },
};

const char *
al_listen_kind_name(enum al_listen_kind kind)
{
	static const char *const names[] = {
		[AL_LISTEN_UNKNOWN] = "unknown",
		[AL_LISTEN_SOCKS4] = "SOCKS4",
		[AL_LISTEN_SOCKS5] = "SOCKS5",
		[AL_LISTEN_HTTP] = "HTTP",
	};

	return names[kind];
}

/* The client is told by code, the log by the sentence. */
static enum al_hs
fail(const struct al_listen *l, enum al_chan_code code, struct al_buf *out,
    struct al_err *err, const char *why)
{
	struct al_err ignored;

	(void)al_fail(err, AL_EPROTO, AL_AT_LOCAL, 0,
	    "a %s client: %s", al_listen_kind_name(l->kind), why);
	(void)!al_listen_refuse(l, code, why, out, &ignored);
	return AL_HS_FAIL;
}

static enum al_hs
take_host(struct al_listen *l, const uint8_t *name, size_t len,
    uint16_t port, struct al_buf *out, struct al_err *err)
{
	char text[AL_HOST_MAX + sizeof("[]:65535")];
	struct al_addr a;
	char host[AL_HOST_MAX + 1];

	if (port == 0)
		return fail(l, AL_CHAN_BAD_REQUEST, out, err,
		    "port 0 does not exist");
	if (len == 0 || len > AL_HOST_MAX || memchr(name, '\0', len) != NULL)
		return fail(l, AL_CHAN_BAD_REQUEST, out, err,
		    "not the name of a host");
	memcpy(host, name, len);
	host[len] = '\0';
	/* A program may send the text of an address as a name. */
	(void)snprintf(text, sizeof(text), al_addr_parse_ip(&a, host, 0) &&
	    a.u.sa.sa_family == AF_INET6 && host[0] != '[' ? "[%s]:%u" :
	    "%s:%u", host, (unsigned)port);
	if (al_hostport_parse(text, 0, l->host, &l->port, err) != AL_OK)
		return fail(l, AL_CHAN_BAD_REQUEST, out, err,
		    "not the name of a host");
	return AL_HS_DONE;
}

static enum al_hs
take_ip(struct al_listen *l, const void *ip, size_t len, uint16_t port,
    struct al_buf *out, struct al_err *err)
{
	struct al_addr a = { .len = 0 };
	char text[AL_ADDR_TEXT];

	if (len == 4) {
		a.u.v4.sin_family = AF_INET;
		memcpy(&a.u.v4.sin_addr, ip, 4);
	} else {
		a.u.v6.sin6_family = AF_INET6;
		memcpy(&a.u.v6.sin6_addr, ip, 16);
	}
	(void)al_addr_format_ip(&a, text);
	return take_host(l, (const uint8_t *)text, strlen(text), port, out,
	    err);
}

/* VER 5 | n | n methods -> VER 5 | METHOD */
static enum al_hs
greet(struct al_listen *l, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	static const uint8_t open[] = { 5, 0 }, none[] = { 5, 0xff };
	const uint8_t *p = al_buf_head(in);
	size_t len = al_buf_len(in);
	bool has_open;

	if (len < 2 || len < 2 + (size_t)p[1])
		return AL_HS_MORE;
	has_open = memchr(p + 2, 0, p[1]) != NULL;
	al_buf_drain(in, 2 + (size_t)p[1]);
	if (!has_open) {
		(void)al_fail(err, AL_EAUTH, AL_AT_LOCAL, 0, "a SOCKS5 "
		    "client insists on a login; this port takes none");
		(void)!al_buf_put(out, none, sizeof(none));
		return AL_HS_FAIL;
	}
	l->greeted = 1;
	if (al_buf_put(out, open, sizeof(open)) == AL_OK)
		return AL_HS_MORE;
	(void)al_fail_nomem(err, AL_AT_LOCAL);
	return AL_HS_FAIL;
}

/* VER 5 | CMD | RSV | ATYP | address | port */
static enum al_hs
socks5(struct al_listen *l, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	struct al_reader r;
	const uint8_t *address;
	uint8_t version, command, type;
	size_t n, have;
	uint16_t port;
	enum al_hs done;

	if (!l->greeted) {
		enum al_hs first = greet(l, in, out, err);

		if (first != AL_HS_MORE || !l->greeted)
			return first;
	}
	have = al_buf_len(in);
	if (have == 0)
		return AL_HS_MORE;
	r = al_reader(al_buf_head(in), have);
	version = al_read_u8(&r);
	command = al_read_u8(&r);
	(void)al_read_u8(&r);
	type = al_read_u8(&r);
	n = type == ATYP_V4 ? 4 : type == ATYP_V6 ? 16 :
	    type == ATYP_NAME ? al_read_u8(&r) : 0;
	address = al_read_bytes(&r, n);
	port = al_read_u16(&r);
	if (version != 5)
		return fail(l, AL_CHAN_BAD_REQUEST, out, err,
		    "its request has another version");
	/* What is wrong is known before the address is here. */
	if (have >= 4 && command != CMD_CONNECT)
		return fail(l, AL_CHAN_UNSUPPORTED, out, err,
		    "only CONNECT is supported");
	if (have >= 4 && type != ATYP_V4 && type != ATYP_V6 &&
	    type != ATYP_NAME) {
		static const uint8_t reply[10] = { 5, R5_ADDRESS, 0, 1 };

		(void)al_fail(err, AL_EPROTO, AL_AT_LOCAL, 0,
		    "a SOCKS5 client: address type %d", type);
		(void)!al_buf_put(out, reply, sizeof(reply));
		return AL_HS_FAIL;
	}
	if (r.bad)
		return AL_HS_MORE;
	done = type == ATYP_NAME ? take_host(l, address, n, port, out, err) :
	    take_ip(l, address, n, port, out, err);
	al_buf_drain(in, have - r.len);
	return done;
}

/* The text at p that ends in NUL; its length, len when there is no end. */
static size_t
text_len(const uint8_t *p, size_t len)
{
	const uint8_t *nul = len > 0 ? memchr(p, '\0', len) : NULL;

	return nul != NULL ? (size_t)(nul - p) : len;
}

/* VN 4 | CD | port | address | user id, NUL | 4a, 0.0.0.x: name, NUL */
static enum al_hs
socks4(struct al_listen *l, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	static const uint8_t zero[3] = { 0 };
	const uint8_t *p = al_buf_head(in), *name;
	size_t len = al_buf_len(in), user, n = 0, total;
	enum al_hs done;
	bool named;

	if (len >= 2 && p[1] != CMD_CONNECT)
		return fail(l, AL_CHAN_UNSUPPORTED, out, err,
		    "only CONNECT is supported");
	if (len < 8)
		return AL_HS_MORE;
	named = memcmp(p + 4, zero, 3) == 0 && p[7] != 0;
	user = text_len(p + 8, len - 8);
	if (user > SOCKS4_USER_MAX)
		return fail(l, AL_CHAN_BAD_REQUEST, out, err,
		    "a user id of more than 255 bytes");
	total = 8 + user + 1;
	if (len < total)
		return AL_HS_MORE;
	name = p + total;
	if (named) {
		n = text_len(name, len - total);
		if (n > AL_HOST_MAX)
			return fail(l, AL_CHAN_BAD_REQUEST, out, err,
			    "a name of more than 255 bytes");
		total += n + 1;
		if (len < total)
			return AL_HS_MORE;
	}
	done = named ? take_host(l, name, n, al_get_u16(p + 2), out, err) :
	    take_ip(l, p + 4, 4, al_get_u16(p + 2), out, err);
	al_buf_drain(in, total);
	return done;
}

/* A program that was given this port as a web server or as a plain proxy. */
static enum al_hs
not_connect(struct al_buf *out, struct al_err *err, const char *method)
{
	static const struct al_http1_field fields[] = {
		{ "Allow", "CONNECT" }, { "Connection", "close" },
	};
	struct al_err ignored;
	char shown[32];

	(void)!al_http1_put_reply(out, 405, "Method Not Allowed", fields, 2,
	    "This port belongs to the Alpacon connector. It carries "
	    "connections for clients that use it as a proxy with HTTP "
	    "CONNECT (as for https:// URLs), SOCKS5 or SOCKS4. It serves no "
	    "pages and forwards no plain HTTP requests.\n", AL_AT_LOCAL,
	    &ignored);
	(void)al_fail(err, AL_EPROTO, AL_AT_LOCAL, 0, "an HTTP client: only "
	    "CONNECT is supported, not %s", al_str_clean(shown,
	    sizeof(shown), method, strlen(method)));
	return AL_HS_FAIL;
}

static enum al_hs
request(struct al_listen *l, const struct al_http1 *h, struct al_buf *out,
    struct al_err *err)
{
	if (strcmp(al_http1_method(h), "CONNECT") != 0)
		return not_connect(out, err, al_http1_method(h));
	if (al_hostport_parse(al_http1_target(h), 0, l->host, &l->port,
	    err) != AL_OK)
		return fail(l, AL_CHAN_BAD_REQUEST, out, err,
		    "CONNECT takes host:port");
	return AL_HS_DONE;
}

/*
 * Read anew from its first byte each time: a head is at most 8 KiB, and comes
 * in one piece from a local client.
 */
static enum al_hs
http(struct al_listen *l, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	struct al_http1 h;
	char why[sizeof(err->text)];
	enum al_code code;
	enum al_hs r;
	size_t n;

	al_http1_init(&h, AL_HTTP1_REQUEST, AL_AT_LOCAL);
	code = al_http1_feed(&h, al_buf_head(in), al_buf_len(in), &n, err);
	if (code == AL_AGAIN) {
		r = AL_HS_MORE;
	} else if (code == AL_OK) {
		r = request(l, &h, out, err);
		al_buf_drain(in, n);
	} else {
		memcpy(why, err->text, sizeof(why));
		r = fail(l, AL_CHAN_BAD_REQUEST, out, err, why);
	}
	al_http1_fini(&h);
	return r;
}

enum al_hs
al_listen_step(struct al_listen *l, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	char shown[64];
	uint8_t first;

	if (al_buf_len(in) == 0)
		return AL_HS_MORE;
	first = *al_buf_head(in);
	if (l->kind == AL_LISTEN_UNKNOWN)
		l->kind = first == 5 ? AL_LISTEN_SOCKS5 :
		    first == 4 ? AL_LISTEN_SOCKS4 :
		    al_is_alpha(first) ? AL_LISTEN_HTTP : AL_LISTEN_UNKNOWN;
	switch (l->kind) {
	case AL_LISTEN_SOCKS5:
		return socks5(l, in, out, err);
	case AL_LISTEN_SOCKS4:
		return socks4(l, in, out, err);
	case AL_LISTEN_HTTP:
		return http(l, in, out, err);
	case AL_LISTEN_UNKNOWN:
		break;
	}
	(void)al_fail(err, AL_EPROTO, AL_AT_LOCAL, 0,
	    "a client speaks neither SOCKS nor HTTP: it sent \"%s\"%s",
	    al_str_clean(shown, sizeof(shown), al_buf_head(in),
	    al_buf_len(in) < 60 ? al_buf_len(in) : 60),
	    first == 0x16 ? " (TLS: https goes through a proxy with CONNECT)" :
	    "");
	return AL_HS_FAIL;
}

void
al_listen_eof(const struct al_listen *l, struct al_err *err)
{
	(void)al_fail(err, AL_EPROTO, AL_AT_LOCAL, 0,
	    "a client (%s) closed the connection before it had said where to "
	    "go", al_listen_kind_name(l->kind));
}

static enum al_code
put(struct al_buf *out, const uint8_t *p, size_t len, struct al_err *err)
{
	enum al_code code = al_buf_put(out, p, len);

	return code == AL_OK ? AL_OK : al_fail(err, code, AL_AT_LOCAL, 0,
	    "no room for the answer to a client");
}

enum al_code
al_listen_accept(const struct al_listen *l, struct al_buf *out,
    struct al_err *err)
{
	static const uint8_t yes5[10] = { 5, R5_OK, 0, ATYP_V4 };
	static const uint8_t yes4[8] = { 0, 90 };

	if (l->kind == AL_LISTEN_SOCKS5)
		return put(out, yes5, sizeof(yes5), err);
	if (l->kind == AL_LISTEN_SOCKS4)
		return put(out, yes4, sizeof(yes4), err);
	return al_http1_put_reply(out, 200, "Connection established", NULL, 0,
	    NULL, AL_AT_LOCAL, err);
}

static const struct reason *
reason_of(enum al_chan_code code)
{
	static const struct reason other = {
		AL_CHAN_DONE, R5_GENERAL, 502, "Bad Gateway",
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return &reasons[i];
	return &other;
}

enum al_code
al_listen_refuse(const struct al_listen *l, enum al_chan_code code,
    const char *text, struct al_buf *out, struct al_err *err)
{
	static const struct al_http1_field fields[] = {
		{ "Connection", "close" },
	};
	const struct reason *why = reason_of(code);
	const uint8_t no5[10] = { 5, why->socks5, 0, ATYP_V4 };
	static const uint8_t no4[8] = { 0, 91 };
	char page[512];
	size_t n;

	if (l->kind == AL_LISTEN_SOCKS5)
		return put(out, no5, sizeof(no5), err);
	if (l->kind == AL_LISTEN_SOCKS4)
		return put(out, no4, sizeof(no4), err);
	n = strlen(al_str_clean(page, sizeof(page) - 1, text, strlen(text)));
	memcpy(page + n, "\n", 2);
	return al_http1_put_reply(out, why->status, why->reason, fields, 1,
	    page, AL_AT_LOCAL, err);
}
