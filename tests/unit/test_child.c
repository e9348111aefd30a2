/* tests/unit/test_child.c - helper processes that do right, and wrong. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "connector/helper/child.h"
#include "tests/lib/helper.h"

#define LONG_MS	20000u		/* a test that needs it has failed */

static size_t fds_before;

/* What the last callback got. */
static struct {
	unsigned	calls;
	struct al_err	err;
	uint8_t		msg[1 << 17];
	size_t		len;
} got;

static size_t
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static int
setup(void **state)
{
	fds_before = count_fds();
	memset(&got, 0, sizeof(got));
	return loop_setup(state);
}

/* No descriptor and no process of a test outlives it. */
static int
teardown(void **state)
{
	(void)loop_teardown(state);
	assert_int_equal(count_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void
on_child(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	(void)arg;
	got.calls++;
	got.err = why != NULL ? *why : (struct al_err){ .code = AL_OK };
	got.len = len;
	assert_true(len <= sizeof(got.msg));
	if (len > 0)
		memcpy(got.msg, msg, len);
}

static struct al_child *
start(const char *mode, const char *const *env)
{
	const char *const argv[] = { "child_helper", mode, NULL };
	const struct al_child_opts opts = { .name = "test-helper",
	    .path = helper, .argv = argv, .env = env, .stage = AL_AT_PROXY };
	struct al_child *c = al_child_start(loop, &opts, &err);

	assert_non_null(c);
	return c;
}

static void
wait_calls(unsigned calls)
{
	while (got.calls < calls)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	assert_int_equal(got.calls, calls);
}

static void
ask(struct al_child *c, const void *msg, size_t len, unsigned ms)
{
	unsigned calls = got.calls;

	assert_int_equal(al_child_ask(c, msg, len, ms, on_child, NULL, &err),
	    AL_OK);
	assert_int_equal(got.calls, calls);	/* not under this frame */
	wait_calls(calls + 1);
}

static void
answers(void **state)
{
	static const char *const modes[] = { "echo", "drip", "noisy" };
	static const size_t sizes[] = { 0, 1, 3, 4, 5, 1000, 65535, 65536 };
	static uint8_t msg[65536];
	struct al_child *c;
	size_t i, m;

	(void)state;
	for (i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)(i * 7 + i / 251);
	for (m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
		c = start(modes[m], NULL);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			ask(c, msg, sizes[i], LONG_MS);
			assert_int_equal(got.err.code, AL_OK);
			assert_int_equal(got.len, sizes[i]);
			assert_memory_equal(got.msg, msg, sizes[i]);
		}
		assert_int_equal(al_child_ask(c, msg, sizeof(msg) + 1, LONG_MS,
		    on_child, NULL, &err), AL_ELIMIT);
		al_child_free(c);
	}
}

static const struct row {
	const char	*mode;
	size_t		 len;		/* of the question             */
	unsigned	 ms;
	enum al_code	 code;
	const char	*text;
} rows[] = {
	{ "hang", 3, 50, AL_ETIMEOUT,
	    "test-helper did not answer within 50 ms" },
	{ "hang", 65536, 50, AL_ETIMEOUT, "did not answer" },
	{ "die", 3, LONG_MS, AL_EOF,
	    "test-helper ended with status 3: no luck" },
	{ "crash", 3, LONG_MS, AL_EOF,
	    "test-helper was killed by signal 10" },
	{ "lie", 3, LONG_MS, AL_EPROTO,
	    "test-helper announced a message of 4294967295 bytes "
	    "(at most 65536 are allowed)" },
	{ "lie-by-one", 3, LONG_MS, AL_EPROTO, "of 65537 bytes" },
	{ "cut", 3, LONG_MS, AL_EOF, "test-helper " },
	{ "close", 3, LONG_MS, AL_EOF,
	    "test-helper closed its end without an answer" },
	{ "close", 65536, LONG_MS, AL_EOF, "closed its end" },
	{ "early", 65536 * 16, LONG_MS, AL_EPROTO,
	    "test-helper answered before it had the whole question" },
	{ "no such mode", 3, LONG_MS, AL_EOF,
	    "test-helper ended with status 64" },
};

static void
failures(void **state)
{
	static uint8_t msg[65536 * 16];
	struct al_child *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const char *const argv[] = { "child_helper", r->mode, NULL };
		const struct al_child_opts opts = { .name = "test-helper",
		    .path = helper, .argv = argv, .stage = AL_AT_PROXY,
		    .msg_max = r->len > 65536 ? r->len : 0 };

		c = al_child_start(loop, &opts, &err);
		assert_non_null(c);
		ask(c, msg, r->len, r->ms);
		if (got.err.code != r->code ||
		    strstr(got.err.text, r->text) == NULL)
			fail_msg("%s: %s: %s", r->mode,
			    al_code_name(got.err.code), got.err.text);
		assert_int_equal(got.err.stage, AL_AT_PROXY);
		/* and there it stays */
		assert_int_equal(al_child_ask(c, msg, 1, LONG_MS, on_child,
		    NULL, &err), r->code);
		assert_string_equal(err.text, got.err.text);
		al_child_free(c);
	}
}

