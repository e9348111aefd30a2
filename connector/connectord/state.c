/* connector/connectord/state.c - what is remembered over restarts. */
#include "connector/connectord/state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "connector/daemon/file.h"
#include "connector/daemon/log.h"

#define FILE_MAX	(256u * 1024u)
#define VERSION		1

/* The numbers of a path. */
#define U64(where, field)	{ where, #field, false, \
    offsetof(struct al_habit, field) }
#define LIMIT(limit) \
	{ #limit, "ms", false, offsetof(struct al_habit, limit.ms) }, \
	{ #limit, "since", false, offsetof(struct al_habit, limit.since_s) }, \
	{ #limit, "days", true, offsetof(struct al_habit, limit.days) }, \
	{ #limit, "strays", true, offsetof(struct al_habit, limit.strays) }

static const struct number {
	const char	*object;	/* inside the path's; NULL: in it */
	const char	*key;
	bool		 is_u32;
	size_t		 offset;
} numbers[] = {
	{ NULL, "seen", false, offsetof(struct al_habit, seen_s) },
	LIMIT(age),
	LIMIT(keepalive),
	U64(NULL, quiet_ms),
	U64(NULL, cut_ms),
	{ NULL, "cuts", true, offsetof(struct al_habit, cuts) },
	U64(NULL, longest_ms),
	U64(NULL, longest_s),
};
#define N_NUMBERS	(sizeof(numbers) / sizeof(numbers[0]))

/* --- reading -------------------------------------------------------------- */
static bool
read_number(const struct number *n, const json_t *path, struct al_habit *p)
{
	const json_t *at = n->object != NULL ? json_object_get(path,
	    n->object) : path;
	const json_t *v = json_object_get(at, n->key);
	json_int_t value = json_integer_value(v);
	uint64_t u64 = (uint64_t)value;
	uint32_t u32 = (uint32_t)value;

	if (!json_is_integer(v) || value < 0 ||
	    (n->is_u32 && u64 > UINT32_MAX))
		return false;
	if (n->is_u32)
		memcpy((char *)p + n->offset, &u32, sizeof(u32));
	else
		memcpy((char *)p + n->offset, &u64, sizeof(u64));
	return true;
}

static bool
read_path(const json_t *path, struct al_habit *p)
{
	const json_t *via = json_object_get(path, "via");
	size_t i;

	memset(p, 0, sizeof(*p));
	if (!json_is_string(via) ||
	    json_string_length(via) >= sizeof(p->via))
		return false;
	memcpy(p->via, json_string_value(via), json_string_length(via));
	for (i = 0; i < N_NUMBERS; i++)
		if (!read_number(&numbers[i], path, p))
			return false;
	return true;
}

/* All of them are looked at before one is taken. */
static enum al_code
read_paths(struct al_habits *h, const json_t *root, uint64_t now_s,
    struct al_err *err)
{
	const json_t *paths = json_object_get(root, "paths");
	struct al_habit p;
	size_t i, n = json_array_size(paths);

	if (json_integer_value(json_object_get(root, "version")) != VERSION)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "is not of this version");
	if (!json_is_array(paths) || n > AL_HABITS_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "has no list of at most %d paths", AL_HABITS_MAX);
	for (i = 0; i < n; i++)
		if (!read_path(json_array_get(paths, i), &p))
			return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
			    "path %zu is not as it was written", i + 1);
	for (i = 0; i < n; i++)
		if (read_path(json_array_get(paths, i), &p))
			(void)al_habits_put(h, &p, now_s);
	return AL_OK;
}

enum al_code
al_state_parse(struct al_habits *h, const char *text, size_t len,
    uint64_t now_s, struct al_err *err)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	enum al_code code;

	if (root == NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "is not JSON (line %d)", why.line);
	code = read_paths(h, root, now_s, err);
	json_decref(root);
	return code;
}

static enum al_code
read_file(struct al_habits *h, const char *path, uint64_t now_s,
    struct al_err *err)
{
	struct al_file f;
	struct al_err why;
	enum al_code code = al_file_read(&f, path, FILE_MAX, err);

	if (code != AL_OK)
		return code;
	if (f.owner != geteuid() || (f.mode & 022) != 0)
		code = al_fail(&why, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "others than this program may have written it");
	else
		code = al_state_parse(h, f.text, f.len, now_s, &why);
	al_file_fini(&f);
	if (code != AL_OK)
		(void)al_fail(err, code, AL_AT_CONFIG, 0, "%s: %s", path,
		    why.text);
	return code;
}

/* --- writing -------------------------------------------------------------- */
static bool
write_number(const struct number *n, json_t *path, const struct al_habit *p)
{
	json_t *at = path;
	uint64_t u64;
	uint32_t u32;

	memcpy(&u64, (const char *)p + n->offset, sizeof(u64));
	memcpy(&u32, (const char *)p + n->offset, sizeof(u32));
	if (n->object != NULL) {
		at = json_object_get(path, n->object);
		if (at == NULL) {
			at = json_object();
			if (json_object_set_new(path, n->object, at) != 0)
				return false;
		}
	}
	return json_object_set_new(at, n->key, json_integer((json_int_t)
	    (n->is_u32 ? u32 : u64))) == 0;
}

static bool
write_path(json_t *paths, const struct al_habit *p)
{
	json_t *path = json_object();
	size_t i;

	if (json_array_append_new(paths, path) != 0 ||
	    json_object_set_new(path, "via", json_string(p->via)) != 0)
		return false;
	for (i = 0; i < N_NUMBERS; i++)
		if (!write_number(&numbers[i], path, p))
			return false;
	return true;
}

char *
al_state_format(const struct al_habits *h)
{
	json_t *root = json_object(), *paths = json_array();
	const struct al_habit *p;
	bool good;
	char *text = NULL;
	size_t i;

	good = json_object_set_new(root, "version", json_integer(VERSION)) ==
	    0;
	/* takes paths, also when it fails */
	good = json_object_set_new(root, "paths", paths) == 0 && good;
	for (i = 0; good && (p = al_habits_get(h, i)) != NULL; i++)
		good = write_path(paths, p);
	if (good)
		text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	return text;
}

static enum al_code
write_file(const struct al_habits *h, const char *path, struct al_err *err)
{
	char *text = al_state_format(h);
	enum al_code code;

	if (text == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	code = al_file_replace(path, text, strlen(text), err);
	free(text);
	if (code == AL_OK)
		(void)chmod(path, 0600);	/* whatever the old one was */
	return code;
}

/* --- for the daemon ------------------------------------------------------- */
static bool
path_in(const char *dir, char path[PATH_MAX])
{
	if (dir != NULL && snprintf(path, PATH_MAX, "%s/paths.json", dir) <
	    PATH_MAX)
		return true;
	return false;
}

void
al_state_load(struct al_habits *h, const char *dir, uint64_t now_s)
{
	char path[PATH_MAX];
	struct al_err err;

	if (!path_in(dir, path) || read_file(h, path, now_s, &err) == AL_OK ||
	    err.sys == ENOENT)
		return;
	al_log(AL_LOG_WARN, "state", AL_FIELDS(AL_STR("code",
	    al_code_name(err.code))), "what was known about proxies is "
	    "learned again: %s", err.text);
}

/* A failure is told once for each change: the next one tries again. */
void
al_state_save(struct al_habits *h, const char *dir)
{
	char path[PATH_MAX];
	struct al_err err;

	if (!al_habits_changed(h))
		return;
	al_habits_saved(h);
	if (path_in(dir, path) && write_file(h, path, &err) != AL_OK)
		al_log(AL_LOG_WARN, "state", AL_FIELDS(AL_STR("code",
		    al_code_name(err.code))), "what is known about proxies "
		    "will be lost with a restart: %s", err.text);
}
