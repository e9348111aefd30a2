/* connector/autoconf/get.h - one GET of a small file (a machine). */
#ifndef AL_AUTOCONF_GET_H
#define AL_AUTOCONF_GET_H

#include <stdint.h>

#include "connector/base/buf.h"
#include "connector/base/err.h"
#include "connector/base/hs.h"

/* What was answered: a file (status 200), or where it is. */
struct al_get {
	int		 status;
	struct al_buf	 body;		/* at most AL_FETCH_MAX              */
	char		*content_type;	/* NULL: none                        */
	char		*location;	/* of a redirect; NULL: it is none   */
	uint32_t	 max_age_s;	/* as in fetch.h                     */
};

void al_get_init(struct al_get *g);
void al_get_fini(struct al_get *g);

/*
 * Asks authority ("host:8080") for target ("/p.pac?x") and fills g, which has
 * been initialised and outlives the machine.  DONE: a whole file, or a
 * redirect.  FAIL (stage pac, cause 111, not saying whose answer it is): no
 * HTTP, another status, more than AL_FETCH_MAX bytes, compressed, cut short.
 */
enum al_code al_get_machine(struct al_machine *out, struct al_get *g,
    const char *authority, const char *target, struct al_err *err)
    AL_MUST_CHECK;

#endif
