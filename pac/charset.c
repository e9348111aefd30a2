/* pac/charset.c - the bytes of a PAC file as UTF-8. */
#include "pac/charset.h"

#include <stdbool.h>
#include <string.h>

#include "connector/base/str.h"

#define CAUSE_PAC	111	/* NC-111 */
#define REPLACEMENT	0xfffdu
#define BLANKS		" \t\r\n"

enum charset { UNKNOWN, UTF8, UTF16, UTF16BE, LATIN1, GUESS };

/* Windows-1252 differs in quotes and dashes, which no host name has. */
static const struct {
	const char	*name;
	enum charset	 charset;
} names[] = {
	{ "utf-8", UTF8 }, { "utf8", UTF8 },
	{ "utf-16", UTF16 }, { "utf-16le", UTF16 }, { "utf-16be", UTF16BE },
	{ "us-ascii", LATIN1 }, { "ascii", LATIN1 },
	{ "iso-8859-1", LATIN1 }, { "latin1", LATIN1 },
	{ "iso-8859-15", LATIN1 }, { "windows-1252", LATIN1 },
};

/* --- which charset -------------------------------------------------------- */

/* The value of "; charset=..." without quotes; n is 0 when there is none. */
static const char *
label(const char *type, size_t *n)
{
	*n = 0;
	for (type = strchr(type, ';'); type != NULL;
	    type = strchr(type, ';')) {
		type++;
		type += strspn(type, BLANKS);
		if (!al_str_istarts(type, "charset"))
			continue;
		type += 7 + strspn(type + 7, BLANKS);
		if (*type != '=')
			continue;
		type += 1 + strspn(type + 1, BLANKS "\"'");
		*n = strcspn(type, BLANKS "\"';");
		return type;
	}
	return NULL;
}

static enum charset
named(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (al_str_ieqn(name, n, names[i].name))
			return names[i].charset;
	return UNKNOWN;
}

/* How long the mark is, and what it says. */
static size_t
mark(const uint8_t *p, size_t len, enum charset *charset)
{
	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		*charset = UTF8;
		return 3;
	}
	if (len >= 2 && memcmp(p, "\xff\xfe", 2) == 0) {
		*charset = UTF16;
		return 2;
	}
	if (len >= 2 && memcmp(p, "\xfe\xff", 2) == 0) {
		*charset = UTF16BE;
		return 2;
	}
	return 0;
}

/* RFC 3629 */
static bool
is_utf8(const uint8_t *p, size_t len)
{
	size_t i = 0, more;
	uint8_t low, high;

	while (i < len) {
		uint8_t c = p[i++];

		if (c < 0x80)
			continue;
		if (c < 0xc2 || c > 0xf4)
			return false;
		more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
		high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
		for (; more > 0; more--, i++, low = 0x80, high = 0xbf)
			if (i == len || p[i] < low || p[i] > high)
				return false;
	}
	return true;
}

/* --- conversion ----------------------------------------------------------- */

static enum al_code
put(struct al_buf *out, uint32_t c)
{
	uint8_t b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = n - 1; i > 0; i--, c >>= 6)
		b[i] = (uint8_t)(0x80 | (c & 0x3f));
	b[0] = (uint8_t)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	return al_buf_put(out, b, n);
}

static enum al_code
from_latin1(struct al_buf *out, const uint8_t *p, size_t len)
{
	enum al_code code = AL_OK;
	size_t i;

	for (i = 0; i < len && code == AL_OK; i++)
		code = put(out, p[i]);
	return code;
}

static uint32_t
unit(const uint8_t *p, enum charset charset)
{
	return charset == UTF16 ? (uint32_t)(p[0] | p[1] << 8) :
	    (uint32_t)(p[0] << 8 | p[1]);
}

static enum al_code
from_utf16(struct al_buf *out, const uint8_t *p, size_t len,
    enum charset charset)
{
	enum al_code code = AL_OK;
	uint32_t c, next;
	size_t i;

	for (i = 0; i < len && code == AL_OK; i += 2) {
		c = unit(p + i, charset);
		next = i + 2 < len ? unit(p + i + 2, charset) : 0;
		if (c >= 0xd800 && c < 0xdc00 && next >= 0xdc00 &&
		    next < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = REPLACEMENT;
		}
		code = put(out, c);
	}
	return code;
}

/* --- the whole ------------------------------------------------------------ */

static enum al_code
refuse(const char *why, struct al_err *err)
{
	return al_fail_as(err, AL_EPROTO, AL_AT_PAC, 0, CAUSE_PAC, "%s", why);
}

/* "<!--" is a comment for browsers' scripts, too. */
static bool
is_html(const uint8_t *p, size_t len)
{
	while (len > 0 && strchr(BLANKS, *p) != NULL && *p != '\0') {
		p++;
		len--;
	}
	return len > 0 && *p == '<' &&
	    (len < 4 || memcmp(p, "<!--", 4) != 0);
}

static enum al_code
check(const uint8_t *p, size_t len, struct al_err *err)
{
	if (len == 0)
		return refuse("it is empty", err);
	if (memchr(p, '\0', len) != NULL)
		return refuse("NUL bytes are in it: not a script, or UTF-16 "
		    "that does not say so", err);
	if (is_html(p, len))
		return refuse("it is an HTML page, not a script", err);
	return AL_OK;
}

static enum al_code
convert(struct al_buf *out, const uint8_t *p, size_t len,
    enum charset charset)
{
	switch (charset) {
	case UTF16:
	case UTF16BE:
		return from_utf16(out, p, len, charset);
	case LATIN1:
		return from_latin1(out, p, len);
	default:	/* what says to be UTF-8 and is not is Latin-1 */
		return is_utf8(p, len) ? al_buf_put(out, p, len) :
		    from_latin1(out, p, len);
	}
}

enum al_code
al_pac_decode(struct al_buf *out, const void *bytes, size_t len,
    const char *content_type, struct al_err *err)
{
	const uint8_t *p = bytes;
	size_t before = al_buf_len(out), n;
	enum charset charset = GUESS;
	const char *name;
	char shown[40];
	enum al_code code;

	name = content_type != NULL ? label(content_type, &n) : NULL;
	if (name != NULL && n > 0)
		charset = named(name, n);
	n = mark(p, len, &charset);
	if (n > 0) {
		p += n;
		len -= n;
	}
	if (charset == UNKNOWN)
		return al_fail_as(err, AL_EPROTO, AL_AT_PAC, 0, CAUSE_PAC,
		    "its charset, \"%s\", is not known",
		    al_str_clean(shown, sizeof(shown), name,
		    strcspn(name, BLANKS "\"';")));
	if ((charset == UTF16 || charset == UTF16BE) && len % 2 != 0)
		return refuse("half a character of UTF-16 is at its end", err);
	code = convert(out, p, len, charset);
	if (code == AL_ENOMEM)
		return al_fail_nomem(err, AL_AT_PAC);
	if (code != AL_OK)
		return al_fail_as(err, code, AL_AT_PAC, 0, CAUSE_PAC,
		    "it is longer than %zu bytes", out->max);
	len = al_buf_len(out) - before;
	return check(len > 0 ? al_buf_head(out) + before : NULL, len, err);
}
