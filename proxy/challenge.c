/* proxy/challenge.c - what Proxy-Authenticate offers (RFC 9110 11.6.1). */
#include "proxy/challenge.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

/*
 * WWW-Authenticate  = #challenge
 * challenge         = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
 * auth-param        = token BWS "=" BWS ( token / quoted-string )
 * token68           = 1*( ALPHA / DIGIT / "-._~+/" ) *"="
 *
 * The list of challenges and the list of a challenge's parameters share the
 * comma: what follows one is a parameter when "=" stands behind its first
 * token, else the next scheme.
 */
struct parser {
	const char		*p;	/* what is left of the value       */
	char			*to;	/* where the next text goes        */
	struct al_challenges	*c;
	struct al_challenge	*now;	/* NULL before the first challenge */
};

void
al_challenges_init(struct al_challenges *c)
{
	c->n = c->n_texts = 0;
}

void
al_challenges_fini(struct al_challenges *c)
{
	while (c->n_texts > 0)
		free(c->texts[--c->n_texts]);
	c->n = 0;
}

static size_t
token_len(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0' && (al_is_alnum(p[n]) ||
	    strchr("!#$%&'*+-.^_`|~", p[n]) != NULL))
		n++;
	return n;
}

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* A copy of n bytes and a NUL among the texts. */
static const char *
keep(struct parser *ps, const char *p, size_t n)
{
	char *text = ps->to;

	memcpy(text, p, n);
	text[n] = '\0';
	ps->to += n + 1;
	return text;
}

static bool
at_end(const char *p)
{
	p = skip_blanks(p);
	return *p == '\0' || *p == ',';
}

/* Length of the token68 at p, 0 when there is none. */
static size_t
token68_len(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0' &&
	    (al_is_alnum(p[n]) || strchr("-._~+/", p[n]) != NULL))
		n++;
	if (n > 0)
		n += strspn(p + n, "=");
	return at_end(p + n) ? n : 0;
}

static const char *
quoted(struct parser *ps)
{
	const char *text = ps->to;

	for (ps->p++; *ps->p != '"'; ps->p++) {
		if (*ps->p == '\\')
			ps->p++;
		if (*ps->p == '\0')
			return NULL;
		*ps->to++ = *ps->p;
	}
	*ps->to++ = '\0';
	ps->p++;
	return text;
}

/*
 * Some proxies forget the quotes around a realm with blanks or a nonce that
 * is base64: no other reading is possible than up to the comma.
 */
static const char *
bare(struct parser *ps)
{
	size_t n = strcspn(ps->p, ",\""), len = n;
	const char *p = ps->p;

	if (p[n] == '"')
		return NULL;
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	ps->p += n;
	return keep(ps, p, len);
}

/* "name = value" at ps->p; the name is name_len bytes. */
static const char *
param(struct parser *ps, size_t name_len)
{
	struct al_challenge *c = ps->now;
	const char *name, *value;

	if (c == NULL)
		return "a parameter without a scheme";
	if (c->n == AL_PARAMS_MAX)
		return "too many parameters";
	name = keep(ps, ps->p, name_len);
	ps->p = skip_blanks(ps->p + name_len);
	ps->p = skip_blanks(ps->p + 1);
	value = *ps->p == '"' ? quoted(ps) : bare(ps);
	if (value == NULL)
		return "a quote is not closed or stands where none belongs";
	if (!at_end(ps->p))
		return "a comma is missing";
	c->params[c->n].name = name;
	c->params[c->n++].value = value;
	return NULL;
}

static const char *
scheme(struct parser *ps, size_t len)
{
	const char *rest = skip_blanks(ps->p + len);
	size_t n;

	if (rest == ps->p + len && !at_end(rest))
		return "a character does not belong there";
	if (ps->c->n == AL_CHALLENGES_MAX)
		return "too many challenges";
	ps->now = &ps->c->list[ps->c->n++];
	*ps->now = (struct al_challenge){ 0 };
	ps->now->scheme = keep(ps, ps->p, len);
	ps->p = rest;
	n = token68_len(rest);
	if (n > 0) {
		ps->now->token68 = keep(ps, rest, n);
		ps->p += n;
	}
	return NULL;
}

/* One element of the list; what is wrong with it, or NULL. */
static const char *
element(struct parser *ps)
{
	size_t n = token_len(ps->p);

	if (n == 0)
		return "a character does not belong there";
	if (*skip_blanks(ps->p + n) == '=')
		return param(ps, n);
	return scheme(ps, n);
}

static const char *
parse(struct parser *ps)
{
	const char *why;
	bool more = true;

	for (;;) {
		ps->p = skip_blanks(ps->p);
		if (*ps->p == '\0')
			return NULL;
		if (*ps->p == ',') {
			ps->p++;
			more = true;
			continue;
		}
		/* Behind a scheme its first parameter comes without comma. */
		if (!more && (ps->now == NULL || ps->now->n > 0 ||
		    ps->now->token68 != NULL ||
		    *skip_blanks(ps->p + token_len(ps->p)) != '='))
			return "a comma is missing";
		why = element(ps);
		if (why != NULL)
			return why;
		more = false;
	}
}

enum al_code
al_challenges_add(struct al_challenges *c, const char *value,
    struct al_err *err)
{
	struct parser ps = { .p = value, .c = c };
	size_t before = c->n;
	const char *why;
	char *text;

	if (c->n_texts == AL_CHALLENGES_MAX)
		return al_fail(err, AL_ELIMIT, AL_AT_PROXY, 0,
		    "too many Proxy-Authenticate fields");
	/* Each text ends where the value has a blank, '=', ',', or ends. */
	text = malloc(strlen(value) + 2);
	if (text == NULL)
		return al_fail_nomem(err, AL_AT_PROXY);
	ps.to = text;
	why = parse(&ps);
	if (why != NULL) {
		c->n = before;
		free(text);
		return al_fail(err, AL_EPROTO, AL_AT_PROXY, 0,
		    "broken Proxy-Authenticate: %s", why);
	}
	c->texts[c->n_texts++] = text;
	return AL_OK;
}

const struct al_challenge *
al_challenges_find(const struct al_challenges *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (al_str_ieq(c->list[i].scheme, name))
			return &c->list[i];
	return NULL;
}

const char *
al_challenge_get(const struct al_challenge *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (al_str_ieq(c->params[i].name, name))
			return c->params[i].value;
	return NULL;
}
