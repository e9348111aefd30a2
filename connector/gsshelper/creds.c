/* connector/gsshelper/creds.c - tickets got with a keytab or a password. */
#include "connector/gsshelper/creds.h"

/* No ticket that could be passed on: there is never any delegation. */
static krb5_error_code
options(struct creds *c, krb5_get_init_creds_opt **opt)
{
	krb5_error_code code = krb5_get_init_creds_opt_alloc(c->k, opt);

	if (code != 0)
		return code;
	krb5_get_init_creds_opt_set_forwardable(*opt, 0);
	krb5_get_init_creds_opt_set_proxiable(*opt, 0);
	return krb5_get_init_creds_opt_set_out_ccache(c->k, *opt, c->cache);
}

static krb5_error_code
ask_kdc(struct creds *c, const struct request *r, krb5_principal who)
{
	krb5_get_init_creds_opt *opt = NULL;
	krb5_creds got = { 0 };
	krb5_keytab keytab = NULL;
	krb5_error_code code = options(c, &opt);

	if (code == 0 && r->source == AL_GSS_KEYTAB)
		code = krb5_kt_resolve(c->k, r->keytab, &keytab);
	if (code == 0 && keytab != NULL)
		code = krb5_get_init_creds_keytab(c->k, &got, who, keytab, 0,
		    NULL, opt);
	else if (code == 0)
		code = krb5_get_init_creds_password(c->k, &got, who,
		    r->password, NULL, NULL, 0, NULL, opt);
	krb5_free_cred_contents(c->k, &got);
	if (keytab != NULL)
		(void)krb5_kt_close(c->k, keytab);
	krb5_get_init_creds_opt_free(c->k, opt);
	return code;
}

bool
creds_get(struct creds *c, const struct request *r, struct failure *f)
{
	krb5_principal who = NULL;
	krb5_error_code code = krb5_init_context(&c->k);

	if (code != 0)
		return fail_krb5(f, "Kerberos' configuration", NULL, code);
	code = krb5_cc_new_unique(c->k, "MEMORY", NULL, &c->cache);
	if (code == 0)
		code = krb5_cc_get_full_name(c->k, c->cache, &c->name);
	if (code != 0)
		return fail_krb5(f, "a cache in memory", c->k, code);
	code = krb5_parse_name(c->k, r->principal, &who);
	if (code != 0)
		return fail_krb5(f, "the principal", c->k, code);
	code = ask_kdc(c, r, who);
	krb5_free_principal(c->k, who);
	return code == 0 || fail_krb5(f, r->source == AL_GSS_KEYTAB ?
	    "log in with the keytab" : "log in with the password", c->k, code);
}

void
creds_fini(struct creds *c)
{
	if (c->cache != NULL)
		(void)krb5_cc_destroy(c->k, c->cache);
	if (c->name != NULL)
		krb5_free_string(c->k, c->name);
	if (c->k != NULL)
		krb5_free_context(c->k);
	*c = (struct creds){ 0 };
}
