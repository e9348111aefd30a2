/* connector/stream/tls_ctx.c - TLS settings shared by many connections. */
#include "connector/stream/tls_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509err.h>

#define SPARE_MAX	4

#define SUITES_13 \
	"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:" \
	"TLS_AES_128_GCM_SHA256"
#define SUITES_12 \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"

static const unsigned char alpn[] = "\10http/1.1";

uint8_t *
al_tls_ctx_take(struct al_tls_ctx *ctx)
{
	struct al_tls_spare *b = ctx->spare;

	if (b == NULL)
		return malloc(AL_TLS_BATCH);
	ctx->spare = b->next;
	ctx->n_spare--;
	return (uint8_t *)b;
}

/* A few are kept, so that a busy connection never waits for the allocator. */
void
al_tls_ctx_give(struct al_tls_ctx *ctx, uint8_t *mem)
{
	struct al_tls_spare *b = (void *)mem;

	if (mem == NULL)
		return;
	if (ctx->n_spare == SPARE_MAX) {
		free(mem);
		return;
	}
	b->next = ctx->spare;
	ctx->spare = b;
	ctx->n_spare++;
}

void
al_tls_ctx_free(struct al_tls_ctx *ctx)
{
	if (ctx == NULL || --ctx->refs > 0)
		return;
	al_tls_free_tickets(ctx);
	while (ctx->spare != NULL)
		free(al_tls_ctx_take(ctx));
	SSL_CTX_free(ctx->ssl);
	BIO_meth_free(ctx->bio);
	free(ctx);
}

/* A key that asks for a passphrase must not stop a daemon at a prompt. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

static enum al_code
bad_file(struct al_err *err, const char *what, const char *path)
{
	const char *why;
	int sys = 0;

	if (access(path, R_OK) != 0)
		sys = errno;
	why = al_tls_reason();
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, sys, "%s %s: %s", what,
	    path, sys != 0 ? strerror(sys) : *why != '\0' ? why :
	    "it holds nothing of the kind");
}

static enum al_code
load_own(struct al_tls_ctx *ctx, const struct al_tls_opts *o,
    struct al_err *err)
{
	int why;

	if (o->cert_file == NULL && o->key_file == NULL && !ctx->server)
		return AL_OK;
	if (o->cert_file == NULL || o->key_file == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "TLS needs both a certificate and its key, and %s is not "
		    "given", o->cert_file == NULL ? "the certificate" :
		    "the key");
	if (SSL_CTX_use_certificate_chain_file(ctx->ssl, o->cert_file) != 1)
		return bad_file(err, "certificate file", o->cert_file);
	if (SSL_CTX_use_PrivateKey_file(ctx->ssl, o->key_file,
	    SSL_FILETYPE_PEM) == 1)
		return AL_OK;
	why = ERR_GET_REASON(ERR_peek_last_error());
	if (why != X509_R_KEY_VALUES_MISMATCH &&
	    why != X509_R_KEY_TYPE_MISMATCH)
		return bad_file(err, "key file", o->key_file);
	(void)al_tls_reason();
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
	    "key file %s: it is not the key of the certificate in %s",
	    o->key_file, o->cert_file);
}

static bool
has_entry(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e = NULL;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL && e->d_name[0] == '.')
		;
	(void)closedir(d);
	return e != NULL;
}

/* libssl does not say that its default store is missing: it is just empty. */
static bool
has_system_store(void)
{
	const char *file = getenv(X509_get_default_cert_file_env());
	const char *dir = getenv(X509_get_default_cert_dir_env());

	if (file == NULL)
		file = X509_get_default_cert_file();
	if (dir == NULL)
		dir = X509_get_default_cert_dir();
	return access(file, R_OK) == 0 || has_entry(dir);
}

static enum al_code
load_trust(struct al_tls_ctx *ctx, const struct al_tls_opts *o,
    struct al_err *err)
{
	if (o->ca_file != NULL) {
		if (SSL_CTX_load_verify_file(ctx->ssl, o->ca_file) != 1) {
			enum al_code code = bad_file(err, "CA file",
			    o->ca_file);

			err->cause = 162;
			return code;
		}
		return AL_OK;
	}
	ctx->store_due = true;
	return AL_OK;
}

/* A hundred certificates take tens of milliseconds, in which the loop does
 * nothing else: many a context, as for proxies without TLS, is never used. */
