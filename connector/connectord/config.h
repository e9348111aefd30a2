/* connector/connectord/config.h - the keys of connector.conf. */
#ifndef AL_CONNECTORD_CONFIG_H
#define AL_CONNECTORD_CONFIG_H

#include "connector/daemon/conf.h"
#include "connector/daemon/where.h"

#define AL_CONNECTOR_CONF	AL_SYSCONFDIR "/alpacon/connector.conf"
#define AL_AGENT_CONF		"/etc/alpamon/alpamon.conf"

/*
 * In front of all sections:
 *
 *	url, id, key_file		the agent's own unless given
 *	agent_conf = /etc/alpamon/alpamon.conf
 *	ca_file				PEM; the agent's own, else the system's
 *	tls_min, tls_ciphers
 *	mode = auto|mux|direct		site.h
 *	link_max_age = TIME		session/client.h
 *	keepalive = 15s			the longest interval of PINGs
 *	proxy_retry = 5min		of one that is preferred to the one in use
 *	state_dir = FOLDER		state.h; $STATE_DIRECTORY unless given
 *	proxy				list; where.h
 *	proxy_user, proxy_password_file, proxy_ca_file, proxy_cert, proxy_key
 *	no_proxy			"a.corp,10.0.0.0/8"
 *	proxy_from_environment = yes|no
 *	proxy_from_system = no|yes	daemon/system.h
 *	allow_target = RULE		list, policy.h: what the gateway may ask for
 *	allow_host = HOST[:PORT]	list, names.h: what is carried beside the
 *					workspace host
 *	hosts_file = no|yes		look those up in /etc/hosts too
 *	listen_tls = ADDRESS		list: TLS passthrough
 *	listen_proxy = ADDRESS		list: HTTP CONNECT and SOCKS
 *	max_connections			local ones
 *	log_format, log_level		daemon/log_conf.h
 *
 * [forward "NAME"], a local port for one host and port beyond the gateway (or,
 * in direct mode, beyond the proxies):
 *
 *	listen = ADDRESS
 *	target = HOST:PORT
 *
 * [server] url, id, key and [ssl] ca_cert are as in the agent's own file,
 * which is read behind this one and gives only what this one has not.
 */
struct al_conf *al_connector_conf_new(void);	/* NULL: no memory */

/*
 * path (NULL: AL_CONNECTOR_CONF, if it is there), the environment and the
 * agent's file; flags are in c already.  Finishes c.
 */
enum al_code al_connector_conf_read(struct al_conf *c, const char *path,
    struct al_err *err) AL_MUST_CHECK;

#endif
