/* pac/helper/jsc.c - the engine of alpacon-pac-helper-jsc: today's script. */
#include "pac/helper/engine.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <JavaScriptCore/JavaScript.h>
#include <jsc/jsc.h>

#include "pac/helper/locate.h"
#include "pac/helper/text.h"

const enum sandbox_kind engine_sandbox = SANDBOX_THREADS;
/* It reserves over 100 GiB; the parent watches what is really in use. */
const size_t engine_memory = 0;

static struct {
	JSGlobalContextRef		 ctx;
	JSClassRef			 function;	/* of pac/script */
	JSObjectRef			 regexp;	/* the first one */
	const struct al_script_host	*host;
	const char			*script;
	size_t				 len;
} js;

/* --- texts ----------------------------------------------------------- */
/* NULL: out of memory, here and below. */
static JSStringRef
to_string(const char *p, size_t len)
{
	uint16_t *copy = malloc((len + 1) * sizeof(*copy));
	JSStringRef s = NULL;

	if (copy != NULL)
		s = JSStringCreateWithCharacters(copy,
		    text_to_utf16(copy, p, len));
	free(copy);
	return s;
}

static char *
from_string(JSStringRef s, size_t *len)
{
	size_t n = JSStringGetLength(s);
	char *text = malloc(TEXT_GROWTH * n + 1);

	*len = 0;
	if (text != NULL)
		*len = text_from_utf16(text, JSStringGetCharactersPtr(s), n);
	return text;
}

/* NULL and *thrown, or out of memory. */
static char *
text_of(JSContextRef ctx, JSValueRef v, size_t *len, JSValueRef *thrown)
{
	JSStringRef s = JSValueToStringCopy(ctx, v, thrown);
	char *text = s != NULL ? from_string(s, len) : NULL;

	if (s != NULL)
		JSStringRelease(s);
	return text;
}

static JSValueRef
make_text(JSContextRef ctx, const char *p, size_t len)
{
	JSStringRef s = to_string(p, len);
	JSValueRef v = s != NULL ? JSValueMakeString(ctx, s) :
	    JSValueMakeUndefined(ctx);

	if (s != NULL)
		JSStringRelease(s);
	return v;
}

static JSValueRef
evaluate(const char *p, size_t len, JSValueRef *thrown)
{
	JSStringRef s = to_string(p, len);
	JSValueRef v = s != NULL ? JSEvaluateScript(js.ctx, s, NULL, NULL, 1,
	    thrown) : NULL;

	if (s != NULL)
		JSStringRelease(s);
	return v;
}

static JSValueRef
get(JSContextRef ctx, JSObjectRef o, const char *name)
{
	JSStringRef s = JSStringCreateWithUTF8CString(name);
	JSValueRef thrown = NULL, v = JSObjectGetProperty(ctx, o, s, &thrown);

	JSStringRelease(s);
	return thrown == NULL ? v : JSValueMakeUndefined(ctx);
}

static void
set(JSObjectRef o, const char *name, JSValueRef v)
{
	JSStringRef s = JSStringCreateWithUTF8CString(name);

	JSObjectSetProperty(js.ctx, o, s, v, kJSPropertyAttributeDontEnum,
	    NULL);
	JSStringRelease(s);
}

/* --- the functions of pac/script ------------------------------------- */
/* A text is a copy, to be freed. */
static bool
get_value(JSContextRef ctx, JSValueRef from, bool as_string,
    struct al_value *v, JSValueRef *thrown)
{
	*v = (struct al_value){ .kind = AL_VALUE_UNDEFINED };
	if (!as_string && JSValueIsUndefined(ctx, from))
		return true;
	if (!as_string && JSValueIsNull(ctx, from)) {
		v->kind = AL_VALUE_NULL;
	} else if (!as_string && JSValueIsBoolean(ctx, from)) {
		v->kind = AL_VALUE_BOOL;
		v->boolean = JSValueToBoolean(ctx, from);
	} else if (!as_string && JSValueIsNumber(ctx, from)) {
		v->kind = AL_VALUE_NUMBER;
		v->number = JSValueToNumber(ctx, from, thrown);
	} else {
		v->text = text_of(ctx, from, &v->len, thrown);
		v->kind = v->text != NULL ? AL_VALUE_STRING :
		    AL_VALUE_UNDEFINED;
	}
	return *thrown == NULL;
}

