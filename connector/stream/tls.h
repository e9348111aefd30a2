/* connector/stream/tls.h - TLS over any stream. */
#ifndef AL_STREAM_TLS_H
#define AL_STREAM_TLS_H

#include "connector/stream/stream.h"

/* Settings shared by connections; reference counted by its streams. */
struct al_tls_ctx;

struct al_tls_opts {
	const char *ca_file;	/* PEM, replaces the system store; NULL    */
	const char *cert_file;	/* our certificate and ...                 */
	const char *key_file;	/* ... key; required for servers           */
	const char *min;	/* "1.3" (NULL) or "1.2"                   */
	const char *ciphers;	/* TLS 1.3 suites, ":" separated; NULL:
				 * AES-256-GCM, ChaCha20, AES-128-GCM      */
};

struct al_tls_ctx *al_tls_client_new(const struct al_tls_opts *o,
    struct al_err *err);
struct al_tls_ctx *al_tls_server_new(const struct al_tls_opts *o,
    struct al_err *err);
void al_tls_ctx_free(struct al_tls_ctx *ctx);

/*
 * A client layer over next (taken, also on failure).  The certificate must be
 * valid for host (name or IP literal); there is no way to switch that off.
 */
struct al_stream *al_tls_connect(struct al_tls_ctx *ctx,
    struct al_stream *next, const char *host, struct al_err *err);
struct al_stream *al_tls_accept(struct al_tls_ctx *ctx,
    struct al_stream *next, struct al_err *err);

/* Of an open tls layer: "TLSv1.3 TLS_AES_256_GCM_SHA384"; until free. */
const char *al_tls_describe(const struct al_stream *s);

/* SSL* of the layer, for certificate details (netcheck); NULL if not tls. */
struct ssl_st *al_tls_ssl(struct al_stream *s);

/* Bytes sealed but not yet taken by the layer below, of all tls layers from s
 * down. */
size_t al_tls_unsent(const struct al_stream *s);

#endif
