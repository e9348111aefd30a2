/* tests/unit/test_wsframe.c - WebSocket headers and masking (RFC 6455 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "connector/wire/ws_frame.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define KEY	{ 0x37, 0xfa, 0x21, 0x3d }

static const struct row {
	const char		*name;
	const uint8_t		*in;
	size_t			 len;
	enum al_ws_role		 role;
	enum al_code		 want;
	struct al_ws_frame	 f;
} rows[] = {
	/* RFC 6455 5.7 */
	{ "hello", B("\x81\x05"), AL_WS_CLIENT, AL_OK,
	    { 5, AL_WS_TEXT, true, false, { 0 }, 2 } },
	{ "masked hello", B("\x81\x85\x37\xfa\x21\x3d"), AL_WS_SERVER, AL_OK,
	    { 5, AL_WS_TEXT, true, true, KEY, 6 } },
	{ "first piece", B("\x01\x03"), AL_WS_CLIENT, AL_OK,
	    { 3, AL_WS_TEXT, false, false, { 0 }, 2 } },
	{ "last piece", B("\x80\x02"), AL_WS_CLIENT, AL_OK,
	    { 2, AL_WS_CONT, true, false, { 0 }, 2 } },
	{ "ping", B("\x89\x05"), AL_WS_CLIENT, AL_OK,
	    { 5, AL_WS_PING, true, false, { 0 }, 2 } },
	{ "pong", B("\x8a\x85\x37\xfa\x21\x3d"), AL_WS_SERVER, AL_OK,
	    { 5, AL_WS_PONG, true, true, KEY, 6 } },
	{ "256 bytes", B("\x82\x7e\x01\x00"), AL_WS_CLIENT, AL_OK,
	    { 256, AL_WS_BINARY, true, false, { 0 }, 4 } },
	{ "64 KiB", B("\x82\x7f\0\0\0\0\0\1\0\0"), AL_WS_CLIENT, AL_OK,
	    { 65536, AL_WS_BINARY, true, false, { 0 }, 10 } },
	/* bounds */
	{ "126", B("\x82\x7e\0\x7e"), AL_WS_CLIENT, AL_OK,
	    { 126, AL_WS_BINARY, true, false, { 0 }, 4 } },
	{ "65535 masked", B("\x82\xfe\xff\xff\x37\xfa\x21\x3d"), AL_WS_SERVER,
	    AL_OK, { 65535, AL_WS_BINARY, true, true, KEY, 8 } },
	{ "2^63-1", B("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
	    AL_WS_CLIENT, AL_OK,
	    { INT64_MAX, AL_WS_BINARY, true, false, { 0 }, 10 } },
	{ "empty close", B("\x88\0"), AL_WS_CLIENT, AL_OK,
	    { 0, AL_WS_CLOSE, true, false, { 0 }, 2 } },
	/* refused */
	{ "2^63", B("\x82\x7f\x80\0\0\0\0\0\0\0"), AL_WS_CLIENT, AL_EPROTO,
	    { 0 } },
	{ "long form of 125", B("\x82\x7e\0\x7d"), AL_WS_CLIENT, AL_EPROTO,
	    { 0 } },
	{ "long form of 65535", B("\x82\x7f\0\0\0\0\0\0\xff\xff"),
	    AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "rsv1", B("\xc2\0"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "rsv2", B("\xa2\0"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "rsv3", B("\x92\0"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "opcode 3", B("\x83\0"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "opcode 11", B("\x8b\0"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "ping in pieces", B("\x09\0"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "long ping", B("\x89\x7e\0\x7e"), AL_WS_CLIENT, AL_EPROTO, { 0 } },
	{ "mask from server", B("\x82\x80\0\0\0\0"), AL_WS_CLIENT, AL_EPROTO,
	    { 0 } },
	{ "no mask from client", B("\x82\0"), AL_WS_SERVER, AL_EPROTO,
	    { 0 } },
};

static void
headers(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + N(rows); r++) {
		uint8_t out[AL_WS_HEADER_MAX];
		struct al_ws_frame f;
		struct al_err err;

		for (size_t n = 0; n <= r->len; n++) {
			struct guard g = guard_copy(r->in, n);
			enum al_code code;

			memset(&f, 0, sizeof(f));
			code = al_ws_decode(&f, g.p, n, r->role, &err);
			guard_free(&g);
			if (n == r->len)
				assert_int_equal(code, r->want);
			else
				assert_true(code == AL_AGAIN ||
				    (code == r->want && code != AL_OK));
		}
		if (r->want != AL_OK)
			continue;
		assert_true(f.len == r->f.len);
		assert_int_equal(f.op, r->f.op);
		assert_int_equal(f.fin, r->f.fin);
		assert_int_equal(f.masked, r->f.masked);
		assert_memory_equal(f.key, r->f.key, 4);
		assert_int_equal(f.header_len, r->f.header_len);
		assert_int_equal(al_ws_encode(out, &f), r->len);
		assert_memory_equal(out, r->in, r->len);
		assert_int_equal(al_ws_header_len(f.len, f.masked), r->len);
	}
}

static void
masks(void **state)
{
	const uint8_t key[4] = KEY;
	uint8_t src[300], dst[300];

	(void)state;
	al_ws_mask(dst, (const uint8_t *)"Hello", 5, key, 0);
	assert_memory_equal(dst, "\x7f\x9f\x4d\x51\x58", 5);
	for (size_t i = 0; i < sizeof(src); i++)
		src[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= 280; len++) {
		for (size_t phase = 0; phase < 9; phase++) {
			struct guard g = guard_copy(src + phase, len);

			al_ws_mask(dst, g.p, len, key, phase);
			for (size_t i = 0; i < len; i++)
				assert_int_equal(dst[i], src[phase + i] ^
				    key[(phase + i) % 4]);
			/* in place, in two pieces */
			al_ws_mask(g.p, g.p, len / 3, key, phase);
			al_ws_mask(g.p + len / 3, g.p + len / 3,
			    len - len / 3, key, phase + len / 3);
			assert_memory_equal(g.p, dst, len);
			guard_free(&g);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
