/* tests/unit/test_conf.c - settings: whole values, and complaints with a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "connector/daemon/conf.h"
#include "connector/daemon/redact.h"

#define SECRET "s3cr3t-canary"

static const struct al_conf_key keys[] = {
	{ .key = "url", .type = AL_CONF_URL, .env = "ALPACON_TEST_URL" },
	{ .key = "proxy", .type = AL_CONF_PROXY, .flags = AL_CONF_LIST },
	{ .key = "proxy_user", .type = AL_CONF_TEXT },
	{ .key = "key", .type = AL_CONF_TEXT, .flags = AL_CONF_SECRET },
	{ .key = "file", .type = AL_CONF_PATH },
	{ .key = "log_format", .type = AL_CONF_CHOICE,
	    .words = "text|json", .def = "text" },
	{ .key = "retry", .type = AL_CONF_TIME, .min = 250, .max = 60000,
	    .def = "30s" },
	{ .section = "agent", .key = "listen", .type = AL_CONF_LOOPBACK },
	{ .section = "agent", .key = "allow", .type = AL_CONF_TEXT,
	    .flags = AL_CONF_LIST, .def = "*" },
	{ .section = "forward", .key = "listen", .type = AL_CONF_LOOPBACK,
	    .flags = AL_CONF_NAMED | AL_CONF_REQUIRED },
	{ .section = "forward", .key = "target", .type = AL_CONF_HOSTPORT,
	    .flags = AL_CONF_NAMED, .def = "localhost:22" },
};

static struct al_conf *
conf(void)
{
	struct al_conf *c = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));

	assert_non_null(c);
	return c;
}

static enum al_code
read_text(struct al_conf *c, const char *text, struct al_err *err)
{
	return al_conf_read_text(c, "/etc/x.conf", text, strlen(text), 0600,
	    0, err);
}

static void
complaints(void **state)
{
	static const struct {
		const char	*text, *want;
	} rows[] = {
		{ "\nulr = https://x", "/etc/x.conf:2: unknown key \"ulr\"; "
		    "did you mean \"url\"?" },
		{ "includ = /x", "/etc/x.conf:1: unknown key \"includ\"; did "
		    "you mean \"include\"?" },
		{ "whatever = 1", "/etc/x.conf:1: unknown key \"whatever\"" },
		{ "target = a:1", "/etc/x.conf:1: \"target\" belongs into "
		    "section [forward]" },
		{ "[agent]\nurl = https://x", "/etc/x.conf:2: \"url\" belongs "
		    "in front of all sections" },
		{ "[forward \"db\"]\nlisten = 1\n\n[forward \"db\"]",
		    "/etc/x.conf:4: [forward \"db\"] stands in line 1 "
		    "already" },
		{ "[forward]", "/etc/x.conf:1: [forward] needs a name: "
		    "[forward \"NAME\"]" },
		{ "[agent \"x\"]", "/etc/x.conf:1: [agent] takes no name: "
		    "write [agent]" },
		{ "[agnet]", "/etc/x.conf:1: [agnet] is not a section that is "
		    "known here; did you mean [agent]?" },
		{ "url = https://a\nurl = https://b", "/etc/x.conf:2: url: "
		    "stands in line 1 already, and is no list" },
		{ "url =", "/etc/x.conf:1: url: has no value" },
		{ "url = ftp://x", "/etc/x.conf:1: url: \"ftp://x\" is not "
		    "https://HOST[:PORT]" },
		{ "url = https://u:" SECRET "@x", "/etc/x.conf:1: url: the "
		    "URL holds a user name or password, and none is wanted" },
		{ "log_format = xml", "/etc/x.conf:1: log_format: \"xml\" is "
		    "not text|json" },
		{ "log_format = tex", "/etc/x.conf:1: log_format: \"tex\" is "
		    "not text|json" },
		{ "retry = 30 s", "/etc/x.conf:1: retry: \"30 s\" is not a "
		    "time: 250ms, 30s, 5m, 1h" },
		{ "retry = 2m", "/etc/x.conf:1: retry: 2m is out of range: "
		    "250 to 60000 ms" },
		{ "[agent]\nlisten = 10.0.0.1:443", "/etc/x.conf:2: [agent] "
		    "listen: 10.0.0.1:443 is reachable from the network: "
		    "listeners of this host bind loopback only (127.0.0.0/8 "
		    "or [::1])" },
		{ "[forward \"a\"]\nlisten = localhost", "/etc/x.conf:2: "
		    "[forward \"a\"] listen: \"localhost\" is not "
		    "ADDRESS:PORT" },
		{ "[forward \"a\"]\nlisten = ::1:80", "/etc/x.conf:2: "
		    "[forward \"a\"] listen: \"::1:80\" is not ADDRESS:PORT "
		    "(a listener takes a numeric address, IPv6 in "
		    "brackets)" },
		{ "# empty\n[forward \"a\"]\n", "/etc/x.conf:2: "
		    "[forward \"a\"] listen: is missing" },
		{ "include =", "/etc/x.conf:1: include: names no file or "
		    "folder" },
		{ "include = /no/such", "/etc/x.conf:1: include: /no/such: "
		    "No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_conf *c = conf();
		struct al_err err;
		enum al_code code = read_text(c, rows[i].text, &err);

		if (code == AL_OK)
			code = al_conf_finish(c, &err);
		assert_int_equal(code, AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		assert_string_equal(err.text, rows[i].want);
		assert_null(strstr(err.text, SECRET));
		al_conf_free(c);
	}
}

static void
values(void **state)
{
	static const char text[] =
	    "url = https://a\nproxy = h1:1\n[agent]\nallow = x\n"
	    "[forward \"b\"]\nlisten = 5432\n[agent]\nallow = y\n"
	    "[forward \"a\"]\nlisten = [::1]:0\ntarget = db:1\n";
	struct al_conf *c = conf();
	struct al_addr a;
	struct al_err err;
	char buf[AL_ADDR_TEXT];

	(void)state;
	assert_int_equal(read_text(c, text, &err), AL_OK);
	assert_int_equal(al_conf_finish(c, &err), AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "url"), "https://a");
	assert_int_equal(al_conf_uint(c, NULL, NULL, "retry"), 30000);
	assert_null(al_conf_text(c, NULL, NULL, "file"));
	assert_string_equal(al_conf_get(c, "agent", "", "allow", 1)->text,
	    "y");
	assert_null(al_conf_get(c, "agent", "", "allow", 2));
	assert_null(al_conf_get(c, NULL, "", "url", 1));
	assert_string_equal(al_conf_name(c, "forward", 0), "b");
	assert_string_equal(al_conf_name(c, "forward", 1), "a");
	assert_null(al_conf_name(c, "forward", 2));
	assert_null(al_conf_name(c, "agent", 0));
	assert_string_equal(al_conf_text(c, "forward", "b", "target"),
	    "localhost:22");
	assert_true(al_conf_listen(al_conf_get(c, "forward", "b", "listen",
	    0), &a));
	assert_string_equal(al_addr_format(&a, buf), "127.0.0.1:5432");
	assert_true(al_conf_listen(al_conf_get(c, "forward", "a", "listen",
	    0), &a));
	assert_string_equal(al_addr_format(&a, buf), "[::1]:0");
	al_conf_free(c);
}

/* Flags over environment over file over default; lists as a whole. */
static void
strength(void **state)
{
	static const char file[] = "url = https://file\nproxy = f1:1\n"
	    "proxy = f2:2\nfile = rel/x\n";
	static const char dropin[] = "url = https://dropin\nproxy = f3:3\n";
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	assert_int_equal(read_text(c, file, &err), AL_OK);
	assert_int_equal(al_conf_read_text(c, "/etc/y.conf", dropin,
	    strlen(dropin), 0644, 0, &err), AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "url"),
	    "https://dropin");
	assert_string_equal(al_conf_get(c, NULL, NULL, "proxy", 2)->text,
	    "f3:3");
	assert_string_equal(al_conf_text(c, NULL, NULL, "file"),
	    "/etc/rel/x");
	assert_int_equal(setenv("ALPACON_TEST_URL", "https://env", 1), 0);
	assert_int_equal(al_conf_read_env(c, &err), AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "url"), "https://env");
	assert_int_equal(setenv("ALPACON_TEST_URL", "env", 1), 0);
	assert_int_equal(al_conf_read_env(c, &err), AL_EUSAGE);
	assert_non_null(strstr(err.text, "ALPACON_TEST_URL: "));
	assert_int_equal(unsetenv("ALPACON_TEST_URL"), 0);
	assert_int_equal(al_conf_set(c, "url", "https://flag", "--url", &err),
	    AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "url"),
	    "https://flag");
	assert_int_equal(al_conf_set(c, "proxy", "g:1", "--proxy", &err),
	    AL_OK);
	assert_string_equal(al_conf_get(c, NULL, NULL, "proxy", 0)->text,
	    "g:1");
	assert_null(al_conf_get(c, NULL, NULL, "proxy", 1));
	assert_int_equal(al_conf_set(c, "proxy", "http://u:" SECRET "@g:1",
	    "--proxy", &err), AL_EUSAGE);
	assert_null(strstr(err.text, SECRET));
	al_conf_free(c);
}

