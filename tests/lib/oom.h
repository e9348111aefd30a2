/* tests/lib/oom.h - memory that runs out, at the allocation that is chosen. */
#ifndef AL_TEST_OOM_H
#define AL_TEST_OOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <openssl/crypto.h>

/*
 * For a program that is linked with OOM_FLAGS (tests/unit/local.mk): every
 * malloc, calloc and realloc in it comes here, and those of libcrypto after
 * oom_crypto().
 */
static long oom_left = -1;	/* allocations until one fails; -1: none does */
static bool oom_hit;

static inline bool
oom_fails(void)
{
	if (oom_left < 0 || oom_left-- > 0)
		return false;
	oom_hit = true;
	return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *
__wrap_malloc(size_t n)
{
	return oom_fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t k, size_t n)
{
	return oom_fails() ? NULL : __real_calloc(k, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return oom_fails() ? NULL : __real_realloc(p, n);
}

static inline void *
oom_crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(n);
}

static inline void *
oom_crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, n);
}

static inline void
oom_crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* Before anything else of libcrypto's. */
static inline bool
oom_crypto(void)
{
	return CRYPTO_set_mem_functions(oom_crypto_malloc, oom_crypto_realloc,
	    oom_crypto_free) == 1;
}

#endif
