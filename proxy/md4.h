/* proxy/md4.h - MD4 (RFC 1320), for the password hash of NTLM only. */
#ifndef AL_PROXY_MD4_H
#define AL_PROXY_MD4_H

#include <stddef.h>
#include <stdint.h>

#define AL_MD4_LEN	16

void al_md4(uint8_t out[static AL_MD4_LEN], const void *p, size_t len);

#endif
