/* tests/lib/guard.h - a copy of bytes that ends at an unreadable page. */
#ifndef AL_TEST_GUARD_H
#define AL_TEST_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* String literal as bytes and length, without its NUL. */
#define B(s)	(const uint8_t *)(s), sizeof(s) - 1

struct guard {
	uint8_t	*map, *p;		/* p: the bytes */
	size_t	 map_len;
};

/* Reading p[len] ends the program, in every build. */
static inline struct guard
guard_copy(const void *from, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len + page - 1) / page * page;
	struct guard g = { .map_len = room + page };

	g.map = mmap(NULL, g.map_len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.map == MAP_FAILED ||
	    mprotect(g.map + room, page, PROT_NONE) != 0)
		abort();
	g.p = g.map + room - len;
	if (len > 0)
		memcpy(g.p, from, len);
	return g;
}

static inline void
guard_free(struct guard *g)
{
	(void)munmap(g->map, g->map_len);
}

#endif
