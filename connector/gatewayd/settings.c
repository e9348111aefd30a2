/* connector/gatewayd/settings.c - all that a reload replaces, at once. */
#include "connector/gatewayd/settings.h"

#include <stdlib.h>
#include <string.h>

#include "connector/daemon/file.h"

#define CERT_MAX	(1u << 20)	/* with its chain */

static const char *
text_of(const struct al_settings *s, const char *key)
{
	return al_conf_text(s->conf, NULL, NULL, key);
}

static uint32_t
number_of(const struct al_settings *s, const char *key)
{
	return (uint32_t)al_conf_uint(s->conf, NULL, NULL, key);
}

/* To see at the next reload whether it is another one.  Before it is taken:
 * a file that is replaced meanwhile makes peers move once too often, not once
 * too seldom. */
static void
hash_certificate(struct al_settings *s, const char *path)
{
	struct al_file f;
	struct al_err err;

	/* what can't be read is told by the TLS layer in a moment */
	if (al_file_read(&f, path, CERT_MAX, &err) == AL_OK &&
	    al_sha256(s->cert_hash, f.text, f.len) != AL_OK)
		memset(s->cert_hash, 0, sizeof(s->cert_hash));
	al_file_fini(&f);
}

static enum al_code
load_tls(struct al_settings *s, struct al_err *err)
{
	const struct al_tls_opts o = {
		.cert_file = text_of(s, "cert_file"),
		.key_file = text_of(s, "key_file"),
		.min = text_of(s, "tls_min"),
		.ciphers = text_of(s, "tls_ciphers"),
	};

	if (!al_conf_bool(s->conf, NULL, NULL, "tls"))
		return AL_OK;
	hash_certificate(s, o.cert_file);
	s->tls = al_tls_server_new(&o, err);
	if (s->tls != NULL)
		return AL_OK;
	err->stage = AL_AT_CONFIG;
	return err->code;
}

enum al_code
al_settings_reread_identities(struct al_settings *s, struct al_err *err)
{
	struct al_identities *ids = al_identities_load(
	    text_of(s, "connectors_file"), text_of(s, "operators_file"), err);

	if (ids == NULL)
		return err->code;
	al_identities_free(s->ids);
	s->ids = ids;
	return AL_OK;
}

static enum al_code
load(struct al_settings *s, const char *path, struct al_err *err)
{
	const char *backend;
	enum al_code code = AL_OK;

	s->conf = al_gateway_conf_read(path, err);
	if (s->conf == NULL)
		return err->code;
	s->max_sessions = number_of(s, "max_sessions");
	s->max_channels = number_of(s, "max_channels");
	s->max_session_channels = number_of(s, "max_session_channels");
	s->max_pending = number_of(s, "max_pending");
	s->handshakes_per_s = number_of(s, "handshakes_per_s");
	s->handshake_ms = number_of(s, "handshake_timeout");
	s->drain_ms = number_of(s, "drain_timeout");
	s->grace_s = number_of(s, "session_grace") / 1000;
	s->link_max_age_s = number_of(s, "link_max_age") / 1000;
	backend = text_of(s, "backend");
	if (backend != NULL)
		code = al_hostport_parse(backend, 0, s->backend_host,
		    &s->backend_port, err);
	if (code == AL_OK)
		code = load_tls(s, err);
	if (code != AL_OK)
		return code;
	code = al_settings_reread_identities(s, err);
	if (code != AL_OK)
		return code;
	s->policy = al_policy_load(s->conf, err);
	return s->policy != NULL ? AL_OK : err->code;
}

struct al_settings *
al_settings_load(const char *path, struct al_err *err)
{
	struct al_settings *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	if (load(s, path, err) == AL_OK)
		return s;
	al_settings_free(s);
	return NULL;
}

void
al_settings_free(struct al_settings *s)
{
	if (s == NULL)
		return;
	al_policy_free(s->policy);
	al_identities_free(s->ids);
	al_tls_ctx_free(s->tls);
	al_conf_free(s->conf);
	free(s);
}
