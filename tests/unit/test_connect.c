/* tests/unit/test_connect.c - CONNECT at every chunk, cut and status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/memory.h"
#include "proxy/proxy.h"
#include "tests/lib/machine.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static char me[] = "Aladdin", pw[] = "open sesame";

static struct al_memory *memory;

/* OPEN: no credentials.  LOGIN: with.  KNOWN: and the scheme is known. */
enum login { OPEN, LOGIN, KNOWN };

static struct al_machine
machine(enum login login)
{
	struct al_hop hop = { .kind = AL_PROXY_HTTP };
	/* what follows the others, tests/unit/test_login.c shows */
	struct al_proxy_opts o = { .user_agent = "test",
	    .schemes = AL_AUTH_BIT(AL_AUTH_BASIC) };
	struct al_machine m;
	struct al_err err;

	al_memory_free(memory);		/* each row is the first */
	memory = al_memory_new(&err);
	assert_non_null(memory);
	if (login != OPEN) {
		hop.user = me;
		hop.password = pw;
	}
	o.memory = memory;
	if (login == KNOWN)
		al_memory_of(memory, &hop)->auth = AL_AUTH_BASIC;
	assert_int_equal(al_proxy_machine(&m, &hop, "gw.example", 443, &o,
	    &err), AL_OK);
	return m;
}

#define PLAIN \
	"CONNECT gw.example:443 HTTP/1.1\r\n" \
	"Host: gw.example:443\r\n" \
	"User-Agent: test\r\n" \
	"Proxy-Connection: Keep-Alive\r\n"
#define REQUEST	PLAIN "\r\n"
/* RFC 7617 2 */
#define AUTHED	PLAIN \
	"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"

#define UP	"HTTP/1.1 200 OK\r\n\r\n"
#define BASIC	"Proxy-Authenticate: Basic realm=\"corp\"\r\n"
#define CL(n)	"Content-Length: " n "\r\n"
#define TE	"Transfer-Encoding: chunked\r\n"
#define ASK	"HTTP/1.1 407 x\r\n" BASIC
#define H11	"HTTP/1.1 "

