/* tests/lib/swarm.c - many connectors in one process, on the real client.
 *
 *	swarm PORT CA-FILE < identities
 *
 * Connects each of the identities ("ID KEY", one a line) to localhost:PORT
 * and keeps it up, as a connector does, until SIGTERM.  Tells
 * what happens, with the time of the monotonic clock in milliseconds:
 *
 *	1234567 begin 2000	so many have been started
 *	1234567 tls 17		a TLS handshake of the 17th has ended well
 *	1234567 up 17		its session is up
 *	1234567 lost 17		its connection is gone, the session waits
 *	1234567 resumed 17
 *	1234567 down 17 why	its session is gone, or was not to be had
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <event2/event.h>

#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/session/client.h"
#include "connector/stream/tls.h"

#define MAX	20000

struct bee {
	unsigned		 n;
	char			 authorization[256];
	struct al_client	*client;
};

static struct event_base *base;
static struct al_loop *loop;
static struct al_tls_ctx *tls;
static uint16_t port;
static struct bee *bees;
static unsigned n_bees;

static void
tell(const struct bee *b, const char *what, const struct al_err *why)
{
	(void)printf("%llu %s %u%s%s\n", (unsigned long long)al_now_ms(),
	    what, b->n, why != NULL ? " " : "", why != NULL ? why->text : "");
}

/* --- the client's calls --------------------------------------------------- */
static bool
on_target(void *arg, struct al_client_target *t, struct al_err *err)
{
	struct bee *b = arg;

	(void)err;
	*t = (struct al_client_target){
		.host = "localhost", .port = port, .path = "/ws/connector/",
		.authorization = b->authorization, .tls = tls,
		.user_agent = "alpacon-swarm",
	};
	return true;
}

static void
on_step(void *arg, const struct al_step *s)
{
	if (s->stage == AL_AT_TLS && s->state == AL_STEP_OK)
		tell(arg, "tls", NULL);
}

static void
on_up(void *arg, struct al_mux *m)
{
	(void)m;
	tell(arg, "up", NULL);
}

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	(void)retry_ms;
	tell(arg, "down", why);
}

static void
on_pong(void *arg, uint64_t rtt_us)
{
	(void)arg;
	(void)rtt_us;
}

static void
on_link(void *arg, enum al_lane what, const struct al_err *why,
    uint64_t retry_ms)
{
	(void)why;
	(void)retry_ms;
	if (what == AL_LANE_LOST)
		tell(arg, "lost", NULL);
	else if (what == AL_LANE_RESUMED || what == AL_LANE_SWITCHED)
		tell(arg, "resumed", NULL);
}

static const struct al_client_ops client_ops = {
	.on_target = on_target, .on_step = on_step, .on_up = on_up,
	.on_down = on_down, .on_pong = on_pong, .on_link = on_link,
};

/* --- start and end -------------------------------------------------------- */
static void
fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "swarm: %s: %s\n", what, why);
	exit(1);
}

/* A connection each, and a few more while they dial. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		fail("getrlimit", strerror(errno));
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		fail("setrlimit", strerror(errno));
}

static void
read_identities(void)
{
	char id[100], key[100];

	bees = calloc(MAX, sizeof(*bees));
	if (bees == NULL)
		fail("identities", "no memory");
	while (n_bees < MAX && scanf("%99s %99s", id, key) == 2) {
		(void)snprintf(bees[n_bees].authorization,
		    sizeof(bees[n_bees].authorization),
		    "id=\"%s\", key=\"%s\"", id, key);
		bees[n_bees].n = n_bees;
		n_bees++;
	}
}

static void
start(struct al_resolver *resolver)
{
	const struct al_client_opts o = { .session.software = "swarm" };
	struct al_err err;
	unsigned i;

	for (i = 0; i < n_bees; i++) {
		bees[i].client = al_client_start(loop, resolver, &o,
		    &client_ops, &bees[i], &err);
		if (bees[i].client == NULL)
			fail("client", err.text);
	}
	(void)printf("%llu begin %u\n", (unsigned long long)al_now_ms(),
	    n_bees);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	(void)arg;
	(void)event_base_loopbreak(base);
}

int
main(int argc, char **argv)
{
	const struct al_resolver_opts none = { .servers = NULL };
	struct al_tls_opts o = { .ca_file = NULL };
	struct al_resolver *resolver;
	struct event *term;
	struct al_err err;
	unsigned i;

	if (argc != 3)
		fail("usage", "swarm PORT CA-FILE < identities");
	port = (uint16_t)atoi(argv[1]);
	o.ca_file = argv[2];
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	raise_limit();
	base = event_base_new();
	loop = base != NULL ? al_loop_new(base, &err) : NULL;
	tls = loop != NULL ? al_tls_client_new(&o, &err) : NULL;
	resolver = tls != NULL ? al_resolver_new(loop, &none, &err) : NULL;
	if (resolver == NULL)
		fail("start", base != NULL ? err.text : "no memory");
	read_identities();
	term = evsignal_new(base, SIGTERM, on_signal, NULL);
	(void)evsignal_add(term, NULL);
	start(resolver);
	(void)event_base_dispatch(base);
	for (i = 0; i < n_bees; i++)
		al_client_free(bees[i].client);
	al_resolver_free(resolver);
	al_tls_ctx_free(tls);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	al_loop_free(loop);
	event_free(term);
	event_base_free(base);
	free(bees);
	return 0;
}
