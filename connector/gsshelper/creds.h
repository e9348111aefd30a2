/* connector/gsshelper/creds.h - tickets got with a keytab or a password. */
#ifndef AL_GSSHELPER_CREDS_H
#define AL_GSSHELPER_CREDS_H

#include "connector/gsshelper/fail.h"
#include "connector/gsshelper/request.h"

/*
 * A cache in memory: no file ever holds these tickets.  name is what GSSAPI
 * finds it by.  Zeroed at first.
 */
struct creds {
	krb5_context	 k;
	krb5_ccache	 cache;
	char		*name;
};

/* Ask the KDC with r's keytab or password. */
bool creds_get(struct creds *c, const struct request *r, struct failure *f);
void creds_fini(struct creds *c);

#endif
