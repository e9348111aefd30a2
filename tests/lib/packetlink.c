/* tests/lib/packetlink.c - a slow, long or bad link between two namespaces.
 *
 *   packetlink NETNS NETNS DEVICE
 *
 * A tun device of that name in each namespace (files such as
 * /proc/PID/ns/net); the packets of one come out of the other after a queue,
 * a rate and a delay.  It says "ready" and then reads commands, a line each,
 * and answers each with a line, "ok" or "error ...":
 *
 *   [up|down] NAME VALUE	of the names below; both ways without up or down
 *   stats			"ok" and counters; "most" is the longest queue
 *				since the last time, in bytes
 *
 * Up is from the first namespace to the second.  A full queue drops what
 * comes.  A packet that is reordered is held back for as long as "gap" says,
 * others overtake it; jitter alone keeps the order.  A hole swallows all,
 * also what is on its way.  Bytes are those of IP packets.  It ends with its
 * standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND		UINT64_C(1000000000)
#define NEVER		UINT64_MAX
#define PACKET_MAX	65536
#define BATCH		64		/* packets read before time is asked  */

enum name { RATE, DELAY, JITTER, LOSS, REORDER, GAP, QUEUE, HOLE, N_NAMES };

struct packet {
	struct packet	*next;		/* in the queue                       */
	uint64_t	 at;		/* came in, then: is due              */
	size_t		 len;
	uint8_t		 data[];
};

/* One direction: a queue in front of the line, then a heap of what is on it. */
struct way {
	const char	*name;
	int		 from, to;
	uint64_t	 set[N_NAMES];	/* bit/s, ns, millionths, bytes       */
	struct packet	*first, **last;
	size_t		 queued, most;
	uint64_t	 line_free;	/* when the first has left the queue  */
	uint64_t	 last_due;
	struct packet	**heap;
	size_t		 n_heap, heap_max;
	uint64_t	 sent, bytes, lost, full;
};

static struct way ways[2] = { { .name = "up" }, { .name = "down" } };

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "packetlink: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static bool
happens(uint64_t millionths)
{
	return millionths > 0 && (uint64_t)(drand48() * 1e6) < millionths;
}

/* --- what is on the line, by when it is due ------------------------------- */
static void
heap_put(struct way *w, struct packet *p)
{
	size_t i = w->n_heap++;

	if (w->n_heap > w->heap_max) {
		w->heap_max = 2 * w->heap_max + 64;
		w->heap = realloc(w->heap, w->heap_max * sizeof(*w->heap));
		if (w->heap == NULL)
			die("realloc");
	}
	for (; i > 0 && w->heap[(i - 1) / 2]->at > p->at; i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = p;
}

static struct packet *
heap_take(struct way *w)
{
	struct packet *least = w->heap[0], *p = w->heap[--w->n_heap];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < w->n_heap) {
		if (k + 1 < w->n_heap && w->heap[k + 1]->at < w->heap[k]->at)
			k++;
		if (p->at <= w->heap[k]->at)
			break;
		w->heap[i] = w->heap[k];
		i = k;
	}
	w->heap[i] = p;
	return least;
}

/* --- one way -------------------------------------------------------------- */
static uint64_t
line_time(const struct way *w, const struct packet *p)
{
	return w->set[RATE] == 0 ? 0 : p->len * 8 * SECOND / w->set[RATE];
}

static void
enqueue(struct way *w, const uint8_t *data, size_t len, uint64_t now)
{
	struct packet *p;

	if (w->set[HOLE] || happens(w->set[LOSS])) {
		w->lost++;
		return;
	}
	if (w->queued + len > w->set[QUEUE] && w->queued > 0) {
		w->full++;
		return;
	}
	p = malloc(sizeof(*p) + len);
	if (p == NULL)
		die("malloc");
	memcpy(p->data, data, len);
	p->next = NULL;
	p->at = now;
	p->len = len;
	if (w->first == NULL)
		w->line_free = (w->line_free > now ? w->line_free : now) +
		    line_time(w, p);
	*w->last = p;
	w->last = &p->next;
	w->queued += len;
	if (w->queued > w->most)
		w->most = w->queued;
}

