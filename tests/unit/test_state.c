/* tests/unit/test_state.c - what a connector remembers over restarts. */
#include <fcntl.h>
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

#include "connector/connectord/state.h"
#include "connector/daemon/log.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define NOW	1700000000u

static char dir[] = "/tmp/alstate.XXXXXX";
static char path[64], log_path[64];

static int
make_dir(void **state)
{
	int fd;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/paths.json", dir);
	(void)snprintf(log_path, sizeof(log_path), "%s/log", dir);
	fd = open(log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	al_log_init(fd, AL_LOG_JSON, AL_LOG_INFO);
	return fd < 0 ? -1 : 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(log_path);
	return rmdir(dir);
}

/* Lines of the log since the last call. */
static unsigned
logged(void)
{
	FILE *f = fopen(log_path, "r");
	unsigned n = 0;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	(void)fclose(f);
	assert_int_equal(truncate(log_path, 0), 0);
	return n;
}

/* Two paths, one of them with all there is. */
static struct al_habits *
some(void)
{
	static const struct al_link_life cut = { .lived_ms = 20000,
	    .keepalive_ms = 15000 };
	static const struct al_link_life drop = { .lived_ms = 90000,
	    .quiet_ms = 37500, .gap_ms = 16000, .keepalive_ms = 15000,
	    .silent = true };
	struct al_habits *h = al_habits_new();

	assert_non_null(h);
	(void)al_habits_link_lost(h, "http://proxy:3128", &cut, NOW - 9);
	(void)al_habits_link_lost(h, "http://proxy:3128", &cut, NOW - 5);
	(void)al_habits_link_lost(h, "direct", &drop, NOW - 3);
	return h;
}

static void
same(const struct al_habits *a, const struct al_habits *b)
{
	const struct al_habit *p, *q;
	size_t i;

	for (i = 0; (p = al_habits_get(a, i)) != NULL; i++) {
		q = al_habits_get(b, i);
		assert_non_null(q);
		assert_memory_equal(p, q, sizeof(*p));
	}
	assert_null(al_habits_get(b, i));
}

static void
survives(void **state)
{
	struct al_habits *h = some(), *again = al_habits_new();
	struct stat st, later;

	(void)state;
	al_state_save(h, dir);
	assert_false(al_habits_changed(h));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	al_state_load(again, dir, NOW);
	same(h, again);
	assert_false(al_habits_changed(again));
	/* nothing has changed: nothing is written */
	al_state_save(again, dir);
	assert_int_equal(stat(path, &later), 0);
	assert_int_equal(st.st_ino, later.st_ino);
	assert_int_equal(logged(), 0);
	al_habits_free(h);
	al_habits_free(again);
}

/* No half of a file is taken for a whole one, and none leaves half of it. */
static void
truncated(void **state)
{
	struct al_habits *h = some(), *again = al_habits_new();
	char *text = al_state_format(h);
	struct al_err err;
	size_t i, len = strlen(text);

	(void)state;
	for (i = 0; i < len; i++) {
		assert_int_equal(al_state_parse(again, text, i, NOW, &err),
		    AL_EUSAGE);
		assert_null(al_habits_get(again, 0));
	}
	assert_int_equal(al_state_parse(again, text, len, NOW, &err), AL_OK);
	same(h, again);
	free(text);
	al_habits_free(h);
	al_habits_free(again);
}

#define LIMITS	"\"age\":{\"ms\":20000,\"since\":1,\"days\":1,\"strays\":0}," \
    "\"keepalive\":{\"ms\":0,\"since\":0,\"days\":0,\"strays\":0},"
#define NUMBERS	"\"quiet_ms\":0,\"cut_ms\":0,\"cuts\":0,\"longest_ms\":0," \
    "\"longest_s\":0"
#define SEEN	"\"seen\":1700000000,"
#define FILE_OF(paths)	"{\"version\":1,\"paths\":[" paths "]}"
#define VIA	"\"via\":\"direct\","

static const struct row {
	const char	*text;
	size_t		 paths;		/* that are taken */
	const char	*why;		/* NULL: it is good */
} rows[] = {
	{ FILE_OF(""), 0, NULL },
	{ FILE_OF("{" VIA SEEN LIMITS NUMBERS "}"), 1, NULL },
	{ FILE_OF("{" VIA SEEN LIMITS NUMBERS ",\"more\":1}"), 1, NULL },
	{ FILE_OF("{" VIA SEEN LIMITS NUMBERS "},{" VIA SEEN LIMITS NUMBERS
	    "}"), 1, NULL },
	/* left out: too old, a password in it */
	{ FILE_OF("{" VIA "\"seen\":1697000000," LIMITS NUMBERS "}"), 0,
	    NULL },
	{ FILE_OF("{\"via\":\"http://u:p@h:1\"," SEEN LIMITS NUMBERS "}"), 0,
	    NULL },
	{ "", 0, "is not JSON (line 1)" },
	{ "[]", 0, "is not of this version" },
	{ "{}", 0, "is not of this version" },
	{ "{\"version\":2,\"paths\":[]}", 0, "is not of this version" },
	{ "{\"version\":1}", 0, "has no list of at most 64 paths" },
	{ "{\"version\":1,\"paths\":{}}", 0,
	    "has no list of at most 64 paths" },
	{ "{\"version\":1,\"version\":1,\"paths\":[]}", 0,
	    "is not JSON (line 1)" },
	{ FILE_OF("1"), 0, "path 1 is not as it was written" },
	{ FILE_OF("{" SEEN LIMITS NUMBERS "}"), 0,
	    "path 1 is not as it was written" },
	{ FILE_OF("{\"via\":1," SEEN LIMITS NUMBERS "}"), 0,
	    "path 1 is not as it was written" },
	{ FILE_OF("{" VIA LIMITS NUMBERS "}"), 0,
	    "path 1 is not as it was written" },
	{ FILE_OF("{" VIA SEEN NUMBERS "}"), 0,
	    "path 1 is not as it was written" },
	{ FILE_OF("{" VIA SEEN LIMITS "\"cuts\":0}"), 0,
	    "path 1 is not as it was written" },
	{ FILE_OF("{" VIA "\"seen\":-1," LIMITS NUMBERS "}"), 0,
	    "path 1 is not as it was written" },
	{ FILE_OF("{" VIA "\"seen\":1.5," LIMITS NUMBERS "}"), 0,
	    "path 1 is not as it was written" },
	/* the first is good, the second not: none is taken */
	{ FILE_OF("{" VIA SEEN LIMITS NUMBERS "},{}"), 0,
	    "path 2 is not as it was written" },
};

static void
texts(void **state)
{
	const struct row *r;
	struct al_err err;
	size_t n;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		struct al_habits *h = al_habits_new();
		enum al_code code = al_state_parse(h, r->text,
		    strlen(r->text), NOW, &err);

		for (n = 0; al_habits_get(h, n) != NULL; n++)
			continue;
		if (n != r->paths || (code == AL_OK) != (r->why == NULL) ||
		    (code != AL_OK && strcmp(err.text, r->why) != 0))
			fail_msg("%s: %zu paths, %s", r->text, n,
			    code == AL_OK ? "good" : err.text);
		al_habits_free(h);
	}
}

