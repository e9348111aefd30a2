/* tests/unit/child_helper.c - a helper that does right or wrong, as told. */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/helper/serve.h"

static uint8_t msg[1 << 17];
static size_t len;

static void
hear(void)
{
	if (!al_serve_read(0, msg, sizeof(msg), &len))
		_exit(0);
}

static void
say(const void *p, size_t n)
{
	if (!al_serve_write(1, p, n))
		_exit(0);
}

static _Noreturn void
hang(void)
{
	for (;;)
		(void)pause();
}

static _Noreturn void
echo(void)
{
	for (;;) {
		hear();
		say(msg, len);
	}
}

static void
drip(void)
{
	uint8_t head[4];
	size_t i;

	hear();
	al_put_u32(head, (uint32_t)len);
	for (i = 0; i < 4; i++)
		(void)!write(1, head + i, 1);
	for (i = 0; i < len; i++)
		(void)!write(1, msg + i, 1);
	echo();
}

static void
announce(uint32_t n, const char *body)
{
	uint8_t head[4];

	hear();
	al_put_u32(head, n);
	(void)!write(1, head, 4);
	(void)!write(1, body, strlen(body));
}

static void
die(void)
{
	hear();
	(void)!write(2, "no\nluck", 7);
	_exit(3);
}

static void
crash(void)
{
	hear();
	(void)raise(SIGUSR1);
}

static void
flood(void)
{
	hear();
	for (;;)
		say("x", 1);
}

static void
babble(void)
{
	say("me", 2);
	echo();
}

static void
lie(void)
{
	announce(UINT32_MAX, "x");
	hang();
}

static void
lie_by_one(void)
{
	announce(65537, "x");
	hang();
}

static void
cut(void)
{
	announce(100, "ten bytes!");
}

static void
close_early(void)
{
	(void)close(0);
	(void)close(1);
	hang();
}

static void
deaf(void)
{
	hear();
	(void)shutdown(0, SHUT_RD);
	say(msg, len);
	hang();
}

static void
early(void)
{
	say("!", 1);
	hang();
}

static void
bye(void)
{
	hear();
	say(msg, len);
}

static void
noisy(void)
{
	size_t i;

	for (i = 0; i < 1000; i++)
		(void)!write(2, msg, 4096);
	echo();
}

static void
pid(void)
{
	pid_t p = getpid();

	hear();
	say(&p, sizeof(p));
	hang();
}

static void
env(void)
{
	char text[4096] = "";
	size_t n = 0;
	char **e;

	for (e = environ; *e != NULL; e++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", *e);
	hear();
	say(text, n);
}

/* Open descriptors, blocked and ignored signals, what kills it. */
static void
state(void)
{
	char text[4096] = "", line[256];
	uint64_t mask;
	size_t n = 0;
	int s = 0;
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;
	FILE *f;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d))
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "fd %s\n", e->d_name);
	(void)closedir(d);
	f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "SigBlk", 6) == 0 ||
		    strncmp(line, "SigIgn", 6) == 0) {
			/* 32 and 33 are the C library's own: nobody else can
			 * set them, and some who start us ignore them */
			mask = strtoull(line + 7, NULL, 16) &
			    ~(UINT64_C(3) << 31);
			(void)snprintf(line + 7, sizeof(line) - 7,
			    "\t%016" PRIx64 "\n", mask);
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s", line);
		}
	(void)prctl(PR_GET_PDEATHSIG, &s);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "death %d\n", s);
	hear();
	say(text, n);
	hang();
}

int
main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } modes[] = {
		{ "echo", echo }, { "drip", drip }, { "hang", hang },
		{ "die", die }, { "crash", crash }, { "flood", flood },
		{ "babble", babble }, { "lie", lie },
		{ "lie-by-one", lie_by_one }, { "cut", cut },
		{ "close", close_early }, { "deaf", deaf },
		{ "early", early }, { "bye", bye }, { "noisy", noisy },
		{ "pid", pid }, { "env", env }, { "state", state },
	};
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0) {
			modes[i].run();
			return 0;
		}
	return 64;
}