static void
secrets(void **state)
{
	static const struct {
		const char	*text;
		unsigned	 mode, flags;
		enum al_code	 want;
	} rows[] = {
		{ "key = " SECRET, 0600, 0, AL_OK },
		{ "key = " SECRET, 0640, 0, AL_EAUTH },
		{ "key = " SECRET, 0604, 0, AL_EAUTH },
		{ "key = " SECRET, 0644, AL_CONF_FOREIGN, AL_OK },
		{ "proxy = http://u:" SECRET "@h:1", 0644, 0, AL_EAUTH },
		{ "proxy = http://u:" SECRET "@h:1", 0400, 0, AL_OK },
		{ "proxy = http://u@h:1", 0644, 0, AL_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_conf *c = conf();
		struct al_err err = { .code = AL_OK };
		char *out = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&out, &len);

		assert_int_equal(al_conf_read_text(c, "f", rows[i].text,
		    strlen(rows[i].text), rows[i].mode, rows[i].flags, &err),
		    rows[i].want);
		assert_null(strstr(err.text, SECRET));
		al_conf_print(c, f);
		(void)fclose(f);
		assert_null(strstr(out, SECRET));
		free(out);
		al_conf_free(c);
	}
}

static void
foreign(void **state)
{
	static const char text[] = "[server]\nurl = x\n[agent]\n"
	    "listen = 1\nlisten = 2 # two\nallow = \"a\"\nother = 1\n"
	    "[logging]\ndebug = true\n";
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	assert_int_equal(al_conf_read_text(c, "f", text, strlen(text), 0644,
	    AL_CONF_FOREIGN, &err), AL_OK);
	assert_string_equal(al_conf_text(c, "agent", NULL, "listen"), "2");
	assert_string_equal(al_conf_text(c, "agent", NULL, "allow"), "a");
	assert_null(al_conf_text(c, NULL, NULL, "url"));
	al_conf_free(c);
}

