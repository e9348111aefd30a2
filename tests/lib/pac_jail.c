/* tests/lib/pac_jail.c - lock the PAC helpers' sandbox, then try a way out. */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "connector/helper/serve.h"
#include "pac/helper/sandbox.h"

#define CODE	(PROT_READ | PROT_EXEC)

static int inet;	/* a socket from before the lock */

static void
try_open(void)
{
	(void)!open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void
try_socket(void)
{
	(void)socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void
try_connect(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = 9,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };

	(void)connect(inet, (const struct sockaddr *)&to, sizeof(to));
}

static void
try_send(void)
{
	(void)!send(inet, "", 1, MSG_DONTWAIT);
}

static void
try_exec(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
}

static void
try_fork(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
try_process(void)
{
	(void)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static void
try_mmap(void)
{
	(void)mmap(NULL, 4096, CODE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
try_mprotect(void)
{
	static char page[8192];
	size_t at = (size_t)page % 4096;

	(void)mprotect(page + (4096 - at) % 4096, 4096, CODE);
}

static void
try_kill(void)
{
	(void)kill(getppid(), 0);
}

static void
try_ptrace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
try_limit(void)
{
	const struct rlimit files = { 16, 16 };

	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static void
try_other_limit(void)
{
	const struct rlimit cpu = { 1, 1 };

	(void)prlimit(1, RLIMIT_CPU, &cpu, NULL);
}

static void *
run(void *arg)
{
	return arg;
}

static void
try_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, run, NULL) != 0 ||
	    pthread_join(t, NULL) != 0)
		_exit(3);
}

/* A thread from before the lock: is it locked, too? */
static int go[2];

static void *
wait_and_open(void *arg)
{
	char c;

	(void)!read(go[0], &c, 1);
	try_open();
	return arg;
}

static pthread_t early;

static void
try_early_thread(void)
{
	(void)!write(go[1], "", 1);
	(void)pthread_join(early, NULL);
}

/* What engines do all day. */
static void
try_work(void)
{
	time_t now = time(NULL);
	char *p = malloc(8u << 20);

	if (p == NULL)
		_exit(3);
	memset(p, 1, 8u << 20);
	p = realloc(p, 16u << 20);
	free(p);
	(void)localtime(&now);
	sandbox_cpu(1);
	(void)!write(go[1], "", 1);
}

static void
try_cpu(void)
{
	sandbox_cpu(1);
	for (;;)
		;
}

static void
try_abort(void)
{
	abort();
}

static const struct {
	const char	*name;
	void		(*try)(void);
} calls[] = {
	{ "abort", try_abort }, { "connect", try_connect },
	{ "cpu", try_cpu }, { "early-thread", try_early_thread },
	{ "exec", try_exec }, { "fork", try_fork }, { "kill", try_kill },
	{ "limit", try_limit }, { "mmap-code", try_mmap },
	{ "mprotect-code", try_mprotect }, { "open", try_open },
	{ "other-limit", try_other_limit }, { "process", try_process },
	{ "ptrace", try_ptrace }, { "send", try_send },
	{ "socket", try_socket }, { "thread", try_thread },
	{ "work", try_work },
};

/* alone|threads CALL: ends with 0 when the call has come back. */
int
main(int argc, char **argv)
{
	time_t now = time(NULL);
	size_t i;

	if (argc == 2 && strcmp(argv[1], "sanitized") == 0)
		return AL_SERVE_SANITIZED;
	inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)setenv("TZ", ":/etc/localtime", 0);
	(void)localtime(&now);
	if (argc != 3 || pipe2(go, O_CLOEXEC) != 0)
		return 64;
	if (strcmp(argv[2], "early-thread") == 0 &&
	    pthread_create(&early, NULL, wait_and_open, NULL) != 0)
		return 3;
	if (!sandbox_lock(strcmp(argv[1], "alone") == 0 ? SANDBOX_ALONE :
	    SANDBOX_THREADS))
		return 2;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, argv[2]) == 0) {
			calls[i].try();
			return 0;
		}
	return 64;
}
