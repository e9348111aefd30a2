/* pac/choose.h - which proxies lead to a URL, and why these. */
#ifndef AL_PAC_CHOOSE_H
#define AL_PAC_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "proxy/route.h"

/* In the order in which they are asked; the first that is set wins. */
enum al_source {
	AL_SOURCE_COMMAND,
	AL_SOURCE_CONFIG,
	AL_SOURCE_PAC,		/* the PAC file of our settings */
	AL_SOURCE_ENVIRONMENT,
	AL_SOURCE_SYSTEM,	/* the desktop's settings */
	AL_SOURCE_WPAD,
	AL_SOURCE_DEFAULT,	/* direct */
	AL_SOURCES
};

const char *al_source_name(enum al_source source);	/* "environment" */

/*
 * What a source has said for this URL that has to be asked first: a program,
 * a server.  All zero: it was not asked.
 */
struct al_answer {
	const char *const	*values;	/* what al_route_add takes    */
	size_t			 n;
	const char		*why;		/* without values: why        */
	const char		*where;		/* the PAC file; NULL: none   */
	/* Anybody on the way may have written it: our logins are not for the
	 * proxies that it names. */
	bool			 untrusted;
};

/* Texts are borrowed until al_choose returns. */
struct al_choose_opts {
	/* --proxy and proxy = values: what al_route_add takes, or "none"
	 * alone.  No values: not set. */
	const char *const	*command;
	size_t			 n_command;
	const char *const	*config;
	size_t			 n_config;
	struct al_answer	 pac, system, wpad;
	/* Holds for every source; NULL: none.  The environment's no_proxy,
	 * and that loopback hosts need no proxy, hold for proxies from the
	 * environment, the system and WPAD only: who names a proxy or a PAC
	 * file for us by hand means it.  The system's own exceptions are in
	 * its answer. */
	const char		*no_proxy;
	/* getenv, or NULL: there is no environment. */
	const char		*(*get_env)(void *arg, const char *name);
	void			*arg;
	/* Where we listen ourselves: a proxy there is refused. */
	const struct al_addr	*listeners;
	size_t			 n_listeners;
};

/* What a source says: for people, so without user names and passwords. */
struct al_considered {
	enum al_source	 source;
	const char	*variable;	/* "https_proxy", or NULL        */
	char		*where;		/* the PAC file, or NULL         */
	char		*value;		/* "http://h:1; direct"; NULL: not set */
	char		*lost;		/* why; NULL: it won             */
};

struct al_choice {
	char			*url;		/* without user info    */
	enum al_source		 source;
	struct al_route		 route;		/* never empty          */
	bool			 untrusted;	/* of the source's answer */
	struct al_considered	 considered[AL_SOURCES];
	char			*no_proxy_match; /* the entry, or NULL  */
};

/*
 * Choose for url ("https://host[:port]/").  Fails with EUSAGE, stage config,
 * when the winner's setting is wrong or points at ourselves; then there is
 * nothing to free.  Passwords from files are the caller's business
 * (al_route_set_credentials).
 */
enum al_code al_choose(struct al_choice *c, const char *url,
    const struct al_choose_opts *opts, struct al_err *err) AL_MUST_CHECK;
void al_choice_fini(struct al_choice *c);

#endif
