/* proxy/ntlmv2.h - the arithmetic of NTLMv2 (MS-NLMP 3.3.2). */
#ifndef AL_PROXY_NTLMV2_H
#define AL_PROXY_NTLMV2_H

#include <stdint.h>

#include "connector/base/err.h"
#include "connector/base/hash.h"

#define AL_NTLMV2_LEN	AL_MD5_LEN	/* of keys and proofs */
#define AL_NTLM_NONCE	8		/* bytes of either challenge */
/* Enough for user names of 1,024 bytes and every digest a certificate has. */
#define AL_NTLMV2_USER_MAX	2048
#define AL_NTLMV2_BINDING_MAX	256

/*
 * NTOWFv2, the ResponseKeyNT.  All three are UTF-16LE; the user is at most
 * AL_NTLMV2_USER_MAX bytes and needs not be in capitals.  ENOMEM: OpenSSL has
 * no memory or no MD5 (FIPS mode).  ELIMIT: the user is too long.
 */
enum al_code al_ntlmv2_key(uint8_t key[static AL_NTLMV2_LEN],
    struct al_bytes password, struct al_bytes user, struct al_bytes domain)
    AL_MUST_CHECK;

/*
 * The answer to the server's challenge.  rest is "temp" for NTProofStr, the
 * client's challenge for the first 16 bytes of an LMv2 response.
 */
enum al_code al_ntlmv2_proof(uint8_t proof[static AL_NTLMV2_LEN],
    const uint8_t key[static AL_NTLMV2_LEN],
    const uint8_t server[static AL_NTLM_NONCE], struct al_bytes rest)
    AL_MUST_CHECK;

/* SessionBaseKey, from NTProofStr. */
enum al_code al_ntlmv2_session(uint8_t session[static AL_NTLMV2_LEN],
    const uint8_t key[static AL_NTLMV2_LEN],
    const uint8_t proof[static AL_NTLMV2_LEN]) AL_MUST_CHECK;

/*
 * MsvAvChannelBindings: the MD5 of a gss_channel_bindings_struct (RFC 2744
 * 3.11) without addresses, data being its application data, at
 * most AL_NTLMV2_BINDING_MAX bytes, else ELIMIT.
 */
enum al_code al_ntlmv2_binding(uint8_t binding[static AL_NTLMV2_LEN],
    struct al_bytes data) AL_MUST_CHECK;

#endif
