/* tests/unit/test_netcheck_report.c - what netcheck says, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/daemon/redact.h"
#include "tests/lib/netcheck_reports.h"

static const struct al_text_opts plain = { .width = 56 };
static const struct al_text_opts wide = { .width = 72 };

static void
says(const struct al_report *r, unsigned parts, const struct al_text_opts *o,
    const char *want)
{
	char *text = written(r, parts, o);

	assert_string_equal(text, want);
	free(text);
}

static const char usable_table[] =
"env.ca         |#             3 ms ok   140 certifica...\n"
"proxy.pac      |                   skip no PAC file i...\n"
"proxy.discover |#             1 ms ok   direct\n"
"dns.proxy      |                   skip no proxy is used\n"
"proxy.tcp      |                   skip no proxy is used\n"
"proxy.tls      |                   skip no proxy is used\n"
"dns.target     |##           30 ms ok   192.0.2.7\n"
"proxy.connect  |                   skip no proxy is used\n"
"tcp.target     | ##          26 ms ok\n"
"tls.handshake  |  ###        60 ms ok   TLSv1.3\n"
"tls.trust      |    #         1 ms ok   issued by CN=R3\n"
"http.reach     |    ###      59 ms ok   it echoes our...\n"
"ws.upgrade     |    ###      69 ms ok   101\n"
"tunnel.auth    |      #      10 ms ok   accepted\n"
"tunnel.ping    |      ###    60 ms ok   mean 9.50 ms\n";

static void
all_is_well(void **state)
{
	struct al_report r;

	(void)state;
	usable(&r);
	says(&r, TABLE, &plain, usable_table);
	says(&r, VERDICT, &plain, "\nSUMMARY reachable: 0 failed, 10 ok, 0 "
	    "warnings, 5\nskipped, 0.3 s\n");
}

static void
a_warning(void **state)
{
	struct al_report r;

	(void)state;
	with_warning(&r);
	says(&r, VERDICT, &wide,
"\nNC-160 (warning) TLS to acme.us1.alpacon.io is opened and inspected on\n"
"the way; the inspector's CA is trusted here.\n"
"  tls.trust: the certificate was made by Zscaler (CN=Zscaler Root)\n"
"  What to do: It works, but inspectors cut or delay long connections,\n"
"  and the agent's own WebSockets do not know this CA: have\n"
"  acme.us1.alpacon.io exempted.\n"
"\nFor the network team:\n"
"  Please exempt acme.us1.alpacon.io, port 443, from TLS inspection: it\n"
"  carries WebSocket connections that inspection breaks.\n"
"  Host acme.us1.alpacon.io, port 443, method TCP connect, TLS, no proxy;\n"
"  seen: NC-160 at tls.trust.\n"
"\nSUMMARY reachable: 0 failed, 6 ok, 1 warning, 8 skipped, 0.3 s; the\n"
"session was not checked: no token\n");
	assert_int_equal(al_report_exit(&r, AL_LENIENT), 0);
	assert_int_equal(al_report_exit(&r, AL_STRICT), 1);
}

static const char refused_table[] =
"env.ca         |#             3 ms ok   140 certifica...\n"
"proxy.pac      |                   skip no PAC file i...\n"
"proxy.discover |#             1 ms ok   http://proxy....\n"
"dns.proxy      |#            12 ms ok   10.1.2.3\n"
"proxy.tcp      |#             1 ms ok\n"
"proxy.tls      |                   skip not an https ...\n"
"dns.target     |                   skip the proxy res...\n"
"proxy.connect  |#########   12.3 s FAIL the proxy (sq...\n"
"tcp.target     |                   skip through the p...\n"
"tls.handshake  |                   skip needs proxy.c...\n"
"tls.trust      |                   skip needs tls.han...\n"
"http.reach     |                   skip needs tls.trust\n"
"ws.upgrade     |                   skip needs tls.trust\n"
"tunnel.auth    |                   skip needs ws.upgrade\n"
"tunnel.ping    |                   skip needs tunnel....\n";

static void
a_failure(void **state)
{
	struct al_report r;
	char *text;

	(void)state;
	refused(&r);
	says(&r, TABLE, &plain, refused_table);
	says(&r, VERDICT, &wide, "\nNC-141 The proxy denies this host.\n"
"  proxy.connect: the proxy (squid/5.7) answered 403: its policy denies\n"
"  CONNECT to acme.us1.alpacon.io:443\n"
"  What to do: Have acme.us1.alpacon.io put on its allow-list.\n"
"\nFor the network team:\n"
"  Please allow CONNECT to acme.us1.alpacon.io, port 443, through\n"
"  http://proxy.corp:3128, without a time limit and without TLS\n"
"  inspection (HTTPS, long-lived WebSocket connections).\n"
"  Host acme.us1.alpacon.io, port 443, method CONNECT through\n"
"  http://proxy.corp:3128; seen: NC-141 at proxy.connect\n"
"  acme.us1.alpacon.io:443.\n"
"\nSUMMARY not reachable: 1 failed, 4 ok, 0 warnings, 10 skipped, 12.3 s\n");
	/* with room for what was tried */
	text = written(&r, TABLE, &wide);
	assert_non_null(strstr(text, "\nproxy.connect  acme.us1.alpac... "
	    "|#########   12.3 s FAIL the proxy (...\n"));
	free(text);
	assert_int_equal(al_report_exit(&r, AL_LENIENT), 15);
}

