/* pac/helper/text.h - UTF-8 and what the engines have in its place. */
#ifndef AL_PAC_HELPER_TEXT_H
#define AL_PAC_HELPER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Nothing here fails: what is not a character becomes U+FFFD.  A lone half of
 * a surrogate pair is one for the engines and none in UTF-8.
 */

#define TEXT_GROWTH	3	/* bytes out of one byte, at most */

/* The character at *p, which moves behind it; p < end. */
uint32_t text_next(const char **p, const char *end);

/* Duktape's strings: each half of a surrogate pair in three bytes. */
size_t text_to_cesu8(char *out, const char *p, size_t len);
size_t text_from_cesu8(char *out, const char *p, size_t len);
bool text_is_same(const char *p, size_t len);	/* in both of them */

/* JavaScriptCore's. */
size_t text_to_utf16(uint16_t *out, const char *p, size_t len);
size_t text_from_utf16(char *out, const uint16_t *p, size_t len);

/* As many bytes of p as fit, cut between characters. */
size_t text_cut(const char *p, size_t len, size_t max);

#endif
