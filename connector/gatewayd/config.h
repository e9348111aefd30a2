/* connector/gatewayd/config.h - the keys of gateway.conf. */
#ifndef AL_GATEWAYD_CONFIG_H
#define AL_GATEWAYD_CONFIG_H

#include "connector/daemon/conf.h"

#define AL_GATEWAY_CONF	AL_SYSCONFDIR "/alpacon/gateway.conf"

/*
 * All in front of sections (daemon/conf.h says how to ask):
 *
 *	listen = 0.0.0.0:443		list
 *	tls = on|off			off: plain, behind a TLS terminator
 *	cert_file, key_file		PEM; required unless tls is off
 *	tls_min, tls_ciphers
 *	connectors_file, operators_file	identity.h
 *	backend = HOST:PORT		where agent channels go; none: refused
 *	allow = OPERATOR SERVER TARGET	list, policy.h
 *	audit_file			audit.h; none: no audit
 *	max_sessions, max_channels, max_session_channels, max_pending
 *	handshakes_per_s		0: no limit
 *	handshake_timeout, drain_timeout, session_grace
 *	link_max_age			none: no limit
 *	log_format, log_level		daemon/log_conf.h
 *
 * Reads path and checks what can be checked without opening other files.
 * NULL: EUSAGE or EAUTH, stage config, "FILE:LINE: ...".
 */
struct al_conf *al_gateway_conf_read(const char *path, struct al_err *err);

#endif
