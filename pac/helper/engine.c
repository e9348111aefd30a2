/* pac/helper/engine.c - what the engines share. */
#include "pac/helper/engine.h"

#include <string.h>

#include "pac/helper/text.h"

bool
fault_set(struct fault *f, enum al_pac_stage stage, const char *message,
    size_t len)
{
	f->stage = stage;
	f->len = text_cut(message, len, sizeof(f->message));
	if (f->len > 0)
		memcpy(f->message, message, f->len);
	return false;
}

bool
fault_no_string(struct fault *f, const char *type)
{
	static const char before[] = "FindProxyForURL has returned ";
	char text[96];
	size_t len = sizeof(before) - 1, n = strlen(type);

	memcpy(text, before, len);
	if (n > sizeof(text) - len)
		n = sizeof(text) - len;
	memcpy(text + len, type, n);
	return fault_set(f, AL_PAC_AT_RESULT, text, len + n);
}

bool
fault_is_syntax(struct fault *f)
{
	static const char name[] = "SyntaxError";

	if (f->stage != AL_PAC_AT_SYNTAX)
		return false;
	if (f->len >= sizeof(name) - 1 &&
	    memcmp(f->message, name, sizeof(name) - 1) == 0)
		return true;
	f->stage = AL_PAC_AT_LOAD;
	return false;
}

const char engine_clock_script[] =
    "(function (now) {\n"
    "	var Real = Date;\n"
    "	function fake(y, m, d, h, i, s, ms) {\n"
    "		if (!(this instanceof fake))\n"
    "			return new Real(now()).toString();\n"
    "		switch (arguments.length) {\n"
    "		case 0: return new Real(now());\n"
    "		case 1: return new Real(y);\n"
    "		case 2: return new Real(y, m);\n"
    "		case 3: return new Real(y, m, d);\n"
    "		case 4: return new Real(y, m, d, h);\n"
    "		case 5: return new Real(y, m, d, h, i);\n"
    "		case 6: return new Real(y, m, d, h, i, s);\n"
    "		default: return new Real(y, m, d, h, i, s, ms);\n"
    "		}\n"
    "	}\n"
    "	fake.now = now;\n"
    "	fake.parse = Real.parse;\n"
    "	fake.UTC = Real.UTC;\n"
    "	fake.prototype = Real.prototype;\n"
    "	fake.prototype.constructor = fake;\n"
    "	Date = fake;\n"
    "})";
