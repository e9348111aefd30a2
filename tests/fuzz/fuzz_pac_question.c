/* tests/fuzz/fuzz_pac_question.c - what the library asks a PAC helper. */
#include "pac/helper/question.h"
#include "tests/fuzz/fuzz.h"

static void
check_inside(const char *text, size_t text_len, const uint8_t *p, size_t len)
{
	const uint8_t *start = (const uint8_t *)text;

	CHECK(start >= p && text_len <= len &&
	    (size_t)(start - p) <= len - text_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct question q;
	size_t i;

	if (!question_decode(&q, p, len))
		return 0;
	switch (q.ask) {
	case AL_PAC_LOAD:
		check_inside(q.script, q.script_len, p, len);
		CHECK(q.script_len + 9 == len);
		break;
	case AL_PAC_EVAL:
		check_inside(q.url, q.url_len, p, len);
		check_inside(q.host, q.host_len, p, len);
		CHECK(q.url_len + q.host_len + 11 == len);
		break;
	case AL_PAC_ADDRS:
		CHECK(q.n_addrs <= AL_PAC_ADDRS_MAX);
		for (i = 0; i < q.n_addrs; i++)
			CHECK(q.addrs[i].family == 4 ||
			    q.addrs[i].family == 6);
		break;
	default:
		abort();
	}
	return 0;
}
