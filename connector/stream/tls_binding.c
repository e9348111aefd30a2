/* connector/stream/tls_binding.c - what ties a login to its TLS connection. */
#include "connector/stream/tls_int.h"

#include <openssl/err.h>

static enum al_code
no_hash(struct al_err *err)
{
	return al_fail(err, AL_EPROTO, AL_AT_TLS, 0, "there is no channel "
	    "binding with this server: the signature of its certificate "
	    "names no hash function");
}

/* RFC 5929 4.1: the signature's own hash function, but none weaker than
 * SHA-256; where it uses none by itself (Ed25519) nothing is defined. */
enum al_code
al_tls_endpoint_binding(const struct al_stream *s,
    uint8_t out[AL_TLS_BINDING_MAX], size_t *len, struct al_err *err)
{
	const struct al_tls *t = al_tls_of(s);
	X509 *cert = t != NULL && t->open && !t->ctx->server ?
	    SSL_get0_peer_certificate(t->ssl) : NULL;
	const EVP_MD *md;
	unsigned n = 0;
	int nid;

	if (cert == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_TLS, 0,
		    "only the client end of open TLS has a channel binding");
	if (X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1 ||
	    nid == NID_undef) {
		ERR_clear_error();
		return no_hash(err);
	}
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	md = EVP_get_digestbynid(nid);
	if (md == NULL || EVP_MD_get_size(md) > AL_TLS_BINDING_MAX)
		return no_hash(err);
	if (X509_digest(cert, md, out, &n) != 1) {
		ERR_clear_error();
		return al_fail_nomem(err, AL_AT_TLS);
	}
	*len = n;
	return AL_OK;
}
