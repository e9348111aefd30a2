/* proxy/login.c - the login at an HTTP proxy: challenges and answers. */
#include "proxy/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/b64.h"
#include "connector/base/str.h"
#include "proxy/auth.h"

#define VALUE_MAX	(96 * 1024)
#define TOKEN_MAX	(64 * 1024)
#define LEGS_MAX	8	/* answers on one connection */

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/* --- life ----------------------------------------------------------------- */
static bool
copy(char **to, const char *s)
{
	*to = s != NULL ? al_str_dup(s, strlen(s)) : NULL;
	return s == NULL || *to != NULL;
}

enum al_code
al_login_init(struct al_login *l, const struct al_hop *hop,
    const char *target, const struct al_proxy_opts *o, struct al_err *err)
{
	const char *why = al_auth_check(hop->user, hop->password);

	memset(l, 0, sizeof(*l));
	al_buf_init(&l->value, VALUE_MAX);
	al_buf_init(&l->token, TOKEN_MAX);
	if (why != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_PROXY, 0, "CONNECT: %s",
		    why);
	l->target = target;
	l->schemes = o->schemes != 0 ? o->schemes : ~0u;
	l->now_us = o->now_us;
	if (o->binding_len > 0 && o->binding_len <= sizeof(l->binding)) {
		memcpy(l->binding, o->binding, o->binding_len);
		l->binding_len = o->binding_len;
	}
	l->seen = al_memory_of(o->memory, hop);
	if (l->seen == NULL)
		l->seen = &l->own;
	if (l->now_us < l->seen->unfit_until_us)
		l->tried = l->seen->unfit;
	if (!copy(&l->user, hop->user != NULL || hop->password == NULL ?
	    hop->user : "") || !copy(&l->password, hop->password) ||
	    !copy(&l->proxy, hop->host)) {
		al_login_fini(l);
		return al_fail_nomem(err, AL_AT_PROXY);
	}
	return AL_OK;
}

void
al_login_fini(struct al_login *l)
{
	al_str_free_secret(l->user);
	al_str_free_secret(l->password);
	free(l->proxy);
	al_digest_fini(&l->own.digest);
	al_buf_fini(&l->value);
	al_buf_fini(&l->token);
	l->user = l->password = l->proxy = NULL;
}

/* --- one scheme ----------------------------------------------------------- */
static bool
may_use(const struct al_login *l, const struct al_auth_scheme *s)
{
	return (l->schemes & AL_AUTH_BIT(s->id)) != 0 &&
	    (l->tried & AL_AUTH_BIT(s->id)) == 0;
}

/* "Negotiate: no ticket; NTLM: no user name is configured" */
static void
give_up(struct al_login *l, const char *why)
{
	size_t len = strlen(l->why);

	l->tried |= AL_AUTH_BIT(l->scheme->id);
	l->seen->unfit = l->tried;
	l->seen->unfit_until_us = l->now_us + AL_UNFIT_US;
	(void)snprintf(l->why + len, sizeof(l->why) - len, "%s%s: %s",
	    len > 0 ? "; " : "", l->scheme->name, why);
	l->scheme = NULL;
}

static enum al_login_act
answer(struct al_login *l, const struct al_challenge *c, struct al_err *err)
{
	enum al_login_act act;

	al_buf_fini(&l->value);
	al_buf_fini(&l->token);
	act = l->scheme->answer(l, c, err);
	if (act == AL_LOGIN_SEND) {
		l->sent = true;
		l->unasked = c == NULL;
		l->leg++;
	}
	return act;
}

/* --- refusals ------------------------------------------------------------- */
static enum al_login_act
refused(struct al_login *l, const char *realm, struct al_err *err)
{
	(void)snprintf(l->seen->refused_realm,
	    sizeof(l->seen->refused_realm), "%s", realm);
	l->seen->refused_until_us = l->now_us + AL_REFUSED_US;
	l->seen->auth = AL_AUTH_UNKNOWN;
	(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 131,
	    "refuses this user name or password (407 again after %s)",
	    l->scheme->name);
	return AL_LOGIN_FAIL;
}

static const char *
realm_of(const struct al_challenge *c)
{
	return c != NULL ? or_empty(al_challenge_get(c, "realm")) : "";
}

/* Not again with what it has just refused: accounts are locked that way. */
static bool
is_locked(const struct al_login *l, const char *realm)
{
	return l->now_us < l->seen->refused_until_us && strncmp(realm,
	    l->seen->refused_realm, sizeof(l->seen->refused_realm) - 1) == 0;
}

static enum al_login_act
locked(const struct al_login *l, struct al_err *err)
{
	(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 131,
	    "refused this user name or password a moment ago: it is not "
	    "tried again for %u s, so that the account is not locked",
	    (unsigned)((l->seen->refused_until_us - l->now_us) / 1000000) +
	    1);
	return AL_LOGIN_FAIL;
}

/* --- which scheme --------------------------------------------------------- */
static enum al_login_act
none_fits(const struct al_login *l, const struct al_challenges *c,
    struct al_err *err)
{
	char names[120] = "", name[32];
	size_t i, len = 0;

	for (i = 0; i < c->n && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", i > 0 ? ", " : "", al_str_clean(name,
		    sizeof(name), c->list[i].scheme,
		    strlen(c->list[i].scheme)));
	if (l->schemes == AL_AUTH_NOBODY)
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 130,
		    "demands a login (407; it takes %s) and gets none: the "
		    "PAC file that names it came from WPAD or without TLS; "
		    "put it into credentials_for if it may have yours",
		    names);
	else if (l->why[0] == '\0')
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 132,
		    "takes only logins that are not supported or not allowed "
		    "here: %s", names);
	else if (l->user == NULL && l->cause == 0)
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407, 130,
		    "demands a login (407; it takes %s): configure a user "
		    "and a password for it (%s)", names, l->why);
	else
		(void)al_fail_as(err, AL_EAUTH, AL_AT_PROXY, 407,
		    l->cause != 0 ? l->cause : 132,
		    "takes %s, and none of them works here (%s)", names,
		    l->why);
	return AL_LOGIN_FAIL;
}

