/* proxy/socks5_gss.h - SOCKS5 with Kerberos: the part of RFC 1961. */
#ifndef AL_PROXY_SOCKS5_GSS_H
#define AL_PROXY_SOCKS5_GSS_H

#include <stdbool.h>

#include "connector/base/buf.h"
#include "connector/base/hs.h"
#include "proxy/proxy.h"

/* VER 1 | MTYP | LEN, a u16 | LEN bytes: all that is said, both ways. */
enum al_socks5_mtyp {
	AL_SOCKS5_TOKEN = 1,	/* of the context                        */
	AL_SOCKS5_LEVEL = 2,	/* a wrapped level of protection         */
	AL_SOCKS5_DATA = 3,	/* wrapped bytes                         */
	AL_SOCKS5_ABORT = 0xff	/* VER and MTYP only: the login is refused */
};
#define AL_SOCKS5_HEAD	4
#define AL_SOCKS5_TOKEN_MAX	65535

enum al_socks5_gss_state {
	G_FIRST,	/* a first token is needed                      */
	G_LEG,		/* the proxy's token is to come                 */
	G_STEP,		/* what Kerberos makes of it is needed          */
	G_LEVEL,	/* our wish, wrapped, is needed                 */
	G_CHOICE,	/* the proxy's choice is to come                */
	G_CHOSEN,	/* ... and needs to be unwrapped                */
	G_REQUEST,	/* the request, wrapped, is needed              */
	G_REPLY,	/* a wrapped reply is to come                   */
	G_REPLIED,	/* ... and needs to be unwrapped                */
	G_OPEN		/* bytes of the reply are in plain              */
};

struct al_socks5_gss {
	enum al_socks5_gss_state state;
	char		*host, *user, *password;
	const uint8_t	*request;	/* borrowed from init on       */
	size_t		 request_len;
	struct al_buf	 heard;		/* the proxy's last token      */
	struct al_buf	 plain;		/* unwrapped bytes of replies  */
	enum al_proxy_level level;	/* the wish, then the choice   */

	/* the answer of Kerberos */
	bool		 answered;
	struct al_buf	 given;
	unsigned	 flags;
	struct al_err	 denied;	/* code AL_OK: it was given    */
};

/* Copies what it takes of hop. */
enum al_code al_socks5_gss_init(struct al_socks5_gss *g,
    const struct al_hop *hop, const uint8_t *request, size_t len,
    struct al_err *err) AL_MUST_CHECK;
void al_socks5_gss_fini(struct al_socks5_gss *g);	/* wipes */

/* DONE: there are more bytes of the reply in plain.  Then, if these are not
 * all of it, al_socks5_gss_more and step again. */
enum al_hs al_socks5_gss_step(struct al_socks5_gss *g, struct al_buf *in,
    struct al_buf *out, struct al_err *err);
void al_socks5_gss_more(struct al_socks5_gss *g);

bool al_socks5_gss_need(const struct al_socks5_gss *g,
    struct al_proxy_need *need);
void al_socks5_gss_give(struct al_socks5_gss *g, const void *token,
    size_t len, unsigned flags);
void al_socks5_gss_deny(struct al_socks5_gss *g, const struct al_err *cause);

/* Kerberos failed before the proxy had any part in it. */
bool al_socks5_gss_is_hopeless(const struct al_socks5_gss *g);

/*
 * The first message in "in" of type mtyp: OK and its token, borrowed from in
 * (drain AL_SOCKS5_HEAD and len); AGAIN: not all of it is here; EAUTH: the
 * proxy refuses; EPROTO.
 */
enum al_code al_socks5_gss_heard(const struct al_buf *in,
    enum al_socks5_mtyp mtyp, const uint8_t **token, size_t *len,
    struct al_err *err) AL_MUST_CHECK;
/* Puts one; ELIMIT, ENOMEM. */
enum al_code al_socks5_gss_say(struct al_buf *out, enum al_socks5_mtyp mtyp,
    const void *token, size_t len, struct al_err *err) AL_MUST_CHECK;

#endif
