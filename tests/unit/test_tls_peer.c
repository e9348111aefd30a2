/* tests/unit/test_tls_peer.c - TLS tickets, channel bindings, proxies' TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "connector/base/hash.h"
#include "tests/lib/binding_certs.h"
#include "tests/lib/tlspair.h"

/* Ours, in front of libcrypto's: the time is what a test wants it to be. */
static int certificates_are_over;

int
X509_cmp_current_time(const ASN1_TIME *t)
{
	return certificates_are_over ? -1 : X509_cmp_time(t, NULL);
}

/* --- tickets -------------------------------------------------------------- */
/* How a connection goes; 0: TLS 1.3, one ticket, which the client reads. */
#define TLS_12		1u	/* the server has no newer           */
#define DEAF		2u	/* the client reads nothing          */
#define MANY		4u	/* tickets                           */
#define TWO		8u
#define EARLY		16u	/* the server would take early data  */

/* Has it gone on with an earlier session?  A byte or none, and it is broken
 * off. */
static int
resumes(struct al_tls_ctx *cctx, struct al_tls_ctx *sctx, const char *host,
    uint16_t port, unsigned proxy, unsigned how)
{
	const struct al_tls_peer to = { host, port, proxy };
	struct pair p;
	int resumed;
	SSL *s;

	pair_join(&p, cctx, sctx, &to);
	s = al_tls_ssl(p.s);
	if (how & TLS_12)
		(void)SSL_set_max_proto_version(s, TLS1_2_VERSION);
	if (how & (MANY | TWO))
		(void)SSL_set_num_tickets(s, how & MANY ? 20 : 2);
	if (how & EARLY) {	/* guarding it against replays takes a store */
		(void)SSL_set_options(s, SSL_OP_NO_ANTI_REPLAY);
		(void)SSL_set_max_early_data(s, 16384);
	}
	must_open(&p);
	resumed = SSL_session_reused(al_tls_ssl(p.c));
	assert_int_equal(resumed, SSL_session_reused(s));
	assert_int_equal(SSL_get_early_data_status(al_tls_ssl(p.c)),
	    SSL_EARLY_DATA_NOT_SENT);
	if (!(how & DEAF)) {
		put(p.s, "x");
		expect(p.c, "x");
	}
	p.cctx = p.sctx = NULL;	/* they stay */
	pair_fini(&p);
	return resumed;
}

static void
same_peer_only(void **state)
{
	static const struct {
		const char	*host;
		uint16_t	 port;
		unsigned	 proxy;
	} peers[] = {
		{ HOST, 443, 0 }, { HOST, 443, 1 }, { HOST, 443, 2 },
		{ HOST, 8443, 0 }, { HOST, 8443, 1 }, { "b.example", 443, 0 },
		{ "a.wild.example", 443, 1 },
	};
	struct al_tls_ctx *sctx = server_ctx("good", "1.2");

	(void)state;
	for (size_t i = 0; i < N(peers); i++)
		for (size_t j = 0; j < N(peers); j++) {
			struct al_tls_ctx *cctx = client_ctx("1.2");

			assert_int_equal(resumes(cctx, sctx, peers[i].host,
			    peers[i].port, peers[i].proxy, 0), 0);
			if (resumes(cctx, sctx, peers[j].host, peers[j].port,
			    peers[j].proxy, 0) != (i == j))
				fail_msg("%zu then %zu", i, j);
			al_tls_ctx_free(cctx);
		}
	al_tls_ctx_free(sctx);
}

/* Another context has other trust: a proxy's CA says nothing of the host. */
static void
same_context_only(void **state)
{
	struct al_tls_ctx *sctx = server_ctx("good", "1.2");
	struct al_tls_ctx *one = client_ctx("1.2"), *two = client_ctx("1.2");

	(void)state;
	assert_int_equal(resumes(one, sctx, HOST, 443, 0, 0), 0);
	assert_int_equal(resumes(two, sctx, HOST, 443, 0, 0), 0);
	assert_int_equal(resumes(one, sctx, HOST, 443, 0, 0), 1);
	assert_int_equal(resumes(two, sctx, HOST, 443, 0, 0), 1);
	al_tls_ctx_free(one);
	al_tls_ctx_free(two);
	al_tls_ctx_free(sctx);
}

/* Somebody who can't read the ticket shows a certificate, which counts. */
static void
another_server(void **state)
{
	struct al_tls_ctx *cctx = client_ctx("1.2");
	struct al_tls_ctx *one = server_ctx("good", "1.2");
	struct al_tls_ctx *other = server_ctx("other", "1.2");
	struct pair p;

	(void)state;
	assert_int_equal(resumes(cctx, one, HOST, 443, 0, 0), 0);
	pair_join(&p, cctx, other, TO(HOST));
	handshake(&p);
	assert_int_equal(p.c_code, AL_ENET);
	assert_int_equal(p.c_err.cause, 161);
	p.cctx = NULL;
	pair_fini(&p);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(one);
}

