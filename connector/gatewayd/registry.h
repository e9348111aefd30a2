/* connector/gatewayd/registry.h - who is here: principals and their routes. */
#ifndef AL_GATEWAYD_REGISTRY_H
#define AL_GATEWAYD_REGISTRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "connector/base/err.h"
#include "connector/gatewayd/identity.h"
#include "connector/gatewayd/limit.h"

struct al_peer;
struct al_registry;

/* An identity that has sessions now.  Lives as long as somebody holds it. */
struct al_principal {
	struct al_principal	*next;		/* in its row of the table    */
	struct al_registry	*registry;
	unsigned		 refs;
	enum al_identity_kind	 kind;
	char			*id, *name;
	LIST_HEAD(, al_peer)	 peers;		/* all of its sessions        */
	struct al_peer		*route;		/* a connector's session that
						 * takes OPENs; NULL: offline */
	struct al_bucket	 failed;	/* opens that came to nothing */
};

struct al_registry *al_registry_new(struct al_err *err);
/* Nobody holds a principal any more. */
void al_registry_free(struct al_registry *r);

/* Hold the principal of an identity; it is made when it is not there. */
struct al_principal *al_principal_hold(struct al_registry *r,
    enum al_identity_kind kind, const char *id, const char *name,
    struct al_err *err);
void al_principal_drop(struct al_principal *p);
/* Only if it is there; not held. */
struct al_principal *al_registry_find(struct al_registry *r,
    enum al_identity_kind kind, const char *id);

#endif
