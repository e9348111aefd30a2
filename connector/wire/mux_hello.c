/* connector/wire/mux_hello.c - HELLO and WELCOME, their TLVs and the proof. */
#include "connector/base/hash.h"
#include "connector/base/str.h"
#include "connector/wire/mux_frame.h"

/* TLV types; with MUST set, a receiver that does not know it gives up. */
enum {
	T_INSTANCE = 1,		/* 16 bytes   */
	T_MAX_CHANNELS = 2,	/* u32        */
	T_PROBE = 3,		/* empty      */
	T_SOFTWARE = 4,		/* text       */
	T_RETRY_AFTER = 5,	/* u32        */
	T_TEXT = 6,		/* text       */
	T_MUST = 0x8000
};

/* Where the proof is in the body of HELLO. */
#define PROOF_AT	32
#define PROOF_LEN	32
#define PROOF_END	(PROOF_AT + PROOF_LEN)

/* Where decoded TLVs go; NULL: this frame does not have that one. */
struct tlvs {
	uint8_t		*instance;
	uint32_t	*max_channels, *retry_after;
	bool		*probe;
	char		*text;
	size_t		 text_cap;
	uint16_t	 text_type;
};

static enum al_code
broken(const char *name, const char *why, struct al_err *err)
{
	return al_fail(err, AL_EPROTO, AL_AT_SESSION, 0, "%s: %s", name, why);
}

/* One TLV: AL_OK, AL_AGAIN (not one we know) or AL_EPROTO. */
static enum al_code
take_tlv(const struct tlvs *to, uint16_t type, struct al_reader v)
{
	if (type == T_INSTANCE && to->instance != NULL)
		al_read_into(&v, to->instance, 16);
	else if (type == T_MAX_CHANNELS && to->max_channels != NULL)
		*to->max_channels = al_read_u32(&v);
	else if (type == T_RETRY_AFTER && to->retry_after != NULL)
		*to->retry_after = al_read_u32(&v);
	else if (type == T_PROBE && to->probe != NULL)
		*to->probe = true;
	else if (type == to->text_type) {
		(void)al_str_clean(to->text, to->text_cap, v.p, v.len);
		v.len = 0;
	} else
		return AL_AGAIN;
	return v.bad || v.len > 0 ? AL_EPROTO : AL_OK;
}

static enum al_code
take_tlvs(const struct tlvs *to, struct al_reader *r, const char *name,
    struct al_err *err)
{
	unsigned seen = 0;

	while (r->len > 0 && !r->bad) {
		uint16_t type = al_read_u16(r);
		struct al_reader v = al_read_part(r, al_read_u16(r));
		unsigned plain = type & ~(unsigned)T_MUST;
		enum al_code code;

		if (r->bad)
			break;
		code = take_tlv(to, (uint16_t)plain, v);
		if (code == AL_AGAIN && (type & T_MUST) != 0)
			return al_fail(err, AL_EPROTO, AL_AT_SESSION, 0,
			    "%s: it needs option %u, unknown to us", name,
			    plain);
		if (code == AL_EPROTO)
			return broken(name, "an option of a wrong length",
			    err);
		if (code == AL_OK && (seen & 1u << plain) != 0)
			return broken(name, "the same option twice", err);
		if (code == AL_OK)
			seen |= 1u << plain;
	}
	return r->bad ? broken(name, "an option is cut off", err) : AL_OK;
}

static void
put_tlv(struct al_writer *w, uint16_t type, const void *p, size_t len)
{
	al_write_u16(w, type);
	al_write_u16(w, (uint16_t)len);
	al_write_bytes(w, p, len);
}

static void
put_tlv_u32(struct al_writer *w, uint16_t type, uint32_t v)
{
	uint8_t p[4];

	al_put_u32(p, v);
	if (v != 0)
		put_tlv(w, type, p, sizeof(p));
}

static void
put_tlv_text(struct al_writer *w, uint16_t type, const char *s, size_t max)
{
	size_t n = strnlen(s, max);

	if (n > 0)
		put_tlv(w, type, s, n);
}

static size_t
finish(struct al_writer *w, uint8_t type)
{
	if (w->bad || w->len - AL_FRAME_HEADER > al_frame_rule(type)->max_len)
		return 0;
	al_frame_put_header(w->p, type, 0, w->len - AL_FRAME_HEADER, 0);
	return w->len;
}

/*
 *  0     1     2     4              20          28      32        64
 *  +-----+-----+-----+--------------+-----------+-------+---------+------
 *  | min | max |  0  | session id   | recv_pos  | epoch | proof   | TLVs
 *  +-----+-----+-----+--------------+-----------+-------+---------+------
 */
enum al_code
al_frame_decode_hello(const struct al_frame *f, struct al_hello *h,
    struct al_err *err)
{
	struct al_reader r = al_reader(f->body, f->len);
	const struct tlvs to = {
		.instance = h->instance,
		.max_channels = &h->max_channels,
		.probe = &h->probe,
		.text = h->software,
		.text_cap = sizeof(h->software),
		.text_type = T_SOFTWARE,
	};

	memset(h, 0, sizeof(*h));
	h->min_version = al_read_u8(&r);
	h->max_version = al_read_u8(&r);
	(void)al_read_u16(&r);
	al_read_into(&r, h->id, sizeof(h->id));
	h->recv_pos = al_read_u64(&r);
	h->epoch = al_read_u32(&r);
	al_read_into(&r, h->proof, sizeof(h->proof));
	if (r.bad)
		return broken("HELLO", "it is too short", err);
	if (h->min_version > h->max_version)
		return broken("HELLO", "no version", err);
	return take_tlvs(&to, &r, "HELLO", err);
}

