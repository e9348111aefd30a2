/* proxy/ntlmv2.c - the arithmetic of NTLMv2 (MS-NLMP 3.3.2). */
#include "proxy/ntlmv2.h"

#include <string.h>

#include "connector/base/le.h"
#include "proxy/md4.h"
#include "proxy/utf16.h"

/*
 * NTOWFv2 = HMAC_MD5(MD4(UNICODE(Passwd)),
 *     UNICODE(ConcatenationOf(Uppercase(User), UserDom)))
 */
enum al_code
al_ntlmv2_key(uint8_t key[static AL_NTLMV2_LEN], struct al_bytes password,
    struct al_bytes user, struct al_bytes domain)
{
	uint8_t hash[AL_MD4_LEN], capitals[AL_NTLMV2_USER_MAX];
	struct al_bytes name[] = { { capitals, user.len }, domain };
	enum al_code code;

	if (user.len > sizeof(capitals))
		return AL_ELIMIT;
	if (user.len > 0)
		memcpy(capitals, user.p, user.len);
	al_utf16_upper(capitals, user.len);
	al_md4(hash, password.p, password.len);
	code = al_hmac_md5(key, hash, sizeof(hash), name, 2);
	explicit_bzero(hash, sizeof(hash));
	return code;
}

enum al_code
al_ntlmv2_proof(uint8_t proof[static AL_NTLMV2_LEN],
    const uint8_t key[static AL_NTLMV2_LEN],
    const uint8_t server[static AL_NTLM_NONCE], struct al_bytes rest)
{
	struct al_bytes v[] = { { server, AL_NTLM_NONCE }, rest };

	return al_hmac_md5(proof, key, AL_NTLMV2_LEN, v, 2);
}

enum al_code
al_ntlmv2_session(uint8_t session[static AL_NTLMV2_LEN],
    const uint8_t key[static AL_NTLMV2_LEN],
    const uint8_t proof[static AL_NTLMV2_LEN])
{
	struct al_bytes v = { proof, AL_NTLMV2_LEN };

	return al_hmac_md5(session, key, AL_NTLMV2_LEN, &v, 1);
}

/*
 * Both address types and lengths are zero, then the length of the data as 32
 * bits, little-endian, and the data: MD5(16 zeros | length | data).
 */
enum al_code
al_ntlmv2_binding(uint8_t binding[static AL_NTLMV2_LEN], struct al_bytes data)
{
	uint8_t all[16 + 4 + AL_NTLMV2_BINDING_MAX] = { 0 };

	if (data.len > AL_NTLMV2_BINDING_MAX)
		return AL_ELIMIT;
	al_put_le32(all + 16, (uint32_t)data.len);
	if (data.len > 0)
		memcpy(all + 20, data.p, data.len);
	return al_md5(binding, all, 20 + data.len);
}
