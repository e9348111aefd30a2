/* connector/base/hash.c - digests, HMAC, hex and secret comparison. */
#include "connector/base/hash.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "connector/base/str.h"

enum al_code
al_sha256(uint8_t out[static AL_SHA256_LEN], const void *p, size_t len)
{
	return EVP_Digest(p, len, out, NULL, EVP_sha256(), NULL) == 1 ?
	    AL_OK : AL_ENOMEM;
}

enum al_code
al_sha1(uint8_t out[static AL_SHA1_LEN], const void *p, size_t len)
{
	return EVP_Digest(p, len, out, NULL, EVP_sha1(), NULL) == 1 ?
	    AL_OK : AL_ENOMEM;
}

/*
 * FIPS mode has no MD5.  That is an answer and no failure: nothing of it stays
 * in the thread's error queue, where the next TLS call would find it.
 */
enum al_code
al_md5(uint8_t out[static AL_MD5_LEN], const void *p, size_t len)
{
	int ok;

	(void)ERR_set_mark();
	ok = EVP_Digest(p, len, out, NULL, EVP_md5(), NULL) == 1;
	(void)ERR_pop_to_mark();
	return ok ? AL_OK : AL_ENOMEM;
}

static enum al_code
hmac(char *digest, uint8_t *out, size_t size, const void *key,
    size_t key_len, const struct al_bytes *v, size_t n)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
	size_t i, out_len;
	int ok;

	(void)ERR_set_mark();
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	ok = ctx != NULL && EVP_MAC_init(ctx, key, key_len, params) == 1;
	for (i = 0; ok && i < n; i++)
		ok = EVP_MAC_update(ctx, v[i].p, v[i].len) == 1;
	ok = ok && EVP_MAC_final(ctx, out, &out_len, size) == 1;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	(void)ERR_pop_to_mark();
	return ok ? AL_OK : AL_ENOMEM;
}

enum al_code
al_hmac_sha256(uint8_t out[static AL_SHA256_LEN], const void *key,
    size_t key_len, const struct al_bytes *v, size_t n)
{
	char name[] = "SHA256";

	return hmac(name, out, AL_SHA256_LEN, key, key_len, v, n);
}

enum al_code
al_hmac_md5(uint8_t out[static AL_MD5_LEN], const void *key, size_t key_len,
    const struct al_bytes *v, size_t n)
{
	char name[] = "MD5";

	return hmac(name, out, AL_MD5_LEN, key, key_len, v, n);
}

/*
 * NULL with ELIMIT or ENOMEM.  Without memory OpenSSL says that the hash is
 * not there either: only the first of its errors tells.  None of them stays
 * in the thread's queue, where the next TLS call would find it.
 */
static EVP_MD *
fetch(enum al_hash h, enum al_code *code)
{
	static const char *const names[] = {
		[AL_HASH_MD5] = "MD5",
		[AL_HASH_SHA256] = "SHA2-256",
		[AL_HASH_SHA512_256] = "SHA2-512/256",
	};
	EVP_MD *md;
	unsigned long e;

	ERR_clear_error();
	md = EVP_MD_fetch(NULL, names[h], NULL);
	*code = md != NULL ? AL_OK : AL_ELIMIT;
	while ((e = ERR_get_error()) != 0)
		if (md == NULL && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			*code = AL_ENOMEM;
	return md;
}

bool
al_hash_is_available(enum al_hash h)
{
	enum al_code code;

	EVP_MD_free(fetch(h, &code));
	return code != AL_ELIMIT;	/* ENOMEM will be said when it hashes */
}

enum al_code
al_hash_hex(char out[static AL_HASH_HEX], enum al_hash h,
    const struct al_bytes *v, size_t n)
{
	uint8_t raw[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	enum al_code code;
	EVP_MD *md = fetch(h, &code);
	EVP_MD_CTX *ctx;
	size_t i;
	int ok;

	if (md == NULL)
		return code;
	ctx = EVP_MD_CTX_new();
	ok = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;
	for (i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, v[i].p, v[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, raw, &len) == 1 &&
	    2 * len < AL_HASH_HEX;
	if (ok)
		(void)al_hex_encode(out, raw, len);
	explicit_bzero(raw, sizeof(raw));
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? AL_OK : AL_ENOMEM;
}

char *
al_hex_encode(char *out, const void *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = p;
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	out[2 * len] = '\0';
	return out;
}

bool
al_hex_decode(uint8_t *out, size_t len, const char *text, size_t text_len)
{
	size_t i;

	if (text_len / 2 != len || text_len % 2 != 0)
		return false;
	for (i = 0; i < len; i++) {
		int hi = al_hex_digit(text[2 * i]);
		int lo = al_hex_digit(text[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

bool
al_equal_secret(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
