/* proxy/ntlm.c - log in to a proxy with NTLMv2 (MS-NLMP). */
#include "proxy/ntlm.h"

#include <stdbool.h>
#include <string.h>

#include "connector/base/b64.h"
#include "connector/base/le.h"
#include "proxy/ntlm_challenge.h"
#include "proxy/ntlmv2.h"
#include "proxy/utf16.h"

/*
 * What Windows asks for, less OEM (no code pages here) and the version (no
 * business of the proxy's).  No signing, no sealing: HTTP has no use for
 * them, and without them there is no key exchange either (MS-NLMP 3.1.5.1.2),
 * hence no RC4.  A flag that the proxy sets and we did not is not agreed on.
 */
#define FLAGS	(AL_NTLM_UNICODE | AL_NTLM_REQUEST_TARGET | AL_NTLM_NTLM | \
		AL_NTLM_ALWAYS_SIGN | AL_NTLM_EXTENDED | \
		AL_NTLM_TARGET_INFO | AL_NTLM_128 | AL_NTLM_56)
#define LE32(v)	(uint8_t)(v), (uint8_t)((v) >> 8), (uint8_t)((v) >> 16), \
		(uint8_t)((v) >> 24)

/* NEGOTIATE_MESSAGE (2.2.1.1): no domain, no workstation, no version */
static const uint8_t negotiate[40] = {
	'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, LE32(1), LE32(FLAGS)
};

#define LM_LEN		24
#define MIC_AT		72
#define HEAD_LEN	88
#define TEMP_LEN	28		/* before the AV pairs */
#define AV_HAS_MIC	2u		/* in MsvAvFlags       */
/* our pairs: flags, binding, SPN, end; and four zeros behind them */
#define PAIRS_MAX	(8 + 20 + 4 + AL_UTF16_LEN(AL_NTLM_TEXT_MAX) + 4 + 4)
#define NT_MAX		(AL_NTLMV2_LEN + TEMP_LEN + AL_NTLM_CHALLENGE_MAX + \
			PAIRS_MAX)
#define MESSAGE_MAX	(HEAD_LEN + AL_NTLM_CHALLENGE_MAX + \
			AL_UTF16_LEN(AL_NTLM_TEXT_MAX) + LM_LEN + NT_MAX)

_Static_assert(NT_MAX <= UINT16_MAX, "a length in the message is 16 bits");
_Static_assert(AL_UTF16_LEN(AL_NTLM_TEXT_MAX) <= AL_NTLMV2_USER_MAX &&
    AL_NTLM_BINDING_MAX <= AL_NTLMV2_BINDING_MAX, "both have one limit");

struct text {
	uint8_t	p[AL_UTF16_LEN(AL_NTLM_TEXT_MAX)];
	size_t	len;
};

struct answer {
	uint8_t			 raw[AL_NTLM_CHALLENGE_MAX];
	size_t			 raw_len;
	struct al_ntlm_challenge c;
	struct text		 user, password, own_domain, spn;
	struct al_bytes		 domain;	/* own_domain's, or c's */
	uint8_t			 key[AL_NTLMV2_LEN];
	uint8_t			 session[AL_NTLMV2_LEN];
	uint8_t			 lm[LM_LEN];
	uint8_t			 nt[NT_MAX];
	size_t			 nt_len;
	uint8_t			 message[MESSAGE_MAX];
	size_t			 message_len;
};

/* false: not UTF-8, or too long. */
static bool
to_utf16(struct text *t, const char *s, size_t len)
{
	struct al_writer w = al_writer(t->p, sizeof(t->p));
	bool ok = len <= AL_NTLM_TEXT_MAX && al_utf16_write(&w, s, len);

	t->len = w.len;
	return ok && !w.bad;
}

const char *
al_ntlm_check(const char *user, const char *password)
{
	const char *backslash = strchr(user, '\\');
	struct text t;
	bool ok;

	if (*(backslash != NULL ? backslash + 1 : user) == '\0')
		return "NTLM needs a user name";
	if (strlen(user) > AL_NTLM_TEXT_MAX ||
	    strlen(password) > AL_NTLM_TEXT_MAX)
		return "a user name or password longer than 1,024 bytes does "
		    "not work with NTLM";
	ok = to_utf16(&t, user, strlen(user)) &&
	    to_utf16(&t, password, strlen(password));
	explicit_bzero(&t, sizeof(t));
	return ok ? NULL : "a user name or password that is not UTF-8 does "
	    "not work with NTLM";
}

static enum al_code
put_token(struct al_buf *out, const void *p, size_t len)
{
	size_t text_len = AL_B64_LEN(len);
	uint8_t *to;

	if (text_len >= out->max || al_buf_len(out) >= out->max - text_len)
		return AL_ELIMIT;
	to = al_buf_reserve(out, text_len + 1);		/* with the NUL */
	if (to == NULL)
		return AL_ENOMEM;
	al_buf_commit(out, al_b64_encode((char *)to, text_len + 1, p, len));
	return AL_OK;
}

