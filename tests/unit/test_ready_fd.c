/* tests/unit/test_ready_fd.c - an fd that is as ready as it is told to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/stream/ready_fd.h"

static void
is(const struct al_ready_fd *r, int events)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN | POLLOUT };

	(void)poll(&p, 1, 0);
	assert_int_equal(p.revents, events);
}

/* From each of the four to each of the four, and again. */
static void
all_changes(void **state)
{
	static const int says[] = { 0, POLLIN, POLLOUT, POLLIN | POLLOUT };
	struct al_ready_fd r;
	struct al_err err;

	(void)state;
	assert_int_equal(al_ready_fd_init(&r, &err), AL_OK);
	is(&r, POLLOUT);
	for (unsigned i = 0; i < 64; i++) {
		const unsigned both[] = { i % 4, i / 4 % 4, i / 4 % 4 };

		for (unsigned k = 0; k < 3; k++) {
			al_ready_fd_set(&r, both[k] & 1, both[k] & 2);
			is(&r, says[both[k]]);
		}
	}
	al_ready_fd_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_changes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
