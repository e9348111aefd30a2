/* alpacon/error.h - what went wrong, where, and in which words. */
#ifndef ALPACON_ERROR_H
#define ALPACON_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* One code per reaction of the caller. */
enum alpacon_code {
	ALPACON_OK,
	ALPACON_AGAIN,		/* never in an alpacon_err                    */
	ALPACON_EOF,		/* closed in order                            */
	ALPACON_EPROTO,		/* the peer broke its protocol                */
	ALPACON_EREFUSED,	/* the peer understood, and said no           */
	ALPACON_EAUTH,		/* credentials are missing or were refused    */
	ALPACON_ETIMEOUT,
	ALPACON_ENET,		/* connect, reset, unreachable                */
	ALPACON_ENAME,		/* a name does not resolve                    */
	ALPACON_ELIMIT,		/* a limit of ours was reached                */
	ALPACON_ENOMEM,
	ALPACON_EUSAGE		/* the caller's arguments are wrong           */
};

/* The step on the way to the host in which it happened. */
enum alpacon_stage {
	ALPACON_AT_NONE,
	ALPACON_AT_CONFIG,
	ALPACON_AT_PAC,
	ALPACON_AT_DNS,
	ALPACON_AT_TCP,
	ALPACON_AT_PROXY,
	ALPACON_AT_TLS,
	ALPACON_AT_HTTP,
	ALPACON_AT_WS,
	ALPACON_AT_SESSION,
	ALPACON_AT_CHANNEL,
	ALPACON_AT_LOCAL
};

/*
 * Plain data: copy it, never free it.  Holds no secret.  Functions take a
 * pointer to one, or NULL, and fill it when they fail.
 */
struct alpacon_err {
	enum alpacon_code	code;
	enum alpacon_stage	stage;
	int			sys;	/* errno, or 0                        */
	int			status;	/* HTTP status, SOCKS reply, channel
					 * code; 0: the peer said nothing     */
	int			cause;	/* NC-nnn of alpacon-netcheck, or 0   */
	char			text[400];	/* a sentence, without stage  */
};

/* "proxy", "tls", ...: static, never NULL. */
const char *alpacon_stage_name(enum alpacon_stage stage);

#ifdef __cplusplus
}
#endif
#endif
