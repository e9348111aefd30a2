/* tests/unit/test_echo.c - netcheck's echo at every chunk and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/netcheck/echo.h"
#include "tests/lib/machine.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

#define NONCE	"00112233445566778899aabbccddeeff"
#define SAID	"gw.example:8443 answered "

static struct al_machine
machine(void)
{
	struct al_machine m;
	struct al_err err;

	assert_int_equal(al_echo_machine(&m, "gw.example:8443", NONCE, &err),
	    AL_OK);
	return m;
}

#define REQUEST \
	"GET /alpacon/echo?n=" NONCE " HTTP/1.1\r\n" \
	"Host: gw.example:8443\r\n" \
	"User-Agent: alpacon-netcheck/" AL_VERSION "\r\n" \
	"Accept: text/plain\r\n" \
	"Cache-Control: no-store\r\n" \
	"Connection: close\r\n\r\n"

#define H11	"HTTP/1.1 "
#define OK	H11 "200 OK\r\n"
#define CL(n)	"Content-Length: " n "\r\n"
#define HTML	"Content-Type: text/html; charset=utf-8\r\n"
#define TE	"Transfer-Encoding: chunked\r\n"
#define I	H11 "100\r\n\r\n"

static const struct row {
	const char	*name;
	const uint8_t	*in;
	size_t		 len;
	enum al_hs	 want;
	/* of a success: the last bytes that it can do without */
	size_t		 spare;
	enum al_code	 code;
	int		 status, cause;
	const char	*says;
} rows[] = {
#define GOOD(name, in, spare) \
	{ name, B(in), AL_HS_DONE, spare, AL_OK, 0, 0, "" }
#define BAD(name, in, status, cause, says) \
	{ name, B(in), AL_HS_FAIL, 0, AL_EPROTO, status, cause, says }
#define GONE(name, in, says) \
	{ name, B(in), AL_HS_FAIL, 0, AL_ENET, 0, 199, says }
	GOOD("as our gateway says it", OK "Connection: close\r\nContent-Type: "
	    "text/plain; charset=utf-8\r\n" CL("33") "\r\n" NONCE "\n", 1),
	GOOD("no line end", OK CL("32") "\r\n" NONCE, 0),
	GOOD("line ends", OK CL("36") "\r\n" NONCE "\r\n\n\n", 4),
	GOOD("until it closes", OK "\r\n" NONCE "\r\n", 2),
	GOOD("until it closes, 1.0", "HTTP/1.0 200\n\n" NONCE, 0),
	GOOD("one chunk", OK TE "\r\n20\r\n" NONCE "\r\n0\r\n\r\n", 7),
	GOOD("chunks", OK TE "\r\n1f\r\n00112233445566778899aabbccddeef\r\n"
	    "2;x=y\r\nf\n\r\n0\r\nX: y\r\n\r\n", 14),
	GOOD("after 1xx", I H11 "103 Early Hints\r\nLink: x\r\n\r\n" OK
	    CL("32") "\r\n" NONCE, 0),
	GOOD("after eight 1xx", I I I I I I I I OK CL("32") "\r\n" NONCE, 0),
	GOOD("html that echoes", OK HTML CL("32") "\r\n" NONCE, 0),

	/* somebody else's 200 */
	BAD("other nonce", OK CL("32") "\r\n00112233445566778899aabbccddeefF",
	    200, 199, SAID "200 to /alpacon/echo: it does not echo what was "
	    "sent: it is not our gateway that answers; it says \"00112233"),
	BAD("more", OK CL("33") "\r\n " NONCE, 200, 199, "does not echo"),
	BAD("one less", OK CL("31") "\r\n" "0112233445566778899aabbccddeeff",
	    200, 199, "does not echo"),
	BAD("nothing", OK CL("0") "\r\n", 200, 199,
	    "it is not our gateway that answers"),
	BAD("only a line end", OK CL("1") "\r\n\n", 200, 199, "not echo"),
	BAD("NULs", OK CL("2") "\r\n\0\0", 200, 199, "it says \"..\""),
	BAD("two lengths", OK CL("32, 31") "\r\n" NONCE, 200, 199,
	    "does not echo"),
	BAD("broken chunk", OK TE "\r\nzz\r\n" NONCE "\r\n0\r\n\r\n", 200, 199,
	    "does not echo"),
	BAD("portal", OK HTML "\r\n<html><title>Hotel Wi-Fi</title>Log in",
	    200, 172, "a web page or a redirect in place of the gateway; it "
	    "says \"Hotel Wi-Fi Log in\""),
	BAD("204", H11 "204 x\r\n\r\n", 204, 199, "does not echo"),
	BAD("201", H11 "201 x\r\n" CL("32") "\r\n" NONCE, 201, 199,
	    "does not echo"),
	/* the network's, in a browser's words */
	BAD("302", H11 "302 x\r\nLocation: http://portal/\r\n" CL("0") "\r\n",
	    302, 172, "a web page or a redirect"),
	BAD("399", H11 "399\r\n" CL("0") "\r\n", 399, 172, "a redirect"),
	BAD("511", H11 "511 x\r\n" CL("0") "\r\n", 511, 172, "a web page"),
	BAD("403 page", H11 "403 x\r\n" HTML CL("7") "\r\nBlocked", 403, 172,
	    "a web page or a redirect in place of the gateway; it says "
	    "\"Blocked\""),
	/* the gateway's, or of what stands before it, page or not */
	BAD("403", H11 "403 x\r\n" CL("0") "\r\n", 403, 199, "not echo"),
	BAD("404", H11 "404 x\r\n" CL("2") "\r\nno", 404, 199,
	    "there is no gateway of ours at this address; it says \"no\""),
	BAD("404 page", H11 "404 x\r\n" HTML CL("13") "\r\n<h1>Nope</h1>", 404,
	    199, "no gateway of ours at this address; it says \"Nope\""),
	BAD("429", H11 "429 x\r\n" CL("0") "\r\n", 429, 190, "no requests"),
	BAD("429 page", H11 "429 x\r\n" HTML CL("0") "\r\n", 429, 190,
	    "takes no requests just now"),
	BAD("502 page", H11 "502 Bad Gateway\r\n" HTML CL("45") "\r\n"
	    "<html><title>502 Bad Gateway</title>nginx\r\n\r\n", 502, 190,
	    "the gateway, or what stands before it, takes no requests just "
	    "now; it says \"502 Bad Gateway nginx\""),
	BAD("503", H11 "503 x\r\n" CL("0") "\r\n", 503, 190, "no requests"),
	BAD("cut page", H11 "500 x\r\n" CL("9") "\r\ncut", 500, 190,
	    "it says \"cut\""),
	BAD("no length", H11 "500 x\r\n" CL("x") "\r\ncut", 500, 190,
	    "no requests"),
	BAD("nine 1xx", I I I I I I I I I, 100, 199, "answered 100"),

	/* not HTTP, or not all of it */
	BAD("ssh", "SSH-2.0-x\r\n", 0, 199, "gw.example:8443 does not speak "
	    "HTTP: it answered \"SSH-2.0-x\""),
	BAD("http2", "\0\0\x12\4\0\0\0\0\0", 0, 199, "does not speak HTTP"),
	BAD("NUL in the head", OK "A: \0\r\n\r\n", 200, 199, "the answer of "
	    "gw.example:8443 to /alpacon/echo: "),
	GONE("silence", "", "gw.example:8443 closed the connection instead of "
	    "answering /alpacon/echo"),
	GONE("half a head", OK CL("32"), "gw.example:8443 closed the "
	    "connection in the middle of its answer to /alpacon/echo"),
	GONE("only 1xx", I, "closed the connection instead of answering"),
};

