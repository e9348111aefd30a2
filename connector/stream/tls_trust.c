/* connector/stream/tls_trust.c - why a peer's certificate is refused. */
#include "connector/stream/tls_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "connector/base/addr.h"
#include "connector/base/str.h"

#define NAME_MAX_LEN	120

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
	const char *setting = t->proxy > 0 ? "proxy_ca_file" : "ca_file";
	char issuer[NAME_MAX_LEN], who[AL_TLS_PEER_TEXT];

	(void)al_tls_peer_text(t, who, sizeof(who));
	if (t->ctx->no_store)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0,
		    NC_NO_STORE, "the certificate of %s can't be verified: "
		    "this system has no CA certificates (install "
		    "ca-certificates, or set %s)", who, setting);
	(void)name_text(X509_get_issuer_name(cert), issuer, sizeof(issuer));
	if (why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0,
		    NC_UNKNOWN_CA, "%s shows a self-signed certificate, made "
		    "by %s, which is not trusted here (%s can name it)", who,
		    issuer, setting);
	if (t->proxy > 0)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0,
		    NC_UNKNOWN_CA, "the certificate of %s was issued by %s, "
		    "which is not trusted here (%s can name its CA)", who,
		    issuer, setting);
	return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_UNKNOWN_CA,
	    "the certificate of %s was issued by %s, which is not trusted "
	    "here; if that is your TLS-inspecting proxy, name its CA in "
	    "ca_file", who, issuer);
}

static enum al_code
refuse_date(const struct al_tls *t, X509 *cert, int why, int depth)
{
	char date[40], who[AL_TLS_PEER_TEXT], what[NAME_MAX_LEN + 32];

	(void)al_tls_peer_text(t, who, sizeof(who));
	(void)snprintf(what, sizeof(what), "%s", depth == 0 ? "certificate" :
	    "issuer's certificate ");
	if (depth > 0)
		(void)name_text(X509_get_subject_name(cert),
		    what + strlen(what), NAME_MAX_LEN);
	if (why == X509_V_ERR_CERT_NOT_YET_VALID)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_DATE,
		    "the %s of %s is not valid before %s: is the clock of "
		    "this machine right?", what, who,
		    date_text(X509_get0_notBefore(cert), date, sizeof(date)));
	return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_DATE,
	    "the %s of %s expired on %s", what, who,
	    date_text(X509_get0_notAfter(cert), date, sizeof(date)));
}

static enum al_code
refuse_name(const struct al_tls *t, X509 *cert)
{
	char names[200], host[AL_TLS_PEER_TEXT];

	(void)al_str_clean(host, sizeof(host), t->host, strlen(t->host));
	(void)san_text(cert, names, sizeof(names));
	if (t->proxy > 0)
		return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_NAME,
		    "the certificate of the proxy is not for %s but for %s",
		    host, names);
	return al_fail_as(t->err, AL_EPROTO, AL_AT_TLS, 0, NC_NAME,
	    "the certificate is not for %s but for %s", host, names);
}

static enum al_code
refuse(const struct al_tls *t, X509_STORE_CTX *store)
{
	int why = X509_STORE_CTX_get_error(store);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	char who[AL_TLS_PEER_TEXT];

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
		    "%s", al_tls_peer_text(t, who, sizeof(who)),
		    X509_verify_cert_error_string(why));
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
