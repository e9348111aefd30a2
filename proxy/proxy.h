/* proxy/proxy.h - the machine that speaks to a proxy. */
#ifndef AL_PROXY_PROXY_H
#define AL_PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/hs.h"
#include "proxy/route.h"

struct al_memory;

/* What is known beside the proxy itself; all zero is fine. */
struct al_proxy_opts {
	const char	*user_agent;	/* of CONNECT; NULL: ours          */
	unsigned	 schemes;	/* AL_AUTH_BIT that may be used;
					 * 0: all                          */
	/* What is remembered of proxies, and the clock that it goes by: it
	 * must outlive the machine.  NULL: nothing. */
	struct al_memory *memory;
	uint64_t	 now_us;
	/* RFC 5929 4, for an https proxy: the certificate's binding. */
	const uint8_t	*binding;
	size_t		 binding_len;
};
#define AL_PROXY_BINDING_MAX	96	/* its name and a hash */

/* EUSAGE and a sentence when text can't be a user_agent. */
enum al_code al_proxy_check_agent(const char *text, struct al_err *err)
    AL_MUST_CHECK;

/*
 * A machine that asks hop to reach host:port.  host is a name or a literal;
 * SOCKS4 needs an IPv4 literal, SOCKS5 (not 5h) an address: the dialer
 * resolves first (al_proxy_needs_address).  Copies everything but the memory;
 * credentials are wiped when it is freed.  o may be NULL.  Fails with EUSAGE,
 * stage proxy, before a byte is written when host, user, password or
 * user_agent do not fit the protocol.
 */
enum al_code al_proxy_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    const struct al_proxy_opts *o, struct al_err *err) AL_MUST_CHECK;

/* 0: sends the name; AF_INET: IPv4 only; AF_UNSPEC + 1 (AL_ANY_FAMILY). */
#define AL_ANY_FAMILY	1
int al_proxy_needs_address(enum al_proxy_kind kind);

/*
 * After NEED: what Kerberos (the helper's) is to do.  Give its answer, or why
 * there is none, and step again.
 */
enum al_proxy_ask {
	AL_PROXY_TOKEN,		/* step the context for service@host with this
				 * token of the proxy's (none at first) */
	AL_PROXY_WRAP,		/* RFC 1961: protect this, as level says */
	AL_PROXY_UNWRAP
};
/* RFC 1961 4.2, its numbers. */
enum al_proxy_level {
	AL_PROXY_BARE = 0,	/* no protection: bytes as they are */
	AL_PROXY_SIGN = 1,
	AL_PROXY_SEAL = 2
};
enum al_proxy_mech { AL_PROXY_SPNEGO, AL_PROXY_KRB5 };

struct al_proxy_need {
	enum al_proxy_ask ask;
	enum al_proxy_mech mech;
	enum al_proxy_level level;
	const char	*service;		/* "HTTP", "rcmd"              */
	const char	*host;			/* of the proxy, as configured */
	const char	*user, *password;	/* NULL: the ticket at hand */
	const void	*token;
	size_t		 token_len;
	const uint8_t	*binding;
	size_t		 binding_len;
};
bool al_proxy_need(const struct al_machine *m, struct al_proxy_need *need);

/* Flags of an answer. */
#define AL_PROXY_GIVEN_DONE	1u	/* TOKEN: the context is established */
#define AL_PROXY_GIVEN_SEAL	2u	/* TOKEN: it can encrypt;
					 * UNWRAP: this was encrypted */
void al_proxy_give(const struct al_machine *m, const void *token,
    size_t len, unsigned flags);
void al_proxy_deny(const struct al_machine *m, const struct al_err *cause);

/*
 * After DONE: how all that follows is protected, with the context that the
 * answers came from (RFC 1961 5).
 */
enum al_proxy_level al_proxy_level(const struct al_machine *m);

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
    const struct al_proxy_opts *o, struct al_err *err) AL_MUST_CHECK;
enum al_code al_socks4_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    struct al_err *err) AL_MUST_CHECK;
enum al_code al_socks5_machine(struct al_machine *out,
    const struct al_hop *hop, const char *host, uint16_t port,
    const struct al_proxy_opts *o, struct al_err *err) AL_MUST_CHECK;

/* The two that may NEED something (al_proxy_need and so on choose). */
extern const struct al_hs_ops al_connect_ops, al_socks5_ops;
bool al_connect_need(const struct al_machine *m, struct al_proxy_need *need);
void al_connect_give(const struct al_machine *m, const void *token,
    size_t len);
void al_connect_deny(const struct al_machine *m, const struct al_err *cause);
bool al_socks5_need(const struct al_machine *m, struct al_proxy_need *need);
void al_socks5_give(const struct al_machine *m, const void *token,
    size_t len, unsigned flags);
void al_socks5_deny(const struct al_machine *m, const struct al_err *cause);
enum al_proxy_level al_socks5_level(const struct al_machine *m);

#endif
