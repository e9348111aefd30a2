/* connector/stream/tls_cert.c - make a CA and server certificates. */
#include "connector/stream/tls_cert.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "connector/base/addr.h"
#include "connector/stream/tls_int.h"

#define SERIAL_BITS	127	/* RFC 5280 4.1.2.2: 20 octets, positive */

struct al_tls_cert {
	X509		*cert;
	EVP_PKEY	*key;
};

void
al_tls_cert_free(struct al_tls_cert *c)
{
	if (c == NULL)
		return;
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	free(c);
}

static bool
set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	bool ok = n != NULL && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE,
	    BN_RAND_BOTTOM_ANY) == 1 &&
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

	BN_free(n);
	return ok;
}

static bool
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e != NULL && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

/* Key, serial, subject and dates; not signed yet. */
static struct al_tls_cert *
blank_cert(const char *name, int from_day, int until_day)
{
	struct al_tls_cert *c = calloc(1, sizeof(*c));
	X509_NAME *subject;

	if (c == NULL)
		return NULL;
	c->key = EVP_EC_gen("P-256");
	c->cert = X509_new();
	if (c->key == NULL || c->cert == NULL)
		goto fail;
	subject = X509_get_subject_name(c->cert);
	if (X509_set_version(c->cert, X509_VERSION_3) == 1 &&
	    set_serial(c->cert) &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0) == 1 &&
	    X509_time_adj_ex(X509_getm_notBefore(c->cert), from_day, 0,
	    NULL) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(c->cert), until_day, 0,
	    NULL) != NULL && X509_set_pubkey(c->cert, c->key) == 1)
		return c;
fail:
	al_tls_cert_free(c);
	return NULL;
}

static bool
sign(struct al_tls_cert *c, const struct al_tls_cert *ca)
{
	return X509_set_issuer_name(c->cert,
	    X509_get_subject_name(ca->cert)) == 1 &&
	    add_extension(c->cert, ca->cert, NID_subject_key_identifier,
	    "hash") &&
	    add_extension(c->cert, ca->cert, NID_authority_key_identifier,
	    "keyid") &&
	    X509_sign(c->cert, ca->key, EVP_sha256()) > 0;
}

static void
can_not_make(struct al_err *err)
{
	const char *why = al_tls_reason();

	(void)al_fail(err, AL_ENOMEM, AL_AT_LOCAL, 0,
	    "can't make a certificate: %s", *why != '\0' ? why :
	    "out of memory");
}

struct al_tls_cert *
al_tls_cert_new_ca(const char *name, int from_day, int until_day,
    struct al_err *err)
{
	struct al_tls_cert *c = blank_cert(name, from_day, until_day);

	if (c != NULL &&
	    add_extension(c->cert, c->cert, NID_basic_constraints,
	    "critical,CA:TRUE,pathlen:0") &&
	    add_extension(c->cert, c->cert, NID_key_usage,
	    "critical,keyCertSign,cRLSign") && sign(c, c))
		return c;
	can_not_make(err);
	al_tls_cert_free(c);
	return NULL;
}

/* Not by add_extension: a name with a comma in it would become two. */
static bool
add_san(GENERAL_NAMES *list, const char *text)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *v = ASN1_STRING_type_new(V_ASN1_IA5STRING);
	const void *p = text;
	size_t len = strlen(text);
	int type = GEN_DNS;
	struct al_addr a;

	if (al_addr_parse_ip(&a, text, 0)) {
		bool v4 = a.u.sa.sa_family == AF_INET;

		type = GEN_IPADD;
		p = v4 ? (const void *)&a.u.v4.sin_addr :
		    (const void *)&a.u.v6.sin6_addr;
		len = v4 ? 4 : 16;
	}
	if (g == NULL || v == NULL || ASN1_STRING_set(v, p, (int)len) != 1) {
		GENERAL_NAME_free(g);
		ASN1_STRING_free(v);
		return false;
	}
	if (type == GEN_IPADD)
		v->type = V_ASN1_OCTET_STRING;
	GENERAL_NAME_set0_value(g, type, v);
	if (sk_GENERAL_NAME_push(list, g) > 0)
		return true;
	GENERAL_NAME_free(g);
	return false;
}

static bool
add_names(X509 *cert, const char *const *names, size_t n)
{
	GENERAL_NAMES *list = GENERAL_NAMES_new();
	bool ok = list != NULL;

	for (size_t i = 0; i < n && ok; i++)
		ok = add_san(list, names[i]);
	ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, list, 0,
	    X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(list);
	return ok;
}

struct al_tls_cert *
al_tls_cert_new(const struct al_tls_cert *ca, const char *const *names,
    size_t n, int from_day, int until_day, struct al_err *err)
{
	struct al_tls_cert *c = NULL;

	for (size_t i = 0; i < n; i++)
		if (names[i][0] == '\0' || strlen(names[i]) > AL_HOST_MAX)
			n = 0;
	if (n == 0) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_LOCAL, 0,
		    "a certificate needs names of 1 to %d characters",
		    AL_HOST_MAX);
		return NULL;
	}
	/* RFC 5280 ub-common-name; the names that count are the others. */
	c = blank_cert(strlen(names[0]) <= 64 ? names[0] : "server",
	    from_day, until_day);
	if (c != NULL &&
	    add_extension(c->cert, ca->cert, NID_basic_constraints,
	    "critical,CA:FALSE") &&
	    add_extension(c->cert, ca->cert, NID_key_usage,
	    "critical,digitalSignature") &&
	    add_extension(c->cert, ca->cert, NID_ext_key_usage,
	    "serverAuth") &&
	    add_names(c->cert, names, n) && sign(c, ca))
		return c;
	can_not_make(err);
	al_tls_cert_free(c);
	return NULL;
}

/* --- files ---------------------------------------------------------------- */
static bool
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static enum al_code
write_file(BIO *pem, const char *path, mode_t mode, struct al_err *err)
{
	char *tmp, *p;
	size_t room = strlen(path) + sizeof(".XXXXXX");
	long len = BIO_get_mem_data(pem, &p);
	int fd, sys = 0;

	tmp = malloc(room);
	if (tmp == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	(void)snprintf(tmp, room, "%s.XXXXXX", path);
	fd = mkstemp(tmp);			/* O_EXCL, 0600 */
	if (fd < 0)
		sys = errno;
	else if (!write_all(fd, p, (size_t)len) || fchmod(fd, mode) != 0 ||
	    fsync(fd) != 0)
		sys = errno;
	if (fd >= 0) {
		(void)close(fd);
		if (sys == 0 && rename(tmp, path) != 0)
			sys = errno;
		if (sys != 0)
			(void)unlink(tmp);
	}
	free(tmp);
	return sys == 0 ? AL_OK : al_fail(err, AL_EUSAGE, AL_AT_LOCAL, sys,
	    "can't write %s: %s", path, strerror(sys));
}

enum al_code
al_tls_cert_write(const struct al_tls_cert *c, const char *cert_file,
    const char *key_file, struct al_err *err)
{
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
	enum al_code code = AL_OK;

	if (cert == NULL || key == NULL ||
	    PEM_write_bio_X509(cert, c->cert) != 1 ||
	    PEM_write_bio_PrivateKey(key, c->key, NULL, NULL, 0, NULL,
	    NULL) != 1) {
		can_not_make(err);
		code = AL_ENOMEM;
	}
	if (code == AL_OK && key_file != NULL)
		code = write_file(key, key_file, 0600, err);
	if (code == AL_OK)
		code = write_file(cert, cert_file, 0644, err);
	BIO_free(key);
	BIO_free(cert);
	return code;
}
