/* tests/flow/test_dial.c - whole dials over loopback, with scripted servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/dial/dial.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/stream/handshake.h"
#include "connector/stream/tcp.h"
#include "connector/stream/tls_cert.h"
#include "proxy/memory.h"
#include "tests/lib/dnsd.h"
#include "tests/lib/peer.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define SHORT_MS	200		/* waited for, in the rows that say so */
#define SHORT_TLS_MS	1000
#define LONG_MS		60000

#define ASKED	EXPECT("CONNECT target.test:443 HTTP/1.1\r\n"), \
	EXPECT("\r\n\r\n")
#define UP	SEND("HTTP/1.1 200 OK\r\n\r\nEARLY"), ECHO
#define LOGIN	EXPECT("Proxy-Authorization: Basic dTpw")
#define SCRIPT(...)	{ { __VA_ARGS__ }, \
	N(((struct peer_line[]){ __VA_ARGS__ })) }

#define F_TLS		1u	/* TLS with the target, which is T       */
#define F_TO_T		2u	/* the port of the target is T's         */
#define F_NO_TLS_CTX	4u
#define F_OTHER_NAME	8u	/* T's certificate is for another host   */
#define F_AUTH_KNOWN	16u	/* the login is remembered               */
#define F_POLICY	32u	/* allow_addr says no                    */
/* These deadlines are short. */
#define F_DNS		64u
#define F_TCP		128u
#define F_PROXY		256u
#define F_TLS_SHORT	512u

/*
 * @A @B @T: scripted servers; @D refuses connections, @S never answers.  A
 * plays one script a connection.
 */
