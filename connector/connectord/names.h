/* connector/connectord/names.h - the hosts that local connections may go to. */
#ifndef AL_CONNECTORD_NAMES_H
#define AL_CONNECTORD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

struct al_name {
	char		pattern[AL_HOST_MAX + 1];	/* "*.x": below x */
	uint16_t	port;				/* 0: "*"        */
};

struct al_names {
	struct al_name	*v;
	size_t		 n;
};

void al_names_init(struct al_names *n);
void al_names_fini(struct al_names *n);
/* "host", "*.host", "host:port"; 443 if it names no port; "*": every host and
 * port.  EUSAGE, stage config. */
enum al_code al_names_add(struct al_names *n, const char *text,
    struct al_err *err) AL_MUST_CHECK;

bool al_names_has(const struct al_names *n, const char *host, uint16_t port);
/* The port of the first that matches, 0: none does. */
uint16_t al_names_port(const struct al_names *n, const char *host);

#endif
