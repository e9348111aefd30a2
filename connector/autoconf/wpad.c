/* connector/autoconf/wpad.c - look for the PAC file of a domain. */
#include "connector/autoconf/wpad.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "connector/autoconf/fetch.h"
#include "connector/base/addr.h"
#include "connector/base/str.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "pac/idna.h"

#define LOOKUP_MS	1000
#define DOMAIN_MAX	(253 - 5)	/* "wpad." in front of it */
#define LABEL_MAX	63

/* --- which domains -------------------------------------------------------- */
static enum al_code
refuse(const char *domain, const char *why, struct al_err *err)
{
	char shown[80];

	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\": %s",
	    al_str_clean(shown, sizeof(shown), domain, strlen(domain)), why);
}

/* What is wrong with the letters of an ASCII name, or NULL. */
static const char *
check_labels(const char *name)
{
	size_t n, labels = 0;
	const char *p;

	for (p = name;; p += n + 1, labels++) {
		n = strcspn(p, ".");
		if (n == 0)
			return "a part of the name is empty";
		if (n > LABEL_MAX)
			return "a part of the name is longer than 63 letters";
		if (strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-_") < n ||
		    p[0] == '-' || p[n - 1] == '-')
			return "a character does not belong in a domain";
		if (p[n] == '\0')
			break;
	}
	if (labels == 0)
		return "a domain has at least two parts, as in corp.example";
	if (strspn(p, "0123456789") == n)
		return "an address is not a domain";
	if (strcmp(p, "local") == 0)
		return "names under .local are asked of whoever is near";
	if (strcmp(p, "localhost") == 0)
		return "this host announces no proxies to itself";
	return NULL;
}

/* The domain as DNS has it, no dot at its end; what is wrong, or NULL. */
static const char *
normalise(const char *domain, char out[static DOMAIN_MAX + 1])
{
	size_t n = strlen(domain);
	struct al_addr a;
	const char *why;

	if (al_addr_parse_ip(&a, domain, 0))
		return "an address is not a domain";
	if (n > 0 && domain[n - 1] == '.')
		n--;
	if (n == 0)
		return "the domain is missing";
	if (!al_idna_encode(out, DOMAIN_MAX + 1, domain, n))
		return "too long for a domain, or not UTF-8";
	why = check_labels(out);
	if (why != NULL)
		return why;
	return psl_is_public_suffix(psl_builtin(), out) ?
	    "a public suffix: whoever owns wpad under it would be "
	    "everybody's proxy" : NULL;
}

enum al_code
al_wpad_check_domain(const char *domain, struct al_err *err)
{
	char name[DOMAIN_MAX + 1];
	const char *why = normalise(domain, name);

	return why == NULL ? AL_OK : refuse(domain, why, err);
}

/* --- the search ----------------------------------------------------------- */
struct al_wpad {
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	char			 names[AL_WPAD_DOMAINS_MAX][AL_HOST_MAX + 1];
	size_t			 n, at;
	struct al_resolve	*q;
	struct al_timer		 deadline;
	struct al_task		 next;
	struct al_err		 why;		/* the most telling so far */
	al_on_wpad		*on_wpad;
	void			*arg;
};

static void
end(struct al_wpad *w)
{
	al_resolve_cancel(w->q);
	w->q = NULL;
	al_timer_fini(&w->deadline);
	al_task_fini(&w->next);
	al_loop_bury(w->loop, w, free);
}

void
al_wpad_cancel(struct al_wpad *w)
{
	if (w != NULL)
		end(w);
}

/* A name that does not exist is what is expected of the others. */
static void
next(struct al_wpad *w, const struct al_err *why)
{
	if (w->why.code == AL_OK || w->why.code == AL_ENAME)
		w->why = *why;
	w->at++;
	al_timer_cancel(&w->deadline);
	al_task_queue(&w->next);
}

static void
found(struct al_wpad *w)
{
	char url[AL_HOST_MAX + 32];

	(void)snprintf(url, sizeof(url), "http://%s/wpad.dat",
	    w->names[w->at]);
	end(w);				/* buried: still readable */
	w->on_wpad(w->arg, url, NULL);
}

static void
not_found(struct al_wpad *w)
{
	w->why.stage = AL_AT_PAC;
	w->why.cause = AL_CAUSE_PAC;
	al_err_prefix(&w->why, "no proxy settings are announced (WPAD)");
	end(w);
	w->on_wpad(w->arg, NULL, &w->why);
}

static void
on_resolve(void *arg, int family, const struct al_addr *addrs, size_t n,
    int last, const struct al_err *err)
{
	struct al_wpad *w = arg;

	(void)family;
	(void)addrs;
	if (last)
		w->q = NULL;
	if (n > 0)
		found(w);
	else if (last)
		next(w, err);
}

static void
on_deadline(void *arg)
{
	struct al_wpad *w = arg;
	struct al_err err;

	al_resolve_cancel(w->q);
	w->q = NULL;
	(void)al_fail(&err, AL_ETIMEOUT, AL_AT_PAC, 0,
	    "%s: no answer from DNS within %u ms", w->names[w->at],
	    LOOKUP_MS);
	next(w, &err);
}

static void
on_next(void *arg)
{
	struct al_wpad *w = arg;
	struct al_err err;

	if (w->at == w->n) {
		not_found(w);
		return;
	}
	al_timer_set(&w->deadline, LOOKUP_MS);
	w->q = al_resolve_start(w->resolver, w->names[w->at], 80,
	    AL_RESOLVE_NO_HOSTS | AL_RESOLVE_NO_SEARCH, on_resolve, w, &err);
	if (w->q == NULL)
		next(w, &err);
}

static enum al_code
take_domains(struct al_wpad *w, const char *const *domains, size_t n,
    struct al_err *err)
{
	char name[DOMAIN_MAX + 1];
	const char *why;

	if (n == 0 || n > AL_WPAD_DOMAINS_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "WPAD needs 1 to %d domains", AL_WPAD_DOMAINS_MAX);
	for (; w->n < n; w->n++) {
		why = normalise(domains[w->n], name);
		if (why != NULL)
			return refuse(domains[w->n], why, err);
		(void)snprintf(w->names[w->n], sizeof(w->names[0]), "wpad.%s",
		    name);
	}
	return AL_OK;
}

struct al_wpad *
al_wpad_start(struct al_loop *loop, struct al_resolver *r,
    const char *const *domains, size_t n, al_on_wpad *on_wpad, void *arg,
    struct al_err *err)
{
	struct al_wpad *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		(void)al_fail_nomem(err, AL_AT_PAC);
		return NULL;
	}
	w->loop = loop;
	w->resolver = r;
	w->on_wpad = on_wpad;
	w->arg = arg;
	if (take_domains(w, domains, n, err) == AL_OK &&
	    al_timer_init(&w->deadline, loop, on_deadline, w, err) == AL_OK &&
	    al_task_init(&w->next, loop, on_next, w, err) == AL_OK) {
		al_task_queue(&w->next);
		return w;
	}
	end(w);
	return NULL;
}
