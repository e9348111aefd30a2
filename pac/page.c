/* pac/page.c - a URL as a PAC script may see it. */
#include "pac/page.h"

#include <string.h>

#include "connector/base/reader.h"
#include "connector/base/str.h"
#include "connector/base/url.h"
#include "pac/host.h"

#define SCHEME_MAX	15

/* Whatever holds an '@' may hold a password: such a text is never shown. */
static enum al_code
refuse(const char *url, const char *why, struct al_err *err)
{
	char shown[80];

	if (strchr(url, '@') != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "the URL (not shown, it names a user): %s", why);
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\": %s",
	    al_str_clean(shown, sizeof(shown), url, strlen(url)), why);
}

static bool
is_clean(const char *p)
{
	for (; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '\\')
			return false;
	return true;
}

/* "scheme" in lower case; what is behind "://", or NULL. */
static const char *
take_scheme(char scheme[static SCHEME_MAX + 1], const char *url)
{
	const char *end = strstr(url, "://");
	size_t n = end != NULL ? (size_t)(end - url) : 0, i;

	if (n == 0 || n > SCHEME_MAX || !al_is_alpha(url[0]))
		return NULL;
	for (i = 0; i < n; i++) {
		if (!al_is_alnum(url[i]) && strchr("+-.", url[i]) == NULL)
			return NULL;
		scheme[i] = al_lower(url[i]);
	}
	scheme[n] = '\0';
	return end + 3;
}

static void
put_text(struct al_writer *w, const char *s)
{
	al_write_bytes(w, s, strlen(s));
}

static void
put_origin(struct al_writer *w, const char *scheme, const char *host,
    uint16_t port)
{
	bool v6 = strchr(host, ':') != NULL;
	char digits[5], *d = digits + sizeof(digits);

	put_text(w, scheme);
	put_text(w, v6 ? "://[" : "://");
	put_text(w, host);
	put_text(w, v6 ? "]" : "");
	if (port == 0 || port == al_url_default_port(scheme))
		return;
	for (; port > 0; port /= 10)
		*--d = (char)('0' + port % 10);
	al_write_u8(w, ':');
	al_write_bytes(w, d, (size_t)(digits + sizeof(digits) - d));
}

/* Path and query, without the fragment; bytes beyond ASCII escaped. */
static void
put_path(struct al_writer *w, const char *p)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c;

	if (*p != '/')
		al_write_u8(w, '/');
	for (; *p != '\0' && *p != '#'; p++) {
		c = (unsigned char)*p;
		if (c < 0x80) {
			al_write_u8(w, c);
			continue;
		}
		al_write_u8(w, '%');
		al_write_u8(w, (uint8_t)hex[c >> 4]);
		al_write_u8(w, (uint8_t)hex[c & 15]);
	}
}

enum al_code
al_pac_page_make(struct al_pac_page *p, const char *url, struct al_err *err)
{
	struct al_writer w = al_writer(p->url, sizeof(p->url));
	char scheme[SCHEME_MAX + 1];
	const char *host, *at, *why;
	size_t n;
	uint16_t port;

	if (!is_clean(url))
		return refuse(url, "a blank, a '\\' or a control character "
		    "is in it", err);
	host = take_scheme(scheme, url);
	if (host == NULL)
		return refuse(url, "a URL begins with scheme://", err);
	n = strcspn(host, "/?#");
	while ((at = memchr(host, '@', n)) != NULL) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	why = al_pac_hostport(p->host, &port, host, n);
	if (why != NULL)
		return refuse(url, why, err);
	put_origin(&w, scheme, p->host, port);
	if (strcmp(scheme, "https") == 0 || strcmp(scheme, "wss") == 0)
		al_write_u8(&w, '/');
	else
		put_path(&w, host + n);
	al_write_u8(&w, '\0');
	if (w.bad)
		return al_fail(err, AL_ELIMIT, AL_AT_CONFIG, 0,
		    "the URL is longer than the %d bytes that a PAC script "
		    "is given", AL_PAC_URL_MAX - 1);
	return AL_OK;
}
