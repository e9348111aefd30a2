/* connector/stream/tls_int.h - what the files of the TLS layer share. */
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

/* NETCHECK.md 2 */
enum {
	NC_UNKNOWN_CA = 161,
	NC_NO_STORE = 162,
	NC_DATE = 163,
	NC_NAME = 164,
	NC_SNI = 165,
	NC_VERSION = 166,
	NC_PROXY = 167,
	NC_GATEWAY = 190,
	NC_CUT = 191,
	NC_OTHER = 199
};

struct al_tls_spare {
	struct al_tls_spare	*next;
};

struct al_tls_ctx {
	unsigned		 refs;
	bool			 server;
	bool			 store_due;	/* the system's, at first use */
	bool			 no_store;	/* no system CA was found */
	SSL_CTX			*ssl;
	BIO_METHOD		*bio;
	struct al_tls_spare	*spare;	/* batches that nobody uses just now */
	unsigned		 n_spare;
	struct al_tls_ticket	*tickets;	/* AL_TLS_TICKETS, or NULL   */
	uint64_t		 ticket_age;	/* of the newest             */
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
	char			*host;		/* of a client, as are ...   */
	uint16_t		 port;
	unsigned		 proxy;		/* ... these: al_tls_peer    */
	struct al_err		*err;		/* of the call under way */
	enum al_code		 failed;	/* *err says why already */
	bool			 next_open, open, shut;
	bool			 eof;		/* below: no byte is left */
	bool			 dead;		/* below: has failed */
	bool			 blocked;	/* below said AGAIN */
	bool			 want_read;	/* the handshake does */
	bool			 cert_asked;	/* by the server: none fits  */
	bool			 heard;		/* more than its handshake   */
	uint8_t			 first_len;
	uint8_t			 first[32];	/* what the peer said first */
	char			 text[48];	/* al_tls_describe */
};

/* A batch of AL_TLS_BATCH bytes; NULL: memory is out. */
uint8_t *al_tls_ctx_take(struct al_tls_ctx *ctx);
void al_tls_ctx_give(struct al_tls_ctx *ctx, uint8_t *mem);

/* Load the system's certificates, if they are what ctx trusts and are not
 * there yet. */
void al_tls_ctx_load_store(struct al_tls_ctx *ctx);

/* Moves sealed bytes between libssl and the batches of its app data. */
BIO_METHOD *al_tls_bio_method(void);
/* All gathered bytes to the layer below; AGAIN: it did not take them all. */
enum al_code al_tls_push(struct al_tls *t, struct al_err *err);
/* Room for len bytes more, pushing if need be; AGAIN: there is none. */
enum al_code al_tls_room(struct al_tls *t, size_t len, struct al_err *err);

/* The sentence for what libssl or the layer below has just refused. */
enum al_code al_tls_explain(struct al_tls *t, struct al_err *err);

/* "acme.us1.alpacon.io", "the proxy", "the client" */
#define AL_TLS_PEER_TEXT	80
const char *al_tls_peer_text(const struct al_tls *t, char *out, size_t cap);

/*
 * Sessions of clients to go on with (RFC 8446 2.2): their tickets.
 * on_ticket is for SSL_CTX_sess_set_new_cb.  offer takes one for t's peer,
 * before the handshake; keep puts that of an open TLS 1.2 connection back.
 */
#define AL_TLS_TICKETS		64	/* of a context               */
#define AL_TLS_PEER_TICKETS	4	/* of one peer                */
int al_tls_on_ticket(SSL *ssl, SSL_SESSION *session);
void al_tls_offer_ticket(struct al_tls *t);
void al_tls_keep_ticket(struct al_tls *t);
void al_tls_forget_tickets(const struct al_tls *t);
void al_tls_free_tickets(struct al_tls_ctx *ctx);

/* For SSL_set_verify: refuses, and fills *t->err with the reason. */
int al_tls_on_verify(int ok, X509_STORE_CTX *store);

/* NULL: s is another kind of layer. */
const struct al_tls *al_tls_of(const struct al_stream *s);

/* libssl's last reason, "" if it has none; forgets the rest. */
const char *al_tls_reason(void);

#endif