static const struct row {
	const char	*name;
	enum login	 login;
	const uint8_t	*in;
	size_t		 len;
	enum al_hs	 want;
	const char	*sent;
	/* of a failure */
	enum al_code	 code;
	int		 status, cause;
	const char	*says;
} rows[] = {
#define GOOD(name, login, in, sent) \
	{ name, login, B(in), AL_HS_DONE, sent, AL_OK, 0, 0, NULL }
#define REDIAL(name, login, in) \
	{ name, login, B(in), AL_HS_REDIAL, REQUEST, AL_OK, 0, 0, NULL }
#define BAD(name, login, in, sent, code, status, cause, says) \
	{ name, login, B(in), AL_HS_FAIL, sent, code, status, cause, says }
#define NO(in, code, status, cause, says) \
	BAD(#status, OPEN, in, REQUEST, code, status, cause, says)
	GOOD("200", OPEN, UP, REQUEST),
	GOOD("1.0", OPEN, "HTTP/1.0 200 Connection established\r\n\r\n",
	    REQUEST),
	GOOD("no reason", OPEN, H11 "200\r\n\r\n", REQUEST),
	GOOD("bare LF", OPEN, H11 "200 OK\nVia: x\n\n", REQUEST),
	GOOD("folded", OPEN, H11 "200 OK\r\nVia: a\r\n b\r\n\r\n", REQUEST),
	GOOD("201", OPEN, H11 "201 x\r\n\r\n", REQUEST),
	GOOD("204", OPEN, H11 "204 x\r\n\r\n", REQUEST),
	GOOD("299", OPEN, H11 "299 x\r\n\r\n", REQUEST),
	GOOD("length", OPEN, H11 "200 OK\r\n" CL("5") "\r\n", REQUEST),
	GOOD("bad length", OPEN, H11 "200 OK\r\n" CL("x") "\r\n", REQUEST),
	GOOD("chunked", OPEN, H11 "200 OK\r\n" TE "Connection: close\r\n\r\n",
	    REQUEST),
	GOOD("100", OPEN, H11 "100 Continue\r\n\r\n" UP, REQUEST),
	GOOD("1xx", OPEN, H11 "100 x\r\n\r\n" H11 "102 y\r\nA: b\r\n\r\n"
	    H11 "103 z\r\n\r\n" UP, REQUEST),
	GOOD("empty line", OPEN, "\r\n" UP, REQUEST),
	GOOD("empty lines", OPEN, "\n\r\n" UP, REQUEST),
	GOOD("login not wanted", LOGIN, UP, REQUEST),
	GOOD("login known", KNOWN, UP, AUTHED),
	GOOD("407 no page", LOGIN, ASK CL("0") "\r\n" UP, REQUEST AUTHED),
	GOOD("407 length", LOGIN, ASK CL("5") "\r\nhello" UP, REQUEST AUTHED),
	GOOD("407 chunked", LOGIN, ASK TE "\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"
	    UP, REQUEST AUTHED),
	GOOD("407 in 1.0", LOGIN, "HTTP/1.0 407 x\r\n" BASIC CL("1")
	    "Proxy-Connection: keep-alive\r\n\r\n." UP, REQUEST AUTHED),
	GOOD("407 after 100", LOGIN, H11 "100 x\r\n\r\n" ASK CL("0") "\r\n" UP,
	    REQUEST AUTHED),
	GOOD("many schemes", LOGIN, H11 "407 x\r\nProxy-Authenticate: "
	    "Negotiate, NTLM, Digest realm=\"a, Basic\", nonce=x, bAsIc "
	    "realm=\"q\"\r\n" CL("0") "\r\n" UP, REQUEST AUTHED),
	GOOD("many lines", LOGIN, H11 "407 x\r\nProxy-Authenticate: NTLM\r\n"
	    "proxy-authenticate:Basic\r\n" CL("0") "\r\n" UP, REQUEST AUTHED),
	GOOD("one line broken", LOGIN, H11 "407 x\r\n"
	    "Proxy-Authenticate: x=\"\r\n" BASIC CL("0") "\r\n" UP,
	    REQUEST AUTHED),
	REDIAL("407 read to close", LOGIN, ASK "\r\nhello"),
	REDIAL("407 close", LOGIN, ASK CL("5") "Connection: close\r\n\r\n"),
	REDIAL("407 proxy close", LOGIN, ASK CL("5")
	    "Proxy-Connection: close\r\n\r\n"),
	REDIAL("407 1.0", LOGIN, "HTTP/1.0 407 x\r\n" BASIC CL("5") "\r\n"),
	REDIAL("407 cut", LOGIN, ASK CL("5") "\r\nhell"),
	REDIAL("407 too long", LOGIN, ASK CL("65537") "\r\n"),
	REDIAL("407 bad length", LOGIN, ASK CL("x") "\r\n"),
	REDIAL("407 bad chunk", LOGIN, ASK TE "\r\nx"),
	{ "407 kept, but closed", LOGIN, B(ASK CL("0") "\r\n"), AL_HS_REDIAL,
	    REQUEST AUTHED, AL_OK, 0, 0, NULL },
	BAD("407 again", LOGIN, ASK CL("0") "\r\n" ASK CL("0") "\r\n",
	    REQUEST AUTHED, AL_EAUTH, 407, 131, "refuses this user"),
	BAD("407 though known", KNOWN, ASK "\r\n", AUTHED, AL_EAUTH, 407, 131,
	    "refuses this user"),
	BAD("407 no login", OPEN, ASK "Server: squid/5.7\r\n\r\n", REQUEST,
	    AL_EAUTH, 407, 130,
	    "the proxy (squid/5.7) demands a login (407; it takes Basic): "
	    "configure a user and a password for it"),
	BAD("407 no offer", LOGIN, H11 "407 x\r\nWWW-Authenticate: Basic\r\n\r\n",
	    REQUEST, AL_EPROTO, 407, 132, "no Proxy-Authenticate"),
	BAD("407 no offer, known", KNOWN, H11 "407 x\r\n\r\n", AUTHED,
	    AL_EPROTO, 407, 132, "no Proxy-Authenticate"),
	BAD("407 broken offer", LOGIN, H11
	    "407 x\r\nProxy-Authenticate: =\r\n\r\n", REQUEST, AL_EPROTO, 407,
	    132, "broken Proxy-Authenticate"),
	BAD("407 others", LOGIN, H11 "407 x\r\n"
	    "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
	    REQUEST, AL_EAUTH, 407, 132, "not supported or not allowed here: Negotiate, NTLM"),
	BAD("403 after login", LOGIN, ASK CL("0") "\r\n" H11 "403 No\r\n"
	    CL("0") "\r\n", REQUEST AUTHED, AL_EREFUSED, 403, 141, "403 No"),
	BAD("nine 1xx", OPEN, H11 "100\r\n\r\n" H11 "100\r\n\r\n" H11
	    "100\r\n\r\n" H11 "100\r\n\r\n" H11 "100\r\n\r\n" H11
	    "100\r\n\r\n" H11 "100\r\n\r\n" H11 "100\r\n\r\n" H11
	    "100\r\n\r\n", REQUEST, AL_EPROTO, 100, 121, "interim"),
	NO(H11 "302 Found\r\nLocation: http://login/a?token=x\r\n\r\n",
	    AL_EREFUSED, 302, 144, "; login page at http://login/a"),
	NO(H11 "302 Found\r\n\r\n", AL_EREFUSED, 302, 144, "in a browser"),
	NO(H11 "511 x\r\n" CL("0") "\r\n", AL_EREFUSED, 511, 144, "browser"),
	NO(H11 "400 Bad\r\n\r\n", AL_EREFUSED, 400, 142, "check that"),
	NO("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an "
	    "HTTPS server.\n", AL_EPROTO, 400, 121, "write https://"),
	NO(H11 "401 x\r\n" CL("0") "\r\n", AL_EREFUSED, 401, 142, "web server"),
	NO(H11 "403 Forbidden\r\nServer: squid/5.7\r\nVia: 1.1 px1 (squid/5.7)"
	    "\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n" CL("96")
	    "\r\n<html><head><title>ERROR: no</title><style>p{}</style></head>"
	    "<body><p>Access\n <b>Denied</b>.</p>", AL_EREFUSED, 403, 141,
	    "the proxy (squid/5.7, px1, ERR_ACCESS_DENIED 0) answered 403 "
	    "Forbidden: its policy denies CONNECT to gw.example:443: ask for "
	    "this host and port to be allowed; it says \"ERROR: no Access "
	    "Denied .\""),
	NO(H11 "403 x\r\n" TE "\r\n3\r\nab\1\r\n4\r\nc\x1b[m\r\n0\r\n\r\n",
	    AL_EREFUSED, 403, 141, "it says \"ab.c.[m\""),
	NO(H11 "403 x\r\n" CL("9") "\r\ncut", AL_EREFUSED, 403, 141, "\"cut\""),
	NO(H11 "403 x\r\nVia: 1.0 gate\r\n", AL_EREFUSED, 403, 141, "(gate)"),
	NO(H11 "403 x\r\nContent-Encoding: gzip\r\n" CL("2") "\r\nab",
	    AL_EREFUSED, 403, 141, "to be allowed"),
	NO(H11 "403 x\r\n" CL("x") "\r\nab", AL_EREFUSED, 403, 141,
	    "to be allowed"),
	NO(H11 "404 x\r\n" CL("0") "\r\n", AL_EREFUSED, 404, 142, "CONNECT"),
	NO(H11 "405 x\r\n" CL("0") "\r\n", AL_EREFUSED, 405, 142, "CONNECT"),
	NO(H11 "429 x\r\nRetry-After: 7\r\n" CL("0") "\r\n", AL_EREFUSED, 429,
	    199, "Retry-After 7"),
	NO(H11 "500 x\r\n" CL("0") "\r\n", AL_ENET, 500, 143, "resolve"),
	NO(H11 "501 x\r\n" CL("0") "\r\n", AL_ENET, 501, 142, "CONNECT"),
	NO(H11 "502 x\r\nProxy-Status: px; error=dns_error\r\n" CL("0") "\r\n",
	    AL_ENET, 502, 143, "(px; error=dns_error)"),
	NO(H11 "503 x\r\nRetry-After: 120\r\n" CL("0") "\r\n", AL_ENET, 503,
	    143, "Retry-After 120"),
	NO(H11 "504 x\r\n" CL("0") "\r\n", AL_ETIMEOUT, 504, 143, "in time"),
	NO(H11 "600 x\r\n\r\n", AL_EPROTO, 600, 199, "no HTTP status"),
	BAD("ssh", OPEN, "SSH-2.0-OpenSSH_9.2\r\n", REQUEST, AL_EPROTO, 0, 121,
	    "not an HTTP proxy: it answered \"S"),
	BAD("socks5", OPEN, "\5\xff", REQUEST, AL_EPROTO, 0, 121, "SOCKS5"),
	BAD("socks4", OPEN, "\0\x5b\0\0\0\0\0\0", REQUEST, AL_EPROTO, 0, 121,
	    "not an HTTP"),
	BAD("tls", OPEN, "\x15\3\1\0\2\2\x28", REQUEST, AL_EPROTO, 0, 121,
	    "not an HTTP"),
	BAD("http2", OPEN, "\0\0\x12\4\0\0\0\0\0", REQUEST, AL_EPROTO, 0, 121,
	    "not an HTTP"),
	BAD("http/2", OPEN, "HTTP/2 200\r\n\r\n", REQUEST, AL_EPROTO, 0, 121,
	    "HTTP/2 200"),
	BAD("three empty lines", OPEN, "\n\n\n" UP, REQUEST, AL_EPROTO, 0, 121,
	    "not an HTTP"),
	BAD("NUL", OPEN, H11 "200 OK\r\nA: \0\r\n\r\n", REQUEST, AL_EPROTO, 200,
	    121, "NUL"),
	BAD("no colon", OPEN, H11 "200 OK\r\nA\r\n\r\n", REQUEST, AL_EPROTO,
	    200, 121, "colon"),
	BAD("nothing", OPEN, "", REQUEST, AL_ENET, 0, 121,
	    "without an answer"),
	BAD("200 cut", OPEN, H11 "200 OK\r\n", REQUEST, AL_ENET, 200, 120,
	    "in the middle"),
	BAD("407 head cut", LOGIN, ASK, REQUEST, AL_ENET, 407, 120,
	    "in the middle"),
};

static void
check(const struct row *r, const struct talk *t, size_t len)
{
	assert_string_equal(t->sent, r->sent);
	assert_null(strstr(t->err.text, pw));
	if (r->want == AL_HS_DONE)
		assert_int_equal(t->left, len - r->len);
	if (r->want != AL_HS_FAIL)
		return;
	assert_int_equal(t->err.code, r->code);
	assert_int_equal(t->err.stage, AL_AT_PROXY);
	assert_int_equal(t->err.status, r->status);
	assert_int_equal(t->err.cause, r->cause);
}

/* Each row alone and with the tunnel's first bytes behind a success. */
static void
every_chunk(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		static const char tail[] = "\r\nHTTP/1.1 407 inner\r\n\r\n";
		uint8_t in[2048];
		size_t len = r->len;

		memcpy(in, r->in, len);
		if (r->want == AL_HS_DONE) {
			memcpy(in + len, tail, sizeof(tail) - 1);
			len += sizeof(tail) - 1;
		}
		for (size_t chunk = 1; chunk <= len + 1; chunk++) {
			struct talk t;
			enum al_hs got = talk(machine(r->login), in, len,
			    chunk, &t);

			if (got != r->want)
				print_error("row \"%s\" chunk %zu: %s\n",
				    r->name, chunk, t.err.text);
			assert_int_equal(got, r->want);
			check(r, &t, len);
			if (chunk >= len && r->says != NULL &&
			    strstr(t.err.text, r->says) == NULL)
				fail_msg("row \"%s\": %s", r->name,
				    t.err.text);
		}
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		for (size_t n = 0; n <= r->len; n++) {
			struct talk t;
			enum al_hs got = talk(machine(r->login), r->in, n, 7,
			    &t);

			if (got == AL_HS_FAIL)
				assert_true(t.err.text[0] != '\0');
			else if (r->want == AL_HS_DONE && n == r->len)
				assert_int_equal(got, AL_HS_DONE);
			else
				assert_int_equal(got, AL_HS_REDIAL);
		}
	}
}

