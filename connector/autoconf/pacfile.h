/* connector/autoconf/pacfile.h - a PAC file, kept fresh, and asked. */
#ifndef AL_AUTOCONF_PACFILE_H
#define AL_AUTOCONF_PACFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "connector/autoconf/refresh.h"
#include "connector/base/err.h"
#include "pac/eval.h"
#include "pac/result.h"

struct al_loop;
struct al_resolver;
struct al_tls_ctx;
struct al_pacfile;

/* Something that the log should say. */
enum al_pacfile_event {
	AL_PACFILE_LOADED,	/* the first script, or one that differs     */
	AL_PACFILE_KEPT,	/* could not be read again; the last one that
				 * was good still serves: err                */
	AL_PACFILE_FAILED,	/* there is none: err                        */
	AL_PACFILE_ALERT,	/* text                                      */
	AL_PACFILE_WARNING	/* text, of a result                         */
};

struct al_pacfile_opts {
	const char		*url;	/* or a path; copied               */
	struct al_resolver	*resolver;
	struct al_tls_ctx	*tls;	/* outlives it                     */
	unsigned		 fetch_flags;	/* AL_FETCH_*              */
	const uint8_t		*sha256;	/* 32 bytes or NULL; copied */
	enum al_pac_socks	 socks;
	/* text names the file, or is what an alert or a warning says; err is
	 * NULL without a failure.  From the loop; frees nothing.  NULL: nobody
	 * listens. */
	void			(*on_event)(void *arg,
				    enum al_pacfile_event event,
				    const char *text,
				    const struct al_err *err);
	/* Instead of al_refresh_ms (tests). */
	uint64_t		(*wait_ms)(void *arg,
				    const struct al_refresh *r);
	void			*arg;
};

/*
 * Read for the first time when it is first asked, or prefetched; then again
 * as refresh.h says.
 *
 * A script that is new is tried before it takes the place of one that works:
 * it has to be text, to mention FindProxyForURL, to parse, and its top level
 * must not throw.  What it says about the trial's host, which no DNS server is
 * asked about, does not matter, and it may throw there: scripts that do
 * for names which do not resolve are many, and work.  A trial that fails
 * for another reason (no helper, a limit) is a failure to read only if there
 * is a script to keep.  Queries under way end on the script they began with.
 *
 * NULL and EUSAGE, stage pac: url names no file.
 */
struct al_pacfile *al_pacfile_new(struct al_loop *loop,
    const struct al_pacfile_opts *o, struct al_err *err);
void al_pacfile_free(struct al_pacfile *f);	/* no callbacks; NULL is fine */

/* Do not wait for the first question. */
void al_pacfile_prefetch(struct al_pacfile *f);

/* What f says about a URL; lives until the callback returns. */
struct al_pacfile_answer {
	const struct al_pac_result	*result;	/* NULL: err says why */
	const struct al_pac_answer	*script;
	bool				 trusted;	/* as in fetch.h */
};

/* err: stage pac.  a is NULL if there is no script to ask: ENAME, ENET and
 * ETIMEOUT then tell that the file cannot be reached. */
typedef void al_on_pacfile(void *arg, const struct al_pacfile_answer *a,
    const struct al_err *err);

struct al_pacfile_query;

/* One call, from the loop; it may free f.  Without a script it waits for a
 * read that is under way, and fails at once when reading has failed and the
 * next try is not due.  NULL and EUSAGE, stage config: not a URL. */
struct al_pacfile_query *al_pacfile_ask(struct al_pacfile *f, const char *url,
    al_on_pacfile *on_answer, void *arg, struct al_err *err);
void al_pacfile_cancel(struct al_pacfile_query *q);

/* The network is another one: read again in 2 s, if it was read at all. */
void al_pacfile_network_changed(struct al_pacfile *f);

#endif
