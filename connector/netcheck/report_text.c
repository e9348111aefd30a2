/* connector/netcheck/report_text.c - the report for people. */
#include "connector/netcheck/report.h"

#include <string.h>

#include "connector/base/str.h"
#include "connector/netcheck/causes.h"

#define ID_WIDTH	14	/* "proxy.discover", the longest */
#define TIME_WIDTH	8
#define STATUS_WIDTH	4

/* The columns of a line; 0: left out. */
struct columns {
	size_t	what, bar, note;
};

static size_t
at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static struct columns
measure(const struct al_report *r, unsigned width)
{
	struct columns c = { 0 };
	size_t rest = width - ID_WIDTH - TIME_WIDTH - STATUS_WIDTH - 3;
	enum al_check_id id;

	if (width >= 72) {
		for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++)
			if (strlen(r->results[id].what) > c.what)
				c.what = strlen(r->results[id].what);
		c.what = at_most(c.what, rest * 2 / 5);
		rest -= c.what + 1;
	}
	if (width >= 56) {
		c.bar = at_most(rest * 2 / 5, 50);
		rest -= c.bar + 1;
	}
	c.note = rest;
	return c;
}

/* Cut to width cells, and filled up to fill. */
static void
cell(FILE *out, const char *text, size_t width, size_t fill)
{
	char clean[512];
	size_t len;

	(void)al_str_clean(clean, sizeof(clean), text, strlen(text));
	len = strlen(clean);
	if (len > width && width > 3)
		(void)fprintf(out, "%.*s...", (int)width - 3, clean);
	else
		(void)fprintf(out, "%-*.*s", (int)fill, (int)width, clean);
}

/* From when to when it ran, on a scale from 0 to now. */
static void
bar(FILE *out, const struct al_report *r, const struct al_result *res,
    size_t width, const struct al_text_opts *o)
{
	uint64_t total = r->now_us > 0 ? r->now_us : 1;
	uint64_t end = res->end_us > 0 ? res->end_us : r->now_us;
	size_t from, to, i;
	bool shown = res->status != AL_STATUS_WAITING &&
	    (res->status != AL_STATUS_SKIP || res->end_us > 0);

	width--;			/* the axis */
	from = at_most((size_t)(res->start_us * width / total), width - 1);
	to = at_most((size_t)((end * width + total - 1) / total), width);
	if (to <= from)
		to = from + 1;
	(void)fputs(o->utf8 ? "\u258f" : "|", out);
	for (i = 0; i < width; i++) {
		if (!shown || i < from || i >= to)
			(void)fputc(' ', out);
		else if (res->status == AL_STATUS_RUNNING)
			(void)fputs(o->utf8 ? "\u2591" : ".", out);
		else
			(void)fputs(o->utf8 ? "\u2588" : "#", out);
	}
}

static void
duration(FILE *out, const struct al_result *res)
{
	uint64_t us = res->end_us - res->start_us;

	if (res->end_us == 0 || res->status == AL_STATUS_SKIP)
		(void)fprintf(out, "%*s", TIME_WIDTH, "");
	else if (us < 10000000)
		(void)fprintf(out, "%*u ms", TIME_WIDTH - 3,
		    (unsigned)((us + 500) / 1000));
	else
		(void)fprintf(out, "%*.1f s", TIME_WIDTH - 2,
		    (double)us / 1e6);
}

struct look {
	const char	*text, *color;
};

static const struct look looks[] = {
	[AL_STATUS_WAITING] = { "", "" },
	[AL_STATUS_RUNNING] = { "...", "" },
	[AL_STATUS_PASS] = { "ok", "\033[32m" },
	[AL_STATUS_INFO] = { "info", "\033[36m" },
	[AL_STATUS_WARN] = { "WARN", "\033[33m" },
	[AL_STATUS_FAIL] = { "FAIL", "\033[1;31m" },
	[AL_STATUS_SKIP] = { "skip", "\033[2m" },
};

static void
line(FILE *out, const struct al_report *r, enum al_check_id id,
    const struct columns *c, const struct al_text_opts *o)
{
	const struct al_result *res = &r->results[id];
	const struct look *look = &looks[res->status];
	bool color = o->color && look->color[0] != '\0';
	const char *note;

	cell(out, al_checks[id].id, ID_WIDTH, ID_WIDTH);
	(void)fputc(' ', out);
	if (c->what > 0) {
		cell(out, res->what, c->what, c->what);
		(void)fputc(' ', out);
	}
	if (c->bar > 0) {
		if (color)
			(void)fputs(look->color, out);
		bar(out, r, res, c->bar, o);
		(void)fputs(color ? "\033[0m " : " ", out);
	}
	duration(out, res);
	note = res->status == AL_STATUS_RUNNING ? "" : res->note;
	(void)fprintf(out, " %s%-*s%s%s", color ? look->color : "",
	    note[0] != '\0' ? STATUS_WIDTH : 0, look->text,
	    color ? "\033[0m" : "", note[0] != '\0' ? " " : "");
	cell(out, note, c->note, 0);
	(void)fputc('\n', out);
}

