/* pac/result.h - what a PAC script returns: "PROXY h:1; SOCKS5 k; DIRECT". */
#ifndef AL_PAC_RESULT_H
#define AL_PAC_RESULT_H

#include <stddef.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "proxy/route.h"

/* What SOCKS means; the browsers disagree with each other. */
enum al_pac_socks {
	AL_PAC_SOCKS_4,
	AL_PAC_SOCKS_4A,
	AL_PAC_SOCKS_5,		/* the proxy resolves, too: socks5h        */
	AL_PAC_SOCKS_5_THEN_4	/* two entries: socks5h, then socks4       */
};

/* Entries as al_route_add takes them: "http://h:80", "socks5h://h:1080",
 * "direct".  At most AL_ROUTE_MAX of them, more are dropped with a warning. */
struct al_pac_result {
	char	*entries[AL_ROUTE_MAX];
	size_t	 n;			/* never 0 after al_pac_result_parse */
	char	*warnings[AL_ROUTE_MAX];	/* "\"FOO h:1\": not a..." */
	size_t	 n_warnings;
};

/* raw is what the script has returned.  Only ENOMEM. */
enum al_code al_pac_result_parse(struct al_pac_result *r, const char *raw,
    enum al_pac_socks socks, struct al_err *err) AL_MUST_CHECK;
void al_pac_result_fini(struct al_pac_result *r);

/* "4", "4a", "5", "5-then-4"; EUSAGE, stage config. */
enum al_code al_pac_socks_parse(const char *text, enum al_pac_socks *socks,
    struct al_err *err) AL_MUST_CHECK;

#endif