/* The strongest that is offered, allowed and possible. */
static enum al_login_act
choose(struct al_login *l, const struct al_challenges *c, struct al_err *err)
{
	const struct al_auth_scheme *s;
	const struct al_challenge *offer;
	enum al_login_act act;
	const char *why;
	size_t i;

	for (i = 0; i < AL_AUTH_SCHEMES; i++) {
		s = &al_auth_schemes[i];
		offer = al_auth_offer(s, c);
		if (offer == NULL || !may_use(l, s))
			continue;
		l->scheme = s;
		l->leg = 0;
		l->sent = false;
		why = s->check(l->user, l->password);
		if (why != NULL) {
			give_up(l, why);
			continue;
		}
		if (is_locked(l, realm_of(offer)))
			return locked(l, err);
		act = answer(l, offer, err);
		if (act != AL_LOGIN_FAIL) {
			l->seen->auth = s->id;
			return act;
		}
		if (err->code == AL_ENOMEM)
			return act;
		give_up(l, err->text);
	}
	return none_fits(l, c, err);
}

/* --- the dance ------------------------------------------------------------ */
enum al_login_act
al_login_begin(struct al_login *l, struct al_err *err)
{
	const struct al_auth_scheme *s = al_auth_scheme(l->seen->auth);
	enum al_login_act act;

	l->leg = 0;
	l->sent = false;
	if (s == NULL || !may_use(l, s) || l->now_us <
	    l->seen->refused_until_us || s->check(l->user, l->password) !=
	    NULL)
		return AL_LOGIN_PLAIN;
	l->scheme = s;
	act = answer(l, NULL, err);
	/* without a challenge it is too early to despair of it */
	return act == AL_LOGIN_FAIL && err->code != AL_ENOMEM ?
	    AL_LOGIN_PLAIN : act;
}

/* What the proxy says to our answer: a further leg, a new nonce, or no. */
static bool
goes_on(struct al_login *l, const struct al_challenge *c)
{
	const char *stale;

	if (c == NULL)
		return false;
	if (l->scheme->legs)
		return c->token68 != NULL && l->leg < LEGS_MAX;
	stale = al_challenge_get(c, "stale");
	if (l->again || l->scheme->id != AL_AUTH_DIGEST ||
	    !(l->unasked || (stale != NULL && al_str_ieq(stale, "true"))))
		return false;
	l->again = true;
	return true;
}

enum al_login_act
al_login_challenged(struct al_login *l, const struct al_challenges *c,
    struct al_err *err)
{
	const struct al_challenge *offer;
	enum al_login_act act;

	if (l->scheme == NULL || !l->sent)
		return choose(l, c, err);
	offer = al_auth_offer(l->scheme, c);
	/* a proxy that no longer takes what it took is a new one */
	if (offer == NULL && l->unasked) {
		l->seen->auth = AL_AUTH_UNKNOWN;
		return choose(l, c, err);
	}
	if (l->scheme->id == AL_AUTH_NTLM && l->leg == 1 &&
	    (offer == NULL || offer->token68 == NULL)) {
		give_up(l, "the proxy begins it anew instead of going on");
		return choose(l, c, err);
	}
	if (!goes_on(l, offer))
		return refused(l, realm_of(offer), err);
	act = answer(l, offer, err);
	if (act != AL_LOGIN_FAIL || err->code == AL_ENOMEM)
		return act;
	give_up(l, err->text);
	return choose(l, c, err);
}

void
al_login_accepted(struct al_login *l)
{
	l->seen->refused_until_us = 0;
	if (l->scheme == NULL)
		l->seen->auth = AL_AUTH_UNKNOWN;
}

enum al_login_act
al_login_take_token(struct al_login *l, const void *token, size_t len,
    struct al_err *err)
{
	size_t cap = AL_B64_LEN(len) + 1;
	enum al_code code = al_buf_puts(&l->value, "Negotiate ");
	uint8_t *p = al_buf_reserve(&l->value, cap);

	if (code != AL_OK || p == NULL) {
		(void)al_fail_nomem(err, AL_AT_PROXY);
		return AL_LOGIN_FAIL;
	}
	al_buf_commit(&l->value, al_b64_encode((char *)p, cap, token, len));
	l->sent = true;
	l->unasked = false;
	l->leg++;
	return AL_LOGIN_SEND;
}

enum al_login_act
al_login_no_token(struct al_login *l, const struct al_err *cause,
    struct al_err *err)
{
	if (cause->code == AL_ENOMEM) {
		*err = *cause;
		return AL_LOGIN_FAIL;
	}
	if (l->cause == 0)
		l->cause = cause->cause;
	give_up(l, cause->text);
	l->seen->auth = AL_AUTH_UNKNOWN;
	l->sent = false;
	return AL_LOGIN_PLAIN;
}

bool
al_login_is_midway(const struct al_login *l)
{
	return l->scheme != NULL && l->scheme->legs && l->leg > 1;
}

void
al_login_unsent(struct al_login *l)
{
	if (l->scheme != NULL && l->scheme->id == AL_AUTH_DIGEST &&
	    l->seen->digest.nc > 0)
		l->seen->digest.nc--;
}
