/* connector/wire/mux_frame.c - headers, rules, names and short bodies. */
#include "connector/wire/mux_frame.h"

#include "connector/base/str.h"

#define TEXT	AL_FRAME_TEXT_MAX
#define JSON	AL_FRAME_JSON_MAX
#define HELLO	64		/* without TLVs */
#define WELCOME	36		/* without resume key and TLVs */
#define TLVS	2048

static const struct al_frame_rule rules[] = {
	[AL_F_OPEN] = { "OPEN", 8, 8 + JSON, true },
	[AL_F_ACCEPT] = { "ACCEPT", 4, 4 + JSON, true },
	[AL_F_REFUSE] = { "REFUSE", 2, 2 + TEXT, true },
	[AL_F_DATA] = { "DATA", 0, AL_FRAME_DATA_MAX, true },
	[AL_F_CREDIT] = { "CREDIT", 4, 4, true },
	[AL_F_RESET] = { "RESET", 2, 2 + TEXT, true },
	[AL_F_DGRAM] = { "DGRAM", 0, AL_FRAME_DATA_MAX, true },
	[AL_F_GOAWAY] = { "GOAWAY", 6, 6 + TEXT, false },
};

static const struct al_frame_rule link_rules[] = {
	[AL_F_HELLO - AL_F_LINK] = { "HELLO", HELLO, HELLO + TLVS, false },
	[AL_F_WELCOME - AL_F_LINK] = { "WELCOME", WELCOME,
	    WELCOME + AL_RESUME_KEY_LEN + TLVS, false },
	[AL_F_START - AL_F_LINK] = { "START", 8, 8, false },
	[AL_F_ACK - AL_F_LINK] = { "ACK", 12, 12, false },
	[AL_F_PING - AL_F_LINK] = { "PING", 8, 8, false },
	[AL_F_PONG - AL_F_LINK] = { "PONG", 8, 8, false },
	[AL_F_DETACH - AL_F_LINK] = { "DETACH", 4, 4 + TEXT, false },
	[AL_F_CLOSE - AL_F_LINK] = { "CLOSE", 2, 2 + TEXT, false },
};

#define N(a)	(sizeof(a) / sizeof((a)[0]))

const struct al_frame_rule *
al_frame_rule(uint8_t type)
{
	if (type < N(rules))
		return &rules[type];
	if (type >= AL_F_LINK && type - AL_F_LINK < (int)N(link_rules))
		return &link_rules[type - AL_F_LINK];
	return NULL;
}

/*
 *  0      1       2          4                8
 *  +------+-------+----------+----------------+----------------
 *  | type | flags | length   | channel        | body ...
 *  +------+-------+----------+----------------+----------------
 */
enum al_code
al_frame_decode(struct al_frame *f, const uint8_t *p, size_t len,
    struct al_err *err)
{
	struct al_reader r = al_reader(p, len);
	const struct al_frame_rule *rule;

	f->type = al_read_u8(&r);
	f->flags = al_read_u8(&r);
	f->len = al_read_u16(&r);
	f->chan = al_read_u32(&r);
	f->body = al_read_bytes(&r, f->len);
	f->skip = false;
	if (r.bad)
		return al_fail(err, AL_EPROTO, AL_AT_SESSION, 0,
		    "a frame is cut off at the end of its message");
	rule = al_frame_rule(f->type);
	if (rule == NULL) {
		f->skip = (f->flags & AL_FRAME_SKIP) != 0;
		return f->skip ? AL_OK : al_fail(err, AL_EPROTO,
		    AL_AT_SESSION, 0, "unknown frame type 0x%02x", f->type);
	}
	if (f->len < rule->min_len || f->len > rule->max_len)
		return al_fail(err, AL_EPROTO, AL_AT_SESSION, 0,
		    "a %s frame with a body of %u bytes", rule->name,
		    (unsigned)f->len);
	if ((f->chan != 0) != rule->of_channel)
		return al_fail(err, AL_EPROTO, AL_AT_SESSION, 0,
		    "a %s frame on channel %u", rule->name,
		    (unsigned)f->chan);
	return AL_OK;
}

