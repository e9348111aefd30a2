/* connector/stream/tls_ticket.c - sessions that clients may go on with. */
#include "connector/stream/tls_int.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

/*
 * A session that is resumed shows no certificate: who has the ticket's key is
 * taken for the peer that was verified when the ticket came.  So a ticket is
 * for one peer in one place of the stack, under the trust of one context.
 * What an https proxy has given is never offered to the host behind it, which
 * the proxy could then pretend to be (CVE-2021-22890), and vice versa.
 */
struct al_tls_ticket {
	SSL_SESSION	*session;	/* NULL: nothing is here */
	char		*host;
	uint64_t	 age;
	uint16_t	 port;
	unsigned	 proxy;
};

static bool
is_for(const struct al_tls_ticket *k, const struct al_tls *t)
{
	return k->session != NULL && k->proxy == t->proxy &&
	    k->port == t->port && strcmp(k->host, t->host) == 0;
}

static void
drop(struct al_tls_ticket *k)
{
	SSL_SESSION_free(k->session);
	free(k->host);
	*k = (struct al_tls_ticket){ .session = NULL };
}

/* Where the next ticket of t's peer goes: each peer has but a few, so that
 * one that hands out many leaves room for the others. */
static struct al_tls_ticket *
place(struct al_tls_ticket *all, const struct al_tls *t)
{
	struct al_tls_ticket *oldest = all, *own = NULL, *k;
	unsigned n = 0;

	for (k = all; k < all + AL_TLS_TICKETS; k++) {
		if (k->age < oldest->age)
			oldest = k;	/* an empty one is of age 0 */
		if (!is_for(k, t))
			continue;
		n++;
		if (own == NULL || k->age < own->age)
			own = k;
	}
	return n < AL_TLS_PEER_TICKETS ? oldest : own;
}

/* Takes session, also when there is no memory to keep it. */
static void
put(struct al_tls *t, SSL_SESSION *session)
{
	struct al_tls_ctx *ctx = t->ctx;
	struct al_tls_ticket *k;
	char *host = al_str_dup(t->host, strlen(t->host));

	if (ctx->tickets == NULL)
		ctx->tickets = calloc(AL_TLS_TICKETS, sizeof(*ctx->tickets));
	if (host == NULL || ctx->tickets == NULL) {
		free(host);
		SSL_SESSION_free(session);
		return;
	}
	k = place(ctx->tickets, t);
	drop(k);
	*k = (struct al_tls_ticket){ session, host, ++ctx->ticket_age,
	    t->port, t->proxy };
}

/* The return value is libssl's: the reference is ours now. */
int
al_tls_on_ticket(SSL *ssl, SSL_SESSION *session)
{
	put(SSL_get_app_data(ssl), session);
	return 1;
}

/* The certificate that was verified then must still be valid now. */
static bool
is_good(SSL_SESSION *session)
{
	X509 *cert = SSL_SESSION_get0_peer(session);

	return SSL_SESSION_is_resumable(session) && cert != NULL &&
	    X509_cmp_current_time(X509_get0_notAfter(cert)) > 0;
}

/* RFC 8446 C.4: a ticket that is used twice ties two connections together
 * for whoever watches.  So it is gone from here, whatever becomes of it. */
void
al_tls_offer_ticket(struct al_tls *t)
{
	struct al_tls_ticket *all = t->ctx->tickets, *best = NULL, *k;

	for (k = all; all != NULL && k < all + AL_TLS_TICKETS; k++)
		if (is_for(k, t) && (best == NULL || k->age > best->age))
			best = k;
	if (best == NULL)
		return;
	if (is_good(best->session))
		(void)SSL_set_session(t->ssl, best->session);
	drop(best);
}

/* TLS 1.2 hides nothing by it: the session itself is what both sides keep,
 * and a server that resumes it gives no other (RFC 5246 7.3). */
void
al_tls_keep_ticket(struct al_tls *t)
{
	if (!t->ctx->server && SSL_version(t->ssl) < TLS1_3_VERSION &&
	    SSL_session_reused(t->ssl))
		put(t, SSL_get1_session(t->ssl));
}

void
al_tls_forget_tickets(const struct al_tls *t)
{
	struct al_tls_ticket *all = t->ctx->tickets, *k;

	if (t->host == NULL)
		return;
	for (k = all; all != NULL && k < all + AL_TLS_TICKETS; k++)
		if (is_for(k, t))
			drop(k);
}

void
al_tls_free_tickets(struct al_tls_ctx *ctx)
{
	size_t i;

	for (i = 0; ctx->tickets != NULL && i < AL_TLS_TICKETS; i++)
		drop(&ctx->tickets[i]);
	free(ctx->tickets);
	ctx->tickets = NULL;
}
