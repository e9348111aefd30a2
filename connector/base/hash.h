/* connector/base/hash.h - digests, HMAC, hex and secret comparison. */
#ifndef AL_BASE_HASH_H
#define AL_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"

#define AL_SHA256_LEN	32
#define AL_SHA1_LEN	20
#define AL_MD5_LEN	16

/* Bytes that are hashed one after the other as if they were joined. */
struct al_bytes {
	const void	*p;
	size_t		 len;
};

/* AL_OK, or AL_ENOMEM (OpenSSL refuses: no memory or no such digest). */
enum al_code al_sha256(uint8_t out[static AL_SHA256_LEN], const void *p,
    size_t len) AL_MUST_CHECK;
enum al_code al_hmac_sha256(uint8_t out[static AL_SHA256_LEN],
    const void *key, size_t key_len, const struct al_bytes *v, size_t n)
    AL_MUST_CHECK;
/* For the WebSocket accept key and nothing else. */
enum al_code al_sha1(uint8_t out[static AL_SHA1_LEN], const void *p,
    size_t len) AL_MUST_CHECK;

/* What HTTP Digest hashes with (RFC 7616 6.1), weakest first. */
enum al_hash {
	AL_HASH_MD5,
	AL_HASH_SHA256,
	AL_HASH_SHA512_256	/* FIPS 180-4: not SHA-512 cut short */
};
#define AL_HASH_HEX	(2 * 32 + 1)	/* of the longest, with its NUL */

/* An OpenSSL in FIPS mode has no MD5. */
bool al_hash_is_available(enum al_hash h);
/* In lower-case hex.  AL_OK, ELIMIT (not available) or ENOMEM. */
enum al_code al_hash_hex(char out[static AL_HASH_HEX], enum al_hash h,
    const struct al_bytes *v, size_t n) AL_MUST_CHECK;

/* For logging in to proxies and nothing else: both are broken. */
enum al_code al_md5(uint8_t out[static AL_MD5_LEN], const void *p,
    size_t len) AL_MUST_CHECK;
enum al_code al_hmac_md5(uint8_t out[static AL_MD5_LEN], const void *key,
    size_t key_len, const struct al_bytes *v, size_t n) AL_MUST_CHECK;

/* out holds 2 * len + 1; lower case; returns out. */
char *al_hex_encode(char *out, const void *p, size_t len);
/* Exactly len bytes from 2 * len digits of either case. */
bool al_hex_decode(uint8_t *out, size_t len, const char *text,
    size_t text_len);

/* Takes the same time whatever the bytes are. */
bool al_equal_secret(const void *a, const void *b, size_t len);

#endif
