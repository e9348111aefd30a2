/* tests/fuzz/fuzz_gss_question.c - a START, as alpacon-gss-helper reads it. */
#include "connector/base/reader.h"
#include "connector/gsshelper/request.h"
#include "tests/fuzz/fuzz.h"

static void
put(struct al_writer *w, const void *p, size_t len)
{
	al_write_u16(w, (uint16_t)len);
	al_write_bytes(w, p, len);
}

static void
put_text(struct al_writer *w, const char *text)
{
	CHECK(strlen(text) <= AL_GSS_TEXT_MAX);
	put(w, text, strlen(text));
}

/* Nothing was lost or added: written again it is the same. */
static void
check_same(const struct request *r, const uint8_t *p, size_t len)
{
	static uint8_t again[2 + 6 * (2 + AL_GSS_TEXT_MAX)];
	struct al_writer w = al_writer(again, sizeof(again));

	al_write_u8(&w, (uint8_t)r->mech);
	al_write_u8(&w, (uint8_t)r->source);
	put_text(&w, r->target);
	put_text(&w, r->ccache);
	put_text(&w, r->keytab);
	put_text(&w, r->principal);
	put_text(&w, r->password);
	put(&w, r->bindings, r->bindings_len);
	CHECK(!w.bad && w.len == len && memcmp(again, p, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct request r;

	memset(&r, 0xff, sizeof(r));
	if (!request_decode(&r, p, len))
		return 0;
	CHECK(r.target[0] != '\0');
	CHECK(r.mech <= AL_GSS_KRB5 && r.source <= AL_GSS_PASSWORD);
	check_same(&r, p, len);
	return 0;
}
