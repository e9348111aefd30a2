/* pac/helper/duktape.c - the engine of alpacon-pac-helper: ES5, small. */
#include "pac/helper/engine.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <duktape.h>

#include "pac/helper/locate.h"
#include "pac/helper/text.h"

/* duktape.pc has named 2.2.0 for years */
#if DUK_VERSION < 20700
#error "Duktape 2.7 is needed"
#endif

#define HEAP_MAX	(32u << 20)
#define HEAP_SPARE	(64u << 10)	/* for errors about the rest */
#define FILE_NAME	"pac"		/* what Duktape calls the script */

const enum sandbox_kind engine_sandbox = SANDBOX_ALONE;
const size_t engine_memory = 128u << 20;

static struct {
	duk_context			*duk;
	const struct al_script_host	*host;
	const char			*script;
	size_t				 script_len;
	size_t				 heap;		/* bytes in use      */
	bool				 refused;	/* over HEAP_MAX     */
	bool				 dead;		/* by fatal()        */
	jmp_buf				 escape;	/* from fatal()      */
	unsigned			 thrown_at;	/* line, 0: unknown  */
} js;

/* What one entry into the engine is for, and what has come of it. */
struct job {
	enum al_pac_stage	 stage;
	const char		*url, *host;
	size_t			 url_len, host_len;
	struct result		*result;
	struct fault		*fault;
};

/* --- memory ---------------------------------------------------------- */
static void *
resize(void *udata, void *p, duk_size_t n)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *new;

	(void)udata;
	if (n == 0) {
		js.heap -= old;
		free(p);
		return NULL;
	}
	if (n > HEAP_MAX || n > HEAP_MAX - (js.heap - old)) {
		js.refused = true;
		return NULL;
	}
	new = realloc(p, n);
	if (new != NULL)
		js.heap += malloc_usable_size(new) - old;
	return new;
}

static void *
take(void *udata, duk_size_t n)
{
	return resize(udata, NULL, n);
}

static void
give_back(void *udata, void *p)
{
	(void)resize(udata, p, 0);
}

/* Duktape has nobody to throw to; its heap is not to be used again. */
static void
fatal(void *udata, const char *message)
{
	(void)udata;
	(void)message;
	js.dead = true;
	longjmp(js.escape, 1);
}

/* --- texts ----------------------------------------------------------- */
static void
push_text(duk_context *duk, const char *p, size_t len)
{
	char *copy;

	if (text_is_same(p, len)) {
		(void)duk_push_lstring(duk, p, len);
		return;
	}
	copy = duk_push_fixed_buffer(duk, TEXT_GROWTH * len);
	len = text_to_cesu8(copy, p, len);
	(void)duk_push_lstring(duk, copy, len);
	duk_remove(duk, -2);
}

/* The string at i, which stays there.  Lives while the value stack does. */
static const char *
get_text(duk_context *duk, duk_idx_t i, size_t *len)
{
	const char *p = duk_require_lstring(duk, i, len);
	char *copy;

	if (text_is_same(p, *len))
		return p;
	copy = duk_push_fixed_buffer(duk, TEXT_GROWTH * *len);
	*len = text_from_cesu8(copy, p, *len);
	return copy;
}

/* --- the functions of pac/script ------------------------------------- */
static struct al_value
get_value(duk_context *duk, duk_idx_t i)
{
	struct al_value v = { .kind = AL_VALUE_UNDEFINED };

	switch (duk_get_type(duk, i)) {
	case DUK_TYPE_NULL:
		v.kind = AL_VALUE_NULL;
		break;
	case DUK_TYPE_BOOLEAN:
		v.kind = AL_VALUE_BOOL;
		v.boolean = duk_get_boolean(duk, i) != 0;
		break;
	case DUK_TYPE_NUMBER:
		v.kind = AL_VALUE_NUMBER;
		v.number = duk_get_number(duk, i);
		break;
	case DUK_TYPE_STRING:
		v.kind = AL_VALUE_STRING;
		v.text = get_text(duk, i, &v.len);
		break;
	default:
		break;
	}
	return v;
}

/* A RegExp, an Error: those that were there before the script. */
static void
push_new(duk_context *duk, const char *constructor, const struct al_value *arg)
{
	duk_push_heap_stash(duk);
	(void)duk_get_prop_string(duk, -1, constructor);
	push_text(duk, arg->text, arg->len);
	duk_new(duk, 1);
}

