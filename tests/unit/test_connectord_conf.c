/* tests/unit/test_connectord_conf.c - the settings of alpacon-connectord. */
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

#include "connector/connectord/config.h"
#include "tests/unit/example.h"

#define X	"c4n4ry-Key"

static char dir[] = "/tmp/alcdconf.XXXXXX";
static char path[64], agent[64];

static int
make_dir(void **state)
{
	static const char *const names[] = { "ALPACON_URL", "ALPACON_ID",
	    "ALPACON_KEY_FILE", "ALPACON_CA_FILE", "CREDENTIALS_DIRECTORY",
	    "ALPACON_PROXY_PASSWORD_FILE" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unsetenv(names[i]);
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/connector.conf", dir);
	(void)snprintf(agent, sizeof(agent), "%s/alpamon.conf", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(agent);
	return rmdir(dir);
}

static struct al_conf *
conf(void)
{
	struct al_conf *c = al_connector_conf_new();

	assert_non_null(c);
	return c;
}

/* --- each key, by itself -------------------------------------------------- */
static void
good(void **state)
{
	static const struct {
		const char	*key, *value;
	} rows[] = {
		{ "url", "https://a.example" }, { "url", "wss://a:8443/x" },
		{ "id", "0b7c9d7e-5b9f" },
		{ "key_file", "/k" }, { "key_file", "credential:k" },
		{ "agent_conf", "/a" }, { "ca_file", "/ca" },
		{ "tls_min", "1.2" }, { "tls_min", "1.3" },
		{ "tls_ciphers", "TLS_AES_256_GCM_SHA384" },
		{ "mode", "auto" }, { "mode", "mux" }, { "mode", "direct" },
		{ "proxy", "http://h:3128" }, { "proxy", "https://h" },
		{ "proxy", "socks4://h" }, { "proxy", "socks4a://h" },
		{ "proxy", "socks5://u:" X "@h" }, { "proxy", "socks5h://h" },
		{ "proxy", "socks5://a:1,http://b:2" },
		{ "proxy", "direct" }, { "proxy", "none" },
		{ "proxy_user", "u v" }, { "proxy_password_file", "/p" },
		{ "proxy_auth", "ntlm, Basic" }, { "proxy_spn", "HTTP@p" },
		{ "proxy_ccache", "FILE:/c" }, { "proxy_keytab", "FILE:/k" },
		{ "proxy_user_agent", "Corp Agent/1 (x)" },
		{ "credentials_for", ".corp" },
		{ "proxy_ca_file", "/c" }, { "proxy_cert", "/c" },
		{ "proxy_key", "credential:k" }, { "no_proxy", "a,10.0.0.0/8" },
		{ "proxy_from_environment", "no" },
		{ "proxy_from_system", "yes" },
		{ "allow_target", "loopback" }, { "allow_target", "*" },
		{ "allow_target", "loopback:8000-8099" },
		{ "allow_target", "10.1.0.0/16:5432" },
		{ "allow_target", "[fd00::/8]:22" },
		{ "allow_target", "*.corp:22" },
		{ "allow_host", "files.example" },
		{ "allow_host", "*.example:8443" },
		{ "link_max_age", "10s" }, { "link_max_age", "50m" },
		{ "keepalive", "8s" }, { "keepalive", "5m" },
		{ "state_dir", "/var/lib/alpacon" },
		{ "hosts_file", "yes" }, { "listen_tls", "127.84.0.1:443" },
		{ "listen_tls", "[::1]:0" }, { "listen_proxy", "1080" },
		{ "max_connections", "1" }, { "max_connections", "65536" },
		{ "log_level", "error" }, { "log_level", "warning" },
		{ "log_level", "notice" }, { "log_level", "info" },
		{ "log_level", "debug" },
		{ "log_format", "json" }, { "log_format", "text" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		char line[128];

		(void)snprintf(line, sizeof(line), "%s = %s", rows[i].key,
		    rows[i].value);
		if (al_conf_read_text(c, "/f", line, strlen(line), 0600, 0,
		    &err) != AL_OK || al_conf_finish(c, &err) != AL_OK)
			fail_msg("%s: %s", line, err.text);
		assert_string_equal(al_conf_text(c, NULL, NULL, rows[i].key),
		    rows[i].value);
		assert_null(al_conf_get(c, NULL, NULL, rows[i].key, 1));
		al_conf_free(c);
	}
}

#define NO_TARGET " is not a target: loopback, 10.0.0.0/8, 10.0.0.0/8:22, " \
	"[fd00::/8]:22, name:22, *.name:22-25 and * are"
#define FROM_OUTSIDE " is reachable from the network: listeners of this " \
	"host bind loopback only (127.0.0.0/8 or [::1])"
#define OTHERS "is or holds a secret, but others than the owner may open " \
	"this file (mode 0644): chmod 600 f"

static const struct {
	const char	*text, *want;
} bad_rows[] = {
	{ "\nurl = acme", "f:2: url: \"acme\": a URL begins with scheme://" },
	{ "url = ftp://a", "f:1: url: \"ftp://a\" is not "
	    "https://HOST[:PORT]" },
	{ "url = https://u:" X "@a", "f:1: url: the URL holds a user name or "
	    "password, and none is wanted" },
	{ "id =", "f:1: id: has no value" },
	{ "id = a\nid = b", "f:2: id: stands in line 1 already, and is no "
	    "list" },
	{ "key_file =", "f:1: key_file: has no value" },
	{ "agent_conf =", "f:1: agent_conf: has no value" },
	{ "ca_file =", "f:1: ca_file: has no value" },
	{ "tls_min = 1.1", "f:1: tls_min: \"1.1\" is not 1.3|1.2" },
	{ "tls_ciphers =", "f:1: tls_ciphers: has no value" },
	{ "mode = none", "f:1: mode: \"none\" is not auto|mux|direct" },
	{ "proxy = ftp://h:1", "f:1: proxy: a proxy's scheme is http, https, "
	    "socks4, socks4a, socks5 or socks5h, not \"ftp\"" },
	{ "proxy = http://h:99999", "f:1: proxy: \"h:99999\": a port is a "
	    "number from 1 to 65535" },
	{ "proxy = http://u:" X "@h:1", "f:1: proxy: " OTHERS },
	{ "proxy_user =", "f:1: proxy_user: has no value" },
	{ "proxy_password_file =", "f:1: proxy_password_file: has no value" },
	{ "proxy_ca_file =", "f:1: proxy_ca_file: has no value" },
	{ "proxy_cert =", "f:1: proxy_cert: has no value" },
	{ "proxy_key =", "f:1: proxy_key: has no value" },
	{ "no_proxy =", "f:1: no_proxy: has no value" },
	{ "proxy_from_environment = x", "f:1: proxy_from_environment: \"x\" "
	    "is not yes or no" },
	{ "allow_target = 10.0.0.0/33", "f:1: allow_target: \"10.0.0.0/33\""
	    NO_TARGET },
	{ "allow_target = *\nallow_target = a:2-1", "f:2: allow_target: "
	    "\"a:2-1\"" NO_TARGET },
	{ "allow_host = *.1.2.3.4", "f:1: allow_host: \"*.1.2.3.4\": only a "
	    "name can follow \"*.\"" },
	{ "allow_host = a:0", "f:1: allow_host: \"a:0\": a port is a number "
	    "from 1 to 65535" },
	{ "hosts_file = 2", "f:1: hosts_file: \"2\" is not yes or no" },
	{ "listen_tls = 0.0.0.0:443", "f:1: listen_tls: 0.0.0.0:443"
	    FROM_OUTSIDE },
	{ "listen_proxy = [2001:db8::1]:1", "f:1: listen_proxy: "
	    "[2001:db8::1]:1" FROM_OUTSIDE },
	{ "listen_proxy = 70000", "f:1: listen_proxy: \"70000\" is not "
	    "ADDRESS:PORT" },
	{ "max_connections = 0", "f:1: max_connections: 0 is out of range: 1 "
	    "to 65536" },
	{ "max_connections = 65537", "f:1: max_connections: 65537 is out of "
	    "range: 1 to 65536" },
	{ "keepalive = 7s", "f:1: keepalive: 7s is out of range: 8000 to "
	    "300000 ms" },
	{ "keepalive = 301s", "f:1: keepalive: 301s is out of range: 8000 to "
	    "300000 ms" },
	{ "state_dir =", "f:1: state_dir: has no value" },
	{ "log_level = trace", "f:1: log_level: \"trace\" is not "
	    "error|warning|notice|info|debug" },
	{ "log_format = xml", "f:1: log_format: \"xml\" is not text|json" },
	{ "\n[forward \"a\"]\nlisten = 1", "f:2: [forward \"a\"] target: is "
	    "missing" },
	{ "[forward \"a\"]\ntarget = a:1", "f:1: [forward \"a\"] listen: is "
	    "missing" },
	{ "[forward \"a\"]\ntarget = a", "f:2: [forward \"a\"] target: "
	    "\"a\": the port is missing" },
	{ "[forward \"a\"]\nlisten = 192.0.2.1:1", "f:2: [forward \"a\"] "
	    "listen: 192.0.2.1:1" FROM_OUTSIDE },
	{ "[forward]", "f:1: [forward] needs a name: [forward \"NAME\"]" },
	{ "[server]\nurl = acme", "f:2: [server] url: \"acme\": a URL begins "
	    "with scheme://" },
	{ "[server]\nid =", "f:2: [server] id: has no value" },
	{ "[server]\nkey = " X, "f:2: [server] key: " OTHERS },
	{ "[ssl]\nca_cert =", "f:2: [ssl] ca_cert: has no value" },
	{ "max_conections = 5", "f:1: unknown key \"max_conections\"; did "
	    "you mean \"max_connections\"?" },
	{ "proxy-usr = 5", "f:1: unknown key \"proxy-usr\"; did you mean "
	    "\"proxy_user\"?" },
	{ "target = a:1", "f:1: \"target\" belongs into section [forward]" },
	{ "[forwrad \"a\"]", "f:1: [forwrad] is not a section that is known "
	    "here; did you mean [forward]?" },
};

static void
bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		const char *text = bad_rows[i].text;
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		enum al_code code = al_conf_read_text(c, "f", text,
		    strlen(text), 0644, 0, &err);

		if (code == AL_OK)
			code = al_conf_finish(c, &err);
		assert_string_equal(err.text, bad_rows[i].want);
		assert_int_equal(code, strstr(text, "key = " X) != NULL ||
		    strstr(text, "proxy = http://u:") != NULL ? AL_EAUTH :
		    AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		al_conf_free(c);
	}
}

/* --- whose word counts ---------------------------------------------------- */
static void
put(const char *to, const char *text)
{
	FILE *f = fopen(to, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(to, 0600), 0);
}

/* What a registered agent has, a CA that it has not included. */
#define AGENT "[server]\nurl = https://agent\nid = a1\nkey = " X "\n" \
	"\n[ssl]\nverify = true\nca_cert = \n\n[logging]\ndebug = false\n"
#define AGENT_CONF "agent_conf = alpamon.conf\n"

static void
agents(void **state)
{
	static const struct {
		const char	*ours;		/* connector.conf        */
		const char	*agents;	/* alpamon.conf          */
		/* url, id and ca as ours; url, id, key and CA as agent's */
		const char	*want;
	} rows[] = {
		{ AGENT_CONF, AGENT, "- - - https://agent a1 " X " -" },
		{ AGENT_CONF "url = https://ours\n", AGENT,
		    "https://ours - - https://agent a1 " X " -" },
		{ AGENT_CONF, AGENT "[ssl]\nca_cert = ca.pem # ours\n",
		    "- - - https://agent a1 " X " DIR/ca.pem" },
		/* all is known here: it is not even opened */
		{ AGENT_CONF "url = https://ours\nid = o\nkey_file = k\n",
		    "broken", "https://ours o - - - - -" },
		/* our own [server] is as good, and is not replaced */
		{ AGENT_CONF "[server]\nurl = https://s\n", AGENT,
		    "- - - https://s a1 " X " -" },
		{ AGENT_CONF "[server]\nurl = https://s\nid = s\n"
		    "key = other-key\n", "broken",
		    "- - - https://s s other-key -" },
	};
	static const char *const keys[][2] = { { NULL, "url" }, { NULL, "id" },
	    { NULL, "ca_file" }, { "server", "url" }, { "server", "id" },
	    { "server", "key" }, { "ssl", "ca_cert" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		char got[300] = "";

		put(path, rows[i].ours);
		put(agent, rows[i].agents);
		if (al_connector_conf_read(c, path, &err) != AL_OK)
			fail_msg("row %zu: %s", i, err.text);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			const char *v = al_conf_text(c, keys[k][0], NULL,
			    keys[k][1]);
			size_t n = strlen(got);
			int in = v != NULL && strncmp(v, dir, strlen(dir)) ==
			    0;

			(void)snprintf(got + n, sizeof(got) - n, "%s%s%s",
			    k > 0 ? " " : "", in ? "DIR" : "", v == NULL ?
			    "-" : in ? v + strlen(dir) : v);
		}
		assert_string_equal(got, rows[i].want);
		al_conf_free(c);
	}
}

static void
agents_that_are_not_there(void **state)
{
	static const struct {
		const char	*ours, *agents;
		enum al_code	 code;
		const char	*want;		/* how the sentence ends */
	} rows[] = {
		{ AGENT_CONF, NULL, AL_EUSAGE,
		    "/alpamon.conf: can't be read: No such file or "
		    "directory" },
		{ AGENT_CONF, "[server]\nurl =\nid = a\nkey = " X "\n",
		    AL_EUSAGE, " has no [server] url either" },
		{ AGENT_CONF "url = https://a\n", "[server]\nkey = " X "\n",
		    AL_EUSAGE, " has no [server] id either" },
		{ AGENT_CONF "url = https://a\nid = a\n", "[ssl]\n",
		    AL_EUSAGE, " has no [server] key either" },
		{ "\nagent_conf = credential:alpamon.conf\n", AGENT,
		    AL_EAUTH, "/connector.conf:2: agent_conf: "
		    "credential:alpamon.conf: no credentials were handed over "
		    "(in the unit: LoadCredential=NAME:FILE)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };
		const char *want = rows[i].want;

		put(path, rows[i].ours);
		(void)unlink(agent);
		if (rows[i].agents != NULL)
			put(agent, rows[i].agents);
		assert_int_equal(al_connector_conf_read(c, path, &err),
		    rows[i].code);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		assert_true(strlen(err.text) > strlen(want));
		assert_string_equal(err.text + strlen(err.text) -
		    strlen(want), want);
		assert_null(strstr(err.text, X));
		al_conf_free(c);
	}
}

/* What the unit hands over is taken without being named, or by its name. */
static void
credentials(void **state)
{
	static const char *const ours[] = { "mode = mux\n",
	    "agent_conf = credential:alpamon.conf\n" };

	(void)state;
	put(agent, AGENT);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	for (size_t i = 0; i < 2; i++) {
		struct al_conf *c = conf();
		struct al_err err = { .text = "" };

		put(path, ours[i]);
		assert_int_equal(al_connector_conf_read(c, path, &err),
		    AL_OK);
		assert_string_equal(al_conf_text(c, "server", NULL, "url"),
		    "https://agent");
		al_conf_free(c);
	}
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

/* Flags over environment over connector.conf; the agent's file below. */
static void
strength(void **state)
{
	struct al_conf *c = conf();
	struct al_err err;

	(void)state;
	put(path, AGENT_CONF "url = https://ours\nid = o\n");
	put(agent, AGENT);
	assert_int_equal(setenv("ALPACON_ID", "e", 1), 0);
	assert_int_equal(setenv("ALPACON_URL", "https://e", 1), 0);
	assert_int_equal(al_conf_set(c, "url", "https://flag", "--url", &err),
	    AL_OK);
	assert_int_equal(al_connector_conf_read(c, path, &err), AL_OK);
	assert_string_equal(al_conf_text(c, NULL, NULL, "url"),
	    "https://flag");
	assert_string_equal(al_conf_text(c, NULL, NULL, "id"), "e");
	assert_string_equal(al_conf_text(c, "server", NULL, "key"), X);
	al_conf_free(c);
	assert_int_equal(unsetenv("ALPACON_ID"), 0);
	assert_int_equal(unsetenv("ALPACON_URL"), 0);
}

/* --- the example ---------------------------------------------------------- */
static void
example(void **state)
{
	char from[EXAMPLE_PATH];
	struct al_conf *c = conf();
	struct al_err err = { .text = "" };

	(void)state;
	example_path("contrib/examples/connector.conf", from);
	put(agent, AGENT);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	(void)!al_connector_conf_read(c, from, &err);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_string_equal(err.text, "");
	al_conf_free(c);
	c = conf();
	assert_true(example_uncomment(from, path) > 10);
	(void)!al_connector_conf_read(c, path, &err);
	assert_string_equal(err.text, "");
	example_check(c, "man/alpacon-connector.conf.5", "server ssl");
	assert_null(al_conf_name(c, "forward", 1));
	al_conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(agents),
		cmocka_unit_test(agents_that_are_not_there),
		cmocka_unit_test(credentials),
		cmocka_unit_test(strength),
		cmocka_unit_test(example),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
