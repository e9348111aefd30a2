/* connector/netcheck/main.c - alpacon-netcheck: options, one run, the report. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "connector/base/hash.h"
#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "connector/daemon/cli.h"
#include "connector/daemon/exit.h"
#include "connector/daemon/process.h"
#include "connector/daemon/signals.h"
#include "connector/daemon/where.h"
#include "connector/loop/loop.h"
#include "connector/loop/resolve.h"
#include "connector/netcheck/live.h"
#include "connector/netcheck/netcheck.h"
#include "connector/netcheck/pac.h"

#define TIMEOUT_S	10
#define TIMEOUT_MAX_S	3600
#define PLAIN_WIDTH	100	/* off a terminal */

static const char help[] =
"Find out why a workspace can or cannot be reached from here.\n"
"\n"
"  alpacon-netcheck https://acme.us1.alpacon.io\n"
"  alpacon-netcheck https://acme.us1.alpacon.io --token-file ~/.alpacon-token\n"
"  alpacon-netcheck --url https://acme.us1.alpacon.io --proxy http://proxy:3128\n"
"  alpacon-netcheck https://acme.us1.alpacon.io --json >report.json\n"
"  alpacon-netcheck pac http://wpad.corp/proxy.pac --url https://acme.us1.alpacon.io\n"
"\n"
"Where to and who (as alpacon-tunnel):\n"
"  --url URL                  https://WORKSPACE            ($ALPACON_URL)\n"
"  --token-file FILE          your token; without it the session is not\n"
"                             checked               ($ALPACON_TOKEN_FILE)\n"
"  --ca FILE                  CA instead of the system's ($ALPACON_CA_FILE)\n"
"  --proxy URL                http, socks5h, ... direct (repeatable:\n"
"                             alternatives; hops of a chain by ',')\n"
"  --pac URL                  the PAC file that says which proxy\n"
"  --proxy-user NAME --proxy-{password-file,ca,cert,key} FILE --proxy-auth A,B\n"
"  --config FILE              these as settings; default\n"
"                             ~/.config/alpacon/tunnel.conf\n"
"The report:\n"
"  --json                     one JSON document on standard output\n"
"  --ascii, --color WHEN      no line drawing; auto, always or never\n"
"  --timeout SECONDS          for everything together (10)\n"
"  --strict                   exit 1 on warnings\n"
"Ask a PAC file (a URL or a path) about --url, and explain:\n"
"  pac FILE [--at 2026-03-29T01:59:00Z] [--my-ip ADDRESS] [--dns NAME=ADDRESS]\n"
"\n"
"Exits: 0 usable, 10 environment, 11 DNS, 12 choice of proxy, 13 proxy,\n"
"14 its login, 15 its policy, 16 TCP, 17 TLS, 18 HTTP or upgrade, 19 gateway\n"
"refused, 20 quality, 64 usage, 70 internal, 74 I/O, 78 config, 130 interrupted.\n";

