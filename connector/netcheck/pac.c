/* connector/netcheck/pac.c - the command "pac": ask a PAC file, and explain. */
#include "connector/netcheck/pac.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <jansson.h>

#include "connector/autoconf/fetch.h"
#include "connector/base/str.h"
#include "connector/netcheck/netcheck.h"
#include "pac/charset.h"
#include "pac/eval.h"
#include "pac/page.h"
#include "pac/result.h"

#define EXIT_PAC	12

struct ask {
	const struct pac_opts	*o;
	struct netcheck		*n;
	struct al_pac_page	 page;
	struct al_pac		*pac;
	char			 name[300];	/* "the PAC file ..."   */
	char			*path;		/* absolute, or NULL    */
	struct al_fetch		*fetch;
	bool			 over;
	int			 status;
};

/* --- options -------------------------------------------------------------- */
/* RFC 3339: "2026-03-29T01:59:00Z", "...+02:00", a blank for the T. */
enum al_code
pac_take_time(struct pac_opts *o, const char *text, struct al_err *err)
{
	struct tm tm = { .tm_isdst = 0 };
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	int hours = 0, minutes = 0, used = 0;

	if (rest != NULL && (*rest == 'T' || *rest == 't' || *rest == ' '))
		rest = strptime(rest + 1, "%H:%M:%S", &tm);
	else
		rest = NULL;
	if (rest != NULL && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (rest != NULL && (strcmp(rest, "Z") == 0 ||
	    strcmp(rest, "z") == 0))
		used = 1;
	else if (rest != NULL && (*rest == '+' || *rest == '-') &&
	    strlen(rest) == 6 && sscanf(rest + 1, "%2d:%2d", &hours,
	    &minutes) == 2 && hours < 24 && minutes < 60)
		used = *rest == '-' ? -1 : 1;
	if (used == 0)
		return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0, "--at %s: a "
		    "time is 2026-03-29T01:59:00Z, or with +02:00 for the Z",
		    text);
	o->clock_ms = ((int64_t)timegm(&tm) -
	    used * (hours * 3600 + minutes * 60)) * 1000;
	if (o->clock_ms == 0)
		o->clock_ms = 1;	/* 0 would be the real time */
	return AL_OK;
}

enum al_code
pac_take_own(struct pac_opts *o, const char *text, struct al_err *err)
{
	if (o->n_own == PAC_OWN_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0,
		    "more than %d --my-ip", PAC_OWN_MAX);
	if (!al_addr_parse_ip(&o->own[o->n_own], text, 0))
		return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0,
		    "--my-ip %s: not an IP address", text);
	o->n_own++;
	return AL_OK;
}

enum al_code
pac_take_dns(struct pac_opts *o, const char *text, struct al_err *err)
{
	const char *eq = strchr(text, '=');
	struct pac_dns *d = &o->dns[o->n_dns];

	if (o->n_dns == PAC_DNS_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0,
		    "more than %d --dns", PAC_DNS_MAX);
	if (eq == NULL || eq == text || eq - text > AL_HOST_MAX ||
	    (eq[1] != '\0' && !al_addr_parse_ip(&d->addr, eq + 1, 0)))
		return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0, "--dns %s: it "
		    "is NAME=ADDRESS, or NAME= for a name that does not "
		    "resolve", text);
	(void)snprintf(d->name, sizeof(d->name), "%.*s", (int)(eq - text),
	    text);
	d->has_addr = eq[1] != '\0';
	o->n_dns++;
	return AL_OK;
}

/* --- what the script asks ------------------------------------------------- */
static void
put_addr(struct al_pac_lookup *l, const struct al_addr *a)
{
	bool only_v4 = l->what == AL_PAC_NAME4 || l->what == AL_PAC_OWN4;

	if (l->n < AL_PAC_ADDRS_MAX &&
	    (!only_v4 || a->u.sa.sa_family == AF_INET))
		l->addrs[l->n++] = *a;
}

static bool
lookup(void *arg, struct al_pac_lookup *l)
{
	const struct ask *a = arg;
	const struct pac_opts *o = a->o;
	size_t i;

	if (l->what == AL_PAC_OWN4 || l->what == AL_PAC_OWN) {
		for (i = 0; i < o->n_own; i++)
			put_addr(l, &o->own[i]);
		return o->n_own > 0;
	}
	for (i = 0; i < o->n_dns; i++)
		if (al_str_ieq(o->dns[i].name, l->name) &&
		    o->dns[i].has_addr)
			put_addr(l, &o->dns[i].addr);
	return o->n_dns > 0;
}

