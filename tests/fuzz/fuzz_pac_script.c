/* tests/fuzz/fuzz_pac_script.c - a function of a PAC script, its arguments. */
#include "pac/script/script.h"
#include "tests/fuzz/fuzz.h"

/*
 * | function, u8 | now: minutes since 1970, u32 | arguments |, each of them
 * | kind, u8 | for a number: quarters, i8; for a text: length, u8, bytes |
 */
struct input {
	const uint8_t	*p;
	size_t		 len;
};

struct world {
	int64_t	now_ms;
	size_t	questions;
};

static uint8_t
take(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

static int64_t
clock_ms(void *arg)
{
	return ((struct world *)arg)->now_ms;
}

/* As many as the name is long: none, some, all. */
static size_t
lookup(void *arg, enum al_pac_what what, const char *name,
    struct al_script_ip out[AL_PAC_ADDRS_MAX])
{
	bool own = what == AL_PAC_OWN || what == AL_PAC_OWN4;
	size_t n = own ? 2 : strlen(name) % (AL_PAC_ADDRS_MAX + 1);

	CHECK((name[0] == '\0') == own && strlen(name) <= AL_SCRIPT_NAME_MAX);
	((struct world *)arg)->questions++;
	for (size_t i = 0; i < n; i++) {
		out[i].family = i % 3 == 0 ? 6 : 4;
		memset(out[i].bytes, (int)(i * 37), sizeof(out[i].bytes));
	}
	return n;
}

static void
alert(void *arg, const char *text, size_t len)
{
	(void)arg;
	CHECK(len == 0 || text != NULL);
}

/* A copy of its own, so that sanitizers see its end. */
static struct al_value
take_value(struct input *in)
{
	struct al_value v = { .kind = (enum al_value_kind)(take(in) % 5) };
	char *text;

	if (v.kind == AL_VALUE_BOOL)
		v.boolean = true;
	else if (v.kind == AL_VALUE_NUMBER)
		v.number = (int8_t)take(in) / 4.0;
	if (v.kind != AL_VALUE_STRING)
		return v;
	v.len = take(in);
	if (v.len > in->len)
		v.len = in->len;
	text = malloc(v.len + (v.len == 0));
	CHECK(text != NULL);
	if (v.len > 0)
		memcpy(text, in->p, v.len);
	in->p += v.len;
	in->len -= v.len;
	v.text = text;
	return v;
}

/* The same by trying everything; only for texts of ASCII in one line. */
static bool
slow_glob(const char *text, size_t len, const char *pattern, size_t pattern_len)
{
	if (pattern_len == 0)
		return len == 0;
	if (*pattern == '*')
		return slow_glob(text, len, pattern + 1, pattern_len - 1) ||
		    (len > 0 && slow_glob(text + 1, len - 1, pattern,
		    pattern_len));
	return len > 0 && (*pattern == '?' || *pattern == *text) &&
	    slow_glob(text + 1, len - 1, pattern + 1, pattern_len - 1);
}

static void
check_glob(const struct al_value *text, const struct al_value *pattern)
{
	bool matches;

	if (text->kind != AL_VALUE_STRING ||
	    pattern->kind != AL_VALUE_STRING || text->len > 12 ||
	    pattern->len > 8)
		return;
	for (size_t i = 0; i < text->len; i++)
		if (text->text[i] < ' ')
			return;
	if (al_script_glob(text->text, text->len, pattern->text, pattern->len,
	    &matches))
		CHECK(matches == slow_glob(text->text, text->len,
		    pattern->text, pattern->len));
}

static void
check_result(const struct al_call *c)
{
	switch (c->result.kind) {
	case AL_VALUE_STRING:
		CHECK(c->result.len <= AL_SCRIPT_TEXT_MAX);
		break;
	case AL_VALUE_REGEXP:
		CHECK(c->result.len >= 2 && c->result.text[0] == '^' &&
		    c->result.text[c->result.len - 1] == '$');
		break;
	case AL_VALUE_THROW:
		CHECK(c->result.len == strlen(c->result.text));
		break;
	case AL_VALUE_NUMBER:
		CHECK(c->result.number >= INT32_MIN &&
		    c->result.number <= UINT32_MAX);
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p, len };
	struct world world = { 0 };
	const struct al_script_host host = { .clock_ms = clock_ms,
	    .lookup = lookup, .alert = alert, .arg = &world };
	struct al_value args[AL_SCRIPT_ARGS_MAX];
	static struct al_call c;
	size_t functions = 0, which;

	while (al_script_functions[functions].name != NULL)
		functions++;
	which = take(&in) % functions;
	for (int i = 0; i < 4; i++)
		world.now_ms = world.now_ms << 8 | take(&in);
	world.now_ms *= 60000;
	c = (struct al_call){ .host = &host, .args = args };
	while (in.len > 0 && c.n < AL_SCRIPT_ARGS_MAX)
		args[c.n++] = take_value(&in);
	if (c.n >= 2)
		check_glob(&args[0], &args[1]);
	al_script_functions[which].fn(&c);
	check_result(&c);
	CHECK(world.questions <= 1);
	while (c.n > 0) {
		struct al_value *v = &args[--c.n];

		if (v->kind == AL_VALUE_STRING)
			free((void *)(uintptr_t)v->text);
	}
	return 0;
}