static const struct row {
	const char		*name;
	const char		*route[3];
	struct peer_script	 a[3], b[1], t[1];
	unsigned		 flags;
	enum al_code		 code;
	unsigned		 won;		/* the alternative       */
	enum al_stage		 stage;
	int			 status;
	unsigned		 a_conns, b_conns;
	const char		*text;		/* NULL: not compared    */
	const char		*steps;
} rows[] = {
#define OK(w)		AL_OK, w, 0, 0
#define FAIL(c, s, n)	c, 0, s, n
	{ "early data", { "http://@A" }, { SCRIPT(ASKED, UP) },
	    { { .n = 0 } }, { { .n = 0 } }, 0, OK(0), 1, 0, NULL,
	    "tcp> tcp= proxy> proxy= " },
	{ "direct", { NULL }, { { .n = 0 } }, { { .n = 0 } },
	    { SCRIPT(SEND("EARLY"), ECHO) }, F_TO_T, OK(0), 0, 0, NULL,
	    "dns> dns= tcp> tcp= " },

	/* logins */
	{ "407, close", { "http://u:p@@A", "http://@B" }, {
	    SCRIPT(ASKED, SEND("HTTP/1.1 407 x\r\nConnection: close\r\n"
	    "Proxy-Authenticate: Basic realm=\"r\"\r\n\r\n"), CLOSE),
	    SCRIPT(LOGIN, EXPECT("\r\n\r\n"), UP) },
	    { SCRIPT(STALL) }, { { .n = 0 } }, F_AUTH_KNOWN, OK(0), 2, 0, NULL,
	    "tcp> tcp= proxy> proxy! tcp> tcp= proxy> proxy= " },
	{ "407, kept", { "http://u:p@@A" }, {
	    SCRIPT(ASKED, SEND("HTTP/1.1 407 x\r\nContent-Length: 2\r\n"
	    "Proxy-Authenticate: Basic realm=\"r\"\r\n\r\nno"),
	    LOGIN, EXPECT("\r\n\r\n"), UP) },
	    { { .n = 0 } }, { { .n = 0 } }, F_AUTH_KNOWN, OK(0), 1, 0, NULL,
	    "tcp> tcp= proxy> proxy= " },
	{ "login refused", { "http://u:p@@A", "http://@B" }, {
	    SCRIPT(ASKED, SEND("HTTP/1.1 407 x\r\nContent-Length: 0\r\n"
	    "Proxy-Authenticate: Basic realm=\"r\"\r\n\r\n"),
	    LOGIN, EXPECT("\r\n\r\n"), SEND("HTTP/1.1 407 x\r\n"
	    "Content-Length: 0\r\n"
	    "Proxy-Authenticate: Basic realm=\"r\"\r\n\r\n")) },
	    { SCRIPT(STALL) }, { { .n = 0 } }, 0,
	    FAIL(AL_EAUTH, AL_AT_PROXY, 407), 1, 0, "via @A: the proxy "
	    "refuses this user name or password (407 again after Basic)",
	    NULL },
	{ "login needed", { "http://@A", "http://@B" }, {
	    SCRIPT(ASKED, SEND("HTTP/1.1 407 x\r\nContent-Length: 0\r\n"
	    "Proxy-Authenticate: Basic realm=\"r\"\r\n\r\n")) },
	    { SCRIPT(STALL) }, { { .n = 0 } }, 0,
	    FAIL(AL_EAUTH, AL_AT_PROXY, 407), 1, 0, NULL, NULL },

	/* final */
	{ "403", { "http://@A", "http://@B" }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")) },
	    { SCRIPT(STALL) }, { { .n = 0 } }, 0,
	    FAIL(AL_EREFUSED, AL_AT_PROXY, 403), 1, 0, NULL,
	    "tcp> tcp= proxy> proxy! " },
	{ "403, endless page", { "http://@A", "http://@B" }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nabc"),
	    STALL) }, { SCRIPT(STALL) }, { { .n = 0 } }, F_PROXY,
	    FAIL(AL_EREFUSED, AL_AT_PROXY, 403), 1, 0, NULL, NULL },
	{ "socks5 rules", { "socks5h://@A", "http://@B" }, { SCRIPT(
	    EXPECT("\5\2\0\1"), SEND("\5\0"), EXPECT("\1\xbb"),
	    SEND("\5\2\0\1\0\0\0\0\0\0")) }, { SCRIPT(STALL) },
	    { { .n = 0 } }, 0, FAIL(AL_EREFUSED, AL_AT_PROXY, 2), 1, 0, NULL,
	    NULL },
	{ "our policy", { "direct", "http://@B" }, { { .n = 0 } },
	    { SCRIPT(STALL) }, { SCRIPT(STALL) }, F_TO_T | F_POLICY,
	    FAIL(AL_EREFUSED, AL_AT_TCP, 0), 0, 0, "target.test:@T: "
	    "127.0.0.1: policy does not allow this address",
	    "dns> dns= tcp> tcp! " },
	{ "other name", { "http://@A", "http://@B" }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), RELAY) }, { SCRIPT(STALL) },
	    { SCRIPT(TLS) }, F_TLS | F_OTHER_NAME,
	    FAIL(AL_EPROTO, AL_AT_TLS, 0), 1, 0, "via @A: the certificate "
	    "is not for target.test but for other.test, 127.0.0.1",
	    "tcp> tcp= proxy> proxy= tls> tls! " },

	/* the next alternative */
