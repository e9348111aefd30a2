/* connector/stream/tls.c - the TLS layer: libssl over any stream. */
#include "connector/stream/tls_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "connector/base/addr.h"
#include "connector/base/str.h"

/* Before each call into libssl: where its callbacks put what went wrong. */
static void
enter(struct al_tls *t, struct al_err *err)
{
	t->err = err;
	t->blocked = false;
	t->want_read = false;
}

/*
 * libssl made no progress.  When the layer below said AGAIN libssl gave up
 * at once, so this needs no look into its queue of errors.
 */
static enum al_code
leave(struct al_tls *t, struct al_err *err)
{
	struct al_err ignored;

	if (t->blocked && t->failed == AL_OK)
		return AL_AGAIN;
	t->failed = al_tls_explain(t, err);
	/* The peer may hear our alert; if it can't be sent, so be it. */
	if (!t->eof && !t->dead && al_tls_push(t, &ignored) == AL_OK)
		(void)al_stream_flush(t->s.next, &ignored);
	return t->failed;
}

/*
 * In TLS 1.3 a server says only behind our part of the handshake that it
 * refuses our certificate.  It closes then, and with it unread what we have
 * sent meanwhile, so that a write may fail before its alert was read: that
 * tells more than the failed write.
 */
static enum al_code
last_words(struct al_tls *t, enum al_code code, struct al_err *err)
{
	struct al_err said = *err;
	uint8_t byte;
	size_t n;

	if (code != AL_ENET || !t->open || t->heard || t->host == NULL ||
	    t->failed != AL_OK)
		return code;
	enter(t, &said);
	if (SSL_peek_ex(t->ssl, &byte, 1, &n) == 1 || t->blocked || t->eof ||
	    t->failed != AL_OK) {
		(void)al_tls_reason();
		return code;
	}
	t->failed = al_tls_explain(t, err);
	return t->failed;
}

static enum al_code
tls_flush(struct al_stream *s, struct al_err *err)
{
	struct al_tls *t = (struct al_tls *)s;
	enum al_code code = al_tls_push(t, err);

	if (code == AL_OK)
		code = al_stream_flush(s->next, err);
	return last_words(t, code, err);
}

/* A reset by the layer below while TLS was being set up. */
static enum al_code
handshake_lost(struct al_tls *t, enum al_code code, struct al_err *err)
{
	if (code != AL_OK && code != AL_AGAIN) {
		t->failed = code;
		t->dead = true;
		code = al_tls_explain(t, err);
	}
	return code;
}

static enum al_code
tls_open(struct al_stream *s, struct al_err *err)
{
	struct al_tls *t = (struct al_tls *)s;
	enum al_code code;
	int r;

	if (!t->next_open) {
		code = al_stream_open(s->next, err);
		if (code != AL_OK)
			return code;
		t->next_open = true;
	}
	if (!t->open) {
		enter(t, err);
		r = SSL_do_handshake(t->ssl);
		if (r != 1) {
			code = leave(t, err);
			if (code != AL_AGAIN)
				return code;
			code = handshake_lost(t, tls_flush(s, err), err);
			return code == AL_OK ? AL_AGAIN : code;
		}
		t->open = true;
		al_tls_keep_ticket(t);
		(void)snprintf(t->text, sizeof(t->text), "%s %s",
		    SSL_get_version(t->ssl), SSL_get_cipher_name(t->ssl));
	}
	return handshake_lost(t, tls_flush(s, err), err);
}

static enum al_code
tls_read(struct al_stream *s, void *p, size_t cap, size_t *n,
    struct al_err *err)
{
	struct al_tls *t = (struct al_tls *)s;

	enter(t, err);
	if (SSL_read_ex(t->ssl, p, cap, n) == 1) {
		t->heard = true;
		return AL_OK;
	}
	/* A fatal alert sets the same bit, but ends the state machine too. */
	if ((SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN) != 0 &&
	    !SSL_in_init(t->ssl))
		return AL_EOF;
	return leave(t, err);
}

