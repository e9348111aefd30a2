/* tests/unit/test_notify.c - what the service manager hears and hands over. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/daemon/notify.h"

static char dir[] = "/tmp/alnotify.XXXXXX";
static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static int manager = -1;

static int
open_manager(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&addr,
	    sizeof(addr)) != 0)
		return -1;
	return setenv("NOTIFY_SOCKET", addr.sun_path, 1);
}

static int
close_manager(void **state)
{
	(void)state;
	(void)close(manager);
	(void)unlink(addr.sun_path);
	return rmdir(dir);
}

/* The next message, "" if there is none. */
static const char *
heard(void)
{
	static char text[512];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
messages(void **state)
{
	char lines[400];

	(void)state;
	al_notify_ready();
	assert_string_equal(heard(), "READY=1");
	al_notify_stopping();
	assert_string_equal(heard(), "STOPPING=1");
	al_notify_watchdog();
	assert_string_equal(heard(), "WATCHDOG=1");
	al_notify_status("link is %s, %d channels", "up", 7);
	assert_string_equal(heard(), "STATUS=link is up, 7 channels");
	/* a text of a peer is one variable whatever stands in it */
	al_notify_status("%s", "x\nREADY=1\nMAINPID=1");
	assert_string_equal(heard(), "STATUS=x");
	memset(lines, 'y', sizeof(lines) - 1);
	lines[sizeof(lines) - 1] = '\0';
	al_notify_status("%s", lines);
	assert_int_equal(strlen(heard()), strlen("STATUS=") + 255);
	assert_string_equal(heard(), "");
}

/* systemd wants the time of a reload, to tell two of them apart. */
static void
reloading(void **state)
{
	unsigned long long usec[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		al_notify_reloading();
		assert_int_equal(sscanf(heard(),
		    "RELOADING=1\nMONOTONIC_USEC=%llu", &usec[i]), 1);
	}
	assert_true(usec[0] > 0 && usec[1] >= usec[0]);
}

static void
nobody_listens(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	al_notify_ready();
	al_notify_status("nobody hears that");
	assert_string_equal(heard(), "");
	assert_int_equal(setenv("NOTIFY_SOCKET", "/no/such/socket", 1), 0);
	al_notify_ready();
	assert_int_equal(setenv("NOTIFY_SOCKET", addr.sun_path, 1), 0);
	assert_string_equal(heard(), "");
}

static void
watchdog(void **state)
{
	char pid[32];

	(void)state;
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
	assert_int_equal(al_notify_watchdog_ms(), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	assert_int_equal(al_notify_watchdog_ms(), 15000);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);	/* not us */
	assert_int_equal(al_notify_watchdog_ms(), 0);
	assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "soon", 1), 0);
	assert_int_equal(al_notify_watchdog_ms(), 0);
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
}

/* 1: descriptors 3 and 4 came with their names, and as they should be. */
static int
handed_over(void)
{
	struct al_listen_fd *v;
	struct al_err err;
	char pid[32];
	size_t n;
	int i, ok;

	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	for (i = 3; i <= 4; i++)
		if (dup2(manager, i) < 0 || fcntl(i, F_SETFD, 0) != 0 ||
		    fcntl(i, F_SETFL, 0) != 0)
			return 0;
	if (setenv("LISTEN_PID", pid, 1) != 0 ||
	    setenv("LISTEN_FDS", "2", 1) != 0 ||
	    setenv("LISTEN_FDNAMES", "tls:", 1) != 0 ||
	    al_listen_fds(&v, &n, &err) != AL_OK || n != 2)
		return 0;
	ok = v[0].fd == 3 && v[1].fd == 4 && strcmp(v[0].name, "tls") == 0 &&
	    v[1].name[0] == '\0' && getenv("LISTEN_FDS") == NULL;
	for (i = 3; i <= 4; i++)
		ok = ok && (fcntl(i, F_GETFD) & FD_CLOEXEC) != 0 &&
		    (fcntl(i, F_GETFL) & O_NONBLOCK) != 0;
	al_listen_fds_free(v, n);
	/* asked once: the second time there are none */
	return ok && al_listen_fds(&v, &n, &err) == AL_OK && n == 0 &&
	    v == NULL;
}

/* 1: a number that is none is an error of the settings. */
static int
not_a_number(void)
{
	struct al_listen_fd *v;
	struct al_err err;
	char pid[32];
	size_t n;

	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	return setenv("LISTEN_PID", pid, 1) == 0 &&
	    setenv("LISTEN_FDS", "two", 1) == 0 &&
	    al_listen_fds(&v, &n, &err) == AL_EUSAGE &&
	    err.stage == AL_AT_CONFIG && n == 0 && v == NULL &&
	    strncmp(err.text, "LISTEN_FDS: ", 12) == 0;
}

static void
sockets(void **state)
{
	static int (*const checks[])(void) = { handed_over, not_a_number };
	struct al_listen_fd *v;
	struct al_err err;
	size_t n;
	int status;

	(void)state;
	assert_int_equal(al_listen_fds(&v, &n, &err), AL_OK);
	assert_null(v);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		pid_t pid = fork();	/* 3 and 4 may be somebody's here */

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(checks[i]() ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(reloading),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(watchdog),
		cmocka_unit_test(sockets),
	};

	return cmocka_run_group_tests(tests, open_manager, close_manager);
}
