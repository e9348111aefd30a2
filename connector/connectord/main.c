/* connector/connectord/main.c - alpacon-connectord: command line and loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "connector/connectord/config.h"
#include "connector/connectord/connectord.h"
#include "connector/connectord/site.h"
#include "connector/daemon/cli.h"
#include "connector/daemon/exit.h"
#include "connector/daemon/log.h"
#include "connector/daemon/log_conf.h"
#include "connector/daemon/notify.h"
#include "connector/daemon/process.h"
#include "connector/daemon/signals.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"

#define PROGRAM	"alpacon-connectord"

static const char help[] =
"Keep this host connected to its Alpacon workspace, through whatever proxies\n"
"the site requires, and carry the agent's connections there.\n"
"\n"
"  alpacon-connectord                       run, with /etc/alpacon/connector.conf\n"
"  alpacon-connectord -c ./my.conf          another file\n"
"  alpacon-connectord -t                    is the configuration right?\n"
"  alpacon-connectord -T                    what is in effect, and from where\n"
"  alpacon-connectord --proxy http://proxy:3128 --log-level debug\n"
"\n"
"  -c, --config FILE     settings (alpacon-connector.conf(5))\n"
"  -t                    check the configuration, exit 0 or 78\n"
"  -T                    print every setting and where it came from\n"
"  --url URL             https://WORKSPACE             ($ALPACON_URL)\n"
"  --ca FILE             CA instead of the system's    ($ALPACON_CA_FILE)\n"
"  --proxy URL           http, https, socks4, socks4a, socks5, socks5h, or\n"
"                        direct (repeatable: alternatives; chains by ',')\n"
"  --pac URL             the PAC file that says which proxy\n"
"  --proxy-user NAME --proxy-{password-file,ca,cert,key} FILE --proxy-auth A,B\n"
"  --mode WORD           auto, mux or direct\n"
"  --log-level WORD      error, warning, notice, info or debug\n"
"  --log-format WORD     text or json\n"
"  --help, --version\n"
"\n"
"Signals: HUP reads the settings again, USR1 puts the state into the log, TERM\n"
"lets what is open end (30 s), a second TERM does not.\n"
"Exits: 64 usage, 71 system, 74 cannot listen, 77 key unreadable, 78 settings.\n";

enum { OPT_CONFIG = 1, OPT_CHECK, OPT_PRINT };

static const struct al_cli_option options[] = {
	{ .letter = 'c', .name = "config", .arg = "FILE", .id = OPT_CONFIG },
	{ .letter = 't', .id = OPT_CHECK },
	{ .letter = 'T', .id = OPT_PRINT },
	{ .name = "url", .arg = "URL", .key = "url" },
	{ .name = "ca", .arg = "FILE", .key = "ca_file" },
	{ .name = "mode", .arg = "WORD", .key = "mode" },
	{ .name = "log-level", .arg = "WORD", .key = "log_level" },
	{ .name = "log-format", .arg = "WORD", .key = "log_format" },
	AL_PROXY_OPTIONS,
};

struct program {
	int			 argc;
	char			**argv;
	const char		*config;	/* of --config, or NULL */
	int			 action;	/* OPT_CHECK, OPT_PRINT, 0 */
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_resolver	*resolver;
	struct al_listen_fd	*fds;
	size_t			 n_fds;
	struct al_connectord	*connectord;
	struct al_signals	*signals;
};

/* --- settings ------------------------------------------------------------- */
static enum al_code
on_option(void *arg, int id, const char *value, struct al_err *err)
{
	struct program *p = arg;

	(void)err;
	if (id == OPT_CONFIG)
		p->config = value;
	else
		p->action = id;
	return AL_OK;
}

/* Flags, environment, files: from the beginning, each time. */
static struct al_conf *
read_conf(struct program *p, struct al_err *err)
{
	struct al_conf *conf = al_connector_conf_new();
	const struct al_cli cli = { .program = PROGRAM, .help = help,
	    .options = options, .n = sizeof(options) / sizeof(options[0]),
	    .conf = conf, .on_option = on_option, .arg = p };
	enum al_code code;
	int first;

	if (conf == NULL) {
		(void)al_fail_nomem(err, AL_AT_CONFIG);
		return NULL;
	}
	code = al_cli_parse(&cli, p->argc, p->argv, &first, err);
	if (code == AL_OK && first < p->argc)
		code = al_cli_fail(err, "\"%s\" is not an option; this "
		    "program takes no words", p->argv[first]);
	if (code == AL_OK)
		code = al_connector_conf_read(conf, p->config, err);
	if (code == AL_OK)
		return conf;
	err->code = code;	/* EOF, of --help, has no sentence */
	al_conf_free(conf);
	return NULL;
}

