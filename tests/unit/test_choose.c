/* tests/unit/test_choose.c - sources of proxies, no_proxy, loops, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pac/choose.h"
#include "pac/idna.h"
#include "pac/no_proxy.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* --- no_proxy ------------------------------------------------------------- */
static const struct {
	const char	*host;
	uint16_t	 port;
	const char	*list;
	const char	*entry;		/* NULL: goes through the proxy */
} vectors[] = {
#define BYPASS(host, port, list, entry)	{ host, port, list, entry }
#define PROXY(host, port, list)		{ host, port, list, NULL }
	/* PROXY.md 4 */
	BYPASS("www.example.com", 443, "example.com", "example.com"),
	PROXY("nexample.com", 443, "example.com"),
	BYPASS("example.com", 443, ".example.com", ".example.com"),
	PROXY("nonexample.com", 443, ".example.com"),
	BYPASS("www.example.com", 443, "*.example.com", "*.example.com"),
	PROXY("example.com", 443, "*.example.com"),
	BYPASS("192.168.0.1", 443, "192.168.0.0/16", "192.168.0.0/16"),
	PROXY("192.168.0.1", 443, "192.168.0.0/33"),
	BYPASS("example.com", 8080, "example.com:8080", "example.com:8080"),
	PROXY("example.com", 80, "example.com:8080"),
	BYPASS("[::1]", 443, "::1", "::1"),
	BYPASS("2001:db8::1", 443, "2001:db8::/32", "2001:db8::/32"),
	BYPASS("example.com.", 443, "example.com", "example.com"),
	BYPASS("EXAMPLE.com", 443, "example.COM", "example.COM"),
	BYPASS("bar", 443, "foo,,,,, bar", "bar"),
	PROXY("ten.example", 443, "10.0.0.0/8"),
	BYPASS("intranet", 443, "<local>", "<local>"),
	/* the rules in general */
	PROXY("example.com", 443, ""), PROXY("example.com", 443, " ,, "),
	PROXY("", 443, "*"), PROXY(".", 443, "*"),
	BYPASS("x", 1, "*", "*"), BYPASS("10.0.0.1", 1, "a *", "*"),
	BYPASS("x", 80, "*:80", "*:80"), PROXY("x", 81, "*:80"),
	PROXY("x.y", 443, "*x.y"), PROXY("x.y", 443, "x.*"),
	PROXY("a.b", 443, "<local>"), PROXY("10.0.0.1", 443, "<local>"),
	PROXY("::1", 443, "<local>"), BYPASS("h.", 443, "<LOCAL>", "<LOCAL>"),
	BYPASS("a.example.com", 443, "example.com.", "example.com."),
	BYPASS("a.example.com", 443, ".example.com..", ".example.com.."),
	BYPASS("a.b.example.com", 443, "*.example.com", "*.example.com"),
	BYPASS("a.example.com", 443, "x\texample.com:443 y",
	    "example.com:443"),
	BYPASS("a.example.com", 443, "*.example.com.:443",
	    "*.example.com.:443"),
	PROXY("example.com", 443, "com:"), PROXY("a.com", 443, "com:0"),
	PROXY("a.com", 443, "com:65979"), PROXY("a.com", 443, "com:x"),
	PROXY("example.com", 443, "."), BYPASS("x.y", 443, "*.", "*."),
	PROXY("example.com", 443, "http://example.com"),
	PROXY("example.com", 443, "ample.com"),
	PROXY("example.com", 443, "www.example.com"),
	BYPASS("10.1.2.3", 443, "10.1.2.3", "10.1.2.3"),
	PROXY("10.1.2.30", 443, "10.1.2.3"),
	PROXY("10.1.2.3", 443, "1.2.3"), PROXY("10.1.2.3", 443, ".2.3"),
	PROXY("10.1.2.3", 443, "10.1.2"), PROXY("10.1.2.3", 443, "10."),
	BYPASS("10.1.2.3", 80, "10.1.2.3:80", "10.1.2.3:80"),
	PROXY("10.1.2.3", 81, "10.1.2.3:80"),
	BYPASS("10.1.2.3", 80, "0.0.0.0/0", "0.0.0.0/0"),
	BYPASS("10.1.2.3", 80, "10.1.2.3/32", "10.1.2.3/32"),
	PROXY("10.1.2.3", 80, "10.1.2.2/32"),
	BYPASS("10.1.2.3", 80, "10.1.2.2/31", "10.1.2.2/31"),
	PROXY("10.1.2.3", 80, "10.0.0.0/"), PROXY("10.1.2.3", 80, "/8"),
	PROXY("10.1.2.3", 80, "10.0.0.0/8x"), PROXY("10.1.2.3", 80, "10/8"),
	PROXY("10.1.2.3", 80, "10.0.0.0/-1"), PROXY("10.1.2.3", 80, "10.0.0.0/8/8"),
	PROXY("10.1.2.3", 80, "2001:db8::/32"),
	BYPASS("::ffff:10.1.2.3", 80, "10.0.0.0/8", "10.0.0.0/8"),
	BYPASS("[::ffff:10.1.2.3]", 80, "10.1.2.3", "10.1.2.3"),
	BYPASS("10.1.2.3", 80, "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104"),
	BYPASS("10.1.2.3", 80, "::ffff:a01:203", "::ffff:a01:203"),
	BYPASS("2001:db8::1", 80, "2001:DB8:0:0::0001", "2001:DB8:0:0::0001"),
	BYPASS("2001:db8::1", 80, "[2001:db8::1]", "[2001:db8::1]"),
	BYPASS("2001:db8::1", 80, "[2001:db8::1]:80", "[2001:db8::1]:80"),
	PROXY("2001:db8::1", 81, "[2001:db8::1]:80"),
	PROXY("2001:db8::1", 80, "2001:db8::/129"),
	PROXY("2001:db8::1", 80, "2001:db9::/32"),
	PROXY("2001:db8::1", 80, "[2001:db8::1"),
	/* Buecher with u umlaut: RFC 3492 and IDNA */
	BYPASS("xn--bcher-kva.example", 443, "b\xc3\xbc" "cher.example",
	    "b..cher.example"),
	BYPASS("www.xn--bcher-kva.example", 443, ".B\xc3\x9c" "CHER.Example",
	    ".B..CHER.Example"),
	BYPASS("b\xc3\xbc" "cher.example", 443, "xn--bcher-kva.example",
	    "xn--bcher-kva.example"),
	PROXY("xn--bcher-kva.example", 443, "bucher.example"),
	PROXY("example", 443, "\xff\xfe"), PROXY("example", 443, "\xc3"),
};