static void
too_many(void **state)
{
	struct al_habits *h = al_habits_new();
	char text[65 * 400] = "{\"version\":1,\"paths\":[";
	struct al_err err;
	size_t i;

	(void)state;
	for (i = 0; i < 65; i++)
		(void)snprintf(text + strlen(text), sizeof(text) -
		    strlen(text), "%s{\"via\":\"p%zu\"," SEEN LIMITS NUMBERS
		    "}", i > 0 ? "," : "", i);
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
	    "]}");
	assert_int_equal(al_state_parse(h, text, strlen(text), NOW, &err),
	    AL_EUSAGE);
	assert_null(al_habits_get(h, 0));
	al_habits_free(h);
}

/* What is wrong with the file costs a line and what was learned, no more. */
static void
bad_files(void **state)
{
	struct al_habits *h = al_habits_new(), *full = some();
	FILE *f;

	(void)state;
	(void)unlink(path);
	al_state_load(h, dir, NOW);	/* the first start */
	al_state_load(h, NULL, NOW);	/* nothing is kept */
	assert_int_equal(logged(), 0);

	f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("{\"version\":", f);
	(void)fclose(f);
	al_state_load(h, dir, NOW);
	assert_int_equal(logged(), 1);
	assert_null(al_habits_get(h, 0));

	/* written again, it is ours and right */
	al_state_save(full, dir);
	al_state_load(h, dir, NOW);
	assert_int_equal(logged(), 0);
	same(full, h);
	al_habits_free(h);

	h = al_habits_new();
	assert_int_equal(chmod(path, 0620), 0);
	al_state_load(h, dir, NOW);
	assert_int_equal(logged(), 1);
	assert_null(al_habits_get(h, 0));
	if (geteuid() == 0) {
		/* so that its line is no repetition */
		al_log(AL_LOG_NOTICE, "test", NULL, "of another's");
		assert_int_equal(logged(), 1);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(chown(path, 12345, 12345), 0);
		al_state_load(h, dir, NOW);
		assert_int_equal(logged(), 1);
		assert_null(al_habits_get(h, 0));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	al_state_load(h, dir, NOW);
	assert_int_equal(logged(), 1);
	assert_int_equal(rmdir(path), 0);
	al_habits_free(h);
	al_habits_free(full);
}

static void
no_place(void **state)
{
	struct al_habits *h = some();

	(void)state;
	al_state_save(h, "/nonexistent/state");
	assert_int_equal(logged(), 1);
	/* told once, until something changes again */
	al_state_save(h, "/nonexistent/state");
	assert_int_equal(logged(), 0);
	al_habits_free(h);
	h = some();
	al_state_save(h, NULL);
	assert_int_equal(logged(), 0);
	al_habits_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives),
		cmocka_unit_test(truncated),
		cmocka_unit_test(texts),
		cmocka_unit_test(too_many),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(no_place),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
