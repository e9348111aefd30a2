/* pac/script/value.c - arguments read as JavaScript reads them, and results. */
#include "pac/script/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

#define DIGITS_MAX	128	/* of a number in decimal; more is no number */

struct span {
	const char	*p;
	size_t		 len;
};

const struct al_value *
al_call_arg(const struct al_call *c, size_t i)
{
	static const struct al_value undefined = { .kind = AL_VALUE_UNDEFINED };

	return i < c->n ? &c->args[i] : &undefined;
}

void
al_call_give_null(struct al_call *c)
{
	c->result = (struct al_value){ .kind = AL_VALUE_NULL };
}

void
al_call_give_bool(struct al_call *c, bool b)
{
	c->result = (struct al_value){ .kind = AL_VALUE_BOOL, .boolean = b };
}

void
al_call_give_number(struct al_call *c, double number)
{
	c->result = (struct al_value){ .kind = AL_VALUE_NUMBER,
	    .number = number };
}

void
al_call_give_text(struct al_call *c, const char *text, size_t len)
{
	c->result = (struct al_value){ .kind = AL_VALUE_STRING, .text = text,
	    .len = len };
}

void
al_call_throw(struct al_call *c, const char *why)
{
	c->result = (struct al_value){ .kind = AL_VALUE_THROW, .text = why,
	    .len = strlen(why) };
}

bool
al_value_is_text(const struct al_value *v)
{
	return v->kind == AL_VALUE_STRING;
}

bool
al_value_is_nothing(const struct al_value *v)
{
	return v->kind == AL_VALUE_UNDEFINED || v->kind == AL_VALUE_NULL;
}

bool
al_value_is(const struct al_value *v, const char *want)
{
	return al_value_is_text(v) && v->len == strlen(want) &&
	    memcmp(v->text, want, v->len) == 0;
}

/* ECMA-262 12.2, 12.3: the length of the white space at p, 0: none. */
static size_t
blank_at(const char *p, size_t len)
{
	static const char *const wide[] = {
		"\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf",
	};

	if (len > 0 && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
		return 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		size_t n = strlen(wide[i]);

		if (n <= len && memcmp(p, wide[i], n) == 0)
			return n;
	}
	/* U+2000 to U+200A */
	return len >= 3 && memcmp(p, "\xe2\x80", 2) == 0 &&
	    (unsigned char)p[2] >= 0x80 && (unsigned char)p[2] <= 0x8a ? 3 : 0;
}

static void
skip(struct span *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static void
skip_blanks(struct span *s)
{
	size_t n;

	while ((n = blank_at(s->p, s->len)) > 0)
		skip(s, n);
}

/* How many decimal digits come first. */
static size_t
digits_at(const struct span *s, size_t from)
{
	size_t n = 0;

	while (from + n < s->len && al_is_digit(s->p[from + n]))
		n++;
	return n;
}

/* The digits that come first, in a base up to 16; NAN if there are none. */
static double
take_digits(struct span *s, int base)
{
	double sum = 0;
	size_t n = 0;

	while (n < s->len) {
		int digit = al_hex_digit(s->p[n]);

		if (digit < 0 || digit >= base)
			break;
		sum = sum * base + digit;
		n++;
	}
	skip(s, n);
	return n > 0 ? sum : (double)NAN;
}

static int
prefix_base(const struct span *s)
{
	if (s->len < 2 || s->p[0] != '0')
		return 10;
	switch (al_lower(s->p[1])) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		return 10;
	}
}

/* The length of a decimal literal without its sign, 0 if it is none. */
static size_t
decimal_at(const struct span *s, size_t from)
{
	size_t whole = digits_at(s, from), part = 0, n = from + whole, exp;

	if (n < s->len && s->p[n] == '.') {
		part = digits_at(s, n + 1);
		n += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (n < s->len && al_lower(s->p[n]) == 'e') {
		size_t sign = n + 1 < s->len &&
		    (s->p[n + 1] == '+' || s->p[n + 1] == '-');

		exp = digits_at(s, n + 1 + sign);
		if (exp > 0)
			n += 1 + sign + exp;
	}
	return n - from;
}

/* ECMA-262 7.1.4.1.1, decimal: all of it, or NAN. */
static double
decimal(const struct span *s)
{
	size_t sign = s->len > 0 && (s->p[0] == '-' || s->p[0] == '+');
	char copy[DIGITS_MAX + 1];
	struct span rest = *s;

	skip(&rest, sign);
	if (rest.len == strlen("Infinity") &&
	    memcmp(rest.p, "Infinity", rest.len) == 0)
		return s->p[0] == '-' ? -(double)INFINITY : (double)INFINITY;
	if (rest.len == 0 || s->len > DIGITS_MAX ||
	    decimal_at(&rest, 0) != rest.len)
		return (double)NAN;
	memcpy(copy, s->p, s->len);
	copy[s->len] = '\0';
	return strtod(copy, NULL);
}

static double
text_number(struct span s)
{
	double number;
	int base;

	skip_blanks(&s);
	if (s.len == 0)
		return 0;
	/* Blanks at the end: the number ends at the first of them. */
	for (size_t n = 0; n < s.len; n++) {
		struct span tail = { s.p + n, s.len - n };

		if (blank_at(tail.p, tail.len) == 0)
			continue;
		skip_blanks(&tail);
		if (tail.len > 0)
			return (double)NAN;
		s.len = n;
	}
	base = prefix_base(&s);
	if (base == 10)
		return decimal(&s);
	skip(&s, 2);
	number = take_digits(&s, base);
	return s.len == 0 ? number : (double)NAN;
}

double
al_value_number(const struct al_value *v)
{
	switch (v->kind) {
	case AL_VALUE_NULL:
		return 0;
	case AL_VALUE_BOOL:
		return v->boolean;
	case AL_VALUE_NUMBER:
		return v->number;
	case AL_VALUE_STRING:
		return text_number((struct span){ v->text, v->len });
	default:
		return (double)NAN;
	}
}

double
al_value_parse_int(const struct al_value *v)
{
	struct span s = { v->text, v->len };
	bool negative = false;
	double number;
	int base = 10;

	if (!al_value_is_text(v))
		return (double)NAN;
	skip_blanks(&s);
	if (s.len > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		negative = s.p[0] == '-';
		skip(&s, 1);
	}
	if (prefix_base(&s) == 16) {
		base = 16;
		skip(&s, 2);
	}
	number = take_digits(&s, base);
	return negative ? -number : number;
}
