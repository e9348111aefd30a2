/* connector/gatewayd/dev.c - --dev: a gateway to try things with, from nothing. */
#include <config.h>	/* asprintf */

#include "connector/gatewayd/dev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connector/base/str.h"
#include "connector/daemon/file.h"
#include "connector/gatewayd/identity.h"
#include "connector/stream/tls_cert.h"

#define LISTEN		"127.0.0.1:8443"
#define DAYS		365
#define CONNECTOR	"dev"
#define OPERATOR	"you"

/* --- files in the folder -------------------------------------------------- */
static enum al_code
path_in(char *buf, size_t cap, const char *dir, const char *name,
    struct al_err *err)
{
	if ((size_t)snprintf(buf, cap, "%s/%s", dir, name) < cap)
		return AL_OK;
	return al_fail(err, AL_EUSAGE, AL_AT_LOCAL, 0,
	    "%s: the name of the folder is too long", dir);
}

#define PATH(buf, name)	path_in(buf, sizeof(buf), dir, name, err)

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static enum al_code
write_text(const char *dir, const char *name, const char *text,
    struct al_err *err)
{
	char path[512];
	enum al_code code = PATH(path, name);

	return code == AL_OK ? al_file_replace(path, text, strlen(text), err) :
	    code;
}

/* --- the folder ----------------------------------------------------------- */
static char *
new_dir(struct al_err *err)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char *path;

	if (run == NULL || run[0] != '/' || access(run, W_OK) != 0)
		run = "/tmp";
	if (asprintf(&path, "%s/alpacon-dev.XXXXXX", run) < 0) {
		(void)al_fail_nomem(err, AL_AT_LOCAL);
		return NULL;
	}
	if (mkdtemp(path) != NULL)
		return path;
	(void)al_fail(err, AL_EUSAGE, AL_AT_LOCAL, errno,
	    "can't make a folder in %s: %s", run, strerror(errno));
	free(path);
	return NULL;
}

static char *
given_dir(const char *dir, struct al_err *err)
{
	char *path;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		(void)al_fail(err, AL_EUSAGE, AL_AT_LOCAL, errno,
		    "can't make the folder %s: %s", dir, strerror(errno));
		return NULL;
	}
	path = realpath(dir, NULL);
	if (path == NULL)
		(void)al_fail(err, AL_EUSAGE, AL_AT_LOCAL, errno, "%s: %s",
		    dir, strerror(errno));
	return path;
}

/* --- what is in it -------------------------------------------------------- */
static enum al_code
make_certificate(const char *dir, struct al_err *err)
{
	char host[256], ca_path[512], cert_path[512], key_path[512];
	const char *names[] = { "localhost", "127.0.0.1", "::1", host };
	struct al_tls_cert *ca = NULL, *cert = NULL;
	enum al_code code;
	size_t n = 4;

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		n = 3;
	host[sizeof(host) - 1] = '\0';
	if ((code = PATH(ca_path, "ca.pem")) != AL_OK ||
	    (code = PATH(cert_path, "cert.pem")) != AL_OK ||
	    (code = PATH(key_path, "key.pem")) != AL_OK)
		return code;
	if (is_there(ca_path) && is_there(cert_path) && is_there(key_path))
		return AL_OK;
	ca = al_tls_cert_new_ca("alpacon-gatewayd --dev", 0, DAYS, err);
	if (ca != NULL)
		cert = al_tls_cert_new(ca, names, n, 0, DAYS, err);
	if (cert == NULL)
		code = err->code;
	/* nobody needs the CA's key again: it is not kept */
	if (code == AL_OK)
		code = al_tls_cert_write(ca, ca_path, NULL, err);
	if (code == AL_OK)
		code = al_tls_cert_write(cert, cert_path, key_path, err);
	al_tls_cert_free(cert);
	al_tls_cert_free(ca);
	return code;
}

static enum al_code
make_settings(const char *dir, const struct al_dev_opts *o,
    struct al_err *err)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	    "# made by alpacon-gatewayd --dev\n"
	    "listen = %s\n"
	    "cert_file = cert.pem\n"
	    "key_file = key.pem\n"
	    "connectors_file = connectors\n"
	    "operators_file = operators\n"
	    "audit_file = audit.log\n"
	    "%s%s%s", o->listen != NULL ? o->listen : LISTEN,
	    o->backend != NULL ? "backend = " : "",
	    o->backend != NULL ? o->backend : "",
	    o->backend != NULL ? "\n" : "");
	return write_text(dir, "gateway.conf", text, err);
}

