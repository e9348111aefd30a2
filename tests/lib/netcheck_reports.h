/* tests/lib/netcheck_reports.h - reports of netcheck, and what is written. */
#ifndef AL_TEST_NETCHECK_REPORTS_H
#define AL_TEST_NETCHECK_REPORTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/netcheck/report.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define MS(n)	((uint64_t)(n) * 1000)

static struct al_route route;	/* of the last report that was begun */

static inline void
begin(struct al_report *r, const char *proxy)
{
	struct al_err err;

	*r = (struct al_report){ .run_id = "0123456789abcdef",
	    .started = 1700000000, .port = 443, .route = &route,
	    .url = "https://acme.us1.alpacon.io",
	    .host = "acme.us1.alpacon.io",
	    .machine = "db1, Linux 6.1.0 x86_64" };
	al_route_fini(&route);
	al_route_init(&route);
	assert_int_equal(al_route_add(&route, proxy, &err), AL_OK);
}

static inline void
ran(struct al_report *r, enum al_check_id id, const char *what,
    const char *note, uint64_t from_us, uint64_t to_us)
{
	al_report_begin(r, id, what, from_us);
	al_report_end(r, id, AL_STATUS_PASS, note, to_us);
}

static inline void
first_steps(struct al_report *r, const char *choice)
{
	ran(r, AL_CHECK_ENV_CA, "", "140 certificates in ca.crt", 100, MS(3));
	al_report_skip(r, AL_CHECK_PAC, "no PAC file is set");
	ran(r, AL_CHECK_DISCOVER, "", choice, MS(3), MS(4));
}

/* Directly, up to the question for the host's address. */
static inline void
direct(struct al_report *r)
{
	begin(r, "direct");
	first_steps(r, "direct");
	al_report_skip(r, AL_CHECK_DNS_PROXY, "no proxy is used");
	al_report_skip(r, AL_CHECK_PROXY_TCP, "no proxy is used");
	al_report_skip(r, AL_CHECK_PROXY_TLS, "no proxy is used");
	al_report_skip(r, AL_CHECK_PROXY_CONNECT, "no proxy is used");
}

static inline void
usable(struct al_report *r)
{
	direct(r);
	ran(r, AL_CHECK_DNS_TARGET, r->host, "192.0.2.7", MS(4), MS(33) + 700);
	ran(r, AL_CHECK_TCP_TARGET, "192.0.2.7:443", "", MS(34), MS(60));
	ran(r, AL_CHECK_TLS_HANDSHAKE, r->host, "TLSv1.3", MS(60), MS(120));
	ran(r, AL_CHECK_TLS_TRUST, "", "issued by CN=R3", MS(120), MS(121));
	ran(r, AL_CHECK_HTTP_REACH, "/alpacon/echo", "it echoes our nonce",
	    MS(121), MS(180));
	ran(r, AL_CHECK_WS_UPGRADE, r->host, "101", MS(121), MS(190));
	ran(r, AL_CHECK_TUNNEL_AUTH, r->host, "accepted", MS(190), MS(200));
	ran(r, AL_CHECK_TUNNEL_PING, r->host, "mean 9.50 ms", MS(200),
	    MS(260));
	r->is_open = true;
	al_report_settle(r, AL_OUTCOME_DONE, MS(260));
}

/* TLS is inspected, and there is no token. */
static inline void
with_warning(struct al_report *r)
{
	struct al_err err;

	usable(r);
	(void)al_fail_as(&err, AL_OK, AL_AT_TLS, 0, 160,
	    "the certificate was made by Zscaler (CN=Zscaler Root)");
	al_report_fail(r, AL_CHECK_TLS_TRUST, AL_STATUS_WARN, &err, MS(121));
	for (enum al_check_id id = AL_CHECK_WS_UPGRADE; id < AL_CHECKS; id++) {
		r->results[id] = (struct al_result){ .start_us = 0 };
		al_report_skip(r, id, "needs a token: --token-file");
	}
}

/* The proxy says no. */
static inline void
refused(struct al_report *r)
{
	struct al_err err;

	begin(r, "http://u:canary@proxy.corp:3128");
	first_steps(r, "http://proxy.corp:3128 (environment: https_proxy)");
	al_report_skip(r, AL_CHECK_PROXY_TLS, "not an https proxy");
	al_report_skip(r, AL_CHECK_DNS_TARGET, "the proxy resolves it");
	al_report_skip(r, AL_CHECK_TCP_TARGET, "through the proxy");
	ran(r, AL_CHECK_DNS_PROXY, "proxy.corp", "10.1.2.3", MS(4), MS(16));
	ran(r, AL_CHECK_PROXY_TCP, "10.1.2.3:3128", "", MS(16), MS(17));
	al_report_begin(r, AL_CHECK_PROXY_CONNECT, "acme.us1.alpacon.io:443",
	    MS(17));
	(void)al_fail_as(&err, AL_EREFUSED, AL_AT_PROXY, 403, 141,
	    "the proxy (squid/5.7) answered 403: its policy denies CONNECT "
	    "to acme.us1.alpacon.io:443");
	al_report_fail(r, AL_CHECK_PROXY_CONNECT, AL_STATUS_FAIL, &err,
	    MS(12345));
	al_report_settle(r, AL_OUTCOME_DONE, MS(12345));
}

/* Neither the name nor anything else in time. */
static inline void
too_late(struct al_report *r)
{
	direct(r);
	al_report_begin(r, AL_CHECK_DNS_TARGET, r->host, MS(500));
	al_report_settle(r, AL_OUTCOME_TIMEOUT, MS(3000));
}

static inline void
interrupted(struct al_report *r)
{
	direct(r);
	al_report_begin(r, AL_CHECK_DNS_TARGET, r->host, MS(500));
	al_report_settle(r, AL_OUTCOME_INTERRUPTED, MS(3000));
}

/* --- the writers ---------------------------------------------------------- */
enum part { TABLE = 1, VERDICT = 2, JSON = 4, TEXT = TABLE | VERDICT };

/* Free it. */
static inline char *
written(const struct al_report *r, unsigned parts,
    const struct al_text_opts *o)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (parts & TABLE)
		al_report_table(out, r, o);
	if (parts & VERDICT)
		al_report_verdict_text(out, r, o);
	if (parts & JSON)
		assert_true(al_report_json(out, r, AL_LENIENT));
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Every kind of report, for what holds for all of them. */
static void (*const reports[])(struct al_report *) = {
	usable, with_warning, refused, too_late, interrupted,
};

#endif