enum {
	OPT_JSON = 1,
	OPT_ASCII,
	OPT_COLOR,
	OPT_TIMEOUT,
	OPT_STRICT,
	OPT_AT,
	OPT_MY_IP,
	OPT_DNS
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum {
	EXIT_USAGE = 64,
	EXIT_INTERNAL = 70,
	EXIT_IO = 74,
	EXIT_CONFIG = 78
};

static const struct al_conf_key keys[] = {
	AL_WHERE_KEYS,
};

static const struct al_cli_option options[] = {
	{ .name = "json", .id = OPT_JSON },
	{ .name = "ascii", .id = OPT_ASCII },
	{ .name = "color", .arg = "WHEN", .id = OPT_COLOR },
	{ .name = "timeout", .arg = "SECONDS", .id = OPT_TIMEOUT },
	{ .name = "strict", .id = OPT_STRICT },
	{ .name = "at", .arg = "TIME", .id = OPT_AT },
	{ .name = "my-ip", .arg = "ADDRESS", .id = OPT_MY_IP },
	{ .name = "dns", .arg = "NAME=ADDRESS", .id = OPT_DNS },
	AL_WHERE_OPTIONS,
};

struct program {
	struct netcheck		 n;
	struct al_conf		*conf;
	struct al_signals	*signals;
	struct al_timer		 deadline;
	const char		*config;
	unsigned		 timeout_s;
	enum color		 color;
	enum al_strictness	 strict;
	bool			 json, ascii;
	bool			 is_pac;	/* the command "pac" */
	struct pac_opts		 pac;
	struct al_text_opts	 text;
	enum al_outcome		 outcome;
};

/* --- command line --------------------------------------------------------- */
static enum al_code
take_color(struct program *p, const char *value, struct al_err *err)
{
	static const char *const words[] = { "auto", "always", "never" };
	size_t i;

	for (i = 0; i < 3; i++)
		if (strcmp(value, words[i]) == 0) {
			p->color = (enum color)i;
			return AL_OK;
		}
	return al_cli_fail(err, "--color %s: it is auto, always or never",
	    value);
}

static enum al_code
on_option(void *arg, int id, const char *value, struct al_err *err)
{
	struct program *p = arg;
	uint64_t v;

	switch (id) {
	case OPT_JSON:
		p->json = true;
		break;
	case OPT_ASCII:
		p->ascii = true;
		break;
	case OPT_STRICT:
		p->strict = AL_STRICT;
		break;
	case OPT_AT:
		return pac_take_time(&p->pac, value, err);
	case OPT_MY_IP:
		return pac_take_own(&p->pac, value, err);
	case OPT_DNS:
		return pac_take_dns(&p->pac, value, err);
	case OPT_COLOR:
		return take_color(p, value, err);
	case OPT_TIMEOUT:
		if (!al_str_u64(value, strlen(value), TIMEOUT_MAX_S, &v) ||
		    v == 0)
			return al_cli_fail(err, "--timeout %s: seconds from 1 "
			    "to %d", value, TIMEOUT_MAX_S);
		p->timeout_s = (unsigned)v;
		break;
	default:
		p->config = value;
	}
	return AL_OK;
}

static unsigned
terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	uint64_t v = PLAIN_WIDTH;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		v = ws.ws_col;
	else if (columns != NULL)
		(void)al_str_u64(columns, strlen(columns), 10000, &v);
	return v < 40 ? 40 : v > 200 ? 200 : (unsigned)v;
}

static unsigned
terminal_rows(void)
{
	struct winsize ws;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 ? ws.ws_row : 0;
}

static void
set_look(struct program *p)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool tty = isatty(STDOUT_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0;

	(void)setlocale(LC_CTYPE, "");
	p->text.width = terminal_width();
	p->text.utf8 = !p->ascii &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	p->text.color = p->color == COLOR_ALWAYS || (p->color == COLOR_AUTO &&
	    tty && (no_color == NULL || no_color[0] == '\0'));
}

static enum al_code
read_settings(struct program *p, int n, char **words, struct al_err *err)
{
	const char *url;

	if (n > 1)
		return al_cli_fail(err, "one workspace at a time, not also "
		    "\"%s\"", words[1]);
	if (n == 1 && al_conf_set(p->conf, "url", words[0], "URL", err) !=
	    AL_OK) {
		err->stage = AL_AT_NONE;
		return err->code;
	}
	if (al_where_read(p->conf, p->config, err) != AL_OK)
		return err->code;
	url = al_conf_text(p->conf, NULL, NULL, "url");
	if (url == NULL)
		return al_cli_fail(err, "which workspace? Give its URL, or "
		    "set ALPACON_URL (--help shows how)");
	(void)snprintf(p->n.report.url, sizeof(p->n.report.url), "%s", url);
	if (al_where_host(p->conf, p->n.report.host, &p->n.report.port,
	    err) != AL_OK)
		return err->code;
	p->n.ws_path = "/ws/tunnel/";
	if (al_conf_text(p->conf, NULL, NULL, "token_file") == NULL)
		return AL_OK;
	return al_where_authorization(p->conf, &p->n.authorization, err);
}