/* CVE-2022-42915 and others: every status, then silence or the end. */
static void
every_status(void **state)
{
	(void)state;
	for (int status = 100; status <= 999; status++) {
		char in[128];
		size_t len = (size_t)snprintf(in, sizeof(in),
		    "HTTP/1.1 %d x\r\nContent-Length: 3\r\n\r\nabc", status);

		for (size_t n = 0; n <= len; n++) {
			struct talk t;
			enum al_hs got = talk(machine(LOGIN),
			    (const uint8_t *)in, n, 64, &t);

			if (status / 100 == 2 && n >= len - 3) {
				assert_int_equal(got, AL_HS_DONE);
				assert_int_equal(t.left, n - (len - 3));
				continue;
			}
			assert_int_equal(got, AL_HS_FAIL);
			assert_int_equal(t.err.stage, AL_AT_PROXY);
			if (n == len && status >= 200)
				assert_int_equal(t.err.status, status);
			assert_true(t.err.cause >= 120);
		}
	}
}

/* REDIAL says what it learned, and the next machine uses it. */
static void
redials(void **state)
{
	const struct al_hop hop = { .kind = AL_PROXY_HTTP, .user = me };
	struct al_machine m = machine(LOGIN);
	struct al_buf in, out;
	struct al_err err;

	(void)state;
	al_buf_init(&in, 4096);
	al_buf_init(&out, 4096);
	assert_int_equal(al_memory_of(memory, &hop)->auth, AL_AUTH_UNKNOWN);
	assert_int_equal(al_buf_puts(&in, ASK "\r\n"), AL_OK);
	assert_int_equal(m.ops->step(m.m, &in, &out, &err), AL_HS_REDIAL);
	assert_int_equal(al_memory_of(memory, &hop)->auth, AL_AUTH_BASIC);
	m.ops->free(m.m);
	al_buf_fini(&in);
	al_buf_fini(&out);
}

