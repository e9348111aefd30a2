/* tests/unit/test_tls_oom.c - TLS when memory runs out, at every kind of place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/stream/tls.h"
#include "connector/stream/tls_cert.h"
#include "tests/lib/memstream.h"
#include "tests/lib/oom.h"

/* Some 11,000 allocations are made; a prime step meets all kinds of them. */
#define STEP	41

static char ca_file[64], cert_file[64], key_file[64];

static enum al_code
say(struct al_stream *from, struct al_stream *to, struct al_err *err)
{
	char text[16];
	size_t n;
	enum al_code code = al_stream_write(from, "ping", 4, &n, err);

	if (code == AL_OK)
		code = al_stream_flush(from, err);
	if (code == AL_OK)
		code = al_stream_read(to, text, sizeof(text), &n, err);
	return code;
}

static enum al_code
talk(struct al_stream *c, struct al_stream *s, struct al_err *err)
{
	enum al_code c_code = AL_AGAIN, s_code = AL_AGAIN;

	for (int i = 0; i < 10; i++) {
		if (c_code == AL_AGAIN)
			c_code = al_stream_open(c, err);
		if (c_code > AL_AGAIN)
			return c_code;
		if (s_code == AL_AGAIN)
			s_code = al_stream_open(s, err);
		if (s_code > AL_AGAIN)
			return s_code;
	}
	/* libssl may lose an alert: then nobody knows, and a deadline ends
	 * it. */
	if (c_code != AL_OK || s_code != AL_OK)
		return al_fail(err, AL_ETIMEOUT, AL_AT_TLS, 0, "stuck");
	c_code = say(c, s, err);
	if (c_code == AL_OK)
		c_code = say(s, c, err);
	return c_code == AL_OK ? al_stream_shut(c, err) : c_code;
}

/* Settings, connections, a word each way, the end. */
static enum al_code
life(struct al_err *err)
{
	struct mem_link link;
	struct al_stream *c = NULL, *s = NULL, *below[2];
	struct al_tls_ctx *cctx, *sctx = NULL;
	enum al_code code;

	*err = (struct al_err){ 0 };
	mem_link_init(&link, 1 << 20);
	cctx = al_tls_client_new(&(struct al_tls_opts){ .ca_file = ca_file },
	    err);
	if (cctx != NULL)
		sctx = al_tls_server_new(&(struct al_tls_opts){
		    .cert_file = cert_file, .key_file = key_file }, err);
	if (sctx != NULL) {
		long n = oom_left;

		oom_left = -1;
		below[0] = mem_stream(&link, 0);
		below[1] = mem_stream(&link, 1);
		oom_left = n;
		c = al_tls_connect(cctx, below[0],
		    &(struct al_tls_peer){ .host = "h" }, err);
		s = al_tls_accept(sctx, below[1], err);
	}
	code = c != NULL && s != NULL ? talk(c, s, err) : err->code;
	al_stream_free(c);
	al_stream_free(s);
	al_tls_ctx_free(cctx);
	al_tls_ctx_free(sctx);
	mem_link_fini(&link);
	return code;
}

static void
every_kind_of_place(void **state)
{
	struct al_err err;
	long n = 0;

	(void)state;
	assert_int_equal(life(&err), AL_OK);
	do {
		enum al_code code;

		oom_hit = false;
		oom_left = n;
		code = life(&err);
		oom_left = -1;
		if (code != AL_OK)
			assert_true(oom_hit && err.text[0] != '\0');
		n += STEP;
	} while (oom_hit);
	assert_true(n > 1000);
}

static int
make_files(void **state)
{
	static const char *const names[] = { "h" };
	static char dir[] = "/tmp/alpacon-test-tls.XXXXXX";
	struct al_tls_cert *ca, *c;
	struct al_err err;

	assert_non_null(mkdtemp(dir));
	*state = dir;
	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca", dir);
	(void)snprintf(cert_file, sizeof(cert_file), "%s/crt", dir);
	(void)snprintf(key_file, sizeof(key_file), "%s/key", dir);
	ca = al_tls_cert_new_ca("Test CA", -1, 9, &err);
	c = al_tls_cert_new(ca, names, 1, -1, 9, &err);
	assert_int_equal(al_tls_cert_write(ca, ca_file, NULL, &err), AL_OK);
	assert_int_equal(al_tls_cert_write(c, cert_file, key_file, &err),
	    AL_OK);
	al_tls_cert_free(c);
	al_tls_cert_free(ca);
	return 0;
}

static int
remove_files(void **state)
{
	(void)unlink(ca_file);
	(void)unlink(cert_file);
	(void)unlink(key_file);
	return rmdir(*state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_place),
	};

	if (!oom_crypto())
		return 1;
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
