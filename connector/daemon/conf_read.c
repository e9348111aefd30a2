/* connector/daemon/conf_read.c - settings out of files and their drop-ins. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "connector/base/str.h"
#include "connector/daemon/conf_impl.h"
#include "connector/daemon/file.h"
#include "connector/daemon/ini.h"
#include "connector/daemon/nearest.h"
#include "connector/daemon/secret.h"

#define INCLUDES_MAX	64
#define INSIDE		0x100u		/* this file is included already */

struct reading {
	struct al_conf		*c;
	struct al_ini		 ini;
	unsigned		 flags;
	unsigned		 mode;		/* of the file                */
	size_t			 first;		/* values of this file: from  */
	const char		*word;		/* section of the table       */
	const char		*name;		/* of the section, kept by c  */
	bool			 skip;		/* foreign section            */
	char			*includes[INCLUDES_MAX];
	unsigned		 lines[INCLUDES_MAX];
	size_t			 n_includes;
};

static enum al_code read_file(struct al_conf *c, const char *path,
    unsigned flags, struct al_err *err);

static enum al_code
unknown_section(struct reading *r, struct al_err *err)
{
	struct al_nearest near = AL_NEAREST(r->ini.section);
	const struct al_conf *c = r->c;
	const char *word = NULL, *hint;
	unsigned flags = 0;
	char shown[AL_INI_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < c->n_keys; i++) {
		if (c->keys[i].section == NULL)
			continue;
		al_nearest_try(&near, c->keys[i].section);
		if (al_str_ieq(c->keys[i].section, r->ini.section)) {
			word = c->keys[i].section;
			flags = c->keys[i].flags;
		}
	}
	(void)al_str_clean(shown, sizeof(shown), r->ini.section,
	    strlen(r->ini.section));
	if (word != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    (flags & AL_CONF_NAMED) != 0 ?
		    "%s:%u: [%s] needs a name: [%s \"NAME\"]" :
		    "%s:%u: [%s] takes no name: write [%s]", r->ini.file,
		    r->ini.line, shown, word);
	hint = al_nearest(&near);
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: [%s] is not "
	    "a section that is known here%s%s%s", r->ini.file, r->ini.line,
	    shown, hint != NULL ? "; did you mean [" : "",
	    hint != NULL ? hint : "", hint != NULL ? "]?" : "");
}

static enum al_code
enter_section(struct reading *r, struct al_err *err)
{
	struct al_ini *ini = &r->ini;
	const struct al_conf_key *k = conf_find_key(r->c, ini->section,
	    ini->name, NULL);
	struct conf_section *s;

	r->skip = k == NULL;
	if (k == NULL)
		return (r->flags & AL_CONF_FOREIGN) != 0 ? AL_OK :
		    unknown_section(r, err);
	s = conf_add_section(r->c, k->section, ini->name, ini->file,
	    ini->line);
	if (s == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	if (ini->name[0] != '\0' && s->file == ini->file &&
	    s->line != ini->line)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: "
		    "[%s \"%s\"] stands in line %u already", ini->file,
		    ini->line, k->section, ini->name, s->line);
	r->word = k->section;
	r->name = s->name;
	return AL_OK;
}

static enum al_code
unknown_key(struct reading *r, struct al_err *err)
{
	struct al_nearest near = AL_NEAREST(r->ini.key);
	const struct al_conf *c = r->c;
	const char *elsewhere = NULL, *hint;
	bool top = r->word == NULL;
	size_t i;

	if (top)
		al_nearest_try(&near, "include");
	for (i = 0; i < c->n_keys; i++) {
		const struct al_conf_key *k = &c->keys[i];

		if (top ? k->section == NULL : k->section != NULL &&
		    al_str_ieq(k->section, r->word))
			al_nearest_try(&near, k->key);
		else if (al_str_ieq(k->key, r->ini.key))
			elsewhere = k->section != NULL ? k->section : "";
	}
	hint = al_nearest(&near);
	if (hint != NULL && near.distance > 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: "
		    "unknown key \"%s\"; did you mean \"%s\"?", r->ini.file,
		    r->ini.line, r->ini.key, hint);
	if (elsewhere != NULL && elsewhere[0] != '\0')
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: "
		    "\"%s\" belongs into section [%s]", r->ini.file,
		    r->ini.line, r->ini.key, elsewhere);
	if (elsewhere != NULL)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: "
		    "\"%s\" belongs in front of all sections", r->ini.file,
		    r->ini.line, r->ini.key);
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: unknown key "
	    "\"%s\"", r->ini.file, r->ini.line, r->ini.key);
}