/* "pac FILE": which settings it needs. */
static enum al_code
read_pac(struct program *p, int n, char **words, struct al_err *err)
{
	p->is_pac = true;
	if (n != 2)
		return al_cli_fail(err, "pac takes one PAC file: a URL or a "
		    "path");
	if (al_where_read(p->conf, p->config, err) != AL_OK)
		return err->code;
	p->pac.file = words[1];
	p->pac.json = p->json;
	p->pac.url = al_conf_text(p->conf, NULL, NULL, "url");
	if (p->pac.url == NULL)
		return al_cli_fail(err, "pac: about which URL? Give --url");
	if (al_where_check_pac(p->pac.file, err) != AL_OK) {
		err->stage = AL_AT_NONE;
		return err->code;
	}
	return al_pac_socks_parse(al_conf_text(p->conf, NULL, NULL,
	    "pac_socks"), &p->pac.socks, err);
}

/* --- the run -------------------------------------------------------------- */
uint64_t
netcheck_now(const struct netcheck *n)
{
	return al_now_us() - n->report.start_us;
}

void
netcheck_changed(struct netcheck *n)
{
	live_changed(n->live);
}

static void
leave(struct program *p, enum al_outcome outcome)
{
	p->outcome = outcome;
	(void)event_base_loopbreak(p->n.base);
}

void
netcheck_part_over(struct netcheck *n)
{
	bool session = n->client == NULL || n->session_over;
	bool reach = !n->reach_begun || n->reach_over;

	/* the program's first member */
	if (session && reach && !netcheck_contrast(n))
		leave((struct program *)n, AL_OUTCOME_DONE);
}

/* The path is done when only contrasts to its failure are missing. */
static void
on_deadline(void *arg)
{
	struct program *p = arg;

	leave(p, netcheck_contrast_stop(&p->n) ? AL_OUTCOME_DONE :
	    AL_OUTCOME_TIMEOUT);
}

static void
on_stop(void *arg, int sig)
{
	(void)sig;
	leave(arg, AL_OUTCOME_INTERRUPTED);
}

static const struct al_signals_ops signal_ops = { .on_stop = on_stop };

static enum al_code
open_loop(struct program *p, struct al_err *err)
{
	const struct al_resolver_opts o = { .timeout_ms = p->n.step_ms };
	struct netcheck *n = &p->n;

	n->base = event_base_new();
	if (n->base == NULL)
		return al_fail_nomem(err, AL_AT_LOCAL);
	n->loop = al_loop_new(n->base, err);
	if (n->loop == NULL)
		return err->code;
	n->resolver = al_resolver_new(n->loop, &o, err);
	p->signals = al_signals_new(n->base, &signal_ops, p, err);
	if (n->resolver == NULL || p->signals == NULL)
		return err->code;
	return al_timer_init(&p->deadline, n->loop, on_deadline, p, err);
}

static void
close_loop(struct program *p)
{
	struct netcheck *n = &p->n;

	netcheck_session_free(n);
	netcheck_reach_free(n);
	netcheck_contrast_free(n);
	al_timer_fini(&p->deadline);
	al_signals_free(p->signals);
	al_choice_fini(&n->choice);
	al_workspace_free(n->workspace);
	al_resolver_free(n->resolver);
	al_loop_free(n->loop);
	if (n->base != NULL)
		event_base_free(n->base);
	al_secret_fini(&n->authorization);
	al_conf_free(p->conf);
}

static enum al_code
describe(struct al_report *r, struct al_err *err)
{
	struct utsname u;
	uint8_t id[8];

	if (al_rng_bytes(id, sizeof(id), err) != AL_OK)
		return err->code;
	(void)al_hex_encode(r->run_id, id, sizeof(id));
	r->started = (int64_t)time(NULL);
	r->start_us = al_now_us();
	if (uname(&u) == 0)
		(void)snprintf(r->machine, sizeof(r->machine),
		    "%.32s, %.16s %.20s", u.nodename, u.sysname, u.release);
	return AL_OK;
}

