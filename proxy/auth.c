/* proxy/auth.c - the ways to log in to an HTTP proxy, strongest first. */
#include "proxy/auth.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/b64.h"
#include "connector/base/str.h"

#define CREDENTIAL_MAX	1024

/* RFC 7617 2: the first ':' ends the user. */
static const char *
basic_check(const char *user, const char *password)
{
	(void)password;
	return strchr(user, ':') != NULL ?
	    "a user name with ':' does not work with Basic" : NULL;
}

static enum al_code
basic_answer(const struct al_challenge *c, const char *user,
    const char *password, struct al_buf *out)
{
	char plain[2 * CREDENTIAL_MAX + 2];
	char text[AL_B64_LEN(sizeof(plain)) + 1];
	size_t user_len = strlen(user), len = strlen(password);
	enum al_code code;

	(void)c;
	memcpy(plain, user, user_len);
	plain[user_len] = ':';
	memcpy(plain + user_len + 1, password, len);
	(void)al_b64_encode(text, sizeof(text), plain, user_len + 1 + len);
	code = al_buf_puts(out, "Basic ");
	if (code == AL_OK)
		code = al_buf_puts(out, text);
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(text, sizeof(text));
	return code;
}

static const struct al_auth_scheme schemes[] = {
	{ AL_AUTH_BASIC, "Basic", basic_check, basic_answer },
};

#define N_SCHEMES	(sizeof(schemes) / sizeof(schemes[0]))

const struct al_auth_scheme *
al_auth_choose(const struct al_challenges *c)
{
	size_t i;

	for (i = 0; i < N_SCHEMES; i++)
		if (al_challenges_find(c, schemes[i].name) != NULL)
			return &schemes[i];
	return NULL;
}

const struct al_auth_scheme *
al_auth_scheme(enum al_auth id)
{
	size_t i;

	for (i = 0; i < N_SCHEMES; i++)
		if (schemes[i].id == id)
			return &schemes[i];
	return NULL;
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
	const char *why = NULL;
	size_t i;

	if (has_control(user) || has_control(password))
		return "a control character in the user name or password";
	if (strlen(user) > CREDENTIAL_MAX ||
	    strlen(password) > CREDENTIAL_MAX)
		return "user name and password have at most 1,024 bytes "
		    "each";
	for (i = 0; i < N_SCHEMES; i++) {
		why = schemes[i].check(user, password);
		if (why == NULL)
			return NULL;
	}
	return why;
}