static JSValueRef
make_match(JSContextRef ctx, const struct al_call *c, JSValueRef *thrown)
{
	JSValueRef pattern = make_text(ctx, c->result.text, c->result.len);
	JSValueRef text = c->n > 0 && c->args[0].kind == AL_VALUE_STRING ?
	    make_text(ctx, c->args[0].text, c->args[0].len) :
	    JSValueMakeUndefined(ctx), test;
	JSObjectRef re = JSObjectCallAsConstructor(ctx, js.regexp, 1,
	    &pattern, thrown), function;

	if (re == NULL)
		return JSValueMakeUndefined(ctx);
	test = get(ctx, re, "test");
	function = JSValueToObject(ctx, test, thrown);
	return function == NULL ? JSValueMakeUndefined(ctx) :
	    JSObjectCallAsFunction(ctx, function, re, 1, &text, thrown);
}

static JSValueRef
make_value(JSContextRef ctx, const struct al_call *c, JSValueRef *thrown)
{
	JSValueRef text;

	switch (c->result.kind) {
	case AL_VALUE_UNDEFINED:
		break;
	case AL_VALUE_NULL:
		return JSValueMakeNull(ctx);
	case AL_VALUE_BOOL:
		return JSValueMakeBoolean(ctx, c->result.boolean);
	case AL_VALUE_NUMBER:
		return JSValueMakeNumber(ctx, c->result.number);
	case AL_VALUE_STRING:
		return make_text(ctx, c->result.text, c->result.len);
	case AL_VALUE_REGEXP:
		return make_match(ctx, c, thrown);
	case AL_VALUE_THROW:
		text = make_text(ctx, c->result.text, c->result.len);
		*thrown = JSObjectMakeError(ctx, 1, &text, thrown);
		break;
	}
	return JSValueMakeUndefined(ctx);
}

/* The texts are made first: that may run the script, which may come here. */
static JSValueRef
call_function(JSContextRef ctx, JSObjectRef function, JSObjectRef this,
    size_t n, const JSValueRef from[], JSValueRef *thrown)
{
	static struct al_call call;
	const struct al_script_function *f = JSObjectGetPrivate(function);
	struct al_value args[AL_SCRIPT_ARGS_MAX];
	JSValueRef result = JSValueMakeUndefined(ctx);
	union { const char *text; void *memory; } gone;
	bool ok = true;
	size_t i;

	(void)this;
	if (n > AL_SCRIPT_ARGS_MAX)
		n = AL_SCRIPT_ARGS_MAX;
	for (i = 0; i < n && ok; i++)
		ok = get_value(ctx, from[i], f->strings & 1u << i, &args[i],
		    thrown);
	n = i;
	if (ok) {
		call.host = js.host;
		call.args = args;
		call.n = n;
		call.result = (struct al_value){ .kind = AL_VALUE_UNDEFINED };
		f->fn(&call);
		result = make_value(ctx, &call, thrown);
	}
	for (i = 0; i < n; i++) {
		gone.text = args[i].text;
		free(gone.memory);
	}
	return result;
}

static JSValueRef
now(JSContextRef ctx, JSObjectRef function, JSObjectRef this, size_t n,
    const JSValueRef args[], JSValueRef *thrown)
{
	(void)function;
	(void)this;
	(void)n;
	(void)args;
	(void)thrown;
	return JSValueMakeNumber(ctx,
	    (double)js.host->clock_ms(js.host->arg));
}

static void
bind_functions(JSObjectRef global)
{
	JSClassDefinition what = kJSClassDefinitionEmpty;
	JSValueRef thrown = NULL, proto = evaluate("Function.prototype", 18,
	    &thrown);
	const struct al_script_function *f;
	union { const void *from; void *to; } row;
	JSObjectRef o;

	what.className = "Function";
	what.callAsFunction = call_function;
	js.function = JSClassCreate(&what);
	for (f = al_script_functions; f->name != NULL; f++) {
		row.from = f;
		o = JSObjectMake(js.ctx, js.function, row.to);
		JSObjectSetPrototype(js.ctx, o, proto);
		set(global, f->name, o);
	}
}