static void
take_in(struct way *w, uint64_t now)
{
	uint8_t buf[PACKET_MAX];
	ssize_t n;
	int i;

	for (i = 0; i < BATCH; i++) {
		n = read(w->from, buf, sizeof(buf));
		if (n <= 0)
			return;
		enqueue(w, buf, (size_t)n, now);
	}
}

/* Jitter is even, around the delay. */
static uint64_t
due(struct way *w, uint64_t left)
{
	uint64_t at = left + w->set[DELAY];
	uint64_t j = (uint64_t)(2 * drand48() * (double)w->set[JITTER]);

	at = at + j > left + w->set[JITTER] ? at + j - w->set[JITTER] : left;
	if (happens(w->set[REORDER]))
		return at + w->set[GAP];
	if (at <= w->last_due)
		at = w->last_due + 1;		/* a heap of equals has no order */
	w->last_due = at;
	return at;
}

static void
leave_queue(struct way *w, uint64_t now)
{
	struct packet *p, *next;
	uint64_t left;

	while ((p = w->first) != NULL && w->line_free <= now) {
		left = w->line_free;
		next = w->first = p->next;
		if (next == NULL)
			w->last = &w->first;
		else
			w->line_free = (next->at > left ? next->at : left) +
			    line_time(w, next);
		w->queued -= p->len;
		p->at = due(w, left);
		heap_put(w, p);
	}
}

static void
arrive(struct way *w, uint64_t now)
{
	struct packet *p;

	while (w->n_heap > 0 && w->heap[0]->at <= now) {
		p = heap_take(w);
		/* A device that is down takes nothing, as a dead link does. */
		if (w->set[HOLE] || write(w->to, p->data, p->len) < 0) {
			w->lost++;
		} else {
			w->sent++;
			w->bytes += p->len;
		}
		free(p);
	}
}

static uint64_t
next_time(const struct way *w)
{
	uint64_t t = w->first != NULL ? w->line_free : NEVER;

	return w->n_heap > 0 && w->heap[0]->at < t ? w->heap[0]->at : t;
}

