/* connector/netcheck/checks.c - the table of checks (NETCHECK.md 1). */
#include "connector/netcheck/report.h"

/* Exit codes of NETCHECK.md 3. */
enum {
	EXIT_ENV = 10,
	EXIT_DNS = 11,
	EXIT_DISCOVER = 12,
	EXIT_PROXY = 13,
	EXIT_TCP = 16,
	EXIT_TLS = 17,
	EXIT_HTTP = 18,
	EXIT_REFUSED = 19,
	EXIT_QUALITY = 20
};

const struct al_check al_checks[AL_CHECKS] = {
	[AL_CHECK_ENV_CA] = { "env.ca", "CA certificates",
	    { AL_CHECK_NONE }, EXIT_ENV, 162 },
	[AL_CHECK_DISCOVER] = { "proxy.discover", "choice of the route",
	    { AL_CHECK_NONE }, EXIT_DISCOVER, 115 },
	[AL_CHECK_DNS_PROXY] = { "dns.proxy", "name of the proxy",
	    { AL_CHECK_DISCOVER }, EXIT_DNS, 101 },
	[AL_CHECK_PROXY_TCP] = { "proxy.tcp", "connection to the proxy",
	    { AL_CHECK_DISCOVER, AL_CHECK_DNS_PROXY }, EXIT_PROXY, 120 },
	[AL_CHECK_PROXY_TLS] = { "proxy.tls", "TLS with the proxy",
	    { AL_CHECK_PROXY_TCP }, EXIT_PROXY, 167 },
	[AL_CHECK_DNS_TARGET] = { "dns.target", "name of the workspace host",
	    { AL_CHECK_DISCOVER }, EXIT_DNS, 101 },
	[AL_CHECK_PROXY_CONNECT] = { "proxy.connect",
	    "way through the proxy",
	    { AL_CHECK_PROXY_TCP, AL_CHECK_PROXY_TLS, AL_CHECK_DNS_TARGET },
	    EXIT_PROXY, 120 },
	[AL_CHECK_TCP_TARGET] = { "tcp.target",
	    "connection to the workspace host",
	    { AL_CHECK_DISCOVER, AL_CHECK_DNS_TARGET }, EXIT_TCP, 110 },
	[AL_CHECK_TLS_HANDSHAKE] = { "tls.handshake",
	    "TLS with the workspace host",
	    { AL_CHECK_DISCOVER, AL_CHECK_PROXY_CONNECT,
	    AL_CHECK_TCP_TARGET }, EXIT_TLS, 199 },
	[AL_CHECK_TLS_TRUST] = { "tls.trust",
	    "certificate of the workspace host",
	    { AL_CHECK_TLS_HANDSHAKE }, EXIT_TLS, 161 },
	[AL_CHECK_HTTP_REACH] = { "http.reach",
	    "the gateway itself answers",
	    { AL_CHECK_TLS_TRUST }, EXIT_HTTP, 199 },
	[AL_CHECK_WS_UPGRADE] = { "ws.upgrade", "WebSocket upgrade",
	    { AL_CHECK_TLS_TRUST }, EXIT_HTTP, 170 },
	[AL_CHECK_TUNNEL_AUTH] = { "tunnel.auth", "session with the gateway",
	    { AL_CHECK_WS_UPGRADE }, EXIT_REFUSED, 190 },
	[AL_CHECK_TUNNEL_PING] = { "tunnel.ping", "round trips",
	    { AL_CHECK_TUNNEL_AUTH }, EXIT_QUALITY, 183 },
};
