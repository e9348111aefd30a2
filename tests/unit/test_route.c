/* tests/unit/test_route.c - proxy lists are read, copied, shown and hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/route.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static void
good(void **state)
{
	static const struct {
		const char	*text, *shown, *user, *password;
	} rows[] = {
		{ "direct", "direct", NULL, NULL },
		{ " DIRECT ", "direct", NULL, NULL },
		{ "http://proxy.corp:3128", "http://proxy.corp:3128", NULL,
		    NULL },
		{ "proxy.corp:3128", "http://proxy.corp:3128", NULL, NULL },
		{ "Proxy.Corp.", "http://proxy.corp:80", NULL, NULL },
		{ "u:p@proxy:1", "http://proxy:1", "u", "p" },
		{ "https://p/", "https://p:443", NULL, NULL },
		{ "socks4://1.2.3.4", "socks4://1.2.3.4:1080", NULL, NULL },
		{ "socks4a://id@h", "socks4a://h:1080", "id", NULL },
		{ "socks5://[::1]:9050", "socks5://[::1]:9050", NULL, NULL },
		{ "SOCKS5H://u%40x:a%2Cb%3a%2f@h", "socks5h://h:1080", "u@x",
		    "a,b:/" },
		{ "socks5h://a:1080,https://b:8443",
		    "socks5h://a:1080,https://b:8443", NULL, NULL },
		{ "u:p@a , b:2", "http://a:80,http://b:2", "u", "p" },
		{ "http://:p@h", "http://h:80", "", "p" },
		{ "http://directory:80", "http://directory:80", NULL, NULL },
		{ "directory", "http://directory:80", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct al_route r, copy;
		struct al_err err;
		char buf[AL_CHAIN_TEXT];
		const struct al_hop *h;

		al_route_init(&r);
		assert_int_equal(al_route_add(&r, rows[i].text, &err), AL_OK);
		assert_int_equal(r.n, 1);
		assert_int_equal(al_route_copy(&copy, &r, &err), AL_OK);
		al_route_fini(&r);
		assert_int_equal(r.n, 0);
		assert_int_equal(al_chain_format(&copy.chains[0], buf,
		    sizeof(buf)), AL_OK);
		assert_string_equal(buf, rows[i].shown);
		for (size_t cap = 1; cap <= strlen(rows[i].shown); cap++)
			assert_int_equal(al_chain_format(&copy.chains[0], buf,
			    cap), AL_ELIMIT);
		h = copy.chains[0].hops;
		if (rows[i].user != NULL)
			assert_string_equal(h->user, rows[i].user);
		else
			assert_true(h == NULL || h->user == NULL);
		if (rows[i].password != NULL)
			assert_string_equal(h->password, rows[i].password);
		else
			assert_true(h == NULL || h->password == NULL);
		al_route_fini(&copy);
	}
}

static void
bad(void **state)
{
	static const char *const rows[] = {
		"", " ", ",", "http://", "http://a,", ",http://a", "a,,b",
		"direct,http://a", "http://a,direct", "ftp://a", "socks://a",
		"http://a/x", "http://a/?x", "http://a?x", "http://a:0",
		"http://a:65536", "http://a b", "http://a\n", "a\r\nb",
		"http://a#x", "http://[::1", "http://0x7f.1",
		/* SECRET must never be seen again */
		"u:SECRET@", "http://u:SECRET,x@h", "u:SECRET,x@h",
		"http://a,u:SECRET/x@h", "u:SEC#SECRET@h", "u:SECRET\\@h",
		"u:SECRET@h/x@y", "http://u:SECRET%@h", "u:SECRET@h:99999",
		"http://u:SECRET ,x@h", "ftp://u:SECRET@h",
		"http://SECRET:p@h/path", "socks5h://h,u:SECRET@x@y",
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct al_route r;
		struct al_err err;

		al_route_init(&r);
		assert_int_equal(al_route_add(&r, "http://first", &err),
		    AL_OK);
		if (al_route_add(&r, rows[i], &err) != AL_EUSAGE)
			fail_msg("\"%s\" is taken", rows[i]);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		assert_null(strstr(err.text, "SECRET"));
		assert_int_equal(r.n, 1);
		al_route_fini(&r);
	}
}

