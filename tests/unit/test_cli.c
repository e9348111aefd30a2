/* tests/unit/test_cli.c - command lines: what is taken, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/daemon/cli.h"

#define ARGV_MAX	8

static const struct al_conf_key keys[] = {
	{ .key = "proxy", .type = AL_CONF_PROXY, .flags = AL_CONF_LIST },
	{ .key = "quiet", .type = AL_CONF_BOOL },
	{ .key = "wait", .type = AL_CONF_TIME },
};

static const struct al_cli_option options[] = {
	{ .name = "proxy", .arg = "URL", .key = "proxy" },
	{ .name = "quiet", .letter = 'q', .key = "quiet" },
	{ .name = "wait", .arg = "TIME", .key = "wait" },
	{ .name = "config", .letter = 'c', .arg = "FILE", .id = 1 },
	{ .letter = 't', .id = 2 },
	{ .letter = 'L', .arg = "PORT:HOST:PORT", .id = 3 },
};

/* "id=value;" of each option that came to on_option. */
static char seen[200];

static enum al_code
on_option(void *arg, int id, const char *value, struct al_err *err)
{
	size_t n = strlen(seen);

	assert_ptr_equal(arg, seen);
	if (value != NULL && strcmp(value, "bad") == 0)
		return al_cli_fail(err, "%s is bad", value);
	(void)snprintf(seen + n, sizeof(seen) - n, "%d=%s;", id,
	    value != NULL ? value : "");
	return AL_OK;
}

/* argv is changed; conf gets the options with keys. */
static enum al_code
parse(struct al_conf **conf, const char *const *words, unsigned flags,
    char **argv, int *argc, int *first, struct al_err *err)
{
	struct al_cli cli = { .program = "prog", .help = "the help\n",
	    .options = options, .n = sizeof(options) / sizeof(options[0]),
	    .on_option = on_option, .arg = seen, .flags = flags };

	*conf = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));
	assert_non_null(*conf);
	cli.conf = *conf;
	seen[0] = '\0';
	argv[0] = (char *)(uintptr_t)"prog";
	for (*argc = 1; words[*argc - 1] != NULL; (*argc)++)
		argv[*argc] = (char *)(uintptr_t)words[*argc - 1];
	argv[*argc] = NULL;
	return al_cli_parse(&cli, *argc, argv, first, err);
}

