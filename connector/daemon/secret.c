/* connector/daemon/secret.c - passwords, keys and tokens: read, held, wiped. */
#include "connector/daemon/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connector/base/str.h"
#include "connector/daemon/file.h"
#include "connector/daemon/redact.h"

#define FILE_MAX	(256u * 1024u)	/* a key, with a chain of certificates */

void
al_secret_fini(struct al_secret *s)
{
	if (s->text != NULL)
		al_redact_remove(s->text);
	al_str_free_secret(s->text);
	s->text = NULL;
}

enum al_code
al_secret_set(struct al_secret *s, const char *text, struct al_err *err)
{
	s->text = NULL;
	if (al_redact_add(text, err) != AL_OK)
		return err->code;
	s->text = al_str_dup(text, strlen(text));
	if (s->text == NULL) {
		al_redact_remove(text);
		return al_fail_nomem(err, AL_AT_CONFIG);
	}
	return AL_OK;
}

/* text (len bytes and a NUL) is one line, its end does not count. */
static enum al_code
take_line(struct al_secret *s, char *text, size_t len, const char *from,
    struct al_err *err)
{
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '\r')
		text[--len] = '\0';
	if (len == 0)
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0,
		    "%s: is empty, one line with the secret is wanted", from);
	if (!al_str_is_line(text, len))
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0, "%s: holds "
		    "more than one line, or a NUL byte", from);
	return al_secret_set(s, text, err);
}

char *
al_credential_path(const char *path, struct al_err *err)
{
	const char *name, *dir = getenv("CREDENTIALS_DIRECTORY");
	size_t len;
	char *out;

	if (strncmp(path, AL_CREDENTIAL, strlen(AL_CREDENTIAL)) != 0) {
		out = al_str_dup(path, strlen(path));
		if (out == NULL)
			(void)al_fail_nomem(err, AL_AT_CONFIG);
		return out;
	}
	name = path + strlen(AL_CREDENTIAL);
	if (dir == NULL || dir[0] == '\0' || name[0] == '\0' ||
	    strchr(name, '/') != NULL) {
		(void)al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0, "%s: %s", path,
		    name[0] == '\0' || strchr(name, '/') != NULL ?
		    "is not the name of a credential" :
		    "no credentials were handed over (in the unit: "
		    "LoadCredential=NAME:FILE)");
		return NULL;
	}
	len = strlen(dir) + strlen(name) + 2;
	out = malloc(len);
	if (out == NULL)
		(void)al_fail_nomem(err, AL_AT_CONFIG);
	else
		(void)snprintf(out, len, "%s/%s", dir, name);
	return out;
}

/* What the service manager hands over is guarded by its folder. */
static enum al_code
check_guard(const struct al_file *f, const char *path, struct al_err *err)
{
	if (f->owner != 0 && f->owner != geteuid())
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0, "%s: belongs "
		    "to user %u: a secret must be ours or root's", path,
		    (unsigned)f->owner);
	if ((f->mode & 077) != 0)
		return al_fail(err, AL_EAUTH, AL_AT_CONFIG, 0, "%s: others "
		    "than its owner may open it (mode %04o): chmod 600 %s",
		    path, f->mode, path);
	return AL_OK;
}

/* What is at path, and with whose guard; real is its path, to free. */
static enum al_code
read_guarded(const char *path, size_t max, char **real, struct al_file *f,
    struct al_err *err)
{
	enum al_code code;

	*real = al_credential_path(path, err);
	if (*real == NULL)
		return err->code;
	code = al_file_read(f, *real, max, err);
	if (code == AL_EUSAGE)
		code = err->code = AL_EAUTH;
	else if (code == AL_OK &&
	    strncmp(path, AL_CREDENTIAL, strlen(AL_CREDENTIAL)) != 0)
		code = check_guard(f, *real, err);
	return code;
}

enum al_code
al_secret_read(struct al_secret *s, const char *path, struct al_err *err)
{
	struct al_file f = { .text = NULL };
	enum al_code code;
	char *real;

	s->text = NULL;
	code = read_guarded(path, AL_SECRET_MAX, &real, &f, err);
	if (code == AL_OK)
		code = take_line(s, f.text, f.len, real, err);
	al_file_fini(&f);
	free(real);
	return code;
}

char *
al_secret_path(const char *path, struct al_err *err)
{
	struct al_file f = { .text = NULL };
	char *real;

	if (read_guarded(path, FILE_MAX, &real, &f, err) != AL_OK) {
		free(real);
		real = NULL;
	}
	al_file_fini(&f);
	return real;
}
