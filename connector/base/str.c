/* connector/base/str.c - ASCII texts, the same in every locale. */
#include "connector/base/str.h"

#include <stdlib.h>
#include <string.h>

bool
al_str_ieqn(const void *p, size_t n, const char *b)
{
	const char *a = p;
	size_t i;

	for (i = 0; i < n && b[i] != '\0'; i++)
		if (al_lower(a[i]) != al_lower(b[i]))
			return false;
	return i == n && b[i] == '\0';
}

bool
al_str_ieq(const char *a, const char *b)
{
	return al_str_ieqn(a, strlen(a), b);
}

bool
al_str_istarts(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strnlen(text, n) == n && al_str_ieqn(text, n, prefix);
}

char *
al_str_clean(char *out, size_t cap, const void *p, size_t n)
{
	const uint8_t *in = p;
	size_t i, len = 0;

	if (cap == 0)
		return out;
	for (i = 0; i < n && len + 1 < cap; i++) {
		bool blank = in[i] == ' ' || (in[i] >= '\t' && in[i] <= '\r');

		if (blank && (len == 0 || out[len - 1] == ' '))
			continue;
		out[len++] = blank ? ' ' :
		    in[i] > ' ' && in[i] < 0x7f ? (char)in[i] : '.';
	}
	if (i < n && len >= 3)
		memcpy(out + len - 3, "...", 3);
	else if (i == n && len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return out;
}

bool
al_str_u64(const char *p, size_t n, uint64_t max, uint64_t *v)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned digit = (unsigned char)p[i] - (unsigned)'0';

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (n == 0 || sum > max)
		return false;
	*v = sum;
	return true;
}

bool
al_str_port(const char *p, size_t n, uint16_t *port)
{
	uint64_t v;

	if (!al_str_u64(p, n, 65535, &v) || v == 0)
		return false;
	*port = (uint16_t)v;
	return true;
}

char *
al_str_dup(const void *p, size_t n)
{
	char *s = n < SIZE_MAX ? malloc(n + 1) : NULL;

	if (s == NULL)
		return NULL;
	if (n > 0)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

void
al_str_free_secret(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

bool
al_str_is_line(const void *p, size_t n)
{
	const char *s = p;
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] == '\r' || s[i] == '\n' || s[i] == '\0')
			return false;
	return true;
}
