/* tests/unit/test_where.c - where the commands go, and as whom. */
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

#include "connector/daemon/reach.h"
#include "connector/daemon/redact.h"
#include "connector/daemon/where.h"

#define X	"c4n4ry-Token"

static const struct al_conf_key keys[] = { AL_WHERE_KEYS };

static char dir[] = "/tmp/alwhere.XXXXXX";

static struct al_conf *
conf(void)
{
	struct al_conf *c = al_conf_new(keys, sizeof(keys) / sizeof(keys[0]));

	assert_non_null(c);
	return c;
}

/* name below dir; out has its path. */
static void
put(const char *name, const char *text, mode_t mode, char out[128])
{
	FILE *f;

	(void)snprintf(out, 128, "%s/%s", dir, name);
	f = fopen(out, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(out, mode), 0);
}

static int
clean_env(void **state)
{
	static const char *const names[] = { "ALPACON_URL", "HOME",
	    "ALPACON_TOKEN_FILE", "ALPACON_CA_FILE", "XDG_CONFIG_HOME",
	    "ALPACON_PROXY_PASSWORD_FILE" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unsetenv(names[i]) != 0)
			return -1;
	return 0;
}

static int
make_dir(void **state)
{
	char sub[128];

	if (mkdtemp(dir) == NULL || clean_env(state) != 0)
		return -1;
	(void)snprintf(sub, sizeof(sub), "%s/alpacon", dir);
	if (mkdir(sub, 0700) != 0)
		return -1;
	(void)snprintf(sub, sizeof(sub), "%s/.config", dir);
	if (mkdir(sub, 0700) != 0)
		return -1;
	(void)snprintf(sub, sizeof(sub), "%s/.config/alpacon", dir);
	return mkdir(sub, 0700);
}

