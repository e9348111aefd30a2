/* connector/daemon/where.h - where to and who: the commands' common options. */
#ifndef AL_DAEMON_WHERE_H
#define AL_DAEMON_WHERE_H

#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/autoconf/wpad.h"
#include "connector/daemon/cli.h"
#include "connector/daemon/conf.h"
#include "connector/daemon/secret.h"
#include "proxy/proxy.h"

/*
 * alpacon-tunnel and alpacon-netcheck put these rows into their tables of
 * keys and options (connectord puts AL_PROXY_KEYS into its own).  --config is
 * on_option's, with the id AL_WHERE_CONFIG: hand its value to al_where_read.
 */
#define AL_PROXY_KEYS							\
	{ .key = "proxy", .type = AL_CONF_PROXY, .flags = AL_CONF_LIST }, \
	{ .key = "proxy_user", .type = AL_CONF_TEXT },			\
	{ .key = "proxy_password_file", .type = AL_CONF_PATH,		\
	    .env = "ALPACON_PROXY_PASSWORD_FILE" },			\
	{ .key = "proxy_auth", .type = AL_CONF_TEXT },			\
	{ .key = "proxy_spn", .type = AL_CONF_TEXT },			\
	{ .key = "proxy_ccache", .type = AL_CONF_TEXT },		\
	{ .key = "proxy_keytab", .type = AL_CONF_TEXT },		\
	{ .key = "proxy_user_agent", .type = AL_CONF_TEXT,		\
	    .check = al_proxy_check_agent },				\
	{ .key = "credentials_for", .type = AL_CONF_TEXT },		\
	{ .key = "pac", .type = AL_CONF_PATH, .flags = AL_CONF_OR_URL,	\
	    .check = al_where_check_pac },				\
	{ .key = "pac_failure", .type = AL_CONF_CHOICE,			\
	    .words = "next|block|direct", .def = "next" },		\
	{ .key = "pac_socks", .type = AL_CONF_CHOICE,			\
	    .words = "4|4a|5|5-then-4", .def = "4" },			\
	{ .key = "wpad", .type = AL_CONF_BOOL, .def = "no" },		\
	{ .key = "wpad_domains", .type = AL_CONF_TEXT,			\
	    .flags = AL_CONF_LIST, .check = al_wpad_check_domain },	\
	{ .key = "wpad_sha256", .type = AL_CONF_TEXT,			\
	    .check = al_where_check_sha256 },				\
	{ .key = "proxy_ca_file", .type = AL_CONF_PATH },		\
	{ .key = "proxy_cert", .type = AL_CONF_PATH },			\
	{ .key = "proxy_key", .type = AL_CONF_PATH }

#define AL_WHERE_KEYS							\
	{ .key = "url", .type = AL_CONF_URL, .env = "ALPACON_URL" },	\
	{ .key = "token_file", .type = AL_CONF_PATH,			\
	    .env = "ALPACON_TOKEN_FILE" },				\
	{ .key = "ca_file", .type = AL_CONF_PATH,			\
	    .env = "ALPACON_CA_FILE" },					\
	{ .key = "proxy_from_system", .type = AL_CONF_BOOL,		\
	    .def = "yes" },						\
	AL_PROXY_KEYS

#define AL_WHERE_CONFIG	1000

#define AL_PROXY_OPTIONS						\
	{ .name = "proxy", .arg = "URL", .key = "proxy" },		\
	{ .name = "proxy-user", .arg = "NAME", .key = "proxy_user" },	\
	{ .name = "proxy-password-file", .arg = "FILE",			\
	    .key = "proxy_password_file" },				\
	{ .name = "proxy-auth", .arg = "SCHEMES", .key = "proxy_auth" }, \
	{ .name = "pac", .arg = "URL", .key = "pac" },			\
	{ .name = "proxy-ca", .arg = "FILE", .key = "proxy_ca_file" },	\
	{ .name = "proxy-cert", .arg = "FILE", .key = "proxy_cert" },	\
	{ .name = "proxy-key", .arg = "FILE", .key = "proxy_key" }

#define AL_WHERE_OPTIONS						\
	{ .name = "url", .arg = "URL", .key = "url" },			\
	{ .name = "token-file", .arg = "FILE", .key = "token_file" },	\
	{ .name = "ca", .arg = "FILE", .key = "ca_file" },		\
	{ .name = "config", .letter = 'c', .arg = "FILE",		\
	    .id = AL_WHERE_CONFIG },					\
	AL_PROXY_OPTIONS

/*
 * The file (path NULL: $XDG_CONFIG_HOME/alpacon/tunnel.conf, or below
 * ~/.config, if it is there), then the environment; flags are in c already,
 * and win.  Finishes c.
 */
enum al_code al_where_read(struct al_conf *c, const char *path,
    struct al_err *err) AL_MUST_CHECK;

/* EUSAGE, and a sentence: not a path, nor a URL of http, https, file or data
 * without user info. */
enum al_code al_where_check_pac(const char *text, struct al_err *err)
    AL_MUST_CHECK;
enum al_code al_where_check_sha256(const char *text, struct al_err *err)
    AL_MUST_CHECK;

/* Of url: host, port (the scheme's if it names none). */
enum al_code al_where_host(const struct al_conf *c,
    char host[static AL_HOST_MAX + 1], uint16_t *port, struct al_err *err)
    AL_MUST_CHECK;

/* The header's value "Bearer TOKEN" out of token_file; registered, wiped. */
enum al_code al_where_authorization(const struct al_conf *c,
    struct al_secret *s, struct al_err *err) AL_MUST_CHECK;

#endif
