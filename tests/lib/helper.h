/* tests/lib/helper.h - a loop, and one of the helpers of tests/unit on it. */
#ifndef AL_TEST_HELPER_H
#define AL_TEST_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>

#include "connector/loop/loop.h"

static struct event_base *base;
static struct al_loop *loop;
static struct al_err err;
static char helper[4096];		/* the program */

/* "gss_helper", in main: the path that opts take. */
static inline void
helper_find(const char *name)
{
	const char *dir = getenv("top_builddir");
	char *full;

	(void)snprintf(helper, sizeof(helper), "%s/tests/unit/%s",
	    dir != NULL ? dir : ".", name);
	full = realpath(helper, NULL);
	(void)snprintf(helper, sizeof(helper), "%s", full != NULL ? full : "/");
	free(full);
}

static inline int
loop_setup(void **state)
{
	(void)state;
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	return loop != NULL ? 0 : -1;
}

static inline int
loop_teardown(void **state)
{
	(void)state;
	al_loop_free(loop);
	event_base_free(base);
	return 0;
}

/* Until there is one more call than before, and no more than that. */
static inline void
wait_call(const unsigned *calls)
{
	const unsigned before = *calls;

	while (*calls == before)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(*calls, before + 1);
}

#endif
