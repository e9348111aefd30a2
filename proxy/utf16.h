/* proxy/utf16.h - UTF-8 as the UTF-16LE of Windows, and its upper case. */
#ifndef AL_PROXY_UTF16_H
#define AL_PROXY_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/reader.h"

/* n bytes of UTF-8 become at most this many of UTF-16. */
#define AL_UTF16_LEN(n)	(2 * (n))

/*
 * Write the len bytes of UTF-8 at text as UTF-16LE.  false: not UTF-8 (RFC
 * 3629), and what was written so far is there.  No room sets w->bad.
 */
bool al_utf16_write(struct al_writer *w, const char *text, size_t len);

/*
 * The upper case of each UTF-16LE unit in its place, as Windows does it for
 * user names: one unit becomes one unit whatever the language, so that sharp
 * s, dotless i and long s stay.  Knows Latin (with the letters of Vietnamese
 * and Romanian), Greek without the polytonic letters, Cyrillic, Armenian and
 * full-width Latin; every other letter stays as it is.  A user of another
 * script with two cases has to write the name in capitals.
 */
void al_utf16_upper(uint8_t *p, size_t len);

#endif
