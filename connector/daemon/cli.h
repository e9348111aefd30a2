/* connector/daemon/cli.h - command lines of all programs. */
#ifndef AL_DAEMON_CLI_H
#define AL_DAEMON_CLI_H

#include "connector/base/err.h"
#include "connector/daemon/conf.h"

/*
 * One option.  With key it gives that setting ("--proxy" to "proxy"; without
 * arg the value is "yes"); else on_option gets its id.
 */
struct al_cli_option {
	const char	*name;		/* "proxy" for --proxy; NULL: none  */
	char		 letter;	/* 'v' for -v; 0: none              */
	const char	*arg;		/* "URL" for the text; NULL: none   */
	const char	*key;		/* a key in front of all sections   */
	int		 id;		/* for on_option, when key is NULL  */
};

struct al_cli {
	const char	*program;	/* "alpacon-tunnel"                 */
	const char	*help;		/* what --help prints               */
	const struct al_cli_option *options;
	size_t		 n;
	struct al_conf	*conf;		/* NULL if no option has a key      */
	/* EUSAGE and a sentence to refuse it. */
	enum al_code	(*on_option)(void *arg, int id, const char *value,
			    struct al_err *err);
	void		*arg;
	unsigned	 flags;
};

#define AL_CLI_FIRST_WORD	1u	/* options end at the first word    */

/*
 * --help and --version are answered here.  Words may stand between options
 * unless AL_CLI_FIRST_WORD is set; "--" ends the options.  On AL_OK the words
 * are argv[*first] to argv[argc - 1] (argv is permuted).
 * AL_EOF: help or version was printed, exit 0.  EUSAGE, stage none (exit 64):
 * "unknown option --prxy; did you mean --proxy?".
 */
enum al_code al_cli_parse(const struct al_cli *cli, int argc, char **argv,
    int *first, struct al_err *err) AL_MUST_CHECK;

/* EUSAGE, stage none: exits with 64. */
enum al_code al_cli_fail(struct al_err *err, const char *fmt, ...)
    AL_PRINTF(2, 3);

#endif
