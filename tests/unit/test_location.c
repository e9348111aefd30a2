/* tests/unit/test_location.c - URLs of PAC files, redirects, data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connector/autoconf/fetch.h"
#include "connector/autoconf/location.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* "scheme authority path" of http and https, "file path", "data text". */
static void
describe(const struct al_location *l, char *out, size_t cap)
{
	char authority[AL_LOCATION_AUTHORITY];

	switch (l->kind) {
	case AL_LOCATION_FILE:
		(void)snprintf(out, cap, "file %s", l->path);
		break;
	case AL_LOCATION_DATA:
		(void)snprintf(out, cap, "data %s", l->data);
		break;
	default:
		al_location_authority(l, authority);
		(void)snprintf(out, cap, "%.15s %.100s %s", l->url.scheme,
		    authority, l->url.path);
		break;
	}
}

static void
parse(void **state)
{
	static const char *const rows[][2] = {
		{ "http://h", "http h /" },
		{ "HTTP://H.X.:80/P.pac", "http h.x /P.pac" },
		{ "https://h:443/p?q#f", "https h /p?q" },
		{ "https://h:80?q", "https h:80 /?q" },
		{ "http://[::1]:8080/", "http [::1]:8080 /" },
		{ "http://h/a b\xc3\xa9", "http h /a%20b%C3%A9" },
		{ "http://h/%41", "http h /%41" },
		{ "/etc/p#1.pac", "file /etc/p#1.pac" },
		{ "file:///etc/p%2ep?q#f", "file /etc/p.p" },
		{ "file://LOCALHOST/p%", "file /p%" },
		{ "file:/p%4", "file /p%4" },
		{ "data:,a#b", "data ,a" },
	};
	struct al_location l;
	struct al_err err;
	char text[200];
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		assert_int_equal(al_location_parse(&l, rows[i][0], &err),
		    AL_OK);
		describe(&l, text, sizeof(text));
		assert_string_equal(text, rows[i][1]);
		al_location_fini(&l);
	}
}

/* RFC 3986 5.4, and what servers write. */
static void
follow(void **state)
{
	static const char *const rows[][2] = {
		{ "g", "http a /b/c/g" }, { "./g", "http a /b/c/g" },
		{ "g/", "http a /b/c/g/" }, { "/g", "http a /g" },
		{ "//g", "http g /" }, { "?y", "http a /b/c/d;p?y" },
		{ "g?y", "http a /b/c/g?y" }, { "#s", "http a /b/c/d;p?q" },
		{ "g#s", "http a /b/c/g" }, { "g?y#s", "http a /b/c/g?y" },
		{ ";x", "http a /b/c/;x" }, { "g;x", "http a /b/c/g;x" },
		{ "", "http a /b/c/d;p?q" }, { ".", "http a /b/c/" },
		{ "./", "http a /b/c/" }, { "..", "http a /b/" },
		{ "../", "http a /b/" }, { "../g", "http a /b/g" },
		{ "../..", "http a /" }, { "../../", "http a /" },
		{ "../../g", "http a /g" }, { "../../../g", "http a /g" },
		{ "../../../../g", "http a /g" }, { "/./g", "http a /g" },
		{ "/../g", "http a /g" }, { "g.", "http a /b/c/g." },
		{ ".g", "http a /b/c/.g" }, { "g..", "http a /b/c/g.." },
		{ "..g", "http a /b/c/..g" }, { "./../g", "http a /b/g" },
		{ "./g/.", "http a /b/c/g/" }, { "g/./h", "http a /b/c/g/h" },
		{ "g/../h", "http a /b/c/h" },
		{ "g?y/./x", "http a /b/c/g?y/./x" },
		{ "g?y/../x", "http a /b/c/g?y/../x" },
		{ " HTTPS://g:8443/x ", "https g:8443 /x" },
		{ "g h", "http a /b/c/g%20h" },
		/* refused */
		{ "http:g", NULL }, { "ftp://g/", NULL }, { "g:h", NULL },
		{ "file:///x", NULL }, { "data:,x", NULL },
		{ "//u:p@g/", NULL }, { "http://", NULL }, { "//", NULL },
		{ "\\\\g", NULL }, { "http://g:99999/", NULL },
		{ "http://g h/", NULL },
	};
	struct al_location base, to;
	struct al_err err;
	char text[200];
	size_t i;

	(void)state;
	assert_int_equal(al_location_parse(&base, "http://a/b/c/d;p?q", &err),
	    AL_OK);
	for (i = 0; i < N(rows); i++) {
		enum al_code code = al_location_follow(&to, &base, rows[i][0],
		    &err);

		if (rows[i][1] == NULL) {
			assert_int_equal(code, AL_EPROTO);
			assert_int_equal(err.cause, AL_CAUSE_PAC);
			continue;
		}
		assert_int_equal(code, AL_OK);
		describe(&to, text, sizeof(text));
		if (strcmp(text, rows[i][1]) != 0)
			fail_msg("\"%s\": %s", rows[i][0], text);
		al_location_fini(&to);
	}
	al_location_fini(&base);
}

