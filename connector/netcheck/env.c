/* connector/netcheck/env.c - before the network: CA store, choice of route. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "connector/daemon/reach.h"
#include "connector/helper/syscfg.h"
#include "connector/netcheck/netcheck.h"

#define NC_PAC		111
#define NC_NO_STORE	162

/* --- env.ca --------------------------------------------------------------- */
/* -1: can't be read. */
static int
count_file(const char *path)
{
	FILE *f = fopen(path, "re");
	X509 *cert;
	int n = 0;

	if (f == NULL)
		return -1;
	while ((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL) {
		X509_free(cert);
		n++;
	}
	ERR_clear_error();		/* the end of the file is one */
	(void)fclose(f);
	return n;
}

/* What libcrypto looks up: "5ed36f99.0". */
static int
count_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	int n = 0;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		n += strlen(e->d_name) > 9 && e->d_name[8] == '.' &&
		    strspn(e->d_name, "0123456789abcdef") == 8;
	(void)closedir(d);
	return n;
}

static const char *
or_default(const char *variable, const char *def)
{
	const char *v = getenv(variable);

	return v != NULL ? v : def;
}

static void
say_store(struct netcheck *n, int count, const char *path,
    const char *variable)
{
	char note[400];
	struct al_err err;

	if (count > 0) {
		(void)snprintf(note, sizeof(note), "%d certificate%s in "
		    "%.300s%s%s", count, count == 1 ? "" : "s", path,
		    variable != NULL ? ", because of " : "",
		    variable != NULL ? variable : "");
		al_report_end(&n->report, AL_CHECK_ENV_CA, AL_STATUS_PASS,
		    note, netcheck_now(n));
		return;
	}
	(void)al_fail_as(&err, AL_EUSAGE, AL_AT_CONFIG, 0, NC_NO_STORE,
	    "%s has no CA certificates%s%s", path, variable != NULL ?
	    ", and is looked at because of " : "", variable != NULL ?
	    variable : "");
	al_report_fail(&n->report, AL_CHECK_ENV_CA, AL_STATUS_FAIL, &err,
	    netcheck_now(n));
}

static void
check_store(struct netcheck *n)
{
	const char *file_var = X509_get_default_cert_file_env();
	const char *dir_var = X509_get_default_cert_dir_env();
	const char *ca = al_conf_text(n->conf, NULL, NULL, "ca_file");
	const char *file = or_default(file_var, X509_get_default_cert_file());
	const char *dir = or_default(dir_var, X509_get_default_cert_dir());
	int count;

	al_report_begin(&n->report, AL_CHECK_ENV_CA, ca != NULL ? ca : "",
	    netcheck_now(n));
	if (ca != NULL) {
		say_store(n, count_file(ca), ca, NULL);
		return;
	}
	count = count_file(file);
	if (count > 0 || getenv(dir_var) == NULL) {
		if (count > 0 || count_folder(dir) <= 0) {
			say_store(n, count, file, getenv(file_var) != NULL ?
			    file_var : NULL);
			return;
		}
	}
	say_store(n, count_folder(dir), dir, getenv(dir_var) != NULL ?
	    dir_var : NULL);
}

/* --- proxy.discover ------------------------------------------------------- */
static void
say_choice(struct netcheck *n, const struct al_choice *c)
{
	const struct al_considered *k = &c->considered[c->source];
	const struct al_considered *sys = &c->considered[AL_SOURCE_SYSTEM];
	char chain[AL_CHAIN_TEXT], note[400];
	size_t i, len = 0;

	note[0] = '\0';
	for (i = 0; i < c->route.n && len < sizeof(note); i++)
		if (al_chain_format(&c->route.chains[i], chain,
		    sizeof(chain)) == AL_OK)
			len += (size_t)snprintf(note + len, sizeof(note) - len,
			    "%s%s", i > 0 ? ", else " : "", chain);
	if (len < sizeof(note))
		len += (size_t)snprintf(note + len, sizeof(note) - len,
		    " (%s%s%s)", al_source_name(c->source),
		    k->variable != NULL ? ": " : "", k->variable != NULL ?
		    k->variable : "");
	if (c->source == AL_SOURCE_DEFAULT && len < sizeof(note) &&
	    strcmp(sys->lost, AL_SYSCFG_NOTHING) != 0)
		len += (size_t)snprintf(note + len, sizeof(note) - len,
		    "; system settings: %s", sys->lost);
	if (c->no_proxy_match != NULL && len < sizeof(note))
		(void)snprintf(note + len, sizeof(note) - len,
		    "; no_proxy has %s", c->no_proxy_match);
	al_report_end(&n->report, AL_CHECK_DISCOVER, AL_STATUS_PASS, note,
	    netcheck_now(n));
}

