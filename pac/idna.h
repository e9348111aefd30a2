/* pac/idna.h - host names with letters beyond ASCII, in their xn-- form. */
#ifndef AL_PAC_IDNA_H
#define AL_PAC_IDNA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Write the UTF-8 name of n bytes lower case, each label that is not ASCII as
 * "xn--..." (RFC 3492), and NUL.  Letters are folded as far as Latin, Greek
 * and Cyrillic go; composed characters are expected (NFC).  false: not UTF-8,
 * or it does not fit cap.
 */
bool al_idna_encode(char *out, size_t cap, const char *name, size_t n);

#endif
