/* connector/gsshelper/fail.c - one sentence and a class for what went wrong. */
#include "connector/gsshelper/fail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	krb5_error_code		code;
	enum al_gss_class	why;
} codes[] = {
	{ KRB5_FCC_NOFILE, AL_GSS_NO_CREDENTIALS },
	{ KRB5_CC_NOTFOUND, AL_GSS_NO_CREDENTIALS },
	{ KRB5_CC_NOMEM, AL_GSS_NO_CREDENTIALS },
	{ KRB5_CC_UNKNOWN_TYPE, AL_GSS_NO_CREDENTIALS },
	{ KRB5_KT_NOTFOUND, AL_GSS_NO_CREDENTIALS },
	{ ENOENT, AL_GSS_NO_CREDENTIALS },
	{ EACCES, AL_GSS_NO_CREDENTIALS },
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, AL_GSS_EXPIRED },
	{ KRB5_CC_END, AL_GSS_NO_CREDENTIALS },
	{ KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, AL_GSS_UNKNOWN_SERVER },
	{ KRB5_KDC_UNREACH, AL_GSS_KDC_UNREACHABLE },
	{ KRB5_REALM_CANT_RESOLVE, AL_GSS_KDC_UNREACHABLE },
	{ KRB5_REALM_UNKNOWN, AL_GSS_KDC_UNREACHABLE },
	{ KRB5KRB_AP_ERR_SKEW, AL_GSS_CLOCK_SKEW },
	{ KRB5_KDCREP_SKEW, AL_GSS_CLOCK_SKEW },
	{ KRB5KRB_AP_ERR_TKT_NYV, AL_GSS_CLOCK_SKEW },
	{ KRB5KDC_ERR_PREAUTH_FAILED, AL_GSS_WRONG_PASSWORD },
	{ KRB5KRB_AP_ERR_BAD_INTEGRITY, AL_GSS_WRONG_PASSWORD },
	{ KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, AL_GSS_WRONG_PASSWORD },
	{ KRB5KDC_ERR_CLIENT_REVOKED, AL_GSS_WRONG_PASSWORD },
	{ KRB5KDC_ERR_KEY_EXP, AL_GSS_WRONG_PASSWORD },
	{ KRB5KDC_ERR_NAME_EXP, AL_GSS_WRONG_PASSWORD },
};

static enum al_gss_class
class_of(krb5_error_code code)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].why;
	return AL_GSS_OTHER;
}

static enum al_gss_class
class_of_major(OM_uint32 major)
{
	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_NO_CRED:
		return AL_GSS_NO_CREDENTIALS;
	case GSS_S_CREDENTIALS_EXPIRED:
		return AL_GSS_EXPIRED;
	default:
		return AL_GSS_OTHER;
	}
}

bool
fail_text(struct failure *f, const char *text)
{
	f->why = AL_GSS_OTHER;
	(void)snprintf(f->text, sizeof(f->text), "%s", text);
	return false;
}

/* The first line that GSSAPI has for a status; false if it has none. */
static bool
status_text(char *out, size_t cap, OM_uint32 status, int type, gss_OID mech)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor, more = 0;
	bool ok;

	ok = gss_display_status(&minor, status, type, mech, &more, &text) ==
	    GSS_S_COMPLETE && text.length > 0;
	(void)snprintf(out, cap, "%.*s", ok ? (int)text.length : 0,
	    ok ? (const char *)text.value : "");
	(void)gss_release_buffer(&minor, &text);
	return ok;
}

bool
fail_gss(struct failure *f, const char *doing, OM_uint32 major,
    OM_uint32 minor, gss_OID mech)
{
	char text[220];

	/* the mechanism's own text says more, where there is one */
	if (minor == 0 || !status_text(text, sizeof(text), minor,
	    GSS_C_MECH_CODE, mech))
		(void)status_text(text, sizeof(text), major, GSS_C_GSS_CODE,
		    GSS_C_NO_OID);
	(void)snprintf(f->text, sizeof(f->text), "%.150s: %s", doing, text);
	f->why = class_of((krb5_error_code)minor);
	if (f->why == AL_GSS_OTHER)
		f->why = class_of_major(major);
	return false;
}

bool
fail_krb5(struct failure *f, const char *doing, krb5_context k,
    krb5_error_code code)
{
	const char *text = krb5_get_error_message(k, code);

	(void)snprintf(f->text, sizeof(f->text), "%s: %s", doing, text);
	krb5_free_error_message(k, text);
	f->why = class_of(code);
	return false;
}