/* --- what it comes to ----------------------------------------------------- */
static const char *
what_name(enum al_pac_what what)
{
	return what == AL_PAC_OWN4 || what == AL_PAC_OWN ? "own" : "name";
}

static json_t *
json_addrs(const struct al_pac_lookup *l)
{
	json_t *list = json_array();
	char ip[AL_ADDR_TEXT];
	size_t i;

	for (i = 0; i < l->n; i++)
		(void)json_array_append_new(list,
		    json_string(al_addr_format_ip(&l->addrs[i], ip)));
	return list;
}

static json_t *
json_texts(const char *const *texts, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(texts[i]));
	return list;
}

static json_t *
json_fault(const struct al_pac_fault *f, const struct al_err *err)
{
	static const char *const stages[] = {
		[AL_PAC_AT_SYNTAX] = "syntax", [AL_PAC_AT_LOAD] = "load",
		[AL_PAC_AT_RUN] = "run", [AL_PAC_AT_RESULT] = "result",
	};

	if (err == NULL)
		return json_null();
	if (f == NULL)
		return json_pack("{s:s,s:n,s:n,s:s}", "stage", "fetch",
		    "line", "column", "text", err->text);
	return json_pack("{s:s,s:i,s:i,s:s}", "stage", stages[f->stage],
	    "line", (int)f->line, "column", (int)f->column, "text",
	    err->text);
}

/* a NULL: there was no evaluation, err says why. */
static void
print_json(struct ask *k, const struct al_pac_answer *a,
    const struct al_pac_result *r, const struct al_err *err)
{
	static const struct al_pac_answer none = { .engine = "" };
	json_t *lookups = json_array(), *all;
	size_t i;

	if (a == NULL)
		a = &none;
	for (i = 0; i < a->n_lookups; i++)
		(void)json_array_append_new(lookups,
		    json_pack("{s:s,s:s,s:o}", "what",
		    what_name(a->lookups[i].what), "name",
		    a->lookups[i].name, "addresses",
		    json_addrs(&a->lookups[i])));
	all = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:f}",
	    "result", r != NULL ? json_texts(
	    (const char *const *)r->entries, r->n) : json_null(),
	    "raw", a->raw != NULL ? json_string(a->raw) : json_null(),
	    "error", json_fault(a->fault, err),
	    "warnings", r != NULL ? json_texts(
	    (const char *const *)r->warnings, r->n_warnings) : json_array(),
	    "lookups", lookups,
	    "alerts", json_texts(a->alerts, a->n_alerts),
	    "engine", a->engine, "elapsed_ms", a->elapsed_us / 1000.0);
	if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0)
		k->status = 74;
	(void)putchar('\n');
	json_decref(all);
}

static void
print_lookups(const struct al_pac_answer *a)
{
	char ip[AL_ADDR_TEXT];
	size_t i, j;

	for (i = 0; i < a->n_lookups; i++) {
		const struct al_pac_lookup *l = &a->lookups[i];

		printf("  asked   %s:", l->name[0] != '\0' ? l->name :
		    "own address");
		for (j = 0; j < l->n; j++)
			printf(" %s", al_addr_format_ip(&l->addrs[j], ip));
		printf("%s\n", l->n == 0 ? " not found" : "");
	}
	for (i = 0; i < a->n_alerts; i++)
		printf("  alert   %s\n", a->alerts[i]);
}

static void
print_text(const struct ask *k, const struct al_pac_answer *a,
    const struct al_pac_result *r, const struct al_err *err)
{
	char shown[1024];
	size_t i;

	printf("%s\n", k->page.url);
	for (i = 0; r != NULL && i < r->n; i++)
		printf("  %zu. %s\n", i + 1, r->entries[i]);
	if (err != NULL)
		printf("  error   %s\n", err->text);
	if (a == NULL)
		return;
	if (a->raw != NULL)
		printf("  said    \"%s\"\n", al_str_clean(shown,
		    sizeof(shown), a->raw, strlen(a->raw)));
	for (i = 0; r != NULL && i < r->n_warnings; i++)
		printf("  warning %s\n", r->warnings[i]);
	print_lookups(a);
	if (a->engine[0] != '\0')
		printf("  engine  %s, %u.%03u ms\n", a->engine,
		    a->elapsed_us / 1000, a->elapsed_us % 1000);
}

