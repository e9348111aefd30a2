/* tests/unit/test_secret.c - secrets in files: who may read them, what is one. */
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

#include "connector/daemon/redact.h"
#include "connector/daemon/secret.h"
#include "tests/lib/guard.h"

#define X	"c4n4ry-Secret"

static char dir[] = "/tmp/alsecret.XXXXXX";
static char path[64];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void
put(const void *p, size_t len, mode_t mode)
{
	FILE *f;

	(void)unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
files(void **state)
{
	static const struct {
		const uint8_t	*p;
		size_t		 len;
		mode_t		 mode;
		const char	*text;		/* NULL: refused      */
		const char	*want;		/* of the sentence    */
	} rows[] = {
		{ B(X), 0600, X, NULL },
		{ B(X "\n"), 0400, X, NULL },
		{ B(X "\r\n"), 0700, X, NULL },
		{ B(X " \n"), 0600, X " ", NULL },
		{ B(" \n"), 0600, " ", NULL },
		{ B(X), 0640, NULL, "(mode 0640): chmod 600 " },
		{ B(X), 0620, NULL, "(mode 0620): chmod 600 " },
		{ B(X), 0604, NULL, "(mode 0604): chmod 600 " },
		{ B(X), 0602, NULL, "(mode 0602): chmod 600 " },
		{ B(X), 0601, NULL, "(mode 0601): chmod 600 " },
		{ B(""), 0600, NULL, "is empty" },
		{ B("\n"), 0600, NULL, "is empty" },
		{ B("\r\n"), 0600, NULL, "is empty" },
		{ B(X "\n\n"), 0600, NULL, "more than one line" },
		{ B(X "\nb"), 0600, NULL, "more than one line" },
		{ B("a\r" X), 0600, NULL, "more than one line" },
		{ B(X "\0"), 0600, NULL, "a NUL byte" },
		{ B("\0" X), 0600, NULL, "a NUL byte" },
		{ B(X "\0\n"), 0600, NULL, "a NUL byte" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct al_secret s = { .text = NULL };
		struct al_err err;
		enum al_code code;

		put(rows[i].p, rows[i].len, rows[i].mode);
		code = al_secret_read(&s, path, &err);
		if (rows[i].text != NULL) {
			assert_int_equal(code, AL_OK);
			assert_string_equal(s.text, rows[i].text);
			al_secret_fini(&s);
			assert_null(s.text);
			continue;
		}
		assert_int_equal(code, AL_EAUTH);
		assert_int_equal(err.stage, AL_AT_CONFIG);
		assert_null(s.text);
		assert_ptr_equal(strstr(err.text, path), err.text);
		assert_non_null(strstr(err.text, rows[i].want));
		assert_null(strstr(err.text, X));
	}
}

static void
limit(void **state)
{
	char text[AL_SECRET_MAX + 1], want[160];
	struct al_secret s;
	struct al_err err;

	(void)state;
	memset(text, 'x', sizeof(text));
	put(text, AL_SECRET_MAX, 0600);
	assert_int_equal(al_secret_read(&s, path, &err), AL_OK);
	assert_int_equal(strlen(s.text), AL_SECRET_MAX);
	al_secret_fini(&s);
	put(text, AL_SECRET_MAX + 1, 0600);
	assert_int_equal(al_secret_read(&s, path, &err), AL_EAUTH);
	(void)snprintf(want, sizeof(want), "%s: is larger than 4096 bytes",
	    path);
	assert_string_equal(err.text, want);
}

static void
no_files(void **state)
{
	struct al_secret s;
	struct al_err err;
	char want[160];

	(void)state;
	(void)unlink(path);
	assert_int_equal(al_secret_read(&s, path, &err), AL_EAUTH);
	(void)snprintf(want, sizeof(want),
	    "%s: can't be read: No such file or directory", path);
	assert_string_equal(err.text, want);
	assert_int_equal(al_secret_read(&s, dir, &err), AL_EAUTH);
	assert_non_null(strstr(err.text, "is not a regular file"));
	/* nobody writes there: a read that waits would never end */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(al_secret_read(&s, path, &err), AL_EAUTH);
	assert_non_null(strstr(err.text, "is not a regular file"));
}

/* Its writer could have chosen the key. */
static void
of_others(void **state)
{
	struct al_secret s;
	struct al_err err;

	(void)state;
	if (geteuid() != 0)
		skip();
	put(X, strlen(X), 0600);
	assert_int_equal(chown(path, 4711, 0), 0);
	assert_int_equal(al_secret_read(&s, path, &err), AL_EAUTH);
	assert_non_null(strstr(err.text, "belongs to user 4711"));
}

static void
credentials(void **state)
{
	static const char *const bad[] = { "credential:", "credential:a/b",
	    "credential:../key" };
	struct al_secret s;
	struct al_err err;
	char *real;

	(void)state;
	put(X "\n", strlen(X) + 1, 0440);	/* as systemd does */
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(al_secret_read(&s, "credential:key", &err),
	    AL_EAUTH);
	assert_non_null(strstr(err.text, "LoadCredential=NAME:FILE"));
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	assert_int_equal(al_secret_read(&s, "credential:key", &err), AL_OK);
	assert_string_equal(s.text, X);
	al_secret_fini(&s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(al_secret_read(&s, bad[i], &err), AL_EAUTH);
		assert_non_null(strstr(err.text,
		    "is not the name of a credential"));
	}
	real = al_credential_path("rel/file", &err);
	assert_string_equal(real, "rel/file");
	free(real);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

/* Hidden from the moment it is read, until nobody holds it. */
static void
hidden(void **state)
{
	struct al_secret s;
	struct al_err err;
	char *got;

	(void)state;
	put(X "\n", strlen(X) + 1, 0600);
	assert_int_equal(al_secret_read(&s, path, &err), AL_OK);
	got = al_redact_dup("it is " X ".");
	assert_string_equal(got, "it is ***.");
	free(got);
	al_secret_fini(&s);
	al_secret_fini(&s);			/* harmless */
	got = al_redact_dup("it is " X ".");
	assert_string_equal(got, "it is " X ".");
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(limit),
		cmocka_unit_test(no_files),
		cmocka_unit_test(of_others),
		cmocka_unit_test(credentials),
		cmocka_unit_test(hidden),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
