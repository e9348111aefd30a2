/* pac/host.h - host names as browsers read and write them. */
#ifndef AL_PAC_HOST_H
#define AL_PAC_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "connector/base/addr.h"

/*
 * The n bytes at p as a browser would hand them to a PAC script: lower case,
 * xn--, no dot behind, IPv4 of any base as a quad ("0x7f.1" is 127.0.0.1),
 * IPv6 ("[::1]", brackets needed) short and without brackets.  false: no
 * host.
 */
bool al_pac_host(char host[static AL_HOST_MAX + 1], const char *p, size_t n);

/*
 * "host", "host:port", "[v6]:port" with such a host; port is 0 when it is not
 * given.  NULL, or what is wrong.
 */
const char *al_pac_hostport(char host[static AL_HOST_MAX + 1], uint16_t *port,
    const char *p, size_t n);

#endif
