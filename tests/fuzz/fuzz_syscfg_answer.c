/* tests/fuzz/fuzz_syscfg_answer.c - what alpacon-syscfg-helper may say. */
#include "connector/base/str.h"
#include "connector/helper/syscfg_answer.h"
#include "tests/fuzz/fuzz.h"

/* One proxy in one word: no chain, no blank, nothing unprintable. */
static void
check_proxy(const char *text)
{
	CHECK(*text != '\0');
	for (; *text != '\0'; text++)
		CHECK(*text > ' ' && *text < 0x7f && *text != ',');
}

/* People see a PAC file's URL only when there is no user info in it. */
static void
check_why(const struct al_syscfg_answer *a)
{
	CHECK(a->why[0] != '\0' && al_str_is_line(a->why, strlen(a->why)));
	CHECK(!al_str_istarts(a->why, "the desktop wants WPAD") ||
	    a->pac[0] == '\0');
	if (al_str_istarts(a->why, "the desktop names a PAC file") &&
	    strchr(a->pac, '@') != NULL)
		CHECK(strcmp(a->why, "the desktop names a PAC file") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_syscfg_answer a = { .n = 0 };

	if (len > AL_SYSCFG_MSG_MAX)	/* child.c lets none through */
		return 0;
	al_syscfg_answer(&a, p, len);
	CHECK(a.n <= AL_ROUTE_MAX && !a.nomem);
	for (size_t i = 0; i < a.n; i++)
		check_proxy(a.texts[i]);
	if (a.n == 0)
		check_why(&a);
	al_syscfg_answer_fini(&a);
	CHECK(a.n == 0 && a.pac == NULL);
	return 0;
}
