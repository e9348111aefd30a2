/* connector/gatewayd/main.c - alpacon-gatewayd: command line, start, signals. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "connector/daemon/cli.h"
#include "connector/daemon/exit.h"
#include "connector/daemon/log.h"
#include "connector/daemon/log_conf.h"
#include "connector/daemon/notify.h"
#include "connector/daemon/process.h"
#include "connector/daemon/signals.h"
#include "connector/gatewayd/add.h"
#include "connector/gatewayd/dev.h"
#include "connector/gatewayd/gateway.h"

#define PROGRAM		"alpacon-gatewayd"

static const char help[] =
"  alpacon-gatewayd --dev                     try it: makes all it needs, and\n"
"                                             prints what to type next\n"
"  alpacon-gatewayd add connector web-1       admit a server\n"
"  alpacon-gatewayd add operator alice        admit a person\n"
"  alpacon-gatewayd                           serve as the settings say\n"
"\n"
"Usage: alpacon-gatewayd [-tT] [-c FILE]\n"
"       alpacon-gatewayd --dev [--listen ADDRESS:PORT] [--backend HOST:PORT]\n"
"                        [--dir DIR]\n"
"       alpacon-gatewayd add connector|operator NAME [-c FILE]\n"
"\n"
"  -c, --config FILE      settings (" AL_GATEWAY_CONF ")\n"
"  -t                     check the settings and exit\n"
"  -T                     print the settings in effect and exit\n"
"      --dev              certificate, identities and settings for a test\n"
"      --listen ADDR:PORT where --dev listens (127.0.0.1:8443; port 0: any)\n"
"      --backend HOST:PORT where --dev takes what agents send\n"
"      --dir DIR          the files of --dev (a new folder)\n"
"      --help, --version\n"
"\n"
"Signals: HUP reads everything again, TERM lets channels end (twice: ends now),\n"
"USR1 writes the state to the log.  See alpacon-gatewayd(8) and\n"
"alpacon-gateway.conf(5).\n";

enum { O_CONFIG, O_TEST, O_PRINT, O_DEV, O_LISTEN, O_BACKEND, O_DIR };

static const struct al_cli_option options[] = {
	{ .name = "config", .letter = 'c', .arg = "FILE", .id = O_CONFIG },
	{ .letter = 't', .id = O_TEST },
	{ .letter = 'T', .id = O_PRINT },
	{ .name = "dev", .id = O_DEV },
	{ .name = "listen", .arg = "ADDRESS:PORT", .id = O_LISTEN },
	{ .name = "backend", .arg = "HOST:PORT", .id = O_BACKEND },
	{ .name = "dir", .arg = "DIR", .id = O_DIR },
};

struct command {
	const char	*config;
	bool		 test, print, dev;
	struct al_dev_opts devopts;
};

static enum al_code
on_option(void *arg, int id, const char *value, struct al_err *err)
{
	struct command *c = arg;

	(void)err;
	switch (id) {
	case O_CONFIG:
		c->config = value;
		break;
	case O_TEST:
		c->test = true;
		break;
	case O_PRINT:
		c->print = true;
		break;
	case O_DEV:
		c->dev = true;
		break;
	case O_LISTEN:
		c->devopts.listen = value;
		break;
	case O_BACKEND:
		c->devopts.backend = value;
		break;
	default:
		c->devopts.dir = value;
	}
	return AL_OK;
}

/* --- serving -------------------------------------------------------------- */
struct daemon {
	struct event_base	*base;
	struct al_loop		*loop;
	struct al_gateway	*gw;
	struct al_signals	*signals;
	struct al_timer		 watchdog;
	const char		*config;
};

static void
on_stopped(void *arg)
{
	struct daemon *d = arg;

	(void)event_base_loopbreak(d->base);
}

static void
on_stop(void *arg, int sig)
{
	struct daemon *d = arg;

	(void)sig;
	al_notify_stopping();
	al_gateway_stop(d->gw, on_stopped, d);
}

static void
on_reload(void *arg)
{
	struct daemon *d = arg;
	struct al_settings *set;
	struct al_err err;

	al_notify_reloading();
	set = al_settings_load(d->config, &err);
	if (set != NULL) {
		al_gateway_replace(d->gw, set);
		al_log_configure(set->conf);
		al_log(AL_LOG_NOTICE, "reloaded", NULL,
		    "the settings have been read again");
	} else {
		al_err_prefix(&err, "nothing has changed");
		al_log_err(AL_LOG_ERROR, "reload", &err);
	}
	al_notify_ready();
}