enum al_code
al_ntlm_negotiate(struct al_buf *out)
{
	return put_token(out, negotiate, sizeof(negotiate));
}

static enum al_code
take_challenge(struct answer *a, const char *token68, struct al_err *err)
{
	size_t len = strlen(token68);

	if (len > AL_B64_LEN(sizeof(a->raw)))
		return al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
		    "broken NTLM challenge: it is too long");
	if (!al_b64_decode(a->raw, sizeof(a->raw), token68, len, &a->raw_len))
		return al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
		    "broken NTLM challenge: it is not base64");
	return al_ntlm_challenge_decode(&a->c, a->raw, a->raw_len, err);
}

/* After al_ntlm_check, which makes these conversions succeed. */
static void
take_user(struct answer *a, const struct al_ntlm_login *l)
{
	const char *name = strchr(l->user, '\\');

	if (name != NULL) {
		(void)to_utf16(&a->own_domain, l->user,
		    (size_t)(name - l->user));
		a->domain = (struct al_bytes){ a->own_domain.p,
		    a->own_domain.len };
		name++;
	} else {
		name = l->user;
		if (strchr(name, '@') == NULL)
			a->domain = a->c.target.len > 0 ? a->c.target :
			    a->c.domain;
	}
	(void)to_utf16(&a->user, name, strlen(name));
	(void)to_utf16(&a->password, l->password, strlen(l->password));
}

static enum al_code
take_login(struct answer *a, const struct al_ntlm_login *l,
    struct al_err *err)
{
	const char *why = al_ntlm_check(l->user, l->password);

