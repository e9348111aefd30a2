/* connector/daemon/cli.c - command lines of all programs. */
#include "connector/daemon/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/daemon/nearest.h"

#define OPTIONS_MAX	64
#define VAL_LONG	256		/* getopt's val of options[i] is + i */
#define VAL_HELP	(VAL_LONG + OPTIONS_MAX)
#define VAL_VERSION	(VAL_HELP + 1)

enum al_code
al_cli_fail(struct al_err *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return al_fail(err, AL_EUSAGE, AL_AT_NONE, 0, "%s", text);
}

/* getopt's two forms of the table; l and s are large enough. */
static void
translate(const struct al_cli *cli, struct option *l, char *s)
{
	size_t i, n = 0;

	if ((cli->flags & AL_CLI_FIRST_WORD) != 0)
		*s++ = '+';
	*s++ = ':';
	for (i = 0; i < cli->n && i < OPTIONS_MAX; i++) {
		const struct al_cli_option *o = &cli->options[i];

		if (o->name != NULL)
			l[n++] = (struct option){ .name = o->name,
			    .has_arg = o->arg != NULL ? required_argument :
			    no_argument, .val = VAL_LONG + (int)i };
		if (o->letter == '\0')
			continue;
		*s++ = o->letter;
		if (o->arg != NULL)
			*s++ = ':';
	}
	l[n++] = (struct option){ .name = "help", .val = VAL_HELP };
	l[n++] = (struct option){ .name = "version", .val = VAL_VERSION };
	l[n] = (struct option){ .name = NULL };
	*s = '\0';
}

static const struct al_cli_option *
by_val(const struct al_cli *cli, int val)
{
	size_t i;

	if (val >= VAL_LONG)
		return &cli->options[val - VAL_LONG];
	for (i = 0; i < cli->n; i++)
		if (cli->options[i].letter != '\0' &&
		    cli->options[i].letter == (char)val)
			return &cli->options[i];
	return NULL;
}

/* "-L" or "--proxy", as the table has it. */
static const char *
option_text(const struct al_cli_option *o, int val, char *buf, size_t cap)
{
	if (val < VAL_LONG || o->name == NULL)
		(void)snprintf(buf, cap, "-%c", o->letter);
	else
		(void)snprintf(buf, cap, "--%s", o->name);
	return buf;
}

static enum al_code
unknown(const struct al_cli *cli, const char *word, int letter,
    struct al_err *err)
{
	char name[48], shown[64];
	struct al_nearest near = AL_NEAREST(name);
	const char *hint;
	size_t i;

	/* -q, also inside -vq; getopt has letters beyond ASCII negative */
	if (letter != 0 && letter < VAL_LONG) {
		name[0] = (char)letter;
		return al_cli_fail(err, "unknown option -%s; --help lists "
		    "them", al_str_clean(shown, sizeof(shown), name, 1));
	}
	if (strncmp(word, "--", 2) == 0)
		word += 2;
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="),
	    word);
	for (i = 0; i < cli->n; i++)
		if (cli->options[i].name != NULL)
			al_nearest_try(&near, cli->options[i].name);
	al_nearest_try(&near, "help");
	al_nearest_try(&near, "version");
	hint = al_nearest(&near);
	(void)al_str_clean(shown, sizeof(shown), name, strlen(name));
	if (letter >= VAL_LONG)		/* known, but "=value" was given */
		return al_cli_fail(err, "--%s takes no value", shown);
	if (hint != NULL && near.distance > 0)
		return al_cli_fail(err, "unknown option --%s; did you mean "
		    "--%s?", shown, hint);
	return al_cli_fail(err, "unknown option --%s; --help lists them",
	    shown);
}

static enum al_code
take(const struct al_cli *cli, int val, struct al_err *err)
{
	const struct al_cli_option *o = by_val(cli, val);
	const char *value = optarg;
	char flag[48];

	if (o->key == NULL)
		return cli->on_option(cli->arg, o->id, value, err);
	(void)option_text(o, val, flag, sizeof(flag));
	if (al_conf_set(cli->conf, o->key, value != NULL ? value : "yes",
	    flag, err) == AL_OK)
		return AL_OK;
	err->stage = AL_AT_NONE;	/* the command line's fault */
	return err->code;
}

enum al_code
al_cli_parse(const struct al_cli *cli, int argc, char **argv, int *first,
    struct al_err *err)
{
	struct option l[OPTIONS_MAX + 3];
	char s[2 * OPTIONS_MAX + 3], text[48];
	enum al_code code;
	int val;

	translate(cli, l, s);
	optind = 0;		/* glibc: begin anew */
	opterr = 0;
	for (;;) {
		val = getopt_long(argc, argv, s, l, NULL);
		if (val < 0)
			break;
		if (val == '?')
			return unknown(cli, argv[optind - 1], optopt, err);
		if (val == ':') {
			const struct al_cli_option *o = by_val(cli, optopt);

			return al_cli_fail(err, "%s needs a value: %s",
			    option_text(o, optopt, text, sizeof(text)),
			    o->arg);
		}
		if (val == VAL_HELP || val == VAL_VERSION) {
			if (val == VAL_HELP)
				(void)fputs(cli->help, stdout);
			else
				(void)printf("%s %s\n", cli->program,
				    AL_VERSION);
			return AL_EOF;
		}
		code = take(cli, val, err);
		if (code != AL_OK)
			return code;
	}
	*first = optind;
	return AL_OK;
}