/* folder of file + "/" + path, for a path that does not begin at the root. */
static char *
beside(const char *file, const char *path, size_t len)
{
	const char *slash = strrchr(file, '/');
	size_t dir = slash != NULL ? (size_t)(slash - file) + 1 : 0;
	char *out;

	if (len > 0 && path[0] == '/')
		dir = 0;
	out = malloc(dir + len + 1);
	if (out == NULL)
		return NULL;
	memcpy(out, file, dir);
	if (len > 0)
		memcpy(out + dir, path, len);
	out[dir + len] = '\0';
	return out;
}

static enum al_code
take_include(struct reading *r, struct al_err *err)
{
	struct al_ini *ini = &r->ini;

	if ((r->flags & INSIDE) != 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: an "
		    "included file can't include others", ini->file,
		    ini->line);
	if (ini->value_len == 0 || r->n_includes == INCLUDES_MAX)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: "
		    "include: %s", ini->file, ini->line, ini->value_len == 0 ?
		    "names no file or folder" : "too many of them");
	r->lines[r->n_includes] = ini->line;
	r->includes[r->n_includes] = beside(ini->file, ini->value,
	    ini->value_len);
	if (r->includes[r->n_includes] == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	r->n_includes++;
	return AL_OK;
}

/* As the agent's reader: '#' and ';' begin a comment wherever they stand. */
static size_t
foreign_len(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] == '#' || p[i] == ';')
			break;
	if (i == len)
		return len;
	while (i > 0 && (p[i - 1] == ' ' || p[i - 1] == '\t'))
		i--;
	return i;
}

/* A value of k in this section, of those that were read from..to. */
static const struct al_conf_value *
given(const struct reading *r, const struct al_conf_key *k, size_t from,
    size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		if (r->c->values[i].key == k &&
		    r->c->values[i].source == AL_CONF_FILE &&
		    strcmp(r->c->values[i].name, r->name) == 0)
			return &r->c->values[i];
	return NULL;
}

static enum al_code
take_key(struct reading *r, struct al_err *err)
{
	struct al_ini *ini = &r->ini;
	struct al_conf_value v = { .name = r->name, .from = ini->file,
	    .line = ini->line, .source = AL_CONF_FILE };
	const struct al_conf_value *was;
	char *path = NULL;
	enum al_code code;

	v.key = conf_find_key(r->c, r->word, r->name, ini->key);
	if (v.key == NULL)
		return unknown_key(r, err);
	was = given(r, v.key, r->first, r->c->n_values);
	if (was != NULL && (v.key->flags & AL_CONF_LIST) == 0 &&
	    (r->flags & AL_CONF_FOREIGN) == 0)
		return al_conf_fail(&v, err, "stands in line %u already, and "
		    "is no list", was->line);
	if (v.key->type == AL_CONF_PATH && ini->value_len > 0 &&
	    !((v.key->flags & AL_CONF_OR_URL) && al_conf_is_url(ini->value)) &&
	    strncmp(ini->value, AL_CREDENTIAL, strlen(AL_CREDENTIAL)) != 0) {
		path = beside(ini->file, ini->value, ini->value_len);
		if (path == NULL)
			return al_fail_nomem(err, AL_AT_CONFIG);
		code = conf_add(r->c, &v, path, strlen(path), err);
		free(path);
		return code;
	}
	code = conf_add(r->c, &v, ini->value, ini->value_len, err);
	if (code != AL_OK || (r->mode & 077) == 0 ||
	    (r->flags & AL_CONF_FOREIGN) != 0 ||
	    !conf_is_secret(v.key, r->c->values[r->c->n_values - 1].text))
		return code;
	(void)al_conf_fail(&v, err, "is or holds a secret, but others than "
	    "the owner may open this file (mode %04o): chmod 600 %s",
	    r->mode, ini->file);
	return err->code = AL_EAUTH;
}

/* An empty value is none: the agent writes "ca_cert =" when it has no CA.
 * What a file of ours says already is not replaced by the agent's. */
