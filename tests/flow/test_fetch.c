/* tests/flow/test_fetch.c - PAC files from scripted servers, and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/autoconf/fetch.h"
#include "connector/base/hash.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/stream/tls.h"
#include "connector/stream/tls_cert.h"
#include "tests/lib/dnsd.h"
#include "tests/lib/peer.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define SHORT_MS	200
#define LONG_MS		60000
#define AGE_NONE	AL_FETCH_NO_AGE

#define SCRIPT(...)	{ { __VA_ARGS__ }, \
	N(((struct peer_line[]){ __VA_ARGS__ })) }
#define ASKED	EXPECT("GET /p.pac HTTP/1.1\r\n"), EXPECT("\r\n\r\n")
#define ANY	EXPECT("\r\n\r\n")
#define OK	"HTTP/1.1 200 OK\r\n"
#define TO(s)	SCRIPT(ANY, SEND("HTTP/1.1 302 x\r\nLocation: " s \
	"\r\nContent-Length: 3\r\n\r\nabc"))
#define FILE3	SEND(OK "Content-Length: 3\r\n\r\npac")
#define GIVE	SCRIPT(ANY, FILE3)

#define F_SHORT		1u	/* in all                          */
#define F_NO_TLS_CTX	2u
#define F_OTHER_NAME	4u	/* its certificate                 */
#define F_OTHER_CA	8u
#define F_SAME		16u
#define F_PINNED	32u	/* "pac"                           */

/* In URLs @A and @B are the ports of scripted servers, @D a dead one, @S one
 * that never answers. */