	if (why == NULL && l->spn != NULL &&
	    !to_utf16(&a->spn, l->spn, strlen(l->spn)))
		why = "an SPN has at most 1,024 bytes of UTF-8";
	if (why == NULL && l->binding_len > AL_NTLM_BINDING_MAX)
		why = "a channel binding has at most 256 bytes";
	if (why != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s", why);
	take_user(a, l);
	return AL_OK;
}

static void
put_pair(struct al_writer *w, enum al_ntlm_av id, const void *p, size_t len)
{
	al_write_le16(w, (uint16_t)id);
	al_write_le16(w, (uint16_t)len);
	al_write_bytes(w, p, len);
}

/* The server's pairs but for those that are the client's to say. */
static void
put_server_pairs(struct al_writer *w, const struct al_ntlm_challenge *c)
{
	struct al_reader r = al_reader(c->info.p, c->info.len);
	struct al_bytes v;
	uint16_t id;

	while (al_ntlm_pair_next(&r, &id, &v))
		if (id != AL_NTLM_AV_FLAGS && id != AL_NTLM_AV_TARGET_NAME &&
		    id != AL_NTLM_AV_CHANNEL_BINDINGS)
			put_pair(w, (enum al_ntlm_av)id, v.p, v.len);
}

/*
 * MS-NLMP 3.1.5.1.2: a MIC is promised when the server gave a timestamp.
 * Zeros say that there is no channel binding, an empty name that the client
 * has no SPN: a server that insists on either can tell that we know of it.
 */
static enum al_code
put_own_pairs(struct al_writer *w, const struct answer *a,
    const struct al_ntlm_login *l)
{
	struct al_bytes data = { l->binding, l->binding_len };
	uint32_t flags = a->c.av_flags;
	uint8_t value[4], hash[AL_NTLMV2_LEN] = { 0 };
	enum al_code code = AL_OK;

	if (a->c.time != NULL)
		flags |= AV_HAS_MIC;
	al_put_le32(value, flags);
	if (flags != 0)
		put_pair(w, AL_NTLM_AV_FLAGS, value, sizeof(value));
	if (l->binding != NULL)
		code = al_ntlmv2_binding(hash, data);
	put_pair(w, AL_NTLM_AV_CHANNEL_BINDINGS, hash, sizeof(hash));
	put_pair(w, AL_NTLM_AV_TARGET_NAME, a->spn.p, a->spn.len);
	put_pair(w, AL_NTLM_AV_EOL, NULL, 0);
	return code;
}

/*
 * NTLMv2_RESPONSE (2.2.2.8): NTProofStr, then what 3.3.2 calls temp:
 * 1, 1, six zeros, time (8), client's nonce (8), four zeros, pairs, four
 * zeros.
 */
static enum al_code
answer_nt(struct answer *a, const struct al_ntlm_login *l)
{
	struct al_writer w = al_writer(a->nt, sizeof(a->nt));
	enum al_code code;

	(void)al_write_room(&w, AL_NTLMV2_LEN);
	al_write_le64(&w, 0x0101);
	if (a->c.time != NULL)
		al_write_bytes(&w, a->c.time, 8);
	else
		al_write_le64(&w, l->now);
	al_write_bytes(&w, l->nonce, AL_NTLM_NONCE);
	al_write_le32(&w, 0);
	put_server_pairs(&w, &a->c);
	code = put_own_pairs(&w, a, l);
	al_write_le32(&w, 0);
	a->nt_len = w.len;
	if (code != AL_OK || w.bad)
		return code != AL_OK ? code : AL_ELIMIT;
	return al_ntlmv2_proof(a->nt, a->key, a->c.nonce, (struct al_bytes){
	    a->nt + AL_NTLMV2_LEN, a->nt_len - AL_NTLMV2_LEN });
}

/* LMv2_RESPONSE (2.2.2.4); zeros when there is a timestamp (3.1.5.1.2). */
static enum al_code
answer_lm(struct answer *a, const struct al_ntlm_login *l)
{
	if (a->c.time != NULL)
		return AL_OK;
	memcpy(a->lm + AL_NTLMV2_LEN, l->nonce, AL_NTLM_NONCE);
	return al_ntlmv2_proof(a->lm, a->key, a->c.nonce,
	    (struct al_bytes){ l->nonce, AL_NTLM_NONCE });
}

/* Length, room and offset; at moves on to the next field's bytes. */
static void
put_field(struct al_writer *w, size_t len, size_t *at)
{
	al_write_le16(w, (uint16_t)len);
	al_write_le16(w, (uint16_t)len);
	al_write_le32(w, (uint32_t)*at);
	*at += len;
}

/*
 * AUTHENTICATE_MESSAGE (2.2.1.3):
 *
 *  0 "NTLMSSP\0"    8 type: 3       12 LM response    20 NT response
 * 28 domain        36 user          44 workstation    52 session key
 * 60 flags         64 version (8)   72 MIC (16)       88 payload
 *
 * The room of the MIC is there with or without one.  No workstation: it is
 * only what the client likes to call itself.  (An account that its domain
 * ties to workstations is not let in without.)
 */
static enum al_code
put_message(struct answer *a)
{
	struct al_writer w = al_writer(a->message, sizeof(a->message));
	size_t at = HEAD_LEN, lm_at = at + a->domain.len + a->user.len;
	size_t nt_at = lm_at + LM_LEN, end = nt_at + a->nt_len;

	al_write_bytes(&w, "NTLMSSP", 8);
	al_write_le32(&w, 3);
	put_field(&w, LM_LEN, &lm_at);
	put_field(&w, a->nt_len, &nt_at);
	put_field(&w, a->domain.len, &at);
	put_field(&w, a->user.len, &at);
	put_field(&w, 0, &at);
	put_field(&w, 0, &end);
	al_write_le32(&w, a->c.flags & FLAGS);
	al_write_le64(&w, 0);
	al_write_le64(&w, 0);
	al_write_le64(&w, 0);
	al_write_bytes(&w, a->domain.p, a->domain.len);
	al_write_bytes(&w, a->user.p, a->user.len);
	al_write_bytes(&w, a->lm, LM_LEN);
	al_write_bytes(&w, a->nt, a->nt_len);
	a->message_len = w.len;
	return w.bad ? AL_ELIMIT : AL_OK;
}

/* 3.1.5.1.2: over all three messages, this one with zeros for the MIC. */
static enum al_code
put_mic(struct answer *a)
{
	struct al_bytes all[] = {
		{ negotiate, sizeof(negotiate) },
		{ a->raw, a->raw_len },
		{ a->message, a->message_len },
	};
	uint8_t mic[AL_MD5_LEN];
	enum al_code code;

	if (a->c.time == NULL)
		return AL_OK;
	code = al_hmac_md5(mic, a->session, sizeof(a->session), all, 3);
	if (code == AL_OK)
		memcpy(a->message + MIC_AT, mic, sizeof(mic));
	return code;
}

static enum al_code
compute(struct answer *a, const struct al_ntlm_login *l)
{
	enum al_code code = al_ntlmv2_key(a->key,
	    (struct al_bytes){ a->password.p, a->password.len },
	    (struct al_bytes){ a->user.p, a->user.len }, a->domain);

	if (code == AL_OK)
		code = answer_nt(a, l);
	if (code == AL_OK)
		code = answer_lm(a, l);
	if (code == AL_OK)
		code = al_ntlmv2_session(a->session, a->key, a->nt);
	if (code == AL_OK)
		code = put_message(a);
	return code == AL_OK ? put_mic(a) : code;
}

enum al_code
al_ntlm_authenticate(const char *token68, const struct al_ntlm_login *login,
    struct al_buf *out, struct al_err *err)
{
	struct answer a = { 0 };
	enum al_code code = take_challenge(&a, token68, err);

	if (code == AL_OK)
		code = take_login(&a, login, err);
	if (code != AL_OK)
		goto out;
	code = compute(&a, login);
	if (code == AL_OK)
		code = put_token(out, a.message, a.message_len);
	if (code == AL_ENOMEM)
		code = al_fail(err, code, AL_AT_PROXY, 0, "NTLM: no memory, "
		    "or this OpenSSL has no MD5 (FIPS mode)");
	else if (code != AL_OK)
		code = al_fail(err, code, AL_AT_PROXY, 0,
		    "the answer to the NTLM challenge is too long");
out:
	explicit_bzero(&a, sizeof(a));
	return code;
}
