/* tests/lib/dnsd.c - a scripted DNS server. */
#include "tests/lib/dnsd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"

#define TYPE_A		1
#define TYPE_AAAA	28

struct dnsd {
	int			 fd;
	struct al_watch		 watch;
	struct al_timer		 late;
	const struct dnsd_row	*rows;
	size_t			 n;
	unsigned		 asked;
	char			 server[32], questions[1024];
	/* one answer that waits */
	uint8_t			 held[512];
	size_t			 held_len;
	struct sockaddr_in	 held_to;
};

/* "3www7example0" at p to text; where the name ends. */
static size_t
read_name(const uint8_t *p, size_t len, char *text)
{
	size_t i = 0, out = 0;

	while (i < len && p[i] != 0) {
		assert(i + p[i] < len && out + p[i] + 2 < 256);
		if (out > 0)
			text[out++] = '.';
		memcpy(text + out, p + i + 1, p[i]);
		out += p[i];
		i += 1u + p[i];
	}
	text[out] = '\0';
	return i + 1;
}

static size_t
answer(const struct dnsd_row *row, uint8_t *p, size_t len, uint16_t type,
    int rcode)
{
	const char *const *ip = row == NULL ? NULL :
	    type == TYPE_A ? row->a : row->aaaa;
	struct al_writer w = al_writer(p, 512);
	uint8_t bin[16];
	uint16_t n = 0;

	w.len = len;
	for (; rcode == 0 && ip != NULL && *ip != NULL; ip++, n++) {
		al_write_u16(&w, 0xc00c);	/* the question's name */
		al_write_u16(&w, type);
		al_write_u16(&w, 1);
		al_write_u32(&w, 60);
		al_write_u16(&w, type == TYPE_A ? 4 : 16);
		assert(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, *ip,
		    bin) == 1);
		al_write_bytes(&w, bin, type == TYPE_A ? 4 : 16);
	}
	assert(!w.bad);
	al_put_u16(p + 2, (uint16_t)(0x8180 | rcode));
	al_put_u16(p + 6, n);
	al_put_u32(p + 8, 0);
	return w.len;
}

static void
send_late(void *arg)
{
	struct dnsd *d = arg;

	(void)sendto(d->fd, d->held, d->held_len, 0,
	    (const struct sockaddr *)&d->held_to, sizeof(d->held_to));
}

static void
on_query(void *arg, unsigned ready)
{
	struct dnsd *d = arg;
	const struct dnsd_row *row = NULL;
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t p[512];
	char name[256];
	ssize_t got;
	size_t i, len;
	uint16_t type;
	int rcode;

	(void)ready;
	got = recvfrom(d->fd, p, sizeof(p), 0, (struct sockaddr *)&from,
	    &from_len);
	if (got < 17)
		return;
	d->asked++;
	len = 12 + read_name(p + 12, (size_t)got - 12, name);
	type = al_get_u16(p + len);
	len += 4;
	i = strlen(d->questions);
	(void)snprintf(d->questions + i, sizeof(d->questions) - i, " %s",
	    name);
	for (i = 0; i < d->n; i++)
		if (al_str_ieq(d->rows[i].name, name))
			row = &d->rows[i];
	rcode = row == NULL ? DNSD_NXDOMAIN :
	    type == TYPE_A ? row->rcode_a : row->rcode_aaaa;
	if (rcode == DNSD_SILENT)
		return;
	len = answer(row, p, len, type, rcode);
	if (row != NULL && type == TYPE_AAAA && row->late_aaaa_ms > 0) {
		memcpy(d->held, p, len);
		d->held_len = len;
		d->held_to = from;
		al_timer_set(&d->late, row->late_aaaa_ms);
		return;
	}
	(void)sendto(d->fd, p, len, 0, (const struct sockaddr *)&from,
	    from_len);
}

struct dnsd *
dnsd_new(struct al_loop *loop, const struct dnsd_row *rows, size_t n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	struct dnsd *d = calloc(1, sizeof(*d));
	struct al_err err;

	if (d == NULL)
		abort();
	d->rows = rows;
	d->n = n;
	d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0 ||
	    bind(d->fd, (const struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    getsockname(d->fd, (struct sockaddr *)&sin, &len) != 0 ||
	    al_timer_init(&d->late, loop, send_late, d, &err) != AL_OK ||
	    al_watch_init(&d->watch, loop, d->fd, on_query, d, &err) != AL_OK)
		abort();
	al_watch_set(&d->watch, AL_WANT_READ);
	(void)snprintf(d->server, sizeof(d->server), "127.0.0.1:%u",
	    (unsigned)ntohs(sin.sin_port));
	return d;
}

void
dnsd_free(struct dnsd *d)
{
	al_watch_fini(&d->watch);
	al_timer_fini(&d->late);
	(void)close(d->fd);
	free(d);
}

void
dnsd_set_rows(struct dnsd *d, const struct dnsd_row *rows, size_t n)
{
	d->rows = rows;
	d->n = n;
}

const char *
dnsd_server(const struct dnsd *d)
{
	return d->server;
}

unsigned
dnsd_asked(const struct dnsd *d)
{
	return d->asked;
}

const char *
dnsd_questions(const struct dnsd *d)
{
	return d->questions;
}
