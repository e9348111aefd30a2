/* proxy/refusal.c - what it means when a proxy says no to CONNECT. */
#include "proxy/refusal.h"

#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"

#define PAGE_TEXT	500

/* What a status means; the first row that fits.  host:port goes between the
 * two texts, or nowhere when the second is NULL. */
static const struct row {
	int		 from, to;
	enum al_code	 code;
	int		 cause;
	const char	*before, *behind;
} rows[] = {
	{ 300, 399, AL_EREFUSED, 144, "it wants a login in a browser before "
	    "it lets ", " through: ask for an exception for this host" },
	{ 400, 400, AL_EREFUSED, 142, "it does not understand CONNECT to ",
	    ": check that this is the proxy's address and port" },
	{ 401, 401, AL_EREFUSED, 142, "that is the login of a web server, "
	    "not of a proxy: check the proxy's address and port", NULL },
	{ 403, 403, AL_EREFUSED, 141, "its policy denies CONNECT to ",
	    ": ask for this host and port to be allowed" },
	{ 404, 405, AL_EREFUSED, 142, "it does not do CONNECT to ",
	    ": check the proxy's address, or ask for CONNECT to be "
	    "allowed" },
	{ 408, 408, AL_ETIMEOUT, 120, "it waited in vain for our request",
	    NULL },
	{ 429, 429, AL_EREFUSED, 199, "it has had too many requests", NULL },
	{ 451, 451, AL_EREFUSED, 141, "its policy denies CONNECT to ",
	    ": ask for this host and port to be allowed" },
	{ 400, 499, AL_EREFUSED, 199, "it refuses CONNECT to ", "" },
	{ 501, 501, AL_ENET, 142, "it does not support CONNECT: ask for "
	    "CONNECT to ", " to be allowed" },
	{ 504, 504, AL_ETIMEOUT, 143, "it got no answer from ", " in time: "
	    "ask whether the proxy itself may reach this host" },
	{ 511, 511, AL_EREFUSED, 144, "it wants a login in a browser before "
	    "it lets ", " through: ask for an exception for this host" },
	{ 500, 599, AL_ENET, 143, "it cannot resolve or reach ", ": ask "
	    "whether the proxy itself may reach this host" },
	{ 0, 999, AL_EPROTO, 199, "no HTTP status of that number exists",
	    NULL },
};

/* Append to a text of cap bytes, as much as fits. */
static void
add(char *buf, size_t cap, const char *sep, const char *p, size_t n)
{
	size_t len = strlen(buf);
	char shown[80];

	if (n == 0)
		return;
	al_str_clean(shown, sizeof(shown), p, n);
	(void)snprintf(buf + len, cap - len, "%s%s", len > 0 ? sep : "",
	    shown);
}

/* Via: 1.1 proxy-7 (squid/5.7) */
static void
add_via(char *buf, size_t cap, const char *via)
{
	const char *comment = strchr(via, '('), *end;

	via += strcspn(via, " \t");
	via += strspn(via, " \t");
	add(buf, cap, ", ", via, strcspn(via, " \t,("));
	if (comment == NULL || buf[0] == '\0')
		return;
	end = strchr(comment, ')');
	if (end != NULL && strstr(buf, "/") == NULL)
		add(buf, cap, " ", comment, (size_t)(end - comment) + 1);
}

char *
al_refusal_who(const struct al_http1 *head, char *buf, size_t cap)
{
	static const char *const names[] = {
		"Server", "X-Squid-Error", "Proxy-Status",
	};
	const char *via = al_http1_get(head, "Via", 0), *value;
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = al_http1_get(head, names[i], 0);
		if (value != NULL)
			add(buf, cap, ", ", value, strlen(value));
		if (i == 0 && via != NULL)
			add_via(buf, cap, via);
	}
	return buf;
}

/* The first place of needle, of any case, before end; end: nowhere. */
static const char *
find(const char *p, const char *end, const char *needle)
{
	size_t n = strlen(needle);

	for (; (size_t)(end - p) >= n; p++)
		if (al_str_ieqn(p, n, needle))
			return p;
	return end;
}