/* A page without end is read up to a limit, whatever its framing. */
static void
long_pages(void **state)
{
	static const char *const heads[] = {
		H11 "403 x\r\n\r\n", H11 "403 x\r\n" CL("1000000") "\r\n",
		H11 "403 x\r\n" TE "\r\nfffff\r\n",
		ASK TE "\r\nfffff\r\n", ASK CL("65536") "\r\n",
	};
	static uint8_t in[200000];

	(void)state;
	for (size_t i = 0; i < N(heads); i++) {
		size_t head = strlen(heads[i]);
		struct talk t;
		enum al_hs got;

		memcpy(in, heads[i], head);
		memset(in + head, 'x', sizeof(in) - head);
		memcpy(in + head + 65536, UP, sizeof(UP) - 1);
		got = talk(machine(LOGIN), in, sizeof(in), 1000, &t);
		assert_false(t.saw_eof);
		assert_int_equal(got, i < 3 ? AL_HS_FAIL :
		    i == 3 ? AL_HS_REDIAL : AL_HS_DONE);
		assert_true(t.left > sizeof(in) - head - 70000);
	}
}

static void
long_heads(void **state)
{
	static uint8_t in[300 * 1024];
	struct talk t;
	size_t n;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, H11 "200 ", 13);
	assert_int_equal(talk(machine(OPEN), in, sizeof(in), 1000, &t),
	    AL_HS_FAIL);
	assert_int_equal(t.err.code, AL_EPROTO);
	assert_true(t.left >= sizeof(in) - 66 * 1024 || !t.saw_eof);
	memcpy(in, H11 "200 x\r\n", 16);
	for (n = 16; n + 1000 < sizeof(in); n += 1000) {
		memcpy(in + n, "a:", 2);
		memcpy(in + n + 998, "\r\n", 2);
	}
	assert_int_equal(talk(machine(OPEN), in, sizeof(in), 1000, &t),
	    AL_HS_FAIL);
	assert_int_equal(t.err.code, AL_EPROTO);
	assert_int_equal(t.err.cause, 121);
	assert_false(t.saw_eof);
}

