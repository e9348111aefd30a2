/* tests/unit/test_muxframe.c - the session's frames, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/hash.h"
#include "connector/wire/mux_frame.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define ID	"\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20"
#define Z16	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define Z32	Z16 Z16
#define POS	"\0\0\0\0\0\1\0\2"

/* What a decoded frame says, as text. */
static enum al_code
describe(const struct al_frame *f, char *out, size_t cap)
{
	struct al_frame_open o;
	struct al_frame_reason r;
	struct al_hello h;
	struct al_welcome w;
	struct al_err err;
	char id[33];
	enum al_code code = AL_OK;

	switch (f->type) {
	case AL_F_OPEN:
	case AL_F_ACCEPT:
		al_frame_decode_open(f, &o);
		(void)snprintf(out, cap, "%u %u %u %.*s", o.kind, o.class_,
		    (unsigned)o.credit, (int)o.json_len, o.json);
		break;
	case AL_F_REFUSE:
	case AL_F_RESET:
	case AL_F_GOAWAY:
	case AL_F_DETACH:
	case AL_F_CLOSE:
		al_frame_decode_reason(f, &r);
		(void)snprintf(out, cap, "%u %u %s", r.code,
		    (unsigned)r.seconds, r.text);
		break;
	case AL_F_CREDIT:
		(void)snprintf(out, cap, "%u", (unsigned)al_frame_credit(f));
		break;
	case AL_F_START:
		(void)snprintf(out, cap, "%llx",
		    (unsigned long long)al_frame_start_pos(f));
		break;
	case AL_F_ACK:
		(void)snprintf(out, cap, "%llx %u",
		    (unsigned long long)al_frame_ack_pos(f),
		    (unsigned)al_frame_ack_delay_us(f));
		break;
	case AL_F_HELLO:
		code = al_frame_decode_hello(f, &h, &err);
		if (code == AL_OK)
			(void)snprintf(out, cap,
			    "%u-%u %s %llx %u %02x i%02x %u %d %s",
			    h.min_version, h.max_version,
			    al_hex_encode(id, h.id, 16),
			    (unsigned long long)h.recv_pos,
			    (unsigned)h.epoch, h.proof[31], h.instance[15],
			    (unsigned)h.max_channels, h.probe, h.software);
		break;
	case AL_F_WELCOME:
		code = al_frame_decode_welcome(f, &w, &err);
		if (code == AL_OK)
			(void)snprintf(out, cap,
			    "%u v%u %s %llx %u %u k%02x %u %u %s", w.status,
			    w.version, al_hex_encode(id, w.id, 16),
			    (unsigned long long)w.recv_pos,
			    (unsigned)w.grace_s, (unsigned)w.max_age_s,
			    w.resume_key[31], (unsigned)w.max_channels,
			    (unsigned)w.retry_after_s, w.text);
		break;
	default:
		(void)snprintf(out, cap, "%.*s", (int)f->len,
		    (const char *)f->body);
		break;
	}
	return code;
}

/* The same frame encoded from what describe read; 0: no encoder for it. */
static size_t
encode_again(const struct al_frame *f, uint8_t *p, size_t cap)
{
	struct al_frame_open o;
	struct al_frame_reason r;
	struct al_hello h;
	struct al_welcome w;
	struct al_err err;

	switch (f->type) {
	case AL_F_OPEN:
	case AL_F_ACCEPT:
		al_frame_decode_open(f, &o);
		return al_frame_encode_open(p, cap, f->type, f->chan, &o);
	case AL_F_REFUSE:
	case AL_F_RESET:
	case AL_F_GOAWAY:
	case AL_F_DETACH:
	case AL_F_CLOSE:
		al_frame_decode_reason(f, &r);
		return al_frame_encode_reason(p, cap, f->type, f->chan, &r);
	case AL_F_CREDIT:
		al_frame_put_credit(p, f->chan, al_frame_credit(f));
		return AL_FRAME_CREDIT_LEN;
	case AL_F_START:
		al_frame_put_start(p, al_frame_start_pos(f));
		return AL_FRAME_START_LEN;
	case AL_F_ACK:
		al_frame_put_ack(p, al_frame_ack_pos(f),
		    al_frame_ack_delay_us(f));
		return AL_FRAME_ACK_LEN;
	case AL_F_PING:
	case AL_F_PONG:
		al_frame_put_ping(p, f->type, f->body);
		return AL_FRAME_PING_LEN;
	case AL_F_HELLO:
		assert_int_equal(al_frame_decode_hello(f, &h, &err), AL_OK);
		return al_frame_encode_hello(p, cap, &h);
	case AL_F_WELCOME:
		assert_int_equal(al_frame_decode_welcome(f, &w, &err), AL_OK);
		return al_frame_encode_welcome(p, cap, &w);
	default:
		return 0;
	}
}