const char *
al_chan_code_name(unsigned code)
{
	static const char *const names[] = {
		[AL_CHAN_DONE] = "done",
		[AL_CHAN_DENIED] = "denied by policy",
		[AL_CHAN_UNKNOWN_TARGET] = "unknown target",
		[AL_CHAN_REFUSED] = "connection refused",
		[AL_CHAN_TIMEOUT] = "timeout",
		[AL_CHAN_UNREACHABLE] = "unreachable",
		[AL_CHAN_LIMIT] = "limit",
		[AL_CHAN_DRAINING] = "draining",
		[AL_CHAN_UNSUPPORTED] = "unsupported",
		[AL_CHAN_BAD_REQUEST] = "bad request",
		[AL_CHAN_NAME] = "name not resolved",
		[AL_CHAN_PEER_RESET] = "reset by peer",
		[AL_CHAN_SESSION_LOST] = "session lost",
		[AL_CHAN_FLOW] = "flow control",
		[AL_CHAN_NO_SERVER] = "no such server",
		[AL_CHAN_OFFLINE] = "server not connected",
		[AL_CHAN_SUPERSEDED] = "superseded",
		[AL_CHAN_REVOKED] = "revoked",
		[AL_CHAN_PROTOCOL] = "protocol",
	};

	return code < N(names) ? names[code] : "unknown reason";
}

const char *
al_chan_kind_name(unsigned kind)
{
	static const char *const names[] = {
		"unknown", [AL_CHAN_TCP] = "tcp", [AL_CHAN_UNIX] = "unix",
		[AL_CHAN_UDP] = "udp", [AL_CHAN_AGENT] = "agent",
		[AL_CHAN_LISTEN] = "listen", [AL_CHAN_HEALTH] = "health",
	};

	return names[kind < N(names) ? kind : 0];
}

const char *
al_welcome_status_name(unsigned status)
{
	static const char *const names[] = {
		[AL_WELCOME_NEW] = "new",
		[AL_WELCOME_RESUMED] = "resumed",
		[AL_WELCOME_UNKNOWN] = "unknown session",
		[AL_WELCOME_BAD_PROOF] = "bad proof",
		[AL_WELCOME_POSITION] = "position outside the ring",
		[AL_WELCOME_PRINCIPAL] = "other principal",
		[AL_WELCOME_LIMIT] = "too many sessions",
		[AL_WELCOME_DRAINING] = "draining",
		[AL_WELCOME_VERSION] = "version",
		[AL_WELCOME_OWNER] = "owner unreachable",
		[AL_WELCOME_STALE] = "stale epoch",
	};

	return status < N(names) ? names[status] : "unknown status";
}

void
al_frame_decode_open(const struct al_frame *f, struct al_frame_open *o)
{
	struct al_reader r = al_reader(f->body, f->len);

	memset(o, 0, sizeof(*o));
	if (f->type == AL_F_OPEN) {
		o->kind = al_read_u8(&r);
		o->class_ = al_read_u8(&r);
		(void)al_read_u16(&r);
	}
	o->credit = al_read_u32(&r);
	o->json_len = r.len;
	o->json = (const char *)r.p;
}

/* The header, now that the body behind it is written; the whole length. */
static size_t
finish(struct al_writer *w, uint8_t type, uint32_t chan)
{
	if (w->bad || w->len - AL_FRAME_HEADER > al_frame_rule(type)->max_len)
		return 0;
	al_frame_put_header(w->p, type, 0, w->len - AL_FRAME_HEADER, chan);
	return w->len;
}

size_t
al_frame_encode_open(uint8_t *p, size_t cap, uint8_t type, uint32_t chan,
    const struct al_frame_open *o)
{
	struct al_writer w = al_writer(p, cap);

	(void)al_write_room(&w, AL_FRAME_HEADER);
	if (type == AL_F_OPEN) {
		al_write_u8(&w, o->kind);
		al_write_u8(&w, o->class_);
		al_write_u16(&w, 0);
	}
	al_write_u32(&w, o->credit);
	al_write_bytes(&w, o->json, o->json_len);
	return finish(&w, type, chan);
}

void
al_frame_decode_reason(const struct al_frame *f, struct al_frame_reason *r)
{
	struct al_reader in = al_reader(f->body, f->len);

	r->seconds = f->type == AL_F_DETACH ? al_read_u16(&in) : 0;
	r->code = al_read_u16(&in);
	if (f->type == AL_F_GOAWAY)
		r->seconds = al_read_u32(&in);
	(void)al_str_clean(r->text, sizeof(r->text), in.p, in.len);
}

size_t
al_frame_encode_reason(uint8_t *p, size_t cap, uint8_t type, uint32_t chan,
    const struct al_frame_reason *r)
{
	struct al_writer w = al_writer(p, cap);

	(void)al_write_room(&w, AL_FRAME_HEADER);
	if (type == AL_F_DETACH)
		al_write_u16(&w, r->seconds < UINT16_MAX ?
		    (uint16_t)r->seconds : UINT16_MAX);
	al_write_u16(&w, r->code);
	if (type == AL_F_GOAWAY)
		al_write_u32(&w, r->seconds);
	al_write_bytes(&w, r->text, strnlen(r->text, AL_FRAME_TEXT_MAX));
	return finish(&w, type, chan);
}
