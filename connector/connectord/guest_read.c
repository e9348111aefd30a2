/* connector/connectord/guest_read.c - where does a local connection want to go? */
#include "connector/connectord/guest_int.h"

#include <string.h>

#include "connector/connectord/outcome.h"

/* --- TLS: look at the ClientHello, and leave it where it is --------------- */
static enum al_hs
hello_step(void *arg, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	struct al_guest *g = arg;
	struct al_client_hello h;

	(void)out;
	switch (al_client_hello_parse(al_buf_head(in), al_buf_len(in), &h,
	    err)) {
	case AL_OK:
		memcpy(g->host, h.sni, sizeof(g->host));
		return AL_HS_DONE;
	case AL_AGAIN:
		return AL_HS_MORE;
	default:
		return AL_HS_FAIL;
	}
}

/* --- CONNECT and SOCKS ---------------------------------------------------- */
static enum al_hs
request_step(void *arg, struct al_buf *in, struct al_buf *out,
    struct al_err *err)
{
	struct al_guest *g = arg;
	enum al_hs r = al_listen_step(&g->request, in, out, err);

	if (r == AL_HS_FAIL) {
		/* out says so: let it be sent */
		g->misspoke = true;
		g->err = *err;
		return AL_HS_DONE;
	}
	return r;
}

static enum al_hs
request_eof(void *arg, struct al_buf *in, struct al_err *err)
{
	const struct al_guest *g = arg;

	(void)in;
	al_listen_eof(&g->request, err);
	return AL_HS_FAIL;
}

/* The guest is not the machine's to free. */
static void
keep(void *arg)
{
	(void)arg;
}

static const struct al_hs_ops hello_ops = {
	.name = "the ClientHello of a local program",
	.step = hello_step,
	.free = keep,
};

static const struct al_hs_ops request_ops = {
	.name = "the request of a local program",
	.step = request_step,
	.eof = request_eof,
	.free = keep,
};

/* --- what came out -------------------------------------------------------- */
static void
go_by_sni(struct al_guest *g)
{
	if (g->host[0] == '\0') {
		al_guest_refuse(g, AL_CHAN_BAD_REQUEST,
		    "its ClientHello names no server");
		return;
	}
	g->port_nr = al_names_port(&g->site->names, g->host);
	if (g->port_nr == 0)
		al_guest_refuse(g, AL_CHAN_DENIED, "the name in its "
		    "ClientHello is not on the list of those that are carried");
	else
		al_guest_go(g);
}

static void
go_by_request(struct al_guest *g)
{
	if (g->misspoke) {
		al_guest_refuse(g, AL_CHAN_BAD_REQUEST, g->err.text);
		return;
	}
	memcpy(g->host, g->request.host, sizeof(g->host));
	g->port_nr = g->request.port;
	if (al_names_has(&g->site->names, g->host, g->port_nr))
		al_guest_go(g);
	else
		al_guest_refuse(g, AL_CHAN_DENIED,
		    "it is not on the list of hosts that are carried");
}

static void
on_read(void *arg, struct al_stream *s, unsigned route,
    const struct al_err *err)
{
	struct al_guest *g = arg;

	(void)route;
	g->dial = NULL;
	if (err != NULL) {
		al_guest_refuse(g, al_outcome_code(err), err->text);
		return;
	}
	g->local = s;
	if (g->door->kind == AL_DOOR_TLS)
		go_by_sni(g);
	else
		go_by_request(g);
}

void
al_guest_read(struct al_guest *g)
{
	const struct al_machine m = { .m = g, .ops =
	    g->door->kind == AL_DOOR_TLS ? &hello_ops : &request_ops };
	struct al_stream *s = g->local;
	struct al_err err;

	g->local = NULL;
	g->dial = al_handshake_start(g->gs->o.loop, s, m, AL_GUEST_FIRST_MS,
	    on_read, g, &err);
	if (g->dial == NULL)
		al_guest_refuse(g, al_outcome_code(&err), err.text);
}
