/* tests/fuzz/fuzz.h - what the fuzz targets share. */
#ifndef AL_FUZZ_H
#define AL_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* Like assert, in every build. */
#define CHECK(x)	do { if (!(x)) abort(); } while (0)

/* The first byte of an input says in pieces of which size the rest comes. */
static inline size_t
fuzz_chunk(const uint8_t **p, size_t *len)
{
	size_t chunk = 1;

	if (*len > 0) {
		chunk = **p > 0 ? **p : 4096;
		(*p)++;
		(*len)--;
	}
	return chunk;
}

#endif
