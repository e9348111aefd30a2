/* tests/unit/test_netmon.c - which changes of the network are told. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "connector/loop/netmon.h"
#include "tests/lib/helper.h"

static unsigned calls;

static void
on_change(void *arg)
{
	assert_ptr_equal(arg, &calls);
	calls++;
}

static struct al_netmon *
monitor(void)
{
	struct al_netmon *m;

	calls = 0;
	m = al_netmon_new(loop, on_change, &calls, &err);
	if (m == NULL)			/* a sandbox forbids it */
		print_message("%s\n", err.text);
	return m;
}

static void
turns(void)
{
	int i;

	for (i = 0; i < 20; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
silent(void **state)
{
	struct al_netmon *m = monitor();

	(void)state;
	if (m == NULL)
		skip();
	turns();
	assert_int_equal(calls, 0);
	al_netmon_free(m);
	al_netmon_free(NULL);
}

/* lo comes up in a network of our own: heard, but no other network. */
static void
loopback(void **state)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct al_netmon *m;
	int fd;

	(void)state;
	if (unshare(geteuid() == 0 ? CLONE_NEWNET :
	    CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		print_message("unshare: %s\n", strerror(errno));
		skip();
	}
	m = monitor();
	if (m == NULL)
		skip();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	(void)close(fd);
	/* blocks until it is heard, and then until it has settled */
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	turns();
	assert_int_equal(calls, 0);
	al_netmon_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(silent, loop_setup,
		    loop_teardown),
		cmocka_unit_test_setup_teardown(loopback, loop_setup,
		    loop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
