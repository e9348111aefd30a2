/* connector/wire/http1.c - heads of HTTP/1 replies and requests. */
#include "connector/wire/http1.h"

#include <string.h>

#include "connector/base/str.h"

#define BLANK_MAX	2	/* empty lines before a reply */
#define FIELDS_MAX	1000

void
al_http1_init(struct al_http1 *h, enum al_http1_kind kind,
    enum al_stage stage)
{
	bool reply = kind == AL_HTTP1_REPLY;

	*h = (struct al_http1){
		.kind = kind,
		.stage = stage,
		.line_max = reply ? 64 * 1024 : 8 * 1024,
		.head_max = reply ? 256 * 1024 : 8 * 1024,
	};
	al_buf_init(&h->text, 0);
}

void
al_http1_fini(struct al_http1 *h)
{
	al_buf_fini(&h->text);
}

void
al_http1_reset(struct al_http1 *h)
{
	al_buf_fini(&h->text);
	h->status = h->minor = 0;
	h->line = h->seen = h->first = 0;
	h->blank = h->fields = 0;
}

static enum al_code
broken(const struct al_http1 *h, struct al_err *err, const char *why)
{
	return al_fail(err, AL_EPROTO, h->stage, 0, "%s: %s",
	    h->kind == AL_HTTP1_REPLY ? "broken HTTP reply" :
	    "broken HTTP request", why);
}

/* Append n bytes and a NUL. */
static enum al_code
keep(struct al_http1 *h, const char *p, size_t n, struct al_err *err)
{
	if (al_buf_put(&h->text, p, n) != AL_OK ||
	    al_buf_put(&h->text, "", 1) != AL_OK)
		return al_fail_nomem(err, h->stage);
	return AL_OK;
}

/* RFC 9110 5.6.2 */
static bool
is_token(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] == '\0' || (!al_is_alnum(p[i]) &&
		    strchr("!#$%&'*+-.^_`|~", p[i]) == NULL))
			return false;
	return n > 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
trim(const char **p, size_t *n)
{
	while (*n > 0 && is_blank(**p)) {
		(*p)++;
		(*n)--;
	}
	while (*n > 0 && is_blank((*p)[*n - 1]))
		(*n)--;
}

static enum al_code
not_http(const struct al_http1 *h, const char *p, size_t n,
    struct al_err *err)
{
	char shown[64];

	return al_fail(err, AL_EPROTO, h->stage, 0, "not HTTP: %s \"%s\"",
	    h->kind == AL_HTTP1_REPLY ? "it answered" : "it sent",
	    al_str_clean(shown, sizeof(shown), p, n));
}

/* HTTP/1.1 200 Connection established */
static enum al_code
status_line(struct al_http1 *h, const char *p, size_t n, struct al_err *err)
{
	uint64_t status;

	if (n < 12 || memcmp(p, "HTTP/1.", 7) != 0 || !al_is_digit(p[7]) ||
	    p[8] != ' ' || !al_str_u64(p + 9, 3, 999, &status) ||
	    status < 100 || (n > 12 && p[12] != ' '))
		return not_http(h, p, n, err);
	h->minor = p[7] - '0';
	h->status = (int)status;
	p += 12;
	n -= 12;
	trim(&p, &n);
	return keep(h, p, n, err);
}

/* GET /ws/connector/ HTTP/1.1 */
static enum al_code
request_line(struct al_http1 *h, const char *p, size_t n, struct al_err *err)
{
	const char *target = memchr(p, ' ', n);
	size_t method_len = target != NULL ? (size_t)(target - p) : 0;
	size_t target_len, i;
	enum al_code code;

	if (!is_token(p, method_len) || n < method_len + 11 ||
	    memcmp(p + n - 9, " HTTP/1.", 8) != 0 ||
	    (p[n - 1] != '0' && p[n - 1] != '1'))
		return not_http(h, p, n, err);
	h->minor = p[n - 1] - '0';
	target++;
	target_len = n - 9 - method_len - 1;
	for (i = 0; i < target_len; i++)
		if (target[i] <= ' ' || target[i] >= 0x7f)
			return broken(h, err, "a blank, control character or "
			    "non-ASCII byte in the target");
	code = keep(h, p, method_len, err);
	return code == AL_OK ? keep(h, target, target_len, err) : code;
}

