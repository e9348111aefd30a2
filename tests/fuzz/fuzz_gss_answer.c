/* tests/fuzz/fuzz_gss_answer.c - what alpacon-gss-helper may say. */
#include "connector/base/str.h"
#include "connector/helper/gss_answer.h"
#include "tests/fuzz/fuzz.h"

static void
check_failure(const struct al_gss_result *r, const struct al_err *err)
{
	CHECK(r->err == err && err->code > AL_AGAIN);
	CHECK(al_str_is_line(err->text, strlen(err->text)));
	CHECK(r->token == NULL && !r->done);
}

/* The token is all of the rest, and what the peer waits for is there. */
static void
check_token(const struct al_gss_result *r, enum al_gss_type asked,
    const uint8_t *p, size_t len)
{
	bool wrapped = asked == AL_GSS_WRAP || asked == AL_GSS_UNWRAP;

	CHECK(r->err == NULL && r->len == len - 2);
	CHECK(r->token == (r->len > 0 ? p + 2 : NULL));
	CHECK(r->done == (p[0] != AL_GSS_CONTINUE));
	CHECK(r->done || r->len > 0);
	CHECK((p[0] == AL_GSS_BYTES) == wrapped);
}

/* The first byte says what was asked. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_gss_result r = { .local = false };
	struct al_err err = { .code = AL_OK };
	enum al_gss_type asked;

	if (len == 0 || *p < AL_GSS_START || *p > AL_GSS_UNWRAP)
		return 0;
	asked = (enum al_gss_type)*p;
	al_gss_answer(&r, asked, p + 1, len - 1, &err);
	if (r.err != NULL)
		check_failure(&r, &err);
	else
		check_token(&r, asked, p + 1, len - 1);
	return 0;
}