static void
tell(struct ask *k, const struct al_pac_answer *a,
    const struct al_pac_result *r, const struct al_err *err)
{
	k->over = true;
	k->status = err != NULL ? EXIT_PAC : 0;
	if (k->o->json)
		print_json(k, a, r, err);
	else
		print_text(k, a, r, err);
	if (fflush(stdout) != 0)
		k->status = 74;
	(void)event_base_loopbreak(k->n->base);
}

/* --- the run -------------------------------------------------------------- */
static void
on_pac(void *arg, const struct al_pac_answer *a, const struct al_err *err)
{
	struct ask *k = arg;
	struct al_pac_result r;
	struct al_err failed;

	if (err == NULL && al_pac_result_parse(&r, a->raw, k->o->socks,
	    &failed) == AL_OK) {
		tell(k, a, &r, NULL);
		al_pac_result_fini(&r);
	} else {
		tell(k, a, NULL, err != NULL ? err : &failed);
	}
}

static enum al_code
evaluate(struct ask *k, const struct al_fetched *f, struct al_err *err)
{
	struct al_pac_opts o = { .resolver = k->n->resolver,
	    .name = k->name, .clock_ms = k->o->clock_ms, .lookup = lookup,
	    .arg = k };
	struct al_buf text;
	enum al_code code;

	al_buf_init(&text, AL_PAC_SCRIPT_MAX);
	code = al_pac_decode(&text, f->body, f->len, f->content_type, err);
	if (code == AL_OK) {
		o.script = (const char *)al_buf_head(&text);
		o.len = al_buf_len(&text);
		k->pac = al_pac_new(k->n->loop, &o, err);
		if (k->pac == NULL || al_pac_ask(k->pac, k->page.url,
		    k->page.host, on_pac, k, err) == NULL)
			code = err->code;
	} else {
		al_err_prefix(err, "%s", k->name);
	}
	al_buf_fini(&text);
	return code;
}

static void
on_fetch(void *arg, const struct al_fetched *f, const struct al_err *cause)
{
	struct ask *k = arg;
	struct al_err err;

	k->fetch = NULL;
	if (cause != NULL)
		tell(k, NULL, NULL, cause);
	else if (evaluate(k, f, &err) != AL_OK)
		tell(k, NULL, NULL, &err);
}

int
netcheck_pac(struct netcheck *n, const struct pac_opts *o, struct al_err *err)
{
	struct ask k = { .o = o, .n = n };
	struct al_tls_opts t = { .ca_file = al_conf_text(n->conf, NULL, NULL,
	    "proxy_ca_file"), .min = "1.2" };
	struct al_fetch_opts f = { .url = o->file, .resolver = n->resolver };
	struct al_tls_ctx *tls = NULL;

	if (al_pac_page_make(&k.page, o->url, err) != AL_OK)
		return -1;
	if (!al_conf_is_url(o->file)) {
		f.url = k.path = realpath(o->file, NULL);
		if (k.path == NULL) {
			(void)al_fail(err, AL_EUSAGE, AL_AT_NONE, errno,
			    "%s: %s", o->file, strerror(errno));
			return -1;
		}
	}
	(void)snprintf(k.name, sizeof(k.name), "the PAC file ");
	al_fetch_show(f.url, k.name + strlen(k.name),
	    sizeof(k.name) - strlen(k.name));
	k.status = -1;
	f.tls = tls = al_tls_client_new(&t, err);
	if (tls != NULL)
		k.fetch = al_fetch_start(n->loop, &f, on_fetch, &k, err);
	if (k.fetch != NULL) {
		(void)event_base_dispatch(n->base);
		if (!k.over)
			(void)al_fail(err, AL_ETIMEOUT, AL_AT_PAC, 0,
			    "interrupted, or not done within the time of "
			    "--timeout");
	}
	if (k.fetch != NULL)
		al_fetch_cancel(k.fetch);
	al_pac_free(k.pac);
	al_tls_ctx_free(tls);
	free(k.path);
	return k.status;
}