#define NEXT(name, flags, url, ...) \
	{ name, { url, "http://@B" }, { SCRIPT(__VA_ARGS__) }, \
	    { SCRIPT(ASKED, UP) }, { { .n = 0 } }, flags, OK(1), 1, 1, NULL, \
	    NULL }
	NEXT("503", 0, "http://@A", ASKED, SEND("HTTP/1.1 503 x\r\n"
	    "Content-Length: 0\r\n\r\n")),
	NEXT("504 cut", 0, "http://@A", ASKED, SEND("HTTP/1.1 504 x\r\n"
	    "Content-Length: 5\r\n\r\nab"), CLOSE),
	NEXT("ssh", 0, "http://@A", SEND("SSH-2.0-OpenSSH\r\n"), ASKED, STALL),
	NEXT("closes", 0, "http://@A", CLOSE),
	NEXT("closes when asked", 0, "http://@A", ASKED, CLOSE),
	NEXT("resets", 0, "http://@A", RESET),
	NEXT("resets in reply", 0, "http://@A", ASKED, SEND("HTTP/1.1 2"),
	    RESET),
	NEXT("stalls", F_PROXY, "http://@A", STALL),
	NEXT("stalls in reply", F_PROXY, "http://@A", ASKED, SEND("HTTP/1.1 2"),
	    STALL),
	NEXT("no TLS", 0, "https://@A", SEND("HTTP/1.0 400 x\r\n\r\n"), STALL),
	NEXT("TLS stalls", F_TLS_SHORT, "https://@A", STALL),
	NEXT("TLS closes", 0, "https://@A", CLOSE),
	NEXT("socks5, no such host", 0, "socks5h://@A", EXPECT("\5\2\0\1"),
	    SEND("\5\0"), EXPECT("\1\xbb"), SEND("\5\4\0\1\0\0\0\0\0\0")),
	NEXT("socks4 fails", 0, "socks4a://@A", EXPECT("target.test\0"),
	    SEND("\0\x5b\0\0\0\0\0\0")),
	NEXT("socks stalls", F_PROXY, "socks5h://@A", EXPECT("\5\2\0\1"), STALL),
	{ "dead", { "http://@D", "http://@B" }, { { .n = 0 } },
	    { SCRIPT(ASKED, UP) }, { { .n = 0 } }, 0, OK(1), 0, 1, NULL,
	    "tcp> tcp! tcp> tcp= proxy> proxy= " },
	{ "silent", { "http://@S", "http://@B" }, { { .n = 0 } },
	    { SCRIPT(ASKED, UP) }, { { .n = 0 } }, F_TCP, OK(1), 0, 1, NULL,
	    "tcp> tcp! tcp> tcp= proxy> proxy= " },
	{ "no such name", { "http://none.test:1", "http://@B" },
	    { { .n = 0 } }, { SCRIPT(ASKED, UP) }, { { .n = 0 } }, 0, OK(1),
	    0, 1, NULL, "dns> dns! tcp> tcp= proxy> proxy= " },
	{ "no DNS", { "http://silent.test:1", "http://@B" },
	    { { .n = 0 } }, { SCRIPT(ASKED, UP) }, { { .n = 0 } },
	    F_DNS, OK(1), 0, 1, NULL,
	    "dns> dns! tcp> tcp= proxy> proxy= " },
	{ "to direct", { "http://@D", "direct" }, { { .n = 0 } },
	    { { .n = 0 } }, { SCRIPT(SEND("EARLY"), ECHO) }, F_TO_T, OK(1),
	    0, 0, NULL, "tcp> tcp! dns> dns= tcp> tcp= " },
	{ "from direct", { "direct", "http://@B" }, { { .n = 0 } },
	    { SCRIPT(EXPECT("\r\n\r\n"), SEND("HTTP/1.1 200 OK\r\n\r\n"),
	    TLS, SEND("EARLY"), ECHO) }, { SCRIPT(CLOSE) }, F_TO_T | F_TLS,
	    OK(1), 0, 1, NULL, "dns> dns= tcp> tcp= tls> tls! "
	    "tcp> tcp= proxy> proxy= tls> tls= " },
	{ "no proxy TLS", { "https://@A", "http://@B" }, { SCRIPT(STALL) },
	    { SCRIPT(ASKED, UP) }, { { .n = 0 } }, F_NO_TLS_CTX, OK(1), 1, 1,
	    NULL, "tcp> tcp= tls> tls! tcp> tcp= proxy> proxy= " },

	/* TLS with the target through the first proxy breaks or stalls */
	{ "target stalls", { "http://@A", "http://@B" }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), STALL) }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), TLS, SEND("EARLY"), ECHO) },
	    { { .n = 0 } }, F_TLS | F_TLS_SHORT, OK(1), 1, 1, NULL, NULL },
	{ "target cut", { "http://@A", "http://@B" }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), CLOSE) }, { SCRIPT(ASKED,
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), TLS, SEND("EARLY"), ECHO) },
	    { { .n = 0 } }, F_TLS, OK(1), 1, 1, NULL, NULL },

	/* all fail: each says why, the one that came farthest first */
	{ "all fail", { "http://@D", "http://@A", "http://none.test:1" },
	    { SCRIPT(ASKED, SEND("HTTP/1.1 502 x\r\nContent-Length: 0\r\n"
	    "\r\n")) }, { { .n = 0 } }, { { .n = 0 } }, 0,
	    FAIL(AL_ENET, AL_AT_PROXY, 502), 1, 0, NULL, NULL },
	{ "all dead", { "http://@D", "direct" }, { { .n = 0 } },
	    { { .n = 0 } }, { { .n = 0 } }, 0, FAIL(AL_ENET, AL_AT_TCP, 0),
	    0, 0, NULL, NULL },

	/* kinds */
	{ "socks5h", { "socks5h://u:p@@A" }, { SCRIPT(EXPECT("\5\3\0\1\2"),
	    SEND("\5\2"), EXPECT("\1\1u\1p"), SEND("\1\0"),
	    EXPECT("\5\1\0\3\x0btarget.test\1\xbb"),
	    SEND("\5\0\0\1\0\0\0\0\0\0EARLY"), ECHO) }, { { .n = 0 } },
	    { { .n = 0 } }, 0, OK(0), 1, 0, NULL,
	    "tcp> tcp= proxy> proxy= " },
	{ "socks5", { "socks5://@A" }, { SCRIPT(EXPECT("\5\2\0\1"),
	    SEND("\5\0"), EXPECT("\5\1\0\1\x7f\0\0\1\1\xbb"),
	    SEND("\5\0\0\1\0\0\0\0\0\0EARLY"), ECHO) }, { { .n = 0 } },
	    { { .n = 0 } }, 0, OK(0), 1, 0, NULL,
	    "tcp> tcp= proxy> dns> dns= proxy= " },
	{ "socks4", { "socks4://u@@A" }, {
	    SCRIPT(EXPECT("\4\1\1\xbb\x7f\0\0\1u\0"),
	    SEND("\0\x5a\0\0\0\0\0\0EARLY"), ECHO) }, { { .n = 0 } },
	    { { .n = 0 } }, 0, OK(0), 1, 0, NULL,
	    "tcp> tcp= proxy> dns> dns= proxy= " },
	{ "socks4a", { "socks4a://@A" }, {
	    SCRIPT(EXPECT("\4\1\1\xbb\0\0\0\1\0target.test\0"),
	    SEND("\0\x5a\0\0\0\0\0\0EARLY"), ECHO) }, { { .n = 0 } },
	    { { .n = 0 } }, 0, OK(0), 1, 0, NULL,
	    "tcp> tcp= proxy> proxy= " },

	/* chains */
	{ "socks5h, http", { "socks5h://@A,http://@B" }, {
	    SCRIPT(EXPECT("\5\2\0\1"), SEND("\5\0"), EXPECT("\x7f\0\0\1"),
	    SKIP(2), SEND("\5\0\0\1\0\0\0\0\0\0"), RELAY) }, { SCRIPT(ASKED, UP) },
	    { { .n = 0 } }, 0, OK(0), 1, 1, NULL,
	    "tcp> tcp= proxy> proxy= proxy> proxy= " },
	{ "https, TLS", { "https://@A" }, { SCRIPT(TLS, ASKED,
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), RELAY) }, { { .n = 0 } },
	    { SCRIPT(TLS, SEND("EARLY"), ECHO) }, F_TLS, OK(0), 1, 0, NULL,
	    "tcp> tcp= tls> tls= proxy> proxy= tls> tls= " },
	{ "http, https, TLS", { "http://@A,https://@B" }, {
	    SCRIPT(EXPECT("CONNECT 127.0.0.1:"), EXPECT("\r\n\r\n"),
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), RELAY) },
	    { SCRIPT(TLS, ASKED, SEND("HTTP/1.1 200 OK\r\n\r\n"), TLS,
	    SEND("EARLY"), ECHO) }, { { .n = 0 } }, F_TLS, OK(0), 1, 1, NULL,
	    "tcp> tcp= proxy> proxy= tls> tls= proxy> proxy= tls> tls= " },
	{ "second of a chain", { "http://@A,socks5h://@B" }, {
	    SCRIPT(EXPECT("CONNECT 127.0.0.1:"), EXPECT("\r\n\r\n"),
	    SEND("HTTP/1.1 200 OK\r\n\r\n"), RELAY) }, {
	    SCRIPT(EXPECT("\5\2\0\1"), SEND("\5\xff")) }, { { .n = 0 } }, 0,
	    FAIL(AL_EAUTH, AL_AT_PROXY, 255), 1, 1, "via @A, @B: the SOCKS5 "
	    "proxy lets nobody in without a login: configure a user and a "
	    "password", NULL },
};