static const struct row {
	const char		*name, *url;
	unsigned		 flags;
	struct peer_script	 a[8];
	enum al_code		 code;
	const char		*text;	/* in the error; or the body; NULL */
	const char		*type;
	uint32_t		 age;
	int			 trusted;
	unsigned		 conns;		/* at A */
} rows[] = {
#define PLAIN	"http://fetch.test:@A/p.pac"
	{ "length", PLAIN, 0, { SCRIPT(ASKED, FILE3, STALL) }, AL_OK, "pac",
	    NULL, AGE_NONE, 0, 1 },
	{ "fields", PLAIN "?x=1#f", 0, { SCRIPT(
	    EXPECT("GET /p.pac?x=1 HTTP/1.1\r\nHost: fetch.test:"),
	    EXPECT("\r\nUser-Agent: alpacon-connector/"),
	    EXPECT("\r\nAccept: */*\r\nConnection: close\r\n\r\n"),
	    SEND(OK "Content-Type: text/x;charset=latin1\r\n"
	    "Cache-Control: private, Max-Age=600\r\n"
	    "Cache-Control: max-age=\"500\"\r\nContent-Length: 0\r\n\r\n")) },
	    AL_OK, "", "text/x;charset=latin1", 500, 0, 1 },
	{ "no-cache", PLAIN, 0, { SCRIPT(ASKED, SEND(OK "Cache-Control: "
	    "max-age=9, no-cache\r\nContent-Length: 3\r\n\r\npac")) },
	    AL_OK, "pac", NULL, 0, 0, 1 },
	{ "absurd age", PLAIN, 0, { SCRIPT(ASKED, SEND(OK "Cache-Control: "
	    "max-age=99999999999999999999999\r\nContent-Length: 3\r\n\r\n"
	    "pac")) }, AL_OK, "pac", NULL, 365 * 86400, 0, 1 },
	{ "age is no number", PLAIN, 0, { SCRIPT(ASKED, SEND(OK
	    "Cache-Control: max-age=x, max-age=\r\nContent-Length: 3\r\n\r\n"
	    "pac")) }, AL_OK, "pac", NULL, AGE_NONE, 0, 1 },
	{ "chunked", PLAIN, 0, { SCRIPT(ASKED, SEND(OK "Transfer-Encoding: "
	    "chunked\r\n\r\n1\r\np\r\n"), SEND("2;x\r\nac\r\n0\r\n\r\n"),
	    STALL) }, AL_OK, "pac", NULL, AGE_NONE, 0, 1 },
	{ "until close", PLAIN, 0, { SCRIPT(ASKED, SEND("HTTP/1.0 200 OK\r\n"
	    "\r\npa"), SEND("c")) }, AL_OK, "pac", NULL, AGE_NONE, 0, 1 },
	{ "100 first", PLAIN, 0, { SCRIPT(ASKED, SEND("HTTP/1.1 103 x\r\n\r\n"
	    ), FILE3) }, AL_OK, "pac", NULL, AGE_NONE, 0, 1 },
	{ "pinned", PLAIN, F_PINNED, { SCRIPT(ASKED, FILE3) }, AL_OK, "pac",
	    NULL, AGE_NONE, 0, 1 },
	{ "pinned, other", PLAIN, F_PINNED, { SCRIPT(ASKED, SEND(OK
	    "Content-Length: 3\r\n\r\npaC")) }, AL_EPROTO, "SHA-256", NULL,
	    0, 0, 1 },

	/* TLS */
#define TLS_URL	"https://fetch.test:@A/p.pac"
	{ "https", TLS_URL, 0, { SCRIPT(TLS, ASKED, FILE3) }, AL_OK, "pac",
	    NULL, AGE_NONE, 1, 1 },
	{ "https until close", TLS_URL, 0, { SCRIPT(TLS, ASKED, SEND(OK
	    "\r\npac"), SHUT) }, AL_OK, "pac", NULL, AGE_NONE, 1, 1 },
	{ "https cut", TLS_URL, 0, { SCRIPT(TLS, ASKED, SEND(OK "\r\npac"),
	    CLOSE) }, AL_ENET, "may be cut short", NULL, 0, 0, 1 },
	{ "wrong name", TLS_URL, F_OTHER_NAME, { SCRIPT(TLS, STALL) },
	    AL_EPROTO, "the certificate is not for fetch.test", NULL, 0, 0,
	    1 },
	{ "unknown CA", TLS_URL, F_OTHER_CA, { SCRIPT(TLS, STALL) },
	    AL_EPROTO, "certificate", NULL, 0, 0, 1 },
	{ "no TLS there", TLS_URL, 0, { SCRIPT(SEND("HTTP/1.0 400 x\r\n\r\n"),
	    STALL) }, AL_EPROTO, "does not speak TLS", NULL, 0, 0, 1 },
	{ "no TLS here", TLS_URL, F_NO_TLS_CTX, { { .n = 0 } }, AL_EUSAGE,
	    "needs TLS settings", NULL, 0, 0, 0 },

	/* redirects */
	{ "to a path", PLAIN, 0, { TO("/q.pac"), SCRIPT(EXPECT("GET /q.pac "
	    "HTTP/1.1\r\n"), ANY, FILE3) }, AL_OK, "pac", NULL, AGE_NONE, 0,
	    2 },
	{ "beside", "http://fetch.test:@A/a/b/p.pac?x", 0, {
	    TO("../c/./q.pac#f"), SCRIPT(EXPECT("GET /a/c/q.pac HTTP/1.1\r\n"
	    ), ANY, FILE3) }, AL_OK, "pac", NULL, AGE_NONE, 0, 2 },
	{ "five", PLAIN, 0, { TO("1"), TO("2"), TO("3"), TO("4"), TO("5"),
	    GIVE }, AL_OK, "pac", NULL, AGE_NONE, 0, 6 },
	{ "six", PLAIN, 0, { TO("1"), TO("2"), TO("3"), TO("4"), TO("5"),
	    TO("6"), GIVE }, AL_EPROTO, "too many", NULL, 0, 0, 6 },
	{ "loop", PLAIN, 0, { TO("/p.pac") }, AL_EPROTO, "too many", NULL, 0,
	    0, 6 },
	{ "no place", PLAIN, 0, { SCRIPT(ASKED, SEND("HTTP/1.1 301 x\r\n\r\n"
	    )) }, AL_EPROTO, "does not say where", NULL, 0, 0, 1 },
	{ "to a file", PLAIN, 0, { TO("file:///etc/passwd") }, AL_EPROTO,
	    "neither http nor https", NULL, 0, 0, 1 },
	{ "to data", PLAIN, 0, { TO("data:,x") }, AL_EPROTO,
	    "neither http nor https", NULL, 0, 0, 1 },
	{ "to nonsense", PLAIN, 0, { TO("http://a b/") }, AL_EPROTO,
	    "it redirects to", NULL, 0, 0, 1 },
	{ "300", PLAIN, 0, { SCRIPT(ASKED, SEND("HTTP/1.1 300 x\r\n"
	    "Location: /q\r\n\r\n")) }, AL_EPROTO, "300 x", NULL, 0, 0, 1 },
	{ "308", PLAIN, 0, { SCRIPT(ASKED, SEND("HTTP/1.1 308 x\r\n"
	    "Location: ?\r\n\r\n")), GIVE }, AL_OK, "pac", NULL, AGE_NONE, 0,
	    2 },
	{ "other host", PLAIN, 0, { TO("http://no.test/") }, AL_ENAME,
	    "redirected to http://no.test: ", NULL, 0, 0, 1 },
	{ "other host, WPAD", PLAIN, F_SAME, { TO("http://no.test/") },
	    AL_EREFUSED, "another host, no.test", NULL, 0, 0, 1 },
	{ "same host, WPAD", PLAIN, F_SAME, { TO("q"), GIVE }, AL_OK, "pac",
	    NULL, AGE_NONE, 0, 2 },

	/* answers that are none */
#define STATUS(s, c, t)	{ s, PLAIN, 0, { SCRIPT(ASKED, SEND("HTTP/1.1 " s \
	"\r\nContent-Length: 9\r\n\r\n")) }, c, t, NULL, 0, 0, 1 }
	STATUS("404 Not Found", AL_EPROTO, "404 Not Found: there is no such"),
	STATUS("403 x", AL_EREFUSED, "does not let this host read it"),
	STATUS("401 x", AL_EAUTH, "wants a login"),
	STATUS("407 x", AL_EAUTH, "a proxy answers"),
	STATUS("204 x", AL_EPROTO, "without the whole file"),
	STATUS("206 x", AL_EPROTO, "without the whole file"),
	STATUS("304 x", AL_EPROTO, "304 x"),
	STATUS("503 x", AL_EPROTO, "has failed"),
	STATUS("511 x", AL_EPROTO, "log in with a browser"),
	STATUS("101 x", AL_EPROTO, "101 x"),
	{ "compressed", PLAIN, 0, { SCRIPT(ASKED, SEND(OK
	    "Content-Encoding: gzip\r\n\r\n")) }, AL_EPROTO, "compressed",
	    NULL, 0, 0, 1 },
	{ "ssh", PLAIN, 0, { SCRIPT(SEND("SSH-2.0-OpenSSH\r\n"), STALL) },
	    AL_EPROTO, "answers \"SSH-2.0-OpenSSH\"", NULL, 0, 0, 1 },
	{ "two lengths", PLAIN, 0, { SCRIPT(ASKED, SEND(OK
	    "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")) }, AL_EPROTO,
	    "Content-Length is not one number", NULL, 0, 0, 1 },
	{ "bad chunk", PLAIN, 0, { SCRIPT(ASKED, SEND(OK "Transfer-Encoding: "
	    "chunked\r\n\r\nx")) }, AL_EPROTO, "a chunk without a size", NULL,
	    0, 0, 1 },
	{ "nothing", PLAIN, 0, { SCRIPT(ASKED, CLOSE) }, AL_ENET,
	    "instead of answering", NULL, 0, 0, 1 },

	/* nobody, or late */
	{ "no such name", "http://u.test:@A/p?secret", 0, { { .n = 0 } },
	    AL_ENAME, "the PAC file http://u.test:", NULL, 0, 0, 0 },
	{ "dead", "http://fetch.test:@D/", 0, { { .n = 0 } }, AL_ENET,
	    "connection refused", NULL, 0, 0, 0 },
	{ "silent", "http://fetch.test:@S/", F_SHORT, { { .n = 0 } },
	    AL_ETIMEOUT, "within 200 ms, the last of them spent on "
	    "connecting", NULL, 0, 0, 0 },
	{ "mute", PLAIN, F_SHORT, { SCRIPT(ASKED, STALL) }, AL_ETIMEOUT,
	    "waiting for the answer", NULL, 0, 0, 1 },
	{ "stops", PLAIN, F_SHORT, { SCRIPT(ASKED, SEND(OK "Content-Length: 3"
	    "\r\n\r\npa"), STALL) }, AL_ETIMEOUT, "waiting for the answer",
	    NULL, 0, 0, 1 },
	{ "TLS stops", TLS_URL, F_SHORT, { SCRIPT(STALL) }, AL_ETIMEOUT,
	    "on TLS", NULL, 0, 0, 1 },
	{ "literal", "http://127.0.0.1:@A/", 0, { GIVE }, AL_OK, "pac", NULL,
	    AGE_NONE, 0, 1 },

	/* not from the network */
	{ "data", "data:text/x;charset=y,p%61c", 0, { { .n = 0 } }, AL_OK,
	    "pac", "text/x;charset=y", AGE_NONE, 1, 0 },
	{ "data, base64", "DATA:;base64,cGFj", 0, { { .n = 0 } }, AL_OK,
	    "pac", NULL, AGE_NONE, 1, 0 },
	{ "data, pinned", "data:,pax", F_PINNED, { { .n = 0 } }, AL_EPROTO,
	    "the PAC file data:,...: it is not the file", NULL, 0, 0, 0 },
	{ "data, no comma", "data:text/x", 0, { { .n = 0 } }, AL_EUSAGE,
	    "comma", NULL, 0, 0, 0 },
	{ "file", "@F/p.pac", 0, { { .n = 0 } }, AL_OK, "pac", NULL, AGE_NONE,
	    1, 0 },
	{ "file URL", "file://@F/%70.pac?x#y", 0, { { .n = 0 } }, AL_OK,
	    "pac", NULL, AGE_NONE, 1, 0 },
	{ "no file", "@F/q.pac", 0, { { .n = 0 } }, AL_EUSAGE,
	    "No such file or directory", NULL, 0, 0, 0 },
	{ "folder", "@F", 0, { { .n = 0 } }, AL_EUSAGE, "not a plain file",
	    NULL, 0, 0, 0 },
	{ "fifo", "@F/fifo", 0, { { .n = 0 } }, AL_EUSAGE,
	    "not a plain file", NULL, 0, 0, 0 },
	{ "device", "/dev/zero", 0, { { .n = 0 } }, AL_EUSAGE,
	    "not a plain file", NULL, 0, 0, 0 },
	{ "file, 1 MiB", "@F/max", 0, { { .n = 0 } }, AL_OK, NULL, NULL,
	    AGE_NONE, 1, 0 },
	{ "file, 1 more", "@F/over", 0, { { .n = 0 } }, AL_ELIMIT,
	    "larger than 1 MiB", NULL, 0, 0, 0 },
};

