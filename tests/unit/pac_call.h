/* tests/unit/pac_call.h - calls of pac/script, written as in a PAC file. */
#ifndef AL_TEST_PAC_CALL_H
#define AL_TEST_PAC_CALL_H

#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pac/script/script.h"
#include "tests/lib/guard.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* The world outside the functions. */
static struct {
	int64_t		now;
	const char	*own4, *own;	/* "a;b", "" for none    */
	char		asked[2048];	/* what and name of each */
	char		alerts[256];
} outside;

static int64_t
outside_clock(void *arg)
{
	(void)arg;
	return outside.now;
}

static size_t
addresses(const char *list, struct al_script_ip out[AL_PAC_ADDRS_MAX])
{
	char copy[512], *rest = copy, *one;
	size_t n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", list);
	while ((one = strsep(&rest, ";")) != NULL && *one != '\0') {
		out[n].family = strchr(one, ':') != NULL ? 6 : 4;
		assert_int_equal(inet_pton(out[n].family == 6 ? AF_INET6 :
		    AF_INET, one, out[n].bytes), 1);
		n++;
	}
	return n;
}

static size_t
outside_lookup(void *arg, enum al_pac_what what, const char *name,
    struct al_script_ip out[AL_PAC_ADDRS_MAX])
{
	static const struct {
		const char	*name, *v4, *all;
	} names[] = {
		{ "a.example", "10.1.2.3", "10.1.2.3" },
		{ "both.example", "192.89.3.4;10.0.0.1",
		    "2001:db8::1;192.89.3.4;10.0.0.1" },
		{ "v6.example", "", "2001:db8::2" },
		{ "wrong.example", "2001:db8::3", "2001:db8::3" },
	};
	size_t used = strlen(outside.asked);

	(void)arg;
	(void)snprintf(outside.asked + used, sizeof(outside.asked) - used,
	    "%d:%s ", (int)what, name);
	if (what == AL_PAC_OWN4 || what == AL_PAC_OWN) {
		assert_string_equal(name, "");
		return addresses(what == AL_PAC_OWN4 ? outside.own4 :
		    outside.own, out);
	}
	for (size_t i = 0; i < N(names); i++)
		if (strcmp(name, names[i].name) == 0)
			return addresses(what == AL_PAC_NAME4 ? names[i].v4 :
			    names[i].all, out);
	return 0;
}

static void
outside_alert(void *arg, const char *text, size_t len)
{
	size_t used = strlen(outside.alerts);

	(void)arg;
	(void)snprintf(outside.alerts + used, sizeof(outside.alerts) - used,
	    "%zu:%.*s ", len, (int)len, text);
}

static const struct al_script_host host = {
	.clock_ms = outside_clock, .lookup = outside_lookup,
	.alert = outside_alert,
};

static const struct al_script_function *
function_of(const char *name, size_t len)
{
	const struct al_script_function *f = al_script_functions;

	while (f->name != NULL && (strlen(f->name) != len ||
	    memcmp(f->name, name, len) != 0))
		f++;
	if (f->name == NULL)
		fail_msg("no function %.*s", (int)len, name);
	return f;
}

static void
put_utf8(char **to, unsigned long c)
{
	if (c < 0x80) {
		*(*to)++ = (char)c;
	} else if (c < 0x800) {
		*(*to)++ = (char)(0xc0 | c >> 6);
		*(*to)++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*(*to)++ = (char)(0xe0 | c >> 12);
		*(*to)++ = (char)(0x80 | (c >> 6 & 0x3f));
		*(*to)++ = (char)(0x80 | (c & 0x3f));
	} else {
		*(*to)++ = (char)(0xf0 | c >> 18);
		*(*to)++ = (char)(0x80 | (c >> 12 & 0x3f));
		*(*to)++ = (char)(0x80 | (c >> 6 & 0x3f));
		*(*to)++ = (char)(0x80 | (c & 0x3f));
	}
}

/* What follows a backslash: 0, n, r, t, u1234, u{12345}. */
static const char *
unescape(const char *p, char **to)
{
	char digits[8] = "", *end;
	static const char escapes[] = "0\0n\nr\rt\t";
	const char *known = memchr(escapes, *p, sizeof(escapes));

	if (*p != 'u') {
		assert_non_null(known);
		*(*to)++ = known[1];
		return p + 1;
	}
	p++;
	(void)snprintf(digits, *p == '{' ? 6 : 5, "%s", p + (*p == '{'));
	put_utf8(to, strtoul(digits, &end, 16));
	return p + (end - digits) + (*p == '{' ? 2 : 0);
}

