/* pac/helper/sandbox.c - what a process may do that runs foreign scripts. */
#include "pac/helper/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "connector/helper/serve.h"

static const int always[] = {
	SCMP_SYS(read), SCMP_SYS(write),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* malloc; with no new pages to execute, see add_memory */
	SCMP_SYS(brk), SCMP_SYS(mremap), SCMP_SYS(munmap), SCMP_SYS(madvise),
	SCMP_SYS(getrandom), SCMP_SYS(futex),
	/* where there is no vdso, and for the processor's time */
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	/* abort: it shall be seen as one */
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(gettid),
};

static const int threads[] = {
	/* of pthread_create, pthread_attr_getstack and the ends of threads */
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_getscheduler), SCMP_SYS(sigaltstack),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	/* the collector stops threads with a signal, whose handler waits */
	SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigaction),
	/* the memory in use: a file of /proc that stays open */
	SCMP_SYS(pread64), SCMP_SYS(lseek),
};

/* Is an argument, counted from 0, this value?  Are these bits of it? */
static struct scmp_arg_cmp
is(unsigned arg, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ arg, SCMP_CMP_EQ, value, 0 };
}

static struct scmp_arg_cmp
has(unsigned arg, scmp_datum_t bits, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ arg, SCMP_CMP_MASKED_EQ, bits, value };
}

/* A call, if each of the n comparisons holds. */
static bool
allow(scmp_filter_ctx f, int call, unsigned n, const struct scmp_arg_cmp *cmp)
{
	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, n, cmp) == 0;
}

static bool
allow_all(scmp_filter_ctx f, const int *calls, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!allow(f, calls[i], 0, NULL))
			return false;
	return true;
}

static bool
add_memory(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_code = has(2, PROT_EXEC, 0);

	return allow(f, SCMP_SYS(mmap), 1, &no_code) &&
	    allow(f, SCMP_SYS(mprotect), 1, &no_code);
}

static bool
add_own_process(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp self = is(0, (scmp_datum_t)getpid());
	const struct scmp_arg_cmp cpu[] = { is(0, 0), is(1, RLIMIT_CPU) };

	return allow(f, SCMP_SYS(tgkill), 1, &self) &&
	    allow(f, SCMP_SYS(prlimit64), 2, cpu);
}

static bool
add_threads(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp thread = has(0, CLONE_THREAD, CLONE_THREAD);
	const struct scmp_arg_cmp name = is(0, PR_SET_NAME);

	/* clone3's flags are behind a pointer, which no filter can follow:
	 * the C library takes clone instead */
	return allow_all(f, threads, sizeof(threads) / sizeof(threads[0])) &&
	    allow(f, SCMP_SYS(clone), 1, &thread) &&
	    seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
	    0) == 0 && allow(f, SCMP_SYS(prctl), 1, &name);
}

/*
 * Not under sanitizers: theirs is to open the program's own file for a report,
 * and to trace it from a process of their own for leaks.
 */
static bool
filter(enum sandbox_kind kind)
{
	scmp_filter_ctx f;
	bool ok;

	if (AL_SERVE_SANITIZED)
		return true;
	f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	ok = f != NULL &&
	    seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS) == 0 &&
	    seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
	    allow_all(f, always, sizeof(always) / sizeof(always[0])) &&
	    add_memory(f) && add_own_process(f) &&
	    (kind == SANDBOX_ALONE || add_threads(f)) &&
	    seccomp_load(f) == 0;
	seccomp_release(f);
	return ok;
}

bool
sandbox_lock(enum sandbox_kind kind)
{
	const struct rlimit none = { 0, 0 };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    setrlimit(RLIMIT_CORE, &none) == 0 &&
	    (AL_SERVE_SANITIZED || setrlimit(RLIMIT_NOFILE, &none) == 0) &&
	    filter(kind);
}

void
sandbox_cpu(unsigned seconds)
{
	struct rlimit r = { 0, RLIM_INFINITY };
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0 ||
	    getrlimit(RLIMIT_CPU, &r) != 0)
		return;
	r.rlim_cur = (rlim_t)used.tv_sec + 1 + seconds;
	if (r.rlim_cur < r.rlim_max)
		(void)setrlimit(RLIMIT_CPU, &r);
}
