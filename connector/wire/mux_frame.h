/* connector/wire/mux_frame.h - the frames of a session (PROTOCOL 2). */
#ifndef AL_WIRE_MUX_FRAME_H
#define AL_WIRE_MUX_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connector/base/err.h"
#include "connector/base/reader.h"

/* Below AL_F_LINK: sequenced.  From there on: of the link, channel 0. */
enum al_frame_type {
	AL_F_OPEN = 0,
	AL_F_ACCEPT = 1,
	AL_F_REFUSE = 2,
	AL_F_DATA = 3,
	AL_F_CREDIT = 4,
	AL_F_RESET = 5,
	AL_F_DGRAM = 6,
	AL_F_GOAWAY = 7,
	AL_F_LINK = 0x40,
	AL_F_HELLO = 0x40,
	AL_F_WELCOME = 0x41,
	AL_F_START = 0x42,
	AL_F_ACK = 0x43,
	AL_F_PING = 0x44,
	AL_F_PONG = 0x45,
	AL_F_DETACH = 0x46,
	AL_F_CLOSE = 0x47
};

#define AL_FRAME_HEADER		8
#define AL_FRAME_FIN		0x01	/* DATA: half-close             */
#define AL_FRAME_SKIP		0x80	/* unknown type: skip it        */
#define AL_FRAME_DATA_MAX	16348	/* fills a TLS record, with ACK */
#define AL_FRAME_JSON_MAX	4096
#define AL_FRAME_TEXT_MAX	256
#define AL_PROTOCOL_VERSION	1

/* Kinds of channels: OPEN's first byte. */
enum al_chan_kind {
	AL_CHAN_TCP = 1,
	AL_CHAN_UNIX = 2,
	AL_CHAN_UDP = 3,
	AL_CHAN_AGENT = 4,
	AL_CHAN_LISTEN = 5,
	AL_CHAN_HEALTH = 6
};

/* OPEN's second byte: what the opener knows about its traffic. */
enum al_chan_class { AL_CLASS_AUTO, AL_CLASS_INTERACTIVE, AL_CLASS_BULK };

/* Codes of REFUSE, RESET, CLOSE (and GOAWAY, DETACH). */
enum al_chan_code {
	AL_CHAN_DONE = 0,
	AL_CHAN_DENIED = 1,
	AL_CHAN_UNKNOWN_TARGET = 2,
	AL_CHAN_REFUSED = 3,
	AL_CHAN_TIMEOUT = 4,
	AL_CHAN_UNREACHABLE = 5,
	AL_CHAN_LIMIT = 6,
	AL_CHAN_DRAINING = 7,
	AL_CHAN_UNSUPPORTED = 8,
	AL_CHAN_BAD_REQUEST = 9,
	AL_CHAN_NAME = 10,
	AL_CHAN_PEER_RESET = 11,
	AL_CHAN_SESSION_LOST = 12,
	AL_CHAN_FLOW = 13,
	AL_CHAN_NO_SERVER = 14,
	AL_CHAN_OFFLINE = 15,
	AL_CHAN_SUPERSEDED = 16,
	AL_CHAN_REVOKED = 17,
	AL_CHAN_PROTOCOL = 18
};

enum al_welcome_status {
	AL_WELCOME_NEW = 0,
	AL_WELCOME_RESUMED = 1,
	AL_WELCOME_UNKNOWN = 2,
	AL_WELCOME_BAD_PROOF = 3,
	AL_WELCOME_POSITION = 4,
	AL_WELCOME_PRINCIPAL = 5,
	AL_WELCOME_LIMIT = 6,
	AL_WELCOME_DRAINING = 7,
	AL_WELCOME_VERSION = 8,
	AL_WELCOME_OWNER = 9,
	AL_WELCOME_STALE = 10
};

/* "connection refused"; never NULL. */
const char *al_chan_code_name(unsigned code);
const char *al_chan_kind_name(unsigned kind);		/* "tcp" */
const char *al_welcome_status_name(unsigned status);	/* "bad proof" */

/* What every frame of a type has to keep to; NULL: not a type we know. */
struct al_frame_rule {
	const char	*name;
	uint16_t	 min_len, max_len;	/* of the body          */
	bool		 of_channel;		/* channel is not 0     */
};
const struct al_frame_rule *al_frame_rule(uint8_t type);

struct al_frame {
	uint8_t		 type, flags;
	bool		 skip;		/* unknown, and may be skipped */
	uint16_t	 len;
	uint32_t	 chan;
	const uint8_t	*body;		/* in the message              */
};

/*
 * The frame at the front of a message; its whole length is AL_FRAME_HEADER
 * + f->len.  Type, length and channel have been checked against the rule, so
 * that the fixed parts of the body are there.  EPROTO: the link has to end.
 */
enum al_code al_frame_decode(struct al_frame *f, const uint8_t *p,
    size_t len, struct al_err *err) AL_MUST_CHECK;

static inline void
al_frame_put_header(uint8_t *p, uint8_t type, uint8_t flags, size_t len,
    uint32_t chan)
{
	p[0] = type;
	p[1] = flags;
	al_put_u16(p + 2, (uint16_t)len);
	al_put_u32(p + 4, chan);
}

