/* tests/fuzz/fuzz_paths.c - what a connector kept of its paths. */
#include "connector/connectord/state.h"
#include "tests/fuzz/fuzz.h"

#define NOW	1800000000u

/* What was read is written so that it is read the same. */
static void
again(const struct al_habits *h)
{
	struct al_habits *copy = al_habits_new();
	char *text = al_state_format(h);
	struct al_err err;
	size_t i;

	CHECK(copy != NULL && text != NULL);
	CHECK(al_state_parse(copy, text, strlen(text), NOW, &err) == AL_OK);
	for (i = 0; al_habits_get(h, i) != NULL; i++)
		CHECK(al_habits_get(copy, i) != NULL &&
		    memcmp(al_habits_get(h, i), al_habits_get(copy, i),
		    sizeof(struct al_habit)) == 0);
	CHECK(al_habits_get(copy, i) == NULL);
	free(text);
	al_habits_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_habits *h = al_habits_new();
	struct al_link_life life = { .lived_ms = 60000, .quiet_ms = 60000,
	    .keepalive_ms = 30000 };
	const struct al_habit *known;
	char via[AL_HABITS_VIA];
	struct al_err err;
	uint64_t ms;

	CHECK(h != NULL);
	if (al_state_parse(h, (const char *)p, len, NOW, &err) != AL_OK) {
		CHECK(al_habits_get(h, 0) == NULL);
		al_habits_free(h);
		return 0;
	}
	again(h);
	known = al_habits_get(h, 0);
	if (known != NULL) {
		memcpy(via, known->via, sizeof(via));
		(void)al_habits_link_lost(h, via, &life, NOW);
		ms = al_habits_max_age_ms(h, via, NOW, NOW);
		CHECK(ms == 0 || ms >= 7000);
		ms = al_habits_keepalive_ms(h, via, 30000, NOW);
		CHECK(ms >= AL_KEEPALIVE_MIN_MS && ms <= 30000);
		again(h);
	}
	al_habits_free(h);
	return 0;
}