static void
no_proxy(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(vectors); i++) {
		char entry[AL_NO_PROXY_ENTRY] = "";
		bool got = al_no_proxy_match(vectors[i].list, vectors[i].host,
		    vectors[i].port, entry);

		if (got != (vectors[i].entry != NULL))
			fail_msg("%s with \"%s\"", vectors[i].host,
			    vectors[i].list);
		if (got)
			assert_string_equal(entry, vectors[i].entry);
	}
}

static void
loopback(void **state)
{
	static const char *const yes[] = {
		"localhost", "LocalHost.", "a.localhost", "127.0.0.1",
		"127.255.1.2", "::1", "[::1]", "::ffff:127.0.0.1",
	};
	static const char *const no[] = {
		"", "localhost.example", "xlocalhost", "128.0.0.1", "::2",
		"127.example", "0.0.0.0", "localdomain",
	};

	(void)state;
	for (size_t i = 0; i < N(yes); i++)
		assert_true(al_no_proxy_is_loopback(yes[i]));
	for (size_t i = 0; i < N(no); i++)
		assert_false(al_no_proxy_is_loopback(no[i]));
}

static void
names(void **state)
{
	static const struct {
		const char	*name, *want;	/* NULL: refused */
	} rows[] = {
		{ "Example.COM", "example.com" }, { "", "" }, { "a..b", "a..b" },
		{ "b\xc3\xbc" "cher", "xn--bcher-kva" },
		{ "\xc3\xbc", "xn--tda" },
		{ "M\xc3\x9cNCHEN.de", "xn--mnchen-3ya.de" },
		{ "\xce\xb5\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1",
		    "xn--hxakic4aa" },
		{ "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x9c\xd0\x95\xd0\xa0",
		    "xn--e1afmkfd" },
		/* RFC 3492 7.1 (B) Chinese, (L) Japanese with ASCII */
		{ "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9"
		    "\x88\xe4\xb8\x8d\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87",
		    "xn--ihqwcrb4cv8a8dqg056pqjye" },
		{ "3\xe5\xb9\xb4" "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5"
		    "\x85\x88\xe7\x94\x9f", "xn--3b-ww4c5e180e575a65lsy2b" },
		{ "\xf0\x9f\x92\xa9.la", "xn--ls8h.la" },
		{ "\x80", NULL }, { "\xc0\xaf", NULL }, { "\xc3", NULL },
		{ "\xe0\x80\xaf", NULL }, { "\xed\xa0\x80", NULL },
		{ "\xf4\x90\x80\x80", NULL }, { "\xf5\x80\x80\x80", NULL },
		{ "\xc3\x28", NULL },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		bool got = al_idna_encode(out, sizeof(out), rows[i].name,
		    strlen(rows[i].name));

		assert_int_equal(got, rows[i].want != NULL);
		if (!got)
			continue;
		assert_string_equal(out, rows[i].want);
		for (size_t cap = 0; cap <= strlen(rows[i].want); cap++)
			assert_false(al_idna_encode(out, cap, rows[i].name,
			    strlen(rows[i].name)));
	}
	memset(out, 'a', sizeof(out));
	assert_false(al_idna_encode(out, sizeof(out), out, 64));
}

