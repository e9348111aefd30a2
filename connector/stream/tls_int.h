/* connector/stream/tls_int.h - what tls.c, tls_ctx.c and tls_err.c share. */
#ifndef AL_STREAM_TLS_INT_H
#define AL_STREAM_TLS_INT_H

#include <stdbool.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "connector/stream/tls.h"

/*
 * Eight sealed records of full size: one write to, or one read from, the
 * layer below.  A record is never larger than AL_TLS_SEALED (RFC 8446 5.2).
 */
#define AL_TLS_PLAIN	16384
#define AL_TLS_OVERHEAD	256
#define AL_TLS_SEALED	(AL_TLS_PLAIN + AL_TLS_OVERHEAD)
#define AL_TLS_BATCH	(8 * AL_TLS_SEALED)

struct al_tls_spare {
	struct al_tls_spare	*next;
};

struct al_tls_ctx {
	unsigned		 refs;
	bool			 server;
	bool			 no_store;	/* no system CA was found */
	SSL_CTX			*ssl;
	BIO_METHOD		*bio;
	struct al_tls_spare	*spare;	/* batches that nobody uses just now */
	unsigned		 n_spare;
};

/* A batch of sealed bytes; mem is NULL while there are none. */
struct al_tls_batch {
	uint8_t		*mem;
	uint32_t	 start, end;
};

struct al_tls {
	struct al_stream	 s;
	struct al_tls_ctx	*ctx;
	SSL			*ssl;
	struct al_tls_batch	 in, out;
	char			*host;		/* of a client */
	struct al_err		*err;		/* of the call under way */
	enum al_code		 failed;	/* *err says why already */
	bool			 next_open, open, shut;
	bool			 eof;		/* below: no byte is left */
	bool			 dead;		/* below: has failed */
	bool			 blocked;	/* below said AGAIN */
	bool			 want_read;	/* the handshake does */
	bool			 cert_asked;	/* the server demanded ours */
	uint8_t			 first_len;
	uint8_t			 first[32];	/* what the peer said first */
	char			 text[48];	/* al_tls_describe */
};

/* A batch of AL_TLS_BATCH bytes; NULL: memory is out. */
uint8_t *al_tls_ctx_take(struct al_tls_ctx *ctx);
void al_tls_ctx_give(struct al_tls_ctx *ctx, uint8_t *mem);

/* Moves sealed bytes between libssl and the batches of its app data. */
BIO_METHOD *al_tls_bio_method(void);
/* All gathered bytes to the layer below; AGAIN: it did not take them all. */
enum al_code al_tls_push(struct al_tls *t, struct al_err *err);
/* Room for len bytes more, pushing if need be; AGAIN: there is none. */
enum al_code al_tls_room(struct al_tls *t, size_t len, struct al_err *err);

/* The sentence for what libssl or the layer below has just refused. */
enum al_code al_tls_explain(struct al_tls *t, struct al_err *err);

/* For SSL_set_verify: refuses, and fills *t->err with the reason. */
int al_tls_on_verify(int ok, X509_STORE_CTX *store);

/* libssl's last reason, "" if it has none; forgets the rest. */
const char *al_tls_reason(void);

#endif
