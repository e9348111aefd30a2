/* connector/base/url.h - RFC 3986 URLs, as far as this project needs them. */
#ifndef AL_BASE_URL_H
#define AL_BASE_URL_H

#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_url {
	char	 scheme[16];			/* lower case              */
	char	*user, *password;		/* decoded; NULL: none     */
	char	 host[AL_HOST_MAX + 1];		/* no brackets, lower case */
	uint16_t port;				/* 0: not given            */
	char	*path;				/* "/..." with query; "/"  */
};

/*
 * Parse "scheme://[user[:password]@]host[:port][/path][?query]".  A fragment,
 * control characters, blanks and backslashes are refused.  A failure leaves
 * nothing to free and its text never shows user or password.
 */
enum al_code al_url_parse(struct al_url *u, const char *text,
    struct al_err *err) AL_MUST_CHECK;
void al_url_fini(struct al_url *u);	/* wipes user and password */

/* Default port of http ws (80), https wss (443), socks* (1080); else 0. */
uint16_t al_url_default_port(const char *scheme);

#endif