static void
used_once(void **state)
{
	struct al_tls_ctx *cctx = client_ctx("1.2");
	struct al_tls_ctx *sctx = server_ctx("good", "1.2");

	(void)state;
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, 0), 0);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, DEAF), 1);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, TWO), 0);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, DEAF), 1);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, DEAF), 1);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, DEAF), 0);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

/* Its session stays one, and is no ticket for TLS 1.3. */
static void
tls_12(void **state)
{
	struct al_tls_ctx *cctx = client_ctx("1.2");
	struct al_tls_ctx *sctx = server_ctx("good", "1.2");

	(void)state;
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, TLS_12), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, TLS_12),
		    1);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, TLS_12), 0);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, 0), 0);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

/* Offered or not: nothing goes out before the handshake's end. */
static void
no_early_data(void **state)
{
	struct al_tls_ctx *cctx = client_ctx(NULL);
	struct al_tls_ctx *sctx = server_ctx("good", NULL);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, EARLY),
		    i > 0);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

/* Somebody who answers the hello with an alert. */
static void
alerted(struct al_tls_ctx *cctx, unsigned proxy)
{
	static const uint8_t internal_error[] = { 0x15, 3, 3, 0, 2, 2, 0x50 };
	const struct al_tls_peer to = { HOST, 443, proxy };
	struct mem_link link;
	struct al_stream *s;
	struct al_err err;

	mem_link_init(&link, 1 << 16);
	assert_int_equal(al_buf_put(&link.pipe[1].buf, internal_error,
	    sizeof(internal_error)), AL_OK);
	s = al_tls_connect(cctx, mem_stream(&link, 0), &to, &err);
	assert_non_null(s);
	assert_int_equal(al_stream_open(s, &err), AL_EREFUSED);
	al_stream_free(s);
	mem_link_fini(&link);
}

/* It may be the session that the peer can't bear: it is not offered again. */
static void
forgotten_after_an_alert(void **state)
{
	struct al_tls_ctx *cctx = client_ctx(NULL);
	struct al_tls_ctx *sctx = server_ctx("good", NULL);

	(void)state;
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, TWO), 0);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, TWO), 0);
	alerted(cctx, 1);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 1, DEAF), 0);
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, DEAF), 1);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

static void
forgotten_with_the_certificate(void **state)
{
	struct al_tls_ctx *cctx = client_ctx(NULL);
	struct al_tls_ctx *sctx = server_ctx("good", NULL);

	(void)state;
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, TWO), 0);
	certificates_are_over = 1;
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, DEAF), 0);
	certificates_are_over = 0;
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, DEAF), 1);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

static void
bounded(void **state)
{
	struct al_tls_ctx *cctx = client_ctx(NULL);
	struct al_tls_ctx *sctx = server_ctx("good", NULL);
	char host[32];
	unsigned i;

	(void)state;
	for (i = 0; i < 70; i++) {
		(void)snprintf(host, sizeof(host), "h%u.wild.example", i);
		assert_int_equal(resumes(cctx, sctx, host, 443, 0, 0), 0);
	}
	/* the oldest six of 64 had to go, the next four for one who gets
	 * twenty at a time */
	assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, MANY), 0);
	for (i = 0; i < 70; i++) {
		(void)snprintf(host, sizeof(host), "h%u.wild.example", i);
		if (resumes(cctx, sctx, host, 443, 0, DEAF) != (i >= 10))
			fail_msg("%s", host);
	}
	for (i = 0; i < 5; i++)
		assert_int_equal(resumes(cctx, sctx, HOST, 443, 0, DEAF),
		    i < 4);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
}

