/* connector/base/err.h - errors by value: code, stage, errno and a sentence. */
#ifndef AL_BASE_ERR_H
#define AL_BASE_ERR_H

#define AL_MUST_CHECK	__attribute__((warn_unused_result))
#define AL_PRINTF(f, a)	__attribute__((format(printf, f, a)))

/* What a caller does about it: one code per reaction. */
enum al_code {
	AL_OK,
	AL_AGAIN,		/* not now; nothing has changed            */
	AL_EOF,			/* the peer has ended its direction        */
	AL_EPROTO,		/* the peer broke its protocol             */
	AL_EREFUSED,		/* the peer understood, and said no        */
	AL_EAUTH,		/* credentials are missing or were refused */
	AL_ETIMEOUT,
	AL_ENET,		/* connect, reset, unreachable             */
	AL_ENAME,		/* a name does not resolve                 */
	AL_ELIMIT,		/* a limit of ours was reached             */
	AL_ENOMEM,
	AL_EUSAGE		/* the caller's arguments are wrong        */
};

/* Where it happened: what the dialer decides on and netcheck prints. */
enum al_stage {
	AL_AT_NONE,
	AL_AT_CONFIG,
	AL_AT_PAC,
	AL_AT_DNS,
	AL_AT_TCP,
	AL_AT_PROXY,
	AL_AT_TLS,
	AL_AT_HTTP,
	AL_AT_WS,
	AL_AT_SESSION,
	AL_AT_CHANNEL,
	AL_AT_LOCAL
};

/*
 * Plain data: copy it, never free it.  Never holds a secret.  cause is the
 * number that netcheck prints as NC-nnn, filled where the failure is
 * detected; status is what the peer answered (an HTTP status, a SOCKS reply,
 * a channel code), 0 if it said nothing of the kind.
 */
struct al_err {
	enum al_code	code;
	enum al_stage	stage;
	int		sys;		/* errno, or 0 */
	int		status;
	int		cause;
	char		text[400];
};

/* Fill err and return code.  err is never NULL; status and cause are zeroed. */
enum al_code al_fail(struct al_err *err, enum al_code code,
    enum al_stage stage, int sys, const char *fmt, ...) AL_PRINTF(5, 6);

/* The same, with the peer's status and the cause code. */
enum al_code al_fail_as(struct al_err *err, enum al_code code,
    enum al_stage stage, int status, int cause, const char *fmt, ...)
    AL_PRINTF(6, 7);

/* Put "prefix: " in front of the sentence; what does not fit is cut. */
void al_err_prefix(struct al_err *err, const char *fmt, ...) AL_PRINTF(2, 3);

/* "proxy", "tls", ...: static, never NULL. */
const char *al_stage_name(enum al_stage stage);
const char *al_code_name(enum al_code code);

/* Out of memory in the given stage. */
enum al_code al_fail_nomem(struct al_err *err, enum al_stage stage);

#endif