static void
no_time(void **state)
{
	struct al_report r;
	char *text;

	(void)state;
	too_late(&r);
	text = written(&r, TEXT, &plain);
	assert_non_null(strstr(text, "\ndns.target     | ########  2500 ms "
	    "FAIL no answer wit...\n"));
	assert_non_null(strstr(text, "\ndns.proxy      |                   "
	    "skip no proxy is used\n"));
	assert_non_null(strstr(text, "\ntcp.target     |                   "
	    "skip needs dns.target\n"));
	assert_non_null(strstr(text, "\nNC-101 A name does not resolve.\n"
	    "  dns.target: no answer within 2.5 s\n"));
	assert_non_null(strstr(text, "\nSUMMARY not reachable: 1 failed, "));
	/* there is nobody to ask for it */
	assert_null(strstr(text, "network team"));
	free(text);
	assert_int_equal(al_report_exit(&r, AL_LENIENT), 11);
}

/* What has not been looked at is not reachable, nor has it failed. */
static void
incomplete(void **state)
{
	struct al_report r;

	(void)state;
	interrupted(&r);
	says(&r, VERDICT, &wide, "\nSUMMARY incomplete: 0 failed, 2 ok, 0 "
	    "warnings, 13 skipped, 3.0 s\n");
	assert_int_equal(al_report_exit(&r, AL_LENIENT), 130);
	/* the time is over between two checks */
	direct(&r);
	ran(&r, AL_CHECK_DNS_TARGET, r.host, "192.0.2.7", MS(4), MS(9));
	al_report_settle(&r, AL_OUTCOME_TIMEOUT, MS(3000));
	says(&r, VERDICT, &wide, "\nSUMMARY incomplete: 0 failed, 3 ok, 0 "
	    "warnings, 12 skipped, 3.0 s\n");
	assert_string_equal(r.results[AL_CHECK_TCP_TARGET].note,
	    "no time was left");
	assert_int_equal(al_report_exit(&r, AL_LENIENT), 16);
	/* all has been seen, only the goodbye takes too long */
	usable(&r);
	al_report_settle(&r, AL_OUTCOME_TIMEOUT, MS(3000));
	assert_string_equal(al_report_verdict(&r), "reachable");
	assert_int_equal(al_report_exit(&r, AL_STRICT), 0);
}

/* An alternative that was not needed is worth a warning, and asks nobody. */
static void
next_alternative(void **state)
{
	struct al_report r;
	struct al_err err;
	char *text;

	(void)state;
	usable(&r);
	(void)al_fail(&err, AL_ENET, AL_AT_TCP, 111, "refused");
	al_report_fail(&r, AL_CHECK_PROXY_TCP, AL_STATUS_FAIL, &err, MS(5));
	r.results[AL_CHECK_PROXY_TCP].fell_back = true;
	r.used = 1;
	for (enum al_check_id id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++)
		r.results[id].route = id == AL_CHECK_PROXY_TCP ? 0 : 1;
	al_report_settle(&r, AL_OUTCOME_DONE, MS(260));
	assert_int_equal(r.results[AL_CHECK_PROXY_TCP].status,
	    AL_STATUS_WARN);
	text = written(&r, VERDICT, &wide);
	assert_non_null(strstr(text, "\nNC-120 (warning) "));
	assert_non_null(strstr(text, "\nSUMMARY reachable: 0 failed, "));
	assert_null(strstr(text, "network team"));
	free(text);
}

