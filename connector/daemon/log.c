/* connector/daemon/log.c - the one writer of logs: text or JSON, redacted. */
#include "connector/daemon/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connector/base/buf.h"
#include "connector/base/str.h"
#include "connector/daemon/redact.h"

#define LINE_MAX_LEN	8192
#define MESSAGE_MAX	4096
#define FOLD_S		60

enum place { IN_FILE, IN_JOURNAL, IN_TERMINAL };

static struct {
	int		 fd;
	enum al_log_format format;
	enum al_log_level level;
	enum place	 place;
	/* the last line: what was said, without its time */
	char		*last;
	enum al_log_level last_level;
	unsigned	 repeats;
	time_t		 since;		/* monotonic, of the first */
} lg = { .fd = STDERR_FILENO, .level = AL_LOG_INFO };

static const char *
level_name(enum al_log_level level)
{
	static const char *const names[] = { [AL_LOG_ERROR] = "error",
	    [AL_LOG_WARN] = "warning", [AL_LOG_NOTICE] = "notice",
	    [AL_LOG_INFO] = "info", [AL_LOG_DEBUG] = "debug" };

	return names[level];
}

/* JOURNAL_STREAM is "device:inode" of the socket that the journal reads. */
static enum place
place_of(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (stream != NULL && fstat(fd, &st) == 0) {
		(void)snprintf(mine, sizeof(mine), "%ju:%ju",
		    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
		if (strcmp(stream, mine) == 0)
			return IN_JOURNAL;
	}
	return isatty(fd) ? IN_TERMINAL : IN_FILE;
}

void
al_log_init(int fd, enum al_log_format format, enum al_log_level level)
{
	lg.fd = fd;
	lg.place = place_of(fd);
	al_log_set(format, level);
}

void
al_log_set(enum al_log_format format, enum al_log_level level)
{
	al_log_flush();
	lg.format = format;
	lg.level = level;
}

int
al_log_wants(enum al_log_level level)
{
	return level <= lg.level;
}

static time_t
monotonic(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

const char *
al_log_time(char out[static AL_LOG_TIME])
{
	struct timespec ts = { 0, 0 };
	struct tm tm;
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	n = strftime(out, AL_LOG_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out + n, AL_LOG_TIME - n, ".%03ldZ",
	    ts.tv_nsec / 1000000);
	return out;
}

/* "03:04:05" for who sits in front of it. */
static const char *
local_time(char out[static AL_LOG_TIME])
{
	time_t now = time(NULL);
	struct tm tm;

	(void)localtime_r(&now, &tm);
	(void)strftime(out, AL_LOG_TIME, "%H:%M:%S", &tm);
	return out;
}

/* Lines whole or not at all: one write each. */
static void
write_line(const char *head, const char *body, const char *tail)
{
	size_t len = strlen(head) + strlen(body) + strlen(tail) + 1, done = 0;
	char *line = malloc(len + 1);

	if (line == NULL)
		return;
	(void)snprintf(line, len + 1, "%s%s%s\n", head, body, tail);
	while (done < len) {
		ssize_t n = write(lg.fd, line + done, len - done);

		if (n <= 0)
			break;		/* nobody to tell */
		done += (size_t)n;
	}
	free(line);
}

/* body: text, or the inside of a JSON object behind "ts". */
static void
emit(enum al_log_level level, const char *body)
{
	char head[80], ts[AL_LOG_TIME];

	if (lg.format == AL_LOG_JSON) {
		(void)snprintf(head, sizeof(head), "{\"ts\":\"%s\",",
		    al_log_time(ts));
		write_line(head, body, "}");
		return;
	}
	if (lg.place == IN_JOURNAL)
		(void)snprintf(head, sizeof(head), "<%d>", (int)level);
	else
		(void)snprintf(head, sizeof(head), "%s %s: ",
		    lg.place == IN_TERMINAL ? local_time(ts) : al_log_time(ts),
		    level_name(level));
	write_line(head, body, "");
}

void
al_log_flush(void)
{
	char text[160];

	if (lg.repeats > 0 && lg.format == AL_LOG_JSON) {
		(void)snprintf(text, sizeof(text), "\"level\":\"%s\","
		    "\"event\":\"repeated\",\"count\":%u,\"message\":"
		    "\"the last message was repeated %u times\"",
		    level_name(lg.last_level), lg.repeats, lg.repeats);
		emit(lg.last_level, text);
	} else if (lg.repeats > 0) {
		(void)snprintf(text, sizeof(text), "repeated: the last "
		    "message was repeated %u times", lg.repeats);
		emit(lg.last_level, text);
	}
	lg.repeats = 0;
	free(lg.last);
	lg.last = NULL;
}

char *
al_log_safe(const char *text)
{
	size_t len = strlen(text);
	char *redacted = al_redact_bytes(text, len), *out;

	if (redacted == NULL)
		return NULL;
	len = strlen(redacted);
	out = malloc(len + 4);
	if (out != NULL)
		(void)al_str_clean(out, len + 4, redacted, len);
	free(redacted);
	return out;
}

static bool
is_plain(const char *text)
{
	return text[0] != '\0' && strpbrk(text, " \"=") == NULL;
}

static enum al_code
put_text(struct al_buf *b, const char *event,
    const struct al_log_field *f, const char *message)
{
	enum al_code code = al_buf_printf(b, "%s: %s", event, message);

	for (; f != NULL && f->name != NULL && code == AL_OK; f++) {
		char *safe = NULL;

		if (f->type == AL_LOG_F_NUMBER) {
			code = al_buf_printf(b, " %s=%" PRIu64, f->name,
			    f->number);
			continue;
		}
		if (f->text == NULL)
			continue;
		safe = al_log_safe(f->text);
		if (safe == NULL)
			return AL_ENOMEM;
		code = al_buf_printf(b, is_plain(safe) ? " %s=%s" :
		    " %s=\"%s\"", f->name, safe);
		free(safe);
	}
	return code;
}

int
al_log_put_json(json_t *o, const struct al_log_field *f)
{
	char *safe;
	int bad;

	if (f->type == AL_LOG_F_NUMBER)
		return json_object_set_new(o, f->name,
		    json_integer((json_int_t)f->number));
	if (f->text == NULL)
		return 0;
	safe = al_log_safe(f->text);
	if (safe == NULL)
		return -1;
	bad = json_object_set_new(o, f->name, json_string(safe));
	free(safe);
	return bad;
}

/* The members without the braces. */
static enum al_code
put_json(struct al_buf *b, enum al_log_level level, const char *event,
    const struct al_log_field *f, const char *message)
{
	json_t *o = json_pack("{ss ss}", "level", level_name(level),
	    "event", event);
	char *text = NULL;
	enum al_code code = AL_ENOMEM;
	size_t len;

	if (o == NULL)
		return AL_ENOMEM;
	for (; f != NULL && f->name != NULL; f++)
		if (al_log_put_json(o, f) != 0)
			goto out;
	if (json_object_set_new(o, "message", json_string(message)) != 0)
		goto out;
	text = json_dumps(o, JSON_COMPACT);
	if (text == NULL)
		goto out;
	len = strlen(text);
	code = al_buf_put(b, text + 1, len - 2);
out:
	free(text);
	json_decref(o);
	return code;
}

/* Write body, or count it if it is the last one again; takes body. */
static void
fold(enum al_log_level level, char *body)
{
	time_t now = monotonic();

	if (lg.last != NULL && lg.last_level == level &&
	    strcmp(lg.last, body) == 0) {
		lg.repeats++;
		free(body);
		if (now - lg.since >= FOLD_S) {
			body = lg.last;
			lg.last = NULL;
			al_log_flush();
			lg.last = body;
			lg.since = now;
		}
		return;
	}
	al_log_flush();
	emit(level, body);
	lg.last = body;
	lg.last_level = level;
	lg.since = now;
}

void
al_log(enum al_log_level level, const char *event,
    const struct al_log_field *fields, const char *fmt, ...)
{
	char *message = NULL, *safe;
	struct al_buf b;
	enum al_code code;
	va_list ap;

	if (!al_log_wants(level))
		return;
	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	/* redacted before it is cut: half a secret is not recognised */
	safe = message != NULL ? al_log_safe(message) : NULL;
	al_str_free_secret(message);
	if (safe == NULL)
		return;
	if (strlen(safe) > MESSAGE_MAX)
		memcpy(safe + MESSAGE_MAX - 3, "...", 4);
	al_buf_init(&b, LINE_MAX_LEN);
	code = lg.format == AL_LOG_JSON ?
	    put_json(&b, level, event, fields, safe) :
	    put_text(&b, event, fields, safe);
	/* a line that is too long goes without its fields */
	if (code == AL_ELIMIT) {
		al_buf_drain(&b, al_buf_len(&b));
		code = lg.format == AL_LOG_JSON ?
		    put_json(&b, level, event, NULL, safe) :
		    put_text(&b, event, NULL, safe);
	}
	free(safe);
	if (code == AL_OK) {
		char *body = al_str_dup(al_buf_head(&b), al_buf_len(&b));

		if (body != NULL)
			fold(level, body);
	}
	al_buf_fini(&b);
}

void
al_log_err(enum al_log_level level, const char *event,
    const struct al_err *err)
{
	al_log(level, event, AL_FIELDS(AL_STR("stage",
	    al_stage_name(err->stage)), AL_STR("code",
	    al_code_name(err->code))), "%s", err->text);
}
