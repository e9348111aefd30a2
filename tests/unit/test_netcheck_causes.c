/* tests/unit/test_netcheck_causes.c - the causes, and what leads to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/daemon/redact.h"
#include "connector/dial/judge.h"
#include "connector/netcheck/causes.h"
#include "connector/netcheck/report.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* The longest label that DNS has, in a name of usual length. */
#define HOST	"a-label-of-sixty-three-characters-" \
	"which-is-the-most-dns-takes-x.us1.alpacon.io"

static const struct al_cause_names names = {
	.host = HOST, .port = "65535", .proxy = "https://proxy.corp:8443",
	.service = "HTTP/proxy.corp",
};

/* --- the table ------------------------------------------------------------ */
static void
rows_are_whole(void **state)
{
	const struct al_cause *c, *before = NULL;
	size_t i;

	(void)state;
	for (i = 0; (c = al_cause_at(i)) != NULL; before = c, i++) {
		if (c->code < 101 || c->code > 199 || (before != NULL &&
		    c->code <= before->code))
			fail_msg("row %zu: NC-%d is out of order", i, c->code);
		if (al_cause_find(c->code) != c)
			fail_msg("NC-%d is not found", c->code);
		if (c->exit != 0 && c->exit != 14 && c->exit != 15 &&
		    c->exit != 19 && c->exit != 20)
			fail_msg("NC-%d: exit %d", c->code, c->exit);
		assert_true(c->confidence <= AL_GUESS);
	}
	assert_non_null(before);
	assert_int_equal(before->code, 199);
	assert_null(al_cause_at(i + 1000));
}

/* A whole sentence, of which nothing is cut, left open or taken for a secret
 * with the names of the day in it. */
static void
check_text(int code, const char *text)
{
	char out[400];
	size_t len = strlen(text);
	char *safe;

	if (len < 10 || text[len - 1] != '.' || strstr(text, "  ") != NULL)
		fail_msg("NC-%d: \"%s\" is no sentence", code, text);
	assert_ptr_equal(al_cause_expand(out, sizeof(out), text, &names), out);
	if (strlen(out) + 1 >= sizeof(out) || out[strlen(out) - 1] != '.')
		fail_msg("NC-%d: cut to \"%s\"", code, out);
	if (strpbrk(out, "{}") != NULL)
		fail_msg("NC-%d: an unknown name in \"%s\"", code, out);
	safe = al_redact_dup(out);
	assert_non_null(safe);
	if (strcmp(safe, out) != 0)
		fail_msg("NC-%d: redacted to \"%s\"", code, safe);
	free(safe);
}

static void
rows_have_sentences(void **state)
{
	const struct al_cause *c;
	size_t i;

	(void)state;
	for (i = 0; (c = al_cause_at(i)) != NULL; i++) {
		check_text(c->code, c->text);
		check_text(c->code, c->remedy);
		if (c->ask != NULL)
			check_text(c->code, c->ask);
	}
}

static void
not_in_the_table(void **state)
{
	static const int codes[] = { -1, 0, 1, 100, 105, 145, 198, 200, 407,
	    INT32_MAX, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < N(codes); i++)
		assert_int_equal(al_cause_find(codes[i])->code, 199);
}

static void
confidences(void **state)
{
	(void)state;
	assert_string_equal(al_confidence_name(AL_CERTAIN), "certain");
	assert_string_equal(al_confidence_name(AL_LIKELY), "likely");
	assert_string_equal(al_confidence_name(AL_GUESS), "guess");
}

