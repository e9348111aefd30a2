/* connector/gsshelper/context.c - one security context of an initiator. */
#include "connector/gsshelper/context.h"

#include <string.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

/* 1.3.6.1.5.5.2, RFC 4178; MIT exports no name for it */
static char spnego_bytes[] = "\x2b\x06\x01\x05\x05\x02";
static gss_OID_desc spnego = { 6, spnego_bytes };

static bool
import(gss_name_t *name, const char *text, gss_OID type, const char *doing,
    struct failure *f)
{
	char copy[AL_GSS_TEXT_MAX + 1];
	gss_buffer_desc b = { strlen(text), copy };
	OM_uint32 major, minor;

	(void)memcpy(copy, text, b.length + 1);
	major = gss_import_name(&minor, &b, type, name);
	return !GSS_ERROR(major) || fail_gss(f, doing, major, minor,
	    GSS_C_NO_OID);
}

/* A slash makes it a principal, as in klist. */
static bool
import_target(struct context *c, const char *target, struct failure *f)
{
	return import(&c->target, target, strchr(target, '/') != NULL ?
	    GSS_KRB5_NT_PRINCIPAL_NAME : GSS_C_NT_HOSTBASED_SERVICE,
	    "the service name", f);
}

/* Credentials for one mechanism, from r's cache or the one in memory. */
static bool
acquire(struct context *c, const struct request *r, gss_OID mech,
    struct failure *f)
{
	gss_key_value_element_desc element = { "ccache", c->creds.name };
	gss_key_value_set_desc store = { 1, &element };
	gss_OID_set_desc mechs = { 1, mech };
	gss_name_t who = GSS_C_NO_NAME;
	OM_uint32 major, minor, ignored;

	if (r->source == AL_GSS_CCACHE)
		element.value = r->ccache;
	if (c->creds.name == NULL && r->principal[0] != '\0' &&
	    !import(&who, r->principal, GSS_KRB5_NT_PRINCIPAL_NAME,
	    "the principal", f))
		return false;
	major = gss_acquire_cred_from(&minor, who, GSS_C_INDEFINITE, &mechs,
	    GSS_C_INITIATE, element.value != NULL ? &store : NULL, &c->cred,
	    NULL, NULL);
	(void)gss_release_name(&ignored, &who);
	return !GSS_ERROR(major) || fail_gss(f, r->source == AL_GSS_CCACHE ?
	    r->ccache : "Kerberos credentials", major, minor, mech);
}

/*
 * SPNEGO hides the codes of Kerberos, and of missing credentials it says
 * that it "cannot find mechanisms to negotiate".  So Kerberos gets the
 * ticket, which the cache keeps, and says what is wrong with it.
 */
static bool
get_ticket(struct context *c, const char *target, struct failure *f)
{
	gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
	gss_ctx_id_t ctx = GSS_C_NO_CONTEXT;
	OM_uint32 major, minor, ignored;

	major = gss_init_sec_context(&minor, c->cred, &ctx, c->target,
	    gss_mech_krb5, 0, GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS,
	    GSS_C_NO_BUFFER, NULL, &token, NULL, NULL);
	(void)gss_release_buffer(&ignored, &token);
	(void)gss_delete_sec_context(&ignored, &ctx, GSS_C_NO_BUFFER);
	return !GSS_ERROR(major) || fail_gss(f, target, major, minor,
	    gss_mech_krb5);
}

/*
 * Default SPNEGO would offer every mechanism that is installed, NTLM with a
 * stored password among them.
 */
static bool
only_kerberos(struct context *c, struct failure *f)
{
	gss_OID_set_desc krb5 = { 1, gss_mech_krb5 };
	OM_uint32 major, minor;

	major = gss_set_neg_mechs(&minor, c->cred, &krb5);
	return !GSS_ERROR(major) || fail_gss(f, "SPNEGO with Kerberos only",
	    major, minor, c->mech);
}

