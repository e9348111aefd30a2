/* proxy/ntlm.h - log in to a proxy with NTLMv2 (MS-NLMP). */
#ifndef AL_PROXY_NTLM_H
#define AL_PROXY_NTLM_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "connector/base/buf.h"
#include "connector/base/err.h"

#define AL_NTLM_TEXT_MAX	1024	/* bytes of user, password, SPN */
#define AL_NTLM_BINDING_MAX	256

/*
 * One login, all borrowed.  The domain the user belongs to:
 *  "DOMAIN\user"  that one; "\user" is a user without one
 *  "user@realm"   none: the server takes the whole name as a UPN
 *  "user"         the one the challenge names, as Windows clients do it: its
 *                 target, else its NetBIOS domain, else none
 */
struct al_ntlm_login {
	const char	*user, *password;	/* UTF-8                      */
	const char	*spn;			/* "HTTP/host", or NULL: none */
	/* RFC 5929 4: "tls-server-end-point:" and the hash of the proxy's
	 * certificate; NULL: the connection has no TLS. */
	const void	*binding;
	size_t		 binding_len;
	uint8_t		 nonce[8];		/* random, new each time      */
	uint64_t	 now;			/* al_ntlm_time               */
};

/* 100 ns since 1601 (FILETIME) from CLOCK_REALTIME. */
static inline uint64_t
al_ntlm_time(const struct timespec *ts)
{
	return ((uint64_t)ts->tv_sec + 11644473600u) * 10000000u +
	    (uint64_t)ts->tv_nsec / 100;
}

/* What is wrong with these credentials, or NULL. */
const char *al_ntlm_check(const char *user, const char *password);

/*
 * Append the token of the NEGOTIATE_MESSAGE: what goes behind "NTLM " first.
 * It is always the same.  As al_buf_put.
 */
enum al_code al_ntlm_negotiate(struct al_buf *out) AL_MUST_CHECK;

/*
 * Append the token of the AUTHENTICATE_MESSAGE, the answer to the proxy's
 * token68, a CHALLENGE_MESSAGE.  On error out is as it was.  EPROTO: the
 * challenge is broken.  EUSAGE: al_ntlm_check, a bad SPN or binding.  ENOMEM:
 * no memory, or no MD5 in this OpenSSL (FIPS mode).  ELIMIT: out is too small.
 */
enum al_code al_ntlm_authenticate(const char *token68,
    const struct al_ntlm_login *login, struct al_buf *out, struct al_err *err)
    AL_MUST_CHECK;

#endif