/* Its empty values are none, and what our own files say stays. */
static void
foreign_gives_way(void **state)
{
	static const char ours[] = "[agent]\nlisten = 1\n";
	static const char text[] = "[agent]\nlisten = 2\nallow =\n"
	    "allow = # nobody\n[forward \"a\"]\nlisten =\nlisten = 3#b\n";
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	assert_int_equal(read_text(c, ours, &err), AL_OK);
	assert_int_equal(al_conf_read_text(c, "f", text, strlen(text), 0644,
	    AL_CONF_FOREIGN, &err), AL_OK);
	assert_string_equal(al_conf_text(c, "agent", NULL, "listen"), "1");
	assert_null(al_conf_text(c, "agent", NULL, "allow"));
	assert_string_equal(al_conf_text(c, "forward", "a", "listen"), "3");
	al_conf_free(c);
}

/* What -T prints can be read, and then prints the same but for the places. */
static void
printing(void **state)
{
	static const char text[] = "url = https://a\nproxy = h1:1\n"
	    "proxy_user = \" a b \"\nkey = " SECRET "\n"
	    "[forward \"a b\"]\nlisten = 5432\n";
	static const char want[] =
	    "# /etc/x.conf:1\nurl = https://a\n"
	    "# /etc/x.conf:2\nproxy = h1:1\n"
	    "# /etc/x.conf:3\nproxy_user = \" a b \"\n"
	    "# /etc/x.conf:4\nkey = ***\n"
	    "# default\nlog_format = text\n# default\nretry = 30s\n"
	    "\n[agent]\n# default\nallow = *\n"
	    "\n[forward \"a b\"]\n# /etc/x.conf:6\nlisten = 5432\n"
	    "# default\ntarget = localhost:22\n";
	struct al_conf *c = conf();
	struct al_err err;
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	(void)state;
	assert_int_equal(read_text(c, text, &err), AL_OK);
	assert_int_equal(al_conf_finish(c, &err), AL_OK);
	al_conf_print(c, f);
	(void)fclose(f);
	assert_string_equal(out, want);
	al_conf_free(c);
	c = conf();
	assert_int_equal(read_text(c, out, &err), AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "proxy_user"),
	    " a b ");
	al_conf_free(c);
	free(out);
}

