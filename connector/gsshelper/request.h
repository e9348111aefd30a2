/* connector/gsshelper/request.h - what a START asks for. */
#ifndef AL_GSSHELPER_REQUEST_H
#define AL_GSSHELPER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/helper/gss.h"

struct request {
	enum al_gss_mech	mech;
	enum al_gss_source	source;
	char			target[AL_GSS_TEXT_MAX + 1];
	char			ccache[AL_GSS_TEXT_MAX + 1];
	char			keytab[AL_GSS_TEXT_MAX + 1];
	char			principal[AL_GSS_TEXT_MAX + 1];
	char			password[AL_GSS_TEXT_MAX + 1];
	uint8_t			bindings[AL_GSS_TEXT_MAX];
	size_t			bindings_len;
};

/* The bytes behind the type octet.  Wipe r with explicit_bzero. */
bool request_decode(struct request *r, const uint8_t *p, size_t len);

#endif
