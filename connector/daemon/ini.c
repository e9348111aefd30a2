/* connector/daemon/ini.c - the lines of an INI file, one at a time. */
#include "connector/daemon/ini.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "connector/base/str.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_word(char c)
{
	return al_is_alnum(c) || c == '_' || c == '-';
}

static enum al_code AL_PRINTF(3, 4)
complain(const struct al_ini *ini, struct al_err *err, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "%s:%u: %s",
	    ini->file, ini->line, text);
}

void
al_ini_init(struct al_ini *ini, const char *file, const char *text,
    size_t len)
{
	memset(ini, 0, sizeof(*ini));
	ini->file = file;
	ini->p = text;
	ini->end = text + len;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		ini->p += 3;
}

static void
trim(const char **p, const char **end)
{
	while (*p < *end && is_blank(**p))
		(*p)++;
	while (*end > *p && is_blank((*end)[-1]))
		(*end)--;
}

/* The next line without its end and the blanks around it. */
static enum al_code
take_line(struct al_ini *ini, const char **p, const char **end,
    struct al_err *err)
{
	const char *nl = memchr(ini->p, '\n', (size_t)(ini->end - ini->p));
	const char *c;

	*p = ini->p;
	*end = nl != NULL ? nl : ini->end;
	ini->p = nl != NULL ? nl + 1 : ini->end;
	ini->line++;
	if (*end > *p && (*end)[-1] == '\r')
		(*end)--;
	for (c = *p; c < *end; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return complain(ini, err, "control character 0x%02x "
			    "in column %zu", (unsigned char)*c,
			    (size_t)(c - *p) + 1);
	trim(p, end);
	return AL_OK;
}

static enum al_code
take_word(struct al_ini *ini, char out[static AL_INI_NAME_MAX + 1],
    const char *p, size_t len, const char *what, struct al_err *err)
{
	if (len > AL_INI_NAME_MAX)
		return complain(ini, err, "the %s is longer than %d "
		    "characters", what, AL_INI_NAME_MAX);
	if (len > 0)
		memcpy(out, p, len);
	out[len] = '\0';
	return AL_OK;
}

/* "[section]" or "[section "name"]" */
static enum al_code
section(struct al_ini *ini, const char *p, const char *end,
    struct al_err *err)
{
	const char *word, *name;
	enum al_code code;

	if (end[-1] != ']')
		return complain(ini, err, "a section is [WORD] or "
		    "[WORD \"NAME\"], alone on its line");
	p++;
	end--;
	trim(&p, &end);
	for (word = p; p < end && is_word(*p); p++)
		continue;
	code = take_word(ini, ini->section, word, (size_t)(p - word),
	    "section", err);
	if (code != AL_OK)
		return code;
	ini->name[0] = '\0';
	name = p;
	trim(&name, &end);
	if (p > word && name == end)
		return AL_OK;
	if (p == word || name == p || end - name < 3 || *name != '"' ||
	    memchr(name + 1, '"', (size_t)(end - name - 1)) != end - 1)
		return complain(ini, err, "a section is [WORD] or "
		    "[WORD \"NAME\"], alone on its line");
	return take_word(ini, ini->name, name + 1, (size_t)(end - name - 2),
	    "section's name", err);
}

static enum al_code
setting(struct al_ini *ini, const char *p, const char *end,
    struct al_err *err)
{
	const char *eq = memchr(p, '=', (size_t)(end - p)), *key_end = eq;
	const char *c;
	char shown[48];

	if (eq == NULL)		/* may be half of a secret: not shown */
		return complain(ini, err, "neither a [section] nor a "
		    "setting with \"=\" nor a comment");
	trim(&p, &key_end);
	for (c = p; c < key_end && is_word(*c); c++)
		continue;
	if (c < key_end || p == key_end)
		return complain(ini, err, "\"%s\" is not the name of a key",
		    al_str_clean(shown, sizeof(shown), p,
		    (size_t)(key_end - p)));
	eq++;
	trim(&eq, &end);
	if (end - eq >= 2 && *eq == '"' &&
	    memchr(eq + 1, '"', (size_t)(end - eq - 1)) == end - 1) {
		eq++;
		end--;
	}
	ini->value = eq;
	ini->value_len = (size_t)(end - eq);
	return take_word(ini, ini->key, p, (size_t)(key_end - p), "key", err);
}

enum al_code
al_ini_next(struct al_ini *ini, enum al_ini_type *type, struct al_err *err)
{
	while (ini->p < ini->end) {
		const char *p, *end;
		enum al_code code = take_line(ini, &p, &end, err);

		if (code != AL_OK)
			return code;
		if (p == end || *p == '#' || *p == ';')
			continue;
		*type = *p == '[' ? AL_INI_SECTION : AL_INI_KEY;
		return *p == '[' ? section(ini, p, end, err) :
		    setting(ini, p, end, err);
	}
	*type = AL_INI_END;
	return AL_OK;
}