static enum al_code
fold(struct al_http1 *h, const char *p, size_t n, struct al_err *err)
{
	if (h->kind == AL_HTTP1_REQUEST)
		return broken(h, err, "a folded field");
	if (h->fields == 0)
		return broken(h, err, "a blank before the first field");
	trim(&p, &n);
	if (n == 0)
		return AL_OK;
	/* The NUL of the value becomes the blank that joins (RFC 9112 5.2). */
	h->text.mem[h->text.end - 1] = ' ';
	return keep(h, p, n, err);
}

static enum al_code
field(struct al_http1 *h, const char *p, size_t n, struct al_err *err)
{
	const char *colon = memchr(p, ':', n), *value;
	size_t name_len, value_len;
	enum al_code code;

	if (is_blank(p[0]))
		return fold(h, p, n, err);
	if (colon == NULL)
		return broken(h, err, "a field without a colon");
	name_len = (size_t)(colon - p);
	value = colon + 1;
	value_len = n - name_len - 1;
	if (h->kind == AL_HTTP1_REPLY)
		trim(&p, &name_len);
	else if (!is_token(p, name_len))
		return broken(h, err, "a field name with a blank or another "
		    "character that does not belong there");
	if (name_len == 0)
		return broken(h, err, "a field without a name");
	if (++h->fields > FIELDS_MAX)
		return broken(h, err, "more than 1,000 fields");
	trim(&value, &value_len);
	code = keep(h, p, name_len, err);
	return code == AL_OK ? keep(h, value, value_len, err) : code;
}

/* What no line may hold.  A CR inside is a line end to some parsers. */
static const char *
bad_byte(const struct al_http1 *h, const char *p, size_t n)
{
	size_t i;

	if (memchr(p, '\0', n) != NULL)
		return "a NUL byte";
	if (memchr(p, '\r', n) != NULL)
		return "a CR without LF";
	for (i = 0; h->kind == AL_HTTP1_REQUEST && i < n; i++)
		if (((unsigned char)p[i] < ' ' && p[i] != '\t') ||
		    p[i] == 0x7f)
			return "a control character";
	return NULL;
}

static enum al_code
line(struct al_http1 *h, const char *p, size_t n, struct al_err *err)
{
	const char *why = bad_byte(h, p, n);
	enum al_code code;

	/* A banner in binary deserves to be shown, not its NUL. */
	if (why != NULL && h->first > 0)
		return broken(h, err, why);
	if (h->first > 0)
		return field(h, p, n, err);
	if (n == 0)
		return h->kind == AL_HTTP1_REPLY && ++h->blank <= BLANK_MAX ?
		    AL_OK : broken(h, err, "it begins with empty lines");
	if (why != NULL)
		return not_http(h, p, n, err);
	code = h->kind == AL_HTTP1_REPLY ? status_line(h, p, n, err) :
	    request_line(h, p, n, err);
	h->first = al_buf_len(&h->text);
	return code;
}

/* RFC 9112 6.3 and 11.2: nobody may see another message than we do. */
static enum al_code
check_request(struct al_http1 *h, struct al_err *err)
{
	const char *length = al_http1_get(h, "Content-Length", 0);
	const char *coding = al_http1_get(h, "Transfer-Encoding", 0);
	const char *method = al_http1_method(h);
	uint64_t n = 0;

	if (al_http1_get(h, "Host", 1) != NULL ||
	    (h->minor > 0 && al_http1_get(h, "Host", 0) == NULL))
		return broken(h, err, "not exactly one Host");
	if (al_http1_get(h, "Content-Length", 1) != NULL)
		return broken(h, err, "two Content-Length");
	if (length != NULL &&
	    !al_str_u64(length, strlen(length), INT64_MAX, &n))
		return broken(h, err, "Content-Length is not a number");
	if (coding != NULL && (length != NULL || h->minor == 0 ||
	    al_http1_get(h, "Transfer-Encoding", 1) != NULL ||
	    !al_str_ieq(coding, "chunked")))
		return broken(h, err, "a Transfer-Encoding that is not "
		    "chunked alone");
	if ((n > 0 || coding != NULL) && (strcmp(method, "GET") == 0 ||
	    strcmp(method, "HEAD") == 0 || strcmp(method, "CONNECT") == 0))
		return broken(h, err, "a body where none belongs");
	return AL_OK;
}