static void
on_dump(void *arg)
{
	struct daemon *d = arg;

	al_gateway_dump(d->gw);
	al_log_flush();
}

static const struct al_signals_ops signal_ops = {
	.on_stop = on_stop, .on_reload = on_reload, .on_dump = on_dump,
};

static void
on_watchdog(void *arg)
{
	struct daemon *d = arg;

	al_notify_watchdog();
	al_timer_set(&d->watchdog, al_notify_watchdog_ms());
}

static enum al_code
start(struct daemon *d, struct al_settings *set, struct al_err *err)
{
	enum al_code code;

	d->base = event_base_new();
	d->loop = d->base != NULL ? al_loop_new(d->base, err) : NULL;
	if (d->loop == NULL) {
		al_settings_free(set);
		return al_fail_nomem(err, AL_AT_LOCAL);
	}
	al_log_configure(set->conf);
	d->gw = al_gateway_new(d->loop, set, err);
	if (d->gw == NULL)
		return err->code;
	d->signals = al_signals_new(d->base, &signal_ops, d, err);
	if (d->signals == NULL)
		return err->code;
	code = al_timer_init(&d->watchdog, d->loop, on_watchdog, d, err);
	if (code == AL_OK)
		code = al_gateway_listen(d->gw, err);
	return code;
}

static void
finish(struct daemon *d)
{
	al_timer_fini(&d->watchdog);
	al_signals_free(d->signals);
	al_gateway_free(d->gw);
	if (d->base != NULL)	/* what was buried */
		(void)event_base_loop(d->base, EVLOOP_NONBLOCK);
	al_loop_free(d->loop);
	if (d->base != NULL)
		event_base_free(d->base);
	al_log_flush();
}

static int
serve(struct al_settings *set, const char *config, const char *dev_dir)
{
	struct daemon d = { .config = config };
	struct al_err err;
	enum al_code code;
	int status = AL_EXIT_OK;

	code = start(&d, set, &err);
	if (code == AL_OK && dev_dir != NULL)
		code = al_dev_announce(dev_dir,
		    al_listener_addr(d.gw->listeners[0]), &err);
	if (code == AL_OK) {
		if (al_notify_watchdog_ms() > 0)
			on_watchdog(&d);
		al_notify_ready();
		(void)event_base_dispatch(d.base);
	} else {
		status = (int)al_exit_say(PROGRAM, &err);
	}
	finish(&d);
	return status;
}

/* --- the command line ----------------------------------------------------- */
static int
run(const struct command *c, const char *dev_dir)
{
	struct al_err err;
	struct al_settings *set = al_settings_load(c->config, &err);

	if (set == NULL)
		return (int)al_exit_say(PROGRAM, &err);
	if (!c->test && !c->print)
		return serve(set, c->config, dev_dir);
	if (c->print)
		al_conf_print(set->conf, stdout);
	else
		(void)printf("%s: ok\n", c->config);
	al_settings_free(set);
	return AL_EXIT_OK;
}

static int
run_dev(struct command *c)
{
	struct al_err err;
	struct al_dev dev;
	int status;

	if (al_dev_prepare(&dev, &c->devopts, &err) != AL_OK)
		return (int)al_exit_say(PROGRAM, &err);
	c->config = dev.config;
	status = run(c, dev.dir);
	al_dev_fini(&dev);
	return status;
}

int
main(int argc, char **argv)
{
	struct command c = { .config = AL_GATEWAY_CONF };
	const struct al_cli cli = {
		.program = PROGRAM, .help = help, .options = options,
		.n = sizeof(options) / sizeof(options[0]),
		.on_option = on_option, .arg = &c,
	};
	struct al_err err;
	enum al_code code;
	int first;

	al_process_harden();
	code = al_cli_parse(&cli, argc, argv, &first, &err);
	if (code == AL_EOF)
		return AL_EXIT_OK;
	if (code == AL_OK && first < argc && strcmp(argv[first], "add") == 0)
		code = al_add(c.config, argc - first - 1, argv + first + 1,
		    &err);
	else if (code == AL_OK && first < argc)
		code = al_cli_fail(&err, "don't know what to do with \"%s\"",
		    argv[first]);
	else if (code == AL_OK)
		return c.dev ? run_dev(&c) : run(&c, NULL);
	return code == AL_OK ? AL_EXIT_OK : (int)al_exit_say(PROGRAM, &err);
}
