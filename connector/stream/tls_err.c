/* connector/stream/tls_err.c - what went wrong with TLS, in one sentence. */
#include "connector/stream/tls_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "connector/base/str.h"

const char *
al_tls_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e != 0 ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return text != NULL ? text : "";
}

const char *
al_tls_peer_text(const struct al_tls *t, char *out, size_t cap)
{
	if (t->host == NULL)
		(void)snprintf(out, cap, "the client");
	else if (t->proxy > 0)	/* the dialer says which */
		(void)snprintf(out, cap, "the proxy");
	else
		(void)al_str_clean(out, cap, t->host, strlen(t->host));
	return out;
}

/* Handshake or alert, and TLS at all (RFC 8446 5.1); also what is cut short. */
static bool
looks_like_tls(const struct al_tls *t)
{
	return t->first_len == 0 ||
	    ((t->first[0] == 0x16 || t->first[0] == 0x15) &&
	    (t->first_len == 1 || t->first[1] == 3));
}

static enum al_code
not_tls(const struct al_tls *t, const char *who, struct al_err *err)
{
	char said[sizeof(t->first) + 1];

	(void)al_str_clean(said, sizeof(said), t->first, t->first_len);
	return al_fail_as(err, AL_EPROTO, AL_AT_TLS, 0, NC_OTHER,
	    "%s does not speak TLS: it %s \"%s\"", who,
	    t->ctx->server ? "sent" : "answered", said);
}

/* The layer below has ended, and TLS did not expect that. */
static enum al_code
closed(const struct al_tls *t, const char *who, struct al_err *err)
{
	if (t->open)
		return al_fail_as(err, AL_ENET, AL_AT_TLS, 0, NC_CUT,
		    "%s closed the connection without ending TLS: what it "
		    "sent may be cut short", who);
	if (!looks_like_tls(t))
		return not_tls(t, who, err);
	if (t->first_len == 0 && !t->ctx->server)
		return al_fail_as(err, AL_ENET, AL_AT_TLS, 0, NC_SNI,
		    "%s closed the connection instead of answering the TLS "
		    "hello: a firewall that filters names does that", who);
	return al_fail_as(err, AL_ENET, AL_AT_TLS, 0, NC_OTHER,
	    "%s closed the connection during the TLS handshake", who);
}

/* Keeps what the layer below said about it. */
static enum al_code
lost(const struct al_tls *t, const char *who, struct al_err *err)
{
	bool unanswered = t->first_len == 0 && !t->ctx->server &&
	    err->sys == ECONNRESET;

	if (t->open || err->stage == AL_AT_TLS)
		return err->code;
	al_err_prefix(err, "%s broke off the TLS handshake%s", who,
	    unanswered ? " at the hello, as a firewall that filters names "
	    "does" : "");
	err->stage = AL_AT_TLS;
	err->cause = unanswered ? NC_SNI : NC_OTHER;
	return err->code;
}

static enum al_code
version_or_cipher(const struct al_tls *t, const char *who, const char *why,
    struct al_err *err)
{
	bool only_13 = SSL_CTX_get_min_proto_version(t->ctx->ssl) ==
	    TLS1_3_VERSION;

	return al_fail_as(err, AL_EPROTO, AL_AT_TLS, 0, NC_VERSION,
	    "%s and we have no TLS version or cipher in common (%s); we "
	    "offer TLS 1.3%s", who, why, !only_13 ? " and 1.2" :
	    t->ctx->server ? " only" : " only, unless tls_min is 1.2");
}

/* --- what the peer said when it gave up (RFC 8446 6) ---------------------- */
/* Ours, of a client: none is there, or none that the server has a use for. */
static enum al_code
cert_demanded(const struct al_tls *t, const char *who, struct al_err *err)
{
	if (SSL_get_certificate(t->ssl) != NULL)
		return al_fail_as(err, AL_EAUTH, AL_AT_TLS, 0, NC_GATEWAY,
		    "%s demands a client certificate, and ours is not of a "
		    "kind that it takes", who);
	return al_fail_as(err, AL_EAUTH, AL_AT_TLS, 0, NC_GATEWAY,
	    "%s demands a client certificate%s", who, t->proxy > 0 ?
	    ": set proxy_cert" : ", and none is configured");
}

static bool
is_about_cert(int number)
{
	switch (number) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
		return true;
	default:
		return false;
	}
}