static void
push_match(duk_context *duk, const struct al_value *pattern)
{
	push_new(duk, "RegExp", pattern);
	duk_push_string(duk, "test");
	if (duk_get_top(duk) > 0)
		duk_dup(duk, 0);
	duk_call_prop(duk, -3, 1);
}

static void
push_value(duk_context *duk, const struct al_value *v)
{
	switch (v->kind) {
	case AL_VALUE_UNDEFINED:
		duk_push_undefined(duk);
		break;
	case AL_VALUE_NULL:
		duk_push_null(duk);
		break;
	case AL_VALUE_BOOL:
		duk_push_boolean(duk, v->boolean);
		break;
	case AL_VALUE_NUMBER:
		duk_push_number(duk, v->number);
		break;
	case AL_VALUE_STRING:
		push_text(duk, v->text, v->len);
		break;
	case AL_VALUE_REGEXP:
		push_match(duk, v);
		break;
	case AL_VALUE_THROW:
		push_new(duk, "Error", v);
		(void)duk_throw(duk);
		break;
	}
}

/* All text is made first: that may run the script, which may come here. */
static duk_ret_t
call_function(duk_context *duk)
{
	static struct al_value args[AL_SCRIPT_ARGS_MAX];
	static struct al_call call;
	const struct al_script_function *f =
	    &al_script_functions[duk_get_current_magic(duk)];
	duk_idx_t i, n = duk_get_top(duk);

	if (n > AL_SCRIPT_ARGS_MAX)
		n = AL_SCRIPT_ARGS_MAX;
	duk_set_top(duk, n);
	duk_require_stack(duk, AL_SCRIPT_ARGS_MAX + 8);
	for (i = 0; i < n; i++)
		if ((f->strings & 1u << i) || !duk_check_type_mask(duk, i,
		    DUK_TYPE_MASK_UNDEFINED | DUK_TYPE_MASK_NULL |
		    DUK_TYPE_MASK_BOOLEAN | DUK_TYPE_MASK_NUMBER |
		    DUK_TYPE_MASK_STRING) || duk_is_symbol(duk, i))
			(void)duk_to_string(duk, i);
	for (i = 0; i < n; i++)
		args[i] = get_value(duk, i);
	call.host = js.host;
	call.args = args;
	call.n = (size_t)n;
	call.result = (struct al_value){ .kind = AL_VALUE_UNDEFINED };
	f->fn(&call);
	push_value(duk, &call.result);
	return 1;
}

static duk_ret_t
now(duk_context *duk)
{
	duk_push_number(duk, (double)js.host->clock_ms(js.host->arg));
	return 1;
}

/* --- errors ---------------------------------------------------------- */
/* Is the value at the top (an error, a function) of the script's text? */
static bool
is_of_script(duk_context *duk)
{
	const char *name;
	bool is;

	(void)duk_get_prop_string(duk, -1, "fileName");
	name = duk_get_string(duk, -1);
	is = name != NULL && strcmp(name, FILE_NAME) == 0;
	duk_pop(duk);
	return is;
}

static unsigned
get_line(duk_context *duk)
{
	unsigned line;

	(void)duk_get_prop_string(duk, -1, "lineNumber");
	line = duk_get_uint(duk, -1);
	duk_pop(duk);
	return line;
}

/* Each throw comes by: what is no Error, or one of eval, has no line. */
static duk_ret_t
see_throw(duk_context *duk)
{
	duk_int_t level;
	unsigned line = 0;

	for (level = -2; js.heap < HEAP_MAX - HEAP_SPARE && line == 0;
	    level--) {
		duk_inspect_callstack_entry(duk, level);
		if (duk_is_undefined(duk, -1))
			break;
		line = get_line(duk);
		(void)duk_get_prop_string(duk, -1, "function");
		if (!is_of_script(duk))
			line = 0;
		duk_pop_2(duk);
	}
	js.thrown_at = line;
	duk_dup(duk, 0);
	return 1;
}

/* "identifier 'foo' undefined": where on the line is foo? */
static unsigned
column_of(const struct fault *f)
{
	const char *from = memchr(f->message, '\'', f->len), *to;
	size_t left;
	unsigned column = 0;

	if (from != NULL) {
		from++;
		left = f->len - (size_t)(from - f->message);
		to = memchr(from, '\'', left);
		if (to != NULL)
			column = locate_word(js.script, js.script_len,
			    f->line, from, (size_t)(to - from));
	}
	return column > 0 ? column : locate_word(js.script, js.script_len,
	    f->line, "throw", 5);
}