static const struct dnsd_row zone[] = {
	{ .name = "target.test", .a = { "127.0.0.1" } },
	{ .name = "six.test", .a = { "127.0.0.1" },
	    .aaaa = { "2001:db8::1" } },
	{ .name = "silent.test", .rcode_a = DNSD_SILENT,
	    .rcode_aaaa = DNSD_SILENT },
};

/* --- the world ------------------------------------------------------------ */
static struct event_base *base;
static struct al_loop *loop;
static struct dnsd *dns;
static struct al_resolver *resolver;
static struct peer *peer_a, *peer_b, *peer_t;
static int dead[2], silent[2];
static uint16_t dead_port, silent_port;
static struct al_tls_ctx *client_tls, *server_tls, *other_tls;
static struct al_route route;
static struct al_err err;

static char steps[512];
static int done;
static struct al_dial_login login;
static struct al_stream *got;
static unsigned won;
static struct al_err told;

static struct al_tls_ctx *
server_ctx(const struct al_tls_cert *ca, const char *dir, const char *name)
{
	const char *names[] = { name, "127.0.0.1" };
	char crt[128], key[128];
	struct al_tls_opts o = { .cert_file = crt, .key_file = key };
	struct al_tls_ctx *ctx;
	struct al_tls_cert *c = al_tls_cert_new(ca, names, 2, -1, 9, &err);

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

static int
make_tls(void **state)
{
	char dir[] = "/tmp/al-dial-XXXXXX", ca_file[128];
	struct al_tls_opts o = { .ca_file = ca_file };
	struct al_tls_cert *ca = al_tls_cert_new_ca("Test CA", -1, 9, &err);

	(void)state;
	assert_non_null(ca);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca.crt", dir);
	assert_int_equal(al_tls_cert_write(ca, ca_file, NULL, &err), AL_OK);
	client_tls = al_tls_client_new(&o, &err);
	assert_non_null(client_tls);
	server_tls = server_ctx(ca, dir, "target.test");
	other_tls = server_ctx(ca, dir, "other.test");
	al_tls_cert_free(ca);
	(void)unlink(ca_file);
	return rmdir(dir);
}

static int
free_tls(void **state)
{
	(void)state;
	al_tls_ctx_free(client_tls);
	al_tls_ctx_free(server_tls);
	al_tls_ctx_free(other_tls);
	return 0;
}

static struct peer *
peer_for(const struct peer_script *s, size_t max)
{
	size_t n = 0;
	struct peer *p;

	while (n < max && s[n].n > 0)
		n++;
	if (n == 0)
		return NULL;
	p = peer_new(loop, s, n);
	peer_set_tls(p, server_tls);
	return p;
}

/* "@A" and the like become "127.0.0.1:port"; in texts "@T" is a port. */
static const char *
expand(char *out, size_t cap, const char *text)
{
	size_t len = 0;
	unsigned port;

	for (; *text != '\0' && len + 24 < cap; text++) {
		port = text[0] != '@' ? 0 :
		    text[1] == 'A' && peer_a ? peer_port(peer_a) :
		    text[1] == 'B' && peer_b ? peer_port(peer_b) :
		    text[1] == 'T' && peer_t ? peer_port(peer_t) :
		    text[1] == 'D' ? dead_port :
		    text[1] == 'S' ? silent_port : 0;
		if (port == 0) {
			out[len++] = *text;
			continue;
		}
		len += (size_t)sprintf(out + len, "%s%u",
		    text[1] == 'T' ? "" : "127.0.0.1:", port);
		text++;
	}
	out[len] = '\0';
	return out;
}

static void
build(const struct row *r)
{
	const char *servers[2] = { NULL, NULL };
	struct al_resolver_opts opts = { .servers = servers,
	    .timeout_ms = r->flags & F_DNS ? SHORT_MS : 5000 };
	char url[256];
	size_t i;

	base = event_base_new();
	loop = al_loop_new(base, &err);
	dns = dnsd_new(loop, zone, N(zone));
	servers[0] = dnsd_server(dns);
	resolver = al_resolver_new(loop, &opts, &err);
	assert_non_null(resolver);
	peer_a = peer_for(r->a, N(r->a));
	peer_b = peer_for(r->b, N(r->b));
	peer_t = peer_for(r->t, N(r->t));
	if (peer_t != NULL && r->flags & F_OTHER_NAME)
		peer_set_tls(peer_t, other_tls);
	if (peer_a != NULL && (peer_t != NULL || peer_b != NULL))
		peer_set_relay(peer_a, peer_port(peer_t != NULL ? peer_t :
		    peer_b));
	dead_port = peer_dead_port(dead);
	silent_port = peer_silent_port(silent);
	al_route_init(&route);
	for (i = 0; i < N(r->route) && r->route[i] != NULL; i++)
		assert_int_equal(al_route_add(&route, expand(url, sizeof(url),
		    r->route[i]), &err), AL_OK);
	steps[0] = '\0';
	done = 0;
	al_memory_free(login.memory);
	login.memory = al_memory_new(&err);
	assert_non_null(login.memory);
	got = NULL;
	memset(&told, 0, sizeof(told));
}

static void
tear_down(void)
{
	al_stream_free(got);
	al_route_fini(&route);
	peer_free(peer_a);
	peer_free(peer_b);
	peer_free(peer_t);
	(void)close(dead[0]);
	(void)close(silent[0]);
	(void)close(silent[1]);
	al_resolver_free(resolver);
	dnsd_free(dns);
	al_loop_free(loop);
	event_base_free(base);
}

/* --- the dial ------------------------------------------------------------- */

static void
on_step(void *arg, const struct al_step *s)
{
	static const char signs[] = { '>', '=', '!' };

	assert_ptr_equal(arg, &done);
	assert_non_null(s->what);
	assert_true((s->state == AL_STEP_FAIL) == (s->err != NULL));
	assert_true(s->stage != AL_AT_TLS || s->state != AL_STEP_OK ||
	    strncmp(s->note, "TLSv1.3 ", 8) == 0);
	(void)sprintf(steps + strlen(steps), "%s%c ",
	    al_stage_name(s->stage), signs[s->state]);
}

static bool
nowhere(void *arg, const struct al_addr *a)
{
	(void)arg;
	(void)a;
	return false;
}

static void
on_dial(void *arg, struct al_stream *s, unsigned r, const struct al_err *e)
{
	assert_ptr_equal(arg, &told);
	assert_int_equal(done, 0);
	assert_true((s == NULL) == (e != NULL));
	done = 1;
	got = s;
	won = r;
	if (e != NULL)
		told = *e;
}

static struct al_dial *
start(const struct row *r, const char *host)
{
	const struct al_dial_opts o = {
		.host = host,
		.port = r->flags & F_TO_T ? peer_port(peer_t) : 443,
		.route = &route,
		.tls = r->flags & F_TLS ? client_tls : NULL,
		.proxy_tls = r->flags & F_NO_TLS_CTX ? NULL : client_tls,
		.connect_ms = r->flags & F_TCP ? SHORT_MS : LONG_MS,
		.proxy_ms = r->flags & F_PROXY ? SHORT_MS : LONG_MS,
		.tls_ms = r->flags & F_TLS_SHORT ? SHORT_TLS_MS : LONG_MS,
		.allow_addr = r->flags & F_POLICY ? nowhere : NULL,
		.on_step = on_step,
		.login = &login,
		.arg = &done,
	};
	struct al_dial *d = al_dial_start(loop, resolver, &o, on_dial, &told,
	    &err);

	assert_non_null(d);
	assert_int_equal(done, 0);
	assert_string_equal(steps, "");
	return d;
}

static void
turn(void)
{
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
until_done(void)
{
	while (!done)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* What the far side said at once, then an echo, then the end both ways. */
static void
use_stream(struct al_stream *s)
{
	static const char want[] = "EARLYping";
	char buf[64];
	size_t n, len = 0, sent = 0;
	enum al_code code = AL_AGAIN;

	while (code == AL_OK || code == AL_AGAIN) {
		turn();
		if (sent < 4 && al_stream_write(s, &"ping"[sent], 4 - sent,
		    &n, &err) == AL_OK)
			sent += n;
		if (sent == 4 && len == sizeof(want) - 1)
			(void)al_stream_shut(s, &err);
		else
			(void)al_stream_flush(s, &err);
		code = al_stream_read(s, buf + len, sizeof(buf) - len, &n,
		    &err);
		if (code == AL_OK)
			len += n;
	}
	assert_int_equal(code, AL_EOF);
	assert_int_equal(len, sizeof(want) - 1);
	assert_memory_equal(buf, want, len);
}

static void
check_row(const struct row *r)
{
	char text[512];

	if (told.code != r->code)
		fail_msg("%s: %s: %s", r->name, al_code_name(told.code),
		    told.text);
	if (r->code == AL_OK) {
		if (won != r->won)
			fail_msg("%s: alternative %u", r->name, won);
		use_stream(got);
	} else if (told.stage != r->stage || told.status != r->status) {
		fail_msg("%s: %s %d: %s", r->name, al_stage_name(told.stage),
		    told.status, told.text);
	}
	if (r->text != NULL)
		assert_string_equal(told.text, expand(text, sizeof(text),
		    r->text));
	if (r->steps != NULL && strcmp(r->steps, steps) != 0)
		fail_msg("%s: %s", r->name, steps);
	if ((peer_a != NULL && peer_accepted(peer_a) != r->a_conns) ||
	    (peer_b != NULL && peer_accepted(peer_b) != r->b_conns))
		fail_msg("%s: other connections than expected", r->name);
	if (r->flags & F_AUTH_KNOWN)
		assert_int_equal(al_memory_of(login.memory,
		    &route.chains[0].hops[0])->auth, AL_AUTH_BASIC);
}

static void
matrix(void **state)
{
	const struct row *r;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		build(r);
		(void)start(r, "target.test");
		until_done();
		check_row(r);
		tear_down();
	}
}

static void
all_fail_text(void **state)
{
	const struct row *r = rows;
	char text[512];

	(void)state;
	while (strcmp(r->name, "all fail") != 0)
		r++;
	build(r);
	(void)start(r, "target.test");
	until_done();
	(void)expand(text, sizeof(text), "; via @D: connection refused; via "
	    "none.test:1: none.test: no such name, says DNS server "
	    "127.0.0.1");
	assert_non_null(strstr(told.text, text));
	(void)expand(text, sizeof(text), "via @A: ");
	assert_true(strncmp(told.text, text, strlen(text)) == 0);
	tear_down();
}

/* SOCKS5 with an address: IPv6 first; refused as such, IPv4 once. */
static void
socks5_falls_back(void **state)
{
	static const struct row r = { "socks5 v6", { "socks5://@A" }, {
	    SCRIPT(EXPECT("\5\2\0\1"), SEND("\5\0"), EXPECT("\5\1\0\4 \1"),
	    SEND("\5\x08\0\1\0\0\0\0\0\0")),
	    SCRIPT(EXPECT("\5\2\0\1"), SEND("\5\0"),
	    EXPECT("\5\1\0\1\x7f\0\0\1\1\xbb"),
	    SEND("\5\0\0\1\0\0\0\0\0\0EARLY"), ECHO) },
	    .code = AL_OK, .a_conns = 2 };
	static const struct row twice = { "socks5 v4 too",
	    { "socks5://@A" }, {
	    SCRIPT(EXPECT("\5\2\0\1"), SEND("\5\0"), EXPECT("\5\1\0"),
	    SEND("\5\x03\0\1\0\0\0\0\0\0")) },
	    .code = AL_ENET, .stage = AL_AT_PROXY, .status = 3,
	    .a_conns = 2 };

	(void)state;
	build(&r);
	(void)start(&r, "six.test");
	until_done();
	check_row(&r);
	tear_down();
	build(&twice);
	(void)start(&twice, "six.test");
	until_done();
	check_row(&twice);
	tear_down();
}

/* After every number of turns; whatever is under way is gone without a leak,
 * and nobody is called. */
static void
cancel_anywhere(void **state)
{
	const struct row *r;
	struct al_dial *d;
	int n, k, whole;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		if (r->code == AL_OK && r->steps == NULL)
			continue;	/* the like of others, and slow */
		for (n = 0, whole = 0; !whole; n++) {
			build(r);
			d = start(r, "target.test");
			for (k = 0; k < n && !done; k++)
				(void)event_base_loop(base, EVLOOP_ONCE);
			whole = done;
			if (!done)
				al_dial_cancel(d);
			done = 1;	/* no more calls */
			turn();
			tear_down();
		}
	}
	al_dial_cancel(NULL);
}

/* --- al_handshake_start --------------------------------------------------- */

static enum al_hs
ask(void *m, struct al_buf *in, struct al_buf *out, struct al_err *e)
{
	int *asked = m;

	(void)e;
	if (!*asked && al_buf_puts(out, "upgrade?\n") != AL_OK)
		return AL_HS_FAIL;
	*asked = 1;
	if (al_buf_len(in) < 4)
		return AL_HS_MORE;
	al_buf_drain(in, 4);
	return AL_HS_DONE;
}

static const struct al_hs_ops ask_ops = { .name = "an upgrade", .step = ask,
    .free = free };

static struct al_dial *
start_handshake(unsigned ms)
{
	struct al_machine m = { &ask_ops, calloc(1, sizeof(int)) };
	struct al_addr a;
	int fd;

	assert_true(al_addr_parse_ip(&a, "127.0.0.1", peer_port(peer_a)));
	assert_int_equal(al_tcp_connect(&a, &fd, &err), AL_OK);
	return al_handshake_start(loop, al_tcp_new(fd, &err), m, ms, on_dial,
	    &told, &err);
}

static void
handshakes(void **state)
{
	static const struct row hs[] = {
		{ "up", .a = { SCRIPT(EXPECT("upgrade?\n"),
		    SEND("yes\nEARLY"), ECHO) }, .code = AL_OK,
		    .a_conns = 1 },
		{ "stall", .a = { SCRIPT(EXPECT("upgrade?\n"), SEND("ye"),
		    STALL) }, .code = AL_ETIMEOUT, .stage = AL_AT_WS,
		    .a_conns = 1, .flags = F_PROXY,
		    .text = "no answer during an upgrade "
		    "within 200 ms" },
		{ "cut", .a = { SCRIPT(EXPECT("upgrade?\n"), SEND("ye"),
		    CLOSE) }, .code = AL_EPROTO, .stage = AL_AT_WS,
		    .a_conns = 1, .text = "the peer closed the connection "
		    "during an upgrade" },
		{ "reset", .a = { SCRIPT(EXPECT("upgrade?\n"), RESET) },
		    .code = AL_ENET, .stage = AL_AT_WS, .a_conns = 1,
		    .text = "during an upgrade: connection reset by the "
		    "peer" },
	};
	const struct row *r;
	struct al_dial *d;
	int n, k;

	(void)state;
	for (r = hs; r < hs + N(hs); r++) {
		build(r);
		assert_non_null(start_handshake(r->flags & F_PROXY ?
		    SHORT_MS : LONG_MS));
		assert_int_equal(done, 0);
		until_done();
		check_row(r);
		tear_down();
	}
	for (n = 0; n < 6; n++) {
		build(&hs[1]);
		d = start_handshake(SHORT_MS);
		for (k = 0; k < n && !done; k++)
			(void)event_base_loop(base, EVLOOP_ONCE);
		if (!done)
			al_dial_cancel(d);
		done = 1;
		turn();
		tear_down();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix),
		cmocka_unit_test(all_fail_text),
		cmocka_unit_test(socks5_falls_back),
		cmocka_unit_test(cancel_anywhere),
		cmocka_unit_test(handshakes),
	};

	int failed = cmocka_run_group_tests(tests, make_tls, free_tls);

	al_memory_free(login.memory);
	return failed;
}