/* The KDC is asked for the service of the proxy that wants the ticket. */
static void
unknown_service(void **state)
{
	static const struct {
		const char	*proxy, *spn, *want;
		unsigned	 hop;
	} w[] = {
		{ "http://proxy.corp:3128", NULL, "HTTP/proxy.corp", 0 },
		{ "https://proxy.corp", NULL, "HTTP/proxy.corp", 0 },
		{ "socks5://s.corp:1080", NULL, "rcmd/s.corp", 0 },
		{ "socks5h://s.corp:1080", NULL, "rcmd/s.corp", 0 },
		{ "socks5h://s.corp,https://p.corp:8443", NULL, "rcmd/s.corp",
		    0 },
		{ "socks5h://s.corp,https://p.corp:8443", NULL, "HTTP/p.corp",
		    1 },
		{ "socks5h://s.corp", "rcmd@x.corp", "rcmd/x.corp", 0 },
		{ "http://proxy.corp:3128", "HTTP@x", "HTTP/x", 0 },
		{ "direct", NULL, "of the proxy", 0 },
	};
	char want[80], *text;

	(void)state;
	for (size_t i = 0; i < N(w); i++) {
		struct al_report r;
		struct al_err err;

		begin(&r, w[i].proxy);
		r.spn = w[i].spn;
		r.results[AL_CHECK_PROXY_CONNECT].hop = w[i].hop;
		(void)al_fail_as(&err, AL_EAUTH, AL_AT_PROXY, 407, 134, "x");
		al_report_fail(&r, AL_CHECK_PROXY_CONNECT, AL_STATUS_FAIL,
		    &err, MS(5));
		text = written(&r, VERDICT, &wide);
		(void)snprintf(want, sizeof(want), "  The service %s is not "
		    "known to the KDC.", w[i].want);
		if (strstr(text, want) == NULL)
			fail_msg("no \"%s\" in %s", want, text);
		free(text);
	}
}

/* Root first, no cause twice, three at most. */
static void
causes_in_order(void **state)
{
	static const struct {
		enum al_check_id	id;
		enum al_status		status;
		int			cause;
	} w[] = {
		{ AL_CHECK_ENV_CA, AL_STATUS_WARN, 162 },
		{ AL_CHECK_DNS_PROXY, AL_STATUS_FAIL, 101 },
		{ AL_CHECK_DNS_TARGET, AL_STATUS_FAIL, 101 },
		{ AL_CHECK_TCP_TARGET, AL_STATUS_FAIL, 110 },
		{ AL_CHECK_TLS_TRUST, AL_STATUS_WARN, 160 },
	};
	enum al_check_id ids[AL_CAUSES_SHOWN];
	struct al_report r;
	struct al_err err;

	(void)state;
	usable(&r);
	assert_int_equal(al_report_causes(&r, ids), 0);
	for (size_t i = 0; i < N(w); i++) {
		(void)al_fail_as(&err, AL_ENET, AL_AT_NONE, 0, w[i].cause,
		    "x");
		al_report_fail(&r, w[i].id, w[i].status, &err, MS(5));
	}
	assert_int_equal(al_report_causes(&r, ids), 3);
	assert_int_equal(ids[0], AL_CHECK_DNS_PROXY);
	assert_int_equal(ids[1], AL_CHECK_TCP_TARGET);
	assert_int_equal(ids[2], AL_CHECK_ENV_CA);
}

/* --- looks ---------------------------------------------------------------- */
/* Take out "\033[...m". */
static void
strip_color(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++)
		if (p[0] == '\033' && p[1] == '[')
			p += strcspn(p, "m");
		else
			*to++ = *p;
	*to = '\0';
}

static void
color_when_asked(void **state)
{
	struct al_text_opts o = plain;

	(void)state;
	for (size_t i = 0; i < N(reports); i++) {
		struct al_report r;
		char *without, *with;

		reports[i](&r);
		o.color = false;
		without = written(&r, TEXT, &o);
		assert_null(strchr(without, '\033'));
		o.color = true;
		with = written(&r, TEXT, &o);
		assert_non_null(strstr(with, "\033[32mok"));
		assert_int_equal(strstr(with, "\033[1;31m") != NULL,
		    strcmp(al_report_verdict(&r), "reachable") != 0);
		strip_color(with);
		assert_string_equal(with, without);
		free(with);
		free(without);
	}
}

/* How many lines it has, each of printable ASCII and no wider than width. */
static size_t
check_lines(char *text, unsigned width)
{
	size_t n = 0, len;

	for (char *p = text; *p != '\0'; p += len + 1, n++) {
		len = strcspn(p, "\n");
		assert_int_equal(p[len], '\n');
		assert_true(len <= width);
		for (size_t i = 0; i < len; i++)
			assert_true(p[i] >= ' ' && p[i] <= '~');
	}
	free(text);
	return n;
}

