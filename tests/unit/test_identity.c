/* tests/unit/test_identity.c - identities, the gateway's settings, the audit file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "connector/gatewayd/audit.h"
#include "connector/gatewayd/config.h"
#include "connector/gatewayd/identity.h"

/* SHA-256 of "secret", "other", "third" */
#define H1 "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define H2 "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
#define H3 "b1e99324505bd32da0e1f85dcf5e19a09db0481e8a15f62c41eb320304a8e927"

static char dir[] = "/tmp/alident.XXXXXX";

static const char *
path_of(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	char cmd[64];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

static void
authorization(void **state)
{
	static const struct {
		const char	*header, *name;
	} connectors[] = {
		{ "id=\"7\", key=\"secret\"", "web-1" },
		{ "key=\"secret\",id=\"7\"", "web-1" },
		{ "ID=\"7\" , Key=\"secret\"", "web-1" },
		{ "id=\"7\", x=\"y\", key=\"secret\"", "web-1" },
		{ "id=\"8\", key=\"other\"", "db-1" },
		{ "id=\"8\", key=\"secret\"", NULL },
		{ "id=\"9\", key=\"secret\"", NULL },
		{ "id=\"7\"", NULL }, { "key=\"secret\"", NULL },
		{ "id=7, key=secret", NULL }, { "id=\"7\", key=\"secret", NULL },
		{ "", NULL }, { "Bearer secret", NULL }, { "=", NULL },
		{ "id=\"7\", key=\"\"", NULL }, { ",,, ", NULL },
	}, operators[] = {
		{ "Bearer secret", "alice" }, { "bearer  other", "bob" },
		{ "Bearer Secret", NULL }, { "Bearer ", NULL },
		{ "Bearer", NULL }, { "", NULL }, { "Basic secret", NULL },
		{ "Bearer secret ", NULL }, { "Bearer secretx", NULL },
		{ "token=\"secret\"", NULL },
	};
	const struct al_identity *got;
	struct al_identities *ids;
	struct al_err err;

	(void)state;
	put("connectors", "# servers\n\n7 web-1 " H1 "\n  8\tdb-1 " H2
	    " # x\r\n");
	put("operators", "bob " H2 "\nalice " H1);
	ids = al_identities_load(path_of("connectors"), path_of("operators"),
	    &err);
	if (ids == NULL)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(connectors) / sizeof(connectors[0]);
	    i++) {
		got = al_identity_connector(ids, connectors[i].header);
		assert_int_equal(got != NULL, connectors[i].name != NULL);
		if (got != NULL)
			assert_string_equal(got->name, connectors[i].name);
	}
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]);
	    i++) {
		got = al_identity_operator(ids, operators[i].header);
		assert_int_equal(got != NULL, operators[i].name != NULL);
		if (got != NULL)
			assert_string_equal(got->name, operators[i].name);
	}
	assert_string_equal(al_identity_server(ids, "WEB-1")->id, "7");
	assert_null(al_identity_server(ids, "web"));
	assert_string_equal(al_identity_find(ids, AL_IDENTITY_CONNECTOR,
	    "8")->name, "db-1");
	assert_non_null(al_identity_find(ids, AL_IDENTITY_OPERATOR, "bob"));
	assert_null(al_identity_find(ids, AL_IDENTITY_OPERATOR, "7"));
	al_identities_free(ids);
}

