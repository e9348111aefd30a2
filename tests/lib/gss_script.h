/* tests/lib/gss_script.h - a proxy machine whose Kerberos is a script. */
#ifndef AL_TEST_GSS_SCRIPT_H
#define AL_TEST_GSS_SCRIPT_H

#include <stdlib.h>
#include <string.h>

#include "proxy/proxy.h"

/*
 * Tokens are "A", then "B"; wrapped bytes have 's' (signed) or 'e' (encrypted)
 * in front of them, and what has neither is not unwrapped.
 */
struct gss_script {
	struct al_machine	m;
	unsigned		legs;		/* tokens of ours; 0: no ticket */
	unsigned		flags;		/* of the context  */
	unsigned		at;
	char			asked[64];	/* "twu": a letter each */
};

static inline void
gss_script_deny(struct gss_script *s, const char *why)
{
	struct al_err err;

	(void)al_fail_as(&err, AL_EAUTH, AL_AT_PROXY, 0, 133, "kerberos: %s",
	    why);
	al_proxy_deny(&s->m, &err);
}

/* "X" makes it fail; the last leg has no token but the proxy's. */
static inline void
gss_script_token(struct gss_script *s, const struct al_proxy_need *need)
{
	const char *token = s->at == 0 ? "A" : "B";

	if (s->legs == 0)
		gss_script_deny(s, "no ticket");
	else if (need->token_len > 0 && ((const char *)need->token)[0] == 'X')
		gss_script_deny(s, "the peer's token: nonsense");
	else if (++s->at <= s->legs)
		al_proxy_give(&s->m, token, 1, s->flags);
	else
		al_proxy_give(&s->m, NULL, 0, s->flags |
		    AL_PROXY_GIVEN_DONE);
}

static inline void
gss_script_wrap(struct gss_script *s, const struct al_proxy_need *need)
{
	char *p = malloc(need->token_len + 1);
	struct al_err err;

	if (p == NULL) {
		(void)al_fail_nomem(&err, AL_AT_PROXY);
		al_proxy_deny(&s->m, &err);
		return;
	}
	p[0] = need->level == AL_PROXY_SEAL ? 'e' : 's';
	memcpy(p + 1, need->token, need->token_len);
	al_proxy_give(&s->m, p, need->token_len + 1, 0);
	free(p);
}

static inline void
gss_script_unwrap(struct gss_script *s, const struct al_proxy_need *need)
{
	const char *p = need->token;

	if (p[0] != 's' && p[0] != 'e')
		gss_script_deny(s, "unwrap: nonsense");
	else
		al_proxy_give(&s->m, p + 1, need->token_len - 1,
		    p[0] == 'e' ? AL_PROXY_GIVEN_SEAL : 0);
}

static inline void
gss_script_answer(struct gss_script *s)
{
	struct al_proxy_need need;
	size_t n = strlen(s->asked);

	if (!al_proxy_need(&s->m, &need))
		abort();
	if (n + 1 < sizeof(s->asked))
		s->asked[n] = "twu"[need.ask];
	if (need.ask == AL_PROXY_TOKEN)
		gss_script_token(s, &need);
	else if (need.ask == AL_PROXY_WRAP)
		gss_script_wrap(s, &need);
	else
		gss_script_unwrap(s, &need);
	if (al_proxy_need(&s->m, &need))	/* not twice for one answer */
		abort();
}

static inline enum al_hs
gss_script_step(void *arg, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	struct gss_script *s = arg;
	enum al_hs r;

	for (;;) {
		r = s->m.ops->step(s->m.m, in, out, err);
		if (r != AL_HS_NEED)
			return r;
		gss_script_answer(s);
	}
}

static inline enum al_hs
gss_script_eof(void *arg, struct al_buf *in, struct al_err *err)
{
	struct gss_script *s = arg;

	return s->m.ops->eof(s->m.m, in, err);
}

/* Of the machine below; s is the caller's. */
static inline void
gss_script_free(void *arg)
{
	struct gss_script *s = arg;

	s->m.ops->free(s->m.m);
}

static inline struct al_machine
gss_script(struct gss_script *s)
{
	static const struct al_hs_ops ops = {
		.name = "script", .step = gss_script_step,
		.eof = gss_script_eof, .free = gss_script_free,
	};

	return (struct al_machine){ &ops, s };
}

#endif
