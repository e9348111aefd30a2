/* tests/unit/test_ntlm.c - the messages of NTLM, right, wrong and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connector/base/b64.h"
#include "connector/base/le.h"
#include "proxy/ntlm.h"
#include "proxy/ntlm_challenge.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define BIG	32768

#define NONCE	{ 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa }

static const struct al_ntlm_login alice = { .user = "CORP\\alice",
	.password = "Secret123", .nonce = { 1, 2, 3, 4, 5, 6, 7, 8 },
	.spn = "HTTP/proxy.corp.example", .binding =
	"tls-server-end-point:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	.binding_len = 53 };

/* Samba 4.17, ntlm_auth --helper-protocol=squid-2.5-ntlmssp */
static const char samba[] = "TlRMTVNTUAACAAAACgAKADgAAAAFgoqiPXIXzn9zb5QAAAAA"
    "AAAAADgAOABCAAAABgEAAAAAAA9QAFIATwBYAFkAAgAKAFAAUgBPAFgAWQABAAoAUABSAE8A"
    "WABZAAQAAAADAAQAdgBtAAcACACWyWou7HzdAQAAAAA=";

/* The challenge of MS-NLMP 4.2.4.3: no timestamp, key exchange offered. */
static const char nlmp[] = "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAA"
    "AAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQ"
    "ByAHYAZQByAAAAAAA=";

/* 32 bytes, no target, no target information */
static const char bare[] = "TlRMTVNTUAACAAAAAAAAAAAAAAABAgAAASNFZ4mrze8=";

static const struct {
	const char		*challenge;
	struct al_ntlm_login	 login;
	const char		*want;
} goldens[] = {
	/* This answer made that ntlm_auth say "AF CORP\alice", the MIC being
	 * checked; any other password, bit or challenge made it say NA. */
	{ samba, { 0 }, "TlRMTVNTUAADAAAAGAAYAGoAAAC2ALYAggAAAAgACABYAAAACgAKA"
	    "GAAAAAAAAAAagAAAAAAAAA4AQAABYKIoAAAAAAAAAAArc8HuO7C2PIFzHfF1Cl7p"
	    "EMATwBSAFAAYQBsAGkAYwBlAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADTQjNI76"
	    "7+g8EJ4gMEP0VcBAQAAAAAAAJbJai7sfN0BAQIDBAUGBwgAAAAAAgAKAFAAUgBPA"
	    "FgAWQABAAoAUABSAE8AWABZAAQAAAADAAQAdgBtAAcACACWyWou7HzdAQYABAACA"
	    "AAACgAQAMHJWTwo5lqpu+Qb0t7zZWIJAC4ASABUAFQAUAAvAHAAcgBvAHgAeQAuA"
	    "GMAbwByAHAALgBlAHgAYQBtAHAAbABlAAAAAAAAAAAA" },
	/* These are by another implementation, in Python. */
	{ nlmp, { .user = "Domain\\User", .password = "Password", .nonce =
	    NONCE, .now = 0x01d3b5a2c0000000 }, "TlRMTVNTUAADAAAAGAAYAGwAAABs"
	    "AGwAhAAAAAwADABYAAAACAAIAGQAAAAAAAAAbAAAAAAAAADwAAAAAYKIoAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAEQAbwBtAGEAaQBuAFUAcwBlAHIAhsNQl6yc7BAl"
	    "VHZKV8zMGaqqqqqqqqqqZKr/LTeaSZMdBukJzCMvEAEBAAAAAAAAAAAAwKK10wGq"
	    "qqqqqqqqqgAAAAACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAoAEAAA"
	    "AAAAAAAAAAAAAAAAAAAACQAAAAAAAAAAAAAA" },
	{ bare, { .user = "User", .password = "Password", .nonce = NONCE,
	    .now = 0x01d3b5a2c0000000 }, "TlRMTVNTUAADAAAAGAAYAGAAAABMAEwAeAA"
	    "AAAAAAABYAAAACAAIAFgAAAAAAAAAYAAAAAAAAADEAAAAAQIAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAFUAcwBlAHIAtsihXmv1SA6FuE06hdsM1aqqqqqqqqqqwz3"
	    "ly3xUVjjZQN4XdphDQwEBAAAAAAAAAAAAwKK10wGqqqqqqqqqqgAAAAAKABAAAAA"
	    "AAAAAAAAAAAAAAAAAAAkAAAAAAAAAAAAAAA==" },
	/* The server's flags are kept, its SPN and binding are not, what is
	 * behind the end neither; no target, so the NetBIOS domain is it. */
	{ "TlRMTVNTUAACAAAAAAAAAAAAAAAFgohuASNFZ4mrze8AAAAAAAAAAEEAQQAwAAAABgA"
	    "EAAEAAAAJAAIAeAAKABAAAQEBAQEBAQEBAQEBAQEBAQcACAAIBwYFBAMCAQIABAB"
	    "OAEIAAAAAAHBhZGRpbmc=", { .user = "grüß", .password = "pä€😀",
	    .spn = "HTTP/p", .nonce = NONCE },
	    "TlRMTVNTUAADAAAAGAAYAGQAAAB0AHQAfAAAAAQABABYAAAACAAIAFwAAAAAAAAA"
	    "ZAAAAAAAAADwAAAABYKIIAAAAAAAAAAAod56NEiHP9IUXe+iCCwizU4AQgBnAHIA"
	    "/ADfAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAH8WJeU98t/sfzJhhKUygBAQAA"
	    "AAAAAAgHBgUEAwIBqqqqqqqqqqoAAAAABwAIAAgHBgUEAwIBAgAEAE4AQgAGAAQA"
	    "AwAAAAoAEAAAAAAAAAAAAAAAAAAAAAAACQAMAEgAVABUAFAALwBwAAAAAAAAAAAA" },
};