/* Each row alone, and a success with something behind it. */
static void
every_chunk(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++)
		for (size_t chunk = 1; chunk <= r->len + 1; chunk++) {
			struct talk t;
			enum al_hs got = talk(machine(), r->in, r->len, chunk,
			    &t);

			if (got != r->want || (chunk >= r->len &&
			    strstr(t.err.text, r->says) == NULL))
				fail_msg("row \"%s\" chunk %zu: %s", r->name,
				    chunk, t.err.text);
			assert_string_equal(t.sent, REQUEST);
			if (got == AL_HS_DONE)
				continue;
			assert_int_equal(t.err.code, r->code);
			assert_int_equal(t.err.stage, AL_AT_HTTP);
			assert_int_equal(t.err.status, r->status);
			assert_int_equal(t.err.cause, r->cause);
		}
}

/* A part of an answer is no answer, unless all of the nonce is there. */
static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++)
		for (size_t n = 0; n < r->len; n++)
			for (size_t chunk = 1; chunk <= n + 1; chunk += 7) {
				bool whole = r->want == AL_HS_DONE &&
				    n >= r->len - r->spare;
				struct talk t;
				enum al_hs got = talk(machine(), r->in, n,
				    chunk, &t);

				if (got != (whole ? AL_HS_DONE : AL_HS_FAIL))
					fail_msg("row \"%s\" cut at %zu: %s",
					    r->name, n, t.err.text);
				if (whole)
					continue;
				assert_true(t.err.text[0] != '\0');
				assert_int_equal(t.err.stage, AL_AT_HTTP);
				assert_true(t.err.cause >= 172);
			}
}