/* A second answer must not pass for that to the next question. */
static void
unasked(void **state)
{
	static const char *const modes[] = { "flood", "babble" };
	enum al_code code;
	struct al_child *c;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		c = start(modes[i], NULL);
		got.err.code = AL_OK;
		/* before the first question, or the rest is on its way */
		while ((code = al_child_ask(c, "q", 1, LONG_MS, on_child,
		    NULL, &err)) == AL_OK) {
			wait_calls(got.calls + 1);
			if (got.err.code != AL_OK)
				break;
		}
		if (code != AL_OK) {
			assert_int_equal(err.code, AL_EPROTO);
			assert_string_equal(err.text,
			    "test-helper spoke without being asked");
		}
		al_child_free(c);
	}
}

/* The answer counts, even if the helper is gone when it is looked at. */
static void
answers_and_goes(void **state)
{
	struct al_child *c = start("bye", NULL);
	siginfo_t info;

	(void)state;
	assert_true(al_child_pid(c) > 0);
	assert_int_equal(al_child_ask(c, "abc", 3, LONG_MS, on_child, NULL,
	    &err), AL_OK);
	(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
	wait_calls(1);
	assert_int_equal(got.err.code, AL_OK);
	assert_int_equal(got.len, 3);
	while (al_child_ask(c, "abc", 3, LONG_MS, on_child, NULL, &err) ==
	    AL_OK)
		wait_calls(got.calls + 1);
	assert_int_equal(err.code, AL_EOF);
	assert_int_equal(al_child_pid(c), 0);
	al_child_free(c);
}

/* It cannot be told anything any more: known at once, not at the deadline. */
static void
deaf(void **state)
{
	struct al_child *c = start("deaf", NULL);

	(void)state;
	ask(c, "first", 5, LONG_MS);
	assert_int_equal(got.err.code, AL_OK);
	ask(c, "second", 6, LONG_MS);
	assert_int_equal(got.err.code, AL_EOF);
	assert_string_equal(got.err.text,
	    "test-helper closed its end without an answer");
	al_child_free(c);
}

static void
one_at_a_time(void **state)
{
	struct al_child *c = start("echo", NULL);

	(void)state;
	assert_int_equal(al_child_ask(c, "a", 1, LONG_MS, on_child, NULL,
	    &err), AL_OK);
	assert_int_equal(al_child_ask(c, "b", 1, LONG_MS, on_child, NULL,
	    &err), AL_EUSAGE);
	wait_calls(1);
	assert_int_equal(got.msg[0], 'a');
	al_child_free(c);
}

static void
free_it(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	al_child_free(arg);
	on_child(NULL, msg, len, why);	/* msg is still there */
}

static void
ask_again(void *arg, const uint8_t *msg, size_t len, const struct al_err *why)
{
	on_child(NULL, msg, len, why);
	assert_int_equal(al_child_ask(arg, "twice", 5, LONG_MS, free_it, arg,
	    &err), AL_OK);
	assert_memory_equal(msg, "once", 4);
}

static void
from_the_callback(void **state)
{
	static const char *const modes[] = { "die", "close", "lie", "hang" };
	struct al_child *c = start("echo", NULL);
	size_t i;

	(void)state;
	assert_int_equal(al_child_ask(c, "once", 4, LONG_MS, ask_again, c,
	    &err), AL_OK);
	wait_calls(2);
	assert_int_equal(got.len, 5);
	assert_memory_equal(got.msg, "twice", 5);
	for (i = 0; i < 4; i++) {
		c = start(modes[i], NULL);
		assert_int_equal(al_child_ask(c, "x", 1,
		    strcmp(modes[i], "hang") == 0 ? 20 : LONG_MS, free_it, c,
		    &err), AL_OK);
		wait_calls(3 + (unsigned)i);
		assert_int_not_equal(got.err.code, AL_OK);
	}
}

static void
freed_before(void **state)
{
	static uint8_t big[65536];
	struct al_child *c;
	int i;

	(void)state;
	al_child_free(NULL);
	al_child_free(start("hang", NULL));
	for (i = 0; i < 20; i++) {
		c = start(i % 2 ? "hang" : "echo", NULL);
		assert_int_equal(al_child_ask(c, big, sizeof(big), 1, on_child,
		    NULL, &err), AL_OK);
		if (i >= 10)
			(void)event_base_loop(base,
			    EVLOOP_ONCE | EVLOOP_NONBLOCK);
		al_child_free(c);
		if (got.calls > 0 && i < 10)
			fail_msg("called after al_child_free");
		got.calls = 0;
	}
	/* the loop reaps what it can; al_loop_free does the rest */
	for (i = 0; i < 3; i++)
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(got.calls, 0);
}

static void
text_of(const char *mode, const char *const *env)
{
	struct al_child *c = start(mode, env);

	ask(c, "", 0, LONG_MS);
	assert_int_equal(got.err.code, AL_OK);
	assert_true(got.len < sizeof(got.msg));
	got.msg[got.len] = '\0';
	al_child_free(c);
}

static void
environment(void **state)
{
	static const char *const env[] = { "AL_SET=as it is", "AL_OURS",
	    "AL_NOT_SET", "AL_EMPTY", NULL };

	(void)state;
	assert_int_equal(setenv("AL_OURS", "from us", 1), 0);
	assert_int_equal(setenv("AL_EMPTY", "", 1), 0);
	assert_int_equal(setenv("AL_SECRET", "stays here", 1), 0);
	text_of("env", env);
	assert_string_equal((char *)got.msg,
	    "AL_SET=as it is\nAL_OURS=from us\nAL_EMPTY=\n");
	text_of("env", NULL);
	assert_string_equal((char *)got.msg, "");
}

static void
nothing_inherited(void **state)
{
	static const long ign[8] = { 1 }, dfl[8];	/* the kernel's */
	sigset_t some, before;
	int open_fd = open("/dev/null", O_RDONLY), fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[0], 200), 200);	/* no close-on-exec */
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigaddset(&some, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &some, &before);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)syscall(SYS_rt_sigaction, 33, ign, NULL, NSIG / 8);
	text_of("state", NULL);
	(void)syscall(SYS_rt_sigaction, 33, dfl, NULL, NSIG / 8);
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	assert_string_equal((char *)got.msg, "fd 0\nfd 1\nfd 2\n"
	    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
	    "death 9\n");
	(void)close(open_fd);
	(void)close(200);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* A program without standard descriptors gives them to our sockets. */
