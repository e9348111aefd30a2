/* connector/netcheck/echo.h - ask the gateway to echo a nonce (a machine). */
#ifndef AL_NETCHECK_ECHO_H
#define AL_NETCHECK_ECHO_H

#include "connector/base/hs.h"

/*
 * GET /alpacon/echo?n=NONCE (hexadecimal) at authority.  DONE when the answer
 * is the nonce: nobody but the gateway, or who relays to it, says that.
 */
enum al_code al_echo_machine(struct al_machine *out, const char *authority,
    const char *nonce, struct al_err *err) AL_MUST_CHECK;

#endif
