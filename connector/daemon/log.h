/* connector/daemon/log.h - the one writer of logs: text or JSON, redacted. */
#ifndef AL_DAEMON_LOG_H
#define AL_DAEMON_LOG_H

#include <stdint.h>

#include "connector/base/err.h"

struct json_t;

/* syslog's numbers, as the journal's <N> wants them. */
enum al_log_level {
	AL_LOG_ERROR = 3,
	AL_LOG_WARN = 4,
	AL_LOG_NOTICE = 5,
	AL_LOG_INFO = 6,
	AL_LOG_DEBUG = 7
};

enum al_log_format {
	AL_LOG_TEXT,		/* with <N> for the journal, with a time else */
	AL_LOG_JSON		/* one object a line                          */
};

/* session, channel, peer and code have their meaning everywhere; other names
 * are free.  A NULL text leaves the field out. */
struct al_log_field {
	const char	*name;		/* NULL: the last     */
	const char	*text;		/* or the number      */
	uint64_t	 number;
	enum { AL_LOG_F_TEXT, AL_LOG_F_NUMBER } type;
};

#define AL_STR(n, s)	{ .name = (n), .text = (s), .type = AL_LOG_F_TEXT }
#define AL_NUM(n, v)	{ .name = (n), .number = (uint64_t)(v), \
			    .type = AL_LOG_F_NUMBER }
#define AL_FIELDS(...)	((const struct al_log_field[]){ __VA_ARGS__, \
			    { .name = NULL } })

/*
 * One log a process; fd is borrowed (2 before al_log_init).  Lines above level
 * are dropped.  Under the journal (JOURNAL_STREAM names fd) and on a terminal
 * the text form adapts itself.
 */
void al_log_init(int fd, enum al_log_format format, enum al_log_level level);
void al_log_set(enum al_log_format format, enum al_log_level level);
int al_log_wants(enum al_log_level level);

/*
 *	al_log(AL_LOG_INFO, "link-end", AL_FIELDS(AL_STR("session", id),
 *	    AL_NUM("bytes", n)), "the link ended: %s", err.text);
 *
 * event is one word that programs can look for; fields may be NULL.  The same
 * line again is counted, not written; "... repeated N times" follows before
 * the next other line, after a minute, or with al_log_flush.
 */
void al_log(enum al_log_level level, const char *event,
    const struct al_log_field *fields, const char *fmt, ...) AL_PRINTF(4, 5);
/* The sentence of err, its stage and code as fields. */
void al_log_err(enum al_log_level level, const char *event,
    const struct al_err *err);
void al_log_flush(void);

/* --- for other writers of lines (audit) -------------------------------------- */
#define AL_LOG_TIME	32
/* "2026-01-02T03:04:05.678Z" of now; returns out. */
const char *al_log_time(char out[static AL_LOG_TIME]);
/* text without secrets, fit for one printable line; NULL: no memory. */
char *al_log_safe(const char *text);
/* f as a member of the object o, its text made safe; -1: no memory. */
int al_log_put_json(struct json_t *o, const struct al_log_field *f);

#endif
