/* tests/lib/dnsd.h - a scripted DNS server on a loop, on 127.0.0.1. */
#ifndef AL_TEST_DNSD_H
#define AL_TEST_DNSD_H

#include <stddef.h>

#include "connector/loop/loop.h"

#define DNSD_NXDOMAIN	3
#define DNSD_SERVFAIL	2
#define DNSD_SILENT	(-1)

/* Answers to one name; a name that is not listed does not exist. */
struct dnsd_row {
	const char	*name;
	const char	*a[4], *aaaa[4];	/* NULL ended            */
	int		 rcode_a, rcode_aaaa;	/* 0: the addresses      */
	unsigned	 late_aaaa_ms;		/* the AAAA answer waits */
};

struct dnsd;

struct dnsd *dnsd_new(struct al_loop *loop, const struct dnsd_row *rows,
    size_t n);
void dnsd_free(struct dnsd *d);
/* From now on; borrowed like those before. */
void dnsd_set_rows(struct dnsd *d, const struct dnsd_row *rows, size_t n);
/* "127.0.0.1:40053", until free: for al_resolver_opts. */
const char *dnsd_server(const struct dnsd *d);
/* Queries seen so far. */
unsigned dnsd_asked(const struct dnsd *d);
/* The names in them: " a.test a.test", the first 1 KiB. */
const char *dnsd_questions(const struct dnsd *d);

#endif
