/* connector/netcheck/report.h - the checks, and what came of them. */
#ifndef AL_NETCHECK_REPORT_H
#define AL_NETCHECK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/netcheck/causes.h"
#include "proxy/route.h"

/* In the order of the path: what fails first is the root. */
enum al_check_id {
	AL_CHECK_NONE,
	AL_CHECK_ENV_CA,
	AL_CHECK_PAC,
	AL_CHECK_DISCOVER,
	AL_CHECK_DNS_PROXY,
	AL_CHECK_PROXY_TCP,
	AL_CHECK_PROXY_TLS,
	AL_CHECK_DNS_TARGET,
	AL_CHECK_PROXY_CONNECT,
	AL_CHECK_TCP_TARGET,
	AL_CHECK_TLS_HANDSHAKE,
	AL_CHECK_TLS_TRUST,
	AL_CHECK_HTTP_REACH,
	AL_CHECK_WS_UPGRADE,
	AL_CHECK_TUNNEL_AUTH,
	AL_CHECK_TUNNEL_PING,
	AL_CHECKS
};

#define AL_CHECK_NEEDS	3

struct al_check {
	const char		*id;		/* "proxy.connect"           */
	const char		*title;
	enum al_check_id	 needs[AL_CHECK_NEEDS];	/* NONE ends them    */
	int			 exit;		/* when it is the first to fail */
	int			 cause;		/* when the error names none */
};

extern const struct al_check al_checks[AL_CHECKS];	/* [NONE] is empty */

enum al_status {
	AL_STATUS_WAITING,
	AL_STATUS_RUNNING,
	AL_STATUS_PASS,
	AL_STATUS_INFO,
	AL_STATUS_WARN,
	AL_STATUS_FAIL,
	AL_STATUS_SKIP
};

const char *al_status_name(enum al_status s);	/* "pass", as in JSON */

struct al_result {
	enum al_status	 status;
	uint64_t	 start_us, end_us;	/* since the report began    */
	char		 what[AL_HOST_MAX + 10];
	char		 note[400];		/* evidence; why skipped     */
	struct al_err	 err;			/* of WARN and FAIL          */
	bool		 is_certain;		/* its cause, whatever the
						 * table of causes says      */
	unsigned	 route;			/* the alternative it is of  */
	unsigned	 hop;			/* and the proxy of that     */
	unsigned	 open;			/* steps under way           */
	bool		 is_blocked;		/* SKIP: something failed    */
	bool		 fell_back;		/* an alternative has failed */
	char		 first_failed[AL_HOST_MAX + 10];	/* its what  */
};

enum al_outcome {
	AL_OUTCOME_UNDER_WAY,
	AL_OUTCOME_DONE,
	AL_OUTCOME_TIMEOUT,
	AL_OUTCOME_INTERRUPTED
};

struct al_report {
	char			 run_id[17];
	int64_t			 started;	/* seconds since 1970        */
	uint64_t		 start_us;	/* al_now_us then            */
	uint64_t		 now_us;	/* since; set when written   */
	char			 url[AL_HOST_MAX + 64];
	char			 host[AL_HOST_MAX + 1];
	uint16_t		 port;
	char			 machine[80];	/* "db1, Linux 6.1.0 x86_64" */
	const struct al_route	*route;		/* NULL: not known           */
	const char		*spn;		/* of all proxies; NULL: each
						 * has its own               */
	unsigned		 used;		/* the alternative tried last */
	bool			 is_open;	/* the path to the host is up */
	enum al_outcome		 outcome;
	struct al_result	 results[AL_CHECKS];
};

/* --- what happens ---------------------------------------------------------- */
/* now_us counts from the report's begin.  Texts lose their secrets, are
 * cleaned and cut. */
void al_report_begin(struct al_report *r, enum al_check_id id,
    const char *what, uint64_t now_us);
void al_report_end(struct al_report *r, enum al_check_id id,
    enum al_status status, const char *note, uint64_t now_us);
/* A FAIL or WARN; a cause of 0 becomes the check's own. */
void al_report_fail(struct al_report *r, enum al_check_id id,
    enum al_status status, const struct al_err *err, uint64_t now_us);
void al_report_skip(struct al_report *r, enum al_check_id id,
    const char *why);
/*
 * The run is over: what waits or runs is skipped with the reason, or has
 * failed for want of time; failures of alternatives that were not needed
 * become warnings.
 */
void al_report_settle(struct al_report *r, enum al_outcome outcome,
    uint64_t now_us);

/* --- what it comes to ------------------------------------------------------ */
unsigned al_report_count(const struct al_report *r, enum al_status s);
/* The codes of NETCHECK.md 3; strict: 1 for warnings. */
enum al_strictness { AL_LENIENT, AL_STRICT };
int al_report_exit(const struct al_report *r, enum al_strictness strict);
/* "reachable", "not reachable", "incomplete" */
const char *al_report_verdict(const struct al_report *r);
/* Checks with a cause, root first, no cause twice; returns how many. */
#define AL_CAUSES_SHOWN	3
size_t al_report_causes(const struct al_report *r,
    enum al_check_id ids[static AL_CAUSES_SHOWN]);
/* For the texts of the causes; names points into r and into room. */
struct al_names_room {
	char	port[8];
	char	proxy[AL_CHAIN_TEXT];	/* of the alternative tried last,
					 * "http://proxy.corp:3128"      */
	char	service[AL_HOST_MAX + 8];	/* "HTTP/proxy.corp"     */
};
void al_report_names(const struct al_report *r, struct al_cause_names *names,
    struct al_names_room *room);

/* --- writers (report_text.c, report_json.c) --------------------------------
 * They clean every text; what they write is redacted once more. */
struct al_text_opts {
	unsigned	width;		/* 40 to 200 */
	bool		utf8, color;
};

/* The lines of all checks, as they stand now: AL_CHECKS - 1 of them. */
void al_report_table(FILE *out, const struct al_report *r,
    const struct al_text_opts *o);
/* Causes, what to do, what to ask for, SUMMARY. */
void al_report_verdict_text(FILE *out, const struct al_report *r,
    const struct al_text_opts *o);
/* One document and a newline.  Strings pass al_redact_dup on the way.  false:
 * no memory, or out could not be written. */
bool al_report_json(FILE *out, const struct al_report *r,
    enum al_strictness strict);

#endif
