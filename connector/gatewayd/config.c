/* connector/gatewayd/config.c - the keys of gateway.conf. */
#include "connector/gatewayd/config.h"

#include "connector/daemon/log_conf.h"
#include "connector/gatewayd/policy.h"

static const struct al_conf_key keys[] = {
	{ .key = "listen", .type = AL_CONF_LISTEN, .flags = AL_CONF_LIST,
	    .def = "0.0.0.0:443\n[::]:443" },
	{ .key = "tls", .type = AL_CONF_BOOL, .def = "on" },
	{ .key = "cert_file", .type = AL_CONF_PATH },
	{ .key = "key_file", .type = AL_CONF_PATH },
	{ .key = "tls_min", .type = AL_CONF_CHOICE, .words = "1.3|1.2",
	    .def = "1.3" },
	{ .key = "tls_ciphers", .type = AL_CONF_TEXT },
	{ .key = "connectors_file", .type = AL_CONF_PATH,
	    .def = AL_SYSCONFDIR "/alpacon/connectors" },
	{ .key = "operators_file", .type = AL_CONF_PATH,
	    .def = AL_SYSCONFDIR "/alpacon/operators" },
	{ .key = "backend", .type = AL_CONF_HOSTPORT },
	{ .key = "allow", .type = AL_CONF_TEXT, .flags = AL_CONF_LIST,
	    .def = "* * loopback", .check = al_policy_check_rule },
	{ .key = "audit_file", .type = AL_CONF_PATH },
	{ .key = "max_sessions", .type = AL_CONF_UINT, .min = 1,
	    .max = 1000000, .def = "20000" },
	{ .key = "max_channels", .type = AL_CONF_UINT, .min = 1,
	    .max = 1000000, .def = "65536" },
	{ .key = "max_session_channels", .type = AL_CONF_UINT, .min = 1,
	    .max = 65536, .def = "16384" },
	{ .key = "max_pending", .type = AL_CONF_UINT, .min = 1,
	    .max = 65536, .def = "2048" },
	{ .key = "handshakes_per_s", .type = AL_CONF_UINT, .max = 100000,
	    .def = "1000" },
	{ .key = "handshake_timeout", .type = AL_CONF_TIME, .min = 1000,
	    .max = 60000, .def = "10s" },
	{ .key = "drain_timeout", .type = AL_CONF_TIME, .max = 3600000,
	    .def = "30s" },
	{ .key = "session_grace", .type = AL_CONF_TIME, .min = 5000,
	    .max = 900000, .def = "60s" },
	{ .key = "link_max_age", .type = AL_CONF_TIME, .min = 10000,
	    .max = 604800000 },
	AL_LOG_KEYS,
};

static enum al_code
check(const struct al_conf *c, struct al_err *err)
{
	static const char *const files[] = { "cert_file", "key_file" };
	size_t i;

	if (!al_conf_bool(c, NULL, NULL, "tls"))
		return AL_OK;
	for (i = 0; i < 2; i++)
		if (al_conf_text(c, NULL, NULL, files[i]) == NULL)
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "\"%s\" is not set (%s of a gateway that speaks "
			    "TLS; behind a TLS terminator say tls = off)",
			    files[i], i == 0 ? "the certificate" : "the key");
	return AL_OK;
}

struct al_conf *
al_gateway_conf_read(const char *path, struct al_err *err)
{
	struct al_conf *c = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));

	if (c == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	if (al_conf_read(c, path, 0, err) == AL_OK &&
	    al_conf_finish(c, err) == AL_OK && check(c, err) == AL_OK)
		return c;
	al_conf_free(c);
	return NULL;
}