/* Whatever it says, and whatever got into it unseen. */
static void
fits_the_width(void **state)
{
	struct al_text_opts o = { .width = 40 };

	(void)state;
	for (; o.width <= 200; o.width++)
		for (size_t i = 0; i < N(reports); i++) {
			struct al_report r;
			struct al_result *res;

			reports[i](&r);
			for (res = r.results; res < r.results + N(r.results);
			    res++) {
				(void)snprintf(res->note, sizeof(res->note),
				    "a\033[2J\r\n\x7f\xe2\x82\xac%0250d", 7);
				memcpy(res->err.text, res->note, 300);
				memcpy(res->what, res->note, 200);
			}
			assert_int_equal(check_lines(written(&r, TABLE, &o),
			    o.width), AL_CHECKS - 1);
			assert_true(check_lines(written(&r, VERDICT, &o),
			    o.width) > 1);
		}
}

static void
line_drawing(void **state)
{
	const struct al_text_opts o = { .width = 56, .utf8 = true };
	struct al_report r;
	char *text;

	(void)state;
	usable(&r);
	text = written(&r, TABLE, &o);
	assert_non_null(strstr(text, "\ntcp.target     \u258f \u2588\u2588"
	    "          26 ms ok\n"));
	free(text);
	/* while it runs: how far it has come, and no note of before */
	al_report_begin(&r, AL_CHECK_TUNNEL_PING, r.host, MS(200));
	text = written(&r, TABLE, &o);
	assert_non_null(strstr(text, "\ntunnel.ping    \u258f      \u2591\u2591"
	    "\u2591          ...\n"));
	free(text);
}

/* --- secrets -------------------------------------------------------------- */
#define SECRET	"canary.0Kq7-Zx3V_w9Lm2Pt5Rb8"

/* No five letters of it in a row are there. */
static void
check_secret(char *text, unsigned width, size_t at)
{
	char piece[6];

	for (size_t i = 0; i + 5 < sizeof(SECRET); i++) {
		(void)snprintf(piece, sizeof(piece), "%.5s", &SECRET[i]);
		if (strstr(text, piece) != NULL)
			fail_msg("\"%s\" at %zu, width %u:\n%s", piece, at,
			    width, text);
	}
	free(text);
}

/* What a peer says with a secret of ours in it, wherever a line is cut. */
static void
secrets_never(void **state)
{
	static const unsigned widths[] = { 40, 56, 72, 100, 200 };
	struct al_err err = { .code = AL_EREFUSED, .cause = 141 };

	(void)state;
	assert_int_equal(al_redact_add(SECRET, &err), AL_OK);
	for (size_t at = 0; at + sizeof(SECRET) < sizeof(err.text); at++) {
		struct al_report r;

		memset(err.text, 'x', at);
		for (size_t i = 9; i < at; i += 10)
			err.text[i] = ' ';
		(void)snprintf(err.text + at, sizeof(err.text) - at, "%s xx",
		    SECRET);
		refused(&r);
		al_report_begin(&r, AL_CHECK_PROXY_CONNECT, err.text, MS(1));
		al_report_fail(&r, AL_CHECK_PROXY_CONNECT, AL_STATUS_FAIL,
		    &err, MS(2));
		al_report_skip(&r, AL_CHECK_TUNNEL_PING, err.text);
		for (size_t i = 0; i < N(widths); i++) {
			const struct al_text_opts o = { .width = widths[i] };

			check_secret(written(&r, TEXT, &o), o.width, at);
		}
		check_secret(written(&r, JSON, &plain), 0, at);
	}
	al_redact_remove(SECRET);
}

/* Also those that only look like it. */
static void
secrets_by_their_look(void **state)
{
	static const char *const said[] = {
		"Proxy-Authorization: Basic " SECRET, "token=" SECRET,
		"see https://u:" SECRET "@h/", "id=\"1\", key=\"" SECRET "\"",
		"Set-Cookie: session=" SECRET, "{\"password\": \"" SECRET "\"}",
	};

	(void)state;
	for (size_t i = 0; i < N(said); i++)
		for (unsigned width = 40; width <= 200; width += 16) {
			const struct al_text_opts o = { .width = width };
			struct al_report r;
			struct al_err err;

			(void)al_fail(&err, AL_EREFUSED, AL_AT_PROXY, 0, "%s",
			    said[i]);
			refused(&r);
			(void)snprintf(r.url, sizeof(r.url),
			    "https://u:%s@h", SECRET);
			al_report_fail(&r, AL_CHECK_PROXY_CONNECT,
			    AL_STATUS_FAIL, &err, MS(2));
			check_secret(written(&r, TEXT | JSON, &o), width, i);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(a_warning),
		cmocka_unit_test(a_failure),
		cmocka_unit_test(no_time),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(next_alternative),
		cmocka_unit_test(unknown_service),
		cmocka_unit_test(causes_in_order),
		cmocka_unit_test(color_when_asked),
		cmocka_unit_test(fits_the_width),
		cmocka_unit_test(line_drawing),
		cmocka_unit_test(secrets_never),
		cmocka_unit_test(secrets_by_their_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