/* --- channel bindings ----------------------------------------------------- */
static const struct {
	const char	*cert, *ca, *want;
} bindings[] = {
	{ CERT_ECDSA_SHA256, CERT_ECDSA_SHA256, BINDING_ECDSA_SHA256 },
	{ CERT_ECDSA_SHA384, CERT_ECDSA_SHA384, BINDING_ECDSA_SHA384 },
	{ CERT_ECDSA_SHA512, CERT_ECDSA_SHA512, BINDING_ECDSA_SHA512 },
	{ CERT_ECDSA_SHA1, CERT_ECDSA_SHA1, BINDING_ECDSA_SHA1 },
	{ CERT_RSA_PSS_SHA384, CA_RSA_PSS_SHA384, BINDING_RSA_PSS_SHA384 },
	{ CERT_ED25519, CA_ED25519, NULL },
};

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(path(name, ".pem"), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
check_binding(const struct al_stream *s, const char *want)
{
	uint8_t got[AL_TLS_BINDING_MAX];
	char hex[2 * AL_TLS_BINDING_MAX + 1];
	struct al_err err = { 0 };
	size_t len = 0;

	if (want == NULL) {
		assert_int_equal(al_tls_endpoint_binding(s, got, &len, &err),
		    AL_EPROTO);
		assert_non_null(strstr(err.text, "names no hash function"));
		return;
	}
	(void)!al_tls_endpoint_binding(s, got, &len, &err);
	assert_string_equal(err.text, "");
	assert_string_equal(al_hex_encode(hex, got, len), want);
}

/* Of the certificate, also when a resumed session has shown none. */
static void
binding(void **state)
{
	char file[3][128];

	(void)state;
	write_file("key", BINDING_KEY);
	for (size_t i = 0; i < N(bindings); i++) {
		struct al_tls_ctx *cctx, *sctx;
		struct al_err err = { 0 };

		write_file("cert", bindings[i].cert);
		write_file("ca", bindings[i].ca);
		for (int k = 0; k < 3; k++)
			(void)snprintf(file[k], sizeof(file[k]), "%s",
			    path(((const char *[]){ "cert", "key",
			    "ca" })[k], ".pem"));
		cctx = al_tls_client_new(&(struct al_tls_opts){
		    .ca_file = file[2] }, &err);
		sctx = al_tls_server_new(&(struct al_tls_opts){
		    .cert_file = file[0], .key_file = file[1] }, &err);
		assert_string_equal(err.text, "");
		for (int again = 0; again < 2; again++) {
			struct pair p;

			pair_join(&p, cctx, sctx, TO(HOST));
			must_open(&p);
			assert_int_equal(SSL_session_reused(
			    al_tls_ssl(p.c)), again);
			check_binding(p.c, bindings[i].want);
			put(p.s, "x");
			expect(p.c, "x");
			p.cctx = p.sctx = NULL;
			pair_fini(&p);
		}
		al_tls_ctx_free(cctx);
		al_tls_ctx_free(sctx);
	}
	for (int k = 0; k < 3; k++)
		(void)unlink(file[k]);
}

static void
no_binding(void **state)
{
	uint8_t out[AL_TLS_BINDING_MAX];
	struct al_err err;
	struct pair p;
	size_t len;

	(void)state;
	pair_init(&p, "good", HOST, NULL);
	assert_int_equal(al_tls_endpoint_binding(p.c, out, &len, &err),
	    AL_EUSAGE);
	must_open(&p);
	assert_int_equal(al_tls_endpoint_binding(p.s, out, &len, &err),
	    AL_EUSAGE);
	assert_int_equal(al_tls_endpoint_binding(p.c->next, out, &len, &err),
	    AL_EUSAGE);
	assert_int_equal(al_tls_endpoint_binding(p.c, out, &len, &err),
	    AL_OK);
	assert_int_equal(len, 32);
	pair_fini(&p);
}

/* --- what is said about a proxy ------------------------------------------- */
static void
proxys_certificate(void **state)
{
	static const struct {
		const char	*cert, *host, *want;
	} rows[] = {
		{ "old", HOST, "the certificate of the proxy expired on 20" },
		{ "early", HOST, "the certificate of the proxy is not valid "
		    "before 20" },
		{ "other", HOST, "the certificate of the proxy was issued by "
		    "\"Other CA\", which is not trusted here (proxy_ca_file "
		    "can name its CA)" },
		{ "good", "p.example", "the certificate of the proxy is not "
		    "for p.example but for gw.example, " },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct al_tls_peer to = { rows[i].host, 8443, 1 };
		struct pair p;

		pair_join(&p, client_ctx("1.2"), server_ctx(rows[i].cert,
		    "1.2"), &to);
		handshake(&p);
		assert_ptr_equal(strstr(p.c_err.text, rows[i].want),
		    p.c_err.text);
		assert_int_equal(p.c_err.code, AL_EPROTO);
		assert_int_equal(p.c_err.cause, 167);
		pair_fini(&p);
	}
}

/* The server asks for a certificate that "Test CA" has signed. */
static void
ask_for_cert(SSL *s, int version)
{
	X509_STORE *store = X509_STORE_new();

	assert_non_null(store);
	assert_int_equal(X509_STORE_load_file(store, path("ca", ".crt")), 1);
	assert_int_equal(SSL_set1_verify_cert_store(s, store), 1);
	X509_STORE_free(store);
	(void)SSL_set_max_proto_version(s, version);
	/* those of the tests are for servers */
	assert_int_equal(SSL_set_purpose(s, X509_PURPOSE_SSL_SERVER), 1);
	SSL_set_verify(s, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	    NULL);
}

static struct al_tls_ctx *
client_with(const char *cert)
{
	char crt[128], key[128], ca[128];
	struct al_err err = { 0 };
	struct al_tls_ctx *ctx;

	if (cert == NULL)
		return client_ctx("1.2");
	(void)snprintf(crt, sizeof(crt), "%s", path(cert, ".crt"));
	(void)snprintf(key, sizeof(key), "%s", path(cert, ".key"));
	(void)snprintf(ca, sizeof(ca), "%s", path("ca", ".crt"));
	ctx = al_tls_client_new(&(struct al_tls_opts){ .ca_file = ca,
	    .cert_file = crt, .key_file = key, .min = "1.2" }, &err);
	assert_string_equal(err.text, "");
	return ctx;
}

static const struct client_cert {
	const char	*cert;		/* the client's; NULL: none */
	unsigned	 proxy;
	int		 cause;		/* 0: it works */
	const char	*want;
} client_certs[] = {
	{ "good", 1, 0, "" },
	{ "good", 0, 0, "" },
	{ NULL, 1, 167, "the proxy demands a client certificate: set "
	    "proxy_cert" },
	{ NULL, 0, 190, "gw.example demands a client certificate, and none "
	    "is configured" },
	{ "other", 1, 167, "the proxy does not accept our client certificate "
	    "(unknown CA): see proxy_cert" },
	{ "other", 0, 190, "gw.example does not accept our client "
	    "certificate (unknown CA)" },
	{ "old", 1, 167, "the proxy does not accept our client certificate "
	    "(certificate expired): see proxy_cert" },
};

/*
 * TLS 1.3 tells it behind the handshake, when a request may be on its way:
 * the write that fails then must not hide the reason (torn).
 */
static void
try_client_cert(const struct client_cert *r, int version, int torn)
{
	const struct al_tls_peer to = { HOST, 8443, r->proxy };
	struct pair p;
	uint8_t b;
	size_t n;

	pair_join(&p, client_with(r->cert), server_ctx("good", "1.2"), &to);
	ask_for_cert(al_tls_ssl(p.s), version);
	if (r->cause == 0) {
		must_open(&p);
		put(p.s, "x");
		expect(p.c, "x");
		pair_fini(&p);
		return;
	}
	handshake(&p);
	assert_int_equal(p.s_code, AL_ENET);
	assert_int_equal(p.c_code, version == TLS1_3_VERSION ? AL_OK :
	    AL_ENET);
	if (p.c_code == AL_OK && torn) {
		p.link.pipe[0].refused = true;
		assert_int_equal(al_stream_write(p.c, "CONNECT", 7, &n,
		    &p.c_err), AL_OK);
		assert_int_equal(al_stream_flush(p.c, &p.c_err), AL_EAUTH);
	} else if (p.c_code == AL_OK) {
		assert_int_equal(al_stream_read(p.c, &b, 1, &n, &p.c_err),
		    AL_EAUTH);
	}
	assert_string_equal(p.c_err.text, r->want);
	assert_int_equal(p.c_err.code, AL_EAUTH);
	assert_int_equal(p.c_err.stage, AL_AT_TLS);
	assert_int_equal(p.c_err.cause, r->cause);
	pair_fini(&p);
}

static void
client_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(client_certs); i++) {
		print_message("# %s\n", client_certs[i].want);
		try_client_cert(&client_certs[i], TLS1_2_VERSION, 0);
		try_client_cert(&client_certs[i], TLS1_3_VERSION, 0);
		try_client_cert(&client_certs[i], TLS1_3_VERSION, 1);
	}
}

/* A reset that comes with no alert is a reset. */
static void
torn_for_no_reason(void **state)
{
	struct pair p;
	size_t n;

	(void)state;
	open_pair(&p);
	p.link.pipe[0].refused = true;
	assert_int_equal(al_stream_write(p.c, "x", 1, &n, &p.c_err), AL_OK);
	assert_int_equal(al_stream_flush(p.c, &p.c_err), AL_ENET);
	assert_string_equal(p.c_err.text, "connection reset by peer");
	pair_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_peer_only),
		cmocka_unit_test(same_context_only),
		cmocka_unit_test(another_server),
		cmocka_unit_test(used_once),
		cmocka_unit_test(tls_12),
		cmocka_unit_test(no_early_data),
		cmocka_unit_test(forgotten_after_an_alert),
		cmocka_unit_test(forgotten_with_the_certificate),
		cmocka_unit_test(bounded),
		cmocka_unit_test(binding),
		cmocka_unit_test(no_binding),
		cmocka_unit_test(proxys_certificate),
		cmocka_unit_test(client_certificates),
		cmocka_unit_test(torn_for_no_reason),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
