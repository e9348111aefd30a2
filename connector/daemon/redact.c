/* connector/daemon/redact.c - take secrets out of texts that leave the program. */
#include "connector/daemon/redact.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

#define SECRET_MIN	4

/* Registered values, newest last. */
static struct {
	char	**v;
	size_t	 n, cap;
} secrets;

/* A text and which of its bytes are to be hidden. */
struct text {
	const char	*p;
	size_t		 len;
	uint8_t		*hide;
};

enum al_code
al_redact_add(const char *secret, struct al_err *err)
{
	size_t len = strlen(secret);
	char *copy;

	if (len < SECRET_MIN)
		return AL_OK;
	if (secrets.n == secrets.cap) {
		size_t cap = secrets.cap > 0 ? secrets.cap * 2 : 8;
		char **v = reallocarray(secrets.v, cap, sizeof(*v));

		if (v == NULL)
			return al_fail_nomem(err, AL_AT_CONFIG);
		secrets.v = v;
		secrets.cap = cap;
	}
	copy = al_str_dup(secret, len);
	if (copy == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	secrets.v[secrets.n++] = copy;
	return AL_OK;
}

void
al_redact_remove(const char *secret)
{
	size_t i;

	for (i = 0; i < secrets.n; i++)
		if (strcmp(secrets.v[i], secret) == 0)
			break;
	if (i == secrets.n)
		return;
	al_str_free_secret(secrets.v[i]);
	secrets.v[i] = secrets.v[--secrets.n];
	if (secrets.n == 0) {
		free(secrets.v);
		secrets.v = NULL;
		secrets.cap = 0;
	}
}

static void
hide(struct text *t, size_t from, size_t to)
{
	if (to > from)
		memset(t->hide + from, 1, to - from);
}

static char
at(const struct text *t, size_t i)
{
	return i < t->len ? t->p[i] : '\0';
}

/* word, whatever its case, stands at i; what stands around it is not asked. */
static bool
has(const struct text *t, size_t i, const char *word)
{
	size_t n = strlen(word);

	return i + n <= t->len && al_str_ieqn(t->p + i, n, word);
}

static size_t
skip(const struct text *t, size_t i, const char *set)
{
	while (i < t->len && t->p[i] != '\0' && strchr(set, t->p[i]) != NULL)
		i++;
	return i;
}

/* The first byte of set, or the end. */
static size_t
until(const struct text *t, size_t i, const char *set)
{
	while (i < t->len && t->p[i] != '\0' && strchr(set, t->p[i]) == NULL)
		i++;
	return i;
}

static bool
is_token68(char c)
{
	return al_is_alnum(c) || (c != '\0' && strchr("-._~+/=", c) != NULL);
}

static size_t
token68(const struct text *t, size_t i)
{
	while (i < t->len && is_token68(t->p[i]))
		i++;
	return i;
}

/* The end of a line, also of one that was escaped ("\r\n" in letters). */
static size_t
line_end(const struct text *t, size_t i)
{
	for (; i < t->len && t->p[i] != '\r' && t->p[i] != '\n'; i++)
		if (t->p[i] == '\\' && (at(t, i + 1) == 'r' ||
		    at(t, i + 1) == 'n'))
			break;
	return i;
}

static void
hide_registered(struct text *t)
{
	size_t i, len;
	const char *p;

	for (i = 0; i < secrets.n; i++) {
		len = strlen(secrets.v[i]);
		for (p = t->p; (p = memmem(p, t->len - (size_t)(p - t->p),
		    secrets.v[i], len)) != NULL; p++)
			hide(t, (size_t)(p - t->p), (size_t)(p - t->p) + len);
	}
}

/* "Authorization: Basic ...", '"cookie": "..."', "Set-Cookie=...": the rest of
 * the line behind a scheme's name. */
static void
hide_header(struct text *t, size_t i)
{
	static const char *const words[] = { "authorization", "cookie" };
	static const char *const schemes[] = { "basic ", "bearer ", "digest ",
	    "negotiate ", "ntlm " };
	size_t w, s, from;

	for (w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		if (!has(t, i, words[w]))
			continue;
		from = skip(t, i + strlen(words[w]), "\"'\\ \t");
		if (at(t, from) != ':' && at(t, from) != '=')
			continue;
		from = skip(t, from + 1, "\"'\\ \t");
		for (s = 0; s < sizeof(schemes) / sizeof(schemes[0]); s++)
			if (has(t, from, schemes[s]))
				from += strlen(schemes[s]);
		hide(t, from, line_end(t, from));
	}
}

/* key="...", token=..., "password": "..." */
static void
hide_named(struct text *t, size_t i)
{
	static const char *const names[] = { "key", "token", "password",
	    "passwd", "passphrase", "secret", "pwd" };
	size_t n, from, after;
	char sign, quote;

	if (i > 0 && al_is_alnum(t->p[i - 1]))
		return;
	for (n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (has(t, i, names[n]))
			break;
	if (n == sizeof(names) / sizeof(names[0]))
		return;
	after = i + strlen(names[n]);
	from = skip(t, after, "\"'\\");
	sign = from > after ? ':' : '=';	/* "key": in JSON only */
	from = skip(t, from, " \t");
	if (at(t, from) != '=' && at(t, from) != sign)
		return;
	from = skip(t, from + 1, " \t\\");
	quote = at(t, from);
	if (quote == '"' || quote == '\'') {
		const char end[] = { quote, '\r', '\n', '\0' };

		hide(t, from + 1, until(t, from + 1, end));
	} else
		hide(t, from, until(t, from, " \t\r\n\"',;&)]}"));
}

/*
 * scheme://user:password@host, and user:password@host without a scheme.  A
 * raw '/' or '@' in the password does not end it: the last '@' of the word
 * does.  (http://host/a@b has none; http://host:80/a@b may have.)
 */
static void
hide_user_info(struct text *t, size_t i)
{
	size_t end, at_sign, from = i, c;

	if (has(t, i, "://"))
		from = i + 3;
	else if (i > 0 && strchr(" \t\r\n\"'=<>(,", t->p[i - 1]) == NULL)
		return;
	end = until(t, from, " \t\r\n\"'<>");
	for (at_sign = end; at_sign > from && t->p[at_sign - 1] != '@';)
		at_sign--;
	if (at_sign-- == from)
		return;
	c = until(t, from, from > i ? ":/?#@" : ":/?#@=,");
	if (from > i ? strchr(":@", t->p[c]) != NULL :
	    t->p[c] == ':' && at(t, c + 1) != '/')
		hide(t, from, at_sign);
}

/* Not a word of a sentence ("Basic authentication"). */
static bool
looks_random(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (al_is_digit(p[i]) || p[i] == '=' || p[i] == '+' ||
		    p[i] == '/' || (i > 0 && p[i] >= 'A' && p[i] <= 'Z'))
			return len >= 8;
	return len >= 20;
}

static void
hide_blob(struct text *t, size_t i)
{
	static const char *const schemes[] = { "basic", "bearer", "digest",
	    "negotiate", "ntlm" };
	size_t s, from, end;

	if (i > 0 && al_is_alnum(t->p[i - 1]))
		return;
	for (s = 0; s < sizeof(schemes) / sizeof(schemes[0]); s++) {
		if (!has(t, i, schemes[s]))
			continue;
		from = skip(t, i + strlen(schemes[s]), " \t");
		end = token68(t, from);
		if (from > i + strlen(schemes[s]) &&
		    looks_random(t->p + from, end - from))
			hide(t, from, end);
	}
	end = token68(t, i);
	if (end - i >= 20 && t->p[i] == 'e' && at(t, i + 1) == 'y' &&
	    at(t, i + 2) == 'J' && memchr(t->p + i, '.', end - i) != NULL)
		hide(t, i, end);	/* a JWT: {" in base64url */
	if (end - i >= 8 && memcmp(t->p + i, "TlRMTVNT", 8) == 0)
		hide(t, i, end);	/* NTLMSSP */
}

static void
hide_pem(struct text *t, size_t i)
{
	static const char last[] = "-----END ";
	const char *stop;
	size_t end;

	if (!has(t, i, "-----BEGIN "))
		return;
	end = until(t, i + 11, "-\r\n");
	if (memmem(t->p + i, end - i, "PRIVATE KEY", 11) == NULL)
		return;
	stop = memmem(t->p + end, t->len - end, last, sizeof(last) - 1);
	hide(t, end, stop != NULL ? (size_t)(stop - t->p) : t->len);
}

/* Each hidden run as three stars. */
static char *
render(const struct text *t)
{
	size_t i, n = 0, runs = 0;
	char *out;

	for (i = 0; i < t->len; i++)
		runs += t->hide[i] && (i == 0 || !t->hide[i - 1]);
	out = malloc(t->len + 3 * runs + 1);
	if (out == NULL)
		return NULL;
	for (i = 0; i < t->len; i++) {
		if (!t->hide[i])
			out[n++] = t->p[i];
		else if (i == 0 || !t->hide[i - 1]) {
			memcpy(out + n, "***", 3);
			n += 3;
		}
	}
	out[n] = '\0';
	return out;
}

char *
al_redact_bytes(const char *p, size_t len)
{
	struct text t = { .p = p, .len = len };
	char *out;
	size_t i;

	t.hide = calloc(1, len + 1);
	if (t.hide == NULL)
		return NULL;
	hide_registered(&t);
	for (i = 0; i < len; i++) {
		hide_header(&t, i);
		hide_named(&t, i);
		hide_user_info(&t, i);
		hide_blob(&t, i);
		hide_pem(&t, i);
	}
	out = render(&t);
	free(t.hide);
	return out;
}

char *
al_redact_dup(const char *text)
{
	return al_redact_bytes(text, strlen(text));
}
