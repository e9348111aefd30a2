/* connector/daemon/conf.c - a program's settings: giving and asking. */
#include "connector/daemon/conf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "connector/base/str.h"
#include "connector/daemon/conf_impl.h"
#include "connector/daemon/ini.h"
#include "connector/daemon/redact.h"

bool
conf_grow(void **array, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap > 0 ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return true;
	p = reallocarray(*array, want, size);
	if (p == NULL)
		return false;
	*array = p;
	*cap = want;
	return true;
}

struct al_conf *
al_conf_new(const struct al_conf_key *keys, size_t n)
{
	struct al_conf *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->keys = keys;
	c->n_keys = n;
	return c;
}

void
al_conf_free(struct al_conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_values; i++) {
		conf_unhide(&c->values[i]);
		al_str_free_secret(c->values[i].text);
	}
	for (i = 0; i < c->n_sections; i++)
		free(c->sections[i].name);
	for (i = 0; i < c->n_files; i++)
		free(c->files[i]);
	free(c->values);
	free(c->sections);
	free(c->files);
	free(c);
}

static bool
same_section(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : al_str_ieq(a, b);
}

const struct al_conf_key *
conf_find_key(const struct al_conf *c, const char *word, const char *name,
    const char *key)
{
	bool named = name != NULL && name[0] != '\0';
	size_t i;

	for (i = 0; i < c->n_keys; i++) {
		const struct al_conf_key *k = &c->keys[i];

		if (same_section(k->section, word) &&
		    ((k->flags & AL_CONF_NAMED) != 0) == named &&
		    (key == NULL || al_str_ieq(k->key, key)))
			return k;
	}
	return NULL;
}

struct conf_section *
conf_add_section(struct al_conf *c, const char *word, const char *name,
    const char *file, unsigned line)
{
	struct conf_section *s;
	void *array = c->sections;
	size_t i;

	for (i = 0; i < c->n_sections; i++) {
		s = &c->sections[i];
		if (same_section(s->word, word) && strcmp(s->name, name) == 0)
			return s;
	}
	if (!conf_grow(&array, &c->cap_sections, c->n_sections, sizeof(*s)))
		return NULL;
	c->sections = array;
	s = &c->sections[c->n_sections];
	s->name = al_str_dup(name, strlen(name));
	if (s->name == NULL)
		return NULL;
	s->word = word;
	s->file = file;
	s->line = line;
	c->n_sections++;
	return s;
}

enum al_code
conf_add(struct al_conf *c, const struct al_conf_value *v, const char *text,
    size_t len, struct al_err *err)
{
	void *array = c->values;
	struct al_conf_value *to;
	enum al_code code;

	if (!conf_grow(&array, &c->cap_values, c->n_values, sizeof(*to)))
		return al_fail_nomem(err, AL_AT_CONFIG);
	c->values = array;
	to = &c->values[c->n_values];
	*to = *v;
	to->text = al_str_dup(text, len);
	if (to->text == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	code = al_conf_check_type(v->key, to->text, err);
	if (code == AL_OK && v->key->check != NULL)
		code = v->key->check(to->text, err);
	if (code == AL_OK && v->source == AL_CONF_FLAG &&
	    conf_is_secret(v->key, to->text))
		code = al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "everyone on "
		    "this machine can read a password on a command line: use "
		    "--proxy-user and --proxy-password-file");
	if (code != AL_OK) {
		al_conf_blame(to, err);
		al_str_free_secret(to->text);
		return code;
	}
	conf_hide(to);
	c->n_values++;
	return AL_OK;
}

const char *
conf_keep_name(struct al_conf *c, const char *name)
{
	void *array = c->files;
	char *copy;

	if (!conf_grow(&array, &c->cap_files, c->n_files, sizeof(char *)))
		return NULL;
	c->files = array;
	copy = al_str_dup(name, strlen(name));
	if (copy != NULL)
		c->files[c->n_files++] = copy;
	return copy;
}

