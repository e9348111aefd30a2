/* connector/netcheck/reach.c - http.reach: it really is the gateway. */
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "connector/base/hash.h"
#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "connector/netcheck/causes.h"
#include "connector/netcheck/echo.h"
#include "connector/netcheck/netcheck.h"

#define NC_INSPECTED	160

static void
over(struct netcheck *n)
{
	n->dial = NULL;
	n->reach_over = true;
	netcheck_changed(n);
	netcheck_part_over(n);
}

static void
fail(struct netcheck *n, const struct al_err *err)
{
	al_report_fail(&n->report, AL_CHECK_HTTP_REACH, AL_STATUS_FAIL, err,
	    netcheck_now(n));
	over(n);
}

/* --- whose certificate it is ---------------------------------------------- */
static void
issuer_text(X509 *cert, char *out, size_t cap)
{
	const X509_NAME *name = X509_get_issuer_name(cert);
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	long len = 0;

	out[0] = '\0';
	if (b != NULL && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 &
	    ~ASN1_STRFLGS_ESC_MSB) >= 0)
		len = BIO_get_mem_data(b, &p);
	if (len > 0)
		(void)al_str_clean(out, cap, p, (size_t)len);
	BIO_free(b);
}

/* The top of the dialer's stack is TLS with the host. */
static void
look_at_certificate(struct netcheck *n, struct al_stream *s)
{
	SSL *ssl = al_tls_ssl(s);
	X509 *cert = ssl != NULL ? SSL_get0_peer_certificate(ssl) : NULL;
	char issuer[300], note[400];
	struct al_err err;
	const char *product;

	if (cert == NULL)
		return;
	issuer_text(cert, issuer, sizeof(issuer));
	product = al_inspector(issuer);
	if (product != NULL) {
		(void)al_fail_as(&err, AL_OK, AL_AT_TLS, 0, NC_INSPECTED,
		    "the certificate was made by %s (%s)", product, issuer);
		al_report_fail(&n->report, AL_CHECK_TLS_TRUST, AL_STATUS_WARN,
		    &err, n->report.results[AL_CHECK_TLS_TRUST].end_us);
		return;
	}
	(void)snprintf(note, sizeof(note), "issued by %s", issuer);
	al_report_end(&n->report, AL_CHECK_TLS_TRUST, AL_STATUS_PASS, note,
	    n->report.results[AL_CHECK_TLS_TRUST].end_us);
}

/* --- its own connection --------------------------------------------------- */
static void
on_echo(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct netcheck *n = arg;

	(void)route;
	al_stream_free(s);
	if (err != NULL) {
		fail(n, err);
		return;
	}
	al_report_end(&n->report, AL_CHECK_HTTP_REACH, AL_STATUS_PASS,
	    "it echoes our nonce", netcheck_now(n));
	over(n);
}

static void
on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct netcheck *n = arg;
	struct al_machine m;
	struct al_err failed;

	(void)route;
	n->dial = NULL;
	if (err != NULL) {
		/* traced, it is the path's failure and not this check's */
		if (n->report.results[AL_CHECK_HTTP_REACH].status ==
		    AL_STATUS_RUNNING) {
			fail(n, err);
			return;
		}
		netcheck_failed(n, err);
		over(n);
		return;
	}
	look_at_certificate(n, s);
	al_report_begin(&n->report, AL_CHECK_HTTP_REACH, "/alpacon/echo",
	    netcheck_now(n));
	netcheck_changed(n);
	if (al_echo_machine(&m, al_workspace_authority(n->workspace),
	    n->nonce, &failed) != AL_OK) {
		al_stream_free(s);
		fail(n, &failed);
		return;
	}
	n->dial = al_handshake_start(n->loop, s, m, n->step_ms, on_echo, n,
	    &failed);
	if (n->dial == NULL)
		fail(n, &failed);
}

static void
on_step(void *arg, const struct al_step *s)
{
	netcheck_trace(arg, s);
}

void
netcheck_reach(struct netcheck *n, enum netcheck_traced traced)
{
	struct al_client_target t;
	struct al_dial_opts o = { .arg = n };
	uint8_t nonce[16];
	struct al_err err;

	if (n->reach_begun)
		return;
	n->reach_begun = true;
	if (traced == NETCHECK_QUIET)
		al_report_begin(&n->report, AL_CHECK_HTTP_REACH,
		    "/alpacon/echo", netcheck_now(n));
	else
		o.on_step = on_step;
	al_workspace_target(n->workspace, "/", "", &t);
	o.host = t.host;
	o.port = t.port;
	o.route = &n->choice.route;
	o.tls = t.tls;
	o.proxy_tls = t.proxy_tls;
	o.login = t.login;
	o.resolve_flags = t.resolve_flags;
	o.connect_ms = o.proxy_ms = o.tls_ms = n->step_ms;
	if (al_rng_bytes(nonce, sizeof(nonce), &err) != AL_OK) {
		fail(n, &err);
		return;
	}
	(void)al_hex_encode(n->nonce, nonce, sizeof(nonce));
	n->dial = al_dial_start(n->loop, n->resolver, &o, on_dial, n, &err);
	if (n->dial == NULL)
		fail(n, &err);
}

void
netcheck_reach_free(struct netcheck *n)
{
	al_dial_cancel(n->dial);
	n->dial = NULL;
}
