/* connector/netcheck/report_json.c - the report as one document. */
#include "connector/netcheck/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "connector/base/str.h"
#include "connector/daemon/redact.h"
#include "connector/netcheck/causes.h"

/* Cleaned and without secrets; "" and no memory become null. */
static json_t *
text(const char *s)
{
	char clean[1200], *safe;
	json_t *j;

	if (s == NULL || s[0] == '\0')
		return json_null();
	(void)al_str_clean(clean, sizeof(clean), s, strlen(s));
	safe = al_redact_dup(clean);
	j = safe != NULL ? json_string(safe) : NULL;
	free(safe);
	return j != NULL ? j : json_null();
}

static json_t *
ms(uint64_t us)
{
	return json_real((double)(us / 100) / 10);
}

static json_t *
path(const struct al_report *r)
{
	json_t *all = json_array(), *hops;
	const struct al_chain *c;
	size_t i, j;

	for (i = 0; r->route != NULL && i < r->route->n; i++) {
		c = &r->route->chains[i];
		hops = json_array();
		for (j = 0; j < c->n; j++)
			(void)json_array_append_new(hops, json_pack(
			    "{s:s,s:o,s:i}", "kind",
			    al_proxy_kind_name(c->hops[j].kind), "host",
			    text(c->hops[j].host), "port",
			    (int)c->hops[j].port));
		(void)json_array_append_new(all, json_pack("{s:b,s:o}",
		    "used", r->is_open && i == r->used, "hops", hops));
	}
	return all;
}

static json_t *
needs(enum al_check_id id)
{
	const enum al_check_id *need = al_checks[id].needs;
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < AL_CHECK_NEEDS && need[i] != AL_CHECK_NONE; i++)
		(void)json_array_append_new(all,
		    json_string(al_checks[need[i]].id));
	return all;
}

static json_t *
nc(int code)
{
	char buf[16];

	(void)snprintf(buf, sizeof(buf), "NC-%d", code);
	return json_string(buf);
}

/* What only a FAIL or a WARN has. */
static void
add_cause(json_t *check, const struct al_result *res,
    const struct al_cause_names *names)
{
	const struct al_cause *c = al_cause_find(res->err.cause);
	bool has = res->status == AL_STATUS_FAIL ||
	    res->status == AL_STATUS_WARN;
	char buf[1000];

	(void)json_object_set_new(check, "code", has ? nc(c->code) :
	    json_null());
	(void)json_object_set_new(check, "cause", has ?
	    text(al_cause_expand(buf, sizeof(buf), c->text, names)) :
	    json_null());
	(void)json_object_set_new(check, "remedy", has ?
	    text(al_cause_expand(buf, sizeof(buf), c->remedy, names)) :
	    json_null());
	(void)json_object_set_new(check, "confidence", has ?
	    json_string(al_confidence_name(res->is_certain ? AL_CERTAIN :
	    c->confidence)) : json_null());
	(void)json_object_set_new(check, "evidence", text(res->note));
	(void)json_object_set_new(check, "raw", has ?
	    json_pack("{s:s,s:s,s:i,s:i,s:i}", "stage",
	    al_stage_name(res->err.stage), "error",
	    al_code_name(res->err.code), "errno", res->err.sys, "status",
	    res->err.status, "cause", res->err.cause) : json_null());
}

static json_t *
checks(const struct al_report *r, const struct al_cause_names *names)
{
	json_t *all = json_array(), *check;
	const struct al_result *res;
	enum al_check_id id;
	bool ran;

	for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++) {
		res = &r->results[id];
		ran = res->end_us > 0 && res->status != AL_STATUS_SKIP;
		check = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "id",
		    al_checks[id].id, "title", al_checks[id].title, "status",
		    al_status_name(res->status), "target", text(res->what),
		    "start_ms", ran ? ms(res->start_us) : json_null(),
		    "duration_ms", ran ? ms(res->end_us - res->start_us) :
		    json_null(), "depends_on", needs(id));
		if (check == NULL)
			break;
		add_cause(check, res, names);
		(void)json_array_append_new(all, check);
	}
	return all;
}

static json_t *
result(const struct al_report *r, enum al_strictness strict)
{
	enum al_check_id ids[AL_CAUSES_SHOWN];
	size_t n = al_report_causes(r, ids), i;
	json_t *codes = json_array();

	for (i = 0; i < n; i++)
		(void)json_array_append_new(codes,
		    nc(al_cause_find(r->results[ids[i]].err.cause)->code));
	return json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:o}", "verdict",
	    al_report_verdict(r), "exit", al_report_exit(r, strict),
	    "failed", (int)al_report_count(r, AL_STATUS_FAIL), "passed",
	    (int)(al_report_count(r, AL_STATUS_PASS) +
	    al_report_count(r, AL_STATUS_INFO)), "warnings",
	    (int)al_report_count(r, AL_STATUS_WARN), "skipped",
	    (int)al_report_count(r, AL_STATUS_SKIP), "causes", codes);
}

bool
al_report_json(FILE *out, const struct al_report *r,
    enum al_strictness strict)
{
	char started[32];
	struct al_names_room room;
	struct al_cause_names names;
	time_t t = (time_t)r->started;
	struct tm tm;
	json_t *all;
	int failed;

	al_report_names(r, &names, &room);
	if (gmtime_r(&t, &tm) == NULL || strftime(started, sizeof(started),
	    "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		started[0] = '\0';
	all = json_pack("{s:s,s:s,s:s,s:o,s:{s:s,s:s},s:{s:o,s:o,s:i},s:o,"
	    "s:o,s:o,s:o,s:b}", "schema", "alpacon.netcheck/1", "run_id",
	    r->run_id, "started", started, "duration_ms", ms(r->now_us),
	    "tool", "name", "alpacon-netcheck", "version", AL_VERSION,
	    "target", "url", text(r->url), "host", text(r->host), "port",
	    (int)r->port, "host", text(r->machine), "path", path(r), "checks",
	    checks(r, &names), "result", result(r, strict), "redacted", 1);
	if (all == NULL)
		return false;
	failed = json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	json_decref(all);
	return failed == 0 && fputc('\n', out) != EOF;
}
