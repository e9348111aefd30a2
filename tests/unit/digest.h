/* tests/unit/digest.h - what the tests of Digest share. */
#ifndef AL_TEST_DIGEST_H
#define AL_TEST_DIGEST_H

#include "proxy/digest.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define LONG	4096

/* What is the same in most challenges and in their answers. */
#define ASK	"Digest realm=\"proxy\", nonce=\"n1\", "
#define BOB	"Digest username=\"bob\", realm=\"proxy\", nonce=\"n1\", " \
	"uri=\"gw.example:443\", "
#define ONE	"cnonce=\"c1\", nc=00000001, "

static inline struct al_digest_request
request(const char *cnonce)
{
	return (struct al_digest_request){ .user = "bob",
	    .password = "pa ss", .method = "CONNECT",
	    .uri = "gw.example:443", .cnonce = cnonce };
}

/* d after one challenge; the code of reading it. */
static inline enum al_code
challenge(struct al_digest *d, const char *value, struct al_err *err)
{
	struct al_challenges c;
	enum al_code code;

	al_challenges_init(&c);
	assert_int_equal(al_challenges_add(&c, value, err), AL_OK);
	assert_int_equal(c.n, 1);
	code = al_digest_parse(d, &c.list[0], err);
	al_challenges_fini(&c);
	return code;
}

#endif
