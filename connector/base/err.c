/* connector/base/err.c - filling and naming errors. */
#include "connector/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum al_code AL_PRINTF(5, 0)
vfail(struct al_err *err, enum al_code code, enum al_stage stage, int sys,
    const char *fmt, va_list ap)
{
	err->code = code;
	err->stage = stage;
	err->sys = sys;
	err->status = 0;
	err->cause = 0;
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	return code;
}

enum al_code
al_fail(struct al_err *err, enum al_code code, enum al_stage stage, int sys,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfail(err, code, stage, sys, fmt, ap);
	va_end(ap);
	return code;
}

enum al_code
al_fail_as(struct al_err *err, enum al_code code, enum al_stage stage,
    int status, int cause, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfail(err, code, stage, 0, fmt, ap);
	va_end(ap);
	err->status = status;
	err->cause = cause;
	return code;
}

void
al_err_prefix(struct al_err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	size_t n;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
}

const char *
al_stage_name(enum al_stage stage)
{
	static const char *const names[] = {
		[AL_AT_NONE] = "none", [AL_AT_CONFIG] = "config",
		[AL_AT_PAC] = "pac", [AL_AT_DNS] = "dns", [AL_AT_TCP] = "tcp",
		[AL_AT_PROXY] = "proxy", [AL_AT_TLS] = "tls",
		[AL_AT_HTTP] = "http", [AL_AT_WS] = "ws",
		[AL_AT_SESSION] = "session", [AL_AT_CHANNEL] = "channel",
		[AL_AT_LOCAL] = "local",
	};

	return names[stage];
}

const char *
al_code_name(enum al_code code)
{
	static const char *const names[] = {
		[AL_OK] = "ok", [AL_AGAIN] = "again", [AL_EOF] = "eof",
		[AL_EPROTO] = "protocol", [AL_EREFUSED] = "refused",
		[AL_EAUTH] = "auth", [AL_ETIMEOUT] = "timeout",
		[AL_ENET] = "network", [AL_ENAME] = "name",
		[AL_ELIMIT] = "limit", [AL_ENOMEM] = "memory",
		[AL_EUSAGE] = "usage",
	};

	return names[code];
}

enum al_code
al_fail_nomem(struct al_err *err, enum al_stage stage)
{
	return al_fail(err, AL_ENOMEM, stage, ENOMEM, "out of memory");
}
