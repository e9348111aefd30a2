/* pac/own_addr.h - which address of ours the network sees. */
#ifndef AL_PAC_OWN_ADDR_H
#define AL_PAC_OWN_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "connector/base/addr.h"

/*
 * The address that the kernel would send from, asked by connecting a UDP
 * socket: nothing is sent, nothing blocks.  IPv4 first, each but once; never
 * loopback or link-local.  Gives how many.
 */
enum al_own_toward {
	AL_OWN_PUBLIC,		/* the Internet, by the default route        */
	AL_OWN_PRIVATE		/* the private ranges: a site with no way out */
};

enum al_own_families { AL_OWN_IPV4, AL_OWN_BOTH };

#define AL_OWN_MAX	8

size_t al_own_addrs(struct al_addr out[static AL_OWN_MAX],
    enum al_own_toward toward, enum al_own_families families);

/* Fit to be one's own: neither loopback, link-local nor unspecified. */
bool al_own_is_fit(const struct al_addr *a);

#endif
