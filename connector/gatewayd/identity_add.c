/* connector/gatewayd/identity_add.c - a new connector or operator into its file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "connector/base/buf.h"
#include "connector/base/rng.h"
#include "connector/base/str.h"
#include "connector/daemon/file.h"
#include "connector/gatewayd/identity.h"
#include "connector/gatewayd/identity_int.h"

/* One add at a time: the folder is locked, the file itself is replaced. */
static int
lock_folder(const char *file, struct al_err *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(file, '/');
	int fd;

	(void)snprintf(dir, sizeof(dir), "%.*s",
	    slash == NULL || slash == file ? 1 : (int)(slash - file),
	    slash == NULL ? "." : file);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	(void)al_fail(err, AL_EUSAGE, AL_AT_CONFIG, errno,
	    "can't lock the folder %s: %s", dir, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* A random id in the form of a UUID (RFC 9562, version 4). */
static enum al_code
make_id(char *out, size_t cap, struct al_err *err)
{
	uint8_t b[16];
	char hex[2 * sizeof(b) + 1];
	enum al_code code = al_rng_bytes(b, sizeof(b), err);

	if (code != AL_OK)
		return code;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	(void)al_hex_encode(hex, b, sizeof(b));
	(void)snprintf(out, cap, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
	    hex + 12, hex + 16, hex + 20);
	return AL_OK;
}

/* The secret, and the hash of its text. */
static enum al_code
make_secret(struct al_new_identity *n, char hash[static 2 * AL_SHA256_LEN + 1],
    struct al_err *err)
{
	uint8_t secret[32], digest[AL_SHA256_LEN];
	enum al_code code = al_rng_bytes(secret, sizeof(secret), err);

	if (code != AL_OK)
		return code;
	(void)al_hex_encode(n->secret, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
	if (al_sha256(digest, n->secret, strlen(n->secret)) != AL_OK)
		return al_fail_nomem(err, AL_AT_CONFIG);
	(void)al_hex_encode(hash, digest, sizeof(digest));
	return AL_OK;
}

static enum al_code
check_free(const char *file, enum al_identity_kind kind, const char *id,
    const char *name, struct al_err *err)
{
	int connector = kind == AL_IDENTITY_CONNECTOR;
	struct al_identities *ids = al_identities_load(
	    connector ? file : NULL, connector ? NULL : file, err);
	enum al_code code = AL_OK;

	if (ids == NULL)
		return err->code;
	if (connector ? al_identity_server(ids, name) != NULL :
	    al_identity_find(ids, kind, name) != NULL)
		code = al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "%s: there is %s named \"%s\" already", file,
		    connector ? "a connector" : "an operator", name);
	else if (connector && al_identity_find(ids, kind, id) != NULL)
		code = al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0,
		    "%s: there is a connector with the id %s already", file,
		    id);
	al_identities_free(ids);
	return code;
}

/* The old text, a line end if it lacks one, the new line. */
static enum al_code
append(const char *file, const char *line, struct al_err *err)
{
	struct al_file f;
	struct al_buf b;
	enum al_code code = al_file_read(&f, file, IDENTITY_FILE_MAX, err);

	if (code != AL_OK && err->sys != ENOENT)
		return code;
	al_buf_init(&b, IDENTITY_FILE_MAX);
	code = al_buf_put(&b, f.text, f.len);
	if (code == AL_OK && f.len > 0 && f.text[f.len - 1] != '\n')
		code = al_buf_puts(&b, "\n");
	if (code == AL_OK)
		code = al_buf_puts(&b, line);
	if (code != AL_OK)
		(void)al_fail(err, code, AL_AT_CONFIG, 0, "%s: is too large",
		    file);
	else
		code = al_file_replace(file, al_buf_head(&b), al_buf_len(&b),
		    err);
	al_buf_fini(&b);
	al_file_fini(&f);
	return code;
}

static enum al_code
add_locked(const char *file, enum al_identity_kind kind, const char *name,
    struct al_new_identity *n, struct al_err *err)
{
	char hash[2 * AL_SHA256_LEN + 1];
	char line[2 * AL_IDENTITY_NAME_MAX + sizeof(hash) + 4];
	enum al_code code = check_free(file, kind, n->id, name, err);

	if (code == AL_OK)
		code = make_secret(n, hash, err);
	if (code != AL_OK)
		return code;
	if (kind == AL_IDENTITY_CONNECTOR)
		(void)snprintf(line, sizeof(line), "%s %s %s\n", n->id, name,
		    hash);
	else
		(void)snprintf(line, sizeof(line), "%s %s\n", name, hash);
	return append(file, line, err);
}

enum al_code
al_identity_add(const char *file, enum al_identity_kind kind, const char *id,
    const char *name, struct al_new_identity *n, struct al_err *err)
{
	const char *given = kind == AL_IDENTITY_OPERATOR ? name : id;
	char shown[80];
	enum al_code code = AL_OK;
	int lock;

	memset(n, 0, sizeof(*n));
	if (!identity_is_name(name, strlen(name)))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\" is "
		    "not a name: letters, digits and . _ - @ + :, up to %d of "
		    "them", al_str_clean(shown, sizeof(shown), name,
		    strlen(name)), AL_IDENTITY_NAME_MAX);
	if (given != NULL && !identity_is_name(given, strlen(given)))
		return al_fail(err, AL_EUSAGE, AL_AT_CONFIG, 0, "\"%s\" is "
		    "not an id", al_str_clean(shown, sizeof(shown), given,
		    strlen(given)));
	if (given != NULL)
		memcpy(n->id, given, strlen(given) + 1);
	else
		code = make_id(n->id, sizeof(n->id), err);
	if (code != AL_OK)
		return code;
	lock = lock_folder(file, err);
	if (lock < 0)
		return err->code;
	code = add_locked(file, kind, name, n, err);
	(void)close(lock);
	if (code != AL_OK)
		explicit_bzero(n, sizeof(*n));
	return code;
}
