/* tests/fuzz/fuzz_pac_answer.c - what a hostile helper could say. */
#include "pac/answer.h"
#include "tests/fuzz/fuzz.h"

static void
is_text(const char *s, size_t cap)
{
	size_t i;

	CHECK(strnlen(s, cap) < cap);
	for (i = 0; s[i] != '\0'; i++)
		CHECK(s[i] >= ' ' && s[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct al_pac_said s;
	const uint8_t *alert, *end = p + len;
	size_t n, sum = 0;

	if (!al_pac_said_parse(&s, p, len))
		return 0;
	while (al_pac_said_alert(&s, &alert, &n)) {
		CHECK(alert >= p && n <= (size_t)(end - alert));
		sum += 5 + n;
	}
	CHECK(sum < len);
	CHECK(s.len == 0 || (s.bytes >= p + sum &&
	    s.len <= (size_t)(end - s.bytes)));
	is_text(s.fault.message, sizeof(s.fault.message));
	is_text(s.fault.text, sizeof(s.fault.text));
	if (s.kind == AL_PAC_LOOKUP)
		CHECK((s.len == 0) == (s.what >= AL_PAC_OWN4));
	else
		CHECK(s.kind == AL_PAC_LOADED || s.kind == AL_PAC_RESULT ||
		    s.kind == AL_PAC_FAILED);
	return 0;
}
