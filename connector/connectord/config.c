/* connector/connectord/config.c - the keys of connector.conf. */
#include "connector/connectord/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connector/connectord/names.h"
#include "connector/connectord/policy.h"
#include "connector/daemon/log_conf.h"

static enum al_code
check_target(const char *text, struct al_err *err)
{
	struct al_policy p;
	enum al_code code;

	al_policy_init(&p);
	code = al_policy_add(&p, text, err);
	al_policy_fini(&p);
	return code;
}

static enum al_code
check_host(const char *text, struct al_err *err)
{
	struct al_names n;
	enum al_code code;

	al_names_init(&n);
	code = al_names_add(&n, text, err);
	al_names_fini(&n);
	return code;
}

static const struct al_conf_key keys[] = {
	{ .key = "url", .type = AL_CONF_URL, .env = "ALPACON_URL" },
	{ .key = "id", .type = AL_CONF_TEXT, .env = "ALPACON_ID" },
	{ .key = "key_file", .type = AL_CONF_PATH,
	    .env = "ALPACON_KEY_FILE" },
	{ .key = "agent_conf", .type = AL_CONF_PATH, .def = AL_AGENT_CONF },
	{ .key = "ca_file", .type = AL_CONF_PATH, .env = "ALPACON_CA_FILE" },
	{ .key = "tls_min", .type = AL_CONF_CHOICE, .words = "1.3|1.2",
	    .def = "1.3" },
	{ .key = "tls_ciphers", .type = AL_CONF_TEXT },
	{ .key = "mode", .type = AL_CONF_CHOICE, .words = "auto|mux|direct",
	    .def = "auto" },
	{ .key = "link_max_age", .type = AL_CONF_TIME, .min = 10000,
	    .max = 604800000 },
	{ .key = "keepalive", .type = AL_CONF_TIME, .min = 8000,
	    .max = 300000, .def = "15s" },
	{ .key = "state_dir", .type = AL_CONF_PATH },
	AL_PROXY_KEYS,
	{ .key = "proxy_retry", .type = AL_CONF_TIME, .min = 10000,
	    .max = 86400000, .def = "5m" },
	{ .key = "no_proxy", .type = AL_CONF_TEXT },
	{ .key = "proxy_from_environment", .type = AL_CONF_BOOL,
	    .def = "yes" },
	/* a service sees no desktop */
	{ .key = "proxy_from_system", .type = AL_CONF_BOOL, .def = "no" },
	{ .key = "allow_target", .type = AL_CONF_TEXT, .flags = AL_CONF_LIST,
	    .def = "loopback", .check = check_target },
	{ .key = "allow_host", .type = AL_CONF_TEXT, .flags = AL_CONF_LIST,
	    .check = check_host },
	{ .key = "hosts_file", .type = AL_CONF_BOOL, .def = "no" },
	{ .key = "listen_tls", .type = AL_CONF_LOOPBACK,
	    .flags = AL_CONF_LIST },
	{ .key = "listen_proxy", .type = AL_CONF_LOOPBACK,
	    .flags = AL_CONF_LIST },
	{ .key = "max_connections", .type = AL_CONF_UINT, .min = 1,
	    .max = 65536, .def = "4096" },
	AL_LOG_KEYS,
	{ .section = "forward", .key = "listen", .type = AL_CONF_LOOPBACK,
	    .flags = AL_CONF_NAMED | AL_CONF_REQUIRED },
	{ .section = "forward", .key = "target", .type = AL_CONF_HOSTPORT,
	    .flags = AL_CONF_NAMED | AL_CONF_REQUIRED },
	{ .section = "server", .key = "url", .type = AL_CONF_URL },
	{ .section = "server", .key = "id", .type = AL_CONF_TEXT },
	{ .section = "server", .key = "key", .type = AL_CONF_TEXT,
	    .flags = AL_CONF_SECRET },
	{ .section = "ssl", .key = "ca_cert", .type = AL_CONF_PATH },
};

struct al_conf *
al_connector_conf_new(void)
{
	return al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));
}

static bool
has(const struct al_conf *c, const char *key, const char *agent_key)
{
	return al_conf_get(c, NULL, NULL, key, 0) != NULL ||
	    al_conf_get(c, "server", NULL, agent_key, 0) != NULL;
}

static bool
knows_all(const struct al_conf *c)
{
	return has(c, "url", "url") && has(c, "id", "id") &&
	    has(c, "key_file", "key");
}

/* Under systemd the agent's file is handed over: this program may not open
 * the original. */
static enum al_code
read_agent(struct al_conf *c, struct al_err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	const struct al_conf_value *v = al_conf_get(c, NULL, NULL,
	    "agent_conf", 0);
	char path[4096], *real;
	enum al_code code;

	if (v != NULL) {
		real = al_credential_path(v->text, err);
		if (real == NULL) {
			al_conf_blame(v, err);
			return err->code;
		}
		code = al_conf_read(c, real, AL_CONF_FOREIGN, err);
		free(real);
		return code;
	}
	if (dir != NULL && snprintf(path, sizeof(path), "%s/alpamon.conf",
	    dir) < (int)sizeof(path) && access(path, R_OK) == 0)
		return al_conf_read(c, path, AL_CONF_FOREIGN, err);
	return al_conf_read(c, AL_AGENT_CONF,
	    AL_CONF_FOREIGN | AL_CONF_OPTIONAL, err);
}

static enum al_code
require(const struct al_conf *c, struct al_err *err)
{
	static const char *const rows[][2] = {
		{ "url", "url" }, { "id", "id" }, { "key_file", "key" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!has(c, rows[i][0], rows[i][1]))
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "\"%s\" is not set, and the agent's own file (%s) "
			    "has no [server] %s either", rows[i][0],
			    al_conf_text(c, NULL, NULL, "agent_conf"),
			    rows[i][1]);
	return AL_OK;
}

enum al_code
al_connector_conf_read(struct al_conf *c, const char *path,
    struct al_err *err)
{
	if (al_conf_read(c, path != NULL ? path : AL_CONNECTOR_CONF,
	    path != NULL ? 0 : AL_CONF_OPTIONAL, err) != AL_OK ||
	    al_conf_read_env(c, err) != AL_OK)
		return err->code;
	if (!knows_all(c) && read_agent(c, err) != AL_OK)
		return err->code;
	if (al_conf_finish(c, err) != AL_OK)
		return err->code;
	return require(c, err);
}