/*
 * Room for the sealed record is made first: a record that libssl has sealed
 * but can't hand over would have to be written again, byte for byte, and the
 * caller could no longer change its mind about what goes next.
 */
static enum al_code
tls_write(struct al_stream *s, const void *p, size_t len, size_t *n,
    struct al_err *err)
{
	struct al_tls *t = (struct al_tls *)s;
	const uint8_t *from = p;
	enum al_code code;
	size_t done = 0, part, m;

	enter(t, err);
	while (done < len) {
		part = len - done < AL_TLS_PLAIN ? len - done : AL_TLS_PLAIN;
		code = al_tls_room(t, part + AL_TLS_OVERHEAD, err);
		if (code != AL_OK && done > 0)
			break;		/* the next call says so */
		if (code != AL_OK)
			return last_words(t, code, err);
		if (SSL_write_ex(t->ssl, from + done, part, &m) != 1)
			return leave(t, err);
		done += m;
	}
	*n = done;
	return AL_OK;
}

/*
 * close_notify says it all.  A FIN below would say no more to the peer, and
 * proxies that know no half-close (squid, tinyproxy) end both directions on
 * it: the answer would be lost.
 */
static enum al_code
tls_shut(struct al_stream *s, struct al_err *err)
{
	struct al_tls *t = (struct al_tls *)s;

	if (!t->shut) {
		enter(t, err);
		if (SSL_shutdown(t->ssl) < 0)
			return leave(t, err);
		t->shut = true;
	}
	return tls_flush(s, err);
}

static unsigned
tls_want(const struct al_stream *s)
{
	const struct al_tls *t = (const struct al_tls *)s;
	unsigned want = al_stream_want(s->next);

	if (t->next_open && !t->open && t->want_read)
		want |= AL_WANT_READ;
	if (t->out.start < t->out.end)
		want |= AL_WANT_WRITE;
	return want;
}

/*
 * May say true for a part of a record; a read then takes that part out of
 * the batch and says AGAIN, and this says false: nobody can spin on it.
 */
static int
tls_pending(const struct al_stream *s)
{
	const struct al_tls *t = (const struct al_tls *)s;

	return t->in.mem != NULL || SSL_pending(t->ssl) > 0 ||
	    al_stream_pending(s->next);
}

static int
tls_fd(const struct al_stream *s)
{
	return al_stream_fd(s->next);
}

/*
 * Session tickets that nobody has read would turn the close below into a
 * reset, and a reset takes the tail of what we sent from the peer.
 */
static void
read_tickets(struct al_tls *t)
{
	struct al_err err;
	uint8_t byte;
	size_t n;

	if (!t->shut || t->eof || t->failed != AL_OK)
		return;
	enter(t, &err);
	(void)SSL_read_ex(t->ssl, &byte, 1, &n);
	(void)al_tls_reason();
}

static void
tls_free(struct al_stream *s)
{
	struct al_tls *t = (struct al_tls *)s;

	if (t->ssl != NULL) {
		read_tickets(t);
		/* A connection that is lost or left spoils no session: what
		 * TLS 1.0 asked for, RFC 5246 7.2.1 has taken back. */
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN |
		    SSL_RECEIVED_SHUTDOWN);
	}
	SSL_free(t->ssl);
	al_tls_ctx_give(t->ctx, t->in.mem);
	al_tls_ctx_give(t->ctx, t->out.mem);
	al_tls_ctx_free(t->ctx);
	free(t->host);
	free(t);
}

static const struct al_stream_ops tls_ops = {
	.name = "tls",
	.open = tls_open,
	.read = tls_read,
	.write = tls_write,
	.flush = tls_flush,
	.shut = tls_shut,
	.want = tls_want,
	.pending = tls_pending,
	.fd = tls_fd,
	.free = tls_free,
};