static struct al_site *
load(void *arg, struct al_err *err)
{
	struct al_conf *conf = read_conf(arg, err);
	struct al_site *s;

	if (conf == NULL)
		return NULL;
	s = al_site_new(conf, err);
	if (s != NULL)
		al_log_configure(conf);
	al_conf_free(conf);
	return s;
}

/* --- the loop ------------------------------------------------------------- */
static void
on_stop(void *arg, int sig)
{
	struct program *p = arg;

	(void)sig;
	al_connectord_stop(p->connectord);
}

static void
on_reload(void *arg)
{
	struct program *p = arg;

	al_connectord_reload(p->connectord);
}

static void
on_dump(void *arg)
{
	struct program *p = arg;

	al_connectord_dump(p->connectord);
}

static const struct al_signals_ops signals_ops = {
	.on_stop = on_stop,
	.on_reload = on_reload,
	.on_dump = on_dump,
};

static void
on_stopped(void *arg)
{
	struct program *p = arg;

	(void)event_base_loopbreak(p->base);
}

static enum al_code
set_up(struct program *p, struct al_site *s, struct al_err *err)
{
	struct al_connectord_opts o = { .load = load,
	    .on_stopped = on_stopped, .arg = p };

	if (al_listen_fds(&p->fds, &p->n_fds, err) != AL_OK)
		return err->code;
	p->base = event_base_new();
	if (p->base == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	p->loop = al_loop_new(p->base, err);
	if (p->loop == NULL)
		return err->code;
	p->resolver = al_resolver_new(p->loop, NULL, err);
	if (p->resolver == NULL)
		return err->code;
	o.loop = p->loop;
	o.resolver = p->resolver;
	o.fds = p->fds;
	o.n_fds = p->n_fds;
	p->connectord = al_connectord_new(&o, s, err);
	if (p->connectord == NULL)
		return err->code;
	p->signals = al_signals_new(p->base, &signals_ops, p, err);
	return p->signals != NULL ? AL_OK : err->code;
}

static void
tear_down(struct program *p)
{
	al_signals_free(p->signals);
	al_connectord_free(p->connectord);
	al_resolver_free(p->resolver);
	if (p->loop != NULL) {
		/* what was buried in the last turn */
		(void)event_base_loop(p->base, EVLOOP_NONBLOCK);
		al_loop_free(p->loop);
	}
	if (p->base != NULL)
		event_base_free(p->base);
	al_listen_fds_free(p->fds, p->n_fds);
	al_log_flush();
}

static int
run(struct program *p, struct al_site *s)
{
	struct al_err err = { .code = AL_OK };
	int status = AL_EXIT_OK;

	if (set_up(p, s, &err) != AL_OK)
		status = (int)al_exit_say(PROGRAM, &err);
	al_site_release(s);
	if (status == AL_EXIT_OK && event_base_dispatch(p->base) < 0)
		status = AL_EXIT_INTERNAL;
	tear_down(p);
	return status;
}

int
main(int argc, char **argv)
{
	struct program p = { .argc = argc, .argv = argv };
	struct al_conf *conf;
	struct al_site *s;
	struct al_err err;
	int status;

	al_process_harden();
	conf = read_conf(&p, &err);
	if (conf == NULL)
		return err.code == AL_EOF ? AL_EXIT_OK :
		    (int)al_exit_say(PROGRAM, &err);
	al_log_init(2, AL_LOG_TEXT, AL_LOG_INFO);
	al_log_configure(conf);
	s = al_site_new(conf, &err);
	if (s == NULL)
		status = (int)al_exit_say(PROGRAM, &err);
	else if (p.action == OPT_PRINT)
		al_conf_print(conf, stdout);
	al_conf_free(conf);
	if (s == NULL)
		return status;
	if (p.action == 0)
		return run(&p, s);
	al_site_release(s);
	if (p.action == OPT_CHECK)
		(void)fprintf(stderr, "%s: the configuration is right\n",
		    PROGRAM);
	return AL_EXIT_OK;
}
