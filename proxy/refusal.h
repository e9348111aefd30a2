/* proxy/refusal.h - what it means when a proxy says no to CONNECT. */
#ifndef AL_PROXY_REFUSAL_H
#define AL_PROXY_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/wire/http1.h"

#define AL_PAGE_MAX	(16 * 1024)	/* what is kept of its page */

/*
 * Fill err from a reply that is neither 2xx nor 407 and the beginning of its
 * page: the status, the proxy's names for itself, what to ask for.  target is
 * host:port.  Returns err->code.
 */
enum al_code al_refusal(const struct al_http1 *head, const void *page,
    size_t page_len, const char *target, struct al_err *err);

/*
 * "squid/5.7, ERR_ACCESS_DENIED 0" out of Server, Via, X-Squid-Error and
 * Proxy-Status; "" when it says nothing.  Returns buf.
 */
char *al_refusal_who(const struct al_http1 *head, char *buf, size_t cap);

/* The readable text of a page, cleaned; its title first.  Returns out. */
char *al_page_text(char *out, size_t cap, const void *page, size_t len);

#endif
