/* connector/tunnel/main.c - alpacon-tunnel: options, commands, one loop. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "connector/base/str.h"
#include "connector/daemon/cli.h"
#include "connector/daemon/process.h"
#include "connector/daemon/where.h"
#include "connector/tunnel/tunnel.h"

static const char help[] =
"Reach a server that accepts no inbound connection.\n"
"\n"
"  alpacon-tunnel db1 -L 5432:localhost:5432     psql -h localhost\n"
"  alpacon-tunnel db1 -L 8080:localhost:80 -L 2222:localhost:22\n"
"  ssh -o ProxyCommand='alpacon-tunnel -W %h:%p db1' localhost\n"
"  alpacon-tunnel dial --proxy http://proxy:3128 example.com:22\n"
"  alpacon-tunnel route https://acme.us1.alpacon.io\n"
"\n"
"Forward (SERVER is a name that the gateway knows):\n"
"  -L [BIND:]PORT:HOST:HOSTPORT   listen here, connect there (repeatable);\n"
"                                 PORT 0 takes a free one and says which\n"
"  -W HOST:PORT                   join standard input and output to it\n"
"  --server NAME                  a server whose name is a command's\n"
"Where to and who:\n"
"  --url URL                      https://WORKSPACE       ($ALPACON_URL)\n"
"  --token-file FILE              your token       ($ALPACON_TOKEN_FILE)\n"
"  --ca FILE                      CA instead of the system's\n"
"  --proxy URL                    http, socks5h, ... direct (repeatable:\n"
"                                 alternatives; hops of a chain by ',')\n"
"  --pac URL                      the PAC file that says which proxy\n"
"  --proxy-user NAME --proxy-{password-file,ca,cert,key} FILE --proxy-auth A,B\n"
"  --config FILE                  these as settings; default\n"
"                                 ~/.config/alpacon/tunnel.conf\n"
"No gateway needed:\n"
"  dial [--tls] HOST:PORT         join standard input and output to it\n"
"  route [--json] URL             which proxy for URL, and why\n"
"Others: -v (more), --help, --version.  Exits: 64 usage, 69 path, 77 denied.\n";

enum {
	OPT_L = 1,
	OPT_W,
	OPT_SERVER,
	OPT_VERBOSE,
	OPT_JSON,
	OPT_TLS
};

static const struct al_conf_key keys[] = {
	AL_WHERE_KEYS,
};

static const struct al_cli_option options[] = {
	{ .letter = 'L', .arg = "SPEC", .id = OPT_L },
	{ .letter = 'W', .arg = "HOST:PORT", .id = OPT_W },
	{ .letter = 'v', .name = "verbose", .id = OPT_VERBOSE },
	{ .name = "server", .arg = "NAME", .id = OPT_SERVER },
	{ .name = "json", .id = OPT_JSON },
	{ .name = "tls", .id = OPT_TLS },
	AL_WHERE_OPTIONS,
};

struct given {
	struct tunnel	*t;
	const char	*config;
};

/* --- a forward's text ----------------------------------------------------- */
/* The field that ends at the next ':' outside brackets; NULL: none is left. */
static char *
next_field(char **rest)
{
	char *p = *rest, *field = *rest;

	if (p == NULL)
		return NULL;
	if (*p == '[')
		p += strcspn(p, "]");
	p += strcspn(p, ":");
	*rest = *p == ':' ? p + 1 : NULL;
	*p = '\0';
	return field;
}

enum al_code
forward_parse(struct forward *f, const char *spec, struct al_err *err)
{
	char copy[1024], *rest = copy, *field[5], host[AL_HOST_MAX + 1];
	char joined[2 * AL_HOST_MAX];
	const char *bind = "127.0.0.1";
	uint64_t port;
	uint16_t hostport;
	size_t n = 0;

	if (strlen(spec) >= sizeof(copy))
		return al_cli_fail(err, "-L: too long");
	(void)snprintf(copy, sizeof(copy), "%s", spec);
	while (n < 5 && (field[n] = next_field(&rest)) != NULL)
		n++;
	if (n != 3 && n != 4)
		return al_cli_fail(err, "-L %s: not [BIND:]PORT:HOST:HOSTPORT",
		    spec);
	if (n == 4)
		bind = field[0][0] == '\0' || strcmp(field[0], "*") == 0 ?
		    "0.0.0.0" : strcmp(field[0], "localhost") == 0 ?
		    "127.0.0.1" : field[0];
	if (!al_str_u64(field[n - 3], strlen(field[n - 3]), 65535, &port))
		return al_cli_fail(err, "-L %s: \"%s\" is not a port", spec,
		    field[n - 3]);
	if (!al_addr_parse_ip(&f->listen, bind, (uint16_t)port))
		return al_cli_fail(err, "-L %s: \"%s\" is not an address to "
		    "listen on", spec, bind);
	(void)snprintf(joined, sizeof(joined), "%s:%s", field[n - 2],
	    field[n - 1]);
	if (al_hostport_parse(joined, 0, host, &hostport, err) != AL_OK) {
		al_err_prefix(err, "-L %s", spec);
		return err->code;
	}
	f->spec = spec;
	(void)snprintf(f->target, sizeof(f->target),
	    strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, hostport);
	return AL_OK;
}

