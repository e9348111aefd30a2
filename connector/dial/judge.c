/* connector/dial/judge.c - what a failed alternative means for the others. */
#include "connector/dial/judge.h"

#include <stdio.h>
#include <string.h>

const char *
al_hostport_format(char buf[static AL_HOSTPORT_TEXT], const char *host,
    uint16_t port)
{
	int v6 = strchr(host, ':') != NULL && host[0] != '[';

	(void)snprintf(buf, AL_HOSTPORT_TEXT, "%s%s%s:%u", v6 ? "[" : "",
	    host, v6 ? "]" : "", (unsigned)port);
	return buf;
}

void
al_judge_locate(struct al_err *err, const struct al_chain *chain,
    const struct al_plan_step *step)
{
	char via[200], text[AL_HOSTPORT_TEXT];
	size_t i, len = 0;

	if (chain->n == 0) {
		/* Others name the host themselves. */
		if (err->stage == AL_AT_TCP)
			al_err_prefix(err, "%s", al_hostport_format(text,
			    step->host, step->port));
		if (err->stage == AL_AT_TCP && err->cause == 0)
			err->cause = 110;
		return;
	}
	if (err->stage == AL_AT_TCP && err->cause == 0)
		err->cause = 120;
	for (i = 0; i < chain->n && i <= step->hop && len < sizeof(via); i++)
		len += (size_t)snprintf(via + len, sizeof(via) - len, "%s%s",
		    i > 0 ? ", " : "", al_hostport_format(text,
		    chain->hops[i].host, chain->hops[i].port));
	al_err_prefix(err, "via %s", via);
}

int
al_judge_is_final(const struct al_err *err, const struct al_chain *chain,
    const struct al_plan_step *step)
{
	if (err->code == AL_ENOMEM)
		return 1;
	switch (step->layer) {
	case AL_LAYER_TCP:
		/* Of a direct connection: our own policy says no. */
		return err->code == AL_EREFUSED;
	case AL_LAYER_PROXY:
		return err->code == AL_EAUTH || err->code == AL_EREFUSED;
	case AL_LAYER_TLS:
		break;
	}
	/* A proxy that refuses our certificate, which TLS 1.3 says only when
	 * it is asked for something, refuses a login. */
	if (step->hop < chain->n)
		return err->code == AL_EAUTH;
	/* A broken tunnel may be the proxy's fault, a certificate is not. */
	return err->code != AL_ENET && err->code != AL_ETIMEOUT;
}

/* The farther it came, the more it tells. */
static int
rank(const struct al_err *err)
{
	int answered = err->status != 0;

	switch (err->stage) {
	case AL_AT_TLS:
		return 50;
	case AL_AT_PROXY:
		return 40 + answered;
	case AL_AT_TCP:
		return 30;
	case AL_AT_DNS:
		return 20;
	default:
		return 10;
	}
}

void
al_judge_sum_up(const struct al_err *all, size_t n, struct al_err *err)
{
	const struct al_err *best = all;
	size_t i, len;

	for (i = 1; i < n; i++)
		if (rank(&all[i]) > rank(best))
			best = &all[i];
	*err = *best;
	for (i = 0; i < n; i++) {
		if (&all[i] == best || strcmp(all[i].text, best->text) == 0)
			continue;
		len = strlen(err->text);
		(void)snprintf(err->text + len, sizeof(err->text) - len,
		    "; %s", all[i].text);
	}
}
