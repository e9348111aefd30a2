/* connector/daemon/redact.h - take secrets out of texts that leave the program. */
#ifndef AL_DAEMON_REDACT_H
#define AL_DAEMON_REDACT_H

#include <stddef.h>

#include "connector/base/err.h"

/*
 * What everything passes that is logged, printed or reported.  Each of these
 * becomes "***": the exact values of registered secrets; user info of URLs and
 * of proxies without a scheme; what follows Authorization, Proxy-Authorization
 * and (Set-)Cookie, the scheme's name excepted; key="..", token=.., password=..
 * and their JSON forms; Bearer, Basic, NTLM, Negotiate and Digest blobs; JWTs;
 * private keys in PEM.  When in doubt it hides too much.
 */

/* NULL: no memory.  Free it. */
char *al_redact_dup(const char *text);
char *al_redact_bytes(const char *p, size_t len);

/*
 * Register an exact value (secret.h does it), as often as it is loaded; remove
 * it as often.  Values under 4 bytes are too common to be taken out.  One
 * register for the process.
 */
enum al_code al_redact_add(const char *secret, struct al_err *err)
    AL_MUST_CHECK;
void al_redact_remove(const char *secret);

#endif
