/* connector/wire/http1_write.c - heads of HTTP/1, written whole or not. */
#include <stdio.h>
#include <string.h>

#include "connector/wire/http1.h"

static enum al_code
refuse(enum al_stage stage, struct al_err *err, const char *what)
{
	return al_fail(err, AL_EUSAGE, stage, 0,
	    "a line break or blank where none may be: %s", what);
}

/* out back to len bytes, then the reason why. */
static enum al_code
undo(struct al_buf *out, size_t len, enum al_code code, enum al_stage stage,
    struct al_err *err)
{
	out->end = out->start + len;
	if (code == AL_ELIMIT)
		return al_fail(err, AL_ELIMIT, stage, 0,
		    "no room for the HTTP head");
	return al_fail_nomem(err, stage);
}

static enum al_code
check(const struct al_http1_field *f, size_t n, enum al_stage stage,
    struct al_err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (f[i].value == NULL)
			continue;
		if (f[i].name[0] == '\0' ||
		    strpbrk(f[i].name, "\r\n\t :") != NULL)
			return refuse(stage, err, "a field's name");
		if (strpbrk(f[i].value, "\r\n") != NULL)
			return refuse(stage, err, f[i].name);
	}
	return AL_OK;
}

static enum al_code
put_fields(struct al_buf *out, const struct al_http1_field *f, size_t n)
{
	enum al_code code = AL_OK;
	size_t i;

	for (i = 0; i < n && code == AL_OK; i++)
		if (f[i].value != NULL)
			code = al_buf_printf(out, "%s: %s\r\n", f[i].name,
			    f[i].value);
	return code;
}

enum al_code
al_http1_put_request(struct al_buf *out, const char *method,
    const char *target, const struct al_http1_field *fields, size_t n,
    enum al_stage stage, struct al_err *err)
{
	size_t len = al_buf_len(out);
	enum al_code code;

	if (method[0] == '\0' || strpbrk(method, "\r\n\t ") != NULL)
		return refuse(stage, err, "the method");
	if (target[0] == '\0' || strpbrk(target, "\r\n\t ") != NULL)
		return refuse(stage, err, "the target");
	code = check(fields, n, stage, err);
	if (code != AL_OK)
		return code;
	code = al_buf_printf(out, "%s %s HTTP/1.1\r\n", method, target);
	if (code == AL_OK)
		code = put_fields(out, fields, n);
	if (code == AL_OK)
		code = al_buf_puts(out, "\r\n");
	return code == AL_OK ? AL_OK : undo(out, len, code, stage, err);
}

enum al_code
al_http1_put_reply(struct al_buf *out, int status, const char *reason,
    const struct al_http1_field *fields, size_t n, const char *body,
    enum al_stage stage, struct al_err *err)
{
	size_t len = al_buf_len(out);
	enum al_code code;

	if (strpbrk(reason, "\r\n") != NULL)
		return refuse(stage, err, "the reason");
	code = check(fields, n, stage, err);
	if (code != AL_OK)
		return code;
	code = al_buf_printf(out, "HTTP/1.1 %d %s\r\n", status, reason);
	if (code == AL_OK)
		code = put_fields(out, fields, n);
	if (code == AL_OK && body != NULL)
		code = al_buf_printf(out,
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Length: %zu\r\n", strlen(body));
	if (code == AL_OK)
		code = al_buf_printf(out, "\r\n%s", body != NULL ? body : "");
	return code == AL_OK ? AL_OK : undo(out, len, code, stage, err);
}
