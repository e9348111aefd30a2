/* tests/unit/test_netcheck_json.c - netcheck's JSON, field for field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/lib/netcheck_reports.h"

static json_t *
document(const struct al_report *r)
{
	char *text = written(r, JSON, NULL);
	size_t len = strlen(text);
	json_error_t err;
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, &err);

	if (doc == NULL)
		fail_msg("line %d: %s", err.line, err.text);
	/* one document and a newline */
	assert_true(len > 1 && text[len - 1] == '\n' && text[len - 2] == '}');
	free(text);
	return doc;
}

/* "checks.7.raw.status"; NULL: no such thing. */
static const json_t *
at(const json_t *j, const char *path)
{
	char name[32];
	size_t len;

	for (; j != NULL && *path != '\0'; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
		j = json_is_array(j) ? json_array_get(j,
		    strtoul(name, NULL, 10)) : json_object_get(j, name);
	}
	return j;
}

struct field {
	const char	*path, *want;	/* as JSON */
};

static void
check_fields(const json_t *doc, const struct field *f, size_t n)
{
	for (; n > 0; f++, n--) {
		json_t *want = json_loads(f->want, JSON_DECODE_ANY, NULL);
		const json_t *got = at(doc, f->path);

		assert_non_null(want);
		if (got == NULL || !json_equal(got, want)) {
			char *text = json_dumps(got, JSON_ENCODE_ANY);

			fail_msg("%s: %s", f->path, text != NULL ? text :
			    "not there");
		}
		json_decref(want);
	}
}

/* Names in order: nothing that the schema does not know. */
static void
check_names(const json_t *object, const char *want)
{
	char names[200] = "";
	size_t len = 0;
	void *it;

	assert_true(json_is_object(object));
	it = json_object_iter((json_t *)(uintptr_t)object);
	for (; it != NULL; it = json_object_iter_next(
	    (json_t *)(uintptr_t)object, it))
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", len > 0 ? " " : "", json_object_iter_key(it));
	assert_string_equal(names, want);
}

/* --- a failure ------------------------------------------------------------ */
static void
a_failure(void **state)
{
	static const struct field fields[] = {
		{ "schema", "\"alpacon.netcheck/1\"" },
		{ "run_id", "\"0123456789abcdef\"" },
		{ "started", "\"2023-11-14T22:13:20Z\"" },
		{ "duration_ms", "12345.0" },
		{ "tool", "{\"name\": \"alpacon-netcheck\", \"version\": \""
		    AL_VERSION "\"}" },
		{ "target", "{\"url\": \"https://acme.us1.alpacon.io\", "
		    "\"host\": \"acme.us1.alpacon.io\", \"port\": 443}" },
		{ "host", "\"db1, Linux 6.1.0 x86_64\"" },
		{ "path", "[{\"used\": false, \"hops\": [{\"kind\": \"http\", "
		    "\"host\": \"proxy.corp\", \"port\": 3128}]}]" },
		{ "redacted", "true" },
		{ "result", "{\"verdict\": \"not reachable\", \"exit\": 15, "
		    "\"failed\": 1, \"passed\": 4, \"warnings\": 0, "
		    "\"skipped\": 10, \"causes\": [\"NC-141\"]}" },
		/* passed, with nothing to say */
		{ "checks.4.id", "\"proxy.tcp\"" },
		{ "checks.4.title", "\"connection to the proxy\"" },
		{ "checks.4.status", "\"pass\"" },
		{ "checks.4.target", "\"10.1.2.3:3128\"" },
		{ "checks.4.start_ms", "16.0" },
		{ "checks.4.duration_ms", "1.0" },
		{ "checks.4.depends_on", "[\"proxy.discover\", "
		    "\"dns.proxy\"]" },
		{ "checks.4.code", "null" }, { "checks.4.cause", "null" },
		{ "checks.4.remedy", "null" },
		{ "checks.4.confidence", "null" },
		{ "checks.4.evidence", "null" }, { "checks.4.raw", "null" },
		/* failed */
		{ "checks.7.id", "\"proxy.connect\"" },
		{ "checks.7.title", "\"way through the proxy\"" },
		{ "checks.7.status", "\"fail\"" },
		{ "checks.7.target", "\"acme.us1.alpacon.io:443\"" },
		{ "checks.7.start_ms", "17.0" },
		{ "checks.7.duration_ms", "12328.0" },
		{ "checks.7.depends_on", "[\"proxy.tcp\", \"proxy.tls\", "
		    "\"dns.target\"]" },
		{ "checks.7.code", "\"NC-141\"" },
		{ "checks.7.cause", "\"The proxy denies this host.\"" },
		{ "checks.7.remedy", "\"Have acme.us1.alpacon.io put on its "
		    "allow-list.\"" },
		{ "checks.7.confidence", "\"likely\"" },
		{ "checks.7.evidence", "\"the proxy (squid/5.7) answered 403: "
		    "its policy denies CONNECT to acme.us1.alpacon.io:443\"" },
		{ "checks.7.raw", "{\"stage\": \"proxy\", \"error\": "
		    "\"refused\", \"errno\": 0, \"status\": 403, "
		    "\"cause\": 141}" },
		/* skipped */
		{ "checks.9.id", "\"tls.handshake\"" },
		{ "checks.9.status", "\"skip\"" },
		{ "checks.9.target", "null" },
		{ "checks.9.start_ms", "null" },
		{ "checks.9.duration_ms", "null" },
		{ "checks.9.code", "null" },
		{ "checks.9.evidence", "\"needs proxy.connect\"" },
		{ "checks.9.raw", "null" },
	};
	struct al_report r;
	json_t *doc;

	(void)state;
	refused(&r);
	doc = document(&r);
	check_fields(doc, fields, N(fields));
	json_decref(doc);
}