static void
follow_long(void **state)
{
	static char ref[9000];
	struct al_location base, to;
	struct al_err err;

	(void)state;
	memset(ref, 'x', sizeof(ref) - 1);
	assert_int_equal(al_location_parse(&base, "https://[::1]:8443/a",
	    &err), AL_OK);
	assert_int_equal(al_location_follow(&to, &base, ref, &err),
	    AL_EPROTO);
	ref[8100] = '\0';
	assert_int_equal(al_location_follow(&to, &base, ref, &err), AL_OK);
	assert_string_equal(to.url.host, "::1");
	assert_int_equal(to.url.port, 8443);
	al_location_fini(&to);
	al_location_fini(&base);
}

static void
data(void **state)
{
	static const struct {
		const char	*text;
		enum al_code	 code;
		const char	*want, *type;
	} rows[] = {
		{ ",", AL_OK, "", NULL },
		{ ",a%20b%", AL_OK, "a b%", NULL },
		{ ",%zz%4", AL_OK, "%zz%4", NULL },
		{ "a/b,c,d", AL_OK, "c,d", "a/b" },
		{ ";charset=x,c", AL_OK, "c", "text/plain;charset=x" },
		{ ";base64,", AL_OK, "", NULL },
		{ ";base64,cGFj", AL_OK, "pac", NULL },
		{ ";base64,cG%46 j\n", AL_OK, "pac", NULL },
		{ "a/b;BASE64,cA==", AL_OK, "p", "a/b" },
		{ ";base64,cGE", AL_OK, "pa", NULL },
		{ ";base64,cGE%3D", AL_OK, "pa", NULL },
		{ ";base64,c", AL_EUSAGE, NULL, NULL },
		{ "a;base64,c!==", AL_EUSAGE, NULL, NULL },
		{ "", AL_EUSAGE, NULL, NULL },
		{ "base64", AL_EUSAGE, NULL, NULL },
		{ ",12345678", AL_OK, "12345678", NULL },
		{ ",123456789", AL_ELIMIT, NULL, NULL },
		{ "a;base64,MTIzNDU2Nzg=", AL_OK, "12345678", "a" },
		{ "a;base64,MTIzNDU2Nzg5", AL_ELIMIT, NULL, NULL },
	};
	struct al_buf out;
	struct al_err err;
	char *type;
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		al_buf_init(&out, 8);
		assert_int_equal(al_data_decode(&out, &type, rows[i].text,
		    &err), rows[i].code);
		if (rows[i].code == AL_OK) {
			assert_int_equal(al_buf_len(&out),
			    strlen(rows[i].want));
			if (al_buf_len(&out) > 0)
				assert_memory_equal(al_buf_head(&out),
				    rows[i].want, al_buf_len(&out));
		}
		assert_true((type == NULL) == (rows[i].type == NULL));
		if (type != NULL)
			assert_string_equal(type, rows[i].type);
		free(type);
		al_buf_fini(&out);
	}
}

static void
show(void **state)
{
	static const char *const rows[][2] = {
		{ "http://h/p.pac", "http://h/p.pac" },
		{ "http://h/p.pac?token#x", "http://h/p.pac" },
		{ "https://u:p@h:1/p?q", "https://h:1/p" },
		{ "http://u:p@x@h/", "http://h/" },
		{ "http://u:p/x@h/", "(not shown, it names a user)" },
		{ "http://u:p?x@h/", "(not shown, it names a user)" },
		{ "http://u:p#x@h/", "(not shown, it names a user)" },
		{ "u:p@h", "(not shown, it names a user)" },
		{ "/etc/a@b?c#d", "/etc/a@b?c#d" },
		{ "file:///etc/p", "file:///etc/p" },
		{ "data:a/b;base64,cGFj", "data:a/b;base64,..." },
		{ "http://h/\x1b[1m", "http://h/.[1m" },
		{ "", "" },
	};
	char text[200], small[8];
	size_t i;

	(void)state;
	for (i = 0; i < N(rows); i++) {
		al_fetch_show(rows[i][0], text, sizeof(text));
		assert_string_equal(text, rows[i][1]);
		al_fetch_show(rows[i][0], small, sizeof(small));
		assert_true(strlen(small) < sizeof(small));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(follow),
		cmocka_unit_test(follow_long),
		cmocka_unit_test(data),
		cmocka_unit_test(show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
