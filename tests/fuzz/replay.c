/* tests/fuzz/replay.c - run a fuzz target over its corpus, as TAP. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* A copy of exactly the file's size, so that sanitizers see its end. */
static int
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;
	long len = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		len = ftell(f);
	if (len >= 0 && fseek(f, 0, SEEK_SET) == 0)
		p = malloc((size_t)len + (len == 0));
	if (p == NULL || fread(p, 1, (size_t)len, f) != (size_t)len)
		len = -1;
	if (f != NULL)
		(void)fclose(f);
	if (len >= 0)
		(void)LLVMFuzzerTestOneInput(p, (size_t)len);
	free(p);
	return len >= 0 ? 0 : -1;
}

static int
is_file(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* tests/corpus/X for the program fuzz_X */
static void
corpus_of(const char *program, char *out, size_t cap)
{
	const char *top = getenv("top_srcdir");
	const char *slash = strrchr(program, '/');
	const char *name = strstr(slash != NULL ? slash : program, "fuzz_");

	(void)snprintf(out, cap, "%s/tests/corpus/%s",
	    top != NULL ? top : ".", name != NULL ? name + 5 : "none");
}

int
main(int argc, char **argv)
{
	char dir[4096], path[8192];
	struct dirent **list;
	int n, i, failed = 0;

	if (argc > 1)
		(void)snprintf(dir, sizeof(dir), "%s", argv[1]);
	else
		corpus_of(argv[0], dir, sizeof(dir));
	(void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	n = scandir(dir, &list, is_file, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - no corpus in %s\n", dir);
		return 1;
	}
	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		int bad;

		(void)snprintf(path, sizeof(path), "%s/%s", dir,
		    list[i]->d_name);
		bad = replay(path) != 0;
		printf("%sok %d - %s\n", bad ? "not " : "", i + 1,
		    list[i]->d_name);
		failed |= bad;
		free(list[i]);
	}
	free(list);
	return failed;
}
