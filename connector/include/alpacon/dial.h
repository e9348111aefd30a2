/* alpacon/dial.h - reach a host through whatever proxies the site requires. */
#ifndef ALPACON_DIAL_H
#define ALPACON_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include <alpacon/loop.h>
#include <alpacon/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

struct alpacon_dial;		/* one attempt; dies when it has reported */

/* How to get out; the same for dials and sessions.  All NULL: environment. */
struct alpacon_proxies {
	/* Alternatives in the order in which they are tried, NULL ended:
	 * "http://proxy:3128", "socks5h://a:1080,https://b:8443" (a chain),
	 * "direct", or "none" alone.  NULL: https_proxy, all_proxy and
	 * no_proxy of the environment. */
	const char *const	*list;
	const char		*user, *password;  /* where the URL has none  */
	const char		*ca_file;	/* of https proxies; NULL:
						 * the system's store       */
	const char		*cert_file;	/* ours for them, PEM, and ... */
	const char		*key_file;	/* ... its key; NULL: it is in
						 * cert_file too            */
	/* Which proxies may get user and password, written as in no_proxy;
	 * NULL: all. */
	const char		*credentials_for;
	/* "negotiate, ntlm, digest, basic": the kinds of login that may be
	 * used; NULL: all, the strongest that is offered first. */
	const char		*auth;
	/* For Kerberos; NULL: HTTP@ and the proxy's host, and what the
	 * system has. */
	const char		*spn, *ccache, *keytab;
	/* In CONNECT, for proxies that let only some programs through; NULL:
	 * ours. */
	const char		*user_agent;
};

#define ALPACON_DIAL_TLS	1u	/* speak TLS to the host, verified */

struct alpacon_dial_opts {
	size_t			size;	/* sizeof(struct alpacon_dial_opts) */
	const char		*host;	/* name or IP literal, borrowed     */
	uint16_t		port;
	struct alpacon_proxies	proxies;
	const char		*ca_file;	/* instead of the system's store */
	unsigned		flags;	/* ALPACON_DIAL_*                   */
};
#define ALPACON_DIAL_OPTS_INIT { .size = sizeof(struct alpacon_dial_opts) }

/* Exactly one call.  On success err is NULL and s belongs to you. */
typedef void alpacon_on_dial(void *arg, struct alpacon_stream *s,
    const struct alpacon_err *err);

/*
 * Copies what it needs.  Each phase has its deadline: connect 10 s, a proxy's
 * answer 15 s, TLS 15 s.  NULL and *err when it cannot start.
 */
struct alpacon_dial *alpacon_dial_start(struct alpacon_loop *loop,
    const struct alpacon_dial_opts *opts, alpacon_on_dial *on_dial, void *arg,
    struct alpacon_err *err);
/* Give up: on_dial will not be called.  The pointer is dead on return. */
void alpacon_dial_cancel(struct alpacon_dial *d);

#ifdef __cplusplus
}
#endif
#endif