/* Behind the tag, comment, script or style sheet that begins at p. */
static const char *
skip_markup(const char *p, const char *end)
{
	static const char *const pairs[][2] = {
		{ "<!--", "-->" }, { "<script", "</script" },
		{ "<style", "</style" }, { "<title", "</title" },
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t n = strlen(pairs[i][0]);

		if ((size_t)(end - p) >= n && al_str_ieqn(p, n, pairs[i][0]))
			p = find(p, end, pairs[i][1]);
	}
	p = find(p, end, ">");
	return p < end ? p + 1 : end;
}

/* The page without markup, tags as blanks; its length. */
static size_t
strip(char *out, size_t cap, const char *p, const char *end)
{
	size_t n = 0;

	while (p < end && n < cap) {
		if (*p != '<') {
			out[n++] = *p++;
			continue;
		}
		out[n++] = ' ';
		p = skip_markup(p, end);
	}
	return n;
}

char *
al_page_text(char *out, size_t cap, const void *page, size_t len)
{
	const char *p = page, *end, *title, *stop;
	char text[4 * PAGE_TEXT];
	size_t n = 0;

	out[0] = '\0';
	if (len == 0)
		return out;
	end = p + len;
	title = find(p, end, "<title");
	title = find(title, end, ">");
	if (title < end) {
		title++;
		stop = find(title, end, "<");
		n = (size_t)(stop - title);
		if (n > sizeof(text) / 2)
			n = sizeof(text) / 2;
		memcpy(text, title, n);
		text[n++] = ' ';
	}
	n += strip(text + n, sizeof(text) - n, p, end);
	return al_str_clean(out, cap, text, n);
}

static const struct row *
row_of(int status)
{
	const struct row *r = rows;

	while (status < r->from || status > r->to)
		r++;
	return r;
}

/* What a TLS server says to a client that forgot the TLS. */
static bool
wants_tls(const char *text)
{
	const char *end = text + strlen(text);

	return find(text, end, "https port") < end ||
	    find(text, end, "https server") < end ||
	    find(text, end, "ssl-enabled server port") < end;
}

/* Login pages put tokens into the query: show where, not those. */
static void
add_details(const struct al_http1 *head, char *buf, size_t cap)
{
	const char *where = al_http1_get(head, "Location", 0);
	const char *after = al_http1_get(head, "Retry-After", 0);

	buf[0] = '\0';
	if (head->status >= 300 && head->status < 400 && where != NULL) {
		add(buf, cap, "", "; login page at", 15);
		add(buf, cap, " ", where, strcspn(where, "?#;"));
	}
	if ((head->status == 503 || head->status == 429) && after != NULL) {
		add(buf, cap, "", "; Retry-After", 13);
		add(buf, cap, " ", after, strlen(after));
	}
}

enum al_code
al_refusal(const struct al_http1 *head, const void *page, size_t page_len,
    const char *target, struct al_err *err)
{
	const struct row *r = row_of(head->status);
	char who[120], details[120], text[PAGE_TEXT], reason[60];
	const char *port = strrchr(target, ':');
	const char *before = r->before, *behind = r->behind;
	enum al_code code = r->code;
	int cause = r->cause;

	(void)al_refusal_who(head, who, sizeof(who));
	add_details(head, details, sizeof(details));
	if (al_http1_get(head, "Content-Encoding", 0) != NULL)
		page_len = 0;
	(void)al_page_text(text, sizeof(text), page, page_len);
	(void)al_str_clean(reason, sizeof(reason), al_http1_reason(head),
	    strlen(al_http1_reason(head)));
	/* Only a second request could tell the port from the host. */
	if (head->status == 403 && port != NULL && strcmp(port, ":443") != 0)
		cause = 140;
	if (head->status == 400 && wants_tls(text)) {
		code = AL_EPROTO;
		cause = 121;
		before = "it looks like https: write https:// before the "
		    "proxy's name";
		behind = NULL;
	}
	return al_fail_as(err, code, AL_AT_PROXY, head->status, cause,
	    "the proxy%s%s%s answered %d%s%s: %s%s%s%s%s%s%s",
	    who[0] != '\0' ? " (" : "", who, who[0] != '\0' ? ")" : "",
	    head->status, reason[0] != '\0' ? " " : "", reason, before,
	    behind != NULL ? target : "", behind != NULL ? behind : "", details,
	    text[0] != '\0' ? "; it says \"" : "", text,
	    text[0] != '\0' ? "\"" : "");
}