/* --- a success, a warning ------------------------------------------------- */
static void
a_success(void **state)
{
	static const struct field fields[] = {
		{ "path", "[{\"used\": true, \"hops\": []}]" },
		{ "result", "{\"verdict\": \"reachable\", \"exit\": 0, "
		    "\"failed\": 0, \"passed\": 10, \"warnings\": 0, "
		    "\"skipped\": 5, \"causes\": []}" },
		{ "checks.0.start_ms", "0.1" },
		{ "checks.0.duration_ms", "2.9" },
		{ "checks.6.duration_ms", "29.7" },
		{ "checks.14.status", "\"pass\"" },
	};
	struct al_report r;
	json_t *doc;

	(void)state;
	usable(&r);
	doc = document(&r);
	check_fields(doc, fields, N(fields));
	assert_int_equal(json_array_size(at(doc, "checks")), AL_CHECKS - 1);
	json_decref(doc);
}

static void
a_warning(void **state)
{
	static const struct field fields[] = {
		{ "checks.10.status", "\"warn\"" },
		{ "checks.10.code", "\"NC-160\"" },
		{ "checks.10.confidence", "\"likely\"" },
		{ "checks.10.raw", "{\"stage\": \"tls\", \"error\": \"ok\", "
		    "\"errno\": 0, \"status\": 0, \"cause\": 160}" },
		{ "result", "{\"verdict\": \"reachable\", \"exit\": 0, "
		    "\"failed\": 0, \"passed\": 6, \"warnings\": 1, "
		    "\"skipped\": 8, \"causes\": [\"NC-160\"]}" },
	};
	struct al_report r;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *doc;

	(void)state;
	assert_non_null(out);
	with_warning(&r);
	doc = document(&r);
	check_fields(doc, fields, N(fields));
	json_decref(doc);
	assert_true(al_report_json(out, &r, AL_STRICT));
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\"exit\": 1,"));
	free(text);
}

