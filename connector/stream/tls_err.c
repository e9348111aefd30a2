/* connector/stream/tls_err.c - what went wrong with TLS, in one sentence. */
#include "connector/stream/tls_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "connector/base/addr.h"
#include "connector/base/str.h"

#define NAME_MAX_LEN	120

/* NETCHECK.md 2 */
enum {
	NC_UNKNOWN_CA = 161,
	NC_NO_STORE = 162,
	NC_DATE = 163,
	NC_NAME = 164,
	NC_SNI = 165,
	NC_VERSION = 166,
	NC_GATEWAY = 190,
	NC_CUT = 191,
	NC_OTHER = 199
};

const char *
al_tls_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e != 0 ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return text != NULL ? text : "";
}

/* --- what is in a certificate --------------------------------------------- */
static void
name_part(const X509_NAME *name, int nid, char *out, size_t cap)
{
	int i = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char *utf8 = NULL;
	int n;

	*out = '\0';
	if (i < 0)
		return;
	n = ASN1_STRING_to_UTF8(&utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
	if (n > 0)
		(void)al_str_clean(out, cap, utf8, (size_t)n);
	OPENSSL_free(utf8);
}

/* "Zscaler Root CA (Zscaler Inc.)" */
static const char *
name_text(const X509_NAME *name, char *out, size_t cap)
{
	char cn[64], org[48];

	name_part(name, NID_commonName, cn, sizeof(cn));
	name_part(name, NID_organizationName, org, sizeof(org));
	if (*cn != '\0' && *org != '\0')
		(void)snprintf(out, cap, "\"%s\" (%s)", cn, org);
	else if (*cn != '\0' || *org != '\0')
		(void)snprintf(out, cap, "\"%s\"", *cn != '\0' ? cn : org);
	else
		(void)snprintf(out, cap, "an authority without a name");
	return out;
}

static const char *
date_text(const ASN1_TIME *when, char *out, size_t cap)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(when, &tm) != 1 ||
	    strftime(out, cap, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		(void)snprintf(out, cap, "an unreadable date");
	return out;
}

static bool
add_name(char *out, size_t cap, const void *p, size_t n)
{
	char one[72];
	size_t len = strlen(out);
	const char *sep = len > 0 ? ", " : "";

	(void)al_str_clean(one, sizeof(one), p, n);
	if (len + strlen(sep) + strlen(one) + sizeof(", ...") > cap) {
		(void)snprintf(out + len, cap - len, "%s...", sep);
		return false;
	}
	(void)snprintf(out + len, cap - len, "%s%s", sep, one);
	return true;
}

static bool
add_san(char *out, size_t cap, const GENERAL_NAME *g)
{
	struct al_addr a = { 0 };
	char ip[AL_ADDR_TEXT];
	const ASN1_STRING *v;
	int type;

	v = GENERAL_NAME_get0_value(g, &type);
	if (type == GEN_DNS)
		return add_name(out, cap, ASN1_STRING_get0_data(v),
		    (size_t)ASN1_STRING_length(v));
	if (type != GEN_IPADD)
		return true;
	if (ASN1_STRING_length(v) == 4) {
		a.u.v4.sin_family = AF_INET;
		memcpy(&a.u.v4.sin_addr, ASN1_STRING_get0_data(v), 4);
	} else if (ASN1_STRING_length(v) == 16) {
		a.u.v6.sin6_family = AF_INET6;
		memcpy(&a.u.v6.sin6_addr, ASN1_STRING_get0_data(v), 16);
	} else {
		return true;
	}
	(void)al_addr_format_ip(&a, ip);
	return add_name(out, cap, ip, strlen(ip));
}

/* "a.example, b.example, 10.1.2.3, ..." */
static const char *
san_text(X509 *cert, char *out, size_t cap)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name,
	    NULL, NULL);

	*out = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (!add_san(out, cap, sk_GENERAL_NAME_value(names, i)))
			break;
	GENERAL_NAMES_free(names);
	if (*out == '\0')
		(void)name_text(X509_get_subject_name(cert), out, cap);
	return out;
}

/* --- the peer's certificate is refused ------------------------------------ */
static enum al_code
refuse_ca(const struct al_tls *t, X509 *cert, int why)
{
	char issuer[NAME_MAX_LEN], host[80];

	(void)al_str_clean(host, sizeof(host), t->host, strlen(t->host));
	if (t->ctx->no_store)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0,
		    NC_NO_STORE, "the certificate of %s can't be verified: "
		    "this system has no CA certificates (install "
		    "ca-certificates, or set ca_file)", host);
	(void)name_text(X509_get_issuer_name(cert), issuer, sizeof(issuer));
	if (why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0,
		    NC_UNKNOWN_CA, "%s shows a self-signed certificate, made "
		    "by %s, which is not trusted here (ca_file can name it)",
		    host, issuer);
	return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_UNKNOWN_CA,
	    "the certificate of %s was issued by %s, which is not trusted "
	    "here; if that is your TLS-inspecting proxy, name its CA in "
	    "ca_file", host, issuer);
}