static void
type_1(void **state)
{
	struct al_buf out;

	(void)state;
	al_buf_init(&out, 64);
	assert_int_equal(al_ntlm_negotiate(&out), AL_OK);
	assert_int_equal(al_buf_len(&out), 56);
	assert_memory_equal(al_buf_head(&out), "TlRMTVNTUAABAAAABYKIoAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAA==", 56);
	assert_int_equal(al_ntlm_negotiate(&out), AL_ELIMIT);
	assert_int_equal(al_buf_len(&out), 56);
	al_buf_fini(&out);
}

static void
type_3(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(goldens); i++) {
		struct al_buf out;
		struct al_err err;
		size_t len = strlen(goldens[i].want);

		al_buf_init(&out, BIG);
		assert_int_equal(al_buf_puts(&out, "NTLM "), AL_OK);
		assert_int_equal(al_ntlm_authenticate(goldens[i].challenge,
		    i > 0 ? &goldens[i].login : &alice, &out, &err), AL_OK);
		assert_int_equal(al_buf_len(&out), 5 + len);
		assert_memory_equal(al_buf_head(&out), "NTLM ", 5);
		assert_memory_equal(al_buf_head(&out) + 5, goldens[i].want,
		    len);
		al_buf_fini(&out);
	}
}

/* The answer to raw bytes as a token; m is the message, *n its length. */
static enum al_code
answer(const uint8_t *p, size_t len, const struct al_ntlm_login *l,
    uint8_t *m, size_t *n, struct al_err *err)
{
	size_t cap = AL_B64_LEN(len) + 1;
	char *token = malloc(cap);
	struct al_buf out;
	enum al_code code;

	assert_non_null(token);
	(void)al_b64_encode(token, cap, p, len);
	al_buf_init(&out, BIG);
	code = al_ntlm_authenticate(token, l, &out, err);
	if (code == AL_OK)
		assert_true(al_b64_decode(m, BIG, (char *)al_buf_head(&out),
		    al_buf_len(&out), n));
	else
		assert_int_equal(al_buf_len(&out), 0);
	al_buf_fini(&out);
	free(token);
	return code;
}

static size_t
raw_of(const char *token, uint8_t out[static 256])
{
	size_t n;

	assert_true(al_b64_decode(out, 256, token, strlen(token), &n));
	return n;
}