static void
without_standard(void **state)
{
	int saved[3], i;

	(void)state;
	for (i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
		(void)close(i);
	}
	text_of("state", NULL);
	al_loop_free(loop);		/* closes what is left of it, now */
	loop = al_loop_new(base, &err);
	for (i = 0; i < 3; i++) {
		(void)dup2(saved[i], i);
		(void)close(saved[i]);
	}
	assert_non_null(strstr((char *)got.msg, "fd 0\nfd 1\nfd 2\nSig"));
}

/* A program that ignores SIGCHLD takes the exit status from us. */
static void
reaped_by_others(void **state)
{
	struct al_child *c;

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	c = start("die", NULL);
	ask(c, "x", 1, LONG_MS);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_int_equal(got.err.code, AL_EOF);
	assert_string_equal(got.err.text, "test-helper ended: no luck");
	al_child_free(c);
}

/* The helper does not outlive who started it, however that ended. */
static void
dies_with_parent(void **state)
{
	int fds[2], status;
	pid_t parent, pid = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (parent == 0) {
		if (event_reinit(base) != 0)
			_exit(1);
		ask(start("pid", NULL), "", 0, LONG_MS);
		(void)!write(fds[1], got.msg, sizeof(pid));
		(void)raise(SIGKILL);
	}
	assert_int_equal(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* a sanitizer's helpers have helpers of their own: not ours to reap */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
cannot_start(void **state)
{
	static const struct { const char *path, *text; } paths[] = {
		{ "/nonexistent/helper",
		    "cannot start helper /nonexistent/helper: "
		    "No such file or directory" },
		{ "child_helper", "helper child_helper: not an absolute path" },
		{ "/etc/passwd",
		    "cannot start helper /etc/passwd: Permission denied" },
	};
	struct al_child_opts opts = { .name = "test-helper" };
	char script[] = "/tmp/test_child_XXXXXX";
	struct al_child *c;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		opts.path = paths[i].path;
		assert_null(al_child_start(loop, &opts, &err));
		assert_string_equal(err.text, paths[i].text);
	}
	/* what only execve can know */
	fd = mkstemp(script);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "\0bad\n", 5), 5);
	assert_int_equal(fchmod(fd, 0700), 0);
	(void)close(fd);
	opts.path = script;
	c = al_child_start(loop, &opts, &err);
	assert_non_null(c);
	ask(c, "x", 1, LONG_MS);
	(void)unlink(script);
	/* 127, unless valgrind has its say */
	assert_non_null(strstr(got.err.text, "test-helper ended with status "));
	assert_non_null(strstr(got.err.text, ": cannot run /tmp/"));
	assert_non_null(strstr(got.err.text, "Exec format error"));
	al_child_free(c);
}

/* From here on there are no pidfds, as in an old kernel and some sandboxes. */
static void
no_pidfd(void **state)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	(void)state;
	if (fd < 0)			/* valgrind has none anyway */
		return;
	(void)close(fd);
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
	assert_int_equal(syscall(SYS_pidfd_open, getpid(), 0), -1);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
#define ALL	T(answers), T(failures), T(unasked), T(answers_and_goes), \
	T(deaf), T(one_at_a_time), T(from_the_callback), T(freed_before), \
	T(environment), T(nothing_inherited), T(without_standard), \
	T(reaped_by_others), T(dies_with_parent), T(cannot_start)
	const struct CMUnitTest tests[] = {
		ALL, cmocka_unit_test(no_pidfd), ALL,
	};

	helper_find("child_helper");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
