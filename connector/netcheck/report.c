/* connector/netcheck/report.c - what came of the checks, and what it comes to. */
#include "connector/netcheck/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/daemon/redact.h"

#define EXIT_INTERRUPTED	130

const char *
al_status_name(enum al_status s)
{
	static const char *const names[] = {
		[AL_STATUS_WAITING] = "waiting", [AL_STATUS_RUNNING] =
		"running", [AL_STATUS_PASS] = "pass", [AL_STATUS_INFO] =
		"info", [AL_STATUS_WARN] = "warn", [AL_STATUS_FAIL] = "fail",
		[AL_STATUS_SKIP] = "skip",
	};

	return names[s];
}

/* A secret that the writers have cut or broken is not recognised any more:
 * it goes before. */
static void
put(char *out, size_t cap, const char *text)
{
	char *safe = text != NULL ? al_redact_dup(text) : NULL;

	out[0] = '\0';		/* no memory: rather nothing than too much */
	if (safe != NULL)
		(void)al_str_clean(out, cap, safe, strlen(safe));
	free(safe);
}

/* --- what happens --------------------------------------------------------- */
void
al_report_begin(struct al_report *r, enum al_check_id id, const char *what,
    uint64_t now_us)
{
	struct al_result *res = &r->results[id];

	if (res->status == AL_STATUS_WAITING || res->status == AL_STATUS_SKIP)
		res->start_us = now_us;
	res->status = AL_STATUS_RUNNING;
	res->end_us = 0;
	put(res->what, sizeof(res->what), what);
}

void
al_report_end(struct al_report *r, enum al_check_id id,
    enum al_status status, const char *note, uint64_t now_us)
{
	struct al_result *res = &r->results[id];

	if (res->status == AL_STATUS_WAITING || res->status == AL_STATUS_SKIP)
		res->start_us = now_us;
	res->status = status;
	res->end_us = now_us;
	put(res->note, sizeof(res->note), note);
}

void
al_report_fail(struct al_report *r, enum al_check_id id,
    enum al_status status, const struct al_err *err, uint64_t now_us)
{
	struct al_result *res = &r->results[id];

	al_report_end(r, id, status, err->text, now_us);
	res->err = *err;
	put(res->err.text, sizeof(res->err.text), err->text);
	if (res->err.cause == 0)
		res->err.cause = al_checks[id].cause;
}

void
al_report_skip(struct al_report *r, enum al_check_id id, const char *why)
{
	struct al_result *res = &r->results[id];

	res->status = AL_STATUS_SKIP;
	put(res->note, sizeof(res->note), why);
}

/* --- the end -------------------------------------------------------------- */
/* The first thing that id needs and that has failed or was kept from being. */
static enum al_check_id
blocker(const struct al_report *r, enum al_check_id id)
{
	const enum al_check_id *need = al_checks[id].needs;
	size_t i;

	for (i = 0; i < AL_CHECK_NEEDS && need[i] != AL_CHECK_NONE; i++)
		if (r->results[need[i]].status == AL_STATUS_FAIL ||
		    r->results[need[i]].is_blocked)
			return need[i];
	return AL_CHECK_NONE;
}

static void
out_of_time(struct al_report *r, enum al_check_id id, uint64_t now_us)
{
	struct al_result *res = &r->results[id];
	struct al_err err;

	/* one of several addresses has said why already */
	if (res->err.code == AL_OK)
		(void)al_fail(&err, AL_ETIMEOUT, AL_AT_NONE, 0,
		    "no answer within %.1f s",
		    (double)(now_us - res->start_us) / 1e6);
	else
		err = res->err;
	al_report_fail(r, id, AL_STATUS_FAIL, &err, now_us);
}

static void
settle_one(struct al_report *r, enum al_check_id id, uint64_t now_us)
{
	struct al_result *res = &r->results[id];
	enum al_check_id need;
	char why[64];

	if (res->status == AL_STATUS_FAIL && r->is_open &&
	    res->route != r->used)
		res->status = AL_STATUS_WARN;
	if (res->status == AL_STATUS_RUNNING &&
	    r->outcome == AL_OUTCOME_INTERRUPTED) {
		al_report_end(r, id, AL_STATUS_SKIP, "interrupted", now_us);
		res->is_blocked = true;
	} else if (res->status == AL_STATUS_RUNNING) {
		out_of_time(r, id, now_us);
	}
	if (res->status != AL_STATUS_WAITING)
		return;
	need = blocker(r, id);
	if (need != AL_CHECK_NONE) {
		(void)snprintf(why, sizeof(why), "needs %s",
		    al_checks[need].id);
		al_report_skip(r, id, why);
		res->is_blocked = true;
	} else if (r->outcome == AL_OUTCOME_DONE) {
		al_report_skip(r, id, "not on the way that was taken");
	} else {
		al_report_skip(r, id, r->outcome == AL_OUTCOME_TIMEOUT ?
		    "no time was left" : "interrupted");
		res->is_blocked = true;
	}
}

