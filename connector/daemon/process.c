/* connector/daemon/process.c - what every program does to itself first. */
#include "connector/daemon/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define AL_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AL_SANITIZED
#endif
#endif

/* A socket that becomes fd 2 would receive the log. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		(void)close(fd);
}

/*
 * Records come and go 128 KiB at a time.  An allocator that hands that back to
 * the kernel each time makes page faults of it, and those cost three times as
 * much as encrypting what is in the pages.
 */
static void
keep_memory(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
	(void)mallopt(M_TOP_PAD, 512 << 10);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void
al_process_harden(void)
{
	struct rlimit none = { 0, 0 }, files;

	open_standard();
	keep_memory();
#ifndef AL_SANITIZED	/* the leak checker traces its own process */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}
