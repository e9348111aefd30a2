/* tests/unit/example.h - an example configuration against code and manual.
 *
 * Include it behind cmocka.h.
 */
#ifndef AL_TEST_EXAMPLE_H
#define AL_TEST_EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/daemon/conf_impl.h"

#define EXAMPLE_PATH	512

static inline void
example_path(const char *name, char out[EXAMPLE_PATH])
{
	const char *top = getenv("top_srcdir");

	(void)snprintf(out, EXAMPLE_PATH, "%s/%s", top != NULL ? top : ".",
	    name);
}

/*
 * Copy the lines of from; "#key = value" and "#[section]" lose their '#', "# "
 * begins a remark.  Returns how many lost it.
 */
static inline int
example_uncomment(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	char line[512];
	int n = 0;

	assert_non_null(in);
	assert_non_null(out);
	while (fgets(line, sizeof(line), in) != NULL) {
		int set = line[0] == '#' && strchr(" \n", line[1]) == NULL;

		assert_true(fputs(line + set, out) >= 0);
		n += set;
	}
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
	return n;
}

/* A default as a packaged build has it, whatever the prefix of this one. */
static inline void
example_default(const char *def, size_t len, char *out, size_t cap)
{
	size_t n = strlen(AL_SYSCONFDIR);

	if (len > n && strncmp(def, AL_SYSCONFDIR "/", n + 1) == 0)
		(void)snprintf(out, cap, "/etc%.*s", (int)(len - n), def + n);
	else
		(void)snprintf(out, cap, "%.*s", (int)len, def);
}

/* What the example gives for k is its default, or something, once. */
static inline void
example_check_key(const struct al_conf *c, const struct al_conf_key *k)
{
	const char *name = (k->flags & AL_CONF_NAMED) == 0 ? NULL :
	    al_conf_name(c, k->section, 0), *def = k->def;
	const struct al_conf_value *v;
	char want[256];
	size_t i, n;

	for (i = 0; i == 0 || def != NULL; i++) {
		v = al_conf_get(c, k->section, name, k->key, i);
		if (v == NULL || v->source != AL_CONF_FILE)
			fail_msg("%s (%zu) is not in the example", k->key, i);
		if (def == NULL)
			continue;
		n = strcspn(def, "\n");
		example_default(def, n, want, sizeof(want));
		assert_string_equal(v->text, want);
		def = def[n] != '\0' ? def + n + 1 : NULL;
	}
	if ((k->flags & AL_CONF_LIST) != 0)
		assert_null(al_conf_get(c, k->section, name, k->key, i));
}

static inline int
example_is_key(const struct al_conf *c, const char *word)
{
	size_t i;

	for (i = 0; i < c->n_keys; i++)
		if (strcmp(c->keys[i].key, word) == 0)
			return 1;
	return strcmp(word, "include") == 0;
}

/*
 * ".It Ic a , b" and ".It Ic a No = Ar path , Ic b" name the keys a and b:
 * they have to be known; true if key is one of them.
 */
static inline int
example_is_in(const struct al_conf *c, const char *line, const char *key)
{
	char copy[512], *save, *word, before[64] = "";
	int found = 0;

	if (strncmp(line, ".It Ic ", 7) != 0)
		return 0;
	(void)snprintf(copy, sizeof(copy), "%s", line + 4);
	for (word = strtok_r(copy, " \n", &save); word != NULL;
	    word = strtok_r(NULL, " \n", &save)) {
		int is_key = al_is_alpha(word[0]) && strcmp(word, "Ic") != 0 &&
		    (strcmp(before, "Ic") == 0 || strcmp(before, ",") == 0);

		if (is_key && !example_is_key(c, word))
			fail_msg("the manual page has %s", word);
		found |= is_key && strcmp(word, key) == 0;
		(void)snprintf(before, sizeof(before), "%s", word);
	}
	return found;
}

static inline int
example_is_on_page(const struct al_conf *c, const char *page, const char *key)
{
	FILE *f = fopen(page, "r");
	char line[512];
	int found = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		found |= example_is_in(c, line, key);
	(void)fclose(f);
	return found;
}

/* Every key of the table, but those of sections in skip: in the example and
 * in the manual page. */
static inline void
example_check(const struct al_conf *c, const char *page, const char *skip)
{
	char path[EXAMPLE_PATH];
	size_t i;

	example_path(page, path);
	for (i = 0; i < c->n_keys; i++) {
		const struct al_conf_key *k = &c->keys[i];

		if (k->section != NULL && strstr(skip, k->section) != NULL)
			continue;
		example_check_key(c, k);
		if (!example_is_on_page(c, path, k->key))
			fail_msg("%s is not in %s", k->key, page);
	}
}

#endif