static void
taken(void **state)
{
	static const struct {
		const char	*words[ARGV_MAX];
		const char	*seen;
		const char	*rest;		/* each with a blank behind */
		unsigned	 flags;
	} rows[] = {
		{ { NULL }, "", "", 0 },
		{ { "-t", "-c", "f" }, "2=;1=f;", "", 0 },
		{ { "-tcf" }, "2=;1=f;", "", 0 },
		{ { "--config=f", "--config", "g" }, "1=f;1=g;", "", 0 },
		{ { "--conf", "f" }, "1=f;", "", 0 },
		{ { "-c", "" }, "1=;", "", 0 },
		{ { "-c", "-t" }, "1=-t;", "", 0 },
		{ { "a", "-t", "b" }, "2=;", "a b ", 0 },
		{ { "a", "-t", "b" }, "", "a -t b ", AL_CLI_FIRST_WORD },
		{ { "-t", "a", "-t" }, "2=;", "a -t ", AL_CLI_FIRST_WORD },
		{ { "-t", "--", "-t" }, "2=;", "-t ", 0 },
		{ { "-", "-t" }, "2=;", "- ", 0 },
		{ { "-L", "1:h:2", "-L3:h:4" }, "3=1:h:2;3=3:h:4;", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *argv[ARGV_MAX + 2], rest[100] = "";
		struct al_conf *c;
		struct al_err err;
		int argc, first;

		assert_int_equal(parse(&c, rows[i].words, rows[i].flags, argv,
		    &argc, &first, &err), AL_OK);
		assert_string_equal(seen, rows[i].seen);
		for (; first < argc; first++) {
			(void)strcat(rest, argv[first]);
			(void)strcat(rest, " ");
		}
		assert_string_equal(rest, rows[i].rest);
		al_conf_free(c);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char	*words[ARGV_MAX];
		const char	*want;
	} rows[] = {
		{ { "--prxy", "x" }, "unknown option --prxy; did you mean "
		    "--proxy?" },
		{ { "--prxy=secret" }, "unknown option --prxy; did you mean "
		    "--proxy?" },
		{ { "--hlep" }, "unknown option --hlep; did you mean "
		    "--help?" },
		{ { "--nothing-like-it" }, "unknown option --nothing-like-it; "
		    "--help lists them" },
		{ { "--a\nb\x1b[m" }, "unknown option --a b.[m; --help lists "
		    "them" },
		{ { "-x" }, "unknown option -x; --help lists them" },
		{ { "-tx" }, "unknown option -x; --help lists them" },
		{ { "-\x1b" }, "unknown option -.; --help lists them" },
		{ { "word", "-\xc3\xa4" }, "unknown option -.; --help lists "
		    "them" },
		{ { "--proxy" }, "--proxy needs a value: URL" },
		{ { "-c" }, "-c needs a value: FILE" },
		{ { "--config" }, "--config needs a value: FILE" },
		{ { "-tL" }, "-L needs a value: PORT:HOST:PORT" },
		{ { "--quiet=no" }, "--quiet takes no value" },
		{ { "--help=me" }, "--help takes no value" },
		{ { "--wait", "soon" }, "--wait: \"soon\" is not a time: "
		    "250ms, 30s, 5m, 1h" },
		{ { "--proxy=" }, "--proxy: has no value" },
		{ { "-c", "bad" }, "bad is bad" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *argv[ARGV_MAX + 2];
		struct al_conf *c;
		struct al_err err;
		int argc, first;

		assert_int_equal(parse(&c, rows[i].words, 0, argv, &argc,
		    &first, &err), AL_EUSAGE);
		/* none: exits with 64, whoever found it */
		assert_int_equal(err.stage, AL_AT_NONE);
		assert_string_equal(err.text, rows[i].want);
		al_conf_free(c);
	}
}

static void
settings(void **state)
{
	static const char *const words[ARGV_MAX] = { "--proxy", "a:1", "-q",
	    "--proxy=b:2", "--wait=5s" };
	const struct al_conf_value *v;
	char *argv[ARGV_MAX + 2];
	struct al_conf *c;
	struct al_err err;
	int argc, first;

	(void)state;
	assert_int_equal(parse(&c, words, 0, argv, &argc, &first, &err),
	    AL_OK);
	assert_string_equal(al_conf_get(c, NULL, NULL, "proxy", 0)->text,
	    "a:1");
	assert_string_equal(al_conf_get(c, NULL, NULL, "proxy", 1)->text,
	    "b:2");
	assert_true(al_conf_bool(c, NULL, NULL, "quiet"));
	assert_int_equal(al_conf_uint(c, NULL, NULL, "wait"), 5000);
	v = al_conf_get(c, NULL, NULL, "quiet", 0);
	assert_string_equal(v->from, "-q");
	assert_int_equal(v->source, AL_CONF_FLAG);
	al_conf_free(c);
}

/* They answer on descriptor 1, and what stands behind them is not read. */
static void
help_and_version(void **state)
{
	static const char *const rows[][ARGV_MAX] = {
		{ "-t", "--help", "--prxy" }, { "--version", "--prxy" },
	};
	static const char *const want[] = { "the help\n",
	    "prog " AL_VERSION "\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *argv[ARGV_MAX + 2], got[100];
		int argc, first, fds[2], saved = dup(STDOUT_FILENO);
		struct al_conf *c;
		struct al_err err;
		enum al_code code;
		ssize_t n;

		(void)fflush(stdout);
		assert_int_equal(pipe(fds), 0);
		assert_true(dup2(fds[1], STDOUT_FILENO) >= 0);
		code = parse(&c, rows[i], 0, argv, &argc, &first, &err);
		(void)fflush(stdout);
		assert_true(dup2(saved, STDOUT_FILENO) >= 0);
		(void)close(fds[1]);
		n = read(fds[0], got, sizeof(got) - 1);
		assert_true(n >= 0);
		got[n] = '\0';
		(void)close(fds[0]);
		(void)close(saved);
		assert_int_equal(code, AL_EOF);
		assert_string_equal(got, want[i]);
		al_conf_free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(refused),
		cmocka_unit_test(settings),
		cmocka_unit_test(help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
