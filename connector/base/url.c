/* connector/base/url.c - RFC 3986 URLs, as far as this project needs them. */
#include "connector/base/url.h"

#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"

#define URL_MAX		8192

uint16_t
al_url_default_port(const char *scheme)
{
	static const struct {
		const char	*scheme;
		uint16_t	 port;
	} rows[] = {
		{ "http", 80 }, { "ws", 80 }, { "https", 443 },
		{ "wss", 443 }, { "socks4", 1080 }, { "socks4a", 1080 },
		{ "socks5", 1080 }, { "socks5h", 1080 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (al_str_ieq(scheme, rows[i].scheme))
			return rows[i].port;
	return 0;
}

void
al_url_fini(struct al_url *u)
{
	al_str_free_secret(u->user);
	al_str_free_secret(u->password);
	free(u->path);
	memset(u, 0, sizeof(*u));
}

/* Whatever holds an '@' may hold a password: such a text is never shown. */
static enum al_code
refuse(const char *text, const char *why, struct al_err *err)
{
	char shown[80];

	if (strchr(text, '@') != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "the URL (not shown, it names a user): %s", why);
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\": %s",
	    al_str_clean(shown, sizeof(shown), text, strlen(text)), why);
}

/* The scheme into u; the rest behind "://", or NULL. */
static const char *
take_scheme(struct al_url *u, const char *text)
{
	size_t n = 0;

	while (al_is_alnum(text[n]) ||
	    (text[n] != '\0' && strchr("+-.", text[n]) != NULL))
		n++;
	if (n == 0 || n >= sizeof(u->scheme) || !al_is_alpha(text[0]) ||
	    strncmp(text + n, "://", 3) != 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		u->scheme[i] = al_lower(text[i]);
	u->scheme[n] = '\0';
	return text + n + 3;
}

/* What may stand nowhere in a URL; NULL: nothing found. */
static const char *
check_text(const char *text)
{
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return "a blank or a control character is in it";
		if (*p == '\\')
			return "a '\\' is in it (write %5C)";
		if (*p == '#')
			return "a '#' is in it (write %23)";
	}
	return p - text > URL_MAX ? "it is too long" : NULL;
}

/* Decoded copy of n bytes.  AL_EUSAGE: bad escape or NUL. */
static enum al_code
decode(const char *p, size_t n, char **out)
{
	char *to = *out = al_str_dup(p, n);
	size_t i;

	if (to == NULL)
		return AL_ENOMEM;
	for (i = 0; i < n; i++) {
		int hi, lo;

		if (p[i] != '%') {
			*to++ = p[i];
			continue;
		}
		hi = i + 2 < n ? al_hex_digit(p[i + 1]) : -1;
		lo = i + 2 < n ? al_hex_digit(p[i + 2]) : -1;
		if (hi < 0 || lo < 0 || hi + lo == 0)
			return AL_EUSAGE;
		*to++ = (char)(hi << 4 | lo);
		i += 2;
	}
	/* The rest of a secret must not stay behind its end. */
	memset(to, 0, (size_t)(*out + n - to));
	return AL_OK;
}

static enum al_code
take_user(struct al_url *u, const char *text, const char *p, size_t n,
    struct al_err *err)
{
	const char *colon = memchr(p, ':', n);
	size_t user_len = colon != NULL ? (size_t)(colon - p) : n;
	enum al_code code;

	code = decode(p, user_len, &u->user);
	if (code == AL_OK && colon != NULL)
		code = decode(colon + 1, n - user_len - 1, &u->password);
	if (code == AL_EUSAGE)
		return refuse(text, "a '%' in the user name or password must "
		    "be followed by two hex digits, not both 0", err);
	return code == AL_OK ? AL_OK : al_fail_nomem(err, AL_AT_CONFIG);
}

static enum al_code
take_host(struct al_url *u, const char *text, const char *p, size_t n,
    struct al_err *err)
{
	char hostport[AL_HOST_MAX + 16];
	const char *end = memchr(p, ']', n);
	bool has_port;
	enum al_code code;

	if (n >= sizeof(hostport))
		return refuse(text, "the host is too long", err);
	memcpy(hostport, p, n);
	hostport[n] = '\0';
	has_port = memchr(end != NULL ? end : p, ':',
	    end != NULL ? n - (size_t)(end - p) : n) != NULL;
	code = al_hostport_parse(hostport, has_port ? 0 : 1, u->host,
	    &u->port, err);
	if (!has_port)
		u->port = 0;
	/* "http://user:pa/ss@host" puts half a password into the port. */
	if (code != AL_OK && strchr(text, '@') != NULL)
		return refuse(text, "the host or port is not valid; "
		    "in a user name or password write : / ? # @ % as "
		    "%3A %2F %3F %23 %40 %25", err);
	return code;
}

static enum al_code
take_path(struct al_url *u, const char *p, struct al_err *err)
{
	size_t n = strlen(p), slash = p[0] != '/';

	u->path = malloc(n + slash + 1);
	if (u->path == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	u->path[0] = '/';
	memcpy(u->path + slash, p, n + 1);
	return AL_OK;
}

static enum al_code
parse(struct al_url *u, const char *text, struct al_err *err)
{
	const char *why = check_text(text), *p, *at;
	size_t n, user_len;
	enum al_code code;

	if (why != NULL)
		return refuse(text, why, err);
	p = take_scheme(u, text);
	if (p == NULL)
		return refuse(text, "a URL begins with scheme://", err);
	n = strcspn(p, "/?");
	at = memchr(p, '@', n);
	user_len = at != NULL ? (size_t)(at - p) : 0;
	if (at != NULL) {
		if (memchr(at + 1, '@', n - user_len - 1) != NULL)
			return refuse(text, "more than one '@' (write %40 in "
			    "a user name or password)", err);
		code = take_user(u, text, p, user_len, err);
		if (code != AL_OK)
			return code;
		user_len++;
	}
	code = take_host(u, text, p + user_len, n - user_len, err);
	return code == AL_OK ? take_path(u, p + n, err) : code;
}

enum al_code
al_url_parse(struct al_url *u, const char *text, struct al_err *err)
{
	enum al_code code;

	memset(u, 0, sizeof(*u));
	code = parse(u, text, err);
	if (code != AL_OK)
		al_url_fini(u);
	return code;
}
