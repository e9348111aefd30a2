/* connector/autoconf/location.c - where a PAC file is: URLs and paths. */
#include "connector/autoconf/location.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/autoconf/fetch.h"
#include "connector/base/b64.h"
#include "connector/base/str.h"

#define TEXT_MAX	8192	/* of a URL with a host */

void
al_location_fini(struct al_location *l)
{
	al_url_fini(&l->url);
	free(l->path);
	free(l->data);
	memset(l, 0, sizeof(*l));
}

/* "http:" is 4; 0: text does not begin with a scheme. */
static size_t
scheme_len(const char *text)
{
	size_t n = 0;

	if (!al_is_alpha(text[0]))
		return 0;
	while (al_is_alnum(text[n]) ||
	    (text[n] != '\0' && strchr("+-.", text[n]) != NULL))
		n++;
	return text[n] == ':' ? n : 0;
}

static enum al_code
refuse(const char *text, const char *why, struct al_err *err)
{
	char shown[120];

	al_fetch_show(text, shown, sizeof(shown));
	return al_fail_as(err, AL_EUSAGE, AL_AT_PAC, 0, AL_CAUSE_PAC,
	    "\"%s\": %s", shown, why);
}

static enum al_code
no_memory(struct al_err *err)
{
	(void)al_fail_nomem(err, AL_AT_PAC);
	err->cause = AL_CAUSE_PAC;
	return AL_ENOMEM;
}

/*
 * An '@' behind the host may end a password with a '/' or '?' that should have
 * been escaped: then nothing is shown.
 */
void
al_fetch_show(const char *url, char *out, size_t cap)
{
	size_t scheme = scheme_len(url), n = strcspn(url, "?#"), host, at;
	const char *p = url;
	char clean[300];

	if (al_str_ieqn(url, scheme, "data")) {
		(void)snprintf(out, cap, "%s,...", al_str_clean(clean,
		    sizeof(clean) / 4, url, strcspn(url, ",")));
		return;
	}
	if (url[0] == '/' || strchr(url, '@') == NULL) {
		(void)al_str_clean(out, cap, url, url[0] == '/' ?
		    strlen(url) : n);
		return;
	}
	p += scheme > 0 && strncmp(url + scheme, "://", 3) == 0 ?
	    scheme + 3 : 0;
	n -= (size_t)(p - url);
	host = strcspn(p, "/?#");
	for (at = host; at > 0 && p[at - 1] != '@'; at--)
		continue;
	if (p == url || strchr(p + host, '@') != NULL)
		(void)snprintf(out, cap, "(not shown, it names a user)");
	else
		(void)snprintf(out, cap, "%.*s%s", (int)(p - url), url,
		    al_str_clean(clean, sizeof(clean), p + at, n - at));
}

/* --- texts ---------------------------------------------------------------- */
/* Up to a fragment, with what a URL cannot hold escaped. */
static char *
escape(const char *text, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = malloc(3 * n + 1), *to = out;
	size_t i;

	for (i = 0; out != NULL && i < n; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c != ' ' && c < 0x80) {
			*to++ = text[i];
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	if (out != NULL)
		*to = '\0';
	return out;
}

/* In place; the length.  A '%' that escapes nothing stays, as in browsers. */
static size_t
unescape(char *p, size_t n)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		int hi = p[i] == '%' && i + 2 < n ? al_hex_digit(p[i + 1]) : -1;
		int lo = hi >= 0 ? al_hex_digit(p[i + 2]) : -1;

		p[len++] = lo < 0 ? p[i] : (char)(hi << 4 | lo);
		i += lo < 0 ? 0 : 2;
	}
	return len;
}

/* --- each kind ------------------------------------------------------------ */
static enum al_code
parse_http(struct al_location *l, const char *text, struct al_err *err)
{
	size_t n = strcspn(text, "#");
	char *plain;
	struct al_err why;
	enum al_code code;

	if (n > TEXT_MAX)
		return refuse(text, "the URL is too long", err);
	plain = escape(text, n);
	if (plain == NULL)
		return no_memory(err);
	code = al_url_parse(&l->url, plain, &why);
	free(plain);
	if (code == AL_ENOMEM)
		return no_memory(err);
	if (code != AL_OK)
		return refuse(text, "not a valid URL", err);
	if (l->url.user != NULL)
		return refuse(text, "a PAC file is had without a login: leave "
		    "the user name out of its URL", err);
	if (l->url.port == 0)
		l->url.port = al_url_default_port(l->url.scheme);
	return AL_OK;
}