/* Each message cut at each byte; right before an unreadable page. */
static void
every_cut(void **state)
{
	static uint8_t m[BIG];
	uint8_t raw[256];
	struct al_ntlm_challenge c;
	struct al_err err;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N(goldens); i++) {
		size_t len = raw_of(goldens[i].challenge, raw), pad = i == 3 ?
		    7 : 0;

		for (size_t cut = 0; cut <= len; cut++) {
			struct guard g = guard_copy(raw, cut);
			enum al_code want = cut == len ? AL_OK : AL_EPROTO;

			assert_int_equal(al_ntlm_challenge_decode(&c, g.p,
			    cut, &err), want);
			assert_int_equal(answer(g.p, cut, &alice, m, &n,
			    &err), want);
			if (want == AL_EPROTO)
				assert_memory_equal(err.text, "broken NTLM "
				    "challenge: ", 23);
			guard_free(&g);
		}
		/* Shorter padding behind the end is no harm. */
		if (pad > 0) {
			al_put_le16(raw + 40, (uint16_t)(len - 48 - pad));
			assert_int_equal(answer(raw, len - pad, &alice, m, &n,
			    &err), AL_OK);
		}
	}
}

/* Every byte with every value: read or refused within its bounds. */
static void
every_byte(void **state)
{
	uint8_t raw[256];
	struct al_ntlm_challenge c;
	struct al_err err;
	size_t ok = 0, len = raw_of(samba, raw);

	(void)state;
	for (size_t at = 0; at < len; at++)
		for (unsigned v = 0; v < 256; v++) {
			struct guard g = guard_copy(raw, len);
			enum al_code code;

			g.p[at] = (uint8_t)v;
			code = al_ntlm_challenge_decode(&c, g.p, len, &err);
			assert_true(code == AL_OK || code == AL_EPROTO);
			ok += code == AL_OK;
			guard_free(&g);
		}
	assert_in_range(ok, len, 255 * len);
}

/* One change to samba's message: n bytes at an offset. */
static const struct {
	const char	*name;
	size_t		 at;
	const uint8_t	*p;
	size_t		 n;
	const char	*why;	/* NULL: it is fine */
} changes[] = {
	{ "nothing", 0, B("N"), NULL },
	{ "signature", 0, B("n"), "it is no NTLM message" },
	{ "signature's NUL", 7, B("x"), "it is no NTLM message" },
	{ "type 1", 8, B("\1"), "it is another message" },
	{ "type 3", 8, B("\3"), "it is another message" },
	{ "type over 255", 9, B("\1"), "it is another message" },
	{ "only OEM", 20, B("\2"), "it does not agree to Unicode" },
	{ "no target information", 22, B("\x0a"), NULL },
	{ "target far away", 16, B("\xff\xff\xff\xff"), "its target name lies "
	    "outside of it" },
	/* offset + length is 2 in 32 bits: CVE-2018-14618 */
	{ "target wraps", 12, B("\x0a\0\x0a\0\xf8\xff\xff\xff"),
	    "its target name lies outside of it" },
	{ "target at the end", 16, B("\x7a\0\0\0"), "its target name lies "
	    "outside of it" },
	{ "target ends at the end", 16, B("\x70\0\0\0"), NULL },
	{ "target ends behind it", 16, B("\x71\0\0\0"), "its target name lies "
	    "outside of it" },
	{ "target in the head", 16, B("\x1f\0\0\0"), "its target name lies "
	    "outside of it" },
	{ "target of all", 12, B("\xff\xff"), "its target name lies outside "
	    "of it" },
	{ "half a character", 12, B("\x09"), "its target name is not UTF-16" },
	{ "empty target, anywhere", 12, B("\0\0\0\0\xff\xff\xff\xff"), NULL },
	{ "room is ignored", 14, B("\xff\xff"), NULL },
	{ "information far away", 44, B("\xff\xff\xff\xff"),
	    "its target information lies outside of it" },
	{ "information wraps", 40, B("\x38\0\x38\0\xca\xff\xff\xff"),
	    "its target information lies outside of it" },
	/* CVE-2019-3822 was this length, unchecked */
	{ "information of all", 40, B("\xff\xff"),
	    "its target information lies outside of it" },
	{ "information in the head", 44, B("\x2f\0\0\0"),
	    "its target information lies outside of it" },
	{ "information of one more", 40, B("\x39"),
	    "its target information lies outside of it" },
	{ "information of one less", 40, B("\x37"),
	    "its target information is cut short" },
	{ "information without end", 40, B("\x34"),
	    "its target information is cut short" },
	{ "half an end", 40, B("\x36"), "its target information is cut "
	    "short" },
	{ "no information", 40, B("\0\0\0\0\xff\xff\xff\xff"), NULL },
	{ "pair of all", 68, B("\xff\xff"), "its target information is cut "
	    "short" },
	{ "domain of 9", 68, B("\x09"), "its domain is not UTF-16" },
	{ "an end with a length", 66, B("\0"), "the end of its target "
	    "information has a length" },
	{ "an early end", 66, B("\0\0\0\0"), NULL },
	{ "timestamp of 4", 108, B("\4"), "its timestamp has a wrong length" },
	{ "timestamp beyond the end", 108, B("\x0d"), "its target information "
	    "is cut short" },
	{ "flags of 8", 106, B("\6"), "its MsvAvFlags have a wrong length" },
	{ "unknown pair", 106, B("\xff\xff"), NULL },
};

