/* connector/netcheck/session.c - a session as a probe: tunnel.auth, .ping. */
#include <stdlib.h>
#include <string.h>

#include "connector/loop/loop.h"
#include "connector/netcheck/netcheck.h"

/* --- round trips ---------------------------------------------------------- */
static double
in_ms(uint64_t us)
{
	return (double)us / 1000;
}

/* Jitter: how far a round trip is from the one before, on average. */
static void
measured(struct netcheck *n)
{
	uint64_t min = UINT64_MAX, max = 0, sum = 0, jitter = 0, d;
	const uint64_t *v = n->rtt_us;
	char note[120];
	size_t i;

	for (i = 0; i < NETCHECK_ROUNDS; i++) {
		min = v[i] < min ? v[i] : min;
		max = v[i] > max ? v[i] : max;
		sum += v[i];
		if (i == 0)
			continue;
		d = v[i] > v[i - 1] ? v[i] - v[i - 1] : v[i - 1] - v[i];
		jitter += d;
	}
	(void)snprintf(note, sizeof(note), "min %.2f mean %.2f max %.2f "
	    "jitter %.2f ms", in_ms(min), in_ms(sum) / NETCHECK_ROUNDS,
	    in_ms(max), in_ms(jitter) / (NETCHECK_ROUNDS - 1));
	al_report_end(&n->report, AL_CHECK_TUNNEL_PING, AL_STATUS_PASS, note,
	    netcheck_now(n));
	netcheck_changed(n);
}

static void
ping(struct al_mux *m)
{
	(void)al_session_ping(al_mux_session(m), al_now_us());
	al_mux_kick(m);
}

static void
on_pong(void *arg, uint64_t rtt_us)
{
	struct netcheck *n = arg;

	if (n->pongs == NETCHECK_ROUNDS)
		return;
	n->rtt_us[n->pongs++] = rtt_us;
	if (n->pongs < NETCHECK_ROUNDS) {
		ping(al_client_mux(n->client));
		return;
	}
	measured(n);
	al_client_close(n->client, AL_CHAN_DONE, NULL);
}

/* --- the client's --------------------------------------------------------- */
static bool
on_target(void *arg, struct al_client_target *t, struct al_err *err)
{
	const struct netcheck *n = arg;

	(void)err;
	al_workspace_target(n->workspace, n->ws_path, n->authorization.text,
	    t);
	/* the way that the report shows */
	t->workspace = NULL;
	t->route = &n->choice.route;
	t->connect_ms = t->proxy_ms = t->tls_ms = n->step_ms;
	return true;
}

static void
on_step(void *arg, const struct al_step *s)
{
	struct netcheck *n = arg;

	netcheck_trace(n, s);
	if (n->report.is_open)
		netcheck_reach(n, NETCHECK_QUIET);
}

static void
on_up(void *arg, struct al_mux *m)
{
	struct netcheck *n = arg;

	al_report_begin(&n->report, AL_CHECK_TUNNEL_PING, n->report.host,
	    netcheck_now(n));
	netcheck_changed(n);
	ping(m);
}

static void
on_down(void *arg, const struct al_err *why, uint64_t retry_ms)
{
	struct netcheck *n = arg;

	(void)retry_ms;
	n->session_over = true;
	if (n->pongs < NETCHECK_ROUNDS)
		netcheck_failed(n, why);
	netcheck_part_over(n);
}

static const struct al_client_ops ops = {
	.on_target = on_target,
	.on_step = on_step,
	.on_up = on_up,
	.on_down = on_down,
	.on_pong = on_pong,
};

enum al_code
netcheck_session(struct netcheck *n, struct al_err *err)
{
	struct al_client_opts o = { .flags = AL_CLIENT_PROBE |
	    AL_CLIENT_ONCE };

	o.session.software = PROGRAM " " AL_VERSION;
	n->client = al_client_start(n->loop, n->resolver, &o, &ops, n, err);
	return n->client != NULL ? AL_OK : err->code;
}

void
netcheck_session_free(struct netcheck *n)
{
	al_client_free(n->client);
	n->client = NULL;
}