/* "file:///path", "file://localhost/path", "file:/path" */
static enum al_code
parse_file(struct al_location *l, const char *text, struct al_err *err)
{
	const char *p = text + sizeof("file:") - 1;
	size_t n;

	if (strncmp(p, "//", 2) == 0) {
		p += 2;
		n = strcspn(p, "/");
		if (n > 0 && !al_str_ieqn(p, n, "localhost"))
			return refuse(text, "a file of another host cannot be "
			    "read: write file:///path", err);
		p += n;
	}
	if (p[0] != '/')
		return refuse(text, "an absolute path belongs behind file://",
		    err);
	n = strcspn(p, "?#");
	l->path = al_str_dup(p, n);
	if (l->path == NULL)
		return no_memory(err);
	n = unescape(l->path, n);
	l->path[n] = '\0';
	if (strlen(l->path) != n)
		return refuse(text, "%00 cannot be part of a path", err);
	return AL_OK;
}

static enum al_code
parse_data(struct al_location *l, const char *text, struct al_err *err)
{
	const char *p = text + sizeof("data:") - 1;

	l->data = al_str_dup(p, strcspn(p, "#"));
	return l->data != NULL ? AL_OK : no_memory(err);
}

static enum al_code
parse(struct al_location *l, const char *text, struct al_err *err)
{
	size_t n = scheme_len(text);

	if (text[0] == '/') {
		l->kind = AL_LOCATION_FILE;
		l->path = al_str_dup(text, strlen(text));
		return l->path != NULL ? AL_OK : no_memory(err);
	}
	if (al_str_ieqn(text, n, "http")) {
		l->kind = AL_LOCATION_HTTP;
		return parse_http(l, text, err);
	}
	if (al_str_ieqn(text, n, "https")) {
		l->kind = AL_LOCATION_HTTPS;
		return parse_http(l, text, err);
	}
	if (al_str_ieqn(text, n, "file")) {
		l->kind = AL_LOCATION_FILE;
		return parse_file(l, text, err);
	}
	if (al_str_ieqn(text, n, "data")) {
		l->kind = AL_LOCATION_DATA;
		return parse_data(l, text, err);
	}
	return refuse(text, "a PAC file is named by http://, https://, "
	    "file:///path, data: or an absolute path", err);
}

enum al_code
al_location_parse(struct al_location *l, const char *text, struct al_err *err)
{
	enum al_code code;

	memset(l, 0, sizeof(*l));
	code = parse(l, text, err);
	if (code != AL_OK)
		al_location_fini(l);
	return code;
}

void
al_location_authority(const struct al_location *l,
    char out[static AL_LOCATION_AUTHORITY])
{
	const char *host = l->url.host;
	bool v6 = strchr(host, ':') != NULL;
	size_t n;

	(void)snprintf(out, AL_LOCATION_AUTHORITY, "%s%s%s", v6 ? "[" : "",
	    host, v6 ? "]" : "");
	if (l->url.port == al_url_default_port(l->url.scheme))
		return;
	n = strlen(out);
	(void)snprintf(out + n, AL_LOCATION_AUTHORITY - n, ":%u",
	    (unsigned)l->url.port);
}

/* --- redirects ------------------------------------------------------------ */
/*
 * RFC 3986 5.2.4, in place: path begins with '/'; what is behind a '?' is not
 * looked at.
 */
static void
remove_dots(char *path)
{
	size_t n = strcspn(path, "?"), at = 0, len = 0, seg;
	bool is_last;

	while (at < n) {
		seg = strcspn(path + at + 1, "/?") + 1;	/* "/name" */
		is_last = at + seg >= n;
		if (seg == 3 && memcmp(path + at, "/..", 3) == 0) {
			while (len > 0 && path[--len] != '/')
				continue;
		} else if (seg != 2 || path[at + 1] != '.') {
			memmove(path + len, path + at, seg);
			len += seg;
			at += seg;
			continue;
		}
		at += seg;
		if (is_last)
			path[len++] = '/';
	}
	memmove(path + len, path + n, strlen(path + n) + 1);
}

/* Of a reference without a scheme: base's scheme, and what else it lacks. */
static char *
join(const struct al_location *base, const char *ref)
{
	char authority[AL_LOCATION_AUTHORITY], *out, *path;
	size_t cap = sizeof(authority) + strlen(base->url.path) +
	    strlen(ref) + 32, kept = 0, n;
	const char *dir;

	out = malloc(cap);
	if (out == NULL)
		return NULL;
	if (strncmp(ref, "//", 2) == 0) {
		(void)snprintf(out, cap, "%s:%s", base->url.scheme, ref);
		return out;
	}
	al_location_authority(base, authority);
	n = strcspn(base->url.path, "?");
	if (ref[0] == '\0') {
		kept = strlen(base->url.path);
	} else if (ref[0] == '?') {
		kept = n;
	} else if (ref[0] != '/') {
		dir = memrchr(base->url.path, '/', n);
		kept = dir != NULL ? (size_t)(dir - base->url.path) + 1 : 0;
	}
	(void)snprintf(out, cap, "%s://%s", base->url.scheme, authority);
	path = out + strlen(out);
	(void)snprintf(path, cap - (size_t)(path - out), "%.*s%s", (int)kept,
	    base->url.path, ref);
	remove_dots(path);
	return out;
}

