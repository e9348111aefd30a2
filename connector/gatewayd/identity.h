/* connector/gatewayd/identity.h - who may come: connectors and operators. */
#ifndef AL_GATEWAYD_IDENTITY_H
#define AL_GATEWAYD_IDENTITY_H

#include <stdint.h>

#include "connector/base/err.h"
#include "connector/base/hash.h"

/*
 * Two files, one identity a line, '#' begins a comment.  They hold no secret,
 * only its SHA-256 in hex:
 *
 *	connectors:	ID NAME HASH	"ID" is what the agent calls itself,
 *					NAME what operators type as SERVER
 *	operators:	NAME HASH
 */
enum al_identity_kind {
	AL_IDENTITY_CONNECTOR,
	AL_IDENTITY_OPERATOR
};

#define AL_IDENTITY_NAME_MAX	127

struct al_identity {
	enum al_identity_kind	 kind;
	char			*id;	/* an operator's is its name    */
	char			*name;
	uint8_t			 hash[AL_SHA256_LEN];
	unsigned		 line;
};

/* Immutable: a reload makes new ones. */
struct al_identities;

/* A file that is not there holds nobody.  Errors: EUSAGE, "FILE:LINE: ...". */
struct al_identities *al_identities_load(const char *connectors_file,
    const char *operators_file, struct al_err *err);
void al_identities_free(struct al_identities *ids);

/*
 * By the value of an Authorization header: id="ID", key="KEY" (in any order),
 * and "Bearer TOKEN".  NULL: not known, or the secret is wrong; which of the
 * two takes the same time.
 */
const struct al_identity *al_identity_connector(
    const struct al_identities *ids, const char *authorization);
const struct al_identity *al_identity_operator(
    const struct al_identities *ids, const char *authorization);

/* NULL: not (or no longer) known. */
const struct al_identity *al_identity_find(const struct al_identities *ids,
    enum al_identity_kind kind, const char *id);
/* A connector by its name, whatever the case. */
const struct al_identity *al_identity_server(const struct al_identities *ids,
    const char *name);

/*
 * Add one to its file, whole or not at all, with a random secret of 256 bits
 * that exists nowhere else: show it once, then wipe n.  An id is made when
 * given none (NULL; operators: always NULL).  EUSAGE when the name is taken.
 */
struct al_new_identity {
	char	id[AL_IDENTITY_NAME_MAX + 1];
	char	secret[2 * 32 + 1];
};

enum al_code al_identity_add(const char *file, enum al_identity_kind kind,
    const char *id, const char *name, struct al_new_identity *n,
    struct al_err *err) AL_MUST_CHECK;

#endif
