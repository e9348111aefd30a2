/* tests/fuzz/fuzz_ntlm.c - an NTLM server's challenge, and our answer to it. */
#include "connector/base/b64.h"
#include "connector/base/le.h"
#include "proxy/ntlm.h"
#include "proxy/ntlm_challenge.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX	32768

static void
check_field(const uint8_t *m, size_t n, size_t at)
{
	size_t from = al_get_le32(m + at + 4);

	CHECK(from >= 88 && from <= n && al_get_le16(m + at) <= n - from);
}

/* All fields of the answer lie in it, and its pairs come to an end. */
static void
check_answer(const struct al_buf *out)
{
	static uint8_t m[OUT_MAX];
	struct al_reader r;
	struct al_bytes v;
	uint16_t id;
	size_t n, at;

	CHECK(al_b64_decode(m, sizeof(m), (const char *)al_buf_head(out),
	    al_buf_len(out), &n));
	CHECK(n >= 88 && al_get_le32(m + 8) == 3);
	CHECK((al_get_le32(m + 60) & AL_NTLM_KEY_EXCH) == 0);
	for (at = 12; at < 60; at += 8)
		check_field(m, n, at);
	CHECK(al_get_le16(m + 12) == 24);
	r = al_reader(m + al_get_le32(m + 24), al_get_le16(m + 20));
	CHECK(al_read_bytes(&r, 16 + 28) != NULL);
	while (al_ntlm_pair_next(&r, &id, &v))
		;
	CHECK(!r.bad && v.len == 0 && r.len == 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const struct al_ntlm_login login = { .user = "user",
		.password = "password", .spn = "HTTP/proxy", .now = 1 };
	size_t cap = AL_B64_LEN(len) + 1;
	char *token = malloc(cap);
	struct al_ntlm_challenge c;
	struct al_buf out;
	struct al_err err;
	enum al_code code, want;

	CHECK(token != NULL);
	*token = '\0';
	(void)al_b64_encode(token, cap, p, len);
	want = al_ntlm_challenge_decode(&c, p, len, &err);
	if (len > AL_NTLM_CHALLENGE_MAX)
		want = AL_EPROTO;
	al_buf_init(&out, OUT_MAX);
	code = al_ntlm_authenticate(token, &login, &out, &err);
	CHECK(code == want && (code == AL_OK || code == AL_EPROTO));
	if (code == AL_OK)
		check_answer(&out);
	al_buf_fini(&out);
	free(token);
	return 0;
}