static bool
is_http(const char *text, size_t n)
{
	return al_str_ieqn(text, n, "http") || al_str_ieqn(text, n, "https");
}

enum al_code
al_location_follow(struct al_location *to, const struct al_location *base,
    const char *reference, struct al_err *err)
{
	const char *ref = reference + strspn(reference, " \t");
	size_t n = strcspn(ref, "#"), scheme = scheme_len(ref);
	char shown[120], *plain, *text;
	enum al_code code;

	while (n > 0 && (ref[n - 1] == ' ' || ref[n - 1] == '\t'))
		n--;
	memset(to, 0, sizeof(*to));
	if (n > TEXT_MAX)
		return al_fail_as(err, AL_EPROTO, AL_AT_PAC, 0, AL_CAUSE_PAC,
		    "it redirects to a URL that is too long");
	if (scheme > 0 && !is_http(ref, scheme)) {
		al_fetch_show(ref, shown, sizeof(shown));
		return al_fail_as(err, AL_EPROTO, AL_AT_PAC, 0, AL_CAUSE_PAC,
		    "it redirects to \"%s\", which is neither http nor https",
		    shown);
	}
	plain = al_str_dup(ref, n);
	text = plain == NULL || scheme > 0 ? plain : join(base, plain);
	if (text == NULL)
		code = no_memory(err);
	else
		code = al_location_parse(to, text, err);
	if (text != plain)
		free(text);
	free(plain);
	if (code == AL_EUSAGE) {
		err->code = code = AL_EPROTO;
		al_err_prefix(err, "it redirects to a place that is none");
	}
	return code;
}

/* --- data URLs (RFC 2397) ------------------------------------------------- */
/* Base64 as URLs have it: escaped, with blanks, without padding. */
static enum al_code
put_base64(struct al_buf *out, char *p, size_t n)
{
	size_t i, len = 0;
	enum al_code code;
	uint8_t *bytes;

	for (i = 0; i < n; i++)
		if (p[i] != ' ' && (p[i] < '\t' || p[i] > '\r'))
			p[len++] = p[i];
	while (len % 4 != 0)
		p[len++] = '=';
	bytes = malloc(len / 4 * 3 + 1);
	if (bytes == NULL)
		return AL_ENOMEM;
	code = !al_b64_decode(bytes, len / 4 * 3, p, len, &n) ? AL_EUSAGE :
	    al_buf_put(out, bytes, n);
	free(bytes);
	return code;
}

/* "text/plain;charset=utf-8;base64": the type, and whether it is base64. */
static enum al_code
take_type(const char *p, size_t n, char **type, bool *base64)
{
	static const char plain[] = "text/plain", mark[] = ";base64";
	const size_t mark_len = sizeof(mark) - 1;
	size_t room = sizeof(plain) + n;

	*type = NULL;
	*base64 = n >= mark_len && al_str_ieqn(p + n - mark_len, mark_len,
	    mark);
	if (*base64)
		n -= mark_len;
	if (n == 0)
		return AL_OK;
	*type = malloc(room);
	if (*type == NULL)
		return AL_ENOMEM;
	(void)snprintf(*type, room, "%s%.*s", p[0] == ';' ? plain : "",
	    (int)n, p);
	return AL_OK;
}

enum al_code
al_data_decode(struct al_buf *out, char **type, const char *text,
    struct al_err *err)
{
	const char *comma = strchr(text, ',');
	size_t n = comma != NULL ? strlen(comma + 1) : 0;
	enum al_code code;
	bool base64;
	char *p;

	*type = NULL;
	if (comma == NULL)
		return al_fail_as(err, AL_EUSAGE, AL_AT_PAC, 0, AL_CAUSE_PAC,
		    "a data URL has a comma before its text");
	p = malloc(n + 4);		/* room for padding */
	code = p == NULL ? AL_ENOMEM :
	    take_type(text, (size_t)(comma - text), type, &base64);
	if (code == AL_OK) {
		memcpy(p, comma + 1, n);
		n = unescape(p, n);
		code = base64 ? put_base64(out, p, n) :
		    al_buf_put(out, p, n);
	}
	free(p);
	if (code == AL_OK)
		return AL_OK;
	free(*type);
	*type = NULL;
	if (code == AL_ENOMEM)
		return no_memory(err);
	return al_fail_as(err, code, AL_AT_PAC, 0, AL_CAUSE_PAC, "%s",
	    code == AL_ELIMIT ? "it is larger than 1 MiB" :
	    "what it holds is not base64");
}