size_t
al_frame_encode_hello(uint8_t *p, size_t cap, const struct al_hello *h)
{
	static const uint8_t none[16];
	struct al_writer w = al_writer(p, cap);

	(void)al_write_room(&w, AL_FRAME_HEADER);
	al_write_u8(&w, h->min_version);
	al_write_u8(&w, h->max_version);
	al_write_u16(&w, 0);
	al_write_bytes(&w, h->id, sizeof(h->id));
	al_write_u64(&w, h->recv_pos);
	al_write_u32(&w, h->epoch);
	al_write_bytes(&w, h->proof, sizeof(h->proof));
	if (memcmp(h->instance, none, sizeof(none)) != 0)
		put_tlv(&w, T_INSTANCE, h->instance, sizeof(h->instance));
	put_tlv_u32(&w, T_MAX_CHANNELS, h->max_channels);
	/* Who does not know it would route to netcheck: it must know it. */
	if (h->probe)
		put_tlv(&w, T_PROBE | T_MUST, "", 0);
	put_tlv_text(&w, T_SOFTWARE, h->software, sizeof(h->software) - 1);
	return finish(&w, AL_F_HELLO);
}

/* Over the body without the proof. */
static enum al_code
proof(uint8_t out[static PROOF_LEN], const uint8_t *body, size_t len,
    const uint8_t *key)
{
	const struct al_bytes parts[] = {
		{ "alpacon resume 1", 16 },
		{ body, PROOF_AT },
		{ body + PROOF_END, len - PROOF_END },
	};

	return al_hmac_sha256(out, key, AL_RESUME_KEY_LEN, parts, 3);
}

enum al_code
al_hello_sign(uint8_t *frame, size_t len,
    const uint8_t key[static AL_RESUME_KEY_LEN], struct al_err *err)
{
	uint8_t *body = frame + AL_FRAME_HEADER;

	if (len < AL_FRAME_HEADER + PROOF_END)
		return broken("HELLO", "it is too short", err);
	if (proof(body + PROOF_AT, body, len - AL_FRAME_HEADER, key) != AL_OK)
		return al_fail_nomem(err, AL_AT_SESSION);
	return AL_OK;
}

enum al_code
al_hello_verify(const struct al_frame *f,
    const uint8_t key[static AL_RESUME_KEY_LEN], struct al_err *err)
{
	uint8_t want[PROOF_LEN];

	if (f->len < PROOF_END)
		return broken("HELLO", "it is too short", err);
	if (proof(want, f->body, f->len, key) != AL_OK)
		return al_fail_nomem(err, AL_AT_SESSION);
	if (!al_equal_secret(want, f->body + PROOF_AT, PROOF_LEN))
		return al_fail(err, AL_EAUTH, AL_AT_SESSION, 0,
		    "HELLO: the proof does not fit the session");
	return AL_OK;
}

/*
 *  0        1         2     4            20         28      32        36
 *  +--------+---------+-----+------------+----------+-------+---------+
 *  | status | version |  0  | session id | recv_pos | grace | max_age |
 *  +--------+---------+-----+------------+----------+-------+---------+
 *  then resume_key (32 bytes) if status is 0, then TLVs
 */
enum al_code
al_frame_decode_welcome(const struct al_frame *f, struct al_welcome *w,
    struct al_err *err)
{
	struct al_reader r = al_reader(f->body, f->len);
	const struct tlvs to = {
		.max_channels = &w->max_channels,
		.retry_after = &w->retry_after_s,
		.text = w->text,
		.text_cap = sizeof(w->text),
		.text_type = T_TEXT,
	};

	memset(w, 0, sizeof(*w));
	w->status = al_read_u8(&r);
	w->version = al_read_u8(&r);
	(void)al_read_u16(&r);
	al_read_into(&r, w->id, sizeof(w->id));
	w->recv_pos = al_read_u64(&r);
	w->grace_s = al_read_u32(&r);
	w->max_age_s = al_read_u32(&r);
	if (w->status == AL_WELCOME_NEW)
		al_read_into(&r, w->resume_key, sizeof(w->resume_key));
	if (r.bad)
		return broken("WELCOME", "it is too short", err);
	return take_tlvs(&to, &r, "WELCOME", err);
}

size_t
al_frame_encode_welcome(uint8_t *p, size_t cap, const struct al_welcome *in)
{
	struct al_writer w = al_writer(p, cap);

	(void)al_write_room(&w, AL_FRAME_HEADER);
	al_write_u8(&w, in->status);
	al_write_u8(&w, in->version);
	al_write_u16(&w, 0);
	al_write_bytes(&w, in->id, sizeof(in->id));
	al_write_u64(&w, in->recv_pos);
	al_write_u32(&w, in->grace_s);
	al_write_u32(&w, in->max_age_s);
	if (in->status == AL_WELCOME_NEW)
		al_write_bytes(&w, in->resume_key, sizeof(in->resume_key));
	put_tlv_u32(&w, T_MAX_CHANNELS, in->max_channels);
	put_tlv_u32(&w, T_RETRY_AFTER, in->retry_after_s);
	put_tlv_text(&w, T_TEXT, in->text, AL_FRAME_TEXT_MAX);
	return finish(&w, AL_F_WELCOME);
}
