/* connector/stream/tls_cert.h - make a CA and server certificates. */
#ifndef AL_STREAM_TLS_CERT_H
#define AL_STREAM_TLS_CERT_H

#include <stddef.h>

#include "connector/base/err.h"

/* A certificate and its private key (ECDSA, P-256). */
struct al_tls_cert;

/*
 * Valid from from_day to until_day, counted from now; both may be negative.
 * A CA signs itself and server certificates, nothing below them.
 */
struct al_tls_cert *al_tls_cert_new_ca(const char *name, int from_day,
    int until_day, struct al_err *err);

/* names: n DNS names or IP literals (v4, v6), at least one. */
struct al_tls_cert *al_tls_cert_new(const struct al_tls_cert *ca,
    const char *const *names, size_t n, int from_day, int until_day,
    struct al_err *err);
void al_tls_cert_free(struct al_tls_cert *c);

/*
 * PEM: the certificate with mode 0644 and the key (key_file may be NULL) with
 * mode 0600.  A reader sees the old file or the whole new one, and a link in
 * place of the file is replaced, not followed.
 */
enum al_code al_tls_cert_write(const struct al_tls_cert *c,
    const char *cert_file, const char *key_file, struct al_err *err)
    AL_MUST_CHECK;

#endif