static bool
is_suffix(const char *p, size_t len)
{
	return len > 7 && memcmp(p, " (line ", 7) == 0;
}

/* The thrown value is at the top.  Its properties may be getters. */
static duk_ret_t
describe(duk_context *duk, void *arg)
{
	struct job *j = arg;
	struct fault *f = j->fault;
	unsigned seen = js.thrown_at;
	const char *p;
	size_t len, i;

	if (duk_is_error(duk, -1) && is_of_script(duk))
		f->line = get_line(duk);
	if (f->line == 0 && j->stage != AL_PAC_AT_SYNTAX)
		f->line = seen;
	(void)duk_safe_to_string(duk, -1);
	p = get_text(duk, -1, &len);
	/* "(line 7)" would be said twice, and it may be corrected */
	for (i = 0; j->stage == AL_PAC_AT_SYNTAX && i < len; i++)
		if (is_suffix(p + i, len - i))
			len = i;
	(void)fault_set(f, j->stage, p, len);
	if (j->stage != AL_PAC_AT_SYNTAX)
		f->column = column_of(f);
	return 0;
}

static bool
fail_plainly(struct fault *f, enum al_pac_stage stage, const char *text)
{
	return fault_set(f, stage, text, strlen(text));
}

static bool
fail_memory(struct fault *f, enum al_pac_stage stage)
{
	return fail_plainly(f, stage, js.refused ?
	    "out of memory: a script may use 32 MiB" : "out of memory");
}

static bool
says_memory(const struct fault *f)
{
	static const char *const ways[] = { "alloc failed", "DoubleError" };
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (memmem(f->message, f->len, ways[i], strlen(ways[i])))
			return true;
	return false;
}

static bool
run_job(duk_safe_call_function run, struct job *j)
{
	duk_context *duk = js.duk;
	bool ok = duk_safe_call(duk, run, j, 0, 1) == DUK_EXEC_SUCCESS;

	if (!ok) {
		if (duk_safe_call(duk, describe, j, 1, 1) != DUK_EXEC_SUCCESS)
			(void)fail_plainly(j->fault, j->stage,
			    "an error that cannot be shown");
		if (js.refused && says_memory(j->fault))
			(void)fail_memory(j->fault, j->stage);
	}
	duk_set_top(duk, 0);
	return ok && j->fault->len == 0;
}

/* Enter the engine, and come back from it whatever happens. */
static bool
enter(duk_safe_call_function run, struct job *j)
{
	*j->fault = (struct fault){ .stage = j->stage };
	if (js.dead || setjmp(js.escape) != 0)
		return fail_memory(j->fault, j->stage);
	js.refused = false;
	js.thrown_at = 0;
	return run_job(run, j);
}

/* --- the engine ------------------------------------------------------ */
static duk_ret_t
set_up(duk_context *duk, void *arg)
{
	duk_int_t i;

	(void)arg;
	(void)duk_get_global_string(duk, "Duktape");
	(void)duk_push_c_function(duk, see_throw, 1);
	(void)duk_put_prop_string(duk, -2, "errThrow");
	duk_push_heap_stash(duk);
	(void)duk_get_global_string(duk, "RegExp");
	(void)duk_put_prop_string(duk, -2, "RegExp");
	(void)duk_get_global_string(duk, "Error");
	(void)duk_put_prop_string(duk, -2, "Error");
	duk_push_global_object(duk);
	/* not of JavaScript: nothing a PAC script could want */
	(void)duk_del_prop_string(duk, -1, "Duktape");
	for (i = 0; al_script_functions[i].name != NULL; i++) {
		(void)duk_push_c_function(duk, call_function, DUK_VARARGS);
		duk_set_magic(duk, -1, i);
		(void)duk_put_prop_string(duk, -2, al_script_functions[i].name);
	}
	return 0;
}

bool
engine_start(const struct al_script_host *host)
{
	struct fault f;
	struct job j = { .stage = AL_PAC_AT_LOAD, .fault = &f };

	js.host = host;
	if (setjmp(js.escape) != 0)
		return false;
	js.duk = duk_create_heap(take, resize, give_back, NULL, fatal);
	return js.duk != NULL && enter(set_up, &j);
}

const char *
engine_name(void)
{
	static char name[24];

	(void)snprintf(name, sizeof(name), "Duktape %ld.%ld.%ld",
	    DUK_VERSION / 10000, DUK_VERSION / 100 % 100, DUK_VERSION % 100);
	return name;
}