/* --- proxy.pac ------------------------------------------------------------ */
/* The PAC file that was asked: of our settings, the desktop or WPAD. */
static const struct al_considered *
asked_file(const struct al_choice *c)
{
	static const enum al_source files[] = { AL_SOURCE_PAC,
	    AL_SOURCE_SYSTEM, AL_SOURCE_WPAD };
	const struct al_considered *k;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		k = &c->considered[files[i]];
		if (k->where != NULL)
			return k;
	}
	return NULL;
}

static void
say_file(struct netcheck *n)
{
	const struct al_considered *k = asked_file(&n->choice);
	struct al_err err;

	if (k == NULL) {
		al_report_skip(&n->report, AL_CHECK_PAC, "no PAC file is set");
		return;
	}
	al_report_begin(&n->report, AL_CHECK_PAC, k->where, netcheck_now(n));
	if (k->value != NULL) {
		al_report_end(&n->report, AL_CHECK_PAC, AL_STATUS_PASS,
		    k->value, netcheck_now(n));
		return;
	}
	/* another source has stepped in */
	(void)al_fail_as(&err, AL_ENET, AL_AT_PAC, 0, NC_PAC, "%s", k->lost);
	al_report_fail(&n->report, AL_CHECK_PAC, AL_STATUS_WARN, &err,
	    netcheck_now(n));
}

/* --- failures ------------------------------------------------------------- */
/* The files of CAs are env.ca's, a malformed proxy is proxy.discover's, the
 * PAC file is proxy.pac's; the rest (a password file that others may read)
 * stops the program. */
static enum al_code
blame(struct netcheck *n, const struct al_err *err)
{
	enum al_check_id id = AL_CHECK_DISCOVER;

	if (err->stage == AL_AT_PAC)
		id = AL_CHECK_PAC;
	else if (err->code == AL_EAUTH || err->stage != AL_AT_CONFIG)
		return err->code;
	else if (err->cause == NC_NO_STORE)
		id = AL_CHECK_ENV_CA;
	if (id != AL_CHECK_PAC)
		al_report_skip(&n->report, AL_CHECK_PAC, "not asked");
	al_report_fail(&n->report, id, AL_STATUS_FAIL, err,
	    netcheck_now(n));
	return AL_OK;
}

enum al_code
netcheck_env(struct netcheck *n, struct al_err *err)
{
	const char *pac = al_conf_text(n->conf, NULL, NULL, "pac");

	check_store(n);
	if (pac != NULL)
		al_report_begin(&n->report, AL_CHECK_PAC, pac,
		    netcheck_now(n));
	al_report_begin(&n->report, AL_CHECK_DISCOVER, "", netcheck_now(n));
	n->workspace = al_reach_open(n->conf, n->report.url, NULL, NULL, err);
	if (n->workspace == NULL || al_reach_find(n->base, n->loop,
	    n->resolver, n->workspace, NULL, &n->choice, err) != AL_OK) {
		al_workspace_free(n->workspace);
		n->workspace = NULL;
		n->report.results[AL_CHECK_DISCOVER].status =
		    AL_STATUS_WAITING;
		return blame(n, err);
	}
	n->report.route = &n->choice.route;
	say_file(n);
	say_choice(n, &n->choice);
	return AL_OK;
}
