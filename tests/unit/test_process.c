/* tests/unit/test_process.c - what a program does to itself first. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/daemon/process.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED	1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED	0
#endif

static int
no_core(void)
{
	struct rlimit core = { 1, 1 };

	al_process_harden();
	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
	    core.rlim_max == 0;
}

static int
no_debugger(void)
{
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
		return 0;
	al_process_harden();
	/* the leak checker needs to trace */
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == (SANITIZED ? 1 : 0);
}

static int
no_sigpipe(void)
{
	int fds[2];

	(void)signal(SIGPIPE, SIG_DFL);
	al_process_harden();
	if (pipe(fds) != 0 || close(fds[0]) != 0)
		return 0;
	return write(fds[1], "x", 1) < 0;	/* and we live */
}

static int
all_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	files.rlim_cur = 64;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	al_process_harden();
	return getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur == files.rlim_max && files.rlim_cur > 64;
}

static int
standard_files(void)
{
	struct stat st, null;
	int fd, other = dup(2), before = dup(2);

	if (other < 0 || before < 0 || stat("/dev/null", &null) != 0)
		return 0;
	(void)close(before);			/* the next that is free */
	for (fd = 0; fd <= 2; fd++)
		(void)close(fd);
	al_process_harden();
	for (fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) != 0 || st.st_rdev != null.st_rdev)
			return 0;
	fd = dup(other);			/* none more stays open */
	return fd == before;
}

/* What is open already is left alone. */
static int
standard_files_stay(void)
{
	int fds[2];
	struct stat st, want;

	if (pipe(fds) != 0 || dup2(fds[1], 2) < 0 || fstat(2, &want) != 0)
		return 0;
	(void)close(0);
	al_process_harden();
	return fstat(2, &st) == 0 && st.st_ino == want.st_ino &&
	    fstat(0, &st) == 0;
}

static void
each(void **state)
{
	static const struct {
		const char	*name;
		int		(*check)(void);
	} rows[] = {
		{ "no core files", no_core },
		{ "no debugger", no_debugger },
		{ "SIGPIPE is ignored", no_sigpipe },
		{ "as many files as there may be", all_files },
		{ "0, 1 and 2 are open", standard_files },
		{ "2 stays what it was", standard_files_stay },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)		/* none of it can be undone */
			_exit(rows[i].check() ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("%s: status %#x", rows[i].name,
			    (unsigned)status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