static const struct row {
	const char	*name;
	const uint8_t	*in;
	size_t		 len;
	const char	*want;		/* NULL: refused */
} rows[] = {
	{ "open", B("\0\0\0\x0a\0\0\0\1" "\1\2\0\0\0\0\xc0\0{}"),
	    "1 2 49152 {}" },
	{ "accept", B("\1\0\0\4\0\0\0\1" "\0\0\xc0\0"), "0 0 49152 " },
	{ "refuse", B("\2\0\0\4\0\0\0\1" "\0\3no"), "3 0 no" },
	{ "data", B("\3\0\0\5\0\0\0\3" "hello"), "hello" },
	{ "data fin", B("\3\1\0\0\0\0\0\3"), "" },
	{ "credit", B("\4\0\0\4\0\0\0\3" "\0\1\0\0"), "65536" },
	{ "reset", B("\5\0\0\2\0\0\0\3" "\0\13"), "11 0 " },
	{ "dgram", B("\6\0\0\2\0\0\0\3" "hi"), "hi" },
	{ "goaway", B("\7\0\0\10\0\0\0\0" "\0\7\0\0\1\x2c" "ok"),
	    "7 300 ok" },
	{ "hello", B("\x40\0\0\x40\0\0\0\0" "\1\1\0\0" ID POS "\0\0\0\5" Z32),
	    "1-1 0102030405060708090a0b0c0d0e0f10 10002 5 00 i00 0 0 " },
	{ "hello, all options", B("\x40\0\0\x65\0\0\0\0" "\1\2\0\0" ID POS
	    "\0\0\0\5" Z16 ID "\0\1\0\20" ID "\0\2\0\4\0\0\1\0" "\x80\3\0\0"
	    "\0\4\0\1x"),
	    "1-2 0102030405060708090a0b0c0d0e0f10 10002 5 10 i10 256 1 x" },
	{ "welcome", B("\x41\0\0\x44\0\0\0\0" "\0\1\0\0" ID POS
	    "\0\0\0\x3c\0\0\0\0" Z16 ID),
	    "0 v1 0102030405060708090a0b0c0d0e0f10 10002 60 0 k10 0 0 " },
	{ "welcome no", B("\x41\0\0\x3a\0\0\0\0" "\7\1\0\0" ID POS
	    "\0\0\0\0\0\0\0\0" "\0\2\0\4\0\0\0\1" "\0\5\0\4\0\0\0\2"
	    "\0\6\0\2no"),
	    "7 v1 0102030405060708090a0b0c0d0e0f10 10002 0 0 k00 1 2 no" },
	{ "start", B("\x42\0\0\10\0\0\0\0" POS), "10002" },
	{ "ack", B("\x43\0\0\14\0\0\0\0" POS "\0\0\x13\x88"), "10002 5000" },
	{ "ping", B("\x44\0\0\10\0\0\0\0" "12345678"), "12345678" },
	{ "pong", B("\x45\0\0\10\0\0\0\0" "12345678"), "12345678" },
	{ "detach", B("\x46\0\0\6\0\0\0\0" "\0\36\0\7" "by"), "7 30 by" },
	{ "close", B("\x47\0\0\2\0\0\0\0" "\0\0"), "0 0 " },

	{ "unknown", B("\x10\0\0\0\0\0\0\1"), NULL },
	{ "unknown of the link", B("\x48\0\0\0\0\0\0\0"), NULL },
	{ "open too short", B("\0\0\0\7\0\0\0\1" "\1\2\0\0\0\0\xc0"), NULL },
	{ "credit too long", B("\4\0\0\5\0\0\0\3" "\0\1\0\0\0"), NULL },
	{ "ack too short", B("\x43\0\0\10\0\0\0\0" POS), NULL },
	{ "channel 0", B("\3\0\0\0\0\0\0\0"), NULL },
	{ "link on channel 1", B("\x44\0\0\10\0\0\0\1" "12345678"), NULL },
	{ "goaway on channel 1", B("\7\0\0\6\0\0\0\1" "\0\7\0\0\0\0"), NULL },
	{ "hello without version", B("\x40\0\0\x40\0\0\0\0" "\2\1\0\0" ID POS
	    "\0\0\0\5" Z32), NULL },
	{ "hello, must know", B("\x40\0\0\x44\0\0\0\0" "\1\1\0\0" ID POS
	    "\0\0\0\5" Z32 "\x80\x63\0\0"), NULL },
	{ "hello, twice", B("\x40\0\0\x50\0\0\0\0" "\1\1\0\0" ID POS
	    "\0\0\0\5" Z32 "\0\2\0\4\0\0\0\1" "\0\2\0\4\0\0\0\1"), NULL },
	{ "hello, cut option", B("\x40\0\0\x45\0\0\0\0" "\1\1\0\0" ID POS
	    "\0\0\0\5" Z32 "\0\4\0\2x"), NULL },
	{ "hello, wrong length", B("\x40\0\0\x45\0\0\0\0" "\1\1\0\0" ID POS
	    "\0\0\0\5" Z32 "\0\2\0\1x"), NULL },
	{ "welcome without key", B("\x41\0\0\x24\0\0\0\0" "\0\1\0\0" ID POS
	    "\0\0\0\x3c\0\0\0\0"), NULL },
};