static struct al_tls *
tls_new(struct al_tls_ctx *ctx, struct al_stream *next, struct al_err *err)
{
	struct al_tls *t = calloc(1, sizeof(*t));
	BIO *bio;

	if (t == NULL) {
		al_stream_free(next);
		(void)al_fail_nomem(err, AL_AT_TLS);
		return NULL;
	}
	t->s = (struct al_stream){ &tls_ops, next };
	t->ctx = ctx;
	ctx->refs++;
	al_tls_ctx_load_store(ctx);
	t->ssl = SSL_new(ctx->ssl);
	bio = t->ssl != NULL ? BIO_new(ctx->bio) : NULL;
	if (bio != NULL) {
		BIO_set_data(bio, t);
		BIO_set_init(bio, 1);
		SSL_set_bio(t->ssl, bio, bio);
		if (SSL_set_app_data(t->ssl, t) == 1)
			return t;
	}
	(void)al_tls_reason();
	(void)al_fail_nomem(err, AL_AT_TLS);
	al_stream_free(&t->s);
	return NULL;
}

/* RFC 6066 3: a literal address never goes into the server name. */
static int
set_host(struct al_tls *t)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	struct al_addr a;

	if (al_addr_parse_ip(&a, t->host, 0))
		return a.u.sa.sa_family == AF_INET ?
		    X509_VERIFY_PARAM_set1_ip(param,
		    (const unsigned char *)&a.u.v4.sin_addr, 4) :
		    X509_VERIFY_PARAM_set1_ip(param,
		    (const unsigned char *)&a.u.v6.sin6_addr, 16);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, t->host, 0) == 1 &&
	    SSL_set_tlsext_host_name(t->ssl, t->host) == 1;
}

struct al_stream *
al_tls_connect(struct al_tls_ctx *ctx, struct al_stream *next,
    const struct al_tls_peer *to, struct al_err *err)
{
	size_t len = strlen(to->host);
	struct al_tls *t;

	if (len > 0 && to->host[len - 1] == '.')
		len--;
	if (len == 0 || len > AL_HOST_MAX) {
		al_stream_free(next);
		(void)al_fail(err, AL_EUSAGE, AL_AT_TLS, 0,
		    "TLS needs the name of the host to verify");
		return NULL;
	}
	t = tls_new(ctx, next, err);
	if (t == NULL)
		return NULL;
	SSL_set_connect_state(t->ssl);
	t->host = al_str_dup(to->host, len);
	t->port = to->port;
	t->proxy = to->proxy;
	if (t->host == NULL || set_host(t) != 1) {
		(void)al_tls_reason();
		(void)al_fail(err, AL_EUSAGE, AL_AT_TLS, 0,
		    "TLS can't verify a host of this name");
		al_stream_free(&t->s);
		return NULL;
	}
	al_tls_offer_ticket(t);
	return &t->s;
}

struct al_stream *
al_tls_accept(struct al_tls_ctx *ctx, struct al_stream *next,
    struct al_err *err)
{
	struct al_tls *t = tls_new(ctx, next, err);

	if (t == NULL)
		return NULL;
	SSL_set_accept_state(t->ssl);
	return &t->s;
}

const struct al_tls *
al_tls_of(const struct al_stream *s)
{
	return s->ops == &tls_ops ? (const struct al_tls *)s : NULL;
}

const char *
al_tls_describe(const struct al_stream *s)
{
	const struct al_tls *t = al_tls_of(s);

	return t != NULL ? t->text : "";
}

struct ssl_st *
al_tls_ssl(struct al_stream *s)
{
	const struct al_tls *t = al_tls_of(s);

	return t != NULL ? t->ssl : NULL;
}

size_t
al_tls_unsent(const struct al_stream *s)
{
	const struct al_tls *t;
	size_t n = 0;

	for (; s != NULL; s = s->next) {
		t = al_tls_of(s);
		if (t != NULL)
			n += t->out.end - t->out.start;
	}
	return n;
}