static const struct dnsd_row zone[] = {
	{ .name = "fetch.test", .a = { "127.0.0.1" } },
};

/* --- the world ------------------------------------------------------------ */
static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct peer *peer_a;
static int dead[2], silent[2];
static uint16_t dead_port, silent_port;
static struct al_tls_ctx *client_tls, *stranger_tls, *server_tls, *other_tls;
static char dir[64];
static uint8_t pin[AL_SHA256_LEN];
static struct al_err err;

static int done;
static char *body, *type;
static size_t body_len;
static uint32_t age;
static int trusted;
static struct al_err told;

static struct al_tls_ctx *
server_ctx(const struct al_tls_cert *ca, const char *name)
{
	char crt[128], key[128];
	struct al_tls_opts o = { .cert_file = crt, .key_file = key };
	struct al_tls_cert *c = al_tls_cert_new(ca, &name, 1, -1, 9, &err);
	struct al_tls_ctx *ctx;

	(void)snprintf(crt, sizeof(crt), "%s/server.crt", dir);
	(void)snprintf(key, sizeof(key), "%s/server.key", dir);
	assert_non_null(c);
	assert_int_equal(al_tls_cert_write(c, crt, key, &err), AL_OK);
	al_tls_cert_free(c);
	ctx = al_tls_server_new(&o, &err);
	assert_non_null(ctx);
	(void)unlink(crt);
	(void)unlink(key);
	return ctx;
}

