/* connector/base/hs.h - the shape of every handshake: a pure machine. */
#ifndef AL_BASE_HS_H
#define AL_BASE_HS_H

#include "connector/base/buf.h"
#include "connector/base/err.h"

enum al_hs {
	AL_HS_MORE,	/* flush out, then step again with more in          */
	AL_HS_NEED,	/* a token from outside (Kerberos), then step again */
	AL_HS_DONE,	/* flush out; what is left in "in" is not ours      */
	AL_HS_REDIAL,	/* the peer wants this again on a fresh connection  */
	AL_HS_FAIL	/* *err says why; call free and nothing else        */
};

/*
 * step consumes from in, appends to out and never touches anything else.
 * Bytes behind the machine's last byte stay in "in": they belong to the next
 * layer.  eof, when given, tells the machine that the peer has closed and no
 * byte is left that it has not seen; it answers DONE, REDIAL or FAIL.  A
 * machine without eof fails with "closed the connection during ...".
 */
struct al_hs_ops {
	const char	*name;		/* "http CONNECT": for error texts */
	enum al_hs	(*step)(void *m, struct al_buf *in,
			    struct al_buf *out, struct al_err *err);
	enum al_hs	(*eof)(void *m, struct al_buf *in,
			    struct al_err *err);
	void		(*free)(void *m);
};

/* A machine and its operations, passed around together; free takes both. */
struct al_machine {
	const struct al_hs_ops	*ops;
	void			*m;
};

#endif
