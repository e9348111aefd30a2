/* connector/helper/spawn.c - a program with nothing of ours but a socket. */
#include "connector/helper/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc has wrappers and the name P_PIDFD only since 2.36 */
#define BY_PIDFD	((idtype_t)3)

/* What the child needs, put together before there is one. */
struct plan {
	const char	*path;
	char *const	*argv;
	char *const	*env;
	int		 sock, err;
	pid_t		 parent;
};

/* --- in the child: only what is safe between fork and exec ---------------- */

/*
 * sigaction would leave out two signals that glibc keeps for itself; whoever
 * started us may have had them ignored.  To the kernel, all zeros are SIG_DFL.
 */
static void
default_signals(void)
{
	const long dfl[8] = { 0 };
	sigset_t none;
	int s;

	for (s = 1; s < NSIG; s++)
		(void)syscall(SYS_rt_sigaction, s, dfl, NULL, NSIG / 8);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
close_from_3(void)
{
	long fd, max;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
		return;
#endif
	max = sysconf(_SC_OPEN_MAX);
	for (fd = 3; fd < max; fd++)
		(void)close((int)fd);
}

static void
complain(const char *path)
{
	const char *why = strerrordesc_np(errno);
	const char *const parts[] = { "cannot run ", path, ": ",
	    why != NULL ? why : "unknown error" };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (write(2, parts[i], strlen(parts[i])) < 0)
			return;
}

static _Noreturn void
become(const struct plan *p)
{
	/* ours may be 0, 1 or 2: a dup2 to itself would keep close-on-exec */
	int sock = fcntl(p->sock, F_DUPFD, 3);
	int err = fcntl(p->err, F_DUPFD, 3);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != p->parent)	/* it was too late for that */
		_exit(0);
	if (sock < 0 || err < 0 || dup2(sock, 0) < 0 || dup2(sock, 1) < 0 ||
	    dup2(err, 2) < 0)
		_exit(126);
	close_from_3();
	default_signals();
	(void)execve(p->path, p->argv, p->env);
	complain(p->path);
	_exit(127);
}

/* --- in the parent -------------------------------------------------------- */

/* The entry of our own environment, "NAME=value", or NULL. */
static char *
ours(const char *name)
{
	size_t n = strlen(name);
	char **e;

	for (e = environ; e != NULL && *e != NULL; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return *e;
	return NULL;
}

/* A string that execve takes as char *, and does not change. */
static char *
unconst(const char *s)
{
	union {
		const char	*in;
		char		*out;
	} u = { .in = s };

	return u.out;
}

/* list with names looked up; only the array is to be freed. */
static char **
array_of(const char *const *list, bool look_up)
{
	size_t n = 0, i;
	char **a, *s;

	while (list != NULL && list[n] != NULL)
		n++;
	a = calloc(n + 1, sizeof(*a));
	for (i = n = 0; a != NULL && list != NULL && list[i] != NULL; i++) {
		s = look_up && strchr(list[i], '=') == NULL ? ours(list[i]) :
		    unconst(list[i]);
		if (s != NULL)
			a[n++] = s;
	}
	return a;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* Both ends of both channels; all or nothing. */
static int
channels(struct al_proc *p, struct plan *plan)
{
	int s[2], e[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) != 0)
		return -1;
	if (fcntl(s[0], F_SETFL, O_NONBLOCK) != 0 ||
	    pipe2(e, O_CLOEXEC | O_NONBLOCK) != 0) {
		close_fd(&s[0]);
		close_fd(&s[1]);
		return -1;
	}
	p->sock = s[0];
	plan->sock = s[1];
	p->err = e[0];
	plan->err = e[1];
	return 0;
}

/* fork, with all signals blocked until the child has no handler of ours. */
static int
start(struct al_proc *p, const struct plan *plan)
{
	sigset_t all, before;
	pid_t pid;
	int sys;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(plan);
	sys = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = sys;
	if (pid < 0)
		return -1;
	p->pid = pid;
	p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}

enum al_code
al_proc_start(struct al_proc *p, const struct al_spawn_opts *opts,
    struct al_err *err)
{
	struct plan plan = { .path = opts->path, .sock = -1, .err = -1,
	    .parent = getpid() };
	char **argv = array_of(opts->argv, false);
	char **env = array_of(opts->env, true);
	enum al_code code = AL_OK;

	*p = (struct al_proc){ 0, -1, -1, -1 };
	plan.argv = argv;
	plan.env = env;
	if (argv == NULL || env == NULL)
		code = al_fail_nomem(err, opts->stage);
	else if (opts->path[0] != '/')
		code = al_fail(err, AL_EUSAGE, opts->stage, 0,
		    "helper %s: not an absolute path", opts->path);
	else if (access(opts->path, X_OK) != 0 || channels(p, &plan) != 0 ||
	    start(p, &plan) != 0)
		code = al_fail(err, AL_EUSAGE, opts->stage, errno,
		    "cannot start helper %s: %s", opts->path,
		    strerror(errno));
	free(argv);
	free(env);
	close_fd(&plan.sock);
	close_fd(&plan.err);
	if (code != AL_OK)
		al_proc_end(p);
	return code;
}

/* 0: it runs; > 0: info says how it ended; < 0: it is nobody's, or reaped. */
static int
look(const struct al_proc *p, int how, siginfo_t *info)
{
	int r;

	*info = (siginfo_t){ 0 };
	do
		r = p->pidfd >= 0 ?
		    waitid(BY_PIDFD, (id_t)p->pidfd, info, how | WNOHANG) :
		    waitid(P_PID, (id_t)p->pid, info, how | WNOHANG);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : info->si_pid != 0;
}

void
al_proc_kill(const struct al_proc *p)
{
	siginfo_t info;

	if (p->pidfd >= 0 && (syscall(SYS_pidfd_send_signal, p->pidfd,
	    SIGKILL, NULL, 0) == 0 || errno == ESRCH))
		return;
	/* a number that was reaped by others may be another process's now */
	if (p->pid > 0 && look(p, WEXITED | WNOWAIT, &info) == 0)
		(void)kill(p->pid, SIGKILL);
}

/* The siginfo of waitid as the status of wait, which has macros. */
static int
status_of(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8 :
	    info->si_status & 0x7f;
}

bool
al_proc_reap(struct al_proc *p, int *status)
{
	siginfo_t info;
	int r = look(p, WEXITED, &info);

	if (r == 0)
		return false;
	*status = r > 0 ? status_of(&info) : -1;
	p->pid = 0;
	close_fd(&p->pidfd);
	return true;
}

void
al_proc_end(struct al_proc *p)
{
	int ms, status;

	al_proc_kill(p);
	for (ms = 0; p->pid > 0 && !al_proc_reap(p, &status) && ms < 1000;
	    ms++)
		(void)poll(NULL, 0, 1);
	close_fd(&p->pidfd);
	close_fd(&p->sock);
	close_fd(&p->err);
}