/* AL_OK: it is not about ours. */
static enum al_code
cert_refused(const struct al_tls *t, int number, const char *who,
    struct al_err *err)
{
	const char *why = SSL_alert_desc_string_long(number);

	if (t->ctx->server)
		return !is_about_cert(number) ? AL_OK :
		    al_fail_as(err, AL_EREFUSED, AL_AT_TLS, number, NC_OTHER,
		    "%s does not trust our certificate (%s)", who, why);
	if (number == SSL_AD_CERTIFICATE_REQUIRED || (t->cert_asked &&
	    (number == SSL_AD_HANDSHAKE_FAILURE || is_about_cert(number))))
		return cert_demanded(t, who, err);
	if (SSL_get_certificate(t->ssl) == NULL || (!is_about_cert(number) &&
	    number != SSL_AD_ACCESS_DENIED))
		return AL_OK;
	return al_fail_as(err, AL_EAUTH, AL_AT_TLS, number, NC_GATEWAY,
	    "%s does not accept our client certificate (%s)%s", who, why,
	    t->proxy > 0 ? ": see proxy_cert" : "");
}

static enum al_code
alert(const struct al_tls *t, int number, const char *who,
    struct al_err *err)
{
	const char *name = SSL_alert_desc_string_long(number);
	enum al_code code = cert_refused(t, number, who, err);

	if (code != AL_OK)
		return code;
	/* It may be about the session that our ticket was for. */
	al_tls_forget_tickets(t);
	if (number == SSL_AD_UNRECOGNIZED_NAME)
		return al_fail_as(err, AL_EREFUSED, AL_AT_TLS, number,
		    NC_NAME, "%s answers that it is not a host of this name",
		    who);
	if (number == SSL_AD_PROTOCOL_VERSION ||
	    number == SSL_AD_INSUFFICIENT_SECURITY ||
	    (number == SSL_AD_HANDSHAKE_FAILURE && !t->open))
		return version_or_cipher(t, who, name, err);
	return al_fail_as(err, AL_EREFUSED, AL_AT_TLS, number, NC_OTHER,
	    "%s ended TLS with the alert \"%s\"", who, name);
}

static enum al_code
reason(const struct al_tls *t, unsigned long e, const char *who,
    struct al_err *err)
{
	int why = ERR_GET_REASON(e);
	const char *text = ERR_reason_error_string(e);

	if (text == NULL)
		text = "no reason given";
	if (why == ERR_R_MALLOC_FAILURE)
		return al_fail_nomem(err, AL_AT_TLS);
	if (ERR_GET_LIB(e) == ERR_LIB_SSL) {
		if (why > SSL_AD_REASON_OFFSET &&
		    why <= SSL_AD_REASON_OFFSET + 255)
			return alert(t, why - SSL_AD_REASON_OFFSET, who, err);
		if (!t->open && !looks_like_tls(t))
			return not_tls(t, who, err);
		switch (why) {
		case SSL_R_UNSUPPORTED_PROTOCOL:
		case SSL_R_WRONG_SSL_VERSION:
		case SSL_R_VERSION_TOO_LOW:
		case SSL_R_VERSION_TOO_HIGH:
		case SSL_R_NO_PROTOCOLS_AVAILABLE:
		case SSL_R_NO_SHARED_CIPHER:
		case SSL_R_NO_SUITABLE_GROUPS:
		case SSL_R_WRONG_CIPHER_RETURNED:
		case SSL_R_UNKNOWN_CIPHER_RETURNED:
			return version_or_cipher(t, who, text, err);
		default:
			break;
		}
	}
	return al_fail_as(err, AL_EPROTO, AL_AT_TLS, 0,
	    t->open ? NC_CUT : NC_OTHER, "TLS with %s failed%s: %s", who,
	    t->open ? "" : " in the handshake", text);
}

enum al_code
al_tls_explain(struct al_tls *t, struct al_err *err)
{
	unsigned long e = ERR_peek_last_error();
	enum al_code code;
	char who[AL_TLS_PEER_TEXT];

	(void)al_tls_peer_text(t, who, sizeof(who));
	if (t->failed != AL_OK)
		code = lost(t, who, err);
	else if (t->eof)
		code = closed(t, who, err);
	else
		code = reason(t, e, who, err);
	/* Whatever it is, the site's proxy is where it has to be put right. */
	if (t->proxy > 0 && code != AL_ENOMEM && err->cause != NC_NO_STORE &&
	    err->cause != NC_CUT)
		err->cause = NC_PROXY;
	ERR_clear_error();
	return code;
}
