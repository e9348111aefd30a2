/* connector/helper/serve.h - the other end: what every helper program does. */
#ifndef AL_HELPER_SERVE_H
#define AL_HELPER_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * For the programs behind child.h, which don't link our library: linked into
 * each of them.  These functions block.
 */

/* A build with the address sanitizer: it maps terabytes, and traces its own
 * process. */
#if defined(__SANITIZE_ADDRESS__)
#define AL_SERVE_SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AL_SERVE_SANITIZED	1
#endif
#endif
#ifndef AL_SERVE_SANITIZED
#define AL_SERVE_SANITIZED	0
#endif

/* What a helper may use; 0 leaves a limit as it is. */
struct al_serve_limits {
	size_t	memory;		/* bytes of address space           */
	size_t	files;		/* descriptors                      */
	size_t	file_size;	/* bytes of a file that it writes   */
};

/*
 * First of all: no core files and no debugger, no new privileges, the limits,
 * death with the parent.  Gives the descriptor of the conversation; standard
 * input and output become /dev/null, so that no library can write into it.
 * -1 when this is not a helper's place (a terminal, say).
 */
int al_serve_begin(const struct al_serve_limits *limits);

/* One message; false at the end of the conversation and when it is broken. */
bool al_serve_read(int fd, uint8_t *msg, size_t cap, size_t *len);
bool al_serve_write(int fd, const uint8_t *msg, size_t len);

#endif