/* --- errors ---------------------------------------------------------- */
static unsigned
number(JSObjectRef o, const char *name)
{
	JSValueRef thrown = NULL, v = get(js.ctx, o, name);
	double n = JSValueIsNumber(js.ctx, v) ?
	    JSValueToNumber(js.ctx, v, &thrown) : 0;

	return n >= 1 && n < UINT32_MAX ? (unsigned)n : 0;
}

/* thrown is NULL when memory is out. */
static bool
fail(struct fault *f, enum al_pac_stage stage, JSValueRef thrown)
{
	static const char unknown[] = "an error that cannot be shown";
	static const char memory[] = "out of memory";
	JSValueRef again = NULL;
	JSObjectRef error;
	char *text;
	size_t len;

	*f = (struct fault){ .stage = stage };
	if (thrown == NULL)
		return fault_set(f, stage, memory, sizeof(memory) - 1);
	if (JSValueIsObject(js.ctx, thrown)) {
		error = JSValueToObject(js.ctx, thrown, &again);
		f->line = number(error, "line");
		f->column = locate_back(js.script, js.len, f->line,
		    number(error, "column"));
	}
	text = text_of(js.ctx, thrown, &len, &again);
	if (text != NULL)
		(void)fault_set(f, stage, text, len);
	else
		(void)fault_set(f, stage, unknown, sizeof(unknown) - 1);
	free(text);
	return false;
}

/* --- the engine ------------------------------------------------------ */
/* Whatever opens files or makes threads at its first use. */
static const char warm_up[] =
    "(function () {\n"
    "	var d = new Date(), s = d.toString() + d.toLocaleString() +\n"
    "	    new Date('1 Jan 2020 10:00').getTime(), i, list = [];\n"
    "	s += 'a\\u0301'.normalize() + 'I'.toLocaleLowerCase() +\n"
    "	    ['b', 'a'].sort(new Intl.Collator().compare) +\n"
    "	    (1234.5).toLocaleString() + 'a'.localeCompare('b') +\n"
    "	    Intl.DateTimeFormat().resolvedOptions().timeZone;\n"
    "	for (i = 0; i < 1000; i++)\n"
    "		list.push({ i: i });\n"
    "	return /\\p{L}+/u.test(s) + new Set(list).size;\n"
    "})()";

static const char *const options[] = {
	/* no memory that is written and executed */
	"JSC_useJIT", "0",
	/* one thread less, and one heap that is small */
	"JSC_useConcurrentGC", "0",
	"JSC_numberOfGCMarkers", "1",
	"JSC_forceRAMSize", "67108864",
};

bool
engine_start(const struct al_script_host *host)
{
	JSValueRef thrown = NULL, v;
	size_t i;

	js.host = host;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i += 2)
		if (setenv(options[i], options[i + 1], 1) != 0)
			return false;
	js.ctx = JSGlobalContextCreate(NULL);
	v = evaluate(warm_up, sizeof(warm_up) - 1, &thrown);
	if (v == NULL || thrown != NULL)
		return false;
	JSGarbageCollect(js.ctx);
	bind_functions(JSContextGetGlobalObject(js.ctx));
	js.regexp = JSValueToObject(js.ctx, get(js.ctx,
	    JSContextGetGlobalObject(js.ctx), "RegExp"), &thrown);
	JSValueProtect(js.ctx, js.regexp);
	return thrown == NULL;
}

const char *
engine_name(void)
{
	static char name[48];

	(void)snprintf(name, sizeof(name), "JavaScriptCore %u.%u.%u",
	    jsc_get_major_version(), jsc_get_minor_version(),
	    jsc_get_micro_version());
	return name;
}

bool
engine_use_host_clock(void)
{
	JSStringRef name = JSStringCreateWithUTF8CString("now");
	JSValueRef thrown = NULL, f = evaluate(engine_clock_script,
	    strlen(engine_clock_script), &thrown), arg;

	arg = JSObjectMakeFunctionWithCallback(js.ctx, name, now);
	JSStringRelease(name);
	if (f != NULL && JSValueIsObject(js.ctx, f))
		(void)JSObjectCallAsFunction(js.ctx, JSValueToObject(js.ctx, f,
		    &thrown), NULL, 1, &arg, &thrown);
	return f != NULL && thrown == NULL;
}

