/*
 * tests/fuzz/fuzz_digest.c - user, password and target, a line each, then
 * challenges.  The answer must read as what was asked and who is there.
 */
#include "proxy/digest.h"
#include "tests/fuzz/fuzz.h"

/* Cut the line at *text off; what is behind it becomes *text. */
static const char *
line(char **text)
{
	char *start = *text, *end = strchr(start, '\n');

	if (end != NULL)
		*end++ = '\0';
	*text = end != NULL ? end : start + strlen(start);
	return start;
}

static void
check_param(const struct al_challenge *c, const char *name, const char *want)
{
	const char *value = al_challenge_get(c, name);

	CHECK((value != NULL) == (want != NULL));
	CHECK(want == NULL || strcmp(value, want) == 0);
}

/* RFC 9110 11.4: credentials are written like a challenge. */
static void
check_answer(const struct al_digest *d, const struct al_digest_request *q,
    const char *nc, const struct al_buf *out)
{
	struct al_challenges again;
	const struct al_challenge *c;
	struct al_err err;

	al_challenges_init(&again);
	CHECK(al_challenges_add(&again, (const char *)al_buf_head(out),
	    &err) == AL_OK);
	CHECK(again.n == 1);
	c = &again.list[0];
	check_param(c, "realm", d->realm);
	check_param(c, "nonce", d->nonce);
	check_param(c, "opaque", d->has_opaque ? d->opaque : NULL);
	check_param(c, "uri", q->uri);
	check_param(c, "nc", d->qop != 0 ? nc : NULL);
	check_param(c, "cnonce", d->qop == 0 && !d->sess ? NULL :
	    d->sess ? "first" : q->cnonce);
	check_param(c, "algorithm", d->algorithm[0] != '\0' ? d->algorithm :
	    NULL);
	CHECK(strlen(al_challenge_get(c, "response")) ==
	    (d->hash == AL_HASH_MD5 ? 32 : 64));
	if (d->userhash)
		CHECK(strlen(al_challenge_get(c, "username")) % 32 == 0);
	else if (al_challenge_get(c, "username*") == NULL)
		check_param(c, "username", q->user);
	al_challenges_fini(&again);
}

static void
answer(struct al_digest *d, struct al_digest_request *q)
{
	static const char *const cnonces[] = { "first", "second" };
	static const char *const counts[] = { "00000001", "00000002" };
	struct al_buf out;
	struct al_err err;

	for (size_t i = 0; i < 2; i++) {
		enum al_code code;

		al_buf_init(&out, AL_DIGEST_ANSWER_MAX + 1);
		q->cnonce = cnonces[i];
		code = al_digest_answer(d, q, &out, &err);
		CHECK(d->nc == (code == AL_OK ? i + 1 : i));
		if (code == AL_OK) {
			CHECK(al_buf_put(&out, "", 1) == AL_OK);
			check_answer(d, q, counts[i], &out);
		} else {
			CHECK(code == AL_EUSAGE || code == AL_ELIMIT);
			CHECK(al_buf_len(&out) == 0);
		}
		al_buf_fini(&out);
		if (code != AL_OK)
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct al_digest_request q = { .method = "CONNECT" };
	const struct al_challenge *best;
	struct al_challenges c;
	struct al_err err;
	char *text = malloc(len + 1), *at = text;

	CHECK(text != NULL);
	if (len > 0)
		memcpy(text, p, len);
	text[len] = '\0';
	q.user = line(&at);
	q.password = line(&at);
	q.uri = line(&at);
	al_challenges_init(&c);
	if (al_challenges_add(&c, at, &err) == AL_OK) {
		best = al_digest_choose(&c);
		for (size_t i = 0; i < c.n; i++) {
			struct al_digest d = { 0 };

			if (al_digest_parse(&d, &c.list[i], &err) == AL_OK)
				answer(&d, &q);
			else
				CHECK(best != &c.list[i] && d.nonce[0] == 0);
		}
	}
	al_challenges_fini(&c);
	free(text);
	return 0;
}
