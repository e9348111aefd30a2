/* tests/fuzz/fuzz_challenge.c - a field's value, then the same written anew. */
#include <stdio.h>

#include "proxy/challenge.h"
#include "tests/fuzz/fuzz.h"

/* Every value as a quoted string: reading that gives the same. */
static char *
write_anew(const struct al_challenges *c, size_t cap)
{
	char *out = malloc(cap), *to = out;

	CHECK(out != NULL);
	*to = '\0';
	for (size_t i = 0; i < c->n; i++) {
		const struct al_challenge *ch = &c->list[i];

		to += sprintf(to, ",%s %s", ch->scheme,
		    ch->token68 != NULL ? ch->token68 : "");
		for (size_t k = 0; k < ch->n; k++) {
			to += sprintf(to, ",%s=\"", ch->params[k].name);
			for (const char *p = ch->params[k].value; *p; p++) {
				*to++ = '\\';
				*to++ = *p;
			}
			to += sprintf(to, "\"");
		}
	}
	return out;
}

static void
compare(const struct al_challenges *a, const struct al_challenges *b)
{
	CHECK(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct al_challenge *x = &a->list[i], *y = &b->list[i];

		CHECK(strcmp(x->scheme, y->scheme) == 0 && x->n == y->n);
		CHECK((x->token68 != NULL) == (y->token68 != NULL));
		for (size_t k = 0; k < x->n; k++)
			CHECK(strcmp(x->params[k].value,
			    y->params[k].value) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_challenges c, again;
	struct al_err err;
	char *text = malloc(len + 1), *anew;

	CHECK(text != NULL);
	if (len > 0)
		memcpy(text, p, len);
	text[len] = '\0';
	al_challenges_init(&c);
	al_challenges_init(&again);
	if (al_challenges_add(&c, text, &err) == AL_OK) {
		(void)al_challenges_find(&c, "basic");
		anew = write_anew(&c, 8 * len + 1024);
		CHECK(al_challenges_add(&again, anew, &err) == AL_OK);
		compare(&c, &again);
		free(anew);
	} else {
		CHECK(c.n == 0);
	}
	al_challenges_fini(&c);
	al_challenges_fini(&again);
	free(text);
	return 0;
}