static bool
want_foreign(struct reading *r)
{
	const struct al_conf_key *k = conf_find_key(r->c, r->word, r->name,
	    r->ini.key);

	r->ini.value_len = foreign_len(r->ini.value, r->ini.value_len);
	return k != NULL && r->ini.value_len > 0 &&
	    given(r, k, 0, r->first) == NULL;
}

static enum al_code
take_line(struct reading *r, enum al_ini_type type, struct al_err *err)
{
	if (type == AL_INI_SECTION)
		return enter_section(r, err);
	if (r->skip)
		return AL_OK;
	if ((r->flags & AL_CONF_FOREIGN) != 0)
		return want_foreign(r) ? take_key(r, err) : AL_OK;
	if (r->word == NULL && al_str_ieq(r->ini.key, "include"))
		return take_include(r, err);
	return take_key(r, err);
}

static int
is_dropin(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	    strcmp(d->d_name + n - 5, ".conf") == 0;
}

static enum al_code
read_folder(struct al_conf *c, const char *path, unsigned flags,
    struct al_err *err)
{
	enum al_code code = AL_OK;
	struct dirent **list;
	int i, n = scandir(path, &list, is_dropin, alphasort);

	if (n < 0)
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, errno,
		    "can't read the folder %s: %s", path, strerror(errno));
	for (i = 0; i < n; i++) {
		size_t len = strlen(path) + strlen(list[i]->d_name) + 2;
		char *file = code == AL_OK ? malloc(len) : NULL;

		if (file != NULL) {
			(void)snprintf(file, len, "%s/%s", path,
			    list[i]->d_name);
			code = read_file(c, file, flags, err);
		} else if (code == AL_OK)
			code = al_fail_nomem(err, AL_AT_CONFIG);
		free(file);
		free(list[i]);
	}
	free(list);
	return code;
}

static enum al_code
read_includes(struct reading *r, struct al_err *err)
{
	unsigned flags = (r->flags & ~AL_CONF_OPTIONAL) | INSIDE;
	enum al_code code = AL_OK;
	struct stat st;
	size_t i;

	for (i = 0; i < r->n_includes && code == AL_OK; i++) {
		if (stat(r->includes[i], &st) != 0)
			code = al_fail(err, AL_EUSAGE, AL_AT_CONFIG, errno,
			    "%s:%u: include: %s: %s", r->ini.file, r->lines[i],
			    r->includes[i], strerror(errno));
		else if (S_ISDIR(st.st_mode))
			code = read_folder(r->c, r->includes[i], flags, err);
		else
			code = read_file(r->c, r->includes[i], flags, err);
	}
	return code;
}

enum al_code
al_conf_read_text(struct al_conf *c, const char *path, const char *text,
    size_t len, unsigned mode, unsigned flags, struct al_err *err)
{
	struct reading r = { .c = c, .flags = flags, .mode = mode,
	    .first = c->n_values, .name = "" };
	const char *file = conf_keep_name(c, path);
	enum al_ini_type type;
	enum al_code code;
	size_t i;

	if (file == NULL)
		return al_fail_nomem(err, AL_AT_CONFIG);
	al_ini_init(&r.ini, file, text, len);
	do {
		code = al_ini_next(&r.ini, &type, err);
		if (code == AL_OK && type != AL_INI_END)
			code = take_line(&r, type, err);
	} while (code == AL_OK && type != AL_INI_END);
	if (code == AL_OK)
		code = read_includes(&r, err);
	for (i = 0; i < r.n_includes; i++)
		free(r.includes[i]);
	return code;
}

static enum al_code
read_file(struct al_conf *c, const char *path, unsigned flags,
    struct al_err *err)
{
	struct al_file f;
	enum al_code code = al_file_read(&f, path, AL_INI_FILE_MAX, err);

	if (code != AL_OK) {
		if (err->sys == ENOENT && (flags & AL_CONF_OPTIONAL) != 0)
			return AL_OK;
		return code;
	}
	code = al_conf_read_text(c, path, f.text, f.len, f.mode, flags, err);
	al_file_fini(&f);
	return code;
}

enum al_code
al_conf_read(struct al_conf *c, const char *path, unsigned flags,
    struct al_err *err)
{
	return read_file(c, path, flags, err);
}
