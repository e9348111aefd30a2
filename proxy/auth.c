/* proxy/auth.c - the ways to log in to an HTTP proxy, strongest first. */
#include "proxy/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connector/base/b64.h"
#include "connector/base/hash.h"
#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "proxy/ntlm.h"

#define CREDENTIAL_MAX	1024
#define TOKEN_MAX	(48 * 1024)	/* Kerberos with many groups */

static const char *
need_user(const char *user)
{
	return user == NULL ? "no user name and password are configured" :
	    NULL;
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static enum al_login_act
sent_or(enum al_code code, struct al_err *err)
{
	if (code == AL_OK)
		return AL_LOGIN_SEND;
	(void)al_fail_nomem(err, AL_AT_PROXY);
	return AL_LOGIN_FAIL;
}

/* --- Basic (RFC 7617) ----------------------------------------------------- */
/* 2: the first ':' ends the user. */
static const char *
basic_check(const char *user, const char *password)
{
	(void)password;
	return user != NULL && strchr(user, ':') != NULL ?
	    "a user name with ':' does not work with Basic" : need_user(user);
}

static enum al_login_act
basic_answer(struct al_login *l, const struct al_challenge *c,
    struct al_err *err)
{
	char plain[2 * CREDENTIAL_MAX + 2];
	char text[AL_B64_LEN(sizeof(plain)) + 1];
	size_t user_len = strlen(l->user);
	size_t len = strlen(or_empty(l->password));
	enum al_code code;

	(void)c;
	memcpy(plain, l->user, user_len);
	plain[user_len] = ':';
	memcpy(plain + user_len + 1, or_empty(l->password), len);
	(void)al_b64_encode(text, sizeof(text), plain, user_len + 1 + len);
	code = al_buf_puts(&l->value, "Basic ");
	if (code == AL_OK)
		code = al_buf_puts(&l->value, text);
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(text, sizeof(text));
	return sent_or(code, err);
}

/* --- Digest (RFC 7616) ---------------------------------------------------- */
static const char *
digest_check(const char *user, const char *password)
{
	(void)password;
	return need_user(user);
}

/* One that is broken is better than none: its error can be told. */
static const struct al_challenge *
digest_choose(const struct al_challenges *c)
{
	const struct al_challenge *best = al_digest_choose(c);

	return best != NULL ? best : al_challenges_find(c, "Digest");
}

/* Without a challenge the nonce of the last connection goes on. */
static enum al_login_act
digest_answer(struct al_login *l, const struct al_challenge *c,
    struct al_err *err)
{
	char cnonce[AL_DIGEST_CNONCE_LEN + 1];
	const struct al_digest_request q = {
		.user = l->user, .password = or_empty(l->password),
		.method = "CONNECT", .uri = l->target, .cnonce = cnonce,
	};
	struct al_digest *d = &l->seen->digest;

	if (c == NULL && d->nonce[0] == '\0')
		return AL_LOGIN_PLAIN;
	if ((c != NULL && al_digest_parse(d, c, err) != AL_OK) ||
	    al_digest_cnonce(cnonce, err) != AL_OK ||
	    al_digest_answer(d, &q, &l->value, err) != AL_OK)
		return AL_LOGIN_FAIL;
	return AL_LOGIN_SEND;
}

/* --- NTLM (MS-NLMP) ------------------------------------------------------- */
static const char *
ntlm_check(const char *user, const char *password)
{
	if (!al_hash_is_available(AL_HASH_MD5))
		return "OpenSSL does not allow its MD5 here (FIPS mode?)";
	return user == NULL ? need_user(user) :
	    al_ntlm_check(user, or_empty(password));
}

static enum al_login_act
ntlm_answer(struct al_login *l, const struct al_challenge *c,
    struct al_err *err)
{
	char spn[sizeof("HTTP/") + AL_HOST_MAX];
	struct al_ntlm_login login = {
		.user = l->user, .password = or_empty(l->password),
		.spn = spn,
		.binding = l->binding_len > 0 ? l->binding : NULL,
		.binding_len = l->binding_len,
	};
	struct timespec now;

	if (al_buf_puts(&l->value, "NTLM ") != AL_OK)
		return sent_or(AL_ENOMEM, err);
	if (c == NULL || c->token68 == NULL)
		return sent_or(al_ntlm_negotiate(&l->value), err);
	if (al_rng_bytes(login.nonce, sizeof(login.nonce), err) != AL_OK)
		return AL_LOGIN_FAIL;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	login.now = al_ntlm_time(&now);
	(void)snprintf(spn, sizeof(spn), "HTTP/%s", l->proxy);
	return al_ntlm_authenticate(c->token68, &login, &l->value, err) ==
	    AL_OK ? AL_LOGIN_SEND : AL_LOGIN_FAIL;
}

/* --- Negotiate (RFC 4559) ------------------------------------------------- */
/* A ticket needs no user: whether there is one, the helper finds out. */
static const char *
negotiate_check(const char *user, const char *password)
{
	(void)user;
	(void)password;
	return NULL;
}

static enum al_login_act
negotiate_answer(struct al_login *l, const struct al_challenge *c,
    struct al_err *err)
{
	const char *text = c != NULL ? c->token68 : NULL;
	size_t len;
	uint8_t *p;

	if (text == NULL)
		return AL_LOGIN_NEED;
	if (strlen(text) > AL_B64_LEN(TOKEN_MAX)) {
		(void)al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0,
		    "a token of more than %d bytes", TOKEN_MAX);
		return AL_LOGIN_FAIL;
	}
	p = al_buf_reserve(&l->token, strlen(text));
	if (p == NULL)
		return sent_or(AL_ENOMEM, err);
	if (!al_b64_decode(p, strlen(text), text, strlen(text), &len)) {
		(void)al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
		    "its token is not base64");
		return AL_LOGIN_FAIL;
	}
	al_buf_commit(&l->token, len);
	return AL_LOGIN_NEED;
}