static bool
get_creds(struct context *c, const struct request *r, struct failure *f)
{
	OM_uint32 minor;

	if ((r->source == AL_GSS_KEYTAB || r->source == AL_GSS_PASSWORD) &&
	    !creds_get(&c->creds, r, f))
		return false;
	if (!acquire(c, r, gss_mech_krb5, f))
		return false;
	if (c->mech != &spnego)
		return true;
	if (!get_ticket(c, r->target, f))
		return false;
	(void)gss_release_cred(&minor, &c->cred);
	return acquire(c, r, &spnego, f) && only_kerberos(c, f);
}

/*
 * RFC 1961 3.2 wants MUTUAL, REPLAY, SEQUENCE and DELEG; a delegated ticket
 * would let a proxy act for the user anywhere, and servers do without.
 */
static bool
init(struct context *c, const char *doing, gss_buffer_t token,
    gss_buffer_t out, struct failure *f)
{
	struct gss_channel_bindings_struct bindings = {
		.application_data = { c->bindings_len, c->bindings },
	};
	OM_uint32 want = GSS_C_MUTUAL_FLAG, major, minor;

	if (c->mech != &spnego)
		want |= GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
		    GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
	major = gss_init_sec_context(&minor, c->cred, &c->ctx, c->target,
	    c->mech, want, GSS_C_INDEFINITE, c->bindings_len > 0 ?
	    &bindings : GSS_C_NO_CHANNEL_BINDINGS, token, NULL, out,
	    &c->flags, NULL);
	if (GSS_ERROR(major))
		return fail_gss(f, doing, major, minor, c->mech);
	c->done = !(major & GSS_S_CONTINUE_NEEDED);
	return true;
}

bool
context_start(struct context *c, const struct request *r, gss_buffer_t out,
    struct failure *f)
{
	if (c->target != GSS_C_NO_NAME)
		return fail_text(f, "one helper makes one context");
	c->mech = r->mech == AL_GSS_SPNEGO ? &spnego : gss_mech_krb5;
	c->bindings_len = r->bindings_len;
	(void)memcpy(c->bindings, r->bindings, r->bindings_len);
	return import_target(c, r->target, f) && get_creds(c, r, f) &&
	    init(c, r->target, GSS_C_NO_BUFFER, out, f);
}

bool
context_step(struct context *c, gss_buffer_t token, gss_buffer_t out,
    struct failure *f)
{
	if (c->ctx == GSS_C_NO_CONTEXT || c->done)
		return fail_text(f, "no context waits for a token");
	return init(c, "the peer's token", token, out, f);
}

bool
context_wrap(struct context *c, bool seal, gss_buffer_t in, gss_buffer_t out,
    struct failure *f)
{
	OM_uint32 major, minor;
	int sealed = 0;

	if (!c->done)
		return fail_text(f, "the context is not established");
	major = gss_wrap(&minor, c->ctx, seal, GSS_C_QOP_DEFAULT, in, &sealed,
	    out);
	if (GSS_ERROR(major))
		return fail_gss(f, "wrap", major, minor, c->mech);
	return !seal || sealed || fail_text(f, "this context cannot encrypt");
}

bool
context_unwrap(struct context *c, gss_buffer_t in, gss_buffer_t out,
    bool *sealed, struct failure *f)
{
	OM_uint32 major, minor;
	int conf = 0;

	if (!c->done)
		return fail_text(f, "the context is not established");
	major = gss_unwrap(&minor, c->ctx, in, out, &conf, NULL);
	/* a stream loses and repeats nothing: old and doubled are errors */
	if (major != GSS_S_COMPLETE)
		return fail_gss(f, "unwrap", major, minor, c->mech);
	*sealed = conf != 0;
	return true;
}

void
context_fini(struct context *c)
{
	OM_uint32 minor;

	(void)gss_delete_sec_context(&minor, &c->ctx, GSS_C_NO_BUFFER);
	(void)gss_release_cred(&minor, &c->cred);
	(void)gss_release_name(&minor, &c->target);
	creds_fini(&c->creds);
}