static enum al_code
check_target(const char *target, struct al_err *err)
{
	char host[AL_HOST_MAX + 1];
	uint16_t port;

	if (al_hostport_parse(target, 0, host, &port, err) == AL_OK)
		return AL_OK;
	err->stage = AL_AT_NONE;
	al_err_prefix(err, "-W");
	return err->code;
}

/* --- command line --------------------------------------------------------- */
static enum al_code
on_option(void *arg, int id, const char *value, struct al_err *err)
{
	struct given *g = arg;
	struct tunnel *t = g->t;

	switch (id) {
	case OPT_L:
		if (t->n_forwards == FORWARDS_MAX)
			return al_cli_fail(err, "more than %d -L",
			    FORWARDS_MAX);
		return forward_parse(&t->forwards[t->n_forwards++], value,
		    err);
	case OPT_W:
		t->stdio_target = value;
		return check_target(value, err);
	case OPT_SERVER:
		t->server = value;
		break;
	case OPT_VERBOSE:
		t->verbose++;
		break;
	case OPT_JSON:
		t->json = true;
		break;
	case OPT_TLS:
		t->tls = true;
		break;
	default:
		g->config = value;
	}
	return AL_OK;
}

void
say(const struct tunnel *t, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	(void)t;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, PROGRAM ": %s\n", text);
}

void
note(void *arg, const char *event, const char *text)
{
	const struct tunnel *t = arg;

	if (t->verbose > 0 || strcmp(event, "pac-failed") == 0 ||
	    strcmp(event, "pac-kept") == 0)
		say(t, "%s", text);
}

void
stop(struct tunnel *t, const struct al_err *err)
{
	if (t->status == AL_EXIT_OK)
		t->status = al_exit_say(PROGRAM, err);
	if (t->goodbye != NULL)
		t->goodbye(t);
	else
		(void)event_base_loopbreak(t->base);
}

static enum al_code
open_loop(struct tunnel *t, struct al_err *err)
{
	const struct al_resolver_opts o = { .timeout_ms = 0 };

	t->base = event_base_new();
	if (t->base == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	t->loop = al_loop_new(t->base, err);
	if (t->loop == NULL)
		return err->code;
	t->resolver = al_resolver_new(t->loop, &o, err);
	return t->resolver != NULL ? AL_OK : err->code;
}

static void
close_loop(struct tunnel *t)
{
	al_resolver_free(t->resolver);
	al_loop_free(t->loop);
	if (t->base != NULL)
		event_base_free(t->base);
	al_conf_free(t->conf);
}

/* The words behind the options: a command and its argument, or SERVER. */
static enum al_exit
dispatch(struct tunnel *t, int n, char **words)
{
	static const struct {
		const char	*name, *arg;
		enum al_exit	(*run)(struct tunnel *t, const char *arg);
	} commands[] = {
		{ "dial", "HOST:PORT", run_dial },
		{ "route", "URL", run_route },
	};
	struct al_err err;
	size_t i;

	for (i = 0; n > 0 && t->server == NULL && i < 2; i++) {
		if (strcmp(words[0], commands[i].name) != 0)
			continue;
		if (n != 2 || t->n_forwards > 0 || t->stdio_target != NULL) {
			(void)al_cli_fail(&err, "%s takes one %s",
			    commands[i].name, commands[i].arg);
			return al_exit_say(PROGRAM, &err);
		}
		return commands[i].run(t, words[1]);
	}
	if (t->server == NULL && n > 0) {
		t->server = words[0];
		n--;
	}
	if (t->server == NULL)
		(void)al_cli_fail(&err, "which server? (--help shows how)");
	else if (n > 0)
		(void)al_cli_fail(&err, "one server at a time, not also "
		    "\"%s\"", words[1]);
	else if (t->json || t->tls)
		(void)al_cli_fail(&err, "--json and --tls belong to route "
		    "and dial");
	else if (t->n_forwards == 0 && t->stdio_target == NULL)
		(void)al_cli_fail(&err, "what of %s? Give -L or -W",
		    t->server);
	else if (t->n_forwards > 0 && t->stdio_target != NULL)
		(void)al_cli_fail(&err, "-L or -W, not both");
	else
		return run_forward(t);
	return al_exit_say(PROGRAM, &err);
}

int
main(int argc, char **argv)
{
	struct tunnel t = { .status = AL_EXIT_OK };
	struct given g = { .t = &t };
	struct al_cli cli = { .program = PROGRAM, .help = help,
	    .options = options,
	    .n = sizeof(options) / sizeof(options[0]),
	    .on_option = on_option, .arg = &g };
	enum al_exit status;
	struct al_err err;
	enum al_code code;
	int first = 0;

	al_process_harden();
	t.conf = cli.conf = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));
	if (t.conf == NULL)
		return AL_EXIT_OS;
	code = al_cli_parse(&cli, argc, argv, &first, &err);
	if (code == AL_EOF) {
		al_conf_free(t.conf);
		return AL_EXIT_OK;
	}
	if (code == AL_OK)
		code = al_where_read(t.conf, g.config, &err);
	if (code == AL_OK)
		code = open_loop(&t, &err);
	status = code == AL_OK ? dispatch(&t, argc - first, argv + first) :
	    al_exit_say(PROGRAM, &err);
	close_loop(&t);
	return (int)status;
}