void
al_report_table(FILE *out, const struct al_report *r,
    const struct al_text_opts *o)
{
	const struct columns c = measure(r, o->width);
	enum al_check_id id;

	for (id = AL_CHECK_NONE + 1; id < AL_CHECKS; id++)
		line(out, r, id, &c, o);
}

/* --- below the table ------------------------------------------------------ */
/* Words of text, at most width cells a line, each line behind indent. */
static void
wrap(FILE *out, const char *indent, const char *text, unsigned width)
{
	char clean[1200];
	size_t room = width - strlen(indent), n, cut;
	const char *p = clean;

	(void)al_str_clean(clean, sizeof(clean), text, strlen(text));
	while (*p != '\0') {
		n = strlen(p);
		if (n > room) {
			for (cut = room; cut > 0 && p[cut] != ' '; cut--)
				;
			n = cut > 0 ? cut : room;
		}
		(void)fprintf(out, "%s%.*s\n", indent, (int)n, p);
		p += n;
		while (*p == ' ')
			p++;
	}
}

static void
cause(FILE *out, const struct al_report *r, enum al_check_id id,
    const struct al_cause_names *names, const struct al_text_opts *o)
{
	const struct al_result *res = &r->results[id];
	const struct al_cause *c = al_cause_find(res->err.cause);
	bool fails = res->status == AL_STATUS_FAIL;
	char sentence[400], text[1000];

	(void)al_cause_expand(sentence, sizeof(sentence), c->text, names);
	(void)snprintf(text, sizeof(text), "NC-%d %s%s", c->code,
	    fails ? "" : "(warning) ", sentence);
	(void)fputc('\n', out);
	if (o->color)
		(void)fputs(fails ? "\033[1m" : "\033[33m", out);
	wrap(out, "", text, o->width);
	if (o->color)
		(void)fputs("\033[0m", out);
	(void)snprintf(text, sizeof(text), "%s: %s", al_checks[id].id,
	    res->err.text);
	wrap(out, "  ", text, o->width);
	(void)al_cause_expand(sentence, sizeof(sentence), c->remedy, names);
	(void)snprintf(text, sizeof(text), "What to do: %s", sentence);
	wrap(out, "  ", text, o->width);
}

/* Of the root cause: what somebody else has to change. */
static void
ask(FILE *out, const struct al_report *r, enum al_check_id id,
    const struct al_cause_names *names, const struct al_text_opts *o)
{
	const struct al_result *res = &r->results[id];
	const struct al_cause *c = al_cause_find(res->err.cause);
	char text[1000], facts[400];

	/* {proxy} is the one that works now */
	if (c->ask == NULL || res->fell_back)
		return;
	(void)fprintf(out, "\nFor the network team:\n");
	(void)al_cause_expand(text, sizeof(text), c->ask, names);
	wrap(out, "  ", text, o->width);
	(void)snprintf(facts, sizeof(facts), "Host %s, port %s, %s%s; seen: "
	    "NC-%d at %s%s%.60s.", names->host, names->port,
	    r->route != NULL && r->route->chains[r->used].n > 0 ?
	    "method CONNECT through " : "method TCP connect, TLS, no proxy",
	    r->route != NULL && r->route->chains[r->used].n > 0 ?
	    names->proxy : "", c->code, al_checks[id].id,
	    res->what[0] != '\0' ? " " : "", res->what);
	wrap(out, "  ", facts, o->width);
}

/* Whoever gives no token is told what was left out. */
static void
summary(FILE *out, const struct al_report *r, const struct al_text_opts *o)
{
	unsigned warnings = al_report_count(r, AL_STATUS_WARN);
	const char *verdict = al_report_verdict(r);
	const struct al_result *auth = &r->results[AL_CHECK_TUNNEL_AUTH];
	char text[400];

	(void)snprintf(text, sizeof(text), "SUMMARY %s: %u failed, %u ok, "
	    "%u warning%s, %u skipped, %.1f s%s", verdict,
	    al_report_count(r, AL_STATUS_FAIL),
	    al_report_count(r, AL_STATUS_PASS) +
	    al_report_count(r, AL_STATUS_INFO), warnings,
	    warnings == 1 ? "" : "s", al_report_count(r, AL_STATUS_SKIP),
	    (double)r->now_us / 1e6,
	    auth->status == AL_STATUS_SKIP && !auth->is_blocked &&
	    strcmp(verdict, "reachable") == 0 ?
	    "; the session was not checked: no token" : "");
	(void)fputc('\n', out);
	if (o->color)
		(void)fputs(strcmp(verdict, "reachable") == 0 ? "\033[1;32m" :
		    "\033[1;31m", out);
	wrap(out, "", text, o->width);
	if (o->color)
		(void)fputs("\033[0m", out);
}

void
al_report_verdict_text(FILE *out, const struct al_report *r,
    const struct al_text_opts *o)
{
	enum al_check_id ids[AL_CAUSES_SHOWN];
	size_t n = al_report_causes(r, ids), i;
	struct al_names_room room;
	struct al_cause_names names;

	al_report_names(r, &names, &room);
	for (i = 0; i < n; i++)
		cause(out, r, ids[i], &names, o);
	if (n > 0)
		ask(out, r, ids[0], &names, o);
	summary(out, r, o);
}