/* --- sources -------------------------------------------------------------- */

/* arg: "name=value" texts, NULL at the end. */
static const char *
get_env(void *arg, const char *name)
{
	const char *const *env = arg;
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

#define ENV_MAX	6

struct chosen {
	const char	*url;
	const char	*command[3], *config[3], *env[ENV_MAX];
	const char	*pac[3], *system[3], *wpad[3];
	const char	*no_proxy;	/* of the configuration */
	enum al_source	 source;
	const char	*route;		/* "a; b"; NULL: an error with ... */
	const char	*match;		/* ... this in its text            */
};

#define URL	"https://gw.example"
#define SYSTEM(...)	.system = { __VA_ARGS__ }, .source = AL_SOURCE_SYSTEM
#define ENV_TOO(...)	.env = { __VA_ARGS__ }
#define ENV(...)	.env = { __VA_ARGS__ }, .source = AL_SOURCE_ENVIRONMENT

static const struct chosen rows[] = {
	{ URL, .source = AL_SOURCE_DEFAULT, .route = "direct" },
	{ URL, .command = { "http://a:1", "direct" }, .config = { "b" },
	    .env = { "https_proxy=c" }, .source = AL_SOURCE_COMMAND,
	    .route = "http://a:1; direct" },
	{ URL, .config = { "b" }, .env = { "https_proxy=c" },
	    .source = AL_SOURCE_CONFIG, .route = "http://b:80" },
	{ URL, .config = { "none" }, .env = { "https_proxy=c" },
	    .source = AL_SOURCE_CONFIG, .route = "direct" },
	{ URL, .command = { "none", "a" }, .source = AL_SOURCE_COMMAND,
	    .route = "http://none:80; http://a:80" },
	{ URL, ENV("https_proxy=http://c:3128"), .route = "http://c:3128" },
	{ URL, ENV("HTTPS_PROXY=c", "https_proxy=d"), .route = "http://d:80" },
	{ URL, ENV("HTTPS_PROXY=c", "all_proxy=d"), .route = "http://c:80" },
	{ URL, ENV("ALL_PROXY=c", "all_proxy=socks5h://d"),
	    .route = "socks5h://d:1080" },
	{ URL, ENV("ALL_PROXY=c"), .route = "http://c:80" },
	{ "wss://gw.example", ENV("https_proxy=c"), .route = "http://c:80" },
	{ URL, .env = { "http_proxy=c" }, .source = AL_SOURCE_DEFAULT,
	    .route = "direct" },
	{ "http://h", ENV("http_proxy=c", "https_proxy=d"),
	    .route = "http://c:80" },
	{ "ws://h", ENV("http_proxy=c"), .route = "http://c:80" },
	{ "http://h", ENV("HTTP_PROXY=c"), .route = "http://c:80" },
	{ "http://h", .env = { "HTTP_PROXY=c", "REQUEST_METHOD=GET" },
	    .source = AL_SOURCE_DEFAULT, .route = "direct" },
	{ "http://h", ENV("HTTP_PROXY=c", "REQUEST_METHOD=", "ALL_PROXY=d"),
	    .route = "http://d:80" },
	{ "http://h", ENV("http_proxy=c", "REQUEST_METHOD=GET"),
	    .route = "http://c:80" },
	{ "http://h", .env = { "https_proxy=d" }, .source = AL_SOURCE_DEFAULT,
	    .route = "direct" },
	{ "http://h", ENV("all_proxy=d"), .route = "http://d:80" },
	/* empty means none, whatever else is set */
	{ URL, ENV("https_proxy=", "HTTPS_PROXY=c", "all_proxy=d"),
	    .route = "direct" },
	{ URL, ENV("all_proxy=  "), .route = "direct" },
	{ URL, ENV("https_proxy=u:SECRET@c"), .route = "http://c:80" },
	/* no_proxy */
	{ URL, ENV("https_proxy=c", "no_proxy=x, example"), .route = "direct",
	    .match = "example" },
	{ URL, ENV("https_proxy=c", "no_proxy=x", "NO_PROXY=example"),
	    .route = "http://c:80" },
	{ URL, ENV("https_proxy=c", "no_proxy=", "NO_PROXY=example"),
	    .route = "http://c:80" },
	{ URL, ENV("https_proxy=c", "NO_PROXY=example"), .route = "direct",
	    .match = "example" },
	{ URL, ENV("https_proxy=c", "NO_PROXY=gw.example:443"),
	    .route = "direct", .match = "gw.example:443" },
	{ "http://gw.example", ENV("all_proxy=c", "NO_PROXY=gw.example:443"),
	    .route = "http://c:80" },
	{ "https://gw.example:444", ENV("all_proxy=c",
	    "NO_PROXY=gw.example:443"), .route = "http://c:80" },
	{ "https://localhost", ENV("https_proxy=c"), .route = "direct",
	    .match = "<loopback>" },
	{ "https://[::1]:8443", ENV("https_proxy=c"), .route = "direct",
	    .match = "<loopback>" },
	{ "https://localhost", .command = { "c" }, .env = { "no_proxy=*" },
	    .source = AL_SOURCE_COMMAND, .route = "http://c:80" },
	{ URL, .config = { "c" }, .env = { "no_proxy=*" },
	    .source = AL_SOURCE_CONFIG, .route = "http://c:80" },
	{ URL, .config = { "c" }, .no_proxy = "*.example",
	    .source = AL_SOURCE_CONFIG, .route = "direct",
	    .match = "*.example" },
	{ URL, ENV("https_proxy=c"), .no_proxy = "*.example",
	    .route = "direct", .match = "*.example" },
	{ URL, .no_proxy = "*", .source = AL_SOURCE_DEFAULT, .route = "direct",
	    .match = "*" },
	/* errors of the winner, never with a secret */
	{ URL, ENV("https_proxy=ftp://c"), .match = "https_proxy: " },
	{ URL, ENV("all_proxy=u:SECRET#@c"), .match = "all_proxy: " },
	{ URL, .command = { "a", "b/c" }, .match = "the command line: " },
	{ URL, .config = { "b c" }, .match = "the configuration: " },
	{ "gw.example", .match = "" }, { "https://u:SECRET@", .match = "" },
	{ "gopher://h", .match = "no port is known for gopher" },
	{ "gopher://h:70", .source = AL_SOURCE_DEFAULT, .route = "direct" },
	/* the system's settings, with the environment's exceptions */
	{ URL, SYSTEM("http://s:1", "direct"),
	    .route = "http://s:1; direct" },
	{ URL, SYSTEM("http://s:1"), .env = { "no_proxy=example" },
	    .route = "direct", .match = "example" },
	{ URL, SYSTEM("http://s:1"), .no_proxy = "*.example",
	    .route = "direct", .match = "*.example" },
	{ "https://[::1]", SYSTEM("http://s:1"), .route = "direct",
	    .match = "<loopback>" },
	{ URL, .pac = { "http://p:1", "direct" }, ENV_TOO("https_proxy=c"),
	    .system = { "http://s:1" }, .source = AL_SOURCE_PAC,
	    .route = "http://p:1; direct" },
	{ URL, .pac = { "http://p:1" }, .config = { "b" },
	    .source = AL_SOURCE_CONFIG, .route = "http://b:80" },
	{ URL, .pac = { "direct" }, ENV_TOO("https_proxy=c"),
	    .source = AL_SOURCE_PAC, .route = "direct" },
	{ URL, .pac = { "http://p:1" }, ENV_TOO("no_proxy=gw.example"),
	    .source = AL_SOURCE_PAC, .route = "http://p:1" },
	{ URL, .pac = { "http://p:1" }, .no_proxy = "gw.example",
	    .source = AL_SOURCE_PAC, .route = "direct",
	    .match = "gw.example" },
	{ URL, .pac = { "localhost:8080" }, .match = "our own listener" },
	{ URL, .wpad = { "http://w:1" }, .source = AL_SOURCE_WPAD,
	    .route = "http://w:1" },
	{ URL, .wpad = { "http://w:1" }, ENV_TOO("no_proxy=gw.example"),
	    .source = AL_SOURCE_WPAD, .route = "direct",
	    .match = "gw.example" },
	{ URL, .system = { "http://s:1" }, .wpad = { "http://w:1" },
	    .source = AL_SOURCE_SYSTEM, .route = "http://s:1" },
	{ URL, .system = { "http://s:1" }, .config = { "none" },
	    .source = AL_SOURCE_CONFIG, .route = "direct" },
	{ URL, .system = { "http://s:1" }, ENV("https_proxy="),
	    .route = "direct" },
	{ URL, .system = { "http://s:1" }, ENV("https_proxy=e"),
	    .route = "http://e:80" },
	{ URL, .system = { "ftp://u:SECRET@s" },
	    .match = "the system setting: " },
	{ URL, .system = { "localhost:8080" }, .match = "our own listener" },
	{ URL, .system = { "ftp://s" }, ENV("https_proxy=e"),
	    .route = "http://e:80" },
	/* what loses may be wrong */
	{ URL, .command = { "a" }, .config = { "ftp://b" },
	    .env = { "https_proxy=u:SECRET#@c" }, .source = AL_SOURCE_COMMAND,
	    .route = "http://a:80" },
	/* loops; the listeners are below */
	{ URL, .command = { "http://127.0.0.1:8080" },
	    .match = "127.0.0.1:8080 is our own listener" },
	{ URL, .command = { "a", "socks5h://localhost:8080,b" },
	    .match = "our own listener" },
	{ URL, .command = { "0.0.0.0:8080" }, .match = "our own listener" },
	{ URL, .command = { "[::ffff:127.0.0.1]:8080" },
	    .match = "our own listener" },
	{ URL, .command = { "10.1.1.1:9090" }, .match = "our own listener" },
	{ URL, ENV("https_proxy=[::1]:7070"), .match = "our own listener" },
	{ URL, ENV("https_proxy=127.9.9.9:7070"), .match = "our own" },
	{ URL, .command = { "127.0.0.1:8081", "127.0.0.2:8080",
	    "localhost:9090" }, .source = AL_SOURCE_COMMAND,
	    .route = "http://127.0.0.1:8081; http://127.0.0.2:8080; "
	    "http://localhost:9090" },
	{ URL, .command = { "b,localhost:8080" }, .source = AL_SOURCE_COMMAND,
	    .route = "http://b:80,http://localhost:8080" },
};

static size_t
count(const char *const list[3])
{
	size_t n = 0;

	while (n < 3 && list[n] != NULL)
		n++;
	return n;
}

static void
check(const struct chosen *r, const struct al_choice *c)
{
	char text[1024] = "", chain[AL_CHAIN_TEXT];

	assert_int_equal(c->source, r->source);
	for (size_t i = 0; i < c->route.n; i++) {
		assert_int_equal(al_chain_format(&c->route.chains[i], chain,
		    sizeof(chain)), AL_OK);
		if (i > 0)
			strcat(text, "; ");
		strcat(text, chain);
	}
	assert_string_equal(text, r->route);
	if (r->match != NULL)
		assert_string_equal(c->no_proxy_match, r->match);
	else
		assert_null(c->no_proxy_match);
	for (int i = 0; i < AL_SOURCES; i++) {
		const struct al_considered *k = &c->considered[i];

		assert_int_equal(k->source, i);
		assert_int_equal(k->lost == NULL, k->source == c->source);
		assert_true(k->value == NULL ||
		    strstr(k->value, "SECRET") == NULL);
		assert_true(k->lost == NULL ||
		    strstr(k->lost, "SECRET") == NULL);
	}
	assert_null(strstr(c->url, "SECRET"));
}

static void
chooses(void **state)
{
	struct al_addr listeners[3];

	(void)state;
	assert_true(al_addr_parse_ip(&listeners[0], "127.0.0.1", 8080));
	assert_true(al_addr_parse_ip(&listeners[1], "10.1.1.1", 9090));
	assert_true(al_addr_parse_ip(&listeners[2], "::", 7070));
	for (const struct chosen *r = rows; r < rows + N(rows); r++) {
		const char *env[ENV_MAX + 1] = { NULL };
		struct al_choose_opts opts = {
			.command = r->command, .n_command = count(r->command),
			.config = r->config, .n_config = count(r->config),
			.pac = { .values = r->pac, .n = count(r->pac) },
			.system = { .values = r->system,
			    .n = count(r->system) },
			.wpad = { .values = r->wpad, .n = count(r->wpad),
			    .untrusted = true },
			.no_proxy = r->no_proxy,
			.get_env = get_env, .arg = env,
			.listeners = listeners, .n_listeners = 3,
		};
		struct al_choice c;
		struct al_err err;
		enum al_code code;

		memcpy(env, r->env, sizeof(r->env));
		code = al_choose(&c, r->url, &opts, &err);
		if ((code == AL_OK) != (r->route != NULL))
			fail_msg("row %zu: %s", (size_t)(r - rows),
			    code == AL_OK ? "no error" : err.text);
		if (code == AL_OK) {
			check(r, &c);
			al_choice_fini(&c);
			continue;
		}
		assert_int_equal(code, AL_EUSAGE);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		assert_null(strstr(err.text, "SECRET"));
		if (strstr(err.text, r->match) == NULL)
			fail_msg("row %zu: %s", (size_t)(r - rows), err.text);
	}
}

#define SAID(source)	c.considered[AL_SOURCE_##source]

static void
explains(void **state)
{
	static const char *const config[] = { "u:SECRET@b", "direct" };
	static const char *const env[] = { "http_proxy=c", NULL };
	static const char *const all[] = { "ALL_PROXY=socks5://c,d", NULL };
	static const char *const bad[] = { "https_proxy=ftp://c", NULL };
	struct al_choose_opts opts = {
		.config = config, .n_config = 2, .get_env = get_env,
		.arg = (void *)(uintptr_t)env,
	};
	struct al_choice c;
	struct al_err err;

	(void)state;
	assert_int_equal(al_choose(&c, "https://u:SECRET@h:1/p?SECRET", &opts,
	    &err), AL_OK);
	assert_string_equal(c.url, "https://h:1/p");
	assert_null(SAID(COMMAND).value);
	assert_string_equal(SAID(COMMAND).lost, "not set");
	assert_string_equal(SAID(CONFIG).value, "http://b:80; direct");
	assert_null(SAID(CONFIG).lost);
	assert_null(SAID(ENVIRONMENT).value);
	assert_string_equal(SAID(ENVIRONMENT).lost,
	    "http_proxy is for http:// only; set https_proxy");
	assert_null(SAID(SYSTEM).value);
	assert_string_equal(SAID(SYSTEM).lost,
	    "not asked: the proxy is known without it");
	assert_string_equal(SAID(DEFAULT).value, "direct");
	assert_string_equal(SAID(DEFAULT).lost,
	    "the configuration is asked first");
	assert_string_equal(c.route.chains[0].hops[0].password, "SECRET");
	al_choice_fini(&c);

	opts.arg = (void *)(uintptr_t)all;
	assert_int_equal(al_choose(&c, "https://h?q=http://u@x", &opts, &err),
	    AL_OK);
	assert_string_equal(c.url, "https://h");
	assert_string_equal(SAID(ENVIRONMENT).variable, "ALL_PROXY");
	assert_string_equal(SAID(ENVIRONMENT).value,
	    "socks5://c:1080,http://d:80");
	assert_string_equal(SAID(ENVIRONMENT).lost,
	    "the configuration is asked first");
	al_choice_fini(&c);

	opts.arg = (void *)(uintptr_t)bad;
	assert_int_equal(al_choose(&c, "https://h", &opts, &err), AL_OK);
	assert_null(SAID(ENVIRONMENT).value);
	assert_memory_equal(SAID(ENVIRONMENT).lost, "not valid (", 11);
	al_choice_fini(&c);

	/* no environment at all */
	opts.get_env = NULL;
	opts.n_config = 0;
	assert_int_equal(al_choose(&c, "https://h", &opts, &err), AL_OK);
	assert_string_equal(al_source_name(c.source), "default");
	assert_string_equal(SAID(SYSTEM).lost, "not asked");
	assert_null(SAID(PAC).where);
	assert_false(c.untrusted);
	al_choice_fini(&c);

	/* of sources that are asked */
	opts.pac = (struct al_answer){ .why = "it does not answer",
	    .where = "http://h/p.pac" };
	opts.wpad = (struct al_answer){ .values = config + 1, .n = 1,
	    .where = "http://wpad.corp.example/wpad.dat", .untrusted = true };
	assert_int_equal(al_choose(&c, "https://h", &opts, &err), AL_OK);
	assert_int_equal(c.source, AL_SOURCE_WPAD);
	assert_true(c.untrusted);
	assert_string_equal(SAID(PAC).lost, "it does not answer");
	assert_string_equal(SAID(PAC).where, "http://h/p.pac");
	assert_string_equal(SAID(WPAD).where,
	    "http://wpad.corp.example/wpad.dat");
	al_choice_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_proxy),
		cmocka_unit_test(loopback),
		cmocka_unit_test(names),
		cmocka_unit_test(chooses),
		cmocka_unit_test(explains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