static struct al_tls_ctx *
client_ctx(const struct al_tls_cert *ca)
{
	char file[128];
	struct al_tls_opts o = { .ca_file = file };
	struct al_tls_ctx *ctx;

	(void)snprintf(file, sizeof(file), "%s/ca.crt", dir);
	assert_int_equal(al_tls_cert_write(ca, file, NULL, &err), AL_OK);
	ctx = al_tls_client_new(&o, &err);
	assert_non_null(ctx);
	(void)unlink(file);
	return ctx;
}

static void
write_file(const char *name, const char *p, size_t n)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	while (n-- > 0)
		(void)putc(p != NULL ? *p++ : 'x', f);
	assert_int_equal(fclose(f), 0);
}

static int
make_files(void **state)
{
	struct al_tls_cert *ca, *stranger;
	char path[128];

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/al-fetch-XXXXXX");
	assert_non_null(mkdtemp(dir));
	ca = al_tls_cert_new_ca("Test CA", -1, 9, &err);
	stranger = al_tls_cert_new_ca("Other CA", -1, 9, &err);
	assert_true(ca != NULL && stranger != NULL);
	client_tls = client_ctx(ca);
	stranger_tls = client_ctx(stranger);
	server_tls = server_ctx(ca, "fetch.test");
	other_tls = server_ctx(ca, "other.test");
	al_tls_cert_free(ca);
	al_tls_cert_free(stranger);
	write_file("p.pac", "pac", 3);
	write_file("max", NULL, AL_FETCH_MAX);
	write_file("over", NULL, AL_FETCH_MAX + 1);
	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(al_sha256(pin, "pac", 3), AL_OK);
	return 0;
}