enum al_code
al_conf_set(struct al_conf *c, const char *key, const char *text,
    const char *flag, struct al_err *err)
{
	struct al_conf_value v = { .name = "", .source = AL_CONF_FLAG,
	    .from = conf_keep_name(c, flag) };

	if (v.from == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);

	v.key = conf_find_key(c, NULL, NULL, key);
	assert(v.key != NULL && (v.key->flags & AL_CONF_SECRET) == 0);
	return conf_add(c, &v, text, strlen(text), err);
}

enum al_code
al_conf_read_env(struct al_conf *c, struct al_err *err)
{
	enum al_code code = AL_OK;
	size_t i;

	for (i = 0; i < c->n_keys && code == AL_OK; i++) {
		struct al_conf_value v = { .key = &c->keys[i], .name = "",
		    .from = c->keys[i].env, .source = AL_CONF_ENV };
		const char *text = v.from != NULL ? getenv(v.from) : NULL;

		assert(v.from == NULL || (v.key->flags & AL_CONF_SECRET) == 0);
		if (text != NULL && text[0] != '\0')
			code = conf_add(c, &v, text, strlen(text), err);
	}
	return code;
}

/* Each line of it, if it is a list's. */
static enum al_code
add_default(struct al_conf *c, const struct al_conf_value *v,
    struct al_err *err)
{
	const char *p = v->key->def;
	enum al_code code;

	for (;;) {
		size_t n = strcspn(p, "\n");

		code = conf_add(c, v, p, n, err);
		if (code != AL_OK || p[n] == '\0')
			return code;
		p += n + 1;
	}
}

/* The default, or a complaint; where says which section of which file. */
static enum al_code
finish_key(struct al_conf *c, const struct al_conf_key *k,
    const struct conf_section *where, struct al_err *err)
{
	struct al_conf_value v = { .key = k, .source = AL_CONF_DEFAULT,
	    .name = where != NULL ? where->name : "", .from = "default" };

	if (al_conf_get(c, k->section, v.name, k->key, 0) != NULL)
		return AL_OK;
	if (k->def != NULL)
		return add_default(c, &v, err);
	if ((k->flags & AL_CONF_REQUIRED) == 0)
		return AL_OK;
	if (where != NULL) {
		v.from = where->file;
		v.line = where->line;
		return al_conf_fail(&v, err, "is missing");
	}
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s%s%s\"%s\" is not "
	    "set%s%s", k->section != NULL ? "[" : "",
	    k->section != NULL ? k->section : "",
	    k->section != NULL ? "] " : "", k->key,
	    k->env != NULL ? ": in the file, or " : "",
	    k->env != NULL ? k->env : "");
}

enum al_code
al_conf_finish(struct al_conf *c, struct al_err *err)
{
	enum al_code code = AL_OK;
	size_t i, j;

	for (i = 0; i < c->n_keys && code == AL_OK; i++) {
		const struct al_conf_key *k = &c->keys[i];

		if ((k->flags & AL_CONF_NAMED) == 0)
			code = finish_key(c, k, NULL, err);
		else
			for (j = 0; j < c->n_sections && code == AL_OK; j++)
				if (c->sections[j].name[0] != '\0' &&
				    same_section(c->sections[j].word,
				    k->section))
					code = finish_key(c, k,
					    &c->sections[j], err);
	}
	return code;
}

const char *
al_conf_name(const struct al_conf *c, const char *section, size_t i)
{
	size_t j;

	for (j = 0; j < c->n_sections; j++)
		if (c->sections[j].name[0] != '\0' &&
		    same_section(c->sections[j].word, section) && i-- == 0)
			return c->sections[j].name;
	return NULL;
}

const struct al_conf_value *
al_conf_get(const struct al_conf *c, const char *section, const char *name,
    const char *key, size_t i)
{
	const struct al_conf_key *k = conf_find_key(c, section, name, key);
	const struct al_conf_value *best = NULL;
	size_t j, nth = 0;

	assert(k != NULL);
	if (name == NULL)
		name = "";
	for (j = 0; j < c->n_values; j++) {
		const struct al_conf_value *v = &c->values[j];

		if (v->key != k || strcmp(v->name, name) != 0)
			continue;
		if (best == NULL || v->source > best->source) {
			best = v;
			nth = 0;
		} else if (v->source < best->source) {
			continue;
		} else if ((k->flags & AL_CONF_LIST) == 0) {
			best = v;
		} else if (nth < i) {
			best = v;
			nth++;
		}
	}
	return nth == i ? best : NULL;
}