/* --- commands ------------------------------------------------------------- */
static const struct unit {
	const char	*name;
	double		 times;
} units[] = {
	{ "bit", 1 }, { "kbit", 1e3 }, { "mbit", 1e6 }, { "gbit", 1e9 },
	{ "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "%", 1e4 },
	{ "b", 1 }, { "kib", 1024 }, { "mib", 1048576 },
	{ "on", 1 }, { "off", 0 },
};

static const struct setting {
	const char	*name;
	uint64_t	 at_first;
	size_t		 unit, n_units;		/* in the table above         */
} settings[N_NAMES] = {
	[RATE] = { "rate", 0, 0, 4 },		/* 0bit: as fast as it can    */
	[DELAY] = { "delay", 0, 4, 3 },
	[JITTER] = { "jitter", 0, 4, 3 },
	[LOSS] = { "loss", 0, 7, 1 },
	[REORDER] = { "reorder", 0, 7, 1 },
	[GAP] = { "gap", 5000000, 4, 3 },
	[QUEUE] = { "queue", 1048576, 8, 3 },
	[HOLE] = { "hole", 0, 11, 2 },
};

static bool
parse(const struct setting *s, const char *text, uint64_t *value)
{
	char *unit;
	double v = strtod(text, &unit);
	size_t i;

	if (unit == text)
		v = 1;				/* "on"                       */
	if (!(v >= 0 && v < 1e9))
		return false;
	for (i = s->unit; i < s->unit + s->n_units; i++)
		if (strcmp(unit, units[i].name) == 0) {
			*value = (uint64_t)(v * units[i].times);
			return true;
		}
	return false;
}

static bool
set(const char *which, const char *name, const char *text)
{
	uint64_t value;
	size_t n, i;

	for (n = 0; n < N_NAMES; n++)
		if (strcmp(settings[n].name, name) == 0)
			break;
	if (n == N_NAMES || !parse(&settings[n], text, &value))
		return false;
	for (i = 0; i < 2; i++)
		if (which == NULL || strcmp(which, ways[i].name) == 0)
			ways[i].set[n] = value;
	return true;
}

static void
print_stats(void)
{
	size_t i;

	printf("ok");
	for (i = 0; i < 2; i++) {
		struct way *w = &ways[i];

		printf(" %s_packets=%ju %s_bytes=%ju %s_lost=%ju %s_full=%ju "
		    "%s_queued=%zu %s_most=%zu", w->name, (uintmax_t)w->sent,
		    w->name, (uintmax_t)w->bytes, w->name, (uintmax_t)w->lost,
		    w->name, (uintmax_t)w->full, w->name, w->queued, w->name,
		    w->most);
		w->most = w->queued;
	}
	printf("\n");
}

static void
command(char *line)
{
	const char *which = NULL, *name = strtok(line, " \n"), *value;

	if (name != NULL && strcmp(name, "stats") == 0) {
		print_stats();
		return;
	}
	if (name != NULL &&
	    (strcmp(name, "up") == 0 || strcmp(name, "down") == 0)) {
		which = name;
		name = strtok(NULL, " \n");
	}
	value = strtok(NULL, " \n");
	if (name != NULL && value != NULL && set(which, name, value))
		printf("ok\n");
	else
		printf("error [up|down] NAME VALUE, as packetlink.c says\n");
}

/* Whoever speaks writes whole lines and waits for the answer. */
static void
read_commands(void)
{
	char buf[512], *line, *end;
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf) - 1);

	if (n <= 0)
		exit(0);
	buf[n] = '\0';
	for (line = buf; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		command(line);
	}
	fflush(stdout);
}

/* --- the devices ---------------------------------------------------------- */
static int
open_tun(const char *netns, const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int ns = open(netns, O_RDONLY | O_CLOEXEC), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
		die(netns);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("/dev/net/tun");
	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &r) != 0)
		die(name);
	return fd;
}

static void
turn(void)
{
	struct pollfd p[3] = {
		{ .fd = ways[0].from, .events = POLLIN },
		{ .fd = ways[1].from, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	uint64_t at = next_time(&ways[0]), other = next_time(&ways[1]), now;
	struct timespec t;
	size_t i;

	at = at < other ? at : other;
	now = now_ns();
	at = at > now ? at - now : 0;
	t.tv_sec = (time_t)(at / SECOND);
	t.tv_nsec = (long)(at % SECOND);
	if (ppoll(p, 3, next_time(&ways[0]) == NEVER && other == NEVER ?
	    NULL : &t, NULL) < 0 && errno != EINTR)
		die("ppoll");
	now = now_ns();
	for (i = 0; i < 2; i++) {
		if (p[i].revents & POLLIN)
			take_in(&ways[i], now);
		leave_queue(&ways[i], now);
		arrive(&ways[i], now);
	}
	if (p[2].revents != 0)
		read_commands();
}

int
main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 1 };
	size_t i, n;

	if (argc != 4) {
		fprintf(stderr, "usage: packetlink NETNS NETNS DEVICE\n");
		return 2;
	}
	/* Wake when told to, not when the kernel finds it convenient; a wire
	 * waits for no processor, where that can be had (as root). */
	prctl(PR_SET_TIMERSLACK, 1);
	sched_setscheduler(0, SCHED_FIFO, &first);
	ways[0].from = ways[1].to = open_tun(argv[1], argv[3]);
	ways[1].from = ways[0].to = open_tun(argv[2], argv[3]);
	for (i = 0; i < 2; i++) {
		ways[i].last = &ways[i].first;
		for (n = 0; n < N_NAMES; n++)
			ways[i].set[n] = settings[n].at_first;
	}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		turn();
}