/* --- from an error to its row --------------------------------------------- */
/* What the modules fail with, in which check it ends up, and what it is. */
static const struct row {
	enum al_check_id	id;
	enum al_code		code;
	enum al_stage		stage;
	int			cause;		/* 0: the error names none */
	int			want, exit;
} rows[] = {
	/* the check's own cause */
	{ AL_CHECK_ENV_CA, AL_EUSAGE, AL_AT_CONFIG, 0, 162, 10 },
	{ AL_CHECK_DISCOVER, AL_EUSAGE, AL_AT_CONFIG, 0, 115, 12 },
	{ AL_CHECK_DNS_PROXY, AL_ENAME, AL_AT_DNS, 0, 101, 11 },
	{ AL_CHECK_PROXY_TCP, AL_ENET, AL_AT_TCP, 0, 120, 13 },
	{ AL_CHECK_PROXY_TLS, AL_EPROTO, AL_AT_TLS, 0, 167, 13 },
	{ AL_CHECK_DNS_TARGET, AL_ENAME, AL_AT_DNS, 0, 101, 11 },
	{ AL_CHECK_PROXY_CONNECT, AL_ETIMEOUT, AL_AT_PROXY, 0, 120, 13 },
	{ AL_CHECK_TCP_TARGET, AL_ETIMEOUT, AL_AT_NONE, 0, 110, 16 },
	{ AL_CHECK_TLS_HANDSHAKE, AL_ETIMEOUT, AL_AT_TLS, 0, 199, 17 },
	{ AL_CHECK_TLS_TRUST, AL_EPROTO, AL_AT_TLS, 0, 161, 17 },
	{ AL_CHECK_HTTP_REACH, AL_ETIMEOUT, AL_AT_HTTP, 0, 199, 18 },
	{ AL_CHECK_WS_UPGRADE, AL_ETIMEOUT, AL_AT_HTTP, 0, 170, 18 },
	{ AL_CHECK_TUNNEL_AUTH, AL_ETIMEOUT, AL_AT_SESSION, 0, 190, 19 },
	{ AL_CHECK_TUNNEL_PING, AL_ETIMEOUT, AL_AT_SESSION, 0, 183, 20 },
	/* causes with an exit of their own: login, policy, the gateway's no */
	{ AL_CHECK_PROXY_CONNECT, AL_EAUTH, AL_AT_PROXY, 130, 130, 14 },
	{ AL_CHECK_PROXY_CONNECT, AL_EAUTH, AL_AT_PROXY, 131, 131, 14 },
	{ AL_CHECK_PROXY_CONNECT, AL_EAUTH, AL_AT_PROXY, 132, 132, 14 },
	{ AL_CHECK_PROXY_CONNECT, AL_EREFUSED, AL_AT_PROXY, 140, 140, 15 },
	{ AL_CHECK_PROXY_CONNECT, AL_EREFUSED, AL_AT_PROXY, 141, 141, 15 },
	{ AL_CHECK_PROXY_CONNECT, AL_EREFUSED, AL_AT_PROXY, 144, 144, 15 },
	{ AL_CHECK_TLS_HANDSHAKE, AL_EAUTH, AL_AT_TLS, 190, 190, 19 },
	{ AL_CHECK_WS_UPGRADE, AL_EREFUSED, AL_AT_HTTP, 190, 190, 19 },
	{ AL_CHECK_TUNNEL_AUTH, AL_EAUTH, AL_AT_SESSION, 190, 190, 19 },
	{ AL_CHECK_TUNNEL_PING, AL_ENET, AL_AT_TLS, 191, 191, 20 },
	/* the others: the check's exit */
	{ AL_CHECK_PROXY_CONNECT, AL_EPROTO, AL_AT_PROXY, 121, 121, 13 },
	{ AL_CHECK_PROXY_CONNECT, AL_EREFUSED, AL_AT_PROXY, 142, 142, 13 },
	{ AL_CHECK_PROXY_CONNECT, AL_ENET, AL_AT_PROXY, 143, 143, 13 },
	{ AL_CHECK_PROXY_CONNECT, AL_EREFUSED, AL_AT_PROXY, 150, 150, 13 },
	{ AL_CHECK_TLS_TRUST, AL_EPROTO, AL_AT_TLS, 162, 162, 17 },
	{ AL_CHECK_TLS_TRUST, AL_EPROTO, AL_AT_TLS, 163, 163, 17 },
	{ AL_CHECK_TLS_TRUST, AL_EPROTO, AL_AT_TLS, 164, 164, 17 },
	{ AL_CHECK_TLS_HANDSHAKE, AL_ENET, AL_AT_TLS, 165, 165, 17 },
	{ AL_CHECK_TLS_HANDSHAKE, AL_EPROTO, AL_AT_TLS, 166, 166, 17 },
	{ AL_CHECK_HTTP_REACH, AL_EPROTO, AL_AT_HTTP, 172, 172, 18 },
	{ AL_CHECK_WS_UPGRADE, AL_EPROTO, AL_AT_HTTP, 170, 170, 18 },
	/* a number that the table does not know keeps the check's exit */
	{ AL_CHECK_TCP_TARGET, AL_ENET, AL_AT_TCP, 105, 199, 16 },
};

static void
every_error_has_its_row(void **state)
{
	struct al_report r;
	struct al_err err;
	enum al_check_id ids[AL_CAUSES_SHOWN];

	(void)state;
	for (const struct row *w = rows; w < rows + N(rows); w++) {
		const struct al_err *got = &r.results[w->id].err;

		r = (struct al_report){ .port = 443 };
		(void)al_fail_as(&err, w->code, w->stage, 7, w->cause, "why");
		al_report_fail(&r, w->id, AL_STATUS_FAIL, &err, 1000);
		if (al_cause_find(got->cause)->code != w->want ||
		    al_report_exit(&r, AL_LENIENT) != w->exit)
			fail_msg("%s, cause %d: NC-%d, exit %d",
			    al_checks[w->id].id, w->cause,
			    al_cause_find(got->cause)->code,
			    al_report_exit(&r, AL_LENIENT));
		/* the raw values are kept */
		assert_int_equal(got->code, w->code);
		assert_int_equal(got->stage, w->stage);
		assert_int_equal(got->status, 7);
		if (w->cause != 0)
			assert_int_equal(got->cause, w->cause);
		assert_int_equal(al_report_causes(&r, ids), 1);
		assert_int_equal(ids[0], w->id);
	}
}