/* True when it is JavaScript; false and *thrown. */
static bool
check(const char *text, size_t len, JSValueRef *thrown)
{
	JSStringRef s = to_string(text, len);
	bool ok = s != NULL && JSCheckScriptSyntax(js.ctx, s, NULL, 1, thrown);

	if (s != NULL)
		JSStringRelease(s);
	return ok;
}

static unsigned
error_line(void *arg, const char *text, size_t len)
{
	JSValueRef thrown = NULL, again = NULL;

	(void)arg;
	return check(text, len, &thrown) || thrown == NULL ? 0 :
	    number(JSValueToObject(js.ctx, thrown, &again), "line");
}

bool
engine_load(const char *script, size_t len, struct fault *f)
{
	static const struct locate_compiler compiler = {
	    .error_line = error_line };
	JSValueRef thrown = NULL;

	js.script = script;
	js.len = len;
	if (!check(script, len, &thrown)) {
		(void)fail(f, AL_PAC_AT_SYNTAX, thrown);
		if (fault_is_syntax(f))
			locate_token(&compiler, script, len, &f->line,
			    &f->column);
		return false;
	}
	return evaluate(script, len, &thrown) != NULL ||
	    fail(f, AL_PAC_AT_LOAD, thrown);
}

/* NULL when there is none.  "const FindProxyForURL = ..." is no property. */
static JSObjectRef
function(void)
{
	static const char what[] =
	    "typeof FindProxyForURL === 'function' ? FindProxyForURL :\n"
	    "typeof FindProxyForURLEx === 'function' ? FindProxyForURLEx :\n"
	    "undefined";
	JSValueRef thrown = NULL, v = evaluate(what, sizeof(what) - 1, &thrown);

	return v != NULL && JSValueIsObject(js.ctx, v) ?
	    JSValueToObject(js.ctx, v, &thrown) : NULL;
}

static const char *
type_of(JSValueRef v)
{
	switch (JSValueGetType(js.ctx, v)) {
	case kJSTypeUndefined:
		return "undefined";
	case kJSTypeNull:
		return "null";
	case kJSTypeBoolean:
		return "a boolean";
	case kJSTypeNumber:
		return "a number";
	case kJSTypeSymbol:
		return "a symbol";
	default:
		return "an object";
	}
}

static bool
take_result(JSValueRef v, struct result *r, struct fault *f)
{
	JSValueRef thrown = NULL;
	char *text;
	size_t len;
	bool ok;

	*f = (struct fault){ .stage = AL_PAC_AT_RESULT };
	if (!JSValueIsString(js.ctx, v))
		return fault_no_string(f, type_of(v));
	text = text_of(js.ctx, v, &len, &thrown);
	if (text == NULL)
		return fail(f, AL_PAC_AT_RESULT, thrown);
	ok = len <= sizeof(r->text) ||
	    fault_no_string(f, "a string of over 16 KiB");
	if (ok)
		memcpy(r->text, text, len);
	r->len = len;
	free(text);
	return ok;
}

bool
engine_find(const char *url, size_t url_len, const char *host, size_t host_len,
    struct result *r, struct fault *f)
{
	static const char missing[] =
	    "the script has no function FindProxyForURL";
	JSObjectRef fn = function();
	JSValueRef args[2], v, thrown = NULL;

	if (fn == NULL) {
		*f = (struct fault){ .stage = AL_PAC_AT_RUN };
		return fault_set(f, AL_PAC_AT_RUN, missing,
		    sizeof(missing) - 1);
	}
	args[0] = make_text(js.ctx, url, url_len);
	args[1] = make_text(js.ctx, host, host_len);
	v = JSObjectCallAsFunction(js.ctx, fn, NULL, 2, args, &thrown);
	return v != NULL ? take_result(v, r, f) :
	    fail(f, AL_PAC_AT_RUN, thrown);
}