const char *
al_conf_place(const struct al_conf_value *v, char *buf, size_t cap)
{
	if (v->line > 0)
		(void)snprintf(buf, cap, "%s:%u", v->from, v->line);
	else
		(void)snprintf(buf, cap, "%s", v->from);
	return buf;
}

void
al_conf_blame(const struct al_conf_value *v, struct al_err *err)
{
	char place[256], shown[AL_INI_NAME_MAX + 1];
	const char *word = v->key->section;

	err->stage = AL_AT_CONFIG;
	(void)al_conf_place(v, place, sizeof(place));
	if (word == NULL && v->line > 0)
		al_err_prefix(err, "%s: %s", place, v->key->key);
	else if (word == NULL)
		al_err_prefix(err, "%s", place);
	else if (v->name[0] == '\0')
		al_err_prefix(err, "%s: [%s] %s", place, word, v->key->key);
	else
		al_err_prefix(err, "%s: [%s \"%s\"] %s", place, word,
		    al_str_clean(shown, sizeof(shown), v->name,
		    strlen(v->name)), v->key->key);
}

enum al_code
al_conf_fail(const struct al_conf_value *v, struct al_err *err,
    const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s", text);
	al_conf_blame(v, err);
	return err->code;
}

/* Blanks at its ends would not be read again. */
static bool
is_quoted(const char *text)
{
	size_t n = strlen(text);

	return strchr(" \t", text[0]) != NULL ||
	    strchr(" \t", text[n - 1]) != NULL;
}

/* The values of k in one section, each under the place it came from. */
static void
print_key(const struct al_conf *c, const struct al_conf_key *k,
    const char *name, FILE *out)
{
	const struct al_conf_value *v;
	char place[256];
	size_t i;

	for (i = 0; (v = al_conf_get(c, k->section, name, k->key, i)) != NULL;
	    i++) {
		char *safe = (k->flags & AL_CONF_SECRET) != 0 ? NULL :
		    al_redact_dup(v->text);

		(void)fprintf(out, "# %s\n%s = %s%s%s\n",
		    al_conf_place(v, place, sizeof(place)), k->key,
		    is_quoted(v->text) ? "\"" : "",
		    safe != NULL ? safe : "***",
		    is_quoted(v->text) ? "\"" : "");
		free(safe);
		if ((k->flags & AL_CONF_LIST) == 0)
			return;
	}
}

static void
print_section(const struct al_conf *c, const char *word, const char *name,
    FILE *out)
{
	size_t i;

	if (word != NULL && name[0] != '\0')
		(void)fprintf(out, "\n[%s \"%s\"]\n", word, name);
	else if (word != NULL)
		(void)fprintf(out, "\n[%s]\n", word);
	for (i = 0; i < c->n_keys; i++)
		if (same_section(c->keys[i].section, word) &&
		    ((c->keys[i].flags & AL_CONF_NAMED) != 0) ==
		    (name[0] != '\0'))
			print_key(c, &c->keys[i], name, out);
}

void
al_conf_print(const struct al_conf *c, FILE *out)
{
	const char *name;
	size_t i, j;

	print_section(c, NULL, "", out);
	for (i = 0; i < c->n_keys; i++) {
		const struct al_conf_key *k = &c->keys[i];

		/* each section once, where its first key stands */
		for (j = 0; j < i; j++)
			if (same_section(c->keys[j].section, k->section) &&
			    ((c->keys[j].flags ^ k->flags) &
			    AL_CONF_NAMED) == 0)
				break;
		if (k->section == NULL || j < i)
			continue;
		if ((k->flags & AL_CONF_NAMED) == 0)
			print_section(c, k->section, "", out);
		else
			for (j = 0; (name = al_conf_name(c, k->section, j)) !=
			    NULL; j++)
				print_section(c, k->section, name, out);
	}
}