static duk_ret_t
wrap_date(duk_context *duk, void *arg)
{
	(void)arg;
	duk_push_string(duk, engine_clock_script);
	duk_push_string(duk, "Date");
	duk_compile(duk, DUK_COMPILE_EVAL);
	duk_call(duk, 0);
	(void)duk_push_c_function(duk, now, 0);
	duk_call(duk, 1);
	return 1;
}

bool
engine_use_host_clock(void)
{
	struct fault f;
	struct job j = { .stage = AL_PAC_AT_LOAD, .fault = &f };

	return enter(wrap_date, &j);
}

static void
compile(duk_context *duk, const char *text, size_t len)
{
	duk_push_string(duk, FILE_NAME);
	duk_compile_lstring_filename(duk, 0, text, len);
}

static duk_ret_t
load(duk_context *duk, void *arg)
{
	struct job *j = arg;

	j->stage = AL_PAC_AT_SYNTAX;
	compile(duk, js.script, js.script_len);
	j->stage = AL_PAC_AT_LOAD;
	duk_call(duk, 0);
	return 1;
}

struct attempt {
	const char	*text;
	size_t		 len;
	unsigned	 line;
};

static duk_ret_t
try_compile(duk_context *duk, void *arg)
{
	struct attempt *a = arg;

	duk_push_string(duk, FILE_NAME);
	if (duk_pcompile_lstring_filename(duk, 0, a->text, a->len) != 0 &&
	    duk_is_error(duk, -1))
		a->line = get_line(duk);
	return 0;
}

static unsigned
error_line(void *arg, const char *text, size_t len)
{
	struct attempt a = { text, len, 0 };

	(void)arg;
	if (js.dead || setjmp(js.escape) != 0)
		return 0;
	(void)duk_safe_call(js.duk, try_compile, &a, 0, 0);
	return a.line;
}

bool
engine_load(const char *script, size_t len, struct fault *f)
{
	static const struct locate_compiler compiler = {
	    .error_line = error_line, .reads_ahead = true };
	struct job j = { .stage = AL_PAC_AT_LOAD, .fault = f };

	js.script = script;
	js.script_len = len;
	if (enter(load, &j))
		return true;
	if (fault_is_syntax(f))
		locate_token(&compiler, script, len, &f->line, &f->column);
	return false;
}

static bool
push_function(duk_context *duk, const char *name)
{
	(void)duk_get_global_string(duk, name);
	if (duk_is_callable(duk, -1))
		return true;
	duk_pop(duk);
	return false;
}

static const char *
type_of(duk_context *duk, duk_idx_t i)
{
	static const char *const names[] = {
		[DUK_TYPE_UNDEFINED] = "undefined", [DUK_TYPE_NULL] = "null",
		[DUK_TYPE_BOOLEAN] = "a boolean", [DUK_TYPE_NUMBER] =
		"a number", [DUK_TYPE_STRING] = "a symbol",
	};
	size_t type = (size_t)duk_get_type(duk, i);

	return type >= 1 && type < sizeof(names) / sizeof(names[0]) ?
	    names[type] : "an object";
}

static duk_ret_t
find(duk_context *duk, void *arg)
{
	struct job *j = arg;
	const char *p;
	size_t len;

	if (!push_function(duk, "FindProxyForURL") &&
	    !push_function(duk, "FindProxyForURLEx")) {
		(void)fail_plainly(j->fault, AL_PAC_AT_RUN,
		    "the script has no function FindProxyForURL");
		return 0;
	}
	push_text(duk, j->url, j->url_len);
	push_text(duk, j->host, j->host_len);
	duk_call(duk, 2);
	if (!duk_is_string(duk, -1) || duk_is_symbol(duk, -1)) {
		(void)fault_no_string(j->fault, type_of(duk, -1));
		return 0;
	}
	p = get_text(duk, -1, &len);
	if (len > sizeof(j->result->text)) {
		(void)fault_no_string(j->fault, "a string of over 16 KiB");
		return 0;
	}
	if (len > 0)
		memcpy(j->result->text, p, len);
	j->result->len = len;
	return 0;
}

bool
engine_find(const char *url, size_t url_len, const char *host, size_t host_len,
    struct result *r, struct fault *f)
{
	struct job j = { .stage = AL_PAC_AT_RUN, .fault = f, .result = r,
	    .url = url, .url_len = url_len, .host = host,
	    .host_len = host_len };

	return enter(find, &j);
}