static enum al_code
run(struct program *p, struct al_err *err)
{
	struct netcheck *n = &p->n;

	if (describe(&n->report, err) != AL_OK)
		return err->code;
	if (!p->json && isatty(STDOUT_FILENO) && p->text.color &&
	    terminal_rows() > AL_CHECKS) {
		n->live = live_new(n->loop, &n->report, &p->text, err);
		if (n->live == NULL)
			return err->code;
	}
	/* the system's settings take their time too, and can be left */
	al_timer_set(&p->deadline, p->timeout_s * UINT64_C(1000));
	if (netcheck_env(n, err) != AL_OK)
		return p->outcome != AL_OUTCOME_UNDER_WAY ? AL_OK :
		    err->code;
	if (n->workspace == NULL) {
		p->outcome = AL_OUTCOME_DONE;
		return AL_OK;
	}
	netcheck_plan(n);
	if (n->authorization.text == NULL)
		netcheck_reach(n, NETCHECK_TRACED);
	else if (netcheck_session(n, err) != AL_OK)
		return err->code;
	(void)event_base_dispatch(n->base);
	return AL_OK;
}

/* --- the report ----------------------------------------------------------- */
static bool
print_text(struct program *p)
{
	bool live = p->n.live != NULL, ok;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	live_free(p->n.live);
	p->n.live = NULL;
	if (out == NULL)
		return false;
	if (!live)
		al_report_table(out, &p->n.report, &p->text);
	al_report_verdict_text(out, &p->n.report, &p->text);
	ok = fclose(out) == 0 && live_write(text);
	free(text);
	return ok;
}

static int
report(struct program *p)
{
	bool ok;

	al_report_settle(&p->n.report, p->outcome, netcheck_now(&p->n));
	if (p->json)
		ok = al_report_json(stdout, &p->n.report, p->strict) &&
		    fflush(stdout) == 0;
	else
		ok = print_text(p);
	return ok ? al_report_exit(&p->n.report, p->strict) : EXIT_IO;
}

/* Before there is anything to report. */
static int
give_up(const struct al_err *err)
{
	switch (al_exit_say(PROGRAM, err)) {
	case AL_EXIT_USAGE:
		return EXIT_USAGE;
	case AL_EXIT_CONFIG:
	case AL_EXIT_DENIED:
		return EXIT_CONFIG;
	case AL_EXIT_IO:
		return EXIT_IO;
	default:
		return EXIT_INTERNAL;
	}
}

static int
run_pac(struct program *p)
{
	struct al_err err;
	int status;

	al_timer_set(&p->deadline, p->timeout_s * UINT64_C(1000));
	status = netcheck_pac(&p->n, &p->pac, &err);
	if (status < 0)
		status = give_up(&err);
	close_loop(p);
	return status;
}

int
main(int argc, char **argv)
{
	struct program p = { .timeout_s = TIMEOUT_S };
	struct al_cli cli = { .program = PROGRAM, .help = help,
	    .options = options,
	    .n = sizeof(options) / sizeof(options[0]),
	    .on_option = on_option, .arg = &p };
	struct al_err err;
	enum al_code code;
	int first = 0, status;

	al_process_harden();
	p.conf = cli.conf = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));
	if (p.conf == NULL)
		return EXIT_INTERNAL;
	p.n.conf = p.conf;
	code = al_cli_parse(&cli, argc, argv, &first, &err);
	if (code == AL_EOF) {
		al_conf_free(p.conf);
		return 0;
	}
	p.n.step_ms = p.timeout_s * 1000 / 2;
	set_look(&p);
	if (code == AL_OK && first < argc && strcmp(argv[first], "pac") == 0)
		code = read_pac(&p, argc - first, argv + first, &err);
	else if (code == AL_OK)
		code = read_settings(&p, argc - first, argv + first, &err);
	if (code == AL_OK)
		code = open_loop(&p, &err);
	if (code == AL_OK && p.is_pac)
		return run_pac(&p);
	if (code == AL_OK)
		code = run(&p, &err);
	status = code == AL_OK ? report(&p) : give_up(&err);
	live_free(p.n.live);
	close_loop(&p);
	return status;
}