static void
every_row(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		struct guard g = guard_copy(r->in, r->len);
		uint8_t again[512];
		char text[512] = "";
		struct al_frame f;
		struct al_err err;
		enum al_code code;
		size_t n;

		code = al_frame_decode(&f, g.p, r->len, &err);
		if (code == AL_OK)
			code = describe(&f, text, sizeof(text));
		if ((code == AL_OK) != (r->want != NULL))
			print_error("row \"%s\"\n", r->name);
		assert_int_equal(code, r->want != NULL ? AL_OK : AL_EPROTO);
		if (r->want == NULL) {
			guard_free(&g);
			continue;
		}
		assert_string_equal(text, r->want);
		n = encode_again(&f, again, sizeof(again));
		if (n > 0) {
			assert_int_equal(n, r->len);
			assert_memory_equal(again, r->in, n);
			/* one byte less of room must not be enough */
			n = encode_again(&f, again, r->len - 1);
			assert_true(n == 0 || n <= AL_FRAME_ACK_LEN);
		}
		guard_free(&g);
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++)
		for (size_t n = 0; n < r->len; n++) {
			struct guard g = guard_copy(r->in, n);
			struct al_frame f;
			struct al_err err;

			assert_int_equal(al_frame_decode(&f, g.p, n, &err),
			    AL_EPROTO);
			guard_free(&g);
		}
}

static void
skips_unknown(void **state)
{
	static const uint8_t frame[] = "\x10\x80\0\2\0\0\0\0xy\x44";
	static const uint8_t hello[] = "\x40\0\0\x46\0\0\0\0" "\1\1\0\0" ID
	    POS "\0\0\0\5" Z32 "\0\x63\0\2xy";
	struct al_frame f;
	struct al_hello h;
	struct al_err err;

	(void)state;
	assert_int_equal(al_frame_decode(&f, frame, 11, &err), AL_OK);
	assert_true(f.skip);
	assert_int_equal(f.len, 2);
	assert_int_equal(al_frame_decode(&f, hello, sizeof(hello) - 1, &err),
	    AL_OK);
	assert_false(f.skip);
	assert_int_equal(al_frame_decode_hello(&f, &h, &err), AL_OK);
}

static void
proves_resumption(void **state)
{
	struct al_hello h = { .min_version = 1, .max_version = 1, .id = ID,
	    .recv_pos = 99, .epoch = 7, .software = "test/1" };
	uint8_t key[AL_RESUME_KEY_LEN] = "the key of this session, 32 byte";
	uint8_t p[256];
	struct al_frame f;
	struct al_err err;
	size_t n;

	(void)state;
	n = al_frame_encode_hello(p, sizeof(p), &h);
	assert_true(n > 0);
	assert_int_equal(al_hello_sign(p, n, key, &err), AL_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(al_frame_decode(&f, p, n, &err), AL_OK);
		assert_int_equal(al_hello_verify(&f, key, &err), AL_OK);
		if (i < AL_FRAME_HEADER)
			continue;
		p[i] ^= 0x40;
		assert_int_equal(al_frame_decode(&f, p, n, &err), AL_OK);
		assert_int_equal(al_hello_verify(&f, key, &err), AL_EAUTH);
		p[i] ^= 0x40;
	}
	key[0] ^= 1;
	assert_int_equal(al_hello_verify(&f, key, &err), AL_EAUTH);
}

static void
cleans_and_limits_text(void **state)
{
	struct al_frame_reason r = { .code = 3, .text = "a\x1b[31mb\r\nc" };
	struct al_frame_open o = { .kind = AL_CHAN_TCP, .json_len = 4097 };
	static char json[5000];
	static uint8_t p[6000];
	struct al_frame f;
	struct al_err err;
	size_t n;

	(void)state;
	n = al_frame_encode_reason(p, sizeof(p), AL_F_RESET, 1, &r);
	assert_int_equal(al_frame_decode(&f, p, n, &err), AL_OK);
	al_frame_decode_reason(&f, &r);
	assert_string_equal(r.text, "a.[31mb c");
	o.json = json;
	assert_int_equal(al_frame_encode_open(p, sizeof(p), AL_F_OPEN, 1, &o),
	    0);
	o.json_len = 4096;
	assert_int_equal(al_frame_encode_open(p, sizeof(p), AL_F_OPEN, 1, &o),
	    8 + 8 + 4096);
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(al_chan_code_name(3), "connection refused");
	assert_string_equal(al_chan_code_name(18), "protocol");
	assert_string_equal(al_chan_code_name(19), "unknown reason");
	assert_string_equal(al_chan_kind_name(AL_CHAN_HEALTH), "health");
	assert_string_equal(al_chan_kind_name(0), "unknown");
	assert_string_equal(al_chan_kind_name(7), "unknown");
	assert_string_equal(al_welcome_status_name(3), "bad proof");
	assert_string_equal(al_welcome_status_name(11), "unknown status");
	assert_string_equal(al_frame_rule(AL_F_CLOSE)->name, "CLOSE");
	assert_null(al_frame_rule(8));
	assert_null(al_frame_rule(0x3f));
	assert_null(al_frame_rule(0x48));
	assert_null(al_frame_rule(0xff));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(skips_unknown),
		cmocka_unit_test(proves_resumption),
		cmocka_unit_test(cleans_and_limits_text),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
