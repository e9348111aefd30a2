/* connector/wire/client_hello.h - the name in the first message of a client. */
#ifndef AL_WIRE_CLIENT_HELLO_H
#define AL_WIRE_CLIENT_HELLO_H

#include <stddef.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"

/* A caller has to be able to hold so many bytes before it knows. */
#define AL_CLIENT_HELLO_MAX	(20 * 1024)

struct al_client_hello {
	char	sni[AL_HOST_MAX + 1];	/* lower case; "": it names nobody */
};

/*
 * p and len: all bytes since the first of the connection, each time; nothing
 * is consumed.  AL_AGAIN: more bytes are needed.  EPROTO, stage tls: not TLS,
 * or broken.  ELIMIT: the hello does not end within AL_CLIENT_HELLO_MAX.
 */
enum al_code al_client_hello_parse(const void *p, size_t len,
    struct al_client_hello *h, struct al_err *err) AL_MUST_CHECK;

#endif
