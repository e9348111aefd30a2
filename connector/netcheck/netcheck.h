/* connector/netcheck/netcheck.h - what the files of alpacon-netcheck share. */
#ifndef AL_NETCHECK_NETCHECK_H
#define AL_NETCHECK_NETCHECK_H

#include <stdbool.h>

#include "connector/daemon/conf.h"
#include "connector/daemon/secret.h"
#include "connector/netcheck/report.h"
#include "connector/session/workspace.h"

#define PROGRAM		"alpacon-netcheck"
#define NETCHECK_ROUNDS	5	/* of tunnel.ping */

struct contrast;
struct event_base;
struct al_loop;
struct al_resolver;
struct live;

struct netcheck {
	const struct al_conf	*conf;
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_workspace	*workspace;
	struct al_choice	 choice;	/* of the way to it */
	struct al_secret	 authorization;	/* NULL text: none           */
	const char		*ws_path;	/* "/ws/tunnel/"             */
	unsigned		 step_ms;	/* the most for one step     */
	struct al_report	 report;
	struct live		*live;		/* NULL: no terminal         */

	/* the session that is tried (session.c) */
	struct al_client	*client;
	unsigned		 pongs;
	uint64_t		 rtt_us[NETCHECK_ROUNDS];
	bool			 session_over;
	/* the gateway's echo (reach.c) */
	struct al_dial		*dial;
	char			 nonce[33];
	bool			 reach_begun, reach_over;
	/* what else the proxy lets through (contrast.c); NULL: not asked */
	struct contrast		*contrast;
};

/* Microseconds since the report began. */
uint64_t netcheck_now(const struct netcheck *n);
/* Something has been written into the report. */
void netcheck_changed(struct netcheck *n);
/* A part is over: end the loop when it was the last. */
void netcheck_part_over(struct netcheck *n);

/* env.c: env.ca, then the workspace, proxy.pac and proxy.discover.  A failure that a
 * check is about is in the report, and workspace NULL; else err. */
enum al_code netcheck_env(struct netcheck *n, struct al_err *err)
    AL_MUST_CHECK;

/* trace.c: the dialer's steps become checks.  Checks that the route has no
 * use for are skipped in advance. */
void netcheck_plan(struct netcheck *n);
void netcheck_trace(struct netcheck *n, const struct al_step *s);
/* The attempt has failed; blames a check if no step has. */
void netcheck_failed(struct netcheck *n, const struct al_err *err);

/* reach.c: http.reach.  NETCHECK_TRACED: its steps are the report's. */
enum netcheck_traced { NETCHECK_QUIET, NETCHECK_TRACED };
void netcheck_reach(struct netcheck *n, enum netcheck_traced traced);
void netcheck_reach_free(struct netcheck *n);

/*
 * contrast.c: when a proxy has refused by its policy, ask it a few things more
 * to tell what that is about.  False: there is nothing (left) to ask; else
 * netcheck_part_over follows.
 */
bool netcheck_contrast(struct netcheck *n);
/* Time is over: make what there is of the answers.  False: none is awaited. */
bool netcheck_contrast_stop(struct netcheck *n);
void netcheck_contrast_free(struct netcheck *n);

/* session.c: the connect path with its session, as a probe. */
enum al_code netcheck_session(struct netcheck *n, struct al_err *err)
    AL_MUST_CHECK;
void netcheck_session_free(struct netcheck *n);

#endif
