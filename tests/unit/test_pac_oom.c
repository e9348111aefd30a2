/* tests/unit/test_pac_oom.c - PAC when memory runs out, at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "pac/charset.h"
#include "pac/eval.h"
#include "pac/result.h"

static long left = -1;		/* allocations until one fails; -1: none does */
static bool hit;

static bool
fails(void)
{
	if (left < 0 || left-- > 0)
		return false;
	hit = true;
	return true;
}

/* By the linker. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t k, size_t n)
{
	return fails() ? NULL : __real_calloc(k, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static struct event_base *base;
static struct al_loop *loop;
static struct al_resolver *resolver;
static struct al_err err;
static char helper[4096];
static unsigned calls, answers;

static int
setup(void **state)
{
	(void)state;
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	resolver = loop != NULL ? al_resolver_new(loop, NULL, &err) : NULL;
	return resolver != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	al_resolver_free(resolver);
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

static void
on_pac(void *arg, const struct al_pac_answer *a, const struct al_err *why)
{
	(void)arg;
	calls++;
	answers += a->raw != NULL;
	assert_int_equal(a->raw == NULL, why != NULL);
	if (why != NULL)
		assert_int_equal(why->stage, AL_AT_PAC);
}

/* Both engines, look-ups, alerts; then once more, warm. */
static void
evaluate(void)
{
	const struct al_pac_opts o = { .resolver = resolver, .name = "f",
	    .script = "syntax", .len = 6, .helper = helper,
	    .jsc_helper = helper };
	struct al_pac *p = al_pac_new(loop, &o, &err);

	for (int i = 0; p != NULL && i < 2; i++) {
		calls = 0;
		if (al_pac_ask(p, "alert a\nalert b\nname4 localhost\n"
		    "name ::1\nresult r", "h", on_pac, NULL, &err) ==
		    NULL)
			continue;
		while (calls == 0)
			assert_int_equal(event_base_loop(base, EVLOOP_ONCE),
			    0);
		assert_int_equal(calls, 1);
	}
	al_pac_free(p);
}

static void
evaluates(void **state)
{
	long n;

	(void)state;
	for (n = 0, hit = true; hit; n++) {
		hit = false;
		left = n;
		answers = 0;
		evaluate();
		left = -1;
	}
	assert_int_equal(answers, 2);
	assert_true(n > 20);
}

static void
parses(void **state)
{
	struct al_pac_result r;
	struct al_buf out;
	enum al_code code;

	(void)state;
	for (long n = 0; n < 20; n++) {
		left = n;
		code = al_pac_result_parse(&r, "PROXY a;SOCKS b;x;;DIRECT",
		    AL_PAC_SOCKS_5_THEN_4, &err);
		left = -1;
		assert_int_equal(code, n < 5 ? AL_ENOMEM : AL_OK);
		if (code == AL_OK)
			al_pac_result_fini(&r);
		left = n;
		al_buf_init(&out, 100);
		code = al_pac_decode(&out, "x\xff", 2, NULL, &err);
		left = -1;
		al_buf_fini(&out);
		assert_int_equal(code, n < 1 ? AL_ENOMEM : AL_OK);
	}
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(evaluates), T(parses) };
	const char *dir = getenv("top_builddir");
	char *full;

	(void)snprintf(helper, sizeof(helper),
	    "%s/tests/unit/pac_helper_script", dir != NULL ? dir : ".");
	full = realpath(helper, NULL);
	(void)snprintf(helper, sizeof(helper), "%s", full != NULL ? full : "/");
	free(full);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
