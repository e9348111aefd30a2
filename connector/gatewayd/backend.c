/* connector/gatewayd/backend.c - agent channels: on to the platform. */
#include "connector/gatewayd/backend.h"

#include <errno.h>
#include <string.h>

#include "connector/dial/dial.h"
#include "connector/gatewayd/peer.h"
#include "connector/session/port.h"
#include "connector/stream/tcp.h"

static uint16_t
code_of(const struct al_err *err)
{
	switch (err->code) {
	case AL_ENAME:
		return AL_CHAN_NAME;
	case AL_ETIMEOUT:
		return AL_CHAN_TIMEOUT;
	case AL_ELIMIT:
	case AL_ENOMEM:
		return AL_CHAN_LIMIT;
	default:
		return err->sys == ECONNREFUSED ? AL_CHAN_REFUSED :
		    AL_CHAN_UNREACHABLE;
	}
}

static void
on_end(void *arg, struct al_port *port, const struct al_port_end *end)
{
	(void)port;
	al_channel_end(arg, end->code, end->text, end->bytes_in,
	    end->bytes_out);
}

static const struct al_port_ops port_ops = { .on_end = on_end };

static void
on_dial(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_channel *ch = arg;
	struct al_port_opts o = { .rfd = -1 };
	struct al_err failed;

	(void)route;
	ch->dial = NULL;
	if (s == NULL) {
		al_channel_failed(ch, code_of(err), err->text);
		return;
	}
	o.rfd = o.wfd = al_tcp_release(s);	/* a direct dial: no more */
	al_tcp_set_local(o.rfd);
	ch->port = al_port_accept(ch->from->mux, ch->chan, NULL, &o,
	    &port_ops, ch, &failed);
	ch->chan = NULL;	/* accepted, or refused */
	if (ch->port == NULL)
		al_channel_failed(ch, AL_CHAN_LIMIT, failed.text);
	else
		al_channel_joined(ch);
}

enum al_code
al_backend_start(struct al_channel *ch, struct al_chan *c,
    struct al_err *err)
{
	struct al_gateway *gw = ch->from->gw;
	const struct al_dial_opts o = {
		.host = gw->set->backend_host, .port = gw->set->backend_port,
	};

	ch->chan = c;
	ch->dial = al_dial_start(gw->loop, gw->resolver, &o, on_dial, ch,
	    err);
	return ch->dial != NULL ? AL_OK : err->code;
}