static void
limits(void **state)
{
	struct al_route r;
	struct al_err err;
	char text[4096] = "http://h", buf[AL_CHAIN_TEXT];

	(void)state;
	al_route_init(&r);
	for (int i = 1; i < AL_CHAIN_MAX; i++)
		strcat(text, ",http://h");
	for (int i = 0; i < AL_ROUTE_MAX; i++)
		assert_int_equal(al_route_add(&r, text, &err), AL_OK);
	assert_int_equal(al_route_add(&r, text, &err), AL_ELIMIT);
	al_route_fini(&r);
	strcat(text, ",http://h");
	assert_int_equal(al_route_add(&r, text, &err), AL_ELIMIT);
	al_route_fini(&r);

	/* the longest chain fits AL_CHAIN_TEXT */
	text[0] = '\0';
	for (int i = 0; i < AL_CHAIN_MAX; i++) {
		size_t n = strlen(text);

		strcpy(text + n, i ? ",socks5h://" : "socks5h://");
		n = strlen(text);
		memset(text + n, 'a', AL_HOST_MAX);
		strcpy(text + n + AL_HOST_MAX, ":65535");
	}
	assert_int_equal(al_route_add(&r, text, &err), AL_OK);
	assert_int_equal(al_chain_format(&r.chains[0], buf, sizeof(buf)),
	    AL_OK);
	assert_string_equal(buf, text);
	al_route_fini(&r);
}

static void
credentials(void **state)
{
	struct al_route r;
	struct al_err err;

	(void)state;
	al_route_init(&r);
	assert_int_equal(al_route_add(&r, "a,u:p@b", &err), AL_OK);
	assert_int_equal(al_route_add(&r, "direct", &err), AL_OK);
	assert_int_equal(al_route_add(&r, "socks5h://c", &err), AL_OK);
	assert_int_equal(al_route_set_credentials(&r, "me", "pw", NULL, NULL,
	    &err),
	    AL_OK);
	assert_string_equal(r.chains[0].hops[0].user, "me");
	assert_string_equal(r.chains[0].hops[0].password, "pw");
	assert_string_equal(r.chains[0].hops[1].user, "u");
	assert_string_equal(r.chains[0].hops[1].password, "p");
	assert_string_equal(r.chains[2].hops[0].user, "me");
	al_route_fini(&r);

	assert_int_equal(al_route_add(&r, "me@a,you@b,c,you:@d", &err),
	    AL_OK);
	assert_int_equal(al_route_set_credentials(&r, "me", "1", NULL, NULL, &err),
	    AL_OK);
	assert_string_equal(r.chains[0].hops[0].password, "1");
	assert_string_equal(r.chains[0].hops[0].user, "me");
	assert_null(r.chains[0].hops[1].password);
	assert_string_equal(r.chains[0].hops[2].user, "me");
	assert_string_equal(r.chains[0].hops[3].password, "");
	assert_int_equal(al_route_set_credentials(&r, NULL, "2", NULL, NULL, &err),
	    AL_OK);
	assert_string_equal(r.chains[0].hops[0].password, "1");
	assert_string_equal(r.chains[0].hops[1].user, "you");
	assert_string_equal(r.chains[0].hops[1].password, "2");
	al_route_fini(&r);
	assert_int_equal(al_route_add(&r, "c", &err), AL_OK);
	assert_int_equal(al_route_set_credentials(&r, NULL, "2", NULL, NULL, &err),
	    AL_OK);
	assert_null(r.chains[0].hops[0].password);
	al_route_fini(&r);
}

static void
cut(void **state)
{
	struct al_route r;
	struct al_err err;
	char text[AL_CHAIN_TEXT];

	(void)state;
	al_route_init(&r);
	assert_int_equal(al_route_add(&r, "http://a:1,http://me:1@b:2", &err),
	    AL_OK);
	assert_int_equal(al_route_add(&r, "socks5://c:3", &err), AL_OK);
	assert_int_equal(al_route_add(&r, "direct", &err), AL_OK);
	al_route_cut(&r, 4);
	assert_int_equal(r.n, 3);
	al_route_cut(&r, 1);
	assert_int_equal(r.n, 1);
	assert_int_equal(al_chain_format(&r.chains[0], text, sizeof(text)),
	    AL_OK);
	assert_string_equal(text, "http://a:1,http://b:2");
	assert_int_equal(al_route_add(&r, "socks5://d:4", &err), AL_OK);
	assert_int_equal(r.n, 2);
	al_route_cut(&r, 0);
	assert_int_equal(r.n, 0);
	al_route_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(limits),
		cmocka_unit_test(credentials),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