/* One argument; its text ends at a page that can't be read. */
static const char *
parse_value(const char *p, struct al_value *v, struct guard *g)
{
	static const struct {
		const char	*word;
		struct al_value	 value;
	} words[] = {
		{ "undefined", { .kind = AL_VALUE_UNDEFINED } },
		{ "null", { .kind = AL_VALUE_NULL } },
		{ "true", { .kind = AL_VALUE_BOOL, .boolean = true } },
		{ "false", { .kind = AL_VALUE_BOOL } },
	};
	char text[1024], *to = text, *end;

	if (*p == '\'') {
		for (p++; *p != '\''; )
			if (*p == '\\')
				p = unescape(p + 1, &to);
			else
				*to++ = *p++;
		*g = guard_copy(text, (size_t)(to - text));
		*v = (struct al_value){ .kind = AL_VALUE_STRING,
		    .text = (const char *)g->p, .len = (size_t)(to - text) };
		return p + 1;
	}
	for (size_t i = 0; i < N(words); i++)
		if (strncmp(p, words[i].word, strlen(words[i].word)) == 0) {
			*v = words[i].value;
			return p + strlen(words[i].word);
		}
	v->kind = AL_VALUE_NUMBER;
	v->number = strtod(p, &end);
	if (end == p)
		fail_msg("no value: %s", p);
	return end;
}

/* What an engine does to an argument that is wanted as a string. */
static void
make_string(struct al_value *v, char text[32])
{
	if (v->kind == AL_VALUE_UNDEFINED)
		(void)snprintf(text, 32, "undefined");
	else if (v->kind == AL_VALUE_NULL)
		(void)snprintf(text, 32, "null");
	else if (v->kind == AL_VALUE_BOOL)
		(void)snprintf(text, 32, v->boolean ? "true" : "false");
	else if (isnan(v->number))
		(void)snprintf(text, 32, "NaN");
	else if (isinf(v->number))
		(void)snprintf(text, 32, "Infinity");
	else
		(void)snprintf(text, 32, "%.15g", v->number);
	*v = (struct al_value){ .kind = AL_VALUE_STRING, .text = text,
	    .len = strlen(text) };
}

/* As in the tables: true, null, 5, 'text', /regular expression/, throw. */
static const char *
format(const struct al_value *v)
{
	static char text[AL_SCRIPT_TEXT_MAX + 8];
	char quote = v->kind == AL_VALUE_REGEXP ? '/' : '\'';

	switch (v->kind) {
	case AL_VALUE_UNDEFINED:
		return "undefined";
	case AL_VALUE_NULL:
		return "null";
	case AL_VALUE_BOOL:
		return v->boolean ? "true" : "false";
	case AL_VALUE_NUMBER:
		(void)snprintf(text, sizeof(text), "%.15g", v->number);
		return text;
	case AL_VALUE_STRING:
	case AL_VALUE_REGEXP:
		(void)snprintf(text, sizeof(text), "%c%.*s%c", quote,
		    (int)v->len, v->text, quote);
		return text;
	default:
		assert_true(v->len > 0 && v->len == strlen(v->text));
		return "throw";
	}
}

static const char *
call_function(const struct al_script_function *f, const struct al_value *args,
    size_t n)
{
	static struct al_call c;

	memset(&c, 0, sizeof(c));
	c.host = &host;
	c.args = args;
	c.n = n;
	f->fn(&c);
	return format(&c.result);
}

/* "name('text', 5, null)" */
static const char *
call(const char *expr)
{
	const char *p = strchr(expr, '('), *result;
	const struct al_script_function *f = function_of(expr,
	    (size_t)(p - expr));
	struct al_value args[AL_SCRIPT_ARGS_MAX] = { 0 };
	struct guard guards[AL_SCRIPT_ARGS_MAX] = { 0 };
	char texts[AL_SCRIPT_ARGS_MAX][32];
	size_t n = 0;

	for (p++; *p != ')'; n++) {
		p = parse_value(p, &args[n], &guards[n]);
		if ((f->strings >> n & 1) != 0 &&
		    args[n].kind != AL_VALUE_STRING)
			make_string(&args[n], texts[n]);
		p += strspn(p, ", ");
	}
	result = call_function(f, args, n);
	for (size_t i = 0; i < n; i++)
		if (guards[i].map != NULL)
			guard_free(&guards[i]);
	return result;
}

#endif