static void
put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void
files(void **state)
{
	char dir[] = "/tmp/alconf.XXXXXX", path[256], d[256], cmd[300];
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/main.conf", dir);
	(void)snprintf(d, sizeof(d), "%s/d", dir);
	assert_int_equal(mkdir(d, 0700), 0);
	put(dir, "main.conf", "include = d\nurl = https://main\n"
	    "proxy = p1:1\n");
	put(d, "20.conf", "proxy = p3:1\n");
	put(d, "10.conf", "proxy = p2:1\nurl = https://ten\n");
	put(d, ".hidden.conf", "bad\n");
	put(d, "10.conf.dpkg-old", "bad\n");
	assert_int_equal(al_conf_read(c, path, 0, &err), AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "url"), "https://ten");
	assert_string_equal(al_conf_get(c, NULL, NULL, "proxy", 1)->text,
	    "p2:1");
	assert_string_equal(al_conf_get(c, NULL, NULL, "proxy", 2)->text,
	    "p3:1");
	al_conf_free(c);
	c = conf();
	put(d, "30.conf", "include = x\n");
	assert_int_equal(al_conf_read(c, path, 0, &err), AL_EUSAGE);
	assert_non_null(strstr(err.text, "/d/30.conf:1: an included file "
	    "can't include others"));
	al_conf_free(c);
	c = conf();
	assert_int_equal(al_conf_read(c, "/no/such", AL_CONF_OPTIONAL, &err),
	    AL_OK);
	assert_int_equal(al_conf_read(c, "/no/such", 0, &err), AL_EUSAGE);
	assert_string_equal(err.text,
	    "/no/such: can't be read: No such file or directory");
	assert_int_equal(al_conf_read(c, "/dev/null", 0, &err), AL_EUSAGE);
	assert_string_equal(err.text, "/dev/null: is not a regular file");
	al_conf_free(c);
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void
types(void **state)
{
	static const struct {
		const char	*text;
		uint64_t	 want;		/* UINT64_MAX: refused */
	} times[] = {
		{ "0", 0 }, { "5", 5000 }, { "250ms", 250 }, { "5S", 5000 },
		{ "2m", 120000 }, { "1h", 3600000 }, { "1d", 86400000 },
		{ "", UINT64_MAX }, { "s", UINT64_MAX }, { "-1", UINT64_MAX },
		{ "1.5s", UINT64_MAX }, { "1 s", UINT64_MAX },
		{ "99999999999999999999", UINT64_MAX },
		{ "18446744073709551615h", UINT64_MAX },
	}, sizes[] = {
		{ "1", 1 }, { "64K", 65536 }, { "16M", 16777216 },
		{ "1g", 1073741824 }, { "5b", 5 }, { "5KB", UINT64_MAX },
		{ "18446744073709551615G", UINT64_MAX },
	};
	struct al_err err;
	uint64_t v;
	bool b;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		enum al_code code = al_conf_parse_time(times[i].text, &v, &err);

		assert_int_equal(code == AL_OK, times[i].want != UINT64_MAX);
		if (code == AL_OK)
			assert_int_equal(v, times[i].want);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		enum al_code code = al_conf_parse_size(sizes[i].text, &v, &err);

		assert_int_equal(code == AL_OK, sizes[i].want != UINT64_MAX);
		if (code == AL_OK)
			assert_int_equal(v, sizes[i].want);
	}
	assert_int_equal(al_conf_parse_bool("Yes", &b, &err), AL_OK);
	assert_true(b);
	assert_int_equal(al_conf_parse_bool("off", &b, &err), AL_OK);
	assert_false(b);
	assert_int_equal(al_conf_parse_bool("maybe", &b, &err), AL_EUSAGE);
}

/* Decoded, as it would come back out of a header or an error. */
static void
passwords_of_proxies_are_hidden(void **state)
{
	static const char text[] =
	    "proxy = http://a:1,socks5://bob:xYz%21zY@b:2\n";
	static const char line[] = "it said xYz!zY to me";
	struct al_conf *c = conf();
	struct al_err err;
	char *shown;

	(void)state;
	assert_int_equal(al_conf_read_text(c, "x.conf", text,
	    sizeof(text) - 1, 0600, 0, &err), AL_OK);
	shown = al_redact_dup(line);
	assert_string_equal(shown, "it said *** to me");
	free(shown);
	al_conf_free(c);
	shown = al_redact_dup(line);
	assert_string_equal(shown, line);
	free(shown);
}

static void
the_place_outlives_the_flag(void **state)
{
	char flag[] = "--url", place[64];
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	assert_int_equal(al_conf_set(c, "url", "https://x", flag, &err),
	    AL_OK);
	memset(flag, 'x', sizeof(flag));
	assert_int_equal(al_conf_finish(c, &err), AL_OK);
	assert_string_equal(al_conf_place(al_conf_get(c, NULL, NULL, "url",
	    0), place, sizeof(place)), "--url");
	al_conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complaints),
		cmocka_unit_test(values),
		cmocka_unit_test(strength),
		cmocka_unit_test(secrets),
		cmocka_unit_test(foreign),
		cmocka_unit_test(foreign_gives_way),
		cmocka_unit_test(printing),
		cmocka_unit_test(files),
		cmocka_unit_test(types),
		cmocka_unit_test(passwords_of_proxies_are_hidden),
		cmocka_unit_test(the_place_outlives_the_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
