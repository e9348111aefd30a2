/* connector/gsshelper/fail.h - one sentence and a class for what went wrong. */
#ifndef AL_GSSHELPER_FAIL_H
#define AL_GSSHELPER_FAIL_H

#include <gssapi/gssapi.h>
#include <krb5/krb5.h>

#include "connector/helper/gss.h"

struct failure {
	enum al_gss_class	why;
	char			text[380];
};

/* All return false, so that a function can end with them. */
bool fail_text(struct failure *f, const char *text);
bool fail_gss(struct failure *f, const char *doing, OM_uint32 major,
    OM_uint32 minor, gss_OID mech);
bool fail_krb5(struct failure *f, const char *doing, krb5_context k,
    krb5_error_code code);

#endif