static enum al_code
make(const char *host, char *user, char *password, const char *agent,
    char *text, size_t cap)
{
	struct al_hop hop = { .kind = AL_PROXY_HTTPS, .user = user,
	    .password = password };
	const struct al_proxy_opts o = { .user_agent = agent };
	struct al_machine m;
	struct talk t;
	enum al_code code = al_proxy_machine(&m, &hop, host, 443, &o,
	    &t.err);

	if (code != AL_OK) {
		assert_int_equal(t.err.stage, AL_AT_PROXY);
		return code;
	}
	(void)talk(m, B(ASK CL("0") "\r\n" UP), 100, &t);
	(void)snprintf(text, cap, "%s", t.sent);
	return AL_OK;
}

static void
requests(void **state)
{
	static char long_text[3000], colon[] = "a:b", lf[] = "a\nb",
	    cr[] = "a\rb", empty[] = "", blank[] = "a b";
	char text[4096];

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	assert_int_equal(make("::1", NULL, NULL, NULL, text, sizeof(text)),
	    AL_OK);
	assert_non_null(strstr(text, "CONNECT [::1]:443 HTTP/1.1\r\n"
	    "Host: [::1]:443\r\nUser-Agent: alpacon-connector/"));
	assert_int_equal(make("h", empty, colon, "My Agent 1", text,
	    sizeof(text)), AL_OK);
	assert_non_null(strstr(text, "Agent: My Agent 1\r\n"));
	assert_non_null(strstr(text, ": Basic OmE6Yg==\r\n"));
	assert_int_equal(make("h", blank, NULL, NULL, text, sizeof(text)),
	    AL_OK);
	assert_non_null(strstr(text, ": Basic YSBiOg==\r\n"));
	assert_int_equal(make("h", colon, empty, NULL, text, sizeof(text)),
	    AL_OK);	/* not with Basic, but with others */
	assert_int_equal(make("h", lf, empty, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make("h", me, cr, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make("h", me, long_text, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make("", NULL, NULL, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make("a b", NULL, NULL, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make(lf, NULL, NULL, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make("h\r", NULL, NULL, NULL, text, sizeof(text)),
	    AL_EUSAGE);
	assert_int_equal(make(long_text, NULL, NULL, NULL, text,
	    sizeof(text)), AL_EUSAGE);
	assert_int_equal(make("h", NULL, NULL, "a\r\nb", text, sizeof(text)),
	    AL_EUSAGE);
	/* the longest that is taken still fits */
	long_text[1024] = '\0';
	assert_int_equal(make("h", long_text, long_text, NULL, text,
	    sizeof(text)), AL_OK);
	assert_non_null(strstr(text, "Proxy-Authorization: Basic YWFh"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(every_status),
		cmocka_unit_test(redials),
		cmocka_unit_test(long_pages),
		cmocka_unit_test(long_heads),
		cmocka_unit_test(requests),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	al_memory_free(memory);
	return failed;
}
