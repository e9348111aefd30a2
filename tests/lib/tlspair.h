/* tests/lib/tlspair.h - certificates, and a TLS client and server over memory.
 *
 * Include it behind cmocka.h.
 */
#ifndef AL_TEST_TLSPAIR_H
#define AL_TEST_TLSPAIR_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connector/stream/tls.h"
#include "connector/stream/tls_cert.h"
#include "tests/lib/memstream.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define HOST	"gw.example"
#define TO(name)	(&(struct al_tls_peer){ .host = (name), .port = 443 })

/* --- certificates, made once ---------------------------------------------- */
static char dir[] = "/tmp/alpacon-test-tls.XXXXXX";

static const struct {
	const char	*file;
	const char	*names[3];
	size_t		 n;
	int		 from, until;
	int		 other_ca;
} certs[] = {
	{ "good", { HOST, "*.wild.example", "b.example" }, 3, -1, 30, 0 },
	{ "ip", { "10.1.2.3", "2001:db8::7" }, 2, -1, 30, 0 },
	{ "old", { HOST }, 1, -30, -1, 0 },
	{ "early", { HOST }, 1, 2, 30, 0 },
	{ "other", { HOST }, 1, -1, 30, 1 },
};

static inline const char *
path(const char *name, const char *suffix)
{
	static char out[4][128];
	static unsigned i;
	char *p = out[i++ % N(out)];

	(void)snprintf(p, sizeof(out[0]), "%s/%s%s", dir, name, suffix);
	return p;
}

static inline int
make_certs(void **state)
{
	struct al_tls_cert *ca, *other, *c;
	struct al_err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	ca = al_tls_cert_new_ca("Test CA", -1, 30, &err);
	other = al_tls_cert_new_ca("Other CA", -1, 30, &err);
	assert_non_null(ca);
	assert_non_null(other);
	assert_int_equal(al_tls_cert_write(ca, path("ca", ".crt"), NULL,
	    &err), AL_OK);
	for (size_t i = 0; i < N(certs); i++) {
		c = al_tls_cert_new(certs[i].other_ca ? other : ca,
		    certs[i].names, certs[i].n, certs[i].from,
		    certs[i].until, &err);
		assert_non_null(c);
		assert_int_equal(al_tls_cert_write(c,
		    path(certs[i].file, ".crt"), path(certs[i].file, ".key"),
		    &err), AL_OK);
		al_tls_cert_free(c);
	}
	al_tls_cert_free(ca);
	al_tls_cert_free(other);
	return 0;
}

static inline int
remove_certs(void **state)
{
	(void)state;
	(void)unlink(path("ca", ".crt"));
	for (size_t i = 0; i < N(certs); i++) {
		(void)unlink(path(certs[i].file, ".crt"));
		(void)unlink(path(certs[i].file, ".key"));
	}
	return rmdir(dir);
}

static inline struct al_tls_ctx *
server_ctx(const char *cert, const char *min)
{
	struct al_err err = { 0 };
	struct al_tls_ctx *ctx = al_tls_server_new(&(struct al_tls_opts){
	    .cert_file = path(cert, ".crt"), .key_file = path(cert, ".key"),
	    .min = min }, &err);

	assert_string_equal(err.text, "");
	assert_non_null(ctx);
	return ctx;
}

static inline struct al_tls_ctx *
client_ctx(const char *min)
{
	struct al_err err = { 0 };
	struct al_tls_ctx *ctx = al_tls_client_new(&(struct al_tls_opts){
	    .ca_file = path("ca", ".crt"), .min = min }, &err);

	assert_string_equal(err.text, "");
	assert_non_null(ctx);
	return ctx;
}

/* --- a client and a server over memory ------------------------------------ */
struct pair {
	struct mem_link		 link;
	struct al_tls_ctx	*cctx, *sctx;
	struct al_stream	*c, *s;
	enum al_code		 c_code, s_code;
	struct al_err		 c_err, s_err;
};

/* Takes the contexts. */
static inline void
pair_join(struct pair *p, struct al_tls_ctx *cctx, struct al_tls_ctx *sctx,
    const struct al_tls_peer *to)
{
	*p = (struct pair){ .cctx = cctx, .sctx = sctx };
	mem_link_init(&p->link, 1 << 20);
	p->c = al_tls_connect(p->cctx, mem_stream(&p->link, 0), to,
	    &p->c_err);
	p->s = al_tls_accept(p->sctx, mem_stream(&p->link, 1), &p->s_err);
	assert_non_null(p->c);
	assert_non_null(p->s);
}

static inline void
pair_init(struct pair *p, const char *cert, const char *host,
    const char *c_min)
{
	pair_join(p, client_ctx(c_min), server_ctx(cert, "1.2"), TO(host));
}

static inline void
pair_fini(struct pair *p)
{
	al_stream_free(p->c);
	al_stream_free(p->s);
	al_tls_ctx_free(p->cctx);
	al_tls_ctx_free(p->sctx);
	mem_link_fini(&p->link);
}

/* Until neither side waits, or one does for ever; one that failed is freed:
 * the other then sees the end of the connection. */
static inline void
handshake(struct pair *p)
{
	p->c_code = p->s_code = AL_AGAIN;
	for (int i = 0; i < 20000; i++) {
		if (p->c_code == AL_AGAIN)
			p->c_code = al_stream_open(p->c, &p->c_err);
		if (p->c_code > AL_AGAIN) {
			al_stream_free(p->c);
			p->c = NULL;
			p->c_code = AL_ENET;
		}
		if (p->s_code == AL_AGAIN)
			p->s_code = al_stream_open(p->s, &p->s_err);
		if (p->s_code > AL_AGAIN) {
			al_stream_free(p->s);
			p->s = NULL;
			p->s_code = AL_ENET;
		}
		if (p->c_code != AL_AGAIN && p->s_code != AL_AGAIN)
			return;
	}
	fail_msg("the handshake never ends");
}

static inline void
must_open(struct pair *p)
{
	handshake(p);
	assert_string_equal(p->c_err.text, "");
	assert_int_equal(p->c_code, AL_OK);
	assert_int_equal(p->s_code, AL_OK);
}

static inline void
open_pair(struct pair *p)
{
	pair_init(p, "good", HOST, NULL);
	must_open(p);
}

static inline void
put(struct al_stream *s, const char *text)
{
	struct al_err err = { 0 };
	size_t n = 0;

	assert_int_equal(al_stream_write(s, text, strlen(text), &n, &err),
	    AL_OK);
	assert_int_equal(n, strlen(text));
	assert_int_equal(al_stream_flush(s, &err), AL_OK);
}

static inline void
expect(struct al_stream *s, const char *text)
{
	char got[256] = "";
	struct al_err err = { 0 };
	size_t n = 0;

	assert_int_equal(al_stream_read(s, got, sizeof(got) - 1, &n, &err),
	    AL_OK);
	assert_string_equal(got, text);
}

#endif