/* A cause that the table does not know keeps its number among the raw. */
static void
an_unknown_cause(void **state)
{
	static const struct field fields[] = {
		{ "checks.7.code", "\"NC-199\"" },
		{ "checks.7.cause", "\"No known cause.\"" },
		{ "checks.7.confidence", "\"guess\"" },
		{ "checks.7.raw", "{\"stage\": \"none\", \"error\": "
		    "\"network\", \"errno\": 0, \"status\": 7, "
		    "\"cause\": 145}" },
		{ "result.exit", "13" }, { "result.causes", "[\"NC-199\"]" },
	};
	struct al_report r;
	struct al_err err;
	json_t *doc;

	(void)state;
	refused(&r);
	(void)al_fail_as(&err, AL_ENET, AL_AT_NONE, 7, 145, "x");
	al_report_fail(&r, AL_CHECK_PROXY_CONNECT, AL_STATUS_FAIL, &err,
	    MS(12345));
	doc = document(&r);
	check_fields(doc, fields, N(fields));
	json_decref(doc);
}

/* --- all of them ---------------------------------------------------------- */
static void
names(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(reports); i++) {
		struct al_report r;
		json_t *doc;

		reports[i](&r);
		doc = document(&r);
		check_names(doc, "schema run_id started duration_ms tool "
		    "target host path checks result redacted");
		check_names(at(doc, "tool"), "name version");
		check_names(at(doc, "target"), "url host port");
		check_names(at(doc, "path.0"), "used hops");
		check_names(at(doc, "result"), "verdict exit failed passed "
		    "warnings skipped causes");
		for (size_t c = 0; c < AL_CHECKS - 1; c++)
			check_names(json_array_get(at(doc, "checks"), c),
			    "id title status target start_ms duration_ms "
			    "depends_on code cause remedy confidence evidence "
			    "raw");
		json_decref(doc);
	}
}

/* What is not known is null, not left out. */
static void
nothing_known(void **state)
{
	static const struct field fields[] = {
		{ "target.url", "null" }, { "host", "null" },
		{ "path", "[]" }, { "duration_ms", "0.0" },
		{ "started", "\"1970-01-01T00:00:00Z\"" },
	};
	struct al_report r = { .route = NULL };
	json_t *doc;

	(void)state;
	al_report_settle(&r, AL_OUTCOME_DONE, 0);
	doc = document(&r);
	check_fields(doc, fields, N(fields));
	json_decref(doc);
}

/* --- texts and numbers ---------------------------------------------------- */
/* What a peer sends can't break the document, nor a terminal. */
static void
hostile(void **state)
{
	static const struct field fields[] = {
		{ "checks.14.evidence", "\"a\\\"b\\\\c.[31m.. d..\"" },
	};
	struct al_report r;
	json_t *doc;

	(void)state;
	usable(&r);
	al_report_skip(&r, AL_CHECK_TUNNEL_PING,
	    "a\"b\\c\033[31m\x7f\1\r\nd\xff\xc3");
	doc = document(&r);
	check_fields(doc, fields, N(fields));
	json_decref(doc);
}

/* 29.7, and not 29.699999999999999: all tenths, and some of long runs. */
static void
plain_numbers(void **state)
{
	static const uint64_t more[] = { 999999, 1000000, 9999999, 10000049,
	    123456789, 3600000000, 86399999999, 604800000100 };
	struct al_report r;

	(void)state;
	usable(&r);
	for (uint64_t i = 0; i < 1200 + N(more); i++) {
		uint64_t us = i < 1200 ? i * 77 : more[i - 1200];
		char want[64], *text;

		r.now_us = us;
		(void)snprintf(want, sizeof(want), "\"duration_ms\": %llu."
		    "%llu,\n  \"tool\"", (unsigned long long)us / 1000,
		    (unsigned long long)us / 100 % 10);
		text = written(&r, JSON, NULL);
		if (strstr(text, want) == NULL)
			fail_msg("not %s", want);
		free(text);
	}
}

static void
cannot_be_written(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct al_report r;

	(void)state;
	assert_non_null(full);
	(void)setvbuf(full, NULL, _IONBF, 0);
	usable(&r);
	assert_false(al_report_json(full, &r, AL_LENIENT));
	(void)fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure),
		cmocka_unit_test(a_success),
		cmocka_unit_test(a_warning),
		cmocka_unit_test(an_unknown_cause),
		cmocka_unit_test(names),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(hostile),
		cmocka_unit_test(plain_numbers),
		cmocka_unit_test(cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
