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

/*
 * The login that the machine found out the proxy takes, for hop->auth: ask
 * after REDIAL (else the next machine is told to redial again) and DONE.
 */
enum al_auth al_proxy_auth(const struct al_machine *m);

/*
 * How the answers of all three are to be read: EAUTH and EREFUSED are final
 * for this proxy; EPROTO, ENET and ETIMEOUT (a broken proxy, 5xx, SOCKS
 * failures) are worth another.  err.status is the HTTP status or the SOCKS
 * reply.  A 403 is reported once its page is here: at a deadline the driver
 * should call eof and report that error when it has a status.  "in" must be
 * able to hold AL_PROXY_IN_MAX bytes.
 */
#define AL_PROXY_IN_MAX	(256 * 1024 + 4096)

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
