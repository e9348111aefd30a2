/* tests/lib/stride.h - every byte, but where that would take minutes. */
#ifndef AL_TEST_STRIDE_H
#define AL_TEST_STRIDE_H

#include <stddef.h>
#include <stdlib.h>

/* How far apart the places are at which something is cut: 1, or what
 * AL_TEST_STRIDE says (contrib/check does under valgrind, where a handshake
 * takes fifty times as long; the other builds cut at every byte). */
static inline size_t
stride(void)
{
	const char *text = getenv("AL_TEST_STRIDE");
	size_t n = text != NULL ? strtoul(text, NULL, 10) : 1;

	return n > 0 ? n : 1;
}

#endif