/* Nothing but a 200 is an echo. */
static void
every_status(void **state)
{
	(void)state;
	for (int status = 200; status <= 999; status++) {
		char in[128];
		size_t len = (size_t)snprintf(in, sizeof(in), "HTTP/1.1 %d x"
		    "\r\nContent-Length: 32\r\n\r\n" NONCE, status);
		struct talk t;
		enum al_hs got = talk(machine(), (uint8_t *)in, len, len, &t);

		assert_int_equal(got, status == 200 ? AL_HS_DONE :
		    AL_HS_FAIL);
		if (got == AL_HS_DONE)
			continue;
		assert_int_equal(t.err.status, status);
		assert_true(t.err.cause == 172 || t.err.cause == 190 ||
		    t.err.cause == 199);
	}
}

/* The nonce and more is none.  (Cut short it would be one: no row.) */
static void
longer(void **state)
{
	static const char in[] = OK CL("34") "\r\n" NONCE "\nx";
	struct talk t;

	(void)state;
	for (size_t chunk = 1; chunk < sizeof(in); chunk++)
		assert_int_equal(talk(machine(), B(in), chunk, &t),
		    AL_HS_FAIL);
}

/* What follows an echo of known length is not ours. */
static void
what_follows(void **state)
{
	static const char next[] = OK CL("33") "\r\n" NONCE "\nHTTP/1.1 ";
	size_t len = sizeof(next) - 1;
	struct talk t;

	(void)state;
	for (size_t chunk = 1; chunk <= len; chunk++) {
		assert_int_equal(talk(machine(), (const uint8_t *)next, len,
		    chunk, &t), AL_HS_DONE);
		assert_int_equal(t.left, strlen("HTTP/1.1 "));
		assert_false(t.saw_eof);
	}
}

/* A page without end is not waited for, whatever it begins with. */
static void
endless(void **state)
{
	static const char *const heads[] = {
		OK "\r\n", OK TE "\r\nfffff\r\n", OK CL("9999999") "\r\n",
		OK "\r\n" NONCE, H11 "500 x\r\n" HTML "\r\n",
	};
	static uint8_t in[100000];

	(void)state;
	for (size_t i = 0; i < N(heads); i++)
		for (size_t chunk = 1; chunk < 9000; chunk = chunk * 3 + 1) {
			struct talk t;

			memset(in, 'x', sizeof(in));
			memcpy(in, heads[i], strlen(heads[i]));
			assert_int_equal(talk(machine(), in, sizeof(in), chunk,
			    &t), AL_HS_FAIL);
			assert_false(t.saw_eof);
			assert_true(t.left > sizeof(in) / 2);
		}
}

/* Nor is a head. */
static void
endless_head(void **state)
{
	static uint8_t in[600000];
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)"X: 56789abcdef\r\n"[i % 16];
	memcpy(in, OK "A: ", strlen(OK "A: "));
	assert_int_equal(talk(machine(), in, sizeof(in), 10000, &t),
	    AL_HS_FAIL);
	assert_false(t.saw_eof);
	assert_int_equal(t.err.code, AL_EPROTO);
	assert_int_equal(t.err.cause, 199);
	assert_non_null(strstr(t.err.text, "to /alpacon/echo: "));
}

/* The answer to a request that was never sent is not taken. */
static void
bad_authority(void **state)
{
	struct al_machine m;
	struct al_err err;
	struct talk t;

	(void)state;
	assert_int_equal(al_echo_machine(&m, "h\r\nX: y", NONCE, &err), AL_OK);
	assert_int_equal(talk(m, B(OK CL("32") "\r\n" NONCE), 100, &t),
	    AL_HS_FAIL);
	assert_int_equal(t.err.code, AL_EUSAGE);
	assert_int_equal(t.sent_len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chunk),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(every_status),
		cmocka_unit_test(longer),
		cmocka_unit_test(what_follows),
		cmocka_unit_test(endless),
		cmocka_unit_test(endless_head),
		cmocka_unit_test(bad_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