static int
remove_files(void **state)
{
	static const char *const names[] = { "p.pac", "max", "over", "fifo" };
	char path[128];
	size_t i;

	(void)state;
	al_tls_ctx_free(client_tls);
	al_tls_ctx_free(stranger_tls);
	al_tls_ctx_free(server_tls);
	al_tls_ctx_free(other_tls);
	for (i = 0; i < N(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void
build(const struct peer_script *a, size_t max)
{
	const char *servers[2] = { NULL, NULL };
	const struct al_resolver_opts o = { .servers = servers };
	size_t n = 0;

	base = event_base_new();
	loop = al_loop_new(base, &err);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &o, &err);
	assert_non_null(resolver);
	while (n < max && a[n].n > 0)
		n++;
	peer_a = n > 0 ? peer_new(loop, a, n) : NULL;
	dead_port = peer_dead_port(dead);
	silent_port = peer_silent_port(silent);
	done = 0;
	memset(&told, 0, sizeof(told));
	body = type = NULL;
}

static void
tear_down(void)
{
	free(body);
	free(type);
	peer_free(peer_a);
	(void)close(dead[0]);
	(void)close(silent[0]);
	(void)close(silent[1]);
	al_resolver_free(resolver);
	dnsd_free(dns);
	al_loop_free(loop);
	event_base_free(base);
}

static void
expand(char *out, size_t cap, const char *text)
{
	size_t len = 0;
	unsigned port;

	for (; *text != '\0' && len + 80 < cap; text++) {
		if (text[0] == '@' && text[1] == 'F') {
			len += (size_t)sprintf(out + len, "%s", dir);
			text++;
			continue;
		}
		port = text[0] != '@' ? 0 :
		    text[1] == 'A' ? (peer_a ? peer_port(peer_a) : 1) :
		    text[1] == 'D' ? dead_port :
		    text[1] == 'S' ? silent_port : 0;
		if (port == 0) {
			out[len++] = *text;
			continue;
		}
		len += (size_t)sprintf(out + len, "%u", port);
		text++;
	}
	out[len] = '\0';
}

static void
on_fetch(void *arg, const struct al_fetched *f, const struct al_err *e)
{
	assert_ptr_equal(arg, &told);
	assert_int_equal(done, 0);
	assert_true((f == NULL) == (e != NULL));
	done = 1;
	if (e != NULL) {
		told = *e;
		return;
	}
	body = malloc(f->len + 1);
	assert_non_null(body);
	memcpy(body, f->body, f->len);
	body[f->len] = '\0';
	body_len = f->len;
	type = f->content_type != NULL ? strdup(f->content_type) : NULL;
	age = f->max_age_s;
	trusted = f->trusted;
}

static struct al_fetch *
start(const char *text, unsigned flags)
{
	char url[256];
	const struct al_fetch_opts o = {
		.url = url,
		.resolver = resolver,
		.tls = flags & F_NO_TLS_CTX ? NULL :
		    flags & F_OTHER_CA ? stranger_tls : client_tls,
		.flags = flags & F_SAME ? AL_FETCH_SAME_HOST : 0,
		.total_ms = flags & F_SHORT ? SHORT_MS : LONG_MS,
		.sha256 = flags & F_PINNED ? pin : NULL,
	};
	struct al_fetch *f;

	expand(url, sizeof(url), text);
	if (peer_a != NULL)
		peer_set_tls(peer_a, flags & F_OTHER_NAME ? other_tls :
		    server_tls);
	f = al_fetch_start(loop, &o, on_fetch, &told, &err);
	assert_non_null(f);
	assert_int_equal(done, 0);
	return f;
}

static void
until_done(void)
{
	while (!done)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
check_row(const struct row *r)
{
	if (told.code != r->code)
		fail_msg("%s: %s: %s", r->name, al_code_name(told.code),
		    told.text);
	if (peer_a != NULL && peer_accepted(peer_a) != r->conns)
		fail_msg("%s: %u connections", r->name,
		    peer_accepted(peer_a));
	if (r->code != AL_OK) {
		assert_int_equal(told.stage, AL_AT_PAC);
		assert_int_equal(told.cause, AL_CAUSE_PAC);
		if (strstr(told.text, r->text) == NULL ||
		    strncmp(told.text, "the PAC file ", 13) != 0 ||
		    strstr(told.text, "secret") != NULL)
			fail_msg("%s: %s", r->name, told.text);
		return;
	}
	if ((r->text != NULL && strcmp(r->text, body) != 0) ||
	    (r->text == NULL && body_len != AL_FETCH_MAX))
		fail_msg("%s: %zu bytes", r->name, body_len);
	if ((type == NULL) != (r->type == NULL) ||
	    (type != NULL && strcmp(type, r->type) != 0))
		fail_msg("%s: type %s", r->name, type ? type : "NULL");
	if (age != r->age || trusted != r->trusted)
		fail_msg("%s: age %u, trusted %d", r->name, age, trusted);
}

static void
matrix(void **state)
{
	const struct row *r;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		build(r->a, N(r->a));
		(void)start(r->url, r->flags);
		until_done();
		check_row(r);
		tear_down();
	}
}

/* From and to TLS: only a way that had it all along is trusted. */
static void
downgrades(void **state)
{
	static const struct {
		const char	*from, *to;
		int		 tls[2], trusted;
	} cases[] = {
		{ "https", "https", { 1, 1 }, 1 },
		{ "https", "http", { 1, 0 }, 0 },
		{ "http", "https", { 0, 1 }, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N(cases); i++) {
		static char reply[200];
		struct peer_script s[2] = {
			SCRIPT(TLS, ANY, { PEER_SEND, reply, 0 }),
			SCRIPT(TLS, ANY, FILE3),
		};
		char url[80];
		int k;

		for (k = 0; k < 2; k++)
			if (!cases[i].tls[k]) {
				s[k].n--;
				memmove(s[k].lines, s[k].lines + 1,
				    s[k].n * sizeof(s[k].lines[0]));
			}
		build(s, 2);
		s[0].lines[s[0].n - 1].len = (size_t)snprintf(reply,
		    sizeof(reply), "HTTP/1.1 307 x\r\nLocation: "
		    "%s://fetch.test:%u/q\r\n\r\n", cases[i].to,
		    (unsigned)peer_port(peer_a));
		(void)snprintf(url, sizeof(url), "%s://fetch.test:@A/",
		    cases[i].from);
		(void)start(url, 0);
		until_done();
		assert_int_equal(told.code, AL_OK);
		assert_string_equal(body, "pac");
		assert_int_equal(trusted, cases[i].trusted);
		tear_down();
	}
}

/* One byte makes the difference, in each framing. */
static void
sizes(void **state)
{
	static char big[AL_FETCH_MAX + 1];
	static char heads[3][64];
	size_t i, over;

	(void)state;
	memset(big, 'x', sizeof(big));
	for (over = 0; over < 2; over++) {
		size_t n = AL_FETCH_MAX + over;

		(void)snprintf(heads[0], sizeof(heads[0]),
		    "Content-Length: %zu\r\n\r\n", n);
		(void)snprintf(heads[1], sizeof(heads[1]),
		    "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
		(void)snprintf(heads[2], sizeof(heads[2]), "\r\n");
		for (i = 0; i < N(heads); i++) {
			struct peer_script s = SCRIPT(ASKED, SEND(OK),
			    { PEER_SEND, heads[i], strlen(heads[i]) },
			    { PEER_SEND, big, n },
			    SEND("\r\n0\r\n\r\n"));

			if (i != 1)
				s.n--;
			build(&s, 1);
			(void)start(PLAIN, 0);
			until_done();
			if (over) {
				assert_int_equal(told.code, AL_ELIMIT);
			} else {
				assert_int_equal(told.code, AL_OK);
				assert_int_equal(body_len, AL_FETCH_MAX);
			}
			tear_down();
		}
	}
}

/* Wherever it is cut: an error, and never half a file. */
static void
cut_anywhere(void **state)
{
	static const char *const replies[] = {
		OK "Content-Length: 3\r\n\r\npac",
		OK "Transfer-Encoding: chunked\r\n\r\n3\r\npac\r\n0\r\n\r\n",
	};
	size_t i, n;
	int reset;

	(void)state;
	for (i = 0; i < N(replies); i++)
		for (n = 0; n < strlen(replies[i]); n++)
			for (reset = 0; reset < 2; reset++) {
				struct peer_script s = SCRIPT(ASKED,
				    { PEER_SEND, replies[i], n },
				    { reset ? PEER_RESET : PEER_CLOSE,
				    NULL, 0 });

				build(&s, 1);
				(void)start(PLAIN, 0);
				until_done();
				assert_int_equal(told.code, AL_ENET);
				assert_int_equal(told.stage, AL_AT_PAC);
				tear_down();
			}
}

/* After every number of turns: nothing leaks, nobody is called. */
static void
cancel_anywhere(void **state)
{
	const struct row *r;
	struct al_fetch *f;
	int n, k, whole;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		if (r->flags & F_SHORT || r->conns == 0 || r->conns > 2)
			continue;
		for (n = 0, whole = 0; !whole; n++) {
			build(r->a, N(r->a));
			f = start(r->url, r->flags);
			for (k = 0; k < n && !done; k++)
				(void)event_base_loop(base, EVLOOP_ONCE);
			whole = done;
			if (!done)
				al_fetch_cancel(f);
			done = 1;
			(void)event_base_loop(base, EVLOOP_ONCE |
			    EVLOOP_NONBLOCK);
			tear_down();
		}
	}
	al_fetch_cancel(NULL);
}

static void
refused_at_once(void **state)
{
	static const char *const urls[] = { "", "p.pac", "ftp://h/p", "http:",
	    "http:///p", "http://u:secret@h/p", "http://h:0/", "file:p",
	    "file://h/p", "file:///a%00b", "javascript:1", "http://\xc3\xa9/",
	    "http://u:se/cret@h/p" };
	size_t i;

	(void)state;
	build(NULL, 0);
	for (i = 0; i < N(urls); i++) {
		const struct al_fetch_opts o = { .url = urls[i],
		    .resolver = resolver };

		assert_null(al_fetch_start(loop, &o, on_fetch, &told, &err));
		assert_int_equal(err.code, AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_PAC);
		assert_int_equal(err.cause, AL_CAUSE_PAC);
		assert_null(strstr(err.text, "cret"));
	}
	tear_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix),
		cmocka_unit_test(downgrades),
		cmocka_unit_test(sizes),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(cancel_anywhere),
		cmocka_unit_test(refused_at_once),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