static void
complaints(void **state)
{
	static const struct {
		const char	*connectors, *operators, *want;
	} rows[] = {
		{ "7 web-1\n", "", "connectors:1: a line is ID NAME SHA256" },
		{ "#\n7 web-1 " H1 " x\n", "", "connectors:2: a line is ID" },
		{ "7 web-1 abc\n", "", "connectors:1: the last word is not a "
		    "SHA-256" },
		{ "7 \"x\" " H1 "\n", "", "connectors:1: a line is" },
		{ "7 a " H1 "\n8 A " H2 "\n", "", "connectors:2: the same "
		    "name as in line 1" },
		{ "7 a " H1 "\n8 c " H3 "\n7 b " H2 "\n", "",
		    "connectors:3: the same id as in line 1" },
		{ "7 a " H1 "\n8 b " H1 "\n", "", "connectors:2: the same "
		    "secret as in line 1" },
		{ "", "alice " H1 " x\n", "operators:1: a line is NAME" },
		{ "", "a " H1 "\nb " H2 "\na " H3 "\n", "operators:3: the "
		    "same id as in line 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_err err;

		put("connectors", rows[i].connectors);
		put("operators", rows[i].operators);
		assert_null(al_identities_load(path_of("connectors"),
		    path_of("operators"), &err));
		assert_int_equal(err.code, AL_EUSAGE);
		if (strstr(err.text, rows[i].want) == NULL)
			fail_msg("%s: %s", rows[i].want, err.text);
	}
}

static void
adding(void **state)
{
	struct al_new_identity n, o;
	struct al_identities *ids;
	const struct al_identity *got;
	struct al_err err;
	char header[300];
	struct stat st;

	(void)state;
	assert_int_equal(al_identity_add(path_of("new"),
	    AL_IDENTITY_CONNECTOR, NULL, "web-1", &n, &err), AL_OK);
	assert_int_equal(strlen(n.secret), 64);
	assert_int_equal(strlen(n.id), 36);
	assert_int_equal(stat(path_of("new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(path_of("new"), 0640), 0);
	assert_int_equal(al_identity_add(path_of("new"),
	    AL_IDENTITY_CONNECTOR, "my-id", "web-2", &o, &err), AL_OK);
	assert_string_equal(o.id, "my-id");
	assert_string_not_equal(n.secret, o.secret);
	assert_int_equal(stat(path_of("new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	ids = al_identities_load(path_of("new"), path_of("none"), &err);
	assert_non_null(ids);
	(void)snprintf(header, sizeof(header), "id=\"%s\", key=\"%s\"", n.id,
	    n.secret);
	got = al_identity_connector(ids, header);
	assert_non_null(got);
	assert_string_equal(got->name, "web-1");
	al_identities_free(ids);
	/* taken, bad, and nowhere to put it */
	assert_int_equal(al_identity_add(path_of("new"),
	    AL_IDENTITY_CONNECTOR, NULL, "Web-1", &o, &err), AL_EUSAGE);
	assert_non_null(strstr(err.text, "already"));
	assert_int_equal(al_identity_add(path_of("new"),
	    AL_IDENTITY_CONNECTOR, "my-id", "web-3", &o, &err), AL_EUSAGE);
	assert_int_equal(al_identity_add(path_of("new"),
	    AL_IDENTITY_OPERATOR, NULL, "a b", &o, &err), AL_EUSAGE);
	assert_int_equal(al_identity_add("/no/such/file",
	    AL_IDENTITY_OPERATOR, NULL, "a", &o, &err), AL_EUSAGE);
	assert_int_equal(o.secret[0], '\0');
	assert_int_equal(al_identity_add(path_of("ops"), AL_IDENTITY_OPERATOR,
	    NULL, "alice@corp", &o, &err), AL_OK);
	ids = al_identities_load(NULL, path_of("ops"), &err);
	assert_non_null(ids);
	(void)snprintf(header, sizeof(header), "Bearer %s", o.secret);
	assert_string_equal(al_identity_operator(ids, header)->name,
	    "alice@corp");
	al_identities_free(ids);
}

/* Several at once: nobody's line is lost. */
static void
adding_together(void **state)
{
	struct al_identities *ids;
	struct al_err err;
	char name[16];
	int i, status;

	(void)state;
	for (i = 0; i < 8; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct al_new_identity n;

			(void)snprintf(name, sizeof(name), "op-%d", i);
			_exit(al_identity_add(path_of("together"),
			    AL_IDENTITY_OPERATOR, NULL, name, &n, &err) !=
			    AL_OK);
		}
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	ids = al_identities_load(NULL, path_of("together"), &err);
	assert_non_null(ids);
	for (i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof(name), "op-%d", i);
		assert_non_null(al_identity_find(ids, AL_IDENTITY_OPERATOR,
		    name));
	}
	al_identities_free(ids);
}

static void
settings(void **state)
{
	static const struct {
		const char	*text, *want;
	} rows[] = {
		{ "tls = off", NULL },
		{ "cert_file = c\nkey_file = k\nallow = a b loopback:1\n",
		    NULL },
		{ "", "\"cert_file\" is not set" },
		{ "cert_file = c", "\"key_file\" is not set" },
		{ "tls = off\nallow = a b", "conf:2: allow: \"a b\" is not a "
		    "rule" },
		{ "tls = off\nbackend = h", "conf:2: backend: " },
		{ "tls = off\nconnectors = x", "conf:2: unknown key "
		    "\"connectors\"" },
	};
	struct al_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_conf *c;

		put("conf", rows[i].text);
		c = al_gateway_conf_read(path_of("conf"), &err);
		assert_int_equal(c != NULL, rows[i].want == NULL);
		if (c == NULL && strstr(err.text, rows[i].want) == NULL)
			fail_msg("%s: %s", rows[i].want, err.text);
		al_conf_free(c);
	}
}

static size_t
read_whole(const char *name, char *out, size_t cap)
{
	FILE *f = fopen(path_of(name), "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, cap - 1, f);
	out[n] = '\0';
	(void)fclose(f);
	return n;
}

static void
audit(void **state)
{
	struct al_err err;
	struct al_audit *a = al_audit_new(path_of("audit"), &err);
	char got[4096], *nl;
	const char *principal, *reason;
	json_error_t bad;
	json_int_t bytes;
	json_t *o;
	struct stat st;

	(void)state;
	assert_non_null(a);
	al_audit_write(a, "channel-end", AL_FIELDS(AL_STR("principal",
	    "alice"), AL_NUM("bytes_up", 12), AL_STR("reason",
	    "said\n\"http://u:canary@h\"")));
	assert_int_equal(rename(path_of("audit"), path_of("audit.1")), 0);
	al_audit_write(a, "second", NULL);
	assert_int_equal(al_audit_reopen(a, &err), AL_OK);
	al_audit_write(a, "third", NULL);
	al_audit_free(a);
	(void)read_whole("audit.1", got, sizeof(got));
	assert_null(strstr(got, "canary"));
	nl = strchr(got, '\n');
	assert_non_null(nl);
	assert_non_null(strstr(nl, "\"event\":\"second\"}\n"));
	*nl = '\0';
	o = json_loads(got, 0, &bad);
	assert_non_null(o);
	assert_int_equal(json_unpack(o, "{s:s s:I s:s}", "principal",
	    &principal, "bytes_up", &bytes, "reason", &reason), 0);
	assert_string_equal(principal, "alice");
	assert_int_equal(bytes, 12);
	json_decref(o);
	(void)read_whole("audit", got, sizeof(got));
	assert_non_null(strstr(got, "\"event\":\"third\"}\n"));
	assert_int_equal(stat(path_of("audit"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* no file, and no place for one */
	a = al_audit_new(NULL, &err);
	assert_non_null(a);
	al_audit_write(a, "x", NULL);
	assert_int_equal(al_audit_reopen(a, &err), AL_OK);
	al_audit_free(a);
	assert_null(al_audit_new("/no/such/file", &err));
	assert_null(al_audit_new("/dev/null", &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authorization),
		cmocka_unit_test(complaints),
		cmocka_unit_test(adding),
		cmocka_unit_test(adding_together),
		cmocka_unit_test(settings),
		cmocka_unit_test(audit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
