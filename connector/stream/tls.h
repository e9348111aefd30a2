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

/* Whom a client talks to, and where on the way.  Borrowed. */
struct al_tls_peer {
	const char	*host;		/* name or IP literal              */
	uint16_t	 port;
	unsigned	 proxy;		/* 1, 2, ...: that hop of a chain;
					 * 0: the target                   */
};

/*
 * A client layer over next (taken, also on failure).  The certificate must be
 * valid for the host; there is no way to switch that off.  A peer that is the
 * same in all three, and was verified under ctx before, may go on with that
 * session; nothing is sent before its handshake has ended (no early data).
 */
struct al_stream *al_tls_connect(struct al_tls_ctx *ctx,
    struct al_stream *next, const struct al_tls_peer *to, struct al_err *err);
struct al_stream *al_tls_accept(struct al_tls_ctx *ctx,
    struct al_stream *next, struct al_err *err);

/* Of an open tls layer: "TLSv1.3 TLS_AES_256_GCM_SHA384"; until free. */
const char *al_tls_describe(const struct al_stream *s);

/* SSL* of the layer, for certificate details (netcheck); NULL if not tls. */
struct ssl_st *al_tls_ssl(struct al_stream *s);

/*
 * The channel binding tls-server-end-point (RFC 5929 4.1) of an open client
 * layer: a hash of the server's certificate, for logins to an https proxy.
 * EUSAGE: s is no such layer.  EPROTO: there is none for this certificate.
 */
#define AL_TLS_BINDING_MAX	64
enum al_code al_tls_endpoint_binding(const struct al_stream *s,
    uint8_t out[AL_TLS_BINDING_MAX], size_t *len, struct al_err *err)
    AL_MUST_CHECK;

/* Bytes sealed but not yet taken by the layer below, of all tls layers from s
 * down. */
size_t al_tls_unsent(const struct al_stream *s);

#endif
