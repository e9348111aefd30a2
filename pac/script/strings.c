/* pac/script/strings.c - functions that only look at the text of a host. */
#include "pac/script/functions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pac/script/ip.h"
#include "pac/script/value.h"

#define NONE	SIZE_MAX

static bool
ends_with(const struct al_value *text, const struct al_value *end)
{
	return text->len >= end->len && (end->len == 0 ||
	    memcmp(text->text + text->len - end->len, end->text,
	    end->len) == 0);
}

void
al_script_dns_domain_is(struct al_call *c)
{
	const struct al_value *host = al_call_arg(c, 0);
	const struct al_value *domain = al_call_arg(c, 1);

	if (al_value_is_nothing(host) || al_value_is_nothing(domain))
		al_call_throw(c, "dnsDomainIs wants a host and a domain");
	else
		/* Numbers have no length: never as long as the domain. */
		al_call_give_bool(c, al_value_is_text(host) &&
		    al_value_is_text(domain) && ends_with(host, domain));
}

void
al_script_dns_domain_levels(struct al_call *c)
{
	const struct al_value *host = al_call_arg(c, 0);
	size_t dots = 0;

	if (!al_value_is_text(host)) {
		al_call_throw(c, "dnsDomainLevels wants a string");
		return;
	}
	for (size_t i = 0; i < host->len; i++)
		dots += host->text[i] == '.';
	al_call_give_number(c, (double)dots);
}

void
al_script_is_plain_host_name(struct al_call *c)
{
	const struct al_value *host = al_call_arg(c, 0);
	struct al_script_ip ip;

	if (!al_value_is_text(host)) {
		al_call_throw(c, "isPlainHostName wants a string");
		return;
	}
	al_call_give_bool(c, memchr(host->text, '.', host->len) == NULL &&
	    !al_ip_parse_strict(&ip, host->text, host->len));
}

/* host == hostdom, as JavaScript compares different kinds. */
static bool
loosely_equal(const struct al_value *a, const struct al_value *b)
{
	if (al_value_is_nothing(a) || al_value_is_nothing(b))
		return al_value_is_nothing(a) && al_value_is_nothing(b);
	if (al_value_is_text(a) && al_value_is_text(b))
		return a->len == b->len && ends_with(a, b);
	return al_value_number(a) == al_value_number(b);
}

/* text begins with host and a dot. */
static bool
begins_with_host(const struct al_value *text, const char *host, size_t len)
{
	return text->len > len && text->text[len] == '.' &&
	    (len == 0 || memcmp(text->text, host, len) == 0);
}

static const char *
name_of(const struct al_value *v, char number[static 32])
{
	switch (v->kind) {
	case AL_VALUE_UNDEFINED:
		return "undefined";
	case AL_VALUE_NULL:
		return "null";
	case AL_VALUE_BOOL:
		return v->boolean ? "true" : "false";
	default:
		(void)snprintf(number, 32, "%.15g", v->number);
		return number;
	}
}

void
al_script_local_host_or_domain_is(struct al_call *c)
{
	const struct al_value *host = al_call_arg(c, 0);
	const struct al_value *hostdom = al_call_arg(c, 1);
	char number[32];
	const char *name;

	if (loosely_equal(host, hostdom)) {
		al_call_give_bool(c, true);
	} else if (!al_value_is_text(hostdom)) {
		al_call_throw(c, "localHostOrDomainIs wants two strings");
	} else if (al_value_is_text(host)) {
		al_call_give_bool(c, begins_with_host(hostdom, host->text,
		    host->len));
	} else {
		name = name_of(host, number);
		al_call_give_bool(c, begins_with_host(hostdom, name,
		    strlen(name)));
	}
}

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
char_len(const char *p, size_t len)
{
	size_t n = 1;

	while (n < len && is_continuation(p[n]))
		n++;
	return n;
}

/* ECMA-262 12.3: what '.' of a regular expression doesn't match. */
static bool
ends_line(const char *p, size_t len)
{
	return *p == '\n' || *p == '\r' || (len >= 3 &&
	    (memcmp(p, "\xe2\x80\xa8", 3) == 0 ||
	    memcmp(p, "\xe2\x80\xa9", 3) == 0));
}

static bool
is_glob(const char *text, size_t len, const char *pattern, size_t pattern_len)
{
	for (size_t i = 0; i < pattern_len; i++)
		if (pattern[i] != '\0' &&
		    strchr("^$\\+()[]{}|", pattern[i]) != NULL)
			return false;
	if (pattern_len == 0 || memchr(pattern, '?', pattern_len) == NULL)
		return true;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0xf0)
			return false;
	return true;
}

/* How much of the text one sign of the pattern takes; 0: it doesn't match. */
static size_t
step(char sign, const char *text, size_t len)
{
	if (sign != '?')
		return sign == *text;
	return ends_line(text, len) ? 0 : char_len(text, len);
}

/*
 * After a mismatch only the last '*' is widened: whatever an earlier one could
 * gain, the last gains too.
 */
static bool
glob(const char *text, size_t len, const char *pattern, size_t pattern_len)
{
	size_t t = 0, p = 0, n, after_star = NONE, star_end = 0;

	while (t < len) {
		if (p < pattern_len && pattern[p] == '*') {
			after_star = ++p;
			star_end = t;
		} else if (p < pattern_len &&
		    (n = step(pattern[p], text + t, len - t)) > 0) {
			t += n;
			p++;
		} else if (after_star != NONE &&
		    !ends_line(text + star_end, len - star_end)) {
			star_end += char_len(text + star_end, len - star_end);
			t = star_end;
			p = after_star;
		} else {
			return false;
		}
	}
	while (p < pattern_len && pattern[p] == '*')
		p++;
	return p == pattern_len;
}

bool
al_script_glob(const char *text, size_t len, const char *pattern,
    size_t pattern_len, bool *matches)
{
	if (!is_glob(text, len, pattern, pattern_len))
		return false;
	*matches = glob(text, len, pattern, pattern_len);
	return true;
}

/* The browsers' translation: what else is in the pattern stays as it is. */
static void
give_regexp(struct al_call *c, const struct al_value *pattern)
{
	size_t n = 0;

	c->text[n++] = '^';
	for (size_t i = 0; i < pattern->len; i++) {
		char sign = pattern->text[i];

		if (n + 3 > sizeof(c->text)) {
			al_call_throw(c, "shExpMatch: the pattern is too long");
			return;
		}
		if (sign == '.')
			c->text[n++] = '\\';
		else if (sign == '*')
			c->text[n++] = '.';
		c->text[n++] = sign == '?' ? '.' : sign;
	}
	c->text[n++] = '$';
	al_call_give_text(c, c->text, n);
	c->result.kind = AL_VALUE_REGEXP;
}

void
al_script_sh_exp_match(struct al_call *c)
{
	const struct al_value *text = al_call_arg(c, 0);
	const struct al_value *pattern = al_call_arg(c, 1);
	bool matches;

	if (!al_value_is_text(text) || !al_value_is_text(pattern))
		al_call_throw(c, "shExpMatch wants a text and a pattern");
	else if (al_script_glob(text->text, text->len, pattern->text,
	    pattern->len, &matches))
		al_call_give_bool(c, matches);
	else
		give_regexp(c, pattern);
}
