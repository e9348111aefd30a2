/* pac/no_proxy.h - which hosts are reached without a proxy. */
#ifndef AL_PAC_NO_PROXY_H
#define AL_PAC_NO_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AL_NO_PROXY_ENTRY	300	/* an entry that matched, and NUL */

/*
 * Does an entry of list cover host:port?  Entries are split by commas or
 * blanks; case and trailing dots do not count; nothing is looked up:
 *   example.com, .example.com   the name and all under it
 *   *.example.com               only what is under it
 *   *                           everything
 *   host:port                   only that port
 *   10.1.2.3, ::1, [::1]        addresses in any spelling
 *   10.0.0.0/8, 2001:db8::/32   prefixes; a mapped address is its IPv4 one
 *   <local>                     names without a dot
 * A malformed entry covers nothing.  On true, entry tells which (cleaned).
 */
bool al_no_proxy_match(const char *list, const char *host, uint16_t port,
    char entry[static AL_NO_PROXY_ENTRY]);

/* localhost, names under it, 127.0.0.0/8 and ::1. */
bool al_no_proxy_is_loopback(const char *host);

#endif
