/* connector/connectord/site.h - what one reading of the settings gives. */
#ifndef AL_CONNECTORD_SITE_H
#define AL_CONNECTORD_SITE_H

#include <stdbool.h>

#include "connector/base/addr.h"
#include "connector/base/err.h"
#include "connector/connectord/names.h"
#include "connector/connectord/policy.h"

struct al_workspace;
struct al_conf;

enum al_mode {
	AL_MODE_AUTO,		/* mux where our gateway answers, else direct */
	AL_MODE_MUX,
	AL_MODE_DIRECT
};

enum al_door_kind {
	AL_DOOR_FORWARD,	/* to one host and port            */
	AL_DOOR_TLS,		/* where the ClientHello says      */
	AL_DOOR_PROXY		/* where CONNECT or SOCKS asks for */
};

/* A way in: a local listener and where it leads. */
struct al_door {
	enum al_door_kind	 kind;
	char			*name;		/* "forward db", "proxy"      */
	struct al_addr		 listen;
	char			 host[AL_HOST_MAX + 1];	/* of a forward       */
	uint16_t		 port;
};

/*
 * Whole and immutable, and shared by what was begun with it: an attempt, a
 * connection.  A reload makes a new one.
 */
struct al_site {
	unsigned		 refs;
	struct al_workspace	*workspace;
	char			*authorization;	/* the header's value: a secret */
	enum al_mode		 mode;
	struct al_names		 names;		/* carried for the agent  */
	struct al_policy	 targets;	/* the gateway may ask for */
	unsigned		 resolve_flags;	/* for the names          */
	struct al_door		*doors;
	size_t			 n_doors;
	size_t			 connections_max;	/* local ones     */
	uint64_t		 link_max_age_ms;	/* 0: no limit    */
	uint64_t		 proxy_retry_ms;	/* of the preferred one */
	uint32_t		 keepalive_ms;
	char			*state_dir;	/* NULL: nothing is kept  */
};

/* EUSAGE or EAUTH, stage config, with file:line. */
struct al_site *al_site_new(const struct al_conf *c,
    struct al_err *err);
struct al_site *al_site_hold(struct al_site *s);
void al_site_release(struct al_site *s);	/* NULL is fine; wipes */

const char *al_mode_name(enum al_mode mode);

#endif
