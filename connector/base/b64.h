/* connector/base/b64.h - base64 (RFC 4648), padded, strict. */
#ifndef AL_BASE_B64_H
#define AL_BASE_B64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AL_B64_LEN(n)	(((n) + 2) / 3 * 4)	/* text of n bytes, no NUL */

/* Writes text and NUL; its length, or 0 when cap is too small (or n is 0). */
size_t al_b64_encode(char *out, size_t cap, const void *p, size_t n);

/*
 * Whole quads, padding where it belongs, no blanks, unused bits zero.  false:
 * bad text or cap is too small.  *n is the number of bytes.
 */
bool al_b64_decode(uint8_t *out, size_t cap, const char *text, size_t len,
    size_t *n);

#endif
