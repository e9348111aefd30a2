/* pac/eval.h - ask a PAC script, in a helper process. */
#ifndef AL_PAC_EVAL_H
#define AL_PAC_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "pac/wire.h"

struct al_loop;
struct al_resolver;

/* Different ones, of a load and of an evaluation each; more fail. */
#define AL_PAC_LOOKUPS_MAX	20

/* One question of the script about a name, or about our own addresses. */
struct al_pac_lookup {
	enum al_pac_what	 what;
	char			 name[AL_HOST_MAX + 1];	/* "" for our own  */
	struct al_addr		 addrs[AL_PAC_ADDRS_MAX];
	size_t			 n;			/* 0: it failed    */
};

/* Where a script is wrong. */
struct al_pac_fault {
	enum al_pac_stage stage;
	unsigned	 line, column;		/* from 1; 0: not known   */
	char		 message[AL_PAC_TEXT_MAX + 1];
	char		 text[AL_PAC_TEXT_MAX + 1];	/* the source there */
};

/* Everything in it lives until the callback returns. */
struct al_pac_answer {
	const char			*raw;	/* NULL: err says why */
	const struct al_pac_fault	*fault;	/* NULL: others' */
	const char			*engine;	/* "Duktape 2.7.0"; "":
							 * nothing is loaded */
	const struct al_pac_lookup	*lookups;
	size_t				 n_lookups;
	const char *const		*alerts;	/* cleaned */
	size_t				 n_alerts;
	unsigned			 elapsed_us;	/* without waiting for
							 * its turn */
};

/* err is NULL when there is an answer; stage pac, cause 111. */
typedef void al_on_pac(void *arg, const struct al_pac_answer *a,
    const struct al_err *err);

/* All borrowed until al_pac_new returns, except loop and resolver. */
struct al_pac_opts {
	struct al_resolver	*resolver;
	const char		*name;		/* for sentences: "the PAC file
						 * http://h/p.pac" */
	const char		*script;	/* UTF-8 (pac/charset.h)  */
	size_t			 len;
	int64_t			 clock_ms;	/* 0: the real time       */
	/* Absolute; NULL: the installed ones, or what ALPACON_PAC_HELPER and
	 * ALPACON_PAC_JSC_HELPER name. */
	const char		*helper, *jsc_helper;
	unsigned		 cpu_ms;	/* 0: 1,000 an evaluation */
	unsigned		 wall_ms;	/* 0: 5,000, DNS included */
	/* Instead of the resolver and of our own addresses (netcheck's --dns
	 * and --my-ip): fills l->addrs and l->n; false: ask the real ones.
	 * NULL: always the real ones. */
	bool			(*lookup)(void *arg, struct al_pac_lookup *l);
	void			*arg;
};

/*
 * One script and the helpers that run it: the first evaluation starts one, an
 * idle one is kept warm with the script loaded and its globals, a second is
 * started while the first is busy for long.  Queries wait for their turn, at
 * most AL_PAC_QUEUE_MAX.  A helper that breaks a limit is killed and the next
 * evaluation has a new one, as after an error.  Loading has the limits of an
 * evaluation for itself.  A script that Duktape cannot parse goes to the
 * JavaScriptCore helper, if there is one; of that, memory is watched, too.
 */
struct al_pac;
struct al_pac_query;

#define AL_PAC_QUEUE_MAX	4096

struct al_pac *al_pac_new(struct al_loop *loop, const struct al_pac_opts *o,
    struct al_err *err);
/* Kills the helpers; queries that wait get no callback and are gone. */
void al_pac_free(struct al_pac *p);	/* NULL is fine */

/*
 * url and host as pac/page.h makes them.  One call, always from the loop; it
 * may ask again and may free p.  NULL and *err when it cannot be asked.
 */
struct al_pac_query *al_pac_ask(struct al_pac *p, const char *url,
    const char *host, al_on_pac *on_pac, void *arg, struct al_err *err);
void al_pac_cancel(struct al_pac_query *q);	/* no callback */

#endif
