/* tests/unit/test_wake.c - which jumps of the clocks are told as sleep. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "connector/loop/wake.h"
#include "tests/lib/helper.h"

static uint64_t asleep_us, slept_ms;
static unsigned calls;
static struct al_wake *ends_itself;

static uint64_t
fake_asleep_us(void)
{
	return asleep_us;
}

static void
on_wake(void *arg, uint64_t ms)
{
	assert_ptr_equal(arg, &calls);
	calls++;
	slept_ms = ms;
	al_wake_free(ends_itself);
	ends_itself = NULL;
}

static void
turns(void)
{
	int i;

	for (i = 0; i < 20; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static const struct row {
	uint64_t	before_us, now_us, slept_ms;
} rows[] = {
	{ 0, 0, 0 }, { 5, 5, 0 }, { 5000000, 4000000, 0 },
	{ 7, 1000007, 0 }, { 7, 1000008, 1000 },
	{ 90000000, 150000000, 60000 },
	{ 0, UINT64_C(86400000000), 86400000 },
};

static void
how_long(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(al_wake_slept_ms(rows[i].before_us,
		    rows[i].now_us), rows[i].slept_ms);
}

/* The clock was set, the machine slept, it slept again. */
static void
tells(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct al_wake *w;

	(void)state;
	asleep_us = 500;
	calls = 0;
	w = al_wake_new_from(loop, fd, fake_asleep_us, on_wake, &calls, &err);
	assert_non_null(w);
	turns();
	assert_int_equal(calls, 0);
	assert_int_equal(eventfd_write(fd, 1), 0);
	turns();
	assert_int_equal(calls, 0);
	asleep_us += 30000000;
	turns();
	assert_int_equal(calls, 0);	/* it does not look by itself */
	assert_int_equal(eventfd_write(fd, 1), 0);
	turns();
	assert_int_equal(calls, 1);
	assert_int_equal(slept_ms, 30000);
	assert_int_equal(eventfd_write(fd, 1), 0);
	turns();
	assert_int_equal(calls, 1);
	asleep_us += 2000000;
	ends_itself = w;
	assert_int_equal(eventfd_write(fd, 1), 0);
	turns();
	assert_int_equal(calls, 2);
	assert_int_equal(slept_ms, 2000);
	al_wake_free(NULL);
}

/* The kernel's: nothing happens while the machine is awake. */
static void
silent(void **state)
{
	struct al_wake *w = al_wake_new(loop, on_wake, &calls, &err);

	(void)state;
	if (w == NULL) {		/* a sandbox forbids it */
		print_message("%s\n", err.text);
		skip();
	}
	calls = 0;
	turns();
	assert_int_equal(calls, 0);
	al_wake_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(how_long, loop_setup,
		    loop_teardown),
		cmocka_unit_test_setup_teardown(tells, loop_setup,
		    loop_teardown),
		cmocka_unit_test_setup_teardown(silent, loop_setup,
		    loop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
