/* connector/autoconf/pacfile.h - a PAC file, kept fresh, and asked. */
#ifndef AL_AUTOCONF_PACFILE_H
#define AL_AUTOCONF_PACFILE_H

#include <stdbool.h>
#include <stdint.h>

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
	void			(*on_event)(void *arg,
				    enum al_pacfile_event event,
				    const char *text,
				    const struct al_err *err);
	void			*arg;
};

/* Read for the first time when it is first asked, or prefetched; then again
 * after 12 h (Cache-Control: sooner, at least 5 min), after a failure 8 s,
 * 32 s, 2 min, then every 4 h. */
struct al_pacfile *al_pacfile_new(struct al_loop *loop,
    const struct al_pacfile_opts *o, struct al_err *err);
void al_pacfile_free(struct al_pacfile *f);	/* no callbacks; NULL is fine */

/* What f says about a URL; lives until the callback returns. */
struct al_pacfile_answer {
	const struct al_pac_result	*result;
	const struct al_pac_answer	*script;
	bool				 trusted;	/* as in fetch.h */
};

/* err: stage pac.  ENAME, ENET, ETIMEOUT: the file cannot be reached. */
typedef void al_on_pacfile(void *arg, const struct al_pacfile_answer *a,
    const struct al_err *err);

struct al_pacfile_query;

/* One call, from the loop.  Waits for the file when it is being read for the
 * first time; fails at once when reading it has failed and the next try is
 * not due. */
struct al_pacfile_query *al_pacfile_ask(struct al_pacfile *f, const char *url,
    al_on_pacfile *on_answer, void *arg, struct al_err *err);
void al_pacfile_cancel(struct al_pacfile_query *q);

/* The network is another one: read again in 2 s. */
void al_pacfile_network_changed(struct al_pacfile *f);

#endif
