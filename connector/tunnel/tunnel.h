/* connector/tunnel/tunnel.h - what the files of alpacon-tunnel share. */
#ifndef AL_TUNNEL_TUNNEL_H
#define AL_TUNNEL_TUNNEL_H

#include <stdbool.h>

#include "connector/base/addr.h"
#include "connector/daemon/conf.h"
#include "connector/daemon/exit.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"

#define PROGRAM		"alpacon-tunnel"
#define FORWARDS_MAX	64

/* One -L: listen there, reach target from SERVER. */
struct forward {
	const char	*spec;		/* as typed                        */
	struct al_addr	 listen;
	char		 target[AL_HOST_MAX + 10];	/* "host:port"     */
};

struct tunnel {
	struct al_conf		*conf;
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	const char		*server;
	struct forward		 forwards[FORWARDS_MAX];
	size_t			 n_forwards;
	const char		*stdio_target;	/* of -W; NULL: none       */
	unsigned		 verbose;
	bool			 json, tls;
	enum al_exit		 status;
	/* End the loop in order, in a moment; NULL: at once. */
	void			(*goodbye)(struct tunnel *t);
	void			*arg;		/* goodbye's               */
};

/* "[bind:]port:host:hostport", "[v6]" in brackets.  EUSAGE and a sentence. */
enum al_code forward_parse(struct forward *f, const char *spec,
    struct al_err *err) AL_MUST_CHECK;

/* A line on stderr: "alpacon-tunnel: ...". */
void say(const struct tunnel *t, const char *fmt, ...) AL_PRINTF(2, 3);
/* What the sources of proxies tell (workspace.h), when more is wanted. */
void note(void *arg, const char *event, const char *text);
/* End the loop with the exit code for err, after saying it. */
void stop(struct tunnel *t, const struct al_err *err);

/* The commands: they return when the loop has ended. */
enum al_exit run_forward(struct tunnel *t);
enum al_exit run_dial(struct tunnel *t, const char *target);
enum al_exit run_route(struct tunnel *t, const char *url);

#endif