void
al_report_settle(struct al_report *r, enum al_outcome outcome,
    uint64_t now_us)
{
	enum al_check_id id;

	r->outcome = outcome;
	r->now_us = now_us;
	for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++)
		settle_one(r, id, now_us);
}

/* --- what it comes to ----------------------------------------------------- */
unsigned
al_report_count(const struct al_report *r, enum al_status s)
{
	enum al_check_id id;
	unsigned n = 0;

	for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++)
		n += r->results[id].status == s;
	return n;
}

static enum al_check_id
first(const struct al_report *r, enum al_status s)
{
	enum al_check_id id = AL_CHECK_NONE + 1;

	while (id < AL_CHECKS && r->results[id].status != s)
		id++;
	return id;
}

/* Without a failure only the want of time blocks a check. */
static enum al_check_id
first_blocked(const struct al_report *r)
{
	enum al_check_id id = AL_CHECK_NONE + 1;

	while (id < AL_CHECKS && !r->results[id].is_blocked)
		id++;
	return id;
}

int
al_report_exit(const struct al_report *r, enum al_strictness strict)
{
	enum al_check_id id = first(r, AL_STATUS_FAIL);
	enum al_check_id blocked = first_blocked(r);
	const struct al_cause *c;

	if (r->outcome == AL_OUTCOME_INTERRUPTED)
		return EXIT_INTERRUPTED;
	if (id == AL_CHECKS && blocked != AL_CHECKS)
		return al_checks[blocked].exit;
	if (id == AL_CHECKS)
		return strict == AL_STRICT &&
		    al_report_count(r, AL_STATUS_WARN) > 0;
	c = al_cause_find(r->results[id].err.cause);
	return c->exit != 0 ? c->exit : al_checks[id].exit;
}

const char *
al_report_verdict(const struct al_report *r)
{
	if (r->outcome == AL_OUTCOME_INTERRUPTED)
		return "incomplete";
	if (al_report_count(r, AL_STATUS_FAIL) > 0)
		return "not reachable";
	return first_blocked(r) != AL_CHECKS ? "incomplete" : "reachable";
}

size_t
al_report_causes(const struct al_report *r,
    enum al_check_id ids[static AL_CAUSES_SHOWN])
{
	static const enum al_status order[] = { AL_STATUS_FAIL,
	    AL_STATUS_WARN };
	enum al_check_id id;
	size_t n = 0, i, j;

	for (i = 0; i < 2; i++)
		for (id = AL_CHECK_NONE + 1; id < AL_CHECKS &&
		    n < AL_CAUSES_SHOWN; id++) {
			if (r->results[id].status != order[i])
				continue;
			for (j = 0; j < n && r->results[ids[j]].err.cause !=
			    r->results[id].err.cause; j++)
				;
			if (j == n)
				ids[n++] = id;
		}
	return n;
}

/* As KDCs write it, of the proxy that was asked for the way last. */
static void
service(const struct al_report *r, char *buf, size_t cap)
{
	const struct al_result *res = &r->results[AL_CHECK_PROXY_CONNECT];
	const struct al_chain *c = r->route != NULL &&
	    res->route < r->route->n ? &r->route->chains[res->route] : NULL;
	const struct al_hop *hop = c != NULL && res->hop < c->n ?
	    &c->hops[res->hop] : NULL;

	if (r->spn != NULL)
		(void)snprintf(buf, cap, "%s", r->spn);
	else if (hop != NULL)
		(void)snprintf(buf, cap, "%s@%s", hop->kind <= AL_PROXY_HTTPS ?
		    "HTTP" : "rcmd", hop->host);
	else
		(void)snprintf(buf, cap, "of the proxy");
	if (strchr(buf, '@') != NULL)
		*strchr(buf, '@') = '/';
}

void
al_report_names(const struct al_report *r, struct al_cause_names *names,
    struct al_names_room *room)
{
	const struct al_chain *c = r->route != NULL && r->used < r->route->n ?
	    &r->route->chains[r->used] : NULL;

	(void)snprintf(room->port, sizeof(room->port), "%u",
	    (unsigned)r->port);
	if (c == NULL || c->n == 0 || al_chain_format(c, room->proxy,
	    sizeof(room->proxy)) != AL_OK)
		(void)snprintf(room->proxy, sizeof(room->proxy), "the proxy");
	service(r, room->service, sizeof(room->service));
	*names = (struct al_cause_names){ .host = r->host,
	    .port = room->port, .proxy = room->proxy,
	    .service = room->service };
}