/* The same stage is another cause with a proxy than without. */
static void
where_it_failed(void **state)
{
	static struct al_hop hop = { .host = "p", .port = 1 };
	static const struct {
		size_t		hops;
		enum al_stage	stage;
		int		cause, want;
	} w[] = {
		{ 0, AL_AT_TCP, 0, 110 }, { 1, AL_AT_TCP, 0, 120 },
		{ 0, AL_AT_TCP, 104, 104 }, { 1, AL_AT_TCP, 143, 143 },
		{ 0, AL_AT_TLS, 0, 0 }, { 1, AL_AT_DNS, 0, 0 },
	};
	const struct al_plan_step step = { .host = "h", .port = 443 };

	(void)state;
	for (size_t i = 0; i < N(w); i++) {
		const struct al_chain chain = { &hop, w[i].hops };
		struct al_err err;

		(void)al_fail_as(&err, AL_ENET, w[i].stage, 0, w[i].cause,
		    "x");
		al_judge_locate(&err, &chain, &step);
		assert_int_equal(err.cause, w[i].want);
	}
}

/* --- the table of checks -------------------------------------------------- */
static void
checks_are_whole(void **state)
{
	enum al_check_id id, other;

	(void)state;
	for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++) {
		const struct al_check *c = &al_checks[id];

		assert_non_null(strchr(c->id, '.'));
		assert_true(strlen(c->id) <= 14);	/* the text's column */
		assert_true(c->title[0] != '\0');
		assert_in_range(c->exit, 10, 20);
		assert_int_equal(al_cause_find(c->cause)->code, c->cause);
		/* a need stands before what needs it, or settling misses it */
		for (size_t i = 0; i < AL_CHECK_NEEDS; i++)
			assert_true(c->needs[i] < id);
		for (other = AL_CHECK_NONE + 1; other < id; other++)
			assert_string_not_equal(c->id, al_checks[other].id);
	}
}

/* --- names in a text ------------------------------------------------------ */
static void
expand(void **state)
{
	static const struct al_cause_names n = { .host = "h{port}",
	    .port = "443", .proxy = "", .service = "rcmd/p" };
	static const struct {
		const char *text, *want;
	} w[] = {
		{ "", "" }, { "plain", "plain" },
		{ "{host}:{port}", "h{port}:443" },
		{ "a{proxy}b", "ab" }, { "{service}", "rcmd/p" },
		{ "{host", "{host" },
		{ "{hos}{", "{hos}{" }, { "{{port}}", "{443}" },
		{ "{HOST}", "{HOST}" },
	};

	(void)state;
	for (size_t i = 0; i < N(w); i++) {
		size_t whole = strlen(w[i].want);

		for (size_t cap = 1; cap <= whole + 2; cap++) {
			char room[32], want[32];
			struct guard g = guard_copy(memset(room, 'x', cap),
			    cap);

			(void)snprintf(want, cap, "%s", w[i].want);
			(void)al_cause_expand((char *)g.p, cap, w[i].text, &n);
			assert_string_equal(g.p, want);
			guard_free(&g);
		}
	}
}

/* --- who opens TLS -------------------------------------------------------- */
static void
inspectors(void **state)
{
	static const struct {
		const char *issuer, *want;
	} w[] = {
		{ "CN=Zscaler Intermediate Root CA,O=Zscaler Inc.", "Zscaler" },
		{ "CN=ca.acme.goskope.com", "Netskope" },
		{ "CN=FortiGate CA,O=Fortinet", "Fortinet" },
		{ "O=Squid Proxy,CN=squid.corp", "Squid" },
		{ "CN=mitmproxy,O=mitmproxy", "mitmproxy" },
		{ "CN=Gateway CA - Cloudflare Managed G1", "Cloudflare "
		    "Gateway" },
		{ "CN=AVAST Web/Mail Shield Root", "Avast" },
		{ "", NULL }, { "CN=R3,O=Let's Encrypt,C=US", NULL },
		{ "CN=WE1,O=Google Trust Services,C=US", NULL },
		{ "CN=Cloudflare Inc ECC CA-3,O=Cloudflare", NULL },
		{ "CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1", NULL },
		{ "CN=Amazon RSA 2048 M02,O=Amazon", NULL },
		{ "CN=Sectigo RSA Domain Validation Secure Server CA", NULL },
		{ "CN=GlobalSign GCC R3 DV TLS CA 2020", NULL },
		{ "CN=Symantec Class 3 Secure Server CA - G4", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(w); i++) {
		const char *got = al_inspector(w[i].issuer);

		if ((got == NULL) != (w[i].want == NULL) || (got != NULL &&
		    strcmp(got, w[i].want) != 0))
			fail_msg("%s: %s", w[i].issuer, got != NULL ? got :
			    "nobody");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(rows_have_sentences),
		cmocka_unit_test(not_in_the_table),
		cmocka_unit_test(confidences),
		cmocka_unit_test(every_error_has_its_row),
		cmocka_unit_test(where_it_failed),
		cmocka_unit_test(checks_are_whole),
		cmocka_unit_test(expand),
		cmocka_unit_test(inspectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