static enum al_code
refuse_date(const struct al_tls *t, X509 *cert, int why, int depth)
{
	char date[40], host[80], who[NAME_MAX_LEN + 32] = "";

	(void)al_str_clean(host, sizeof(host), t->host, strlen(t->host));
	if (depth > 0) {
		(void)snprintf(who, sizeof(who), "issuer's certificate ");
		(void)name_text(X509_get_subject_name(cert),
		    who + strlen(who), NAME_MAX_LEN);
	} else {
		(void)snprintf(who, sizeof(who), "certificate");
	}
	if (why == X509_V_ERR_CERT_NOT_YET_VALID)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_DATE,
		    "the %s of %s is not valid before %s: is the clock of "
		    "this machine right?", who, host,
		    date_text(X509_get0_notBefore(cert), date, sizeof(date)));
	return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_DATE,
	    "the %s of %s expired on %s", who, host,
	    date_text(X509_get0_notAfter(cert), date, sizeof(date)));
}

static enum al_code
refuse_name(const struct al_tls *t, X509 *cert)
{
	char names[200], host[80];

	(void)al_str_clean(host, sizeof(host), t->host, strlen(t->host));
	return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_NAME,
	    "the certificate is not for %s but for %s", host,
	    san_text(cert, names, sizeof(names)));
}

static enum al_code
refuse(const struct al_tls *t, X509_STORE_CTX *store)
{
	int why = X509_STORE_CTX_get_error(store);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	char host[80];

	switch (cert != NULL ? why : X509_V_ERR_UNSPECIFIED) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return refuse_ca(t, cert, why);
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return refuse_date(t, cert, why,
		    X509_STORE_CTX_get_error_depth(store));
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return refuse_name(t, cert);
	case X509_V_ERR_OUT_OF_MEM:
		return al_fail_nomem(t->err, AL_AT_TLS);
	default:
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0,
		    NC_UNKNOWN_CA, "the certificate of %s can't be trusted: "
		    "%s", al_str_clean(host, sizeof(host), t->host,
		    strlen(t->host)), X509_verify_cert_error_string(why));
	}
}

int
al_tls_on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct al_tls *t = SSL_get_app_data(ssl);

	if (!ok)
		t->failed = refuse(t, store);
	return ok;
}

/* --- everything else ------------------------------------------------------ */
static const char *
peer(const struct al_tls *t, char *out, size_t cap)
{
	if (t->host == NULL)
		(void)snprintf(out, cap, "the client");
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

static enum al_code
cert_demanded(const char *who, struct al_err *err)
{
	return al_fail_as(err, AL_EAUTH, AL_AT_TLS, 0, NC_GATEWAY,
	    "%s demands a client certificate, and none is configured", who);
}

/* RFC 8446 6: what the peer said when it gave up. */
static enum al_code
alert(const struct al_tls *t, int number, const char *who,
    struct al_err *err)
{
	const char *name = SSL_alert_desc_string_long(number);

	switch (number) {
	case SSL_AD_CERTIFICATE_REQUIRED:
		return cert_demanded(who, err);
	case SSL_AD_HANDSHAKE_FAILURE:
	case SSL_AD_BAD_CERTIFICATE:
		if (t->cert_asked)
			return cert_demanded(who, err);
		break;
	case SSL_AD_UNRECOGNIZED_NAME:
		return al_fail_as(err, AL_EREFUSED, AL_AT_TLS, number,
		    NC_NAME, "%s answers that it is not a host of this name",
		    who);
	default:
		break;
	}
	if (number == SSL_AD_PROTOCOL_VERSION ||
	    number == SSL_AD_INSUFFICIENT_SECURITY ||
	    (number == SSL_AD_HANDSHAKE_FAILURE && !t->open))
		return version_or_cipher(t, who, name, err);
	if (t->ctx->server && (number == SSL_AD_UNKNOWN_CA ||
	    number == SSL_AD_BAD_CERTIFICATE ||
	    number == SSL_AD_CERTIFICATE_EXPIRED ||
	    number == SSL_AD_CERTIFICATE_UNKNOWN))
		return al_fail_as(err, AL_EREFUSED, AL_AT_TLS, number,
		    NC_OTHER, "%s does not trust our certificate (%s)", who,
		    name);
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
	char who[80];

	(void)peer(t, who, sizeof(who));
	if (t->failed != AL_OK)
		code = lost(t, who, err);
	else if (t->eof)
		code = closed(t, who, err);
	else
		code = reason(t, e, who, err);
	ERR_clear_error();
	return code;
}
