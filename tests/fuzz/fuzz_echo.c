/* tests/fuzz/fuzz_echo.c - what may answer to netcheck's echo. */
#include "connector/netcheck/echo.h"
#include "tests/fuzz/fuzz_machine.h"

#define NONCE	"0123456789abcdef"

static struct al_machine
machine(void)
{
	struct al_machine m;
	struct al_err err;

	CHECK(al_echo_machine(&m, "h", NONCE, &err) == AL_OK);
	return m;
}

/* The digits of the nonce stand in p in this order, chunk heads between. */
static int
has_nonce(const uint8_t *p, size_t len)
{
	const char *want = NONCE;
	size_t i;

	for (i = 0; i < len && *want != '\0'; i++)
		want += p[i] == (uint8_t)*want;
	return *want == '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	size_t chunk = fuzz_chunk(&p, &len);
	struct fuzz_end end = fuzz_talk(machine(), p, len, chunk);

	/* nothing but a 200 with the nonce is an echo */
	CHECK(end.r == AL_HS_FAIL || (end.r == AL_HS_DONE &&
	    has_nonce(p, len) && memmem(p, len, " 200", 4) != NULL));
	fuzz_same(end, fuzz_talk(machine(), p, len, len + 1));
	return 0;
}