static int
remove_dir(void **state)
{
	char cmd[128];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

/* The url that is in effect, "" if none is. */
static void
url_of(const char *path, const char *flag, char out[128])
{
	struct al_conf *c = conf();
	struct al_err err;
	const char *url;

	if (flag != NULL)
		assert_int_equal(al_conf_set(c, "url", flag, "--url", &err),
		    AL_OK);
	assert_int_equal(al_where_read(c, path, &err), AL_OK);
	url = al_conf_text(c, NULL, NULL, "url");
	(void)snprintf(out, 128, "%s", url != NULL ? url : "");
	al_conf_free(c);
}

static void
strength(void **state)
{
	char other[128], path[128], got[128];
	struct al_conf *c;
	struct al_err err;

	(void)state;
	put("other.conf", "url = https://other\n", 0644, other);
	url_of(NULL, NULL, got);		/* no home at all */
	assert_string_equal(got, "");
	assert_int_equal(setenv("HOME", dir, 1), 0);
	url_of(NULL, NULL, got);		/* no file there */
	assert_string_equal(got, "");
	put(".config/alpacon/tunnel.conf", "url = https://home\n", 0644,
	    path);
	url_of(NULL, NULL, got);
	assert_string_equal(got, "https://home");
	assert_int_equal(setenv("XDG_CONFIG_HOME", "not/absolute", 1), 0);
	url_of(NULL, NULL, got);
	assert_string_equal(got, "https://home");
	assert_int_equal(setenv("XDG_CONFIG_HOME", dir, 1), 0);
	url_of(NULL, NULL, got);		/* not asked after xdg's */
	assert_string_equal(got, "");
	put("alpacon/tunnel.conf", "url = https://xdg\n", 0644, path);
	url_of(NULL, NULL, got);
	assert_string_equal(got, "https://xdg");
	url_of(other, NULL, got);
	assert_string_equal(got, "https://other");
	assert_int_equal(setenv("ALPACON_URL", "https://env", 1), 0);
	url_of(other, NULL, got);
	assert_string_equal(got, "https://env");
	url_of(other, "https://flag", got);
	assert_string_equal(got, "https://flag");
	c = conf();				/* one that was named */
	assert_int_equal(al_where_read(c, "/no/such", &err), AL_EUSAGE);
	al_conf_free(c);
}

static void
hosts(void **state)
{
	static const struct {
		const char	*url, *host;	/* NULL: refused */
		uint16_t	 port;
		const char	*want;
	} rows[] = {
		{ "https://Acme.Example", "acme.example", 443, NULL },
		{ "wss://a:8443/x", "a", 8443, NULL },
		{ "https://[::1]:1", "::1", 1, NULL },
		{ "http://a", NULL, 0, "--url: must begin with https://: "
		    "nothing is sent without TLS" },
		{ "ws://a", NULL, 0, "--url: must begin with https://: "
		    "nothing is sent without TLS" },
		{ NULL, NULL, 0, "the workspace is not known: --url "
		    "https://WORKSPACE, ALPACON_URL, or url = in the "
		    "configuration file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char host[AL_HOST_MAX + 1];
		struct al_conf *c = conf();
		struct al_err err;
		uint16_t port = 0;

		if (rows[i].url != NULL)
			assert_int_equal(al_conf_set(c, "url", rows[i].url,
			    "--url", &err), AL_OK);
		assert_int_equal(al_where_host(c, host, &port, &err),
		    rows[i].host != NULL ? AL_OK : AL_EUSAGE);
		if (rows[i].host != NULL) {
			assert_string_equal(host, rows[i].host);
			assert_int_equal(port, rows[i].port);
		} else {
			assert_int_equal(err.stage, AL_AT_CONFIG);
			assert_string_equal(err.text, rows[i].want);
		}
		al_conf_free(c);
	}
}

static void
authorization(void **state)
{
	struct al_conf *c = conf();
	struct al_secret s;
	struct al_err err;
	char path[128], *got;

	(void)state;
	assert_int_equal(al_where_authorization(c, &s, &err), AL_EAUTH);
	assert_null(s.text);
	assert_ptr_equal(strstr(err.text, "there is no token: --token-file "),
	    err.text);
	put("token", X "\n", 0600, path);
	assert_int_equal(al_conf_set(c, "token_file", path, "--token-file",
	    &err), AL_OK);
	assert_int_equal(al_where_authorization(c, &s, &err), AL_OK);
	assert_string_equal(s.text, "Bearer " X);
	got = al_redact_dup("the token is " X);
	assert_string_equal(got, "the token is ***");
	free(got);
	al_secret_fini(&s);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(al_where_authorization(c, &s, &err), AL_EAUTH);
	assert_null(s.text);
	assert_ptr_equal(strstr(err.text, "--token-file: "), err.text);
	assert_non_null(strstr(err.text, "chmod 600 "));
	al_conf_free(c);
}

/* The longest token that a file may hold does not lose its end. */
static void
long_token(void **state)
{
	char text[AL_SECRET_MAX + 1], path[128];
	struct al_conf *c = conf();
	struct al_secret s;
	struct al_err err;

	(void)state;
	memset(text, 'x', AL_SECRET_MAX);
	text[AL_SECRET_MAX] = '\0';
	put("long", text, 0600, path);
	assert_int_equal(al_conf_set(c, "token_file", path, "--token-file",
	    &err), AL_OK);
	assert_int_equal(al_where_authorization(c, &s, &err), AL_OK);
	assert_int_equal(strlen(s.text), strlen("Bearer ") + AL_SECRET_MAX);
	al_secret_fini(&s);
	al_conf_free(c);
}

/* Our certificate for proxies: whoever can read the key's file has the key. */
static void
proxy_cert(void **state)
{
	static const struct {
		const char	*cert, *key;	/* below dir; NULL: not set */
		mode_t		 cert_mode, key_mode;
		enum al_code	 code;
		const char	*want;		/* how the sentence begins  */
	} rows[] = {
		{ NULL, NULL, 0600, 0600, AL_OK, "" },
		{ "cert", "key", 0644, 0600, AL_OK, "" },
		{ "cert", NULL, 0600, 0600, AL_OK, "" },
		{ "cert", "key", 0644, 0640, AL_EAUTH, "--proxy-key: " },
		{ "cert", NULL, 0644, 0600, AL_EAUTH, "--proxy-cert: " },
		{ "cert", "no", 0644, 0600, AL_EAUTH, "--proxy-key: " },
		{ NULL, "key", 0644, 0600, AL_EUSAGE, "--proxy-key: there is "
		    "no proxy_cert that this key could be of" },
	};
	char cert[128], key[128], given[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_workspace_opts o = { .url = NULL };
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		struct al_reach r;

		put("cert", "c", rows[i].cert_mode, cert);
		put("key", "k", rows[i].key_mode, key);
		(void)snprintf(given, sizeof(given), "%s/%s", dir,
		    rows[i].key != NULL ? rows[i].key : "");
		if (rows[i].cert != NULL)
			assert_int_equal(al_conf_set(c, "proxy_cert", cert,
			    "--proxy-cert", &err), AL_OK);
		if (rows[i].key != NULL)
			assert_int_equal(al_conf_set(c, "proxy_key", given,
			    "--proxy-key", &err), AL_OK);
		assert_int_equal(al_conf_finish(c, &err), AL_OK);
		assert_int_equal(al_reach_proxies(&r, c, &o, &err),
		    rows[i].code);
		assert_ptr_equal(strstr(err.text, rows[i].want), err.text);
		if (rows[i].code == AL_EAUTH)
			assert_non_null(strstr(err.text, dir));
		if (rows[i].code == AL_OK && rows[i].cert != NULL) {
			assert_string_equal(o.proxy_cert_file, cert);
			assert_string_equal(o.proxy_key_file,
			    rows[i].key != NULL ? key : cert);
		}
		al_reach_fini(&r);
		al_conf_free(c);
	}
}

/* The kinds of login that may be used. */
static void
proxy_auth(void **state)
{
	static const struct {
		const char	*text;
		unsigned	 want;		/* 0: an error */
	} rows[] = {
		{ "basic", AL_AUTH_BIT(AL_AUTH_BASIC) },
		{ "Negotiate,NTLM", AL_AUTH_BIT(AL_AUTH_NEGOTIATE) |
		    AL_AUTH_BIT(AL_AUTH_NTLM) },
		{ " digest , basic,", AL_AUTH_BIT(AL_AUTH_DIGEST) |
		    AL_AUTH_BIT(AL_AUTH_BASIC) },
		{ "kerberos", 0 }, { "basic digest,md5", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_workspace_opts o = { .url = NULL };
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		struct al_reach r;

		assert_int_equal(al_conf_set(c, "proxy_auth", rows[i].text,
		    "--proxy-auth", &err), AL_OK);
		assert_int_equal(al_conf_finish(c, &err), AL_OK);
		assert_int_equal(al_reach_proxies(&r, c, &o, &err),
		    rows[i].want != 0 ? AL_OK : AL_EUSAGE);
		if (rows[i].want != 0)
			assert_int_equal(o.proxy_schemes, rows[i].want);
		else
			assert_non_null(strstr(err.text, "--proxy-auth: "));
		al_reach_fini(&r);
		al_conf_free(c);
	}
}

/* The PAC file and WPAD, with what needs what. */
static void
pac(void **state)
{
	static const struct {
		const char	*pac, *more[4];		/* key, value, ... */
		const char	*want;		/* NULL: fine */
	} rows[] = {
		{ "http://h/p.pac", { NULL }, NULL },
		{ "data:,x", { NULL }, NULL }, { "/p.pac", { NULL }, NULL },
		{ "no/such/file", { NULL }, "--pac: no/such/file: " },
		{ NULL, { "wpad", "yes" }, "needs wpad_domains" },
		{ NULL, { "wpad", "yes", "wpad_domains", "corp.example" },
		    NULL },
		{ NULL, { "wpad_domains", "corp.example" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_workspace_opts o = { .url = NULL };
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		struct al_reach r;
		enum al_code code = AL_OK;

		if (rows[i].pac != NULL)
			code = al_conf_set(c, "pac", rows[i].pac, "--pac",
			    &err);
		for (size_t k = 0; k < 4 && rows[i].more[k] != NULL; k += 2)
			code = al_conf_set(c, rows[i].more[k],
			    rows[i].more[k + 1], "a flag", &err);
		assert_int_equal(code, AL_OK);
		assert_int_equal(al_conf_finish(c, &err), AL_OK);
		code = al_reach_proxies(&r, c, &o, &err);
		assert_int_equal(code, rows[i].want != NULL ? AL_EUSAGE :
		    AL_OK);
		if (rows[i].want != NULL)
			assert_non_null(strstr(err.text, rows[i].want));
		else if (rows[i].pac != NULL)
			assert_string_equal(o.pac, rows[i].pac);
		assert_int_equal(o.n_wpad_domains, i == 5);
		al_reach_fini(&r);
		al_conf_free(c);
	}
}

/* A flag is stronger than the proxies of a file. */
static void
pac_of_a_flag(void **state)
{
	const char text[] = "proxy = http://file:1\n";
	struct al_workspace_opts o = { .url = NULL };
	struct al_conf *c = conf();
	struct al_err err;
	struct al_reach r;

	(void)state;
	assert_int_equal(al_conf_read_text(c, "f", text, sizeof(text) - 1,
	    0600, 0, &err), AL_OK);
	assert_int_equal(al_conf_set(c, "pac", "http://h/p", "--pac", &err),
	    AL_OK);
	assert_int_equal(al_conf_finish(c, &err), AL_OK);
	assert_int_equal(al_reach_proxies(&r, c, &o, &err), AL_OK);
	assert_int_equal(o.choose.n_config, 0);
	al_reach_fini(&r);
	al_conf_free(c);
}

static void
pac_urls(void **state)
{
	static const char *const good[] = { "p.pac", "/x/p.pac", "./a:b",
	    "HTTP://h/p", "https://h", "file:///p", "data:,x", "C" };
	static const char *const bad[] = { "ftp://h/p", "javascript:1",
	    "http://SECRET@h/p", "https://u:SECRET@h" };
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(al_where_check_pac(good[i], &err), AL_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(al_where_check_pac(bad[i], &err), AL_EUSAGE);
		assert_null(strstr(err.text, "SECRET"));
	}
}

/* What would break CONNECT's head is refused where it is set. */
static void
proxy_user_agent(void **state)
{
#define KEY	"proxy_user_agent = "
#define ROW(t, w)	{ t, sizeof(t) - 1, w }
	static const struct {
		const char	*text;
		size_t		 len;
		const char	*want;		/* NULL: it is refused */
	} rows[] = {
		ROW("", ""),			/* not set */
		ROW(KEY "CorpAgent/1.0 (x; y)", "CorpAgent/1.0 (x; y)"),
		ROW(KEY "caf\xc3\xa9 \r\n", "caf\xc3\xa9"),
		ROW(KEY, NULL), ROW(KEY "a\rb", NULL), ROW(KEY "a\tb", NULL),
		ROW(KEY "a\0b", NULL), ROW(KEY "a\x1b[m", NULL),
		ROW(KEY "a\x7f", NULL),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_workspace_opts o = { .url = NULL };
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		struct al_reach r;
		enum al_code code = al_conf_read_text(c, "f", rows[i].text,
		    rows[i].len, 0600, 0, &err);

		if (rows[i].want == NULL) {
			assert_int_equal(code, AL_EUSAGE);
			if (strncmp(err.text, "f:1: ", 5) != 0)
				fail_msg("row %zu: %s", i, err.text);
		} else {
			assert_int_equal(code, AL_OK);
			assert_int_equal(al_conf_finish(c, &err), AL_OK);
			assert_int_equal(al_reach_proxies(&r, c, &o, &err),
			    AL_OK);
			assert_string_equal(o.proxy_user_agent != NULL ?
			    o.proxy_user_agent : "", rows[i].want);
			al_reach_fini(&r);
		}
		al_conf_free(c);
	}
#undef ROW
#undef KEY
}

/* Also from where a value may have lines: a flag's, a variable's. */
static void
proxy_user_agent_with_lines(void **state)
{
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	assert_int_equal(al_conf_set(c, "proxy_user_agent",
	    "a\r\nProxy-Authorization: Basic eDp5", "--agent", &err),
	    AL_EUSAGE);
	assert_string_equal(err.text, "--agent: a line break or a control "
	    "character in the User-Agent");
	al_conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(strength, clean_env),
		cmocka_unit_test(hosts),
		cmocka_unit_test(authorization),
		cmocka_unit_test(long_token),
		cmocka_unit_test(proxy_cert),
		cmocka_unit_test(proxy_auth),
		cmocka_unit_test(proxy_user_agent),
		cmocka_unit_test(pac), cmocka_unit_test(pac_of_a_flag),
		cmocka_unit_test(pac_urls),
		cmocka_unit_test(proxy_user_agent_with_lines),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