void
al_tls_ctx_load_store(struct al_tls_ctx *ctx)
{
	if (!ctx->store_due)
		return;
	ctx->store_due = false;
	ctx->no_store = !has_system_store();
	if (SSL_CTX_set_default_verify_paths(ctx->ssl) != 1)
		ctx->no_store = true;
}

static enum al_code
set_protocol(struct al_tls_ctx *ctx, const struct al_tls_opts *o,
    struct al_err *err)
{
	const char *min = o->min != NULL ? o->min : "1.3";
	const char *suites = o->ciphers != NULL ? o->ciphers : SUITES_13;
	char groups[] = "X25519:P-256:P-384";	/* the macro drops const */
	int version;

	if (strcmp(min, "1.3") == 0)
		version = TLS1_3_VERSION;
	else if (strcmp(min, "1.2") == 0)
		version = TLS1_2_VERSION;
	else
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "lowest TLS version \"%.20s\": it may be 1.2 or 1.3", min);
	if (SSL_CTX_set_min_proto_version(ctx->ssl, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx->ssl, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx->ssl, SUITES_12) != 1 ||
	    SSL_CTX_set1_groups_list(ctx->ssl, groups) != 1)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "OpenSSL does not offer TLS %s: %s", min,
		    al_tls_reason());
	if (*suites == '\0' ||
	    SSL_CTX_set_ciphersuites(ctx->ssl, suites) != 1) {
		(void)al_tls_reason();
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "TLS 1.3 suites \"%.120s\": OpenSSL does not know them "
		    "all", suites);
	}
	return AL_OK;
}

static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	(void)ssl;
	(void)arg;
	for (unsigned i = 0; i < in_len; i += in[i] + 1u)
		if (in_len - i >= sizeof(alpn) - 1 &&
		    memcmp(in + i, alpn, sizeof(alpn) - 1) == 0) {
			*out = in + i + 1;
			*out_len = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The server wants a certificate, and there is none that it has a use for:
 * remembered, for the case that it insists. */
static int
on_cert_asked(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct al_tls *t = SSL_get_app_data(ssl);

	(void)cert;
	(void)key;
	t->cert_asked = true;
	return 0;
}

static void
set_role(struct al_tls_ctx *ctx)
{
	if (ctx->server) {
		SSL_CTX_set_options(ctx->ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
		SSL_CTX_set_alpn_select_cb(ctx->ssl, choose_alpn, NULL);
		/* One is enough to resume with, and a ticket that the client
		 * never reads turns its close into a reset. */
		(void)SSL_CTX_set_num_tickets(ctx->ssl, 1);
		return;
	}
	(void)SSL_CTX_set_alpn_protos(ctx->ssl, alpn, sizeof(alpn) - 1);
	SSL_CTX_set_client_cert_cb(ctx->ssl, on_cert_asked);
	/* libssl's own store asks for nothing but the context. */
	(void)SSL_CTX_set_session_cache_mode(ctx->ssl,
	    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL |
	    SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_sess_set_new_cb(ctx->ssl, al_tls_on_ticket);
	SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, al_tls_on_verify);
}

static struct al_tls_ctx *
ctx_new(bool server, const struct al_tls_opts *o, struct al_err *err)
{
	struct al_tls_ctx *ctx = calloc(1, sizeof(*ctx));

	if (ctx == NULL) {
		(void)al_fail_nomem(err, AL_AT_TLS);
		return NULL;
	}
	ctx->refs = 1;
	ctx->server = server;
	ctx->ssl = SSL_CTX_new(server ? TLS_server_method() :
	    TLS_client_method());
	ctx->bio = al_tls_bio_method();
	if (ctx->ssl == NULL || ctx->bio == NULL) {
		(void)al_fail_nomem(err, AL_AT_TLS);
		goto fail;
	}
	SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx->ssl, no_passphrase);
	set_role(ctx);
	if (set_protocol(ctx, o, err) != AL_OK ||
	    load_own(ctx, o, err) != AL_OK ||
	    (!server && load_trust(ctx, o, err) != AL_OK))
		goto fail;
	return ctx;
fail:
	al_tls_ctx_free(ctx);
	return NULL;
}

struct al_tls_ctx *
al_tls_client_new(const struct al_tls_opts *o, struct al_err *err)
{
	return ctx_new(false, o, err);
}

struct al_tls_ctx *
al_tls_server_new(const struct al_tls_opts *o, struct al_err *err)
{
	return ctx_new(true, o, err);
}
