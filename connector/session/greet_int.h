/* connector/session/greet_int.h - what greet.c hands to mux.c. */
#ifndef AL_SESSION_GREET_INT_H
#define AL_SESSION_GREET_INT_H

#include "connector/session/carrier.h"
#include "connector/wire/mux_frame.h"

#define AL_HELLO_MAX	512u	/* with all its TLVs */

struct al_greeted {
	struct al_carrier	*c;
	struct al_hello		 hello;
	uint8_t			 raw[AL_HELLO_MAX];	/* the frame: what its
							 * proof is about */
	size_t			 raw_len;
};

#endif
