/* connector/gatewayd/identity_int.h - shared by identity.c and identity_add.c. */
#ifndef AL_GATEWAYD_IDENTITY_INT_H
#define AL_GATEWAYD_IDENTITY_INT_H

#include <stdbool.h>
#include <stddef.h>

#define IDENTITY_FILE_MAX	(64 * 1024 * 1024)

bool identity_is_name(const char *p, size_t n);

#endif
