/* tests/fuzz/fuzz_syscfg_question.c - what libproxy may come to see. */
#include <stdbool.h>
#include <stdio.h>

#include "connector/base/reader.h"
#include "connector/helper/syscfg.h"
#include "connector/syscfghelper/question.h"
#include "tests/fuzz/fuzz.h"

#define LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HARMLESS	LETTERS "0123456789.-_:[]/"

/* The question's host and port, and nothing else, between the slashes. */
static void
check_url(const char *url, const uint8_t *p, size_t len)
{
	const char *front = p[0] == AL_SYSCFG_HTTPS ? "https://" : "http://";
	bool v6 = memchr(p + 3, ':', len - 3) != NULL;
	unsigned port = al_get_u16(p + 1);
	unsigned usual = p[0] == AL_SYSCFG_HTTPS ? 443 : 80;
	char want[QUESTION_MAX], tail[16] = "/";

	if (port != usual)
		(void)snprintf(tail, sizeof(tail), ":%u/", port);
	(void)snprintf(want, sizeof(want), "%s%s%.*s%s%s", front,
	    v6 ? "[" : "", (int)(len - 3), (const char *)p + 3,
	    v6 ? "]" : "", tail);
	CHECK(strcmp(url, want) == 0);
	CHECK(strspn(url, HARMLESS) == strlen(url));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char url[QUESTION_MAX];

	if (question_decode(url, p, len))
		check_url(url, p, len);
	return 0;
}
