/* connector/gsshelper/context.h - one security context of an initiator. */
#ifndef AL_GSSHELPER_CONTEXT_H
#define AL_GSSHELPER_CONTEXT_H

#include "connector/gsshelper/creds.h"

struct context {
	struct creds	 creds;
	gss_cred_id_t	 cred;
	gss_ctx_id_t	 ctx;
	gss_name_t	 target;	/* none: not started */
	gss_OID		 mech;
	bool		 done;
	OM_uint32	 flags;		/* what it can do, GSS_C_*_FLAG */
	uint8_t		 bindings[AL_GSS_TEXT_MAX];
	size_t		 bindings_len;
};

/* c is zeroed.  out is the token to send: gss_release_buffer. */
bool context_start(struct context *c, const struct request *r,
    gss_buffer_t out, struct failure *f);
bool context_step(struct context *c, gss_buffer_t token, gss_buffer_t out,
    struct failure *f);

/* Both only when it is done; sealed: encrypted. */
bool context_wrap(struct context *c, bool seal, gss_buffer_t in,
    gss_buffer_t out, struct failure *f);
bool context_unwrap(struct context *c, gss_buffer_t in, gss_buffer_t out,
    bool *sealed, struct failure *f);

void context_fini(struct context *c);

#endif
