/* connector/helper/child.h - a helper process: one question, one answer. */
#ifndef AL_HELPER_CHILD_H
#define AL_HELPER_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "connector/base/err.h"

struct al_loop;

/*
 * A program of its own for what may block, crash or run foreign code.  It is
 * spoken to over a socket that is its standard input and output, in messages
 * either way:
 *
 *   +--------------------+------------------+
 *   | length, u32, big-  | length bytes     |
 *   | endian             |                  |
 *   +--------------------+------------------+
 *
 * It speaks only when it is asked, and once for each question.  What breaks
 * that (more, a length over the maximum, an end) fails the question and ends
 * the helper, as does a deadline; then only al_child_free is of use.  There
 * is no SIGCHLD handler: the program may have its own.
 */
struct al_child;

struct al_child_opts {
	const char		*name;	/* for sentences: "alpacon-gss-helper" */
	const char		*path;	/* absolute                            */
	const char *const	*argv;	/* NULL: the name; never a secret      */
	const char *const	*env;	/* as in spawn.h                       */
	size_t			 msg_max;	/* either way; 0 means 64 KiB  */
	enum al_stage		 stage;		/* of errors           */
};

/*
 * One call for each question, from the loop, unless the child is freed
 * before.  err is NULL when there is an answer; msg and err live until the
 * callback returns.  It may ask again and it may free the child.
 */
typedef void al_on_child(void *arg, const uint8_t *msg, size_t len,
    const struct al_err *err);

/* Copies name and msg_max; NULL and *err when it cannot be started. */
struct al_child *al_child_start(struct al_loop *loop,
    const struct al_child_opts *opts, struct al_err *err);

/*
 * Copies msg, which is wiped when it is sent.  Without an answer after
 * deadline_ms the helper is killed: AL_ETIMEOUT.  An error here (one question
 * is open, the message is too long, the helper has ended) makes no callback.
 */
enum al_code al_child_ask(struct al_child *c, const void *msg, size_t len,
    unsigned deadline_ms, al_on_child *on_child, void *arg,
    struct al_err *err) AL_MUST_CHECK;

/* For looking at what it uses; 0: it has ended. */
pid_t al_child_pid(const struct al_child *c);

/*
 * Kills it; no callback any more.  Costs no wait: what is left is reaped by
 * the loop, or by al_loop_free.
 */
void al_child_free(struct al_child *c);

#endif