/* --- all of them ---------------------------------------------------------- */
const struct al_auth_scheme al_auth_schemes[AL_AUTH_SCHEMES] = {
	{ AL_AUTH_NEGOTIATE, "Negotiate", true, negotiate_check, NULL,
	    negotiate_answer },
	{ AL_AUTH_NTLM, "NTLM", true, ntlm_check, NULL, ntlm_answer },
	{ AL_AUTH_DIGEST, "Digest", false, digest_check, digest_choose,
	    digest_answer },
	{ AL_AUTH_BASIC, "Basic", false, basic_check, NULL, basic_answer },
};

const struct al_auth_scheme *
al_auth_scheme(enum al_auth id)
{
	size_t i;

	for (i = 0; i < AL_AUTH_SCHEMES; i++)
		if (al_auth_schemes[i].id == id)
			return &al_auth_schemes[i];
	return NULL;
}

static const struct al_auth_scheme *
scheme_named(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < AL_AUTH_SCHEMES; i++)
		if (al_str_ieqn(p, len, al_auth_schemes[i].name))
			return &al_auth_schemes[i];
	return NULL;
}

enum al_code
al_auth_parse(const char *text, unsigned *schemes, struct al_err *err)
{
	const struct al_auth_scheme *s;
	const char *p = text;
	char shown[40];
	size_t n;

	*schemes = 0;
	for (p += strspn(p, ", "); *p != '\0'; p += n + strspn(p + n, ", ")) {
		n = strcspn(p, ", ");
		s = scheme_named(p, n);
		if (s == NULL)
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "\"%s\" is no login that we know: negotiate, "
			    "ntlm, digest and basic are",
			    al_str_clean(shown, sizeof(shown), p, n));
		*schemes |= AL_AUTH_BIT(s->id);
	}
	return AL_OK;
}

const struct al_challenge *
al_auth_offer(const struct al_auth_scheme *s, const struct al_challenges *c)
{
	return s->choose != NULL ? s->choose(c) :
	    al_challenges_find(c, s->name);
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

const char *
al_auth_check(const char *user, const char *password)
{
	if (has_control(or_empty(user)) || has_control(or_empty(password)))
		return "a control character in the user name or password";
	if (strlen(or_empty(user)) > CREDENTIAL_MAX ||
	    strlen(or_empty(password)) > CREDENTIAL_MAX)
		return "user name and password have at most 1,024 bytes "
		    "each";
	return NULL;
}
