/* connector/base/str.h - ASCII texts, the same in every locale. */
#ifndef AL_BASE_STR_H
#define AL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool
al_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool
al_is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
al_is_alnum(int c)
{
	return al_is_digit(c) || al_is_alpha(c);
}

static inline char
al_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* 0 to 15, or -1. */
static inline int
al_hex_digit(int c)
{
	if (al_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Equal but for the case of ASCII letters. */
bool al_str_ieq(const char *a, const char *b);
/* The n bytes at p against the text b. */
bool al_str_ieqn(const void *p, size_t n, const char *b);
/* text begins with prefix, whatever the case. */
bool al_str_istarts(const char *text, const char *prefix);

/*
 * Make bytes of a peer fit for a terminal or a log: what is not printable
 * ASCII becomes '.', runs of blanks, CR and LF one blank; what does not fit
 * ends in "...".  Always ends with NUL when cap > 0; returns out.
 */
char *al_str_clean(char *out, size_t cap, const void *p, size_t n);

/* Decimal digits only, no sign, no blank, at most max; v is set on true. */
bool al_str_u64(const char *p, size_t n, uint64_t max, uint64_t *v);
/* "8443": 1 to 65535. */
bool al_str_port(const char *p, size_t n, uint16_t *port);

/* A copy of n bytes and a NUL; NULL when memory is out. */
char *al_str_dup(const void *p, size_t n);
/* Wipe and free a secret; NULL is fine. */
void al_str_free_secret(char *s);

/* n bytes without CR, LF or NUL: fit for one line of a protocol. */
bool al_str_is_line(const void *p, size_t n);

#endif