/* Fail before the line is whole when it can't become what we wait for. */
static enum al_code
check_partial(struct al_http1 *h, const char *p, size_t n,
    struct al_err *err)
{
	if (n > h->line_max)
		return al_fail(err, AL_ELIMIT, h->stage, 0,
		    "a line of the HTTP head is longer than %zu bytes",
		    h->line_max);
	if (h->first > 0 || n == 0)
		return AL_OK;
	if (h->kind == AL_HTTP1_REPLY && p[0] != '\r' &&
	    memcmp(p, "HTTP/", n < 5 ? n : 5) != 0)
		return not_http(h, p, n < 64 ? n : 64, err);
	if (h->kind == AL_HTTP1_REQUEST && !is_token(p, 1))
		return not_http(h, p, n < 64 ? n : 64, err);
	return AL_OK;
}

static enum al_code
too_big(const struct al_http1 *h, struct al_err *err)
{
	return al_fail(err, AL_ELIMIT, h->stage, 0,
	    "the HTTP head is longer than %zu bytes", h->head_max);
}

enum al_code
al_http1_feed(struct al_http1 *h, const void *bytes, size_t len,
    size_t *head_len, struct al_err *err)
{
	const char *p = bytes, *nl;
	enum al_code code;

	h->text.max = h->head_max + 2;
	while (h->seen < len &&
	    (nl = memchr(p + h->seen, '\n', len - h->seen)) != NULL) {
		const char *start = p + h->line;
		size_t n = (size_t)(nl - start);
		bool cr = n > 0 && nl[-1] == '\r';

		h->line = h->seen = (size_t)(nl - p) + 1;
		if (h->line > h->head_max)
			return too_big(h, err);
		code = check_partial(h, start, n, err);
		if (code != AL_OK)
			return code;
		if (h->kind == AL_HTTP1_REQUEST && !cr)
			return broken(h, err, "a line that ends in a bare LF");
		if (n == (size_t)cr && h->first > 0) {
			*head_len = h->line;
			return h->kind == AL_HTTP1_REQUEST ?
			    check_request(h, err) : AL_OK;
		}
		code = line(h, start, n - cr, err);
		if (code != AL_OK)
			return code;
	}
	h->seen = len;
	if (len > h->head_max)
		return too_big(h, err);
	code = check_partial(h, p + h->line, len - h->line, err);
	return code == AL_OK ? AL_AGAIN : code;
}

enum al_code
al_http1_feed_from(struct al_http1 *h, struct al_buf *in, struct al_err *err)
{
	enum al_code code;
	size_t n;

	if (al_buf_len(in) == 0)
		return AL_AGAIN;
	code = al_http1_feed(h, al_buf_head(in), al_buf_len(in), &n, err);
	if (code == AL_AGAIN && al_buf_len(in) >= in->max)
		return al_fail(err, AL_ELIMIT, h->stage, 0,
		    "the HTTP head is too long");
	if (code == AL_OK)
		al_buf_drain(in, n);
	return code;
}

const char *
al_http1_reason(const struct al_http1 *h)
{
	return h->first > 0 ? (const char *)al_buf_head(&h->text) : "";
}

const char *
al_http1_method(const struct al_http1 *h)
{
	return al_http1_reason(h);
}

const char *
al_http1_target(const struct al_http1 *h)
{
	const char *method = al_http1_method(h);

	return h->first > 0 ? method + strlen(method) + 1 : "";
}

bool
al_http1_next(const struct al_http1 *h, size_t *it, const char **name,
    const char **value)
{
	size_t at = *it > 0 ? *it : h->first;

	if (at >= al_buf_len(&h->text))
		return false;
	*name = (const char *)al_buf_head(&h->text) + at;
	*value = *name + strlen(*name) + 1;
	*it = at + (size_t)(*value - *name) + strlen(*value) + 1;
	return true;
}

const char *
al_http1_get(const struct al_http1 *h, const char *name, unsigned nth)
{
	const char *have, *value;
	size_t it = 0;

	while (al_http1_next(h, &it, &have, &value))
		if (al_str_ieq(have, name) && nth-- == 0)
			return value;
	return NULL;
}

bool
al_http1_is_html(const struct al_http1 *h)
{
	const char *type = al_http1_get(h, "Content-Type", 0);

	return type != NULL && al_str_istarts(type, "text/html");
}

bool
al_http1_has_token(const struct al_http1 *h, const char *name,
    const char *token)
{
	const char *have, *value;
	size_t it = 0;

	while (al_http1_next(h, &it, &have, &value)) {
		if (!al_str_ieq(have, name))
			continue;
		for (;;) {
			size_t n = strcspn(value, ","), len = n;
			const char *item = value;

			trim(&item, &len);
			if (al_str_ieqn(item, len, token))
				return true;
			if (value[n] == '\0')
				break;
			value += n + 1;
		}
	}
	return false;
}
