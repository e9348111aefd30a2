/* proxy/ntlm_challenge.c - what an NTLM server asks (MS-NLMP 2.2.1.2). */
#include "proxy/ntlm_challenge.h"

#include <string.h>

#include "connector/base/le.h"

/*
 * CHALLENGE_MESSAGE, little-endian:
 *
 *  0 "NTLMSSP\0"   8 type: 2           12 TargetName    20 flags
 * 24 nonce (8)    32 reserved (8)      40 TargetInfo    48 version (8)
 * 56 payload
 *
 * TargetName and TargetInfo are length (2), room (2), offset (4).  What was
 * made before Windows 2000 ends at 32, what is no Windows may lack the
 * version; the offsets say where the payload is.
 */
#define HEAD_MIN	32
#define HEAD_INFO	48

static enum al_code
broken(struct al_err *err, const char *why)
{
	return al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
	    "broken NTLM challenge: %s", why);
}

/*
 * The bytes a field of the head points to.  An empty field may point
 * anywhere, and does.  The sum of offset and length is never formed: it
 * overflows in 32 bits (CVE-2018-14618, CVE-2019-3822).
 */
static bool
field(struct al_reader *head, const uint8_t *p, size_t len, size_t head_len,
    struct al_bytes *v)
{
	size_t n = al_read_le16(head);
	size_t offset;

	(void)al_read_le16(head);
	offset = al_read_le32(head);
	*v = (struct al_bytes){ NULL, 0 };
	if (n == 0)
		return true;
	if (offset < head_len || offset > len || n > len - offset)
		return false;
	*v = (struct al_bytes){ p + offset, n };
	return true;
}

bool
al_ntlm_pair_next(struct al_reader *r, uint16_t *id, struct al_bytes *v)
{
	*id = al_read_le16(r);
	v->len = al_read_le16(r);
	v->p = al_read_bytes(r, v->len);
	return !r->bad && *id != AL_NTLM_AV_EOL;
}

/* What is wrong with a pair, or NULL. */
static const char *
take_pair(struct al_ntlm_challenge *c, uint16_t id, struct al_bytes v)
{
	switch (id) {
	case AL_NTLM_AV_NB_DOMAIN:
		if (v.len % 2 != 0)
			return "its domain is not UTF-16";
		c->domain = v;
		return NULL;
	case AL_NTLM_AV_FLAGS:
		if (v.len != 4)
			return "its MsvAvFlags have a wrong length";
		c->av_flags = al_get_le32(v.p);
		return NULL;
	case AL_NTLM_AV_TIMESTAMP:
		if (v.len != 8)
			return "its timestamp has a wrong length";
		c->time = v.p;
		return NULL;
	default:
		return NULL;
	}
}

/* What follows the end of the list is padding and not ours to send back. */
static const char *
take_info(struct al_ntlm_challenge *c, struct al_bytes all)
{
	struct al_reader r = al_reader(all.p, all.len);
	const char *why;
	struct al_bytes v;
	uint16_t id;

	if (all.len == 0)
		return NULL;
	while (al_ntlm_pair_next(&r, &id, &v)) {
		why = take_pair(c, id, v);
		if (why != NULL)
			return why;
		c->info = (struct al_bytes){ all.p, all.len - r.len };
	}
	if (r.bad)
		return "its target information is cut short";
	return v.len > 0 ? "the end of its target information has a length" :
	    NULL;
}

enum al_code
al_ntlm_challenge_decode(struct al_ntlm_challenge *c, const void *p,
    size_t len, struct al_err *err)
{
	struct al_reader r = al_reader(p, len);
	const uint8_t *signature = al_read_bytes(&r, 8);
	struct al_bytes info;
	const char *why;
	uint32_t type;

	*c = (struct al_ntlm_challenge){ 0 };
	if (len < HEAD_MIN || memcmp(signature, "NTLMSSP", 8) != 0)
		return broken(err, "it is no NTLM message");
	type = al_read_le32(&r);
	if (type != 2)
		return broken(err, "it is another message");
	if (!field(&r, p, len, HEAD_MIN, &c->target))
		return broken(err, "its target name lies outside of it");
	if (c->target.len % 2 != 0)
		return broken(err, "its target name is not UTF-16");
	c->flags = al_read_le32(&r);
	c->nonce = al_read_bytes(&r, 8);
	if ((c->flags & AL_NTLM_UNICODE) == 0)
		return broken(err, "it does not agree to Unicode");
	if ((c->flags & AL_NTLM_TARGET_INFO) == 0)
		return AL_OK;
	if (len < HEAD_INFO)
		return broken(err, "its target information is missing");
	(void)al_read_bytes(&r, 8);
	if (!field(&r, p, len, HEAD_INFO, &info))
		return broken(err, "its target information lies outside of it");
	why = take_info(c, info);
	return why != NULL ? broken(err, why) : AL_OK;
}
