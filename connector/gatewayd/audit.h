/* connector/gatewayd/audit.h - the audit file: one JSON object a line. */
#ifndef AL_GATEWAYD_AUDIT_H
#define AL_GATEWAYD_AUDIT_H

#include <stdint.h>

#include "connector/base/err.h"
#include "connector/daemon/log.h"

struct al_audit;

/* Appends to path (0600, made if it is not there); NULL: no file, and every
 * call does nothing. */
struct al_audit *al_audit_new(const char *path, struct al_err *err);
void al_audit_free(struct al_audit *a);
/* After it was moved away (logrotate); on failure the old one stays. */
enum al_code al_audit_reopen(struct al_audit *a, struct al_err *err)
    AL_MUST_CHECK;

/*
 * {"ts":"2026-01-02T03:04:05.678Z","event":"channel-end", fields ...}
 *
 * Events: session-start, session-end, channel-start, channel-end, refusal,
 * auth-failure.  Fields that have their meaning everywhere: principal, role,
 * peer (address), session, channel, kind, server, target, bytes_up, bytes_down
 * (from and to the opener), duration_ms, code, reason.  Texts pass the log's
 * redaction.  A line is written at once and whole; what can't be written is
 * counted, said in the log, and again in the next line that can
 * ("lost": number).
 */
void al_audit_write(struct al_audit *a, const char *event,
    const struct al_log_field *fields);

#endif