/* The identity, with its secret in a file of its own. */
static enum al_code
make_identity(const char *dir, enum al_identity_kind kind, const char *name,
    const char *secret_name, struct al_err *err)
{
	bool connector = kind == AL_IDENTITY_CONNECTOR;
	struct al_new_identity n;
	char file[512], secret[512], text[sizeof(n.secret) + 1];
	enum al_code code;

	if ((code = PATH(file, connector ? "connectors" : "operators")) !=
	    AL_OK || (code = PATH(secret, secret_name)) != AL_OK)
		return code;
	if (is_there(secret))
		return AL_OK;
	code = al_identity_add(file, kind, connector ? name : NULL, name, &n,
	    err);
	if (code != AL_OK)
		return code;
	(void)snprintf(text, sizeof(text), "%s\n", n.secret);
	code = write_text(dir, secret_name, text, err);
	explicit_bzero(&n, sizeof(n));
	explicit_bzero(text, sizeof(text));
	return code;
}

static enum al_code
fill(const char *dir, const struct al_dev_opts *o, struct al_err *err)
{
	enum al_code code = make_certificate(dir, err);

	if (code == AL_OK)
		code = make_identity(dir, AL_IDENTITY_CONNECTOR, CONNECTOR,
		    "connector.key", err);
	if (code == AL_OK)
		code = make_identity(dir, AL_IDENTITY_OPERATOR, OPERATOR,
		    "operator.token", err);
	return code == AL_OK ? make_settings(dir, o, err) : code;
}

enum al_code
al_dev_prepare(struct al_dev *d, const struct al_dev_opts *o,
    struct al_err *err)
{
	enum al_code code;

	d->config = NULL;
	d->dir = o->dir != NULL ? given_dir(o->dir, err) : new_dir(err);
	if (d->dir == NULL)
		return err->code;
	code = fill(d->dir, o, err);
	if (code == AL_OK && asprintf(&d->config, "%s/gateway.conf",
	    d->dir) < 0) {
		d->config = NULL;
		code = al_fail_nomem(err, AL_AT_LOCAL);
	}
	if (code != AL_OK)
		al_dev_fini(d);
	return code;
}

void
al_dev_fini(struct al_dev *d)
{
	free(d->config);
	free(d->dir);
	d->config = d->dir = NULL;
}

/* --- what to type next ---------------------------------------------------- */
enum al_code
al_dev_announce(const char *dir, const struct al_addr *a, struct al_err *err)
{
	char url[64], text[1024];
	enum al_code code;

	(void)snprintf(url, sizeof(url), "https://localhost:%u",
	    al_addr_port(a));
	(void)snprintf(text, sizeof(text), "url = %s\nid = " CONNECTOR "\n"
	    "key_file = connector.key\nca_file = ca.pem\n", url);
	code = write_text(dir, "connector.conf", text, err);
	(void)snprintf(text, sizeof(text), "url = %s\n"
	    "token_file = operator.token\nca_file = ca.pem\n", url);
	if (code == AL_OK)
		code = write_text(dir, "tunnel.conf", text, err);
	if (code != AL_OK)
		return code;
	(void)printf("A gateway for tests runs at %s (files in %s).\n"
	    "Type next, each in a terminal of its own:\n\n"
	    "  the server that is to be reached (behind a proxy: proxy = URL "
	    "in the file):\n"
	    "    alpacon-connectord -c %s/connector.conf\n"
	    "  its ssh at local port 2222:\n"
	    "    alpacon-tunnel --config %s/tunnel.conf " CONNECTOR
	    " -L 2222:localhost:22\n"
	    "  is everything fine on the way?\n"
	    "    alpacon-netcheck --config %s/tunnel.conf\n"
	    "  another server, another operator:\n"
	    "    alpacon-gatewayd add connector NAME -c %s/gateway.conf\n\n",
	    url, dir, dir, dir, dir, dir);
	(void)fflush(stdout);
	return AL_OK;
}