static void
hostile(void **state)
{
	static uint8_t m[BIG];
	uint8_t raw[256];
	char text[200];
	struct al_err err;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N(changes); i++) {
		size_t len = raw_of(samba, raw);
		enum al_code code;

		memcpy(raw + changes[i].at, changes[i].p, changes[i].n);
		err.text[0] = '\0';
		code = answer(raw, len, &alice, m, &n, &err);
		if ((code == AL_OK) != (changes[i].why == NULL))
			print_error("%s: %s\n", changes[i].name, err.text);
		assert_int_equal(code, changes[i].why == NULL ? AL_OK :
		    AL_EPROTO);
		if (changes[i].why == NULL)
			continue;
		assert_int_equal(err.stage, AL_AT_PROXY);
		(void)snprintf(text, sizeof(text), "broken NTLM challenge: %s",
		    changes[i].why);
		assert_string_equal(err.text, text);
	}
}

/* A text field of the answer as ASCII; at is where its length stands. */
static const char *
field(const uint8_t *m, size_t n, size_t at, char out[static 128])
{
	size_t len = al_get_le16(m + at), from = al_get_le32(m + at + 4), i;

	assert_true(from <= n && len <= n - from && len < 256);
	for (i = 0; i < len / 2; i++)
		out[i] = (char)m[from + 2 * i];
	out[i] = '\0';
	return out;
}

static void
domains(void **state)
{
	static uint8_t m[BIG];
	static const struct {
		const char	*challenge, *login, *domain, *user;
	} rows[] = {
		{ samba, "CORP\\alice", "CORP", "alice" },
		{ samba, "\\alice", "", "alice" },
		{ samba, "alice", "PROXY", "alice" },
		{ nlmp, "alice", "Server", "alice" },
		{ bare, "alice", "", "alice" },
		{ samba, "alice@corp.example", "", "alice@corp.example" },
		{ samba, "CORP\\alice@x", "CORP", "alice@x" },
		{ samba, "A\\B\\c", "A", "B\\c" },
	};
	uint8_t raw[256];
	char text[128];
	struct al_err err;
	size_t n;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct al_ntlm_login l = { .user = rows[i].login,
			.password = "p" };
		size_t len = raw_of(rows[i].challenge, raw);

		assert_int_equal(answer(raw, len, &l, m, &n, &err), AL_OK);
		assert_string_equal(field(m, n, 28, text), rows[i].domain);
		assert_string_equal(field(m, n, 36, text), rows[i].user);
		assert_string_equal(field(m, n, 44, text), "");
	}
}

static void
bad_tokens(void **state)
{
	static char lots[AL_B64_LEN(AL_NTLM_CHALLENGE_MAX) + 5];
	struct al_buf out;
	struct al_err err;

	(void)state;
	al_buf_init(&out, BIG);
	assert_int_equal(al_ntlm_authenticate("", &alice, &out, &err),
	    AL_EPROTO);
	assert_int_equal(al_ntlm_authenticate("TlRMTVNT*AACAAAA", &alice, &out,
	    &err), AL_EPROTO);
	assert_string_equal(err.text,
	    "broken NTLM challenge: it is not base64");
	memset(lots, 'A', sizeof(lots) - 1);
	assert_int_equal(al_ntlm_authenticate(lots, &alice, &out, &err),
	    AL_EPROTO);
	assert_string_equal(err.text, "broken NTLM challenge: it is too long");
	assert_int_equal(al_buf_len(&out), 0);
	al_buf_fini(&out);
}

