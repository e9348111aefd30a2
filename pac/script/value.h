/* pac/script/value.h - arguments read as JavaScript reads them, and results. */
#ifndef AL_PAC_SCRIPT_VALUE_H
#define AL_PAC_SCRIPT_VALUE_H

#include "pac/script/script.h"

/* Never NULL: what is not given is undefined. */
const struct al_value *al_call_arg(const struct al_call *c, size_t i);

/* The answer; text must live as long as the call, or be in c->text. */
void al_call_give_null(struct al_call *c);
void al_call_give_bool(struct al_call *c, bool b);
void al_call_give_number(struct al_call *c, double number);
void al_call_give_text(struct al_call *c, const char *text, size_t len);
void al_call_throw(struct al_call *c, const char *why);

bool al_value_is_text(const struct al_value *v);
/* null or undefined: what has no members, so that using one throws. */
bool al_value_is_nothing(const struct al_value *v);
/* The string want, exactly. */
bool al_value_is(const struct al_value *v, const char *want);
/* As Number(v); NAN when it is none. */
double al_value_number(const struct al_value *v);
/* As parseInt(v) of a string; NAN when it is none. */
double al_value_parse_int(const struct al_value *v);

#endif