/* --- frames of fixed size: header and body, written at p ------------------ */
#define AL_FRAME_START_LEN	16
#define AL_FRAME_ACK_LEN	20
#define AL_FRAME_PING_LEN	16
#define AL_FRAME_CREDIT_LEN	12

static inline void
al_frame_put_start(uint8_t *p, uint64_t pos)
{
	al_frame_put_header(p, AL_F_START, 0, 8, 0);
	al_put_u64(p + 8, pos);
}

static inline uint64_t
al_frame_start_pos(const struct al_frame *f)
{
	return al_get_u64(f->body);
}

static inline void
al_frame_put_ack(uint8_t *p, uint64_t recv_pos, uint32_t delay_us)
{
	al_frame_put_header(p, AL_F_ACK, 0, 12, 0);
	al_put_u64(p + 8, recv_pos);
	al_put_u32(p + 16, delay_us);
}

static inline uint64_t
al_frame_ack_pos(const struct al_frame *f)
{
	return al_get_u64(f->body);
}

static inline uint32_t
al_frame_ack_delay_us(const struct al_frame *f)
{
	return al_get_u32(f->body + 8);
}

/* type is PING or PONG; opaque are 8 bytes. */
static inline void
al_frame_put_ping(uint8_t *p, uint8_t type, const uint8_t *opaque)
{
	al_frame_put_header(p, type, 0, 8, 0);
	memcpy(p + 8, opaque, 8);
}

static inline void
al_frame_put_credit(uint8_t *p, uint32_t chan, uint32_t delta)
{
	al_frame_put_header(p, AL_F_CREDIT, 0, 4, chan);
	al_put_u32(p + 8, delta);
}

static inline uint32_t
al_frame_credit(const struct al_frame *f)
{
	return al_get_u32(f->body);
}

/* --- frames with text, JSON and TLVs --------------------------------------
 * Encoders write header and body at p and return the whole length, 0 when it
 * does not fit cap or a part is over its limit. */

/* OPEN and ACCEPT (which has no kind and class). */
struct al_frame_open {
	uint8_t		 kind, class_;
	uint32_t	 credit;
	const char	*json;		/* borrowed, not NUL ended */
	size_t		 json_len;
};
void al_frame_decode_open(const struct al_frame *f, struct al_frame_open *o);
size_t al_frame_encode_open(uint8_t *p, size_t cap, uint8_t type,
    uint32_t chan, const struct al_frame_open *o);

/* REFUSE, RESET, CLOSE: code and text; GOAWAY: also retry after seconds;
 * DETACH: within seconds.  Text comes out printable and cut at its limit. */
struct al_frame_reason {
	uint16_t	code;
	uint32_t	seconds;
	char		text[AL_FRAME_TEXT_MAX + 1];
};
void al_frame_decode_reason(const struct al_frame *f,
    struct al_frame_reason *r);
size_t al_frame_encode_reason(uint8_t *p, size_t cap, uint8_t type,
    uint32_t chan, const struct al_frame_reason *r);

#define AL_SESSION_ID_LEN	16
#define AL_RESUME_KEY_LEN	32

struct al_hello {
	uint8_t		min_version, max_version;
	uint8_t		id[AL_SESSION_ID_LEN];	/* zero: a new session */
	uint64_t	recv_pos;
	uint32_t	epoch;
	uint8_t		proof[32];
	uint8_t		instance[16];		/* zero: not told      */
	uint32_t	max_channels;		/* 0: not told         */
	bool		probe;
	char		software[65];
};
enum al_code al_frame_decode_hello(const struct al_frame *f,
    struct al_hello *h, struct al_err *err) AL_MUST_CHECK;
size_t al_frame_encode_hello(uint8_t *p, size_t cap,
    const struct al_hello *h);
/* Fill in the proof of an encoded HELLO (len bytes from its header on). */
enum al_code al_hello_sign(uint8_t *frame, size_t len,
    const uint8_t key[static AL_RESUME_KEY_LEN], struct al_err *err)
    AL_MUST_CHECK;
/* AL_OK, EAUTH for a wrong proof, ENOMEM. */
enum al_code al_hello_verify(const struct al_frame *f,
    const uint8_t key[static AL_RESUME_KEY_LEN], struct al_err *err)
    AL_MUST_CHECK;

struct al_welcome {
	uint8_t		status, version;
	uint8_t		id[AL_SESSION_ID_LEN];
	uint64_t	recv_pos;
	uint32_t	grace_s, max_age_s;
	uint8_t		resume_key[AL_RESUME_KEY_LEN];	/* status 0 only */
	uint32_t	max_channels;			/* 0: not told   */
	uint32_t	retry_after_s;
	char		text[AL_FRAME_TEXT_MAX + 1];
};
enum al_code al_frame_decode_welcome(const struct al_frame *f,
    struct al_welcome *w, struct al_err *err) AL_MUST_CHECK;
size_t al_frame_encode_welcome(uint8_t *p, size_t cap,
    const struct al_welcome *w);

#endif
