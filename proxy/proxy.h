/* proxy/proxy.h - the machine that speaks to a proxy. */
#ifndef AL_PROXY_PROXY_H
#define AL_PROXY_PROXY_H

#include "connector/base/hs.h"
#include "proxy/route.h"

/*
 * A machine that asks hop to reach host:port.  host is a name or a literal;
 * SOCKS4 needs an IPv4 literal, SOCKS5 (not 5h) an address: the dialer
 * resolves first (al_proxy_needs_address).  user_agent is for CONNECT, NULL
 * is ours.  Copies everything; credentials are wiped when it is freed.
 * Fails with EUSAGE, stage proxy, before a byte is written when host, user,
 * password or user_agent do not fit the protocol.
 */
enum al_code al_proxy_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    const char *user_agent, struct al_err *err) AL_MUST_CHECK;

/* 0: sends the name; AF_INET: IPv4 only; AF_UNSPEC + 1 (AL_ANY_FAMILY). */
#define AL_ANY_FAMILY	1
int al_proxy_needs_address(enum al_proxy_kind kind);

/* The machines themselves (al_proxy_machine chooses by hop->kind). */
enum al_code al_connect_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    const char *user_agent, struct al_err *err) AL_MUST_CHECK;
enum al_code al_socks4_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_socks5_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    struct al_err *err) AL_MUST_CHECK;

#endif
