/* pac/page.h - a URL as a PAC script may see it. */
#ifndef AL_PAC_PAGE_H
#define AL_PAC_PAGE_H

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "pac/wire.h"

/* The two arguments of FindProxyForURL. */
struct al_pac_page {
	char	url[AL_PAC_URL_MAX];
	char	host[AL_HOST_MAX + 1];	/* no brackets, no port, punycode */
};

/*
 * Never user info or fragment; for https and wss no path and no query either:
 * "https://host/", "https://host:8443/".  EUSAGE, stage config, when url is
 * not a URL with a host; ELIMIT when it is too long.
 */
enum al_code al_pac_page_make(struct al_pac_page *p, const char *url,
    struct al_err *err) AL_MUST_CHECK;

#endif