/* The longest of everything fits, into the longest answer. */
static void
the_longest(void **state)
{
	static uint8_t raw[AL_NTLM_CHALLENGE_MAX], m[BIG];
	static char name[AL_NTLM_TEXT_MAX + 2], binding[AL_NTLM_BINDING_MAX];
	struct al_ntlm_login l = { .user = name, .password = name,
		.spn = name, .binding = binding,
		.binding_len = sizeof(binding) };
	size_t n, len = raw_of(samba, raw), room = sizeof(raw) - 48;
	struct al_err err;

	(void)state;
	memset(name, 'n', AL_NTLM_TEXT_MAX);
	/* All of the payload is the target, and information of one pair. */
	al_put_le16(raw + 12, (uint16_t)room);
	al_put_le32(raw + 16, 48);
	al_put_le16(raw + 40, (uint16_t)room);
	al_put_le32(raw + 44, 48);
	memset(raw + 48, 0, sizeof(raw) - 48);
	al_put_le16(raw + 48, 99);
	al_put_le16(raw + 50, (uint16_t)(room - 8));
	assert_true(len < sizeof(raw));
	assert_int_equal(answer(raw, sizeof(raw), &l, m, &n, &err), AL_OK);
	assert_int_equal(al_get_le16(m + 28), room);
	assert_int_equal(al_get_le16(m + 36), 2 * AL_NTLM_TEXT_MAX);
	/* NT: proof, temp, the pair, binding, SPN, end, zeros */
	assert_int_equal(al_get_le16(m + 20), 16 + 28 + room - 4 + 20 + 4 +
	    2 * AL_NTLM_TEXT_MAX + 4 + 4);
	l.binding_len++;
	assert_int_equal(answer(raw, sizeof(raw), &l, m, &n, &err),
	    AL_EUSAGE);
	l.binding_len--;
	name[AL_NTLM_TEXT_MAX] = 'n';
	assert_int_equal(answer(raw, sizeof(raw), &l, m, &n, &err),
	    AL_EUSAGE);
	l.user = l.password = "u";
	assert_int_equal(answer(raw, sizeof(raw), &l, m, &n, &err),
	    AL_EUSAGE);
	assert_string_equal(err.text, "an SPN has at most 1,024 bytes of "
	    "UTF-8");
}

static void
credentials(void **state)
{
	static char lots[AL_NTLM_TEXT_MAX + 2];
	struct al_ntlm_login l = { .user = "\xe4", .password = "" };
	struct al_buf out;
	struct al_err err;

	(void)state;
	assert_null(al_ntlm_check("u", ""));
	assert_null(al_ntlm_check("D\\\xc3\xa4", "\xe2\x82\xac"));
	assert_non_null(al_ntlm_check("", "p"));
	assert_non_null(al_ntlm_check("CORP\\", "p"));
	assert_non_null(al_ntlm_check("\xe4", "p"));
	assert_non_null(al_ntlm_check("u", "\xe4"));
	memset(lots, 'x', AL_NTLM_TEXT_MAX);
	assert_null(al_ntlm_check(lots, lots));
	lots[AL_NTLM_TEXT_MAX] = 'x';
	assert_non_null(al_ntlm_check(lots, "p"));
	assert_non_null(al_ntlm_check("u", lots));
	al_buf_init(&out, BIG);
	assert_int_equal(al_ntlm_authenticate(samba, &l, &out, &err),
	    AL_EUSAGE);
	assert_string_equal(err.text, al_ntlm_check("\xe4", ""));
	al_buf_fini(&out);
	al_buf_init(&out, strlen(goldens[0].want));
	assert_int_equal(al_ntlm_authenticate(samba, &alice, &out, &err),
	    AL_ELIMIT);
	assert_int_equal(al_buf_len(&out), 0);
	al_buf_fini(&out);
}

static void
filetime(void **state)
{
	struct timespec ts = { .tv_sec = 0 };

	(void)state;
	assert_true(al_ntlm_time(&ts) == 116444736000000000u);
	ts = (struct timespec){ .tv_sec = 1, .tv_nsec = 999999999 };
	assert_true(al_ntlm_time(&ts) == 116444736019999999u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_1),
		cmocka_unit_test(type_3),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(hostile),
		cmocka_unit_test(domains),
		cmocka_unit_test(bad_tokens),
		cmocka_unit_test(the_longest),
		cmocka_unit_test(credentials),
		cmocka_unit_test(filetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
